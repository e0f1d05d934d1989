#include "probes/https_fetch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "config.h"
#include "probes/engine/connect.h"
#include "probes/https_impl.h"
#include "probes/limits.h"
#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/base/utf8.h"

#define USER_AGENT "posttls-audit/" PACKAGE_VERSION

struct https_fetch {
    struct https_client *client;
    https_done_fn       *done;
    void                *arg;
    struct region       *region;
    struct want_fetch    wish;
    const char          *host;
    CURL                *easy;
    struct curl_slist   *resolved;
    struct loop_timer   *turn;          /* the first */
    char                 words[CURL_ERROR_SIZE];
    struct policy_fetch  fact;
    struct buf           body;
    size_t               header_bytes;
    uint64_t             tls_bytes;
    bool                 in_headers;    /* of the latest response, not yet at their end */
    bool                 coded;         /* it has a Transfer-Encoding, and so an end of its own */
    bool                 goodbye;       /* the server told the end of the session */
    bool                 too_large;
    bool                 refused;       /* its status says that the body is of no interest */
    int                  shortage;      /* errno of a socket that could not be had */
    int64_t              started;
};

/* Ends of requests. */

static void fetch_free(struct https_fetch *f)
{
    if (f->easy) {
        curl_multi_remove_handle(f->client->multi, f->easy);
        curl_easy_cleanup(f->easy);
    }
    curl_slist_free_all(f->resolved);
    loop_timer_free(f->turn);
    buf_clear(&f->body);
    region_free(f->region);
    mem_free(f);
}

static void finish(struct https_fetch *f)
{
    f->fact.ms = (uint32_t)(loop_now_ms(f->client->setup.loop) - f->started);
    f->done(f->arg, &f->fact);
    fetch_free(f);
}

void https_fetch_cancel(struct https_fetch *f)
{
    fetch_free(f);
}

static const char *cleaned(struct https_fetch *f, struct slice text)
{
    struct buf clean;
    const char *kept;

    buf_init(&clean, 3 * text.n + 1);
    text_clean(text, &clean);
    kept = region_slice(f->region, buf_slice(&clean));
    buf_clear(&clean);
    return kept;
}

static enum fetch_outcome conclude(struct https_fetch *f, enum fetch_outcome outcome, const char *words)
{
    if (words)
        f->fact.error = cleaned(f, slice_of(words));
    return outcome;
}

/* The same for NUL as for what is no UTF-8; a text with it would end there. */
static void keep_body(struct https_fetch *f)
{
    struct slice rest = buf_slice(&f->body);
    struct buf clean;

    buf_init(&clean, 3 * POLICY_BODY_MAX);
    while (rest.n > 0) {
        struct slice part = slice_head(rest, slice_find(rest, '\0'));

        f->fact.body_broken |= !text_is_utf8(part) || part.n < rest.n;
        text_clean(part, &clean);
        if (part.n < rest.n)
            utf8_add(&clean, UTF8_REPLACEMENT);
        rest = slice_from_index(rest, part.n + 1);
    }
    if (clean.n > 0)
        f->fact.body = region_slice(f->region, buf_slice(&clean));
    buf_clear(&clean);
}

static void keep_response(struct https_fetch *f)
{
    const char *type = NULL, *ip = NULL;
    long status = 0;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 100 && status <= 999)
        f->fact.status = (int)status;
    if (curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type && f->fact.status)
        f->fact.media_type = cleaned(f, slice_head(slice_of(type), MEDIA_TYPE_MAX));
    if (curl_easy_getinfo(f->easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip && *ip)
        address_parse(&f->fact.address, slice_of(ip));
}

/* What went wrong, and how it is called here. */

static enum fetch_outcome connection_failed(struct https_fetch *f)
{
    long error = 0;

    curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &error);
    if (f->shortage)
        return conclude(f, FETCH_LOCAL, strerror(f->shortage));
    return conclude(f, connect_is_local((int)error) ? FETCH_LOCAL : FETCH_CONNECT_FAILED,
                    error ? strerror((int)error) : f->words);
}

/* Without what OpenSSL says of itself: "error:0A000410:SSL routines::". */
static enum fetch_outcome handshake_failed(struct https_fetch *f)
{
    const char *reason = strstr(f->words, "::");

    return conclude(f, FETCH_TLS_FAILED, reason ? reason + 2 : f->words);
}

static enum fetch_outcome certificate_failed(struct https_fetch *f)
{
    long verify = 0;

    curl_easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    /* The library looks at the name once more, by itself. */
    if (verify == X509_V_OK)
        verify = X509_V_ERR_HOSTNAME_MISMATCH;
    f->fact.verify = (int)verify;
    f->fact.error = region_text(f->region, X509_verify_cert_error_string(verify));
    switch (verify) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
        return FETCH_NAME_MISMATCH;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return FETCH_EXPIRED;
    default:
        return FETCH_NOT_TRUSTED;
    }
}

static uint32_t seconds_of(const struct https_client *client)
{
    uint32_t own = client->setup.timeout;

    return own && own < LIMIT_FETCH_SECONDS ? own : LIMIT_FETCH_SECONDS;
}

static bool shook_hands(const struct https_fetch *f)
{
    curl_off_t handshake = 0;

    curl_easy_getinfo(f->easy, CURLINFO_APPCONNECT_TIME_T, &handshake);
    return handshake > 0;
}

static enum fetch_outcome took_too_long(struct https_fetch *f)
{
    bool connected = shook_hands(f);
    uint32_t all = seconds_of(f->client), most = connected ? LIMIT_FETCH_SECONDS : LIMIT_FETCH_CONNECT;
    uint32_t seconds = all < most ? all : most;

    f->fact.error = region_printf(f->region, "%s after %u seconds", connected ? "not complete" : "no TLS session",
                                  (unsigned)seconds);
    return seconds < most ? FETCH_CUT_SHORT : FETCH_TIMEOUT;
}

/* Before the handshake was over a lost connection is a failed handshake. */
static enum fetch_outcome connection_lost(struct https_fetch *f)
{
    return shook_hands(f) ? conclude(f, FETCH_LOST, "the connection ended before the response did") : handshake_failed(f);
}

static enum fetch_outcome too_large(struct https_fetch *f)
{
    const char *words = f->body.overflow || !f->too_large      ? "more than 65536 octets"
                        : f->tls_bytes > LIMIT_TLS_BYTES ? "TLS records without end"
                                                         : "headers without end";

    return conclude(f, FETCH_TOO_LARGE, words);
}

static enum fetch_outcome no_http(struct https_fetch *f)
{
    return conclude(f, FETCH_NO_HTTP, f->words);
}

/* To the library the end of the connection is one, too. RFC 9112 9.8: without a length it is the end of the response only
 * where it was told. */
static bool is_whole(const struct https_fetch *f)
{
    curl_off_t length = -1;

    curl_easy_getinfo(f->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return !f->in_headers && (length >= 0 || f->coded || f->goodbye);
}

static enum fetch_outcome complete(struct https_fetch *f)
{
    if (f->fact.status == 0)
        return no_http(f);
    if (!is_whole(f))
        return connection_lost(f);
    if (f->fact.status == 200)
        keep_body(f);
    return FETCH_ANSWERED;
}

static enum fetch_outcome own_fault(struct https_fetch *f)
{
    return conclude(f, FETCH_LOCAL, f->words);
}

static const struct {
    CURLcode code;
    enum fetch_outcome (*conclude)(struct https_fetch *);
} ends[] = {
    { CURLE_OK, complete },
    { CURLE_COULDNT_CONNECT, connection_failed },
    { CURLE_SSL_CONNECT_ERROR, handshake_failed },
    { CURLE_PEER_FAILED_VERIFICATION, certificate_failed },
    { CURLE_OPERATION_TIMEDOUT, took_too_long },
    { CURLE_FILESIZE_EXCEEDED, too_large },
    /* One line of a header beyond the library's own buffer: memory that is short never gets so far. */
    { CURLE_OUT_OF_MEMORY, too_large },
    { CURLE_PARTIAL_FILE, connection_lost },
    { CURLE_GOT_NOTHING, connection_lost },
    { CURLE_RECV_ERROR, connection_lost },
    { CURLE_SEND_ERROR, connection_lost },
    { CURLE_UNSUPPORTED_PROTOCOL, no_http },
    { CURLE_WEIRD_SERVER_REPLY, no_http },
    { CURLE_BAD_CONTENT_ENCODING, no_http },
    { CURLE_HTTP2, no_http },
};

static enum fetch_outcome outcome_of(struct https_fetch *f, CURLcode code)
{
    if (f->too_large)
        return too_large(f);
    if (f->refused)
        return FETCH_ANSWERED;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends[i].code == code)
            return ends[i].conclude(f);
    return own_fault(f);
}

void https_fetch_ended(struct https_fetch *f, CURLcode code)
{
    keep_response(f);
    f->fact.outcome = outcome_of(f, code);
    finish(f);
}

/* What the library asks and tells while a request is under way. */

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct https_fetch *f = arg;
    long status = 0;

    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    f->refused = status != 200;
    f->too_large |= !f->refused && !buf_add(&f->body, bytes, size * n);
    return f->refused || f->too_large ? 0 : size * n;
}

static void note_header(struct https_fetch *f, struct slice line)
{
    static const char coding[] = "Transfer-Encoding:";

    if (slice_starts_with(line, SLICE("HTTP/"))) {
        f->in_headers = true;
        f->coded = false;
    }
    if (slice_trim(line).n == 0)
        f->in_headers = false;
    f->coded |= slice_eq_text_nocase(slice_head(line, sizeof coding - 1), coding);
}

/* All of them: of "100 Continue" again and again, and what comes behind a chunked body. */
static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct https_fetch *f = arg;

    f->header_bytes += size * n;
    note_header(f, slice_from(bytes, size * n));
    f->too_large |= f->header_bytes > LIMIT_FETCH_HEADERS;
    return f->too_large ? 0 : size * n;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    const struct https_fetch *f = arg;

    (void)total;
    (void)got;
    (void)to_send;
    (void)sent;
    return f->too_large;
}

/* As if the server had closed the connection. */
static long nothing_more(BIO *bio, int operation, const char *bytes, size_t size, int i, long l, int status, size_t *done)
{
    (void)bytes;
    (void)size;
    (void)i;
    (void)l;
    (void)done;
    if (operation != BIO_CB_READ)
        return status;
    BIO_clear_retry_flags(bio);
    return 0;
}

/* Every record is counted, for there is much in HTTP and TLS that is neither header nor body. Of some of it the library
 * reads for as long as it comes, and asks nobody. */
static void on_record(int is_sent, int version, int type, const void *bytes, size_t n, SSL *ssl, void *arg)
{
    struct https_fetch *f = arg;
    const unsigned char *octets = bytes;

    (void)version;
    if (is_sent)
        return;
    if (type == SSL3_RT_HEADER && n >= 5)
        f->tls_bytes += 5u + (size_t)(octets[3] << 8 | octets[4]);
    if (type == SSL3_RT_ALERT && n >= 2)
        f->goodbye |= octets[1] == SSL_AD_CLOSE_NOTIFY;
    if (f->tls_bytes <= LIMIT_TLS_BYTES)
        return;
    f->too_large = true;
    BIO_set_callback_ex(SSL_get_rbio(ssl), nothing_more);
}

/* RFC 8461 3.3: by a DNS-ID, a wildcard being the whole first label. */
static CURLcode on_context(CURL *easy, void *context, void *arg)
{
    struct https_fetch *f = arg;
    SSL_CTX *ctx = context;
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

    (void)easy;
    SSL_CTX_set1_cert_store(ctx, f->client->trusted);
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_msg_callback(ctx, on_record);
    SSL_CTX_set_msg_callback_arg(ctx, f);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(param, f->host, 0) == 1 ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

static void address_of(const struct sockaddr *from, struct address *address)
{
    *address = (struct address){ .family = FAMILY_NONE };
    if (from->sa_family == AF_INET) {
        address->family = FAMILY_IPV4;
        memcpy(address->bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        address->family = FAMILY_IPV6;
        memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
}

static bool may_be_asked(const struct https_fetch *f, const struct address *address)
{
    for (size_t i = 0; i < f->wish.count; i++)
        if (address_eq(&f->wish.addresses[i], address))
            return true;
    return false;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct https_fetch *f = arg;
    struct address address;
    int fd;

    address_of(&to->addr, &address);
    if (purpose != CURLSOCKTYPE_IPCXN || !may_be_asked(f, &address))
        return CURL_SOCKET_BAD;
    fd = socket(to->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        f->shortage = errno;
    else
        f->fact.address = address;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* Requests. */

/* "+": as an answer of DNS that is forgotten by and by. */
static const char *resolution(const struct https_fetch *f)
{
    struct buf text;
    const char *kept;

    buf_init(&text, 1024 + f->wish.count * (ADDRESS_TEXT_MAX + 3));
    buf_printf(&text, "+%s:%u:", f->host, (unsigned)f->client->setup.port);
    for (size_t i = 0; i < f->wish.count; i++) {
        bool six = f->wish.addresses[i].family == FAMILY_IPV6;
        char address[ADDRESS_TEXT_MAX];

        address_to_text(&f->wish.addresses[i], address);
        buf_printf(&text, "%s%s%s%s", i ? "," : "", six ? "[" : "", address, six ? "]" : "");
    }
    kept = region_slice(f->region, buf_slice(&text));
    buf_clear(&text);
    return kept;
}

#define SET(option, value) (curl_easy_setopt(f->easy, (option), (value)) == CURLE_OK)

/* Who is asked, and what for. */
static bool set_target(struct https_fetch *f)
{
    const char *url = region_printf(f->region, "https://%s:%u/.well-known/mta-sts.txt", f->host,
                                    (unsigned)f->client->setup.port);

    if (f->client->setup.port == HTTPS_PORT)
        url = region_printf(f->region, "https://%s/.well-known/mta-sts.txt", f->host);
    f->resolved = curl_slist_append(NULL, resolution(f));
    return SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, "https") && SET(CURLOPT_RESOLVE, f->resolved) &&
           SET(CURLOPT_PROXY, "") && SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_USERAGENT, USER_AGENT) &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_FORBID_REUSE, 1L) &&
           SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
}

/* No file: the authorities are in memory. */
static bool set_tls(struct https_fetch *f)
{
    return SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
           SET(CURLOPT_SSL_VERIFYHOST, 2L) && SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL) &&
           SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) && SET(CURLOPT_SSL_CTX_FUNCTION, on_context) &&
           SET(CURLOPT_SSL_CTX_DATA, f);
}

static bool set_limits(struct https_fetch *f)
{
    return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_TIMEOUT_MS, (long)seconds_of(f->client) * 1000) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_FETCH_CONNECT * 1000) &&
           SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)POLICY_BODY_MAX) && SET(CURLOPT_NOPROGRESS, 0L);
}

static bool set_calls(struct https_fetch *f)
{
    return SET(CURLOPT_PRIVATE, f) && SET(CURLOPT_ERRORBUFFER, f->words) && SET(CURLOPT_WRITEFUNCTION, on_body) &&
           SET(CURLOPT_WRITEDATA, f) && SET(CURLOPT_HEADERFUNCTION, on_header) && SET(CURLOPT_HEADERDATA, f) &&
           SET(CURLOPT_XFERINFOFUNCTION, on_progress) && SET(CURLOPT_XFERINFODATA, f) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, on_open) && SET(CURLOPT_OPENSOCKETDATA, f);
}

static enum fetch_outcome begin(struct https_fetch *f)
{
    if (f->client->anchors == 0)
        return conclude(f, FETCH_NO_ANCHORS, "no certificate of an authority is trusted here");
    if (f->wish.count == 0)
        return FETCH_NOT_ALLOWED;
    if (!hostname_is_valid(slice_of(f->host)))
        return conclude(f, FETCH_LOCAL, "no name of a host");
    f->easy = curl_easy_init();
    if (!f->easy)
        mem_exhausted();
    if (!set_target(f) || !set_tls(f) || !set_limits(f) || !set_calls(f) ||
        curl_multi_add_handle(f->client->multi, f->easy) != CURLM_OK)
        return conclude(f, FETCH_LOCAL, "libcurl does not take what it is told");
    return FETCH_ANSWERED;
}

static void on_turn(void *arg)
{
    struct https_fetch *f = arg;

    f->started = loop_now_ms(f->client->setup.loop);
    f->fact.outcome = begin(f);
    if (f->fact.outcome != FETCH_ANSWERED)
        finish(f);
}

struct https_fetch *https_fetch_start(struct https_client *client, const struct want_fetch *wish, https_done_fn *done,
                                      void *arg)
{
    struct https_fetch *f = mem_alloc(sizeof *f);

    f->client = client;
    f->done = done;
    f->arg = arg;
    f->region = region_new();
    f->wish = *wish;
    if (f->wish.count > 0)
        f->wish.addresses = region_copy(f->region, wish->addresses, f->wish.count * sizeof *wish->addresses);
    f->host = region_printf(f->region, "mta-sts.%s", wish->domain);
    f->fact.domain = f->host + strlen("mta-sts.");
    f->fact.when = (int64_t)time(NULL);
    buf_init(&f->body, POLICY_BODY_MAX);
    f->turn = loop_timer_new(client->setup.loop, on_turn, f);
    loop_timer_at(f->turn, loop_now_ms(client->setup.loop));
    return f;
}
