"""Certificates as nobody should have them. Each function gives (chain, key) as PEM for a host's name."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

import demo_world

NOW = datetime.datetime.utcnow()
COMMENT = ObjectIdentifier("2.16.840.1.113730.1.13")


def key_of(owner):
    return demo_world._key(owner)


def name_of(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name is not None else [])


def pem(*certificates):
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in certificates)


def pem_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.NoEncryption()).decode()


class Root:
    """The authority that the configuration trusts, and certificates below it."""

    def __init__(self, authority):
        self.name, self.key = authority.name, authority.key

    def sign(self, subject, public_key, issuer=None, days=(-30, 300), names=(), ca=False, extra=(), serial=None):
        """ISSUER: (name, key); the root without it."""
        issuer_name, issuer_key = issuer or (self.name, self.key)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name).public_key(public_key)
                   .serial_number(serial or x509.random_serial_number())
                   .not_valid_before(NOW + datetime.timedelta(days[0])).not_valid_after(NOW + datetime.timedelta(days[1]))
                   .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        if not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        for extension in extra:
            builder = builder.add_extension(extension, False)
        return builder.sign(issuer_key, hashes.SHA256())

    def leaf(self, host, names=None, common_name="", **more):
        key = key_of(host)
        common_name = host if common_name == "" else common_name
        return pem(self.sign(name_of(common_name), key.public_key(), names=[host] if names is None else names, **more)), pem_key(key)

    def below(self, host, intermediates=1, sent=True, **more):
        """A leaf below so many intermediates, which are sent or not."""
        issuer, chain = None, []
        for n in range(intermediates):
            key = key_of(f"intermediate {n}")
            chain.insert(0, self.sign(name_of(f"Intermediate {n}"), key.public_key(), issuer=issuer, ca=True))
            issuer = (name_of(f"Intermediate {n}"), key)
        leaf, key = self.leaf(host, issuer=issuer, **more)
        return leaf + (pem(*chain) if sent else ""), key

    def behind(self, host, strays):
        """The intermediate comes after so many that have nothing to do with the leaf."""
        chain, key = self.below(host)
        cut = chain.index("-----BEGIN", 1)
        return chain[:cut] + self.self_signed("stray")[0] * strays + chain[cut:], key

    def self_signed(self, host, **more):
        return self.leaf(host, issuer=(name_of(host), key_of(host)), **more)

    def by_stranger(self, host, **more):
        return self.leaf(host, issuer=(name_of("Nobody's CA"), key_of("stranger")), **more)

    def padded(self, host, size):
        """The TLS 1.3 Certificate message: 8 octets around one certificate; the handshake header is not counted."""
        def make(n):
            return self.sign(name_of(host), key_of(host).public_key(), names=[host], serial=4711,
                             extra=[x509.UnrecognizedExtension(COMMENT, b"x" * n)])
        n = size - 1000
        for _ in range(100):    # signatures differ in length
            certificate = make(n)
            surplus = len(certificate.public_bytes(serialization.Encoding.DER)) - size
            if surplus == 0:
                return pem(certificate), pem_key(key_of(host))
            n -= surplus if abs(surplus) > 3 else 0
        raise ValueError(size)

    def constrained(self, host, count):
        """An intermediate with COUNT name constraints over a leaf with COUNT names."""
        key = key_of("constrained")
        trees = [x509.DNSName(f"{n}.test") for n in range(count)]
        ca = self.sign(name_of("Constrained CA"), key.public_key(), ca=True,
                       extra=[x509.NameConstraints(permitted_subtrees=None, excluded_subtrees=trees)])
        leaf, leaf_key = self.leaf(host, names=[host] + [f"a{n}.example" for n in range(count)],
                                   issuer=(name_of("Constrained CA"), key))
        return leaf + pem(ca), leaf_key

    def huge_key(self, host):
        """A leaf that an RSA key of 16384 bits would have signed."""
        modulus = (1 << 16383) | int.from_bytes(demo_world._seed("modulus") * 60, "big") | 1
        ca = self.sign(name_of("Huge CA"), rsa.RSAPublicNumbers(65537, modulus).public_key(), ca=True)
        small = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key = key_of(host)
        leaf = self.sign(name_of(host), key.public_key(), issuer=(name_of("Huge CA"), small), names=[host])
        return pem(resigned(leaf, b"\x5a" * 2048)) + pem(ca), pem_key(key)


def der(tag, content):
    n = len(content)
    if n < 128:
        return bytes([tag, n]) + content
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + content


SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def resigned(certificate, signature):
    """With another signature, which fits nothing."""
    return x509.load_der_x509_certificate(
        der(0x30, certificate.tbs_certificate_bytes + SHA256_WITH_RSA + der(0x03, b"\0" + signature)))
