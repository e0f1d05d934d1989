#!/usr/bin/python3
"""Lookup tables that are damaged, tools that are not there, hang or do not stop to talk, patterns that do not come to an end:
what Postfix fails at too is deferred, what only we fail at is unknown; each run ends in its time, and a destination that the
trouble does not concern has its verdict."""

import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import PROGRAM, Arena, destination, host, is_sanitized, main

HEALTHY, OTHER = "healthy.example", "other.example"
LONG = "a" * 63 + ".example"    # what the patterns below are slow with
HANGS, TALKS, DIES = "exec sleep 600", "exec yes nonsense", "kill -SEGV $$"
SLOW = "/^" + "(a*)" * 8 + "".join(f"\\{n}" for n in range(1, 9)) + "b"     # without end: the key has no b behind its a
GREEDY = "/" + "(" * 5 + "a" + "{1,250})" * 5       # takes all memory to be compiled


def files():
    return {"damaged.db": "this is no database\n" * 100, "damaged": f"{OTHER} encrypt\n", "nodb": f"{OTHER} encrypt\n",
            "slow": f"# one\n{SLOW}/ encrypt\n/./ encrypt\n", "greedy": f"{GREEDY}/ may\n/./ encrypt\n",
            "backwards": "/^(o)(t)h.r\\.example$/ encrypt\n/(.)\\1\\1/ may\n",
            "many": "".join(f"/^(a+)+\\.exampl[fg]{{{n + 1}}}/ may\n" for n in range(2000)) + "/./ encrypt\n"}


def world():
    return [destination(name, [host(f"mx.{name[-20:]}", address)]) for name, address in
            ((HEALTHY, "192.0.2.1"), (OTHER, "192.0.2.2"), (LONG, "192.0.2.3"))]


ROWS = [    # name, table, stand-in for postmap, verdict and reason of other.example, code of a finding, seconds at the most
    ("a damaged index", "hash:$config_directory/damaged", None, "defer", "table-error", "table-broken", 30),
    ("no index", "hash:$config_directory/nodb", None, "defer", "table-error", "table-broken", 30),
    ("no file", "texthash:$config_directory/nothing", None, "defer", "table-error", "table-broken", 30),
    ("a service that is down", "tcp:127.0.0.1:1", None, "defer", "table-error", None, 30),
    ("a socket that is not there", "socketmap:unix:/nothing:x", None, "defer", "table-error", None, 30),
    ("a tool that hangs, asked for all", "hash:$config_directory/nodb", HANGS, "unknown", "deadline", "table-source-text-only", 8),
    ("a tool that hangs, asked for a key", "ldap:$config_directory/x", HANGS, "unknown", "deadline", None, 8),
    ("a tool without end, asked for all", "hash:$config_directory/nodb", TALKS, "deliver", "delivered", "table-source-text-only", 60),
    ("a tool without end, asked for a key", "ldap:$config_directory/x", TALKS, "unknown", "table-unreadable", None, 60),
    ("a tool that dies", "ldap:$config_directory/x", DIES, "unknown", "table-unreadable", None, 30),
    ("no tool", "ldap:$config_directory/x", "", "unknown", "table-unreadable", None, 30),
]


def stand_in(scratch, script):
    """A directory with a postmap of that script; one that cannot be run when there is none."""
    directory = os.path.join(scratch, "tools")
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "postmap")
    with open(path, "w", encoding="ascii") as stream:
        stream.write(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)
    return directory


def check_row(tap, arena, name, table, script, verdict, reason, finding, seconds):
    environment, wrap = {}, ()
    if script is not None:
        environment["PATH"] = stand_in(arena.scratch, script) + ":" + os.environ["PATH"]
    if script == "":
        environment["PATH"] = "/nowhere"
        wrap = ("/usr/bin/unshare", "--mount", "/bin/sh", "-c", '/bin/mount --bind /dev/null /usr/sbin/postmap && exec "$@"', "sh")
    options = ("--deadline", "6") if script == HANGS else ()
    scan = arena.scan(*arena.fast, *options, "-o", f"smtp_tls_policy_maps=inline:{{ {{ {HEALTHY} = encrypt }} }} {table}",
                      names=[HEALTHY, OTHER], environment=environment, wrap=wrap)
    check(tap, scan, name, verdict, reason, finding, seconds)
    if script != HANGS:
        tap.same(scan.destinations()[HEALTHY]["verdict"], "deliver", f"{name}: the healthy one is delivered")
    tap.ok(scan.kilobytes < 1 << 20, f"{name}: in its memory", scan.kilobytes)


def check(tap, scan, name, verdict, reason, finding, seconds, which=OTHER):
    tap.clean(scan, name)
    found = scan.destinations()[which]
    tap.same((found["verdict"], found["forecast"]["reason"]), (verdict, reason), f"{name}: verdict and reason", scan.errors)
    codes = scan.findings()
    tap.ok(finding is None or finding in codes, f"{name}: {finding or 'no code'} is told", codes)
    tap.ok(scan.seconds < seconds, f"{name}: in its time", scan.seconds)


def patterns(kind, name):
    return ("-o", f"smtp_tls_policy_maps=inline:{{ {{ {HEALTHY} = encrypt }} }} {kind}:$config_directory/{name}")


def place(scan, code):
    """Where the first finding of that code stands."""
    return next(((os.path.basename(f["file"]), f["line"]) for f in scan.report["findings"] if f["code"] == code), None)


def check_patterns(tap, arena):
    scan = arena.scan(*arena.fast, *patterns("regexp", "slow"), text=True)
    check(tap, scan, "a pattern without end", "unknown", "table-unreadable", "table-slow-pattern", 30, which=LONG)
    tap.same(place(scan, "table-slow-pattern"), ("slow", 2), "a pattern without end: its place is named")
    tap.ok("rewrite the pattern" in " ".join(scan.output.split()), "a pattern without end: what to do about it", scan.output)
    for name in (HEALTHY, OTHER):
        tap.same(scan.destinations()[name]["verdict"], "deliver", f"a pattern without end: {name} is delivered")
    scan = arena.scan(*arena.fast, *patterns("regexp", "greedy"))
    check(tap, scan, "a pattern too large to be compiled", "unknown", "table-unreadable", None, 40)
    tap.same(scan.destinations()[HEALTHY]["verdict"], "deliver", "a pattern too large to be compiled: the healthy one is delivered")
    # The limit is one of address space, of which a sanitizer has reserved all it may want before.
    if not is_sanitized(PROGRAM):
        tap.ok(scan.kilobytes < 2 << 20, "a pattern too large to be compiled: in its memory", scan.kilobytes)
    scan = arena.scan(*arena.fast, *patterns("regexp", "backwards"), names=[OTHER, "wwww.example"])
    check(tap, scan, "back references that are harmless", "deliver", "delivered", None, 30)
    tap.same(scan.findings(), [], "back references that are harmless: nothing is told")


def check_time(tap, arena):
    """More of them than there is time for."""
    for name, kind, table in (("without end", "regexp", "slow"), ("one after the other", "pcre", "many")):
        scan = arena.scan(*arena.fast, "--deadline", "4", *patterns(kind, table), names=[LONG])
        check(tap, scan, f"--deadline and patterns {name}", "unknown", "deadline", None, 6, which=LONG)
    for number in (signal.SIGINT, signal.SIGHUP):
        def meddle(process):
            threading.Thread(target=lambda: (time.sleep(2), process.send_signal(number)), daemon=True).start()
        scan = arena.scan(*arena.fast, *patterns("pcre", "many"), names=[LONG, OTHER], meddle=meddle)
        check(tap, scan, f"{number.name} amidst patterns", "unknown", "interrupted", None, 10, which=LONG)
        tap.same((scan.status, scan.report["run"]["complete"]), (3, False), f"{number.name} amidst patterns: not complete")


def test(tap, scratch):
    with Arena(scratch, world(), files=files()) as arena:
        for row in ROWS:
            check_row(tap, arena, *row)
        check_patterns(tap, arena)
        check_time(tap, arena)


main(test)
