/* Advice for the destinations of a run. */
#ifndef SCANNER_ADVISING_H
#define SCANNER_ADVISING_H

#include "scanner/audit.h"
#include "scanner/judge/advice.h"

/* Gives each result its advice, once all that will be observed is. */
void advising_find(struct audit *);
/* Adds the advice to the findings of its result. */
void advising_tell(struct audit *);

/* Both for one result, that may be told before the run is over: what was found lives in the region. False, and nothing is told:
 * what another destination will have asked for may give it advice yet. */
bool advising_tell_one(struct audit *, struct region *, struct result *, bool over);

#endif
