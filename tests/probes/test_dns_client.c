/* Questions to a resolver of ours, which does what the first label says. */
#include "probes/dns_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/limits.h"
#include "scanner/base/region.h"
#include "tests/lib/check.h"

/* The resolver: a child process. */

struct server {
    int      udp, tcp, connection;
    unsigned asked[26];    /* by the first letter of the name */
    bool     mute;
};

struct query {
    uint8_t bytes[1024];
    size_t  n;
    char    label[64];
    bool    over_tcp;
};

static size_t question_end(const uint8_t *wire, size_t n)
{
    size_t at = 12;

    while (at < n && wire[at])
        at += 1u + wire[at];
    return at + 5;
}

/* The question back with these flags, and one address. */
static size_t answer(const struct query *q, unsigned flags, unsigned rcode, unsigned last, uint8_t *out)
{
    static const uint8_t fixed[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2 };
    size_t n = question_end(q->bytes, q->n);

    memcpy(out, q->bytes, n);
    out[2] = (uint8_t)(0x80 | flags >> 8);
    out[3] = (uint8_t)((flags & 0xff) | rcode);
    memset(out + 6, 0, 6);
    if (rcode || (flags & 0x200))
        return n;
    out[7] = 1;
    memcpy(out + n, fixed, sizeof fixed);
    out[n + sizeof fixed] = (uint8_t)last;
    return n + sizeof fixed + 1;
}

static void say(const struct server *s, const struct query *q, const struct sockaddr_in *to, const uint8_t *bytes, size_t n)
{
    uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };

    if (!q->over_tcp) {
        sendto(s->udp, bytes, n, 0, (const struct sockaddr *)to, sizeof *to);
        return;
    }
    if (send(s->connection, length, 2, MSG_NOSIGNAL) == 2)
        send(s->connection, bytes, n, MSG_NOSIGNAL);
}

static void respond(struct server *s, const struct query *q, const struct sockaddr_in *to)
{
    unsigned *asked = &s->asked[(q->label[0] - 'a') % 26];
    uint8_t out[2048];
    size_t n = answer(q, 0x20, 0, ++*asked, out);

    if (s->mute || strcmp(q->label, "silent") == 0)
        return;
    if (strcmp(q->label, "refused") == 0 || (strcmp(q->label, "flaky") == 0 && *asked == 1))
        n = answer(q, 0, 5, 0, out);
    if (strcmp(q->label, "nx") == 0)
        n = answer(q, 0x20, 3, 0, out);
    if (strcmp(q->label, "unparsable") == 0)
        n--;
    if (strcmp(q->label, "drops") == 0 && *asked == 1)
        return;
    if ((strcmp(q->label, "tc") == 0 || strcmp(q->label, "xtc") == 0) && !q->over_tcp)
        n = answer(q, 0x220, 0, 0, out);
    if (strcmp(q->label, "wrong") == 0) {
        out[0] ^= 1;
        say(s, q, to, out, n);
        out[0] ^= 1;
        out[13] ^= 1;
        say(s, q, to, out, n);
        out[13] ^= 1;
        say(s, q, to, out, 5);
    }
    if (strcmp(q->label, "bother") == 0) {
        out[0] ^= 1;
        for (int i = 0; i < 2 * LIMIT_DNS_IGNORED; i++)
            say(s, q, to, out, n);
        return;
    }
    say(s, q, to, out, n);
}

static void read_label(struct query *q)
{
    size_t n = q->n > 12 ? q->bytes[12] : 0;

    memset(q->label, 0, sizeof q->label);
    if (n < sizeof q->label && 13 + n <= q->n)
        memcpy(q->label, q->bytes + 13, n);
}

static void serve_udp(struct server *s)
{
    struct query q = { .over_tcp = false };
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(s->udp, q.bytes, sizeof q.bytes, 0, (struct sockaddr *)&from, &size);

    if (n < 12)
        return;
    q.n = (size_t)n;
    read_label(&q);
    respond(s, &q, &from);
}

static void serve_tcp(struct server *s)
{
    struct query q = { .over_tcp = true };
    uint8_t length[2];
    ssize_t n;

    s->connection = accept(s->tcp, NULL, NULL);
    if (recv(s->connection, length, 2, MSG_WAITALL) == 2
        && (n = recv(s->connection, q.bytes, (size_t)length[0] << 8 | length[1], MSG_WAITALL)) > 12) {
        q.n = (size_t)n;
        read_label(&q);
        if (q.label[0] != 'x')
            respond(s, &q, NULL);
    }
    close(s->connection);
}

static void serve(struct server *s)
{
    struct pollfd fds[2] = { { s->udp, POLLIN, 0 }, { s->tcp, POLLIN, 0 } };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(120);
    for (;;) {
        if (poll(fds, 2, -1) < 0)
            _exit(1);
        if (fds[0].revents)
            serve_udp(s);
        if (fds[1].revents)
            serve_tcp(s);
    }
}

static pid_t start_server(bool mute, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    struct server s = { .mute = mute };
    pid_t pid;

    do {
        address.sin_port = 0;
        s.udp = socket(AF_INET, SOCK_DGRAM, 0);
        s.tcp = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(s.udp, (struct sockaddr *)&address, size) != 0 || getsockname(s.udp, (struct sockaddr *)&address, &size) != 0)
            _exit(99);
    } while (bind(s.tcp, (struct sockaddr *)&address, size) != 0 || listen(s.tcp, 10) != 0);
    *port = ntohs(address.sin_port);
    pid = fork();
    if (pid == 0)
        serve(&s);
    close(s.udp);
    close(s.tcp);
    return pid;
}

static void stop_server(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* The client. */

static struct loop *loop;
static int calls, wanted;
static struct dns_fact last;
static char last_error[256];
static struct dns_record first;

static void on_answer(void *arg, const struct dns_fact *fact)
{
    (void)arg;
    calls++;
    last = *fact;
    snprintf(last_error, sizeof last_error, "%s", fact->error ? fact->error : "");
    memset(&first, 0, sizeof first);
    if (fact->count)
        first = fact->records[0];
    if (calls == wanted)
        loop_stop(loop);
}

static void run_for(int answers)
{
    calls = 0;
    wanted = answers;
    loop_run(loop);
}

static struct dns_setup setup_for(uint16_t port)
{
    struct dns_setup setup = { .count = 1, .timeout = 1, .attempts = 2 };

    setup.resolvers[0].port = port;
    address_parse(&setup.resolvers[0].address, SLICE("127.0.0.1"));
    return setup;
}

static const struct {
    const char      *name;
    enum dns_outcome outcome;
    int              rcode;
    unsigned         last_octet;    /* how often it was asked, as the server counts */
    int              least_ms, most_ms;
} rows[] = {
    { "ok.test", DNS_ANSWERED, RCODE_NOERROR, 1, 0, 500 },
    { "nx.test", DNS_ANSWERED, RCODE_NXDOMAIN, 0, 0, 500 },
    { "refused.test", DNS_ANSWERED, RCODE_REFUSED, 0, 0, 500 },
    { "flaky.test", DNS_ANSWERED, RCODE_NOERROR, 2, 0, 500 },
    { "drops.test", DNS_ANSWERED, RCODE_NOERROR, 2, 900, 1500 },
    { "wrong.test", DNS_ANSWERED, RCODE_NOERROR, 1, 0, 500 },
    { "tc.test", DNS_ANSWERED, RCODE_NOERROR, 2, 0, 500 },
    { "xtc.test", DNS_TIMEOUT, 0, 0, 0, 500 },
    { "silent.test", DNS_TIMEOUT, 0, 0, 1900, 2600 },
    { "bother.test", DNS_TIMEOUT, 0, 0, 1900, 2600 },
    { "a..b", DNS_ANSWERED, RCODE_NXDOMAIN, 0, 0, 500 },
};

static void check_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t port;
        pid_t server = start_server(false, &port);
        struct dns_setup setup = setup_for(port);
        struct dns_client *client = dns_client_new(loop, &setup);
        int64_t start = loop_now_ms(loop), took;

        dns_client_ask(client, rows[i].name, DNS_A, on_answer, NULL);
        run_for(1);
        took = loop_now_ms(loop) - start;
        is_int(last.outcome, rows[i].outcome, "%s: outcome (%s)", rows[i].name, last_error);
        is_int(last.rcode, rows[i].rcode, "%s: code", rows[i].name);
        is_int(first.address.bytes[3], rows[i].last_octet, "%s: address", rows[i].name);
        check_ok(took >= rows[i].least_ms && took <= rows[i].most_ms, "%s: %d ms", rows[i].name, (int)took);
        if (rows[i].last_octet)
            check_ok(last.loopback && last.ad, "%s: AD, from a loopback address", rows[i].name);
        dns_client_free(client);
        stop_server(server);
    }
}

static void check_unparsable(void)
{
    uint16_t port;
    pid_t server = start_server(false, &port);
    struct dns_setup setup = setup_for(port);
    struct dns_client *client = dns_client_new(loop, &setup);

    dns_client_ask(client, "unparsable.test", DNS_A, on_answer, NULL);
    run_for(1);
    check_ok(last.outcome == DNS_ANSWERED && last.unparsable && last.count == 0, "a damaged message is told as such");
    dns_client_free(client);
    stop_server(server);
}

static void check_sharing(void)
{
    uint16_t port;
    pid_t server = start_server(false, &port);
    struct dns_setup setup = setup_for(port);
    struct dns_client *client = dns_client_new(loop, &setup);

    for (int i = 0; i < 10; i++)
        dns_client_ask(client, i & 1 ? "Shared.test" : "shared.test", DNS_A, on_answer, NULL);
    run_for(10);
    is_int(calls, 10, "ten askers are answered");
    is_int(first.address.bytes[3], 1, "by one question");
    dns_client_ask(client, "shared.test", DNS_A, on_answer, NULL);
    run_for(1);
    is_int(first.address.bytes[3], 2, "and a new one is asked later");
    dns_client_free(client);
    stop_server(server);
}

static void check_many(void)
{
    uint16_t port;
    pid_t server = start_server(false, &port);
    struct dns_setup setup = setup_for(port);
    struct dns_client *client = dns_client_new(loop, &setup);
    char name[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "m%d.test", i);
        dns_client_ask(client, name, DNS_A, on_answer, NULL);
    }
    run_for(2000);
    is_int(calls, 2000, "many questions, more than there may be sockets");
    dns_client_ask(client, "silent.test", DNS_A, on_answer, NULL);
    dns_client_ask(client, "queued.test", DNS_NATIVE, on_answer, NULL);
    dns_client_free(client);
    is_int(calls, 2000, "a client that is freed calls nobody");
    stop_server(server);
}

static void check_dead_resolvers(void)
{
    uint16_t mute_port, port;
    pid_t mute = start_server(true, &mute_port), server = start_server(false, &port);
    struct dns_setup setup = setup_for(1);
    struct dns_client *client = dns_client_new(loop, &setup);

    dns_client_ask(client, "ok.test", DNS_A, on_answer, NULL);
    run_for(1);
    is_int(last.outcome, DNS_NO_RESOLVER, "nothing listens (%s)", last_error);
    dns_client_free(client);

    setup = setup_for(mute_port);
    client = dns_client_new(loop, &setup);
    dns_client_ask(client, "ok.test", DNS_A, on_answer, NULL);
    dns_client_ask(client, "other.test", DNS_A, on_answer, NULL);
    run_for(2);
    is_int(last.outcome, DNS_NO_RESOLVER, "a resolver that says nothing to anybody (%s)", last_error);
    dns_client_free(client);

    setup.count = 2;
    setup.resolvers[1] = setup.resolvers[0];
    setup.resolvers[1].port = port;
    client = dns_client_new(loop, &setup);
    dns_client_ask(client, "ok.test", DNS_A, on_answer, NULL);
    run_for(1);
    is_int(last.outcome, DNS_ANSWERED, "the second resolver is asked when the first says nothing");
    dns_client_free(client);
    stop_server(server);
    stop_server(mute);
}

static void check_native(void)
{
    struct dns_setup setup = setup_for(1);
    struct dns_client *client = dns_client_new(loop, &setup);

    dns_client_ask(client, "localhost", DNS_NATIVE, on_answer, NULL);
    run_for(1);
    is_int(last.outcome, DNS_ANSWERED, "the system knows localhost");
    check_ok(last.count > 0 && (first.type == DNS_A || first.type == DNS_AAAA), "and its address");
    check_ok(!last.ad, "never secure");
    for (int i = 0; i < 50; i++) {
        char name[32];

        snprintf(name, sizeof name, "127.0.0.%d", i + 1);
        dns_client_ask(client, name, DNS_NATIVE, on_answer, NULL);
    }
    run_for(50);
    is_int(calls, 50, "more questions than threads");
    dns_client_free(client);
}

int main(void)
{
    loop = loop_new();
    check_rows();
    check_unparsable();
    check_sharing();
    check_many();
    check_dead_resolvers();
    check_native();
    loop_free(loop);
    return check_done();
}
