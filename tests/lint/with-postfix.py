#!/usr/bin/env python3
"""A test, in TAP: what lint says of an entry, and what smtp(8) does with it. The entries of rows.def stand in one policy
table; a message goes to each destination in the lab, and lint looks at the same configuration."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "lab"), os.path.join(TOP, "tests", "postfix")]
sys.dont_write_bytecode = True

import namespace
import postfix
import scenarios
from world import World

PROGRAM = os.path.join(os.environ.get("abs_top_builddir") or os.path.join(TOP, "build", "test"), "posttls-audit")
ROW = re.compile(r'^VALUE\((\w+), "([^"]+)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)$', re.M)
LIMIT = 300

# What smtp(8) logs as the reason where lint has one of these codes.
PROBLEM = "client TLS configuration problem"
HANDSHAKE = "handshake failure"
UNVERIFIED = "not verified"
REASONS = {
    PROBLEM: {"policy-empty", "level-unknown", "level-missing", "comment-in-value", "entry-continued",
              "attribute-malformed", "attribute-unknown", "attribute-too-new", "braces-too-new", "braces-unbalanced",
              "attribute-empty", "attribute-repeated", "attribute-wrong-level", "attribute-bad-value",
              "sts-without-type", "tafile-unusable", "pins-missing"},
    HANDSHAKE: {"protocols-invalid", "protocols-none", "protocols-too-old", "ciphers-unknown", "exclude-invalid",
                "cipher-list-empty", "protocols-obsolete"},
    UNVERIFIED: {"match-nothing"},
    "": {"pins-none-usable"},   # malformed ones are a problem of the configuration, others do not match
}


def entries():
    """The values of entries for a plain domain, each once, triggers and others."""
    with open(os.path.join(HERE, "rows.def"), encoding="utf-8") as file:
        rows = ROW.findall(file.read())
    values = []
    for _code, _release, *lines in rows:
        for line in lines:
            text = line.replace('\\"', '"').replace("\\\\", "\\")
            if text.startswith("example.com ") and "\\n" not in text and text[12:] not in values:
                values.append(text[12:])
    return values


def wanted_reason(codes):
    for reason, of_these in REASONS.items():
        if codes & of_these:
            return reason
    return None


def words(reason):
    return "accepted" if reason is None else reason or "4.7.5"


def lint(directory):
    """Codes by line of the policy table, as the installed release has it."""
    done = subprocess.run([PROGRAM, "lint", "-c", directory, "--postfix-version", postfix.release(), "--json", "-"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
    found = {}
    for finding in json.loads(done.stdout)["findings"]:
        if finding["file"] == os.path.join(directory, "tls_policy"):
            found.setdefault(finding["line"], set()).add(finding["code"])
    return found


def fits(codes, outcome):
    """Whether what Postfix did is what the codes say."""
    reason = wanted_reason(codes)
    if reason is not None:
        return reason in outcome["reason"] and outcome["dsn"] == "4.7.5"
    return PROBLEM not in outcome["reason"]


def deliver(scratch, values):
    from matrix import build
    book = build.Book()
    for number, value in enumerate(values):
        book.add("lint", f"{number}", policy=value, hosts=[build.host()])
    world = World(book.scenarios, scratch, files=book.files)
    world.start()
    try:
        header, _ = scenarios.load()
        instance = postfix.Instance(os.path.join(scratch, "postfix"), book.scenarios, header["common_main_cf"], world.lab)
        instance.queue()
        try:
            instance.start()
            instance.wait()
        finally:
            instance.stop()
        outcomes = instance.result(world.sessions(0)[0])
        return [outcomes[row["id"]] for row in book.scenarios], instance.directory
    finally:
        world.stop()


def main():
    scratch = namespace.inside()
    if not scratch:
        lacking = namespace.missing() or postfix.missing(True)
        if lacking:
            print(f"1..0 # SKIP needs {lacking}")
            return 0
        return namespace.enter([sys.executable] + sys.argv, limit=LIMIT)
    values = entries()
    outcomes, directory = deliver(scratch, values)
    found = lint(directory)
    good = True
    for number, (value, outcome) in enumerate(zip(values, outcomes), 1):
        codes = found.get(number, set())
        agrees = fits(codes, outcome)
        good = good and agrees
        print(f"{'ok' if agrees else 'not ok'} {number} - {value.replace('#', chr(92) + '#')}: {words(wanted_reason(codes))}")
        if not agrees:
            print(f"# lint {sorted(codes)}; Postfix: {outcome}")
    print(f"1..{len(values)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
