#include "tests/lib/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "scanner/base/mem.h"

#define LIFE_SECONDS 120 /* whatever happens, no peer outlives its test for long */
#define HEARD_MAX    16384

struct peer {
    pid_t    pid;
    int      report;  /* the child writes what it heard, at its end */
    uint16_t port;
    char     heard[HEARD_MAX];
};

/* The child's side. */
struct line {
    int      fd;
    SSL_CTX *ctx;
    SSL     *ssl;
    char     heard[HEARD_MAX];
    size_t   heard_length;
};

static void die(const char *what)
{
    fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
    _exit(99);
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (!key)
        die("no key");
    return key;
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (!extension || X509_add_ext(x509, extension, -1) != 1)
        die("no extension");
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *common_name, size_t padding)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_NAME_new();
    char *comment;

    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_subject_name(x509, name);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    if (padding > 0) {
        comment = malloc(padding + 1);
        if (!comment)
            die("no memory");
        memset(comment, 'x', padding);
        comment[padding] = '\0';
        add_extension(x509, NID_netscape_comment, comment);
        free(comment);
    }
    if (X509_sign(x509, key, EVP_sha256()) == 0)
        die("no signature");
    X509_NAME_free(name);
    return x509;
}

char *peer_make_chain(const char *common_name)
{
    EVP_PKEY *key = make_key();
    X509 *x509 = make_certificate(key, common_name, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    char *p, *text;
    long n;

    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(bio, x509);
    n = BIO_get_mem_data(bio, &p);
    text = mem_alloc((size_t)n + 1);
    memcpy(text, p, (size_t)n);
    BIO_free(bio);
    X509_free(x509);
    EVP_PKEY_free(key);
    return text;
}

static int accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static void use_chain(SSL_CTX *ctx, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    if (SSL_CTX_use_certificate(ctx, x509) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        die("no such chain");
    while ((x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        SSL_CTX_add_extra_chain_cert(ctx, x509);
    BIO_free(bio);
}

static SSL_CTX *make_context(const struct peer_tls *tls)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = make_key();

    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, tls->min_version);
    SSL_CTX_set_max_proto_version(ctx, tls->max_version);
    if (tls->ciphers && SSL_CTX_set_cipher_list(ctx, tls->ciphers) != 1)
        die("no such cipher");
    if (tls->chain) {
        use_chain(ctx, tls->chain);
    } else {
        SSL_CTX_use_PrivateKey(ctx, key);
        SSL_CTX_use_certificate(ctx, make_certificate(key, "peer.example", tls->padding));
    }
    for (unsigned i = 0; i < tls->extra_certificates; i++)
        SSL_CTX_add_extra_chain_cert(ctx, make_certificate(key, "extra.example", 0));
    if (tls->tickets)
        SSL_CTX_set_num_tickets(ctx, tls->tickets);
    if (tls->wants_certificate)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (tls->wants_certificate > 1 ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    SSL_CTX_set_max_cert_list(ctx, 1 << 20);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"peer", 4);
    return ctx;
}

__attribute__((format(printf, 2, 3)))
static void hear(struct line *l, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(l->heard + l->heard_length, sizeof l->heard - l->heard_length, format, args);
    va_end(args);
    if (n > 0 && l->heard_length + (size_t)n < sizeof l->heard)
        l->heard_length += (size_t)n;
}

/* False: the other side is gone. */
static int line_write(struct line *l, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t sent = l->ssl ? SSL_write(l->ssl, text, (int)n) : send(l->fd, text, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return 0;
        text += sent;
        n -= (size_t)sent;
    }
    return 1;
}

static int line_byte(struct line *l, char *c)
{
    return (l->ssl ? SSL_read(l->ssl, c, 1) : (int)recv(l->fd, c, 1, 0)) == 1;
}

/* One line, noted as it came; 0 at the end. */
static int line_read(struct line *l, char *out, size_t size)
{
    size_t n = 0;
    char c;

    while (line_byte(l, &c)) {
        if (c == '\n') {
            out[n] = '\0';
            hear(l, "%s;", out);
            return 1;
        }
        if (c != '\r' && n + 1 < size)
            out[n++] = c;
    }
    if (n > 0)
        hear(l, "[%zu bytes without an end]", n);
    return 0;
}

static void pause_ms(unsigned ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

    nanosleep(&t, NULL);
}

static int do_send(struct line *l, const struct peer_step *step)
{
    return line_write(l, step->text, step->op == PEER_SEND && step->n ? step->n : strlen(step->text));
}

static int do_expect(struct line *l, const struct peer_step *step)
{
    char got[4096];

    if (!line_read(l, got, sizeof got)) {
        hear(l, "[end]");
        return 0;
    }
    if (strcmp(got, step->text) != 0)
        hear(l, "[not %s]", step->text);
    return strcmp(got, step->text) == 0;
}

static int do_request(struct line *l, const struct peer_step *step)
{
    char got[4096];

    (void)step;
    while (line_read(l, got, sizeof got))
        if (got[0] == '\0')
            return 1;
    hear(l, "[end]");
    return 0;
}

static int do_flood(struct line *l, const struct peer_step *step)
{
    for (unsigned i = 0; step->n == 0 || i < step->n; i++)
        if (!do_send(l, step))
            return 0;
    return 1;
}

static int do_drip(struct line *l, const struct peer_step *step)
{
    for (const char *p = step->text; *p; p++) {
        if (!line_write(l, p, 1))
            return 0;
        pause_ms(step->n);
    }
    return 1;
}

static int do_wait(struct line *l, const struct peer_step *step)
{
    (void)l;
    pause_ms(step->n);
    return 1;
}

static int do_handshake(struct line *l, const struct peer_step *step)
{
    (void)step;
    l->ssl = SSL_new(l->ctx);
    SSL_set_fd(l->ssl, l->fd);
    if (SSL_accept(l->ssl) != 1) {
        hear(l, "[no handshake]");
        return 0;
    }
    hear(l, "|%s", SSL_get_servername(l->ssl, TLSEXT_NAMETYPE_host_name) ? "sni=" : "");
    if (SSL_get_servername(l->ssl, TLSEXT_NAMETYPE_host_name))
        hear(l, "%s;", SSL_get_servername(l->ssl, TLSEXT_NAMETYPE_host_name));
    if (SSL_get0_peer_certificate(l->ssl))
        hear(l, "certificate;");
    return 1;
}

static int do_renegotiate(struct line *l, const struct peer_step *step)
{
    (void)step;
    if (SSL_renegotiate(l->ssl) != 1)
        return 0;
    SSL_do_handshake(l->ssl);
    return 1;
}

static int do_goodbye(struct line *l, const struct peer_step *step)
{
    (void)step;
    SSL_shutdown(l->ssl);
    return 1;
}

static int (*const doers[])(struct line *, const struct peer_step *) = {
    [PEER_SEND] = do_send,   [PEER_EXPECT] = do_expect,       [PEER_FLOOD] = do_flood,
    [PEER_DRIP] = do_drip,   [PEER_WAIT] = do_wait,           [PEER_HANDSHAKE] = do_handshake,
    [PEER_RENEGOTIATE] = do_renegotiate, [PEER_REQUEST] = do_request, [PEER_GOODBYE] = do_goodbye,
};

static void play(struct line *l, const struct peer_step *step)
{
    static const struct linger at_once = { 1, 0 };
    char line[4096];

    for (; step->op != PEER_END && step->op != PEER_CLOSE && step->op != PEER_RESET; step++)
        if (!doers[step->op](l, step))
            break;
    if (step->op == PEER_END)
        while (line_read(l, line, sizeof line))
            continue;
    if (step->op == PEER_RESET)
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(l->fd);
}

static void child(int listener, int report, const struct peer_step *steps, const struct peer_tls *tls)
{
    struct line l = { .fd = -1 };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(LIFE_SECONDS);
    signal(SIGPIPE, SIG_IGN);
    if (tls)
        l.ctx = make_context(tls);
    l.fd = accept(listener, NULL, NULL);
    close(listener);
    if (l.fd >= 0)
        play(&l, steps);
    if (write(report, l.heard, l.heard_length) < 0)
        _exit(98);
    _exit(0);
}

struct peer *peer_start(const struct peer_step *steps, const struct peer_tls *tls)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    struct peer *peer = mem_alloc(sizeof *peer);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), report[2];

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 5) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0 || pipe(report) != 0)
        die("no listener");
    peer->port = ntohs(address.sin_port);
    peer->pid = fork();
    if (peer->pid < 0)
        die("no process");
    if (peer->pid == 0) {
        close(report[0]);
        child(listener, report[1], steps, tls);
    }
    close(listener);
    close(report[1]);
    peer->report = report[0];
    return peer;
}

uint16_t peer_port(const struct peer *peer)
{
    return peer->port;
}

const char *peer_heard(struct peer *peer)
{
    size_t n = 0;
    ssize_t got;

    if (peer->report < 0)
        return peer->heard;
    while ((got = read(peer->report, peer->heard + n, sizeof peer->heard - 1 - n)) > 0)
        n += (size_t)got;
    close(peer->report);
    peer->report = -1;
    return peer->heard;
}

void peer_free(struct peer *peer)
{
    if (!peer)
        return;
    if (peer->report >= 0)
        close(peer->report);
    kill(peer->pid, SIGKILL);
    waitpid(peer->pid, NULL, 0);
    mem_free(peer);
}
