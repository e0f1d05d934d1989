/* How long the certificates of a destination still last. */
#ifndef REPORTS_EXPIRY_H
#define REPORTS_EXPIRY_H

#include "reports/report.h"

/* The end of the first certificate to end among those that its hosts showed for themselves; issuers are left aside, for
 * Postfix may find a way around one that has expired. False: none was seen. */
bool result_expiry(const struct report *, const struct result *, int64_t *not_after);
/* Whole days from the time of the judgement, rounded down; negative once it is over. */
int64_t days_left(const struct report *, int64_t not_after);

#endif
