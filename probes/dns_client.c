#include "probes/dns_client.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/dns_native.h"
#include "probes/engine/connect.h"
#include "probes/limits.h"
#include "probes/wire/dns_message.h"
#include "scanner/base/mem.h"

#define BUCKETS          1024
#define CHECK_TIMEOUT_MS 2000

struct waiter {
    dns_done_fn *done;
    void        *arg;
};

/* One question and all who wait for its answer. */
struct question {
    struct dns_client *client;
    struct question   *next_same;     /* bucket */
    struct question   *next;          /* queue, or list of those that wait for the check */
    struct region     *region;
    const char        *name;
    enum dns_type      type;
    struct waiter     *waiters;
    size_t             waiter_count;
    bool               is_check;      /* our own: does any resolver answer at all? */
    /* The exchange. */
    int64_t            started;
    unsigned           tries;         /* begun */
    const struct resolver_address *resolver;
    int                fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    bool               tcp, connected;
    unsigned           ignored;
    uint8_t            wire[2 + DNS_QUESTION_MAX]; /* the length for TCP before it */
    size_t             wire_length, sent;
    uint8_t           *reply;         /* TCP: 2 octets of length, then the message */
    size_t             reply_length;
    /* What came of it. */
    bool               heard;         /* a reply, be it truncated or a refusal */
    bool               silent;        /* a try ended by the timer */
    struct dns_fact    fallback;      /* a refusal, while others may still answer; name NULL: none */
    const char        *error;
};

struct dns_client {
    struct loop       *loop;
    struct dns_setup   setup;
    struct dns_native *native;
    struct loop_timer *pump;
    struct question   *buckets[BUCKETS];
    struct question   *queue, **queue_end;
    struct question   *native_queue, **native_queue_end;
    size_t             active;
    int64_t            heard_at;      /* when any resolver last said anything; 0: never */
    struct question   *check;         /* under way, or NULL */
    struct question   *unheard;       /* wait for it */
    uint8_t            message[LIMIT_DNS_MESSAGE];
};

static void exchange_try(struct question *q);

/* Questions: found by name and type. */

static unsigned bucket_of(const char *name, enum dns_type type)
{
    unsigned hash = 2166136261u ^ (unsigned)type;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)(*name >= 'A' && *name <= 'Z' ? *name | 32 : *name)) * 16777619u;
    return hash % BUCKETS;
}

static struct question *question_find(struct dns_client *client, const char *name, enum dns_type type)
{
    struct question *q = client->buckets[bucket_of(name, type)];

    while (q && !(q->type == type && slice_eq_nocase(slice_of(q->name), slice_of(name))))
        q = q->next_same;
    return q;
}

static struct question *question_new(struct dns_client *client, const char *name, enum dns_type type)
{
    struct question *q = mem_alloc(sizeof *q);

    q->client = client;
    q->region = region_new();
    q->name = region_text(q->region, name);
    q->type = type;
    q->fd = -1;
    return q;
}

static void question_unlink(struct question *q)
{
    struct question **p = &q->client->buckets[bucket_of(q->name, q->type)];

    while (*p && *p != q)
        p = &(*p)->next_same;
    if (*p)
        *p = q->next_same;
}

static void exchange_close(struct question *q)
{
    loop_watch_free(q->watch);
    q->watch = NULL;
    if (q->fd >= 0)
        close(q->fd);
    q->fd = -1;
    mem_free(q->reply);
    q->reply = NULL;
}

static void question_free(struct question *q)
{
    exchange_close(q);
    loop_timer_free(q->timer);
    region_free(q->region);
    mem_free(q->waiters);
    mem_free(q);
}

static void queue_add(struct question ***end, struct question *q)
{
    q->next = NULL;
    **end = q;
    *end = &q->next;
}

static struct question *queue_take(struct question **queue, struct question ***end)
{
    struct question *q = *queue;

    if (!q)
        return NULL;
    *queue = q->next;
    if (!*queue)
        *end = queue;
    q->next = NULL;
    return q;
}

/* Ends the question: everybody who waits hears of it. They may ask again at once. */
static void question_done(struct question *q, const struct dns_fact *fact)
{
    question_unlink(q);
    for (size_t i = 0; i < q->waiter_count; i++)
        q->waiters[i].done(q->waiters[i].arg, fact);
    question_free(q);
}

/* Does any resolver live? */

static void check_start(struct dns_client *client)
{
    struct question *q;

    if (client->check)
        return;
    /* Every resolver answers this one itself (RFC 6761 section 6.3), so that it says nothing about the world behind it. */
    q = question_new(client, "localhost", DNS_A);
    q->is_check = true;
    client->check = q;
    client->active++;
    exchange_try(q);
}

static void unheard_done(struct question *q, bool alive)
{
    struct dns_fact fact = { .name = q->name, .type = q->type };

    fact.outcome = alive ? DNS_TIMEOUT : DNS_NO_RESOLVER;
    fact.error = q->error;
    question_done(q, &fact);
}

static void check_done(struct question *check)
{
    struct dns_client *client = check->client;
    struct question *list = client->unheard;
    bool alive = check->heard;

    client->check = NULL;
    client->unheard = NULL;
    question_free(check);
    while (list) {
        struct question *q = list;

        list = q->next;
        unheard_done(q, alive || client->heard_at >= q->started);
    }
}

/* The end of an exchange. */

static void exchange_over(struct question *q)
{
    struct dns_client *client = q->client;

    exchange_close(q);
    if (q->timer)
        loop_timer_clear(q->timer);
    client->active--;
    loop_timer_at(client->pump, loop_now_ms(client->loop));
}

static void exchange_answered(struct question *q, const struct dns_fact *fact)
{
    exchange_over(q);
    if (q->is_check)
        check_done(q);
    else
        question_done(q, fact);
}

/* All tries are used up. */
static void exchange_failed(struct question *q)
{
    struct dns_client *client = q->client;

    exchange_over(q);
    if (q->is_check) {
        check_done(q);
        return;
    }
    if (q->fallback.name) {
        question_done(q, &q->fallback);
        return;
    }
    if (q->heard || client->heard_at >= q->started) {
        unheard_done(q, true);
        return;
    }
    if (!q->silent) {
        unheard_done(q, false);
        return;
    }
    q->next = client->unheard;
    client->unheard = q;
    check_start(client);
}

static const char *resolver_text(struct question *q)
{
    char address[ADDRESS_TEXT_MAX];

    address_to_text(&q->resolver->address, address);
    return region_printf(q->region, q->resolver->address.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address,
                         (unsigned)q->resolver->port);
}

static void exchange_note(struct question *q, const char *what)
{
    q->error = region_printf(q->region, "%s%s: %s", q->tcp ? "TCP to " : "", resolver_text(q), what);
}

static void exchange_next(struct question *q, const char *what)
{
    exchange_note(q, what);
    exchange_close(q);
    exchange_try(q);
}

/* Replies. */

static bool is_refusal(const struct dns_fact *fact)
{
    return fact->unparsable || fact->rcode == RCODE_SERVFAIL || fact->rcode == RCODE_NOTIMP || fact->rcode == RCODE_REFUSED;
}

static bool is_loopback(const struct address *address)
{
    static const uint8_t one[16] = { [15] = 1 };

    return address->family == FAMILY_IPV4 ? address->bytes[0] == 127 : memcmp(address->bytes, one, 16) == 0;
}

static void exchange_heard(struct question *q)
{
    q->heard = true;
    q->client->heard_at = loop_now_ms(q->client->loop);
}

static void start_tcp(struct question *q);

/* True when the message was the answer, and q is done with this try (it may be gone). */
static bool exchange_message(struct question *q, const uint8_t *message, size_t n)
{
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_ANSWERED };
    enum dns_reply reply = dns_message_answer(q->region, message, n, q->wire + 2, q->wire_length, &fact);

    if (reply == DNS_REPLY_OTHER)
        return false;
    exchange_heard(q);
    fact.loopback = is_loopback(&q->resolver->address);
    if (reply == DNS_REPLY_TRUNCATED && !q->tcp) {
        exchange_note(q, "the answer is truncated");
        exchange_close(q);
        start_tcp(q);
    } else if (reply == DNS_REPLY_TRUNCATED) {
        exchange_next(q, "the answer is truncated");
    } else if (is_refusal(&fact)) {
        /* As a stub resolver: another server, or the same one a moment later, may know more. */
        q->fallback = fact;
        exchange_next(q, "no answer but a refusal");
    } else {
        exchange_answered(q, &fact);
    }
    return true;
}

static void udp_ready(void *arg)
{
    struct question *q = arg;
    ssize_t n = recv(q->fd, q->client->message, sizeof q->client->message, 0);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            exchange_next(q, strerror(errno));
        return;
    }
    if (exchange_message(q, q->client->message, (size_t)n))
        return;
    if (++q->ignored > LIMIT_DNS_IGNORED)
        loop_watch_set(q->watch, 0);
}

static void try_late(void *arg)
{
    struct question *q = arg;

    q->silent = true;
    exchange_next(q, "no answer in time");
}

/* TCP, RFC 7766: two octets of length, then the message. */

static void tcp_send(struct question *q)
{
    size_t total = q->wire_length + 2;
    ssize_t n;

    if (!q->connected) {
        int error = connect_finish(q->fd);

        if (error) {
            exchange_next(q, strerror(error));
            return;
        }
        q->connected = true;
        q->wire[0] = (uint8_t)(q->wire_length >> 8);
        q->wire[1] = (uint8_t)q->wire_length;
    }
    n = send(q->fd, q->wire + q->sent, total - q->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        exchange_next(q, strerror(errno));
        return;
    }
    if (n > 0)
        q->sent += (size_t)n;
    if (q->sent == total)
        loop_watch_set(q->watch, LOOP_READ);
}

static void tcp_receive(struct question *q)
{
    size_t want = q->reply_length < 2 ? 2 : 2 + ((size_t)q->reply[0] << 8 | q->reply[1]);
    ssize_t n = recv(q->fd, q->reply + q->reply_length, want - q->reply_length, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        exchange_next(q, n == 0 ? "the connection was closed" : strerror(errno));
        return;
    }
    q->reply_length += (size_t)n;
    if (q->reply_length < 2 || q->reply_length < 2 + ((size_t)q->reply[0] << 8 | q->reply[1]))
        return;
    if (q->reply_length == 2 || !exchange_message(q, q->reply + 2, q->reply_length - 2))
        exchange_next(q, "the reply does not belong to the question");
}

static void tcp_ready(void *arg)
{
    struct question *q = arg;

    if (q->sent < q->wire_length + 2)
        tcp_send(q);
    else
        tcp_receive(q);
}

/* Tries. */

static void wait_for_reply(struct question *q, unsigned events, loop_fn *ready)
{
    struct dns_client *client = q->client;
    int64_t ms = q->is_check ? CHECK_TIMEOUT_MS : (int64_t)client->setup.timeout * 1000;

    if (!q->timer)
        q->timer = loop_timer_new(client->loop, try_late, q);
    q->watch = loop_watch_new(client->loop, q->fd, ready, q);
    loop_watch_set(q->watch, events);
    loop_timer_at(q->timer, loop_now_ms(client->loop) + ms);
}

static bool open_socket(struct question *q, enum connect_kind kind)
{
    struct endpoint to = { q->resolver->address, q->resolver->port, q->resolver->scope };
    int error;

    if (connect_start(kind, &to, NULL, &q->fd, &error) == CONNECT_STARTED)
        return true;
    exchange_note(q, strerror(error));
    return false;
}

static void start_tcp(struct question *q)
{
    q->tcp = true;
    q->connected = false;
    q->sent = q->reply_length = 0;
    if (!open_socket(q, CONNECT_TCP)) {
        exchange_try(q);
        return;
    }
    q->reply = mem_alloc(2 + LIMIT_DNS_MESSAGE);
    wait_for_reply(q, LOOP_WRITE, tcp_ready);
}

static bool make_question(struct question *q)
{
    uint16_t id;

    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        return false;
    q->wire_length = dns_message_question(q->name, q->type, id, q->wire + 2);
    return q->wire_length > 0;
}

static bool start_udp(struct question *q)
{
    if (!open_socket(q, CONNECT_UDP))
        return false;
    if (send(q->fd, q->wire + 2, q->wire_length, MSG_NOSIGNAL) < 0) {
        exchange_note(q, strerror(errno));
        exchange_close(q);
        return false;
    }
    q->ignored = 0;
    wait_for_reply(q, LOOP_READ, udp_ready);
    return true;
}

/* A name that cannot be put into a question has no records. */
static void exchange_impossible(struct question *q)
{
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_ANSWERED, .rcode = RCODE_NXDOMAIN,
                             .error = "no name that can be asked for" };

    exchange_answered(q, &fact);
}

/* The next try that gets off; or the end. */
static void exchange_try(struct question *q)
{
    const struct dns_setup *setup = &q->client->setup;
    unsigned rounds = q->is_check ? 1 : setup->attempts;

    if (!q->started)
        q->started = loop_now_ms(q->client->loop);
    while (q->tries < rounds * setup->count) {
        q->resolver = &setup->resolvers[q->tries++ % setup->count];
        if (!make_question(q)) {
            exchange_impossible(q);
            return;
        }
        if (q->tcp) {
            start_tcp(q);
            return;
        }
        if (start_udp(q))
            return;
    }
    exchange_failed(q);
}

/* The system's own lookup. */

static void native_done(void *arg, const struct dns_fact *fact)
{
    struct question *q = arg;

    loop_timer_at(q->client->pump, loop_now_ms(q->client->loop));
    question_done(q, fact);
}

static void native_start(struct question *q)
{
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_CUT_SHORT,
                             .error = "no thread for the system's host lookup" };

    if (!q->client->native || !dns_native_ask(q->client->native, q->name, native_done, q))
        question_done(q, &fact);
}

/* Begins what there is room for. All exchanges begin here, so that nobody is called back from inside an ask. */
static void client_pump(void *arg)
{
    struct dns_client *client = arg;
    struct question *q;

    while (client->active < LIMIT_DNS_SOCKETS && (q = queue_take(&client->queue, &client->queue_end)) != NULL) {
        client->active++;
        exchange_try(q);
    }
    while ((!client->native || dns_native_has_room(client->native))
           && (q = queue_take(&client->native_queue, &client->native_queue_end)) != NULL)
        native_start(q);
}

struct dns_client *dns_client_new(struct loop *loop, const struct dns_setup *setup)
{
    struct dns_client *client = mem_alloc(sizeof *client);

    client->loop = loop;
    client->setup = *setup;
    if (client->setup.count > RESOLVERS_MAX)
        client->setup.count = RESOLVERS_MAX;
    if (client->setup.timeout == 0)
        client->setup.timeout = 5;
    if (client->setup.attempts == 0)
        client->setup.attempts = 2;
    client->queue_end = &client->queue;
    client->native_queue_end = &client->native_queue;
    client->native = dns_native_new(loop);
    client->pump = loop_timer_new(loop, client_pump, client);
    return client;
}

void dns_client_free(struct dns_client *client)
{
    if (!client)
        return;
    dns_native_free(client->native);
    for (size_t i = 0; i < BUCKETS; i++)
        while (client->buckets[i]) {
            struct question *q = client->buckets[i];

            client->buckets[i] = q->next_same;
            question_free(q);
        }
    if (client->check)
        question_free(client->check);
    loop_timer_free(client->pump);
    mem_free(client);
}

void dns_client_ask(struct dns_client *client, const char *name, enum dns_type type, dns_done_fn *done, void *arg)
{
    struct question *q = question_find(client, name, type);
    unsigned bucket = bucket_of(name, type);

    if (!q) {
        q = question_new(client, name, type);
        q->next_same = client->buckets[bucket];
        client->buckets[bucket] = q;
        queue_add(type == DNS_NATIVE ? &client->native_queue_end : &client->queue_end, q);
        loop_timer_at(client->pump, loop_now_ms(client->loop));
    }
    q->waiters = mem_grow(q->waiters, q->waiter_count + 1, sizeof *q->waiters);
    q->waiters[q->waiter_count++] = (struct waiter){ done, arg };
}
