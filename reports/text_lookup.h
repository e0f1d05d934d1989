/* Table lookups in explain. */
#ifndef REPORTS_TEXT_LOOKUP_H
#define REPORTS_TEXT_LOOKUP_H

#include "reports/page.h"
#include "reports/report.h"

/* One key, what a list of tables said to it, and what that means where it is more. */
struct key_lookup {
    const char                *where;    /* smtp_tls_policy_maps */
    const char                *key;      /* NULL: no table was asked */
    const struct table_answer *answer;
    const char                *result;   /* in words; may be NULL */
    const struct table_list   *tables;   /* NULL: not known */
    bool                       fixed_only;
};
struct key_lookup lookup_of_route(const struct route_step *);
struct key_lookup lookup_of_policy(const struct policy_step *);
/* Table number i of those that were asked, in order, up to the one that answered; NULL past the last. */
const char *lookup_table(const struct key_lookup *, size_t i);
/* The lookups that a host's own policy came from; NULL where it is the next-hop's. */
const struct policy_step *host_steps(struct region *, const struct report *, const struct result *,
                                     const struct hop_result *, const struct host_result *);

void page_lookup(struct page *, int indent, struct region *, const struct key_lookup *);
/* All lookups of a policy, in order. */
void page_steps(struct page *, int indent, struct region *, const struct policy_step *);

#endif
