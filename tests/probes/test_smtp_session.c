/* Conversations with a scripted peer: what is said, and what is seen. */
#include "probes/smtp_session.h"

#include <signal.h>
#include <string.h>

#include <openssl/ssl.h>

#include "probes/limits.h"
#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/lib/peer.h"

#define X10(s)  s s s s s s s s s s
#define X100(s) X10(X10(s))
#define HELLO   { PEER_SEND, "220 peer ESMTP\r\n", 0 }, { PEER_EXPECT, "EHLO client.example", 0 }
#define OFFER   HELLO, { PEER_SEND, "250-peer\r\n250 STARTTLS\r\n", 0 }, { PEER_EXPECT, "STARTTLS", 0 }
#define ACCEPT  OFFER, { PEER_SEND, "220 go ahead\r\n", 0 }
#define SECURE  ACCEPT, { PEER_HANDSHAKE, NULL, 0 }
#define GOODBYE { PEER_EXPECT, "QUIT", 0 }, { PEER_SEND, "221 bye\r\n", 0 }, { PEER_END, NULL, 0 }
#define LONGEST 250     /* certificates of some 400 octets, for LIMIT_CERT_LIST */
#define SECURED "EHLO client.example;STARTTLS;|EHLO client.example;QUIT;"

/* The outcome, copied. */
struct seen {
    struct region      *region;
    struct conversation facts;
    int                 calls;
    size_t              first_der;
};

static struct loop *loop;
static struct tls_contexts *contexts;

static struct reply copy_reply(struct region *region, struct reply reply)
{
    reply.text = region_text(region, reply.text);
    reply.dsn = region_text(region, reply.dsn);
    return reply;
}

static void on_done(void *arg, const struct smtp_outcome *outcome)
{
    struct seen *seen = arg;
    struct conversation *c = &seen->facts;
    struct reply *const replies[] = { &c->greeting, &c->ehlo, &c->helo, &c->starttls, &c->tls_greeting, &c->tls_ehlo,
                                      &c->tls_helo };

    seen->calls++;
    *c = *outcome->facts;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        *replies[i] = copy_reply(seen->region, *replies[i]);
    c->error = region_text(seen->region, c->error);
    c->ehlo_host = region_text(seen->region, c->ehlo_host);
    c->protocol = region_text(seen->region, c->protocol);
    c->cipher = region_text(seen->region, c->cipher);
    c->group = region_text(seen->region, c->group);
    c->certificates = region_copy(seen->region, c->certificates, c->certificate_count * sizeof *c->certificates);
    for (size_t i = 0; i < c->certificate_count; i++)
        c->certificates[i] = region_text(seen->region, c->certificates[i]);
    seen->first_der = outcome->ders ? outcome->ders[0].length : 0;
    loop_stop(loop);
}

#define PROFILE_MAX 4096 /* octets of one that is folded */

static void converse(const struct profile *profile, uint32_t timeout, struct seen *seen)
{
    struct profiles *profiles = profiles_new();
    struct smtp_setup setup = { .loop = loop, .contexts = contexts, .profiles = profiles, .timeout = timeout };
    struct buf folded;

    memset(seen, 0, sizeof *seen);
    seen->region = region_new();
    buf_init(&folded, PROFILE_MAX);
    profiles_fold(profiles, profile, &folded);
    smtp_session_start(&setup, buf_slice(&folded), on_done, seen);
    loop_run(loop);
    buf_clear(&folded);
    profiles_free(profiles);
}

static struct profile ordinary(uint16_t port)
{
    struct profile p = { .port = port, .helo_name = "client.example", .line_limit = 2048, .connect_timeout = 30,
                         .helo_timeout = 300, .starttls_timeout = 300, .min_version = TLS1_VERSION,
                         .ciphers = "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", .groups = "X25519 nonesuch prime256v1" };

    address_parse(&p.address, SLICE("127.0.0.1"));
    return p;
}

/* What differs from an ordinary profile. */
enum twist { NO_TWIST, LMTP, WRAPPER, NEVER_EHLO, NEEDS_ESMTP, NO_PIX_ESMTP, NO_HANDSHAKE, LONG_ENDS, SNI, LEVEL1,
             OLD_TLS, NO_CIPHER };

static void apply(struct profile *p, enum twist twist)
{
    p->lmtp = twist == LMTP;
    p->wrapper = twist == WRAPPER;
    p->never_ehlo = twist == NEVER_EHLO;
    p->ehlo_needs_esmtp = twist == NEEDS_ESMTP;
    p->pix_no_esmtp = twist == NO_PIX_ESMTP;
    p->no_handshake = twist == NO_HANDSHAKE;
    p->long_line_ends = twist == LONG_ENDS;
    p->sni = twist == SNI ? "mx.example" : NULL;
    p->security_level = twist == LEVEL1;
    if (twist == OLD_TLS)
        p->max_version = TLS1_1_VERSION;
    if (twist == NO_CIPHER)
        p->ciphers = "RC4-SHA";
}

static const struct peer_tls usual = { .min_version = 0 }, tls12 = { .max_version = TLS1_2_VERSION },
                             tls10 = { .min_version = TLS1_VERSION, .max_version = TLS1_VERSION },
                             asks = { .wants_certificate = 1 }, insists = { .wants_certificate = 2 },
                             insists12 = { .wants_certificate = 2, .max_version = TLS1_2_VERSION },
                             anonymous = { .max_version = TLS1_2_VERSION, .ciphers = "ADH-AES256-GCM-SHA384:AECDH-AES256-SHA" },
                             big = { .padding = 100000 }, too_big = { .padding = 102400 },
                             chain100 = { .extra_certificates = 99 }, longest_chain = { .extra_certificates = LONGEST - 1 },
                             tickets = { .tickets = 10000 };

/* A conversation: the peer's part, and what must come of it. */
static const struct row {
    const char            *name;
    enum twist             twist;
    const struct peer_tls *tls;
    struct peer_step       steps[12];
    const char            *heard;
    enum ending            ending;
    enum phase             phase;
    bool                   established;
    int                    code;   /* of the last reply with one */
} rows[] = {
    { "no STARTTLS", NO_TWIST, NULL, { HELLO, { PEER_SEND, "250-peer\r\n250 SIZE 1000\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "XSTARTTLS is another word", NO_TWIST, NULL, { HELLO, { PEER_SEND, "250-peer\r\n250 XSTARTTLS\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "TLS", NO_TWIST, &usual, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "starttls in small letters, with a word behind it", NO_TWIST, &usual,
      { HELLO, { PEER_SEND, "250-peer\r\n250 starttls foo\r\n", 0 }, { PEER_EXPECT, "STARTTLS", 0 },
        { PEER_SEND, "220 go\r\n", 0 }, { PEER_HANDSHAKE, NULL, 0 }, { PEER_EXPECT, "EHLO client.example", 0 },
        { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "TLS 1.2, SNI", SNI, &tls12, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "EHLO client.example;STARTTLS;|sni=mx.example;EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "TLS 1.0 at level 0", NO_TWIST, &tls10, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "TLS 1.0 at level 1", LEVEL1, &tls10, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "no protocol in common", OLD_TLS, &(struct peer_tls){ .min_version = TLS1_2_VERSION }, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "no cipher that this library has", NO_CIPHER, &usual, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "anonymous", NO_TWIST, &anonymous, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "greeting refused", NO_TWIST, NULL, { { PEER_SEND, "554-go\r\n554 away\r\n", 0 }, GOODBYE },
      "QUIT;", ENDING_REFUSED, PHASE_GREETING, false, 554 },
    { "greeting 421", NO_TWIST, NULL, { { PEER_SEND, "421 busy\r\n", 0 }, { PEER_CLOSE, NULL, 0 } },
      "", ENDING_REFUSED, PHASE_GREETING, false, 421 },
    { "greeting 3xx", NO_TWIST, NULL, { { PEER_SEND, "334 hm\r\n", 0 }, GOODBYE }, "QUIT;", ENDING_REFUSED, PHASE_GREETING, false, 334 },
    { "EHLO 500, HELO", NO_TWIST, NULL,
      { HELLO, { PEER_SEND, "500 what\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "EHLO client.example;HELO client.example;QUIT;", ENDING_COMPLETE, PHASE_HELO, false, 250 },
    { "EHLO 421", NO_TWIST, NULL, { HELLO, { PEER_SEND, "421 busy\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_REFUSED, PHASE_EHLO, false, 421 },
    { "EHLO and HELO refused", NO_TWIST, NULL,
      { HELLO, { PEER_SEND, "500 what\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 }, { PEER_SEND, "550 no\r\n", 0 }, GOODBYE },
      "EHLO client.example;HELO client.example;QUIT;", ENDING_REFUSED, PHASE_HELO, false, 550 },
    { "LHLO", LMTP, NULL,
      { { PEER_SEND, "220 peer\r\n", 0 }, { PEER_EXPECT, "LHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "LHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "LHLO refused", LMTP, NULL,
      { { PEER_SEND, "220 peer\r\n", 0 }, { PEER_EXPECT, "LHLO client.example", 0 }, { PEER_SEND, "500 no\r\n", 0 }, GOODBYE },
      "LHLO client.example;QUIT;", ENDING_REFUSED, PHASE_EHLO, false, 500 },
    { "never EHLO", NEVER_EHLO, NULL,
      { { PEER_SEND, "220 peer ESMTP\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "HELO client.example;QUIT;", ENDING_COMPLETE, PHASE_HELO, false, 250 },
    { "EHLO only to ESMTP", NEEDS_ESMTP, NULL,
      { { PEER_SEND, "220 peer SMTP\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "HELO client.example;QUIT;", ENDING_COMPLETE, PHASE_HELO, false, 250 },
    { "EHLO to ESMTP", NEEDS_ESMTP, NULL, { HELLO, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "the PIX mask", NO_PIX_ESMTP, NULL,
      { { PEER_SEND, "220 ****2*0**\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      "HELO client.example;QUIT;", ENDING_COMPLETE, PHASE_HELO, false, 250 },
    { "STARTTLS 454", NO_TWIST, NULL, { OFFER, { PEER_SEND, "454 4.7.0 later\r\n", 0 }, GOODBYE },
      "EHLO client.example;STARTTLS;QUIT;", ENDING_REFUSED, PHASE_STARTTLS, false, 454 },
    { "STARTTLS 250 is as good as 220", NO_TWIST, &usual,
      { OFFER, { PEER_SEND, "250 ok\r\n", 0 }, { PEER_HANDSHAKE, NULL, 0 }, { PEER_EXPECT, "EHLO client.example", 0 },
        { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "plaintext along with the reply", NO_TWIST, &usual,
      { OFFER, { PEER_SEND, "220 go ahead\r\n250 injected\r\n", 0 }, { PEER_HANDSHAKE, NULL, 0 },
        { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "plaintext a moment later", NO_TWIST, &usual,
      { ACCEPT, { PEER_WAIT, NULL, 100 }, { PEER_SEND, "250 injected\r\n", 0 }, { PEER_WAIT, NULL, 100 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "settings that fail before ClientHello", NO_HANDSHAKE, NULL, { ACCEPT, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_COMPLETE, PHASE_STARTTLS, false, 220 },
    { "random bytes for a ServerHello", NO_TWIST, NULL,
      { ACCEPT, { PEER_SEND, "\x99\x88\x77\x66\x55\x44\x33\x22\x11\x99\x88\x77", 0 }, { PEER_WAIT, NULL, 100 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "a record of 65535 bytes", NO_TWIST, NULL,
      { ACCEPT, { PEER_SEND, "\x16\x03\x03\xff\xff\x02", 0 }, { PEER_WAIT, NULL, 100 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "a handshake message of 16 MB", NO_TWIST, NULL,
      { ACCEPT, { PEER_SEND, "\x16\x03\x03\x10\x01\x02\xff\xff\xff", 0 }, { PEER_FLOOD, X100("xxxx"), 11 }, { PEER_WAIT, NULL, 100 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "closed instead of a handshake", NO_TWIST, NULL, { ACCEPT, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_LOST, PHASE_HANDSHAKE, false, 220 },
    { "reset instead of a handshake", NO_TWIST, NULL, { ACCEPT, { PEER_RESET, NULL, 0 } },
      "EHLO client.example;STARTTLS;", ENDING_LOST, PHASE_HANDSHAKE, false, 220 },
    { "closed before the greeting", NO_TWIST, NULL, { { PEER_CLOSE, NULL, 0 } }, "", ENDING_LOST, PHASE_GREETING, false, 0 },
    { "reset before the greeting", NO_TWIST, NULL, { { PEER_WAIT, NULL, 50 }, { PEER_RESET, NULL, 0 } }, "", ENDING_LOST, PHASE_GREETING, false, 0 },
    { "closed in the middle of the greeting", NO_TWIST, NULL, { { PEER_SEND, "220-peer\r\n220 ha", 0 }, { PEER_CLOSE, NULL, 0 } },
      "", ENDING_LOST, PHASE_GREETING, false, 0 },
    { "reset after EHLO", NO_TWIST, NULL, { HELLO, { PEER_RESET, NULL, 0 } }, "EHLO client.example;", ENDING_LOST, PHASE_EHLO, false, 220 },
    { "reset after STARTTLS", NO_TWIST, NULL, { OFFER, { PEER_RESET, NULL, 0 } }, "EHLO client.example;STARTTLS;", ENDING_LOST, PHASE_STARTTLS, false, 250 },
    { "closed after EHLO in TLS", NO_TWIST, &usual, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;STARTTLS;|EHLO client.example;", ENDING_LOST, PHASE_TLS_EHLO, true, 220 },
    { "EHLO in TLS 421", NO_TWIST, &usual, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "421 no\r\n", 0 }, GOODBYE },
      SECURED, ENDING_REFUSED, PHASE_TLS_EHLO, true, 421 },
    { "EHLO in TLS 500, HELO", NO_TWIST, &usual,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "500 no\r\n", 0 }, { PEER_EXPECT, "HELO client.example", 0 },
        { PEER_SEND, "250 peer\r\n", 0 }, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;|EHLO client.example;HELO client.example;QUIT;", ENDING_COMPLETE, PHASE_TLS_HELO, true, 250 },
    { "wrapper mode", WRAPPER, &usual,
      { { PEER_HANDSHAKE, NULL, 0 }, { PEER_SEND, "220 peer ESMTP\r\n", 0 }, { PEER_EXPECT, "EHLO client.example", 0 },
        { PEER_SEND, "250-peer\r\n250 STARTTLS\r\n", 0 }, GOODBYE },
      "|EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "wrapper mode, greeting refused", WRAPPER, &usual,
      { { PEER_HANDSHAKE, NULL, 0 }, { PEER_SEND, "450 later\r\n", 0 }, GOODBYE },
      "|QUIT;", ENDING_REFUSED, PHASE_TLS_GREETING, true, 450 },
    { "wrapper mode, plaintext server", WRAPPER, NULL, { { PEER_SEND, "220 peer ESMTP\r\n", 0 }, { PEER_WAIT, NULL, 200 }, { PEER_CLOSE, NULL, 0 } },
      "", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 0 },
    { "a client certificate is asked for", NO_TWIST, &asks,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "a client certificate is insisted on, TLS 1.3", NO_TWIST, &insists, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_LOST, PHASE_TLS_EHLO, true, 220 },
    { "a client certificate is insisted on, TLS 1.2", NO_TWIST, &insists12, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "a certificate just below the library's limit", NO_TWIST, &big,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "a certificate beyond it", NO_TWIST, &too_big, { SECURE, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_TLS_FAILED, PHASE_HANDSHAKE, false, 220 },
    { "a chain of 100", NO_TWIST, &chain100,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "as long a chain as fits", NO_TWIST, &longest_chain,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, GOODBYE },
      SECURED, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "10000 tickets", NO_TWIST, &tickets, { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 }, { PEER_END, NULL, 0 } },
      "EHLO client.example;STARTTLS;[no handshake]", ENDING_CUT_SHORT, PHASE_TLS_EHLO, true, 220 },
    { "renegotiation is refused", NO_TWIST, &tls12,
      { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_RENEGOTIATE, NULL, 0 }, { PEER_SEND, "250 peer\r\n", 0 }, { PEER_END, NULL, 0 } },
      NULL, ENDING_COMPLETE, PHASE_TLS_EHLO, true, 250 },
    { "a greeting without an end", NO_TWIST, NULL, { { PEER_SEND, "220 ", 0 }, { PEER_FLOOD, X100("xxxxxxxxxx"), 0 }, { PEER_CLOSE, NULL, 0 } },
      "", ENDING_CUT_SHORT, PHASE_GREETING, false, 0 },
    { "lines without an end", NO_TWIST, NULL, { HELLO, { PEER_FLOOD, "250-more and more and more\r\n", 0 }, { PEER_CLOSE, NULL, 0 } },
      "EHLO client.example;", ENDING_CUT_SHORT, PHASE_EHLO, false, 220 },
    { "garbage lines without an end", NO_TWIST, NULL, { { PEER_FLOOD, "what?\r\n", 0 }, { PEER_CLOSE, NULL, 0 } },
      "", ENDING_CUT_SHORT, PHASE_GREETING, false, 0 },
    { "STARTTLS behind 2048 bytes", NO_TWIST, NULL,
      { HELLO, { PEER_SEND, "250-peer\r\n", 0 }, { PEER_FLOOD, "250-X " X10("0123456789") "\r\n", 20 }, { PEER_SEND, "250 STARTTLS\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "a line of 5000 bytes, older releases", NO_TWIST, NULL,
      { HELLO, { PEER_SEND, "250-peer ", 0 }, { PEER_FLOOD, X10("0123456789"), 50 }, { PEER_SEND, "\r\n250 STARTTLS\r\n", 0 }, GOODBYE },
      "EHLO client.example;QUIT;", ENDING_COMPLETE, PHASE_EHLO, false, 250 },
    { "a line of 5000 bytes, newer releases", LONG_ENDS, NULL,
      { HELLO, { PEER_SEND, "250-peer ", 0 }, { PEER_FLOOD, X10("0123456789"), 50 }, { PEER_SEND, "\r\n250 STARTTLS\r\n", 0 }, { PEER_END, NULL, 0 } },
      "EHLO client.example;", ENDING_LOST, PHASE_EHLO, false, 220 },
    { "a greeting of 5000 bytes, newer releases: lost at EHLO", LONG_ENDS, NULL,
      { { PEER_SEND, "220 peer ", 0 }, { PEER_FLOOD, X10("0123456789"), 50 }, { PEER_SEND, "\r\n", 0 }, { PEER_EXPECT, "EHLO client.example", 0 },
        { PEER_SEND, "250 peer\r\n", 0 }, { PEER_END, NULL, 0 } },
      "EHLO client.example;", ENDING_LOST, PHASE_EHLO, false, 220 },
    { "an answer sent too early is taken for the next one", NO_TWIST, NULL,
      { HELLO, { PEER_SEND, "250-peer\r\n250 STARTTLS\r\n454 too early\r\n", 0 }, { PEER_EXPECT, "STARTTLS", 0 }, GOODBYE },
      "EHLO client.example;STARTTLS;QUIT;", ENDING_REFUSED, PHASE_STARTTLS, false, 454 },
};

static int last_code(const struct conversation *c)
{
    const struct reply *const replies[] = { &c->tls_helo, &c->tls_ehlo, &c->tls_greeting, &c->starttls, &c->helo,
                                            &c->ehlo, &c->greeting };

    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        if (replies[i]->code)
            return replies[i]->code;
    return 0;
}

static void check_row(const struct row *row)
{
    struct peer *peer = peer_start(row->steps, row->tls);
    struct profile profile = ordinary(peer_port(peer));
    struct seen seen;

    apply(&profile, row->twist);
    converse(&profile, 20, &seen);
    is_int(seen.calls, 1, "%s: told once", row->name);
    is_int(seen.facts.ending, row->ending, "%s: ending (%s)", row->name, seen.facts.error ? seen.facts.error : "");
    is_int(seen.facts.phase, row->phase, "%s: phase", row->name);
    is_int(seen.facts.established, row->established, "%s: established", row->name);
    is_int(last_code(&seen.facts), row->code, "%s: last code", row->name);
    if (row->heard)
        is_text(peer_heard(peer), row->heard, "%s: what the peer heard", row->name);
    check_ok(!seen.facts.established || seen.facts.anonymous || seen.first_der > 0, "%s: certificates are handed over", row->name);
    region_free(seen.region);
    peer_free(peer);
}

/* One conversation, for a closer look at the facts. */
static void with(const struct row *row, struct seen *seen)
{
    struct peer *peer = peer_start(row->steps, row->tls);
    struct profile profile = ordinary(peer_port(peer));

    apply(&profile, row->twist);
    converse(&profile, 20, seen);
    peer_free(peer);
}

static const struct row *row_named(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static void check_facts(void)
{
    struct seen seen;

    with(row_named("TLS"), &seen);
    is_text(seen.facts.protocol, "TLSv1.3", "protocol");
    is_text(seen.facts.group, "X25519", "group");
    is_int(seen.facts.certificate_count, 1, "certificates");
    is_int(seen.facts.anonymous, false, "not anonymous");
    is_int(seen.facts.client_certificate_wanted, false, "no client certificate wanted");
    is_int(seen.facts.bits, 256, "bits");
    check_ok(seen.facts.ms_connect > 0 && seen.facts.ms_starttls > 0 && seen.facts.ms_handshake > 0, "times");
    is_text(seen.facts.ehlo_host, "peer", "name in the EHLO reply");
    region_free(seen.region);

    with(row_named("anonymous"), &seen);
    is_int(seen.facts.anonymous, true, "anonymous");
    is_int(seen.facts.certificate_count, 0, "no certificates");
    region_free(seen.region);

    with(row_named("a chain of 100"), &seen);
    is_int(seen.facts.certificate_count, 100, "a chain of 100 is kept whole");
    region_free(seen.region);

    with(row_named("as long a chain as fits"), &seen);
    is_int(seen.facts.certificate_count, LONGEST, "so is the longest of such certificates");
    region_free(seen.region);

    with(row_named("a client certificate is asked for"), &seen);
    is_int(seen.facts.client_certificate_wanted, true, "client certificate wanted");
    region_free(seen.region);

    with(row_named("plaintext along with the reply"), &seen);
    is_int(seen.facts.injected, 14, "injected bytes");
    region_free(seen.region);

    with(row_named("plaintext a moment later"), &seen);
    check_ok(strstr(seen.facts.error, "250 injected"), "the error hints at plaintext: %s", seen.facts.error);
    region_free(seen.region);

    with(row_named("STARTTLS behind 2048 bytes"), &seen);
    check_ok(seen.facts.starttls_beyond_limit && !seen.facts.starttls_offered && seen.facts.ehlo.cut, "STARTTLS was seen too late");
    region_free(seen.region);

    with(row_named("STARTTLS 454"), &seen);
    is_text(seen.facts.starttls.dsn, "4.7.0", "enhanced code");
    is_text(seen.facts.starttls.text, "454 4.7.0 later", "text");
    region_free(seen.region);

    with(row_named("greeting refused"), &seen);
    is_text(seen.facts.greeting.text, "554-go\n554 away", "lines are joined");
    region_free(seen.region);

    with(row_named("the PIX mask"), &seen);
    check_ok(seen.facts.pix_banner && !seen.facts.esmtp_in_greeting, "the mask is seen");
    region_free(seen.region);
}

/* Waits: Postfix's own limit is for each read, ours for the whole phase. */
static const struct {
    const char      *name;
    uint32_t         timeout, connect, helo, starttls;
    struct peer_step steps[8];
    enum ending      ending;
    enum phase       phase;
} waits[] = {
    { "silence, Postfix gives up first", 5, 30, 1, 300, { { PEER_END, NULL, 0 } }, ENDING_TIMEOUT, PHASE_GREETING },
    { "silence, we give up first", 1, 30, 300, 300, { { PEER_END, NULL, 0 } }, ENDING_CUT_SHORT, PHASE_GREETING },
    { "silence, both at once", 1, 30, 1, 300, { { PEER_END, NULL, 0 } }, ENDING_TIMEOUT, PHASE_GREETING },
    { "drops extend Postfix's wait, not ours", 2, 30, 1, 300, { { PEER_DRIP, "220 a greeting with many letters\r\n", 300 }, { PEER_END, NULL, 0 } },
      ENDING_CUT_SHORT, PHASE_GREETING },
    { "drops in the EHLO reply", 1, 30, 300, 300, { HELLO, { PEER_DRIP, "250-a reply with many letters\r\n", 200 }, { PEER_END, NULL, 0 } },
      ENDING_CUT_SHORT, PHASE_EHLO },
    { "silence after STARTTLS", 5, 30, 300, 1, { OFFER, { PEER_END, NULL, 0 } }, ENDING_TIMEOUT, PHASE_STARTTLS },
    { "silence in the handshake", 5, 30, 300, 1, { ACCEPT, { PEER_END, NULL, 0 } }, ENDING_TIMEOUT, PHASE_HANDSHAKE },
    { "silence in the handshake, we give up", 1, 30, 300, 300, { ACCEPT, { PEER_END, NULL, 0 } }, ENDING_CUT_SHORT, PHASE_HANDSHAKE },
    { "no answer to QUIT is no fact", 5, 30, 300, 300, { HELLO, { PEER_SEND, "250 peer\r\n", 0 }, { PEER_END, NULL, 0 } }, ENDING_COMPLETE, PHASE_EHLO },
};

static void check_waits(void)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct peer *peer = peer_start(waits[i].steps, NULL);
        struct profile profile = ordinary(peer_port(peer));
        struct seen seen;
        int64_t start = loop_now_ms(loop), took;

        profile.connect_timeout = waits[i].connect;
        profile.helo_timeout = waits[i].helo;
        profile.starttls_timeout = waits[i].starttls;
        converse(&profile, waits[i].timeout, &seen);
        took = loop_now_ms(loop) - start;
        is_int(seen.facts.ending, waits[i].ending, "%s: ending (%s)", waits[i].name, seen.facts.error);
        is_int(seen.facts.phase, waits[i].phase, "%s: phase", waits[i].name);
        check_ok(took >= 900 && took < 4000, "%s: %d ms", waits[i].name, (int)took);
        region_free(seen.region);
        peer_free(peer);
    }
}

static void check_connecting(void)
{
    struct profile profile = ordinary(1);
    struct seen seen;

    converse(&profile, 5, &seen);
    is_int(seen.facts.ending, ENDING_CONNECT_FAILED, "nothing listens");
    is_text(seen.facts.error, "Connection refused", "in the system's words");
    is_int(seen.facts.phase, PHASE_CONNECT, "phase");
    region_free(seen.region);

    profile.source_address = "192.0.2.1";
    converse(&profile, 5, &seen);
    is_int(seen.facts.ending, ENDING_BIND_FAILED, "a source address that is not ours");
    region_free(seen.region);
}

static void check_client_certificate(void)
{
    static const struct peer_step steps[] = { SECURE, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 peer\r\n", 0 },
                                              GOODBYE };
    struct peer *peer = peer_start(steps, &insists);
    struct profile profile = ordinary(peer_port(peer));
    char *pem = peer_make_chain("client.example"), *other = peer_make_chain("other.example");
    struct region *region = region_new();
    struct error err;
    struct seen seen;

    check_ok(tls_contexts_add_chain(contexts, "the-id", pem, &err), "a chain is taken");
    check_ok(!tls_contexts_add_chain(contexts, "other", "no PEM", &err), "what is none is not: %s", err.text);
    check_ok(!tls_contexts_add_chain(contexts, "other", strstr(pem, "-----BEGIN CERT"), &err), "nor is one without a key");
    check_ok(!tls_contexts_add_chain(contexts, "other", region_printf(region, "%.*s%s", (int)(strstr(pem, "-----BEGIN CERT") - pem),
                                                                      pem, strstr(other, "-----BEGIN CERT")), &err),
             "nor one with another's key");
    check_ok(tls_contexts_add_chain(contexts, "two", region_printf(region, "%s%s%s", strstr(pem, "-----BEGIN CERT"), other, pem), &err),
             "keys and certificates in any order");
    profile.client_chain = "the-id";
    converse(&profile, 5, &seen);
    is_int(seen.facts.ending, ENDING_COMPLETE, "with the certificate that is insisted on (%s)", seen.facts.error);
    is_text(peer_heard(peer), "EHLO client.example;STARTTLS;|certificate;EHLO client.example;QUIT;", "it was sent");
    region_free(seen.region);
    peer_free(peer);

    peer = peer_start(steps, &insists);
    profile.port = peer_port(peer);
    profile.client_chain = "unknown";
    converse(&profile, 5, &seen);
    is_int(seen.facts.ending, ENDING_LOCAL, "a chain that is not at hand is our own fault");
    region_free(seen.region);
    peer_free(peer);
    mem_free(pem);
    mem_free(other);
    region_free(region);
}

static void never(void *arg, const struct smtp_outcome *outcome)
{
    (void)outcome;
    ++*(int *)arg;
}

static void stop_now(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void check_cancel(void)
{
    static const struct peer_step steps[] = { { PEER_END, NULL, 0 } };
    struct peer *peer = peer_start(steps, NULL);
    struct profile profile = ordinary(peer_port(peer));
    struct profiles *profiles = profiles_new();
    struct smtp_setup setup = { .loop = loop, .contexts = contexts, .profiles = profiles, .timeout = 1 };
    struct buf folded;
    struct loop_timer *timer = loop_timer_new(loop, stop_now, NULL);
    struct smtp_session *session;
    int calls = 0;

    buf_init(&folded, PROFILE_MAX);
    profiles_fold(profiles, &profile, &folded);
    smtp_session_cancel(smtp_session_start(&setup, buf_slice(&folded), never, &calls));
    session = smtp_session_start(&setup, buf_slice(&folded), never, &calls);
    loop_timer_at(timer, loop_now_ms(loop) + 200);
    loop_run(loop);
    smtp_session_cancel(session);
    loop_timer_at(timer, loop_now_ms(loop) + 1200);
    loop_run(loop);
    is_int(calls, 0, "a cancelled session calls nobody");
    buf_clear(&folded);
    profiles_free(profiles);
    loop_timer_free(timer);
    peer_free(peer);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    contexts = tls_contexts_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    check_facts();
    check_waits();
    check_connecting();
    check_client_certificate();
    check_cancel();
    tls_contexts_free(contexts);
    loop_free(loop);
    return check_done();
}
