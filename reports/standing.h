/* Where a destination stands, in what a later look at it is compared by. What changes by itself from one look to the next
 * (addresses and their order, greetings, times, relays among equals) is left out. */
#ifndef REPORTS_STANDING_H
#define REPORTS_STANDING_H

#include "reports/report.h"

/* What its domain publishes; a member is NULL where it is not known, and compared only where both are. */
struct standing_published {
    const char *dane, *sts, *tlsrpt;   /* states; what a policy host that is away leaves open is not known */
    const char *sts_id;                /* not compared: it tells whether a policy changed as it should */
    const char *sts_policy;            /* "mode enforce, max_age 604800, mx mx1.example.net"; NULL: there is none */
};

struct standing {
    const char  *destination;
    enum verdict verdict;
    const char  *reason;           /* code; never NULL */
    const char  *dsn;              /* NULL: not known */
    const char  *tls;              /* Postfix's word; NULL: not known */
    const char  *level;            /* of the policy; NULL: none, or invalid */
    const char  *effective_level;  /* NULL: none was in force */
    const char  *hosts;            /* names of the mail hosts, sorted, "a.example b.example"; "" */
    /* For people; not compared. */
    const char  *entry;            /* "/etc/postfix/tls_policy:12: example.net secure"; NULL: from nowhere */
    const char  *why;              /* a sentence */
    const struct standing_published *published;   /* NULL: the domain was not asked. Compared where both were */
};

/* Everything lives in the region or in the report. */
void standing_of_result(struct region *, struct standing *, const struct report *, const struct result *);
/* The level that the policy asks for, "invalid" where Postfix rejects it; NULL: none. */
const char *standing_level_asked(const struct standing *);
/* In words: "dane", "may (dane)" where another one is in force than was asked for, "-" where there is none. */
const char *standing_level(struct region *, const struct standing *);
/* All that a sender keeps of a policy, as sts_policy has it; in whatever order its patterns stand. NULL: there is none. */
const char *standing_policy(struct region *, const struct published_sts *);
/* Of every destination of a report, in its order. */
struct standing *standings_of_report(struct region *, const struct report *);

#endif
