#!/usr/bin/python3
"""Policy hosts of MTA-STS that do harm, or try to: each request ends in its time and within its bounds, with the outcome
that a sender must come to (RFC 8461 3.3); nobody is contacted that must not be, none twice; a host that behaves, in the same
run, is served as ever. A run that is cut short, killed or resumed treats policies as it treats conversations."""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab")]

from arena import THOROUGH, Arena, children, destination, host, least_spacing, main, most_together, sts
from certificates import Root
from demo_world import Authority

TIMEOUT = 4                 # --timeout
SECONDS_MAX = 30
KILOBYTES_MAX = 300 * 1024  # of either process, under ASan
CONTROL_MS = 5000
ROOT = Root(Authority())
BODY_MAX = 65536
GOOD = "answered"
ELSEWHERE = "https://mta-sts.good.example/.well-known/mta-sts.txt"
# None of which is to matter.
SURROUNDINGS = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5h://127.0.0.1:9",
                "SSLKEYLOGFILE": "/tmp/posttls-session-keys"}


@dataclass
class Case:
    what: str
    outcome: str
    options: dict = field(default_factory=dict)     # of sts()
    status: int = 0
    media_type: str = "text/plain"
    body: object = None                             # what it must be; a number: its length; None: there is none
    asked: int = 1                                  # connections
    address: str = ""
    name: str = ""

    def build(self, number):
        self.name = f"c{number}.example"
        address = self.address or f"198.51.101.{number + 1}"
        mail = [host(f"mx.{self.name}", f"198.51.100.{number + 1}")]
        return destination(self.name, mail, "may", web=sts(address, mx=[f"mx.{self.name}"], **self.options))


def plays(name, **more):
    return dict(more, plays=name)


def chain(make, **more):
    return {"chain": lambda name: make(name, **more)}


def policy(mx):
    return f"version: STSv1\r\nmode: enforce\r\nmx: {mx}\r\nmax_age: 604800\r\n"


CASES = [
    Case("a policy", GOOD, {}, 200, body=policy("mx.c0.example")),
    Case("in chunks", GOOD, plays("chunked"), 200, body=policy("mx.c1.example")),
    Case("up to the end of the session", GOOD, plays("without_length"), 200, body=policy("mx.c2.example")),
    Case("a redirect", GOOD, {"status": "301 Moved Permanently", "headers": [f"Location: {ELSEWHERE}"]}, 301),
    Case("another redirect", GOOD, {"status": "307 Temporary Redirect", "headers": [f"Location: {ELSEWHERE}"]}, 307),
    Case("a refresh", GOOD, {"headers": [f"Refresh: 0; url={ELSEWHERE}"]}, 200, body=policy("mx.c5.example")),
    Case("not found", GOOD, {"status": "404 Not Found"}, 404),
    Case("text/html", GOOD, {"type": "text/html"}, 200, "text/html", body=policy("mx.c7.example")),
    Case("no media type", GOOD, {"type": None}, 200, None, body=policy("mx.c8.example")),
    Case("markup and escapes in the media type", GOOD, {"type": "text/plain\x1b[31m<script>"}, 200, "text/plain\x1b[31m<script>", body=policy("mx.c9.example")),
    Case("as large as it may be", GOOD, {"body": "x" * BODY_MAX}, 200, body=BODY_MAX),
    Case("one octet more", "too-large", {"body": "x" * (BODY_MAX + 1)}, 200),
    Case("one octet more in chunks", "too-large", plays("chunk_past_limit"), 200),
    Case("a gigabyte", "too-large", plays("gigabyte"), 200),
    Case("chunks without end", "too-large", plays("chunks_without_end"), 200),
    Case("a bomb, compressed, and not unpacked", GOOD, plays("gzipped"), 200, body=...),
    Case("a bomb, compressed for the way", "too-large", plays("gzipped_transfer"), 200),
    Case("2 MB of headers", "too-large", plays("headers_of_2_mb"), 200),
    Case("a header without end", "too-large", plays("header_without_end"), 200),
    Case("100 without end", "too-large", plays("continue_without_end"), 100, None),
    Case("a byte each 0.2 seconds", "cut-short", plays("drip", body="x" * 1000, wait=2), 0, None),
    Case("silence", "cut-short", plays("silent"), 0, None),
    Case("a body that is cut off", "lost", plays("cut_off"), 200),
    Case("a reset", "lost", plays("reset"), 0, None),
    Case("no HTTP", "no-http", plays("no_http"), 0, None),
    Case("handshake requests without end", "too-large", plays("hello_requests"), 0, None),
    Case("TLS 1.1 and no other", "tls-failed", {"max": "1.1"}, 0, None),
    Case("expired", "expired", chain(ROOT.leaf, days=(-400, -3)), 0, None),
    Case("not yet valid", "expired", chain(ROOT.leaf, days=(3, 400)), 0, None),
    Case("self-signed", "not-trusted", chain(ROOT.self_signed), 0, None),
    Case("of an unknown authority", "not-trusted", chain(ROOT.by_stranger), 0, None),
    Case("without its intermediate", "not-trusted", chain(ROOT.below, sent=False), 0, None),
    Case("of another name", "name-mismatch", chain(ROOT.leaf, names=["other.example"]), 0, None),
    Case("of a common name alone", "name-mismatch", chain(ROOT.leaf, names=()), 0, None),
    Case("5000 names", "name-mismatch", chain(ROOT.leaf, names=[f"n{n}.example" for n in range(5000)]), 0, None),
    Case("a private address", "not-allowed", {}, 0, None, asked=0, address="10.0.0.80"),
    Case("the loopback", "not-allowed", {}, 0, None, asked=0, address="127.0.0.80"),
]


# What the judgement makes of it: the state, and why.
JUDGED = {"too-large": ("invalid", "fetch-too-large"), "cut-short": ("unknown", "probe-cut-short"), "lost": ("invalid", "fetch-lost"),
          "no-http": ("invalid", "fetch-protocol"), "tls-failed": ("invalid", "fetch-tls"), "expired": ("invalid", "fetch-expired"),
          "not-trusted": ("invalid", "fetch-not-trusted"), "name-mismatch": ("invalid", "fetch-name-mismatch"),
          "not-allowed": ("unknown", "address-not-allowed")}


def judged(case):
    if case.outcome != GOOD:
        return JUDGED[case.outcome]
    if case.status != 200:
        return "invalid", "fetch-redirect" if case.status in (301, 307) else "fetch-status"
    if not (case.media_type or "").startswith("text/plain") or "<" in case.media_type:
        return "invalid", "fetch-media-type"
    if case.body is ...:
        return "invalid", "policy-character"
    return ("invalid", "policy-no-colon") if isinstance(case.body, int) else ("enforce", None)


def facts_of(arena, name="facts"):
    """{domain: fetch} of a facts file."""
    with open(os.path.join(arena.scratch, name), encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream]
    return {line["domain"]: line for line in lines if line.get("fact") == "fetch"}


def fetch(arena, *options, name="facts", **more):
    path = os.path.join(arena.scratch, name)
    if os.path.exists(path):
        os.unlink(path)
    return arena.scan("--mta-sts", "--save-facts", path, *options, **more)


def of_domain(scan, domain):
    return [f for f in scan.fetches if f["sni"] == f"mta-sts.{domain}"]


def check_case(tap, case, found, scan):
    if not tap.ok(case.name in found, f"{case.what}: has its fact", sorted(found)):
        return
    fact = found[case.name]
    body = fact.get("body")
    tap.same((fact["outcome"], fact.get("status", 0), fact.get("media_type")),
             (case.outcome, case.status, case.media_type if case.status else None), case.what, {**fact, "body": (body or "")[:200]})
    if isinstance(case.body, int):
        tap.same(len(body or ""), case.body, f"{case.what}: length of the body")
    elif case.body is ...:
        tap.ok(fact.get("body_broken") and len(body.encode()) < 3 * BODY_MAX, f"{case.what}: as it came", len(body or ""))
    else:
        tap.same(body, case.body, f"{case.what}: body")
    found = scan.destinations()[case.name]["published"]["mta_sts"]
    tap.same((found["state"], found["reason"]), judged(case), f"{case.what}: what is made of it", found["why"])
    at = [f for f in scan.fetches if f["addr"] == (case.address or f"198.51.101.{int(case.name[1:-8]) + 1}")]
    tap.same(len(at), case.asked, f"{case.what}: connections", at)


def check_all(tap, arena):
    scan = fetch(arena, *arena.fast[:-2], "--timeout", str(TIMEOUT), "-v", text=True, limit=2 * SECONDS_MAX,
                 environment=SURROUNDINGS)
    tap.clean(scan, "all at once")
    tap.ok(scan.seconds < SECONDS_MAX, f"all at once: {scan.seconds:.1f} s of at most {SECONDS_MAX}")
    tap.ok(scan.kilobytes < KILOBYTES_MAX, f"all at once: {scan.kilobytes // 1024} MiB of at most {KILOBYTES_MAX // 1024}")
    tap.ok("\x1b" not in scan.output, "all at once: the text report is harmless")
    tap.ok(not os.path.exists(SURROUNDINGS["SSLKEYLOGFILE"]), "all at once: no session's keys are written")
    found = facts_of(arena)
    for case in CASES:
        check_case(tap, case, found, scan)
    good = found.get("good.example", {})
    tap.ok(good.get("outcome") == GOOD and good.get("ms", CONTROL_MS) < CONTROL_MS, "the one that behaves is served as ever", good)
    tap.same(len(of_domain(scan, "good.example")), 1, "and asked once, whoever sends others there")
    tap.same({f["request"][0] for f in scan.fetches if f["request"]}, {"GET /.well-known/mta-sts.txt HTTP/1.1"}, "nothing else is asked for")
    tap.same({d["verdict"] for d in scan.report["destinations"]}, {"deliver"}, "and the mail is delivered all the same")


def check_minute(tap, arena):
    """RFC 8461 3.3: a minute."""
    name = next(c.name for c in CASES if c.what == "a byte each 0.2 seconds")
    scan = fetch(arena, *arena.fast[:-2], names=[name], limit=90)
    fact = facts_of(arena)[name]
    tap.ok(fact["outcome"] == "timeout" and 59000 < fact["ms"] < 66000, "a minute, and no more", fact)
    tap.ok(scan.seconds < 70, "and the run with it", scan.seconds)


def check_trust(tap, arena):
    for name, path in (("missing", "/nonexistent"), ("empty", "/dev/null")):
        scan = fetch(arena, *arena.fast, names=["good.example"], environment={"SSL_CERT_FILE": path})
        fact = facts_of(arena)["good.example"]
        tap.same((fact["outcome"], len(scan.fetches)), ("no-anchors", 0), f"authorities {name}: nobody is asked", fact)
        tap.ok(fact.get("error"), f"authorities {name}: it says why", fact)


def check_exclusion(tap, arena):
    path = os.path.join(arena.scratch, "exclude")
    for what in ("mta-sts.good.example", "192.0.2.80"):
        with open(path, "w", encoding="ascii") as stream:
            stream.write(what + "\n")
        scan = fetch(arena, *arena.fast, "--exclude", path, names=["good.example"])
        tap.same(len(scan.fetches), 0, f"--exclude {what}: nobody is asked", scan.fetches)
        tap.ok(facts_of(arena).get("good.example", {}).get("outcome") in (None, "excluded"), f"--exclude {what}: the fact says so")


def check_politeness(tap, arena):
    """Domains that share a policy host: one connection at a time, a second apart."""
    names = [f"shared{n}.example" for n in range(4)]
    scan = fetch(arena, "--timeout", "10", names=names + names, limit=60)
    there = [f for f in scan.fetches if f["addr"] == "192.0.2.81"]
    tap.same(sorted(f["sni"] for f in there), [f"mta-sts.{n}" for n in names], "each policy once")
    tap.same(max(most_together(there, lambda f: f["addr"], 0.15).values()), 1, "one at a time")
    spacing = least_spacing(there, lambda f: f["addr"])["192.0.2.81"]
    tap.ok(spacing > 0.8, "a second apart", spacing)
    tap.same(scan.report["run"]["sharing"]["policies"], {"asked": 4, "needed": 4}, "as the report tells")


def check_deadline(tap, arena):
    scan = fetch(arena, *arena.fast[:-2], "--timeout", "30", "--deadline", "3", names=["silent.example", "good.example"])
    found = facts_of(arena)
    tap.same({n: f["outcome"] for n, f in found.items()}, {"silent.example": "deadline", "good.example": GOOD}, "--deadline")
    tap.ok(scan.seconds < 4 and scan.report["run"]["complete"] is False, "--deadline: in time", scan.seconds)


def when_asked(arena, act):
    """ACT(process), as soon as the silent host has its request: a good one's is logged by then."""
    def meddle(process):
        def wait():
            while not arena.world.fetches(arena.web_offset)[0] and process.poll() is None:
                time.sleep(0.02)
            time.sleep(0.3)
            act(process)
        threading.Thread(target=wait, daemon=True).start()
    return meddle


def check_interrupt(tap, arena):
    scan = fetch(arena, *arena.fast[:-2], "--timeout", "30", names=["silent.example", "good.example"],
                 meddle=when_asked(arena, lambda process: process.send_signal(signal.SIGINT)))
    tap.same({n: f["outcome"] for n, f in facts_of(arena).items()}, {"silent.example": "interrupted", "good.example": GOOD}, "SIGINT")
    tap.ok(scan.seconds < 10 and scan.status == 3, "SIGINT: at once", scan.seconds, scan.status)


def check_resume(tap, arena):
    journal = os.path.join(arena.scratch, "journal")
    options = ("--resume", journal, "--timeout", "3", *arena.fast[:-2])
    first = fetch(arena, *options, names=["silent.example", "good.example"],
                  meddle=when_asked(arena, lambda process: process.kill()))
    tap.same((first.status, len(of_domain(first, "good.example"))), (-signal.SIGKILL, 1), "kill -9 after one policy")
    second = fetch(arena, *options, names=["silent.example", "good.example"])
    tap.same(len(of_domain(second, "good.example")), 0, "what the journal has is not asked for again")
    tap.same({n: f["outcome"] for n, f in facts_of(arena).items()}, {"silent.example": "cut-short", "good.example": GOOD}, "resumed")
    tap.same(second.report["run"]["sharing"]["policies"]["asked"], 2, "resumed: both were asked for")


def check_crashes(tap, arena):
    """Its worker dies: asked once more, then told."""
    for kills, outcome in ((1, "cut-short"), (2, "crashed")):
        def kill(process, left=kills):
            seen = set()
            while left and process.poll() is None:
                for child in [c for c in children(process.pid)[-1:] if c not in seen]:
                    seen.add(child)
                    time.sleep(0.5)
                    os.kill(child, signal.SIGKILL)
                    left -= 1
                time.sleep(0.05)
        scan = fetch(arena, *arena.fast[:-2], "--timeout", "3", names=["silent.example", "good.example"], meddle=when_asked(arena, kill))
        tap.same({n: f["outcome"] for n, f in facts_of(arena).items()}, {"silent.example": outcome, "good.example": GOOD},
                 f"{kills} deaths of its worker")
        tap.same(len(of_domain(scan, "silent.example")), 2, f"{kills} deaths: connections")
        tap.clean(scan, f"{kills} deaths")


def check_changes(tap, arena):
    """Nothing of an earlier run is kept: RFC 8461 3.3 forbids caching over HTTP."""
    path = os.path.join(arena.scratch, "policy.txt")
    for mode in ("testing", "enforce", "none"):
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f"version: STSv1\nmode: {mode}\nmx: mx.changing.example\nmax_age: 86400\n")
        fetch(arena, *arena.fast, names=["changing.example"])
        tap.ok(f"mode: {mode}\n" in facts_of(arena)["changing.example"].get("body", ""), f"mode {mode} is seen")


def check_no_web(tap, arena):
    """Nobody can be reached at port 443: that is no news of the domains. One that answers, and it is."""
    lost = arena.names_lost
    scan = fetch(arena, *arena.fast, names=lost)
    found = scan.destinations()
    tap.ok("local-no-web" in scan.findings(), "port 443 is blocked: told", scan.findings())
    tap.same({(d["published"]["mta_sts"]["state"], d["published"]["mta_sts"]["reason"]) for d in found.values()}, {("unknown", "local-fault")},
             "port 443 is blocked: nothing is known of the domains")
    tap.ok(not any(f["code"] == "sts-fetch-failed" for d in found.values() for f in d["findings"]), "port 443 is blocked: nor told of them")
    scan = fetch(arena, *arena.fast, names=lost + ["good.example"])
    found = scan.destinations()
    tap.ok("local-no-web" not in scan.findings(), "one answers: it is not blocked", scan.findings())
    tap.same({found[n]["published"]["mta_sts"]["reason"] for n in lost}, {"fetch-connect"}, "one answers: the others do not")


def mail(name, address):
    return [host(f"mx.{name}", address)]


def world(scratch):
    found = [case.build(n) for n, case in enumerate(CASES)]
    found.append(destination("good.example", mail("good.example", "192.0.2.1"), "may", web=sts("192.0.2.80", mx=["mx.good.example"])))
    found.append(destination("silent.example", mail("silent.example", "192.0.2.2"), "may", web=sts("192.0.2.82", plays="silent")))
    found.append(destination("changing.example", mail("changing.example", "192.0.2.3"), "may",
                             web=sts("192.0.2.83", file=os.path.join(scratch, "policy.txt"), headers=["Cache-Control: max-age=86400"])))
    networks = ("192.0.2", "198.51.100", "198.51.101", "198.51.102", "198.51.103")
    found += [destination(f"lost{n}.example", mail(f"lost{n}.example", f"192.0.2.{20 + n}"), "may",
                          dns=[f'_mta-sts.lost{n}.example. TXT "v=STSv1; id=1;"', f"mta-sts.lost{n}.example. A {networks[n % 5]}.{240 + n}"])
              for n in range(10)]
    found += [destination(f"shared{n}.example", mail(f"shared{n}.example", f"192.0.2.{10 + n}"), "may",
                          web=sts("192.0.2.81", mx=["x.example"], name="sts.provider.example")) for n in range(4)]
    return found


def test(tap, scratch):
    destinations = world(scratch)
    with Arena(scratch, destinations) as arena:
        special = [n for n in arena.names if n in ("silent.example", "changing.example") or n.startswith(("shared", "lost"))]
        arena.names_lost = [n for n in special if n.startswith("lost")]
        arena.names = [n for n in arena.names if n not in special]
        check_all(tap, arena)
        check_trust(tap, arena)
        check_exclusion(tap, arena)
        check_politeness(tap, arena)
        check_deadline(tap, arena)
        check_interrupt(tap, arena)
        check_resume(tap, arena)
        check_crashes(tap, arena)
        check_changes(tap, arena)
        check_no_web(tap, arena)
        if THOROUGH:
            check_minute(tap, arena)


main(test)
