/* What time alone will make of a destination: certificates end, nothing else changes. Only the judge's own files include
 * this. */
#ifndef SCANNER_JUDGE_HORIZON_H
#define SCANNER_JUDGE_HORIZON_H

#include "scanner/judge/hop.h"

/* The first moment after the time of the judgement at which a certificate ends that an attempt rests on; INT64_MAX: none.
 * Only such a moment can make a verdict worse: one that begins to be valid takes no delivery away. */
int64_t horizon_next(const struct hop *, size_t count);

/* The judgement of one destination as of input->when. */
typedef void horizon_judge_fn(struct region *, struct result *, const struct judge_input *, const struct destination *);

/* Adds the findings of input->horizon_days: the moments at which the verdict turns worse, and the certificates that end
 * without turning it. The result is one that the function gave for the same input. */
void horizon_tell(struct region *, struct result *, const struct judge_input *, const struct destination *,
                  horizon_judge_fn *);

#endif
