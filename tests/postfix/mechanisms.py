#!/usr/bin/python3
"""Who wins: the table, DANE and MTA-STS side by side. Each row is a domain with what the table says of it, what it publishes
and how its hosts behave; each is scanned, and what is expected of it stands beside it. Then a real Postfix delivers to the
same hosts: as the row is configured, with DANE for everybody, with the lines that MTA-STS would put into the table, and with
the line that the report recommends. The forecasts must agree."""

import os
import sys
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

import postfix
import scenarios
from arena import Arena, destination, host, main, sts

RIGHT, WRONG, UNUSABLE = ("3 1 1 {key}",), ("3 1 1 {other}",), ("1 1 1 {key}",)
NOTLS = {"offer": None}
DEAF = {"refuse": True}
FIELDS = ("status", "dsn", "relay", "tls")
OURS = {"table-weakens", "table-contradicts", "dane-would-defer", "sts-would-defer", "sts-testing-fails", "sts-host-outside",
        "dane-and-sts-disagree", "sts-record-invalid", "sts-fetch-failed", "sts-policy-invalid", "tlsrpt-invalid"}


@dataclass
class Row:
    name: str
    table: object           # the entry; None: there is none; "socketmap ...": what the socketmap answers
    dane: tuple             # TLSA records of each host
    sts: object             # options of sts(); None: nothing is published
    verdict: str            # as configured
    as_dane: str            # verdict and TLS word were DANE followed
    as_sts: str             # the same with MTA-STS
    follows: str
    findings: set
    host: dict              # certificate and behaviour of each host
    second: dict = None     # a second host, of the same preference; tlsa: its records
    zone: str = "example"
    tlsrpt: str = None


def policy(mode, *mx, **more):
    return dict(more, mode=mode, mx=mx)


OWN = policy("enforce", "mx.{d}")           # it allows the row's host
WILD = policy("enforce", "*.{d}")
ELSE = policy("enforce", "mx.else.example") # it does not
TESTING, TESTING_ELSE = policy("testing", "mx.{d}"), policy("testing", "mx.else.example")
OFF = policy("none")
SELF, NAMED = {"issuer": "self"}, {"named": "other.example"}
WEAK, AGAINST = "table-weakens", "table-contradicts"
DANE_FAILS, STS_FAILS, SPLIT = "dane-would-defer", "sts-would-defer", "dane-and-sts-disagree"
SENT = "deliver verified"
OPEN = "deliver trusted"
FALLEN = "downgrade none"


def row(name, table, dane, web, verdict, as_dane, as_sts, follows, *findings, host=None, **more):
    return Row(name, table, dane, web, verdict, as_dane, as_sts, follows, set(findings), host or {}, **more)


# Where smtp_tls_security_level = may.
MAY = [
    # Nothing published
    row("plain", None, (), None, OPEN, OPEN, OPEN, "none"),
    row("plain-may", "may", (), None, OPEN, OPEN, OPEN, "table"),
    row("plain-secure", "secure match=mx.{d}", (), None, SENT, OPEN, OPEN, "table"),
    row("plain-notls", None, (), None, FALLEN, FALLEN, FALLEN, "none", host=NOTLS),
    row("plain-encrypt", "encrypt", (), None, "defer none", FALLEN, FALLEN, "table", host=NOTLS),
    # DANE alone
    row("dane", None, RIGHT, None, OPEN, SENT, OPEN, "none"),
    row("dane-may", "may", RIGHT, None, OPEN, SENT, OPEN, "table", WEAK),
    row("dane-none", "none", RIGHT, None, "deliver none", SENT, OPEN, "table", WEAK),
    row("dane-encrypt", "encrypt", RIGHT, None, OPEN, SENT, OPEN, "table", WEAK),
    row("dane-secure", "secure match=mx.{d}", RIGHT, None, SENT, SENT, OPEN, "table"),
    row("dane-followed", "dane", RIGHT, None, SENT, SENT, OPEN, "dane"),
    row("dane-only", "dane-only", RIGHT, None, SENT, SENT, OPEN, "dane"),
    row("stale", None, WRONG, None, OPEN, "defer untrusted", OPEN, "none", DANE_FAILS),
    row("stale-followed", "dane", WRONG, None, "defer untrusted", "defer untrusted", OPEN, "dane", DANE_FAILS),
    row("unusable", "dane", UNUSABLE, None, "downgrade trusted", "downgrade trusted", OPEN, "dane"),
    row("some", "may", RIGHT, None, OPEN, SENT, OPEN, "table", second={}),
    row("insecure", "may", RIGHT, None, OPEN, OPEN, OPEN, "table", zone="insecure.example"),
    row("dane-notls", None, RIGHT, None, FALLEN, "defer none", FALLEN, "none", DANE_FAILS, host=NOTLS),
    row("dane-self", "may", RIGHT, None, "deliver untrusted", SENT, "deliver untrusted", "table", WEAK, host=SELF),
    # MTA-STS alone
    row("sts", None, (), OWN, OPEN, OPEN, SENT, "none"),
    row("sts-wild", None, (), WILD, OPEN, OPEN, SENT, "none"),
    row("sts-may", "may", (), OWN, OPEN, OPEN, SENT, "table", WEAK),
    row("sts-encrypt", "encrypt", (), OWN, OPEN, OPEN, SENT, "table", WEAK),
    row("sts-secure", "secure match=mx.{d} servername=hostname", (), OWN, SENT, OPEN, SENT, "table"),
    row("sts-secure-other", "secure match=.else.example", (), OWN, "defer untrusted", OPEN, SENT, "table", AGAINST),
    row("sts-elsewhere", None, (), ELSE, OPEN, OPEN, "defer none", "none", STS_FAILS),
    row("sts-elsewhere-secure", "secure match=mx.{d}", (), ELSE, SENT, OPEN, "defer none", "table", STS_FAILS, AGAINST),
    row("sts-self", None, (), OWN, "deliver untrusted", "deliver untrusted", "defer untrusted", "none", STS_FAILS, host=SELF),
    row("sts-named", None, (), OWN, OPEN, OPEN, "defer untrusted", "none", STS_FAILS, host=NAMED),
    row("sts-notls", None, (), OWN, FALLEN, FALLEN, "defer none", "none", STS_FAILS, host=NOTLS),
    row("sts-partly", None, (), OWN, OPEN, OPEN, SENT, "none", "sts-host-outside", second={}),
    row("sts-down", None, (), OWN, "defer none", "defer none", "defer none", "none", host=DEAF),
    row("testing", None, (), TESTING, OPEN, OPEN, OPEN, "none"),
    row("testing-may", "may", (), TESTING, OPEN, OPEN, OPEN, "table"),
    row("testing-elsewhere", None, (), TESTING_ELSE, OPEN, OPEN, OPEN, "none", "sts-testing-fails"),
    row("testing-self", "may", (), TESTING, "deliver untrusted", "deliver untrusted", "deliver untrusted", "table", "sts-testing-fails", host=SELF),
    row("testing-against", "secure match=.else.example", (), TESTING, "defer untrusted", OPEN, OPEN, "table", AGAINST),
    row("off", "may", (), OFF, OPEN, OPEN, OPEN, "table"),
    # A policy that does not hold is no policy
    row("two-records", "may", (), dict(OWN, txt=["v=STSv1; id=1;", "v=STSv1; id=2;"]), OPEN, OPEN, OPEN, "table", "sts-record-invalid"),
    row("bad-id", None, (), dict(OWN, txt="v=STSv1; id=a-b;"), OPEN, OPEN, OPEN, "none", "sts-record-invalid"),
    row("missing", None, (), dict(OWN, status="404 Not Found"), OPEN, OPEN, OPEN, "none", "sts-fetch-failed"),
    row("html", None, (), dict(OWN, type="text/html"), OPEN, OPEN, OPEN, "none", "sts-fetch-failed"),
    row("grammar", None, (), dict(OWN, body="version: STSv1\nmode: strict\n"), OPEN, OPEN, OPEN, "none", "sts-policy-invalid"),
    row("stranger", None, (), dict(OWN, chain="self"), OPEN, OPEN, OPEN, "none", "sts-fetch-failed"),
    row("other-record", None, (), dict(OWN, txt=["v=spf1 -all", "v=STSv1; id=1;"]), OPEN, OPEN, SENT, "none"),
    row("report", None, (), None, OPEN, OPEN, OPEN, "none", tlsrpt="v=TLSRPTv1; rua=mailto:tls@{d}"),
    row("bad-report", None, (), None, OPEN, OPEN, OPEN, "none", "tlsrpt-invalid", tlsrpt="v=TLSRPTv1; rua=ftp://{d}/"),
    # Both
    row("both", None, RIGHT, OWN, OPEN, SENT, SENT, "none"),
    row("both-may", "may", RIGHT, OWN, OPEN, SENT, SENT, "table", WEAK),
    row("both-dane", "dane", RIGHT, OWN, SENT, SENT, SENT, "dane"),
    row("both-secure", "secure match=mx.{d}", RIGHT, OWN, SENT, SENT, SENT, "table"),
    row("both-stale", None, WRONG, OWN, OPEN, "defer untrusted", SENT, "none", DANE_FAILS, SPLIT),
    row("both-stale-dane", "dane", WRONG, OWN, "defer untrusted", "defer untrusted", SENT, "dane", DANE_FAILS, SPLIT),
    row("both-elsewhere", "may", RIGHT, ELSE, OPEN, SENT, "defer none", "table", WEAK, STS_FAILS, SPLIT),
    row("both-self", None, RIGHT, OWN, "deliver untrusted", SENT, "defer untrusted", "none", STS_FAILS, SPLIT, host=SELF),
    row("both-fail", None, WRONG, ELSE, OPEN, "defer untrusted", "defer none", "none", DANE_FAILS, STS_FAILS),
]
# Where it is dane.
DANE = [
    row("d-plain", None, (), None, OPEN, OPEN, OPEN, "dane"),
    row("d-dane", None, RIGHT, None, SENT, SENT, OPEN, "dane"),
    row("d-dane-may", "may", RIGHT, None, OPEN, SENT, OPEN, "table", WEAK),
    row("d-stale", None, WRONG, OWN, "defer untrusted", "defer untrusted", SENT, "dane", DANE_FAILS, SPLIT),
    row("d-sts", None, (), OWN, OPEN, OPEN, SENT, "dane"),
    row("d-sts-may", "may", (), OWN, OPEN, OPEN, SENT, "table", WEAK),
    row("d-both", None, RIGHT, OWN, SENT, SENT, SENT, "dane"),
    row("d-both-elsewhere", None, RIGHT, ELSE, SENT, SENT, "defer none", "dane", STS_FAILS, SPLIT),
]
# Where a socketmap server answers, as postfix-tlspol or postfix-mta-sts-resolver do.
SOCKETMAP = [
    row("s-sts", "secure match=mx.{d} servername=hostname", (), OWN, SENT, OPEN, SENT, "mta-sts"),
    row("s-stale", "secure match=old.{d} servername=hostname", (), OWN, "defer untrusted", OPEN, SENT, "mta-sts", AGAINST),
    row("s-dane", "dane-only", RIGHT, OWN, SENT, SENT, SENT, "dane"),
    row("s-nothing", None, (), None, OPEN, OPEN, OPEN, "none"),
    row("s-missed", None, (), OWN, OPEN, OPEN, SENT, "none"),
    row("s-testing", None, (), TESTING, OPEN, OPEN, OPEN, "none"),
]
# With the attributes of 3.10, as such a server writes them.
STS_ENTRY = "secure match={m} servername=hostname policy_type=sts policy_domain={d} { policy_string = mode: enforce } mx_host_pattern={m}"
ATTRIBUTES = [
    row("a-sts", STS_ENTRY.replace("{m}", "mx.{d}"), (), OWN, SENT, OPEN, SENT, "mta-sts"),
    row("a-old", STS_ENTRY.replace("{m}", "mx.old.example"), (), OWN, "defer none", OPEN, SENT, "mta-sts"),
    row("a-may", "may policy_type=no-policy-found policy_domain={d}", (), OWN, OPEN, OPEN, SENT, "table", WEAK),
]
ATTRIBUTES_RELEASE = "3.11.6"
SERVER = "127.0.0.1:8461"
GROUPS = {
    "may": (MAY, {}),
    "dane": (DANE, {"smtp_tls_security_level": "dane"}),
    "attributes": (ATTRIBUTES, {}),
    "socketmap": (SOCKETMAP, {"smtp_tls_policy_maps": f"socketmap:inet:{SERVER}:QUERY"}),
}


def name_of(one):
    return f"{one.name}.{one.zone}"


def place(one, text):
    return text.replace("{d}", name_of(one))


def make_host(arena_authority, one, number, part, tlsa, label):
    name = f"{label}.{name_of(one)}"
    options = dict(part)
    named, issuer = options.pop("named", name), options.pop("issuer", "root")
    chain = arena_authority.issue(named, issuer=issuer) if (named, issuer) != (name, "root") else None
    return host(name, f"192.0.2.{number}" if number < 250 else f"198.51.100.{number - 249}", tlsa=tlsa, chain=chain, **options)


def make_web(one, number, authority):
    if one.sts is None:
        return None
    options = dict(one.sts)
    options["mx"] = [place(one, text) for text in options.get("mx", ())]
    if "chain" in options:
        options["chain"] = lambda name: authority.issue(name, issuer="self")
    return sts(f"198.51.101.{number}", **options)


def make(one, number, authority, in_table):
    hosts = [make_host(authority, one, 2 * number, one.host, one.dane, "mx")]
    if one.second is not None:
        hosts.append(make_host(authority, one, 2 * number + 1, one.second, (), "second"))
    name = name_of(one)
    dns = [f'_smtp._tls.{name}. TXT "{place(one, one.tlsrpt)}"'] if one.tlsrpt else []
    table = place(one, one.table) if one.table and in_table else None
    return destination(name, hosts, table, dns=dns, web=make_web(one, number, authority))


class Trial:
    """The rows of one group, scanned and delivered under one configuration."""

    def __init__(self, arena, name, rows, settings, entries):
        self.arena, self.rows = arena, rows
        header, _ = scenarios.load()
        common = dict(header["common_main_cf"], smtp_dns_support_level="dnssec", inet_protocols="all",
                      smtp_tls_security_level="may", smtp_tls_CAfile=os.path.join(arena.directory, "roots.pem"))
        for number, one in enumerate(rows):
            entry = entries.get(one.name)
            scenario = dict(scenarios.DEFAULTS, id=one.name, recipient=f"postmaster@{name_of(one)}", sender="me@sender.example",
                            main_cf=settings, policy_table=[[name_of(one), entry]] if entry else [])
            rows[number].scenario = scenario
        self.instance = postfix.Instance(os.path.join(arena.scratch, f"postfix-{name}"), [one.scenario for one in rows],
                                         common, arena.world.lab)

    def scan(self, *options):
        return self.arena.scan("--mta-sts", *self.arena.fast, *options, names=[name_of(one) for one in self.rows],
                               config=self.instance.directory)

    def deliver(self):
        self.instance.queue()
        try:
            self.instance.start()
            self.instance.wait()
        finally:
            self.instance.stop()
        time.sleep(0.3)
        return self.instance.result(self.arena.sessions())


def agree(tap, one, forecast, outcome, name):
    """Of two hosts of one preference Postfix may take either."""
    fields = ("status",) if one.second is not None else FIELDS
    tap.same({f: (forecast[f] or "").lower() for f in fields}, {f: outcome[f].lower() for f in fields}, f"Postfix: {name}", outcome["reason"])


def short(part):
    if part is None:
        return "-"
    return f"{part['verdict']} {part['tls'] if 'tls' in part else part['forecast']['tls']}"


def has_dane(one):
    return bool(one.dane) and one.zone == "example"


def has_sts(one):
    """A policy that holds, and asks for something."""
    return one.sts is not None and one.sts["mode"] != "none" and not one.findings & {"sts-record-invalid", "sts-fetch-failed", "sts-policy-invalid"}


def check_row(tap, one, entry):
    published = entry["published"]
    tap.same(short(entry), one.verdict, f"{one.name}: as configured", entry["forecast"])
    tap.same(short(published["dane"]["as_if"]), one.as_dane if has_dane(one) else "-", f"{one.name}: with DANE", published["dane"])
    tap.same(short(published["mta_sts"]["as_if"]), one.as_sts if has_sts(one) else "-", f"{one.name}: with MTA-STS", published["mta_sts"])
    tap.same(published["follows"], one.follows, f"{one.name}: what is followed")
    tap.same({f["code"] for f in entry["findings"]} & OURS, one.findings, f"{one.name}: findings",
             *(f["text"] for f in entry["findings"]))


def check_group(tap, arena, group, live, *options):
    rows, settings = GROUPS[group]
    entries = {one.name: place(one, one.table) for one in rows if one.table and group != "socketmap"}
    trial = Trial(arena, group, rows, settings, entries)
    scan = trial.scan(*options)
    tap.clean(scan, group)
    found = scan.destinations()
    for one in rows:
        check_row(tap, one, found[name_of(one)])
    if live:
        outcomes = trial.deliver()
        for one in rows:
            agree(tap, one, found[name_of(one)]["forecast"], outcomes[one.name], f"{one.name}: as configured")
    return trial, found


def before_3_10(value):
    return " ".join(word for word in (value or "").split() if not word.startswith(("policy_", "mx_host_pattern=")))


def check_as(tap, arena, trial, rows, live):
    """--as, and Postfix with a configuration that follows the mechanism."""
    dane = trial.scan("--as", "dane").destinations()
    web = trial.scan("--as", "mta-sts").destinations()
    for one in rows:
        tap.same(short(dane[name_of(one)]), one.as_dane, f"{one.name}: --as dane")
        tap.same(short(web[name_of(one)]), one.as_sts, f"{one.name}: --as mta-sts")
    if not live:
        return
    outcomes = Trial(arena, "as-dane", rows, {"smtp_tls_security_level": "dane"}, {}).deliver()
    for one in rows:
        agree(tap, one, dane[name_of(one)]["forecast"], outcomes[one.name], f"{one.name}: --as dane")
    # Before 3.10 hosts outside the policy are tried, and fail by their names.
    rows = [one for one in rows if one.second is None and (one.sts or {}).get("mx") != ("mx.else.example",)]
    lines = {one.name: before_3_10(web[name_of(one)]["route"][0]["policy"]["value"]) for one in rows}
    outcomes = Trial(arena, "as-sts", rows, {}, {name: value for name, value in lines.items() if value}).deliver()
    for one in rows:
        agree(tap, one, web[name_of(one)]["forecast"], outcomes[one.name], f"{one.name}: --as mta-sts")


def lines_of(tap, rows, found, member):
    """(rows with a recommended line, entries)"""
    lines = {one.name: found[name_of(one)]["published"][member] for one in rows}
    rows = [one for one in rows if lines[one.name]]
    tap.ok(len(rows) >= 8, f"{member}: recommended", lines)
    entries = {}
    for one in rows:
        key, _, entries[one.name] = lines[one.name].partition(" ")
        tap.same(key, name_of(one), f"{one.name}: {member}: its key")
    return rows, entries


def check_lines(tap, arena, rows, found, live):
    """The recommended lines do what the domain wishes for."""
    newer, entries = lines_of(tap, rows, found, "line_3_10")
    judged = Trial(arena, "lines-3.10", newer, {}, entries).scan("--postfix-version", ATTRIBUTES_RELEASE).destinations()
    for one in newer:
        tap.same(short(judged[name_of(one)]), SENT, f"{one.name}: line_3_10", entries[one.name])
    rows, entries = lines_of(tap, rows, found, "line")
    if not live:
        return
    outcomes = Trial(arena, "lines", rows, {}, entries).deliver()
    for one in rows:
        got = outcomes[one.name]
        tap.same((got["status"], got["tls"]), ("sent", "verified"), f"Postfix: {one.name}: the recommended line", entries[one.name], got["reason"])


def test(tap, scratch):
    from demo_world import Authority
    authority = Authority()
    rows = [(one, group) for group, (members, _) in GROUPS.items() for one in members]
    destinations = [make(one, number + 1, authority, group != "socketmap") for number, (one, group) in enumerate(rows)]
    arena = Arena(scratch, destinations)
    answers = {name_of(one): "OK " + place(one, one.table) for one in SOCKETMAP if one.table}
    arena.world.rows[0]["table_servers"] = [["socketmap", SERVER, answers]]
    live = postfix.missing(True) is None
    with arena:
        trial, found = check_group(tap, arena, "may", live)
        check_as(tap, arena, trial, MAY, live)
        check_lines(tap, arena, MAY, found, live)
        check_group(tap, arena, "dane", live)
        check_group(tap, arena, "attributes", False, "--postfix-version", ATTRIBUTES_RELEASE)
        check_group(tap, arena, "socketmap", live)


main(test, limit=600)
