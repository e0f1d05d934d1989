/* Whole judgements: configuration, DNS and servers as text, the forecast they lead to. Rows that stand for something
 * recorded of a real Postfix keep its words. */
#include "scanner/judge/judge.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "tests/judge/pki.h"
#include "tests/judge/server_world.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define V4 "inet_protocols = ipv4\nmyhostname = client.example.org\nmydestination =\n"
#define SEC V4 "smtp_dns_support_level = dnssec\nsmtp_tls_dane_insecure_mx_policy = dane\n"
#define LEVEL(word) "smtp_tls_security_level = " word "\n"
#define POLICY(value) "smtp_tls_policy_maps = inline:{ { example.net = " value " } }\n"

#define ONE "example.net MX ok MX 10 mx1.example.net\nmx1.example.net A ok A 192.0.2.1\n"
#define TWO                                                                                                            \
    "example.net MX ok MX 10 mx1.example.net; MX 20 mx2.example.net\nmx1.example.net A ok A 192.0.2.1\n"              \
    "mx2.example.net A ok A 192.0.2.2\n"
#define EQUAL                                                                                                          \
    "example.net MX ok MX 10 mx1.example.net; MX 10 mx2.example.net\nmx1.example.net A ok A 192.0.2.1\n"              \
    "mx2.example.net A ok A 192.0.2.2\n"
#define MISSING                                                                                                        \
    "example.net MX ok MX 10 mx1.example.net; MX 20 gone.example.net\nmx1.example.net A ok A 192.0.2.1\n"             \
    "gone.example.net A nxdomain\n"
#define SECURE "example.net MX ad MX 10 mx1.example.net\nmx1.example.net A ad A 192.0.2.1\n"
#define TLSA(data) SECURE "_25._tcp.mx1.example.net TLSA ad TLSA " data "\n"
#define GARBAGE "3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DUAL "myhostname = client.example.org\nmydestination =\n" \
    "smtp_dns_support_level = dnssec\nsmtp_tls_dane_insecure_mx_policy = dane\n"
#define BOTH                                                                                                           \
    "example.net MX ad MX 10 mx1.example.net\nmx1.example.net A ad A 192.0.2.1\n"                                   \
    "mx1.example.net AAAA ok AAAA 2001:db8::1\n_25._tcp.mx1.example.net TLSA ad TLSA " GARBAGE "\n"
#define MX1 "mx1.example.net[192.0.2.1]:25"
#define MX2 "mx2.example.net[192.0.2.2]:25"

static const struct row {
    const char *main_cf, *destination, *dns, *servers;
    const char *verdict;   /* "best..worst" where they differ */
    const char *forecast;  /* status dsn relay tls level reason */
    const char *text;
    const char *first;     /* status dsn; NULL: as the forecast */
    const char *findings;  /* code, and ! critical, ? warning, . notice */
} rows[] = {
    /* one host, each level against each way of failing */
    { V4 LEVEL("none"), "example.net", ONE, "192.0.2.1 good", "deliver",
      "sent 2.0.0 " MX1 " none none delivered-in-clear", NULL, NULL, "" },
    { V4 LEVEL("none"), "example.net", ONE, "192.0.2.1 hangtls", "deliver",
      "sent 2.0.0 " MX1 " none none delivered-in-clear", NULL, NULL, "" },
    { V4 LEVEL("none"), "example.net", ONE, "192.0.2.1 cuttls", "deliver",
      "sent 2.0.0 " MX1 " none none delivered-in-clear", NULL, NULL, "" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 good", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 plain", "downgrade",
      "sent 2.0.0 " MX1 " none may delivered-in-clear", NULL, NULL, "starttls-not-offered?" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 st454", "downgrade",
      "sent 2.0.0 " MX1 " none may delivered-in-clear", NULL, NULL, "starttls-refused?" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 st454twice", "downgrade",
      "sent 2.0.0 " MX1 " none may delivered-in-clear", NULL, NULL, "starttls-refused? temporary-refusal?" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 st421", "defer",
      "deferred 4.4.2 " MX1 " none may starttls-refused",
      "lost connection with mx1.example.net[192.0.2.1] while sending MAIL FROM", NULL, "starttls-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 stclose", "defer",
      "deferred 4.4.2 " MX1 " none may connection-lost",
      "lost connection with mx1.example.net[192.0.2.1] while receiving the STARTTLS response", NULL,
      "connection-lost!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 badtls", "downgrade",
      "sent 2.0.0 " MX1 " none may plaintext-retry", NULL, "deferred 4.7.5",
      "plaintext-retry? first-attempt-defers." },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 tlsclose", "downgrade",
      "sent 2.0.0 " MX1 " none may plaintext-retry", NULL, "deferred 4.4.2",
      "plaintext-retry? first-attempt-defers." },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 tlshelo502", "bounce",
      "bounced 5.5.1 " MX1 " anonymous may helo-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 502 5.5.1 no", NULL, "helo-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 inject", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "plaintext-injected?" },
    { V4 LEVEL("may") "smtp_discard_ehlo_keywords = starttls, pipelining\n", "example.net", ONE, "192.0.2.1 good",
      "downgrade", "sent 2.0.0 " MX1 " none may delivered-in-clear", NULL, NULL, "starttls-not-offered?" },
    { V4 LEVEL("may") "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:user:pass\n", "example.net", ONE,
      "192.0.2.1 badtls", "defer", "deferred 4.7.5 " MX1 " none may tls-handshake-failed",
      "Cannot start TLS: handshake failure", NULL, "tls-handshake-failed!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 plain", "defer",
      "deferred 4.7.4 " MX1 " none encrypt starttls-not-offered",
      "TLS is required, but was not offered by host mx1.example.net[192.0.2.1]", NULL, "starttls-not-offered!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 late", "defer",
      "deferred 4.7.4 " MX1 " none encrypt starttls-not-offered",
      "TLS is required, but was not offered by host mx1.example.net[192.0.2.1]", NULL,
      "starttls-not-offered! starttls-beyond-limit?" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 old", "defer",
      "deferred 4.7.4 " MX1 " none encrypt starttls-not-offered",
      "TLS is required, but was not offered by host mx1.example.net[192.0.2.1]", NULL, "starttls-not-offered!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 st454", "defer",
      "deferred 4.7.0 " MX1 " none encrypt starttls-refused",
      "TLS is required, but host mx1.example.net[192.0.2.1] refused to start TLS: 454 4.7.0 not now", NULL,
      "starttls-refused!" },
    { V4 LEVEL("encrypt"), "example.net", TWO, "192.0.2.1 st502\n192.0.2.2 good", "bounce",
      "bounced 5.5.1 " MX1 " none encrypt starttls-refused",
      "TLS is required, but host mx1.example.net[192.0.2.1] refused to start TLS: 502 5.5.1 what", NULL,
      "starttls-refused!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 st354", "bounce",
      "bounced 5.5.0 " MX1 " none encrypt smtp-protocol-error",
      "TLS is required, but host mx1.example.net[192.0.2.1] refused to start TLS: 354 hm", NULL,
      "smtp-protocol-error!" },
    { V4 LEVEL("encrypt") "soft_bounce = yes\n", "example.net", TWO, "192.0.2.1 st502\n192.0.2.2 good", "deliver",
      "sent 2.0.0 " MX2 " anonymous encrypt delivered", NULL, NULL, "starttls-refused?" },
    { V4 LEVEL("encrypt") "soft_bounce = yes\n", "example.net", ONE, "192.0.2.1 st502", "defer",
      "deferred 4.5.1 " MX1 " none encrypt starttls-refused",
      "TLS is required, but host mx1.example.net[192.0.2.1] refused to start TLS: 502 5.5.1 what", NULL,
      "starttls-refused!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 badtls", "defer",
      "deferred 4.7.5 " MX1 " none encrypt tls-handshake-failed", "Cannot start TLS: handshake failure", NULL,
      "tls-handshake-failed!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 tlsclose", "defer",
      "deferred 4.4.2 " MX1 " anonymous encrypt connection-lost",
      "lost connection with mx1.example.net[192.0.2.1] while performing the EHLO handshake", NULL, "connection-lost!" },
    { V4 LEVEL("encrypt"), "example.net", ONE, "192.0.2.1 cuttls", "unknown", "unknown - - - encrypt probe-cut-short",
      NULL, NULL, "probe-cut-short?" },
    { V4 LEVEL("encrypt") "smtp_tls_mandatory_protocols = bogus\n", "example.net", ONE, "192.0.2.1 good", "defer",
      "deferred 4.7.5 " MX1 " none encrypt tls-handshake-failed", "Cannot start TLS: handshake failure", NULL,
      "tls-handshake-failed!" },
    { V4 LEVEL("verify"), "example.net", ONE, "192.0.2.1 good chain=leaf,int", "deliver",
      "sent 2.0.0 " MX1 " verified verify delivered", NULL, NULL, "" },
    { V4 LEVEL("secure"), "example.net", ONE, "192.0.2.1 good chain=leaf,int", "deliver",
      "sent 2.0.0 " MX1 " verified secure delivered", NULL, NULL, "" },
    { V4 LEVEL("verify"), "example.net", ONE, "192.0.2.1 good chain=wrong,int", "defer",
      "deferred 4.7.5 " MX1 " untrusted verify certificate-name-mismatch", "Server certificate not verified", NULL,
      "certificate-name-mismatch!" },
    { V4 LEVEL("verify"), "example.net", ONE, "192.0.2.1 tlsclose chain=self", "defer",
      "deferred 4.7.5 " MX1 " untrusted verify certificate-not-trusted", "Server certificate not verified", NULL,
      "certificate-not-trusted!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 good chain=expired,int", "deliver",
      "sent 2.0.0 " MX1 " untrusted may delivered", NULL, NULL, "" },
    /* before STARTTLS */
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 refused", "defer",
      "deferred 4.4.1 none none may connect-refused", "connect to " MX1 ": Connection refused", NULL,
      "connect-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 far", "defer", "deferred 4.4.1 none none may connect-timeout",
      "connect to " MX1 ": Connection timed out", NULL, "connect-timeout!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 greet554", "defer",
      "deferred 4.7.1 " MX1 " none may greeting-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 554 5.7.1 no service 554 5.7.1 for you", NULL,
      "greeting-refused!" },
    { V4 LEVEL("may") "smtp_skip_5xx_greeting = no\n", "example.net", TWO, "192.0.2.1 greet554\n192.0.2.2 good",
      "bounce", "bounced 5.7.1 " MX1 " none may greeting-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 554 5.7.1 no service 554 5.7.1 for you", NULL,
      "greeting-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 greet450", "defer",
      "deferred 4.0.0 " MX1 " none may greeting-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 450 later", NULL, "greeting-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 greet354", "bounce",
      "bounced 5.5.0 " MX1 " none may smtp-protocol-error",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 354 go on", NULL, "smtp-protocol-error!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 silent", "defer",
      "deferred 4.4.2 " MX1 " none may connection-lost",
      "conversation with mx1.example.net[192.0.2.1] timed out while receiving the initial server greeting", NULL,
      "connection-lost!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 ehlo421", "defer", "deferred 4.3.2 " MX1 " none may helo-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 421 4.3.2 bye", NULL, "helo-refused!" },
    { V4 LEVEL("may"), "example.net", ONE, "192.0.2.1 helo550", "bounce", "bounced 5.0.0 " MX1 " none may helo-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 550 no", NULL, "helo-refused!" },
    { V4 LEVEL("may"), "example.net", TWO, "192.0.2.1 self\n192.0.2.2 good", "bounce",
      "bounced 5.4.6 " MX1 " none may loops-back", "mail for example.net loops back to myself", NULL, "loops-back!" },
    { V4 LEVEL("may"), "example.net", TWO, "192.0.2.1 closed\n192.0.2.2 self", "defer",
      "deferred 4.4.6 " MX2 " none may loops-back", "mail for example.net loops back to myself", NULL,
      "connection-lost! loops-back!" },
    /* several hosts */
    { V4 LEVEL("encrypt"), "example.net", TWO, "192.0.2.1 plain\n192.0.2.2 good", "deliver",
      "sent 2.0.0 " MX2 " anonymous encrypt delivered", NULL, NULL, "starttls-not-offered?" },
    { V4 LEVEL("may"), "example.net", TWO, "192.0.2.1 badtls\n192.0.2.2 good", "downgrade",
      "sent 2.0.0 " MX1 " none may plaintext-retry", NULL, "sent 2.0.0", "plaintext-retry?" },
    { V4 LEVEL("may"), "example.net", EQUAL, "192.0.2.1 badtls\n192.0.2.2 good", "deliver..downgrade",
      "sent 2.0.0 " MX1 " none may plaintext-retry", NULL, "sent 2.0.0", "plaintext-retry? order-matters?" },
    { V4 LEVEL("may"), "example.net", EQUAL, "192.0.2.1 good\n192.0.2.2 plain", "deliver..downgrade",
      "sent 2.0.0 " MX2 " none may delivered-in-clear", NULL, NULL, "starttls-not-offered? order-matters?" },
    { V4 LEVEL("may"), "example.net", TWO, "192.0.2.1 good\n192.0.2.2 plain", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "starttls-not-offered? backup-host-would-downgrade? weakest-host?" },
    { V4 LEVEL("encrypt"), "example.net", TWO, "192.0.2.1 good\n192.0.2.2 st502", "deliver",
      "sent 2.0.0 " MX1 " anonymous encrypt delivered", NULL, NULL, "starttls-refused? backup-host-would-bounce?" },
    { V4 LEVEL("may"), "example.net", TWO, "192.0.2.1 good\n192.0.2.2 cut", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "probe-cut-short?" },
    { V4 LEVEL("may"), "example.net", EQUAL, "192.0.2.1 good\n192.0.2.2 excluded", "unknown",
      "unknown - - - may excluded", NULL, NULL, "excluded?" },
    { V4 LEVEL("encrypt"), "example.net", TWO, "192.0.2.1 plain\n192.0.2.2 refused", "defer",
      "deferred 4.4.1 none none encrypt connect-refused", "connect to " MX2 ": Connection refused", NULL,
      "starttls-not-offered! connect-refused!" },
    /* no hosts */
    { V4 LEVEL("may"), "example.net", "example.net MX ok MX 0 .", "", "bounce", "bounced 5.1.0 none none - null-mx",
      "Domain example.net does not accept mail (nullMX)", NULL, "null-mx!" },
    { V4 LEVEL("may"), "example.net", "example.net MX nxdomain\nexample.net A nxdomain", "", "bounce",
      "bounced 5.4.4 none none - no-such-domain",
      "Host or domain name not found. Name service error for name=example.net type=A: Host not found", NULL,
      "no-such-domain!" },
    { V4 LEVEL("may"), "example.net", "example.net MX servfail", "", "defer",
      "deferred 4.4.3 none none - dns-lookup-failed",
      "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again", NULL,
      "dns-lookup-failed!" },
    { V4 LEVEL("may"), "example.net", "example.net MX noresolver", "", "unknown",
      "deferred 4.4.3 none none - resolver-unavailable",
      "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again", NULL,
      "resolver-unavailable?" },
    { V4 LEVEL("may"), "example.net", "example.net MX ok MX 10 mx1.example.net\nmx1.example.net A ok A 10.0.0.1", "",
      "unknown", "unknown - - - may address-not-allowed", NULL, NULL, "address-not-allowed?" },
    { V4 LEVEL("may"), "example.net", MISSING, "192.0.2.1 good", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "no-address?" },
    /* policy */
    { V4 LEVEL("may") POLICY("encrypted"), "example.net", ONE, "192.0.2.1 good", "defer",
      "deferred 4.7.5 none none - policy-invalid", "client TLS configuration problem", NULL, "policy-invalid!" },
    { V4 LEVEL("may") "smtp_tls_policy_maps = texthash:/nowhere\n", "example.net", ONE, "192.0.2.1 good", "defer",
      "deferred 4.7.5 none none - table-error", "client TLS configuration problem", NULL, "table-error!" },
    { V4 LEVEL("may") "smtp_tls_wrappermode = yes\n", "[mx1.example.net]:465",
      "mx1.example.net A ok A 192.0.2.1", "192.0.2.1 good", "defer",
      "deferred 4.3.0 none none may wrapper-needs-encrypt", "server unavailable or unable to receive mail", NULL,
      "wrapper-needs-encrypt!" },
    { V4 LEVEL("may") "smtp_tls_wrappermode = yes\n", "example.net:465", MISSING, "192.0.2.1 good", "bounce",
      "bounced 5.4.4 none none - no-address",
      "Host or domain name not found. Name service error for name=gone.example.net type=A: Host not found", NULL,
      "wrapper-needs-encrypt! no-address!" },
    /* DANE */
    { SEC POLICY("dane"), "example.net", SECURE "_25._tcp.mx1.example.net TLSA nxdomain", "192.0.2.1 good", "deliver",
      "sent 2.0.0 " MX1 " anonymous may delivered", NULL, NULL, "resolver-not-loopback?" },
    { SEC POLICY("dane"), "example.net", SECURE "_25._tcp.mx1.example.net TLSA nxdomain", "192.0.2.1 plain",
      "downgrade", "sent 2.0.0 " MX1 " none may delivered-in-clear", NULL, NULL,
      "resolver-not-loopback? starttls-not-offered?" },
    { SEC POLICY("dane"), "example.net", TLSA(GARBAGE), "192.0.2.1 good chain=leaf,int", "defer",
      "deferred 4.7.5 " MX1 " untrusted dane tlsa-mismatch", "Server certificate not verified", NULL,
      "resolver-not-loopback? tlsa-mismatch!" },
    { SEC POLICY("dane"), "example.net", TLSA("0 1 1 00"), "192.0.2.1 good chain=leaf,int", "downgrade",
      "sent 2.0.0 " MX1 " trusted encrypt tlsa-unusable", NULL, NULL, "resolver-not-loopback? tlsa-unusable?" },
    { SEC POLICY("dane"), "example.net", TLSA("3 1 1 00"), "192.0.2.1 good chain=leaf,int", "downgrade",
      "sent 2.0.0 " MX1 " trusted encrypt tlsa-unusable", NULL, NULL, "resolver-not-loopback? tlsa-unusable?" },
    { SEC POLICY("dane-only"), "example.net", SECURE "_25._tcp.mx1.example.net TLSA nxdomain", "192.0.2.1 good",
      "defer", "deferred 4.7.5 none none - no-tlsa", "no TLSA records found", NULL,
      "resolver-not-loopback? no-tlsa!" },
    { SEC POLICY("dane"), "example.net", SECURE "_25._tcp.mx1.example.net TLSA servfail", "192.0.2.1 good",
      "defer", "deferred 4.7.5 none none - tlsa-lookup-failed", "TLSA lookup error for mx1.example.net:25", NULL,
      "resolver-not-loopback? tlsa-lookup-failed!" },
    { V4 POLICY("dane"), "example.net", TLSA(GARBAGE), "192.0.2.1 good chain=leaf,int", "downgrade",
      "sent 2.0.0 " MX1 " trusted may tlsa-left-aside", NULL, NULL, "tlsa-left-aside? dane-not-in-force?" },
    { SEC POLICY("dane"), "example.net", TLSA("3 1 1"), "192.0.2.1 good", "defer",
      "deferred - none none encrypt tlsa-unusable",
      "smtp(8) panics over a TLSA record without data; the mail stays queued", NULL,
      "resolver-not-loopback? tlsa-unusable!" },
    /* the policy of a host is decided by the address that is tried first */
    { DUAL POLICY("dane"), "example.net", BOTH, "192.0.2.1 good chain=leaf,int\n2001:db8::1 good chain=leaf,int",
      "deliver..defer", "deferred 4.7.5 mx1.example.net[2001:db8::1]:25 untrusted dane tlsa-mismatch",
      "Server certificate not verified", NULL, "resolver-not-loopback? tlsa-mismatch! order-matters?" },
    { DUAL POLICY("dane") "smtp_address_preference = ipv6\n", "example.net", BOTH,
      "192.0.2.1 good chain=leaf,int\n2001:db8::1 good chain=leaf,int", "deliver",
      "sent 2.0.0 mx1.example.net[2001:db8::1]:25 trusted may delivered", NULL, NULL,
      "resolver-not-loopback? tlsa-mismatch?" },
    { DUAL POLICY("dane") "smtp_address_preference = ipv4\n", "example.net", BOTH,
      "192.0.2.1 refused\n2001:db8::1 plain", "defer",
      "deferred 4.7.4 mx1.example.net[2001:db8::1]:25 none dane starttls-not-offered",
      "TLS is required, but was not offered by host mx1.example.net[2001:db8::1]", NULL,
      "resolver-not-loopback? connect-refused! starttls-not-offered!" },
    /* limits */
    { V4 LEVEL("may") "smtp_mx_address_limit = 1\n", "example.net", TWO, "192.0.2.2 good", "defer",
      "deferred 4.4.1 none none may connect-refused", "connect to " MX1 ": Connection refused", NULL,
      "address-limit. connect-refused!" },
    /* LMTP and TLS from the first byte */
    { V4 "lmtp_tls_security_level = encrypt\n", "lmtp:inet:[mx1.example.net]:24",
      "mx1.example.net A ok A 192.0.2.1", "192.0.2.1 ehloclose", "defer",
      "deferred 4.4.2 mx1.example.net[192.0.2.1]:24 none encrypt connection-lost",
      "lost connection with mx1.example.net[192.0.2.1] while performing the LHLO handshake", NULL, "connection-lost!" },
    { V4, "lmtp:unix:private/dovecot", "", "", "deliver",
      "sent 2.0.0 client.example.org[private/dovecot] none none not-smtp", NULL, NULL, "" },
    { V4 LEVEL("encrypt") "smtp_tls_wrappermode = yes\n", "[mx1.example.net]:465", "mx1.example.net A ok A 192.0.2.1",
      "192.0.2.1 wrapped", "deliver", "sent 2.0.0 mx1.example.net[192.0.2.1]:465 anonymous encrypt delivered", NULL, NULL,
      "" },
    { V4 LEVEL("encrypt") "smtp_tls_wrappermode = yes\n", "[mx1.example.net]:465", "mx1.example.net A ok A 192.0.2.1",
      "192.0.2.1 badtls", "defer", "deferred 4.7.5 mx1.example.net[192.0.2.1]:465 none encrypt tls-handshake-failed",
      "Cannot start TLS: handshake failure", NULL, "tls-handshake-failed!" },
    { V4 LEVEL("encrypt") "smtp_tls_wrappermode = yes\n", "[mx1.example.net]:465", "mx1.example.net A ok A 192.0.2.1",
      "192.0.2.1 tlsgreet554", "defer",
      "deferred 4.7.1 mx1.example.net[192.0.2.1]:465 anonymous encrypt greeting-refused",
      "host mx1.example.net[192.0.2.1] refused to talk to me: 554 5.7.1 no", NULL, "greeting-refused!" },
    /* routes */
    { V4 LEVEL("encrypt"), "smtp:[a.example], [b.example]",
      "a.example A ok A 192.0.2.1\nb.example A nxdomain", "192.0.2.1 plain", "bounce",
      "bounced 5.4.4 none none - no-such-domain",
      "Host or domain name not found. Name service error for name=b.example type=A: Host not found", NULL,
      "starttls-not-offered? no-such-domain!" },
    { V4 LEVEL("encrypt"), "smtp:[b.example], [a.example]",
      "a.example A ok A 192.0.2.1\nb.example A nxdomain", "192.0.2.1 plain", "defer",
      "deferred 4.7.4 a.example[192.0.2.1]:25 none encrypt starttls-not-offered",
      "TLS is required, but was not offered by host a.example[192.0.2.1]", NULL,
      "no-such-domain? starttls-not-offered!" },
    { V4 LEVEL("may") "relayhost = [b.example]\n", "example.net", "b.example A nxdomain", "", "defer",
      "deferred 4.3.5 none none - no-such-domain",
      "Host or domain name not found. Name service error for name=b.example type=A: Host not found", NULL,
      "no-such-domain!" },
    { V4 LEVEL("may") "smtp_fallback_relay = [b.example]\n", "example.net", ONE "b.example A nxdomain",
      "192.0.2.1 refused", "defer", "deferred 4.3.5 none none - no-such-domain",
      "Host or domain name not found. Name service error for name=b.example type=A: Host not found", NULL,
      "connect-refused! no-such-domain!" },
    { V4 LEVEL("may") "smtp_fallback_relay = [b.example]\n", "example.net",
      "example.net MX nxdomain\nexample.net A nxdomain\nb.example A ok A 192.0.2.2", "192.0.2.2 good", "deliver",
      "sent 2.0.0 b.example[192.0.2.2]:25 anonymous may delivered", NULL, NULL, "no-such-domain?" },
    { V4, "smtp:gw.example.", "", "", "defer", "deferred - none none - nexthop-invalid",
      "valid hostname or network address required in server description: gw.example.", NULL, "nexthop-invalid!" },
    { V4, "error:5.7.1 go away", "", "", "bounce", "bounced 5.7.1 none none - transport-error", "go away", NULL,
      "transport-error!" },
    { V4, "discard:x", "", "", "deliver", "sent 2.0.0 none none - transport-error", NULL, NULL, "" },
    { "mydestination = example.net\nmyhostname = client.example.org\n", "example.net", "", "", "deliver",
      "sent 2.0.0 none none - not-smtp", NULL, NULL, "" },
    { V4 "transport_maps = texthash:/nowhere\n", "example.net", "", "", "defer",
      "deferred 4.3.0 none none - table-error", "address resolver failure", NULL, "table-error!" },
};

static const char *or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static const char *verdict_text(struct region *region, const struct result *result)
{
    if (result->best == result->worst)
        return verdict_word(result->verdict);
    return region_printf(region, "%s..%s", verdict_word(result->best), verdict_word(result->worst));
}

static const char *forecast_text(struct region *region, const struct forecast *forecast)
{
    return region_printf(region, "%s %s %s %s %s %s", forecast->status, or_dash(forecast->dsn), or_dash(forecast->relay),
                         or_dash(forecast->tls), or_dash(forecast->effective_level), reason_code(forecast->reason));
}

static const char *findings_text(struct region *region, const struct findings *findings)
{
    static const char marks[] = { [SEVERITY_NOTICE] = '.', [SEVERITY_WARNING] = '?', [SEVERITY_CRITICAL] = '!' };
    const char *text = "";

    for (const struct finding *f = findings->first; f != NULL; f = f->next)
        text = region_printf(region, "%s%s%s%c", text, *text != '\0' ? " " : "", f->code, marks[f->severity]);
    return text;
}

/* What the loader would have set up. */
static void complete_services(struct fixture *f, const char *main_cf)
{
    static const struct table_options options = { .version = { 3, 7, 11 } };
    static const char passwords[] = "smtp_sasl_password_maps = ";
    const char *set = strstr(main_cf, passwords);
    struct config_file *file = region_alloc(f->region, sizeof(*file));
    struct table_loader loader = memory_loader(&f->tables);
    char *pem = pki_pem("root");
    struct error err;

    file->path = "/etc/ssl/roots.pem";
    file->text = slice_of(region_text(f->region, pem));
    mem_free(pem);
    f->smtp->ca_file = file;
    if (set != NULL) {
        struct slice value = slice_of(set + strlen(passwords));

        table_list_open(f->region, "smtp_sasl_password_maps", slice_head(value, slice_find(value, '\n')), &options,
                        &loader, &f->smtp->sasl_password_maps, &err);
    }
}

/* Everything is seen at once; what is asked for beyond that does not exist. */
static void judge_row(struct fixture *f, const struct row *row, struct result *result)
{
    struct prefix allow[2];
    struct judge_input input = { .config = &f->config, .view = &f->view, .trust = trust_new(), .when = PKI_NOW,
                                 .horizon_days = 14, .allow = allow, .allow_count = 2 };
    struct destination *destination = region_alloc(f->region, sizeof(*destination));
    struct error err = { 0 };
    int rounds = 0;

    if (!destination_parse(f->region, destination, slice_of(row->destination), &f->config, &err))
        check_ok(false, "%s: %s", row->destination, err.text);
    prefix_parse(&allow[0], SLICE("192.0.2.0/24"));
    prefix_parse(&allow[1], SLICE("2001:db8::/32"));
    dns_world_add(f->facts, row->dns);
    do {
        wants_clear(f->wants);
        judge_destination(f->region, result, &input, destination);
    } while (result->wanted && rounds++ < 5 && server_world_answer(f->facts, f->wants, row->servers));
    check_ok(!result->wanted, "\"%s\" %s: everything was seen", row->main_cf, row->destination);
    for (size_t i = 0; result->wanted && wants_dns_at(f->wants, i) != NULL; i++)
        check_note("wanted: %s %d", wants_dns_at(f->wants, i)->name, (int)wants_dns_at(f->wants, i)->type);
    trust_free(input.trust);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i];
        struct fixture *f = fixture_new(row->main_cf, "3.7.11", NULL);
        const char *name = region_printf(f->region, "%s / %s / %s", row->main_cf, row->destination, row->servers);
        struct result result;
        const char *first;

        complete_services(f, row->main_cf);
        judge_row(f, row, &result);
        if (!result.wanted) {
            is_text(verdict_text(f->region, &result), row->verdict, "%s", name);
            is_text(forecast_text(f->region, &result.forecast), row->forecast, "%s", name);
            is_text(result.forecast.text, row->text, "%s: text", name);
            first = region_printf(f->region, "%s %s", result.first_attempt.status, or_dash(result.first_attempt.dsn));
            is_text(first, row->first != NULL ? row->first : region_printf(f->region, "%s %s", result.forecast.status,
                                                                           or_dash(result.forecast.dsn)),
                    "%s: first attempt", name);
            is_text(findings_text(f->region, &result.findings), row->findings, "%s: findings", name);
        }
        fixture_free(f);
    }
}

/* A replay that lacks everything says so. */
static void test_not_observed(void)
{
    struct fixture *f = fixture_new(V4 LEVEL("may"), "3.7.11", NULL);
    struct destination destination;
    struct view view = { .facts = f->facts };
    struct prefix allow;
    struct judge_input input = { .config = &f->config, .view = &view, .trust = trust_new(), .when = PKI_NOW,
                                 .allow = &allow, .allow_count = 1 };
    struct result result;
    struct error err;

    prefix_parse(&allow, SLICE("192.0.2.0/24"));
    destination_parse(f->region, &destination, SLICE("example.net"), &f->config, &err);
    judge_destination(f->region, &result, &input, &destination);
    check_ok(!result.wanted, "a replay wants nothing");
    is_text(forecast_text(f->region, &result.forecast), "unknown - - - - not-observed", "no MX");
    dns_world_add(f->facts, ONE);
    judge_destination(f->region, &result, &input, &destination);
    is_text(forecast_text(f->region, &result.forecast), "unknown - - - may not-observed", "no conversation");
    is_text(verdict_word(result.verdict), "unknown", "is unknown");
    trust_free(input.trust);
    fixture_free(f);
}

int main(void)
{
    test_rows();
    test_not_observed();
    pki_clear();
    return check_done();
}
