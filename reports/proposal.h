/* What a proposed configuration sets otherwise than the one in force. */
#ifndef REPORTS_PROPOSAL_H
#define REPORTS_PROPOSAL_H

#include "reports/report.h"

/* A parameter of main.cf whose value is another. */
struct proposal_parameter {
    const char *name;
    const char *now, *then;   /* for people: "not set" and "empty" where it is so */
};

/* Those of the parameters that reports show, in the order of their names, where it is not just the one directory of the
 * configuration instead of the other; a report without a proposed configuration has none.
 * *items and what they name live in the region. */
size_t proposal_parameters(struct region *, const struct report *, struct proposal_parameter **items);

#endif
