#!/usr/bin/python3
"""Runs that are interrupted: by signals, by a deadline, by kill -9 and a new start with the journal; two at once; a full
disk. Every destination keeps its record, nobody is asked twice, nothing half-written is left."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import Arena, PROGRAM, THOROUGH, destination, host, lasting, load, main, surroundings

KILLS = 20 if THOROUGH else 8
QUICK = ("--interval", "0", "--rate", "0", "--per-provider", "0", "--timeout", "20")
REFUSAL = "450 4.3.2 come back later"


def world():
    found = [destination(f"d{n}.example", [host(f"mx.d{n}.example", f"198.51.100.{n + 1}", delay=0.05)], "encrypt") for n in range(60)]
    found.append(destination("later.example", [host("mx.later.example", "192.0.2.1", greeting=[REFUSAL, "220 now"])], "encrypt"))
    found.append(destination("silent.example", [host("mx.silent.example", "192.0.2.2", greeting="hang")], "encrypt"))
    return found


def in_the_middle(arena, *signals):
    """Sends signals to the process once some conversations are over."""
    def meddle(process):
        def act():
            while len(arena.world.sessions(arena.offset)[0]) < 8 and process.poll() is None:
                time.sleep(0.02)
            for number in signals:
                process.send_signal(number)
        threading.Thread(target=act, daemon=True).start()
    return meddle


def leftovers(arena):
    return [name for name in os.listdir(arena.scratch) if name.startswith(("report.json.", "journal."))]


def check_complete(tap, arena, scan, name, reason):
    tap.clean(scan, name)
    tap.same([d["destination"] for d in scan.report["destinations"]], arena.names, f"{name}: each destination has its record")
    tap.same(scan.report["run"]["complete"], False, f"{name}: the report says that it is not complete")
    tap.same(scan.report["run"]["cut_short_by"], reason, f"{name}: and what ended it")
    verdicts = {(d["verdict"], d["forecast"]["reason"]) for d in scan.report["destinations"]}
    tap.ok(("unknown", reason) in verdicts, f"{name}: the rest is unknown, {reason}", verdicts)
    tap.ok(scan.status == 3, f"{name}: status 3", scan.status)
    tap.same(leftovers(arena), [], f"{name}: nothing half-written is left")
    check_asked(tap, scan, name)


def check_asked(tap, scan, name, together=5):
    """What was begun, not what waited for its turn; what came to no end is TOGETHER at most, and one that refused for the moment."""
    asked, needed = (scan.report["run"]["sharing"]["conversations"][key] for key in ("asked", "needed"))
    seen = len(scan.sessions)
    tap.ok(0 < seen <= asked <= seen + together, f"{name}: as many are asked as hosts saw", asked, seen)
    tap.ok(needed <= asked <= needed + together + 1, f"{name}: and no more than came to an end or were under way", asked, needed)


def check_signals(tap, arena):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        name = number.name
        scan = arena.scan(*QUICK, "--concurrency", "5", meddle=in_the_middle(arena, number))
        check_complete(tap, arena, scan, name, "interrupted")
        tap.ok(scan.seconds < 10, f"{name}: before the silent one has had its time", scan.seconds)
        done = sum(d["verdict"] == "deliver" for d in scan.report["destinations"])
        tap.ok(done > 0, f"{name}: what was there is judged", done)
    scan = arena.scan(*QUICK, "--concurrency", "5", meddle=in_the_middle(arena, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT))
    tap.ok(scan.status < 0 and scan.report is None, "two signals: it ends by the second", scan.status)
    tap.same(leftovers(arena), [], "two signals: nothing half-written is left")
    scan = arena.scan(*QUICK, "--concurrency", "5", "--fail-on", "never", meddle=in_the_middle(arena, signal.SIGINT))
    tap.same(scan.status, 3, "interrupted: never 0")


def after(seconds, number):
    def meddle(process):
        def act():
            time.sleep(seconds)
            if process.poll() is None:
                process.send_signal(number)
        threading.Thread(target=act, daemon=True).start()
    return meddle


def check_any_moment(tap, arena):
    """As the last answers come, while it is judged and written: what is told is consistent, or nothing is told."""
    names, chance = ["d0.example", "d1.example"], random.Random(1)
    usual = min(arena.scan(*QUICK, names=names).seconds for _time in range(2))
    outcomes = {}
    for _time in range(12):
        scan = arena.scan(*QUICK, names=names, meddle=after(usual * chance.uniform(0.5, 1.1), signal.SIGTERM))
        complete = scan.report and scan.report["run"]["complete"]
        outcomes[scan.status, complete] = outcomes.get((scan.status, complete), 0) + 1
        tap.same(leftovers(arena), [], "a signal at the end: nothing half-written is left")
    tap.ok(set(outcomes) <= {(0, True), (3, False), (-signal.SIGTERM, None)}, "a signal at the end: interrupted, or complete and 0", outcomes)


def check_deadline(tap, arena):
    scan = arena.scan(*QUICK, "--deadline", "3", "--concurrency", "3")
    check_complete(tap, arena, scan, "--deadline 3", "deadline")
    tap.ok(2 < scan.seconds < 3.3, "--deadline 3: in time, with its report written", scan.seconds)


def observed(journal):
    """Addresses whose conversation is in the journal, and final."""
    found = set()
    try:
        with open(journal, "rb") as stream:
            lines = stream.read().split(b"\n")[1:-1]
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            fact = json.loads(line)
        except ValueError:
            continue
        if fact.get("fact") == "conversation" and not (fact.get("greeting") or {}).get("code", 0) in range(400, 500):
            found.add(fact["profile"]["address"])
    return found


def run_and_kill(arena, journal, seconds):
    """(status or None when it was killed before, what it said)."""
    argv = arena.command(*QUICK, "--concurrency", "6", "--retry-after", "2", "--timeout", "3", "--resume", journal, "-q",
                         "--json", os.path.join(arena.scratch, "report.json"))
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=surroundings({}))
    try:
        _, errors = process.communicate(timeout=seconds)
        return process.returncode, errors.decode()
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, ""


def spoil(journal, chance):
    """What a crash of the machine may leave at the end."""
    if chance.random() < 0.3 and os.path.exists(journal):
        with open(journal, "ab") as stream:
            stream.write(chance.choice((b'{"fact":"dns","na', b"\0" * 100, b"x")))


def kill_until_done(arena, journal, chance):
    """(status, what it said, kills, {address: when it was known to be in the journal})."""
    known, kills = {}, 0
    while True:
        status, errors = run_and_kill(arena, journal, chance.uniform(0.3, 1.5) if kills < KILLS else 60)
        if status is not None:
            break
        kills += 1
        for address in observed(journal):
            known.setdefault(address, time.time())
        spoil(journal, chance)
    return status, errors, kills, known


def check_resume(tap, arena, seed):
    name, journal = f"kill -9, seed {seed}", os.path.join(arena.scratch, "journal")
    arena.world.restart_hosts()
    whole = arena.scan(*QUICK, "--concurrency", "20", "--retry-after", "2", "--timeout", "3").report
    arena.sessions()
    arena.world.restart_hosts()
    status, errors, kills, known = kill_until_done(arena, journal, random.Random(seed))
    tap.ok(status == 3 and kills >= 2, f"{name}: came to an end after {kills} kills", status, errors)
    report = load(os.path.join(arena.scratch, "report.json"))
    tap.ok(report is not None and first_difference(report, whole) is None, f"{name}: the report is as if never interrupted",
           first_difference(report, whole))
    tap.ok(report is not None and report["run"]["complete"], f"{name}: and complete")
    tap.ok(not os.path.exists(journal), f"{name}: the journal is gone")
    sessions = arena.sessions()
    again = [s["host"] for s in sessions if s["began"] > known.get(s["addr"], s["began"])]
    tap.ok(known and not again, f"{name}: nobody is asked again of {len(known)}", again)
    # A kill between its refusal and the journal's line of it costs one more.
    asked = sum(s["host"] == "mx.later.example" for s in sessions)
    tap.ok(2 <= asked <= 3, f"{name}: one that refused for the moment is asked again once", asked)


def check_resume_after(tap, arena, name, options, meddle):
    """A run that ended early by itself, and the one that goes on."""
    journal = os.path.join(arena.scratch, "journal")
    usual = (*QUICK[:-1], "3", "--concurrency", "6", "--retry-after", "2", "--resume", journal)
    arena.world.restart_hosts()
    whole = arena.scan(*usual).report
    tap.same(whole["run"]["sharing"]["conversations"], {"asked": 63, "needed": 63}, f"{name}: 62 hosts, one of them twice")
    arena.sessions()
    arena.world.restart_hosts()
    first = arena.scan(*usual, *options, meddle=meddle, text=True)
    tap.ok(first.report is not None and (first.report["run"]["complete"], first.report["run"]["journal"]) == (False, journal), f"{name}: a part of the run, and the journal", first.status, first.errors)
    judged = sum(d["forecast"]["reason"] not in ("interrupted", "deadline") for d in first.report["destinations"])
    word = "deadline" if "--deadline" in options else "interrupted"
    tap.same(first.errors, f"posttls-audit: {word}: {judged} of {len(arena.names)} destinations judged; the same command goes on from {journal}\n",
             f"{name}: it says how to go on")
    known, began = observed(journal), time.time()
    second = arena.scan(*usual, text=True)
    tap.same(second.errors, "", f"{name}, and on: nothing of that at the end")
    tap.clean(second, f"{name}, and on")
    tap.ok(second.report is not None and first_difference(second.report, whole) is None, f"{name}, and on: the report is as if never ended",
           first_difference(second.report, whole))
    again = [s["host"] for s in second.sessions if s["addr"] in known and s["began"] > began]
    tap.ok(known and not again, f"{name}, and on: nobody is asked again of {len(known)}", again)
    tap.ok(not os.path.exists(journal), f"{name}, and on: the journal is gone")
    tap.same(second.report["run"]["sharing"], whole["run"]["sharing"], f"{name}, and on: as many are asked as if never ended")


def first_difference(report, whole):
    if report is None:
        return "no report"
    for a, b in zip(report["destinations"], whole["destinations"]):
        for key in a:
            if lasting(a[key]) != lasting(b[key]):
                return f"{a['destination']}: {key}: {str(a[key])[:400]} instead of {str(b[key])[:400]}"
    for key in set(whole) - {"run", "destinations"}:
        if lasting(report[key]) != lasting(whole[key]):
            return f"{key}: {str(report[key])[:400]} instead of {str(whole[key])[:400]}"
    return None if len(report["destinations"]) == len(whole["destinations"]) else "destinations"


def check_lock(tap, arena):
    journal = os.path.join(arena.scratch, "journal.lock")
    first = subprocess.Popen(arena.command(*QUICK, "-q", "--resume", journal), stdin=subprocess.DEVNULL, env=surroundings({}))
    time.sleep(0.5)
    second = subprocess.run(arena.command(*QUICK, "-q", "--resume", journal), stdin=subprocess.DEVNULL, capture_output=True,
                            env=surroundings({}), check=False)
    tap.same(second.returncode, 75, "two runs with one journal: status 75")
    tap.ok(b"journal.lock: another run" in second.stderr, "two runs with one journal: the file is named", second.stderr.decode())
    first.send_signal(signal.SIGINT)
    first.wait(20)
    tap.ok(os.path.exists(journal), "an interrupted run keeps its journal")
    replayed = subprocess.run([PROGRAM, "replay", "-c", arena.directory, "--csv", "-", journal], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
    tap.ok(replayed.returncode in (0, 1, 2, 3), "a journal can be replayed", replayed.stderr.decode())
    tap.ok(replayed.stdout.count(b"\n") > 1, "a journal knows the destinations", replayed.stdout.decode())
    tap.ok(b"address-not-allowed" not in replayed.stdout, "a journal knows what was allowed", replayed.stdout.decode())
    os.unlink(journal)


def check_other_command(tap, arena):
    """The journal of one command is no other's to take and to remove."""
    journal = os.path.join(arena.scratch, "journal.taken")
    lists = {name: os.path.join(arena.scratch, name) for name in ("list", "other list")}
    for path in lists.values():
        with open(path, "w", encoding="ascii") as stream:
            stream.write("d0.example\nsilent.example\n")
    usual = ("--file", lists["list"], "-o", "smtp_helo_name=it's.example")

    def run(options, names=("d1.example",), **more):
        return subprocess.run(arena.command("-q", *options, "--resume", journal, names=names, **more), stdin=subprocess.DEVNULL,
                              capture_output=True, env=surroundings({}), check=False)

    done = run((*usual, *QUICK, "--deadline", "2"))
    tap.same((done.returncode, done.stderr), (3, b""), "a journal and other commands: it is begun, and quiet")
    before = observed(journal)
    tap.ok(len(before) == 2, "a journal and other commands: it has what was observed", before)
    with open(journal, "rb") as stream:
        content = stream.read()
    shutil.copytree(arena.directory, arena.directory + ".other")
    other_list = ("--file", lists["other list"], *usual[2:])
    for name, options, more in (("other destinations", usual, {"names": ("d2.example",)}), ("more destinations", usual, {"names": ("d1.example", "d2.example")}),
                                ("no destination", usual, {"names": ()}), ("another file", other_list, {}), ("no file", usual[2:], {}),
                                ("another configuration", usual, {"config": arena.directory + ".other"}), ("no override", usual[:2], {}),
                                ("another sender", (*usual, "--sender", "<>"), {}), ("exclusions", (*usual, "--exclude", lists["list"]), {}),
                                ("the queue", (*usual, "--from-queue"), {}), ("a log", (*usual, "--from-log", lists["list"]), {}),
                                ("a proposal", (*usual, "--proposed-override", "smtp_tls_security_level=dane"), {})):
        done = run((*options, *QUICK), **more)
        said = done.stderr.decode()
        tap.same(done.returncode, 65, f"a journal and {name}: status 65", said)
        tap.ok("journal.taken: the journal of another command, which began at 20" in said and "another file for --resume" in said,
               f"a journal and {name}: message", said)
        tap.ok(f"scan --config-dir {arena.directory} --override 'smtp_helo_name=it'\\''s.example' --file {lists['list']} d1.example" in said,
               f"a journal and {name}: the command is named", said)
        with open(journal, "rb") as stream:
            tap.same(stream.read(), content, f"a journal and {name}: it is left alone")
    arena.sessions()
    with open(lists["list"], "a", encoding="ascii") as stream:
        stream.write("d3.example\n")
    done = run((*usual, "--interval", "0", "--rate", "7", "--timeout", "2", "--csv", os.path.join(arena.scratch, "out.csv")))
    asked = {s["host"] for s in arena.sessions()}
    tap.same((done.returncode, done.stderr), (3, b""), "a journal, another limit, another output, and a longer list: it goes on")
    tap.same(asked, {"mx.silent.example", "mx.d3.example"}, "a journal and a longer list: what is there is not asked again")
    tap.ok(not os.path.exists(journal), "a journal and a longer list: and it is removed at the end")


def header(**changes):
    fields = dict(format="posttls-audit/facts", format_version=1, started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:00Z",
                  complete=False, journal=True)
    fields.update(changes)
    return json.dumps(fields, separators=(",", ":")) + "\n"


def in_hours(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600 * hours))


JOURNALS = [    # name, content, status, what standard error says; None: nothing at all
    ("facts that were saved", header(complete=True, journal=False), 65, "not a journal"),
    ("something else", "hello\n", 65, ":1: "),
    ("a spoilt line", header(started=in_hours(0)) + "{}\n{}\n", 65, ":2: "),
    ("last week's", header(), 3, "begins anew"),
    ("yesterday's", header(started=in_hours(-23)), 3, None),
    ("one of a clock that was set back since", header(started=in_hours(1)), 3, None),
    ("one begun for what is no text", header(started=in_hours(0), begun_for=[1]), 65, "begun for what is no text"),
    ("last week's of another command", header(begun_for=["--config-dir", "/etc/postfix"]), 3, "begins anew"),
    ("another command's, with what a terminal obeys", header(started=in_hours(0), begun_for=["\x1b[31m"]), 65, "\\x1b[31m"),
    ("another command's, very long", header(started=in_hours(0), begun_for=["x" * 400000]), 65, "xxx ...; go on with that command"),
    ("one from the future", header(started="2099-01-01T00:00:00Z", finished="2099-01-01T00:00:00Z"), 3, "begins anew"),
    ("an empty one", "", 3, ""),
    ("half a header", header()[:30], 3, ""),
    ("less of a header", header()[:3], 3, ""),
    ("half a header, and zeros", header()[:30] + 40 * "\0", 3, ""),
    ("zeros", 40 * "\0", 3, ""),
    ("a line without its end", "hello", 65, "not a journal"),
    ("another's long line", "x" * (9 << 20) + "\n", 65, "not a journal"),
    ("a line that is too long", header(started=in_hours(0)) + "x" * (9 << 20) + "\n", 65, ":2: a line is too long"),
    ("another's bytes", "SQLite format 3\0\20\0\n", 65, "not a journal"),
    ("another's bytes, after zeros", "\0\0x", 65, "not a journal"),
]


def check_journals(tap, arena):
    for name, content, status, message in JOURNALS:
        journal = os.path.join(arena.scratch, "journal.odd")
        with open(journal, "w", encoding="ascii") as stream:
            stream.write(content)
        done = subprocess.run(arena.command("--timeout", "1", "--text", os.path.join(arena.scratch, "text"),
                                            "--resume", journal, names=["silent.example"]),
                              stdin=subprocess.DEVNULL, capture_output=True, env=surroundings({}), check=False)
        tap.same(done.returncode, status, f"journal, {name}: status", done.stderr.decode())
        tap.ok(done.stderr == b"" if message is None else message in done.stderr.decode(), f"journal, {name}: message",
               done.stderr.decode())
        if status == 65:
            with open(journal, encoding="ascii") as stream:
                tap.same(stream.read(), content, f"journal, {name}: the file is left alone")
        if os.path.exists(journal):
            os.unlink(journal)
    os.symlink(os.path.join(arena.scratch, "elsewhere"), os.path.join(arena.scratch, "link"))
    done = subprocess.run(arena.command("-q", "--resume", os.path.join(arena.scratch, "link"), names=["silent.example"]),
                          stdin=subprocess.DEVNULL, capture_output=True, env=surroundings({}), check=False)
    tap.same(done.returncode, 73, "journal, a symbolic link: status")
    tap.ok(not os.path.exists(os.path.join(arena.scratch, "elsewhere")), "journal, a symbolic link: it is not followed")


def check_full_disk(tap, arena):
    disk = os.path.join(arena.scratch, "disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", disk], check=True)
    scan = arena.scan(*QUICK, "--concurrency", "30", "--retry-after", "0", "--timeout", "2", "--resume", os.path.join(disk, "journal"))
    tap.clean(scan, "a full disk under the journal")
    tap.same(scan.status, 73, "a full disk under the journal: status 73", scan.errors)
    tap.ok("journal: " in scan.errors and "No space" in scan.errors, "a full disk under the journal: message", scan.errors)
    tap.same(sum(d["verdict"] == "deliver" for d in scan.report["destinations"]), 61, "a full disk under the journal: the scan is whole")
    tap.ok(not os.path.exists(os.path.join(disk, "journal")), "a full disk under the journal: it is not needed, and gone")
    subprocess.run(["umount", disk], check=True)


def check_disk_full_of_all(tap, arena):
    """Journal, history, facts and reports on one disk, which is full before the first is written, after some, before the last."""
    disk, names = os.path.join(arena.scratch, "everything"), [f"d{n}.example" for n in range(20)]
    options = [f"--{word}={os.path.join(disk, word)}" for word in ("resume", "history", "save-facts", "html", "jsonl")]
    os.mkdir(disk)
    for kilobytes in (96, 256, 400):
        name = f"a disk of {kilobytes} KiB for all files"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", disk], check=True)
        with open(os.path.join(disk, "html"), "w", encoding="ascii") as file:
            file.write("old\n")
        scan = arena.scan(*QUICK, "--timeout", "2", *options, names=names)
        tap.clean(scan, name)
        tap.ok(scan.status == 73 and "posttls-audit: " + disk in scan.errors, f"{name}: status 73, and which one", scan.status, scan.errors)
        with open(os.path.join(disk, "html"), encoding="ascii") as file:
            tap.same(file.read(), "old\n", f"{name}: the old report is intact")
        tap.same([n for n in os.listdir(disk) if n.startswith(("html.", "jsonl.", "save-facts."))], [], f"{name}: nothing half-written is left")
        subprocess.run(["mount", "-o", "remount,size=4096k", disk], check=True)
        scan = arena.scan(*QUICK, "--timeout", "2", *options, names=names)
        tap.same((scan.status, scan.errors), (0, ""), f"{name}: with more room all is well")
        subprocess.run(["umount", disk], check=True)


def test(tap, scratch):
    with Arena(scratch, world()) as arena:
        check_signals(tap, arena)
        check_deadline(tap, arena)
        check_lock(tap, arena)
        check_journals(tap, arena)
        check_other_command(tap, arena)
        check_any_moment(tap, arena)
        check_full_disk(tap, arena)
        check_disk_full_of_all(tap, arena)
        check_resume_after(tap, arena, "SIGTERM", (), in_the_middle(arena, signal.SIGTERM))
        check_resume_after(tap, arena, "--deadline", ("--deadline", "3", "--concurrency", "3"), None)
        for seed in range(1, 9 if THOROUGH else 2):
            check_resume(tap, arena, seed)


main(test)
