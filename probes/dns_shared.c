/* Questions that share a socket, to a resolver on this machine. */
#include "probes/dns_client_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/engine/connect.h"
#include "scanner/base/mem.h"

#define MESSAGES_A_TURN 64

static uint16_t id_of(const struct question *q)
{
    return (uint16_t)(q->wire[2] << 8 | q->wire[3]);
}

static struct question **place_of(struct shared_socket *s, uint16_t id)
{
    return &s->asked[id % SHARED_PLACES];
}

void dns_shared_leave(struct question *q)
{
    struct question **place = place_of(q->shared, id_of(q));

    if (*place == q) {
        *place = NULL;
        q->shared->count--;
    }
    q->shared = NULL;
}

/* A fault of the socket is one of all who wait at it: the resolver is not there. */
static void all_failed(struct shared_socket *s, const char *what)
{
    struct question *list = NULL;

    for (size_t i = 0; i < SHARED_PLACES; i++)
        if (s->asked[i]) {
            s->asked[i]->next = list;
            list = s->asked[i];
        }
    while (list) {
        struct question *q = list;

        list = q->next;
        q->next = NULL;
        dns_exchange_next(q, what);
    }
}

static void take_message(struct shared_socket *s, const uint8_t *message, size_t n)
{
    uint16_t id = n < 2 ? 0 : (uint16_t)(message[0] << 8 | message[1]);
    struct question *q = n < 2 ? NULL : *place_of(s, id);

    if (!q || id_of(q) != id) {
        /* Late answers, or worse: nobody listens here any more then, and those who wait run out of time. */
        if (++s->strange > LIMIT_DNS_IGNORED)
            loop_watch_set(s->watch, 0);
        return;
    }
    if (dns_exchange_message(q, message, n))
        s->strange = 0;
    else if (++q->ignored > LIMIT_DNS_IGNORED)
        dns_shared_leave(q);
}

static void shared_ready(void *arg)
{
    struct shared_socket *s = arg;
    uint8_t *message = s->client->message;

    for (int i = 0; i < MESSAGES_A_TURN && s->strange <= LIMIT_DNS_IGNORED; i++) {
        ssize_t n = recv(s->fd, message, sizeof s->client->message, 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            all_failed(s, strerror(errno));
            return;
        }
        take_message(s, message, (size_t)n);
    }
}

static struct shared_socket *socket_new(struct dns_client *client, const struct resolver_address *resolver)
{
    struct endpoint to = { resolver->address, resolver->port, resolver->scope };
    struct shared_socket *s;
    int fd, error;

    if (connect_start(CONNECT_UDP, &to, NULL, &fd, &error) != CONNECT_STARTED)
        return NULL;
    s = mem_alloc(sizeof *s);
    s->client = client;
    s->fd = fd;
    s->watch = loop_watch_new(client->loop, fd, shared_ready, s);
    loop_watch_set(s->watch, LOOP_READ);
    return s;
}

/* One with room; NULL: there is none. */
static struct shared_socket *find_socket(struct question *q)
{
    struct shared_socket **sockets = q->client->shared[q->resolver - q->client->setup.resolvers];

    for (size_t i = 0; i < SHARED_SOCKETS; i++) {
        if (!sockets[i])
            sockets[i] = socket_new(q->client, q->resolver);
        if (!sockets[i])
            return NULL;
        if (sockets[i]->count < SHARED_QUESTIONS && sockets[i]->strange <= LIMIT_DNS_IGNORED)
            return sockets[i];
    }
    return NULL;
}

/* A place that is free: a quarter of them is taken at most. */
static bool take_place(struct shared_socket *s, struct question *q)
{
    uint16_t id;

    while (*place_of(s, id_of(q))) {
        if (!dns_random_id(q->client, &id))
            return false;
        q->wire[2] = (uint8_t)(id >> 8);
        q->wire[3] = (uint8_t)id;
    }
    *place_of(s, id_of(q)) = q;
    s->count++;
    q->shared = s;
    return true;
}

bool dns_shared_send(struct question *q)
{
    struct shared_socket *s = find_socket(q);

    if (!s || !take_place(s, q))
        return false;
    if (send(s->fd, q->wire + 2, q->wire_length, MSG_NOSIGNAL) >= 0)
        return true;
    dns_shared_leave(q);
    return false;
}

void dns_shared_close(struct dns_client *client)
{
    for (size_t i = 0; i < RESOLVERS_MAX; i++)
        for (size_t k = 0; k < SHARED_SOCKETS; k++) {
            struct shared_socket *s = client->shared[i][k];

            if (!s)
                continue;
            loop_watch_free(s->watch);
            close(s->fd);
            mem_free(s);
        }
}
