"""Which entry of which table is a next-hop's: keys, search order, types of tables, tables that fail."""

from .build import host

NOTLS = {"offer": None, "smtputf8": True}
POLICY = "smtp_tls_policy_maps"

# The host has no TLS: an entry "encrypt" that is found defers the mail (4.7.4), one that is not lets it go.
# Name, entries (key, value), further keys, surprises.
KEYS = [
    ("exact", [("{d}", "encrypt")], {}, []),
    ("uppertable", [("LOOKUP-UPPERTABLE.SEC.TEST", "encrypt")], {}, []),
    ("upperrecipient", [("{d}", "encrypt")], {"recipient": "LOOKUP-UpperRecipient.sec.test"}, []),
    ("dotself", [(".{d}", "encrypt")], {}, [1]),
    ("dotsub", [(".{d}", "encrypt")], {"sub": "a"}, [1]),
    ("dotsubsub", [(".{d}", "encrypt")], {"sub": "a.b"}, [1]),
    ("sub", [("{d}", "encrypt")], {"sub": "a"}, [2]),
    ("dotexactsub", [(".a.{d}", "encrypt")], {"sub": "a"}, [1]),
    ("longest", [(".{d}", "none"), (".b.{d}", "encrypt")], {"sub": "a.b"}, []),
    ("mxname", [("{h}", "encrypt")], {}, [6]),
    ("mxdot", [(".{d}", "encrypt"), ("{h}", "encrypt")], {}, [6]),
    ("star", [("*.{d}", "encrypt")], {"sub": "a"}, [13]),
    ("port25", [("{d}", "encrypt")], {"transport": "smtp:{d}:25"}, [4]),
    ("port25key", [("{d}:25", "encrypt")], {"transport": "smtp:{d}:25"}, [4]),
    ("port25dot", [(".{d}", "encrypt")], {"transport": "smtp:a.{d}:25", "mxsub": "a"}, [4]),
    ("portsmtp", [("{d}:25", "encrypt")], {"transport": "smtp:{d}:smtp"}, [5]),
    ("portsmtpkey", [("{d}:smtp", "encrypt")], {"transport": "smtp:{d}:smtp"}, [5]),
    ("bracket", [("{h}", "encrypt")], {"transport": "smtp:[{h}]"}, [3]),
    ("bracketkey", [("[{h}]", "encrypt")], {"transport": "smtp:[{h}]"}, [3]),
    ("bracketport", [("[{h}]", "encrypt")], {"transport": "smtp:[{h}]:25"}, [3]),
    ("bracketportkey", [("[{h}]:25", "encrypt")], {"transport": "smtp:[{h}]:25"}, [3]),
    ("bracketdot", [(".{d}", "encrypt")], {"transport": "smtp:[{h}]"}, []),
    ("bracketcolon", [("[{h}]:", "encrypt")], {"transport": "smtp:[{h}]:"}, []),
    ("address", [("[{a}]", "encrypt")], {"transport": "smtp:[{a}]"}, []),
    ("addressbare", [("{a}", "encrypt")], {"transport": "smtp:{a}"}, []),
    ("nexthop", [("{d}", "encrypt")], {"transport": "smtp:[{h}]"}, [7]),
    ("case", [("[{h}]", "encrypt")], {"transport": "smtp:[MX1.{d}]"}, []),
    ("relayhost", [("{d}", "encrypt")], {"main": {"relayhost": "[{h}]"}}, [7]),
    ("relayhostkey", [("[{h}]", "encrypt")], {"main": {"relayhost": "[{h}]"}}, [7]),
    ("literalrcpt", [("[{a}]", "encrypt")], {"recipient": "[{a}]"}, []),
    ("list", [("[{h}]", "none"), ("[{h2}]", "encrypt")], {"transport": "smtp:[{h2}], [{h}]", "two": True}, [22]),
    ("trailingdot", [("{d}", "encrypt")], {"transport": "smtp:{d}.", "alone": True}, [14, 65]),
    ("idn", [("b\u00fccher.{d}", "encrypt")], {"recipient": "b\u00fccher.{d}", "dns": ["xn--bcher-kva.{d}. MX 10 {h}."]}, [15]),
    ("idnalabel", [("xn--bcher-kva.{d}", "encrypt")], {"recipient": "b\u00fccher.{d}", "dns": ["xn--bcher-kva.{d}. MX 10 {h}."]}, [15]),
    ("emptyvalue", [("{d}", "")], {}, []),
]

# Name, smtp_tls_policy_maps, files (name: lines), value found, surprises.
TABLES = [
    ("texthash", "texthash:{P}/t", {"t": ["{d} encrypt"]}, []),
    ("hash", "hash:/etc/postfix/t1", {"t1": ["{d} encrypt"]}, [122]),
    ("btree", "btree:/etc/postfix/t2", {"t2": ["{d} encrypt"]}, []),
    ("lmdb", "lmdb:/etc/postfix/t3", {"t3": ["{d} encrypt"]}, []),
    ("cdb", "cdb:/etc/postfix/t4", {"t4": ["{d} encrypt"]}, [122]),
    ("hashdup", "hash:/etc/postfix/t5", {"t5": ["{d} encrypt", "{d} none"]}, [111]),
    ("cdbdup", "cdb:/etc/postfix/t6", {"t6": ["{d} encrypt", "{d} none"]}, [111]),
    ("texthashdup", "texthash:{P}/t7", {"t7": ["{d} encrypt", "{d} none"]}, [111]),
    ("texthashdupother", "texthash:{P}/t8", {"t8": ["{d} encrypt", "x.example none", "x.example may"]}, [111]),
    ("continuation", "texthash:{P}/t9", {"t9": ["{d}", "  encrypt", "\tciphers=high"]}, []),
    ("commentbetween", "texthash:{P}/ta", {"ta": ["{d} encrypt", "  # indented", " ciphers=high"]}, [112]),
    ("comment", "texthash:{P}/tb", {"tb": ["# {d} none", "{d} encrypt"]}, []),
    ("firstindented", "texthash:{P}/tc", {"tc": ["  {d} none", "{d} encrypt"]}, []),
    ("novalue", "texthash:{P}/td", {"td": ["{d}", "other.example none"]}, []),
    ("quoted", "texthash:{P}/te", {"te": ['"{d}" encrypt']}, []),
    ("colon", "texthash:{P}/tf", {"tf": ["{d}: encrypt"]}, []),
    ("valuecomment", "texthash:{P}/tg", {"tg": ["{d} encrypt # secret"]}, [113]),
    ("badutf8", "texthash:{P}/th", {"th": ["{d} encrypt", "\udcff\udcfe.example none"]}, [143]),
    ("missing", "texthash:{P}/nothing", {}, []),
    ("missingdb", "hash:{P}/nothing", {}, [18]),
    ("missinglmdb", "lmdb:{P}/nothing", {}, [18]),
    ("missingsecond", "texthash:{P}/ti, hash:{P}/nothing", {"ti": ["{d} encrypt"]}, [16]),
    ("missingfirst", "hash:{P}/nothing, texthash:{P}/tj", {"tj": ["{d} encrypt"]}, [16]),
    ("unknowntype", "nosuchtype:{P}/t", {}, []),
    ("ldapabsent", "texthash:{P}/tk, nosuchtype:{P}/t", {"tk": ["{d} encrypt"]}, []),
    ("exactbeatsdot", "texthash:{P}/tl, texthash:{P}/tm", {"tl": [".sec.test none"], "tm": ["{d} encrypt"]}, [11]),
    ("firsttable", "texthash:{P}/tn, texthash:{P}/to", {"tn": ["{d} encrypt"], "to": ["{d} none"]}, [11]),
    ("inline", "inline:{{{d}=encrypt}}", {}, [111]),
    ("inlineattr", "inline:{ { {d} = encrypt ciphers=high } }", {}, []),
    ("inlinedup", "inline:{ {d}=none, {d}=encrypt }", {}, [111]),
    ("inlinetwo", "inline:{ x.example=none, {d}=encrypt }", {}, []),
    ("inlineempty", "inline:{}", {}, []),
    ("inlinebad", "inline:{ {d} }", {}, []),
    ("static", "static:encrypt", {}, [110]),
    ("staticbraces", "static:{encrypt ciphers=high}", {}, [110]),
    ("staticnone", "static:none", {}, []),
    ("fail", "fail:sorry", {}, [16]),
    ("failafter", "texthash:{P}/tp, fail:sorry", {"tp": ["{d} encrypt"]}, [16]),
    ("failbefore", "fail:sorry, texthash:{P}/tq", {"tq": ["{d} encrypt"]}, [16]),
    ("regexp", "regexp:{P}/r1", {"r1": ["/^lookup/ encrypt"]}, []),
    ("regexpcase", "regexp:{P}/r2", {"r2": ["/TABLE-REGEXPCASE/ encrypt"]}, [9]),
    ("regexpcaseflag", "regexp:{P}/r3", {"r3": ["/TABLE-REGEXPCASEFLAG/i encrypt"]}, [9]),
    ("regexpdot", "regexp:{P}/r4", {"r4": ["/^\\.sec\\.test$/ encrypt"]}, [10]),
    ("regexptop", "regexp:{P}/r5", {"r5": ["/^\\.test$/ encrypt"]}, [10]),
    ("regexpnot", "regexp:{P}/r6", {"r6": ["!/nothing/ encrypt"]}, []),
    ("regexpif", "regexp:{P}/r7", {"r7": ["if /sec/", "/table/ encrypt", "endif"]}, []),
    ("regexpifindent", "regexp:{P}/r8", {"r8": ["if /sec/", "  /table/ encrypt", "endif"]}, []),
    ("regexpempty", "regexp:{P}/r9", {"r9": ["/table/"]}, [17]),
    ("regexpsub", "regexp:{P}/ra", {"ra": ["/(table)-.*/ encrypt ciphers=high exclude=$1"]}, []),
    ("regexpbad", "regexp:{P}/rb", {"rb": ["/table(/ none", "/table/ encrypt"]}, []),
    ("pcre", "pcre:{P}/p1", {"p1": ["/table-p.re/ encrypt"]}, [114]),
    ("pcrecase", "pcre:{P}/p2", {"p2": ["/TABLE-PCRE/ encrypt"]}, [9]),
    ("pcredot", "pcre:{P}/p3", {"p3": ["/^\\.sec/ encrypt"]}, [10]),
    ("pcreanchor", "pcre:{P}/p4", {"p4": ["/ec.tes/ encrypt"]}, [114]),
    ("pcrelimit", "pcre:{P}/p5", {"p5": ["/^(a?[a-z.-]*)*([a-z.-]+)*#$/ none", "/table/ encrypt"]}, [146]),
    ("pcrelookahead", "pcre:{P}/p6", {"p6": ["/^(?!other).*table/ encrypt"]}, []),
    ("pcreendif", "pcre:{P}/p7", {"p7": ["if /nothing/", "/table/ none", "endif", "/table/ encrypt"]}, []),
    ("pcreinline", "pcre:{{/table/ encrypt}}", {}, []),
    ("regexpinline", "regexp:{{/table/ encrypt}}", {}, []),
    ("cidrname", "cidr:{P}/c1", {"c1": ["0.0.0.0/0 encrypt", "::/0 encrypt"]}, []),
    ("union", "unionmap:{texthash:{P}/u1,texthash:{P}/u2}", {"u1": ["{d} encrypt"], "u2": ["x.example none"]}, [115]),
    ("unionboth", "unionmap:{texthash:{P}/u3,texthash:{P}/u4}", {"u3": ["{d} encrypt"], "u4": ["{d} verify"]}, [115]),
    ("unionattr", "unionmap:{texthash:{P}/u5,texthash:{P}/u6}", {"u5": ["{d} encrypt"], "u6": ["{d} ciphers=high"]}, [115]),
    ("pipe", "pipemap:{texthash:{P}/u7,texthash:{P}/u8}", {"u7": ["{d} strict"], "u8": ["strict encrypt"]}, []),
    ("pipemiss", "pipemap:{texthash:{P}/u9,texthash:{P}/ua}", {"u9": ["{d} strict"], "ua": ["other encrypt"]}, []),
    ("rand", "randmap:{encrypt,verify}", {}, []),
    ("proxy", "proxy:texthash:{P}/x1", {"x1": ["{d} encrypt"]}, []),
    ("notype", "{P}/t", {}, [18]),
    ("sqlite", "sqlite:{P}/s1.cf", {"s1.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' WHERE '%s' = '{d}'"]}, []),
    ("sqlited", "sqlite:{P}/s2.cf", {"s2.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' WHERE '%d' = '{d}'"]}, [116]),
    ("sqlitetwo", "sqlite:{P}/s3.cf", {"s3.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' UNION SELECT 'verify'"]}, [117]),
    ("sqlitebad", "sqlite:{P}/s4.cf", {"s4.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT nothing FROM nowhere"]}, []),
    ("sqlitemissing", "sqlite:{P}/s5.cf", {}, []),
    ("sqlitelabel", "sqlite:{P}/s6.cf", {"s6.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' WHERE '%2' = 'sec'"]}, []),
    ("sqliteformat", "sqlite:{P}/s7.cf", {"s7.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' WHERE '%u' = '{d}'",
                                                    "result_format = %s ciphers=high"]}, []),
    ("sqlitedomain", "sqlite:{P}/s8.cf", {"s8.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt'", "domain = {d}"]}, []),
    ("sqlitelimit", "sqlite:{P}/s9.cf", {"s9.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'encrypt' UNION SELECT 'x'",
                                                   "expansion_limit = 1"]}, []),
    ("sqliteempty", "sqlite:{P}/sa.cf", {"sa.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT ''"]}, []),
    ("sqlitenone", "sqlite:{P}/sb.cf", {"sb.cf": ["dbpath = @LAB@/ca/policy.db", "query = SELECT 'x' WHERE 1 = 2"]}, []),
]

# Name, kind, answers by key, surprises.
SERVERS = [
    ("ok", "socketmap", {"{d}": "OK encrypt"}, []),
    ("miss", "socketmap", {}, []),
    ("dot", "socketmap", {".sec.test": "OK encrypt"}, [10]),
    ("temp", "socketmap", {"{d}": "TEMP later"}, [16]),
    ("timeout", "socketmap", {"{d}": "TIMEOUT later"}, []),
    ("perm", "socketmap", {"{d}": "PERM never"}, []),
    ("malformed", "socketmap", {"{d}": "WHAT"}, []),
    ("close", "socketmap", {"{d}": "close"}, []),
    ("ok", "tcp", {"{d}": "200 encrypt"}, []),
    ("miss", "tcp", {}, []),
    ("error", "tcp", {"{d}": "400 later"}, []),
    ("malformed", "tcp", {"{d}": "nonsense"}, []),
]


def add(book):
    for name, entries, keys, shows in KEYS:
        keys = dict(keys)
        sub, mxsub = keys.pop("sub", None), keys.pop("mxsub", None)
        hosts = [host(NOTLS)] + ([host({"refuse": True}, pref=20)] if keys.pop("two", False) else [])
        if sub or mxsub:
            keys["dns"] = [f"{sub or mxsub}.{{d}}. MX 10 {{h}}."]
        if sub:
            keys["recipient"] = sub + ".{d}"
        book.add("lookup", name, hosts=hosts, entries=entries, shows=shows, **keys)
    for name, maps, files, shows in TABLES:
        book.add("table", name, hosts=[host(NOTLS)], main={POLICY: maps}, tables=files, shows=shows,
                 alone=name in ("notype",))
    for number, (name, kind, answers, shows) in enumerate(SERVERS):
        place = f"127.0.0.4:{7000 + number}"
        suffix = ":policy" if kind == "socketmap" else ""
        book.add("table", f"{kind}-{name}", hosts=[host(NOTLS)], main={POLICY: f"{kind}:{'inet:' if suffix else ''}{place}{suffix}"},
                 table_servers=[(kind, place, answers)], shows=shows)
    book.add("table", "socketmap-refused", hosts=[host(NOTLS)], main={POLICY: "socketmap:inet:127.0.0.4:6999:policy"})
    book.add("table", "tcp-refused", hosts=[host(NOTLS)], main={POLICY: "tcp:127.0.0.4:6999"})
    book.add("table", "proxypersite", hosts=[host(NOTLS)], drop=[POLICY], per_site=[("{d}", "MUST")], alone=True,
             main={"smtp_tls_per_site": "proxy:texthash:{P}/per_site"}, shows=[118])
    book.add("table", "bothmechanisms", hosts=[host(NOTLS)], per_site=[("{d}", "MUST")], shows=[19],
             main={"smtp_tls_per_site": "texthash:{P}/per_site"})
    book.add("table", "persitebad", hosts=[host(NOTLS)], drop=[POLICY], per_site=[("{d}", "encrypt")],
             main={"smtp_tls_per_site": "texthash:{P}/per_site"})
    book.add("table", "persitefail", hosts=[host(NOTLS)], drop=[POLICY], main={"smtp_tls_per_site": "fail:no"})
    book.add("table", "persitedot", hosts=[host(NOTLS)], drop=[POLICY], per_site=[(".sec.test", "MUST")],
             main={"smtp_tls_per_site": "texthash:{P}/per_site"})
