#!/usr/bin/python3
"""The worker of a real scan, while it waits for a server: what the kernel says of it is what the report and --version say, it has
nothing open but what it needs, and what a worker that was taken over would try comes off for none of its attempts."""

import os
import pwd
import stat
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from arena import PROGRAM, Arena, children, destination, host, main

LIBRARY = os.path.join(os.environ.get("abs_top_builddir", "."), "tests", "hostile", "meddle.so")
ATTEMPTS = ("open for writing", "open for reading", "trace the parent", "signal the parent", "start a process", "execute")
WORDS = {"no-root": "no root", "no-new-privileges": "no new privileges", "resource-limits": "resource limits", "landlock": "Landlock",
         "seccomp": "system call filter"}


def read(path):
    with open(path, encoding="ascii") as stream:
        return stream.read()


def look_at(pid, seen):
    seen["status"] = dict(line.split(":", 1) for line in read(f"/proc/{pid}/status").splitlines())
    seen["limits"] = read(f"/proc/{pid}/limits")
    seen["open"] = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        flags = next(line for line in read(f"/proc/{pid}/fdinfo/{fd}").splitlines() if line.startswith("flags:"))
        mode = os.stat(f"/proc/{pid}/fd/{fd}").st_mode
        can_write = stat.S_ISREG(mode) and bool(int(flags.split()[1], 8) & os.O_ACCMODE)
        seen["open"][int(fd)] = can_write, os.readlink(f"/proc/{pid}/fd/{fd}")


def while_it_waits(arena, seen):
    """Looks at the worker as soon as a conversation is over: then another one is waited for."""
    def meddle(process):
        def act():
            while not arena.world.sessions(arena.offset)[0] and process.poll() is None:
                time.sleep(0.02)
            for pid in children(process.pid):
                look_at(pid, seen)
        threading.Thread(target=act, daemon=True).start()
    return meddle


def check_worker(tap, arena, user):
    seen = {}
    scan = arena.scan(*arena.fast[:-2], "--timeout", "2", *(("--user", user) if user else ()), meddle=while_it_waits(arena, seen))
    tap.clean(scan, f"--user {user}")
    if not tap.ok("open" in seen, f"--user {user}: the worker was looked at"):
        return
    status, name = seen["status"], user or "nobody"
    account = pwd.getpwnam(name)
    tap.same(set(status["Uid"].split()), {str(account.pw_uid)}, f"the worker is {name}")
    tap.same(set(status["Gid"].split()), {str(account.pw_gid)}, f"and of the group of {name}")
    tap.same(status["Groups"].split(), [], "and of no other")
    tap.same({status[f"Cap{which}"].strip() for which in ("Inh", "Prm", "Eff", "Amb")}, {"0" * 16}, "it may nothing that others may not")
    tap.same([line.split()[4:6] for line in seen["limits"].splitlines() if line.startswith("Max core")], [["0", "0"]], "it leaves no core file")
    told = scan.report["run"]["confinement"]
    tap.same("no-new-privileges" in told, status["NoNewPrivs"].strip() == "1", "no new privileges: the report says so")
    tap.same("seccomp" in told, status["Seccomp"].strip() == "2", "system call filter: the report says so")
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    tap.ok("network process: " + ", ".join(WORDS[word] for word in told) in version, "--version says the same", version, told)
    writable = {fd: where for fd, (can, where) in seen["open"].items() if can and fd != 2}
    tap.same(writable, {}, "no file is open for writing, but standard error")
    tap.same(seen["open"].get(0, (0, "/dev/null"))[1], "/dev/null", "nor has it our standard input")


def check_attempts(tap, arena):
    path = os.path.join(arena.scratch, "open", "written")
    os.mkdir(os.path.dirname(path))
    # So that permissions are not what is tested.
    os.chmod(os.path.dirname(path), 0o777)
    os.chmod(arena.scratch, 0o711)
    scan = arena.scan(*arena.fast, names=["good.example"],
                      environment={"LD_PRELOAD": LIBRARY, "MEDDLE_CHILD": "1", "MEDDLE_BREAK_OUT": path,
                                   "ASAN_OPTIONS": "verify_asan_link_order=0"})
    told = [line for line in scan.errors.splitlines() if line.endswith((": held", ": broke out"))]
    tap.same(told, [f"{what}: held" for what in ATTEMPTS], "what a worker tries that was taken over", scan.errors)
    tap.ok(not os.path.exists(path), "no file was made")
    tap.same(scan.destinations()["good.example"]["verdict"], "deliver", "and it does its work all the same")


def test(tap, scratch):
    with Arena(scratch, [destination("good.example", [host("mx.good.example", "192.0.2.1")], "encrypt"),
                         destination("silent.example", [host("mx.silent.example", "192.0.2.2", greeting="hang")], "encrypt")]) as arena:
        check_worker(tap, arena, None)
        check_worker(tap, arena, "daemon")
        check_attempts(tap, arena)


main(test)
