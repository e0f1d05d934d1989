#!/usr/bin/python3
"""Mail by table entry: what a log says of each entry of the policy tables, however its mail is routed there; TAP. Each row of
MAIL is some mail, the entry that it goes by stands beside it, and the sums of the report must be those of the rows."""

import collections
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
sys.path[:0] = [os.path.join(TOP, "tests", "reports")]
sys.dont_write_bytecode = True

import readers

MASTER = "smtp unix - - n - - smtp\nrelay unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\n"
MAIN = """compatibility_level = 3.6
myhostname = client.example.net
mydestination =
inet_interfaces = 127.0.0.1
smtp_tls_security_level = may
smtp_tls_policy_maps = texthash:$config_directory/tls_policy, regexp:$config_directory/tls_regexp,
    texthash:$config_directory/shadowed
transport_maps = texthash:$config_directory/transport
relay_domains = inside.example
relay_transport = relay:[inner.example]
smtp_fallback_relay = [backup.example]
"""
POLICY = """# 1
direct.example          secure
.parent.example         encrypt
[provider.example]:587  verify
[vip.example]           dane-only
[inner.example]         encrypt
[backup.example]        encrypt
unused.example          secure
.nobody.example         encrypt
xn--bcher-kva.example   encrypt
"""
TRANSPORT = """routed.example    smtp:[provider.example]:587
.routed.example   smtp:[provider.example]:587
boss@mixed.example smtp:[vip.example]
gone.example      error:5.1.1 moved
"""
# recipient, status, how often, key of the entry
MAIL = [
    ("u@direct.example", "sent", 7, "direct.example"),
    ("u@Direct.EXAMPLE", "sent", 1, "direct.example"),
    ("u@direct.example", "deferred", 2, "direct.example"),
    ("u@a.parent.example", "sent", 3, ".parent.example"),
    ("u@b.c.parent.example", "sent", 2, ".parent.example"),
    ("u@parent.example", "sent", 4, "smtp_tls_security_level"),
    ("u@routed.example", "sent", 5, "[provider.example]:587"),
    ("u@sub.routed.example", "bounced", 6, "[provider.example]:587"),
    ("boss@mixed.example", "sent", 1, "[vip.example]"),
    ("clerk@mixed.example", "sent", 8, "smtp_tls_security_level"),
    ("u@inside.example", "sent", 9, "[inner.example]"),
    ("u@x17.pattern.example", "sent", 10, "/^x[0-9]+\\.pattern\\.example$/"),
    ("u@gone.example", "bounced", 3, None),
    ("u@[192.0.2.7]", "sent", 1, "smtp_tls_security_level"),
]
UNUSED = {"unused.example", ".nobody.example", "xn--bcher-kva.example"}
results = []


def ok(passed, name, *why):
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}")
    for line in () if passed else why:
        print("#", line)


def log(rows, first="2026-08-01", last="2026-11-19"):
    """Lines for the rows; the first is of the first day, all others of the last."""
    number, lines = 0, []
    for recipient, status, times, _ in rows:
        for _ in range(times):
            number += 1
            day = first if number == 1 else last
            lines += [f"{day}T01:00:00.1+00:00 mx postfix/qmgr[7]: 4X{number}: from=<s@own.example>, size=100, nrcpt=1 (queue active)",
                      f"{day}T01:00:01.1+00:00 mx postfix/smtp[8]: 4X{number}: to=<{recipient}>, relay=mx[192.0.2.1]:25, delay=1, "
                      f"dsn=2.0.0, status={status} (x)"]
    return "\n".join(lines) + "\n"


class Try:
    """A scan in a folder of its own."""

    def __init__(self, *arguments, main=MAIN, policy=POLICY, mail=None, options=()):
        self.folder = tempfile.TemporaryDirectory()
        files = {"main.cf": main, "master.cf": MASTER, "tls_policy": policy, "transport": TRANSPORT,
                 "tls_regexp": "/^x[0-9]+\\.pattern\\.example$/ encrypt\n", "sites": SITES, "shadowed": "direct.example may\n", "mail.log": mail or log(MAIL)}
        for name, text in files.items():
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
        self.run = subprocess.run([PROGRAM, "scan", "-c", self.folder.name, "--resolver", "127.0.0.1:1", "--fail-on", "never",
                                   "--from-log", self.path("mail.log"), "--json", self.path("report.json"), "--text", "-",
                                   "--jsonl", self.path("report.jsonl"), "--csv", self.path("report.csv"), *options, *arguments],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.report = json.load(file)
        self.mail = self.report["mail"]
        self.entries = {entry["key"] or entry["parameter"]: entry for entry in reversed(self.mail["entries"])}

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def finding(self):
        return [finding for finding in self.report["findings"] if finding["code"] == "entries-not-used"]


def wanted(key, status):
    return sum(times for _, what, times, entry in MAIL if entry == key and what == status)


SITES = "direct.example MUST\na.parent.example NONE\nunused.example MAY\n"

one = Try("u@Direct.Example", "[provider.example]:587", "elsewhere.example", "unused.example")
ok(one.run.returncode in (0, 3) and not one.run.stderr, "a scan with a log", one.run.returncode, one.run.stderr)
errors = readers.against("reports/report.schema.json", one.report)
ok(not errors, "valid against the schema", *errors)
total = sum(times for _, status, times, _ in MAIL if status == "sent")
for key in sorted({entry for _, _, _, entry in MAIL if entry}):
    weight = one.entries[key]["weight"]
    ok((weight["deliveries"], weight["deferrals"], weight["bounces"], weight["bytes"])
       == (wanted(key, "sent"), wanted(key, "deferred"), wanted(key, "bounced"), 100 * wanted(key, "sent"))
       and abs(weight["share"] - wanted(key, "sent") / total) < 1e-9, f"{key}: its mail is that of the log", weight)
    domains = {address.lower() if address.startswith("boss") else address.split("@")[1].lower() for address, _, _, entry in MAIL if entry == key}
    ok(one.entries[key]["destinations"] == len(domains), f"{key}: of {len(domains)} destinations", one.entries[key])
ok(one.mail["total"]["deliveries"] == total and one.mail["total"]["share"] == 1, "the total is that of the log", one.mail["total"])
ok((one.mail["from"], one.mail["to"], one.mail["days"]) == ("2026-08-01T01:00:01Z", "2026-11-19T01:00:01Z", 110), "the span of the log")
ok({entry["key"] for entry in one.mail["entries"] if entry["unused"]} == UNUSED | {"direct.example"} and one.mail["whole"], "what is not used",
   [key for key, entry in one.entries.items() if entry["unused"]])
ok(one.entries["[backup.example]"]["fallbacks"] > 5 and not one.entries["[backup.example]"]["unused"], "a fallback's entry is not unused")
second = [entry for entry in one.mail["entries"] if entry["key"] == "direct.example"]
ok([entry["line"] for entry in second][:1] == [2] and not any(entry["destinations"] for entry in second[1:]),
   "of two lines with one key only the first has mail", second)
ok([f["file"] for f in one.finding()] == [one.path("tls_policy"), one.path("shadowed")] and one.finding()[0]["severity"] == "notice" and
   "not used in the 110 days that the logs cover" in one.finding()[0]["text"] and "unused.example (line 8)" in one.finding()[0]["text"],
   "one notice for each table tells of them", one.finding())
by_name = {d["destination"]: d for d in one.report["destinations"]}
ok(by_name["u@Direct.Example"]["weight"]["deliveries"] == 8 and by_name["u@Direct.Example"]["weight"]["repeated"] is True,
   "an address that was named has the mail of its domain", by_name["u@Direct.Example"].get("weight"))
ok(by_name["[provider.example]:587"]["weight"]["deliveries"] == 5 and by_name["[provider.example]:587"]["weight"]["bounces"] == 6,
   "a next-hop that was named has all that is routed to it")
ok("weight" not in by_name["elsewhere.example"], "what gets no mail has no weight")
ok("postmaster@[192.0.2.7]" in by_name and "boss@mixed.example" in by_name, "literals and addresses with a route of their own")
ok(sum(d["weight"]["deliveries"] for d in one.report["destinations"] if "weight" in d and "repeated" not in d["weight"]) == total,
   "what is not repeated adds up to the total")
each = subprocess.run([PROGRAM, "report", "--verbose", one.path("report.json")], capture_output=True, text=True, timeout=60, check=False)
text = " ".join(each.stdout.split())
for what in ("Mail by table entry: 2026-08-01 to 2026-11-19, 51 deliveries, 5.1 kB, 2 deferrals, 9 bounces",
             "entry " + one.path("tls_policy") + ":3 guards 9.8 % of your mail, 2 destinations: 5 deliveries",
             "entry " + one.path("tls_policy") + ":8 not used in the 110 days that the logs cover",
             "tls_policy:7: [backup.example]: only for fallbacks"):
    ok(what in text, f"the text tells: {what.replace(one.folder.name, '...')}", each.stdout[-1500:])
unknown = [d["weight"] for d in one.report["destinations"] if d["verdict"] == "unknown" and "weight" in d and "repeated" not in d["weight"]]
what = f"carries {100 * sum(weight['share'] for weight in unknown):.0f} % of your mail: {sum(weight['deliveries'] for weight in unknown)} deliveries"
ok(what in " ".join(one.run.stdout.split()), f"what is told together weighs together: {what}", one.run.stdout)
for name in ("report.json", "report.jsonl"):
    again = subprocess.run([PROGRAM, "report", one.path(name), "--fail-on", "never", "--csv", one.path("again.csv"), "--text", "-"],
                           capture_output=True, text=True, timeout=60, check=False)
    with open(one.path("report.csv"), encoding="utf-8") as file, open(one.path("again.csv"), encoding="utf-8") as other:
        ok(again.stdout == one.run.stdout and file.read() == other.read(), f"{name}, read back, tells the same")

short = Try(mail=log(MAIL, first="2026-10-01"))
ok(short.entries["unused.example"]["unused"] and not short.finding(), "a log of less than 90 days makes no finding of it", short.finding())
ok("unused.example: not used in the 49 days that the logs cover" in short.run.stdout, "but the list tells")

for name, more in (("sender-dependent tables", "sender_dependent_relayhost_maps = inline:{ { s@own.example = [unused.example] } }\n"),
                   ("patterns in transport_maps", "transport_maps = texthash:$config_directory/transport, regexp:$config_directory/none\n"),
                   ("a policy table that cannot be read", "smtp_tls_policy_maps = nosuchtype:x, texthash:$config_directory/tls_policy\n")):
    other = Try(main=MAIN + more)
    ok(not other.mail["whole"] and not other.finding() and not any(entry["unused"] for entry in other.mail["entries"]),
       f"{name}: no entry is said to be unused", other.finding())

sites = Try(main=MAIN.replace("smtp_tls_policy_maps = texthash:$config_directory/tls_policy, regexp:$config_directory/tls_regexp,\n"
                              "    texthash:$config_directory/shadowed",
                              "smtp_tls_per_site = texthash:$config_directory/sites"))
ok((sites.entries["direct.example"]["parameter"], sites.entries["direct.example"]["weight"]["deliveries"]) == ("smtp_tls_per_site", 8)
   and sites.entries["a.parent.example"]["weight"]["deliveries"] == 3 and sites.entries["unused.example"]["unused"],
   "per-site tables likewise", sites.mail["entries"])

# It answers the name itself before a parent is looked for.
every = Try(main=MAIN.replace("regexp:$config_directory/tls_regexp,\n    texthash:$config_directory/shadowed", "static:encrypt"))
ok(collections.Counter(entry["kind"] for entry in every.mail["entries"])["any"] == 1 and
   next(e for e in every.mail["entries"] if e["kind"] == "any")["weight"]["deliveries"] == 28,
   "a table that answers every key alike is one entry", [e for e in every.mail["entries"] if e["kind"] != "key"])
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
