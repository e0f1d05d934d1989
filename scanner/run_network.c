#include "scanner/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "scanner/base/mem.h"
#include "scanner/interrupt.h"
#include "scanner/journal.h"
#include "scanner/policy/mail_hosts.h"
#include "scanner/run_impl.h"

#define DESCRIPTORS_KEPT 16      /* for what is no conversation and no question */
/* Of --deadline, one part in so many is kept for judging and writing, up to so much; but at least so much for each
 * destination, up to half of all. */
#define WRITING_SHARE 10
#define WRITING_MS_MAX 60000
#define WRITING_MS_EACH 1

void run_answered(struct run *run, struct ask *ask)
{
    size_t i, job;

    for (i = 0; asks_waiter(ask, i, &job); i++)
        if (--run->jobs[job].missing == 0)
            run_ready_add(run, job);
    asks_answered(run->asks, ask);
    run_turn(run);
}

static void on_dns(void *arg, uint64_t id, const struct dns_fact *fact)
{
    struct run *run = arg;
    struct ask *ask = asks_find(id);

    if (ask == NULL || run->ended)
        return;
    facts_add_dns(run->facts, fact);
    run->watch_moved |= fault_watch_dns(&run->watch, fact);
    if (run->request->journal != NULL)
        journal_dns(run->request->journal, fact);
    run_answered(run, ask);
}

static void keep_conversation(struct run *run, struct ask *ask, const struct conversation *conversation, bool final)
{
    struct conversation kept = *conversation;
    struct profile      profile;

    asks_profile(run->asks, ask, &profile);
    kept.profile = &profile;
    if (asks_first_refusal(ask) != NULL) {
        kept.attempts = 2;
        kept.first_refusal = *asks_first_refusal(ask);
    }
    if (run->request->journal != NULL)
        journal_conversation(run->request->journal, &kept);
    if (!final)
        return;
    facts_add_conversation(run->facts, &kept);
    run->watch_moved |= fault_watch_conversation(&run->watch, &kept);
}

void run_schedule(struct run *run, const struct ask *ask, int64_t not_before)
{
    struct address address = asks_address(run->asks, ask);

    schedule_add(run->schedule, asks_id(ask), &address, asks_host(ask), not_before);
}

void run_schedule_suspect(struct run *run, const struct ask *ask)
{
    struct address address = asks_address(run->asks, ask);

    schedule_add_suspect(run->schedule, asks_id(ask), &address, asks_host(ask));
}

static void converse_again(struct run *run, struct ask *ask, int64_t wait_ms)
{
    run_schedule(run, ask, loop_now_ms(run->loop) + wait_ms);
    run_turn(run);
}

/* It is not over yet: a temporary refusal, the death of a worker, a shortage of our own. */
static bool goes_on(struct run *run, struct ask *ask, const struct conversation *conversation)
{
    const struct reply *refusal = asks_temporary_refusal(conversation);
    unsigned            shortages;

    if (conversation->ending == ENDING_CRASHED && asks_crashed(run->asks, ask)) {
        run->outcome->lost.again++;
        run_schedule_suspect(run, ask);
        run_turn(run);
        return true;
    }
    if (conversation->ending == ENDING_LOCAL && conversation->phase == PHASE_CONNECT &&
        (shortages = asks_shortage(run->asks, ask)) <= RUN_LOCAL_TRIES) {
        run->outcome->conversations--; /* nobody was asked */
        converse_again(run, ask, RUN_LOCAL_WAIT_MS << (shortages - 1));
        return true;
    }
    if (refusal == NULL || asks_first_refusal(ask) != NULL)
        return false;
    keep_conversation(run, ask, conversation, false);
    asks_refused(run->asks, ask, refusal);
    converse_again(run, ask, (int64_t)run->request->options->retry_after * 1000);
    return true;
}

static void on_conversation(void *arg, uint64_t id, const struct conversation *conversation)
{
    struct run *run = arg;
    struct ask *ask = asks_find(id);

    if (ask == NULL || run->ended)
        return;
    schedule_done(run->schedule, id, asks_temporary_refusal(conversation) != NULL);
    if (goes_on(run, ask, conversation))
        return;
    keep_conversation(run, ask, conversation, true);
    run_answered(run, ask);
}

static void on_cert(void *arg, const struct cert *cert)
{
    struct run *run = arg;

    if (run->ended || facts_cert_der(run->facts, cert->id) != NULL)
        return;
    facts_add_cert(run->facts, cert);
    if (run->request->journal != NULL)
        journal_cert(run->request->journal, cert);
}

static void on_note(void *arg, const char *text)
{
    struct run *run = arg;

    if (!run->request->options->verbose)
        return;
    progress_end(&run->progress);
    fprintf(stderr, "posttls-audit: %s\n", text);
}

static const struct workers_events events = { on_dns, on_conversation, on_cert, on_note, run_on_fetch };

/* Ends the network part: what is wanted and did not come is recorded as such, and everything is judged. */
static void end_network(struct run *run, enum ending ending, const char *why)
{
    size_t i;

    run->outcome->complete = false;
    run->outcome->ended_why = why;
    run->ended = true;
    run->ended_by = ending;
    run->ended_why = why;
    run->begun = run->count;
    for (i = 0; i < run->count; i++) {
        run->jobs[i].missing = 0;
        run_ready_add(run, i);
    }
    run_judge_ready(run);
    loop_stop(run->loop);
}

static void on_deadline(void *arg)
{
    struct run *run = arg;

    if (!run->ended)
        end_network(run, ENDING_DEADLINE, reason_code(REASON_DEADLINE));
}

static void on_interrupt(void *arg)
{
    struct run *run = arg;

    if (run->interrupted != NULL)
        loop_watch_set(run->interrupted, 0);
    if (!run->ended)
        end_network(run, ENDING_INTERRUPTED, reason_code(REASON_INTERRUPTED));
}

void run_check_time(struct run *run)
{
    if (run->ended)
        return;
    if (interrupt_came())
        on_interrupt(run);
    else if (run->ends_ms != 0 && loop_now_ms(run->loop) >= run->ends_ms)
        on_deadline(run);
}

/* An order of chance, so that the destinations of one provider do not follow one another. */
static void shuffle(struct run *run)
{
    unsigned short seed[3] = { (unsigned short)time(NULL), (unsigned short)run->count, 0x5eed };
    size_t         i, other;

    run->order = mem_array(run->count + 1, sizeof(*run->order));
    for (i = 0; i < run->count; i++) {
        other = (size_t)nrand48(seed) % (i + 1);
        run->order[i] = run->order[other];
        run->order[other] = (uint32_t)i;
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

/* Each conversation takes a descriptor of the worker, which raises its limit as far as it may. */
static unsigned long concurrency_of(const struct options *options)
{
    struct rlimit files;
    unsigned long most;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max > 1000000)
        return options->concurrency;
    most = (unsigned long)files.rlim_max / 4 * 3;
    most = most > DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : 1;
    return options->concurrency == 0 || options->concurrency > most ? most : options->concurrency;
}

/* --deadline is of the whole run: the network part ends in time to judge and to write. */
static void set_deadline(struct run *run)
{
    int64_t whole = (int64_t)run->request->options->deadline * 1000, writing = whole / WRITING_SHARE;

    if (whole == 0)
        return;
    if (writing > WRITING_MS_MAX)
        writing = WRITING_MS_MAX;
    if (writing < (int64_t)run->count * WRITING_MS_EACH)
        writing = (int64_t)run->count * WRITING_MS_EACH;
    if (writing > whole / 2)
        writing = whole / 2;
    run->ends_ms = run->request->began_ms + whole - writing;
    loop_timer_at(run->deadline, run->ends_ms);
}

static void set_handles(struct run *run)
{
    run->timer = loop_timer_new(run->loop, run_turn, run);
    run->deadline = loop_timer_new(run->loop, on_deadline, run);
    set_deadline(run);
    if (interrupt_descriptor() >= 0) {
        run->interrupted = loop_watch_new(run->loop, interrupt_descriptor(), on_interrupt, run);
        loop_watch_set(run->interrupted, LOOP_READ);
    }
}

static void settle_account(struct run *run)
{
    struct workers_account account = workers_account(run->workers);
    size_t                 again = run->outcome->lost.again;

    run->outcome->questions += account.asked;
    run->outcome->lost = account.lost;
    run->outcome->lost.again = again;
}

static void converse(struct run *run)
{
    set_handles(run);
    progress_start(&run->progress, run->request->options, loop_now_ms(run->loop));
    shuffle(run);
    run_turn(run);
    if (run->done < run->count)
        loop_run(run->loop);
    run_tell_held(run, true);
    progress_end(&run->progress);
    settle_account(run);
    run->outcome->confinement = workers_confinement(run->workers);
    loop_timer_free(run->timer);
    loop_timer_free(run->deadline);
    loop_watch_free(run->interrupted);
    workers_free(run->workers);
}

bool run_scan(struct region *region, const struct run_request *request, struct facts *facts, struct run_outcome *outcome,
              struct error *err)
{
    const struct options  *options = request->options;
    struct schedule_limits limits = { concurrency_of(options), options->per_host, options->per_provider, options->rate,
                                      options->interval };
    struct run             run;
    bool                   good;

    run_init(&run, region, request, facts, outcome);
    outcome->questions = request->resumed.questions;
    outcome->conversations = request->resumed.conversations;
    outcome->policies = request->resumed.policies;
    run.asks = asks_new();
    run.loop = loop_new();
    run.schedule = schedule_new(&limits);
    good = start_workers(&run, err);
    if (good)
        converse(&run);
    schedule_free(run.schedule);
    loop_free(run.loop);
    asks_free(run.asks);
    run_clear(&run);
    return good;
}
