"""A world: addresses, DNS and mail hosts of some scenarios, inside a namespace."""

import json
import os
import shutil
import socket
import struct
import subprocess
import time

import namespace
from zones import AUTHORITY, FAULTY, PLAIN, REFUSING, VALIDATOR, Zones

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"     # the system's, for its OpenSSL


class World:
    """Call start() inside (see namespace.py), stop() at the end.

    ROWS are scenarios; SCRATCH a directory that exists; FILES (name: text) go to ca/ too.  Attributes: lab (the
    folder that holds ca/), session_log (one JSON line for each SMTP session), policy_log (for each connection to a policy
    host).
    """

    def __init__(self, rows, scratch, ca=os.path.join(HERE, "ca"), files=None, **zone_options):
        self.rows = rows
        self.scratch = scratch
        self.lab = os.path.join(scratch, "lab")
        self.session_log = os.path.join(scratch, "sessions.jsonl")
        self.policy_log = os.path.join(scratch, "policies.jsonl")
        self.children = []
        shutil.copytree(ca, os.path.join(self.lab, "ca"))
        for name, text in (files or {}).items():
            with open(os.path.join(self.lab, "ca", name), "w", encoding="ascii") as stream:
                stream.write(text)
        records = [record for row in rows for record in row["dns"]]
        bogus = [pair for row in rows for pair in row["dns_bogus"]]
        self.zones = Zones(os.path.join(scratch, "zones"), records, bogus, **zone_options)

    def start(self):
        if not namespace.shared():
            self._network()
        anchor = self.zones.write()
        self._start_dns(anchor)
        self._start_hosts()
        self._wait_for_dns()
        self._start_faults()
        self._start_tables()
        self._start_policies()
        if not namespace.shared():
            self._use_resolver(f"nameserver {VALIDATOR}\n")

    def stop(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []

    def _network(self):
        commands = ["link set lo up"]
        addresses = {s["addr"] for row in self.rows for s in row["servers"] + row.get("policy_servers", [])
                     if "/" not in s["addr"]}
        commands += [f"-6 addr add {a}/128 dev lo nodad"
                     for a in sorted(addresses) if ":" in a and a != "::1"]
        commands += [f"addr add {a}/32 dev lo"
                     for a in sorted(addresses) if ":" not in a and not a.startswith("127.")]
        for command in commands:
            subprocess.run(["ip"] + command.split(), check=True)

    def _use_resolver(self, text):
        """Only seen in our own mount namespace."""
        for name, content in (("resolv.conf", text), ("hosts", "127.0.0.1 localhost\n")):
            path = os.path.join(self.scratch, name)
            with open(path, "w", encoding="ascii") as stream:
                stream.write(content)
            subprocess.run(["mount", "--bind", path, os.path.realpath(f"/etc/{name}")], check=True)

    def _spawn(self, *argv, **options):
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=namespace.die_with_parent, **options)
        self.children.append(child)
        return child

    def _start_dns(self, anchor):
        files = {"nsd.conf": self.zones.nsd_conf(),
                 "validator.conf": self.zones.unbound_conf(VALIDATOR, anchor),
                 "plain.conf": self.zones.unbound_conf(PLAIN, None)}
        paths = {}
        for name, text in files.items():
            paths[name] = os.path.join(self.scratch, name)
            with open(paths[name], "w", encoding="ascii") as stream:
                stream.write(text)
        self._spawn("nsd", "-d", "-c", paths["nsd.conf"])
        wait_for_dns(AUTHORITY)
        self._spawn("unbound", "-d", "-c", paths["validator.conf"])
        self._spawn("unbound", "-d", "-c", paths["plain.conf"])

    def _wait_for_dns(self):
        for address in (VALIDATOR, PLAIN):
            wait_for_dns(address)

    def _start_hosts(self):
        servers = [dict(server, scenario=row["id"], addr=server["addr"].replace("@LAB@", self.lab), key=row["keys"].get(server["chain"]),
                        chain=row["chains"].get(server["chain"]),
                        sni_chains={name: [row["chains"][c], row["keys"][c]]
                                    for name, c in server["sni_chains"].items()})
                   for row in self.rows for server in row["servers"]]
        spec = self._spec("servers", {"dir": self.scratch, "ca": os.path.join(self.lab, "ca"),
                                      "refuse_dns": REFUSING, "servers": servers})
        self._spawn_server("smtpd.py", spec, self.session_log)
        self.hosts = self.children[-1]

    def restart_hosts(self):
        """So that each begins again with its first reply."""
        self.hosts.terminate()
        self.hosts.wait()
        self.children.remove(self.hosts)
        self._start_hosts()

    def _start_faults(self):
        faults = [fault for row in self.rows for fault in row.get("faults", ())]
        if faults:
            spec = self._spec("faulty_dns", {"address": FAULTY, "upstream": VALIDATOR, "faults": faults,
                                              "log": os.path.join(self.scratch, "questions")})
            self._spawn_server("faulty_dns.py", spec)

    def _start_tables(self):
        servers = [server for row in self.rows for server in row.get("table_servers", ())]
        if servers:
            self._spawn_server("table_server.py", self._spec("tables", servers))

    def _start_policies(self):
        servers = [server for row in self.rows for server in row.get("policy_servers", ())]
        if servers:
            self._spawn_server("https_server.py", self._spec("policies", {"dir": self.scratch, "servers": servers}),
                               self.policy_log)

    def _spec(self, name, data):
        path = os.path.join(self.scratch, name + ".json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(data, stream)
        return path

    def _spawn_server(self, script, *arguments):
        child = self._spawn(PYTHON, os.path.join(HERE, script), *arguments, stdout=subprocess.PIPE)
        if child.stdout.readline().strip() != b"ready":
            raise RuntimeError(f"{script} did not start")

    def sessions(self, offset=0):
        """(session records written since OFFSET, new offset)."""
        return _lines(self.session_log, offset)

    def fetches(self, offset=0):
        """The same of connections to policy hosts."""
        return _lines(self.policy_log, offset)


def _lines(path, offset):
    try:
        with open(path, encoding="utf-8") as stream:
            stream.seek(offset)
            text = stream.read()
    except FileNotFoundError:
        return [], offset
    whole = text[:text.rfind("\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole.encode())


def wait_for_dns(address, limit=20):
    """Until the server at ADDRESS answers for the root's SOA."""
    query = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + b"\0" + struct.pack(">HH", 6, 1)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.3)
            try:
                sock.sendto(query, (address, 53))
                if sock.recv(4096)[3] & 15 == 0:
                    return
            except OSError:
                pass
        time.sleep(0.05)
    raise RuntimeError(f"no answer from the name server at {address}")
