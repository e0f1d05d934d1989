/* The limits of limits.h that no other test holds at, and one past: bytes of replies, questions and threads at a time,
 * replies that are not for us. limits-have-tests.py says where the others are. */
#include "probes/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "probes/dns_client.h"
#include "probes/dns_native.h"
#include "probes/record.h"
#include "probes/smtp_stream.h"
#include "probes/tls_client.h"
#include "probes/wire/smtp_reply.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/lib/run_for.h"

static struct loop *loop;

/* Replies. */

static enum smtp_reply_status feed(const char *text, size_t lines, size_t tail)
{
    static const struct smtp_reply_limits limits = { LIMIT_LINE_BYTES, LIMIT_REPLY_BYTES };
    struct smtp_reply_reader reader;
    enum smtp_reply_status status = SMTP_REPLY_MORE;
    char *last = mem_alloc(tail + 1);
    size_t used;

    memset(last, 'x', tail);
    smtp_reply_init(&reader, 2048, false, limits);
    smtp_reply_begin(&reader);
    for (size_t i = 0; i < lines && status == SMTP_REPLY_MORE; i++)
        status = smtp_reply_feed(&reader, slice_of(text), &used);
    if (status == SMTP_REPLY_MORE)
        status = smtp_reply_feed(&reader, slice_from(last, tail), &used);
    smtp_reply_clear(&reader);
    mem_free(last);
    return status;
}

static void check_replies(void)
{
    static const char line[] = "250-0123456789012345678901234567890123456789012345678901234\r\n";
    size_t each = sizeof line - 2; /* LF does not count */
    size_t lines = (LIMIT_REPLY_BYTES - 4000) / each, rest = LIMIT_REPLY_BYTES - lines * each;

    is_int(feed("", 0, LIMIT_LINE_BYTES), SMTP_REPLY_MORE, "a line as long as may be");
    is_int(feed("", 0, LIMIT_LINE_BYTES + 1), SMTP_REPLY_LONG_LINE, "a line of one byte more");
    is_int(feed(line, lines, rest), SMTP_REPLY_MORE, "a reply as long as may be");
    is_int(feed(line, lines, rest + 1), SMTP_REPLY_LONG, "a reply of one byte more");
}

/* Conversations. */

static enum stream_result receive(struct smtp_stream *stream, int peer, size_t n)
{
    static const char bytes[STREAM_READ_SIZE];
    enum stream_result result;

    if (write(peer, bytes, n) != (ssize_t)n)
        return STREAM_LOST;
    result = smtp_stream_receive(stream);
    smtp_stream_used(stream, n);
    return result;
}

static void check_conversation(void)
{
    struct smtp_stream stream;
    enum stream_result result = STREAM_OK;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    smtp_stream_init(&stream, pair[0]);
    for (size_t sent = 0; sent < LIMIT_SESSION_BYTES && result == STREAM_OK; sent += STREAM_READ_SIZE)
        result = receive(&stream, pair[1], STREAM_READ_SIZE);
    is_int(result, STREAM_OK, "a conversation as long as may be");
    is_int(receive(&stream, pair[1], 1), STREAM_TOO_MUCH, "one of one byte more");
    check_ok(LIMIT_TURN_BYTES >= LIMIT_REPLY_BYTES, "in the clear a turn is as long as a reply may be, which ends it");
    smtp_stream_clear(&stream);
    close(pair[0]);
    close(pair[1]);
}

/* Handshakes: what the library would read for as long as there is any. */

#define RECORD_BYTES 16384

static size_t fill_with_hello_requests(int fd)
{
    static const uint8_t record[5 + RECORD_BYTES] = { 0x16, 3, 3, RECORD_BYTES >> 8, RECORD_BYTES & 0xff };
    size_t total = 0;
    ssize_t n;

    while ((n = write(fd, record + total % sizeof record, sizeof record - total % sizeof record)) > 0)
        total += (size_t)n;
    return total;
}

static void check_handshake_turns(void)
{
    struct profile profile = { .helo_name = "client.example", .ciphers = "HIGH", .groups = "" };
    struct tls_contexts *contexts = tls_contexts_new();
    struct tls_client *client;
    uint64_t before, longest = 0;
    size_t sent;
    int pair[2];
    struct error err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    sent = fill_with_hello_requests(pair[1]);
    client = tls_client_new(contexts, &profile, pair[0], &err);
    check_ok(sent > LIMIT_TURN_BYTES + RECORD_BYTES, "%zu bytes wait for the handshake", sent);
    do {
        before = tls_client_bytes(client);
        is_int(tls_client_handshake(client), TLS_WANT_READ, "a turn of the handshake");
        if (tls_client_bytes(client) - before > longest)
            longest = tls_client_bytes(client) - before;
    } while (tls_client_bytes(client) > before);
    is_int(before, (long)sent, "all is read in the end");
    check_ok(longest >= LIMIT_TURN_BYTES && longest < LIMIT_TURN_BYTES + RECORD_BYTES, "the longest turn read %lu bytes",
             (unsigned long)longest);
    tls_client_free(client);
    tls_contexts_free(contexts);
    close(pair[0]);
    close(pair[1]);
}

/* Certificates: as many as can come are kept, so that none is cut off. */
static void check_smallest_certificate(void)
{
    static const uint8_t smallest[] = { 0x30, 0x26, 0x30, 0x1c, 2, 1, 1, 0x30, 3, 6, 1, 0x2a, 0x30, 0, 0x30, 4, 0x17, 0, 0x17, 0,
                                        0x30, 0, 0x30, 8, 0x30, 3, 6, 1, 0x2a, 3, 1, 0, 0x30, 3, 6, 1, 0x2a, 3, 1, 0 };
    const unsigned char *p = smallest;
    X509 *x509 = d2i_X509(NULL, &p, sizeof smallest);

    check_ok(x509 != NULL, "OpenSSL reads a certificate of %zu octets", sizeof smallest);
    check_ok(LIMIT_CERT_LIST / (sizeof smallest + 3) <= CONVERSATION_CERTIFICATES_MAX, "of which no message has more than are kept");
    X509_free(x509);
}

/* Questions at a time. */

static void count_answer(void *arg, const struct dns_fact *fact)
{
    (void)fact;
    ++*(int *)arg;
}

static int open_resolver(struct dns_setup *setup)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = 4 << 20;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    *setup = (struct dns_setup){ .count = 1, .timeout = 60, .attempts = 1 };
    address_parse(&setup->resolvers[0].address, SLICE("127.0.0.1"));
    setup->resolvers[0].port = ntohs(address.sin_port);
    return fd;
}

static void ask(struct dns_client *client, int n, int *answers)
{
    char name[32];

    snprintf(name, sizeof name, "n%d.test", n);
    dns_client_ask(client, name, DNS_A, count_answer, answers);
}

/* One answer: so that there is room for one more. */
static void answer_one(int fd, uint8_t *query, ssize_t n, const struct sockaddr_in *to)
{
    query[2] |= 0x80;
    sendto(fd, query, (size_t)n, 0, (const struct sockaddr *)to, sizeof *to);
}

static int receive_all(int fd, uint8_t *last, ssize_t *length, struct sockaddr_in *from)
{
    socklen_t size = sizeof *from;
    ssize_t n;
    int count = 0;

    while ((n = recvfrom(fd, last, 512, 0, (struct sockaddr *)from, &size)) > 0) {
        *length = n;
        count++;
    }
    return count;
}

static void check_questions(void)
{
    struct dns_setup setup;
    struct sockaddr_in from;
    uint8_t query[512];
    ssize_t length = 0;
    int fd = open_resolver(&setup), answers = 0;
    struct dns_client *client = dns_client_new(loop, &setup);

    for (int i = 0; i < LIMIT_DNS_SOCKETS + 2; i++)
        ask(client, i, &answers);
    run_for(loop, 200);
    is_int(receive_all(fd, query, &length, &from), LIMIT_DNS_SOCKETS, "as many questions as may be at a time");
    answer_one(fd, query, length, &from);
    run_for(loop, 100);
    is_int(answers, 1, "one is answered");
    is_int(receive_all(fd, query, &length, &from), 1, "then one more is asked, and no other");
    dns_client_free(client);
    close(fd);
}

static void check_ignored(void)
{
    static const struct { int wrong, answers; } rows[] = { { LIMIT_DNS_IGNORED, 1 }, { LIMIT_DNS_IGNORED + 1, 0 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dns_setup setup;
        struct sockaddr_in from;
        uint8_t query[512];
        ssize_t length = 0;
        int fd = open_resolver(&setup), answers = 0;
        struct dns_client *client = dns_client_new(loop, &setup);

        ask(client, 1, &answers);
        run_for(loop, 50);
        receive_all(fd, query, &length, &from);
        query[0] ^= 1;
        for (int k = 0; k < rows[i].wrong; k++)
            answer_one(fd, query, length, &from);
        query[0] ^= 1;
        answer_one(fd, query, length, &from);
        run_for(loop, 100);
        is_int(answers, rows[i].answers, "the answer after %d that are not for us", rows[i].wrong);
        dns_client_free(client);
        close(fd);
    }
}

/* A message as long as may be: a question, as many addresses as fit, and one record of a type that nobody knows. */
static size_t make_longest(uint8_t *out, const uint8_t *query, size_t length)
{
    static const uint8_t address[16] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1 };
    size_t n = length, rest;
    unsigned records = 0;

    memcpy(out, query, length);
    for (; n + 2 * sizeof address <= LIMIT_DNS_MESSAGE; n += sizeof address, records++)
        memcpy(out + n, address, sizeof address);
    rest = LIMIT_DNS_MESSAGE - n - 12;
    memcpy(out + n, (const uint8_t[12]){ 0xc0, 12, 0xff, 1, 0, 1, 0, 0, 0, 60, (uint8_t)(rest >> 8), (uint8_t)rest }, 12);
    memset(out + n + 12, 0, rest);
    out[2] |= 0x84;
    out[6] = (uint8_t)(++records >> 8);
    out[7] = (uint8_t)records;
    out[8] = out[9] = out[10] = out[11] = 0;
    return LIMIT_DNS_MESSAGE;
}

static void count_records(void *arg, const struct dns_fact *fact)
{
    *(size_t *)arg = fact->outcome == DNS_ANSWERED ? fact->total : 0;
}

/* The query without its EDNS record. */
static size_t question_length(const uint8_t *query, ssize_t n)
{
    size_t end = 12;

    while (end < (size_t)n && query[end] != 0)
        end += 1u + query[end];
    return end + 5;
}

static void send_slowly(int fd, const uint8_t *data, size_t n)
{
    for (size_t sent = 0; sent < n; run_for(loop, 5)) {
        ssize_t more = send(fd, data + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (more > 0)
            sent += (size_t)more;
        else if (errno != EAGAIN)
            return;
    }
}

static void check_longest(void)
{
    static uint8_t message[2 + LIMIT_DNS_MESSAGE];
    struct dns_setup setup;
    struct sockaddr_in from, own;
    socklen_t size = sizeof own;
    uint8_t query[512];
    ssize_t length = 0;
    size_t records = 0;
    int fd = open_resolver(&setup), tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
    struct dns_client *client = dns_client_new(loop, &setup);

    getsockname(fd, (struct sockaddr *)&own, &size);
    if (bind(tcp, (struct sockaddr *)&own, size) == 0 && listen(tcp, 1) == 0) {
        dns_client_ask(client, "n.test", DNS_A, count_records, &records);
        run_for(loop, 50);
        receive_all(fd, query, &length, &from);
        query[2] |= 2; /* truncated */
        answer_one(fd, query, length, &from);
        run_for(loop, 50);
        peer = accept(tcp, NULL, NULL);
        run_for(loop, 50);
        length = recv(peer, query, sizeof query, 0);
        make_longest(message + 2, query + 2, question_length(query + 2, length - 2));
        message[0] = message[1] = 0xff;
        send_slowly(peer, message, sizeof message);
        run_for(loop, 100);
        check_ok(records > 4000, "a message as long as may be: %zu records", records);
        close(peer);
    }
    dns_client_free(client);
    close(tcp);
    close(fd);
}

static void native_done(void *arg, const struct dns_fact *fact)
{
    (void)fact;
    if (--*(int *)arg == 0)
        loop_stop(loop);
}

static void check_threads(void)
{
    struct dns_native *native = dns_native_new(loop);
    int left = LIMIT_NATIVE_THREADS;

    for (int i = 0; i < LIMIT_NATIVE_THREADS; i++) {
        check_ok(dns_native_has_room(native), "room for lookup %d", i + 1);
        dns_native_ask(native, "localhost", native_done, &left);
    }
    check_ok(!dns_native_has_room(native), "no room for one more");
    loop_run(loop);
    check_ok(dns_native_has_room(native), "until they come back");
    dns_native_free(native);
}

/* What waits to be sent. */

static void no_record(void *arg, struct slice record)
{
    (void)arg;
    (void)record;
}

static void no_end(void *arg, const char *why)
{
    (void)arg;
    (void)why;
}

static void check_channel(void)
{
    static const struct record_events events = { no_record, no_end, NULL };
    int pair[2];
    struct record_channel *channel;
    char *record = mem_alloc(LIMIT_RECORD_BYTES);
    size_t step = LIMIT_RECORD_BYTES, sent = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    channel = record_channel_new(loop, pair[0], &events, NULL);
    while (sent + step + 4 <= LIMIT_CHANNEL_SOON - 1 && record_channel_send(channel, slice_from(record, step)))
        sent += step + 4;
    check_ok(record_channel_send(channel, slice_from(record, LIMIT_CHANNEL_SOON - 1 - sent - 4)) && record_channel_has_room(channel),
             "one byte less than enough waits");
    check_ok(record_channel_send(channel, slice_from(record, 0)) && !record_channel_has_room(channel), "enough waits");
    for (sent = LIMIT_CHANNEL_SOON + 3; sent + step + 4 <= LIMIT_CHANNEL_BYTES; sent += step + 4)
        if (!record_channel_send(channel, slice_from(record, step)))
            break;
    check_ok(!record_channel_send(channel, slice_from(record, LIMIT_CHANNEL_BYTES - sent - 3)), "more than may be is refused");
    check_ok(record_channel_send(channel, slice_from(record, LIMIT_CHANNEL_BYTES - sent - 4)), "as much as may be waits");
    check_ok(!record_channel_send(channel, slice_from(record, 0)), "and then nothing more");
    record_channel_free(channel);
    close(pair[1]);
    mem_free(record);
}

int main(void)
{
    loop = loop_new();
    check_replies();
    check_conversation();
    check_handshake_turns();
    check_smallest_certificate();
    check_questions();
    check_ignored();
    check_longest();
    check_threads();
    check_channel();
    loop_free(loop);
    return check_done();
}
