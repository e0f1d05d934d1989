#!/usr/bin/env python3
"""The golden reports, each read by the readers of its format; and the program's own, of reports with hostile text in
every field: every format stays what it is, and gives the same bytes each time."""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import readers

PROGRAM = os.path.join(os.environ.get("abs_top_builddir") or readers.TOP, "posttls-audit")
GOLDEN = {"json": "report.json", "jsonl": "report.jsonl", "csv": "report.csv", "junit": "report.xml",
          "sarif": "report.sarif", "metrics": "report.prom"}
HOSTILE = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "]]>", "-->",
           "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1", "-1+1", "\uff1d1+1", "\t=1", "\r=1", "a,b;c\td", '"', "'", "\\", "\\\"",
           "line\nfeed", "return\r\n", "\x1b[2J\x1b]0;x\x07", "\x9b31m", "\u202egnp.exe", "\u2028", "\ufeff", "\ufffe", "\u0001",
           "&amp;&lt;&#0;", "%s%n%d", "{0}", "[link](http://evil.example/)", "${jndi:x}", "a" * 3000, "", " ", "\u0301" * 50,
           "\U000e0041", "# EOF", '"} 1\n# EOF\n', "NaN", "例え.example", "../../etc/passwd", "file:///etc", "a:b:c"]
# Members that are words of closed lists, or texts with a form of their own.
FORMED = {"format", "version", "name_of_program", "verdict", "best", "worst", "change", "reason", "severity", "code", "level",
          "effective_level", "status", "dsn", "tls", "dnssec", "ending", "result_type", "starttls", "address", "sha256", "sha1",
          "spki_sha256", "spki_sha1", "pem", "data", "started", "finished", "evaluated_at", "not_before", "not_after", "unknown",
          "certificate", "public_key", "from", "to", "last", "kind"}
results = []


def ok(passed, name, *why):
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    for line in () if passed else why:
        print("#", line)


def render(report, words):
    """Formats by word, as the program makes them from a saved report; None when it refuses it."""
    with tempfile.TemporaryDirectory() as work:
        saved = os.path.join(work, "saved.json")
        with open(saved, "w", encoding="utf-8") as file:
            json.dump(report, file)
        files = {word: os.path.join(work, "out." + word) for word in words}
        options = [option for word, path in files.items() for option in (f"--{word}", path)]
        run = subprocess.run([PROGRAM, "report", saved, "-q", "--fail-on", "never", *options], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=60, check=False)
        if run.returncode not in (0, 3) or run.stderr or run.stdout:
            return None, f"status {run.returncode}: {run.stderr.decode(errors='replace')[:400]}"
        return {word: open(path, "rb").read() for word, path in files.items()}, ""


def texts(value, path=()):
    """Where free text stands."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in FORMED and path + (key,) != ("generator", "name"):
                yield from texts(one, path + (key,))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            if path[-1] != "chain":
                yield from texts(one, path + (i,))
    elif isinstance(value, str):
        yield path


def place(report, path, text):
    at = report
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = text


def hostile_reports(golden):
    """One report for each hostile text, standing in every place at once; destinations stay different."""
    places = list(texts(golden))
    for text in HOSTILE:
        report = copy.deepcopy(golden)
        for path in places:
            place(report, path, text)
        for i, destination in enumerate(report["destinations"]):
            destination["destination"] = text + ("" if i == 0 else str(i))
        yield text, report


def check_golden(golden):
    count = len(golden["destinations"])
    for word, name in GOLDEN.items():
        with open(os.path.join(readers.TOP, "tests/reports/golden", name), "rb") as file:
            faults = readers.faults_of(word, file.read(), count)
        ok(not faults, f"golden {name}: its readers take it", *faults)


# One change to a golden report that its readers must not take.
SPOILED = [
    ("csv", '"defer"', "=defer"), ("csv", "\r\n", "\n"), ("csv", ',"true"', ""), ("csv", '""secrue""', '"secrue'),
    ("csv", '"smtp"', "\x1b"), ("junit", "&#39;", "&"), ("junit", "<testcase ", "<x/><testcase "), ("junit", 'failures="', 'failures="1'),
    ("junit", "</failure>", ""), ("sarif", '"level":"error"', '"level":"bad"'), ("sarif", '"startLine":1', '"startLine":0'),
    ("sarif", '"ruleIndex":', '"ruleIndex":1'), ("sarif", "file:///", "file:// "), ("metrics", "# EOF", ""),
    ("metrics", 'verdict="deliver"} 1', 'verdict="deliver"} 2'), ("metrics", '{verdict="unknown"}', '{verdict="other"}'),
    ("metrics", 'destination="good.example"', 'destination="dane.example"'), ("json", '"verdict":"defer"', '"verdict":"no"'),
    ("json", '"port":25', '"port":"25"'), ("jsonl", '"certain":true', '"certain":1'),
]


def check_readers(count):
    for word, what, instead in SPOILED:
        with open(os.path.join(readers.TOP, "tests/reports/golden", GOLDEN[word]), "rb") as file:
            data = file.read()
        spoiled = data.replace(what.encode(), instead.encode(), 1)
        blind = {"csv": False, "junit": False}.get(word, bool(readers.missing))
        ok(spoiled != data and (readers.faults_of(word, spoiled, count) or blind),
           f"{word}: its readers see {ascii(instead)} for {ascii(what)}")


def keys_of(value):
    """Keys of objects, but for maps from names that users chose."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            if key not in ("parameters", "attributes", "certificates"):
                yield from keys_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from keys_of(one)


def check_manual(golden):
    """Keys, columns and series by name in the manual page."""
    with open(os.path.join(readers.TOP, "man/posttls-audit-report.5"), encoding="utf-8") as file:
        page = file.read()
    with open(os.path.join(readers.TOP, "tests/reports/golden/report.csv"), encoding="utf-8") as file:
        columns = file.readline().strip().split(",")
    with open(os.path.join(readers.TOP, "tests/reports/golden/report.prom"), encoding="utf-8") as file:
        series = re.findall("^# TYPE posttls_audit_([a-z_]+) ", file.read(), re.M)
    words = set(re.findall(r"[A-Za-z_0-9]+", page))
    keys = set(golden) | {key for part in ("run", "findings", "configuration", "generator") for key in keys_of(golden[part])}
    keys |= {key for one in golden["destinations"] for key in one} | {key for one in golden["destinations"] for key in one["forecast"]}
    keys |= {key for one in golden["destinations"] for hop in one["route"] for host in hop["hosts"] for key in (*hop, *host)}
    for what, wanted in (("keys", keys), ("columns", set(columns)), ("series", set(series))):
        lacking = {name for name in wanted if name not in words and name.replace("_", " ") not in page.lower()}
        ok(not lacking, f"the manual page has all {what}", *sorted(lacking))


def check_hostile(golden):
    words = list(readers.READERS)
    for text, report in hostile_reports(golden):
        made, why = render(report, words)
        faults = [why] if made is None else \
            [f"{word}: {fault}" for word in words for fault in readers.faults_of(word, made[word], len(report["destinations"]))]
        ok(not faults, f"{ascii(text[:40])} in every field: every format stays whole", *faults[:8])


def check_many(golden):
    """More destinations than have series of their own, some of them the same but for what no label can hold."""
    report = copy.deepcopy(golden)
    report["destinations"] = [{**copy.deepcopy(golden["destinations"][i % 3]), "destination": f"host{i}.example"} for i in range(1500)]
    report["destinations"][7]["destination"] = "a\\nb"
    report["destinations"][8]["destination"] = "a\nb"
    made, why = render(report, ["metrics", "csv", "junit", "sarif"])
    ok(made is not None, "a report of 1500 destinations", why)
    for word, data in (made or {}).items():
        faults = readers.faults_of(word, data, 1500)
        ok(not faults, f"{word} of 1500 destinations", *faults[:5])
    none, why = render({**golden, "destinations": [], "certificates": {}}, list(readers.READERS))
    ok(none is not None, "a report without destinations", why)
    for word, data in (none or {}).items():
        faults = readers.faults_of(word, data, 0)
        ok(not faults, f"{word} without destinations", *faults[:5])


# What Debian packages belongs to Debian's own interpreter.
DEBIAN = "/usr/bin/python3"
if readers.missing and os.access(DEBIAN, os.X_OK) and not os.path.samefile(DEBIAN, sys.executable) and "again" not in sys.argv:
    os.execv(DEBIAN, [DEBIAN, os.path.abspath(__file__), "again"])

with open(os.path.join(readers.TOP, "tests/reports/golden/report.json"), encoding="utf-8") as file:
    golden = json.load(file)
check_golden(golden)
check_readers(len(golden["destinations"]))
check_manual(golden)
if os.access(PROGRAM, os.X_OK):
    ok(render(golden, readers.READERS) == render(golden, readers.READERS), "the same bytes each time")
    check_hostile(golden)
    check_many(golden)
else:
    ok(True, f"# SKIP {PROGRAM} is not built")
for package in sorted(readers.missing):
    ok(True, f"# SKIP part: {package} is not installed")
print(f"1..{len(results)}")
