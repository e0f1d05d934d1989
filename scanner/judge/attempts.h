/* Every order in which smtp(8) may try the addresses of one next-hop, and how the delivery may end: smtp_connect_inet() and
 * smtp_trouble.c of Postfix as a search over outcomes that are known beforehand. Pure arithmetic: knows no facts. */
#ifndef SCANNER_JUDGE_ATTEMPTS_H
#define SCANNER_JUDGE_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/judge/result.h"

/* What one attempt with one address would do. */
enum attempt_end {
    ATTEMPT_SENT,      /* the mail is gone: verdict deliver or downgrade */
    ATTEMPT_SOFT,      /* next address; why is set; in_session says whether relay is this host when it is the last */
    ATTEMPT_HARD,      /* bounce at once */
    ATTEMPT_SILENT,    /* skipped, why untouched */
    ATTEMPT_LOOP,      /* 5.4.6 in the session at the best host: as HARD */
    ATTEMPT_DIES,      /* smtp(8) dies over it: the mail stays queued, nothing else is tried */
    ATTEMPT_UNKNOWN    /* could not be observed: stands for every outcome */
};

struct attempt {
    enum attempt_end end;
    enum verdict     verdict;      /* SENT: DELIVER or DOWNGRADE */
    bool             counts_session; /* greeting, EHLO and TLS succeeded: counts against smtp_mx_session_limit */
    bool             in_session;   /* SOFT: the reason was found in a session, so the relay is this host when it settles */
    struct forecast  forecast;     /* what is logged when this attempt settles the delivery (or leaves its why) */
};

/* One address in the list. */
struct attempt_address {
    unsigned preference;
    int      family;               /* 4 or 6 */
    size_t   host;                 /* addresses of one host share the number: the first one tried decides its policy */
    /* The outcome if the policy of the host was decided by an address of family 4 or of family 6; equal for most. */
    struct attempt by_policy_of[2]; /* [0]: IPv4, [1]: IPv6 */
};

struct attempt_rules {
    unsigned address_limit;        /* 0: none */
    unsigned session_limit;        /* 0: none */
    bool     randomize;            /* smtp_randomize_addresses */
    int      prefer_family;        /* 0 any, 4, 6 */
    bool     balance;              /* smtp_balance_inet_protocols, both families enabled */
    bool     final_nexthop;        /* the last of the route */
    bool     soft_bounce;
    bool     count_orders;         /* give the outcomes their shares */
};

/* An end of one next-hop that some order leads to. */
struct attempt_outcome {
    bool     settled;              /* the delivery ends here; else it goes on to the next next-hop (or 1.14-like settling) */
    enum verdict verdict;          /* settled: the verdict; else UNKNOWN is not used */
    struct forecast forecast;      /* settled: the log line; else the why that is left, relay "none" */
    bool     hard;                 /* not settled: the why left is a hard (5.x.x) one */
    bool     unknown;              /* depends on an address that could not be observed */
    long double share;             /* of all orders, those that end so; NAN: not asked for, or too many to be counted */
    size_t        order_first; /* index of the address that settled it; SIZE_MAX when none */
    const size_t *order;       /* the addresses tried, in the first of the orders that end so */
    size_t        order_count;
};

/* How many kinds of ends there are: room for so many outcomes is enough. */
#define ATTEMPT_OUTCOMES_MAX 8
/* The search remembers states of so many bytes in all. Only lists of many hosts that all behave differently, under a
 * high address limit, need more: their outcome is unknown. */
#define ATTEMPTS_MEMORY_MAX ((size_t)64 << 20)

/* All ends over all orders, one of each kind (verdict, or kind of why that is left), at most max, the one of the order
 * that comes first when addresses are sorted (as given) first; returns how many. addresses are sorted by preference,
 * name, address. initial_why: what the lookups left (dsn NULL: nothing). tried[i] (may be NULL) is set to whether any
 * order reaches address i within the limits when all before it fail. */
size_t attempts_explore(struct region *, const struct attempt_address *addresses, size_t count,
                        const struct attempt_rules *, const struct why *initial_why, struct attempt_outcome *outcomes,
                        size_t max, bool *tried);

/* In how many orders the addresses can stand; as exact as the type. */
long double attempts_orders(const struct attempt_address *addresses, size_t count, const struct attempt_rules *);

#endif
