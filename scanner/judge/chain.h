/* The next-hops of a route one after the other, and what becomes of a delivery that none of them settles: the outer loop and
 * the tail of smtp_connect_inet() of Postfix. Only the judge's own files include this. */
#ifndef SCANNER_JUDGE_CHAIN_H
#define SCANNER_JUDGE_CHAIN_H

#include "scanner/judge/hop.h"

/* hops: in the order in which they are tried. */
struct chain {
    struct region *region;
    const struct hop *hops;
    size_t         count;   /* up to the last one that is tried */
};

/* What one kind of message may come to. */
struct chain_end {
    enum verdict    verdict, best, worst; /* UNKNOWN, all three, when an address or list that decides was not observed */
    struct forecast forecast;
    size_t          hop;                  /* of those that are tried, the one at which the forecast is settled */
    size_t          place;                /* in its mail_hosts; SIZE_MAX: at no address */
    long double     share_worse;          /* aged: of all orders, those with a verdict worse than the best; NAN: not counted */
    long double     orders;               /* aged: how many there are */
};

/* aged: the message has waited. */
void chain_end(const struct chain *, bool aged, struct chain_end *);
/* The worst verdict if the hosts of that next-hop better than the preference were away; UNKNOWN when it cannot be told. */
enum verdict chain_verdict_without(const struct chain *, size_t hop, unsigned preference);

#endif
