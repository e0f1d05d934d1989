/* One resolution under way: what the parts of route.c share. */
#ifndef SCANNER_POLICY_ROUTE_IMPL_H
#define SCANNER_POLICY_ROUTE_IMPL_H

#include "scanner/policy/route.h"

struct router {
    struct region *region;
    const struct config *config;
    const struct view *view;
    struct table_asker asker;
    struct route *route;
    struct route_step **last; /* where the next step goes */
    const char *sender;
    const char *recipient; /* local@domain in internal (unquoted) form */
    const char *domain;    /* its domain, no trailing dot */
    const char *transport; /* so far */
    const char *nexthop;   /* so far */
};

enum listed { LISTED_NO, LISTED_YES, LISTED_FAILED };

/* A step without a table; result in words. */
void router_say(struct router *, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A step that asked a table. */
void router_asked(struct router *, const char *what, const char *key, const struct table_answer *, const char *result);
/* A step that asked a list of tables. */
void router_asked_tables(struct router *, const struct table_list *, bool fixed_only, const char *key,
                         const struct table_answer *);
/* The answer ends the resolution: an error, unreadable or wanted. Always false. */
bool router_fail(struct router *, const struct table_answer *);
/* Not found, found: true. Else the route is settled as failed. */
bool router_answered(struct router *, const struct table_answer *);

/* route_list.c: is the domain in a list parameter of plain items, files and tables? with_parents: the rules of
 * domain lists (relay_domains); else only the name itself counts. */
enum listed router_listed(struct router *, const char *parameter, const struct table_list *, const char *domain,
                          bool with_parents);
/* Plain items alone, "!" included: for parent_domain_matches_subdomains. */
bool router_names(const char *list, const char *name);
/* mydestination, or an address literal of our own. */
enum listed router_is_local(struct router *, const char *domain);

/* route_tables.c: each gives false when a table failed. *value is NULL when nothing was found. */
bool router_find_transport(struct router *, struct table_answer *);
/* As mail_addr_find() does: full address, without extension, local part if ours, @domain. key: of the null sender. */
bool router_find_sender(struct router *, const struct table_list *, const char *null_key, struct table_answer *);

/* route_deliver.c: transport and next-hop are final: which service is it, and what does it do? */
void router_deliver(struct router *);
/* The queue manager's own: "error" or "retry" with a text of its own. */
void router_redirect(struct router *, const char *transport, const char *text);

#endif
