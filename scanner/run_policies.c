/* Requests for MTA-STS policies in a run: each domain's once, with the politeness of conversations. */
#include <stdio.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/https_trust.h"
#include "scanner/journal.h"
#include "scanner/run_impl.h"

#define HOST_MAX (HOSTNAME_MAX + sizeof("mta-sts."))

static void keep_unfetched(struct run *run, const struct want_fetch *want, enum fetch_outcome outcome, const char *error)
{
    struct policy_fetch fact = { .domain = want->domain, .outcome = outcome, .error = error, .when = run->started };

    facts_add_fetch(run->facts, &fact);
}

/* Gives how many addresses are left; *place is where an excluded one is. */
static size_t without_excluded(const struct run *run, const struct want_fetch *want,
                               struct address left[FETCH_ADDRESSES_MAX], const char **place)
{
    size_t i, count = 0;

    for (i = 0; i < want->count && i < FETCH_ADDRESSES_MAX; i++) {
        const char *one = exclusion_of_address(run->request->exclusion, &want->addresses[i]);

        if (one == NULL)
            left[count++] = want->addresses[i];
        else
            *place = one;
    }
    return count;
}

/* The authorities are read when the first policy is wanted: most runs want none. */
static bool trusts_somebody(struct run *run)
{
    struct region *region;
    struct slice   pem;
    struct error   err;

    if (run->trust_known)
        return run->no_trust == NULL;
    run->trust_known = true;
    region = region_new();
    if (https_trust_read(region, &pem, &err))
        workers_trust(run->workers, pem);
    else
        run->no_trust = mem_text(err.text);
    region_free(region);
    return run->no_trust == NULL;
}

static struct ask *ask_now(struct run *run, const struct want_fetch *want, const char *host)
{
    bool        is_new;
    struct ask *ask = asks_policy(run->asks, want, host, &is_new);

    if (is_new)
        run_schedule(run, ask, 0);
    return ask;
}

struct ask *run_ask_policy(struct run *run, const struct want_fetch *want)
{
    struct address    left[FETCH_ADDRESSES_MAX];
    struct want_fetch allowed = { want->domain, left, 0 };
    const char       *excluded = NULL, *by_name;
    char              host[HOST_MAX];

    snprintf(host, sizeof(host), "mta-sts.%s", want->domain);
    allowed.count = without_excluded(run, want, left, &excluded);
    by_name = exclusion_of_name(run->request->exclusion, host);
    if (run->ended)
        keep_unfetched(run, want, run->ended_by == ENDING_DEADLINE ? FETCH_DEADLINE : FETCH_INTERRUPTED, run->ended_why);
    else if (want->count == 0)
        keep_unfetched(run, want, FETCH_NOT_ALLOWED, NULL);
    else if (allowed.count == 0 || by_name != NULL)
        keep_unfetched(run, want, FETCH_EXCLUDED, by_name != NULL ? by_name : excluded);
    else if (run->request->options->dry_run)
        keep_unfetched(run, want, FETCH_CUT_SHORT, RUN_DRY);
    else if (!trusts_somebody(run))
        keep_unfetched(run, want, FETCH_NO_ANCHORS, run->no_trust);
    else
        return ask_now(run, &allowed, host);
    return NULL;
}

/* It is not over yet: the death of a worker, a shortage of our own. */
static bool goes_on(struct run *run, struct ask *ask, const struct policy_fetch *fact)
{
    unsigned shortages;

    if (fact->outcome == FETCH_CRASHED && asks_crashed(run->asks, ask)) {
        run->outcome->lost.again++;
        run_schedule_suspect(run, ask);
    } else if (fact->outcome == FETCH_LOCAL && (shortages = asks_shortage(run->asks, ask)) <= RUN_LOCAL_TRIES) {
        run->outcome->policies--;
        run_schedule(run, ask, loop_now_ms(run->loop) + (RUN_LOCAL_WAIT_MS << (shortages - 1)));
    } else {
        return false;
    }
    run_turn(run);
    return true;
}

void run_on_fetch(void *arg, uint64_t id, const struct policy_fetch *fact)
{
    struct run *run = arg;
    struct ask *ask = asks_find(id);

    if (ask == NULL || run->ended)
        return;
    schedule_done(run->schedule, id, false);
    if (goes_on(run, ask, fact))
        return;
    if (run->request->journal != NULL)
        journal_fetch(run->request->journal, fact);
    facts_add_fetch(run->facts, fact);
    run->watch_moved |= fault_watch_fetch(&run->watch, fact);
    run_answered(run, ask);
}
