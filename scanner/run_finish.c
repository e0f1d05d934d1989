/* What becomes of a destination once it is judged. */
#include <string.h>

#include "reports/report.h"
#include "scanner/base/hostname.h"
#include "scanner/base/mem.h"
#include "scanner/run_impl.h"

static void keep(struct run *run, size_t index)
{
    size_t side;

    run->outcome->regions[index] = run->region;
    for (side = 0; side < run->request->side_count; side++)
        run->outcome->results[side][index] = run->results[side];
    run->region = region_new();
}

static struct slice own_name(const struct run *run, size_t index)
{
    return own_name_of(&run->request->sides[0].destinations->items[index]);
}

/* Where a next-hop is not the domain itself, as with a relay, others may come to it: it is not forgotten. */
static void share_names(struct run *run, size_t index)
{
    const struct result *result = run->results[0];
    size_t               i;

    for (i = 0; i < result->hop_count; i++) {
        const struct nexthop *nexthop = result->hops[i].nexthop;

        if (nexthop != NULL && !slice_eq_text_nocase(own_name(run, index), nexthop->host))
            own_names_share(run->names, slice_of(nexthop->host));
    }
}

/* What only this destination asked for. */
static void forget(struct run *run, size_t index)
{
    const struct run_request *request = run->request;
    struct slice              name = own_name(run, index);
    const struct dns_fact    *fact;
    char                      text[HOSTNAME_MAX + 1];

    if (name.n > HOSTNAME_MAX || !own_names_is_only(run->names, name))
        return;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    fact = facts_dns(run->facts, text, DNS_MX);
    if (fact != NULL && request->on_forget != NULL)
        request->on_forget(request->arg, fact);
    facts_forget_dns(run->facts, text, DNS_MX);
}

/* False: not yet. */
static bool tell(struct run *run, size_t index, struct result *result, bool over)
{
    if (run->request->on_result == NULL)
        return true;
    if ((!over && fault_watch_waits(&run->watch, result)) || !run->request->on_result(run->request->arg, result, over))
        return false;
    if (run->names != NULL)
        forget(run, index);
    return true;
}

static void hold(struct run *run, size_t index)
{
    if (run->held_count == run->held_room) {
        run->held_room = run->held_room == 0 ? 256 : run->held_room * 2;
        run->held = mem_grow(run->held, run->held_room, sizeof(*run->held));
    }
    run->held[run->held_count++] = (uint32_t)index;
}

void run_job_finish(struct run *run, size_t index)
{
    struct result *result = run->results[0];

    run->jobs[index].done = true;
    run->done++;
    run->outcome->judged += !report_was_cut_off(result);
    run->outcome->questions_needed += run->use.questions;
    run->outcome->conversations_needed += run->use.conversations;
    run->outcome->policies_needed += run->use.policies;
    if (run->request->side_count > 1)
        result->proposed = run->results[1];
    if (run->names != NULL)
        share_names(run, index);
    if (run->request->keep_results)
        keep(run, index);
    if (!tell(run, index, result, false))
        hold(run, index);
}

/* What was not kept is judged again: the facts are still there. */
static struct result *result_of(struct run *run, size_t index)
{
    if (run->request->keep_results)
        return run->outcome->results[0][index];
    run_judge(run, index, true);
    return run->results[0];
}

static enum local_fault fault_of(const struct run *run)
{
    struct region   *region = region_new();
    struct findings  findings = { 0 };
    enum local_fault fault = judge_surroundings(region, &findings, run->facts);

    region_free(region);
    return fault;
}

void run_tell_held(struct run *run, bool over)
{
    enum local_fault fault = over && run->held_count > 0 ? fault_of(run) : LOCAL_FAULT_NONE;
    size_t           i, kept = 0;

    for (i = 0; i < run->held_count; i++) {
        size_t         index = run->held[i];
        struct result *result = result_of(run, index);

        judge_apply_fault(result, fault);
        if (!tell(run, index, result, over))
            run->held[kept++] = run->held[i];
    }
    run->held_count = kept;
}
