#!/usr/bin/python3
"""What the servers count: never more than allowed at a time and a second, to an address and to a provider; temporary
refusals asked again once, later; nothing said but what is needed, and nothing too early; what is excluded is not even
looked up; what is shared is asked once."""

import itertools
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import Arena, destination, host, least_spacing, main, most_together

JITTER = 0.15       # between our clock and the servers', on a busy machine
POLICIES = ("may", "may protocols=>=TLSv1.2", "encrypt ciphers=high")   # three profiles
REFUSAL = "450 4.3.2 come back later"
LMTP = "lmtp:inet:[mx.lmtp.example]:24"
GREETED = ("EHLO", "STARTTLS", "EHLO", "QUIT")
WORDS = {"mx.old.example": [("EHLO", "HELO", "QUIT")], "mx.lmtp.example": [("LHLO", "STARTTLS", "LHLO", "QUIT")],
         "mx.deaf.example": [("EHLO", "STARTTLS", "EHLO", "HELO", "QUIT")], "mx.plain.example": [("EHLO", "QUIT")],
         "mx.once.example": [("QUIT",), GREETED], "mx.late.example": [("EHLO", "STARTTLS", "QUIT"), GREETED],
         **{f"mx{n}.refusing{n}.example": [("QUIT",)] * 2 for n in range(3)}}     # all others: GREETED


def world():
    found = []
    for n in range(4):      # one network, several profiles with each address
        for k, policy in enumerate(POLICIES):
            found.append(destination(f"net{n}-{k}.example", [host(f"mx{n}.net{n}.example", f"198.51.100.{n + 1}", delay=0.05,
                                                                  patience=0.3 if n else 0)], policy))
    for n in range(6):      # several networks, one name
        found.append(destination(f"name{n}.example", [host(f"mx{n}.one-provider.example", f"198.51.101.{n}" if n == 0 else
                                                           f"192.0.2.{n}" if n == 1 else f"2001:db8:{n}::1", delay=0.1)], "may"))
    for n in range(40):     # shared by many
        found.append(destination(f"shared{n}.example", [host("mx.shared.shared0.example", "198.51.102.1")], "may"))
    for n in range(3):      # a provider that refuses
        found.append(destination(f"refusing{n}.example", [host(f"mx{n}.refusing{n}.example", f"198.51.103.{n + 1}",
                                                               greeting=REFUSAL)], "may"))
    found.append(destination("once.example", [host("mx.once.example", "2001:db8:50::1", greeting=[REFUSAL, "220 now"])], "may"))
    found.append(destination("late.example", [host("mx.late.example", "2001:db8:51::1", starttls=["454 4.7.0 later", "220 now"])],
                             "encrypt"))
    found.append(destination("old.example", [host("mx.old.example", "2001:db8:60::1", ehlo="502 5.5.1 what?", delay=0.05)], "may"))
    found.append(destination("deaf.example", [host("mx.deaf.example", "2001:db8:61::1", post_ehlo="500 5.5.1 what?", delay=0.05)], "may"))
    found.append(destination("plain.example", [host("mx.plain.example", "2001:db8:62::1", offer=None, delay=0.05)], "may"))
    found.append(destination(LMTP, [host("mx.lmtp.example", "2001:db8:63::1", port=24, records=False, delay=0.05)]))
    found.append(destination("excluded.example", [host("mx.excluded.example", "2001:db8:52::1")], "may"))
    found.append(destination("excluded-host.example", [host("mx.no-probe.example", "2001:db8:53::1")], "may"))
    found.append(destination("excluded-net.example", [host("mx.excluded-net.example", "2001:db8:54::1")], "may",
                             faults=[["unused.example", "A", "drop"]]))
    for provider in range(4):
        for n in range(10):
            found.append(destination(f"spread{provider}-{n}.example",
                                     [host(f"mx{n}.spread{provider}.example", f"2001:db8:7{provider}{n}::1")], "may"))
    return found


def address(session):
    return session["addr"]


def network(session):
    return session["addr"].rpartition(".")[0] or session["addr"]


def provider(session):
    return session["host"].partition(".")[2]


def check_limits(tap, sessions):
    tap.ok(max(most_together(sessions, address, JITTER).values()) <= 1, "one at a time to an address", most_together(sessions, address))
    tap.ok(max(most_together(sessions, network, JITTER).values()) <= 2, "two at a time to a network", most_together(sessions, network))
    tap.ok(max(most_together(sessions, provider, JITTER).values()) <= 2, "two at a time to a provider's name",
           most_together(sessions, provider))
    spacing = least_spacing(sessions, address)
    tap.ok(min(spacing.values()) > 1 - JITTER, "a second between two to an address", spacing)
    begins = sorted(s["began"] for s in sessions)
    most = max(sum(b <= x < b + 1 - JITTER for x in begins) for b in begins)
    tap.ok(most <= 10, "ten a second over all", most)


def check_words(tap, sessions):
    said = {}
    for s in sorted(sessions, key=lambda s: s["began"]):
        said.setdefault(s["host"], []).append(tuple(c.split(" ")[0] for c in s["commands"]))
    for name in WORDS:
        tap.same(said.get(name), WORDS[name], f"{name}: what is said, and no more")
    others = {words for name in set(said) - set(WORDS) for words in said[name]}
    tap.same(others, {GREETED}, "all others: EHLO, STARTTLS, EHLO, QUIT")
    names = {c.partition(" ")[2] for s in sessions for c in s["commands"] if c.startswith(("EHLO", "HELO", "LHLO"))}
    tap.same(names, {"mail.sender.example"}, "by Postfix's own name")
    arguments = {c for s in sessions for c in s["commands"] if " " in c and not c.startswith(("EHLO", "HELO", "LHLO"))}
    tap.same(arguments, set(), "nothing else has an argument")
    tap.ok(not any(s["hasty"] for s in sessions), "nothing is said before the greeting")
    tap.same([s["host"] for s in sessions if s["early"]], [], "nor anything before the reply to what was said last")


def check_retries(tap, scan, sessions):
    by_host = {}
    for s in sessions:
        by_host.setdefault(s["host"], []).append(s["began"])
    for name in ("mx0.refusing0.example", "mx1.refusing1.example", "mx2.refusing2.example", "mx.once.example", "mx.late.example"):
        times = sorted(by_host.get(name, []))
        tap.same(len(times), 2, f"{name}: asked twice")
        tap.ok(len(times) == 2 and times[1] - times[0] > 2 - JITTER, f"{name}: not before --retry-after", times)
    refusing = sorted(t for n in range(3) for t in by_host[f"mx{n}.refusing{n}.example"])
    gaps = [b - a for a, b in zip(refusing[2:], refusing[3:])]
    tap.ok(len(gaps) == 3 and min(gaps) > 2 - JITTER, "after three refusals in a row a provider's interval is doubled", gaps)
    found = scan.destinations()
    tap.same(found["once.example"]["verdict"], "deliver", "the later answer counts")
    tap.ok("temporary-refusal" in [f["code"] for f in found["once.example"]["findings"]], "and the first one is told")
    tap.same(found["late.example"]["verdict"], "deliver", "a later STARTTLS counts")
    tap.same(found["refusing0.example"]["verdict"], "defer", "refused twice: deferred")


def check_exclusion(tap, arena, scan, sessions):
    asked = {name for name, *_ in arena.questions()}
    tap.ok(not any(name.endswith(("excluded.example", "no-probe.example")) for name in asked), "excluded names are not looked up",
           [n for n in asked if "exclu" in n])
    tap.ok(not any(s["addr"].startswith(("2001:db8:52:", "2001:db8:53:", "2001:db8:54:")) for s in sessions),
           "nor are excluded hosts and networks contacted")
    for line, name in enumerate(("excluded.example", "excluded-host.example", "excluded-net.example"), 1):
        d = scan.destinations()[name]
        tap.same((d["verdict"], d["forecast"]["reason"]), ("unknown", "excluded"), f"{name}: unknown, excluded")
        texts = [f["text"] for f in d["findings"] if f["code"] == "excluded"]
        tap.ok(any(f"/exclude:{line} excludes" in text for text in texts), f"{name}: the line of the list is named", texts)


def check_sharing(tap, arena, scan, sessions):
    asked = [tuple(q[:2]) for q in arena.questions()]
    twice = {q for q in asked if asked.count(q) > 1}
    tap.ok(not twice, "each question is asked once", twice)
    tap.same(sum(s["host"] == "mx.shared.shared0.example" for s in sessions), 1, "forty destinations share one conversation")
    sharing = scan.report["run"]["sharing"]
    tap.same(sharing["questions"]["asked"] - len([q for q in asked if q[0] != "localhost"]), 0, "the report tells how many questions were asked")
    tap.same(sharing["conversations"]["asked"], len(sessions), "and how many conversations were held, second ones included")
    tap.same(sharing["conversations"]["needed"] - sharing["conversations"]["asked"], 39, "and how many were saved")
    # Forty destinations ask for one host: two addresses and TLSA each.
    tap.same(sharing["questions"]["needed"] - sharing["questions"]["asked"] >= 39 * 3, True, "and how many questions", sharing)


def check_order(tap, arena):
    """One conversation after the other, and nothing that keeps those of a provider apart but the order."""
    names = [f"spread{provider}-{n}.example" for provider in range(4) for n in range(10)]
    scan = arena.scan(*arena.fast, "--concurrency", "1", names=names)
    order = [s["scenario"] for s in sorted(scan.sessions, key=lambda s: s["began"])]
    tap.same(sorted(order), sorted(names), "forty of four providers: all are asked")
    streaks = [len(list(group)) for _provider, group in itertools.groupby(name[:7] for name in order)]
    # Asked as given, ten would follow one another; by chance, eight do once in ten thousand runs.
    tap.ok(max(streaks) < 8, "in an order that spreads the providers", streaks)


def test(tap, scratch):
    exclusions = "excluded.example\nno-probe.example\n2001:db8:54::/48\n"
    with Arena(scratch, world(), files={"exclude": exclusions}) as arena:
        scan = arena.scan("--rate", "10", "--retry-after", "2", "--timeout", "10",
                          "--exclude", os.path.join(arena.directory, "exclude"), limit=90,
                          names=[name for name in arena.names if not name.startswith("spread")])
        tap.clean(scan, "politeness")
        check_limits(tap, scan.sessions)
        check_words(tap, scan.sessions)
        check_retries(tap, scan, scan.sessions)
        check_exclusion(tap, arena, scan, scan.sessions)
        check_sharing(tap, arena, scan, scan.sessions)
        check_order(tap, arena)


main(test)
