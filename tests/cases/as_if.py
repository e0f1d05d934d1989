#!/usr/bin/python3
"""What is judged as if another mechanism were followed is true.

--as dane is the very configuration with DANE in main.cf and no tables of policies: every case, judged both ways, must end
alike. And each line that the report would paste to follow a domain's own wish does what was said of it.
"""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import run

BY_HAND = ["-o", "smtp_tls_policy_maps=", "-o", "smtp_tls_per_site=", "-o", "smtp_tls_security_level=dane",
           "-o", "smtp_dns_support_level=dnssec"]
EVERY = 1 if os.environ.get("TEST_ALL", "no") != "no" else 5      # so many cases, one is tried
ATTRIBUTES_SINCE = "3.10.5"


def replay(folder, *options):
    given = run.read_options(folder)
    release = [] if "--postfix-version" in given or "--postfix-version" in options else ["--postfix-version", run.RELEASE]
    command = [run.PROGRAM, "replay", "-c", folder] + run.OPTIONS + release + given + list(options)
    done = subprocess.run(command + [os.path.join(folder, "facts.jsonl"), run.COMMON_FACTS], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=run.LIMIT)
    try:
        return {entry["destination"]: entry for entry in json.loads(done.stdout)["destinations"]}
    except ValueError:
        return None


def text_of(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def can_be_compared(folder):
    """Overrides of master.cf stand above those by hand; LMTP, wrapper mode and a client that does not start follow nothing;
    a proposal is no rule."""
    everything = text_of(folder, "main.cf") + text_of(folder, "master.cf") + text_of(folder, "options")
    return not any(word in everything for word in ("wrappermode", " -o smtp", "lmtp:", "proposed", "--as", "=lmtp", "= lmtp",
                                                "sekure"))


def outcome(entry):
    return entry["verdict"], entry["best"], {k: v for k, v in entry["forecast"].items() if k != "remark"}


def check_dane(tap, cases):
    compared = 0
    for case in cases:
        folder = os.path.join(run.HERE, case)
        if not can_be_compared(folder):
            continue
        by_rule, by_hand = replay(folder, "--as", "dane"), replay(folder, *BY_HAND)
        if by_rule is None or by_hand is None:
            tap.check(by_rule is by_hand, f"{case}: both ways are refused")
            continue
        wrong = [f"{name}: {outcome(by_rule[name])}, by hand {outcome(by_hand[name])}" for name in by_hand
                 if outcome(by_rule[name]) != outcome(by_hand[name])]
        compared += len(by_hand)
        tap.check(not wrong, f"{case}: --as dane and dane in main.cf", "\n".join(wrong))
    tap.check(compared > 30, "enough of them", f"only {compared}")


def with_line(folder, line, scratch, *options):
    table = os.path.join(scratch, "pasted")
    with open(table, "w", encoding="utf-8") as stream:
        stream.write(line + "\n")
    return replay(folder, "-o", f"smtp_tls_policy_maps=texthash:{table}", "-o", "smtp_dns_support_level=dnssec", *options)


def check_lines(tap, cases, scratch):
    lines = 0
    for case in cases:
        folder = os.path.join(run.HERE, case)
        for name, entry in (replay(folder) or {}).items():
            published = entry.get("published")
            if not published or not published["line"]:
                continue
            lines += 1
            got = with_line(folder, published["line"], scratch)[name]
            tap.check(got["verdict"] == "deliver" and got["forecast"]["tls"] == "verified", f"{case}: {published['line']}",
                      json.dumps(got["forecast"]))
            got = with_line(folder, published["line_3_10"], scratch, "--postfix-version", ATTRIBUTES_SINCE)[name]
            tap.check(got["route"][0]["policy"]["error"] is None, f"{case}: {published['line_3_10']}",
                      json.dumps(got["route"][0]["policy"]))
            tap.check(got["verdict"] in ("deliver", "unknown"), f"{case}: nothing stands against it", json.dumps(got["forecast"]))
    tap.check(lines >= 5, "there are lines to paste", f"only {lines}")


def main():
    if not os.access(run.PROGRAM, os.X_OK):
        print(f"Bail out! {run.PROGRAM} is not built")
        return 1
    tap = run.Tap()
    cases = [case for case in run.all_cases() if "prepare" not in run.read_expectation(case)
             and not run.unmet_need(run.read_expectation(case))]
    check_dane(tap, cases[::EVERY])
    with tempfile.TemporaryDirectory() as scratch:
        check_lines(tap, [case for case in cases if case.split("/")[0] in ("published", "findings")], scratch)
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
