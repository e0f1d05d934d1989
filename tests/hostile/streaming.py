#!/usr/bin/python3
"""JSON lines that are written while the run goes on: the same results as in the report that is written at the end, whatever
of our own side may have spoilt them, however many come to the same host, and each as soon as it is known."""

import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from arena import PROGRAM, Arena, destination, host, lasting, main, surroundings
from zones import REFUSING

LIMIT = 60


def crowd(name, first, policy="encrypt", at=None, **behaviour):
    """Destinations of as many providers; AT: the crowd whose hosts they use."""
    return [destination(f"{name}{n}.example", [host(f"mx.{at or name}{n}.example", f"2001:db8:{first + n:x}::1", **behaviour)], policy)
            for n in range(12)]


CROWDS = {"blocked": crowd("blocked", 0x100, refuse=True), "stripped": crowd("stripped", 0x200, offer=None),
          "healthy": crowd("healthy", 0x300, at="hosting"), "secured": crowd("secured", 0x600, "dane", tlsa=("3 1 1 {key}",)),
          "lenient": crowd("lenient", 0x500, "may"), "strict": crowd("strict", 0x500, at="lenient")}
LATE = destination("late.example", [host("mx.late.example", "2001:db8:400::1", delay=5)], "encrypt")


def names(*crowds):
    return [d["name"] for c in crowds for d in CROWDS[c]]


class Lines:
    def __init__(self, text):
        self.header, *self.middle, self.end = [json.loads(line) for line in text.splitlines()]
        self.destinations = {d["destination"]: d for d in self.middle}


def start(arena, *options, **more):
    return subprocess.Popen(arena.command(*arena.fast, *options, "-q", **more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            text=True, env=surroundings({}))


def lines_of(arena, *options, **more):
    process = start(arena, "--jsonl", "-", *options, **more)
    text, _ = process.communicate(timeout=LIMIT)
    return Lines(text), process.returncode


def compare(tap, arena, name, *options, **more):
    whole = arena.scan(*arena.fast, *options, **more)
    lines, status = lines_of(arena, *options, **more)
    tap.same(len(lines.middle), len(lines.destinations), f"{name}: each destination once")
    tap.same({n: lasting(d) for n, d in lines.destinations.items()}, {n: lasting(d) for n, d in whole.destinations().items()},
             f"{name}: the same results")
    tap.same(lines.end["summary"], whole.report["summary"], f"{name}: the same counts")
    tap.same(lasting(lines.end["findings"]), lasting(whole.report["findings"]), f"{name}: the same findings of the whole")
    tap.same(lines.end["run"]["sharing"], whole.report["run"]["sharing"], f"{name}: as much was asked")
    tap.same(status, whole.status, f"{name}: the same status")
    return lines


def check_results(tap, arena):
    for crowds in (("healthy",), ("blocked",), ("stripped",), ("blocked", "healthy"), ("stripped", "blocked"),
                   ("healthy", "stripped", "blocked")):
        lines = compare(tap, arena, " and ".join(crowds), names=names(*crowds))
        accused = {d["verdict"] for d in lines.destinations.values()} - {"deliver", "unknown"}
        tap.same(bool(accused), len(crowds) > 1, f"{' and '.join(crowds)}: who is accused")
    compare(tap, arena, "a dead resolver", names=names("healthy"), resolver="127.0.0.99")
    lines = compare(tap, arena, "a resolver that refuses", names=names("healthy"), resolver=REFUSING)
    tap.same({d["verdict"] for d in lines.destinations.values()}, {"unknown"}, "a resolver that refuses: nobody is accused")
    compare(tap, arena, "several to one domain", names=["a@healthy0.example", "b@healthy0.example", "smtp:healthy1.example",
                                                         "healthy1.example", "HEALTHY2.example", "smtp:healthy3.example"])
    compare(tap, arena, "all by one relay", "-o", "relayhost = healthy4.example", names=names("healthy") + ["x@blocked1.example"])


def advised(destinations):
    return sorted(d["destination"] for d in destinations if "can-be-tightened" in [f["code"] for f in d["findings"]])


def check_advice(tap, arena):
    """What stricter lines would need is at hand, or asked for by others at the same hosts, or by nobody."""
    lines = compare(tap, arena, "advice", names=names("secured", "healthy"))
    tap.same(advised(lines.middle), sorted(names("secured")), "advice: who can be stricter")
    lines = compare(tap, arena, "advice that others make possible", names=names("lenient", "strict"))
    tap.same(advised(lines.middle), sorted(names("lenient")), "advice that others make possible: who can be stricter")
    lines = compare(tap, arena, "advice that nobody makes possible", names=names("lenient"))
    tap.same(advised(lines.middle), [], "advice that nobody makes possible: nobody is told to be stricter")


def check_file(tap, arena):
    path = os.path.join(arena.scratch, "lines")
    with open(path, "w", encoding="ascii") as file:
        file.write("as it was")
    process = start(arena, "--jsonl", path, names=names("healthy"))
    process.communicate(timeout=LIMIT)
    with open(path, encoding="utf-8") as file:
        lines = Lines(file.read())
    tap.same(sorted(lines.destinations), sorted(names("healthy")), "a file: all is in it")
    tap.same([lines.header["run"]["finished"], lines.end["run"]["complete"]], [None, True], "a file: the header was there first")


def facts_of(path):
    """The header, and what the other lines are about."""
    with open(path, encoding="utf-8") as file:
        header, *lines = [json.loads(line) for line in file]
    return header, sorted(json.dumps([fact[name] for name in ("fact", "destination", "name", "type", "id") if name in fact])
                          for fact in lines)


def check_facts(tap, arena):
    """Facts that are not kept until the end are in the file all the same, each once."""
    kept, streamed = (os.path.join(arena.scratch, name) for name in ("kept.facts", "streamed.facts"))
    asked = names("healthy", "secured", "stripped") + ["x@blocked1.example", "no-such.example"]
    whole = arena.scan(*arena.fast, "--save-facts", kept, names=asked)
    lines, status = lines_of(arena, "--save-facts", streamed, names=asked)
    tap.same((status, len(lines.middle)), (whole.status, len(asked)), "facts: both runs are whole")
    (kept_header, kept_facts), (header, facts) = facts_of(kept), facts_of(streamed)
    tap.same(facts, kept_facts, "facts: they are about the same")
    tap.same([header[name] for name in ("complete", "resolver", "questions_asked", "conversations_needed", "allowed")],
             [kept_header[name] for name in ("complete", "resolver", "questions_asked", "conversations_needed", "allowed")],
             "facts: the header knows how it ended")
    reports = []
    for path in (kept, streamed):
        report = os.path.join(arena.scratch, "replayed.json")
        subprocess.run([PROGRAM, "replay", "-c", arena.directory, path, "--json", report, "-q"], check=False, timeout=LIMIT,
                       env=surroundings({}), stdin=subprocess.DEVNULL)
        with open(report, encoding="utf-8") as file:
            reports.append({d["destination"]: lasting(d) for d in json.load(file)["destinations"]})
    tap.same(reports[1], reports[0], "facts: a replay tells the same")
    tap.same(list(reports[1]), asked, "facts: in the order that was asked for")


def check_order(tap, arena, crowd_name, stricter):
    """Those that are known are there while one is still waited for, and with their advice."""
    process = start(arena, "--jsonl", "-", names=[LATE["name"]] + names(crowd_name))
    header, *soon = [json.loads(process.stdout.readline()) for _line in range(13)]
    tap.ok("format" in header and process.poll() is None, f"while it runs: the header, and a dozen {crowd_name} lines")
    tap.same(sorted(d["destination"] for d in soon), sorted(names(crowd_name)), "while it runs: those that are known")
    tap.same(len(advised(soon)), stricter, "while it runs: who can be stricter")
    rest = [json.loads(line) for line in process.stdout]
    tap.same([rest[0]["destination"], "summary" in rest[1], len(rest)], [LATE["name"], True, 2], "then: the late one, the end")
    process.wait(LIMIT)


def check_interruption(tap, arena):
    process = start(arena, "--jsonl", "-", names=[LATE["name"]] + names("healthy", "stripped"))
    text = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    text += process.stdout.read()
    process.wait(LIMIT)
    lines = Lines(text)
    tap.same(sorted(lines.destinations), sorted([LATE["name"]] + names("healthy", "stripped")), "interrupted: all are told")
    tap.same(lines.destinations[LATE["name"]]["forecast"]["reason"], "interrupted", "interrupted: as what they are")
    tap.same(lines.end["run"]["complete"], False, "interrupted: not complete")
    tap.ok(process.returncode != 0, "interrupted: never 0")


def test(tap, scratch):
    with Arena(scratch, sum(CROWDS.values(), []) + [LATE]) as arena:
        check_results(tap, arena)
        check_advice(tap, arena)
        check_file(tap, arena)
        check_facts(tap, arena)
        check_order(tap, arena, "healthy", 0)
        check_order(tap, arena, "secured", 12)
        check_interruption(tap, arena)


main(test)
