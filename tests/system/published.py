#!/usr/bin/python3
"""What domains publish, night after night: --changes-only tells what its owner changed and nothing that passes, the history
keeps it, diff compares it; histories of before are opened. Each night is replayed from the facts of a case; TAP."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
CASES = os.path.join(TOP, "tests", "cases")
CONFIG = os.path.join(CASES, "published", "testing")
LIMIT = 60
MX = ["mx1.example.org", "*.example.com", "spare.example.net"]

count = 0
failures = 0


def ok(good, name, *why):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    for line in () if good else why:
        print("\n".join("# " + part for part in str(line).splitlines()))


def same(got, wanted, name):
    ok(got == wanted, name, f"got    {got!r}", f"wanted {wanted!r}")


def facts_of(day, mode="testing", mx=MX, record="v=STSv1; id=1", away=False, tlsrpt=True):
    """The facts of the case as they are on that day; the order of patterns is another each time."""
    lines = []
    with open(os.path.join(CONFIG, "facts.jsonl"), encoding="utf-8") as file:
        facts = [json.loads(line) for line in file]
    facts[0]["started"] = facts[0]["finished"] = f"2026-06-{day:02}T00:00:00Z"
    for fact in facts:
        if fact.get("fact") == "dns" and fact["name"].startswith("_mta-sts."):
            fact["records"][0]["text"] = record
        if fact.get("fact") == "dns" and fact["name"].startswith("_smtp._tls.") and not tlsrpt:
            del fact["records"], fact["total"]
        if fact.get("fact") == "fetch" and away:
            fact = {"fact": "fetch", "domain": fact["domain"], "outcome": "timeout"}
        elif fact.get("fact") == "fetch":
            patterns = "".join(f"mx: {name}\n" for name in random.sample(mx, len(mx)))
            fact["body"] = f"version: STSv1\nmode: {mode}\n{patterns}max_age: 86400\n"
        lines.append(json.dumps(fact) + "\n")
    return "".join(lines)


class Nights:
    def __init__(self, folder):
        self.folder = folder
        self.history = os.path.join(folder, "history")
        self.day = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=LIMIT)

    def night(self, asked=True, **changes):
        """Text of --changes-only, and the codes of findings."""
        self.day += 1
        with open(self.path("facts"), "w", encoding="utf-8") as file:
            file.write(facts_of(self.day, **changes))
        report = self.path(f"{self.day}.json")
        done = self.run("replay", "-c", CONFIG, "--allow-address", "192.0.2.0/24", "--fail-on", "never", "--history",
                        self.history, "--changes-only", *(["--mta-sts"] if asked else []), "--json", report, "--text", "-",
                        self.path("facts"), os.path.join(CASES, "common", "certificates.jsonl"))
        with open(report, encoding="utf-8") as file:
            codes = [finding["code"] for finding in json.load(file)["destinations"][0]["findings"]]
        return done.stdout + done.stderr, codes


def what(text):
    """The difference that a printed change tells, in one line."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.split()[:1] == ["what"]), None)
    if start is None:
        return text
    rest = [line.strip() for line in lines[start + 1:] if line.startswith(" " * 14)]
    return " ".join([lines[start].split("what", 1)[1].strip(), *rest])


# What is observed, what --changes-only says of it, and what the report says beside.
ROWS = (
    ("the first night", {}, "", None),
    ("nothing changed", {}, "", None),
    ("another id", {"record": "v=STSv1; id=2"}, "", "sts-policy-unchanged"),
    ("a pattern less under the same id", {"record": "v=STSv1; id=2", "mx": MX[:2]},
     "MTA-STS policy changed under the same id", "sts-id-unchanged"),
    ("the policy host is away", {"record": "v=STSv1; id=2", "away": True}, "", None),
    ("it is back with another policy", {"record": "v=STSv1; id=3", "mx": MX}, "MTA-STS policy changed", None),
    ("it is enforced", {"record": "v=STSv1; id=4", "mode": "enforce"}, "MTA-STS testing -> enforce, MTA-STS policy changed",
     None),
    ("nobody asks", {"asked": False, "record": "v=STSv1; id=4", "mode": "none"}, "", None),
    ("asked again, as it was", {"record": "v=STSv1; id=4", "mode": "enforce"}, "", None),
    ("the record is wrong", {"record": "v=STSv1; id=-"}, "MTA-STS enforce -> invalid", None),
    ("the record is gone, and that for reports", {"record": "v=spf1", "tlsrpt": False},
     "MTA-STS invalid -> none, TLS reporting valid -> none", None),
)


def test_nights(nights):
    for name, changes, wanted, finding in ROWS:
        text, codes = nights.night(**changes)
        same(what(text), wanted, f"{name}: what is told")
        same([code for code in codes if code in ("sts-id-unchanged", "sts-policy-unchanged")], [finding] if finding else [],
             f"{name}: findings")


def test_told(nights):
    done = nights.run("diff", "--history", nights.history, "1", "7")
    ok("MTA-STS testing -> enforce, MTA-STS policy changed" in " ".join(done.stdout.split()), "diff of two runs", done.stdout)
    done = nights.run("diff", nights.path("3.json"), nights.path("4.json"))
    ok("MTA-STS policy changed under the same id" in " ".join(done.stdout.split()), "diff of two reports", done.stdout)
    same(nights.run("diff", nights.path("7.json"), nights.path("8.json")).stdout, "", "diff where only one was asked")
    told = nights.run("history", "--history", nights.history, "example.org").stdout
    ok("MTA-STS enforce, id 4" in told and "mode testing, max_age 86400, mx *.example.com mx1.example.org" in
       " ".join(told.split()), "history tells of policies", told)
    kept = json.loads(nights.run("history", "--history", nights.history, "--json", "-", "example.org").stdout)
    states = [one["published"]["mta_sts"] for one in kept["destinations"][0]["published"]]
    same(states, ["testing", "testing", "testing", None, "testing", "enforce", "invalid", "none"], "history --json keeps all")


def test_old(nights):
    """A history of before: read as it is, added to, compared."""
    base = sqlite3.connect(nights.history)
    base.executescript("DROP TABLE published; DROP TABLE publications; DROP TABLE policies")
    base.close()
    done = nights.run("history", "--history", nights.history, "example.org")
    ok(done.returncode == 0 and "published" not in done.stdout, "a history of before is read", done.stdout, done.stderr)
    done = nights.run("diff", "--history", nights.history)
    same((done.returncode, done.stdout, done.stderr), (0, "", ""), "and its runs are compared")
    same(nights.night()[0], "", "a run is added to it")
    same(what(nights.night(mode="enforce", record="v=STSv1; id=9")[0]), "MTA-STS testing -> enforce, MTA-STS policy changed",
         "and the next one is compared with that")
    done = nights.run("history", "--history", nights.history, "--keep", "1")
    ok(done.returncode == 0, "runs are forgotten", done.stderr)
    base = sqlite3.connect(nights.history)
    same(base.execute("SELECT (SELECT count(*) FROM published), (SELECT count(*) FROM publications)").fetchone(), (1, 1),
         "and what only they knew")
    base.close()


def test_as(nights):
    """Verdicts as if are kept apart from those that are."""
    for name, mechanism in ("dane", "dane"), ("again", "dane"), ("sts", "mta-sts"):
        nights.run("replay", "-c", CONFIG, "--allow-address", "192.0.2.0/24", "--as", mechanism, "--json",
                   nights.path(name), nights.path("facts"), os.path.join(CASES, "common", "certificates.jsonl"))
    for others, wanted in (("1.json", 64), ("sts", 64), ("again", 0)):
        done = nights.run("merge", "--fail-on", "never", "--json", nights.path("merged"), "--quiet", nights.path("dane"),
                          nights.path(others))
        same(done.returncode, wanted, f"merge of --as dane with {others}: status")
    with open(nights.path("merged"), encoding="utf-8") as file:
        merged = json.load(file)
    same((merged["as"]["mechanism"], merged["destinations"][0]["as"]["verdict"]), ("dane", "deliver"),
         "what is merged still says that it is as if")


def main():
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        nights = Nights(folder)
        test_nights(nights)
        test_told(nights)
        test_old(nights)
        test_as(nights)
    print(f"1..{count}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
