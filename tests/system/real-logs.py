#!/usr/bin/python3
"""What real Postfix delivers, defers and returns in the lab's world is what --from-log and --from-queue count: its own log,
rotated by itself and packed in every way, and what syslog makes of it in three notations, of two instances. TAP."""

import collections
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))
sys.dont_write_bytecode = True

import postfix
import scenarios
from arena import Arena, destination, host, main, skip

WORLD = [
    destination("trusted.example", [host("mx.trusted.example", "192.0.2.1")]),
    destination("secure.example", [host("mx.secure.example", "192.0.2.2")]),
    destination("a.parent.example", [host("mx.a.parent.example", "192.0.2.3")]),
    destination("b.parent.example", [host("mx.b.parent.example", "192.0.2.4")]),
    destination("clear.example", [host("mx.clear.example", "192.0.2.5", offer=None)]),
    destination("lawyers.example", [host("mx.lawyers.example", "192.0.2.6", offer=None)]),
    destination("refusing.example", [host("mx.refusing.example", "192.0.2.7", mail="550 5.7.1 not from you")]),
    destination("relay.example", [host("mx.relay.example", "192.0.2.8")]),
]
POLICY = {"secure.example": "secure match=mx.secure.example", ".parent.example": "encrypt", "lawyers.example": "encrypt",
          "[mx.relay.example]:25": "encrypt", "unused.example": "secure"}
TRANSPORT = {"routed.example": "smtp:[mx.relay.example]:25", "sender.example": "discard:"}
# Messages: the domains of their recipients. By round: each ends in a file of its own.
ROUNDS = [
    [("trusted.example",)] * 3 + [("secure.example",)] * 2 + [("lawyers.example",)] * 2 + [("refusing.example",)],
    [("a.parent.example", "lawyers.example"), ("a.parent.example",), ("b.parent.example",), ("clear.example",)],
    [("routed.example",)] * 2 + [("trusted.example", "secure.example", "clear.example")],
    [("lawyers.example", "lawyers.example")],
]
OTHER = [("trusted.example",)] * 2 + [("secure.example", "lawyers.example"), ("b.parent.example",)]
ENTRY = {"secure.example": "secure.example", "a.parent.example": ".parent.example", "b.parent.example": ".parent.example",
         "lawyers.example": "lawyers.example", "routed.example": "[mx.relay.example]:25", "trusted.example": None,
         "clear.example": None, "refusing.example": None}
WORDS = {"trusted.example": "trusted", "secure.example": "verified", "a.parent.example": "trusted",
         "b.parent.example": "trusted", "routed.example": "trusted"}
MASTER = "showq unix n - n - - showq\n"


def expected(messages):
    """Deliveries, deferrals, bounces by domain, as the world has them."""
    found = collections.defaultdict(lambda: [0, 0, 0])
    for message in messages:
        for domain in message:
            found[domain][{"lawyers.example": 1, "refusing.example": 2}.get(domain, 0)] += 1
    return dict(found)


class Mail(postfix.Instance):
    """A Postfix that sends rounds of messages."""

    def __init__(self, arena, name, settings, master=""):
        header, _ = scenarios.load()
        common = dict(header["common_main_cf"], smtp_tls_security_level="may", inet_protocols="ipv4",
                      smtp_tls_CAfile=os.path.join(arena.directory, "roots.pem"), minimal_backoff_time="1h",
                      maximal_backoff_time="2h", transport_maps="texthash:{P}/transport_maps", smtp_tls_loglevel="1")
        row = dict(scenarios.DEFAULTS, id=name, recipient="nobody@nowhere.example", sender="me@sender.example",
                   main_cf=settings, master_cf=MASTER + master, policy_table=[[key, value] for key, value in POLICY.items()],
                   tables={"transport_maps": [[key, value] for key, value in TRANSPORT.items()]})
        super().__init__(os.path.join(arena.scratch, name), [row], common, arena.world.lab)

    def send(self, messages, text):
        """Sends them; TEXT() is the log so far."""
        self._postfix("check")
        before = len(self.ends(text()))
        for number, message in enumerate(messages):
            people = [f"u{number}{i}@{domain}" for i, domain in enumerate(message)]
            subprocess.run(["sendmail", "-C", self.directory, "-f", "me@sender.example", *people], check=True,
                           input=f"Subject: {number}\n\n{'hello ' * number}\n".encode(), stderr=subprocess.DEVNULL)
        self.queued = time.monotonic() - postfix.AGE
        self.start()
        wanted = before + sum(len(message) for message in messages)
        end = time.monotonic() + 90
        while len(self.ends(text())) < wanted and time.monotonic() < end:
            time.sleep(0.2)

    @staticmethod
    def ends(text):
        """Recipients of ours that have a status: what postfix.py, which reads logs in its own way, sees."""
        found = []
        for line in text.splitlines():
            match = postfix.STATUS.search(line)
            if match and re.match(r"u\d+@", match["to"]):
                found.append((match["to"].split("@")[1], match["status"]))
        return found

    def log(self):
        return self._log()


class Syslog(threading.Thread):
    """What syslogd is: lines from /dev/log, kept in three notations."""

    def __init__(self, scratch):
        super().__init__(daemon=True)
        self.lines = []
        folder = os.path.join(scratch, "dev")
        os.mkdir(folder)
        for name in ("null", "urandom", "random", "zero"):
            open(f"{folder}/{name}", "w", encoding="ascii").close()
            subprocess.run(["mount", "--bind", f"/dev/{name}", f"{folder}/{name}"], check=True)
        os.symlink("/proc/self/fd", f"{folder}/fd")
        subprocess.run(["mount", "--rbind", folder, "/dev"], check=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

    def run(self):
        while True:
            line = self.listener.recv(65536).rstrip(b"\0\n").decode(errors="replace")
            self.lines.append((time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".123456+00:00", line))

    def text(self):
        return "\n".join(line for _, line in self.lines)

    def write(self, path, notation):
        with open(path, "w", encoding="utf-8") as out:
            for when, line in self.lines:
                priority, stamp, program, process, body = re.match(r"<(\d+)>(.{15}) ([^\[]+)\[(\d+)\]: (.*)$", line).groups()
                out.write({"classic": f"{stamp} mx {program}[{process}]: {body}\n",
                           "rfc3339": f"{when} mx {program}[{process}]: {body}\n",
                           "rfc5424": f"<{priority}>1 {when} mx.client.example {program} {process} - - {body}\n"}[notation])


def weigh(tap, arena, instance, name, *options):
    """The report of a scan of what the mail goes to."""
    scan = arena.scan(*arena.fast, "--fail-on", "never", *options, names=[], config=instance.directory)
    tap.clean(scan, name)
    tap.ok(scan.status in (0, 3), f"{name}: status", scan.status, scan.errors)
    return scan.report or {"destinations": [], "mail": {"entries": []}}


def counts(report):
    return {d["destination"]: [d["weight"][key] for key in ("deliveries", "deferrals", "bounces")]
            for d in report["destinations"] if "weight" in d and d["destination"] != "sender.example"}


def check(tap, report, messages, name):
    want = expected(messages)
    tap.same(counts(report), want, f"{name}: what was sent, deferred and returned")
    total = sum(sent for sent, _, _ in want.values())
    by_entry = collections.Counter()
    for domain, (sent, deferred, _) in want.items():
        by_entry[ENTRY[domain]] += sent
        by_entry[f"deferred {ENTRY[domain]}"] += deferred
    for entry in report["mail"]["entries"]:
        weight = entry["weight"]
        tap.same((weight["deliveries"], weight["deferrals"]), (by_entry[entry["key"]], by_entry[f"deferred {entry['key']}"]),
                 f"{name}: {entry['key'] or entry['parameter']}")
        tap.ok(weight["share"] is None or abs(weight["share"] - by_entry[entry["key"]] / total) < 1e-9, f"{name}: its share", weight)
    tap.same([e["key"] for e in report["mail"]["entries"] if e["destinations"] == 0],
             [key for key in POLICY if key not in {ENTRY[domain] for domain in want}], f"{name}: entries without mail")
    for d in report["destinations"]:
        word = WORDS.get(d["destination"])
        if "weight" in d and word:
            tap.same({k: v for k, v in d["weight"]["tls"].items() if v}, {word: d["weight"]["deliveries"]} if d["weight"]["deliveries"]
                     else {}, f"{name}: the TLS word of {d['destination']}")


def accepted(sessions):
    """Recipients that the mail hosts took, by host: what was delivered, told by the other side."""
    found = collections.Counter()
    for record in sessions:
        if "DATA" in [command.upper() for command in record["commands"]]:
            found[record["host"]] += sum(command.upper().startswith("RCPT TO") for command in record["commands"])
    return found


def pack(path):
    """What the rotations of a log are packed with in turn; whatever is not here is left as it is."""
    packers = [("gzip", ".gz"), ("xz", ".xz"), ("zstd", ".zst")]
    for number, old in enumerate(sorted(name for name in os.listdir(os.path.dirname(path)) if name.startswith("maillog."))):
        old = os.path.join(os.path.dirname(path), old)
        tool, suffix = packers[number % len(packers)]
        if old.endswith(".gz"):
            subprocess.run(["gzip", "-d", old], check=True)
            old = old[:-3]
        if shutil.which(tool):
            with open(old + suffix, "wb") as out:
                subprocess.run([tool, "-c", old], check=True, stdout=out, stderr=subprocess.DEVNULL)
            shutil.copystat(old, old + suffix)
            os.unlink(old)


def own_log(tap, arena, first):
    """Rounds, each into a file that Postfix rotates and packs itself."""
    for number, messages in enumerate(ROUNDS):
        first.send(messages, first.log)
        if number + 1 < len(ROUNDS):
            done = first._postfix("logrotate")
            tap.ok(done.returncode == 0, f"Postfix rotates its log, {number + 1}", done.stderr)
            time.sleep(1.1)     # its names are of the second
        first.stop()
    every = [message for messages in ROUNDS for message in messages]
    files = os.listdir(first.run)
    tap.same(sum(name.startswith("maillog.") and name.endswith(".gz") for name in files), 3, "three rotations", files)
    sent = accepted(arena.sessions())
    want = expected(every)
    tap.same({h: n for h, n in sent.items()}, {f"mx.{'relay.example' if d == 'routed.example' else d}": w[0] for d, w in want.items() if w[0]},
             "the mail hosts took what was delivered")
    check(tap, weigh(tap, arena, first, "its own log", "--from-log", first.maillog), every, "its own log")
    pack(first.maillog)
    report = weigh(tap, arena, first, "packed in every way", "--from-log", first.maillog)
    check(tap, report, every, "packed in every way")
    files = sorted(name for name in os.listdir(first.run) if name.startswith("maillog."))
    one = os.path.join(first.run, files[0])
    check(tap, weigh(tap, arena, first, "one rotation", "--from-log", one), ROUNDS[0], "one rotation")
    return every


def queue(tap, arena, first):
    """What waits, through the real postqueue, with Postfix at rest and at work."""
    for state in ("at rest", "at work"):
        if state == "at work":
            first.start()
            time.sleep(2)
        report = weigh(tap, arena, first, f"the queue {state}", "--from-queue")
        waiting = {d["destination"]: d["weight"]["waiting"] for d in report["destinations"] if "weight" in d}
        tap.same(waiting, {"lawyers.example": 4}, f"the queue {state}: messages by domain")
        tap.same({e["key"]: e["weight"]["waiting"] for e in report["mail"]["entries"] if e["weight"]["waiting"]},
                 {"lawyers.example": 4}, f"the queue {state}: messages by entry")
        tap.same((report["mail"]["total"]["waiting"], report["mail"]["log"]), (4, False), f"the queue {state}: messages")
    both = weigh(tap, arena, first, "log and queue", "--from-log", first.maillog, "--from-queue")
    entry = next(e for e in both["mail"]["entries"] if e["key"] == "lawyers.example")
    tap.same((entry["weight"]["deferrals"], entry["weight"]["waiting"]), (5, 4), "log and queue: five recipients, four messages")
    first.stop()


def by_syslog(tap, arena, scratch, first, every):
    """Another instance, with names of its own, through syslog."""
    syslog = Syslog(scratch)
    syslog.start()
    second = Mail(arena, "postfix-out", {"maillog_file": "", "syslog_name": "postfix-out/outbound", "multi_instance_name": "postfix-out"})
    second.send(OTHER, syslog.text)
    second.stop()
    time.sleep(0.5)
    tap.ok(any("postfix-out/outbound/smtp[" in line for _, line in syslog.lines), "its name in the log", *syslog.lines[:3])
    for notation in ("classic", "rfc3339", "rfc5424"):
        path = os.path.join(scratch, f"mail-{notation}.log")
        syslog.write(path, notation)
        check(tap, weigh(tap, arena, second, notation, "--from-log", path), OTHER, f"syslog, {notation}")
    report = weigh(tap, arena, first, "two instances", "--from-log", first.maillog, "--from-log", path)
    check(tap, report, every + OTHER, "two instances")
    tap.ok(all(entry["unused"] == (entry["key"] == "unused.example") for entry in report["mail"]["entries"]), "one entry is unused",
           json.dumps(report["mail"]["entries"])[:300])


def test(tap, scratch):
    lack = postfix.missing(True)
    if lack:
        skip(f"no {lack}")
    with Arena(scratch, WORLD) as arena:
        first = Mail(arena, "postfix-first", {})
        try:
            every = own_log(tap, arena, first)
            queue(tap, arena, first)
            by_syslog(tap, arena, scratch, first, every)
        finally:
            first.stop()


main(test, limit=600)
