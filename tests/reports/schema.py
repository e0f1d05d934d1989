#!/usr/bin/env python3
"""The golden JSON reports against the shipped schema, and the schema's closed lists against the source's."""
import json
import os
import re

TOP = os.environ.get("abs_top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
results = []


def path(name):
    return os.path.join(TOP, name)


def ok(passed, name, *why):
    results.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    for line in () if passed else why:
        print("#", line)


def load(name):
    with open(path(name), encoding="utf-8") as file:
        return json.load(file)


def codes(name, macro):
    with open(path(name), encoding="utf-8") as file:
        return re.findall(rf'^{macro}\(\w+, "([^"]+)"', file.read(), re.M)


def objects(schema):
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


schema = load("reports/report.schema.json")
reasons = codes("scanner/judge/reasons.def", "REASON")
findings = codes("scanner/judge/findings.def", "FINDING")
ok(len(reasons) > 40 and len(findings) > 30, "the lists of the source are read")
ok(schema["$defs"]["reason"]["enum"] == reasons, "reasons of the schema are those of reasons.def",
   set(schema["$defs"]["reason"]["enum"]) ^ set(reasons))
ok(schema["$defs"]["finding_code"]["enum"] == findings + reasons, "finding codes are those of both lists",
   set(schema["$defs"]["finding_code"]["enum"]) ^ set(findings + reasons))
for other in ("history", "changes"):
    shared = load(f"reports/{other}.schema.json")["$defs"]
    differ = [name for name in shared.keys() & schema["$defs"].keys() if name != "destination" and shared[name] != schema["$defs"][name]]
    ok("standing" in shared and not differ, f"what {other}.schema.json shares with the report's is the same", *differ)
ok(all(o["required"] == [p for p in o["properties"] if p in o["required"]] for o in objects(schema)),
   "required keys are described, in the order in which they are written")

report = load("tests/reports/golden/report.json")
with open(path("tests/reports/golden/report.jsonl"), encoding="utf-8") as lines:
    header, *destinations, summary = map(json.loads, lines)
certificates = {}
for destination in destinations:
    certificates.update(destination.pop("certificates"))
together = {**header, **summary, "destinations": destinations, "certificates": certificates}
ok(together == report, "the lines say what the object says")
used = {one for d in report["destinations"] for hop in d["route"] for host in hop["hosts"] for one in host["chain"]}
ok(used == set(report["certificates"]), "exactly the certificates that hosts showed")
ok(sum(report["summary"][v] for v in ("deliver", "downgrade", "defer", "bounce", "unknown"))
   == report["summary"]["destinations"] == len(report["destinations"]), "the counts add up")

try:
    import jsonschema
    validator = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    validator = None
if validator is None:
    results.append(True)
    print(f"ok {len(results)} # SKIP python3-jsonschema is not installed")
else:
    validator.check_schema(schema)
    errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator(schema).iter_errors(report)]
    ok(not errors, "the golden report is valid", *errors)
    for name in "published", "as":
        errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator(schema).iter_errors(load(f"tests/reports/golden/{name}.json"))]
        ok(not errors, f"so is {name}.json", *errors)
    for key in schema["required"]:
        ok(not validator(schema).is_valid({k: v for k, v in report.items() if k != key}), f"a report without {key} is not")
    worse = json.loads(json.dumps(report))
    worse["destinations"][0]["forecast"]["reason"] = "bad-luck"
    ok(not validator(schema).is_valid(worse), "nor one with an unknown reason")
    more = json.loads(json.dumps(report))
    more["destinations"][0]["weather"] = "fine"
    ok(validator(schema).is_valid(more), "a key may be added")
print(f"1..{len(results)}")
