/* The parts of the DNS client: dns_client.c keeps questions and who waits, dns_exchange.c asks the resolvers. */
#ifndef PROBES_DNS_CLIENT_IMPL_H
#define PROBES_DNS_CLIENT_IMPL_H

#include "probes/dns_client.h"
#include "probes/dns_native.h"
#include "probes/limits.h"
#include "probes/wire/dns_message.h"

#define BUCKETS 1024

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
    bool               shortage;      /* the latest one did not begin: no descriptor, no port, no memory for it */
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
    size_t             active, most;
    bool               shortage;      /* of what an exchange needs: none is begun until one ends */
    struct question   *check;         /* under way, or NULL */
    struct question   *unheard;       /* wait for it */
    uint8_t            message[LIMIT_DNS_MESSAGE];
};

/* Begins the exchange, or goes on with the next try that gets off. */
void dns_exchange_try(struct question *);
/* Closes what is open; the question stays. */
void dns_exchange_close(struct question *);

/* Ends the question: everybody who waits hears of it. They may ask again at once. */
void dns_question_done(struct question *, const struct dns_fact *);
/* All tries were used up. alive: the resolver is known to answer. */
void dns_question_unheard(struct question *, bool alive);
/* The same, while nothing is known about that: our own question will tell. */
void dns_question_doubtful(struct question *);
/* Our own question was answered, or was not. */
void dns_check_done(struct question *);

#endif
