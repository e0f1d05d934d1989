/* Advice for the destinations of a run, once all that will be observed is. */
#ifndef SCANNER_ADVISING_H
#define SCANNER_ADVISING_H

#include "scanner/audit.h"
#include "scanner/judge/advice.h"

/* Gives each result its advice. */
void advising_find(struct audit *, enum advice_scope);
/* Adds the advice to the findings of its result. */
void advising_tell(struct audit *);

#endif
