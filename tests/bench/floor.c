/* floor ROOT.PEM DESTINATIONS HOSTS IN-FLIGHT: the least that a client has to do for the destinations of world.h. MX, then
 * A and TLSA; connect, EHLO, STARTTLS, a full handshake with the chain and the name verified, QUIT. Written as one would
 * write it for speed on epoll, without tricks: a socket and so a port of its own for each question (RFC 5452 section 9.2),
 * one TLS context, the library's own verification. Where there are fewer hosts than destinations each host is asked and
 * talked to once. Nothing is retried, nothing reported but counts; anything unexpected ends it. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/bench/world.h"

#define HEADER       12
#define EVENTS_MAX   256
#define LINE_ROOM    1024
#define SILENCE_MS   20000
#define NAME_ROOM    64

enum { TYPE_A = 1, TYPE_MX = 15, TYPE_TLSA = 52 };
enum state { S_GREETING, S_EHLO, S_STARTTLS, S_HANDSHAKE, S_QUIT };

/* What a descriptor is watched for. */
struct watched {
    void (*ready)(struct watched *);
    int   fd;
};

struct host {
    struct watched watched; /* first */
    char          name[NAME_ROOM];
    bool          asked, has_address, has_tlsa;
    struct in_addr address;
    SSL          *ssl;
    enum state    state;
    char          line[LINE_ROOM];
    size_t        have;
};

static struct {
    int          epoll;
    SSL_CTX     *context;
    unsigned     destination_count, host_count, in_flight;
    unsigned     begun, running, done;      /* destinations whose MX was asked for; conversations and questions; over */
    unsigned     conversations;
    unsigned long questions;
    struct host *hosts;
} bench;

static void watch(struct watched *watched)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = watched };

    if (epoll_ctl(bench.epoll, EPOLL_CTL_ADD, watched->fd, &event) != 0)
        err(1, "epoll");
}

/* DNS. The id of a message says nothing: what it is about is read from the name. */

static uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static void dns_ready(struct watched *question);

static void ask(const char *name, unsigned type)
{
    static const struct sockaddr_in resolver = { .sin_family = AF_INET, .sin_port = 53 << 8,
                                                 .sin_addr.s_addr = 0x0100007f };
    struct watched *question = malloc(sizeof *question);
    uint8_t     wire[512] = { 0 }, *p = wire + HEADER;
    const char *dot;

    put16(wire + 2, 0x0120); /* RD AD */
    put16(wire + 4, 1);
    for (; *name != '\0'; name = *dot != '\0' ? dot + 1 : dot) {
        dot = name + strcspn(name, ".");
        *p++ = (uint8_t)(dot - name);
        memcpy(p, name, (size_t)(dot - name));
        p += dot - name;
    }
    *p++ = 0;
    p = put16(put16(p, type), 1);
    if (question == NULL)
        err(1, "DNS");
    *question = (struct watched){ dns_ready, socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
    if (connect(question->fd, (const struct sockaddr *)&resolver, sizeof resolver) != 0 ||
        send(question->fd, wire, (size_t)(p - wire), 0) < 0)
        err(1, "DNS");
    watch(question);
    bench.questions++;
}

/* Labels, with pointers followed; gives where it ends. */
static const uint8_t *read_name(const uint8_t *wire, const uint8_t *p, const uint8_t *end, char out[NAME_ROOM])
{
    const uint8_t *behind = NULL;
    size_t         n = 0;

    while (p < end && *p != 0) {
        if (*p >= 0xc0) {
            behind = behind != NULL ? behind : p + 2;
            p = wire + ((p[0] & 0x3f) << 8 | p[1]);
            continue;
        }
        if (n + *p + 2 > NAME_ROOM || p + 1 + *p > end)
            errx(1, "a name in DNS");
        if (n > 0)
            out[n++] = '.';
        memcpy(out + n, p + 1, *p);
        n += *p;
        p += 1 + *p;
    }
    out[n] = '\0';
    return behind != NULL ? behind : p + 1;
}

static void converse(struct host *host);

static void settle(struct host *host)
{
    if (host->has_address && host->has_tlsa)
        converse(host);
}

/* Without sharing each destination has a host of its own: then this is always the first time. */
static void take_mx(const char *target)
{
    char         tlsa[NAME_ROOM + 16];
    unsigned     number = (unsigned)strtoul(target + 2, NULL, 10);
    struct host *host = &bench.hosts[number];

    if (number >= bench.host_count)
        errx(1, "an unknown host %s", target);
    bench.done++;
    bench.running--;
    if (host->asked)
        return;
    host->asked = true;
    snprintf(host->name, sizeof host->name, "%s", target);
    snprintf(tlsa, sizeof tlsa, "_25._tcp.%s", target);
    bench.running++;
    ask(host->name, TYPE_A);
    ask(tlsa, TYPE_TLSA);
}

static struct host *host_of(const char *name)
{
    const char *mx = strstr(name, "mx");
    unsigned    number = mx != NULL ? (unsigned)strtoul(mx + 2, NULL, 10) : UINT32_MAX;

    if (number >= bench.host_count)
        errx(1, "an unknown host %s", name);
    return &bench.hosts[number];
}

static void take_answer(const uint8_t *wire, const uint8_t *end)
{
    char           owner[NAME_ROOM], target[NAME_ROOM];
    const uint8_t *p = read_name(wire, wire + HEADER, end, owner);
    unsigned       type = (unsigned)(p[0] << 8 | p[1]);
    struct host   *host;

    if ((wire[3] & 0x0f) != 0 || wire[7] == 0)
        errx(1, "no answer for %s", owner);
    p = read_name(wire, p + 4, end, target) + 10;
    if (type == TYPE_MX) {
        read_name(wire, p + 2, end, target);
        take_mx(target);
        return;
    }
    host = host_of(owner);
    if (type == TYPE_A) {
        memcpy(&host->address, p, 4);
        host->has_address = true;
    } else {
        host->has_tlsa = true;
    }
    settle(host);
}

static void dns_ready(struct watched *question)
{
    uint8_t wire[1500];
    ssize_t n = recv(question->fd, wire, sizeof wire, 0);

    if (n <= HEADER)
        err(1, "DNS");
    close(question->fd);
    free(question);
    take_answer(wire, wire + n);
}

static void begin_more(void)
{
    char name[NAME_ROOM];

    while (bench.running < bench.in_flight && bench.begun < bench.destination_count) {
        snprintf(name, sizeof name, "d%u." ZONE, bench.begun++);
        bench.running++;
        ask(name, TYPE_MX);
    }
}

/* SMTP */

static void host_ready(struct watched *watched);

static void converse(struct host *host)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(25), .sin_addr = host->address };

    host->watched.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (host->watched.fd < 0 || (connect(host->watched.fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS))
        err(1, "%s", host->name);
    host->state = S_GREETING;
    host->watched.ready = host_ready;
    watch(&host->watched);
}

static void say(struct host *host, const char *text, enum state next)
{
    size_t n = strlen(text);
    bool   sent = host->ssl != NULL ? SSL_write(host->ssl, text, (int)n) == (int)n
                                    : send(host->watched.fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;

    if (!sent)
        errx(1, "%s: nothing can be sent", host->name);
    host->have = 0;
    host->state = next;
}

static void begin_tls(struct host *host)
{
    host->ssl = SSL_new(bench.context);
    if (host->ssl == NULL || SSL_set_fd(host->ssl, host->watched.fd) != 1 || SSL_set1_host(host->ssl, host->name) != 1)
        errx(1, "TLS");
    SSL_set_connect_state(host->ssl);
    host->have = 0;
    host->state = S_HANDSHAKE;
}

static void shake_hands(struct host *host)
{
    int n = SSL_do_handshake(host->ssl);

    if (n == 1)
        say(host, "QUIT\r\n", S_QUIT);
    else if (SSL_get_error(host->ssl, n) != SSL_ERROR_WANT_READ)
        errx(1, "%s: %s", host->name, ERR_reason_error_string(ERR_peek_error()));
}

static void finish(struct host *host)
{
    SSL_shutdown(host->ssl);
    SSL_free(host->ssl);
    close(host->watched.fd);
    bench.conversations++;
    bench.running--;
}

static void next_step(struct host *host)
{
    if (host->line[0] != '2')
        errx(1, "%s: %s", host->name, host->line);
    if (host->state == S_GREETING) {
        say(host, "EHLO bench.test\r\n", S_EHLO);
    } else if (host->state == S_EHLO) {
        say(host, "STARTTLS\r\n", S_STARTTLS);
    } else if (host->state == S_STARTTLS) {
        begin_tls(host);
        shake_hands(host);
    } else {
        finish(host);
    }
}

/* Is the last line of the reply there, the one with a space behind its code? */
static bool is_complete(const struct host *host)
{
    const char *last;

    if (host->have < 5 || host->line[host->have - 1] != '\n')
        return false;
    for (last = host->line + host->have - 1; last > host->line && last[-1] != '\n'; last--)
        continue;
    return last[3] == ' ';
}

static void read_reply(struct host *host)
{
    char  *at = host->line + host->have;
    size_t room = sizeof host->line - 1 - host->have;
    int    n = host->ssl != NULL ? SSL_read(host->ssl, at, (int)room) : (int)recv(host->watched.fd, at, room, 0);

    if (n <= 0) {
        bool later = host->ssl != NULL ? SSL_get_error(host->ssl, n) == SSL_ERROR_WANT_READ : errno == EAGAIN;

        if (!later)
            errx(1, "%s: the connection was lost", host->name);
        return;
    }
    host->have += (size_t)n;
    host->line[host->have] = '\0';
    if (is_complete(host))
        next_step(host);
}

static void host_ready(struct watched *watched)
{
    struct host *host = (struct host *)watched;

    if (host->state == S_HANDSHAKE)
        shake_hands(host);
    else
        read_reply(host);
}

static void run(void)
{
    struct epoll_event events[EVENTS_MAX];

    while (bench.done < bench.destination_count || bench.running > 0) {
        int n;

        begin_more();
        n = epoll_wait(bench.epoll, events, EVENTS_MAX, SILENCE_MS);
        if (n <= 0)
            errx(1, "nothing for %d ms: %u of %u begun, %u running", SILENCE_MS, bench.begun, bench.destination_count,
                 bench.running);
        for (int i = 0; i < n; i++) {
            struct watched *watched = events[i].data.ptr;

            watched->ready(watched);
        }
    }
}

/* Start */

static void raise_limit(void)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        errx(64, "usage: floor ROOT.PEM DESTINATIONS HOSTS IN-FLIGHT");
    bench.destination_count = (unsigned)strtoul(argv[2], NULL, 10);
    bench.host_count = (unsigned)strtoul(argv[3], NULL, 10);
    bench.in_flight = (unsigned)strtoul(argv[4], NULL, 10);
    bench.hosts = calloc(bench.host_count, sizeof *bench.hosts);
    bench.context = SSL_CTX_new(TLS_client_method());
    if (bench.hosts == NULL || bench.context == NULL || SSL_CTX_load_verify_file(bench.context, argv[1]) != 1)
        errx(1, "%s", argv[1]);
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    SSL_CTX_set_verify(bench.context, SSL_VERIFY_PEER, NULL);
    raise_limit();
    run();
    printf("%u destinations, %u conversations, %lu questions\n", bench.done, bench.conversations, bench.questions);
    return 0;
}
