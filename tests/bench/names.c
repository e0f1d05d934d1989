/* names DIRECTORY HOSTS DELAY-MS: answers for the names of world.h on 127.0.0.1 port 53, with the AD bit, each after the
 * delay; NXDOMAIN for all others. Reads "keys" from the directory, says "ready" and serves until it is killed. SIGUSR1
 * writes the number of questions so far to standard output. */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/world.h"

#define HEADER         12
#define MESSAGE_MAX    512
#define NAME_MAX_BYTES 256
#define BATCH          64
#define BUFFER         (16 << 20)

enum { TYPE_A = 1, TYPE_MX = 15, TYPE_TLSA = 52 };

struct answer {
    struct sockaddr_in to;
    uint8_t            wire[MESSAGE_MAX];
    size_t             n;
    int64_t            due;
    struct answer     *next;
};

static struct {
    int            fd;
    unsigned       host_count;
    int64_t        delay;
    uint8_t       *keys;
    struct answer *owing, **owing_end;
} names;

static volatile sig_atomic_t asked_for_count;
static unsigned long         questions;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The name in lower case with dots; the octets it takes, 0 when it is cut off or compressed. */
static size_t read_name(const uint8_t *wire, size_t n, char out[NAME_MAX_BYTES])
{
    size_t at = 0, length = 0;

    while (at < n && wire[at] != 0) {
        size_t label = wire[at];

        if (label > 63 || at + 1 + label >= n || length + label + 2 > NAME_MAX_BYTES)
            return 0;
        for (size_t i = 0; i < label; i++) {
            uint8_t c = wire[at + 1 + i];

            out[length++] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
        }
        out[length++] = '.';
        at += 1 + label;
    }
    out[length] = '\0';
    return at < n ? at + 1 : 0;
}

/* The number in PREFIX<number>.ZONE. */
static bool has_form(const char *name, const char *prefix, unsigned long *number)
{
    char *end;

    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return false;
    name += strlen(prefix);
    *number = strtoul(name, &end, 10);
    return end != name && strcmp(end, "." ZONE ".") == 0;
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

/* The owner is the name in the question. */
static uint8_t *put_record(uint8_t *p, unsigned type, unsigned length)
{
    p = put16(p, 0xc000 | HEADER);
    p = put16(p, type);
    p = put16(p, 1);
    p = put16(p, 0);
    p = put16(p, 3600);
    return put16(p, length);
}

static uint8_t *put_mx(uint8_t *p, unsigned long destination, size_t zone_at)
{
    char     label[32];
    unsigned n = (unsigned)snprintf(label, sizeof label, "mx%lu", destination % names.host_count);

    p = put_record(p, TYPE_MX, 2 + 1 + n + 2);
    p = put16(p, 10);
    *p++ = (uint8_t)n;
    memcpy(p, label, n);
    return put16(p + n, 0xc000 | (unsigned)zone_at);
}

static uint8_t *put_address(uint8_t *p, unsigned long host)
{
    uint32_t address = htonl(FIRST_ADDRESS + (uint32_t)host);

    p = put_record(p, TYPE_A, 4);
    memcpy(p, &address, 4);
    return p + 4;
}

static uint8_t *put_tlsa(uint8_t *p, unsigned long host)
{
    static const uint8_t kind[] = { 3, 1, 1 };

    p = put_record(p, TYPE_TLSA, sizeof kind + DIGEST_SIZE);
    memcpy(p, kind, sizeof kind);
    memcpy(p + sizeof kind, names.keys + host * DIGEST_SIZE, DIGEST_SIZE);
    return p + sizeof kind + DIGEST_SIZE;
}

/* The answer section behind the question; *exists: whether the name does. */
static uint8_t *put_answer(uint8_t *p, const char *name, size_t name_length, unsigned type, bool *exists)
{
    unsigned long number;

    *exists = true;
    if (has_form(name, "d", &number))
        return type == TYPE_MX ? put_mx(p, number, HEADER + name_length - sizeof ZONE - 1) : p;
    if (has_form(name, "mx", &number) && number < names.host_count)
        return type == TYPE_A ? put_address(p, number) : p;
    if (has_form(name, "_25._tcp.mx", &number) && number < names.host_count)
        return type == TYPE_TLSA ? put_tlsa(p, number) : p;
    *exists = false;
    return p;
}

/* In place of the question. False: it is none. */
static bool make_answer(struct answer *a)
{
    char     name[NAME_MAX_BYTES];
    size_t   length = a->n > HEADER ? read_name(a->wire + HEADER, a->n - HEADER, name) : 0;
    uint8_t *behind = a->wire + HEADER + length + 4, *end;
    bool     exists;

    if (length == 0 || HEADER + length + 4 > a->n || a->n > MESSAGE_MAX - 128)
        return false;
    end = put_answer(behind, name, length, (unsigned)(behind[-4] << 8 | behind[-3]), &exists);
    put16(a->wire + 2, 0x81a0 | (exists ? 0 : 3)); /* QR RD RA AD */
    put16(a->wire + 6, end > behind);
    put16(a->wire + 8, 0);
    put16(a->wire + 10, 0);
    a->n = (size_t)(end - a->wire);
    return true;
}

static void send_answer(const struct answer *a)
{
    sendto(names.fd, a->wire, a->n, 0, (const struct sockaddr *)&a->to, sizeof a->to);
}

static void owe(const struct answer *a)
{
    struct answer *kept = malloc(sizeof *kept);

    if (kept == NULL)
        err(1, "answers");
    *kept = *a;
    kept->due = now_us() + names.delay;
    kept->next = NULL;
    *names.owing_end = kept;
    names.owing_end = &kept->next;
}

/* Microseconds until the next; -1: none. */
static int64_t pay_debts(void)
{
    struct answer *a;

    while ((a = names.owing) != NULL) {
        int64_t left = a->due - now_us();

        if (left > 0)
            return left;
        names.owing = a->next;
        if (names.owing == NULL)
            names.owing_end = &names.owing;
        send_answer(a);
        free(a);
    }
    return -1;
}

static void answer_some(void)
{
    static struct answer  batch[BATCH];
    static struct mmsghdr messages[BATCH];
    static struct iovec   parts[BATCH];
    int                   n;

    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ batch[i].wire, sizeof batch[i].wire };
        messages[i].msg_hdr = (struct msghdr){ .msg_name = &batch[i].to, .msg_namelen = sizeof batch[i].to,
                                               .msg_iov = &parts[i], .msg_iovlen = 1 };
    }
    n = recvmmsg(names.fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        batch[i].n = messages[i].msg_len;
        questions++;
        if (!make_answer(&batch[i]))
            continue;
        if (names.delay > 0)
            owe(&batch[i]);
        else
            send_answer(&batch[i]);
    }
}

static void on_signal(int number)
{
    (void)number;
    asked_for_count = 1;
}

/* The signal comes while nothing else is done, or it would be lost between a look at the flag and the wait. */
static void serve(void)
{
    struct pollfd watched = { .fd = names.fd, .events = POLLIN };
    sigset_t      usual, blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &usual);
    for (;;) {
        int64_t         wait = pay_debts();
        struct timespec limit = { .tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000 };

        if (ppoll(&watched, 1, wait < 0 ? NULL : &limit, &usual) > 0)
            answer_some();
        if (asked_for_count) {
            asked_for_count = 0;
            printf("%lu\n", questions);
            fflush(stdout);
        }
    }
}

static void start_listening(void)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int                size = BUFFER;

    names.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(names.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    if (bind(names.fd, (struct sockaddr *)&own, sizeof own) != 0)
        err(1, "port 53");
}

static void read_keys(const char *directory)
{
    char  path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/keys", directory);
    file = fopen(path, "r");
    names.keys = calloc(names.host_count, DIGEST_SIZE);
    if (file == NULL || names.keys == NULL || fread(names.keys, DIGEST_SIZE, names.host_count, file) != names.host_count)
        err(1, "%s", path);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal };

    if (argc != 4)
        errx(64, "usage: names DIRECTORY HOSTS DELAY-MS");
    names.owing_end = &names.owing;
    names.host_count = (unsigned)strtoul(argv[2], NULL, 10);
    names.delay = (int64_t)strtoul(argv[3], NULL, 10) * 1000;
    read_keys(argv[1]);
    start_listening();
    sigaction(SIGUSR1, &action, NULL);
    puts("ready");
    fflush(stdout);
    serve();
    return 0;
}
