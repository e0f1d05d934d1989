#!/usr/bin/env python3
"""Runs a command where /dev/log is ours, and prints what it logs: syslog-peer.py FOLDER COMMAND...

Needs a mount namespace of its own (unshare -rm): /dev is replaced.
"""
import os
import socket
import subprocess
import sys

folder, command = sys.argv[1], sys.argv[2:]
os.mkdir(folder)
for name in ("null", "urandom", "random", "zero", "fd"):
    if os.path.isdir(f"/dev/{name}"):
        os.symlink("/proc/self/fd", f"{folder}/{name}")
        continue
    with open(f"{folder}/{name}", "w", encoding="ascii"):
        pass
    subprocess.run(["mount", "--bind", f"/dev/{name}", f"{folder}/{name}"], check=True)
subprocess.run(["mount", "--rbind", folder, "/dev"], check=True)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("/dev/log")
listener.settimeout(0.5)
done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60, check=False)
try:
    while True:
        print(listener.recv(4096).rstrip(b"\0\n").decode(errors="backslashreplace"))
except socket.timeout:
    pass
sys.exit(done.returncode)
