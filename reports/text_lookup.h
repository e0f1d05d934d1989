/* Table lookups in the reports for people. */
#ifndef REPORTS_TEXT_LOOKUP_H
#define REPORTS_TEXT_LOOKUP_H

#include "reports/page.h"

/* One key, what one list of tables said to it, and what that means where it is more (result; may be NULL). */
void page_lookup(struct page *, int indent, struct region *, const char *where, const char *key,
                 const struct table_answer *, const char *result);
/* All lookups of a policy, in order. */
void page_steps(struct page *, int indent, struct region *, const struct policy_step *);

#endif
