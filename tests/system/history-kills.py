#!/usr/bin/python3
"""kill -9 exactly inside the writes of the history, at a hundred of them: a run that records itself, one that makes the file,
forgetting, acknowledging. Afterwards the file is sound, every run in it is whole, nothing that was there is gone, and the next
run goes on from it. TAP."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test"))
PROGRAM = os.path.join(BUILD, "posttls-audit")
KILLER = os.path.join(BUILD, "tests", "system", "killer.so")
NAMES = [f"d{i}.example" for i in range(400)]
KILLS = 60          # of a run; the others are shorter
MAIN = """compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
default_transport = discard:
transport_maps = texthash:$config_directory/transport
"""
MASTER = "discard unix - - n - - discard\nerror unix - - n - - error\nretry unix - - n - - error\nsmtp unix - - n - - smtp\n"
results = []


def ok(passed, name, *why):
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {name}", flush=True)
    for line in () if passed else why:
        print("#", line)


class Home:
    def __init__(self, folder):
        self.folder, self.turn = folder, 0
        self.history = os.path.join(folder, "history")
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER), ("list", "\n".join(NAMES) + "\n")):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)

    def scan(self):
        """Every turn other destinations are bad, so that every run has something to write."""
        self.turn += 1
        with open(os.path.join(self.folder, "transport"), "w", encoding="ascii") as file:
            file.writelines(f"{name} retry:4.3.2 closed\n" for name in NAMES[self.turn % 7::7])
        return ["scan", "-c", self.folder, "--resolver", "127.0.0.1:1", "--history", self.history, "-q", "--fail-on", "never",
                "-f", os.path.join(self.folder, "list")]

    def run(self, command, **killer):
        environment = dict(os.environ, LD_PRELOAD=KILLER, KILL_NAME=self.history, ASAN_OPTIONS="verify_asan_link_order=0",
                           **{key.upper(): str(value) for key, value in killer.items()})
        return subprocess.run([PROGRAM, *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
                              env=environment).returncode

    def writes(self, command):
        """How many there are."""
        told = os.path.join(self.folder, "told")
        self.run(command, kill_count=told)
        with open(told, encoding="ascii") as file:
            return int(file.read())

    def look(self):
        """Faults; runs; what is acknowledged."""
        if not os.path.exists(self.history):
            return [], [], 0
        base = sqlite3.connect(self.history)
        try:
            if not base.execute("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").fetchone():
                return [], [], 0
            runs = [row[0] for row in base.execute("SELECT id FROM runs ORDER BY id")]
            faults = [row[0] for row in base.execute("PRAGMA integrity_check") if row[0] != "ok"]
            for table, column in (("results", "run"), ("announcements", "run")):
                stray = base.execute(f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM runs)").fetchone()[0]
                faults += [f"{stray} {table} of no run"] if stray else []
            faults += [f"run {run} has {n} destinations" for run, n in base.execute(
                "SELECT runs.id, count(destination) FROM runs LEFT JOIN results ON run = runs.id GROUP BY runs.id") if n != len(NAMES)]
            return faults, runs, base.execute("SELECT count(*) FROM acknowledgements").fetchone()[0]
        finally:
            base.close()


def kills(home, name, make, most, may):
    """Kills a command at its writes, evenly; MAY(before, after, acknowledged) tells whether what is there then may be."""
    count = home.writes(make())
    ok(count > 3, f"{name}: {count} writes")
    points = sorted({1 + i * (count - 1) // max(1, most - 1) for i in range(most)})
    died, wrong = 0, []
    for point in points:
        _, before, acknowledged = home.look()
        died += home.run(make(), kill_at=point) == -signal.SIGKILL
        faults, after, acknowledged_after = home.look()
        if faults or not may(before, after, acknowledged, acknowledged_after):
            wrong.append(f"at write {point}: {faults}, runs {before[-2:]} and then {after[-2:]}")
        if os.path.exists(home.history):
            status = home.run(["history", "--history", home.history])
            if status not in (0, 65, 66) or (status != 0 and after):
                wrong.append(f"at write {point}: history gives {status}")
    ok(died >= len(points) * 2 // 3, f"{name}: killed in it {died} times of {len(points)}")
    ok(not wrong, f"{name}: whole runs only, and nothing is lost", *wrong)


def remake(home):
    """The next run finds no file."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(home.history + suffix):
            os.unlink(home.history + suffix)
    return home.scan()


with tempfile.TemporaryDirectory() as folder:
    home = Home(folder)
    kills(home, "the first run", lambda: remake(home), 20, lambda before, after, *_: len(after) <= 1)
    remake(home)
    home.run(home.scan())
    home.run(home.scan())
    kills(home, "a run", home.scan, KILLS, lambda before, after, *_: after[:len(before)] == before and len(after) <= len(before) + 1)
    home.run(home.scan())
    bad = NAMES[home.turn % 7]
    kills(home, "acknowledging", lambda: ["acknowledge", "--history", home.history, "--until", "2999-01-01", "--comment", "x", bad], 10,
          lambda before, after, had, has: after == before and has in (had, had + 1, 1))

    def forget():
        home.run(home.scan())
        home.run(home.scan())
        return ["history", "--history", home.history, "--keep", "0"]

    kills(home, "forgetting", forget, 15, lambda before, after, *_: after and after[-1] >= before[-1])
    ok(home.run(home.scan()) == 0 and home.look()[0] == [], "after all that the next run is as any other", home.look()[0])
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
