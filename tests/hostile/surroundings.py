#!/usr/bin/python3
"""Our own side at fault: a blocked port, a resolver that is dead, dies or does not validate, no authorities, STARTTLS
stripped on every path; too few descriptors or ports, a clock that jumps. One finding on top says so, nobody is accused."""

import errno
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))

from arena import Arena, destination, host, main
from zones import REFUSING

LIBRARY = os.path.join(os.environ.get("abs_top_builddir", "."), "tests", "hostile", "meddle.so")
DISTANT = "192.0.2.253"     # a resolver that is not on this machine, as far as its address tells


def crowd(name, count, policy="encrypt", tlsa=(), **behaviour):
    """Destinations of as many providers."""
    first = 0x100 * sum(name.encode()) % 0xffff
    return [destination(f"{name}{n}.example", [host(f"mx.{name}{n}.example", f"2001:db8:{first + n:x}::1",
                                                    tlsa=tlsa, **behaviour)], policy) for n in range(count)]


CROWDS = {"blocked": crowd("blocked", 12, refuse=True), "dropped": crowd("dropped", 12, synhang=True),
          "stripped": crowd("stripped", 12, offer=None),
          "healthy": crowd("healthy", 12), "dane": crowd("dane", 12, "dane", tlsa=("3 1 1 {key}",)), "many": crowd("many", 60, delay=0.02)}


def names(*crowds):
    return [d["name"] for c in crowds for d in CROWDS[c]]


def only_unknown(tap, scan, name, finding, reason="local-fault"):
    found = scan.destinations().values()
    tap.same({d["verdict"] for d in found}, {"unknown"}, f"{name}: nobody is accused")
    tap.same({d["forecast"]["reason"] for d in found}, {reason}, f"{name}: the reason")
    tap.ok(all(d["forecast"]["status"] != "sent" for d in found) or finding == "local-starttls-stripped",
           f"{name}: nor does anything pass for sent")
    one_finding(tap, scan, name, finding)
    tap.same(scan.status, 3, f"{name}: status 3")


def one_finding(tap, scan, name, finding):
    codes = [c for c in scan.findings() if c.startswith(("local-", "resolver-"))]
    tap.same(codes, [finding] if finding else [], f"{name}: told once, on top")


def check_network(tap, arena):
    scan = arena.scan(*arena.fast, names=names("blocked"))
    tap.clean(scan, "port 25 blocked")
    only_unknown(tap, scan, "port 25 blocked", "local-no-connections")
    for name, options, reason in (("by Postfix's wait", ("-o", "smtp_connect_timeout=2s"), "local-fault"),
                                  ("by ours", ("--timeout", "2"), "probe-cut-short")):
        scan = arena.scan(*arena.fast, *options, names=names("dropped"))
        tap.clean(scan, f"port 25 dropped, ended {name}")
        only_unknown(tap, scan, f"port 25 dropped, ended {name}", "local-no-connections", reason)
    scan = arena.scan(*arena.fast, names=names("blocked") + names("healthy"))
    one_finding(tap, scan, "some refuse", None)
    tap.same({d["verdict"] for n, d in scan.destinations().items() if n.startswith("blocked")}, {"defer"}, "some refuse: they are deferred")
    scan = arena.scan(*arena.fast, names=names("stripped"))
    tap.clean(scan, "STARTTLS stripped")
    only_unknown(tap, scan, "STARTTLS stripped", "local-starttls-stripped")
    scan = arena.scan(*arena.fast, names=names("stripped")[:9])
    one_finding(tap, scan, "nine without STARTTLS", None)


def check_resolver(tap, arena):
    scan = arena.scan(*arena.fast, names=names("healthy"), resolver="127.0.0.99", limit=60)
    tap.clean(scan, "a dead resolver")
    only_unknown(tap, scan, "a dead resolver", "local-resolver", "resolver-unavailable")
    tap.ok(scan.seconds < 20, "a dead resolver: found out soon", scan.seconds)
    scan = arena.scan(*arena.fast, names=names("healthy"), resolver=REFUSING)
    tap.clean(scan, "a resolver that refuses everybody")
    only_unknown(tap, scan, "a resolver that refuses everybody", "local-resolver")
    scan = arena.scan(*arena.fast, names=names("healthy")[:4], resolver=REFUSING)
    tap.same({d["verdict"] for d in scan.destinations().values()}, {"defer"}, "four that are refused: they are deferred")
    one_finding(tap, scan, "four that are refused", None)
    scan = arena.scan(*arena.fast, names=names("dane"), resolver="127.0.0.2")
    tap.clean(scan, "a resolver that does not validate")
    one_finding(tap, scan, "a resolver that does not validate", "local-resolver-not-validating")
    tap.same({d["forecast"]["effective_level"] for d in scan.destinations().values()}, {"may"}, "a resolver that does not validate: as Postfix sees it")
    scan = arena.scan(*arena.fast, names=names("dane"), resolver=DISTANT)
    one_finding(tap, scan, "a distant resolver", "resolver-not-loopback")
    tap.same({d["forecast"]["effective_level"] for d in scan.destinations().values()}, {"dane"}, "a distant resolver: believed, as Postfix does")


def check_dying_resolver(tap, arena):
    def kill_soon(_process):
        def act():
            while len(arena.world.sessions(arena.offset)[0]) < 5:
                time.sleep(0.02)
            proxy.terminate()
        threading.Thread(target=act, daemon=True).start()

    proxy = start_proxy(arena, "192.0.2.252", slow=True)
    scan = arena.scan("--interval", "0", "--rate", "0", "--per-provider", "0", "--timeout", "5", names=names("many"),
                      resolver="192.0.2.252", meddle=kill_soon)
    tap.clean(scan, "a resolver that dies")
    verdicts = {}
    for d in scan.destinations().values():
        verdicts[(d["verdict"], d["forecast"]["reason"])] = verdicts.get((d["verdict"], d["forecast"]["reason"]), 0) + 1
    tap.same(set(verdicts), {("deliver", "delivered"), ("unknown", "resolver-unavailable")}, "a resolver that dies: the rest is unknown", verdicts)
    tap.same(scan.status, 3, "a resolver that dies: status 3")


def start_proxy(arena, address, slow=False):
    """A resolver at another address, in front of the good one; SLOW lets a run last."""
    spec = arena.world._spec("proxy-" + address, {"address": address, "upstream": "127.0.0.1", "faults": [], "log": None,
                                                  "delay": 0.8 if slow else 0})
    arena.world._spawn_server("faulty_dns.py", spec)
    return arena.world.children[-1]


def check_authorities(tap, arena):
    scan = arena.scan(*arena.fast, "-o", "smtp_tls_CAfile=", "-o", "smtp_tls_policy_maps=", "-o", "smtp_tls_security_level=verify",
                      "-o", "smtp_tls_verify_cert_match=hostname", names=names("healthy"))
    tap.clean(scan, "no authorities")
    one_finding(tap, scan, "no authorities", "local-no-ca")
    tap.same({d["verdict"] for d in scan.destinations().values()}, {"defer"}, "no authorities: Postfix shares the fault")


def all_delivered(tap, scan, name):
    tap.clean(scan, name)
    wrong = {n: d["forecast"]["reason"] for n, d in scan.destinations().items() if d["verdict"] != "deliver"}
    tap.ok(scan.destinations() and not wrong, f"{name}: all is as ever", wrong)


def check_told(tap, scan, name, error, advice):
    """On top: what is missing, to how many, and which limit; below: what was missing, and that it stands on top."""
    one_finding(tap, scan, name, "local-shortage")
    text = next((f["text"] for f in scan.report["findings"] if f["code"] == "local-shortage"), "")
    tap.ok(text.startswith(f"{os.strerror(error)}: 3 connections were not made; ") and advice in text, f"{name}: the limit", text)
    told = [f["text"] for d in scan.destinations().values() for f in d["findings"] if f["code"] == "local-fault"]
    tap.ok(len(told) == 3 and all(t.endswith(f": {os.strerror(error)}") for t in told), f"{name}: each destination says what was missing", told)
    tap.ok("repair what the finding on top names" in scan.output, f"{name}: and points to the top", scan.output)


def check_shortages(tap, arena):
    many = ("--interval", "0", "--rate", "0", "--per-provider", "0", "--per-host", "0", "--timeout", "10", "--concurrency", "0")
    for descriptors in (24, 40):
        all_delivered(tap, arena.scan(*many, names=names("many"), wrap=("prlimit", f"--nofile={descriptors}:{descriptors}")),
                      f"{descriptors} descriptors")
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("40000 40011")
    all_delivered(tap, arena.scan(*many, names=names("many")), "a dozen ports")
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("32768 60999")


def check_buffers(tap, arena):
    """ENOBUFS, in the worker: for a while, and for ever."""
    spoilt = {"LD_PRELOAD": LIBRARY, "MEDDLE_CHILD": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"}
    scan = arena.scan(*arena.fast, names=names("many"), environment=dict(spoilt, MEDDLE_BUFFERS="50"))
    all_delivered(tap, scan, "no buffers for a while")
    for error, advice in SHORTAGES:
        name = f"for ever {errno.errorcode[error]}"
        scan = arena.scan(*arena.fast, names=names("healthy")[:3], text=True,
                          environment=dict(spoilt, MEDDLE_BUFFERS="1000000", MEDDLE_STREAMS="1", MEDDLE_ERROR=str(error)))
        tap.clean(scan, name)
        tap.same({(d["verdict"], d["forecast"]["reason"]) for d in scan.destinations().values()}, {("unknown", "local-fault")},
                 f"{name}: nobody is accused")
        tap.ok(all(os.strerror(error) in str(d["route"]) for d in scan.destinations().values()), f"{name}: it says so",
               str(scan.destinations())[:2000])
        tap.same((len(scan.sessions), scan.status), (0, 3), f"{name}: nobody hears of us, and status 3")
        check_told(tap, scan, name, error, advice)


SHORTAGES = [   # what connections lack, what the finding says of it
    (errno.ENOBUFS, "the kernel has no buffers left"),
    (errno.EMFILE, "raise its limit (ulimit -n"),
    (errno.EADDRNOTAVAIL, "widen net.ipv4.ip_local_port_range"),
]


def check_clock(tap, arena):
    for seconds in ("-7200", "7200"):
        name = f"the clock jumps by {seconds} s"
        scan = arena.scan("--interval", "0", "--rate", "0", "--per-provider", "0", "--timeout", "5", "--concurrency", "10", names=names("many"),
                          environment={"LD_PRELOAD": LIBRARY, "MEDDLE_CLOCK": seconds, "ASAN_OPTIONS": "verify_asan_link_order=0"})
        all_delivered(tap, scan, name)
        run = scan.report["run"]
        tap.ok(run["started"] <= run["finished"], f"{name}: the run ends after it began", run)
        tap.ok(scan.seconds < 20, f"{name}: in its time", scan.seconds)


def test(tap, scratch):
    with Arena(scratch, sum(CROWDS.values(), []), addresses=(DISTANT, "192.0.2.252")) as arena:
        start_proxy(arena, DISTANT)
        check_network(tap, arena)
        check_resolver(tap, arena)
        check_authorities(tap, arena)
        check_shortages(tap, arena)
        check_buffers(tap, arena)
        check_clock(tap, arena)
        check_dying_resolver(tap, arena)


main(test)
