#!/usr/bin/python3
"""Each constant of probes/limits.h, and of what the facts keep of what a peer sends, has a test at it and past it: here is where.
One that has none, and one that is gone, fail."""

import os
import re
import sys

TOP = os.environ.get("abs_top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

FACTS = ("conversation.h", "dns.h", "policy_fetch.h", "certs.h")
TESTS = {   # constant: where, and what stands there, when that is not its name
    "LIMIT_LINE_BYTES": ("tests/probes/test_limits.c", None),
    "LIMIT_REPLY_BYTES": ("tests/probes/test_limits.c", None),
    "LIMIT_SESSION_BYTES": ("tests/probes/test_limits.c", None),
    "LIMIT_CERT_LIST": ("tests/hostile/cases.py", "size=102400 - 9"),
    "LIMIT_TLS_BYTES": ("tests/hostile/cases.py", '"10000 session tickets", "unknown", "probe-cut-short", says="TLS records"'),
    "LIMIT_TURN_BYTES": ("tests/probes/test_limits.c", None),
    "LIMIT_QUIT_SECONDS": ("tests/probes/test_smtp_session.c", "no answer to QUIT is no fact"),
    "LIMIT_SESSION_SECONDS": ("tests/probes/test_limits_time.c", None),
    "LIMIT_FETCH_SECONDS": ("tests/probes/test_limits_time.c", None),
    "LIMIT_FETCH_CONNECT": ("tests/probes/test_limits_time.c", None),
    "LIMIT_FETCH_HEADERS": ("tests/probes/test_https_fetch.c", "headers without end"),
    "LIMIT_DNS_SOCKETS": ("tests/probes/test_limits.c", None),
    "LIMIT_DNS_MESSAGE": ("tests/probes/test_limits.c", None),
    "LIMIT_SHORTAGE_MS": ("tests/probes/test_limits_time.c", None),
    "LIMIT_DNS_IGNORED": ("tests/probes/test_limits.c", None),
    "LIMIT_NATIVE_THREADS": ("tests/probes/test_limits.c", None),
    "LIMIT_NATIVE_SECONDS": ("tests/probes/test_limits_time.c", None),
    "LIMIT_RECORD_BYTES": ("tests/probes/test_record.c", None),
    "LIMIT_CHANNEL_SOON": ("tests/probes/test_limits.c", None),
    "LIMIT_CHANNEL_BYTES": ("tests/probes/test_limits.c", None),
    "LIMIT_SUSPECTS": ("tests/scanner/test_schedule.c", None),
    "LIMIT_SILENCE_MS": ("tests/probes/test_limits_time.c", None),
    "REPLY_TEXT_MAX": ("tests/wire/test_smtp_reply.c", None),
    "CONVERSATION_CERTIFICATES_MAX": ("tests/probes/test_limits.c", None),
    "DNS_RECORDS_MAX": ("tests/facts/test_facts_json.c", None),
    "DNS_TLSA_DATA_MAX": ("tests/facts/test_facts_json.c", None),
    "POLICY_BODY_MAX": ("tests/probes/test_https_fetch.c", "as large as it may be"),
    "MEDIA_TYPE_MAX": ("tests/probes/test_https_fetch.c", "a media type of one byte more"),
    "FETCH_ADDRESSES_MAX": ("tests/facts/test_wants.c", None),
    "CERT_DER_MAX": ("tests/facts/test_facts_json.c", None),
    "CERT_NAMES_MAX": ("tests/wire/test_x509_facts.c", None),
    "LIMIT_CALL_MS": ("tests/probes/test_limits_time.c", None),
}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as stream:
        return stream.read()


def main():
    defined = re.findall(r"^#define (LIMIT_\w+)", read("probes/limits.h"), re.M)
    for header in FACTS:
        defined += re.findall(r"^#define (\w+_MAX)\b", read(f"scanner/facts/{header}"), re.M)
    failures = 0
    for number, name in enumerate(sorted(set(defined) | set(TESTS)), 1):
        path, words = TESTS.get(name, (None, None))
        good = name in defined and path is not None and (words or name) in read(path)
        failures += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}: {path or 'no test'}")
    print(f"1..{len(set(defined) | set(TESTS))}")
    sys.exit(failures > 0)


main()
