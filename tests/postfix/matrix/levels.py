"""Every level against every behaviour of a mail host, and how a level comes about."""

from .build import host

# Column: policy value, TLSA records of the host, further keys of the row.
LEVELS = {
    "none": ("none", (), {}),
    "may": ("may", (), {}),
    "encrypt": ("encrypt", (), {}),
    "fp": ("fingerprint match={pin}", (), {}),
    "dane": ("dane", ("3 1 1",), {}),
    "danenone": ("dane", (), {}),
    "daneunus": ("dane", ("1 1 1",), {}),
    "daneunus2": ("dane", ("3 2 1 " + "ab" * 32,), {}),
    "daneta": ("dane", ("2 0 1",), {}),
    "half": ("dane", ("3 1 1",), {"zone": "insec", "main": {"smtp_tls_dane_insecure_mx_policy": "dane"}}),
    "daneonly": ("dane-only", ("3 1 1",), {}),
    "onlynone": ("dane-only", (), {}),
    "verify": ("verify", (), {}),
    "secure": ("secure match=nexthop:hostname", (), {}),
}
# The level of the policy, where the name of the column is another.
AIMS = {"fp": "fingerprint", "danenone": "dane", "daneunus": "dane", "daneunus2": "dane", "daneta": "dane", "half": "half-dane",
        "daneonly": "dane-only", "onlynone": "dane-only"}
# Where losing the TLS session makes first and later attempts differ.
OPPORTUNISTIC = ("may", "danenone")

# Row: behaviour of the only host, its certificate, surprises it shows by level ("": at all of them).
BEHAVIOURS = {
    "ok": ({}, "good", {"encrypt": [108]}),
    "nostls": ({"offer": None}, "good", {}),
    "st454": ({"starttls": "454 4.7.0 TLS not available"}, "good", {}),
    "st421": ({"starttls": "421 4.3.2 going down"}, "good", {"may": [134]}),
    "st502": ({"starttls": "502 5.5.1 unknown"}, "good", {"encrypt": [67], "may": [68]}),
    "st354": ({"starttls": "354 go on"}, "good", {"encrypt": [73]}),
    "st250": ({"starttls": "250 2.0.0 fine"}, "good", {}),
    "stclose": ({"starttls": "close"}, "good", {"may": [69]}),
    "strst": ({"starttls": "rst"}, "good", {}),
    "sthang": ({"starttls": "hang"}, "good", {}),
    "stgarbage": ({"starttls": "what?"}, "good", {}),
    "stinject": ({"starttls": "inject"}, "good", {}),
    "hsalert": ({"tls": "alert"}, "good", {}),
    "hsclose": ({"tls": "close"}, "good", {}),
    "hsearly": ({"tls": "close-early"}, "good", {}),
    "hsgarbage": ({"tls": "garbage"}, "good", {}),
    "hshang": ({"tls": "hang"}, "good", {}),
    "hsrst": ({"tls": "rst"}, "good", {}),
    "tls10": ({"max": "1.0"}, "good", {"verify": [105]}),
    "tls11": ({"max": "1.1"}, "good", {}),
    "tls12": ({"max": "1.2"}, "good", {}),
    "tls13": ({"min": "1.3"}, "good", {}),
    "anon": ({"nocert": True, "max": "1.2", "ciphers": "aNULL:@SECLEVEL=0"}, "good", {"encrypt": [79]}),
    "noname": ({}, "wrong", {"encrypt": [80], "dane": [88], "fp": [130]}),
    "selfsigned": ({}, "self", {"encrypt": [80]}),
    "stranger": ({}, "stranger", {"may": [107]}),
    "expired": ({}, "expired", {"encrypt": [80], "dane": [88]}),
    "ccreq13": ({"clientcert": "require", "min": "1.3"}, "good", {"encrypt": [136]}),
    "ccreq12": ({"clientcert": "require", "max": "1.2"}, "good", {}),
    "ccask": ({"clientcert": "ask"}, "good", {}),
    "refused": ({"refuse": True}, "good", {}),
    "greet554": ({"greeting": "554 5.7.1 no"}, "good", {"may": [71]}),
    "greet421": ({"greeting": "421 4.3.2 no"}, "good", {}),
    "greet354": ({"greeting": "354 what"}, "good", {"may": [73]}),
    "greetclose": ({"greeting": "close"}, "good", {}),
    "greethang": ({"greeting": "hang"}, "good", {}),
    "greettext": ({"greeting": "SSH-2.0-OpenSSH_9.2"}, "good", {}),
    "greetstars": ({"greeting": "220 ****************"}, "good", {"encrypt": [77]}),
    "ehlo502": ({"ehlo": "502 5.5.1 no"}, "good", {"encrypt": [76, 78]}),
    "ehlo450": ({"ehlo": "450 4.5.0 no"}, "good", {}),
    "ehlo421": ({"ehlo": "421 4.3.2 no"}, "good", {}),
    "ehloclose": ({"ehlo": "close"}, "good", {}),
    "helo550": ({"ehlo": "502 5.5.1 no", "helo": "550 5.7.1 no"}, "good", {"may": [72]}),
    "helo450": ({"ehlo": "502 5.5.1 no", "helo": "450 4.7.1 no"}, "good", {}),
    "ehlolong": ({"ehlo": "verylong"}, "good", {"encrypt": [133], "may": [133]}),
    "tehlo421": ({"post_ehlo": "421 4.3.2 no"}, "good", {}),
    "tehlo502": ({"post_ehlo": "502 5.5.1 no"}, "good", {}),
    "tehloclose": ({"post_ehlo": "close"}, "good", {}),
    "thelo550": ({"post_ehlo": "502 5.5.1 no", "post_helo": "550 5.7.1 no"}, "good", {}),
    "thelo450": ({"post_ehlo": "502 5.5.1 no", "post_helo": "450 4.7.1 no"}, "good", {}),
    "tclose": ({"tls": "close-after"}, "good", {}),
    "trst": ({"tls": "rst-after"}, "good", {}),
}

# Four hosts that tell all levels apart at the first attempt of new mail: the first one's TLS is broken (enough for
# none), the second has no TLS (enough for may), the third the wrong name (encrypt), the fourth its own name (verify).
LADDER = [({"tls": "alert"}, "good"), ({"offer": None}, "good"), ({}, "wrong"), ({}, "good")]


def ladder(**more):
    return [host(behaviour, cert, pref=10 * number, **more) for number, (behaviour, cert) in enumerate(LADDER, 1)]


PER_SITE = ("", "NONE", "MAY", "MUST_NOPEERMATCH", "MUST")
SHORT = {"": "x", "NONE": "none", "MAY": "may", "MUST_NOPEERMATCH": "npm", "MUST": "must"}
PER_SITE_GLOBALS = ("none", "may", "encrypt", "verify", "secure", "dane")
PER_SITE_SURPRISES = {("encrypt", "MAY", ""): [20], ("may", "NONE", "MAY"): [21], ("may", "NONE", "MUST"): [21]}

# Name, main.cf, parameters to drop, policy value, surprises.
GLOBALS = [
    ("use", {"smtp_use_tls": "yes"}, ["smtp_tls_security_level"], None, []),
    ("enforce", {"smtp_enforce_tls": "yes"}, ["smtp_tls_security_level"], None, []),
    ("enforcenopeer", {"smtp_enforce_tls": "yes", "smtp_tls_enforce_peername": "no"}, ["smtp_tls_security_level"], None, []),
    ("useenforce", {"smtp_use_tls": "yes", "smtp_enforce_tls": "yes"}, ["smtp_tls_security_level"], None, []),
    ("peernameonly", {"smtp_tls_enforce_peername": "yes"}, ["smtp_tls_security_level"], None, []),
    ("nothing", {}, ["smtp_tls_security_level"], None, []),
    ("emptyuse", {"smtp_tls_security_level": "", "smtp_use_tls": "yes"}, [], None, [41]),
    ("emptyenforce", {"smtp_tls_security_level": "", "smtp_enforce_tls": "yes"}, [], None, [41]),
    ("mayenforce", {"smtp_tls_security_level": "may", "smtp_enforce_tls": "yes"}, [], None, []),
    ("noneuse", {"smtp_tls_security_level": "none", "smtp_use_tls": "yes"}, [], None, []),
    ("upper", {"smtp_tls_security_level": "ENCRYPT"}, [], None, []),
    ("none", {"smtp_tls_security_level": "none"}, [], None, []),
    ("may", {"smtp_tls_security_level": "may"}, [], None, []),
    ("encrypt", {"smtp_tls_security_level": "encrypt"}, [], None, []),
    ("verify", {"smtp_tls_security_level": "verify"}, [], None, []),
    ("secure", {"smtp_tls_security_level": "secure"}, [], None, []),
    ("dane", {"smtp_tls_security_level": "dane"}, [], None, []),
    ("daneonly", {"smtp_tls_security_level": "dane-only"}, [], None, []),
    ("fp", {"smtp_tls_security_level": "fingerprint", "smtp_tls_fingerprint_cert_match": "{pin4}"}, [], None, []),
    ("secure-none", {"smtp_tls_security_level": "secure"}, [], "none", [42]),
    ("secure-may", {"smtp_tls_security_level": "secure"}, [], "may", [20]),
    ("encrypt-may", {"smtp_tls_security_level": "encrypt"}, [], "may", [20]),
    ("none-encrypt", {"smtp_tls_security_level": "none"}, [], "encrypt", []),
    ("none-verify", {"smtp_tls_security_level": "none"}, [], "verify", []),
    ("fp-dane", {"smtp_tls_security_level": "fingerprint", "smtp_tls_fingerprint_cert_match": "{pin4}"}, [], "dane", []),
    ("bad", {"smtp_tls_security_level": "strong"}, [], None, [40]),
    ("badmatch", {"smtp_tls_security_level": "encrypt match=x"}, [], None, [40]),
    ("lookupoff", {"smtp_dns_support_level": "enabled", "smtp_tls_security_level": "dane"}, [], None, [43]),
    ("lookupoffonly", {"smtp_dns_support_level": "enabled", "smtp_tls_security_level": "dane-only"}, [], None, []),
]


def add(book):
    for level, (policy, tlsa, keys) in LEVELS.items():
        for name, (behaviour, cert, shows) in BEHAVIOURS.items():
            for fresh in (False, True) if level in OPPORTUNISTIC else (False,):
                one = host(behaviour, cert, tlsa=tlsa, zone="sec.test" if level == "half" else None)
                book.add("level", f"{level}-{name}{'-fresh' if fresh else ''}", policy, [one], fresh=fresh, aim=AIMS.get(level, level),
                         desc=f"{level}: {name}{', new mail' if fresh else ''}", shows=shows.get(level, []), **keys)
    per_site(book)
    for name, main, drop, policy, shows in GLOBALS:
        book.add("global", name, policy, ladder(), main=main, drop=drop, shows=shows, fresh=True,
                 alone=name.startswith("bad"))


def per_site(book):
    for level in PER_SITE_GLOBALS:
        for dest in PER_SITE:
            for other in PER_SITE:
                entries = [("{d}", dest)] if dest else []
                if other:
                    entries += [(key, other) for key in ("{h}", "{h2}", "{h3}", "{h4}")]
                book.add("persite", f"{level}-{SHORT[dest]}-{SHORT[other]}", hosts=ladder(), per_site=entries, fresh=True,
                         main={"smtp_tls_security_level": level, "smtp_tls_per_site": "texthash:{P}/per_site"},
                         drop=["smtp_tls_policy_maps"], shows=PER_SITE_SURPRISES.get((level, dest, other), []))
