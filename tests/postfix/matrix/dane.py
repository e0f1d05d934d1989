"""DANE: TLSA records of every kind, chains of aliases, insecure MX sets, resolvers that do not validate."""

from .build import host

NOTLS = {"offer": None}

# Name, level, TLSA records, certificate, behaviour, surprises.
RECORDS = [
    ("300", "dane", ["3 0 0"], "wrong", {}, []),
    ("301", "dane", ["3 0 1"], "wrong", {}, []),
    ("302", "dane", ["3 0 2"], "self", {}, []),
    ("310", "dane", ["3 1 0"], "wrong", {}, []),
    ("312", "dane-only", ["3 1 2"], "expired", {}, [88]),
    ("311wrong", "dane", ["!3 1 1"], "good", {}, []),
    ("301wrong", "dane-only", ["!3 0 1"], "good", {}, []),
    ("200", "dane", ["2 0 0"], "good", {}, []),
    ("201", "dane", ["2 0 1"], "good", {}, []),
    ("202", "dane", ["2 0 2"], "good", {}, []),
    ("210", "dane", ["2 1 0"], "good", {}, []),
    ("211", "dane", ["2 1 1"], "good", {}, []),
    ("201root", "dane", ["2 0 1@root"], "good", {}, []),
    ("201rootsent", "dane", ["2 0 1@root"], "sendroot", {}, []),
    ("200root", "dane", ["2 0 0@root"], "good", {}, []),
    ("210root", "dane", ["2 1 0@root"], "good", {}, []),
    ("211stranger", "dane", ["2 1 1"], "stranger", {}, []),
    ("201noint", "dane", ["2 0 1"], "noint", {}, []),
    ("200noint", "dane", ["2 0 0"], "noint", {}, []),
    ("201wrongname", "dane", ["2 0 1"], "wrong", {}, [88]),
    ("201domain", "dane", ["2 0 1"], "domain", {}, [88]),
    ("201expired", "dane", ["2 0 1"], "expired", {}, [88]),
    ("201self", "dane", ["2 0 1@leaf"], "self", {}, [129]),
    ("211self", "dane", ["2 1 1@leaf"], "self", {}, [129]),
    ("210self", "dane", ["2 1 0@leaf"], "self", {}, [129]),
    ("200self", "dane", ["2 0 0@leaf"], "self", {}, [129]),
    ("210selfca", "dane", ["2 1 0@leaf"], "selfca", {}, [129]),
    ("201deep3", "dane", ["2 0 1@root"], "deep3", {}, []),
    ("101", "dane", ["1 0 1"], "good", {}, [86]),
    ("111notls", "dane", ["1 1 1"], "good", NOTLS, [85, 86]),
    ("011only", "dane-only", ["0 1 1"], "good", {}, [86]),
    ("001wrong", "dane", ["!0 0 1"], "good", {}, [86]),
    ("selector2", "dane", ["3 2 1 " + "00" * 32], "good", {}, [93, 132]),
    ("selector2only", "dane-only", ["3 2 1 " + "00" * 32], "good", {}, [93]),
    ("selector2notls", "dane", ["3 2 1 " + "00" * 32], "good", NOTLS, [93]),
    ("selector2self", "dane", ["3 2 1 " + "00" * 32], "self", {}, []),
    ("usage4", "dane", ["4 1 1 " + "00" * 32], "good", {}, []),
    ("usage255", "dane-only", ["255 1 1 " + "00" * 32], "good", {}, []),
    ("matching3", "dane", ["3 1 3 " + "00" * 32], "good", {}, []),
    ("matching255", "dane", ["3 1 255 " + "00" * 32], "good", {}, []),
    ("matching255only", "dane-only", ["3 1 255 " + "00" * 32], "good", {}, []),
    ("shortdigest", "dane", ["3 1 1 " + "00" * 31], "good", {}, [93]),
    ("shortdigestonly", "dane-only", ["3 1 1 " + "00" * 31], "good", {}, [93]),
    ("longdigest", "dane", ["3 1 1 " + "00" * 33], "good", {}, []),
    ("badder", "dane", ["3 0 0 3003020101"], "good", {}, []),
    ("badkey", "dane-only", ["3 1 0 3003020101"], "good", {}, []),
    ("agility", "dane", ["3 1 1", "!3 1 2"], "good", {}, [87]),
    ("agilityok", "dane", ["!3 1 1", "3 1 2"], "good", {}, [87]),
    ("agilityfull", "dane", ["!3 1 2", "3 1 0"], "good", {}, []),
    ("agilityselector", "dane", ["!3 0 2", "3 1 1"], "good", {}, []),
    ("agilityusage", "dane", ["!2 0 2", "3 1 1"], "good", {}, []),
    ("agilityunusable", "dane", ["3 1 1", "3 1 2 " + "00" * 31], "good", {}, []),
    ("mixed", "dane", ["3 1 1", "2 0 1"], "wrong", {}, []),
    ("mixedta", "dane", ["!3 1 1", "2 0 1"], "good", {}, []),
    ("mixedtawrong", "dane", ["!3 1 1", "2 0 1"], "wrong", {}, []),
    ("unusableplus", "dane", ["1 1 1", "3 1 1"], "good", {}, []),
    ("unusablepluswrong", "dane", ["1 1 1", "!3 1 1"], "good", {}, [85]),
    ("rollover", "dane", ["!3 1 1", "3 1 1"], "good", {}, []),
    ("caignored", "dane", ["!3 1 1"], "direct", {}, []),
]

# Name, level, parameters of host(), further keys, surprises.
NAMES = [
    ("otherport", "dane", {"tlsa": "!3 1 1", "tlsa_port": 465}, {}, [92]),
    ("alias", "dane", {"tlsa": "3 1 1", "alias": "a.{d}"}, {}, [89]),
    ("aliaswrong", "dane", {"tlsa": "!3 1 1", "alias": "a.{d}"}, {}, [89]),
    ("aliasold", "dane", {"tlsa": "3 1 1", "alias": "a.{d}", "tlsa_at": "{h}"}, {}, [89]),
    ("aliasoldwrong", "dane", {"tlsa": "!3 1 1", "alias": "a.{d}", "tlsa_at": "{h}"}, {}, [89]),
    ("aliastwo", "dane", {"tlsa": "3 1 1", "alias": ["a.{d}", "b.{d}"]}, {}, []),
    ("aliasmiddle", "dane", {"tlsa": "!3 1 1", "alias": ["a.{d}", "b.{d}"], "tlsa_at": "a.{d}"}, {}, []),
    ("aliasta", "dane", {"tlsa": "2 0 1", "alias": "a.{d}"}, {}, []),
    ("aliastaname", "dane", {"tlsa": "2 0 1", "alias": "a.{d}", "cert": {"names": ["a.{d}"]}}, {}, []),
    ("aliastadomain", "dane", {"tlsa": "2 0 1", "alias": "a.{d}", "cert": "domain"}, {}, [88]),
    ("aliassni", "dane", {"tlsa": "3 1 1", "alias": "a.{d}", "cert": "good", "sni": {"a.{d}": "domain"}}, {}, [32]),
    ("aliasinsecure", "dane", {"tlsa": "!3 1 1", "alias": "{d}.insec", "tlsa_at": "{h}"}, {}, []),
    ("aliasinsecureright", "dane-only", {"tlsa": "3 1 1", "alias": "{d}.insec", "tlsa_at": "{h}"}, {}, []),
    ("aliasinsecurenone", "dane-only", {"alias": "{d}.insec"}, {}, []),
    ("insecurehost", "dane", {"tlsa": "!3 1 1", "zone": "insec"}, {}, []),
    ("insecurehostonly", "dane-only", {"tlsa": "3 1 1", "zone": "insec"}, {}, []),
    ("forceinsecure", "dane", {"tlsa": "!3 1 1", "zone": "insec"}, {"main": {"smtp_tls_force_insecure_host_tlsa_lookup": "yes"}}, []),
    ("tlsainsecure", "dane", {}, {"dns": ["_25._tcp.{h}. CNAME t.{d}.insec.", "t.{d}.insec. TLSA 3 1 1 " + "ab" * 32]}, []),
    ("tlsaalias", "dane", {"tlsa": "3 1 1", "tlsa_at": "tlsa.{d}"}, {"dns": ["_25._tcp.{h}. CNAME _25._tcp.tlsa.{d}."]}, []),
    ("tlsaaliaswrong", "dane", {"tlsa": "!3 1 1", "tlsa_at": "tlsa.{d}"}, {"dns": ["_25._tcp.{h}. CNAME _25._tcp.tlsa.{d}."]}, []),
    ("wildtlsa", "dane", {"tlsa": "!3 1 1", "tlsa_at": "{h}"}, {"dns": ["*.x.{d}. TLSA 3 1 1 " + "ab" * 32]}, []),
    ("tlsabogus", "dane", {"tlsa": "3 1 1"}, {"bogus": [("_25._tcp.{h}.", "TLSA")]}, [83]),
    ("tlsabogusonly", "dane-only", {"tlsa": "3 1 1"}, {"bogus": [("_25._tcp.{h}.", "TLSA")]}, [83]),
    ("addressbogus", "dane", {"tlsa": "3 1 1"}, {"bogus": [("{h}.", "A")]}, []),
    ("mxbogus", "dane", {"tlsa": "3 1 1"}, {"bogus": [("{d}.", "MX")]}, []),
    ("servername", "dane servername=other.example", {"tlsa": "3 1 1", "cert": "wrong", "sni": {"{h}": "good"}}, {}, [32]),
    ("servernameta", "dane servername=other.example", {"tlsa": "2 0 1", "cert": "wrong", "sni": {"{h}": "good"}}, {}, [32]),
    ("servernamenone", "dane servername=sni.example", {"cert": "wrong", "sni": {"sni.example": "good"}}, {}, []),
    ("servernameunusable", "dane servername=sni.example", {"tlsa": "1 1 1", "cert": "wrong", "sni": {"sni.example": "good"}}, {}, []),
    ("servernameunusable2", "dane servername=sni.example", {"tlsa": "3 2 1 " + "00" * 32, "cert": "wrong", "sni": {"{h}": "self"}}, {}, []),
    ("nomx", "dane", {"tlsa": "!3 1 1", "name": "{d}", "pref": None}, {}, [55]),
    ("nomxonly", "dane-only", {"tlsa": "3 1 1", "name": "{d}", "pref": None}, {}, [55]),
    ("nomxta", "dane-only", {"tlsa": "2 0 1", "name": "{d}", "pref": None}, {}, []),
    ("literal", "dane", {"tlsa": "!3 1 1"}, {"transport": "smtp:[{h}]", "nexthop": "[{h}]"}, []),
    ("literalonly", "dane-only", {"tlsa": "3 1 1"}, {"transport": "smtp:[{h}]", "nexthop": "[{h}]"}, []),
    ("literalta", "dane", {"tlsa": "2 0 1", "cert": "domain"}, {"transport": "smtp:[{h}]", "nexthop": "[{h}]"}, []),
    ("literalport", "dane", {"tlsa": "3 1 1", "port": 587}, {"transport": "smtp:[{h}]:587", "nexthop": "[{h}]:587"}, [92]),
    ("literalport25", "dane", {"tlsa": "!3 1 1", "port": 587, "tlsa_port": 25}, {"transport": "smtp:[{h}]:587", "nexthop": "[{h}]:587"}, [92]),
    ("service", "dane", {"tlsa": "3 1 1", "port": 587}, {"transport": "smtp:[{h}]:submission", "nexthop": "[{h}]:submission"}, []),
    ("domainport", "dane", {"tlsa": "3 1 1", "port": 587}, {"transport": "smtp:{d}:587", "nexthop": "{d}:587"}, [92]),
    ("address", "dane", {"tlsa": "!3 1 1"}, {"transport": "smtp:[{a}]", "nexthop": "[{a}]"}, [94]),
    ("addressonly", "dane-only", {"tlsa": "3 1 1"}, {"transport": "smtp:[{a}]", "nexthop": "[{a}]"}, [94]),
    ("plainresolver", "dane", {"tlsa": "!3 1 1"}, {"resolver": "127.0.0.2"}, [91]),
    ("plainresolveronly", "dane-only", {"tlsa": "3 1 1"}, {"resolver": "127.0.0.2"}, []),
    ("nodnssec", "dane", {"tlsa": "!3 1 1"}, {"main": {"smtp_dns_support_level": "enabled"}}, [43]),
    ("nodnsseconly", "dane-only", {"tlsa": "3 1 1"}, {"main": {"smtp_dns_support_level": "enabled"}}, []),
    ("nodnsdefault", "dane", {"tlsa": "!3 1 1"}, {"drop": ["smtp_dns_support_level"]}, [43]),
    ("ignoremx", "dane", {"tlsa": "!3 1 1"}, {"main": {"ignore_mx_lookup_error": "yes"}}, []),
    ("resoptions", "dane", {"tlsa": "!3 1 1"}, {"main": {"smtp_dns_resolver_options": "res_dnsrch"}}, []),
    ("hostlookup", "dane", {"tlsa": "!3 1 1"}, {"main": {"smtp_host_lookup": "dns, native"}}, []),
    ("digest256", "dane", {"tlsa": ["!3 1 1", "3 1 2"]}, {"main": {"tls_dane_digests": "sha256"}}, []),
    ("digestorder", "dane", {"tlsa": ["3 1 1", "!3 1 2"]}, {"main": {"tls_dane_digests": "sha256 sha512"}}, []),
    ("digestnone", "dane", {"tlsa": "3 1 1"}, {"main": {"tls_dane_digests": "nosuch"}}, []),
    ("digestnoneonly", "dane-only", {"tlsa": "3 1 1"}, {"main": {"tls_dane_digests": "nosuch"}}, []),
    ("digestprivate", "dane", {"tlsa": "3 1 1"}, {"main": {"tls_dane_digests": "sha512 sha256 sha384=3"}}, []),
    ("mandatory", "dane", {"tlsa": "1 1 1", "behaviour": {"max": "1.2"}}, {"main": {"smtp_tls_mandatory_protocols": ">=TLSv1.3"}}, []),
    ("opportunistic", "dane", {"behaviour": {"max": "1.2"}}, {"main": {"smtp_tls_mandatory_protocols": ">=TLSv1.3"}}, [45]),
    ("mandatoryin", "dane", {"tlsa": "3 1 1", "behaviour": {"max": "1.2"}}, {"main": {"smtp_tls_mandatory_protocols": ">=TLSv1.3"}}, []),
    ("protocols", "dane protocols=TLSv1.3", {"behaviour": {"max": "1.2"}}, {}, []),
]

# What the insecure MX set of a domain makes of the policy of the table: level, main.cf's level, parameter, TLSA.
INSECURE_LEVELS = ("dane", "dane-only")
INSECURE_GLOBAL = ("may", "dane", "encrypt", "dane-only")
INSECURE_POLICY = (None, "may", "encrypt", "dane")
INSECURE_TLSA = {"right": "3 1 1", "wrong": "!3 1 1", "none": (), "unusable": "1 1 1"}

# Of two hosts: name, level, hosts, further keys, surprises.
TWO = [
    ("wrongright", "dane", [{"tlsa": "!3 1 1"}, {"tlsa": "3 1 1"}], {}, []),
    ("wrongnone", "dane", [{"tlsa": "!3 1 1"}, {}], {}, [49]),
    ("wrongnonetls", "dane", [{"tlsa": "!3 1 1"}, {"behaviour": NOTLS}], {}, [49]),
    ("noneright", "dane-only", [{}, {"tlsa": "3 1 1"}], {}, [49]),
    ("nonenone", "dane-only", [{}, {}], {}, [84]),
    ("failright", "dane", [{"tlsa": "3 1 1"}, {"tlsa": "3 1 1"}], {"bogus": [("_25._tcp.{h}.", "TLSA")]}, [83]),
    ("failnone", "dane", [{"tlsa": "3 1 1"}, {"behaviour": NOTLS}], {"bogus": [("_25._tcp.{h}.", "TLSA")]}, [83]),
    ("unusableright", "dane", [{"tlsa": "1 1 1", "behaviour": NOTLS}, {"tlsa": "3 1 1"}], {}, []),
    ("rightrefused", "dane", [{"tlsa": "3 1 1", "behaviour": {"refuse": True}}, {"behaviour": NOTLS}], {}, []),
    ("rightlast", "dane", [{"tlsa": "!3 1 1"}, {"tlsa": "3 1 1", "behaviour": {"refuse": True}}], {}, [82]),
]


def add(book):
    for name, level, records, cert, behaviour, shows in RECORDS:
        book.add("dane", name, level, [host(behaviour, cert, tlsa=records)], shows=shows)
    for name, level, one, keys, shows in NAMES:
        book.add("danename", name, level, [host(**one)], shows=shows, **keys)
    for level in INSECURE_LEVELS:
        for outer in INSECURE_GLOBAL:
            for parameter in INSECURE_POLICY:
                main = {"smtp_tls_security_level": outer}
                if parameter:
                    main["smtp_tls_dane_insecure_mx_policy"] = parameter
                for name, tlsa in INSECURE_TLSA.items():
                    if outer in ("encrypt", "dane-only") and (parameter or name not in ("right", "wrong")):
                        continue        # what main.cf's level does is shown without the parameter
                    book.add("insecuremx", f"{level}-{outer}-{parameter or 'default'}-{name}", level, main=main, zone="insec",
                             hosts=[host({}, "good", tlsa=tlsa, zone="sec.test")], shows=[90] if not parameter else [])
    for name, level, hosts, keys, shows in TWO:
        hosts = [host(pref=10 * number, **one) for number, one in enumerate(hosts, 1)]
        book.add("danetwo", name, level, hosts, shows=shows, **keys)
