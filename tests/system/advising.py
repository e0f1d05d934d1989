#!/usr/bin/python3
"""Advice in the demonstration's world: what scan --advise asks beyond a scan, what advise makes of it, and each line put into
the table and scanned anew. TAP.

    advising.py            enters the world
    advising.py --inside   runs there
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.dont_write_bytecode = True

import in_demo

TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
ALLOW = ["--allow-address", "192.0.2.0/24", "--allow-address", "2001:db8::/32"]
NETWORK = ["--per-host", "0", "--per-provider", "0", "--rate", "0", "--interval", "0", "--retry-after", "0", "--timeout", "10"]

# Entries that are laxer than they need be, over those of the demonstration; the line that each could be, as in the table. None:
# it stays as it is; "": it is to go.
LAX = {
    "bank.example": ("may", "secure"),
    "university.example": ("may", ""),             # main.cf has dane
    "registry.example": ("encrypt", "dane-only"),
    "council.example": ("encrypt protocols=>=TLSv1.2", "secure protocols=>=TLSv1.2"),
    "school.example": ("encrypt", None),           # its certificate ends within the horizon
    "brewery.example": ("may", None),              # a backup without TLS
    "newsletter.example": ("may", None),           # no TLS
    "partner.example": ("encrypt", None),          # a certificate with another name
}


def check(good, name, detail=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    for text in str(detail).splitlines()[:30] if not good else ():
        print("#", text)


def run(*words):
    ran = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if ran.returncode >= 64 or ran.stderr:
        raise RuntimeError(f"{words}: status {ran.returncode}: {ran.stderr}")
    return ran.stdout


def with_lines(directory, work, name, lines):
    """A copy of the configuration with these lines: the value of each key; "" takes it out."""
    copy = os.path.join(work, name)
    shutil.copytree(directory, copy)
    path = os.path.join(copy, "tls_policy")
    with open(path, encoding="utf-8") as stream:
        kept = [line for line in stream if not line.split(None, 1) or line.split(None, 1)[0] not in lines]
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("".join(kept) + "".join(f"{key} {value}\n" for key, value in lines.items() if value))
    return copy


def scan(config, *words, work=None):
    facts = os.path.join(work, "facts.jsonl")
    names = ["-f", os.path.join(os.environ["PTA_CONFIG_DIR"], "correspondents")]
    report = json.loads(run("scan", "-c", config, *names, "--resolver", os.environ["PTA_RESOLVER"], *ALLOW, *NETWORK,
                            "--json", "-", "--save-facts", facts, *words))
    with open(facts, encoding="utf-8") as stream:
        conversations = [json.loads(line)["profile"] for line in stream if '"fact":"conversation"' in line]
    return report, conversations


def advice(report):
    """What each destination could be: the value of the line, "" where it is to go."""
    codes = ("can-be-tightened", "entry-overtaken")
    return {one["destination"]: finding.get("paste", " ").split(" ", 1)[1] for one in report["destinations"]
            for finding in one["findings"] if finding["code"] in codes}


def verdicts(report):
    return {one["destination"]: (one["verdict"], one["certain"]) for one in report["destinations"]}


def inside():
    with tempfile.TemporaryDirectory() as work:
        lax = with_lines(os.environ["PTA_CONFIG_DIR"], work, "lax", {name: now for name, (now, _) in LAX.items()})
        plain, held = scan(lax, work=work)
        asked, more = scan(lax, "--advise", work=work)
        facts = os.path.join(work, "facts.jsonl")
        wanted = {name: better for name, (_, better) in LAX.items() if better is not None}
        check(verdicts(plain) == verdicts(asked), "the verdicts are those of a scan without", verdicts(asked))
        check(advice(plain) == {}, "without --advise nothing is known", advice(plain))
        check(advice(asked) == wanted, "with it, what could be better", advice(asked))
        extra = [one["address"] for one in more if one not in held]
        check(all(one in more for one in held) and 0 < len(extra) <= 2 * len(held) and max(map(extra.count, extra)) <= 3,
              "some conversations more", extra)
        # Where nothing can come of it, nobody is asked.
        clear = {host["address"] for one in plain["destinations"] if one["destination"] == "newsletter.example"
                 for hop in one["route"] for host in hop["hosts"]}
        check(clear and not clear & set(extra), "a host without TLS is not asked again", extra)
        again = json.loads(run("replay", "-c", lax, *ALLOW, "--json", "-", facts))
        check(advice(again) == wanted, "the same from the facts", advice(again))
        page = run("advise", "-c", lax, *ALLOW, facts)
        lines = dict(line.split(None, 2)[1:] for line in page.splitlines() if re.match(r"^ +paste ", line))
        check({name: value for name, value in lines.items() if name in LAX} == {n: v for n, v in wanted.items() if v},
              "advise has the lines", page)
        names = ["-f", os.path.join(lax, "correspondents"), "--resolver", os.environ["PTA_RESOLVER"]]
        live = run("advise", "-c", lax, *names, *ALLOW, *NETWORK)
        check(live.splitlines()[2:] == page.splitlines()[2:], "advise scans by itself", live)
        told = run("explain", "-c", lax, "--advise", "--resolver", os.environ["PTA_RESOLVER"], *ALLOW, *NETWORK, "bank.example")
        end = told.split("What would make it better")[1]
        check("secure is safe" in end and "\n   bank.example secure\n" in end, "explain ends with it", told)
        # The proof of it.
        better = with_lines(lax, work, "better", wanted)
        tight, _ = scan(better, work=work)
        for name, value in wanted.items():
            check(verdicts(tight)[name] == ("deliver", True), f"{name} {value or 'taken out'}: scanned anew, it delivers",
                  verdicts(tight)[name])
        levels = {one["destination"]: one["forecast"]["effective_level"] for one in tight["destinations"]}
        check([levels[name] for name in wanted] == ["secure", "dane", "dane-only", "secure"], "at the stricter level", levels)
    print(f"1..{len(results)}")
    return not all(results)


results = []
sys.exit(inside() if sys.argv[1:] == ["--inside"] else in_demo.enter(__file__, 200))
