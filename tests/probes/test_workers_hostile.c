/* A worker that lies: worker_run() is ours here, and says what no worker would. */
#include "scanner/workers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/limits.h"
#include "scanner/base/buf.h"
#include "tests/lib/check.h"

enum { QUESTION, CONVERSATION, POLICY };   /* what is asked */

#define FETCH "{\"id\":%,\"fact\":{\"fact\":\"fetch\",\"domain\":\"a\","

/* %: the id of the request. */
static const struct row {
    const char *name;
    const char *says;         /* records, LF between them; NULL: nothing */
    unsigned    raw_length;   /* not 0: this for a length, whatever follows */
    bool        ends;         /* exits then */
    int         asks;
    int         certs;        /* that are believed, each time */
} rows[] = {
    { "ends at once", NULL, 0, true, QUESTION, 0 },
    { "no JSON", "what?", 0, false, QUESTION, 0 },
    { "no object", "[1,2,3]", 0, false, QUESTION, 0 },
    { "an empty object", "{}", 0, false, QUESTION, 0 },
    { "a record that is too long", "x", LIMIT_RECORD_BYTES + 1, false, QUESTION, 0 },
    { "half a record", "x", 100, true, QUESTION, 0 },
    { "an id that nobody asked for", "{\"id\":4711,\"fact\":{\"fact\":\"dns\",\"name\":\"a\",\"type\":\"A\",\"outcome\":\"answered\"}}", 0, false, QUESTION, 0 },
    { "a negative id", "{\"id\":-1,\"fact\":{}}", 0, false, QUESTION, 0 },
    { "no id", "{\"fact\":{}}", 0, false, QUESTION, 0 },
    { "no fact", "{\"id\":%}", 0, false, QUESTION, 0 },
    { "an empty fact", "{\"id\":%,\"fact\":{}}", 0, false, QUESTION, 0 },
    { "records of another type", "{\"id\":%,\"fact\":{\"fact\":\"dns\",\"name\":\"a\",\"type\":\"A\",\"outcome\":\"answered\",\"total\":1,"
      "\"records\":[{\"owner\":\"a\",\"type\":\"TXT\",\"text\":\"x\"}]}}", 0, false, QUESTION, 0 },
    { "a conversation for a question", "{\"id\":%,\"fact\":{\"fact\":\"conversation\"}}", 0, false, QUESTION, 0 },
    { "a certificate without DER", "{\"certificate\":{\"fact\":\"certificate\",\"id\":\"00\"}}", 0, false, CONVERSATION, 0 },
    { "a certificate with another's digest", "{\"certificate\":{\"fact\":\"certificate\",\"id\":"
      "\"0000000000000000000000000000000000000000000000000000000000000000\",\"der\":\"AAAA\"}}", 0, false, CONVERSATION, 0 },
    { "a certificate that was not sent", "{\"id\":%,\"fact\":{\"fact\":\"conversation\",\"profile\":{\"address\":\"127.0.0.1\",\"port\":1},"
      "\"attempts\":1,\"phase\":\"connect\",\"ending\":\"complete\",\"certificates\":"
      "[\"0000000000000000000000000000000000000000000000000000000000000000\"]}}", 0, false, CONVERSATION, 0 },
    { "a question for a conversation", "{\"id\":%,\"fact\":{\"fact\":\"dns\",\"name\":\"a\",\"type\":\"A\",\"outcome\":\"answered\"}}", 0, false, CONVERSATION, 0 },
    { "a conversation for a policy", "{\"id\":%,\"fact\":{\"fact\":\"conversation\",\"profile\":{\"address\":\"127.0.0.1\",\"port\":1},"
      "\"attempts\":1,\"phase\":\"connect\",\"ending\":\"complete\"}}", 0, false, POLICY, 0 },
    { "a policy for a question", FETCH "\"outcome\":\"timeout\"}}", 0, false, QUESTION, 0 },
    { "a policy for a conversation", FETCH "\"outcome\":\"timeout\"}}", 0, false, CONVERSATION, 0 },
    { "a policy without an outcome", FETCH "\"status\":200}}", 0, false, POLICY, 0 },
    { "a policy of another host", FETCH "\"outcome\":\"lost\",\"address\":\"127.0.0.2\"}}", 0, false, POLICY, 0 },
    { "a policy that was excluded", FETCH "\"outcome\":\"excluded\"}}", 0, false, POLICY, 0 },
    { "a policy that was not allowed", FETCH "\"outcome\":\"not-allowed\"}}", 0, false, POLICY, 0 },
    { "a policy that was interrupted", FETCH "\"outcome\":\"interrupted\"}}", 0, false, POLICY, 0 },
    { "a policy past the deadline", FETCH "\"outcome\":\"deadline\"}}", 0, false, POLICY, 0 },
    { "a crash by word of mouth", FETCH "\"outcome\":\"crashed\"}}", 0, false, POLICY, 0 },
    { "an answer without a status", FETCH "\"outcome\":\"answered\"}}", 0, false, POLICY, 0 },
    { "a body without an answer", FETCH "\"outcome\":\"lost\",\"body\":\"x\"}}", 0, false, POLICY, 0 },
    { "a status of four digits", FETCH "\"outcome\":\"answered\",\"status\":2000}}", 0, false, POLICY, 0 },
};

static const struct row *row;
static int *starts; /* shared with the workers */

static void say(int fd, const char *text, size_t n, unsigned length)
{
    const unsigned char head[4] = { (unsigned char)(length >> 24), (unsigned char)(length >> 16),
                                    (unsigned char)(length >> 8), (unsigned char)length };

    if (send(fd, head, 4, MSG_NOSIGNAL) == 4)
        send(fd, text, n, MSG_NOSIGNAL);
}

static bool hear(int fd, char *out, size_t size)
{
    unsigned char head[4];
    size_t n;

    if (recv(fd, head, 4, MSG_WAITALL) != 4)
        return false;
    n = (size_t)head[2] << 8 | head[3];
    if (n >= size || recv(fd, out, n, MSG_WAITALL) != (ssize_t)n)
        return false;
    out[n] = '\0';
    return true;
}

static void lie(int fd)
{
    const char *rest = row->says;

    while (rest && *rest) {
        size_t n = strcspn(rest, "\n");
        char text[1024];
        const char *percent = memchr(rest, '%', n);

        if (percent)
            snprintf(text, sizeof text, "%.*s%d%.*s", (int)(percent - rest), rest, 5, (int)(rest + n - percent - 1), percent + 1);
        else
            snprintf(text, sizeof text, "%.*s", (int)n, rest);
        say(fd, text, strlen(text), row->raw_length ? row->raw_length : (unsigned)strlen(text));
        rest += n + (rest[n] == '\n');
    }
}

int worker_run(int fd)
{
    char text[8192];

    ++*starts;
    fcntl(fd, F_SETFL, 0);
    while (hear(fd, text, sizeof text))
        if (strstr(text, "\"id\"")) {
            lie(fd);
            if (row->ends)
                return 1;
        }
    return 0;
}

static struct loop *loop;
static int answers, crashed, notes, certs;

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)arg;
    answers++;
    crashed += id == 5 && fact->outcome == DNS_CRASHED && strcmp(fact->name, "a") == 0;
    loop_stop(loop);
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    answers++;
    crashed += id == 5 && fact->ending == ENDING_CRASHED && fact->profile->port == 25;
    loop_stop(loop);
}

static void on_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    (void)arg;
    answers++;
    crashed += id == 5 && fact->outcome == FETCH_CRASHED && strcmp(fact->domain, "a") == 0;
    loop_stop(loop);
}

static void on_cert(void *arg, const struct cert *cert)
{
    (void)arg;
    (void)cert;
    certs++;
}

static void on_note(void *arg, const char *text)
{
    (void)arg;
    notes++;
    check_note("%s", text);
}

int main(void)
{
    static const struct workers_events events = { on_dns, on_conversation, on_cert, on_note, on_fetch };
    struct worker_setup setup = { .dns = { .count = 1, .timeout = 1, .attempts = 1 }, .timeout = 1 };
    struct profile profile = { .port = 25, .helo_name = "a", .ciphers = "", .groups = "" };

    starts = mmap(NULL, sizeof *starts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (starts == MAP_FAILED)
        return 99;
    address_parse(&profile.address, SLICE("127.0.0.1"));
    setup.dns.resolvers[0].address = profile.address;
    loop = loop_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct workers *workers;
        struct error err;

        row = &rows[i];
        answers = crashed = notes = certs = *starts = 0;
        workers = workers_start(loop, &setup, &events, NULL, &err);
        if (row->asks == QUESTION)
            workers_ask_dns(workers, 5, "a", DNS_A);
        else if (row->asks == CONVERSATION)
            workers_converse(workers, 5, &profile);
        else
            workers_fetch(workers, 5, &(struct want_fetch){ "a", &profile.address, 1 });
        loop_run(loop);
        is_int(answers, 1, "%s: answered once", row->name);
        is_int(crashed, 1, "%s: as a crash", row->name);
        is_int(notes, row->asks == QUESTION ? 2 : 1, "%s: workers were lost", row->name);
        is_int(certs, row->certs, "%s: certificates", row->name);
        is_int(workers_pending(workers), 0, "%s: nothing is pending", row->name);
        workers_free(workers);
        check_ok(*starts >= (row->asks == QUESTION ? 2 : 1), "%s: a fresh one was started", row->name);
    }
    loop_free(loop);
    munmap(starts, sizeof *starts);
    return check_done();
}
