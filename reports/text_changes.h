/* Changes in the reports for people. */
#ifndef REPORTS_TEXT_CHANGES_H
#define REPORTS_TEXT_CHANGES_H

#include "reports/compare.h"
#include "reports/page.h"

struct changes_labels {
    const char *before, *after;   /* "now", "proposed" */
    bool        entries;          /* both table lines, one under the other, with what they lead to; else what has one
                                     cause (equal verdicts, reason, hosts) is told together */
};

/* Worse, better, other, appeared, vanished: each kind under a heading, with nothing where there is none. The report that they
 * lead to tells what mail they touch; NULL: there is none. */
void page_changes(struct page *, const struct changes *, const struct changes_labels *, const struct report *);

/* What the text report tells when only changes are wanted: nothing at all when there are none. */
void page_news(struct page *, const struct report *);

/* What opens the text report when a second configuration is proposed. */
void page_proposed(struct page *, const struct report *);

#endif
