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
#include "scanner/journal.h"
#include "scanner/judge/advice.h"
#include "scanner/losses.h"
#include "scanner/options.h"
#include "scanner/resolv_conf.h"

/* A configuration to judge under: the one that is, and perhaps one that is proposed. Both see the same facts, and what
 * either misses is observed for both. */
struct run_side {
    struct config             *config;
    struct trust              *trust;
    const struct destinations *destinations; /* the same texts for every side, in the same order */
};
#define RUN_SIDES_MAX 2

struct run_request {
    struct run_side            sides[RUN_SIDES_MAX];
    size_t                     side_count;   /* 1 or 2 */
    const struct options      *options;
    const struct exclusion    *exclusion;
    const struct resolv_conf  *resolvers;
    bool                       advise;       /* ask for what advice on the first side needs, too */
    enum advice_scope          advice_scope;
    int64_t                    when;         /* as of which time to judge */
    int64_t                    began_ms;     /* when the program began, as loop_now_ms(): --deadline counts from there */
    struct journal            *journal;      /* gets what is observed; NULL: none is kept */
    struct journal_found       resumed;      /* what it held already, and facts has */
    bool                       keep_results; /* for the outcome; else each lives until on_result returns */
    bool                       forget;       /* the facts that one destination only has need of, once it is judged; not with
                                                keep_results, nor with two sides */
    /* Called for each destination when its result is final, in order of completion; may be NULL. Where a fault of our own
     * surroundings could still touch the verdict, that is when the fault is ruled out, or the run over. The result is that
     * of the first side. False: not yet; it is called again when the run is over, perhaps before, too. */
    bool (*on_result)(void *arg, struct result *, bool over);
    void (*on_forget)(void *arg, const struct dns_fact *); /* what is forgotten in a moment; may be NULL */
    void *arg;
};

struct run_outcome {
    struct result **results[RUN_SIDES_MAX];       /* of each side, in the order of the destinations; NULL: they are not kept */
    struct region **regions;                      /* of the results */
    size_t          count;
    bool            complete;                     /* false: interrupted, or past --deadline */
    const char     *ended_why;                    /* then: the reason code; else NULL */
    size_t          judged;                       /* destinations of which that is not the reason */
    size_t                conversations, questions, policies; /* that were begun, or that the journal held */
    size_t                conversations_needed, questions_needed, policies_needed; /* by the destinations, each for itself */
    struct losses   lost;                         /* network processes */
    unsigned        confinement;                  /* of the worker: enum confinement */
};
void run_outcome_clear(struct run_outcome *);

/* Runs to the end; facts gets all that was observed. False: *err says why nothing could be started. */
bool run_scan(struct region *, const struct run_request *, struct facts *, struct run_outcome *, struct error *err);

/* The same without any network (replay, explain --offline): what is not in the facts is not observed. ask_tables: live
 * tables are configuration here, and are asked; else their answers too come from the facts. */
void run_offline(struct region *, const struct run_request *, struct facts *, bool ask_tables, struct run_outcome *);

#endif
