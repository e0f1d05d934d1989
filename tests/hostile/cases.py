"""Peers and answers that do harm, or try to: a row each. The first column groups rows of one kind; what a scan must make
of a row stands in it. All of them share a world and, in the usual run, one scan, beside servers that behave."""

from dataclasses import dataclass, field

from arena import destination, host
from certificates import Root
from demo_world import Authority

ROOT = Root(Authority())
REFUSED_454 = "454 4.7.0 TLS not available"


@dataclass
class Case:
    group: str
    what: str
    verdict: str
    reason: str
    policy: str = "encrypt"
    says: object = ""             # a text, or several, in the host's error, in a finding's text or the forecast's
    findings: tuple = ()          # codes that must be told
    level: str = ""
    tls: str = ""                 # the forecast's word
    dns: tuple = ()               # {d}: the destination, {m}: its mail host
    faults: tuple = ()
    hosts: bool = True            # one host with an address
    options: dict = field(default_factory=dict)    # of the host: peer, chain(host name), behaviour
    sessions: int = -1            # how many conversations; -1: does not matter
    sent: int = -1                # so many certificates, all of which must be kept; -1: does not matter
    kept: dict = field(default_factory=dict)       # of the host's SMTP facts
    name: str = ""                # of the destination
    address: str = ""
    nexthop: str = ""             # asked for in its place

    def build(self, number):
        """Gives the destination for arena.Arena."""
        self.name = f"c{number}.example"
        self.address = self.address or f"198.51.{100 + number // 200}.{number % 200 + 1}"
        mail_host = f"mx.{self.name}"
        place = lambda text: text.format(d=self.name, m=mail_host)
        options = dict(self.options)
        if callable(options.get("chain")):
            options["chain"] = options["chain"](mail_host)
        hosts = [host(mail_host, self.address, **options)] if self.hosts else []
        return destination(self.name, hosts, self.policy, dns=[place(r) for r in self.dns],
                           faults=[[place(f[0]), *f[1:]] for f in self.faults])


def peer(name):
    return {"peer": name}


def chain(make, **more):
    return {"chain": lambda name: make(name, **more)}


CUT = ("unknown", "probe-cut-short")
DEFER, DOWN = "defer", "downgrade"

CASES = [
    # 1-3: endless and slow
    Case("endless", "a greeting without a line end", *CUT, says="greeting", options=peer("greeting_without_end")),
    Case("endless", "greeting lines without end", *CUT, says="greeting", options=peer("greeting_lines_without_end")),
    Case("endless", "EHLO lines without end", *CUT, says="EHLO", options=peer("ehlo_without_end")),
    Case("endless", "STARTTLS behind what Postfix reads", DEFER, "starttls-not-offered", findings=("starttls-beyond-limit",),
         options=peer("late_starttls")),
    Case("slow", "a byte a second in the greeting", *CUT, says="greeting", options=peer("drip_greeting")),
    Case("slow", "a byte a second in the EHLO reply", *CUT, says="EHLO", options=peer("drip_ehlo")),
    Case("slow", "a byte a second in the STARTTLS reply", *CUT, says="STARTTLS", options=peer("drip_starttls")),
    # 4: temporary refusals
    Case("refusals", "greeting 421", DEFER, "greeting-refused", findings=("temporary-refusal",), sessions=2, options={"greeting": "421 4.3.2 busy"}),
    Case("refusals", "greeting 450", DEFER, "greeting-refused", findings=("temporary-refusal",), sessions=2, options={"greeting": "450 4.3.2 busy"}),
    Case("refusals", "greeting 554", DEFER, "greeting-refused", sessions=1, options={"greeting": "554 5.3.2 no"}),
    Case("refusals", "STARTTLS 454, encrypt", DEFER, "starttls-refused", findings=("temporary-refusal",), sessions=2, options={"starttls": REFUSED_454}),
    Case("refusals", "STARTTLS 454, may", DOWN, "delivered-in-clear", policy="may", findings=("temporary-refusal",), sessions=2, options={"starttls": REFUSED_454}),
    Case("refusals", "refused once only", "deliver", "delivered", findings=("temporary-refusal",), sessions=2,
         options={"greeting": ["450 4.3.2 later", "220 now"]}),
    # 5: what counts as an offer
    Case("offers", "EHLO without STARTTLS", DEFER, "starttls-not-offered", options={"offer": None}),
    Case("offers", "STARTTLS offered and 502", "bounce", "starttls-refused", options={"starttls": "502 5.5.1 no"}),
    Case("offers", "XSTARTTLS", DEFER, "starttls-not-offered", options={"offer": "XSTARTTLS"}),
    Case("offers", "starttls", "deliver", "delivered", options={"offer": "starttls"}),
    Case("offers", "STARTTLS foo", "deliver", "delivered", options={"offer": "STARTTLS foo"}),
    # 6: injected plaintext
    Case("injection", "in the same segment", "deliver", "delivered", findings=("plaintext-injected",), options=peer("inject_at_once")),
    Case("injection", "a moment later", DEFER, "tls-handshake-failed", says="plaintext", options=peer("inject_later")),
    # 8: controls, markup, bytes
    Case("bytes", "escapes, NUL, bidi, markup in replies", DEFER, "starttls-not-offered", options=peer("controls")),
    # 9: silence and resets
    Case("silence", "accepted, then nothing", *CUT, says="greeting", options=peer("silent")),
    Case("silence", "reset at once", DEFER, "connection-lost", options=peer("reset_at_once")),
    Case("silence", "reset after the greeting", DEFER, "connection-lost", says="EHLO", kept={"code": 220}, options=peer("reset_after_greeting")),
    Case("silence", "reset after EHLO", DEFER, "connection-lost", says="STARTTLS", kept={"starttls": "offered"}, options=peer("reset_after_ehlo")),
    Case("silence", "reset in the handshake", DEFER, "tls-handshake-failed", kept={"starttls": "offered"}, options=peer("reset_in_handshake")),
    Case("silence", "reset after the handshake", DEFER, "connection-lost", sent=1, options=peer("reset_after_handshake")),
    # 10-13: TLS
    Case("tls", "text for a ServerHello, encrypt", DEFER, "tls-handshake-failed", says="wrong version number", options=peer("text_for_hello")),
    Case("tls", "text for a ServerHello, may", DOWN, "plaintext-retry", policy="may", says="wrong version number", options=peer("text_for_hello")),
    Case("tls", "random bytes for a ServerHello", DEFER, "tls-handshake-failed", says="wrong version number", options=peer("random_for_hello")),
    Case("tls", "a record of 65535 bytes", DEFER, "tls-handshake-failed", says="packet length too long", options=peer("record_of_65535")),
    Case("tls", "a handshake message of 16 MB", DEFER, "tls-handshake-failed", says="excessive message size", options=peer("message_of_16_mb")),
    Case("tls", "a certificate message of 102400 bytes", "deliver", "delivered", policy="verify match=hostname",
         options=chain(ROOT.padded, size=102400 - 9)),
    Case("tls", "a certificate message of one more", DEFER, "tls-handshake-failed", policy="verify match=hostname", says="excessive message size",
         options=chain(ROOT.padded, size=102400 - 8)),
    Case("tls", "10000 session tickets", "unknown", "probe-cut-short", says="TLS records", sent=1, options=peer("tickets")),
    Case("tls", "handshake requests without end", *CUT, says="TLS records", options=peer("hello_requests")),
    Case("tls", "a long chain, an octet at a time", *CUT, says="TLS handshake",
         options=dict(peer("drip_chain"), chain=lambda name: ROOT.below(name, intermediates=60))),
    Case("tls", "new keys without end", *CUT, says="TLS records", sent=1, options=peer("key_updates")),
    Case("tls", "an octet in each record, without end", *CUT, says="TLS records", sent=1, options=peer("octet_records")),
    Case("tls", "empty records without end", DEFER, "connection-lost", says="record too small", sent=1, options=peer("empty_records")),
    # The server takes our refusal for the end; the first certificate is the one that counts.
    Case("tls", "a renegotiation", DEFER, "connection-lost", policy="verify match=hostname", tls="verified", sent=1, options=peer("renegotiate")),
    # 14: certificates, one fault and all
    Case("x509", "expired", DEFER, "certificate-expired", "verify match=hostname", sent=1, options=chain(ROOT.leaf, days=(-400, -3))),
    Case("x509", "not yet valid", DEFER, "certificate-not-yet-valid", "verify match=hostname", sent=1, options=chain(ROOT.leaf, days=(3, 400))),
    Case("x509", "self-signed", DEFER, "certificate-not-trusted", "verify match=hostname", sent=1, options=chain(ROOT.self_signed)),
    Case("x509", "unknown issuer", DEFER, "certificate-not-trusted", "verify match=hostname", sent=1, options=chain(ROOT.by_stranger)),
    Case("x509", "missing intermediate", DEFER, "certificate-not-trusted", "verify match=hostname", sent=1, options=chain(ROOT.below, sent=False)),
    Case("x509", "intermediate sent", "deliver", "delivered", "verify match=hostname", sent=2, options=chain(ROOT.below)),
    Case("x509", "another name", DEFER, "certificate-name-mismatch", "verify match=hostname", sent=1, options=chain(ROOT.leaf, names=["other.example"])),
    Case("x509", "all together", DEFER, "certificate-not-trusted", "verify match=hostname", says=("Nobody's CA", "expired", "names other.example"),
         sent=1, options=chain(ROOT.by_stranger, names=["other.example"], days=(-400, -3))),
    # 15: size
    Case("size", "5000 names", DEFER, "certificate-name-mismatch", "verify match=hostname", sent=1,
         options=chain(ROOT.leaf, names=[f"n{n}.example" for n in range(5000)])),
    Case("size", "a chain of 100", DEFER, "certificate-not-trusted", "verify match=hostname", sent=101, options=chain(ROOT.below, intermediates=100)),
    Case("size", "an intermediate behind 150 strays", "deliver", "delivered", "verify match=hostname", sent=152, options=chain(ROOT.behind, strays=150)),
    Case("size", "1000 names under 1000 constraints", "deliver", "delivered", "verify match=hostname", options=chain(ROOT.constrained, count=1000)),
    Case("size", "more of both than the library checks", DEFER, "certificate-not-trusted", "verify match=hostname", options=chain(ROOT.constrained, count=1100)),
    Case("size", "signed by RSA-16384", DEFER, "certificate-not-trusted", "verify match=hostname", options=chain(ROOT.huge_key)),
    # 16, 17: names
    Case("names", "a NUL in a name", DEFER, "certificate-name-mismatch", "verify match=good.example",
         options=chain(ROOT.leaf, names=["good.example\0evil.example"])),
    Case("names", "a NUL in the common name", DEFER, "certificate-name-mismatch", "verify match=good.example",
         options=chain(ROOT.leaf, names=[], common_name="good.example\0evil.example")),
    Case("names", "controls and markup in the subject", "deliver", "delivered", "verify match=hostname",
         options=chain(ROOT.leaf, common_name="\x1b[31m\n<script>alert(1)</script>")),
    Case("names", "common name alone", "deliver", "delivered", "verify match=hostname", options=chain(ROOT.leaf, names=())),
    Case("names", "a name beside the common name", DEFER, "certificate-name-mismatch", "verify match=hostname",
         options=chain(ROOT.leaf, names=["other.example"])),
    Case("names", "a wildcard for one label", "deliver", "delivered", "verify match=x.y.example", options=chain(ROOT.leaf, names=["*.y.example"])),
    Case("names", "a wildcard for two labels", DEFER, "certificate-name-mismatch", "verify match=x.y.example", options=chain(ROOT.leaf, names=["*.example"])),
    Case("names", "half a label of wildcard", DEFER, "certificate-name-mismatch", "verify match=foo.y.example", options=chain(ROOT.leaf, names=["f*.y.example"])),
    Case("names", "nothing but a wildcard", DEFER, "certificate-name-mismatch", "verify match=x.y.example", options=chain(ROOT.leaf, names=["*"])),
    # 18-20: TLSA
    Case("tlsa", "truncated, whole over TCP", "deliver", "delivered", "dane-only", level="dane-only",
         options={"tlsa": ("3 1 1 {key}",)}, faults=(("_25._tcp.{m}", "TLSA", "tcudp"),)),
    Case("tlsa", "truncated, and no TCP", DEFER, "tlsa-lookup-failed", "dane", options={"tlsa": ("3 1 1 {key}",)},
         faults=(("_25._tcp.{m}", "TLSA", "tc"),)),
    Case("tlsa", "none usable, dane", DOWN, "tlsa-unusable", "dane",
         options={"tlsa": ("3 1 1 abcd", "0 1 1 {key}", "1 1 1 {key}", "3 9 1 {key}", "3 1 255 {key}")}),
    Case("tlsa", "none usable, dane-only", DEFER, "tlsa-unusable", "dane-only", options={"tlsa": ("3 1 1 abcd", "1 1 1 {key}")}),
    Case("tlsa", "the strongest digest decides", DEFER, "tlsa-mismatch", "dane", options={"tlsa": ("3 1 1 {key}", "3 1 2 {other}{other}")}),
    Case("tlsa", "expired, but its key is named", "deliver", "delivered", "dane", options=dict(chain(ROOT.leaf, days=(-400, -3)), tlsa=("3 1 1 {key}",))),
    Case("tlsa", "an anchor that is not sent", DEFER, "tlsa-mismatch", "dane", options={"tlsa": ("2 1 1 {other}",)}),
    # 21-23: DNS
    Case("dns", "an alias loop", DEFER, "dns-lookup-failed", hosts=False, dns=("{d}. MX 10 loop.{d}.", "loop.{d}. CNAME loop2.{d}.", "loop2.{d}. CNAME loop.{d}.")),
    Case("dns", "a chain of ten aliases", "deliver", "delivered", hosts=False,
         dns=("{d}. MX 10 a0.{d}.",) + tuple(f"a{n}.{{d}}. CNAME a{n + 1}.{{d}}." for n in range(10)) + ("a10.{d}. A 192.0.2.250",)),
    Case("dns", "a chain of thirty", DEFER, "dns-lookup-failed", hosts=False,
         dns=("{d}. MX 10 a0.{d}.",) + tuple(f"a{n}.{{d}}. CNAME a{n + 1}.{{d}}." for n in range(30)) + ("a30.{d}. A 192.0.2.250",)),
    Case("dns", "no mail here", "bounce", "null-mx", hosts=False, dns=("{d}. MX 0 .",)),
    Case("dns", "a mail host with a leading hyphen", "", "", hosts=False, dns=("{d}. MX 10 -bad.{d}.", "-bad.{d}. A 198.51.103.250"), findings=("mx-target-invalid",), sessions=0),
    Case("dns", "a mail host with a NUL", "", "", hosts=False, dns=("{d}. MX 10 b\\000d.{d}.",), findings=("mx-target-invalid",)),
    Case("dns", "a mail host that is an address", "deliver", "delivered", "may", findings=("mx-target-is-address",), hosts=False,
         dns=("{d}. MX 10 192.0.2.250.",)),
    Case("dns", "a reply with another id", DEFER, "dns-lookup-failed", faults=(("{m}", "A", "wrongid"), ("{m}", "AAAA", "wrongid"))),
    Case("dns", "forty replies with other ids, then ours", "deliver", "delivered", faults=(("{m}", "A", "ids:40"),)),
    Case("dns", "TCP, an octet a second, and a greeting likewise", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "tcdrip"),),
         sessions=0, options=peer("drip_greeting")),
    Case("dns", "a reply to another question", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "otherq"),)),
    Case("dns", "MX data of two bytes", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "rdata:000a"),)),
    Case("dns", "names that point at themselves", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "loop"),)),
    Case("dns", "20 signatures of the transaction", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "tsig:20"),)),
    Case("dns", "half a header", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "header"),)),
    Case("dns", "cut in the question", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "cut:20"),)),
    Case("dns", "cut in the answer", DEFER, "dns-lookup-failed", faults=(("{d}", "MX", "cut:50"),)),
    # 26: policies
    Case("policy", "an unknown level", DEFER, "policy-invalid", "encrypted"),
    Case("policy", "no value", DEFER, "policy-invalid", ","),
    Case("policy", "an unknown attribute", DEFER, "policy-invalid", "encrypt colour=red"),
    Case("policy", "an attribute twice", DEFER, "policy-invalid", "encrypt ciphers=high ciphers=low"),
    Case("policy", "match where it is not allowed", DEFER, "policy-invalid", "may match=nexthop"),
    Case("policy", "fingerprint without one", DEFER, "policy-invalid", "fingerprint"),
]

# 22: where no mail host can be. Something listens at each, and must not hear of us.
FORBIDDEN = ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
             "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1", "ff02::1"]
LISTENING = ["127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fc00::1"]

# An address of our own is Postfix's loop, wherever it leads.
for one in FORBIDDEN:
    ours = one == "127.0.0.1"
    CASES.append(Case("forbidden", f"MX at {one}", *(("bounce", "loops-back") if ours else ("unknown", "address-not-allowed")), "may", hosts=False, sessions=0,
                      dns=("{d}. MX 10 {m}.", f"{{m}}. {'AAAA' if ':' in one else 'A'} {one}")))
