"""Makes scenarios (see tests/lab/README.md) of rows: names, addresses, certificates and TLSA records."""

import itertools
import re
import subprocess

import authority
from scenarios import DEFAULTS, SERVER_DEFAULTS

COMMON = {"smtp_tls_security_level": "may", "smtp_dns_support_level": "dnssec",
          "smtp_tls_CAfile": "@LAB@/ca/matrix.pem", "smtp_tls_fingerprint_digest": "sha256"}
FRESH = {"minimal_backoff_time": "300s"}
ROOTS = ("root", "rsa-root")            # what the client trusts
PIN = re.compile(r"\{(pin|spki)(\d?)(?::(\w+))?(:plain)?\}")


def host(behaviour=None, cert="good", pref=10, tlsa=(), **more):
    """One mail host of a row.

    tlsa: see Credential.tlsa.  Further: name (default mx1, mx2 ...; a name with a dot is absolute), v4, v6 (how
    many addresses), port (of its server), wrapper, alias (the MX name is a CNAME to this; a list is a chain),
    tlsa_at (the owner of the TLSA records, default where the chain of aliases ends), tlsa_port, zone, sni ({name:
    kind}), down (no server), each (behaviours of its addresses in turn), record (write its addresses to DNS), path (of a socket, in place of address and port).
    """
    known = {"name": None, "v4": 1, "v6": 0, "port": 25, "wrapper": False, "alias": (), "tlsa_at": None,
             "tlsa_port": None, "zone": None, "sni": {}, "down": False, "each": None, "record": True, "path": None}
    unknown = set(more) - set(known)
    if unknown:
        raise TypeError(f"host() knows no {unknown}")
    return dict(known, behaviour=behaviour or {}, cert=cert, pref=pref, tlsa=tlsa, **more)


def hashed(certificate):
    """The file of a certificate in a CApath, as OpenSSL looks for it."""
    text = authority.pem(certificate)
    name = subprocess.run(["openssl", "x509", "-noout", "-subject_hash"], input=text, capture_output=True, text=True,
                          check=True).stdout.strip()
    return {f"{name}.0": text}


class Book:
    """All rows; rows(): as scenarios; files: what goes into the folder ca/ beside what is there."""

    def __init__(self):
        self.authority = authority.Authority()
        self.scenarios = []
        self.files = {"matrix.pem": "".join(authority.pem(self.authority.issuer(name)[0]) for name in ROOTS)}
        for name in ("root", "ca", "stranger", "elsewhere-ca"):
            certificate = self.authority.issuer(name)[0]
            self.files[f"m-{name}.pem"] = authority.pem(certificate)
            self.files[f"m-{name}-key.pem"] = authority.public_pem(certificate)
        self.files.update(hashed(self.authority.issuer("root")[0]))
        self.files["m-private.pem"] = authority.key_pem(self.authority.issuer("stranger")[1])
        self.files["m-empty.pem"] = self.files["policy.db"] = ""      # an empty file is a database without tables
        self.numbers = itertools.count(1)
        self.numbers6 = itertools.count(1)
        self.names = set()

    def add(self, group, name, policy=None, hosts=None, **keys):
        """Adds a row.

        policy: value of the next-hop's entry in the policy table, if any.  Keys: main (main.cf), drop, master, tables,
        per_site, sender, resolver, faults, table_servers, dns, bogus, alone, beyond, unordered as in a scenario;
        entries (of the policy table, instead of policy), nexthop (the key it has, default the domain), transport,
        zone, recipient (domain), mx (False: no MX records are written), fresh, shows (numbers of surprises.txt), desc.
        Texts may hold {d} the domain, {h} {h2} {a} {a2} hosts and their first addresses, {pin} {spki} {pin:sha1} {pin2} {pin:sha256:plain}
        digests, {leaf} a file with the first host's certificate.
        """
        key = f"{group}-{name}"
        if key.lower() in self.names:
            raise ValueError(f"two rows are named {key}")
        self.names.add(key.lower())
        zone = keys.pop("zone", "sec.test")
        domain = keys.pop("domain", f"{key}.{zone}").lower()
        row = dict(DEFAULTS, id=key, group=group, desc=keys.pop("desc", name), dns=[], servers=[], chains={}, keys={},
                   policy_table=[], fresh=keys.pop("fresh", False), shows=list(keys.pop("shows", ())))
        hosts = [host()] if hosts is None else hosts
        self._hosts(row, domain, hosts, keys.pop("mx", True))
        place = self._filler(row, domain, hosts)
        recipient = keys.pop("recipient", domain)
        row["recipient"] = f"{key.lower()}@{place(recipient)}"
        row["destination"] = domain
        row["main_cf"] = dict(COMMON, **(FRESH if row["fresh"] else {}))
        row["main_cf"].update({name: place(value) for name, value in keys.pop("main", {}).items()})
        row["main_cf_dropped"] = list(keys.pop("drop", ()))
        row["transport"] = place(keys.pop("transport", None))
        nexthop = place(keys.pop("nexthop", domain))
        entries = keys.pop("entries", [(nexthop, policy)] if policy is not None else [])
        row["policy_table"] = [[place(k), place(v)] for k, v in entries]
        row["per_site"] = [[place(k), place(v)] for k, v in keys.pop("per_site", ())]
        row["tables"] = {name: [place(line) for line in lines] for name, lines in keys.pop("tables", {}).items()}
        row["dns"] += [place(record) for record in keys.pop("dns", ())]
        row["dns_bogus"] = [[place(name), kind] for name, kind in keys.pop("bogus", ())]
        row["faults"] = [[place(name), kind, action] for name, kind, action in keys.pop("faults", ())]
        row["table_servers"] = [[kind, address, {place(k): place(v) for k, v in answers.items()}]
                                for kind, address, answers in keys.pop("table_servers", ())]
        resolver = keys.pop("resolver", "127.0.0.3" if row["faults"] else None)
        row["resolv_conf"] = f"nameserver {resolver}\noptions timeout:1 attempts:1\n" if resolver else None
        row["master_cf"] = place(keys.pop("master", ""))
        for name, default in (("sender", None), ("unordered", False), ("alone", False),
                              ("before", None), ("aim", None)):
            row[name] = place(keys.pop(name, default))
        row["beyond_scan"] = keys.pop("beyond", False)
        if keys:
            raise TypeError(f"{row['id']}: unknown keys {', '.join(keys)}")
        self.scenarios.append(row)

    def _hosts(self, row, domain, hosts, with_mx):
        for number, one in enumerate(hosts, 1):
            name = (one["name"] or f"mx{number}").replace("{d}", domain)
            if "." not in name:
                name += f"-{row['id'].lower()}.{one['zone']}" if one["zone"] else "." + domain
            one["full"] = name
            one["addresses"] = [self._address4() for _ in range(one["v4"])]
            one["addresses"] += [self._address6() for _ in range(one["v6"])]
            one["addresses"] = [one["path"]] if one["path"] else one["addresses"]
            if with_mx and one["pref"] is not None:
                row["dns"].append(f"{domain}. MX {one['pref']} {one['full']}.")
            owner = self._aliases(row, one, domain)
            self._addresses(row, one, owner)
            self._serve(row, one, domain, owner, number)

    @staticmethod
    def _aliases(row, one, domain):
        """Writes the CNAMEs of a host; the name where they end."""
        owner = one["full"]
        for target in [one["alias"]] if isinstance(one["alias"], str) else one["alias"]:
            target = target.replace("{d}", domain)
            row["dns"].append(f"{owner}. CNAME {target}.")
            owner = target
        return owner

    @staticmethod
    def _addresses(row, one, owner):
        if one["record"]:
            for address in one["addresses"]:
                row["dns"].append(f"{owner}. {'AAAA' if ':' in address else 'A'} {address}")

    def _serve(self, row, one, domain, owner, number):
        first = (one["addresses"] or [""])[0]
        credential = one["credential"] = self.authority.issue(one["cert"], one["full"], domain, first)
        label = f"{row['id']}_{number}"
        row["chains"][label], row["keys"][label] = credential.chain(), credential.private()
        names = {}
        for name, kind in one["sni"].items():
            other = self.authority.issue(kind, one["full"], domain, first)
            name = name.replace("{d}", domain).replace("{h}", one["full"])
            names[name] = f"{label}_{name}"
            row["chains"][names[name]], row["keys"][names[name]] = other.chain(), other.private()
        at = (one["tlsa_at"] or owner).replace("{d}", domain).replace("{h}", one["full"])
        for text in [one["tlsa"]] if isinstance(one["tlsa"], str) else one["tlsa"]:
            row["dns"].append(f"_{one['tlsa_port'] or one['port']}._tcp.{at}. TLSA {credential.tlsa(text)}")
        for index, address in enumerate(one["addresses"]):
            behaviour = one["each"][index] if one["each"] else one["behaviour"]
            if not one["down"]:
                row["servers"].append(dict(SERVER_DEFAULTS, host=one["full"], addr=address, port=one["port"], chain=label,
                                           behaviour=behaviour, wrapper=one["wrapper"], sni_chains=names))

    def _address4(self):
        number = next(self.numbers)
        return f"127.{20 + number // 60000}.{number // 240 % 250}.{number % 240 + 1}"

    def _address6(self):
        return f"fd6f::{next(self.numbers6):x}"

    def _filler(self, row, domain, hosts):
        plain = {"{d}": domain}
        for number, one in enumerate(hosts, 1):
            suffix = "" if number == 1 else str(number)
            plain["{h" + suffix + "}"] = one["full"]
            if one["addresses"]:
                plain["{a" + suffix + "}"] = one["addresses"][0]

        def digest(match):
            of, number, algorithm, bare = match.groups()
            credential = hosts[int(number or 1) - 1]["credential"]
            return credential.pin(algorithm or "sha256", "certificate" if of == "pin" else "key", not bare)

        def place(text):
            if not isinstance(text, str):
                return text
            for token, value in plain.items():
                text = text.replace(token, value)
            if "{leaf}" in text:
                self.files[f"m-leaf-{row['id']}.pem"] = authority.pem(hosts[0]["credential"].leaf)
                text = text.replace("{leaf}", f"@LAB@/ca/m-leaf-{row['id']}.pem")
            return PIN.sub(digest, text)

        return place
