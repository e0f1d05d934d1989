/* A real worker process, fed and killed. */
#include "scanner/workers.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "probes/wire/x509_facts.h"
#include "tests/lib/check.h"
#include "tests/lib/peer.h"
#include "tests/lib/web_pki.h"

static struct loop *loop;
static struct workers *workers;

static struct {
    int              dns, conversations, fetches, certs, notes, wanted;
    enum fetch_outcome fetched;
    enum dns_outcome outcome;
    enum ending      ending;
    char             error[256], cert_id[CERT_ID_TEXT], subject[64], seen_id[CERT_ID_TEXT];
    uint64_t         id;
    size_t           pending, length;
} got;

static void one_more(void)
{
    got.pending = workers_pending(workers);
    if (got.dns + got.conversations + got.fetches == got.wanted)
        loop_stop(loop);
}

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)arg;
    got.dns++;
    got.id = id;
    got.outcome = fact->outcome;
    one_more();
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    got.conversations++;
    got.id = id;
    got.ending = fact->ending;
    snprintf(got.error, sizeof got.error, "%s", fact->error ? fact->error : "");
    if (fact->certificate_count)
        snprintf(got.cert_id, sizeof got.cert_id, "%s", fact->certificates[0]);
    one_more();
}

static void on_cert(void *arg, const struct cert *cert)
{
    struct facts *facts = facts_new();

    (void)arg;
    got.certs++;
    facts_fill_certs_with(facts, x509_facts_fill);
    facts_add_cert(facts, cert);
    snprintf(got.subject, sizeof got.subject, "%s", facts_cert(facts, cert->id)->subject);
    snprintf(got.seen_id, sizeof got.seen_id, "%s", cert->id);
    facts_free(facts);
}

static void on_note(void *arg, const char *text)
{
    (void)arg;
    got.notes++;
    check_note("%s", text);
}

static void on_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    (void)arg;
    got.fetches++;
    got.id = id;
    got.fetched = fact->outcome;
    snprintf(got.error, sizeof got.error, "%s", fact->error ? fact->error : "");
    got.length = fact->body ? strlen(fact->body) : 0;
    snprintf(got.subject, sizeof got.subject, "%s", fact->body ? fact->body : fact->domain);
    one_more();
}

static const struct workers_events events = { on_dns, on_conversation, on_cert, on_note, on_fetch };

static void run_for(int answers)
{
    memset(&got, 0, sizeof got);
    got.wanted = answers;
    loop_run(loop);
}

static struct profile ordinary(uint16_t port)
{
    struct profile p = { .port = port, .helo_name = "client.example", .connect_timeout = 30, .helo_timeout = 300,
                         .starttls_timeout = 300, .ciphers = "HIGH", .groups = "" };

    address_parse(&p.address, SLICE("127.0.0.1"));
    return p;
}

static const struct peer_step polite[] = {
    { PEER_SEND, "220 peer\r\n", 0 }, { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250-p\r\n250 STARTTLS\r\n", 0 },
    { PEER_EXPECT, "STARTTLS", 0 }, { PEER_SEND, "220 go\r\n", 0 }, { PEER_HANDSHAKE, NULL, 0 },
    { PEER_EXPECT, "EHLO client.example", 0 }, { PEER_SEND, "250 p\r\n", 0 }, { PEER_EXPECT, "QUIT", 0 }, { PEER_CLOSE, NULL, 0 },
};

static void check_conversation(const char *chain_id)
{
    static const struct peer_tls insists = { .wants_certificate = 2 };
    struct peer *peer = peer_start(polite, &insists);
    struct profile p = ordinary(peer_port(peer));

    p.client_chain = chain_id;
    workers_converse(workers, 7, &p);
    is_int(workers_pending(workers), 1, "one is pending");
    run_for(1);
    is_int(got.id, 7, "its id");
    is_int(got.ending, ENDING_COMPLETE, "a conversation, client certificate and all (%s)", got.error);
    is_int(got.certs, 1, "its certificate came first");
    is_text(got.seen_id, got.cert_id, "with its digest");
    is_text(got.subject, "CN=peer.example", "read when it is asked for");
    is_int(got.pending, 0, "none is pending when it is told");
    is_text(peer_heard(peer), "EHLO client.example;STARTTLS;|certificate;EHLO client.example;QUIT;", "what was said");
    peer_free(peer);
}

/* The pid of our youngest child, if this system tells. */
static pid_t the_worker(void)
{
    char path[64], text[64] = "";
    pid_t pid = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "re");
    if (file && !fgets(text, sizeof text, file))
        text[0] = '\0';
    if (file)
        fclose(file);
    for (char *rest = text, *end = NULL; strtol(rest, &end, 10) > 0; rest = end)
        pid = (pid_t)strtol(rest, NULL, 10);
    return pid;
}

static const struct peer_step web[] = {
    { PEER_HANDSHAKE, NULL, 0 }, { PEER_REQUEST, NULL, 0 },
    { PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\nversion: STSv1\n", 0 },
    { PEER_END, NULL, 0 },
};

static struct want_fetch policy_of(const char *domain)
{
    static struct address address;

    address_parse(&address, SLICE("127.0.0.1"));
    return (struct want_fetch){ domain, &address, 1 };
}

/* As long as it gets in a record: each octet becomes six. */
static void check_long_policy(struct worker_setup setup)
{
    static char controls[257];
    static const struct peer_step steps[] = {
        { PEER_HANDSHAKE, NULL, 0 }, { PEER_REQUEST, NULL, 0 },
        { PEER_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", 0 }, { PEER_FLOOD, controls, 256 }, { PEER_END, NULL, 0 },
    };
    struct web_certificate good = { "DNS:mta-sts.example.net", NULL, -1, 30, 0 };
    char *chain = web_chain(&good);
    struct peer_tls tls = { .chain = chain };
    struct want_fetch want = policy_of("example.net");
    struct peer *peer;

    memset(controls, 1, sizeof controls - 1);
    peer = peer_start(steps, &tls);
    setup.https_port = peer_port(peer);
    workers = workers_start(loop, &setup, &events, NULL, NULL);
    workers_trust(workers, slice_of(web_authority()));
    workers_fetch(workers, 8, &want);
    run_for(1);
    is_text(fetch_outcome_word(got.fetched), "answered", "the longest policy there is (%s)", got.error);
    is_int(got.length, POLICY_BODY_MAX, "comes whole");
    workers_free(workers);
    mem_free(chain);
    peer_free(peer);
}

/* In the confined process: no file is read, no name looked up, no thread begun. */
static void check_policy(struct worker_setup setup)
{
    struct web_certificate good = { "DNS:mta-sts.example.net", NULL, -1, 30, 0 };
    char *chain = web_chain(&good), *file;
    struct peer_tls tls = { .chain = chain };
    struct peer *peer = peer_start(web, &tls);
    struct want_fetch want = policy_of("example.net");
    size_t size = strlen(web_authority());

    setup.https_port = peer_port(peer);
    workers = workers_start(loop, &setup, &events, NULL, NULL);
    workers_fetch(workers, 3, &want);
    run_for(1);
    is_text(fetch_outcome_word(got.fetched), "no-anchors", "without authorities nobody is asked");
    /* In as many records as it takes. */
    file = mem_alloc(700000 + 3 * size);
    memset(file, '\n', 700000 + 2 * size);
    memcpy(file, web_authority(), size);
    memcpy(file + 200000, web_authority(), size);
    memcpy(file + 400000, web_authority(), size);
    workers_trust(workers, slice_from(file, 700000));
    workers_fetch(workers, 4, &want);
    is_int(workers_pending(workers), 1, "a policy is pending");
    run_for(1);
    is_int(got.id, 4, "its id");
    is_text(fetch_outcome_word(got.fetched), "answered", "a policy (%s)", got.error);
    is_text(got.subject, "version: STSv1\n", "its body");
    is_int(got.pending, 0, "none is pending when it is told");
    workers_free(workers);
    mem_free(file);
    mem_free(chain);
    peer_free(peer);
}

static void kill_worker(void *arg)
{
    (void)arg;
    kill(the_worker(), SIGKILL);
}

static void check_confinement(void)
{
    char path[64], line[256], target[64];
    FILE *file;
    ssize_t n;

    if (the_worker() <= 0) {
        check_skip("this system does not tell who our children are");
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/status", (int)the_worker());
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        unsigned uid;

        if (sscanf(line, "Uid: %u", &uid) == 1 && geteuid() == 0)
            check_ok(uid != 0, "the worker is not root but %u", uid);
        if (strncmp(line, "NoNewPrivs:", 11) == 0)
            is_int(strtol(line + 11, NULL, 10), 1, "no new privileges");
    }
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "/proc/%d/fd/0", (int)the_worker());
    n = readlink(path, target, sizeof target - 1);
    if (n > 0) {
        target[n] = '\0';
        is_text(target, "/dev/null", "its input");
    }
}

static void check_deaths(void)
{
    struct loop_timer *first = loop_timer_new(loop, kill_worker, NULL), *second = loop_timer_new(loop, kill_worker, NULL);
    struct profile refused = ordinary(1);

    if (the_worker() <= 0) {
        check_skip("this system does not tell who our children are");
        loop_timer_free(first);
        loop_timer_free(second);
        return;
    }
    workers_ask_dns(workers, 20, "lost.test", DNS_A);
    loop_timer_at(first, loop_now_ms(loop) + 300);
    loop_timer_at(second, loop_now_ms(loop) + 900);
    run_for(1);
    is_int(got.outcome, DNS_CRASHED, "a question that is lost twice");
    is_int(got.notes, 2, "two workers were lost");
    is_int(workers_pending(workers), 0, "nothing is pending");
    workers_converse(workers, 21, &refused);
    run_for(1);
    is_int(got.ending, ENDING_CONNECT_FAILED, "the third worker serves (%s)", got.error);
    loop_timer_free(first);
    loop_timer_free(second);
}

/* It is told at once, for the next attempt is another connection; the fresh worker knows the authorities. */
static void check_policy_lost(struct worker_setup setup)
{
    static const struct peer_step mute[] = { { PEER_END, NULL, 0 } };
    struct peer *peer = peer_start(mute, NULL);
    struct loop_timer *timer = loop_timer_new(loop, kill_worker, NULL);
    struct want_fetch want = policy_of("example.org");

    setup.https_port = peer_port(peer);
    workers = workers_start(loop, &setup, &events, NULL, NULL);
    workers_trust(workers, slice_of(web_authority()));
    if (the_worker() > 0) {
        workers_fetch(workers, 5, &want);
        loop_timer_at(timer, loop_now_ms(loop) + 300);
        run_for(1);
        is_text(fetch_outcome_word(got.fetched), "crashed", "a policy whose worker dies");
        is_text(got.subject, "example.org", "is of its domain");
        is_int(got.notes, 1, "one worker was lost");
        peer_free(peer);
        peer = NULL;
        workers_fetch(workers, 6, &want);
        run_for(1);
        is_text(fetch_outcome_word(got.fetched), "connect-failed", "the next worker serves");
    } else {
        check_skip("this system does not tell who our children are");
    }
    loop_timer_free(timer);
    workers_free(workers);
    peer_free(peer);
}

static void check_many(void)
{
    struct profile refused = ordinary(1);

    for (uint64_t i = 0; i < 500; i++)
        workers_converse(workers, 1000 + i, &refused);
    is_int(workers_pending(workers), 500, "500 are pending");
    run_for(500);
    is_int(got.conversations, 500, "500 conversations are answered");
    is_int(workers_pending(workers), 0, "none is left");
}

static void check_unknown_user(struct worker_setup setup)
{
    struct error err;

    if (geteuid() != 0) {
        check_skip("only root chooses a user");
        return;
    }
    setup.user = "no-such-user-here";
    check_ok(!workers_start(loop, &setup, &events, NULL, &err), "a user that does not exist: %s", err.text);
}

int main(void)
{
    char *pem = peer_make_chain("client.example"), id[CERT_ID_TEXT];
    struct client_chain chain = { id, pem };
    struct worker_setup setup = { .dns = { .count = 1, .timeout = 20, .attempts = 1 }, .timeout = 20, .chains = &chain,
                                  .chain_count = 1 };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int mute = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct error err = { .text = "" };

    /* A resolver that never says a word. */
    if (bind(mute, (struct sockaddr *)&address, size) != 0 || getsockname(mute, (struct sockaddr *)&address, &size) != 0)
        return 99;
    x509_facts_id((const uint8_t *)pem, strlen(pem), id);
    address_parse(&setup.dns.resolvers[0].address, SLICE("127.0.0.1"));
    setup.dns.resolvers[0].port = ntohs(address.sin_port);
    loop = loop_new();
    workers = workers_start(loop, &setup, &events, NULL, &err);
    check_ok(workers != NULL, "a worker starts: %s", err.text);
    check_conversation(id);
    check_confinement();
    check_many();
    check_deaths();
    workers_ask_dns(workers, 1, "never.test", DNS_MX);
    workers_free(workers);
    check_policy(setup);
    check_long_policy(setup);
    check_policy_lost(setup);
    check_unknown_user(setup);
    web_clear();
    loop_free(loop);
    close(mute);
    mem_free(pem);
    return check_done();
}
