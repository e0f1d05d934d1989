/* Network processes that a run lost: each was replaced, and what had been with it was asked again. */
#ifndef SCANNER_LOSSES_H
#define SCANNER_LOSSES_H

#include <stddef.h>

#include "scanner/base/region.h"
#include "scanner/judge/result.h"

struct losses {
    size_t ended, silent, wrong; /* by themselves or by a signal; did not answer any more; said what none would say */
    size_t signal;               /* of the last that ended; 0: by none */
    size_t again;                /* conversations, and requests for policies, that were begun once more */
};

/* Adds a finding when there are any. */
void losses_tell(struct region *, struct findings *, const struct losses *);

#endif
