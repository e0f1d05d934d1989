"""DNS of a world: zones signed with ldns-signzone, served by nsd, looked up through unbound.

The root is ours too, so nothing outside is ever asked.  A zone named in SECURE
has a chain of trust from the root; one in INSECURE has none; one in LAME is
delegated to a server that refuses.
"""

import os
import subprocess
import time

import namespace

# A machine's own resolvers sit in 127.0.0.
_NET = "127.0.53" if namespace.shared() else "127.0.0"
AUTHORITY = f"{_NET}.53"     # nsd
REFUSING = f"{_NET}.54"      # answers REFUSED to everything (served by smtpd.py)
VALIDATOR = f"{_NET}.1"      # unbound, validating
PLAIN = f"{_NET}.2"          # unbound, does not validate: never sets AD
FAULTY = f"{_NET}.3"         # faulty_dns.py, in front of the validator

SOA = "3600 IN SOA ns.test. hostmaster.test. 1 3600 600 86400 60"


class Zones:
    """Zone files below DIRECTORY for the RECORDS (text, absolute names)."""

    def __init__(self, directory, records, bogus=(), secure=("sec.test",),
                 insecure=("insec",), lame=("lame",), parents=("test",)):
        self.directory = directory
        self.bogus = {(name.lower(), kind) for name, kind in bogus}
        self.secure = list(parents) + [z for z in secure if z not in parents]
        self.insecure = list(insecure)
        self.lame = list(lame)
        self.lines = {zone: [] for zone in [""] + self.secure + self.insecure}
        os.makedirs(directory, exist_ok=True)
        self._add("ns.test.", f"A {AUTHORITY}")
        self._add("ns2.test.", f"A {REFUSING}")
        for record in records:
            name, rest = record.split(None, 1)
            self._add(name, rest)

    def _zone_of(self, name):
        labels = name.rstrip(".").lower().split(".")
        for start in range(len(labels)):
            zone = ".".join(labels[start:])
            if zone in self.lines:
                return zone
        return ""

    def _add(self, name, rest):
        line = f"{name} 300 IN {rest}"
        lines = self.lines[self._zone_of(name)]
        if line not in lines:
            lines.append(line)

    def write(self):
        """Writes and signs all zones, children before parents."""
        anchors = {}
        for zone in sorted(self.lines, key=lambda z: -len(z.split(".")) if z else 1):
            text = [f"{zone}. {SOA}", f"{zone}. 3600 IN NS ns.test."]
            text += [line for line in self.lines[zone]]
            text += self._delegations(zone, anchors)
            path = self._path(zone)
            with open(path, "w", encoding="ascii") as stream:
                stream.write("\n".join(text) + "\n")
            if zone not in self.insecure:
                anchors[zone] = self._sign(zone, path)
        return anchors[""]

    def _path(self, zone):
        return os.path.join(self.directory, (zone or "root") + ".zone")

    def _delegations(self, zone, anchors):
        text = []
        if not zone:
            text.append(f"ns.test. 3600 IN A {AUTHORITY}")
            for name in self.lame:
                text += [f"{name}. 3600 IN NS ns.{name}.", f"ns.{name}. 3600 IN A {REFUSING}"]
        for child in self.lines:
            if child and self._parent(child) == zone:
                text.append(f"{child}. 3600 IN NS ns.test.")
                if child in anchors:
                    text.append(anchors[child])
        return text

    def _parent(self, zone):
        return self._zone_of(zone.partition(".")[2]) if "." in zone else ""

    def _sign(self, zone, path):
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone + "."],
                             cwd=self.directory, check=True, capture_output=True,
                             text=True).stdout.strip()
        begin, end = time.time() - 86400, time.time() + 30 * 86400
        stamps = [time.strftime("%Y%m%d%H%M%S", time.gmtime(t)) for t in (begin, end)]
        subprocess.run(["ldns-signzone", "-i", stamps[0], "-e", stamps[1],
                        "-o", zone + ".", path, key],
                       cwd=self.directory, check=True, capture_output=True)
        self._break_signatures(path + ".signed")
        with open(os.path.join(self.directory, key + ".ds"), encoding="ascii") as stream:
            return stream.read().strip()

    def _break_signatures(self, path):
        if not self.bogus:
            return
        lines = []
        with open(path, encoding="ascii") as stream:
            for line in stream:
                words = line.split()
                if (len(words) > 12 and words[3] == "RRSIG"
                        and (words[0].lower(), words[4]) in self.bogus):
                    body = words[12]
                    words[12] = body[:20] + ("A" if body[20] != "A" else "B") + body[21:]
                    line = " ".join(words) + "\n"
                lines.append(line)
        with open(path, "w", encoding="ascii") as stream:
            stream.writelines(lines)

    def nsd_conf(self):
        base = self.directory
        text = f"""server:
  ip-address: {AUTHORITY}
  port: 53
  zonesdir: "{base}"
  username: ""
  chroot: ""
  database: ""
  pidfile: "{base}/nsd.pid"
  zonelistfile: "{base}/zone.list"
  xfrdfile: "{base}/xfrd.state"
  xfrdir: "{base}"
  logfile: "{base}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
  hide-version: yes
remote-control:
  control-enable: no
"""
        for zone in self.lines:
            path = self._path(zone) + ("" if zone in self.insecure else ".signed")
            text += f'zone:\n  name: "{zone}."\n  zonefile: "{path}"\n'
        return text

    def unbound_conf(self, address, anchor):
        """ANCHOR None: a resolver that does not validate."""
        base = self.directory
        text = f"""server:
  interface: {address}
  port: 53
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{base}"
  pidfile: ""
  use-syslog: no
  logfile: "{base}/unbound-{address}.log"
  num-threads: 1
  so-reuseport: no
  do-not-query-localhost: no
  module-config: "{'validator iterator' if anchor else 'iterator'}"
  qname-minimisation: no
  rrset-roundrobin: no
  target-fetch-policy: "0 0 0 0 0"
  outbound-msg-retry: 3
  unblock-lan-zones: yes
"""
        for zone in self.secure + self.insecure + self.lame:
            if "." not in zone:
                text += f'  local-zone: "{zone}." nodefault\n'
        if anchor:
            path = os.path.join(base, "anchor")
            with open(path, "w", encoding="ascii") as stream:
                stream.write(anchor + "\n")
            text += f'  trust-anchor-file: "{path}"\n'
        text += f'remote-control:\n  control-enable: no\nstub-zone:\n  name: "."\n  stub-addr: {AUTHORITY}\n'
        return text
