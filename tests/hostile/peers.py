#!/usr/bin/python3
"""Peers that no polite library would play: peers.py SPEC, a JSON list of {addr, port, host, peer, chain, key}; peer names
a function here. "ready" on standard output says that all listen."""

import ctypes
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

from tls_records import PADDING, Records, shake_hands

warnings.simplefilter("ignore", DeprecationWarning)


class Peer:
    def __init__(self, server, sock):
        self.server, self.sock, self.buffer = server, sock, b""
        sock.settimeout(60)

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(4096)
            if not data:
                raise OSError("closed")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def greet(self):
        self.send(b"220 peer ESMTP\r\n")
        self.line()

    def offer(self):
        self.greet()
        self.send(b"250-peer\r\n250 STARTTLS\r\n")
        self.line()

    def accept(self):
        self.offer()
        self.send(b"220 go ahead\r\n")

    def drip(self, data):
        for n in range(len(data)):
            self.send(data[n:n + 1])
            time.sleep(1)

    def flood(self, data):
        while True:
            self.send(data)

    def tls(self, **settings):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self.server["key"] + self.server["chain"])
            file.flush()
            context.load_cert_chain(file.name)
        for name, value in settings.items():
            setattr(context, name, value)
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.buffer = b""

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def rest(self):
        """Polite from here on."""
        while True:
            self.send(b"221 bye\r\n" if self.line().startswith(b"QUIT") else b"250 peer\r\n")


def greeting_without_end(p):
    p.send(b"220 ")
    p.flood(b"x" * 1000)


def greeting_lines_without_end(p):
    p.flood(b"220-and more\r\n")


def ehlo_without_end(p):
    p.greet()
    p.flood(b"250-X-AND more and more\r\n")


def late_starttls(p):
    p.greet()
    p.send(b"250-peer\r\n" + b"".join(b"250-X-%04d %s\r\n" % (n, b"y" * 90) for n in range(30)) + b"250 STARTTLS\r\n")
    p.rest()


def drip_greeting(p):
    p.drip(b"220 peer ESMTP, slowly, very slowly, and slower still\r\n")


def drip_ehlo(p):
    p.greet()
    p.drip(b"250-peer\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")


def drip_starttls(p):
    p.offer()
    p.drip(b"220 go ahead, whenever it suits you, there is no hurry\r\n")


def inject_later(p):
    p.accept()
    time.sleep(0.15)
    p.send(b"250 injected\r\n" * 3)
    time.sleep(0.3)


def inject_at_once(p):
    p.offer()
    p.send(b"220 go ahead\r\n250 injected\r\n")
    p.tls()
    p.rest()


def controls(p):
    p.send(b"220 \x1b[31mred\x1b[0m \xc2\x9b31m \xe2\x80\xae esrever \x00 \xff\xfe <script>alert(1)</script> ]]> =cmd()\r\n")
    p.line()
    p.send(b"250-\x1b]0;title\x07peer\r\n250-X-\xff\xfe\x00\x1b[2J\r\n250 <img onerror=x>\r\n")
    p.rest()


def text_for_hello(p):
    p.accept()
    p.sock.recv(4096)
    p.send(b"454 4.7.0 TLS not available after all\r\n" * 3)
    time.sleep(0.2)


def random_for_hello(p):
    p.accept()
    p.sock.recv(4096)
    p.send(bytes((n * 167 + 13) & 255 for n in range(4000)))
    time.sleep(0.2)


def record_of_65535(p):
    p.accept()
    p.sock.recv(4096)
    p.send(b"\x16\x03\x03\xff\xff" + b"\x02" * 70000)
    time.sleep(0.2)


def message_of_16_mb(p):
    p.accept()
    p.sock.recv(4096)
    p.send(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + b"\x03" * 16380)
    for _ in range(1024):
        p.send(b"\x16\x03\x03\x40\x00" + b"\x03" * 16384)


def hello_requests(p):
    """Messages that a client skips (RFC 5246 7.4.1.1), as fast as they can be sent."""
    p.accept()
    p.sock.recv(4096)
    p.flood((b"\x16\x03\x03\x40\x00" + bytes(16384)) * 64)


def tickets(p):
    p.accept()
    p.tls(num_tickets=10000)
    p.rest()


def drip_chain(p):
    def drip(data):
        for n in range(len(data)):
            p.send(data[n:n + 1])
            time.sleep(0.001)

    p.accept()
    shake_hands(p.sock, drip, p.server["key"] + p.server["chain"])


def records_after_handshake(p, make):
    """MAKE(records): some more of them."""
    p.accept()
    records = Records(p.sock, p.server["key"] + p.server["chain"])
    while True:
        p.send(make(records))


def key_updates(p):
    records_after_handshake(p, lambda records: b"".join(records.update() for _ in range(100)))


def octet_records(p):
    records_after_handshake(p, lambda records: b"".join(records.seal(bytes([octet]), padding=PADDING) for octet in b"250-more\r\n" * 10))


def empty_records(p):
    records_after_handshake(p, lambda records: b"".join(records.seal(b"") for _ in range(100)))


def renegotiate(p):
    """openssl s_server does the TLS; a line R makes it ask for another handshake."""
    p.accept()
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(p.server["key"] + p.server["chain"])
        file.flush()
        local = f"/tmp/reneg-{os.getpid()}-{id(p)}"
        server = subprocess.Popen(["openssl", "s_server", "-tls1_2", "-crlf", "-unix", local, "-cert", file.name, "-key", file.name],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        inner = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                inner.connect(local)
                break
            except OSError:
                time.sleep(0.03)
        for a, b in ((p.sock, inner), (inner, p.sock)):
            threading.Thread(target=pump, args=(a, b), daemon=True).start()
        for line in server.stdout:
            if line.startswith(b"EHLO"):
                break
        server.stdin.write(b"R\n")
        server.stdin.flush()
        time.sleep(0.3)
        server.stdin.write(b"250 peer\n")
        server.stdin.flush()
        time.sleep(1)
        server.kill()
        server.wait()
        os.unlink(local)


def pump(a, b):
    try:
        while True:
            data = a.recv(16384)
            if not data:
                break
            b.sendall(data)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def reset_at_once(p):
    time.sleep(0.2)
    p.reset()


def reset_after_greeting(p):
    p.greet()
    p.reset()


def reset_after_ehlo(p):
    p.offer()
    p.reset()


def reset_in_handshake(p):
    p.accept()
    p.sock.recv(100)
    p.reset()


def reset_after_handshake(p):
    p.accept()
    p.tls()
    p.line()
    p.reset()


def silent(p):
    while p.sock.recv(4096):
        pass


def forbidden(p):
    """An address that must never be contacted tells that it was."""
    with open("/tmp/contacted", "a", encoding="ascii") as log:
        log.write(p.server["addr"] + "\n")


def converse(server, sock):
    try:
        globals()[server["peer"]](Peer(server, sock))
    except (OSError, ValueError):
        pass
    finally:
        sock.close()


def serve(server, listener):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=converse, args=(server, sock), daemon=True).start()


def main():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    with open(sys.argv[1], encoding="utf-8") as stream:
        servers = json.load(stream)
    for server in servers:
        listener = socket.socket(socket.AF_INET6 if ":" in server["addr"] else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((server["addr"], server["port"]))
        listener.listen(64)
        threading.Thread(target=serve, args=(server, listener), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


main()
