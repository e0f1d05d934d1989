#!/usr/bin/env python3
"""A test, in TAP: tables as people write them (tests/lint/tables), each with the findings that it has, line by line. The
expected ones stand in tables/expected: table, line, code. Nothing else may be found in a table."""
import collections
import json
import os
import subprocess
import tempfile

TOP = os.environ.get("abs_top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir") or os.path.join(TOP, "build", "test"), "posttls-audit")
TABLES = os.path.join(TOP, "tests", "lint", "tables")
MAIN = """compatibility_level = 3.6
myhostname = mail.sender.example
mydestination = sender.example
inet_interfaces = 127.0.0.1
smtp_tls_security_level = may
smtp_dns_support_level = dnssec
transport_maps = inline:{{ {{school.example = smtp:[mx.school.example]:26}}, {{isp.example = smtp:[relay.isp.example]:587}} }}
smtp_tls_policy_maps = texthash:{table}
"""
MASTER = "".join(f"{name} unix - - n - - {program}\n" for name, program in (
    ("smtp", "smtp"), ("relay", "smtp"), ("lmtp", "lmtp"), ("local", "local"), ("virtual", "virtual"),
    ("error", "error"), ("retry", "error"), ("discard", "discard")))
with open(os.path.join(TOP, "reports", "lint.schema.json"), encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)
results = []


def check(good, name, *notes):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    for note in () if good else notes:
        print("#", note)


def lint(work, table):
    with open(os.path.join(work, "main.cf"), "w", encoding="utf-8") as file:
        file.write(MAIN.format(table=table))
    with open(os.path.join(work, "master.cf"), "w", encoding="utf-8") as file:
        file.write(MASTER)
    done = subprocess.run([PROGRAM, "lint", "-c", work, "--postfix-version", "3.7.11", "--json", "-"], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False)
    report = json.loads(done.stdout)
    return done, report["findings"], schema_faults(report)


def schema_faults(report):
    try:
        import jsonschema
    except ImportError:
        return []
    return [str(fault.message) for fault in jsonschema.Draft202012Validator(SCHEMA).iter_errors(report)][:3]


def expected():
    wanted = collections.defaultdict(set)
    with open(os.path.join(TABLES, "expected"), encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                wanted[words[0]].update((int(words[1]), code) for code in words[2:])
    return wanted


def main():
    wanted = expected()
    names = sorted(name for name in os.listdir(TABLES) if name != "expected")
    check(names == sorted(wanted), "every table has its expectation", f"{names} {sorted(wanted)}")
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            path = os.path.join(TABLES, name)
            done, findings, faults = lint(work, path)
            found = {(one["line"], one["code"]) for one in findings if one["file"] == path}
            check(found == wanted[name], f"{name}: the findings expected",
                  f"missing {sorted(wanted[name] - found)}", f"surplus {sorted(found - wanted[name])}")
            check(not faults, f"{name}: valid against the schema", *faults)
            check(not done.stderr, f"{name}: nothing on standard error", done.stderr[:300])
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


raise SystemExit(main())
