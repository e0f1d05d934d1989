/* The host at which a delivery is protected least, were the others made unreachable. Only the judge's own files include
 * this. */
#ifndef SCANNER_JUDGE_WEAKEST_H
#define SCANNER_JUDGE_WEAKEST_H

#include "scanner/judge/judge_findings.h"

/* Adds the finding weakest-host where an attacker on the way gains by it. */
void weakest_tell(const struct inquiry *);

#endif
