/* Requests for a policy, of servers of every kind: what is seen, and that each ends in time and within its bounds. */
#include "probes/https_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "probes/limits.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/lib/peer.h"
#include "tests/lib/web_pki.h"

#define DOMAIN  "example.net"
#define REQUEST { PEER_HANDSHAKE, NULL, 0 }, { PEER_REQUEST, NULL, 0 }
#define CLOSE   { PEER_CLOSE, NULL, 0 }
#define STAY    { PEER_END, NULL, 0 }
#define PLAIN   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define SAY(text) { PEER_SEND, text, 0 }
#define FLOOD(text) { PEER_FLOOD, text, 0 }
#define X16     "0123456789abcdef"
#define X256    X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define SECONDS_MAX 20   /* that one request takes here, on a machine that is busy */
#define MEMORY_MAX  (64L << 10)  /* kilobytes that they all add */

enum certificate { GOOD, WILDCARD, EXPIRED, FUTURE, WRONG, DEEP, PARTIAL, ONLY_CN, STRANGER, ALONE, CERTIFICATES };

static const struct web_certificate certificates[CERTIFICATES] = {
    [GOOD] = { "DNS:other.example,DNS:mta-sts." DOMAIN, NULL, -1, 30, 0 },
    [WILDCARD] = { "DNS:*." DOMAIN, NULL, -1, 30, 0 },
    [EXPIRED] = { "DNS:mta-sts." DOMAIN, NULL, -30, -1, 0 },
    [FUTURE] = { "DNS:mta-sts." DOMAIN, NULL, 1, 30, 0 },
    [WRONG] = { "DNS:" DOMAIN ",DNS:www." DOMAIN, NULL, -1, 30, 0 },
    [DEEP] = { "DNS:*.example", NULL, -1, 30, 0 },
    [PARTIAL] = { "DNS:mta*." DOMAIN, NULL, -1, 30, 0 },
    [ONLY_CN] = { NULL, "mta-sts." DOMAIN, -1, 30, 0 },
    [STRANGER] = { "DNS:mta-sts." DOMAIN, NULL, -1, 30, 1 },
    [ALONE] = { "DNS:mta-sts." DOMAIN, NULL, -1, 30, 2 },
};

static const struct row {
    const char        *name;
    struct peer_step   steps[8];
    enum certificate   certificate;
    int                max_version;
    uint32_t           timeout;
    enum fetch_outcome outcome;
    int                status, verify;
    const char        *media_type;
    const char        *body;       /* its first bytes */
    size_t             length;     /* its length; 0: of body */
    bool               broken;
} rows[] = {
    { .name = "a policy", .steps = { REQUEST, SAY(PLAIN "Content-Length: 15\r\n\r\nversion: STSv1\n"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "version: STSv1\n" },
    { .name = "in chunks, with a trailer",
      .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n8;x=y\r\nversion:\r\n7\r\n STSv1\n\r\n0\r\nX-Trailer: a\r\n\r\n"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "version: STSv1\n" },
    { .name = "after 100 and 103", .steps = { REQUEST, SAY("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
      SAY(PLAIN "Content-Length: 2\r\n\r\nab"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "ab" },
    { .name = "without a body", .steps = { REQUEST, SAY(PLAIN "Content-Length: 0\r\n\r\n"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain" },
    { .name = "bytes that are no UTF-8", .steps = { REQUEST, SAY(PLAIN "Content-Length: 3\r\n\r\na\xff" "b"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a\xef\xbf\xbd" "b", .broken = true },
    { .name = "a NUL", .steps = { REQUEST, { PEER_SEND, PLAIN "Content-Length: 3\r\n\r\na\0b", sizeof(PLAIN "Content-Length: 3\r\n\r\na") + 1 }, STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a\xef\xbf\xbd" "b", .broken = true },
    { .name = "compressed, though nobody asked", .steps = { REQUEST, SAY(PLAIN "Content-Encoding: gzip\r\nContent-Length: 35\r\n\r\n"),
      { PEER_SEND, "\037\213\010\000\001\000\000\000\002\377\053\113\055\052\316\314\317\263\122\010\016\011\056\063\344\002\000\071\344\326\336\017\000\000\000", 35 }, STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "\037\xef\xbf\xbd", .length = 67, .broken = true },
    { .name = "another media type", .steps = { REQUEST, SAY("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\"utf-8\" \r\nContent-Length: 1\r\n\r\na"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/html; charset=\"utf-8\"", .body = "a" },
    { .name = "a media type as long as is kept", .steps = { REQUEST, SAY("HTTP/1.1 200 OK\r\nContent-Type: " X256 "\r\nContent-Length: 1\r\n\r\na"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = X256, .body = "a" },
    { .name = "a media type of one byte more", .steps = { REQUEST, SAY("HTTP/1.1 200 OK\r\nContent-Type: " X256 "x\r\nContent-Length: 1\r\n\r\na"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = X256, .body = "a" },
    { .name = "a media type without end", .steps = { REQUEST, SAY("HTTP/1.1 200 OK\r\nContent-Type: " X256 X256 "\r\nContent-Length: 1\r\n\r\na"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = X256, .body = "a" },
    { .name = "no media type", .steps = { REQUEST, SAY("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .body = "a" },
    { .name = "not found", .steps = { REQUEST, SAY("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone"), STAY },
      .outcome = FETCH_ANSWERED, .status = 404, .media_type = "text/plain" },
    { .name = "a redirect, not followed", .steps = { REQUEST, SAY("HTTP/1.1 301 Moved\r\nLocation: https://mta-sts." DOMAIN "/x\r\nContent-Length: 0\r\n\r\n"), STAY },
      .outcome = FETCH_ANSWERED, .status = 301 },
    { .name = "an error page without end", .steps = { REQUEST, SAY("HTTP/1.1 500 Error\r\n\r\n"), FLOOD(X256), STAY },
      .outcome = FETCH_ANSWERED, .status = 500 },
    { .name = "leave to see oneself", .steps = { REQUEST, SAY("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"), STAY },
      .outcome = FETCH_ANSWERED, .status = 401 },
    { .name = "as large as it may be", .steps = { REQUEST, SAY(PLAIN "Content-Length: 65536\r\n\r\n"), { PEER_FLOOD, X256, 256 }, STAY },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = X256, .length = 65536 },
    { .name = "one octet more", .steps = { REQUEST, SAY(PLAIN "Content-Length: 65537\r\n\r\n"), { PEER_FLOOD, X256, 257 }, STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "one octet more, in chunks", .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n10001\r\n"), { PEER_FLOOD, X256, 256 }, SAY("x\r\n0\r\n\r\n"), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "a gigabyte announced", .steps = { REQUEST, SAY(PLAIN "Content-Length: 1073741824\r\n\r\n"), FLOOD(X256), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "chunks without end", .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n"), FLOOD("100\r\n" X256 "\r\n"), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "words behind a chunk's size without end", .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n5;"), FLOOD(X256), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "trailers without end", .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n0\r\n"), FLOOD("X: " X256 "\r\n"), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "headers without end", .steps = { REQUEST, SAY(PLAIN), FLOOD("X: " X256 "\r\n"), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "headers as long as they may be", .steps = { REQUEST, SAY(PLAIN), { PEER_FLOOD, "X: " X256 "\r\n", 250 }, SAY("Y: "), { PEER_SEND, X256, 217 },
      SAY("\r\nContent-Length: 1\r\n\r\na"), STAY }, .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a" },
    { .name = "headers of one byte more", .steps = { REQUEST, SAY(PLAIN), { PEER_FLOOD, "X: " X256 "\r\n", 250 }, SAY("Y: "), { PEER_SEND, X256, 217 + 1 },
      SAY("\r\nContent-Length: 1\r\n\r\na"), STAY }, .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "one header without end", .steps = { REQUEST, SAY(PLAIN "X: "), FLOOD(X256), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 200, .media_type = "text/plain" },
    { .name = "100 without end", .steps = { REQUEST, FLOOD("HTTP/1.1 100 Continue\r\n\r\n"), STAY },
      .outcome = FETCH_TOO_LARGE, .status = 100 },
    { .name = "nothing but silence", .steps = { REQUEST, STAY }, .timeout = 1, .outcome = FETCH_CUT_SHORT },
    { .name = "a byte now and then", .steps = { REQUEST, { PEER_DRIP, PLAIN "Content-Length: 15\r\n\r\nversion: STSv1\n", 200 }, STAY }, .timeout = 1,
      .outcome = FETCH_CUT_SHORT },
    { .name = "a body that drips", .steps = { REQUEST, SAY(PLAIN "Content-Length: 15\r\n\r\n"), { PEER_DRIP, "version: STSv1\n", 200 }, STAY }, .timeout = 1,
      .outcome = FETCH_CUT_SHORT, .status = 200, .media_type = "text/plain" },
    { .name = "no word of TLS", .steps = { STAY }, .timeout = 1, .outcome = FETCH_CUT_SHORT },
    { .name = "half a body", .steps = { REQUEST, SAY(PLAIN "Content-Length: 15\r\n\r\nversion"), CLOSE },
      .outcome = FETCH_LOST, .status = 200, .media_type = "text/plain" },
    { .name = "half of the chunks", .steps = { REQUEST, SAY(PLAIN "Transfer-Encoding: chunked\r\n\r\n8\r\nversion:\r\n"), CLOSE },
      .outcome = FETCH_LOST, .status = 200, .media_type = "text/plain" },
    { .name = "no length, up to the end of the session", .steps = { REQUEST, SAY(PLAIN "\r\nversion"), { PEER_GOODBYE, NULL, 0 }, CLOSE },
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "version" },
    { .name = "no length, and no word at the end", .steps = { REQUEST, SAY(PLAIN "\r\nversion"), CLOSE },
      .outcome = FETCH_LOST, .status = 200, .media_type = "text/plain" },
    { .name = "half of the headers", .steps = { REQUEST, SAY(PLAIN), CLOSE },
      .outcome = FETCH_LOST, .status = 200, .media_type = "text/plain" },
    { .name = "a connection that is only closed", .steps = { REQUEST, CLOSE }, .outcome = FETCH_LOST },
    { .name = "a reset instead of a response", .steps = { REQUEST, { PEER_RESET, NULL, 0 } }, .outcome = FETCH_LOST },
    { .name = "another protocol", .steps = { REQUEST, SAY("220 mail.example ESMTP\r\n"), CLOSE }, .outcome = FETCH_NO_HTTP },
    { .name = "a text without a head", .steps = { REQUEST, SAY("version: STSv1\r\nmode: none\r\n"), CLOSE }, .outcome = FETCH_NO_HTTP },
    { .name = "a reset instead of TLS", .steps = { { PEER_RESET, NULL, 0 } }, .outcome = FETCH_TLS_FAILED },
    { .name = "HTTP in the clear", .steps = { SAY("HTTP/1.1 400 Bad Request\r\n\r\n"), STAY }, .outcome = FETCH_TLS_FAILED },
    { .name = "TLS 1.1 and no other", .steps = { REQUEST, STAY }, .max_version = TLS1_1_VERSION, .outcome = FETCH_TLS_FAILED },
    { .name = "TLS 1.2", .steps = { REQUEST, SAY(PLAIN "Content-Length: 1\r\n\r\na"), STAY }, .max_version = TLS1_2_VERSION,
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a" },
    { .name = "another handshake", .steps = { REQUEST, { PEER_RENEGOTIATE, NULL, 0 }, SAY(PLAIN "Content-Length: 1\r\n\r\na"), STAY },
      .max_version = TLS1_2_VERSION, .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a" },
    { .name = "a wildcard", .steps = { REQUEST, SAY(PLAIN "Content-Length: 1\r\n\r\na"), STAY }, .certificate = WILDCARD,
      .outcome = FETCH_ANSWERED, .status = 200, .media_type = "text/plain", .body = "a" },
    { .name = "an old certificate", .steps = { REQUEST, STAY }, .certificate = EXPIRED, .outcome = FETCH_EXPIRED,
      .verify = X509_V_ERR_CERT_HAS_EXPIRED },
    { .name = "one from tomorrow on", .steps = { REQUEST, STAY }, .certificate = FUTURE, .outcome = FETCH_EXPIRED,
      .verify = X509_V_ERR_CERT_NOT_YET_VALID },
    { .name = "one of another host", .steps = { REQUEST, STAY }, .certificate = WRONG, .outcome = FETCH_NAME_MISMATCH,
      .verify = X509_V_ERR_HOSTNAME_MISMATCH },
    { .name = "a wildcard for two labels", .steps = { REQUEST, STAY }, .certificate = DEEP, .outcome = FETCH_NAME_MISMATCH,
      .verify = X509_V_ERR_HOSTNAME_MISMATCH },
    { .name = "a wildcard in a label", .steps = { REQUEST, STAY }, .certificate = PARTIAL, .outcome = FETCH_NAME_MISMATCH,
      .verify = X509_V_ERR_HOSTNAME_MISMATCH },
    { .name = "a common name and no DNS-ID", .steps = { REQUEST, STAY }, .certificate = ONLY_CN, .outcome = FETCH_NAME_MISMATCH,
      .verify = X509_V_ERR_HOSTNAME_MISMATCH },
    { .name = "an authority that nobody knows", .steps = { REQUEST, STAY }, .certificate = STRANGER, .outcome = FETCH_NOT_TRUSTED,
      .verify = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
    { .name = "one that signs itself", .steps = { REQUEST, STAY }, .certificate = ALONE, .outcome = FETCH_NOT_TRUSTED,
      .verify = X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT },
};

#ifdef __SANITIZE_ADDRESS__
/* What was freed is to be counted as free. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}
#endif

static struct loop *loop;
static struct facts *seen;
static int calls;

static void on_done(void *arg, const struct policy_fetch *fact)
{
    (void)arg;
    facts_add_fetch(seen, fact);
    calls++;
    loop_stop(loop);
}

static struct address loopback(void)
{
    struct address address;

    address_parse(&address, SLICE("127.0.0.1"));
    return address;
}

static struct https_client *client_at(uint16_t port, uint32_t timeout)
{
    struct https_setup setup = { .loop = loop, .timeout = timeout, .port = port };
    struct https_client *client = https_client_new(&setup);

    is_int(https_client_trust(client, slice_of(web_authority())), 1, "one authority");
    return client;
}

/* Gives what came of it. */
static const struct policy_fetch *fetch_from(uint16_t port, uint32_t timeout, const struct address *addresses, size_t count)
{
    struct https_client *client = client_at(port, timeout);
    struct want_fetch wish = { DOMAIN, addresses, count };

    calls = 0;
    https_fetch_start(client, &wish, on_done, NULL);
    loop_run(loop);
    https_client_free(client);
    is_int(calls, 1, "answered once");
    return facts_fetch(seen, DOMAIN);
}

static void check_seen(const struct row *row, const struct policy_fetch *fact)
{
    size_t length = row->length ? row->length : row->body ? strlen(row->body) : 0;

    is_text(fetch_outcome_word(fact->outcome), fetch_outcome_word(row->outcome), "%s: outcome (%s)", row->name,
            fact->error ? fact->error : "-");
    is_int(fact->status, row->status, "%s: status", row->name);
    is_text(fact->media_type, row->media_type, "%s: media type", row->name);
    is_int(fact->body ? strlen(fact->body) : 0, length, "%s: length of the body", row->name);
    check_ok(!row->body || (fact->body && strncmp(fact->body, row->body, strlen(row->body)) == 0), "%s: body", row->name);
    is_int(fact->body_broken, row->broken, "%s: broken", row->name);
    is_int(fact->verify, row->verify, "%s: verification", row->name);
    check_ok(row->outcome == FETCH_ANSWERED || fact->error, "%s: words for people", row->name);
    check_ok(fact->ms < SECONDS_MAX * 1000, "%s: %u ms", row->name, (unsigned)fact->ms);
    is_int(fact->address.family, FAMILY_IPV4, "%s: who was asked", row->name);
    is_text(fact->domain, DOMAIN, "%s: domain", row->name);
    check_ok(fact->when > 1700000000, "%s: when", row->name);
}

static void check_row(const struct row *row)
{
    char *chain = web_chain(&certificates[row->certificate]);
    struct peer_tls tls = { .chain = chain, .max_version = row->max_version };
    struct peer *peer = peer_start(row->steps, &tls);
    struct address address = loopback();

    check_seen(row, fetch_from(peer_port(peer), row->timeout, &address, 1));
    peer_free(peer);
    mem_free(chain);
}

/* What is said: nothing else, and to nobody else. */
static void check_request(void)
{
    static const struct peer_step steps[] = { REQUEST, SAY(PLAIN "Content-Length: 0\r\n\r\n"), STAY };
    char *chain = web_chain(&certificates[GOOD]), wanted[256];
    struct peer_tls tls = { .chain = chain };
    struct peer *peer = peer_start(steps, &tls);
    struct address address = loopback();

    fetch_from(peer_port(peer), 0, &address, 1);
    snprintf(wanted, sizeof wanted, "|sni=mta-sts." DOMAIN ";GET /.well-known/mta-sts.txt HTTP/1.1;Host: mta-sts." DOMAIN
             ":%u;User-Agent: posttls-audit/0.1.0;Accept: */*;;", (unsigned)peer_port(peer));
    is_text(peer_heard(peer), wanted, "the request");
    peer_free(peer);
    mem_free(chain);
}

static void check_nobody_there(void)
{
    struct address addresses[2] = { loopback(), loopback() };
    const struct policy_fetch *fact = fetch_from(1, 0, addresses, 1);

    is_text(fetch_outcome_word(fact->outcome), "connect-failed", "a port that nobody listens at");
    is_text(fact->error, "Connection refused", "as the system says");
    fact = fetch_from(1, 0, addresses, 0);
    is_text(fetch_outcome_word(fact->outcome), "not-allowed", "without an address");
    is_int(fact->address.family, FAMILY_NONE, "nobody is asked");
}

/* The first address refuses, the second answers. */
static void check_second_address(void)
{
    static const struct peer_step steps[] = { REQUEST, SAY(PLAIN "Content-Length: 1\r\n\r\na"), STAY };
    char *chain = web_chain(&certificates[GOOD]), text[ADDRESS_TEXT_MAX];
    struct peer_tls tls = { .chain = chain };
    struct peer *peer = peer_start(steps, &tls);
    struct address addresses[2] = { loopback(), loopback() };
    const struct policy_fetch *fact;

    addresses[0].bytes[3] = 2;
    fact = fetch_from(peer_port(peer), 0, addresses, 2);
    is_text(fetch_outcome_word(fact->outcome), "answered", "the second address answers (%s)", fact->error ? fact->error : "-");
    address_to_text(&fact->address, text);
    is_text(text, "127.0.0.1", "and is named");
    peer_free(peer);
    mem_free(chain);
}

static void check_no_anchors(void)
{
    struct https_setup setup = { .loop = loop };
    struct https_client *client = https_client_new(&setup);
    struct address address = loopback();
    struct want_fetch wish = { DOMAIN, &address, 1 };

    is_int(https_client_trust(client, SLICE("no certificate")), 0, "no certificate in a text");
    calls = 0;
    https_fetch_start(client, &wish, on_done, NULL);
    loop_run(loop);
    is_text(fetch_outcome_word(facts_fetch(seen, DOMAIN)->outcome), "no-anchors", "nobody is asked without authorities");
    https_client_free(client);
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void check_cancel(void)
{
    static const struct peer_step mute[] = { STAY };
    struct peer *peer = peer_start(mute, NULL);
    struct https_client *client = client_at(peer_port(peer), 0);
    struct address address = loopback();
    struct want_fetch wish = { DOMAIN, &address, 1 };
    struct https_fetch *early = https_fetch_start(client, &wish, on_done, NULL);
    struct https_fetch *late = https_fetch_start(client, &wish, on_done, NULL);
    struct loop_timer *timer = loop_timer_new(loop, stop, NULL);

    calls = 0;
    https_fetch_cancel(early);
    loop_timer_at(timer, loop_now_ms(loop) + 300);
    loop_run(loop);
    https_fetch_cancel(late);
    loop_timer_at(timer, loop_now_ms(loop) + 300);
    loop_run(loop);
    is_int(calls, 0, "what was given up is not answered");
    loop_timer_free(timer);
    https_client_free(client);
    peer_free(peer);
}

static long memory(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

int main(void)
{
    char keys[64];
    long before;

    /* None of which is to matter. */
    snprintf(keys, sizeof keys, "/tmp/posttls-keys-%d", (int)getpid());
    setenv("SSLKEYLOGFILE", keys, 1);
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    setenv("HTTPS_PROXY", "http://127.0.0.1:9", 1);
    setenv("ALL_PROXY", "socks5h://127.0.0.1:9", 1);
    setenv("HOME", "/nonexistent", 1);
    loop = loop_new();
    seen = facts_new();
    check_row(&rows[0]);
    before = memory();
    for (size_t i = 1; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    check_ok(memory() - before < MEMORY_MAX, "%ld kB more for all of them", memory() - before);
    check_request();
    check_nobody_there();
    check_second_address();
    check_no_anchors();
    check_cancel();
    check_ok(access(keys, F_OK) != 0, "no keys are written");
    facts_free(seen);
    loop_free(loop);
    web_clear();
    return check_done();
}
