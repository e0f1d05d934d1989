/* The limits of limits.h that are times: each is held, and passed, without the wait. */
#include "tests/lib/skipped_time.h"

#include "probes/limits.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "probes/dns_client.h"
#include "probes/dns_native.h"
#include "probes/https_fetch.h"
#include "probes/smtp_session.h"
#include "scanner/workers.h"
#include "tests/lib/check.h"
#include "tests/lib/run_for.h"
#include "tests/lib/web_pki.h"

static struct loop *loop;

/* A socket that takes what comes and says nothing. */
static int mute(int type, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (bind(fd, (struct sockaddr *)&address, size) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    if (type == SOCK_STREAM && listen(fd, 5) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

/* A question for which no descriptor is free. */

static struct {
    int count;
    enum dns_outcome outcome;
} answered;

static void on_answer(void *arg, const struct dns_fact *fact)
{
    (void)arg;
    answered.count++;
    answered.outcome = fact->outcome;
}

static struct dns_setup one_resolver(uint16_t port)
{
    struct dns_setup setup = { .count = 1, .timeout = 300, .attempts = 1 };

    address_parse(&setup.resolvers[0].address, SLICE("127.0.0.1"));
    setup.resolvers[0].port = port;
    return setup;
}

static void limit_descriptors(rlim_t most)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* Gives how many questions reached the resolver, when descriptors are there again after so long. */
static int starve(int64_t ms)
{
    uint16_t port = 0;
    int fd = mute(SOCK_DGRAM, &port), next = dup(0), asked = 0;
    struct dns_setup setup = one_resolver(port);
    struct dns_client *client = dns_client_new(loop, &setup);
    struct rlimit files;
    char query[512];

    close(next);
    getrlimit(RLIMIT_NOFILE, &files);
    memset(&answered, 0, sizeof answered);
    limit_descriptors((rlim_t)next);
    dns_client_ask(client, "a.test", DNS_A, on_answer, NULL);
    run_for(loop, ms);
    limit_descriptors(files.rlim_cur);
    run_for(loop, 500);
    while (recv(fd, query, sizeof query, 0) > 0)
        asked++;
    dns_client_free(client);
    close(fd);
    return asked;
}

static void check_shortage(void)
{
    is_int(starve(LIMIT_SHORTAGE_MS - 1000), 1, "a question waits for a descriptor");
    is_int(answered.count, 0, "and then for its answer");
    is_int(starve(LIMIT_SHORTAGE_MS + 1000), 0, "but not for ever");
    is_int(answered.count, 1, "it has its end");
    is_int(answered.outcome, DNS_CUT_SHORT, "which says that it was ours");
}

/* getaddrinfo() that hangs. */

static atomic_bool hangs;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)name;
    (void)service;
    (void)hints;
    (void)result;
    while (hangs)
        usleep(1000);
    return EAI_AGAIN;
}

static void check_native(void)
{
    struct dns_native *native = dns_native_new(loop);

    memset(&answered, 0, sizeof answered);
    hangs = true;
    dns_native_ask(native, "a.test", on_answer, NULL);
    run_for(loop, (LIMIT_NATIVE_SECONDS - 1) * 1000);
    is_int(answered.count, 0, "a call of the system's resolver has its time");
    run_for(loop, 2000);
    is_int(answered.count, 1, "and no more than that");
    is_int(answered.outcome, DNS_CUT_SHORT, "which is our doing");
    hangs = false;
    dns_native_free(native);
}

/* A conversation without a limit of the user's. */

static struct {
    int count;
    enum ending ending;
} conversed;

static void on_conversed(void *arg, const struct smtp_outcome *outcome)
{
    (void)arg;
    conversed.count++;
    conversed.ending = outcome->facts->ending;
}

static void check_session(void)
{
    struct tls_contexts *contexts = tls_contexts_new();
    struct profiles *profiles = profiles_new();
    struct smtp_setup setup = { .loop = loop, .contexts = contexts, .profiles = profiles };
    struct buf folded;
    struct profile profile = { .helo_name = "client.example", .line_limit = 2048, .ciphers = "HIGH", .groups = "" };
    int fd = mute(SOCK_STREAM, &profile.port);

    address_parse(&profile.address, SLICE("127.0.0.1"));
    buf_init(&folded, 4096);
    profiles_fold(profiles, &profile, &folded);
    smtp_session_start(&setup, buf_slice(&folded), on_conversed, NULL);
    run_for(loop, LIMIT_SESSION_SECONDS * 1000 - 1000);
    is_int(conversed.count, 0, "a conversation may last");
    run_for(loop, 2000);
    is_int(conversed.count, 1, "but not for ever");
    is_int(conversed.ending, ENDING_CUT_SHORT, "which is our doing");
    buf_clear(&folded);
    profiles_free(profiles);
    tls_contexts_free(contexts);
    close(fd);
}

/* A request of a policy: to a host that accepts and falls silent. */

static struct {
    int count;
    enum fetch_outcome outcome;
} fetched;

static void on_fetched(void *arg, const struct policy_fetch *fact)
{
    (void)arg;
    fetched.count++;
    fetched.outcome = fact->outcome;
}

static void check_fetch(void)
{
    struct https_setup setup = { .loop = loop };
    struct address address;
    struct want_fetch wish = { "example.net", &address, 1 };
    int fd = mute(SOCK_STREAM, &setup.port);
    struct https_client *client = https_client_new(&setup);

    address_parse(&address, SLICE("127.0.0.1"));
    https_client_trust(client, slice_of(web_authority()));
    https_fetch_start(client, &wish, on_fetched, NULL);
    run_for(loop, (LIMIT_FETCH_CONNECT - 1) * 1000);
    is_int(fetched.count, 0, "a handshake has its time");
    run_for(loop, (LIMIT_FETCH_SECONDS - LIMIT_FETCH_CONNECT + 2) * 1000);
    is_int(fetched.count, 1, "and no more than that");
    is_int(fetched.outcome, FETCH_TIMEOUT, "as for those who ask in earnest");
    https_client_free(client);
    web_clear();
    close(fd);
}

/* A worker that is stopped. */

static int notes;

static void no_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    (void)id;
    (void)fact;
}

static void no_cert(void *arg, const struct cert *cert)
{
    (void)arg;
    (void)cert;
}

static void no_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    (void)arg;
    (void)id;
    (void)fact;
}

static void on_worker_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)id;
    on_answer(arg, fact);
}

static void on_note(void *arg, const char *text)
{
    (void)arg;
    notes++;
    check_note("%s", text);
}

static const struct workers_events events = { on_worker_dns, no_conversation, no_cert, on_note, no_fetch };

/* 0: this system does not tell. */
static pid_t the_worker(void)
{
    char path[64], text[64];
    FILE *file;
    long pid = 0;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file))
        pid = strtol(text, NULL, 10);
    if (file)
        fclose(file);
    return (pid_t)pid;
}

static void check_silence(void)
{
    uint16_t port = 0;
    int fd = mute(SOCK_DGRAM, &port);
    struct worker_setup setup = { .dns = one_resolver(port), .timeout = 300 };
    struct error err = { 0 };
    struct workers *workers;
    pid_t pid;

    memset(&answered, 0, sizeof answered);
    workers = workers_start(loop, &setup, &events, NULL, &err);
    if (!check_ok(workers != NULL, "a worker: %s", err.text))
        return;
    workers_ask_dns(workers, 1, "a.test", DNS_A);
    skip_after_ms = 500; /* it has its own pace */
    run_for(loop, 1000);
    if ((pid = the_worker()) > 0) {
        notes = 0;
        kill(pid, SIGSTOP);
        skip_after_ms = 20;
        run_for(loop, LIMIT_SILENCE_MS - LIMIT_CALL_MS);
        kill(pid, SIGCONT);
        skip_after_ms = 1000;
        run_for(loop, 4 * LIMIT_CALL_MS);
        is_int(notes, 0, "a worker that answers late stays");
        is_int(answered.count, 0, "with all that it has in hand");
        kill(pid, SIGSTOP);
        skip_after_ms = 20;
        run_for(loop, LIMIT_SILENCE_MS + 4 * LIMIT_CALL_MS);
        is_int(notes, 1, "one that does not is replaced");
        check_ok(the_worker() > 0 && the_worker() != pid, "by another");
        is_int(workers_pending(workers), 1, "which has its questions");
    } else {
        check_skip("this system does not tell who our children are");
    }
    workers_free(workers);
    close(fd);
}

int main(void)
{
    skip_time();
    loop = loop_new();
    check_shortage();
    check_native();
    check_session();
    check_fetch();
    check_silence();
    loop_free(loop);
    return check_done();
}
