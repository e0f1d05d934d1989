/* Who is protected by what, in the reports for terminals. */
#ifndef REPORTS_TEXT_PUBLISHED_H
#define REPORTS_TEXT_PUBLISHED_H

#include "reports/page.h"
#include "reports/protection.h"

/* The sentence of --as, and who it is about. */
void page_as(struct page *, const struct report *);
/* Destinations by what their domains publish and by what guards their mail: a table, and a sentence. */
void page_protection(struct page *, const struct report *);

/* What was found of the domain of a result that tells it: label by label, in the order in which it was found, the place's own
 * label left aside. steps: explain, with where each was asked. */
void page_published(struct page *, struct place, struct region *, const struct result *, bool steps);

/* Cells of a destination's row: "all", "enforce", "table"; "-" for nothing, "?" for what is not known. */
const char *dane_cell(const struct published *);
const char *sts_cell(const struct published *);
const char *follows_cell(const struct published *);

#endif
