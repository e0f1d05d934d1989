#!/usr/bin/python3
"""Nights in which the fault is our own: no resolver, port 25 blocked, STARTTLS stripped, no authorities. Without --confirm, what --changes-only
prints, when the metrics say that a run last could see, and that nothing is made up once it can again. Each night is replayed from
facts made for it, into one history; TAP."""

import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
sys.path[:0] = [os.path.join(TOP, "tests", "cases")]
sys.dont_write_bytecode = True

import sketch

MAIN = """compatibility_level = 3.6
myhostname = client.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_tls_CAfile = AUTHORITIES
smtp_tls_security_level = encrypt
"""
MASTER = "smtp unix - - n - - smtp\nrelay unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\n"
ROOTS = f"{TOP}/tests/cases/common/roots.pem"
COUNT = 12
NAMES = [f"d{n:02}.example" for n in range(COUNT)]
BAD = NAMES[3]
FIRST = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
LIMIT = 60

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


def night_time(number):
    return FIRST + datetime.timedelta(days=number - 1)


def facts_of(number, does="good", resolver=True, also_bad=()):
    """Every destination has a host of its own in a network of its own; one of them never offers STARTTLS."""
    made = {"destinations": NAMES, "started": night_time(number).strftime("%Y-%m-%dT%H:%M:%SZ"), "dns": [], "servers": []}
    for n, name in enumerate(NAMES):
        made["dns"] += [f"{name} MX " + (f"10 mx.{name}" if resolver else "NO-RESOLVER")]
        if not resolver:
            continue
        made["dns"] += [f"mx.{name} A 10.0.{n}.1"]
        fault = does == "good" and (name == BAD or name in also_bad)
        made["servers"] += [{"name": f"mx.{name}", "address": f"10.0.{n}.1", "level": "encrypt", "chain": ["mx"],
                             "does": "plain" if fault else does}]
    with open(os.path.join(sketch.COMMON, "certificates.jsonl"), encoding="utf-8") as stream:
        return sketch.facts(made) + "".join(line for line in stream if json.loads(line).get("fact") == "certificate")


RESOLVER = "the resolver answers nobody{} (local-resolver)"
BLOCKED = "no server of several providers could be connected to: is port 25 blocked here?{} (local-no-connections)"
STRIPPED = "no server of several providers offers STARTTLS: is something on the way removing it?{} (local-starttls-stripped)"
ENGINE = "critical Postfix disables TLS: smtp_tls_CAfile /nowhere/roots.pem: No such file or directory{} (local-tls-engine)"
OTHERS = ", ".join(name for name in NAMES if name != BAD)
WORSE = "WORSE: 1 {} deliver -> defer why the host does not offer STARTTLS policy {}: smtp_tls_security_level = encrypt"
SILENT, CLOSED, PLAIN = {"resolver": False}, {"does": "connect-timeout"}, {"does": "plain"}
CUT = {"does": "connect-cut-short"}
sketch.BEHAVIOURS["connect-cut-short"] = {"attempts": 1, "phase": "connect", "ending": "cut-short"}

# What is observed, what is told (behind its first line; None: nothing at all), the status; whether the run could see.
ROWS = (
    ("the first night", {}, "APPEARED: 1 " + BAD + " defer", 0, True),
    ("no resolver", SILENT, "critical " + RESOLVER.format(""), 0, False),
    ("no resolver again", SILENT, "critical " + RESOLVER.format(", since 2026-06-02"), 0, False),
    ("and again", SILENT, "critical " + RESOLVER.format(", since 2026-06-02"), 0, False),
    ("it is back, and nothing is news", {}, None, 0, True),
    ("no resolver another time", SILENT, "critical " + RESOLVER.format(""), 0, False),
    ("it is back, and one turned worse meanwhile", {"also_bad": NAMES[5:6]}, WORSE, 2, True),
    ("port 25 is blocked", CLOSED, "critical " + BLOCKED.format(""), 0, False),
    ("blocked by a filter that drops", CUT, "critical " + BLOCKED.format(", since 2026-06-08"), 0, False),
    ("STARTTLS is stripped", PLAIN, "critical " + STRIPPED.format(""), 0, False),
    ("all is well, and one is better", {}, f"BETTER: 1 {NAMES[5]} defer -> deliver note defer since 2026-06-07 00:00:00 UTC",
     0, True),
    ("nothing changed", {}, None, 0, True),
    ("six turn worse, each at a host of its own", {"also_bad": NAMES[4:10]}, None, 2, True),
    ("and are better, for whatever reason", {}, "BETTER: 6 6 destinations defer -> deliver note defer since 2026-06-13"
     " 00:00:00 UTC " + ", ".join(NAMES[4:10]), 0, True),
    ("the file of authorities is away", {"roots": "/nowhere/roots.pem"}, ENGINE.format("") + " WORSE: 11 11 destinations"
     " deliver -> defer why Postfix cannot start its TLS engine with this configuration " + OTHERS, 2, True),
    ("and is away still", {"roots": "/nowhere/roots.pem"}, ENGINE.format(", since 2026-06-15"), 0, True),
    ("and is back", {}, "BETTER: 11 11 destinations defer -> deliver note defer since 2026-06-15 00:00:00 UTC " + OTHERS, 0, True),
)


class Nights:
    def __init__(self, folder):
        self.folder = folder
        os.mkdir(self.path("config"))
        self.write(os.path.join("config", "master.cf"), MASTER)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def run(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=LIMIT)

    def night(self, number, roots=ROOTS, **observed):
        self.write(os.path.join("config", "main.cf"), MAIN.replace("AUTHORITIES", roots))
        self.write("facts", facts_of(number, **observed))
        return self.run("replay", "-c", self.path("config"), "--postfix-version", "3.7.11", "--allow-address", "10.0.0.0/8",
                        "--history", self.path("history"), "--changes-only", "--text", "-", "--json", self.path("report.json"),
                        "--metrics", self.path("audit.prom"), self.path("facts"))

    def last_success(self, name):
        with open(self.path(name), encoding="utf-8") as stream:
            return int(re.search(r"^posttls_audit_last_success_timestamp_seconds (\d+)$", stream.read(), re.M)[1])


def told(text):
    """What is printed behind the first line, which tells since when, in one line."""
    return " ".join(text.partition("\n")[2].split())


def main():
    seen = 0
    with tempfile.TemporaryDirectory() as folder:
        nights = Nights(folder)
        for number, (name, observed, wanted, status, sees) in enumerate(ROWS, 1):
            done = nights.night(number, **observed)
            if wanted is None and status == 2:
                same(re.findall(r"^  (d\d\d.example) +deliver -> defer$", done.stdout, re.M), observed["also_bad"],
                     f"{name}: each is told for itself")
            elif wanted is None:
                same(done.stdout, "", f"{name}: nothing is printed")
            elif number == 1:
                ok(told(done.stdout).startswith(wanted), f"{name}: what is told", done.stdout)
            else:
                same(told(done.stdout), wanted.format(NAMES[5], nights.path("config/main.cf:7")), f"{name}: what is told")
            same((done.returncode, done.stderr), (status, ""), f"{name}: status")
            seen = int(night_time(number).timestamp()) if sees else seen
            same(nights.last_success("audit.prom"), seen, f"{name}: when a run last could see")
            with open(nights.path("report.json"), encoding="utf-8") as stream:
                report = json.load(stream)
            same(report["summary"]["unknown"] > 0, not sees, f"{name}: the report has what is unknown")
            again = nights.run("report", nights.path("report.json"), "--text", "-", "--metrics", nights.path("saved.prom"))
            same((again.stdout, again.returncode), (done.stdout, done.returncode), f"{name}: the same from the saved report")
            same(nights.last_success("saved.prom"), seen, f"{name}: and the same time")
        runs = json.loads(nights.run("history", "--history", nights.path("history"), "--json", "-").stdout)["runs"]
        same([run["announced"] for run in runs], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 6, 6, 11, 0, 11], "what was announced in each night")
    print(f"1..{count}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
