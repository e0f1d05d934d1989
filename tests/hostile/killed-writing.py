#!/usr/bin/python3
"""kill -9 exactly inside the writes of the journal and of the outputs, at each of them in turn, half of a write done or none.
The next run asks nothing that the journal knows, and its report is that of a run that nobody troubled; an output that was
there before is whole."""

import json
import os
import signal
import sys
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import Arena, THOROUGH, destination, host, lasting, main, sts

KILLER = os.path.join(os.environ.get("abs_top_builddir", "."), "tests", "system", "killer.so")
KILLS = 12      # of each kind; all of them with TEST_ALL=yes
TYPES = {"A": "1", "MX": "15", "TXT": "16", "AAAA": "28", "TLSA": "52"}
REFUSED = "refusing.example"


def world():
    return [destination("plain.example", [host("mx.plain.example", "192.0.2.1", offer=None)], "may"),
            destination("dane.example", [host("mx.dane.example", "192.0.2.2", tlsa=("3 1 1 {key}",))], "dane-only"),
            destination("sts.example", [host("mx.sts.example", "192.0.2.3")], "may", web=sts("192.0.2.80", mx=["mx.sts.example"])),
            destination("two.example", [host("mx1.two.example", "192.0.2.4"), host("mx2.two.example", "192.0.2.5", preference=20)],
                        "verify match=hostname"),
            destination(REFUSED, [host("mx.refusing.example", "192.0.2.6", greeting="450 4.3.2 later")], "encrypt"),
            # There is none; with a fault the questions are asked of a resolver that keeps a list of them.
            destination("none.example", dns=["other.none.example. A 192.0.2.7"], faults=[["unused.example", "A", "drop"]])]


class Killed:
    def __init__(self, tap, arena):
        self.tap, self.arena = tap, arena
        self.journal = os.path.join(arena.scratch, "journal")
        self.output = os.path.join(arena.scratch, "out.csv")
        self.told = os.path.join(arena.scratch, "told")
        self.usual = self.run()
        self.needed = self.asked(self.usual)

    def run(self, **killer):
        environment = {"LD_PRELOAD": KILLER, "ASAN_OPTIONS": "verify_asan_link_order=0", **{k: str(v) for k, v in killer.items()}}
        return self.arena.scan(*self.arena.fast[:-2], "--timeout", "20", "--mta-sts", "--resume", self.journal, "--csv", self.output,
                               environment=environment if killer else None)

    def points(self, name):
        """How many calls there are, and some of them."""
        self.run(KILL_NAME=name, KILL_COUNT=self.told)
        with open(self.told, encoding="ascii") as file:
            count = int(file.read())
        most = count if THOROUGH else min(count, KILLS)
        return count, sorted({1 + i * (count - 1) // max(1, most - 1) for i in range(most)})

    def facts(self):
        """Questions, addresses of conversations, domains of policies that are in the journal as a whole line, with their number."""
        try:
            with open(self.journal, "rb") as stream:
                lines = [json.loads(line) for line in stream.read().split(b"\n")[1:-1]]
        except FileNotFoundError:
            lines = []
        of = lambda kind: [line for line in lines if line["fact"] == kind]
        return (Counter((f["name"].lower(), TYPES[f["type"]]) for f in of("dns")),
                Counter(f["profile"]["address"] for f in of("conversation")), Counter(f["domain"] for f in of("fetch")))

    def asked(self, scan, before=0, began=0.0):
        """The same of what a run asked for. What the run before it began may be told late."""
        return (Counter(tuple(q[:2]) for q in self.arena.questions()[before:]),
                Counter(s["addr"] for s in scan.sessions if s["began"] > began),
                Counter(f["sni"].removeprefix("mta-sts.") for f in scan.fetches if f["began"] > began))

    def questions_so_far(self):
        """When no more come: the resolver is told of some only when the run is over."""
        count = -1
        while count != len(self.arena.questions()):
            count = len(self.arena.questions())
            time.sleep(0.2)
        return count

    def at(self, point):
        """What is wrong with a run that is killed there, and the one that goes on."""
        scan = self.run(KILL_NAME=self.journal, KILL_AT=point)
        if scan.status == self.usual.status:
            return []   # it had fewer calls: the journal is synced once a second
        if scan.status != -signal.SIGKILL:
            return [f"status {scan.status}: {scan.errors}"]
        self.died += 1
        known, before, began = self.facts(), self.questions_so_far(), time.time()
        scan = self.run()
        wrong = [f"asked again: {k + a - all_of_it}" for k, a, all_of_it in zip(known, self.asked(scan, before, began), self.needed)
                 if k + a - all_of_it]
        if scan.status != self.usual.status or scan.report is None:
            return wrong + [f"status {scan.status}: {scan.errors}"]
        wrong += [f"{key} differs: {scan.report[key]}" for key in self.usual.report
                  if key != "run" and lasting(scan.report[key]) != lasting(self.usual.report[key])]
        if scan.report["run"]["sharing"] != self.usual.report["run"]["sharing"] or not scan.report["run"]["complete"]:
            wrong.append(f"run: {scan.report['run']}")
        return wrong + ([] if not os.path.exists(self.journal) else ["the journal is still there"])

    def check_journal(self):
        count, points = self.points(self.journal)
        self.tap.ok(count > 30, f"the journal: {count} calls write it")
        self.died = 0
        for point in points:
            wrong = self.at(point)
            self.tap.ok(not wrong, f"the journal, killed at call {point}: goes on as if nothing had been", *wrong)
        self.tap.ok(self.died >= len(points) * 3 // 4, f"the journal: killed in {self.died} of {len(points)} runs")

    def check_outputs(self):
        """While they are written they have no name, but that of a number; then each takes its place whole."""
        for name in (os.path.join(self.arena.scratch, "#"), self.output):
            count, points = self.points(name)
            with open(self.output, encoding="utf-8") as file:   # of a run just now: days that are left are counted from then
                self.whole = file.read()
            self.tap.ok(count >= 2, f"outputs: {count} calls for {os.path.basename(name)}")
            for point in points:
                self.check_output(name, point)

    def check_output(self, name, point):
        what = f"outputs, killed at call {point} for {os.path.basename(name)}"
        with open(self.output, "w", encoding="utf-8") as file:
            file.write("as it was\n")
        scan = self.run(KILL_NAME=name, KILL_AT=point)
        with open(self.output, encoding="utf-8") as file:
            self.tap.ok((scan.status, file.read()) in ((-signal.SIGKILL, "as it was\n"), (-signal.SIGKILL, self.whole)),
                        f"{what}: the file is the one of before, or whole")
        for left in (n for n in os.listdir(self.arena.scratch) if n.startswith("out.csv.")):
            with open(os.path.join(self.arena.scratch, left), encoding="utf-8") as file:
                self.tap.ok(file.read() in ("", self.whole), f"{what}: nothing half-written is left")
            os.unlink(os.path.join(self.arena.scratch, left))
        if os.path.exists(self.journal):
            os.unlink(self.journal)


def test(tap, scratch):
    with Arena(scratch, world()) as arena:
        killed = Killed(tap, arena)
        tap.same({n: d["verdict"] for n, d in killed.usual.destinations().items() if n != "none.example"},
                 {"plain.example": "downgrade", "dane.example": "deliver", "sts.example": "deliver", "two.example": "deliver",
                  REFUSED: "defer"}, "untroubled")
        killed.check_journal()
        killed.check_outputs()


main(test)
