"""A sketch of what was observed, written by hand, becomes the lines of a facts file.

A sketch is a dictionary:

    destinations   list of texts
    dns            list of lines, "NAME TYPE DATA[, DATA ...] [WORD ...]"
    servers        list of dictionaries, see server()
    tables         list of [table, key, status, text]: what live tables answered
    policies       list of dictionaries, members of a "fetch" fact: what policy hosts of MTA-STS served; "body" may be a list
                   of lines
    dnssec         true: every answer is DNSSEC-secure
    started        RFC 3339, when not the usual one

DATA is an address, "PREFERENCE HOST", a host (CNAME), "PRIORITY WEIGHT PORT HOST" (SRV), "USAGE SELECTOR MATCHING OF"
(TLSA, OF a certificate's name, or hex digits), a text in double quotes (TXT), an rcode (NXDOMAIN SERVFAIL ...), NODATA, or one of the outcomes of
OUTCOMES. WORDS: secure, insecure, distant (the resolver is not on this machine), unparsable, "total=N", "error=TEXT".
"""

import base64
import copy
import hashlib
import json
import os
import re

COMMON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "common")
STARTED = "2026-06-01T00:00:00Z"
RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
OUTCOMES = {"TIMEOUT": "timeout", "NO-RESOLVER": "no-resolver", "CUT-SHORT": "cut-short", "CRASHED": "crashed",
            "EXCLUDED": "excluded"}

# How Postfix 3.7 holds a conversation when main.cf says nothing of it; what the level changes. See conversation.h.
PROFILE = {"port": 25, "helo_name": "client.example.net", "pix_no_esmtp": True, "line_limit": 2048, "connect_timeout": 30,
           "helo_timeout": 300, "starttls_timeout": 300, "min_version": 0x0301, "options": 0x80000850,
           "ciphers": "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", "groups": "X25519 X448 prime256v1 secp521r1 secp384r1"}
NO_SSLV3 = 0x02000000
MATCHING = ("fingerprint", "half-dane", "dane", "dane-only", "verify", "secure")

GREETING = {"code": 220, "text": "220 {h} ESMTP"}
EHLO = {"code": 250, "text": "250-{h}\n250-STARTTLS\n250 8BITMIME"}
EHLO_PLAIN = {"code": 250, "text": "250-{h}\n250 8BITMIME"}
READY = {"code": 220, "text": "220 2.0.0 ready", "dsn": "2.0.0"}
GREETED = {"attempts": 1, "greeting": GREETING, "esmtp_in_greeting": True}
HEARD = dict(GREETED, ehlo=EHLO, ehlo_host="{h}", starttls_offered=True)
TALKED = dict(HEARD, starttls=READY)
IN_TLS = dict(TALKED, established=True, protocol="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", bits=256, group="X25519")

# What a server does, by name: members of a conversation; {h} is the name it greets with.
BEHAVIOURS = {
    "good": dict(IN_TLS, phase="tls-ehlo", ending="complete", tls_ehlo=EHLO_PLAIN),
    "plain": dict(GREETED, phase="ehlo", ending="complete", ehlo=EHLO_PLAIN, ehlo_host="{h}"),
    "connect-refused": {"attempts": 1, "phase": "connect", "ending": "connect-failed", "error": "Connection refused"},
    "connect-timeout": {"attempts": 1, "phase": "connect", "ending": "connect-timeout"},
    "bind-failed": {"attempts": 1, "phase": "connect", "ending": "bind-failed", "error": "Cannot assign requested address"},
    "no-greeting": {"attempts": 1, "phase": "greeting", "ending": "timeout"},
    "handshake-failed": dict(TALKED, phase="handshake", ending="tls-failed", error="sslv3 alert handshake failure"),
    "starttls-lost": dict(HEARD, phase="starttls", ending="lost"),
    "ehlo-lost": dict(GREETED, phase="ehlo", ending="lost"),
    "tls-ehlo-lost": dict(IN_TLS, phase="tls-ehlo", ending="lost"),
    "cut-short": dict(HEARD, phase="starttls", ending="cut-short", error="no reply for 60 seconds"),
}
for unseen in ("crashed", "excluded", "interrupted", "deadline", "local", "not-allowed"):
    BEHAVIOURS[unseen] = {"attempts": 1, "phase": "connect", "ending": unseen}


def certificates():
    """Facts of the shared certificates, by name."""
    with open(os.path.join(COMMON, "certificates.jsonl"), encoding="ascii") as stream:
        facts = [json.loads(line) for line in stream]
    return {fact["name"]: fact for fact in facts if "name" in fact}


def _tlsa(words, known):
    usage, selector, matching, of = words
    if of in known:
        data = base64.b64decode(known[of]["spki" if selector == "1" else "der"])
        data = {"0": bytes, "1": lambda d: hashlib.sha256(d).digest(),
                "2": lambda d: hashlib.sha512(d).digest()}[matching](data)
    else:
        data = bytes.fromhex(of)
    return {"rdata_length": 3 + len(data), "usage": int(usage), "selector": int(selector),
            "matching_type": int(matching), "data": base64.b64encode(data).decode()}


def _data(kind, text, known):
    words = text.split()
    if kind in ("A", "AAAA"):
        return {"address": words[0]}
    if kind == "MX":
        return {"target": "" if words[1] == "." else words[1], "preference": int(words[0])}
    if kind == "CNAME":
        return {"target": words[0]}
    if kind == "TXT":
        return {"text": text.strip('"')}
    if kind == "SRV":
        return {"target": words[3], "preference": int(words[0]), "weight": int(words[1]), "port": int(words[2])}
    return _tlsa(words, known)


def _record(owner, kind, text, known):
    """One record; "CNAME HOST" among the data of another type is an alias on the way."""
    if text.startswith("CNAME "):
        return {"owner": owner, "type": "CNAME", "target": text.split()[1]}
    if text == "MALFORMED":
        return {"owner": owner, "type": kind, "malformed": True}
    return {"owner": owner, "type": kind, **_data(kind, text, known)}


def dns(line, dnssec, known):
    """One fact of one line of a sketch."""
    name, kind, rest = line.split(None, 2)
    fact = {"fact": "dns", "name": name.lower(), "type": kind, "outcome": "answered", "ad": dnssec, "loopback": True}
    if " error=" in rest:
        rest, _, fact["error"] = rest.partition(" error=")
    words = rest.split()
    while words and (words[-1] in ("secure", "insecure", "distant", "unparsable") or words[-1].startswith("total=")):
        word = words.pop()
        if word.startswith("total="):
            fact["total"] = int(word[6:])
        elif word == "distant":
            fact["loopback"] = False
        elif word == "unparsable":
            fact["unparsable"] = True
        else:
            fact["ad"] = word == "secure"
    rest = " ".join(words)
    if rest in OUTCOMES:
        fact.update(outcome=OUTCOMES[rest], ad=False)
    elif rest in RCODES:
        fact.update(rcode=RCODES[rest], ad=fact["ad"] and rest == "NXDOMAIN")
    elif rest != "NODATA" and rest:
        fact["records"] = []
        owner = name
        for text in re.findall(r'"[^"]*"|[^",]+', rest) if kind == "TXT" else rest.split(","):
            if not text.strip():
                continue
            record = _record(owner, kind, text.strip(), known)
            owner = record["target"] if record["type"] == "CNAME" and kind != "CNAME" else owner
            fact["records"].append(record)
        fact.setdefault("total", len(fact["records"]))
    return {key: value for key, value in fact.items() if value is not False}


def _named(value, name):
    if isinstance(value, str):
        return value.replace("{h}", name)
    if isinstance(value, dict):
        return {key: _named(inner, name) for key, inner in value.items()}
    return value


def profile(server):
    level = server.get("level", "may")
    made = {"address": server["address"], **PROFILE}
    if level != "may":
        made["ciphers"] += ":!eNULL" if level == "encrypt" else ":!aNULL"
    if level in MATCHING:
        made["security_level"] = 1
    if level in ("dane", "half-dane", "dane-only"):
        made["options"] += NO_SSLV3
        made["sni"] = server["name"]
    made.update(server.get("profile", {}))
    return {key: value for key, value in made.items() if value is not None}


def server(entry, known):
    """A conversation: address, name, level (in force, default may), does (of BEHAVIOURS, default good), chain (names of
    certificates), and what differs: profile and seen, dictionaries of members; null takes a member away."""
    name = entry["name"]
    seen = _named(copy.deepcopy(BEHAVIOURS[entry.get("does", "good")]), name)
    if seen.get("established"):
        seen["certificates"] = [known[c]["id"] for c in entry.get("chain", ["mx"])]
    seen.update(entry.get("seen", {}))
    return {"fact": "conversation", "profile": profile(entry),
            **{key: value for key, value in seen.items() if value is not None}}


def policy(entry):
    """What came of a request for an MTA-STS policy; a good one when nothing else is said."""
    fact = {"outcome": "answered", "status": 200, "media_type": "text/plain", **entry}
    if isinstance(fact.get("body"), list):
        fact["body"] = "".join(line + "\n" for line in fact["body"])
    if fact["outcome"] != "answered":
        fact["status"] = fact["media_type"] = fact["body"] = None
    return {"fact": "fetch", **{key: value for key, value in fact.items() if value is not None}}


def table(row):
    name, key, status, text = row
    return {"fact": "table", "table": name, "key": key, "status": status,
            **({"value" if status == "found" else "error": text} if text is not None else {})}


def facts(sketch):
    """The lines of the facts file."""
    known = certificates()
    started = sketch.get("started", STARTED)
    lines = [{"format": "posttls-audit/facts", "format_version": 1, "generator": "tests/cases", "started": started,
              "finished": started, "complete": sketch.get("complete", True), "resolver": "127.0.0.1:53"}]
    lines += [{"fact": "destination", "destination": text} for text in sketch["destinations"]]
    lines += [table(row) for row in sketch.get("tables", [])]
    lines += [dns(line, sketch.get("dnssec", False), known) for line in sketch.get("dns", [])]
    lines += [policy(entry) for entry in sketch.get("policies", [])]
    lines += [server(entry, known) for entry in sketch.get("servers", [])]
    return "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
