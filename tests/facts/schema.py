#!/usr/bin/python3
"""The shipped schema of facts files: what it describes are the members of members.c, and it holds for the facts of the
cases, of the demonstration, and of a journal; what it rejects, the program rejects too."""

import base64
import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.environ.get("abs_top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir") or os.path.join(TOP, "build", "test"), "posttls-audit")
CONFIG = os.path.join(TOP, "tests", "cases", "levels", "may")     # any would do
ID = "ab" * 32
results = []


def ok(passed, name, *why):
    results.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    for line in () if passed else why:
        print("#", line)


def skip(name, why):
    results.append(True)
    print(f"ok {len(results)} - {name} # SKIP {why}")


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


# Against the source: its tables of words and of members.

def initialisers(source, kind):
    """{name: text between the braces} of the tables of a kind."""
    return dict(re.findall(rf"^(?:static )?const struct {kind} (\w+)\[\] = \{{\n(.*?)^\}};", source, re.M | re.S))


def words(text):
    return re.findall(r'"([^"]+)"', text)


def members(text):
    """[(macro, key, further arguments)] of a table of members."""
    return [(macro, key, [a.strip() for a in rest.split(",")]) for macro, key, rest in
            re.findall(r"([A-Z_]+)\(\w+, (\w+)((?:, [^,()]+)*)\)", text)]


def resolved(schema, node):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


TYPES = {"BOOL": "boolean", "NUMBER": "integer", "NUMBER_TO": "integer", "SIGNED": "integer", "TEXT": "string",
         "ADDRESS": "string", "BYTES": "string", "TEXTS": "array", "RECORD": "object", "RECORD_PTR": "object",
         "RECORDS": "array"}
# A table of members.c, its definition in the schema, and what facts_json.c puts before its members.
TABLES = [("profile_members", "profile", []), ("reply_members", "reply", []), ("conversation_members", "conversation", ["fact"]),
          ("dns_record_members", "dns_record", []), ("dns_members", "dns", ["fact"]),
          ("cert_members", "certificate", ["fact", "id"]), ("table_members", "table", ["fact"]),
          ("fetch_members", "fetch", ["fact"])]
WORDS = [("phase_words", "phase"), ("ending_words", "ending"), ("dns_type_words", "dns_type"),
         ("dns_outcome_words", "dns_outcome"), ("table_status_words", "table_status"),
         ("fetch_outcome_words", "fetch_outcome")]


def fits(schema, member, node):
    """The schema's node says of a member what its macro says."""
    macro, _, arguments = member
    node = resolved(schema, node)
    if macro == "WORD":
        return node is schema["$defs"].get(dict(WORDS).get(arguments[-1]))
    if macro == "NUMBER_TO" and str(node.get("maximum")) != arguments[-1]:
        return False
    if macro in ("NUMBER", "NUMBER_TO") and "minimum" not in node:
        return False
    return node.get("type") == TYPES[macro]


def check_source(schema):
    source = read("scanner/facts/members.c")
    names, tables = initialisers(source, "name"), initialisers(source, "member")
    ok(set(names) == {name for name, _ in WORDS}, "every list of words has its definition", set(names))
    for name, definition in WORDS:
        ok(schema["$defs"][definition]["enum"] == words(names.get(name, "")), f"words of {definition}", words(names.get(name, "")))
    ok(set(tables) - {"cert_text_members", "address_members", "want_fetch_members"} == {name for name, _, _ in TABLES}, "every kind of record has its definition", set(tables))
    for name, definition, before in TABLES:
        properties = schema["$defs"][definition]["properties"]
        found = members(tables.get(name, ""))
        ok(list(properties) == before + [key for _, key, _ in found], f"members of {definition}", list(properties), found)
        wrong = [member for member in found if not fits(schema, member, properties.get(member[1], {}))]
        ok(found and not wrong, f"kinds of the members of {definition}", *wrong)
    written = re.findall(r'(?:json_put\(object, |^    \{ )"(\w+)"', read("scanner/facts_file.c"), re.M)
    ok(set(schema["$defs"]["header"]["properties"]) == set(written), "members of the header", written)


# Lines.

HEADER = {"format": "posttls-audit/facts", "format_version": 1, "generator": "posttls-audit 0.1.0",
          "started": "2026-11-20T01:15:00Z", "finished": "2026-11-20T01:15:42Z", "complete": True, "resolver": "127.0.0.1:53",
          "questions_asked": 1, "questions_needed": 2, "conversations_asked": 1, "conversations_needed": 1,
          "allowed": ["192.0.2.0/24", "2001:db8::/32"]}
DESTINATION = {"fact": "destination", "destination": "example.net"}
DNS = {"fact": "dns", "name": "_25._tcp.mx.example.net", "type": "TLSA", "outcome": "answered", "ad": True, "total": 1,
       "records": [{"owner": "_25._tcp.mx.example.net", "type": "TLSA", "rdata_length": 35, "usage": 3, "selector": 1,
                    "matching_type": 1, "data": base64.b64encode(bytes(32)).decode()}]}
CONVERSATION = {"fact": "conversation", "attempts": 1, "phase": "done", "ending": "complete", "certificates": [ID],
                "profile": {"address": "2001:db8::1", "port": 25, "helo_name": "client.example"},
                "greeting": {"code": 220, "text": "220 mx.example.net"}, "when": 1795137300}
CERTIFICATE = {"fact": "certificate", "id": ID, "der": "MAA="}
TABLE = {"fact": "table", "table": "ldap:tls", "key": "example.net", "status": "found", "value": "secure"}
FETCH = {"fact": "fetch", "domain": "example.net", "outcome": "answered", "address": "192.0.2.1", "status": 200,
         "media_type": "text/plain", "body": "version: STSv1\n", "ms": 12, "when": 1795137300}
GONE = object()
SPOILED = [     # name, line, path of the member, its new value
    ("another format", HEADER, "format", "posttls-audit/report"),
    ("another version", HEADER, "format_version", 2),
    ("no start", HEADER, "started", GONE),
    ("a time that is none", HEADER, "finished", "yesterday"),
    ("an address allowed that is none", HEADER, "allowed/0", "example.net/24"),
    ("no destination", DESTINATION, "destination", GONE),
    ("a destination that is a number", DESTINATION, "destination", 5),
    ("no kind of fact", DNS, "fact", GONE),
    ("an unknown kind of fact", DNS, "fact", "weather"),
    ("no name", DNS, "name", GONE),
    ("an unknown type", DNS, "type", "HINFO"),
    ("an unknown outcome", DNS, "outcome", "fine"),
    ("an rcode too large", DNS, "rcode", 4096),
    ("a flag that is a number", DNS, "ad", 1),
    ("records without a total", DNS, "total", GONE),
    ("records that are no list", DNS, "records", {}),
    ("too many records", DNS, "records", [DNS["records"][0]] * 513),
    ("a record without an owner", DNS, "records/0/owner", GONE),
    ("a record's number too large", DNS, "records/0/usage", 256),
    ("a record's number below zero", DNS, "records/0/preference", -1),
    ("an address that is none", DNS, "records/0/address", "mx.example.net"),
    ("data that are not base64", DNS, "records/0/data", "!!"),
    ("no profile", CONVERSATION, "profile", GONE),
    ("a profile without an address", CONVERSATION, "profile/address", GONE),
    ("a profile without a port", CONVERSATION, "profile/port", GONE),
    ("port 0", CONVERSATION, "profile/port", 0),
    ("a security level too high", CONVERSATION, "profile/security_level", 6),
    ("an unknown phase", CONVERSATION, "phase", "tea"),
    ("an unknown ending", CONVERSATION, "ending", "happy"),
    ("a code of four digits", CONVERSATION, "greeting/code", 2200),
    ("a reply that is text", CONVERSATION, "greeting", "220 mx.example.net"),
    ("a certificate's id too short", CONVERSATION, "certificates/0", ID[1:]),
    ("too many certificates", CONVERSATION, "certificates", [ID] * 2401),
    ("a time that is text", CONVERSATION, "when", "now"),
    ("no id", CERTIFICATE, "id", GONE),
    ("an id in capitals", CERTIFICATE, "id", ID.upper()),
    ("no certificate", CERTIFICATE, "der", GONE),
    ("no table", TABLE, "table", GONE),
    ("an unknown status", TABLE, "status", "perhaps"),
    ("found, but no value", TABLE, "value", GONE),
    ("a value, but not found", TABLE, "status", "not-found"),
    ("no domain", FETCH, "domain", GONE),
    ("an empty domain", FETCH, "domain", ""),
    ("an unknown outcome of a request", FETCH, "outcome", "tea"),
    ("an answer without its status", FETCH, "status", GONE),
    ("a status that is none", FETCH, "status", 99),
    ("a body with a redirect", FETCH, "status", 301),
    ("a body that was cut off", FETCH, "outcome", "lost"),
    ("a verification below zero", FETCH, "verify", -1),
]


def spoiled(line, path, value):
    line = copy.deepcopy(line)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = line
    for step in way:
        place = place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return line


def program_reads(scratch, *lines):
    """The program takes a facts file of these lines."""
    name = os.path.join(scratch, "lines.jsonl")
    with open(name, "w", encoding="utf-8") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))
    status = subprocess.run([PROGRAM, "replay", "-c", CONFIG, "--csv", "-", name], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False).returncode
    return {0: True, 1: True, 2: True, 3: True, 65: False}.get(status, status)


def check_lines(validator, scratch):
    good = (HEADER, DESTINATION, DNS, CONVERSATION, TABLE, FETCH)
    wrong = [line for line in (*good, CERTIFICATE) if not validator.is_valid(line)]
    ok(not wrong, "a line of each kind is valid", *wrong)
    ok(program_reads(scratch, *good) is True, "and the program reads it")
    ok(validator.is_valid({**DNS, "weather": "fine"}) and program_reads(scratch, HEADER, {**DNS, "weather": "fine"}) is True,
       "a key may be added")
    for name, line, path, value in SPOILED:
        bad = spoiled(line, path, value)
        ok(not validator.is_valid(bad), f"{name}: not valid", bad)
        lines = [bad] if line is HEADER else [HEADER, bad]
        ok(program_reads(scratch, *lines) is False, f"{name}: the program says so too", bad)


# Files.

def check_file(validator, name, label):
    """Its first line is a header and no other is; gives the lines."""
    with open(name, encoding="utf-8", newline="\n") as file:
        lines = [json.loads(line) for line in file]
    wrong = [f"line {number}: {error.message[:200]}" for number, line in enumerate(lines, 1) for error in validator.iter_errors(line)]
    wrong += [f"line {number} has no place there" for number, line in enumerate(lines, 1) if ("format" in line) != (number == 1)]
    ok(lines and not wrong, label, *wrong[:5])
    return lines


def check_cases(validator):
    cases = sorted(glob.glob(os.path.join(TOP, "tests", "cases", "*", "*", "facts.jsonl")))
    ok(len(cases) > 200, "the cases are found", len(cases))
    for name in cases:
        label = os.path.relpath(os.path.dirname(name), os.path.join(TOP, "tests", "cases"))
        if label == "semantics/not-facts":      # the case of a file that is none
            ok(not validator.is_valid(json.loads(read(name))), f"{label}: not valid")
        else:
            check_file(validator, name, label)


WORLD = [os.path.join(TOP, "tests", "lab", "run-in-world"), "--demo", "--", "sh", "-c", """
    "$1/scripts/demo-scan" "$2" "$3/report.json" --save-facts "$3/facts.jsonl" --progress never -q >"$3/text"
    "$1/scripts/demo-scan" "$2" "$3/short.json" --resume "$3/journal" --deadline 2 --rate 4 --progress never -q >"$3/text"
    "$2" replay -c "$PTA_CONFIG_DIR" --json "$3/replayed.json" "$3/journal"
    test -s "$3/facts.jsonl" && test -s "$3/journal" """, "sh", TOP, PROGRAM]


def reasons(name):
    with open(name, encoding="utf-8") as file:
        return {destination["forecast"]["reason"] for destination in json.load(file)["destinations"]}


def check_demonstration(validator, scratch):
    done = subprocess.run([sys.executable, *WORLD, scratch], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300, check=False)
    if done.stderr.startswith("SKIP"):
        skip("the demonstration", done.stderr.splitlines()[0])
        return
    ok(done.returncode == 0, "the demonstration leaves facts and a journal", *done.stderr.splitlines()[-5:])
    lines = check_file(validator, os.path.join(scratch, "facts.jsonl"), "facts of the demonstration")
    kinds = {line.get("fact") for line in lines[1:]}
    ok(kinds >= {"destination", "dns", "conversation", "certificate"}, "they are of many kinds", kinds)
    unknown = {key for line in lines for key in line} - {key for one in validator.schema["$defs"].values()
                                                          for key in one.get("properties", ())}
    ok(not unknown, "no line has a key that the schema does not know", unknown)
    journal = check_file(validator, os.path.join(scratch, "journal"), "the journal of a run cut short")
    ok(journal[0].get("journal") is True and journal[0].get("allowed") == lines[0].get("allowed") != [],
       "its header tells what was allowed", journal[0])
    found = reasons(os.path.join(scratch, "replayed.json"))
    ok(found and "address-not-allowed" not in found, "so that a replay judges it", found)


def main():
    schema = json.loads(read("reports/facts.schema.json"))
    check_source(schema)
    try:
        import jsonschema
        validator = jsonschema.Draft202012Validator
    except (ImportError, AttributeError):
        skip("lines and files", "python3-jsonschema is not installed")
        return
    validator.check_schema(schema)
    with tempfile.TemporaryDirectory() as scratch:
        check_lines(validator(schema), scratch)
        check_cases(validator(schema))
        check_demonstration(validator(schema), scratch)


main()
print(f"1..{len(results)}")
