/* What the files of advice share; nobody else includes this. */
#ifndef SCANNER_JUDGE_ADVICE_IMPL_H
#define SCANNER_JUDGE_ADVICE_IMPL_H

#include "scanner/judge/advice.h"

/* One destination under advice. */
struct advising {
    struct region            *region;
    struct region            *scratch;  /* of the trials */
    struct advice_found      *found;
    struct advice           **last_advice;
    struct pin              **last_pin;
    struct trial             *trial;
    const struct judge_input *input;
    const struct result      *result;
    const struct hop_result  *hop;      /* its only one */
    const struct policy      *policy;   /* of that */
    bool                      own;      /* it is a line for this next-hop alone, in a table that can be edited */
};

enum trial_end { TRIAL_SAFE, TRIAL_UNSAFE, TRIAL_UNSEEN };

/* Would mail go under the entry (NULL: without it), at that level, to every host and every address, in whatever order, now and
 * within the horizon? *tried gets the judgement. */
enum trial_end advice_try(struct advising *, const char *value, enum level, struct result *tried);

struct advice *advice_add(struct advising *, enum finding_code, const char *value, const char *text);

/* The entry with another level and another match (NULL: none), all other attributes kept; NULL where it cannot be written. */
const char *advice_value(struct advising *, enum level, const char *match);

/* Names and fingerprints that stand in match= (advice_match.c). */
void advice_names(struct advising *);
void advice_pins(struct advising *);

#endif
