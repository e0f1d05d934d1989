"""The world of the demonstration: eighteen destinations, as a postmaster meets them.

Names, addresses and keys are always the same; certificates are made for the
run, because some of them must be expired, or expire soon.  The configuration
appears as /etc/postfix where that folder exists (in our mount namespace only).
"""

import datetime
import glob
import hashlib
import os
import shutil
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import namespace
from scenarios import DEFAULTS, SERVER_DEFAULTS
from world import World

INSECURE = ("council.example",)     # the one zone without DNSSEC
WRONG_PIN = "0B:5E:" + ":".join(f"{n:02X}" for n in range(30))

# Each destination: policy value (None: not in the table), hosts, and what Postfix
# makes of it (status, DSN, TLS word).  Of a host: preference, name, addresses,
# certificate (see Authority.issue; tlsa: the record right or wrong), behaviour.
DESTINATIONS = [
    ("bank.example", "secure match=nexthop:dot-nexthop",
     [(10, "mx1.bank.example", "192.0.2.10", {}, {}),
      (20, "mx2.bank.example", "192.0.2.11", {}, {})], ("sent", "2.0.0", "verified")),
    ("partner.example", "secure",
     [(10, "mx.hosting.example", "192.0.2.20", {}, {})], ("deferred", "4.7.5", "untrusted")),
    ("university.example", "dane",
     [(10, "mail.university.example", "192.0.2.30", {"tlsa": "right"}, {})],
     ("sent", "2.0.0", "verified")),
    ("registry.example", "dane-only",
     [(10, "mx.registry.example", "192.0.2.31 2001:db8::31", {"tlsa": "right"}, {})],
     ("sent", "2.0.0", "verified")),
    ("agency.example", "dane",
     [(10, "mx.agency.example", "192.0.2.32", {"tlsa": "wrong"}, {})],
     ("deferred", "4.7.5", "untrusted")),
    ("clinic.example", "dane-only",
     [(10, "mail.clinic.example", "192.0.2.40", {}, {})], ("deferred", "4.7.5", "none")),
    ("council.example", None,
     [(10, "mail.council.example", "192.0.2.41", {}, {})], ("sent", "2.0.0", "trusted")),
    ("supplier.example", "fingerprint match={pin:mx.supplier.example}",
     [(10, "mx.supplier.example", "192.0.2.50", {"issuer": "self"}, {})],
     ("sent", "2.0.0", "verified")),
    ("printer.example", f"fingerprint match={WRONG_PIN}",
     [(10, "mx.printer.example", "192.0.2.51", {"issuer": "self"}, {})],
     ("deferred", "4.7.5", "untrusted")),
    ("newsletter.example", "may",
     [(10, "out.newsletter.example", "192.0.2.60", {}, {"offer": None})], ("sent", "2.0.0", "none")),
    ("lawyers.example", "encrypt",
     [(10, "mx.lawyers.example", "192.0.2.61", {}, {"offer": None})], ("deferred", "4.7.4", "none")),
    ("insurance.example", "verify",
     [(10, "mx.insurance.example", "192.0.2.70", {"days": (-400, -3)}, {})],
     ("deferred", "4.7.5", "untrusted")),
    ("travel.example", "encrypt protocol=>=TLSv1.2",
     [(10, "mx.travel.example", "192.0.2.71", {}, {})], ("deferred", "4.7.5", "none")),
    ("museum.example", None,
     [(10, "mx.museum.example", "192.0.2.80", {}, {"tls": "alert"})], ("sent", "2.0.0", "none")),
    ("brewery.example", "encrypt",
     [(10, "mx1.brewery.example", "192.0.2.81", {"issuer": "self"}, {}),
      (20, "mx2.brewery.example", "192.0.2.82", {}, {"offer": None})], ("sent", "2.0.0", "untrusted")),
    ("school.example", "verify",
     [(10, "mx.school.example", "192.0.2.90", {"days": (-80, 6)}, {})], ("sent", "2.0.0", "verified")),
    ("theatre.example", "encrypt",
     [(10, "mx.theatre.example", "192.0.2.91", {}, {"starttls": "502 5.5.1 command not implemented"})],
     ("bounced", "5.5.1", "none")),
    ("moved.example", "encrypt", [], ("bounced", "5.4.4", "none")),
]

# MTA-STS policies: mode, mx lines, behaviour of the policy host (https_server.py); and who wants reports of failures.
POLICIES = {
    "bank.example": ("enforce", ("mx1.bank.example", "mx2.bank.example"), {}),
    "partner.example": ("enforce", ("*.hosting.example",), {}),
    "university.example": ("enforce", ("mail.university.example",), {}),
    "clinic.example": ("enforce", ("mail.clinic.example",),
                       {"status": "301 Moved Permanently", "headers": ["Location: https://www.clinic.example/mta-sts.txt"]}),
    "council.example": ("enforce", ("mail.council.example",), {}),
    "brewery.example": ("testing", ("*.brewery.example",), {}),
    "school.example": ("enforce", ("mx.old-school.example",), {}),
}
POLICY_HOSTS = "192.0.2.200"
REPORTED = ("bank.example", "university.example", "brewery.example")

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
smtp_dns_support_level = dnssec
smtp_tls_security_level = dane
smtp_tls_policy_maps = texthash:$config_directory/tls_policy
smtp_tls_CAfile = $config_directory/roots.pem
smtp_tls_fingerprint_digest = sha256
smtp_tls_loglevel = 1
queue_directory = {run}/queue
data_directory = {run}/data
maillog_file = {run}/maillog
maillog_file_prefixes = {run}
alias_maps =
alias_database =
"""


class Authority:
    """A root, and the certificates that it or nobody vouches for."""

    def __init__(self):
        self.now = datetime.datetime.utcnow()
        self.key = _key("root")
        self.name = _name("Example Root CA")
        self.root = self._sign(self.name, self.key, self.name, self.key, (-1000, 3000), None)

    def issue(self, host, issuer="root", days=(-30, 300), **_others):
        """(certificate, private key) as PEM. ISSUER "self": self-signed."""
        key, name = _key(host), _name(host)
        signer = (name, key) if issuer == "self" else (self.name, self.key)
        certificate = self._sign(name, key, *signer, days, host)
        return _text(certificate), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()).decode()

    def _sign(self, name, key, issuer, issuer_key, days, host):
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer)
                   .public_key(key.public_key())
                   .serial_number(int.from_bytes(_seed(str(name))[:8], "big"))
                   .not_valid_before(self.now + datetime.timedelta(days[0]))
                   .not_valid_after(self.now + datetime.timedelta(days[1]))
                   .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), True))
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        return builder.sign(issuer_key, hashes.SHA256())


def _seed(text):
    return hashlib.sha256(b"posttls-audit demonstration: " + text.encode()).digest()


def _key(owner):
    """The same throw-away key in every run."""
    return ec.derive_private_key(int.from_bytes(_seed(owner)[:31], "big"), ec.SECP256R1())


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _text(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_digest(host):
    return hashlib.sha256(_key(host).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pin(host):
    digest = _key_digest(host).upper()
    return ":".join(digest[n:n + 2] for n in range(0, 64, 2))


def rows(authority):
    """The destinations as scenarios."""
    return [_row(authority, *entry) for entry in DESTINATIONS]


def _row(authority, domain, policy, hosts, expected):
    row = dict(DEFAULTS, id=domain.split(".")[0], group="demo", desc=domain, recipient=f"postmaster@{domain}",
               destination=domain, servers=[], chains={}, keys={}, dns=[],
               outcome=dict(zip(("status", "dsn", "tls"), expected)))
    if policy:
        host = hosts[0][1] if hosts else ""
        row["policy_table"] = [[domain, policy.replace("{pin:" + host + "}", pin(host))]]
    for preference, host, addresses, certificate, behaviour in hosts:
        row["dns"].append(f"{domain}. MX {preference} {host}.")
        if "tlsa" in certificate:
            digest = _key_digest(host if certificate["tlsa"] == "right" else host + " until last week")
            row["dns"].append(f"_25._tcp.{host}. TLSA 3 1 1 {digest}")
        row["chains"][host], row["keys"][host] = authority.issue(host, **certificate)
        for address in _usable(addresses):
            row["dns"].append(f"{host}. {'AAAA' if ':' in address else 'A'} {address}")
            row["servers"].append(dict(SERVER_DEFAULTS, host=host, addr=address, port=25, chain=host,
                                       behaviour=behaviour))
    if not namespace.shared():   # nobody's port 443 is ours there
        _publish(authority, row, domain)
    return row


def _publish(authority, row, domain):
    """The MTA-STS and TLS reporting records of a domain, and its policy."""
    if domain in REPORTED:
        row["dns"].append(f'_smtp._tls.{domain}. TXT "v=TLSRPTv1; rua=mailto:tls-reports@{domain}"')
    if domain not in POLICIES:
        return
    mode, patterns, behaviour = POLICIES[domain]
    host = f"mta-sts.{domain}"
    chain, key = authority.issue(host)
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in patterns), "max_age: 604800"]
    row["dns"] += [f'_mta-sts.{domain}. TXT "v=STSv1; id=20261101"', f"{host}. A {POLICY_HOSTS}"]
    row["policy_servers"] = [{"host": host, "addr": POLICY_HOSTS, "port": 443, "chain": chain, "key": key,
                              "behaviour": {"body": "".join(f"{line}\r\n" for line in lines), **behaviour}}]


def _usable(addresses):
    """The addresses themselves; without a network of our own, loopback addresses in their place."""
    if not namespace.shared():
        return addresses.split()
    return [address.replace("192.0.2.", "127.0.2.") for address in addresses.split() if ":" not in address]


def make(scratch):
    """(a world that has not been started, the configuration directory)."""
    authority = Authority()
    destinations = rows(authority)
    world = World(destinations, scratch, secure=("example",), insecure=INSECURE, lame=())
    return world, write_configuration(scratch, destinations, authority)


def write_configuration(scratch, destinations, authority):
    from config import MASTER_CF
    run, directory = os.path.join(scratch, "run"), os.path.join(scratch, "postfix")
    for folder in (run, run + "/queue", run + "/data", directory):
        os.makedirs(folder)
    policy = ["# Transport security agreed with these domains."]
    policy += [f"{key:24s}{value}" for row in destinations for key, value in row["policy_table"]]
    files = {"main.cf": MAIN_CF.format(run=run), "master.cf": MASTER_CF,
             "tls_policy": "\n".join(policy) + "\n", "roots.pem": _text(authority.root),
             "correspondents": "# Whom we write to: table entries and others.\n" +
                               "".join(row["destination"] + "\n" for row in destinations)}
    for name, text in files.items():
        with open(os.path.join(directory, name), "w", encoding="ascii") as stream:
            stream.write(text)
    return _as_etc_postfix(directory)


def _as_etc_postfix(directory):
    """A path that is the same in every report, where there is a folder to put it on."""
    if namespace.shared() or not os.path.isdir("/etc/postfix"):
        return directory
    for path in glob.glob("/etc/postfix/dynamicmaps.cf*") + glob.glob("/etc/postfix/postfix-files*"):
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(directory, os.path.basename(path)))
        else:
            shutil.copy(path, directory)
    subprocess.run(["mount", "--bind", directory, "/etc/postfix"], check=True)
    return "/etc/postfix"
