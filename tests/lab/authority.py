"""Certificate authorities of a run, and the certificates they issue: good ones, and each bad in its own way.

EC keys are derived from the owner's name, so that they are the same in every
run; RSA keys are made once for each size.  Validity is counted from now.
"""

import datetime
import hashlib
import ipaddress
import itertools
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Certificates signed with SHA-1 and MD5 are what some rows are about.
warnings.filterwarnings("ignore", message=".*signatures are deprecated")

HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha1": hashes.SHA1, "md5": hashes.MD5}
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}

# Issuers by name: who issued them ("self": a root), and what is special about them.
ISSUERS = {
    "root": {"issuer": "self"},
    "ca": {"issuer": "root"},
    "ca2": {"issuer": "ca"},
    "ca3": {"issuer": "ca2"},
    "stranger": {"issuer": "self"},
    "stranger-ca": {"issuer": "stranger"},
    "expired-ca": {"issuer": "root", "days": (-900, -2)},
    "client-ca": {"issuer": "root", "purpose": "client"},
    "short-ca": {"issuer": "root", "path": 0},
    "below-short-ca": {"issuer": "short-ca"},
    "sha1-ca": {"issuer": "root", "hash": "sha1", "key": "rsa2048"},
    "rsa-root": {"issuer": "self", "key": "rsa2048"},
    "md5-ca": {"issuer": "rsa-root", "hash": "md5", "key": "rsa2048"},
    "weak-ca": {"issuer": "root", "key": "rsa512"},
    "not-a-ca": {"issuer": "root", "is_ca": False},
    "named-ca": {"issuer": "root", "permitted": "sec.test"},
    "elsewhere-ca": {"issuer": "root", "permitted": "elsewhere.test"},
}

# Leaf certificates by kind.  {h}: the host's name, {d}: the next-hop's; names default to ["{h}"].
KINDS = {
    "good": {},
    "domain": {"names": ["{d}"]},
    "both": {"names": ["{h}", "{d}"]},
    "wrong": {"names": ["other.example"]},
    "self": {"issuer": "self", "names": ["{h}", "{d}"]},
    "selfca": {"issuer": "self", "names": ["{h}", "{d}"], "is_ca": True},
    "selfwrong": {"issuer": "self", "names": ["other.example"]},
    "stranger": {"issuer": "stranger-ca", "names": ["{h}", "{d}"]},
    "strangerroot": {"issuer": "stranger-ca", "names": ["{h}", "{d}"], "send_root": True},
    "expired": {"days": (-400, -3), "names": ["{h}", "{d}"]},
    "notyet": {"days": (3, 400), "names": ["{h}", "{d}"]},
    "noint": {"send": 0, "names": ["{h}", "{d}"]},
    "direct": {"issuer": "root", "names": ["{h}", "{d}"]},
    "sendroot": {"send_root": True, "names": ["{h}", "{d}"]},
    "deep2": {"issuer": "ca2", "names": ["{h}", "{d}"]},
    "deep3": {"issuer": "ca3", "names": ["{h}", "{d}"]},
    "deepgap": {"issuer": "ca2", "names": ["{h}", "{d}"], "send": 1},
    "shuffled": {"issuer": "ca3", "names": ["{h}", "{d}"], "shuffle": True},
    "expiredca": {"issuer": "expired-ca", "names": ["{h}", "{d}"]},
    "clientca": {"issuer": "client-ca", "names": ["{h}", "{d}"]},
    "pathlen": {"issuer": "below-short-ca", "names": ["{h}", "{d}"]},
    "sha1ca": {"issuer": "sha1-ca", "names": ["{h}", "{d}"]},
    "md5ca": {"issuer": "md5-ca", "names": ["{h}", "{d}"]},
    "weakca": {"issuer": "weak-ca", "names": ["{h}", "{d}"]},
    "notaca": {"issuer": "not-a-ca", "names": ["{h}", "{d}"]},
    "namedca": {"issuer": "named-ca", "names": ["{h}"]},
    "elsewhereca": {"issuer": "elsewhere-ca", "names": ["{h}", "{d}"]},
    "sha1leaf": {"hash": "sha1", "names": ["{h}", "{d}"]},
    "ekuclient": {"purpose": "client", "names": ["{h}", "{d}"]},
    "noeku": {"purpose": None, "names": ["{h}", "{d}"]},
    "p384": {"key": "p384", "names": ["{h}", "{d}"]},
    "p521": {"key": "p521", "names": ["{h}", "{d}"]},
    "rsa2048": {"key": "rsa2048", "names": ["{h}", "{d}"]},
    "rsa1024": {"key": "rsa1024", "names": ["{h}", "{d}"]},
    "rsa512": {"key": "rsa512", "names": ["{h}", "{d}"]},
    "cn": {"names": [], "cn": "{h}"},
    "cndomain": {"names": [], "cn": "{d}"},
    "cnwild": {"names": [], "cn": "*.{d}"},
    "cnlast": {"names": ["other.example"], "cn": "{h}"},
    "cnemail": {"names": [], "emails": ["a@other.example"], "cn": "{h}"},
    "cnip": {"names": [], "ips": ["192.0.2.1"], "cn": "{h}"},
    "upper": {"names": ["{H}"]},
    "dot": {"names": ["{h}."]},
    "wild": {"names": ["*.{d}"]},
    "wildparent": {"names": ["*.sec.test"]},
    "wildall": {"names": ["*"]},
    "wildpart": {"names": ["m*.{d}"]},
    "ip": {"names": [], "ips": ["{a}"], "cn": "somebody"},
    "ipname": {"names": ["{h}"], "ips": ["{a}"]},
    "ipdns": {"names": ["{a}"]},
    "sub": {"names": ["a.b.{d}"]},
}


class Authority:
    """Issues the certificates of one run."""

    def __init__(self):
        self.now = datetime.datetime.utcnow().replace(microsecond=0)
        self.rsa = {}
        self.issuers = {}
        self.serials = itertools.count(1000)

    def issuer(self, name):
        """(certificate, key) of an issuer."""
        if name not in self.issuers:
            spec = ISSUERS[name]
            key = self._key(name, spec.get("key", "p256"))
            subject = _name(f"Matrix {name}")
            self.issuers[name] = (self._sign(subject, key, spec, name, is_ca=spec.get("is_ca", True)), key)
        return self.issuers[name]

    def issue(self, kind, host, domain, address):
        """A Credential for HOST. KIND: a name of KINDS, or a dictionary like those there."""
        spec = dict(KINDS[kind] if isinstance(kind, str) else kind)

        def fill(text):
            return (text.replace("{h}", host).replace("{H}", host.upper()).replace("{d}", domain)
                    .replace("{a}", address))

        spec["names"] = [fill(name) for name in spec.get("names", ["{h}"])]
        spec["ips"] = [fill(address) for address in spec.get("ips", [])]
        spec.setdefault("issuer", "ca")
        spec.setdefault("purpose", "server")
        key = self._key(spec.get("owner", host), spec.get("key", "p256"))
        subject = _name(fill(spec.get("cn", "somebody")))
        leaf = self._sign(subject, key, spec, host, is_ca=spec.get("is_ca", False))
        above = [self.issuer(name)[0] for name in _path(spec["issuer"])]
        sent = above if spec.get("send_root") else above[:-1]
        sent = sent[:spec.get("send", len(sent))]
        if spec.get("shuffle"):
            sent = sent[::-1]
        return Credential(leaf, key, sent, above or [leaf], self.issuer("elsewhere-ca")[0])

    def _key(self, owner, kind):
        if kind in CURVES:
            seed = hashlib.sha256(b"posttls-audit matrix: " + owner.encode()).digest()
            return ec.derive_private_key(int.from_bytes(seed[:31], "big"), CURVES[kind]())
        if kind not in self.rsa:
            self.rsa[kind] = rsa.generate_private_key(65537, int(kind[3:]))
        return self.rsa[kind]

    def _sign(self, subject, key, spec, owner, is_ca):
        days = spec.get("days", (-30, 300))
        issuer_name, issuer_key = (subject, key)
        if spec["issuer"] != "self":
            certificate, issuer_key = self.issuer(spec["issuer"])
            issuer_name = certificate.subject
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name)
                   .public_key(key.public_key()).serial_number(next(self.serials))
                   .not_valid_before(self.now + datetime.timedelta(days[0]))
                   .not_valid_after(self.now + datetime.timedelta(days[1]))
                   .add_extension(x509.BasicConstraints(is_ca, spec.get("path")), True))
        alternatives = [x509.DNSName(name) for name in spec.get("names", [])]
        alternatives += [x509.IPAddress(ipaddress.ip_address(text)) for text in spec.get("ips", [])]
        alternatives += [x509.RFC822Name(text) for text in spec.get("emails", [])]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), False)
        if spec.get("purpose"):
            builder = builder.add_extension(x509.ExtendedKeyUsage([PURPOSES[spec["purpose"]]]), False)
        if "permitted" in spec:
            builder = builder.add_extension(
                x509.NameConstraints([x509.DNSName(spec["permitted"])], None), True)
        return builder.sign(issuer_key, HASHES[spec.get("hash", "sha256")]())


class Credential:
    """A leaf with its key.

    sent: what follows it on the wire; above: all its issuers up to the root, itself when self-signed;
    unrelated: a certificate that has nothing to do with it.
    """

    def __init__(self, leaf, key, sent, above, unrelated):
        self.leaf, self.key, self.sent, self.above, self.unrelated = leaf, key, sent, above, unrelated

    def chain(self):
        return pem(self.leaf) + "".join(pem(certificate) for certificate in self.sent)

    def private(self):
        return key_pem(self.key)

    def pin(self, algorithm="sha256", of="certificate", colons=True):
        data = der(self.leaf) if of == "certificate" else public_der(self.leaf)
        digest = hashlib.new(algorithm, data).hexdigest().upper()
        return ":".join(digest[n:n + 2] for n in range(0, len(digest), 2)) if colons else digest

    def tlsa(self, text):
        """Rdata for "U S M", or for "!U S M" wrong data; "U S M@root" is about the root; four words stay."""
        words = text.lstrip("!").partition("@")[0].split()
        if len(words) > 3:
            return " ".join(words)
        usage, selector, matching = words
        certificate = self.leaf
        if usage in ("0", "2"):
            which = text.partition("@")[2]
            certificate = {"": self.above[0], "root": self.above[-1], "leaf": self.leaf}[which]
        if text.startswith("!"):
            certificate = self.unrelated
        data = public_der(certificate) if selector == "1" else der(certificate)
        if matching in ("1", "2"):
            data = hashlib.new({"1": "sha256", "2": "sha512"}[matching], data).digest()
        return f"{usage} {selector} {matching} {data.hex()}"


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def public_pem(certificate):
    return certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def public_der(certificate):
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _path(issuer):
    names = []
    while issuer != "self":
        names.append(issuer)
        issuer = ISSUERS[issuer]["issuer"]
    return names


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])
