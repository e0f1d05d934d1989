#!/usr/bin/python3
"""Servers of socketmap: and tcp: lookup tables.

    table_server.py SPEC

SPEC is a JSON file: [[kind, "address:port", {key: reply}]], kind "socketmap" or "tcp"; the reply of a key as the
protocol has it ("OK encrypt", "TEMP no" ...; "200 encrypt", "400 no" ...), "close" to end the connection instead.
Other keys are not found.  "ready" on standard output says that all listen.
"""

import ctypes
import json
import signal
import socket
import sys
import threading
import urllib.parse


def socketmap(stream, answers):
    while True:
        size = b""
        while not size.endswith(b":"):
            part = stream.read(1)
            if not part:
                return
            size += part
        _name, _, key = stream.read(int(size[:-1]) + 1)[:-1].decode("utf-8", "replace").partition(" ")
        reply = answers.get(key, "NOTFOUND ")
        if reply == "close":
            return
        data = reply.encode()
        stream.write(b"%d:%s," % (len(data), data))
        stream.flush()


def tcp(stream, answers):
    for line in stream:
        key = urllib.parse.unquote(line.decode("latin-1").strip().partition(" ")[2])
        reply = answers.get(key, "500 not found")
        if reply == "close":
            return
        code, _, text = reply.partition(" ")
        stream.write(f"{code} {urllib.parse.quote(text)}\n".encode())
        stream.flush()


def serve(listener, conversation, answers):
    def one(sock):
        with sock, sock.makefile("rwb") as stream:
            try:
                conversation(stream, answers)
            except (OSError, ValueError):
                pass

    while True:
        sock, _ = listener.accept()
        threading.Thread(target=one, args=(sock,), daemon=True).start()


def main():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # without its parent this process has no purpose
    with open(sys.argv[1], encoding="utf-8") as stream:
        spec = json.load(stream)
    for kind, place, answers in spec:
        host, _, port = place.rpartition(":")
        listener = socket.create_server((host, int(port)))
        threading.Thread(target=serve, args=(listener, {"socketmap": socketmap, "tcp": tcp}[kind], answers),
                         daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
