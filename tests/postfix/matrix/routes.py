"""Where mail goes: routing, lists of next-hops, mail hosts in turn, literals, IPv6, wrapper mode, services of master.cf."""

from .build import host

NOTLS = {"offer": None}
ALERT = {"tls": "alert"}
SMTP = "{name}      unix  -       -       {chroot}       -       -       {program}\n"
BOTH = {"inet_protocols": "all"}


def service(name, *options, program="smtp", chroot="n"):
    return SMTP.format(name=name, program=program, chroot=chroot) + "".join(f"  -o {option}\n" for option in options)


# Pairs and triples of hosts: what a behaviour of the first does to the second, by level.
FIRST = {
    "ok": ({}, "good"), "nostls": (NOTLS, "good"), "st454": ({"starttls": "454 4.7.0 no"}, "good"),
    "st502": ({"starttls": "502 5.5.1 no"}, "good"), "stclose": ({"starttls": "close"}, "good"), "alert": (ALERT, "good"),
    "wrong": ({}, "wrong"), "refused": ({"refuse": True}, "good"), "greet554": ({"greeting": "554 5.7.1 no"}, "good"),
    "greet354": ({"greeting": "354 no"}, "good"), "helo550": ({"ehlo": "502 no", "helo": "550 5.7.1 no"}, "good"),
    "tclose": ({"tls": "close-after"}, "good"), "tls11": ({"max": "1.1"}, "good"), "syn": ({"synhang": True}, "good"),
}
SECOND = {"ok": ({}, "good"), "nostls": (NOTLS, "good"), "st502": ({"starttls": "502 5.5.1 no"}, "good"),
          "refused": ({"refuse": True}, "good")}
PAIR_LEVELS = {"may": "may", "encrypt": "encrypt", "verify": "verify"}
PAIR_SURPRISES = {("encrypt", "st502", "ok"): [67], ("verify", "wrong", "ok"): [74, 75], ("may", "alert", "ok"): [70],
                  ("verify", "wrong", "refused"): [82], ("may", "stclose", "ok"): [69], ("encrypt", "greet354", "ok"): [73],
                  ("may", "helo550", "ok"): [72], ("verify", "wrong", "nostls"): [74]}

# Name, policy, hosts as (preference, behaviour, further), keys, surprises.
HOSTS = [
    ("sixth", "encrypt", [(n, NOTLS, {}) for n in range(1, 6)] + [(6, {}, {})], {}, [60]),
    ("fifth", "encrypt", [(n, NOTLS, {}) for n in range(1, 5)] + [(6, {}, {})], {}, [60]),
    ("limit0", "encrypt", [(n, NOTLS, {}) for n in range(1, 7)] + [(9, {}, {})], {"main": {"smtp_mx_address_limit": "0"}}, []),
    ("limit2", "encrypt", [(1, NOTLS, {}), (2, NOTLS, {}), (3, {}, {})], {"main": {"smtp_mx_address_limit": "2"}}, []),
    ("addresses", "encrypt", [(1, NOTLS, {"v4": 5}), (2, {}, {})], {"unordered": True}, [60]),
    ("addresseslast", "encrypt", [(1, NOTLS, {"v4": 4}), (2, {}, {})], {}, []),
    ("skipped", "dane-only", [(n, {}, {}) for n in range(1, 6)] + [(6, {}, {"tlsa": "3 1 1"})], {}, [60]),
    ("sessionlimit", "may", [(1, {"mail": "451 4.3.0 no"}, {}), (2, {"mail": "451 4.3.0 no"}, {}), (3, {}, {})], {"beyond": True}, []),
    ("sessionfailed", "encrypt", [(1, ALERT, {}), (2, ALERT, {}), (3, ALERT, {}), (4, {}, {})], {}, [61]),
    ("sessionlimit1", "encrypt", [(1, ALERT, {}), (2, {}, {})], {"main": {"smtp_mx_session_limit": "1"}}, [61]),
    ("retryfirst", "may", [(1, ALERT, {}), (2, {}, {})], {}, [70]),
    ("retryfirstnew", "may", [(1, ALERT, {}), (2, {}, {})], {"fresh": True}, [70]),
    ("allbrokennew", "may", [(1, ALERT, {}), (2, ALERT, {})], {"fresh": True}, [70]),
    ("retryrefused", "may", [(1, {"tls": "alert", "mail_plain": "250 2.0.0 ok"}, {}), (2, NOTLS, {})], {}, []),
    ("unresolvable", "encrypt", [(1, {}, {"record": False}), (2, {}, {})], {}, []),
    ("allunresolvable", "encrypt", [(1, {}, {"record": False}), (2, {}, {"record": False})], {}, [53]),
    ("allunresolvabledefer", "encrypt", [(1, {}, {"record": False})], {"main": {"smtp_defer_if_no_mx_address_found": "yes"}}, []),
    ("null", "may", [], {"dns": ["{d}. MX 0 ."]}, []),
    ("nullplus", "may", [(10, {}, {})], {"dns": ["{d}. MX 20 ."]}, [52]),
    ("mxaddress", "may", [], {"dns": ["{d}. MX 10 127.0.0.9."]}, []),
    ("mxmalformed", "may", [], {"dns": ["{d}. MX 10 -bad-.{d}.", "-bad-.{d}. A 127.0.0.9"]}, []),
    ("mxmalformedplus", "may", [(20, {}, {})], {"dns": ["{d}. MX 10 -bad-.{d}."]}, []),
    ("mxunderscore", "may", [(10, {}, {"name": "mx_1"})], {}, []),
    ("mxalias", "may", [(10, {}, {"alias": "a.{d}"})], {}, []),
    ("mxaliasverify", "verify", [(10, {}, {"alias": "a.{d}"})], {}, []),
    ("mxaliasname", "verify", [(10, {}, {"alias": "a.{d}", "cert": {"names": ["a.{d}"]}})], {}, []),
    ("mxaliasoverride", "verify", [(10, {}, {"alias": "a.{d}", "cert": {"names": ["a.{d}"]}})],
     {"main": {"smtp_cname_overrides_servername": "yes"}}, []),
    ("mxaliasloop", "may", [], {"dns": ["{d}. MX 10 a.{d}.", "a.{d}. CNAME b.{d}.", "b.{d}. CNAME a.{d}."]}, []),
    ("nomx", "verify", [(None, {}, {"name": "{d}"})], {}, []),
    ("nomxsecure", "secure", [(None, {}, {"name": "{d}"})], {}, []),
    ("nothing", "may", [], {}, [51]),
    ("nothingmaytxt", "may", [], {"dns": ["{d}. TXT hello"]}, []),
    ("domainalias", "encrypt", [(None, NOTLS, {"name": "real.{d}"})], {"dns": ["{d}. CNAME real.{d}."], }, []),
    ("many", "may", [(10, {}, {})], {"dns": [f"{{d}}. MX {n + 20} no{n}.{{d}}." for n in range(120)]}, []),
    ("manyaddresses", "may", [], {"dns": ["{d}. MX 10 m.{d}."] + [f"m.{{d}}. A 127.0.9.{n + 1}" for n in range(101)],
                                  "main": {"smtp_mx_address_limit": "2"}}, [144]),
    ("self", "may", [], {"dns": ["{d}. MX 10 self.{d}.", "self.{d}. A 127.0.0.1"]}, []),
    ("selfbackup", "may", [(10, {}, {})], {"dns": ["{d}. MX 20 self.{d}.", "self.{d}. A 127.0.0.1"]}, [63]),
    ("selfbest", "may", [(20, {}, {})], {"dns": ["{d}. MX 10 self.{d}.", "self.{d}. A 127.0.0.1"]}, [63]),
    ("selfequal", "may", [(10, {}, {})], {"dns": ["{d}. MX 10 self.{d}.", "self.{d}. A 127.0.0.1"]}, [63]),
    ("selfproxy", "may", [(20, {}, {})], {"dns": ["{d}. MX 10 self.{d}.", "self.{d}. A 127.0.9.200"],
                                          "main": {"proxy_interfaces": "127.0.9.200"}}, []),
    ("selffallback", "encrypt", [(10, NOTLS, {}), (None, {}, {"name": "fb.{d}"})],
     {"dns": ["{d}. MX 20 self.{d}.", "self.{d}. A 127.0.0.1"], "main": {"smtp_fallback_relay": "[fb.{d}]"}}, [63]),
    ("ehloself", "may", [(10, {"ehlo_name": "client.lab.test"}, {})], {}, []),
    ("ehloselfsecond", "may", [(10, {"refuse": True}, {}), (20, {"ehlo_name": "client.lab.test"}, {})], {}, []),
    ("ehloselfsecondthird", "encrypt", [(10, NOTLS, {}), (20, {"ehlo_name": "client.lab.test"}, {}), (30, {}, {})], {}, []),
    ("equal", "encrypt", [(10, NOTLS, {}), (10, {}, {})], {"unordered": True}, []),
    ("equalbounce", "encrypt", [(10, {"starttls": "502 5.5.1 no"}, {}), (10, {}, {})], {"unordered": True}, []),
    ("equalgood", "encrypt", [(10, {}, {}), (10, {}, {})], {"unordered": True}, []),
    ("norandom", "verify", [(10, {}, {"cert": "wrong"}), (10, {}, {})], {"unordered": True, "main": {"smtp_randomize_addresses": "no"}}, []),
    ("softbounce", "encrypt", [(1, {"starttls": "502 5.5.1 no"}, {}), (2, {}, {})], {"main": {"soft_bounce": "yes"}}, []),
    ("softbounceall", "encrypt", [(1, {"starttls": "502 5.5.1 no"}, {})], {"main": {"soft_bounce": "yes"}}, []),
    ("softbouncenx", "encrypt", [], {"main": {"soft_bounce": "yes"}}, []),
]

# Name, policy entries, transport_maps entry, hosts, main.cf, further keys, surprises.  fb: the fallback relay.
ROUTES = [
    ("bracket", [("[{h}]", "encrypt")], "smtp:[{h}]", [NOTLS], {}, {}, [3]),
    ("bracketsecure", [("[{h}]", "secure")], "smtp:[{h}]", [{}], {}, {}, [99]),
    ("port", [("[{h}]:2525", "encrypt")], "smtp:[{h}]:2525", [NOTLS], {}, {"port": 2525}, []),
    ("portname", [("[{h}]:submission", "encrypt")], "smtp:[{h}]:submission", [NOTLS], {}, {"port": 587}, [5]),
    ("portunknown", [], "smtp:[{h}]:nosuchservice", [{}], {}, {"alone": True}, [65, 141]),
    ("portbad", [], "smtp:[{h}]:25x", [{}], {}, {"alone": True}, [65]),
    ("portbig", [], "smtp:[{h}]:65536", [{}], {}, {"alone": True}, [65]),
    ("portzero", [], "smtp:[{h}]:0", [{}], {}, {"alone": True}, [65]),
    ("noclose", [], "smtp:[{h}", [{}], {}, {"alone": True}, [65]),
    ("afterbracket", [], "smtp:[{h}]x", [{}], {}, {"alone": True}, [65]),
    ("badname", [], "smtp:-bad-.{d}", [{}], {}, {"alone": True}, [65]),
    ("commas", [], "smtp:,", [{}], {}, {"alone": True}, [65]),
    ("address", [("[{a}]", "encrypt")], "smtp:[{a}]", [{}], {}, {}, []),
    ("addressverify", [("[{a}]", "verify")], "smtp:[{a}]", [({}, "ip")], {}, {}, [100]),
    ("addresssecure", [("[{a}]", "secure")], "smtp:[{a}]", [({}, "ip")], {}, {}, [100]),
    ("addressnexthop", [("[{a}]", "secure match=nexthop")], "smtp:[{a}]", [({}, "ip")], {}, {}, [100]),
    ("addressnamed", [("[{a}]", "secure match=nexthop:{h}")], "smtp:[{a}]", [({}, "ipname")], {}, {}, []),
    ("addressbare", [("{a}", "encrypt")], "smtp:{a}", [NOTLS], {}, {}, []),
    ("addresscidr", [], "smtp:{a}", [NOTLS], {"smtp_tls_policy_maps": "cidr:{P}/c"}, {"tables": {"c": ["127.0.0.0/8 encrypt"]}}, [8]),
    ("bracketcidr", [], "smtp:[{a}]", [NOTLS], {"smtp_tls_policy_maps": "cidr:{P}/c"}, {"tables": {"c": ["127.0.0.0/8 encrypt"]}}, [8]),
    ("literal", [("[{a}]", "encrypt")], None, [NOTLS], {}, {"recipient": "[{a}]"}, []),
    ("list", [("[{h}]", "encrypt"), ("[{h2}]", "encrypt")], "smtp:[{h}], [{h2}]", [NOTLS, {}], {}, {}, [22]),
    ("listblank", [("[{h}]", "encrypt"), ("[{h2}]", "may")], "smtp:[{h}] [{h2}]", [NOTLS, NOTLS], {}, {}, [22]),
    ("listnx", [("[{h}]", "encrypt")], "smtp:[{h}], [no.{d}]", [NOTLS], {}, {}, [123]),
    ("listnxfirst", [("[{h}]", "encrypt")], "smtp:[no.{d}], [{h}]", [NOTLS], {}, {}, [123]),
    ("listnull", [("{d}", "may")], "smtp:null.{d}, [{h}]", [{}], {}, {"dns": ["null.{d}. MX 0 ."]}, [66]),
    ("listbadpolicy", [("[{h}]", "encrypt x=y"), ("[{h2}]", "encrypt")], "smtp:[{h}], [{h2}]", [{}, {}], {}, {}, []),
    ("listbadpolicylast", [("[{h}]", "encrypt x=y"), ("[{h2}]", "encrypt")], "smtp:[{h2}], [{h}]", [{}, NOTLS], {}, {}, []),
    ("listhard", [("[{h}]", "encrypt")], "smtp:[{h}], [{h2}]", [{"starttls": "502 5.5.1 no"}, {}], {}, {}, []),
    ("relayhost", [("[{h}]", "encrypt")], None, [NOTLS], {"relayhost": "[{h}]"}, {}, [7]),
    ("relaydomain", [("relay.{d}", "secure")], None, [({}, {"names": ["relay.{d}"]})], {"relayhost": "relay.{d}"},
     {"dns": ["relay.{d}. MX 10 {h}."]}, [59]),
    ("relaynx", [], None, [], {"relayhost": "[no.{d}]"}, {}, [51]),
    ("relaynxlist", [], None, [], {"relayhost": "[no.{d}], [none.{d}]"}, {}, []),
    ("relaynxmx", [], None, [], {"relayhost": "no.{d}"}, {}, [51]),
    ("transportonly", [], "smtp:", [{}], {"relayhost": "[no.{d}]"}, {}, [56]),
    ("nexthoponly", [("[{h2}]", "encrypt")], ":[{h2}]", [{}, NOTLS], {}, {}, []),
    ("nochange", [], ":", [{}], {}, {}, []),
    ("noservice", [], "nosuch:[{h}]", [{}], {}, {}, []),
    ("error", [], "error:5.7.1 no mail here", [{}], {}, {}, []),
    ("errortext", [], "error:gone fishing", [{}], {}, {}, []),
    ("errorempty", [], "error:", [{}], {}, {}, []),
    ("retry", [], "retry:4.7.9 later", [{}], {}, {}, []),
    ("retrytext", [], "retry:later", [{}], {}, {}, []),
    ("discard", [], "discard:quietly", [{}], {}, {}, []),
    ("fallback", [("[fb.{d}]", "may")], None, [{"refuse": True}, ({}, "good", "fb.{d}")], {"smtp_fallback_relay": "[fb.{d}]"}, {}, []),
    ("fallbacknx", [], None, [{"refuse": True}], {"smtp_fallback_relay": "[no.{d}]"}, {}, [51]),
    ("fallbacknotused", [("{d}", "encrypt")], None, [{"starttls": "502 5.5.1 no"}, ({}, "good", "fb.{d}")], {"smtp_fallback_relay": "[fb.{d}]"}, {}, []),
    ("fallbackdomainnx", [], None, [(NOTLS, "good", "fb.{d}")], {"smtp_fallback_relay": "[fb.{d}]"}, {}, [51]),
    ("fallbacknull", [], None, [({}, "good", "fb.{d}")], {"smtp_fallback_relay": "[fb.{d}]"}, {"dns": ["{d}. MX 0 ."]}, [66]),
    ("fallbackpolicy", [("[fb.{d}]", "encrypt"), ("{d}", "encrypt")], None, [NOTLS, (NOTLS, "good", "fb.{d}")], {"smtp_fallback_relay": "[fb.{d}]"}, {}, []),
    ("mapsstar", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/star"}, {"tables": {"star": ["* smtp:[{h}]"]}}, [57]),
    ("mapsstardomain", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/star"},
     {"tables": {"star": ["* smtp:[no.{d}]", "{d} smtp:[{h}]"]}}, [57]),
    ("mapsdot", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/dot"},
     {"tables": {"dot": [".{d} smtp:[{h}]"]}, "recipient": "a.{d}"}, [58]),
    ("mapsdotself", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/dot"}, {"tables": {"dot": [".{d} smtp:[{h}]"]}}, [58]),
    ("mapsparent", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/dot", "parent_domain_matches_subdomains": "transport_maps"},
     {"tables": {"dot": ["{d} smtp:[{h}]"]}, "recipient": "a.{d}"}, [58]),
    ("mapsaddress", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "texthash:{P}/addr"},
     {"tables": {"addr": ["route-mapsaddress@{d} smtp:[{h}]", "{d} smtp:[no.{d}]"]}}, []),
    ("mapsregexp", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "regexp:{P}/re"}, {"tables": {"re": ["/@route-mapsregexp/ smtp:[{h}]"]}}, [58]),
    ("mapsregexpdomain", [], None, [{}], {"transport_maps": "regexp:{P}/re"}, {"tables": {"re": ["/^route-mapsregexpdomain/ smtp:[no.{d}]"]}}, [58]),
    ("mapsregexpnot", [("[{h}]", "encrypt")], None, [NOTLS], {"transport_maps": "regexp:{P}/re"}, {"tables": {"re": ["!/@/ smtp:[{h}]"]}}, [58]),
    ("mapsregexpsub", [], None, [{}], {"transport_maps": "regexp:{P}/re"}, {"tables": {"re": ["/@(.*)$/ smtp:[$1]"]}}, []),
    ("mapsfail", [], None, [{}], {"transport_maps": "fail:no"}, {}, []),
    ("mapsmissing", [], None, [{}], {"transport_maps": "hash:{P}/nothing"}, {}, []),
    ("defaulttransport", [("[{h}]", "encrypt")], None, [NOTLS], {"default_transport": "smtp:[{h}]"}, {}, []),
    ("defaulterror", [], None, [{}], {"default_transport": "error:5.1.1 nobody"}, {}, []),
    ("relaydomains", [("{d}", "encrypt")], None, [NOTLS], {"relay_domains": "{d}", "relay_recipient_maps": ""}, {}, []),
    ("relaytransport", [("[{h}]", "encrypt")], None, [NOTLS], {"relay_domains": "{d}", "relay_transport": "relay:[{h}]"}, {}, []),
    ("virtualalias", [], None, [{}], {"virtual_alias_domains": "{d}"}, {}, []),
    ("senderrelay", [("[{h2}]", "encrypt")], None, [{}, NOTLS], {"sender_dependent_relayhost_maps": "texthash:{P}/sr"},
     {"tables": {"sr": ["me@sender.test [{h2}]"]}, "sender": "me@sender.test"}, []),
    ("senderrelaydomain", [("[{h2}]", "encrypt")], None, [{}, NOTLS], {"sender_dependent_relayhost_maps": "texthash:{P}/sr", "relayhost": "[no.{d}]"},
     {"tables": {"sr": ["@sender.test [{h2}]"]}, "sender": "me@sender.test"}, []),
    ("senderrelaydunno", [], None, [{}], {"sender_dependent_relayhost_maps": "texthash:{P}/sr"},
     {"tables": {"sr": ["@sender.test DUNNO"]}, "sender": "me@sender.test"}, []),
    ("senderrelayfail", [], None, [{}], {"sender_dependent_relayhost_maps": "fail:no"}, {"sender": "me@sender.test"}, []),
    ("sendernull", [("[{h2}]", "encrypt")], None, [{}, NOTLS], {"sender_dependent_relayhost_maps": "inline:{<>=[{h2}]}"}, {"sender": "<>"}, []),
    ("sendertransport", [("{d}", "may")], None, [NOTLS], {"sender_dependent_default_transport_maps": "inline:{me@sender.test=strict}",
                                                         "smtp_tls_policy_maps": ""},
     {"master": service("strict", "smtp_tls_security_level=encrypt"), "sender": "me@sender.test"}, []),
]

# LMTP to a socket of this machine: name, policy, behaviour.
SOCKETS = [("none", "none", {}), ("nonenotls", "none", NOTLS), ("may", "may", {}), ("maynotls", "may", NOTLS), ("dane", "dane", {}),
           ("daneonly", "dane-only", {}), ("bad", "encrypt x=y", {}), ("nothing", None, {})]

# Chrooted or not: name, chroot, policy, options of the service, surprises.
CHROOT = [
    ("capath", "n", "verify", ["smtp_tls_CAfile=", "smtp_tls_CApath=@LAB@/ca"], []),
    ("capathchroot", "y", "verify", ["smtp_tls_CAfile=", "smtp_tls_CApath=@LAB@/ca"], [109]),
    ("cafilechroot", "y", "verify", [], [109]),
    ("tafilechroot", "y", "verify tafile=@LAB@/ca/m-root.pem", [], [109]),
    ("tablechroot", "y", "encrypt", [], []),
]

# Services of master.cf: name, options of the service "special", program, transport, hosts, policy entries, main.cf, surprises.
SERVICES = [
    ("level", ["smtp_tls_security_level=encrypt"], "smtp", "special:", [NOTLS], [], {}, [121]),
    ("notother", ["smtp_tls_security_level=encrypt"], "smtp", "smtp:", [NOTLS], [], {}, [121]),
    ("braces", ["{ smtp_tls_security_level = encrypt }"], "smtp", "special:", [NOTLS], [], {}, []),
    ("last", ["smtp_tls_security_level=none", "smtp_tls_security_level=encrypt"], "smtp", "special:", [NOTLS], [], {}, []),
    ("table", ["smtp_tls_policy_maps=static:encrypt"], "smtp", "special:", [NOTLS], [("{d}", "none")], {}, []),
    ("notable", ["smtp_tls_policy_maps="], "smtp", "special:", [NOTLS], [("{d}", "encrypt")], {}, []),
    ("expanded", ["mylevel=encrypt"], "smtp", "special:", [NOTLS], [], {"smtp_tls_security_level": "$mylevel", "mylevel": "may"}, []),
    ("badlevel", ["smtp_tls_security_level=strong"], "smtp", "smtp:", [{}], [], {}, []),
    ("port", ["smtp_tcp_port=2525"], "smtp", "special:", [NOTLS], [], {}, []),
    ("lmtp", [], "lmtp", "special:[{h}]:2525", [NOTLS], [("[{h}]:2525", "encrypt")], {}, [46]),
    ("lmtplevel", [], "lmtp", "special:[{h}]:2525", [NOTLS], [], {"smtp_tls_security_level": "encrypt"}, [46]),
    ("lmtpown", [], "lmtp", "special:[{h}]:2525", [NOTLS], [], {"lmtp_tls_security_level": "encrypt"}, [46]),
    ("lmtptable", [], "lmtp", "special:[{h}]:2525", [NOTLS], [("[{h}]:2525", "encrypt")], {"lmtp_tls_policy_maps": "$smtp_tls_policy_maps"}, []),
    ("lmtpinet", [], "lmtp", "special:inet:{h}:2525", [NOTLS], [("{h}:2525", "encrypt")], {"lmtp_tls_policy_maps": "$smtp_tls_policy_maps"}, []),
    ("lmtpdomain", [], "lmtp", "special:{h}:2525", [NOTLS], [], {"lmtp_tls_security_level": "encrypt"}, []),
    ("lmtpundefined", [], "lmtp", "special:[{h}]:2525", [NOTLS], [], {"lmtp_tls_security_level": "$smtp_tls_security_level"}, [140]),
    ("lmtpsecure", [], "lmtp", "special:[{h}]:2525", [{}], [], {"lmtp_tls_security_level": "secure", "lmtp_tls_loglevel": "1", "lmtp_tls_CAfile": "@LAB@/ca/matrix.pem"}, []),
    ("lmtpverify", [], "lmtp", "special:[{h}]:2525", [({}, "wrong")], [], {"lmtp_tls_security_level": "verify", "lmtp_tls_loglevel": "1", "lmtp_tls_CAfile": "@LAB@/ca/matrix.pem"}, []),
]

# IPv6 and both families: name, policy, hosts, main.cf, further keys, surprises.
FAMILIES = [
    ("six", "encrypt", [dict(v4=0, v6=1)], BOTH, {}, []),
    ("sixoff", "encrypt", [dict(v4=0, v6=1)], {}, {}, [64]),
    ("sixoffbackup", "encrypt", [dict(v4=0, v6=1), dict()], {}, {}, []),
    ("fouroff", "encrypt", [dict()], {"inet_protocols": "ipv6", "inet_interfaces": "::1"}, {}, []),
    ("dual", "encrypt", [dict(v6=1)], BOTH, {"unordered": True}, []),
    ("dualprefer4", "encrypt", [dict(v6=1, each=[NOTLS, {}])], dict(BOTH, smtp_address_preference="ipv4"), {}, []),
    ("dualprefer6", "encrypt", [dict(v6=1, each=[NOTLS, {}])], dict(BOTH, smtp_address_preference="ipv6"), {}, []),
    ("dualprefer6bad", "encrypt", [dict(v6=1, each=[{}, {"starttls": "502 5.5.1 no"}])], dict(BOTH, smtp_address_preference="ipv6"), {}, []),
    ("dualany", "encrypt", [dict(v6=1, each=[{}, {"starttls": "502 5.5.1 no"}])], BOTH, {"unordered": True}, []),
    ("balance", "encrypt", [dict(v4=0, v6=6, behaviour=NOTLS), dict()], dict(BOTH, smtp_address_preference="ipv6"), {"unordered": True}, []),
    ("nobalance", "encrypt", [dict(v4=0, v6=6, behaviour=NOTLS), dict()], dict(BOTH, smtp_address_preference="ipv6", smtp_balance_inet_protocols="no"), {"unordered": True}, []),
    ("literal", None, [dict(v4=0, v6=1, behaviour=NOTLS)], BOTH, {"transport": "smtp:[{a}]", "entries": [("[{a}]", "encrypt")]}, []),
    ("literalprefix", None, [dict(v4=0, v6=1, behaviour=NOTLS)], BOTH, {"transport": "smtp:[ipv6:{a}]", "entries": [("[ipv6:{a}]", "encrypt")]}, []),
    ("literalprefixkey", None, [dict(v4=0, v6=1, behaviour=NOTLS)], BOTH, {"transport": "smtp:[IPv6:{a}]", "entries": [("[{a}]", "encrypt")]}, []),
    ("literalport", None, [dict(v4=0, v6=1, port=26, behaviour=NOTLS)], BOTH, {"transport": "smtp:[{a}]:26", "entries": [("[{a}]:26", "encrypt")]}, []),
    ("literaloff", None, [dict(v4=0, v6=1)], {}, {"transport": "smtp:[{a}]"}, []),
    ("bare", None, [dict(v4=0, v6=1)], BOTH, {"transport": "smtp:{a}:25", "entries": [("{a}:25", "encrypt")]}, []),
    ("literalrcpt", None, [dict(v4=0, v6=1, behaviour=NOTLS)], BOTH, {"recipient": "[IPv6:{a}]", "entries": [("[IPv6:{a}]", "encrypt")]}, []),
    ("dane", "dane", [dict(v4=0, v6=1, tlsa="3 1 1")], BOTH, {}, []),
    ("literalip", None, [dict(v4=0, v6=1, cert="ip")], BOTH, {"transport": "smtp:[{a}]", "entries": [("[{a}]", "verify")]}, []),
    ("dualfamilies", "dane", [dict(v6=1, tlsa="!3 1 1")], dict(BOTH, smtp_address_preference="ipv4"), {}, [128]),
]

# Wrapper mode by "-o smtp_tls_wrappermode=yes": name, level, host, further keys, surprises.
WRAPPER = [
    ("encrypt", "encrypt", {}, {}, []),
    ("may", "may", {}, {}, [44]),
    ("none", "none", {}, {}, [44]),
    ("verify", "verify", {}, {}, []),
    ("verifywrong", "verify", {"cert": "wrong"}, {}, []),
    ("fp", "fingerprint match={pin}", {"cert": "self"}, {}, []),
    ("dane", "dane", {"tlsa": "3 1 1"}, {}, []),
    ("danewrong", "dane", {"tlsa": "!3 1 1"}, {}, []),
    ("danenone", "dane", {}, {}, [44]),
    ("daneunusable", "dane", {"tlsa": "1 1 1"}, {}, []),
    ("alert", "encrypt", {"behaviour": ALERT}, {}, []),
    ("close", "encrypt", {"behaviour": {"tls": "close-early"}}, {}, []),
    ("greet554", "encrypt", {"behaviour": {"greeting": "554 5.7.1 no"}}, {}, []),
    ("greet354", "encrypt", {"behaviour": {"greeting": "354 5.7.1 no"}}, {}, []),
    ("helo550", "encrypt", {"behaviour": {"post_ehlo": "502 no", "post_helo": "550 5.7.1 no"}}, {}, []),
    ("plain", "encrypt", {"wrapper": False}, {}, []),
]


def one_host(spec, number, port=25):
    """A behaviour, or (behaviour, certificate[, name])."""
    behaviour, cert, *name = spec if isinstance(spec, tuple) else (spec, "good")
    return host(behaviour, cert, None if name else 10 * number, name=name[0] if name else None, port=port)


def add(book):
    pairs(book)
    for name, policy, hosts, keys, shows in HOSTS:
        hosts = [host(behaviour, pref=pref, **more) for pref, behaviour, more in hosts]
        book.add("mx", name, policy, hosts, shows=shows, **keys)
    for name, entries, transport, hosts, main, keys, shows in ROUTES:
        keys = dict(keys)
        port = keys.pop("port", 25)
        hosts = [one_host(spec, number, port) for number, spec in enumerate(hosts, 1)]
        book.add("route", name, hosts=hosts, entries=entries, transport=transport, main=main, shows=shows, **keys)
    for name, options, program, transport, hosts, entries, main, shows in SERVICES:
        port = 2525 if program == "lmtp" or name == "port" else 25
        hosts = [one_host(spec, number, port) for number, spec in enumerate(hosts, 1)]
        book.add("service", name, hosts=hosts, entries=entries, transport=transport, main=main, shows=shows,
                 master=service("special", *options, program=program), alone=name == "badlevel")
    for name, policy, behaviour in SOCKETS:
        path = f"@LAB@/ca/socket-{name}"
        book.add("socket", name, policy, [host(behaviour, pref=None, path=path, record=False)], nexthop=path, transport=f"lmtp:unix:{path}",
                 main={"lmtp_tls_policy_maps": "$smtp_tls_policy_maps"})
    for name, chroot, policy, options, shows in CHROOT:
        book.add("service", name, policy, transport="special:", master=service("special", *options, chroot=chroot), shows=shows)
    for name, policy, hosts, main, keys, shows in FAMILIES:
        hosts = [host(pref=10 * number, **one) for number, one in enumerate(hosts, 1)]
        book.add("family", name, policy, hosts, main=main, shows=shows, **keys)
    wrapper(book)


def pairs(book):
    for level, policy in PAIR_LEVELS.items():
        for first, one in FIRST.items():
            for second, two in SECOND.items():
                book.add("pair", f"{level}-{first}-{second}", policy, [host(*one), host(*two, pref=20)],
                         shows=PAIR_SURPRISES.get((level, first, second), []))


def wrapper(book):
    special = service("special", "smtp_tls_wrappermode=yes", "smtp_tcp_port=465")
    for name, policy, one, keys, shows in WRAPPER:
        one = dict({"port": 465, "wrapper": True}, **one)
        book.add("wrapper", name, policy, [host(**one)], transport="special:", master=special, shows=shows, **keys)
    unresolved = [host(port=465, wrapper=True), host(pref=20, record=False)]
    book.add("wrapper", "unresolvable", "may", unresolved, transport="special:", master=special, shows=[12, 124])
    book.add("wrapper", "port465", "encrypt", [host(port=465, wrapper=True)], transport="smtp:{d}:465", nexthop="{d}:465", shows=[62])
    book.add("wrapper", "noengine", "encrypt", [host(port=465, wrapper=True)], transport="special:", master=special,
             main={"smtp_tls_CAfile": "@LAB@/ca/m-nothing.pem"}, alone=True, shows=[138])
