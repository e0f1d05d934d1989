#!/usr/bin/python3
"""Memory that is refused and writes that fail, one after the other, over a small scan: no crash, no half report, no verdict that
an untroubled run would not give. Memory is refused once for each place that asks for it, a place being all that is called at the
moment: there are some 6000. In every run a few of them, spread over all; with TEST_ALL=yes as many as some minutes allow, others each
day; every one with TORTURE=every, for the better part of an hour. What a library makes of it is part of the test: one that hangs in
the worker is waited for until that worker is given up (LIMIT_SILENCE_MS).

Where the program has a sanitizer, which brings an allocator of its own, memory is refused to VALGRIND_PROGRAM, which has none."""

import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

import arena as arena_module
from arena import PROGRAM, THOROUGH, Arena, Tap, destination, host, is_sanitized, main, sts

LIBRARIES = os.path.join(os.environ.get("abs_top_builddir", "."), "tests", "hostile")
STATUSES = {0, 1, 2, 3, 70, 73}     # verdicts, out of memory, an output that cannot be written
SAMPLES = 40
SECONDS = 240       # for each kind, where there are more than SAMPLES


def world():
    return [destination("plain.example", [host("mx.plain.example", "192.0.2.1", offer=None)], "may"),
            destination("secure.example", [host("mx.secure.example", "192.0.2.2")], "verify match=hostname"),
            destination("dane.example", [host("mx.dane.example", "192.0.2.3", tlsa=("3 1 1 {key}",))], "dane-only",
                        web=sts("192.0.2.80", mx=["mx.dane.example"])),
            destination("wrong.example", [host("mx.wrong.example", "192.0.2.4")], "secure match=other.example")]


class Torture:
    def __init__(self, tap, arena, program, library, part):
        self.tap, self.arena, self.library, self.part = tap, arena, library, part
        arena_module.PROGRAM = program
        self.usual = self.run({}).destinations()
        tap.same({n: d["verdict"] for n, d in self.usual.items()},
                 {"plain.example": "downgrade", "secure.example": "deliver", "dane.example": "deliver", "wrong.example": "defer"},
                 "untroubled")
        self.clean_up()

    def run(self, environment, *options):
        return self.arena.scan(*self.arena.fast, "--mta-sts", "--save-facts", os.path.join(self.arena.scratch, "facts"),
                               "--resume", os.path.join(self.arena.scratch, "journal"), *options, limit=120,
                               environment=dict(environment, LD_PRELOAD=os.path.join(LIBRARIES, self.library),
                                                ASAN_OPTIONS="verify_asan_link_order=0"))

    def ask(self, variable, **environment):
        """The words that the library leaves in a file, which VARIABLE names to it."""
        path = os.path.join(self.arena.scratch, "told")
        self.run(dict({variable: path}, **environment))
        self.clean_up()
        try:
            with open(path, encoding="ascii") as stream:
                return stream.read().split()
        except FileNotFoundError:
            return []

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

    def over(self, what, variable, causes, **environment):
        total, number, parts = len(causes), *self.part
        chosen = range(number, total, parts)
        if not THOROUGH and total > SAMPLES:
            chosen = sorted({n * (total - 1) // (SAMPLES - 1) for n in range(SAMPLES)})
        elif total > SAMPLES:
            chosen = random.Random(time.strftime("%Y-%m-%d")).sample(chosen, len(chosen))
        good, tried, end = 0, 0, time.monotonic() + (1e9 if os.environ.get("TORTURE") == "every" else SECONDS)
        for n in chosen:
            if time.monotonic() > end:
                break
            tried += 1
            self.clean_up()
            good += self.judge(f"{what} {n + 1} of {total} ({causes[n]}) fails", self.run(dict(environment, **{variable: causes[n]})))
        self.tap.same(good, tried, f"{what}: of {total}, {tried} failed one after the other")


def torture_writes(tap, arena, part):
    torture = Torture(tap, arena, PROGRAM, "meddle.so", part)
    counted = torture.ask("MEDDLE_COUNT")
    tap.ok(counted and int(counted[0]) > 5, "writes are counted", counted)
    torture.over("write", "MEDDLE_WRITE", [str(n + 1) for n in range(int(counted[0]))])


def torture_memory(tap, arena, part):
    program = os.environ.get("VALGRIND_PROGRAM", PROGRAM) if is_sanitized(PROGRAM) else PROGRAM
    if is_sanitized(program):
        print("# allocations are the sanitizer's in this build")
        return
    torture = Torture(tap, arena, program, "meddle-allocations.so", part)
    for what, environment in (("memory of the scanner", {}), ("memory of the worker", {"MEDDLE_CHILD": "1"})):
        places = torture.ask("MEDDLE_PLACES", **environment)
        tap.ok(len(places) > 500, f"{what}: the places are known", len(places))
        torture.over(what, "MEDDLE_ALLOC", places, **environment)


def test(tap, scratch):
    part = tuple(int(word) for word in sys.argv[1].split("/")) if len(sys.argv) > 1 else (0, 1)
    with Arena(scratch, world()) as arena:
        arena.settle = 0
        torture_writes(tap, arena, part)
        torture_memory(tap, arena, part)


def in_parts(count):
    """The whole set takes minutes: as many runs of this script at a time as there are processors."""
    tap = Tap()
    runs = [subprocess.Popen([sys.executable, os.path.abspath(__file__), f"{n}/{count}"], stdout=subprocess.PIPE, text=True)
            for n in range(count)]
    for n, run in enumerate(runs):
        said = run.communicate()[0]
        bad = [line for line in said.splitlines() if line.startswith(("not ok", "#", "Bail"))]
        tap.ok(run.returncode == 0, f"part {n + 1} of {count}", *bad)
        print("\n".join("# " + line for line in said.splitlines() if line.startswith("ok")))
    sys.exit(tap.done())


if THOROUGH and len(sys.argv) == 1:
    in_parts(os.cpu_count() or 1)
main(test)
