#!/usr/bin/python3
"""A resolver that spoils chosen answers, and passes on all others from a good one.

    faulty_dns.py SPEC

SPEC is a JSON file: {"address": where to listen, "upstream": the good resolver, "faults": [[name, type, action]],
"log": a file that gets a line for each question, or null, "delay": seconds before an answer, at most}.
Actions: "rcode:N", "drop", "noqr" (not marked as a reply), "echo" (the question), "wrongid", "header" (less than a header), "tc" (cut short,
and no TCP), "noad" (not secure), "ad" (secure), "rdata:HEX" (one record with this data), "loop" (one record whose
name points at itself), "tcudp" (cut short, whole over TCP), "tcdrip" (cut short, an octet a second over TCP), "ids:N" (N replies
with other ids before the right one), "otherq" (to another question), "cut:N" (its first N octets), "tsig:N" (so many transaction
signatures).  "ready" on standard output says that it listens.
"""

import ctypes
import json
import random
import signal
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "AAAA": 28, "TLSA": 52}
QR, TC, RA, AD = 0x8000, 0x0200, 0x0080, 0x0020


def question(packet):
    """(name, type, end of the question section)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace").lower())
        at += 1 + packet[at]
    return ".".join(labels), struct.unpack(">H", packet[at + 1:at + 3])[0], at + 5


class Resolver:
    def __init__(self, spec):
        self.upstream = spec["upstream"]
        self.delay = spec.get("delay", 0)
        self.log = open(spec["log"], "a", encoding="ascii", buffering=1) if spec.get("log") else None
        self.faults = {(name.lower(), TYPES[kind]): action for name, kind, action in spec["faults"]}

    def answer(self, query, over_tcp):
        """The reply, or None for silence."""
        time.sleep(random.uniform(0, self.delay))
        name, kind, end = question(query)
        if self.log:
            self.log.write(f"{name} {kind} {'tcp' if over_tcp else 'udp'}\n")
        action, _, argument = self.faults.get((name, kind), "").partition(":")
        return getattr(self, "do_" + (action or "pass"))(query, end, kind, argument, over_tcp)

    def do_pass(self, query, _end, _kind, _argument, over_tcp):
        if over_tcp:
            with socket.create_connection((self.upstream, 53), 5) as sock:
                sock.sendall(struct.pack(">H", len(query)) + query)
                return exactly(sock, struct.unpack(">H", exactly(sock, 2))[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(query, (self.upstream, 53))
            return sock.recv(65535)

    def _changed(self, query, on, off, over_tcp):
        reply = self.do_pass(query, 0, 0, "", over_tcp)
        flags = struct.unpack(">H", reply[2:4])[0]
        return reply[:2] + struct.pack(">H", (flags | on) & ~off) + reply[4:]

    def do_noad(self, query, _end, _kind, _argument, over_tcp):
        return self._changed(query, 0, AD, over_tcp)

    def do_ad(self, query, _end, _kind, _argument, over_tcp):
        return self._changed(query, AD, 0, over_tcp)

    def do_noqr(self, query, _end, _kind, _argument, over_tcp):
        return self._changed(query, 0, QR, over_tcp)

    def do_wrongid(self, query, _end, _kind, _argument, over_tcp):
        reply = self.do_pass(query, 0, 0, "", over_tcp)
        return bytes([reply[0] ^ 0xff]) + reply[1:]

    @staticmethod
    def do_drop(_query, _end, _kind, _argument, _over_tcp):
        return None

    @staticmethod
    def do_echo(query, _end, _kind, _argument, _over_tcp):
        return query

    @staticmethod
    def do_header(query, _end, _kind, _argument, _over_tcp):
        return query[:2] + b"\x81\x80\0\1"

    @staticmethod
    def do_tc(query, end, _kind, _argument, over_tcp):
        return None if over_tcp else head(query, TC, 0) + query[12:end]

    def do_tcudp(self, query, end, kind, argument, over_tcp):
        return self.do_pass(query, end, kind, argument, True) if over_tcp else head(query, TC | AD, 0) + query[12:end]

    do_tcdrip = do_tcudp

    def do_ids(self, query, end, kind, argument, over_tcp):
        reply = self.do_pass(query, end, kind, argument, over_tcp)
        number = struct.unpack(">H", reply[:2])[0]
        return [struct.pack(">H", (number + 1 + n) & 0xffff) + reply[2:] for n in range(int(argument))] + [reply]

    def drips(self, query):
        name, kind, _end = question(query)
        return self.faults.get((name, kind)) == "tcdrip"

    def do_otherq(self, query, _end, _kind, _argument, over_tcp):
        reply = bytearray(self.do_pass(query, 0, 0, "", over_tcp))
        reply[13] ^= 1
        return bytes(reply)

    def do_cut(self, query, _end, _kind, argument, over_tcp):
        return self.do_pass(query, 0, 0, "", over_tcp)[:int(argument)]

    @staticmethod
    def do_tsig(query, end, _kind, argument, _over_tcp):
        record = b"\0" + struct.pack(">HHIH", 250, 255, 0, 26) + b"\x08hmac-md5\0" + bytes(16)
        reply = head(query, AD, 0) + query[12:end] + record * int(argument)
        return reply[:10] + struct.pack(">H", int(argument)) + reply[12:]

    @staticmethod
    def do_rcode(query, end, _kind, argument, _over_tcp):
        return head(query, int(argument), 0) + query[12:end]

    @staticmethod
    def do_rdata(query, end, kind, argument, _over_tcp):
        data = bytes.fromhex(argument)
        return (head(query, AD, 1) + query[12:end] + b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, len(data)) + data)

    @staticmethod
    def do_loop(query, end, kind, _argument, _over_tcp):
        at = end + 12
        name = struct.pack(">H", 0xc000 | (at + (2 if kind == 15 else 0)))
        data = b"\0\x0a" + name if kind == 15 else name
        return head(query, AD, 1) + query[12:end] + b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


def head(query, bits, answers):
    flags = QR | RA | (struct.unpack(">H", query[2:4])[0] & 0x0100) | bits
    return query[:2] + struct.pack(">HHHHH", flags, 1, answers, 0, 0)


def exactly(sock, wanted):
    data = b""
    while len(data) < wanted:
        part = sock.recv(wanted - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def send_over_tcp(sock, data, drips):
    for n in range(len(data) if drips else 0):
        sock.sendall(data[n:n + 1])
        time.sleep(1)
    if not drips:
        sock.sendall(data)


def serve_udp(resolver, sock):
    def one(query, client):
        try:
            reply = resolver.answer(query, False)
        except (OSError, IndexError, struct.error):
            return
        for one in reply if isinstance(reply, list) else [reply] if reply is not None else []:
            sock.sendto(one, client)

    while True:
        query, client = sock.recvfrom(4096)
        threading.Thread(target=one, args=(query, client), daemon=True).start()


def serve_tcp(resolver, listener):
    def one(sock):
        with sock:
            sock.settimeout(10)
            try:
                query = exactly(sock, struct.unpack(">H", exactly(sock, 2))[0])
                reply = resolver.answer(query, True)
                if reply is not None:
                    send_over_tcp(sock, struct.pack(">H", len(reply)) + reply, resolver.drips(query))
            except (OSError, IndexError, struct.error):
                pass

    while True:
        sock, _ = listener.accept()
        threading.Thread(target=one, args=(sock,), daemon=True).start()


def main():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # without its parent this process has no purpose
    with open(sys.argv[1], encoding="utf-8") as stream:
        spec = json.load(stream)
    resolver = Resolver(spec)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((spec["address"], 53))
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((spec["address"], 53))
    tcp.listen(64)
    print("ready", flush=True)
    threading.Thread(target=serve_udp, args=(resolver, udp), daemon=True).start()
    serve_tcp(resolver, tcp)


if __name__ == "__main__":
    main()
