#!/usr/bin/python3
"""Mail hosts, good and bad: one process that plays every server of a world.

    smtpd.py SPEC LOG

SPEC is a JSON file: {"dir": scratch directory, "ca": folder of client CA and DH
files, "refuse_dns": address or null, "servers": [{scenario, host, addr, port,
wrapper, behaviour, chain, key, sni_chains: {name: [chain, key]}}]}, chain and
key being PEM.  A line "ready" on standard output says that all of them listen.
Every session is appended to LOG as one JSON line when it ends.

The behaviours are described in tests/lab/README.md.
"""

import ctypes
import json
import os
import select
import selectors
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

PATIENCE = 60           # seconds without input before a session is given up
CLIENT_HELLO = 16384
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
HANDSHAKE_ALERT = bytes([0x15, 3, 1, 0, 2, 2, 40])


class Ended(Exception):
    """The session is over; the text says how."""


class Contexts:
    """TLS contexts, made when first needed."""

    def __init__(self, directory, ca):
        self.directory = directory
        self.ca = ca
        self.lock = threading.Lock()
        self.made = {}

    def get(self, server):
        with self.lock:
            if id(server) not in self.made:
                self.made[id(server)] = self._make(server)
            return self.made[id(server)]

    def _make(self, server):
        context = self._plain(server, server.get("chain"), server.get("key"))
        names = {name.lower(): self._plain(server, *pair)
                 for name, pair in (server.get("sni_chains") or {}).items()}
        strict = server["behaviour"].get("sni_fail")

        def choose(sock, name, _context):
            sock.session_record["sni"] = name
            if name and name.lower() in names:
                sock.context = names[name.lower()]
            elif name and strict:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            return None

        context.sni_callback = choose
        return context

    def _plain(self, server, chain, key):
        behaviour = server["behaviour"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sslsocket_class = RecordedSocket
        context.set_ciphers(behaviour.get("ciphers", "DEFAULT:@SECLEVEL=0"))
        low, high = behaviour.get("min", "1.2"), behaviour.get("max", "1.3")
        context.minimum_version = VERSIONS[min(low, high)]
        context.maximum_version = VERSIONS[high]
        if "curve" in behaviour:
            context.set_ecdh_curve(behaviour["curve"])
        if "dh" in behaviour or behaviour.get("nocert"):
            context.load_dh_params(f"{self.ca}/dh{behaviour.get('dh', 2048)}.pem")
        if behaviour.get("clientcert"):
            context.load_verify_locations(f"{self.ca}/clientca.pem")
            context.verify_mode = (ssl.CERT_REQUIRED if behaviour["clientcert"] == "require"
                                   else ssl.CERT_OPTIONAL)
        if chain and not behaviour.get("nocert"):
            path = os.path.join(self.directory, f"{threading.get_ident()}.pem")
            with open(path, "w", encoding="ascii") as stream:
                stream.write(key + chain)
            context.load_cert_chain(path)
            os.unlink(path)
        return context


class RecordedSocket(ssl.SSLSocket):
    """A TLS socket on which the SNI callback can leave a note."""

    session_record = {}


class Session:
    """One conversation."""

    def __init__(self, server, sock, contexts, number):
        self.server = server
        self.behaviour = server["behaviour"]
        self.sock = sock
        self.contexts = contexts
        self.number = number        # how many this server had before
        self.buffer = b""
        self.tls = False
        self.record = {"scenario": server["scenario"], "host": server["host"],
                       "addr": server["addr"], "port": server["port"], "began": time.time(),
                       "commands": [], "bytes": 0, "starttls": False, "tls": "none",
                       "protocol": None, "cipher": None, "sni": None, "client_cert": False,
                       "end": None, "early": False}    # early: more was said before the reply

    def run(self):
        try:
            self.sock.settimeout(PATIENCE)
            if self.server["wrapper"]:
                self.start_tls()
            self.wait_for_haste()
            self.reply(self.behaviour.get("greeting", f"220 {self.server['host']} ESMTP"))
            while True:
                self.command(self.line())
        except Ended as reason:
            self.record["end"] = str(reason)
        except (OSError, ValueError) as problem:
            self.record["end"] = f"io: {getattr(problem, 'reason', None) or problem}"
        finally:
            self.record["ended"] = time.time()
            try:
                self.sock.close()
            except OSError:
                pass
        return self.record

    def wait_for_haste(self):
        """Whether the client talks before it was greeted."""
        self.record["hasty"] = bool(self.behaviour.get("patience")
                                    and select.select([self.sock], [], [], self.behaviour["patience"])[0])

    def line(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Ended("client-closed")
            self.record["bytes"] += len(data)
            self.buffer += data
            if len(self.buffer) > 1 << 20:
                raise Ended("too much")
        line, self.buffer = self.buffer.split(b"\n", 1)
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        self.record["commands"].append(text)
        return text

    def send(self, text):
        time.sleep(self.behaviour.get("delay", 0))
        self.record["early"] |= bool(self.buffer or select.select([self.sock], [], [], 0)[0])
        self.sock.sendall(text.encode("latin-1") + b"\r\n")

    def reply(self, what):
        """WHAT: a text, an action, or a list of these, one for each session in turn."""
        if isinstance(what, list):
            what = what[min(self.number, len(what) - 1)]
        if what == "hang":
            self.hang()
        elif what == "close":
            raise Ended("close")
        elif what == "rst":
            self.reset()
        else:
            self.send(what)
        return what

    def hang(self):
        while self.sock.recv(65536):
            pass
        raise Ended("hang")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Ended("rst")

    def command(self, line):
        word = line.split(" ", 1)[0].split(":")[0].upper()
        handler = getattr(self, "do_" + word.lower(), None)
        if handler:
            handler()
        else:
            self.send("502 5.5.2 unknown command")

    def do_ehlo(self):
        given = self.behaviour.get("post_ehlo" if self.tls else "ehlo")
        if given is not None and given not in ("long", "verylong"):
            self.reply(given)
            return
        lines = [self.behaviour.get("ehlo_name", self.server["host"])]
        offer = self.behaviour.get("offer", "STARTTLS")
        wanted = self.behaviour.get("offer_again") if self.tls else offer
        if wanted:
            lines.append(offer)
        lines += ["SIZE 10240000", "8BITMIME"]
        if self.behaviour.get("smtputf8"):
            lines.append("SMTPUTF8")
        if given == "long":
            lines += [f"X-FILLER-{n:02d} " + "x" * 100 for n in range(60)]
        elif given == "verylong":
            lines.insert(1, "X-FILLER " + "x" * 9000)
        for line in lines[:-1]:
            self.send("250-" + line)
        self.send("250 " + lines[-1])

    do_lhlo = do_ehlo

    def do_helo(self):
        given = self.behaviour.get("post_helo" if self.tls else "helo")
        self.reply(given or f"250 {self.server['host']}")

    def do_starttls(self):
        self.record["starttls"] = True
        given = self.behaviour.get("starttls")
        if self.tls or not self.behaviour.get("offer", "STARTTLS"):
            self.send("502 5.5.1 no TLS here")
            return
        if given == "inject":
            self.send("220 2.0.0 ready\r\n250 2.0.0 injected\r\n250 2.0.0 injected")
        elif given == "multi":
            self.send("220-2.0.0 nearly\r\n220 2.0.0 ready")
        elif given is not None:
            said = self.reply(given)
            if said.startswith("421"):
                raise Ended("421")
            if not said.startswith("2"):
                return
        else:
            self.send("220 2.0.0 ready")
        self.start_tls()

    def start_tls(self):
        self.record["starttls"] = True
        how = self.behaviour.get("tls")
        self.record["tls"] = how or "failed"
        if how == "hang":
            self.hang()
        if how == "close-early":
            raise Ended("close")
        if how in ("alert", "close", "garbage", "rst"):
            self.sock.recv(CLIENT_HELLO)
            if how == "rst":
                self.reset()
            if how == "alert":
                self.sock.sendall(HANDSHAKE_ALERT)
            elif how == "garbage":
                self.sock.sendall(b"500 this is no ServerHello, and never was one\r\n" * 4)
            raise Ended(how)
        self.handshake()
        if how == "rst-after":
            self.reset()
        if how == "close-after":
            self.sock.settimeout(2)
            self.sock.unwrap()
            raise Ended("close")

    def handshake(self):
        self.buffer = b""
        context = self.contexts.get(self.server)
        self.sock = context.wrap_socket(self.sock, server_side=True,
                                        do_handshake_on_connect=False)
        self.sock.session_record = self.record
        self.sock.do_handshake()
        self.tls = True
        cipher = self.sock.cipher()
        self.record.update(tls="done", cipher=cipher[0], protocol=self.sock.version(),
                           client_cert=bool(self.sock.getpeercert(True)))

    def do_mail(self):
        if not self.tls and "mail_plain" in self.behaviour:
            self.reply(self.behaviour["mail_plain"])
        else:
            self.reply(self.behaviour.get("mail", "250 2.1.0 ok"))

    def do_rcpt(self):
        self.send("250 2.1.5 ok")

    def do_data(self):
        self.reply(self.behaviour.get("data", "354 go on"))
        if "data" not in self.behaviour:
            commands = self.record["commands"]
            self.record["commands"] = []
            while self.line() != ".":
                pass
            self.record["commands"] = commands + ["."]
            self.send("250 2.0.0 Ok: accepted")

    def do_rset(self):
        self.send("250 2.0.0 ok")

    do_noop = do_rset

    def do_quit(self):
        self.send("221 2.0.0 bye")
        raise Ended("client-closed")


class Hosts:
    """All listeners and the threads behind them."""

    def __init__(self, spec, log):
        self.contexts = Contexts(spec["dir"], spec["ca"])
        self.log = open(log, "a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()
        self.counts = {}
        self.selector = selectors.DefaultSelector()
        self.kept = []
        for server in spec["servers"]:
            if not server["behaviour"].get("refuse"):
                self.listen(server)
        if spec.get("refuse_dns"):
            threading.Thread(target=refuse_dns, args=(spec["refuse_dns"],), daemon=True).start()

    def listen(self, server):
        """At an address and port, or at a path."""
        if server["addr"].startswith("/"):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(server["addr"])
            os.chmod(server["addr"], 0o777)
        else:
            listener = socket.socket(socket.AF_INET6 if ":" in server["addr"] else socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((server["addr"], server["port"]))
        if server["behaviour"].get("synhang"):
            self.kept.append(full_backlog(listener, server))
        else:
            listener.listen(64)
            self.selector.register(listener, selectors.EVENT_READ, server)

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                sock, _ = key.fileobj.accept()
                with self.lock:
                    number = self.counts.get(id(key.data), 0)
                    self.counts[id(key.data)] = number + 1
                session = Session(key.data, sock, self.contexts, number)
                threading.Thread(target=self.converse, args=(session,), daemon=True).start()

    def converse(self, session):
        record = session.run()
        with self.lock:
            self.log.write(json.dumps(record) + "\n")


def full_backlog(listener, server):
    """With the queue of accepted connections full, Linux drops every further SYN."""
    listener.listen(0)
    fillers = []
    for _ in range(3):
        filler = socket.socket(listener.family, socket.SOCK_STREAM)
        filler.setblocking(False)
        filler.connect_ex((server["addr"], server["port"]))
        fillers.append(filler)
    return listener, fillers


def refuse_dns(address):
    """A name server that refuses every question."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    while True:
        query, client = sock.recvfrom(4096)
        if len(query) >= 12:
            sock.sendto(query[:2] + bytes([0x80 | query[2] & 0x79, 5]) + query[4:6]
                        + bytes(4) + query[10:], client)


def main():
    # Without its parent this process has no purpose.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    with open(sys.argv[1], encoding="utf-8") as stream:
        spec = json.load(stream)
    hosts = Hosts(spec, sys.argv[2])
    print("ready", flush=True)
    hosts.serve()


if __name__ == "__main__":
    main()
