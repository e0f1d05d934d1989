"""Rows about merge: WORK PROGRAM TOP. Prints 0 or 1 and a name for each; report.sh counts them. WORK has plain.json and facts
of one run."""
import copy
import json
import os
import subprocess
import sys

work, program, top = sys.argv[1:]
sys.path.insert(0, os.path.join(top, "tests/reports"))
import readers


def say(good, name):
    print(0 if good else 1, name)


def path(name):
    return os.path.join(work, name)


def write(name, report):
    with open(path(name), "w", encoding="utf-8") as file:
        json.dump(report, file)
    return path(name)


def merge(*files):
    run = subprocess.run([program, "merge", "-q", "--json", "-", *files], capture_output=True, timeout=60, check=False)
    return (json.loads(run.stdout) if run.stdout else None), run.returncode


def names(report):
    return [d["destination"] for d in report["destinations"]]


def at(report, started, finished):
    report["run"].update(started=started, finished=finished, evaluated_at=finished)
    return report


with open(path("plain.json"), encoding="utf-8") as file:
    whole = json.load(file)
first, second = copy.deepcopy(whole), copy.deepcopy(whole)
first["destinations"] = first["destinations"][:7]
second["destinations"] = second["destinations"][5:]
for half in first, second:
    half["summary"] = None
    half["findings"] = []
at(first, "2026-11-20T01:00:00Z", "2026-11-20T01:10:00Z")
at(second, "2026-11-20T01:05:00Z", "2026-11-20T01:20:00Z")
first["run"]["resolver"] = "127.0.0.1:53"
second["run"]["resolver"] = "127.0.0.2:53"
first["destinations"][5]["forecast"]["text"] = "the older one"
first["destinations"][0]["weather"] = "kept"
a, b = write("first.json", first), write("second.json", second)

merged, status = merge(a, b)
say(status == 2, "merge of halves: exit status")
say(merged and names(merged) == names(whole), "merge of halves: each destination once, in the order given")
say(merged["summary"] == whole["summary"], "merge of halves: counted again")
say(merged["run"]["started"] == "2026-11-20T01:00:00Z" and merged["run"]["finished"] == "2026-11-20T01:20:00Z",
    "merge of halves: from the first start to the last end")
say(merged["run"]["resolver"] is None, "merge of halves: two resolvers are none")
say(merged["destinations"][5]["forecast"]["text"] != "the older one", "merge of halves: the later observation wins")
say(merged["destinations"][0]["weather"] == "kept", "merge of halves: keys of later versions stay")
say(merged["findings"] == [], "merge of halves: one configuration is no finding")
say(set(merged["certificates"]) == set(whole["certificates"]), "merge of halves: all certificates")
say(not readers.against("reports/report.schema.json", merged), "merge of halves: valid against the schema")

turned, _ = merge(b, a)
say(names(turned) == names(second) + [n for n in names(first) if n not in names(second)],
    "merge the other way round: the order given")
say(turned["destinations"][0] == merged["destinations"][5], "merge the other way round: the later observation still")

cut = copy.deepcopy(second)
cut["run"]["complete"] = False
cut["destinations"][0].update(verdict="unknown", best="unknown", worst="unknown")
cut["destinations"][0]["forecast"].update(status="unknown", reason="interrupted", dsn=None, tls=None, relay=None)
merged, status = merge(a, write("cut.json", cut))
say(merged["run"]["complete"] is False, "merge with an interrupted run: not complete")
say(merged["destinations"][5]["forecast"]["text"] == "the older one", "merge with an interrupted run: what it saw no more is no observation")

other = copy.deepcopy(second)
other["configuration"]["config_dir"] = "/etc/postfix-out"
merged, _ = merge(a, write("other.json", other))
say([f["code"] for f in merged["findings"]] == ["merged-configurations"], "merge of two configurations: a finding")
say(merged["configuration"]["config_dir"] == "/etc/postfix-out", "merge of two configurations: that of the later run is shown")
say(not readers.against("reports/report.schema.json", merged), "merge of two configurations: valid against the schema")


def facts(lines, name, finished):
    header = {**json.loads(lines[0]), "finished": finished, "complete": name != "f1"}
    with open(path(name), "w", encoding="utf-8") as file:
        file.write("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    return path(name)


with open(path("facts"), encoding="utf-8") as file:
    lines = file.read().splitlines()
kinds = {}
for line in lines[1:]:
    kinds.setdefault(json.loads(line)["fact"], []).append(line)
destinations, rest = kinds.pop("destination"), [line for kind in kinds.values() for line in kind]
old = [line.replace("ESMTP", "OLDER") for line in rest]
say(old != rest, "facts: some greeting is told apart")
f1 = facts([lines[0], *destinations[:9], *old], "f1", "2026-11-20T01:10:00Z")
f2 = facts([lines[0], *destinations[4:], *rest], "f2", "2026-11-20T01:20:00Z")
for order, wanted in (((f1, f2), destinations), ((f2, f1), destinations[4:] + destinations[:4])):
    run = subprocess.run([program, "merge", *order], capture_output=True, timeout=60, check=False)
    made = run.stdout.decode().splitlines()
    name = "facts, " + ("in order" if order[0] == f1 else "the other way round")
    say(run.returncode == 0 and not run.stderr, f"{name}: status")
    say([json.loads(line) for line in made if '"destination"' in line and json.loads(line)["fact"] == "destination"]
        == [json.loads(line) for line in wanted], f"{name}: destinations once, in the order given")
    say("OLDER" not in run.stdout.decode(), f"{name}: the later observation wins")
    say(len(made) == len(lines), f"{name}: every fact once")
    say(json.loads(made[0])["complete"] is False, f"{name}: complete only when all are")
