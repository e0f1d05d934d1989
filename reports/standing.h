/* Where a destination stands, in what a later look at it is compared by. What changes by itself from one look to the next
 * (addresses and their order, greetings, times, relays among equals) is left out. */
#ifndef REPORTS_STANDING_H
#define REPORTS_STANDING_H

#include "reports/report.h"

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
};

/* Everything lives in the region or in the report. */
void standing_of_result(struct region *, struct standing *, const struct report *, const struct result *);
/* Of every destination of a report, in its order. */
struct standing *standings_of_report(struct region *, const struct report *);

#endif
