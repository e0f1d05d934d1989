/* Finding out what a domain publishes. Only the judge's own files include this. */
#ifndef SCANNER_JUDGE_PUBLISHED_IMPL_H
#define SCANNER_JUDGE_PUBLISHED_IMPL_H

#include "scanner/judge/judge.h"
#include "scanner/policy/nexthop.h"

/* The judgement of one destination under the rule that the input says. */
typedef void published_judge_fn(struct region *, struct result *, const struct judge_input *, const struct destination *);

/* The policy domain of a next-hop (RFC 8461 section 3.4): A-labels in lower case. NULL: [host], an address, a socket. */
const char *published_domain(struct region *, const struct nexthop *);

/* Sets result->published and adds the findings, where they are asked for. configured: the result under the configuration
 * as it is, which may be result itself. Sets result->wanted when something is not observed yet. */
void published_tell(struct region *, struct result *, const struct result *configured, const struct judge_input *,
                    const struct destination *, published_judge_fn *);

/* All that is known, for findings and the line to paste. */
struct publication {
    struct region       *region;
    struct result       *result;       /* gets the findings */
    const struct result *configured;
    struct published    *published;
};

/* published_findings.c */
void published_add_findings(const struct publication *);
void published_write_lines(const struct publication *);
/* Takes back those about mail that would be deferred. */
void published_forget_failures(struct findings *);
/* Takes back that the policy cannot be fetched. */
void published_forget_fetch(struct findings *);

#endif
