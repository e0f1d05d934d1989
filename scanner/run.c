#include "scanner/run.h"

#include <string.h>
#include <time.h>

#include "scanner/base/mem.h"
#include "scanner/journal.h"
#include "scanner/load.h"
#include "scanner/run_impl.h"

void run_ready_add(struct run *run, size_t job)
{
    if (run->jobs[job].queued || run->jobs[job].done)
        return;
    run->jobs[job].queued = true;
    run->ready[run->ready_count++] = (uint32_t)job;
}

static bool is_to(const struct profile *profile, const struct mail_host *host)
{
    return host->has_address && address_eq(&host->address, &profile->address);
}

/* The MX host name behind a profile, for the politeness towards its provider. */
static const char *host_of(const struct result *result, const struct profile *profile)
{
    size_t i, k;

    for (i = 0; i < result->hop_count; i++)
        for (k = 0; k < result->hops[i].host_count; k++) {
            const struct host_result *host = &result->hops[i].hosts[k];

            if (is_to(profile, host->host))
                return host->host->host;
        }
    return NULL;
}

static void keep_unasked(struct run *run, const char *name, enum dns_type type, enum dns_outcome outcome, const char *error)
{
    struct dns_fact fact = { .name = name, .type = type, .outcome = outcome, .error = error };

    facts_add_dns(run->facts, &fact);
}

static void keep_untouched(struct run *run, const struct profile *profile, enum ending ending, const char *error)
{
    struct conversation conversation = { .profile = profile, .attempts = 1, .ending = ending, .error = error,
                                         .when = run->started };

    facts_add_conversation(run->facts, &conversation);
}

/* The ask to wait for; NULL when the fact is there already. */
static struct ask *ask_dns(struct run *run, const struct want_dns *want)
{
    const char *excluded = exclusion_of_name(run->request->exclusion, want->name);
    struct ask *ask;
    bool        is_new;

    if (run->ended) {
        keep_unasked(run, want->name, want->type, DNS_CUT_SHORT, run->ended_why);
        return NULL;
    }
    if (excluded != NULL) {
        keep_unasked(run, want->name, want->type, DNS_EXCLUDED, excluded);
        return NULL;
    }
    ask = asks_dns(run->asks, want->name, want->type, &is_new);
    if (is_new)
        workers_ask_dns(run->workers, asks_id(ask), want->name, want->type);
    return ask;
}

/* The line that excludes it, or NULL. */
static const char *excluded_by(const struct run *run, const struct profile *profile, const char *host)
{
    const char *place = exclusion_of_address(run->request->exclusion, &profile->address);

    return place != NULL || host == NULL ? place : exclusion_of_name(run->request->exclusion, host);
}

/* When it may begin: at once, but where an earlier process of this run was refused for the moment. */
static int64_t first_time(struct run *run, struct ask *ask, const struct profile *profile)
{
    const struct conversation *refused = NULL;
    int64_t                    wait;

    if (run->request->journal != NULL)
        refused = journal_refusal(run->request->journal, profile);
    if (refused == NULL)
        return 0;
    asks_refused(run->asks, ask, asks_temporary_refusal(refused));
    wait = refused->when + (int64_t)run->request->options->retry_after - time(NULL);
    /* The clock may have been set since. */
    if (wait < 0 || wait > (int64_t)run->request->options->retry_after)
        wait = 0;
    return loop_now_ms(run->loop) + wait * 1000;
}

static struct ask *ask_conversation(struct run *run, const struct result *result, const struct profile *profile)
{
    const char *host = host_of(result, profile), *excluded = excluded_by(run, profile, host);
    struct ask *ask = NULL;
    bool        is_new;

    if (run->ended) {
        keep_untouched(run, profile, run->ended_by, run->ended_why);
    } else if (excluded != NULL) {
        keep_untouched(run, profile, ENDING_EXCLUDED, excluded);
    } else if (run->request->options->dry_run) {
        run->outcome->conversations++;
        keep_untouched(run, profile, ENDING_CUT_SHORT, RUN_DRY);
    } else {
        ask = asks_conversation(run->asks, profile, host, &is_new);
        if (is_new)
            schedule_add(run->schedule, asks_id(ask), &profile->address, host, first_time(run, ask, profile));
    }
    return ask;
}

static void wait_for(struct run *run, size_t index, struct ask *ask)
{
    if (ask == NULL)
        return;
    asks_add_waiter(ask, index);
    run->jobs[index].missing++;
}

/* Live tables and files come first: they decide what the network is asked. */
bool run_move_table_wants(struct run *run)
{
    const struct want_table *table;
    const char              *path;
    size_t                   side, i;
    bool                     any = false;

    for (side = 0; side < run->request->side_count; side++) {
        for (i = 0; (table = wants_table_at(run->wants[side], i)) != NULL; i++, any = true)
            wants_table(run->tables[side], table->table, slice_of(table->key));
        for (i = 0; (path = wants_file_at(run->wants[side], i)) != NULL; i++, any = true)
            wants_file(run->tables[side], path);
    }
    return any;
}

/* What both sides want is one ask. */
static void ask_side(struct run *run, size_t index, size_t side)
{
    const struct want_dns   *dns;
    const struct profile    *profile;
    const struct want_fetch *policy;
    size_t                   i;

    for (i = 0; (dns = wants_dns_at(run->wants[side], i)) != NULL; i++)
        wait_for(run, index, ask_dns(run, dns));
    for (i = 0; (profile = wants_conversation_at(run->wants[side], i)) != NULL; i++)
        wait_for(run, index, ask_conversation(run, run->results[side], profile));
    for (i = 0; (policy = wants_fetch_at(run->wants[side], i)) != NULL; i++)
        wait_for(run, index, run_ask_policy(run, policy));
}

static void ask_all(struct run *run, size_t index)
{
    size_t side;

    if (run_move_table_wants(run)) {
        run->table_jobs[run->table_job_count++] = (uint32_t)index;
        return;
    }
    for (side = 0; side < run->request->side_count; side++)
        ask_side(run, index, side);
    if (run->jobs[index].missing == 0)
        run_ready_add(run, index);
}

static struct judge_input input_of(const struct run *run, size_t side, const struct view *view)
{
    const struct run_request *request = run->request;
    const struct options     *options = request->options;
    const struct run_side    *under = &request->sides[side];

    return (struct judge_input){ .config = under->config, .view = view, .trust = under->trust, .sender = options->sender,
                                 .allow = options->allow, .allow_count = options->allow_count, .when = request->when,
                                 .horizon_days = (int)options->horizon, .explain = true,
                                 .published = options->mta_sts, .as = options->as };
}

static bool judge_side(struct run *run, size_t index, size_t side, bool final)
{
    const struct run_side *under = &run->request->sides[side];
    struct view            view = { .facts = run->facts, .wants = final ? NULL : run->wants[side], .use = &run->use };
    struct judge_input     input = input_of(run, side, &view);

    run->results[side] = region_alloc(run->region, sizeof(*run->results[side]));
    wants_clear(run->wants[side]);
    judge_destination(run->region, run->results[side], &input, &under->destinations->items[index]);
    return run->results[side]->wanted;
}

bool run_judge(struct run *run, size_t index, bool final)
{
    size_t side;
    bool   wanted = false;

    region_empty(run->region);
    run->use = (struct view_use){ 0 };
    for (side = 0; side < run->request->side_count; side++)
        wanted |= judge_side(run, index, side, final);
    return wanted;
}

static bool nothing_wanted(const struct run *run)
{
    size_t side;

    for (side = 0; side < run->request->side_count; side++)
        if (!wants_empty(run->wants[side]))
            return false;
    return true;
}

/* Of a destination that is judged, what advice would need: true when that is anything, and is wanted. */
static bool advice_wants(struct run *run, size_t index)
{
    struct view         view = { .facts = run->facts, .wants = run->wants[0] };
    struct judge_input  input = input_of(run, 0, &view);
    struct region      *region;
    struct advice_found found;

    if (run->trial == NULL || run->jobs[index].rounds >= RUN_ROUNDS_MAX)
        return false;
    input.published = false;
    region = region_new();
    advice_find(region, &found, run->trial, &input, run->results[0], run->request->advice_scope);
    region_free(region);
    return found.wanted && !wants_empty(run->wants[0]);
}

static void judge_job(struct run *run, size_t index)
{
    struct job *job = &run->jobs[index];

    if (!run_judge(run, index, false)) {
        if (advice_wants(run, index)) {
            job->rounds++;
            ask_all(run, index);
            return;
        }
        run_job_finish(run, index);
    } else if (++job->rounds > RUN_ROUNDS_MAX || nothing_wanted(run)) {
        run_judge(run, index, true);
        run_job_finish(run, index);
    } else {
        ask_all(run, index);
    }
}

void run_read_files(struct config *config, const struct wants *wants)
{
    const char *path;
    size_t      i;

    for (i = 0; (path = wants_file_at(wants, i)) != NULL; i++)
        if (config_file(config, path) == NULL)
            load_wanted_file(config, path);
}

static void answer_tables(struct run *run)
{
    size_t side, i;

    if (run->table_job_count == 0)
        return;
    for (side = 0; side < run->request->side_count; side++) {
        run_read_files(run->request->sides[side].config, run->tables[side]);
        load_table_answers(run->request->sides[side].config, run->tables[side], run->facts);
        wants_clear(run->tables[side]);
    }
    for (i = 0; i < run->table_job_count; i++)
        run_ready_add(run, run->table_jobs[i]);
    run->table_job_count = 0;
}

void run_judge_ready(struct run *run)
{
    do {
        while (run->ready_count > 0) {
            size_t index = run->ready[--run->ready_count];

            run->jobs[index].queued = false;
            judge_job(run, index);
            run_check_time(run);
        }
        answer_tables(run);
    } while (run->ready_count > 0);
}

static void contact(struct run *run, uint64_t id, const struct ask *ask)
{
    struct profile profile;

    if (asks_profile(run->asks, ask, &profile)) {
        run->outcome->conversations++;
        workers_converse(run->workers, id, &profile);
    } else {
        run->outcome->policies++;
        workers_fetch(run->workers, id, asks_want(ask));
    }
}

static void start_contacts(struct run *run)
{
    int64_t  now = loop_now_ms(run->loop), next;
    uint64_t id;

    while (schedule_next(run->schedule, now, &id))
        contact(run, id, asks_find(id));
    next = schedule_wait(run->schedule, now);
    if (next != INT64_MAX)
        loop_timer_at(run->timer, next);
    else
        loop_timer_clear(run->timer);
}

static bool may_begin(const struct run *run)
{
    return run->begun < run->count && run->begun - run->done < RUN_BEGUN_MAX &&
           asks_questions(run->asks) < RUN_QUESTIONS_MAX;
}

/* As many as may be on their way, several at a time for the sake of tables that are asked in batches. */
static void begin_more(struct run *run)
{
    while (may_begin(run)) {
        for (size_t i = 0; i < RUN_BATCH && run->begun < run->count; i++)
            run_ready_add(run, run->order[run->begun++]);
        run_judge_ready(run);
    }
}

/* After every event: run_judge what can be judged, start what may start, stop when all is done. */
void run_turn(void *arg)
{
    struct run *run = arg;

    run_judge_ready(run);
    begin_more(run);
    if (run->watch_moved)
        run_tell_held(run, false);
    run->watch_moved = false;
    progress_show(&run->progress, loop_now_ms(run->loop), run->done, run->count, workers_pending(run->workers));
    if (run->done == run->count)
        loop_stop(run->loop);
    else
        start_contacts(run);
}

void run_init(struct run *run, struct region *region, const struct run_request *request, struct facts *facts,
                     struct run_outcome *outcome)
{
    size_t side;

    memset(run, 0, sizeof(*run));
    run->request = request;
    run->facts = facts;
    run->outcome = outcome;
    run->count = request->sides[0].destinations->count;
    run->region = request->keep_results ? region_new() : region_new_large();
    run->jobs = mem_array(run->count + 1, sizeof(*run->jobs));
    run->ready = mem_array(run->count + 1, sizeof(*run->ready));
    run->table_jobs = mem_array(run->count + 1, sizeof(*run->table_jobs));
    run->started = time(NULL);
    fault_watch_facts(&run->watch, facts);
    run->names = request->forget ? own_names_new(request->sides[0].destinations) : NULL;
    run->trial = request->advise ? trial_new(request->sides[0].config) : NULL;
    *outcome = (struct run_outcome){ .count = run->count, .complete = true };
    for (side = 0; side < request->side_count; side++) {
        run->wants[side] = wants_new();
        run->tables[side] = wants_new();
    }
    if (!request->keep_results)
        return;
    outcome->regions = region_array(region, run->count + 1, sizeof(*outcome->regions));
    for (side = 0; side < request->side_count; side++)
        outcome->results[side] = region_array(region, run->count + 1, sizeof(*outcome->results[side]));
}

void run_clear(struct run *run)
{
    size_t side;

    for (side = 0; side < run->request->side_count; side++) {
        wants_free(run->wants[side]);
        wants_free(run->tables[side]);
    }
    trial_free(run->trial);
    own_names_free(run->names);
    region_free(run->region);
    mem_free(run->held);
    mem_free(run->order);
    mem_free(run->jobs);
    mem_free(run->ready);
    mem_free(run->table_jobs);
    mem_free(run->no_trust);
}

void run_outcome_clear(struct run_outcome *outcome)
{
    size_t i;

    for (i = 0; outcome->regions != NULL && i < outcome->count; i++)
        region_free(outcome->regions[i]);
}
