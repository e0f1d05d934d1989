/* What a scan would contact, how often, and how long politeness makes that last: --dry-run. */
#ifndef SCANNER_PLAN_H
#define SCANNER_PLAN_H

#include <stdio.h>

#include "scanner/audit.h"
#include "scanner/schedule.h"

/* A line for each address and port, by the names of their hosts, each policy that would be fetched, and the sums. */
void plan_print(const struct audit *, FILE *);

/* A conversation that is planned. */
struct planned {
    const struct address *address;
    const char           *host;   /* for the provider; NULL: not known */
};
/* How many milliseconds these conversations take within the limits, were each to last a second. */
int64_t plan_duration(const struct schedule_limits *, const struct planned *, size_t count);

#endif
