/* What could be better, in the reports for people. */
#ifndef REPORTS_TEXT_ADVICE_H
#define REPORTS_TEXT_ADVICE_H

#include "reports/page.h"

/* The findings that are advice, each with the line as it is and as it could be; nothing where there are none. Without all, no
 * more than a page of them. */
void page_advice(struct page *, const struct report *, bool all);

#endif
