"""What a bad answer of the resolver does, by the record that it concerns."""

from .build import host

NOTLS = {"offer": None}
FAULTS = {
    "servfail": "rcode:2", "formerr": "rcode:1", "nxdomain": "rcode:3", "notimp": "rcode:4", "refused": "rcode:5",
    "yxdomain": "rcode:6", "notauth": "rcode:9", "badvers": "rcode:16", "nodata": "rcode:0", "drop": "drop", "noqr": "noqr", "echo": "echo",
    "wrongid": "wrongid", "header": "header", "tc": "tc", "loop": "loop", "noad": "noad",
}
# The data of one record, by type.
SHORT = {"MX": "rdata:000a", "A": "rdata:7f00", "AAAA": "rdata:fd6f", "TLSA": "rdata:0301"}
# What is spoilt: (name, type), level, TLSA records, main.cf.
BOTH = {"inet_protocols": "all"}
PLACES = {
    "mx": ("{d}", "MX", "encrypt", (), {}),
    "a": ("{h}", "A", "encrypt", (), {}),
    "aaaa": ("{h}", "AAAA", "encrypt", (), BOTH),
    "tlsa": ("_25._tcp.{h}", "TLSA", "dane", "3 1 1", {}),
    "tlsaonly": ("_25._tcp.{h}", "TLSA", "dane-only", "3 1 1", {}),
}
SURPRISES = {("mx", "servfail"): [54], ("mx", "formerr"): [125], ("mx", "refused"): [125], ("mx", "notimp"): [125],
             ("mx", "nxdomain"): [51], ("tlsa", "servfail"): [83], ("tlsaonly", "servfail"): [83], ("mx", "short"): [126],
             ("mx", "loop"): [126]}

# Name, policy, hosts, faults, further keys, surprises.
MORE = [
    ("backup", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:2")], {}, []),
    ("backupformerr", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:1")], {}, []),
    ("softfirst", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:2"), ("{h2}", "A", "rcode:3")], {}, [53]),
    ("softlast", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:3"), ("{h2}", "A", "rcode:2")], {}, [53]),
    ("bothhard", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:3"), ("{h2}", "A", "rcode:3")], {}, [53]),
    ("hardformerr", "encrypt", [dict(), dict()], [("{h}", "A", "rcode:1"), ("{h2}", "A", "rcode:3")], {}, []),
    ("afoundaaaafail", "encrypt", [dict()], [("{h}", "AAAA", "rcode:2")], {"main": BOTH}, []),
    ("anxaaaafail", "encrypt", [dict()], [("{h}", "A", "rcode:3"), ("{h}", "AAAA", "rcode:2")], {"main": BOTH}, []),
    ("aformerraaaafail", "encrypt", [dict()], [("{h}", "A", "rcode:1"), ("{h}", "AAAA", "rcode:2")], {"main": BOTH}, []),
    ("anxaaaaformerr", "encrypt", [dict()], [("{h}", "A", "rcode:3"), ("{h}", "AAAA", "rcode:1")], {"main": BOTH}, []),
    ("ignoremx", "encrypt", [dict(name="{d}")], [("{d}", "MX", "rcode:2")], {"main": {"ignore_mx_lookup_error": "yes"}}, []),
    ("ignoremxformerr", "encrypt", [dict(name="{d}")], [("{d}", "MX", "rcode:1")], {"main": {"ignore_mx_lookup_error": "yes"}}, []),
    ("ignoremxnothing", "encrypt", [dict()], [("{d}", "MX", "rcode:2")], {"main": {"ignore_mx_lookup_error": "yes"}}, []),
    ("deferno", "encrypt", [dict()], [("{h}", "A", "rcode:3")], {"main": {"smtp_defer_if_no_mx_address_found": "yes"}}, []),
    ("fallback", "encrypt", [dict(), dict(name="fb.{d}", pref=None)], [("{d}", "MX", "rcode:2")], {"main": {"smtp_fallback_relay": "[fb.{d}]"}}, []),
    ("fallbackfail", "encrypt", [dict()], [("fb.{d}", "A", "rcode:2"), ("{d}", "MX", "rcode:3")], {"main": {"smtp_fallback_relay": "[fb.{d}]"}}, []),
    ("literalfail", None, [dict()], [("{h}", "A", "rcode:2")], {"transport": "smtp:[{h}]"}, []),
    ("literalformerr", None, [dict()], [("{h}", "A", "rcode:1")], {"transport": "smtp:[{h}]"}, []),
    ("literalnx", None, [dict()], [("{h}", "A", "rcode:3")], {"transport": "smtp:[{h}]"}, []),
    ("mxnoad", "dane", [dict(tlsa="!3 1 1")], [("{d}", "MX", "noad")], {}, [90]),
    ("mxnoadglobal", "dane", [dict(tlsa="!3 1 1")], [("{d}", "MX", "noad")], {"main": {"smtp_tls_security_level": "dane"}}, [90]),
    ("mxnoadonly", "dane-only", [dict(tlsa="3 1 1")], [("{d}", "MX", "noad")], {}, []),
    ("anoad", "dane", [dict(tlsa="!3 1 1")], [("{h}", "A", "noad")], {}, []),
    ("anoadonly", "dane-only", [dict(tlsa="3 1 1")], [("{h}", "A", "noad")], {}, []),
    ("tlsanoad", "dane", [dict(tlsa="!3 1 1")], [("_25._tcp.{h}", "TLSA", "noad")], {}, []),
    ("aad", "dane", [dict(tlsa="!3 1 1", zone="insec")], [("{h}", "A", "ad"), ("{d}", "MX", "ad"), ("_25._tcp.{h}", "TLSA", "ad")], {}, [91]),
    ("aonlyad", "dane", [dict(tlsa="!3 1 1", zone="insec")], [("{h}", "A", "ad"), ("{d}", "MX", "ad")], {}, [91]),
    ("secondtlsa", "dane", [dict(tlsa="3 1 1"), dict(tlsa="3 1 1")], [("_25._tcp.{h}", "TLSA", "rcode:2")], {}, [83]),
    ("aliasfail", "dane", [dict(alias="a.{d}", tlsa="3 1 1", tlsa_at="{h}")], [("_25._tcp.a.{d}", "TLSA", "rcode:2")], {}, []),
    ("aliasother", "dane", [dict(alias="a.{d}", tlsa="3 1 1")], [("_25._tcp.{h}", "TLSA", "rcode:2")], {}, []),
    ("aliasprobe", "dane", [dict(alias="{d}.insec", tlsa="3 1 1", tlsa_at="{h}")], [("{h}", "CNAME", "rcode:2")], {}, []),
    ("dualfamilies4", "dane", [dict(tlsa="!3 1 1", v6=1)], [("{h}", "AAAA", "noad")], {"main": dict(BOTH, smtp_address_preference="ipv4")}, [128]),
    ("dualfamilies6", "dane", [dict(tlsa="!3 1 1", v6=1)], [("{h}", "AAAA", "noad")], {"main": dict(BOTH, smtp_address_preference="ipv6")}, [128]),
    ("tlsa3octets", "dane", [dict()], [("_25._tcp.{h}", "TLSA", "rdata:030101")], {"alone": True}, [142]),
    ("tlsa3octetsonly", "dane-only", [dict()], [("_25._tcp.{h}", "TLSA", "rdata:020001")], {"alone": True}, [142]),
    ("tlsa2octets", "dane", [dict(behaviour=NOTLS)], [("_25._tcp.{h}", "TLSA", "rdata:0301")], {}, []),
    ("tlsa2octetsonly", "dane-only", [dict()], [("_25._tcp.{h}", "TLSA", "rdata:0301")], {}, []),
    ("mxlong", "may", [dict()], [("{d}", "MX", "rdata:000a0361626300ffff")], {}, []),
    ("mxroot", "may", [dict()], [("{d}", "MX", "rdata:000a00")], {}, []),
    ("mxstar", "may", [dict()], [("{d}", "MX", "rdata:000a012a0474657374 00".replace(" ", ""))], {}, [126]),
    ("filter", "may", [dict()], [], {"main": {"smtp_dns_reply_filter": "pcre:{{/ MX / IGNORE}}"}}, []),
    ("filtera", "may", [dict()], [], {"main": {"smtp_dns_reply_filter": "pcre:{{/ A / IGNORE}}"}}, []),
    ("filtertlsa", "dane", [dict(tlsa="3 1 1")], [], {"main": {"smtp_dns_reply_filter": "pcre:{{/ TLSA / IGNORE}}"}}, []),
    ("filterone", "encrypt", [dict(behaviour=NOTLS), dict()], [], {"main": {"smtp_dns_reply_filter": "pcre:{{/ MX 10 / IGNORE}}"}}, []),
    ("filtererror", "may", [dict()], [], {"main": {"smtp_dns_reply_filter": "fail:no"}}, []),
    ("filterbad", "may", [dict()], [], {"main": {"smtp_dns_reply_filter": "pcre:{{/ MX / NONSENSE}}"}}, []),
    ("deadresolver", "may", [dict()], [], {"resolver": "127.0.0.8"}, []),
    ("deadresolverliteral", None, [dict()], [], {"resolver": "127.0.0.8", "transport": "smtp:[{a}]"}, []),
    ("lame", "may", [], [], {"recipient": "x.lame"}, []),
    ("alias10", "may", [dict(alias=[f"c{n}.{{d}}" for n in range(1, 10)])], [], {}, []),
    ("alias11", "may", [dict(alias=[f"c{n}.{{d}}" for n in range(1, 11)])], [], {}, []),
    ("alias12", "may", [dict(alias=[f"c{n}.{{d}}" for n in range(1, 12)])], [], {}, []),
    ("tlsa101", "dane", [dict(tlsa=["3 1 1"])], [], {"dns": [f"_25._tcp.{{h}}. TLSA 3 1 1 {n:064x}" for n in range(100)], "unordered": True}, [144]),
    ("hostsfile", "may", [], [], {"transport": "smtp:[localhost]:2526", "main": {"smtp_host_lookup": "native"}}, []),
    ("nativenothing", "may", [], [], {"transport": "smtp:[no.{d}]", "main": {"smtp_host_lookup": "native"}}, []),
    ("nativemx", "may", [dict()], [], {"main": {"smtp_host_lookup": "native"}}, []),
    ("disabled", "may", [dict(name="{d}", pref=None)], [], {"main": {"smtp_dns_support_level": "disabled"}}, []),
    ("disablednothing", "may", [dict()], [], {"main": {"smtp_dns_support_level": "disabled"}}, []),
]


def add(book):
    for place, (name, kind, policy, tlsa, main) in PLACES.items():
        for fault, action in dict(FAULTS, short=SHORT[kind]).items():
            one = host(tlsa=tlsa) if kind != "AAAA" else host(v4=0, v6=1)
            book.add("dns", f"{place}-{fault}", policy, [one], faults=[(name, kind, action)], main=main,
                     shows=SURPRISES.get((place, fault), []))
    for name, policy, hosts, faults, keys, shows in MORE:
        hosts = [host(**dict({"pref": 10 * number}, **one)) for number, one in enumerate(hosts, 1)]
        book.add("dns", name, policy, hosts, faults=faults, shows=shows, **keys)
