/* One next-hop of a route, judged host by host: facts, attempts, and how a delivery to it may end. Only the judge's own
 * files include this. */
#ifndef SCANNER_JUDGE_HOP_H
#define SCANNER_JUDGE_HOP_H

#include "scanner/judge/host_outcome.h"
#include "scanner/judge/judge.h"

/* What a delivery to one next-hop may come to; by age of the message. */
struct hop_ends {
    struct attempt_outcome *outcomes; /* the region's */
    size_t                  count;    /* at most ATTEMPT_OUTCOMES_MAX */
};

struct hop {
    const struct judge_input *input;
    const struct route       *route;
    const struct service     *service;
    const char               *text;       /* as the route has it */
    struct nexthop            nexthop;
    struct mail_hosts         mail_hosts;
    struct policy             policy;
    bool                      fallback;
    bool                      last;       /* nothing is tried after it */
    bool                      wanted;
    const char               *error;      /* smtp(8) dies of the next-hop's text: its words */
    struct host_case         *cases;      /* as mail_hosts */
    struct host_case        **crossed;    /* where the other family's policy would make a difference; else NULL */
    struct attempt_address   *aged, *fresh; /* what can be tried, as listed in places */
    size_t                   *places;     /* number in mail_hosts of each attempt */
    size_t                    count;
    bool                     *reachable;  /* within the limits */
    struct hop_ends           aged_ends, fresh_ends;
    long double               orders;     /* in which the aged attempts may be made */
};

/* Reads the text, asks for all that is needed (hop->wanted when something is not there yet), judges each host. */
void hop_init(struct region *, struct hop *, const struct judge_input *, const struct route *, struct slice text,
              bool fallback, struct hop_result *);
/* Whether both are addresses of one host. */
bool hop_same_host(const struct mail_host *, const struct mail_host *);
/* Of the hosts that were judged, those that can be tried: for hop_init(). */
void hop_list_attempts(struct region *, struct hop *);
/* Follows every order. Needs hop->last. */
void hop_explore(struct region *, struct hop *);
void hop_rules(const struct hop *, struct attempt_rules *);
/* Fills the result: hosts with their verdicts. */
void hop_report(const struct hop *, struct hop_result *);
/* The same delivery if the hosts better than the preference were away, so that this one is the best left. */
void hop_explore_without(struct region *, const struct hop *, unsigned preference, struct hop_ends *);

#endif
