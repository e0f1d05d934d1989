"""Each format read as its own readers read it: a function of the bytes that gives the faults it found, in words. What a
reader needs and is not there leaves its part out, and says so in `missing`."""
import collections
import csv
import io
import json
import math
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

TOP = os.environ.get("abs_top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
missing = set()

try:
    import jsonschema
    Validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    Validator = None
    missing.add("python3-jsonschema")
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None
    missing.add("python3-prometheus-client")

if not shutil.which("xmllint"):
    missing.add("libxml2-utils")

VERDICTS = ("deliver", "downgrade", "defer", "bounce", "unknown")
# What a terminal, or a reader of plain text, would obey or not show.
TREACHEROUS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


def schema(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return json.load(file)


def harmless(text):
    found = TREACHEROUS.search(text)
    return [f"it holds {found.group()!r}"] if found else []


def against(name, value):
    if Validator is None:
        return []
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in Validator(schema(name)).iter_errors(value)][:5]


def read_json(data, count):
    report = json.loads(data)
    return harmless(data.decode()) + against("reports/report.schema.json", report) + \
        ([] if len(report["destinations"]) == count else ["destinations are missing"])


def read_jsonl(data, count):
    header, *destinations, summary = map(json.loads, data.decode().splitlines())
    certificates = {}
    for one in destinations:
        certificates.update(one.pop("certificates"))
    return harmless(data.decode()) + ([] if len(destinations) == count else ["destinations are missing"]) + \
        against("reports/report.schema.json", {**header, **summary, "destinations": destinations, "certificates": certificates})


def read_csv(data, count):
    text = data.decode()
    faults = harmless(text)
    heading, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    if text.count("\r\n") != len(rows) + 1 or re.search("[^\r]\n|\r[^\n]", text):
        faults.append("a line end stands inside a row")
    if len(rows) != count:
        faults.append(f"{len(rows)} rows for {count} destinations")
    for row in rows:
        if len(row) != len(heading):
            faults.append(f"a row has {len(row)} cells, the heading {len(heading)}")
        faults += [f"a formula: {cell[:40]}" for cell in row if cell and cell[0] in FORMULA and not re.fullmatch("-[0-9]+", cell)]
        if dict(zip(heading, row)).get("verdict") not in VERDICTS:
            faults.append("a row without a verdict")
    return faults


def read_junit(data, count):
    faults = harmless(data.decode())
    suites = ElementTree.fromstring(data)
    suite = suites.find("testsuite")
    found = {"tests": len(suite.findall("testcase")), "failures": len(suite.findall("testcase/failure")),
             "errors": len(suite.findall("testcase/error"))}
    for element in suites, suite:
        faults += [f"{key} says {element.get(key)}, there are {value}" for key, value in found.items()
                   if element.get(key) != str(value)]
    known = {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "system-out"}
    faults += [f"a foreign element {element.tag}" for element in suites.iter() if element.tag not in known]
    if found["tests"] != count:
        faults.append(f"{found['tests']} test cases for {count} destinations")
    if shutil.which("xmllint"):
        lint = subprocess.run(["xmllint", "--noout", "--nonet", "-"], input=data, capture_output=True, timeout=60, check=False)
        faults += lint.stderr.decode().splitlines()[:3]
    return faults


def read_sarif(data, _count):
    log = json.loads(data)
    faults = harmless(data.decode()) + against("tests/reports/sarif.schema.json", log)
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        if len(set(rules)) != len(rules):
            faults.append("a rule stands twice")
        for result in run["results"]:
            if "ruleIndex" in result and rules[result["ruleIndex"]] != result["ruleId"]:
                faults.append(f"{result['ruleId']} has the index of another rule")
            if re.search(r"\]\(", result["message"]["text"]):
                faults.append("a message with a link")
    return faults


def read_metrics(data, count):
    text = data.decode()
    faults = harmless(text)
    if not text.endswith("\n# EOF\n"):
        faults.append("it has no end")
    if shutil.which("promtool"):
        lint = subprocess.run(["promtool", "check", "metrics"], input=data, capture_output=True, timeout=60, check=False)
        faults += (lint.stderr + lint.stdout).decode().splitlines()[:3]
    if text_string_to_metric_families is None:
        return faults
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for family in families.values():
        keys = collections.Counter(tuple(sorted(sample.labels.items())) for sample in family.samples)
        faults += [f"{family.name} has {key} twice" for key, times in keys.items() if times > 1]
    series = {name.removeprefix("posttls_audit_"): {tuple(s.labels.values()): s.value for s in family.samples}
              for name, family in families.items()}
    if sum(series["destinations"].values()) != count or set(series["destinations"]) != {(v,) for v in VERDICTS}:
        faults.append("the verdicts do not add up")
    if sum(series["reasons"].values()) != count or len(series["reasons"]) < 40:
        faults.append("the reasons do not add up")
    shown = len(series["destination_verdict"])
    if shown + series["destinations_without_series"][()] != count or shown > 1000:
        faults.append("destinations are missing")
    if set(series["destination_verdict"]) != set(series["destination_certificate_expiry_timestamp_seconds"]):
        faults.append("a destination has one series only")
    if any(math.isnan(value) for name in series if "expiry" not in name for value in series[name].values()):
        faults.append("a value is no number")
    return faults


def read_text(data, _count):
    return harmless(data.decode())


def read_html(data, _count):
    return harmless(data.decode())


READERS = {"text": read_text, "json": read_json, "jsonl": read_jsonl, "html": read_html, "csv": read_csv,
           "junit": read_junit, "sarif": read_sarif, "metrics": read_metrics}


def faults_of(word, data, count):
    """What is wrong with a report of that format about so many destinations."""
    try:
        return READERS[word](data, count)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, csv.Error, ElementTree.ParseError) as error:
        return [f"{type(error).__name__}: {error}"]
