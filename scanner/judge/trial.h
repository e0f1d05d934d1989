/* A destination judged as if its policy entry were another one, on the same facts: no advice is given that was not tried. */
#ifndef SCANNER_JUDGE_TRIAL_H
#define SCANNER_JUDGE_TRIAL_H

#include "scanner/judge/judge.h"

/* One configuration, in which an entry is tried in place of the policy tables. */
struct trial;
/* The configuration must outlive it. */
struct trial *trial_new(const struct config *);
void trial_free(struct trial *);

/* Judges as if every next-hop had the entry with that value; NULL: as if the policy tables had none. The configuration of the
 * input is that of the trial; its trust is not used. The result lives as judge_destination() says. */
void trial_judge(struct region *, struct result *, struct trial *, const struct judge_input *, const struct destination *,
                 const char *value);

#endif
