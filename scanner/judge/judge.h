/* Facts x policy x time -> forecast, verdict, findings: the one way in. Pure: the same input gives the same result. */
#ifndef SCANNER_JUDGE_JUDGE_H
#define SCANNER_JUDGE_JUDGE_H

#include <stdint.h>

#include "scanner/judge/certificate.h"
#include "scanner/judge/published.h"

struct judge_input {
    const struct config *config;
    const struct view   *view;       /* wants NULL: a replay; absent facts are unknown, "not-observed" */
    struct trust        *trust;
    const char          *sender;     /* NULL: not given; "": the null sender */
    const struct prefix *allow;      /* --allow-address */
    size_t               allow_count;
    int64_t              when;       /* --at, else the time of the run */
    int                  horizon_days;
    bool                 explain;    /* keep policy steps and route steps */
    bool                 published;  /* --mta-sts: tell what the domain publishes of every destination; else only of those
                                        for which the configuration itself looks at MTA-STS */
    enum mechanism       as;         /* --as: MECHANISM_DANE or MECHANISM_STS is followed, whatever the tables say; else NONE */
    bool                 as_enforced; /* with MECHANISM_STS: a policy in testing counts as enforced */
};

/* Judges one destination. With input->as the result is that under the mechanism, and result->configured the other. result->wanted: facts are missing and were noted in the view's wants; call again when they are
 * there. Everything in the result lives in the region or in config and facts, which must outlive it. */
void judge_destination(struct region *, struct result *, const struct judge_input *, const struct destination *);

/* Findings about the configuration as a whole, told once on top: tables that fail, a client that does not start, no CA,
 * per-site ignored, and (from the facts) a resolver that does not validate or is not on this machine. */
void judge_configuration(struct region *, struct findings *, const struct judge_input *);

/* What the results of the whole run say about this machine (contract: "Own side first"): of at least 10 endpoints at 5
 * providers none could be connected to, or none offered STARTTLS, or no policy host could be connected to; the resolver answers nobody. Adds the finding, and one of what
 * connections lacked here, whose verdicts are unknown already; what it gives says which verdicts it touches. */
enum local_fault { LOCAL_FAULT_NONE, LOCAL_FAULT_RESOLVER, LOCAL_FAULT_CONNECT, LOCAL_FAULT_STARTTLS, LOCAL_FAULT_WEB };
enum local_fault judge_surroundings(struct region *, struct findings *, const struct facts *);
/* Which faults can still turn up while a run goes on: one server that was connected to, that offered STARTTLS, one answer of
 * the resolver rules a fault out for good. Starts as zeros. True: this fact ruled one out that was not before. */
struct fault_watch { bool excluded[LOCAL_FAULT_WEB + 1]; };
bool fault_watch_dns(struct fault_watch *, const struct dns_fact *);
bool fault_watch_conversation(struct fault_watch *, const struct conversation *);
bool fault_watch_fetch(struct fault_watch *, const struct policy_fetch *);
void fault_watch_facts(struct fault_watch *, const struct facts *);
/* Whether one of those would touch the verdict: it is not known before the run is over, or the fault ruled out. */
bool fault_watch_waits(const struct fault_watch *, const struct result *);
/* Turns the verdict of a result that the fault touches into unknown, local-fault; the forecast stays. The same of what it
 * publishes. */
void judge_apply_fault(struct result *, enum local_fault);

#endif
