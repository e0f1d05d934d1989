#!/usr/bin/python3
"""Releases: the same facts, judged as the release before and the one after each change of matrix/releases.py.

Each row is scanned in a private world as both releases, which observes what either wants to know; the facts are then
replayed as each release, and the forecast compared with what is written down for it.  Writes TAP.
"""

import argparse
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import compare
import config
import matrix
import namespace
import postfix
import scenarios
from matrix import build, releases
from world import World

LIMIT = 300     # seconds for all


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    return done.stderr.strip()[-300:]


def forecast(path):
    """Status, DSN, TLS word and whose relay, as in matrix/releases.py."""
    with open(path, encoding="utf-8") as stream:
        part = json.load(stream)["destinations"][0]["forecast"]
    relay = part["relay"] or "?"
    return " ".join((part["status"], part["dsn"] or "-", part["tls"] or "?", "none" if relay == "none" else relay[:2]))


class Releases:
    def __init__(self, binary, scratch):
        book = build.Book()
        releases.add(book)
        self.binary, self.scratch, self.rows = binary, scratch, book.scenarios
        self.header, _ = scenarios.load()
        self.world = World(self.rows, scratch, files=book.files)
        self.number = self.failed = 0

    def line(self, good, text):
        self.number += 1
        self.failed += not good
        print(("ok" if good else "not ok"), self.number, "-", text.replace("#", "\\#"))

    def row(self, row):
        directory = os.path.join(self.scratch, row["id"])
        config.write(directory, [row], self.header["common_main_cf"], self.world.lab)
        facts = []
        for release in row["outcomes"]:
            facts.append(f"{directory}.{release}.facts")
            command = compare.scan_command(self.binary, release, directory, f"{directory}.scan", [row])
            run(command[:-1] + ["--save-facts", facts[-1], command[-1]])
        for release, expected in row["outcomes"].items():
            output = f"{directory}.{release}.json"
            said = run([self.binary, "replay", "--config-dir", directory, "--postfix-version", release, "--json", output,
                        "--quiet", "--allow-address", "127.0.0.0/8", "--allow-address", "fd6f::/16"] + facts)
            try:
                got = forecast(output)
            except (OSError, ValueError, LookupError):
                got = f"no report: {said}"
            difference = "" if got == expected else f": expected {expected} / got {got}"
            self.line(not difference, f"{row['id']} as {release}: {row['desc']}{difference}")


def numbers_told(judged):
    """The number of rows in README.md and doc/fidelity.md is that of the tables (scripts/fidelity-table writes it)."""
    wanted = sum(not row["beyond_scan"] for row in matrix.load()[0])
    for name in ("README.md", "doc/fidelity.md"):
        with open(os.path.join(HERE, "../..", name), encoding="utf-8") as stream:
            told = re.search(r"delivered live \| \*\*\d+ of (\d+)", stream.read())
        judged.line(told and int(told[1]) == wanted, f"{name} tells of {wanted} rows")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.environ.get("POSTTLS_AUDIT", "posttls-audit"))
    parser.add_argument("--only", metavar="NAME")
    chosen = parser.parse_args()
    scratch = namespace.inside()
    if not scratch:
        lacking = namespace.missing() or postfix.missing(False)
        if lacking:
            print(f"1..0 # SKIP needs {lacking}")
            return 0
        return namespace.enter([sys.executable] + sys.argv, False, LIMIT)
    sys.stdout.reconfigure(line_buffering=True)
    judged = Releases(chosen.binary, scratch)
    judged.world.start()
    try:
        for row in judged.rows:
            if not chosen.only or row["id"] == f"release-{chosen.only}":
                judged.row(row)
    finally:
        judged.world.stop()
    numbers_told(judged)
    print(f"1..{judged.number}")
    return 1 if judged.failed else 0


if __name__ == "__main__":
    sys.exit(main())
