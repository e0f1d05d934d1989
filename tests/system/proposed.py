#!/usr/bin/python3
"""Before a change: for every kind of change to a configuration, what --proposed tells is what two separate scans, and two
separate replays, tell. In the demonstration's world. TAP.

    proposed.py            enters the world
    proposed.py --inside   runs there
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.dont_write_bytecode = True

import in_demo

TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
OPTIONS = ["--allow-address", "192.0.2.0/24", "--allow-address", "2001:db8::/32", "--quiet"]
NETWORK = ["--per-host", "0", "--per-provider", "0", "--rate", "0", "--interval", "0", "--retry-after", "0", "--timeout", "10"]
RANK = ("deliver", "unknown", "downgrade", "defer", "bounce")


def line(name, value):
    """An edit of tls_policy: the line of that key replaced, added when there is none."""
    def edit(text):
        text, found = re.subn(rf"^{re.escape(name)}\s.*$", f"{name} {value}", text, flags=re.M)
        return text if found else f"{text}{name} {value}\n"
    return edit


def gone(name):
    return lambda text: re.sub(rf"^{re.escape(name)}\s.*\n", "", text, flags=re.M)


# What is changed: edits of tls_policy; options; what must come of it (destination: change, verdict now, verdict then).
CHANGES = [
    ("nothing", [], [], {}),
    ("a level up: may to dane-only", [line("newsletter.example", "dane-only")], [],
     {"newsletter.example": ("worse", "downgrade", "defer")}),
    ("a level up: dane to dane-only", [line("university.example", "dane-only")], [],
     {"university.example": ("other", "deliver", "deliver")}),
    ("a level up: encrypt to secure", [line("brewery.example", "secure match=nexthop:dot-nexthop")], [],
     {"brewery.example": ("worse", "deliver", "defer")}),
    ("a level up: secure to dane-only", [line("bank.example", "dane-only")], [],
     {"bank.example": ("worse", "deliver", "defer")}),
    ("a level down: encrypt to may", [line("lawyers.example", "may")], [],
     {"lawyers.example": ("better", "defer", "downgrade")}),
    ("a level down: secure to encrypt", [line("partner.example", "encrypt")], [],
     {"partner.example": ("better", "defer", "deliver")}),
    ("an attribute: another name accepted", [line("partner.example", "secure match=mx.hosting.example")], [],
     {"partner.example": ("better", "defer", "deliver")}),
    ("an attribute: a name nobody has", [line("bank.example", "secure match=bank.invalid")], [],
     {"bank.example": ("worse", "deliver", "defer")}),
    ("an attribute misspelt", [line("school.example", "verify matsch=school.example")], [],
     {"school.example": ("worse", "deliver", "defer")}),
    ("a new fingerprint", [line("printer.example", "fingerprint match={pin}")], [],
     {"printer.example": ("better", "defer", "deliver")}),
    ("a key removed", [gone("clinic.example")], [], {"clinic.example": ("better", "defer", "deliver")}),
    ("a parent entry added", [line(".example", "encrypt")], [], {"museum.example": ("worse", "downgrade", "defer")}),
    ("an entry for a destination that none names", [line("unheard.example", "encrypt")], [], {}),
    ("the default of main.cf", [], ["--proposed-override", "smtp_tls_security_level=encrypt"],
     {"museum.example": ("worse", "downgrade", "defer"), "council.example": ("other", "deliver", "deliver")}),
    ("no TLS at all", [], ["--proposed-override", "smtp_tls_policy_maps=", "--proposed-override",
                           "smtp_tls_security_level=none"], {"lawyers.example": ("better", "defer", "deliver")}),
    ("no DNSSEC", [], ["--proposed-override", "smtp_dns_support_level=enabled"],
     {"registry.example": ("worse", "deliver", "defer")}),
    ("another way out", [], ["--proposed-override", "relayhost=[mx1.bank.example]"],
     {"moved.example": ("better", "bounce", "deliver")}),
    ("a release upgrade", [], ["--proposed-version", "3.10"], {}),
    ("a release upgrade, and a line that only it reads", [line("travel.example", "encrypt { protocols = >=TLSv1.2 }")],
     ["--proposed-version", "3.10"], {"travel.example": ("better", "defer", "deliver")}),
    ("that line without the upgrade", [line("bank.example", "secure { match = nexthop }")], [],
     {"bank.example": ("worse", "deliver", "defer")}),
    ("a level up: may to dane, where there are no TLSA records", [line("newsletter.example", "dane")], [],
     {"newsletter.example": ("other", "downgrade", "downgrade")}),
    ("a rule instead of a line", [gone("bank.example")], ["--proposed-override", "smtp_tls_policy_maps=texthash:"
     "$config_directory/tls_policy, regexp:{ { /^bank\\.example$/ dane-only } }"],
     {"bank.example": ("worse", "deliver", "defer")}),
]


def check(good, name, detail=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}", flush=True)
    for text in str(detail).splitlines()[:12] if not good else ():
        print("#", text)


def run(*words):
    ran = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if ran.returncode >= 64 or ran.stderr:
        raise RuntimeError(f"{words}: status {ran.returncode}: {ran.stderr}")
    return ran.returncode, ran.stdout


def report(*words):
    status, text = run(*words, "--json", "-")
    return status, json.loads(text)


def steady(value):
    """Without what is another in every scan."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in ("milliseconds", "smtp", "error")}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def by_name(tree):
    return {one["destination"]: one for one in tree["destinations"]}


def differences(both, now, then, exact):
    """Where the report with --proposed says something else than two reports."""
    keep = (lambda value: value) if exact else steady
    now, then = by_name(now), by_name(then)
    for name, one in by_name(both).items():
        alone = {key: one[key] for key in one if key != "proposed"}
        if keep(alone) != keep(now.get(name)):
            yield f"{name}: now"
        for key in ("verdict", "forecast", "route"):
            if keep(one["proposed"][key]) != keep(then[name][key]):
                yield f"{name}: proposed {key}: {one['proposed']['verdict']}, alone {then[name]['verdict']}"


def wrong_words(both):
    """Where change and verdicts do not agree."""
    for name, one in by_name(both).items():
        was, will = RANK.index(one["verdict"]), RANK.index(one["proposed"]["verdict"])
        word = one["proposed"]["change"]
        fits = word == "worse" if will > was else word in ("other", "same") if will == was else \
            word == ("other" if one["proposed"]["verdict"] == "unknown" else "better")
        if not fits:
            yield f"{name}: {one['verdict']} to {one['proposed']['verdict']} is {word}"


def wanted_status(both):
    worse = {one["proposed"]["verdict"] for one in both["destinations"] if one["proposed"]["change"] == "worse"}
    return 2 if worse & {"defer", "bounce"} else 1 if "downgrade" in worse else 3 if "unknown" in worse else 0


def try_change(work, directory, pin, title, edits, options, wanted):
    resolver = ["--resolver", os.environ["PTA_RESOLVER"]]
    proposed = os.path.join(work, "proposed")
    facts = os.path.join(work, "facts")
    shutil.rmtree(proposed, ignore_errors=True)
    shutil.copytree(directory, proposed)
    with open(os.path.join(proposed, "tls_policy"), "r+", encoding="utf-8") as stream:
        text = stream.read()
        for edit in edits:
            text = edit(text)
        stream.seek(0)
        stream.truncate()
        stream.write(text.replace("{pin}", pin))
    lists = ["-f", os.path.join(directory, "correspondents")] if "none names" not in title else []
    change = ["--proposed", proposed, *options]
    alone = ["-c", proposed, *[option.replace("--proposed-override", "-o").replace("--proposed-version", "--postfix-version")
                               for option in options]]
    status, both = report("scan", "-c", directory, *change, *lists, *resolver, *OPTIONS, *NETWORK, "--save-facts", facts)
    _, now = report("scan", "-c", directory, *lists, *resolver, *OPTIONS, *NETWORK)
    _, then = report("scan", *alone, *lists, *resolver, *OPTIONS, *NETWORK)
    found = {name: (one["proposed"]["change"], one["verdict"], one["proposed"]["verdict"]) for name, one in by_name(both).items()}
    check(all(found.get(name) == row for name, row in wanted.items()), f"{title}: what it leads to",
          {name: found.get(name) for name in wanted})
    if lists:
        check(not list(differences(both, now, then, False)), f"{title}: as two scans", "\n".join(differences(both, now, then, False)))
    else:
        check("unheard.example" in found, f"{title}: it is scanned too")
    check(not list(wrong_words(both)), f"{title}: worse, better", "\n".join(wrong_words(both)))
    check(status == wanted_status(both), f"{title}: status {wanted_status(both)}", f"status {status}")
    again, replayed = report("replay", "-c", directory, *change, *OPTIONS, facts)
    _, now = report("replay", "-c", directory, *OPTIONS, facts)
    _, then = report("replay", *alone, *OPTIONS, facts)
    check(not list(differences(replayed, now, then, True)) and again == status, f"{title}: as two replays",
          "\n".join(differences(replayed, now, then, True)))
    if title == "nothing":
        check({row[0] for row in found.values()} == {"same"}, "nothing: all is the same", found)


def try_text(directory, pin):
    """The text report of a change of four lines; its first page."""
    with tempfile.TemporaryDirectory() as work:
        proposed = os.path.join(work, "proposed")
        shutil.copytree(directory, proposed)
        with open(os.path.join(proposed, "tls_policy"), "r+", encoding="utf-8") as stream:
            text = stream.read()
            for name, value in (("newsletter.example", "dane"), ("bank.example", "dane-only"),
                                ("printer.example", f"fingerprint match={pin}"),
                                ("school.example", "verify matsch=school.example")):
                text = line(name, value)(text)
            stream.seek(0)
            stream.truncate()
            stream.write(text)
        _, page = run("scan", "-c", directory, "--proposed", proposed, "-f", os.path.join(directory, "correspondents"),
                      "--resolver", os.environ["PTA_RESOLVER"], *OPTIONS, *NETWORK, "--text", "-")
        with open(os.path.join(work, "saved.json"), "w", encoding="utf-8") as stream:
            _, saved = run("scan", "-c", directory, "--proposed", proposed, "-f", os.path.join(directory, "correspondents"),
                           "--resolver", os.environ["PTA_RESOLVER"], *OPTIONS, *NETWORK, "--json", "-")
            stream.write(saved)
        _, rendered = run("report", os.path.join(work, "saved.json"), "--text", "-")
    heads = [page.find(word) for word in ("Proposed: ", "WORSE: 2", "BETTER: 1", "CHANGED: 1", "Now:")]
    check(all(at > 0 for at in heads) and heads == sorted(heads), "the text report opens with worse, better, changed", page)
    check("school.example verify matsch=school.example defer, level invalid, " in " ".join(page.split()),
          "an invalid policy is called so", page)
    both = re.search(r"now \S+/tls_policy:\d+: bank\.example secure match=nexthop:dot-nexthop deliver, .* proposed "
                     r"\S+/tls_policy:\d+: bank\.example dane-only defer, ", " ".join(page.split()))
    check(both, "both table lines stand one under the other", page)
    first = rendered.split("Now:")[0].split("Proposed:")[1]
    check(first.split("\n", 1)[1] == page.split("Now:")[0].split("Proposed:")[1].replace(proposed, proposed).split("\n", 1)[1],
          "a saved report is rendered with it", first)


def inside():
    directory = os.environ["PTA_CONFIG_DIR"]
    with tempfile.TemporaryDirectory() as work:
        _, first = report("scan", "-c", directory, "printer.example", "--resolver", os.environ["PTA_RESOLVER"], *OPTIONS, *NETWORK)
        pin = next(iter(first["certificates"].values()))["pins"]["certificate"]
        for title, edits, options, wanted in CHANGES:
            try_change(work, directory, pin, title, edits, options, wanted)
        schema = os.path.join(TOP, "reports", "report.schema.json")
        try:
            import jsonschema
            with open(schema, encoding="utf-8") as stream:
                _, both = report("replay", "-c", directory, "--proposed", directory, *OPTIONS, os.path.join(work, "facts"))
                jsonschema.validate(both, json.load(stream), jsonschema.Draft202012Validator)
            check(True, "the JSON report is valid against the schema")
        except ImportError:
            check(True, "the JSON report is valid against the schema # SKIP no jsonschema")
    try_text(directory, pin)
    print(f"1..{len(results)}")
    return not all(results)


results = []
sys.exit(inside() if sys.argv[1:] == ["--inside"] else in_demo.enter(__file__, 500))
