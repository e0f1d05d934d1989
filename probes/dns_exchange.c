#include "probes/dns_client_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/engine/connect.h"
#include "scanner/base/mem.h"

#define CHECK_TIMEOUT_MS 2000
#define SHORTAGE_MS      200     /* before another look, when no exchange is there whose end would help */

static struct region *region_of(struct question *q)
{
    if (!q->region)
        q->region = region_new_small();
    return q->region;
}

void dns_exchange_close(struct question *q)
{
    if (q->shared)
        dns_shared_leave(q);
    loop_watch_free(q->watch);
    q->watch = NULL;
    if (q->fd >= 0)
        close(q->fd);
    q->fd = -1;
    mem_free(q->reply);
    q->reply = NULL;
}

/* The end of an exchange. */

static void exchange_over(struct question *q)
{
    struct dns_client *client = q->client;

    dns_exchange_close(q);
    if (q->timer)
        loop_timer_clear(q->timer);
    client->active--;
    loop_timer_at(client->pump, loop_now_ms(client->loop));
}

static void exchange_answered(struct question *q, const struct dns_fact *fact)
{
    exchange_over(q);
    if (q->is_check)
        dns_check_done(q);
    else
        dns_question_done(q, fact);
}

/* All tries are used up. */
static void exchange_failed(struct question *q)
{
    exchange_over(q);
    if (q->is_check) {
        dns_check_done(q);
        return;
    }
    if (q->fallback.name) {
        dns_question_done(q, &q->fallback);
        return;
    }
    /* That others were answered a moment ago says nothing: it may have died since. */
    if (q->heard) {
        dns_question_unheard(q, true);
        return;
    }
    if (!q->silent) {
        dns_question_unheard(q, false);
        return;
    }
    dns_question_doubtful(q);
}

static const char *resolver_text(struct question *q)
{
    char address[ADDRESS_TEXT_MAX];

    address_to_text(&q->resolver->address, address);
    return region_printf(region_of(q), q->resolver->address.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address,
                         (unsigned)q->resolver->port);
}

static void exchange_note(struct question *q, const char *what)
{
    q->error = region_printf(region_of(q), "%s%s: %s", q->tcp ? "TCP to " : "", resolver_text(q), what);
}

void dns_exchange_next(struct question *q, const char *what)
{
    exchange_note(q, what);
    dns_exchange_close(q);
    dns_exchange_try(q);
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

static void start_tcp(struct question *q);

bool dns_exchange_message(struct question *q, const uint8_t *message, size_t n)
{
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_ANSWERED };
    enum dns_reply reply = dns_message_answer(region_of(q), message, n, q->wire + 2, q->wire_length, &fact);

    if (reply == DNS_REPLY_OTHER)
        return false;
    q->heard = true;
    fact.loopback = is_loopback(&q->resolver->address);
    if (reply == DNS_REPLY_TRUNCATED && !q->tcp) {
        exchange_note(q, "the answer is truncated");
        dns_exchange_close(q);
        start_tcp(q);
    } else if (reply == DNS_REPLY_TRUNCATED) {
        dns_exchange_next(q, "the answer is truncated");
    } else if (is_refusal(&fact)) {
        /* As a stub resolver: another server, or the same one a moment later, may know more. */
        q->fallback = fact;
        dns_exchange_next(q, "no answer but a refusal");
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
            dns_exchange_next(q, strerror(errno));
        return;
    }
    if (dns_exchange_message(q, q->client->message, (size_t)n))
        return;
    if (++q->ignored > LIMIT_DNS_IGNORED)
        loop_watch_set(q->watch, 0);
}

static void try_late(void *arg)
{
    struct question *q = arg;

    q->silent = true;
    dns_exchange_next(q, "no answer in time");
}

/* TCP, RFC 7766: two octets of length, then the message. */

static void tcp_send(struct question *q)
{
    size_t total = q->wire_length + 2;
    ssize_t n;

    if (!q->connected) {
        int error = connect_finish(q->fd);

        if (error) {
            dns_exchange_next(q, strerror(error));
            return;
        }
        q->connected = true;
        q->wire[0] = (uint8_t)(q->wire_length >> 8);
        q->wire[1] = (uint8_t)q->wire_length;
    }
    n = send(q->fd, q->wire + q->sent, total - q->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        dns_exchange_next(q, strerror(errno));
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
        dns_exchange_next(q, n == 0 ? "the connection was closed" : strerror(errno));
        return;
    }
    q->reply_length += (size_t)n;
    if (q->reply_length < 2 || q->reply_length < 2 + ((size_t)q->reply[0] << 8 | q->reply[1]))
        return;
    if (q->reply_length == 2 || !dns_exchange_message(q, q->reply + 2, q->reply_length - 2))
        dns_exchange_next(q, "the reply does not belong to the question");
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

static void set_timer(struct question *q)
{
    struct dns_client *client = q->client;
    int64_t ms = q->is_check ? CHECK_TIMEOUT_MS : (int64_t)client->setup.timeout * 1000;

    if (!q->timer)
        q->timer = loop_timer_new(client->loop, try_late, q);
    loop_timer_at(q->timer, loop_now_ms(client->loop) + ms);
}

static void wait_for_reply(struct question *q, unsigned events, loop_fn *ready)
{
    q->watch = loop_watch_new(q->client->loop, q->fd, ready, q);
    loop_watch_set(q->watch, events);
    set_timer(q);
}

static bool open_socket(struct question *q, enum connect_kind kind)
{
    struct endpoint to = { q->resolver->address, q->resolver->port, q->resolver->scope };
    int error;

    if (connect_start(kind, &to, NULL, &q->fd, &error) == CONNECT_STARTED)
        return true;
    exchange_note(q, strerror(error));
    q->shortage = connect_is_local(error);
    return false;
}

/* A shortage of our own says nothing about the resolver: the question waits for better times, but not for ever. True: it
 * is out of our hands. */
static bool wait_for_room(struct question *q)
{
    struct dns_client *client = q->client;
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_CUT_SHORT, .error = q->error };

    if (!q->shortage || q->is_check)
        return false;
    q->shortage = false;
    q->tries--;
    client->active--;
    if (loop_now_ms(client->loop) - q->started > LIMIT_SHORTAGE_MS) {
        dns_question_done(q, &fact);
        return true;
    }
    client->shortage = true;
    q->next = client->queue;
    client->queue = q;
    if (!q->next)
        client->queue_end = &q->next;
    if (client->active == 0)
        loop_timer_at(client->pump, loop_now_ms(client->loop) + SHORTAGE_MS);
    return true;
}

static void start_tcp(struct question *q)
{
    q->tcp = true;
    q->connected = false;
    q->sent = q->reply_length = 0;
    if (!open_socket(q, CONNECT_TCP)) {
        if (!wait_for_room(q))
            dns_exchange_try(q);
        return;
    }
    q->reply = mem_alloc(2 + LIMIT_DNS_MESSAGE);
    wait_for_reply(q, LOOP_WRITE, tcp_ready);
}

bool dns_random_id(struct dns_client *client, uint16_t *id)
{
    if (client->ids_left == 0) {
        if (getrandom(client->ids, sizeof client->ids, 0) != (ssize_t)sizeof client->ids)
            return false;
        client->ids_left = RANDOM_IDS;
    }
    *id = client->ids[--client->ids_left];
    return true;
}

static bool make_question(struct question *q)
{
    uint16_t id;

    if (!dns_random_id(q->client, &id))
        return false;
    q->wire_length = dns_message_question(q->name, q->type, id, q->wire + 2);
    return q->wire_length > 0;
}

static bool start_udp(struct question *q)
{
    q->ignored = 0;
    if (is_loopback(&q->resolver->address) && dns_shared_send(q)) {
        set_timer(q);
        return true;
    }
    if (!open_socket(q, CONNECT_UDP))
        return false;
    if (send(q->fd, q->wire + 2, q->wire_length, MSG_NOSIGNAL) < 0) {
        exchange_note(q, strerror(errno));
        dns_exchange_close(q);
        return false;
    }
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
void dns_exchange_try(struct question *q)
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
        if (start_udp(q) || wait_for_room(q))
            return;
    }
    exchange_failed(q);
}
