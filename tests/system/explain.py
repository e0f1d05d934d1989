#!/usr/bin/env python3
"""explain without the network: the story, the JSON report with its lookups, the exit status. Every key that is asked for in
every table is told, with its answer."""
import json
import os
import subprocess
import tempfile

TOP = os.environ.get("abs_top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir") or TOP, "posttls-audit")
MAIN_CF = """compatibility_level = 3.6
myhostname = client.example.net
mydestination =
transport_maps = texthash:$config_directory/transport, regexp:$config_directory/rules
smtp_tls_policy_maps = texthash:$config_directory/tls_policy, inline:{ {late.example = encrypt} }
"""
FILES = {
    "main.cf": MAIN_CF,
    "master.cf": "smtp unix - - n - - smtp\nerror unix - - n - - error\nlocal unix - n n - - local\n",
    "transport": "away.example error:5.7.1 gone\n",
    "rules": "/nothing/ smtp:\n",
    "tls_policy": "bank.example secure match=nexthop:dot-nexthop:mx.bank.example\ntypo.example secrue\n.example may\n",
}
# Destinations, options, exit status, words that the story has, words that it has not.
STORIES = [
    (["user@bank.example"], [], 0,
     ["address      user@bank.example", "transport_maps, key \"user@bank.example\": not found in",
      "to match     bank.example, .bank.example (any name below), mx.bank.example"], ["Forecast", "Mail hosts"]),
    (["late.example", "--mta-sts"], [], 0, ["domain       was not asked: --offline wins         the table"], ["saved facts", "observed"]),
    (["late.example"], [], 0, ["smtp_tls_policy_maps, key \"late.example\": found", "level        encrypt"], ["to match"]),
    (["deep.example"], [], 0, ["key \".example\": found", "level        may"], []),
    (["typo.example"], [], 2, ["level        invalid", "effect       all mail that it governs is deferred: 4.7.5",
                               "hint         did you mean \"secure\"?"], []),
    (["typo.example"], ["--fail-on", "never"], 0, ["level        invalid"], []),
    (["away.example"], [], 2, ["to=<postmaster@away.example>, relay=none, dsn=5.7.1,", "status=bounced (gone)"], []),
    (["bank.example", "typo.example"], [], 2, ["bank.example", "typo.example"], []),
    (["bank.example"], ["-q"], 0, [], ["bank.example"]),
]
results = []


def ok(passed, name, *why):
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    for line in () if passed else why:
        print("#", str(line)[:2000].replace("\n", "\n# "))


def explain(folder, *words):
    done = subprocess.run([PROGRAM, "explain", "-c", folder, "--postfix-version", "3.7.11", "--offline", *words], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def check_stories(folder):
    for destinations, options, status, there, absent in STORIES:
        name = " ".join(options + destinations)
        got, out, err = explain(folder, *options, *destinations)
        flat = " ".join(out.split())
        ok(got == status, f"{name}: status {status}", got, err)
        ok(err == "", f"{name}: nothing on standard error", err)
        for words in there:
            ok(" ".join(words.split()) in flat, f"{name}: says {words}", out)
        for words in absent:
            ok(words not in out, f"{name}: does not say {words}", out)


def check_json(folder):
    status, out, err = explain(folder, "--json", "-", "late.example", "typo.example", "away.example")
    ok(status == 2 and err == "", "--json: status", status, err)
    try:
        report = json.loads(out)
    except ValueError as error:
        ok(False, "--json -: nothing but JSON on standard output", error, out)
        return
    late, typo, away = (entry["lookups"] for entry in report["destinations"])
    asked = [(one["what"], one["key"], [os.path.basename(table) for table in one["tables"]], one["answer"])
             for one in late if one["tables"]]
    both, literal = ["transport", "rules"], ["transport"]
    policies = ["tls_policy", "inline:{ {late.example = encrypt} }"]
    ok(asked == [("transport_maps", "postmaster@late.example", both, "not-found"),
                 ("transport_maps", "late.example", literal, "not-found"),
                 ("transport_maps", ".example", literal, "not-found"),
                 ("transport_maps", "*", both, "not-found"),
                 ("smtp_tls_policy_maps", "late.example", policies, "found")],
       "--json: every key, in every table, in order", asked)
    ok(late[-1]["value"] == "encrypt" and late[-1]["stage"] == "policy" and late[-1]["nexthop"] == "late.example",
       "--json: the value, and what for", late[-1])
    ok((typo[-1]["value"], typo[-1]["line"], typo[-1]["tables"]) == ("secrue", 2, [typo[-1]["table"]]),
       "--json: the line; tables behind the one that answered were not asked", typo[-1])
    ok(away[-1]["stage"] == "routing", "--json: where routing ends there is no policy", away[-1])
    check_schema(report)
    name = os.path.join(folder, "report.json")
    status, out, err = explain(folder, "--json", name, "late.example")
    ok(status == 0 and "late.example" in out and os.path.exists(name), "--json FILE: the story too", status, out, err)


def check_schema(report):
    try:
        import jsonschema
    except ImportError:
        print(f"ok {len(results) + 1} # SKIP jsonschema is not installed")
        results.append(True)
        return
    with open(os.path.join(TOP, "reports", "report.schema.json"), encoding="utf-8") as file:
        errors = list(jsonschema.Draft202012Validator(json.load(file)).iter_errors(report))
    ok(not errors, "--json: valid against the schema", *[error.message for error in errors])


with tempfile.TemporaryDirectory() as scratch:
    for file_name, text in FILES.items():
        with open(os.path.join(scratch, file_name), "w", encoding="utf-8") as stream:
            stream.write(text)
    check_stories(scratch)
    check_json(scratch)
print(f"1..{len(results)}")
