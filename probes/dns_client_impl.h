/* The parts of the DNS client: dns_client.c keeps questions and who waits, dns_exchange.c asks the resolvers. */
#ifndef PROBES_DNS_CLIENT_IMPL_H
#define PROBES_DNS_CLIENT_IMPL_H

#include "probes/dns_client.h"
#include "probes/dns_native.h"
#include "probes/limits.h"
#include "probes/wire/dns_message.h"

#define BUCKETS 1024
#define RANDOM_IDS 128 /* asked of the system at a time: 256 octets, which it gives whole */

/* Sockets that several questions share, to each resolver on this machine: nobody from outside can send from its address, so
 * a port of its own for each question (RFC 5452 section 9.2) would buy nothing, and costs as much as all else of a question
 * does. So few at a time that their answers fit into a socket's buffer. */
#define SHARED_SOCKETS   4
#define SHARED_QUESTIONS 64
#define SHARED_PLACES    256

struct shared_socket {
    struct dns_client *client;
    int                fd;
    struct loop_watch *watch;
    struct question   *asked[SHARED_PLACES];   /* by the lower octet of the id */
    size_t             count;
    unsigned           strange;                /* messages in a row that belong to no question */
};

struct waiter {
    dns_done_fn *done;
    void        *arg;
};

/* One question and all who wait for its answer. */
struct question {
    struct dns_client *client;
    struct question   *next_same;     /* bucket */
    struct question   *next;          /* queue, or list of those that wait for the check */
    struct region     *region;        /* of answers and errors; NULL: none yet */
    char              *name;
    enum dns_type      type;
    struct waiter     *waiters;
    size_t             waiter_count;
    bool               is_check;      /* our own: does any resolver answer at all? */
    /* The exchange. */
    int64_t            started;
    unsigned           tries;         /* begun */
    const struct resolver_address *resolver;
    struct shared_socket *shared;     /* that it was sent on; NULL: its own */
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
    struct shared_socket *shared[RESOLVERS_MAX][SHARED_SOCKETS];
    uint16_t           ids[RANDOM_IDS];        /* of the system's random numbers, each used once */
    size_t             ids_left;
    uint8_t            message[LIMIT_DNS_MESSAGE];
};

/* An id that cannot be foretold (RFC 5452 section 9.2). False: there are no random numbers. */
bool dns_random_id(struct dns_client *, uint16_t *id);
/* Begins the exchange, or goes on with the next try that gets off. */
void dns_exchange_try(struct question *);
/* Closes what is open; the question stays. */
void dns_exchange_close(struct question *);
/* Takes one message for the question. False: it is not the answer, and nothing has changed. True: the question is done with
 * this try, and may be gone. */
bool dns_exchange_message(struct question *, const uint8_t *message, size_t n);
/* Another try, after this one failed: the question may be gone. */
void dns_exchange_next(struct question *, const char *what);

/* Sends the question, whose wire is made, on a socket with others. False: it needs one of its own. */
bool dns_shared_send(struct question *);
void dns_shared_leave(struct question *);
void dns_shared_close(struct dns_client *);

/* Ends the question: everybody who waits hears of it. They may ask again at once. */
void dns_question_done(struct question *, const struct dns_fact *);
/* All tries were used up. alive: the resolver is known to answer. */
void dns_question_unheard(struct question *, bool alive);
/* The same, while nothing is known about that: our own question will tell. */
void dns_question_doubtful(struct question *);
/* Our own question was answered, or was not. */
void dns_check_done(struct question *);

#endif
