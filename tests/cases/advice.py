#!/usr/bin/python3
"""What the text report offers to paste into the policy table is true: with that line, the same facts are delivered."""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import run

ENTRY = re.compile(r"^ +(\S+ [a-z-]+ match=\S.*)$")
BETTER = re.compile(r"^ +better   (.*)$")


def replay(folder, facts, *options):
    command = [run.PROGRAM, "replay", "-c", folder, "--allow-address", "192.0.2.0/24", "--allow-address", "2001:db8::/32"]
    given = run.read_options(folder)
    if "--postfix-version" not in given:
        given = ["--postfix-version", run.RELEASE] + given
    return subprocess.run(command + given + list(options) + [facts, run.COMMON_FACTS], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=run.LIMIT).stdout


def offers(folder, facts):
    """A line to paste stands alone, behind a sentence that ends in a colon, or behind the word better. One behind FILE:LINE: is
    that of the table."""
    before = ""
    for line in replay(folder, facts).splitlines():
        found, better = ENTRY.match(line), BETTER.match(line)
        if better:
            yield better.group(1)
        if found and re.search(r"[a-z]:$", before):
            yield found.group(1)
        before = line


def verdict_with(folder, facts, line, scratch):
    table = os.path.join(scratch, "pasted")
    with open(table, "w", encoding="utf-8") as stream:
        stream.write(line + "\n" if line != "no entry" else "")
    out = replay(folder, facts, "-o", f"smtp_tls_policy_maps=texthash:{table}", "--quiet", "--json", "-")
    report = json.loads(out)
    return {entry["destination"]: entry["verdict"] for entry in report["destinations"]}


def main():
    if not os.access(run.PROGRAM, os.X_OK):
        print(f"Bail out! {run.PROGRAM} is not built")
        return 1
    tap = run.Tap()
    offered = 0
    for case in run.all_cases():
        expected = run.read_expectation(case)
        if "prepare" in expected or run.unmet_need(expected) or "destinations" not in expected:
            continue
        folder = os.path.join(run.HERE, case)
        facts = os.path.join(folder, "facts.jsonl")
        for line in offers(folder, facts):
            with tempfile.TemporaryDirectory() as scratch:
                got = verdict_with(folder, facts, line, scratch)
            offered += 1
            tap.check("deliver" in got.values(), f"{case}: {line}", json.dumps(got))
    tap.check(offered >= 5, "there are lines to paste", f"only {offered}")
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
