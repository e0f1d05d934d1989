#!/usr/bin/python3
"""Who wins: the table, DANE and MTA-STS, in a world with all of their servers. A row is a domain: what the table says, what
its hosts publish, what its policy host serves; then what must be told of it. The same scans as if every domain followed DANE,
or MTA-STS, must come to what each row said it would; a replay of the facts to the same; and nobody is asked for a policy whom
nothing asks about."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lab"), os.path.join(HERE, "..", "hostile")]

from arena import PROGRAM, Arena, destination, host, main, sts, surroundings
from certificates import Root
from demo_world import Authority

ROOT = Root(Authority())
KEY, OTHER = "3 1 1 {key}", "3 1 1 {other}"
OURS = ("table-weakens", "table-contradicts", "dane-would-defer", "sts-would-defer", "sts-testing-fails", "sts-host-outside",
        "dane-and-sts-disagree", "sts-record-invalid", "sts-fetch-failed", "sts-policy-invalid", "tlsrpt-invalid")
VERIFIED, TRUSTED, CLEAR = ("deliver", "verified"), ("deliver", "trusted"), ("deliver", "none")
UNTRUSTED, DEFER = ("deliver", "untrusted"), ("defer", None)


@dataclass
class Row:
    """In texts {d} is the domain, {m} its mail host. FIRST: the verdict and the TLS word as configured; DANE, STS: the state
    and, where there is something to follow, what following it would give."""
    table: object
    tlsa: tuple
    web: object                     # options of sts(), or None
    first: tuple
    follows: str
    dane: tuple
    sts: tuple
    findings: tuple = ()
    line: object = None
    more: dict = field(default_factory=dict)    # reason, enforced, tlsrpt
    second: object = None           # TLSA records of a second host
    chain: object = None            # of the mail host
    dns: tuple = ()
    name: str = ""

    def build(self, number):
        self.name = f"d{number}.example"
        mail = f"mx.{self.name}"
        place = lambda text: text.format(d=self.name, m=mail, key="{key}", other="{other}")
        hosts = [host(mail, f"198.51.100.{number + 1}", tlsa=self.tlsa, chain=self.chain(mail) if self.chain else None)]
        if self.second is not None:
            hosts.append(host(f"mx2.{self.name}", f"198.51.101.{number + 1}", tlsa=self.second, preference=20))
        web = None
        if self.web is not None:
            options = dict(self.web)
            options["mx"] = [place(mx) for mx in options.get("mx", ["{m}"])]
            web = sts(*options.pop("addresses", [f"198.51.102.{number + 1}"]), **options)
        return destination(self.name, hosts, self.table and place(self.table), dns=[place(r) for r in self.dns], web=web)

    def text(self, text):
        return text and text.format(d=self.name, m=f"mx.{self.name}")

    def __str__(self):
        web = "nothing" if self.web is None else self.web or "a policy"
        return f"{self.name}, {self.table or 'no entry'}, {' '.join(self.tlsa) or 'no TLSA'}, {str(web)[:90]}"


def by(make, **more):
    return lambda name: make(name, **more)


HEAD = "version: STSv1\n"
NONE, NO_STS, ALL = ("none", None), ("none", None), ("all", VERIFIED)
STALE = ("all", DEFER)
FITS, LEAVES_OUT = ("enforce", VERIFIED), ("enforce", DEFER)
ELSEWHERE = {"mx": ["mx.elsewhere.example"]}
TESTING = {"mode": "testing"}
STS_LINE = "{d} secure match={m} servername=hostname"
DANE_LINE = "{d} dane"


def grammar(reason, body):
    return invalid(reason, "sts-policy-invalid", body=body)


def invalid(reason, finding, table=None, follows="none", **web):
    return Row(table, (), web, TRUSTED, follows, NONE, ("invalid", None), (finding,), more={"reason": reason})


ROWS = [
    # Nothing but the global level.
    Row(None, (), None, TRUSTED, "none", NONE, NO_STS),
    Row(None, (), {}, TRUSTED, "none", NONE, FITS, line=STS_LINE),
    Row(None, (), {"mx": ["*.{d}"]}, TRUSTED, "none", NONE, FITS, line="{d} secure match=.{d} servername=hostname"),
    Row(None, (), ELSEWHERE, TRUSTED, "none", NONE, LEAVES_OUT, ("sts-would-defer",)),
    Row(None, (), TESTING, TRUSTED, "none", NONE, ("testing", TRUSTED), more={"enforced": VERIFIED}),
    Row(None, (), dict(TESTING, **ELSEWHERE), TRUSTED, "none", NONE, ("testing", TRUSTED), ("sts-testing-fails",), more={"enforced": DEFER}),
    Row(None, (), {"mode": "none", "mx": []}, TRUSTED, "none", NONE, ("mode-none", None)),
    Row(None, (KEY,), None, TRUSTED, "none", ALL, NO_STS, line=DANE_LINE),
    Row(None, (KEY,), {}, TRUSTED, "none", ALL, FITS, line=DANE_LINE),
    Row(None, (OTHER,), None, TRUSTED, "none", STALE, NO_STS, ("dane-would-defer",)),
    Row(None, (OTHER,), {}, TRUSTED, "none", STALE, FITS, ("dane-would-defer", "dane-and-sts-disagree"), line=STS_LINE),
    Row(None, (KEY,), ELSEWHERE, TRUSTED, "none", ALL, LEAVES_OUT, ("sts-would-defer", "dane-and-sts-disagree"), line=DANE_LINE),
    Row(None, (OTHER,), ELSEWHERE, TRUSTED, "none", STALE, LEAVES_OUT, ("dane-would-defer", "sts-would-defer")),
    Row(None, (KEY,), None, TRUSTED, "none", ("some", None), NO_STS, second=()),
    Row(None, (), {}, TRUSTED, "none", NONE, ("enforce", None), ("sts-host-outside",), line=STS_LINE, second=()),
    # Entries that are weaker.
    Row("may", (), None, TRUSTED, "table", NONE, NO_STS),
    Row("may", (), {}, TRUSTED, "table", NONE, FITS, ("table-weakens",), line=STS_LINE),
    Row("may", (KEY,), None, TRUSTED, "table", ALL, NO_STS, ("table-weakens",), line=DANE_LINE),
    Row("may", (KEY,), {}, TRUSTED, "table", ALL, FITS, ("table-weakens",), line=DANE_LINE),
    Row("may", (), TESTING, TRUSTED, "table", NONE, ("testing", TRUSTED), more={"enforced": VERIFIED}),
    Row("may", (), ELSEWHERE, TRUSTED, "table", NONE, LEAVES_OUT, ("sts-would-defer",)),
    Row("may", (OTHER,), None, TRUSTED, "table", STALE, NO_STS, ("dane-would-defer",)),
    Row("encrypt", (), {}, TRUSTED, "table", NONE, FITS, ("table-weakens",), line=STS_LINE),
    Row("encrypt", (KEY,), None, TRUSTED, "table", ALL, NO_STS, ("table-weakens",), line=DANE_LINE),
    Row("none", (), {}, CLEAR, "table", NONE, FITS, ("table-weakens",), line=STS_LINE),
    # Entries that say as much, or more, or something else.
    Row("secure match={m}", (), {}, VERIFIED, "table", NONE, FITS, line=STS_LINE),
    Row("secure match={m}", (), None, VERIFIED, "table", NONE, NO_STS),
    Row("secure match=other.example", (), {}, DEFER, "table", NONE, FITS, ("table-contradicts",), line=STS_LINE),
    Row("secure match={m}", (), ELSEWHERE, VERIFIED, "table", NONE, LEAVES_OUT, ("table-contradicts", "sts-would-defer")),
    Row("secure match={m}", (), dict(TESTING, **ELSEWHERE), VERIFIED, "table", NONE, ("testing", TRUSTED),
        ("table-contradicts", "sts-testing-fails"), more={"enforced": DEFER}),
    Row("secure match={m}", (KEY,), None, VERIFIED, "table", ALL, NO_STS, line=DANE_LINE),
    Row("secure match=.{d}", (), {"mx": ["*.{d}"]}, VERIFIED, "table", NONE, FITS, line="{d} secure match=.{d} servername=hostname"),
    Row("verify match={m}", (), {}, VERIFIED, "table", NONE, FITS, line=STS_LINE),
    Row("dane", (KEY,), None, VERIFIED, "dane", ALL, NO_STS),
    Row("dane", (OTHER,), {}, DEFER, "dane", STALE, FITS, ("dane-would-defer", "dane-and-sts-disagree"), line=STS_LINE),
    Row("dane", (), {}, TRUSTED, "dane", NONE, FITS, ("table-weakens",), line=STS_LINE),
    Row("dane-only", (), {}, DEFER, "dane", NONE, FITS, line=STS_LINE),
    Row("dane-only", (KEY,), ELSEWHERE, VERIFIED, "dane", ALL, LEAVES_OUT, ("sts-would-defer", "dane-and-sts-disagree")),
    # A mail host whose certificate nobody trusts.
    Row(None, (), {}, UNTRUSTED, "none", NONE, LEAVES_OUT, ("sts-would-defer",), chain=by(ROOT.self_signed)),
    Row("may", (), {}, UNTRUSTED, "table", NONE, LEAVES_OUT, ("sts-would-defer",), chain=by(ROOT.self_signed)),
    Row("may", (KEY,), {}, UNTRUSTED, "table", ALL, LEAVES_OUT, ("table-weakens", "sts-would-defer", "dane-and-sts-disagree"), line=DANE_LINE,
        chain=by(ROOT.self_signed)),
    # What is published does not hold.
    invalid("record-several", "sts-record-invalid", txt=["v=STSv1; id=1;", "v=STSv1; id=2;"]),
    invalid("record-id-character", "sts-record-invalid", txt="v=STSv1; id=2026-11-20;"),
    invalid("record-id-missing", "sts-record-invalid", txt="v=STSv1;"),
    invalid("fetch-no-host", "sts-fetch-failed", addresses=[]),
    invalid("fetch-redirect", "sts-fetch-failed", status="302 Found", headers=["Location: https://mta-sts.d1.example/.well-known/mta-sts.txt"]),
    invalid("fetch-status", "sts-fetch-failed", status="404 Not Found"),
    invalid("fetch-media-type", "sts-fetch-failed", type="text/html"),
    invalid("fetch-expired", "sts-fetch-failed", chain=by(ROOT.leaf, days=(-400, -3))),
    invalid("fetch-name-mismatch", "sts-fetch-failed", chain=by(ROOT.leaf, names=["www.example"])),
    invalid("fetch-not-trusted", "sts-fetch-failed", chain=by(ROOT.self_signed)),
    invalid("fetch-tls", "sts-fetch-failed", max="1.1"),
    invalid("fetch-lost", "sts-fetch-failed", plays="cut_off"),
    invalid("fetch-protocol", "sts-fetch-failed", plays="no_http"),
    invalid("fetch-too-large", "sts-fetch-failed", plays="gigabyte"),
    invalid("fetch-status", "sts-fetch-failed", table="may", follows="table", status="500 Internal Server Error"),
    invalid("policy-version-missing", "sts-policy-invalid", body="mode: enforce\r\nmx: mx.example\r\nmax_age: 86400\r\n"),
    invalid("policy-mode", "sts-policy-invalid", body="version: STSv1\r\nmode: always\r\nmx: mx.example\r\nmax_age: 86400\r\n"),
    invalid("policy-max-age-large", "sts-policy-invalid", body="version: STSv1\nmode: none\nmax_age: 31557601\n"),
    invalid("policy-mx-missing", "sts-policy-invalid", body="version: STSv1\nmode: enforce\nmax_age: 86400\n"),
    grammar("policy-empty", ""),
    grammar("policy-blank-line", HEAD + "\nmode: none\nmax_age: 1\n"),
    grammar("policy-line-end", HEAD + "mode: none\r\r\nmax_age: 1\n"),
    grammar("policy-leading-blank", HEAD + " mode: none\nmax_age: 1\n"),
    grammar("policy-no-colon", "<!DOCTYPE html>\n<html>\n"),
    grammar("policy-no-colon", HEAD + "mode = none\nmax_age: 1\n"),
    grammar("policy-key", HEAD + "mode : none\nmax_age: 1\n"),
    grammar("policy-key", HEAD + "# comment: none\n"),
    grammar("policy-value-empty", HEAD + "mode:\nmax_age: 1\n"),
    grammar("policy-character", HEAD + "mode: no\tne\nmax_age: 1\n"),
    grammar("policy-version", "version: STSv2\nmode: none\nmax_age: 1\n"),
    grammar("policy-mode-missing", HEAD + "mx: a.example\nmax_age: 1\n"),
    grammar("policy-mode", HEAD + "mode: Enforce\nmx: a.example\nmax_age: 1\n"),
    grammar("policy-max-age-missing", HEAD + "mode: enforce\nmx: a.example\n"),
    grammar("policy-max-age", HEAD + "mode: none\nmax_age: 1d\n"),
    grammar("policy-mx", HEAD + "mode: enforce\nmax_age: 1\nmx: 192.0.2.1\n"),
    grammar("policy-mx", HEAD + "mode: enforce\nmax_age: 1\nmx: a.example, b.example\n"),
    grammar("policy-mx-wildcard", HEAD + "mode: enforce\nmax_age: 1\nmx: mx*.example\n"),
    grammar("policy-mx-wildcard", HEAD + "mode: enforce\nmax_age: 1\nmx: a.*.example\n"),
    # As policies are met in the wild.
    Row(None, (), {"txt": ()}, TRUSTED, "none", NONE, FITS, line=STS_LINE,
        dns=("_mta-sts.{d}. CNAME _mta-sts.of.{d}.", '_mta-sts.of.{d}. TXT "v=STSv1; id=1;"')),
    Row(None, (), {"body": HEAD + "mode: testing \t\nmx: *.example  \nkey-of-tomorrow: 1\nmax_age: 86400 "}, TRUSTED, "none", NONE,
        ("testing", TRUSTED), ("sts-testing-fails",), more={"enforced": DEFER}),
    Row(None, (), {"body": "version: STSv1\nmode: enforce\nmx: *.example\nmx: *.elsewhere.example\nmax_age: 604800"}, TRUSTED, "none", NONE, LEAVES_OUT,
        ("sts-would-defer",)),
    Row(None, (), {"type": "text/plain; charset=utf-8", "plays": "chunked"}, TRUSTED, "none", NONE, FITS, line=STS_LINE),
    Row(None, (), {"mx": [f"mx{n}.elsewhere.example" for n in range(999)] + ["{m}"]}, TRUSTED, "none", NONE, FITS, line=...),
    # TLS reporting.
    Row(None, (), None, TRUSTED, "none", NONE, NO_STS, dns=('_smtp._tls.{d}. TXT "v=TLSRPTv1; rua=mailto:tls@{d}"',), more={"tlsrpt": "valid"}),
    Row(None, (), None, TRUSTED, "none", NONE, NO_STS, ("tlsrpt-invalid",), dns=('_smtp._tls.{d}. TXT "v=TLSRPTv1; mailto:tls@{d}"',),
        more={"tlsrpt": "invalid"}),
]


def outcome(as_if):
    """(verdict, TLS word), the word only where mail is sent."""
    if as_if is None:
        return None
    return as_if["verdict"], as_if["tls"] if as_if["verdict"] == "deliver" else None


def check_row(tap, row, d):
    found = d["published"]
    dane, mta_sts = found["dane"], found["mta_sts"]
    tap.same((d["verdict"], d["forecast"]["tls"] if d["verdict"] == "deliver" else None), row.first, f"{row}: as configured", d["forecast"])
    tap.same((found["domain"], found["follows"]), (row.name, row.follows), f"{row}: who is followed")
    tap.same((dane["state"], outcome(dane["as_if"])) if row.dane[1] or row.dane == NONE else (dane["state"], None), row.dane, f"{row}: DANE", dane)
    tap.same((mta_sts["state"], outcome(mta_sts["as_if"]) if row.sts[1] or row.sts == NO_STS else None), row.sts, f"{row}: MTA-STS", mta_sts)
    tap.same(sorted(f["code"] for f in d["findings"] if f["code"] in OURS), sorted(row.findings), f"{row}: findings", d["findings"])
    if row.line is not ...:
        tap.same(found["line"], row.text(row.line), f"{row}: the line to follow it")
    tap.same(mta_sts["reason"], row.more.get("reason"), f"{row}: reason", mta_sts["why"])
    if row.sts[0] == "testing":
        tap.same(outcome(mta_sts["enforced"]), row.more["enforced"], f"{row}: were it enforced")
    tap.same(found["tlsrpt"]["state"], row.more.get("tlsrpt", "none"), f"{row}: TLS reporting")


def check_as(tap, arena, scan, mechanism):
    """The verdicts of --as are those that the report beside the configuration told, and --as may where nothing is published."""
    member = {"dane": "dane", "mta-sts": "mta_sts"}[mechanism]
    other = arena.scan(*arena.fast, "--as", mechanism, environment={}).destinations()
    wrong, told = [], 0
    for name, d in scan.destinations().items():
        as_if = d["published"][member]["as_if"]
        if as_if is None:
            continue
        told += 1
        got = (other[name]["verdict"], other[name]["forecast"]["reason"], other[name]["forecast"]["dsn"])
        if got != (as_if["verdict"], as_if["reason"], as_if["dsn"]):
            wrong.append(f"{name}: {got}, told {as_if}")
    tap.ok(told >= 10 and not wrong, f"--as {mechanism}: {told} come to what was told", *wrong)


def check_replay(tap, arena, scan, facts):
    report = os.path.join(arena.scratch, "replayed.json")
    subprocess.run([PROGRAM, "replay", "-c", arena.directory, "--mta-sts", "-q", "--json", report, facts], stdin=subprocess.DEVNULL,
                   env=surroundings({}), timeout=60, check=False)
    with open(report, encoding="utf-8") as stream:
        replayed = {d["destination"]: d["published"] for d in json.load(stream)["destinations"]}
    wrong = [name for name, d in scan.destinations().items() if replayed.get(name) != d["published"]]
    tap.ok(not wrong, "a replay tells the same", wrong)


def check_silence(tap, arena):
    """Without anything that asks for them, no policy is fetched, and no record looked up."""
    scan = arena.scan(*arena.fast, names=["d1.example", "d16.example"])
    tap.same((len(scan.fetches), {d["published"] for d in scan.report["destinations"]}), (0, {None}), "nobody asked: nobody is asked")
    tap.ok("policies" not in scan.report["run"]["sharing"], "and nothing is told of it", scan.report["run"]["sharing"])


def check_bracketed(tap, arena):
    scan = arena.scan(*arena.fast, "--mta-sts", names=["[mx.d1.example]"])
    found = scan.report["destinations"][0]["published"]
    tap.same((found["domain"], found["mta_sts"]["state"], len(scan.fetches)), (None, "none", 0), "[host] has no policy domain")


def check_plan(tap, arena):
    argv = arena.command("--mta-sts", "--dry-run", names=["d1.example", "d0.example"])
    plan = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=surroundings({}), timeout=60, check=False)
    tap.ok("https://mta-sts.d1.example/.well-known/mta-sts.txt\n" in plan.stdout and "mta-sts.d0" not in plan.stdout and
           ", policies: 1 (each may lead to one more conversation" in plan.stdout, "--dry-run says who would be asked", plan.stdout,
           plan.stderr)
    found = re.findall(r"^\S+ port 25 +1 destination +1 conversation +(\S+)$", plan.stdout, re.MULTILINE)
    tap.ok(found == sorted(found) and any(name.endswith("d1.example") for name in found), "with the names of the hosts, sorted",
           plan.stdout)
    tap.same(arena.fetches(), [], "and asks nobody")


def check_attributes(tap, arena):
    """An entry of Postfix 3.10 that carries a policy: it is looked at unasked."""
    path = os.path.join(arena.directory, "tls_policy")
    with open(path, encoding="utf-8") as stream:
        before = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("d1.example secure match=mx.d1.example servername=hostname policy_type=sts policy_domain=d1.example "
                     "mx_host_pattern=mx.d1.example\n")
    scan = arena.scan(*arena.fast, "--postfix-version", "3.11.6", names=["d1.example", "d3.example"])
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(before)
    found = scan.destinations()["d1.example"]
    tap.same((found["verdict"], found["published"] and found["published"]["follows"], len(scan.fetches)), ("deliver", "mta-sts", 1),
             "policy_type=sts: followed, and looked at", found["published"])


def check_all(tap, scratch):
    facts = os.path.join(scratch, "facts")
    with Arena(scratch, [row.build(n) for n, row in enumerate(ROWS)]) as arena:
        scan = arena.scan(*arena.fast, "--mta-sts", "--save-facts", facts)
        tap.clean(scan, "the scan")
        for row in ROWS:
            check_row(tap, row, scan.destinations()[row.name])
        asked = {f["sni"] for f in scan.fetches}
        wanted = {f"mta-sts.{r.name}" for r in ROWS
                  if r.web is not None and not str(r.more.get("reason")).startswith("record-") and r.more.get("reason") != "fetch-no-host"}
        tap.same(asked - {None}, wanted - {f"mta-sts.{r.name}" for r in ROWS if r.more.get("reason") == "fetch-tls"}, "who was asked for a policy")
        check_replay(tap, arena, scan, facts)
        check_as(tap, arena, scan, "dane")
        check_as(tap, arena, scan, "mta-sts")
        check_silence(tap, arena)
        check_bracketed(tap, arena)
        check_plan(tap, arena)
        check_attributes(tap, arena)


REPLIES = {"a.example": "OK secure match=mx.a.example servername=hostname", "b.example": "OK dane-only", "c.example": "TEMP not now"}


def check_socketmap(tap, scratch):
    """As postfix-tlspol and postfix-mta-sts-resolver answer: the table decides, and what it stands for is looked at."""
    os.mkdir(scratch)
    domains = [destination(f"{c}.example", [host(f"mx.{c}.example", f"192.0.2.{n + 1}", tlsa=(KEY,) if c == "b" else ())],
                           web=sts(f"192.0.2.{n + 81}", mx=[f"mx.{c}.example"])) for n, c in enumerate("abcd")]
    with Arena(scratch, domains, main_cf="smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix\n",
               tables=[["socketmap", "127.0.0.1:8461", REPLIES]]) as arena:
        scan = arena.scan(*arena.fast)
        tap.clean(scan, "socketmap")
        found = {name: (d["verdict"], d["published"] and d["published"]["follows"]) for name, d in scan.destinations().items()}
        tap.same(found.pop("c.example")[0], "defer", "socketmap: it cannot answer")
        tap.same(found, {"a.example": ("deliver", "mta-sts"), "b.example": ("deliver", "dane"), "d.example": ("deliver", "none")},
                 "socketmap: what each follows")
        tap.same(len(scan.fetches), len({f["sni"] for f in scan.fetches}), "socketmap: policies are looked at, each once")


def test(tap, scratch):
    check_all(tap, scratch)
    check_socketmap(tap, os.path.join(scratch, "socketmap"))


main(test)
