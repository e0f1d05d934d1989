#!/usr/bin/python3
"""Forecasts against facts: posttls-audit beside what Postfix did, or does now.

Rebuilds the recorded scenarios (scenarios.jsonl) in a private world, asks
posttls-audit for its forecasts there and compares status, DSN, relay and TLS
word with the recording, with a Postfix that runs in the same world, or both.
Writes TAP: one test for each scenario, and one that no mail was ever begun.

A difference listed in known-differences.txt is expected; one that is listed and
does not show is a failure, so that the list cannot go stale.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))
sys.dont_write_bytecode = True

import config
import matrix
import namespace
import postfix
import scenarios
from world import World

FIELDS = ("status", "dsn", "relay", "tls")
SCAN_LIMIT = 170        # seconds for one run of posttls-audit
LEVELS = ("none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure")
RANK = {"deliver": 0, "downgrade": 1, "defer": 2, "bounce": 3}
MAIL_COMMANDS = ("MAIL", "RCPT", "DATA", "BDAT", "AUTH", "VRFY", "EXPN", "ETRN", "TURN")


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.environ.get("POSTTLS_AUDIT", "posttls-audit"))
    parser.add_argument("--recorded", action="store_true", help="binary against the recording (default)")
    parser.add_argument("--live", action="store_true", help="binary against a Postfix run now")
    parser.add_argument("--matrix", action="store_true",
                        help="the rows of matrix/ instead: binary against a Postfix run now")
    parser.add_argument("--live-vs-recorded", action="store_true",
                        help="Postfix run now against the recording: is this world the recorded one?")
    parser.add_argument("--every", metavar="N", type=int, default=1, help="only every Nth scenario of each group")
    parser.add_argument("--release", help="with --recorded: what another release did (3.11.6)")
    parser.add_argument("--only", metavar="ID[,ID]")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--limit", type=float, default=900, help="seconds for the whole run")
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory")
    parser.add_argument("--summary", action="store_true", help="differences and table only, no TAP")
    parser.add_argument("--counts", metavar="FILE", help="the numbers of the table, as JSON")
    parser.add_argument("--save", metavar="FILE", help="what was got, as JSON by scenario id")
    return parser.parse_args()


def chosen_rows(rows, chosen):
    if chosen.only:
        wanted = chosen.only.split(",")
        return [row for row in rows if any(fnmatch.fnmatchcase(row["id"], one) for one in wanted)]
    if chosen.every > 1:
        by_group = collections.defaultdict(list)
        for row in rows:
            by_group[row["group"]].append(row)
        return [row for members in by_group.values() for row in members[::chosen.every]]
    return rows


def known_differences(name):
    """Cause by scenario id. A line is "id: cause", or "id (release): cause" for another release."""
    known = {}
    with open(os.path.join(HERE, name), encoding="utf-8") as stream:
        for line in stream:
            line = line.strip()
            if line and not line.startswith("#"):
                key, _, cause = line.partition(":")
                known[key.strip()] = cause.strip()
    return known


class Lab:
    """The world of the chosen scenarios, with one configuration directory for each group."""

    def __init__(self, chosen, scratch):
        self.chosen = chosen
        self.scratch = scratch
        self.header, rows = scenarios.load()
        files = None
        if chosen.matrix:
            rows, files = matrix.load()
        self.rows = chosen_rows(rows, chosen)
        if not self.rows:
            sys.exit("no such scenario")
        self.groups = sorted(scenarios.groups(self.rows), key=len, reverse=True)
        self.world = World(self.rows, scratch, files=files)
        self.offset = 0

    def each_group(self, work, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            parts = pool.map(work, range(len(self.groups)), self.groups)
            return {key: value for part in parts for key, value in part.items()}

    def new_sessions(self):
        records, self.offset = self.world.sessions(self.offset)
        return records

    def deliver(self):
        """What a real Postfix does now, by scenario id."""
        instances = []
        for number, rows in enumerate(self.groups):
            instance = postfix.Instance(os.path.join(self.scratch, f"postfix-{number}"), rows,
                                        self.header["common_main_cf"], self.world.lab)
            instances.append(instance)

        def work(number, _rows):
            instance = instances[number]
            instance.queue()
            try:
                instance.start()
                instance.wait()
            finally:
                instance.stop()
            return {}

        self.each_group(work, max(2, self.chosen.jobs * 2))
        time.sleep(0.5)         # for the last sessions to be written
        sessions = self.new_sessions()
        return {key: value for i in instances for key, value in i.result(sessions).items()}

    def scan(self):
        """The forecasts of posttls-audit, by scenario id."""
        return self.each_group(self._scan_group, self.chosen.jobs)

    def _scan_group(self, number, rows):
        directory = os.path.join(self.scratch, f"scan-{number}")
        try:
            config.write(directory, rows, self.header["common_main_cf"], self.world.lab)
        except config.Unavailable as cause:
            return {row["id"]: {"skip": str(cause)} for row in rows}
        output = directory + ".json"
        release = None if self.chosen.live or self.chosen.matrix else self.chosen.release or self.header["postfix"]
        command = scan_command(self.chosen.binary, release, directory, output, rows)
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                  timeout=SCAN_LIMIT, check=False, stdin=subprocess.DEVNULL)
            with open(output, encoding="utf-8") as stream:
                report = json.load(stream)
        except subprocess.TimeoutExpired:
            return {row["id"]: {"problem": f"no end after {SCAN_LIMIT} seconds"} for row in rows}
        except (OSError, ValueError) as problem:
            said = done.stderr.strip()[-500:] if "done" in locals() else ""
            code = done.returncode if "done" in locals() else "-"
            return {row["id"]: {"problem": f"no report ({problem}); status {code}; {said}"}
                    for row in rows}
        by_name = {entry["destination"]: entry for entry in report["destinations"]}
        return {row["id"]: forecast_of(by_name.get(row["recipient"]), row) for row in rows}


def scan_command(binary, release, directory, output, rows):
    """RELEASE None: that of the installed Postfix."""
    resolver = (rows[0]["resolv_conf"] or "nameserver 127.0.0.1").split()[1]
    command = [binary, "scan", "--config-dir", directory, "--resolver", resolver + ":53",
               "--retry-after", "0", "--interval", "0", "--per-host", "0", "--per-provider", "0",
               "--rate", "0", "--timeout", "30", "--json", output, "--quiet"]
    for prefix in ("127.0.0.0/8", "::1", "fd6f::/16"):
        command += ["--allow-address", prefix]
    if rows[0]["sender"]:
        command += ["--sender", rows[0]["sender"]]
    if release:
        command += ["--postfix-version", release]
    return command + [row["recipient"] for row in rows]


def forecast_of(entry, row):
    if entry is None:
        return {"problem": "not in the report"}
    part = entry["first_attempt" if row["group"] == "fallback" or row.get("fresh") else "forecast"]
    got = {field: part[field] for field in FIELDS}
    got.update(best=entry["best"], worst=entry["worst"], verdict=entry["verdict"],
               reason=entry["forecast"].get("reason"))
    return got


def differences(expected, got):
    """List of texts; empty when GOT agrees with EXPECTED."""
    if "problem" in got:
        return [got["problem"]]
    if expected["status"] == "stuck" and "verdict" in got:
        expected = {"status": "deferred", "relay": "none", "dsn": None}
    return [f"{field}: expected {expected[field]} / got {got[field]}"
            for field in FIELDS if field in expected and not same(expected[field], got[field])]


def same(one, other):
    """Case of host names is the resolver's choice."""
    return (one or "").lower() == (other or "").lower()


def possible(row, expected, got):
    """Of servers in no order: could what was expected have come of another order?

    A forecast tells by best and worst; of a delivery, another server of the
    scenario with the same status will do.
    """
    if not row["unordered"]:
        return False
    if "best" not in got:
        return got["status"] == expected["status"] and any(
            f"[{server['addr']}]:{server['port']}" in got["relay"] for server in row["servers"])
    happened = {"sent": (0, 1), "deferred": (2, 2), "bounced": (3, 3)}.get(expected["status"])
    return bool(happened) and got["best"] in RANK and got["worst"] in RANK \
        and RANK[got["best"]] <= happened[1] and RANK[got["worst"]] >= happened[0]


class Tally:
    """TAP lines and the table at the end."""

    def __init__(self, chosen, known):
        self.chosen = chosen
        self.known = known
        self.number = 0
        self.failed = 0
        self.groups = collections.OrderedDict()
        self.levels = collections.OrderedDict()
        self.shown = set()      # numbers of surprises.txt

    def line(self, good, text):
        self.number += 1
        self.failed += not good and "# TODO" not in text
        if not self.chosen.summary:
            print(("ok" if good else "not ok"), self.number, "-", text)
        elif not good and "# TODO" not in text:
            print(text)

    def scenario(self, row, expected, got):
        name = row["id"]
        agree, total = self.groups.get(row["group"], (0, 0))
        if "skip" in got:
            self.line(True, f"{name} # SKIP {got['skip']}")
            return
        if row["beyond_scan"] and "verdict" in got:
            self.line(True, f"{name} # SKIP the server's answer to MAIL FROM is beyond a scan")
            return
        found = differences(expected, got)
        if found and possible(row, expected, got):
            print(f"# {name}: another order than the recorded one: {'; '.join(found)}")
            found = []
        self.groups[row["group"]] = (agree + (not found), total + 1)
        agree, total = self.levels.get(level_of(row), (0, 0))
        self.levels[level_of(row)] = (agree + (not found), total + 1)
        if not found:
            self.shown.update(row.get("shows", ()))
        if name in self.known:
            self._known(name, found)
        else:
            self.line(not found, f"{name} {'; '.join(found)}".rstrip().replace("#", "\\#"))

    def _known(self, name, found):
        if found:
            print(f"# known: {name} {self.known[name]}")
            self.line(False, f"{name} {'; '.join(found)} # TODO known: {self.known[name]}")
        else:
            self.line(False, f"{name} agrees now: take it from known-differences.txt")

    def finish(self):
        for title, counts in (("level", self.levels), ("group", self.groups)):
            print(f"# by {title}:")
            for name, (agree, total) in counts.items():
                print(f"# {name:12s} {agree:4d} of {total:4d} agree")
        agree, total = (sum(column) for column in zip(*self.groups.values()))
        print(f"# {'all':12s} {agree:4d} of {total:4d} agree")
        if self.chosen.counts:
            with open(self.chosen.counts, "w", encoding="utf-8") as stream:
                json.dump({"postfix": postfix.release(), "agree": agree, "total": total, "levels": self.levels,
                           "groups": self.groups, "surprises": len(self.shown)}, stream, indent=1)
        if not self.chosen.summary:
            print(f"1..{self.number}")
        return 1 if self.failed else 0


def compare(lab, chosen, live):
    reference = {row["id"]: row.get("outcome") for row in lab.rows}
    if chosen.release:
        reference = scenarios.outcomes(chosen.release)
    suffix = f" ({chosen.release})" if chosen.release else ""
    known = {name: cause for name, cause in known_differences("known-differences.txt").items()}
    known = {row["id"]: known[row["id"] + suffix] for row in lab.rows if row["id"] + suffix in known}
    if chosen.live_vs_recorded:
        got, known = live, {}
    else:
        began = time.monotonic()
        got = lab.scan()
        print(f"# scanned in {time.monotonic() - began:.0f} s")
        reference = live or reference
    if chosen.save:
        with open(chosen.save, "w", encoding="utf-8") as stream:
            json.dump(got, stream, indent=1, ensure_ascii=False)
    tally = Tally(chosen, known)
    for row in lab.rows:
        tally.scenario(row, reference[row["id"]], got[row["id"]])
    if not chosen.live_vs_recorded:
        no_mail_begun(lab, tally)
    if chosen.matrix:
        surprises(tally, not chosen.only and chosen.every == 1)
    if chosen.live and postfix.release() == lab.header["postfix"]:
        as_recorded(lab, live, tally)
    return tally.finish()


def surprises(tally, whole):
    """What of surprises.txt the rows have shown; with the WHOLE matrix, none may be missing without a reason."""
    lacking, excused = [], []
    with open(os.path.join(HERE, "surprises.txt"), encoding="utf-8") as stream:
        entries = [line.rstrip("\n").split("\t") for line in stream if not line.startswith("#")]
    for number, *rest in entries:
        if int(number) in tally.shown:
            continue
        if rest[-1].startswith("not shown: "):
            excused.append(f"{number}: {rest[-1]}")
        else:
            lacking.append(number)
    print(f"# of {len(entries)} surprises {len(tally.shown)} were shown: {ranges(tally.shown)}")
    for text in excused:
        print(f"# {text}")
    if whole:
        tally.line(not lacking, f"every surprise is shown or has a reason {' '.join(lacking)}".rstrip())


def ranges(numbers):
    """1-3, 5 ..."""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def level_of(row):
    """The level a row is about: what it says itself, else that of the policy, else main.cf's."""
    if row.get("aim"):
        return row["aim"]
    words = row["policy_table"][0][1].replace(",", " ").split() if row["policy_table"] else []
    level = (words or [row["main_cf"].get("smtp_tls_security_level", "none")])[0].lower()
    return level if level in LEVELS else "invalid"


def as_recorded(lab, live, tally):
    """The same Postfix in the same world does the same; else the world is not the same."""
    strange = [row["id"] for row in lab.rows
               if differences(row["outcome"], live[row["id"]])
               and not row["unordered"]]
    tally.line(not strange, f"Postfix did what was recorded {' '.join(strange)}".rstrip())


def no_mail_begun(lab, tally):
    """The promise to mail hosts: greeting, EHLO, STARTTLS, QUIT, and nothing else."""
    guilty = {record["scenario"] for record in lab.new_sessions()
              for command in record["commands"]
              if command.upper().split(" ")[0].split(":")[0] in MAIL_COMMANDS}
    tally.line(not guilty, f"no mail was begun {' '.join(sorted(guilty))}".rstrip())


def main():
    chosen = options()
    scratch = namespace.inside()
    live_wanted = chosen.live or chosen.live_vs_recorded or chosen.matrix
    if not scratch:
        lacking = namespace.missing() or postfix.missing(live_wanted)
        if lacking:
            print(f"1..0 # SKIP needs {lacking}")
            return 0
        return namespace.enter([sys.executable] + sys.argv, chosen.keep, chosen.limit)
    sys.stdout.reconfigure(line_buffering=True)
    lab = Lab(chosen, scratch)
    lab.world.start()
    try:
        live = None
        if live_wanted:
            began = time.monotonic()
            live = lab.deliver()
            print(f"# Postfix delivered {len(live)} messages in {time.monotonic() - began:.0f} s")
        return compare(lab, chosen, live)
    finally:
        lab.world.stop()


if __name__ == "__main__":
    sys.exit(main())
