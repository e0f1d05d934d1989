"""A world made for a test: destinations described in Python, scans of them, and what both sides saw.

    arena = Arena(scratch, [destination("a.example", [host("mx.a.example", "192.0.2.1")], policy="encrypt"), ...])
    with arena:
        scan = arena.scan("--timeout", "5")
        scan.report, scan.status, scan.seconds, scan.kilobytes, scan.errors, scan.sessions

Call it inside a namespace: main(test) enters one and prints TAP for a test that takes a Tap.
"""

import json
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import namespace
from config import MASTER_CF
from demo_world import Authority, _key_digest, _text
from scenarios import DEFAULTS, SERVER_DEFAULTS
from world import PYTHON, World
from zones import FAULTY, VALIDATOR

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("abs_top_builddir", os.path.join(TOP, "build", "test")), "posttls-audit")
THOROUGH = os.environ.get("TEST_ALL", "no") != "no"

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
smtp_dns_support_level = dnssec
smtp_tls_security_level = may
smtp_tls_policy_maps = texthash:$config_directory/tls_policy
smtp_tls_CAfile = $config_directory/roots.pem
smtp_tls_fingerprint_digest = sha256
"""


def host(name, *addresses, preference=10, port=25, tlsa=(), chain=None, records=True, peer=None, **behaviour):
    """A mail host. TLSA: record data, {key} and {other} standing for the digest of its key and of another. CHAIN:
    (certificates, key) as PEM instead of a good certificate. PEER: the name of a scripted peer that takes smtpd's place."""
    return {"name": name, "addresses": addresses, "preference": preference, "port": port, "tlsa": tlsa, "chain": chain,
            "records": records, "peer": peer, "behaviour": behaviour}


def sts(*addresses, mx=(), mode="enforce", max_age=604800, body=None, txt="v=STSv1; id=20261120;", name=None, chain=None, **behaviour):
    """The MTA-STS policy of a domain. TXT: the record, or a list of them. NAME: its policy host is an alias of this.
    CHAIN: (certificates, key), or what makes them of the host's name. BODY: in place of MX, MODE and MAX_AGE; the rest is
    the behaviour of https_server.py."""
    text = "".join(f"{line}\r\n" for line in ["version: STSv1", f"mode: {mode}", *(f"mx: {m}" for m in mx), f"max_age: {max_age}"])
    return {"addresses": addresses, "txt": [txt] if isinstance(txt, str) else list(txt or ()), "name": name, "chain": chain,
            "behaviour": dict(behaviour, body=text if body is None else body)}


def destination(name, hosts=(), policy=None, dns=(), faults=(), bogus=(), web=None):
    """A domain with its MX records. DNS: more records; FAULTS: [name, type, action] of faulty_dns.py; WEB: what sts() made."""
    return {"name": name, "hosts": hosts, "policy": policy, "dns": list(dns), "faults": list(faults), "bogus": list(bogus),
            "web": web}


class Scan:
    """What came of one run of the program."""

    def __init__(self, status, seconds, kilobytes, output, errors, report, sessions, killed=False, fetches=()):
        self.status, self.seconds, self.kilobytes = status, seconds, kilobytes
        self.output, self.errors, self.report, self.sessions, self.killed = output, errors, report, sessions, killed
        self.fetches = fetches

    def destinations(self):
        return {d["destination"]: d for d in (self.report or {"destinations": []})["destinations"]}

    def findings(self):
        return [f["code"] for f in (self.report or {"findings": []})["findings"]]


class Arena:
    """PEERS: a script that serves the hosts with a peer, started with a JSON file of them. TABLES: of table_server.py."""

    def __init__(self, scratch, destinations, peers=None, main_cf="", master_cf="", files=None, addresses=(), tables=(), **world):
        self.scratch = scratch
        self.authority = Authority()
        self.peers = peers
        self.addresses = addresses
        self.names = [d["name"] for d in destinations]
        self.directory = os.path.join(scratch, "postfix")
        self.taken = set()      # one server, however many destinations name it
        rows = [self._row(d) for d in destinations]
        if tables:
            rows[0]["table_servers"] = list(tables)
        self.scripted = [dict(s, chain=row["chains"][s["chain"]], key=row["keys"][s["chain"]])
                         for row in rows for s in row["servers"] if s["peer"]]
        for row in rows:
            row["servers"] = [s for s in row["servers"] if not s["peer"]]
        world.setdefault("secure", ("example",))
        world.setdefault("insecure", ("insecure.example",))
        self.world = World(rows, scratch, lame=("lame.example",), **world)
        self._write(destinations, main_cf, master_cf, files or {})
        self.offset = self.web_offset = 0
        self.settle = 0.2   # seconds that sessions get to end, once a scan has

    def _row(self, d):
        row = dict(DEFAULTS, id=d["name"], servers=[], chains={}, keys={}, dns=list(d["dns"]), dns_bogus=d["bogus"],
                   faults=d["faults"])
        for h in d["hosts"]:
            name = h["name"]
            if h["records"]:
                row["dns"].append(f"{d['name']}. MX {h['preference']} {name}.")
            row["chains"][name], row["keys"][name] = h["chain"] or self.authority.issue(name)
            digests = {"key": _key_digest(name), "other": _key_digest("not " + name)}
            row["dns"] += [f"_{h['port']}._tcp.{name}. TLSA {text.format(**digests)}" for text in h["tlsa"]]
            for address in h["addresses"]:
                row["dns"].append(f"{name}. {'AAAA' if ':' in address else 'A'} {address}")
                if (address, h["port"]) in self.taken:
                    continue
                self.taken.add((address, h["port"]))
                row["servers"].append(dict(SERVER_DEFAULTS, host=name, addr=address, port=h["port"], chain=name,
                                           behaviour=h["behaviour"], peer=h["peer"]))
        if d["web"]:
            self._add_policy(row, d["name"], d["web"])
        return row

    def _add_policy(self, row, domain, web):
        name = f"mta-sts.{domain}"
        make = web["chain"] or self.authority.issue
        chain, key = make(name) if callable(make) else make
        if web["name"]:
            row["dns"].append(f"{name}. CNAME {web['name']}.")
        row["dns"] += [f'_mta-sts.{domain}. TXT "{text}"' for text in web["txt"]]
        for address in web["addresses"]:
            record = f"{web['name'] or name}. {'AAAA' if ':' in address else 'A'} {address}"
            if record not in self.taken:
                row["dns"].append(record)
            self.taken.add(record)
            row.setdefault("policy_servers", []).append({"host": name, "addr": address, "port": 443, "chain": chain, "key": key,
                                                         "behaviour": web["behaviour"]})

    def _write(self, destinations, main_cf, master_cf, files):
        os.makedirs(self.directory)
        texts = {"main.cf": MAIN_CF + main_cf, "master.cf": MASTER_CF + master_cf, "roots.pem": _text(self.authority.root),
                 "tls_policy": "".join(f"{d['name']} {d['policy']}\n" for d in destinations if d["policy"] is not None)}
        for name, text in dict(texts, **files).items():
            with open(os.path.join(self.directory, name), "w", encoding="utf-8") as stream:
                stream.write(text)

    def __enter__(self):
        for child in [s["addr"] for s in self.scripted] + list(self.addresses):
            subprocess.run(["ip", "addr", "replace", child + ("/128" if ":" in child else "/32"), "dev", "lo"]
                           + (["nodad"] if ":" in child else []), check=True)
        self.world.start()
        if self.scripted:
            spec = os.path.join(self.scratch, "peers.json")
            with open(spec, "w", encoding="utf-8") as stream:
                json.dump(self.scripted, stream)
            self.world._spawn_server(os.path.abspath(self.peers), spec)
        return self

    def __exit__(self, *_exception):
        self.world.stop()

    @property
    def resolver(self):
        """The one that spoils answers, where there are answers to spoil."""
        return FAULTY if any(row.get("faults") for row in self.world.rows) else VALIDATOR

    def command(self, *options, names=None, allow=True, resolver=None, config=None):
        argv = [PROGRAM, "scan", "-c", config or self.directory, "--resolver", f"{resolver or self.resolver}:53", "--progress", "never"]
        if allow:
            argv += ["--allow-address", "192.0.2.0/24", "--allow-address", "198.51.100.0/22", "--allow-address", "2001:db8::/32"]
        return argv + list(options) + list(self.names if names is None else names)

    fast = ("--interval", "0", "--rate", "0", "--per-host", "0", "--per-provider", "0", "--retry-after", "0", "--timeout", "5")

    def scan(self, *options, names=None, limit=120, meddle=None, environment=None, wrap=(), text=None, **more):
        """Runs a scan to its end; MEDDLE(process) is called while it runs. The text report is kept when TEXT is true."""
        report = os.path.join(self.scratch, "report.json")
        if os.path.exists(report):
            os.unlink(report)
        argv = list(wrap) + self.command(*options, "--json", report, *(() if text else ("-q",)), names=names, **more)
        _, self.offset = self.world.sessions(self.offset)
        _, self.web_offset = self.world.fetches(self.web_offset)
        began, killed = time.monotonic(), False
        with open(os.path.join(self.scratch, "out"), "w+b") as out, open(os.path.join(self.scratch, "err"), "w+b") as err:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env=surroundings(dict({"SSL_CERT_FILE": os.path.join(self.directory, "roots.pem")},
                                                             **(environment or {}))))
            if meddle:
                meddle(process)
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed = True
            seconds = time.monotonic() - began
            out.seek(0), err.seek(0)
            output, errors = out.read(), err.read()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Scan(process.returncode, seconds, after.ru_maxrss, output.decode("utf-8", "replace"),
                    errors.decode("utf-8", "replace"), load(report), self.sessions(), killed, self.fetches())

    def questions(self):
        """[name, type, transport] of what the spoiling resolver was asked so far, types as numbers."""
        with open(os.path.join(self.scratch, "questions"), encoding="ascii") as stream:
            return [line.split() for line in stream]

    def sessions(self):
        """Since the last call; those that are still going on get a moment to end."""
        time.sleep(self.settle)
        found, self.offset = self.world.sessions(self.offset)
        return found

    def fetches(self):
        """Connections to policy hosts since the last call; to be called after sessions()."""
        found, self.web_offset = self.world.fetches(self.web_offset)
        return found


def surroundings(extra):
    """The environment of a run. A small quarantine keeps memory comparable under ASan."""
    options = ":".join(filter(None, ["quarantine_size_mb=8", os.environ.get("ASAN_OPTIONS"), extra.get("ASAN_OPTIONS")]))
    return dict(os.environ, **dict(extra, ASAN_OPTIONS=options))


def is_sanitized(program):
    with open(program, "rb") as stream:
        return b"__asan_init" in stream.read()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def load(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return None


def lasting(value):
    """A report, or a part of it, without what differs from run to run."""
    if isinstance(value, dict):
        return {k: lasting(v) for k, v in value.items() if k not in ("milliseconds", "certificates")}
    return [lasting(v) for v in value] if isinstance(value, list) else value


def most_together(sessions, key, jitter=0):
    """The most sessions under way at a time, by KEY of a session.  A host on a busy machine notices up to JITTER seconds
    late that its client has gone."""
    most = {}
    for one in sessions:
        others = [s for s in sessions if s is not one and key(s) == key(one)
                  and s["began"] <= one["began"] < s["ended"] - jitter]
        most[key(one)] = max(most.get(key(one), 0), 1 + len(others))
    return most


def least_spacing(sessions, key):
    """The least time between two beginnings, by KEY."""
    least, last = {}, {}
    for one in sorted(sessions, key=lambda s: s["began"]):
        k = key(one)
        if k in last:
            least[k] = min(least.get(k, 1e9), one["began"] - last[k])
        last[k] = one["began"]
    return least


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def ok(self, truth, name, *why):
        self.count += 1
        self.failures += not truth
        print(f"{'ok' if truth else 'not ok'} {self.count} - {name}", flush=True)
        if not truth:
            for line in why:
                for part in str(line).splitlines()[:30]:
                    print(f"#   {part[:300]}")
        return truth

    def same(self, got, want, name, *why):
        return self.ok(got == want, name, f"got {got!r}", f"want {want!r}", *why)

    def clean(self, scan, name):
        """What holds for every run."""
        self.ok(not scan.killed, f"{name}: it ended by itself", f"{scan.seconds:.1f} s")
        bad = [line for line in scan.errors.splitlines() if "Sanitizer" in line or "runtime error" in line or "Assertion" in line]
        self.ok(not bad, f"{name}: no report of a sanitizer", scan.errors)
        if scan.report is not None:
            import jsonschema
            with open(os.path.join(TOP, "reports", "report.schema.json"), encoding="utf-8") as stream:
                schema = json.load(stream)
            problems = sorted(jsonschema.Draft202012Validator(schema).iter_errors(scan.report), key=str)
            self.ok(not problems, f"{name}: the report is valid against its schema", *problems[:3])

    def done(self):
        print(f"1..{self.count}")
        return 0 if self.failures == 0 else 1


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def main(test, limit=None):
    """Runs TEST(tap, scratch) inside a namespace of its own."""
    if not os.access(PROGRAM, os.X_OK):
        print(f"Bail out! {PROGRAM} is not built")
        sys.exit(1)
    scratch = namespace.inside()
    if not scratch:
        try:
            import cryptography, jsonschema  # noqa: F401
        except ImportError as missing:
            if sys.executable != PYTHON and os.path.exists(PYTHON):
                os.execv(PYTHON, [PYTHON] + sys.argv)
            skip(missing)
        lack = namespace.missing()
        if lack:
            skip(f"no {lack}")
        sys.exit(namespace.enter([sys.executable] + sys.argv, limit=limit))
    if os.geteuid() != 0:
        skip("no root")
    tap = Tap()
    test(tap, scratch)
    sys.exit(tap.done())
