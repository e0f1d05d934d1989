#!/usr/bin/python3
"""A worker that is killed, again and again, at random times: no destination is lost, none is told twice."""

import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import Arena, THOROUGH, children, destination, host, main, most_together

HOSTS = 240
KILLS = 50


class Killer(threading.Thread):
    """Ends the only child of a process, as often as wanted."""

    def __init__(self, process, chance):
        super().__init__(daemon=True)
        self.process, self.chance = process, chance
        self.victims = set()
        self.start()

    def run(self):
        time.sleep(0.2)
        while len(self.victims) < KILLS and self.process.poll() is None:
            time.sleep(self.chance.uniform(0.08, 0.25))
            for child in children(self.process.pid)[-1:]:
                if child in self.victims:
                    continue
                try:
                    os.kill(child, self.chance.choice((signal.SIGKILL, signal.SIGSEGV)))
                    self.victims.add(child)
                except OSError:
                    pass


def world():
    """Answers take their time, so that there is something in flight."""
    return [destination(f"d{n}.example", [host(f"mx.d{n}.example", f"198.51.{100 + n // 200}.{n % 200 + 1}", delay=0.02)], "encrypt")
            for n in range(HOSTS)]


def run(tap, arena, seed):
    name = f"{KILLS} kills, seed {seed}"
    killers, journal = [], os.path.join(arena.scratch, "journal")
    scan = arena.scan("--resume", journal, "--interval", "0", "--rate", "0", "--per-provider", "0", "--concurrency", "4", "--timeout", "10",
                      meddle=lambda process: killers.append(Killer(process, random.Random(seed))), limit=120,
                      environment={"ASAN_OPTIONS": "handle_segv=0"})
    tap.clean(scan, name)
    tap.ok(len(killers[0].victims) == KILLS, f"{name}: so many workers died", len(killers[0].victims), f"{scan.seconds:.1f} s")
    listed = [d["destination"] for d in (scan.report or {"destinations": []})["destinations"]]
    tap.same(listed, arena.names, f"{name}: each destination has one record, in order")
    outcomes = {}
    for d in scan.destinations().values():
        outcomes.setdefault((d["verdict"], d["forecast"]["reason"]), []).append(d["destination"])
    counts = {k: len(v) for k, v in outcomes.items()}
    tap.ok(set(counts) <= {("deliver", "delivered"), ("unknown", "probe-crashed")}, f"{name}: delivered, or crashed twice", counts)
    tap.ok(counts.get(("deliver", "delivered"), 0) > HOSTS // 2, f"{name}: most are delivered", counts)
    tap.same(scan.status, 3 if ("unknown", "probe-crashed") in counts else 0, f"{name}: exit status")
    tap.ok(not os.path.exists(journal), f"{name}: the run is complete, and its journal gone")
    times = {}
    for s in scan.sessions:
        times[s["host"]] = times.get(s["host"], 0) + 1
    tap.ok(times and max(times.values()) <= 2, f"{name}: nobody is asked more than twice", times)
    together = most_together(scan.sessions, lambda s: s["addr"], 0.15)
    tap.ok(max(together.values()) == 1, f"{name}: nor twice at a time", together)
    print(f"# {counts}, {scan.seconds:.1f} s, {len(scan.sessions)} sessions")


def test(tap, scratch):
    with Arena(scratch, world()) as arena:
        for seed in range(1, 11 if THOROUGH else 2):
            run(tap, arena, seed)


main(test)
