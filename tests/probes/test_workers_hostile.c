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
#include "scanner/facts/facts_binary.h"
#include "scanner/facts/record_binary.h"
#include "tests/lib/check.h"

enum { QUESTION, CONVERSATION, POLICY };   /* what is asked */

static struct dns_record text_record[] = { { .owner = "a", .type = DNS_TXT, .text = "x" } };
static struct dns_record address_record[] = { { .owner = "a", .type = DNS_A } };
static const struct profile other_profile = { .address = { FAMILY_IPV4, { 127, 0, 0, 1 } }, .port = 1 };

#define DNS(...) &(const struct dns_fact){ .name = "a", .type = DNS_A, __VA_ARGS__ }
#define CONVERSATION_OF(...) &(const struct conversation){ .profile = &other_profile, .attempts = 1, __VA_ARGS__ }
#define FETCH(...) &(const struct policy_fetch){ .domain = "a", __VA_ARGS__ }
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ID 5

/* One record, whole or not. */
static const struct row {
    const char *name;
    int         asks;
    struct slice says;        /* as it is */
    /* Or one of these, behind tag and id. */
    const struct dns_fact     *dns;
    const struct conversation *conversation;
    const struct policy_fetch *policy;
    uint64_t    id;           /* 0: the one that was asked */
    unsigned    raw_length;   /* not 0: this for a length, whatever follows */
    bool        behind;       /* an octet behind it */
    bool        ends;         /* exits then */
} rows[] = {
    { "ends at once", QUESTION, .ends = true },
    { "no JSON", QUESTION, .says = SLICE("what?") },
    { "no object", QUESTION, .says = SLICE("[1,2,3]") },
    { "an empty object", QUESTION, .says = SLICE("{}") },
    { "a fact as an object", QUESTION, .says = SLICE("{\"id\":5,\"fact\":{\"fact\":\"dns\",\"name\":\"a\",\"type\":\"A\",\"outcome\":\"answered\"}}") },
    { "a record that is too long", QUESTION, .says = SLICE("x"), .raw_length = LIMIT_RECORD_BYTES + 1 },
    { "half a record", QUESTION, .says = SLICE("x"), .raw_length = 100, .ends = true },
    { "no id", QUESTION, .says = SLICE("\1") },
    { "an id without an end", QUESTION, .says = SLICE("\1\xff\xff") },
    { "no fact", QUESTION, .says = SLICE("\1\5") },
    { "an unknown tag", QUESTION, .says = SLICE("\37\5") },
    { "an id that nobody asked for", QUESTION, .dns = DNS(.ad = true), .id = 4711 },
    { "octets behind a fact", QUESTION, .dns = DNS(.ad = true), .behind = true },
    { "no name", QUESTION, .dns = &(const struct dns_fact){ .type = DNS_A } },
    { "records of another type", QUESTION, .dns = DNS(.records = text_record, .count = 1, .total = 1) },
    { "more records than in all", QUESTION, .dns = DNS(.records = address_record, .count = 1) },
    { "a conversation for a question", QUESTION, .conversation = CONVERSATION_OF(.phase = PHASE_CONNECT) },
    { "a certificate without DER", CONVERSATION, .says = SLICE("\4\0") },
    { "a certificate that was not sent", CONVERSATION,
      .conversation = CONVERSATION_OF(.certificates = (const char *[]){ ZEROS }, .certificate_count = 1) },
    { "a certificate without a digest", CONVERSATION,
      .conversation = CONVERSATION_OF(.certificates = (const char *[]){ "0" }, .certificate_count = 1) },
    { "a question for a conversation", CONVERSATION, .dns = DNS(.ad = true) },
    { "a conversation for a policy", POLICY, .conversation = CONVERSATION_OF(.phase = PHASE_CONNECT) },
    { "a policy for a question", QUESTION, .policy = FETCH(.outcome = FETCH_TIMEOUT) },
    { "a policy for a conversation", CONVERSATION, .policy = FETCH(.outcome = FETCH_TIMEOUT) },
    { "a policy of another host", POLICY,
      .policy = FETCH(.outcome = FETCH_LOST, .address = { FAMILY_IPV4, { 127, 0, 0, 2 } }) },
    { "a policy that was excluded", POLICY, .policy = FETCH(.outcome = FETCH_EXCLUDED) },
    { "a policy that was not allowed", POLICY, .policy = FETCH(.outcome = FETCH_NOT_ALLOWED) },
    { "a policy that was interrupted", POLICY, .policy = FETCH(.outcome = FETCH_INTERRUPTED) },
    { "a policy past the deadline", POLICY, .policy = FETCH(.outcome = FETCH_DEADLINE) },
    { "a crash by word of mouth", POLICY, .policy = FETCH(.outcome = FETCH_CRASHED) },
    { "an answer without a status", POLICY, .policy = FETCH(.outcome = FETCH_ANSWERED) },
    { "a body without an answer", POLICY, .policy = FETCH(.outcome = FETCH_LOST, .body = "x") },
    { "a status of four digits", POLICY, .policy = FETCH(.outcome = FETCH_ANSWERED, .status = 2000) },
};

static const struct row *row;
static struct { int starts, ends; } *seen; /* shared with the workers */

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

static void begin(struct buf *out, enum worker_tag tag)
{
    buf_add_char(out, (char)tag);
    binary_add_number(out, row->id > 0 ? row->id : ID);
}

static void lie(int fd)
{
    struct buf out;

    buf_init(&out, 4096);
    buf_add_slice(&out, row->says);
    if (row->dns != NULL) {
        begin(&out, WORKER_QUESTION);
        facts_dns_to_binary(row->dns, &out);
    } else if (row->conversation != NULL) {
        begin(&out, WORKER_CONVERSATION);
        facts_conversation_to_binary(row->conversation, &out);
    } else if (row->policy != NULL) {
        begin(&out, WORKER_POLICY);
        facts_fetch_to_binary(row->policy, &out);
    }
    if (row->behind)
        buf_add_char(&out, 'x');
    if (out.n > 0)
        say(fd, out.p, out.n, row->raw_length ? row->raw_length : (unsigned)out.n);
    buf_clear(&out);
}

int worker_run(int fd)
{
    char text[8192];

    seen->starts++;
    fcntl(fd, F_SETFL, 0);
    while (hear(fd, text, sizeof text))
        if (text[0] > 0 && text[0] < ' ') {
            lie(fd);
            if (row->ends)
                return 1;
        }
    seen->ends++;
    return 0;
}

static struct loop *loop;
static int answers, crashed, notes, certs;

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    (void)arg;
    answers++;
    crashed += id == ID && fact->outcome == DNS_CRASHED && strcmp(fact->name, "a") == 0;
    loop_stop(loop);
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *fact)
{
    (void)arg;
    answers++;
    crashed += id == ID && fact->ending == ENDING_CRASHED && fact->profile->port == 25;
    loop_stop(loop);
}

static void on_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    (void)arg;
    answers++;
    crashed += id == ID && fact->outcome == FETCH_CRASHED && strcmp(fact->domain, "a") == 0;
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

    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED)
        return 99;
    address_parse(&profile.address, SLICE("127.0.0.1"));
    setup.dns.resolvers[0].address = profile.address;
    loop = loop_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct workers *workers;
        struct error err;

        row = &rows[i];
        answers = crashed = notes = certs = seen->starts = seen->ends = 0;
        workers = workers_start(loop, &setup, &events, NULL, &err);
        if (row->asks == QUESTION)
            workers_ask_dns(workers, ID, "a", DNS_A);
        else if (row->asks == CONVERSATION)
            workers_converse(workers, ID, &profile);
        else
            workers_fetch(workers, ID, &(struct want_fetch){ "a", &profile.address, 1 });
        loop_run(loop);
        is_int(answers, 1, "%s: answered once", row->name);
        is_int(crashed, 1, "%s: as a crash", row->name);
        is_int(notes, row->asks == QUESTION ? 2 : 1, "%s: workers were lost", row->name);
        is_int(certs, 0, "%s: no certificate is believed", row->name);
        is_int(workers_pending(workers), 0, "%s: nothing is pending", row->name);
        workers_free(workers);
        check_ok(seen->starts >= (row->asks == QUESTION ? 2 : 1), "%s: a fresh one was started", row->name);
        is_int(seen->ends, 1, "%s: the last one ended by itself", row->name);
    }
    loop_free(loop);
    munmap(seen, sizeof *seen);
    return check_done();
}
