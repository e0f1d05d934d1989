#!/usr/bin/python3
"""The judgement by example: every case is replayed, and what its expect.json names is compared. TAP, a line for each check.

    run.py [CASE ...]       all cases, or those named (group/name)
    run.py --show CASE      what posttls-audit says of a case, as JSON

README.md says what a case is made of. The last checks hold the cases against the program's own lists: no level, no
reason code and no finding may be without a case.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
GROUPS = ("levels", "reasons", "findings", "semantics", "published", "recorded")
COMMON_FACTS = os.path.join(HERE, "common", "certificates.jsonl")
RELEASE = "3.7.11"      # unless the case's options name another
OPTIONS = ["--allow-address", "192.0.2.0/24", "--allow-address", "2001:db8::/32", "--quiet", "--json", "-"]
LIMIT = 60              # seconds for one replay
TOOLS = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"      # where postmap and postconf may be
LEVELS = ("none", "may", "encrypt", "dane", "dane-only", "half-dane", "fingerprint", "verify", "secure")

# Findings that no replay can show, and why.
BEYOND_REPLAY = {
    "entries-not-used": "told of logs; tests/system/weights.py",
    "table-slow-pattern": "needs seconds, and counts them; tests/hostile/tables.py",
    "keys-not-concrete": "told of destinations that a scan takes from the configuration",
    "merged-configurations": "told by merge",
    "sts-id-unchanged": "told against the run before; tests/system/as.sh",
    "sts-policy-unchanged": "told against the run before; tests/system/as.sh",
    "sts-mode-changed": "told against the run before; tests/system/as.sh",
}


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = 0

    def check(self, good, name, detail=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name.replace('#', '')}")
        if not good and detail:
            for line in detail.splitlines()[:20]:
                print(f"#   {line}")

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}")


def all_cases():
    return [f"{group}/{name}" for group in GROUPS for name in sorted(os.listdir(os.path.join(HERE, group)))
            if os.path.exists(os.path.join(HERE, group, name, "expect.json"))]


def read_expectation(case):
    with open(os.path.join(HERE, case, "expect.json"), encoding="utf-8") as stream:
        return json.load(stream)


def read_options(folder):
    """Words of the options file, as in a shell; # starts a comment."""
    path = os.path.join(folder, "options")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as stream:
        return shlex.split(stream.read(), comments=True)


def replay(folder):
    """(exit status, report or None, standard error); files of the case are named from its folder on."""
    options = read_options(folder)
    if "--postfix-version" not in options:
        options = ["--postfix-version", RELEASE] + options
    command = [PROGRAM, "replay", "-c", folder] + OPTIONS + options + [os.path.join(folder, "facts.jsonl"), COMMON_FACTS]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=LIMIT)
    text = done.stdout.decode("utf-8", "replace").replace(os.path.realpath(folder) + "/", "")
    try:
        report = json.loads(text)
    except ValueError:
        report = None
    return done.returncode, report, done.stderr.decode("utf-8", "replace")


def prepared(case, expected, scratch):
    """The folder to replay: the case's own, or a copy on which "prepare" was run (a shell command there)."""
    folder = os.path.join(HERE, case)
    if "prepare" not in expected:
        return folder
    copy = os.path.join(scratch, case)
    shutil.copytree(folder, copy)
    for name in [copy] + [os.path.join(copy, name) for name in os.listdir(copy)]:
        os.chmod(name, os.stat(name).st_mode | 0o200)
    if not os.path.exists(os.path.join(scratch, "common")):
        os.symlink(os.path.join(HERE, "common"), os.path.join(scratch, "common"))
    subprocess.run(["sh", "-ec", expected["prepare"]], cwd=copy, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, timeout=LIMIT, env=dict(os.environ, PATH=TOOLS))
    return copy


def differences(wanted, got, at=""):
    """What of WANTED is not so in GOT: dictionaries by the keys named, lists item by item, all else by equality."""
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return [f"{at}: {json.dumps(got)} is no object"]
        return [line for key, value in wanted.items() for line in differences(value, got.get(key), f"{at}.{key}".lstrip("."))]
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(wanted) != len(got):
            return [f"{at}: {json.dumps(got)[:300]}, wanted {len(wanted)} items"]
        return [line for n, value in enumerate(wanted) for line in differences(value, got[n], f"{at}[{n}]")]
    return [] if wanted == got else [f"{at}: {json.dumps(got)}, wanted {json.dumps(wanted)}"]


def check_findings(tap, name, wanted, got):
    """Each of WANTED: a code, "!code" for one that must not be there, or members of a finding that must."""
    told = "\n".join(f"{f['code']} {f['severity']} {f['host'] or ''} {f['file'] or ''}:{f['line'] or ''} {f['text']}"
                     for f in got) or "no findings"
    for finding in wanted:
        if isinstance(finding, str) and finding.startswith("!"):
            tap.check(all(f["code"] != finding[1:] for f in got), f"{name}: no finding {finding[1:]}", told)
        elif isinstance(finding, str):
            tap.check(any(f["code"] == finding for f in got), f"{name}: finding {finding}", told)
        else:
            tap.check(any(not differences(finding, f) for f in got), f"{name}: finding {json.dumps(finding)}", told)


def check_destination(tap, name, wanted, got):
    for key, value in wanted.items():
        if key == "findings":
            check_findings(tap, name, value, got["findings"])
        elif key in ("route", "published"):
            found = differences(value, got[key], key)
            tap.check(not found, f"{name}: {key}", "\n".join(found))
        elif isinstance(value, dict):
            for member, inner in value.items():
                tap.check(got[key].get(member) == inner, f"{name}: {key}.{member} {inner}",
                          "\n".join(differences(inner, got[key].get(member), member)) + "\n" + json.dumps(got["forecast"]))
        else:
            tap.check(got.get(key) == value, f"{name}: {key} {value}",
                      f"got {json.dumps(got.get(key))}\n{json.dumps(got['forecast'])}")


def check_case(tap, case, expected, folder):
    status, report, errors = replay(folder)
    tap.check(status == expected["status"], f"{case}: exit status {expected['status']}", f"got {status}\n{errors}")
    if "stderr" in expected:
        tap.check(re.search(expected["stderr"], errors), f"{case}: says /{expected['stderr']}/", errors)
    if "destinations" not in expected:
        return
    if report is None:
        tap.check(False, f"{case}: a report", errors)
        return
    tap.check(errors == "", f"{case}: nothing on standard error", errors)
    check_findings(tap, case, expected.get("findings", []), report["findings"])
    by_name = {entry["destination"]: entry for entry in report["destinations"]}
    for destination, wanted in expected["destinations"].items():
        name = f"{case}: {destination}" if len(expected["destinations"]) > 1 else case
        if destination in by_name:
            check_destination(tap, name, wanted, by_name[destination])
        else:
            tap.check(False, f"{name} is in the report", " ".join(by_name))


def unmet_need(expected):
    """Why the case cannot be tried here, or None."""
    need = expected.get("needs")
    if need is None:
        return None
    postconf = shutil.which("postconf", path=TOOLS)
    if need == "no postmap":
        return postconf and "Postfix is installed here"
    types = postconf and subprocess.run([postconf, "-m"], capture_output=True, text=True, check=False).stdout.split()
    return None if need in (types or []) else f"no Postfix with {need} tables here"


def words_of(expected):
    """Every text that an expectation names, told apart as {"policy", "reason", "finding"}."""
    levels, reasons, findings = set(), set(), set()

    def told(finding):
        code = finding if isinstance(finding, str) else finding.get("code", "")
        if not code.startswith("!"):
            findings.add(code)

    for finding in expected.get("findings", []):
        told(finding)
    for entry in expected.get("destinations", {}).values():
        forecast = entry.get("forecast", {})
        reasons.add(forecast.get("reason"))
        levels.add(forecast.get("effective_level"))
        for finding in entry.get("findings", []):
            told(finding)
        for hop in entry.get("route", []):
            levels.add(hop.get("policy", {}).get("level"))
            for host in hop.get("hosts", []):
                reasons.add(host.get("reason"))
    return levels, reasons | findings, findings


def codes_of(name, macro):
    with open(os.path.join(TOP, "scanner", "judge", name), encoding="utf-8") as stream:
        return re.findall("^" + macro + r'\(\w+, "([^"]+)"', stream.read(), re.MULTILINE)


def check_coverage(tap, expectations):
    seen = [words_of(expected) for expected in expectations]
    levels, reasons, findings = (set().union(*column) for column in zip(*seen))
    for level in LEVELS:
        tap.check(level in levels, f"a case for the level {level}")
    for code in codes_of("reasons.def", "REASON"):
        tap.check(code in reasons, f"a case for the reason {code}")
    for code in codes_of("findings.def", "FINDING"):
        if code not in BEYOND_REPLAY:
            tap.check(code in findings, f"a case for the finding {code}")


def main():
    if not os.access(PROGRAM, os.X_OK):
        print(f"Bail out! {PROGRAM} is not built")
        return 1
    if sys.argv[1:2] == ["--show"]:
        for case in sys.argv[2:]:
            with tempfile.TemporaryDirectory() as scratch:
                status, report, errors = replay(prepared(case, read_expectation(case), scratch))
            print(json.dumps(report, indent=1), errors, f"exit status {status}", sep="\n")
        return 0
    tap = Tap()
    cases = sys.argv[1:] or all_cases()
    expectations = {case: read_expectation(case) for case in cases}
    with tempfile.TemporaryDirectory() as scratch:
        for case, expected in expectations.items():
            why = unmet_need(expected)
            if why:
                tap.skip(case, why)
            else:
                check_case(tap, case, expected, prepared(case, expected, scratch))
    if not sys.argv[1:]:
        check_coverage(tap, expectations.values())
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
