#include "scanner/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/mem.h"
#include "scanner/load.h"
#include "scanner/policy/mail_hosts.h"
#include "scanner/progress.h"
#include "scanner/run_asks.h"
#include "scanner/schedule.h"
#include "scanner/workers.h"

/* A judgement that still misses something after so many rounds misses it for good. */
#define ROUNDS_MAX 64

/* A destination on its way. */
struct job {
    struct region *region;                    /* of the latest judgement */
    struct result *results[RUN_SIDES_MAX];    /* of each side */
    size_t         missing;                   /* asks it waits for */
    unsigned       rounds;
    bool           done;
    bool           queued;                    /* in the ready list */
};

struct run {
    const struct run_request *request;
    struct facts             *facts;
    struct run_outcome       *outcome;
    struct job               *jobs;
    size_t                    count, done;
    int64_t                   started;    /* seconds since 1970 */
    size_t                   *ready, ready_count; /* jobs to be judged */
    struct wants             *wants[RUN_SIDES_MAX];  /* of one judgement */
    struct wants             *tables[RUN_SIDES_MAX]; /* keys of live tables and files wanted by several jobs, for one batch */
    size_t                   *table_jobs, table_job_count;
    struct view_use           use;       /* by the latest judgement */
    struct asks              *asks;
    struct loop              *loop;
    struct loop_timer        *timer, *deadline;
    struct loop_signal       *signals[2];
    struct workers           *workers;
    struct schedule          *schedule;
    struct progress           progress;
    bool                      ended;      /* no more network: what is wanted now is recorded as missing */
    enum ending               ended_by;   /* ENDING_INTERRUPTED, ENDING_DEADLINE */
    const char               *ended_why;  /* the reason code */
};

static void ready_add(struct run *run, size_t job)
{
    if (run->jobs[job].queued || run->jobs[job].done)
        return;
    run->jobs[job].queued = true;
    run->ready[run->ready_count++] = job;
}

static void job_finish(struct run *run, size_t index)
{
    struct job *job = &run->jobs[index];
    size_t      side;

    job->done = true;
    run->done++;
    run->outcome->regions[index] = job->region;
    run->outcome->questions_needed += run->use.questions;
    run->outcome->conversations_needed += run->use.conversations;
    for (side = 0; side < run->request->side_count; side++)
        run->outcome->results[side][index] = job->results[side];
    if (run->request->side_count > 1)
        job->results[0]->proposed = job->results[1];
    if (run->request->on_result != NULL)
        run->request->on_result(run->request->arg, job->results[0]);
}

/* The MX host name behind a profile, for the politeness towards its provider. */
static const char *host_of(const struct result *result, const struct profile *profile)
{
    size_t i, k;

    for (i = 0; i < result->hop_count; i++)
        for (k = 0; k < result->hops[i].host_count; k++) {
            const struct host_result *host = &result->hops[i].hosts[k];

            if (host->profile != NULL && profile_eq(host->profile, profile))
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
    struct ask *ask;
    bool        is_new;

    if (run->ended) {
        keep_unasked(run, want->name, want->type, DNS_CUT_SHORT, run->ended_why);
        return NULL;
    }
    if (exclusion_has_name(run->request->exclusion, want->name)) {
        keep_unasked(run, want->name, want->type, DNS_EXCLUDED, NULL);
        return NULL;
    }
    ask = asks_dns(run->asks, want->name, want->type, &is_new);
    if (is_new) {
        run->outcome->questions++;
        workers_ask_dns(run->workers, asks_id(ask), want->name, want->type);
    }
    return ask;
}

static bool is_excluded(const struct run *run, const struct profile *profile, const char *host)
{
    return exclusion_has_address(run->request->exclusion, &profile->address) ||
           (host != NULL && exclusion_has_name(run->request->exclusion, host));
}

static struct ask *ask_conversation(struct run *run, const struct result *result, const struct profile *profile)
{
    const char *host = host_of(result, profile);
    struct ask *ask = NULL;
    bool        is_new;

    if (run->ended) {
        keep_untouched(run, profile, run->ended_by, run->ended_why);
    } else if (is_excluded(run, profile, host)) {
        keep_untouched(run, profile, ENDING_EXCLUDED, NULL);
    } else if (run->request->options->dry_run) {
        run->outcome->conversations++;
        keep_untouched(run, profile, ENDING_CUT_SHORT, "a dry run opens no connection");
    } else {
        ask = asks_conversation(run->asks, profile, host, &is_new);
        if (is_new) {
            run->outcome->conversations++;
            schedule_add(run->schedule, asks_id(ask), asks_profile(ask), host, 0);
        }
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
static bool move_table_wants(struct run *run)
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
    const struct want_dns *dns;
    const struct profile  *profile;
    size_t                 i;

    for (i = 0; (dns = wants_dns_at(run->wants[side], i)) != NULL; i++)
        wait_for(run, index, ask_dns(run, dns));
    for (i = 0; (profile = wants_conversation_at(run->wants[side], i)) != NULL; i++)
        wait_for(run, index, ask_conversation(run, run->jobs[index].results[side], profile));
}

static void ask_all(struct run *run, size_t index)
{
    size_t side;

    if (move_table_wants(run)) {
        run->table_jobs[run->table_job_count++] = index;
        return;
    }
    for (side = 0; side < run->request->side_count; side++)
        ask_side(run, index, side);
    if (run->jobs[index].missing == 0)
        ready_add(run, index);
}

/* final: what is not observed now never will be. True: something is wanted first. */
static bool judge_side(struct run *run, size_t index, size_t side, bool final)
{
    const struct run_request *request = run->request;
    const struct options     *options = request->options;
    const struct run_side    *under = &request->sides[side];
    struct job               *job = &run->jobs[index];
    struct view               view = { .facts = run->facts, .wants = final ? NULL : run->wants[side],
                                       .use = &run->use };
    struct judge_input        input = { under->config, &view, under->trust, options->sender, options->allow,
                                        options->allow_count, request->when, (int)options->horizon, true };

    job->results[side] = region_alloc(job->region, sizeof(*job->results[side]));
    wants_clear(run->wants[side]);
    judge_destination(job->region, job->results[side], &input, &under->destinations->items[index]);
    return job->results[side]->wanted;
}

static bool judge(struct run *run, size_t index, bool final)
{
    struct job *job = &run->jobs[index];
    size_t      side;
    bool        wanted = false;

    region_free(job->region);
    job->region = region_new();
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

static void judge_job(struct run *run, size_t index)
{
    struct job *job = &run->jobs[index];

    if (!judge(run, index, false)) {
        job_finish(run, index);
    } else if (++job->rounds > ROUNDS_MAX || nothing_wanted(run)) {
        judge(run, index, true);
        job_finish(run, index);
    } else {
        ask_all(run, index);
    }
}

static void read_files(struct config *config, const struct wants *wants)
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
        read_files(run->request->sides[side].config, run->tables[side]);
        load_table_answers(run->request->sides[side].config, run->tables[side], run->facts);
        wants_clear(run->tables[side]);
    }
    for (i = 0; i < run->table_job_count; i++)
        ready_add(run, run->table_jobs[i]);
    run->table_job_count = 0;
}

static void judge_ready(struct run *run)
{
    do {
        while (run->ready_count > 0) {
            size_t index = run->ready[--run->ready_count];

            run->jobs[index].queued = false;
            judge_job(run, index);
        }
        answer_tables(run);
    } while (run->ready_count > 0);
}

static void start_conversations(struct run *run)
{
    int64_t  now = loop_now_ms(run->loop), next;
    uint64_t id;

    while (schedule_next(run->schedule, now, &id))
        workers_converse(run->workers, id, asks_profile(asks_find(run->asks, id)));
    next = schedule_wait(run->schedule, now);
    if (next != INT64_MAX)
        loop_timer_at(run->timer, next);
    else
        loop_timer_clear(run->timer);
}

/* After every event: judge what can be judged, start what may start, stop when all is done. */
static void turn(void *arg)
{
    struct run *run = arg;

    judge_ready(run);
    progress_show(&run->progress, loop_now_ms(run->loop), run->done, run->count, workers_pending(run->workers));
    if (run->done == run->count)
        loop_stop(run->loop);
    else
        start_conversations(run);
}

static void answered(struct run *run, struct ask *ask)
{
    size_t i, job;

    for (i = 0; asks_waiter(ask, i, &job); i++)
        if (--run->jobs[job].missing == 0)
            ready_add(run, job);
    asks_answered(ask);
    turn(run);
}

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    struct run *run = arg;
    struct ask *ask = asks_find(run->asks, id);

    if (ask == NULL || run->ended)
        return;
    facts_add_dns(run->facts, fact);
    answered(run, ask);
}

static bool is_temporary(const struct reply *reply)
{
    return reply->code >= 400 && reply->code <= 499;
}

/* A 4xx greeting, a 421, a 4xx to STARTTLS may be meant for this scanner only: asked again once. */
static const struct reply *temporary_refusal(const struct conversation *conversation)
{
    if (is_temporary(&conversation->greeting))
        return &conversation->greeting;
    if (conversation->ehlo.code == 421)
        return &conversation->ehlo;
    if (is_temporary(&conversation->starttls))
        return &conversation->starttls;
    return NULL;
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *conversation)
{
    struct run                *run = arg;
    struct ask                *ask = asks_find(run->asks, id);
    const struct reply        *refusal = temporary_refusal(conversation);
    struct conversation        kept = *conversation;

    if (ask == NULL || run->ended)
        return;
    schedule_done(run->schedule, id, refusal != NULL);
    if (conversation->ending == ENDING_CRASHED && asks_crashed(ask)) {
        schedule_add_suspect(run->schedule, id, asks_profile(ask), asks_host(ask));
        turn(run);
        return;
    }
    if (refusal != NULL && asks_first_refusal(ask) == NULL) {
        asks_refused(ask, refusal);
        schedule_add(run->schedule, id, asks_profile(ask), asks_host(ask),
                     loop_now_ms(run->loop) + (int64_t)run->request->options->retry_after * 1000);
        turn(run);
        return;
    }
    kept.profile = asks_profile(ask);
    if (asks_first_refusal(ask) != NULL) {
        kept.attempts = 2;
        kept.first_refusal = *asks_first_refusal(ask);
    }
    facts_add_conversation(run->facts, &kept);
    answered(run, ask);
}

static void on_cert(void *arg, const struct cert *cert)
{
    struct run *run = arg;

    if (!run->ended)
        facts_add_cert(run->facts, cert);
}

static void on_note(void *arg, const char *text)
{
    struct run *run = arg;

    if (!run->request->options->verbose)
        return;
    progress_end(&run->progress);
    fprintf(stderr, "posttls-audit: %s\n", text);
}

static const struct workers_events events = { on_dns, on_conversation, on_cert, on_note };

/* Ends the network part: what is wanted and did not come is recorded as such, and everything is judged. */
static void end_network(struct run *run, enum ending ending, const char *why)
{
    size_t i;

    run->outcome->complete = false;
    run->ended = true;
    run->ended_by = ending;
    run->ended_why = why;
    for (i = 0; i < run->count; i++) {
        run->jobs[i].missing = 0;
        ready_add(run, i);
    }
    judge_ready(run);
    loop_stop(run->loop);
}

static void on_deadline(void *arg)
{
    struct run *run = arg;

    if (!run->ended)
        end_network(run, ENDING_DEADLINE, reason_code(REASON_DEADLINE));
}

static void on_signal(void *arg)
{
    struct run *run = arg;

    /* A second one quits at once, by the signal's own way. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (!run->ended)
        end_network(run, ENDING_INTERRUPTED, reason_code(REASON_INTERRUPTED));
}

static void run_init(struct run *run, struct region *region, const struct run_request *request, struct facts *facts,
                     struct run_outcome *outcome)
{
    size_t side;

    memset(run, 0, sizeof(*run));
    run->request = request;
    run->facts = facts;
    run->outcome = outcome;
    run->count = request->sides[0].destinations->count;
    run->jobs = mem_array(run->count + 1, sizeof(*run->jobs));
    run->ready = mem_array(run->count + 1, sizeof(*run->ready));
    run->table_jobs = mem_array(run->count + 1, sizeof(*run->table_jobs));
    run->started = time(NULL);
    *outcome = (struct run_outcome){ .count = run->count, .complete = true };
    outcome->regions = region_array(region, run->count + 1, sizeof(*outcome->regions));
    for (side = 0; side < request->side_count; side++) {
        run->wants[side] = wants_new();
        run->tables[side] = wants_new();
        outcome->results[side] = region_array(region, run->count + 1, sizeof(*outcome->results[side]));
    }
}

static void run_clear(struct run *run)
{
    size_t side;

    for (side = 0; side < run->request->side_count; side++) {
        wants_free(run->wants[side]);
        wants_free(run->tables[side]);
    }
    mem_free(run->jobs);
    mem_free(run->ready);
    mem_free(run->table_jobs);
}

/* In an order of chance, so that the destinations of one provider do not follow one another. */
static void queue_shuffled(struct run *run)
{
    unsigned short seed[3] = { (unsigned short)time(NULL), (unsigned short)run->count, 0x5eed };
    size_t         i, other;

    for (i = 0; i < run->count; i++)
        ready_add(run, i);
    for (i = run->count; i > 1; i--) {
        size_t kept = run->ready[i - 1];

        other = (size_t)nrand48(seed) % i;
        run->ready[i - 1] = run->ready[other];
        run->ready[other] = kept;
    }
}

static void add_chains(const struct config *config, struct client_chain *chains, size_t *count)
{
    const struct service *service;

    for (service = config->services; service != NULL; service = service->next)
        if (service->client_chain != NULL && service->client_chain->error == NULL && *count < CLIENT_CHAINS_MAX)
            chains[(*count)++] = (struct client_chain){ service->client_chain->id, service->client_chain->text.p };
}

static bool uses_native(const struct config *config)
{
    const struct service *service;

    for (service = config->services; service != NULL; service = service->next)
        if (service->is_client && mail_hosts_use_native(service->params))
            return true;
    return false;
}

static bool start_workers(struct run *run, struct error *err)
{
    const struct options *options = run->request->options;
    struct client_chain   chains[CLIENT_CHAINS_MAX];
    struct worker_setup   setup = { .dns = run->request->resolvers->dns, .timeout = (uint32_t)options->timeout,
                                    .chains = chains, .user = options->user };
    size_t                side;

    for (side = 0; side < run->request->side_count; side++) {
        add_chains(run->request->sides[side].config, chains, &setup.chain_count);
        setup.lookups |= uses_native(run->request->sides[side].config);
    }
    run->workers = workers_start(run->loop, &setup, &events, run, err);
    return run->workers != NULL;
}

bool run_scan(struct region *region, const struct run_request *request, struct facts *facts, struct run_outcome *outcome,
              struct error *err)
{
    const struct options  *options = request->options;
    struct schedule_limits limits = { options->concurrency, options->per_host, options->per_provider, options->rate,
                                      options->interval };
    struct run             run;
    bool                   good;

    run_init(&run, region, request, facts, outcome);
    run.asks = asks_new();
    run.loop = loop_new();
    run.schedule = schedule_new(&limits);
    good = start_workers(&run, err);
    if (good) {
        run.timer = loop_timer_new(run.loop, turn, &run);
        run.deadline = loop_timer_new(run.loop, on_deadline, &run);
        run.signals[0] = loop_signal_new(run.loop, SIGINT, on_signal, &run);
        run.signals[1] = loop_signal_new(run.loop, SIGTERM, on_signal, &run);
        if (options->deadline != 0)
            loop_timer_at(run.deadline, loop_now_ms(run.loop) + (int64_t)options->deadline * 1000);
        progress_start(&run.progress, options, loop_now_ms(run.loop));
        queue_shuffled(&run);
        turn(&run);
        if (run.done < run.count)
            loop_run(run.loop);
        progress_end(&run.progress);
        outcome->confinement = workers_confinement(run.workers);
        loop_timer_free(run.timer);
        loop_timer_free(run.deadline);
        loop_signal_free(run.signals[0]);
        loop_signal_free(run.signals[1]);
        workers_free(run.workers);
    }
    schedule_free(run.schedule);
    loop_free(run.loop);
    asks_free(run.asks);
    run_clear(&run);
    return good;
}

/* Answers what this machine's own configuration can tell; true when that was anything. */
static bool answer_offline(struct run *run, bool ask_tables)
{
    size_t side;
    bool   any = false;

    move_table_wants(run);
    for (side = 0; side < run->request->side_count; side++) {
        struct config *config = run->request->sides[side].config;
        struct wants  *tables = run->tables[side];

        any |= wants_file_at(tables, 0) != NULL || (ask_tables && wants_table_at(tables, 0) != NULL);
        read_files(config, tables);
        if (ask_tables)
            load_table_answers(config, tables, run->facts);
        wants_clear(tables);
    }
    return any;
}

static void judge_offline(struct run *run, size_t index, bool ask_tables)
{
    do
        judge(run, index, false);
    while (answer_offline(run, ask_tables) && ++run->jobs[index].rounds < ROUNDS_MAX);
    judge(run, index, true);
    job_finish(run, index);
}

void run_offline(struct region *region, const struct run_request *request, struct facts *facts, bool ask_tables,
                 struct run_outcome *outcome)
{
    struct run run;
    size_t     i;

    run_init(&run, region, request, facts, outcome);
    for (i = 0; i < run.count; i++)
        judge_offline(&run, i, ask_tables);
    run_clear(&run);
}

void run_outcome_clear(struct run_outcome *outcome)
{
    size_t i;

    for (i = 0; i < outcome->count; i++)
        region_free(outcome->regions[i]);
}
