/* Recipient -> transport and next-hop, as trivial-rewrite(8) does it. transport(5), ADDRESS_CLASS_README. */
#ifndef SCANNER_POLICY_ROUTE_H
#define SCANNER_POLICY_ROUTE_H

#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/facts.h"
#include "scanner/policy/destination.h"

enum route_kind {
    ROUTE_CLIENT,       /* smtp(8) or lmtp(8) delivers to nexthop */
    ROUTE_OTHER,        /* local, virtual, pipe ...: never leaves by SMTP */
    ROUTE_ERROR,        /* error(8) bounces, retry defers: dsn and text */
    ROUTE_DISCARD,      /* discard(8): sent */
    ROUTE_MISSING,      /* master.cf lacks the service: deferred 4.3.0 */
    ROUTE_TABLE_ERROR,  /* a table failed: deferred 4.3.0 "address resolver failure" */
    ROUTE_UNREADABLE,   /* a table only this machine cannot read: unknown; answer.status WANTED: never observed */
    ROUTE_WANTS         /* a live table must be asked first; noted in the view's wants */
};

/* One step of the way, for explain: what was looked up where, and what came of it. */
struct route_step {
    const char *what;            /* "transport_maps", "relayhost" ... */
    const char *key;             /* NULL when no table was asked */
    struct table_answer answer;  /* status NOT_FOUND with a NULL table when no table was asked */
    const char *result;          /* in words */
    const struct table_list *tables; /* that were asked, in order, up to the one that answered; NULL: not a list of tables */
    bool        fixed_only;      /* without those of patterns */
    struct route_step *next;
};

struct route {
    enum route_kind kind;
    const char *transport;       /* service name */
    const struct service *service; /* NULL when there is none */
    const char *nexthop;         /* the whole text; a list for SMTP */
    bool        is_relayhost;    /* CLIENT: the first element of nexthop is the whole value of relayhost */
    const char *dsn, *status, *text; /* ERROR, DISCARD, MISSING, TABLE_ERROR: as logged */
    const char *address_class;   /* local, virtual alias, virtual mailbox, relay, default */
    struct table_answer answer;  /* the table answer that decided, if any; UNREADABLE and ERROR: the failing one */
    struct route_step *steps;
};

/* sender: NULL when not given (sender-dependent tables are left aside), "" for the null sender. */
void route_destination(struct region *, struct route *, const struct config *, const struct destination *,
                       const char *sender, const struct view *);

/* The asker that answers live tables from the facts of a view and notes what is wanted. Borrows view. */
struct table_asker route_asker(const struct view *);

#endif
