"""Where releases of Postfix differ: the same hosts and configuration, judged as the release before and after a change.

Postfix of other releases is not run; each row names where the change is written down.  "dies" stands for a client that
ends without a word about the message: deferred, without DSN.
"""

from .build import host

NOTLS = {"offer": None}
SENT = "sent 2.0.0 {} mx"                   # TLS word; relay is the first host
VERIFIED, TRUSTED, UNTRUSTED, CLEAR = (SENT.format(word) for word in ("verified", "trusted", "untrusted", "none"))
PROBLEM = "deferred 4.7.5 none none"        # the policy is invalid, or the address passed over
REFUSED = "deferred 4.7.5 {} mx"            # in a session
HANDSHAKE = REFUSED.format("none")
MISMATCH = REFUSED.format("untrusted")
NOT_OFFERED = "deferred 4.7.4 none mx"
DIES = "deferred - none none"
COMPAT311 = {"compatibility_level": "3.11"}
SRV = {"use_srv_lookup": "submission"}
STS = "secure match={h} policy_type=sts policy_domain={d} mx_host_pattern="

# Name, what changed, where that is written, {release: outcome}, policy, hosts, further keys of the row.
ROWS = [
    ("nexthoplist", "a next-hop may be a list", "RELEASE_NOTES-3.5; smtp_connect.c: smtp_connect_inet",
     {"3.4.29": DIES, "3.5.0": TRUSTED}, None, [{}, {}], {"transport": "smtp:[{h}], [{h2}]"}),
    ("srv", "SRV records are looked up", "RELEASE_NOTES-3.8; smtp_addr.c: smtp_service_addr",
     {"3.7.22": "deferred 4.4.1 none none", "3.8.0": TRUSTED}, None, [{"port": 587}],
     {"transport": "smtp:{d}:submission", "main": SRV, "mx": False,
      "dns": ["_submission._tcp.{d}. SRV 0 0 587 {h}.", "{d}. MX 10 away.{d}.", "away.{d}. A 127.0.0.10"]}),
    ("knownports", "known_tcp_ports", "RELEASE_NOTES-3.6; known_tcp_ports.c",
     {"3.5.27": DIES, "3.6.0": TRUSTED}, None, [{"port": 2525}], {"main": {"smtp_tcp_port": "mine", "known_tcp_ports": "mine=2525"}}),
    ("insecuremx34", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.4.19; mail_params.h",
     {"3.4.18": MISMATCH, "3.4.19": TRUSTED}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("insecuremx35", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.5.9; mail_params.h",
     {"3.5.8": MISMATCH, "3.5.9": TRUSTED}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("insecuremx36", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.6.17; mail_params.h",
     {"3.6.16": TRUSTED, "3.6.17": MISMATCH}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("insecuremx37", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.7.13; mail_params.h",
     {"3.7.12": TRUSTED, "3.7.13": MISMATCH}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("insecuremx38", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.8.8; mail_params.h",
     {"3.8.7": TRUSTED, "3.8.8": MISMATCH}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("insecuremx39", "default of smtp_tls_dane_insecure_mx_policy", "HISTORY of 3.9.2; mail_params.h",
     {"3.9.1": TRUSTED, "3.9.2": MISMATCH}, "dane", [{"tlsa": "!3 1 1", "zone": "sec.test"}], {"zone": "insec"}),
    ("floor", "bounds >= and <= of protocols", "RELEASE_NOTES-3.6; tls_misc.c: tls_proto_mask_lims",
     {"3.5.27": HANDSHAKE, "3.6.0": TRUSTED}, "encrypt protocols=>=TLSv1.2", [{}], {}),
    ("compatibility", "compatibility_level may have a minor number", "RELEASE_NOTES-3.6; compat_level.c",
     {"3.5.27": DIES, "3.6.0": TRUSTED}, None, [{}], {"main": {"compatibility_level": "3.6"}}),
    ("digestdefault", "default of smtp_tls_fingerprint_digest", "RELEASE_NOTES-3.6; mail_params.h",
     {"3.5.27": DIES, "3.6.0": VERIFIED}, "fingerprint match={pin}", [{}],
     {"drop": ["smtp_tls_fingerprint_digest"], "main": {"compatibility_level": "3.6"}}),
    ("digestmd5", "compatibility_level keeps the old digest", "RELEASE_NOTES-3.6; mail_params.h",
     {"3.5.27": VERIFIED, "3.6.0": VERIFIED}, "fingerprint match={pin:md5}", [{}], {"drop": ["smtp_tls_fingerprint_digest"]}),
    ("pincolons", "colons in fingerprints may be left out", "RELEASE_NOTES-3.6; tls_fprint.c: tls_digest_byname",
     {"3.5.27": MISMATCH, "3.6.0": VERIFIED}, "fingerprint match={pin:sha256:plain}", [{}], {}),
    ("wildcards", "a wildcard stands for one label", "RELEASE_NOTES-3.6; tls_client.c: add_namechecks",
     {"3.5.27": VERIFIED, "3.6.0": MISMATCH}, "verify", [{"cert": "wildparent"}], {}),
    ("wildcardsoff", "a wildcard stands for one label", "postconf(5): tls_wildcard_matches_multiple_labels",
     {"3.5.27": "deferred 4.7.5 trusted mx", "3.6.0": MISMATCH}, "verify", [{"cert": "wildparent"}],
     {"main": {"tls_wildcard_matches_multiple_labels": "no"}}),
    ("stageb", "a bad selector shows in the handshake", "RELEASE_NOTES-3.6; tls_dane.c: tls_dane_enable",
     {"3.5.27": PROBLEM, "3.6.0": MISMATCH}, "dane-only", [{"tlsa": "3 2 1 " + "00" * 32}], {}),
    ("inlinepcre", "pcre: tables in main.cf", "RELEASE_NOTES-3.7; dict_pcre.c",
     {"3.6.20": PROBLEM, "3.7.0": NOT_OFFERED}, None, [{"behaviour": NOTLS}], {"main": {"smtp_tls_policy_maps": "pcre:{{/release/ encrypt}}"}}),
    ("rpk", "attribute enable_rpk", "RELEASE_NOTES-3.9; smtp_tls_policy.c",
     {"3.8.20": PROBLEM, "3.9.0": TRUSTED}, "encrypt enable_rpk=no", [{}], {}),
    ("pinfallback", "malformed digests of a policy are not made good by main.cf", "HISTORY of 3.9.0; smtp_tls_policy.c",
     {"3.8.20": VERIFIED, "3.9.0": PROBLEM}, "fingerprint match=XYZ", [{}], {"main": {"smtp_tls_fingerprint_cert_match": "{pin}"}}),
    ("braces", "attributes in braces", "RELEASE_NOTES-3.10; smtp_tls_policy.c",
     {"3.9.14": PROBLEM, "3.10.0": VERIFIED}, "secure { match = {h} }", [{}], {}),
    ("policytype", "attributes of MTA-STS", "RELEASE_NOTES-3.10; smtp_tls_policy.c",
     {"3.9.14": PROBLEM, "3.10.0": VERIFIED}, STS + "{h}", [{}], {}),
    ("stspattern", "MX hosts must match the patterns of MTA-STS", "HISTORY of 3.10.5; smtp_tls_policy.c",
     {"3.10.4": VERIFIED, "3.10.5": "deferred 4.3.0 none none"}, STS + "mx.other.example", [{}], {}),
    ("stspatternoff", "smtp_tls_enforce_sts_mx_patterns", "HISTORY of 3.10.5; postconf(5)",
     {"3.10.5": VERIFIED}, STS + "mx.other.example", [{}], {"main": {"smtp_tls_enforce_sts_mx_patterns": "no"}}),
    ("stsstale", "passing over all hosts leaves the reason of another", "smtp_connect.c: smtp_connect_inet",
     {"3.10.4": VERIFIED, "3.10.5": "bounced 5.4.4 none none"}, STS + "mx.other.example", [{}, {"record": False}], {}),
    ("policyfailure", "attribute policy_failure", "RELEASE_NOTES-3.10; tls_client.c",
     {"3.9.14": PROBLEM, "3.10.5": MISMATCH}, STS + "{h} policy_failure=sts-webpki-invalid", [{}], {}),
    ("policyfailurereuse", "attribute policy_failure, not with connection_reuse", "tls_proxy_client_start_proto.h",
     {"3.9.14": PROBLEM, "3.10.5": VERIFIED}, STS + "{h} policy_failure=sts-webpki-invalid connection_reuse=yes", [{}], {"shows": [145]}),
    ("mismatchword36", "a wrong name alone is Untrusted", "HISTORY of 3.6.0; tls_misc.c: tls_log_summary",
     {"3.5.27": "deferred 4.7.5 trusted mx", "3.6.0": MISMATCH}, "verify", [{"cert": "wrong"}], {}),
    ("mismatchword310", "a wrong name alone is Trusted", "HISTORY of 3.10.4; tls_verify.c",
     {"3.10.3": MISMATCH, "3.10.4": "deferred 4.7.5 trusted mx"}, "verify", [{"cert": "wrong"}], {}),
    ("defaultlevel", "default of smtp_tls_security_level", "RELEASE_NOTES-3.11; mail_params.h",
     {"3.10.13": CLEAR, "3.11.0": TRUSTED}, None, [{}], {"drop": ["smtp_tls_security_level"], "main": COMPAT311}),
    ("defaultlevelold", "compatibility_level keeps the old default", "COMPATIBILITY_README; mail_params.h",
     {"3.10.13": CLEAR, "3.11.0": CLEAR}, None, [{}], {"drop": ["smtp_tls_security_level"]}),
    ("enforcetls", "smtp_enforce_tls does not stand against the new default", "COMPATIBILITY_README; smtp_tls_policy.c: global_tls_level",
     {"3.10.13": MISMATCH.replace("untrusted", "trusted"), "3.11.0": TRUSTED}, None, [{"cert": "wrong"}],
     {"drop": ["smtp_tls_security_level"], "main": dict(COMPAT311, smtp_enforce_tls="yes"), "shows": [50]}),
    ("emptytlsa", "a TLSA record without data is unusable", "HISTORY of 3.8.18; tls_dane.c",
     {"3.8.17": DIES, "3.8.18": TRUSTED, "3.9.11": DIES, "3.9.12": TRUSTED, "3.10.10": DIES, "3.10.11": TRUSTED,
      "3.11.3": DIES, "3.11.4": TRUSTED}, "dane", [{}], {"faults": [("_25._tcp.{h}", "TLSA", "rdata:030101")]}),
    ("longline", "an endless reply line ends the session", "HISTORY of 3.8.18; smtp_stream.c: smtp_get",
     {"3.8.17": NOT_OFFERED, "3.8.18": "deferred 4.4.2 none mx", "3.11.3": NOT_OFFERED, "3.11.4": "deferred 4.4.2 none mx"}, "encrypt",
     [{"behaviour": {"ehlo": "verylong"}}], {}),
    ("proxy", "a proxied table that is not permitted fails its lookups", "HISTORY of 3.11.0; dict_proxy.c",
     {"3.10.13": DIES, "3.11.0": "deferred 4.3.0 none none"}, None, [{}],
     {"drop": ["smtp_tls_policy_maps"], "per_site": [("{d}", "MAY")], "main": {"smtp_tls_per_site": "proxy:texthash:{P}/per_site"}}),
]


def add(book):
    for name, topic, source, outcomes, policy, hosts, keys in ROWS:
        keys = dict(keys)
        if any(release.startswith(("3.4.", "3.5.")) for release in outcomes):       # theirs is a whole number
            keys["main"] = dict({"compatibility_level": "2"}, **keys.get("main", {}))
        hosts = [host(pref=10 * number, **one) for number, one in enumerate(hosts, 1)]
        book.add("release", name, policy, hosts, alone=True, desc=f"{topic} ({source})", **keys)
        book.scenarios[-1]["outcomes"] = outcomes
