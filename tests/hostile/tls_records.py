"""Records of TLS 1.3 that no library would send: a handshake by Python's, then its keys (RFC 8446 7.3) in our own hands."""

import ssl
import struct
import tempfile

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HANDSHAKE, DATA = 22, 23
PADDING = 500       # so that a flood of records need not be of many
KEY_UPDATE = b"\x18\0\0\1"


def shake_hands(sock, send, chain, **settings):
    """As a server; SEND(bytes) takes what is to be sent. Gives the cipher's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(chain)
        file.flush()
        context.load_cert_chain(file.name)
    for name, value in settings.items():
        setattr(context, name, value)
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(received, to_send, server_side=True)
    while True:
        try:
            tls.do_handshake()
            send(to_send.read())
            return tls.cipher()[0]
        except ssl.SSLWantReadError:
            send(to_send.read())
            data = sock.recv(4096)
            if not data:
                raise OSError("closed") from None
            received.write(data)


def expand(secret, label, length, digest):
    """HKDF-Expand-Label without a context."""
    label = b"tls13 " + label
    return HKDFExpand(digest, length, struct.pack(">HB", length, len(label)) + label + b"\0").derive(secret)


class Records:
    """What the server of a session may send after its handshake."""

    def __init__(self, sock, chain):
        with tempfile.NamedTemporaryFile() as keys:
            cipher = shake_hands(sock, sock.sendall, chain, keylog_filename=keys.name, num_tickets=0)
            with open(keys.name, encoding="ascii") as lines:
                secret = next(line.split()[2] for line in lines if line.startswith("SERVER_TRAFFIC_SECRET_0"))
        self.size = 32 if "256_GCM" in cipher else 16
        self.digest = hashes.SHA384() if cipher.endswith("SHA384") else hashes.SHA256()
        self.take(bytes.fromhex(secret))

    def take(self, secret):
        self.secret, self.number = secret, 0
        self.key = AESGCM(expand(secret, b"key", self.size, self.digest))
        self.iv = int.from_bytes(expand(secret, b"iv", 12, self.digest), "big")

    def seal(self, content, kind=DATA, padding=0):
        inner = content + bytes([kind]) + bytes(padding)
        head = struct.pack(">BHH", DATA, 0x303, len(inner) + 16)
        nonce = (self.iv ^ self.number).to_bytes(12, "big")
        self.number += 1
        return head + self.key.encrypt(nonce, inner, head)

    def update(self):
        """New keys, and a request that the other side does the same (RFC 8446 4.6.3)."""
        record = self.seal(KEY_UPDATE + b"\1", HANDSHAKE, PADDING)
        self.take(expand(self.secret, b"traffic upd", self.digest.digest_size, self.digest))
        return record
