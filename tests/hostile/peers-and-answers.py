#!/usr/bin/python3
"""Hostile peers, hostile answers, hostile names: each row of cases.py has the outcome that Postfix would have, or none at
all; a server that behaves, in the same run, is served as ever; time and memory stay within their bounds."""

import csv
import io
import json
import os
import re
import sys
import time
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab")]

from arena import THOROUGH, Arena, destination, host, main

TIMEOUT = 4                 # --timeout
SECONDS_MAX = 30            # for all of them together, with their retries; one alone: far less
KILOBYTES_MAX = 400 * 1024  # of either process, under ASan
CONTROL_SECONDS = 5
CONTROLS = 3
NUMBER = re.compile("-?[0-9]+")
METRIC = re.compile(r'# (HELP|TYPE|UNIT) \w+ .*|# EOF|\w+({\w+="([^"\\\n]|\\[\\"n])*"(,\w+="([^"\\\n]|\\[\\"n])*")*})? (-?[0-9.e+-]+|NaN)')
HARMLESS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def texts_of(d):
    """All that is said about why."""
    for hop in d["route"]:
        for h in hop["hosts"]:
            yield h["error"] or ""
    for f in d["findings"]:
        yield f["text"]
    yield d["forecast"]["text"] or ""


def check_case(tap, case, scan, sessions):
    name = f"{case.group}: {case.what}"
    d = scan.destinations().get(case.name)
    if not tap.ok(d is not None, f"{name}: has its record"):
        return
    got = (d["verdict"], d["forecast"]["reason"])
    why = json.dumps(d["forecast"]) + " " + " | ".join(texts_of(d))
    if case.verdict:
        tap.same(got, (case.verdict, case.reason), name, why)
    else:
        tap.ok(d["verdict"] != "deliver", f"{name}: not delivered", got)
    for words in filter(None, (case.says,) if isinstance(case.says, str) else case.says):
        tap.ok(any(words in text for text in texts_of(d)), f"{name}: says {words!r}", why)
    codes = [f["code"] for f in d["findings"]]
    for code in case.findings:
        tap.ok(code in codes, f"{name}: finding {code}", codes)
    if case.level:
        tap.same(d["forecast"]["effective_level"], case.level, f"{name}: level")
    if case.tls:
        tap.same(d["forecast"]["tls"], case.tls, f"{name}: tls")
    hosts = [h for hop in d["route"] for h in hop["hosts"]]
    if case.sent >= 0:
        tap.same([(len(h["chain"]), h["protocol"] is not None) for h in hosts], [(case.sent, True)], f"{name}: what was sent is kept")
    if case.kept:
        tap.same([{key: h["smtp"][key] for key in case.kept} for h in hosts], [case.kept], f"{name}: what was seen is kept")
    if case.sessions >= 0:
        tap.same(len([s for s in sessions if s["addr"] == case.address]), case.sessions, f"{name}: conversations")


def check_controls(tap, arena, scan, name):
    for n in range(CONTROLS):
        d = scan.destinations().get(f"control{n}.example", {})
        tap.same((d.get("verdict"), (d.get("forecast") or {}).get("tls")), ("deliver", "verified"), f"{name}: control {n} is served as ever")
    times = [s["ended"] - s["began"] for s in scan.sessions if s["scenario"].startswith("control")]
    tap.ok(len(times) == CONTROLS and max(times) < CONTROL_SECONDS, f"{name}: and in its time", times)


def check_bounds(tap, scan, name, seconds):
    tap.ok(scan.seconds < seconds, f"{name}: {scan.seconds:.1f} s of at most {seconds}")
    tap.ok(scan.kilobytes < KILOBYTES_MAX, f"{name}: {scan.kilobytes // 1024} MiB of at most {KILOBYTES_MAX // 1024}")
    tap.ok(not os.path.exists("/tmp/contacted") , f"{name}: no address was contacted that must not be")
    shown = HARMLESS.search(scan.output)
    tap.ok(not shown, f"{name}: the text report is harmless", repr(scan.output[max(0, shown.start() - 40):shown.end() + 40]) if shown else "")
    tap.same([d["destination"] for d in scan.report["destinations"]], scan.names, f"{name}: each destination has one record")


FORMATS = ("html", "csv", "junit", "sarif", "metrics", "jsonl")


def read_formats(scratch):
    found = {}
    for word in FORMATS:
        with open(os.path.join(scratch, word), encoding="utf-8", newline="") as stream:
            found[word] = stream.read()
    return found


def check_formats(tap, scratch, name, count):
    """Nothing of what the peers sent is a control, markup or a formula in any of them."""
    texts = read_formats(scratch)
    for word, text in texts.items():
        shown = HARMLESS.search(text.replace("\r\n", "\n"))
        tap.ok(not shown, f"{name}: {word} is harmless", repr(text[max(0, shown.start() - 40):shown.end() + 40]) if shown else "")
    for foreign in ("<script>alert", "<img onerror"):
        tap.ok(foreign not in texts["html"], f"{name}: the page has no {foreign} of a peer")
    tap.same(len(ElementTree.fromstring(texts["junit"]).findall(".//testcase")), count, f"{name}: XML, with a case for each destination")
    rows = list(csv.reader(io.StringIO(texts["csv"])))
    tap.same(len(rows) - 1, count, f"{name}: CSV, with a row for each destination")
    formulas = [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not NUMBER.fullmatch(cell)]
    tap.same(formulas, [], f"{name}: no cell is a formula")
    tap.same(len([json.loads(line) for line in texts["jsonl"].splitlines()]), count + 2, f"{name}: JSON lines, one for each destination")
    json.loads(texts["sarif"])
    odd = [line for line in texts["metrics"].splitlines() if not METRIC.fullmatch(line)]
    tap.same(odd, [], f"{name}: each line of the metrics is one")


def run(tap, arena, cases, name, seconds):
    names = [c.name for c in cases] + [f"control{n}.example" for n in range(CONTROLS)]
    scan = arena.scan("--interval", "0", "--rate", "0", "--per-host", "0", "--per-provider", "0", "--retry-after", "1",
                      "--timeout", str(TIMEOUT), "-v", *(f"--{word}={os.path.join(arena.scratch, word)}" for word in FORMATS),
                      names=names, text=True, limit=seconds * 2)
    scan.names = names
    tap.clean(scan, name)
    if tap.ok(scan.report is not None, f"{name}: there is a report", scan.status, scan.errors):
        check_bounds(tap, scan, name, seconds)
        check_controls(tap, arena, scan, name)
        check_formats(tap, arena.scratch, name, len(names))
        for case in cases:
            check_case(tap, case, scan, scan.sessions)


def one_view_of_tmp():
    """The peers' log is in /tmp: a private one, so that runs do not meet."""
    os.system("mount -t tmpfs none /tmp") if not os.environ.get("POSTTLS_LAB_DIR", "").startswith("/tmp") else None
    if os.path.exists("/tmp/contacted"):
        os.unlink("/tmp/contacted")


def test(tap, scratch):
    from cases import CASES, LISTENING
    one_view_of_tmp()
    wanted = os.environ.get("CASES")
    chosen = [c for c in CASES if not wanted or wanted in f"{c.group}: {c.what}"]
    destinations = [c.build(n) for n, c in enumerate(CASES)]
    destinations += [destination(f"control{n}.example", [host(f"mx.control{n}.example", f"192.0.2.{n + 1}", tlsa=("3 1 1 {key}",))],
                                 "dane-only") for n in range(CONTROLS)]
    destinations.append(destination("nobody.example", [host(f"mx{n}.nobody.example", a, records=False, peer="forbidden")
                                                       for n, a in enumerate(LISTENING)]))
    destinations.append(destination("address.example", [host("mx.address.example", "192.0.2.250")]))
    with Arena(scratch, destinations, peers=os.path.join(HERE, "peers.py")) as arena:
        began = time.monotonic()
        run(tap, arena, chosen, "all at once", SECONDS_MAX)
        print(f"# {time.monotonic() - began:.1f} s for {len(chosen)} cases")
        for case in chosen if THOROUGH else []:
            arena.world.restart_hosts()
            run(tap, arena, [case], f"{case.group}: {case.what}, alone", 3 * TIMEOUT + 3)


main(test)
