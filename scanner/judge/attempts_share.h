/* How many of all orders end in which way: exact, by counting addresses that nothing tells apart together. Only attempts.c
 * includes this. */
#ifndef SCANNER_JUDGE_ATTEMPTS_SHARE_H
#define SCANNER_JUDGE_ATTEMPTS_SHARE_H

#include "scanner/judge/attempts_search.h"

#define ENDS 8 /* kinds of ends */

/* shares[i]: of all orders in which the addresses from there on can stand, the part that ends in the kind 1 << i. All NAN
 * when counting them would take too long. */
void attempts_share(const struct search *, const struct point *start, long double shares[ENDS]);

#endif
