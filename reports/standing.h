/* Where a destination stands, in what a later look at it is compared by. What changes by itself from one look to the next
 * (addresses and their order, greetings, times, relays among equals) is left out. */
#ifndef REPORTS_STANDING_H
#define REPORTS_STANDING_H

#include "reports/report.h"
#include "scanner/base/json.h"

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

/* Everything lives in the region, the report or the JSON value. */
void standing_of_result(struct region *, struct standing *, const struct report *, const struct result *);
/* From a destination of a saved report. False: it has no name or no verdict. */
bool standing_of_json(struct region *, struct standing *, const struct json *destination);

#endif
