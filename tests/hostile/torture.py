#!/usr/bin/python3
"""Allocations and writes that fail, one after the other, over a small scan: no crash, no half report, no verdict that an
untroubled run would not give. A few of them in every run, spread over all; every one with TEST_ALL=yes. What a library makes of it is part of the test: one that hangs in the worker
is waited for until that worker is given up (LIMIT_SILENCE_MS)."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from arena import PROGRAM, THOROUGH, Arena, destination, host, main, sts

LIBRARIES = os.path.join(os.environ.get("abs_top_builddir", "."), "tests", "hostile")
STATUSES = {0, 1, 2, 3, 70, 73}     # verdicts, out of memory, an output that cannot be written
SAMPLES = 40


def world():
    return [destination("plain.example", [host("mx.plain.example", "192.0.2.1", offer=None)], "may"),
            destination("secure.example", [host("mx.secure.example", "192.0.2.2")], "verify match=hostname"),
            destination("dane.example", [host("mx.dane.example", "192.0.2.3", tlsa=("3 1 1 {key}",))], "dane-only",
                        web=sts("192.0.2.80", mx=["mx.dane.example"])),
            destination("wrong.example", [host("mx.wrong.example", "192.0.2.4")], "secure match=other.example")]


def is_sanitized():
    with open(PROGRAM, "rb") as stream:
        return b"__asan_init" in stream.read()


class Torture:
    def __init__(self, tap, arena):
        self.tap, self.arena = tap, arena
        self.usual = self.run({}).destinations()

    def run(self, environment, *options):
        library = "meddle.so" if is_sanitized() else "meddle-allocations.so"
        return self.arena.scan(*self.arena.fast, "--mta-sts", "--save-facts", os.path.join(self.arena.scratch, "facts"),
                               "--resume", os.path.join(self.arena.scratch, "journal"), *options, limit=120,
                               environment=dict(environment, LD_PRELOAD=os.path.join(LIBRARIES, library),
                                                ASAN_OPTIONS="verify_asan_link_order=0"))

    def count(self, child):
        path = os.path.join(self.arena.scratch, "count")
        self.run(dict({"MEDDLE_COUNT": path}, **({"MEDDLE_CHILD": "1"} if child else {})))
        try:
            with open(path, encoding="ascii") as stream:
                return [int(word) for word in stream.read().split()]
        except FileNotFoundError:
            return None

    def clean_up(self):
        """What an earlier run may leave for the next one: its journal."""
        for name in ("journal", "facts"):
            path = os.path.join(self.arena.scratch, name)
            if os.path.exists(path):
                os.unlink(path)

    def judge(self, name, scan):
        """True when the run may be as it is."""
        problems = []
        if scan.killed or scan.status not in STATUSES:
            problems.append(f"status {scan.status}, {scan.seconds:.1f} s")
        if scan.status >= 64 and not scan.errors.strip():
            problems.append(f"status {scan.status} without a word")
        if "Sanitizer" in scan.errors or "runtime error" in scan.errors:
            problems.append(scan.errors)
        if scan.status <= 3 and scan.report is None:
            problems.append("no report")
        problems += self.wrong_verdicts(scan)
        left = [n for n in os.listdir(self.arena.scratch) if n.startswith(("report.json.", "facts."))]
        if left:
            problems.append(f"left behind: {left}")
        if problems:
            self.tap.ok(False, name, *problems, scan.errors)
        return not problems

    def wrong_verdicts(self, scan):
        """Unknown is no wrong verdict; one that an untroubled run would not give is."""
        found = scan.destinations()
        if scan.report is not None and set(found) != set(self.usual):
            return [f"records: {sorted(found)}"]
        return [f"{name}: {d['verdict']} {d['forecast']['reason']}: {d['forecast']['text']}" for name, d in found.items()
                if d["verdict"] not in ("unknown", self.usual[name]["verdict"])]

    def over(self, what, variable, total, child=False):
        numbers = range(1, total + 1)
        if not THOROUGH and total > SAMPLES:
            numbers = sorted({1 + n * (total - 1) // (SAMPLES - 1) for n in range(SAMPLES)})
        good = 0
        for n in numbers:
            self.clean_up()
            environment = {variable: str(n)}
            if child:
                environment["MEDDLE_CHILD"] = "1"
            good += self.judge(f"{what} {n} of {total} fails", self.run(environment))
        self.tap.same(good, len(numbers), f"{what}: of {total}, {len(numbers)} failed one after the other")


def test(tap, scratch):
    with Arena(scratch, world()) as arena:
        torture = Torture(tap, arena)
        tap.same({n: d["verdict"] for n, d in torture.usual.items()},
                 {"plain.example": "downgrade", "secure.example": "deliver", "dane.example": "deliver", "wrong.example": "defer"},
                 "untroubled")
        torture.clean_up()
        counts = torture.count(child=False)
        tap.ok(counts is not None and counts[1] > 5, "calls are counted", counts)
        torture.over("write", "MEDDLE_WRITE", counts[1])
        if is_sanitized():
            print("# allocations are the sanitizer's in this build")
        else:
            torture.over("allocation of the scanner", "MEDDLE_ALLOC", counts[0])
            torture.over("allocation of the worker", "MEDDLE_ALLOC", 22000, child=True)


main(test)
