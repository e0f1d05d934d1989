"""A test that runs itself again in the demonstration's world."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MARGIN = 60     # seconds for the world to be made and taken down


def enter(script, limit):
    """Runs SCRIPT there with --inside, for LIMIT seconds at most; passes on what it prints, and gives its exit status."""
    ran = subprocess.run([os.path.join(HERE, "run-in-world"), "--limit", str(limit), "--demo", "--",
                          "/usr/bin/python3", os.path.abspath(script), "--inside"], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=limit + MARGIN, check=False)
    if ran.stderr.startswith("SKIP"):
        print(f"1..0 # {ran.stderr.splitlines()[0]}")
        return 0
    sys.stdout.write(ran.stdout)
    sys.stderr.write(ran.stderr)
    return ran.returncode
