/* Findings about one destination: what is wrong, at which host, and what to do. Only the judge's own files include this. */
#ifndef SCANNER_JUDGE_JUDGE_FINDINGS_H
#define SCANNER_JUDGE_JUDGE_FINDINGS_H

#include "scanner/judge/chain.h"

/* What there is to look at, once the result has its verdict. */
struct inquiry {
    struct region            *region;
    struct result            *result;
    const struct judge_input *input;
    const struct chain       *chain;   /* NULL where no SMTP client delivers */
    const struct chain_end   *end;
};

void judge_add_findings(const struct inquiry *);
/* What the routing itself is worth telling of. */
void judge_add_route_findings(const struct inquiry *);

#endif
