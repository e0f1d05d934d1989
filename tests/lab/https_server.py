#!/usr/bin/python3
"""Policy hosts of MTA-STS, good and bad: one process that plays every one of a world.

    https_server.py SPEC LOG

SPEC is a JSON file: {"dir": scratch directory, "servers": [{host, addr, port, chain, key, behaviour}]}, chain and key
being PEM; hosts at one address are told apart by SNI.  A line "ready" on standard output says that all of them listen.
Every connection is appended to LOG as one JSON line when it ends.

A polite host answers any request with its behaviour's

    body      text ("file": the name of a file that has it, read each time)
    status    "200 OK"
    type      "text/plain"; null: no Content-Type
    headers   more of them, as lines

and this changes that:

    plays     a function of this file
    max       the highest version of TLS, "1.1"
    wait      seconds before the response
"""

import ctypes
import gzip
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

PATIENCE = 60
VERSIONS = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
BOMB = gzip.compress(bytes(20_000_000))     # 20 MB in 20 KB


class Web:
    """One connection, after its request."""

    def __init__(self, behaviour, sock):
        self.behaviour, self.sock = behaviour, sock

    def send(self, data):
        self.sock.sendall(data)

    def flood(self, data):
        while True:
            self.send(data)

    def drip(self, data):
        for n in range(len(data)):
            self.send(data[n:n + 1])
            time.sleep(0.2)

    def body(self):
        if "file" in self.behaviour:
            with open(self.behaviour["file"], "rb") as stream:
                return stream.read()
        return self.behaviour.get("body", "").encode()

    def head(self, *more):
        lines = [f"HTTP/1.1 {self.behaviour.get('status', '200 OK')}"]
        if self.behaviour.get("type", "text/plain") is not None:
            lines.append("Content-Type: " + self.behaviour.get("type", "text/plain"))
        lines += list(self.behaviour.get("headers", ())) + list(more)
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n"


def polite(web):
    body = web.body()
    web.send(web.head(f"Content-Length: {len(body)}") + b"\r\n" + body)


def chunked(web):
    body = web.body()
    parts = [body[n:n + 7] for n in range(0, len(body), 7)]
    web.send(web.head("Transfer-Encoding: chunked") + b"\r\n"
             + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")


def without_length(web):
    web.send(web.head("Connection: close") + b"\r\n" + web.body())
    web.sock.unwrap()


def cut_off(web):
    """The length says more than comes."""
    body = web.body()
    web.send(web.head(f"Content-Length: {len(body) + 10}") + b"\r\n" + body)


def gigabyte(web):
    web.send(web.head("Content-Length: 1073741824") + b"\r\n")
    web.flood(b"mx: mx.example\r\n" * 1000)


def chunks_without_end(web):
    web.send(web.head("Transfer-Encoding: chunked") + b"\r\n")
    web.flood(b"3e8\r\n" + b"x" * 998 + b"\r\n" + b"\r\n")


def chunk_past_limit(web):
    web.send(web.head("Transfer-Encoding: chunked") + b"\r\n10001\r\n" + b"x" * 65537 + b"\r\n0\r\n\r\n")


def gzipped(web):
    web.send(web.head("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + b"\r\n" + BOMB)


def gzipped_transfer(web):
    web.send(web.head("Transfer-Encoding: gzip, chunked") + b"\r\n%x\r\n" % len(BOMB) + BOMB + b"\r\n0\r\n\r\n")


def drip(web):
    body = web.body()
    web.drip(web.head(f"Content-Length: {len(body)}") + b"\r\n" + body)


def silent(web):
    while web.sock.recv(4096):
        pass


def headers_of_2_mb(web):
    web.send(web.head())
    for n in range(20000):
        web.send(b"X-%05d: %s\r\n" % (n, b"x" * 90))
    web.send(b"Content-Length: 0\r\n\r\n")


def header_without_end(web):
    web.send(web.head() + b"X: ")
    web.flood(b"x" * 1000)


def continue_without_end(web):
    web.flood(b"HTTP/1.1 100 Continue\r\n\r\n")


def no_http(web):
    web.send(b"220 mail.example ESMTP\r\n")


def hello_requests(web):
    """In place of a ServerHello: messages that a client skips (RFC 5246 7.4.1.1), as fast as they can be sent."""
    web.sock.recv(4096)
    web.flood((b"\x16\x03\x03\x40\x00" + bytes(16384)) * 64)


WITHOUT_TLS = {"hello_requests"}


def reset(web):
    web.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(web.sock.detach())


def make_context(server, directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = VERSIONS[server["behaviour"].get("max", "1.3")]
    path = os.path.join(directory, f"web-{os.getpid()}.pem")
    with open(path, "w", encoding="ascii") as stream:
        stream.write(server["key"] + server["chain"])
    context.load_cert_chain(path)
    os.unlink(path)
    return context


class Place:
    """An address and port, and the hosts there."""

    def __init__(self, servers, directory, log):
        self.hosts = {s["host"]: (s, make_context(s, directory)) for s in servers}
        self.first = self.hosts[servers[0]["host"]]
        self.lock, self.log = threading.Lock(), log
        self.first[1].sni_callback = self.choose

    def choose(self, sock, name, _context):
        sock.chosen = name
        if name in self.hosts:
            sock.context = self.hosts[name][1]

    def serve(self, listener):
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=self.one, args=(sock, peer), daemon=True).start()

    def one(self, sock, peer):
        note = {"addr": sock.getsockname()[0], "from": peer[0], "sni": None, "request": None, "began": time.time()}
        sock.settimeout(PATIENCE)
        try:
            self.converse(sock, note)
        except (OSError, ValueError):
            pass
        note["ended"] = time.time()
        with self.lock, open(self.log, "a", encoding="utf-8") as log:
            log.write(json.dumps(note) + "\n")

    def converse(self, sock, note):
        first = self.first[0]["behaviour"]
        if first.get("plays") in WITHOUT_TLS:
            globals()[first["plays"]](Web(first, sock))
        with self.first[1].wrap_socket(sock, server_side=True, do_handshake_on_connect=False) as tls:
            tls.chosen = None
            try:
                tls.do_handshake()
            finally:
                note["sni"] = tls.chosen
            server = self.hosts.get(tls.chosen, self.first)[0]
            request = b""
            while b"\r\n\r\n" not in request:
                data = tls.recv(4096)
                if not data:
                    return
                request += data
            note["request"] = request.decode("latin-1").splitlines()[:-1]
            time.sleep(server["behaviour"].get("wait", 0))
            globals()[server["behaviour"].get("plays", "polite")](Web(server["behaviour"], tls))


def main():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # without its parent this process has no purpose
    with open(sys.argv[1], encoding="utf-8") as stream:
        spec = json.load(stream)
    places = {}
    for server in spec["servers"]:
        places.setdefault((server["addr"], server["port"]), []).append(server)
    for place, servers in places.items():
        listener = socket.create_server(place, family=socket.AF_INET6 if ":" in place[0] else socket.AF_INET, backlog=64)
        threading.Thread(target=Place(servers, spec["dir"], sys.argv[2]).serve, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
