#!/usr/bin/python3
"""A worker that is killed, again and again, at random times: no destination is lost, none is told twice."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import Arena, PROGRAM, THOROUGH, children, destination, host, main, most_together

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


def check_told(tap, scan, name):
    """A finding says how often, and how many conversations were asked again: those that were begun beyond one each."""
    found = [(f["severity"], f["text"]) for f in scan.report["findings"] if f["code"] == "worker-died"]
    asked = scan.report["run"]["sharing"]["conversations"]["asked"]
    text = found[0][1] if found else ""
    tap.ok(len(found) == 1 and found[0][0] == "notice" and re.match(f"the network process ended {KILLS} times, at last by signal (9|11)(;|$)", text),
           f"{name}: told once", found)
    again = re.search("; ([0-9]+) conversations? w", text)
    tap.same(int(again[1]) if again else 0, asked - HOSTS, f"{name}: as many were asked again", text)


def once(number):
    """The first worker gets a signal when it has something to do."""
    def meddle(process):
        def act():
            time.sleep(0.6)
            for child in children(process.pid)[-1:]:
                os.kill(child, number)
        threading.Thread(target=act, daemon=True).start()
    return meddle


ONCE = [    # signal, what the finding says
    (signal.SIGSEGV, "the network process ended by signal 11"),
    (signal.SIGKILL, "the network process ended by signal 9"),
    (signal.SIGSTOP, "the network process no longer answered"),
]


def check_once(tap, arena):
    facts, config = os.path.join(arena.scratch, "facts"), arena.directory
    for number, text in ONCE:
        name = f"one {number.name}"
        scan = arena.scan("--interval", "0", "--rate", "0", "--per-provider", "0", "--concurrency", "4", "--timeout", "10", "--save-facts", facts,
                          meddle=once(number), environment={"ASAN_OPTIONS": "handle_segv=0"})
        tap.clean(scan, name)
        tap.same(scan.status, 0, f"{name}: all are delivered")
        told = [f["text"] for f in scan.report["findings"] if f["code"] == "worker-died"]
        again = scan.report["run"]["sharing"]["conversations"]["asked"] - HOSTS
        tap.same(told, [text + (f"; {again} conversation{'s were' if again > 1 else ' was'} asked again" if again else "")], f"{name}: told")
        replayed = subprocess.run([PROGRAM, "replay", "-c", config, "-q", "--json", "-", facts], stdin=subprocess.DEVNULL, capture_output=True,
                                  check=False)
        tap.same([f["text"] for f in json.loads(replayed.stdout)["findings"] if f["code"] == "worker-died"], told, f"{name}: a replay tells it too")


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
    check_told(tap, scan, name)
    times = {}
    for s in scan.sessions:
        times[s["host"]] = times.get(s["host"], 0) + 1
    tap.ok(times and max(times.values()) <= 2, f"{name}: nobody is asked more than twice", times)
    together = most_together(scan.sessions, lambda s: s["addr"], 0.15)
    tap.ok(max(together.values()) == 1, f"{name}: nor twice at a time", together)
    print(f"# {counts}, {scan.seconds:.1f} s, {len(scan.sessions)} sessions")


def test(tap, scratch):
    with Arena(scratch, world()) as arena:
        check_once(tap, arena)
        for seed in range(1, 11 if THOROUGH else 2):
            run(tap, arena, seed)


main(test)
