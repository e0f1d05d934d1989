/* sink DIRECTORY HOSTS DELAY-MS [tls]: mail hosts that offer STARTTLS, on port 25 of all addresses of world.h. Each reply
 * comes after the delay; with "tls" those before TLS come at once. Writes root.pem and keys (see world.h) into the directory, says "ready" and serves until it is killed. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "tests/bench/authority.h"
#include "tests/bench/world.h"

#define LINE_MAX_BYTES 1024
#define EVENTS_MAX     256
#define DESCRIPTORS    65536

enum what { WAITS_FOR_LINE, SHAKES_HANDS, OWES_REPLY };

struct connection {
    int                fd;
    SSL               *ssl;
    enum what          what;
    unsigned           host;
    char               line[LINE_MAX_BYTES];
    size_t             have;
    const char        *reply;
    bool               ends, begins_tls;   /* once the reply was sent */
    int64_t            due;                /* microseconds */
    struct connection *next;               /* that owes a reply, in the order of due */
};

static struct {
    int                epoll, listener;
    int64_t            delay;
    bool               only_in_tls;        /* the delay is */
    unsigned           host_count;
    struct leaf       *leaves;
    SSL_CTX           *context;
    struct connection *connections[DESCRIPTORS];
    struct connection *owing, **owing_end;
} sink;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void owe(struct connection *c, const char *reply)
{
    c->reply = reply;
    c->what = OWES_REPLY;
    if (sink.only_in_tls && c->ssl == NULL) {
        c->due = now_us();
        c->next = sink.owing;
        if (sink.owing == NULL)
            sink.owing_end = &c->next;
        sink.owing = c;
        return;
    }
    c->due = now_us() + sink.delay;
    c->next = NULL;
    *sink.owing_end = c;
    sink.owing_end = &c->next;
}

static void forget(struct connection *c)
{
    ERR_clear_error();
    SSL_free(c->ssl);
    close(c->fd);
    sink.connections[c->fd] = NULL;
    free(c);
}

static const char ehlo_reply[] = "250-mx.bench.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ETRN\r\n250-STARTTLS\r\n"
                                 "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 SMTPUTF8\r\n";

static void take_line(struct connection *c)
{
    c->ends = c->begins_tls = false;
    if (strncasecmp(c->line, "EHLO ", 5) == 0) {
        owe(c, ehlo_reply);
    } else if (strncasecmp(c->line, "STARTTLS", 8) == 0 && c->ssl == NULL) {
        c->begins_tls = true;
        owe(c, "220 2.0.0 Ready to start TLS\r\n");
    } else if (strncasecmp(c->line, "QUIT", 4) == 0) {
        c->ends = true;
        owe(c, "221 2.0.0 Bye\r\n");
    } else {
        owe(c, "502 5.5.1 Command not implemented\r\n");
    }
    c->have = 0;
}

/* 0: nothing now; -1: the end. */
static int receive(struct connection *c)
{
    char  *at = c->line + c->have;
    size_t room = sizeof c->line - 1 - c->have;
    int    n;

    if (c->ssl == NULL) {
        n = (int)recv(c->fd, at, room, 0);
        return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
    }
    n = SSL_read(c->ssl, at, (int)room);
    return n > 0 ? n : SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* False: the connection is over. */
static bool read_line(struct connection *c)
{
    int n = receive(c);

    if (n <= 0)
        return n == 0;
    c->have += (size_t)n;
    c->line[c->have] = '\0';
    if (strchr(c->line, '\n') != NULL)
        take_line(c);
    return c->have < sizeof c->line - 1;
}

static bool shake_hands(struct connection *c)
{
    int n = SSL_accept(c->ssl);

    if (n == 1)
        c->what = WAITS_FOR_LINE;
    return n == 1 || SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;
}

static bool begin_tls(struct connection *c)
{
    const struct leaf *leaf = &sink.leaves[c->host];

    c->ssl = SSL_new(sink.context);
    c->what = SHAKES_HANDS;
    return c->ssl != NULL && SSL_use_certificate(c->ssl, leaf->x509) == 1 && SSL_use_PrivateKey(c->ssl, leaf->key) == 1 &&
           SSL_set_fd(c->ssl, c->fd) == 1;
}

static bool pay(struct connection *c)
{
    size_t n = strlen(c->reply);
    bool   sent = c->ssl != NULL ? SSL_write(c->ssl, c->reply, (int)n) == (int)n
                                 : send(c->fd, c->reply, n, MSG_NOSIGNAL) == (ssize_t)n;

    c->what = WAITS_FOR_LINE;
    if (!sent || c->ends)
        return false;
    return c->begins_tls ? begin_tls(c) : true;
}

/* Microseconds until the next; -1: none. */
static int64_t pay_debts(void)
{
    struct connection *c;

    while ((c = sink.owing) != NULL) {
        int64_t left = c->due - now_us();

        if (left > 0)
            return left;
        sink.owing = c->next;
        if (sink.owing == NULL)
            sink.owing_end = &sink.owing;
        if (!pay(c))
            forget(c);
    }
    return -1;
}

static void welcome(int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    struct sockaddr_in own;
    socklen_t          size = sizeof own;
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL || fd >= DESCRIPTORS || getsockname(fd, (struct sockaddr *)&own, &size) != 0 ||
        epoll_ctl(sink.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        errx(1, "a connection too many");
    c->fd = fd;
    c->host = ntohl(own.sin_addr.s_addr) - FIRST_ADDRESS;
    sink.connections[fd] = c;
    if (c->host >= sink.host_count)
        forget(c);
    else
        owe(c, "220 mx.bench.test ESMTP\r\n");
}

static void welcome_all(void)
{
    int fd;

    while ((fd = accept4(sink.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        welcome(fd);
}

static void attend(int fd)
{
    struct connection *c = sink.connections[fd];
    bool               goes_on = true;

    if (c == NULL || c->what == OWES_REPLY)
        return;
    if (c->what == SHAKES_HANDS)
        goes_on = shake_hands(c);
    if (goes_on && c->what == WAITS_FOR_LINE)
        goes_on = read_line(c);
    if (!goes_on)
        forget(c);
}

static void serve(void)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int64_t wait = pay_debts();
        int     n = epoll_wait(sink.epoll, events, EVENTS_MAX, wait < 0 ? -1 : (int)((wait + 999) / 1000));

        for (int i = 0; i < n; i++)
            if (events[i].data.fd == sink.listener)
                welcome_all();
            else
                attend(events[i].data.fd);
    }
}

static void start_listening(void)
{
    struct sockaddr_in all = { .sin_family = AF_INET, .sin_port = htons(25) };
    struct epoll_event event = { .events = EPOLLIN };
    int                on = 1;

    sink.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sink.epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = sink.listener;
    setsockopt(sink.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(sink.listener, (struct sockaddr *)&all, sizeof all) != 0 || listen(sink.listener, 8192) != 0 ||
        epoll_ctl(sink.epoll, EPOLL_CTL_ADD, sink.listener, &event) != 0)
        err(1, "port 25");
}

static void write_root(const char *directory, X509 *root)
{
    char  path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/root.pem", directory);
    file = fopen(path, "w");
    if (file == NULL || PEM_write_X509(file, root) != 1 || fclose(file) != 0)
        err(1, "%s", path);
}

static void write_digest(FILE *file, const struct leaf *leaf)
{
    unsigned char *spki = NULL, digest[DIGEST_SIZE];
    int            n = i2d_PUBKEY(leaf->key, &spki);

    SHA256(spki, (size_t)n, digest);
    OPENSSL_free(spki);
    if (fwrite(digest, sizeof digest, 1, file) != 1)
        err(1, "keys");
}

static void make_hosts(const char *directory, const struct authority *authority)
{
    char  path[4096], name[64];
    FILE *file;

    snprintf(path, sizeof path, "%s/keys", directory);
    file = fopen(path, "w");
    sink.leaves = calloc(sink.host_count, sizeof *sink.leaves);
    if (file == NULL || sink.leaves == NULL)
        err(1, "%s", path);
    for (unsigned i = 0; i < sink.host_count; i++) {
        snprintf(name, sizeof name, "mx%u." ZONE, i);
        authority_issue(authority, name, &sink.leaves[i]);
        write_digest(file, &sink.leaves[i]);
    }
    if (fclose(file) != 0)
        err(1, "%s", path);
}

static void make_world(const char *directory)
{
    struct authority authority;

    authority_make(&authority);
    write_root(directory, authority.root);
    make_hosts(directory, &authority);
    sink.context = SSL_CTX_new(TLS_server_method());
    if (sink.context == NULL || SSL_CTX_add_extra_chain_cert(sink.context, authority.intermediate) != 1)
        errx(1, "no TLS context");
    SSL_CTX_set_session_cache_mode(sink.context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(sink.context, SSL_MODE_RELEASE_BUFFERS);
}

int main(int argc, char **argv)
{
    if (argc != 4 && (argc != 5 || strcmp(argv[4], "tls") != 0))
        errx(64, "usage: sink DIRECTORY HOSTS DELAY-MS [tls]");
    signal(SIGPIPE, SIG_IGN);
    sink.owing_end = &sink.owing;
    sink.host_count = (unsigned)strtoul(argv[2], NULL, 10);
    sink.delay = (int64_t)strtoul(argv[3], NULL, 10) * 1000;
    sink.only_in_tls = argc == 5;
    make_world(argv[1]);
    start_listening();
    puts("ready");
    fflush(stdout);
    serve();
    return 0;
}
