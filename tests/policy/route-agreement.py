#!/usr/bin/env python3
"""Asks the installed trivial-rewrite(8) for the transport and next-hop of every row of test_route.c."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Bits of the reply's flags, resolve_clnt.h of Postfix.
FAIL, ERROR = 1 << 3, 1 << 2
CLASSES = {1 << 8: "local", 1 << 9: "virtual alias", 1 << 10: "virtual mailbox", 1 << 11: "relay", 1 << 12: "default"}
SYNTAX = ("error", "5.1.3 bad address syntax")


def daemon():
    """The program, or None: not installed, or not of the release that test_route.c speaks of."""
    postconf = shutil.which("postconf", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if postconf is None:
        return None
    values = subprocess.run([postconf, "-d", "-h", "daemon_directory", "mail_version"], capture_output=True, text=True,
                            check=False).stdout.split()
    if len(values) != 2 or not re.match(r"3\.(7|8|9|1\d)\b", values[1]):
        return None
    path = os.path.join(values[0], "trivial-rewrite")
    return path if os.access(path, os.X_OK) else None


def attributes(*pairs):
    return b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in pairs) + b"\0"


def internal(address):
    """Without the quotes of its local part."""
    local, at, domain = address.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return local + at + domain


class Postfix:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        os.makedirs(os.path.join(folder, "queue"))
        os.makedirs(os.path.join(folder, "t"))

    def write(self, path, text):
        """Gives the file an old date: Postfix waits two seconds for one that may still be changing."""
        path = os.path.join(self.folder, path)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.utime(path, (1, 1))

    def resolve(self, main_cf, address, sender):
        """The reply's attributes; the last flags are those of the address."""
        own = ("queue_directory = %s/queue\ndata_directory = %s/queue\n"
               "proxy_interfaces = 198.51.100.25, 2001:db8::25\n" % (self.folder, self.folder))
        self.write("main.cf", own + main_cf.replace("/t/", self.folder + "/t/"))
        self.write("master.cf", "")
        query = attributes(("request", "resolve"), ("sender", sender), ("address", internal(address)))
        run = subprocess.run([self.program, "-S"], input=query, capture_output=True, timeout=60, check=False,
                             env={"MAIL_CONFIG": self.folder, "PATH": "/usr/bin:/bin"})
        parts = run.stdout.decode("utf-8", "replace").split("\0")
        return dict(zip(parts[0::2], parts[1::2])) if "transport" in parts else None


def theirs(reply):
    """What Postfix said, in our words: (class, transport, next-hop), or why there is none."""
    flags = int(reply["flags"])
    if flags & FAIL:
        return "failed"
    if flags & ERROR:
        return (None,) + SYNTAX
    return (next((name for bit, name in CLASSES.items() if flags & bit), None), reply["transport"], reply["nexthop"])


def ours(row):
    if row["failed"]:
        return "failed"
    return (row["class"], row["transport"], row["nexthop"])


def main():
    program = daemon()
    if program is None:
        print("1..0 # SKIP no trivial-rewrite(8) of Postfix 3.7 or later")
        return 0
    builddir = os.environ.get("abs_top_builddir", os.getcwd())
    test = os.path.join(builddir, "tests/policy/test_route")
    lines = subprocess.run([test, "--rows"], capture_output=True, text=True, check=True).stdout.splitlines()
    # What the queue manager does about a transport is not asked here.
    rows = [row for row in map(json.loads, lines[1:]) if "defer_transports" not in row["main_cf"]]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        postfix = Postfix(program, folder)
        for path, text in json.loads(lines[0]).items():
            postfix.write(path.lstrip("/"), text)
        postfix.write("t/list", "# a comment\nother.example, listed.example\n")
        if postfix.resolve("", "user@example.com", "") is None:
            print("1..0 # SKIP trivial-rewrite(8) does not run here")
            return 0
        print("1..%d" % len(rows))
        for number, row in enumerate(rows, 1):
            reply = postfix.resolve(row["main_cf"], row["address"], row["sender"] or "")
            want = theirs(reply) if reply else "no answer"
            good = want == ours(row)
            bad += not good
            print("%sok %d - %s from <%s>" % ("" if good else "not ", number, row["address"], row["sender"] or ""))
            if not good:
                print("# ours: %s\n# Postfix: %s\n# main.cf: %r" % (ours(row), want, row["main_cf"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
