/* One scan, destination by destination. Each is judged; what the judgement found missing is asked of the worker, once for
 * all destinations that miss it; when all of it is there the destination is judged again, until nothing is missing. */
#ifndef SCANNER_RUN_H
#define SCANNER_RUN_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/destinations.h"
#include "scanner/exclusion.h"
#include "scanner/facts/facts.h"
#include "scanner/judge/judge.h"
#include "scanner/options.h"
#include "scanner/resolv_conf.h"

struct run_request {
    struct config             *config;
    const struct options      *options;
    const struct destinations *destinations;
    const struct exclusion    *exclusion;
    const struct resolv_conf  *resolvers;
    struct trust              *trust;
    int64_t                    when;         /* as of which time to judge */
    /* Called for each destination when its judgement is final, in order of completion; may be NULL. The result lives until
     * run_outcome_clear(). */
    void (*on_result)(void *arg, const struct result *);
    void *arg;
};

struct run_outcome {
    const struct result **results;   /* in the order of the destinations */
    struct region       **regions;   /* of the results */
    size_t                count;
    bool                  complete;  /* false: interrupted, or past --deadline */
    size_t                conversations, questions; /* that were asked */
};
void run_outcome_clear(struct run_outcome *);

/* Runs to the end; facts gets all that was observed. False: *err says why nothing could be started. */
bool run_scan(struct region *, const struct run_request *, struct facts *, struct run_outcome *, struct error *err);

/* The same without any network (replay, explain --offline): what is not in the facts is not observed. ask_tables: live
 * tables are configuration here, and are asked; else their answers too come from the facts. */
void run_offline(struct region *, const struct run_request *, struct facts *, bool ask_tables, struct run_outcome *);

#endif
