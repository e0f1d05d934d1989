/* What is the trouble with a destination, so that those in the same are told together. */
#ifndef REPORTS_TROUBLE_H
#define REPORTS_TROUBLE_H

#include "reports/story.h"

/* Destinations of one group that are named. */
#define GROUP_SHOWN 6

/* Reasons that are settled by an entry of ours, whatever the hosts are. */
bool trouble_is_policy(enum reason);
/* Reasons that are the scan's own. */
bool trouble_is_scan(enum reason);
/* The finding on top of the report that verdicts with the reason may come of; NULL: there is none. */
const struct finding *trouble_explained(const struct report *, enum reason);
/* The finding on top of the report that says what made the verdict; NULL: there is none. */
const struct finding *trouble_on_top(const struct story *);
/* A verdict for which our own side alone is to blame, whatever the hosts are: one group for all. */
bool trouble_is_own(const struct story *);
/* The same text for destinations in the same trouble: verdict, reason, and whose trouble it is. In the story's region. */
const char *trouble_key(const struct story *);

#endif
