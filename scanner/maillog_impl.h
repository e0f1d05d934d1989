/* What the readers of logs and of the queue share. */
#ifndef SCANNER_MAILLOG_IMPL_H
#define SCANNER_MAILLOG_IMPL_H

#include "scanner/maillog.h"

/* Text is kept as its hash: a clash costs a size or a TLS word, never more. */
struct size_slot {
    uint64_t id;
    int64_t  bytes;
};

struct session_slot {
    uint64_t process, relay;
    int      tls;            /* enum weight_tls */
};

/* A destination: a domain, or an address that has a route of its own. */
struct place {
    struct weight weight;
    uint32_t      number;
    uint32_t      message;   /* of the queue: the last one that waits for it */
};

struct wait {
    uint32_t message, place;
};

struct maillog {
    struct region       *region;
    struct dict         *destinations;   /* struct place, by name */
    const struct dict   *apart;          /* addresses that are told apart; NULL */
    struct size_slot    *sizes;
    struct session_slot *sessions;
    int64_t              deliveries;     /* of all */
    struct wait         *waits;
    size_t               wait_count, wait_room;
    uint32_t             messages;
    int64_t              from;           /* the first attempt; 0: none has a time */
    bool                 read_log, read_queue, cut;
};

/* Where the mail to an address counts; NULL: nowhere, or there are too many. */
struct place *maillog_place(struct maillog *, struct slice address);

#endif
