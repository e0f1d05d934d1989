/* The parts of a run: run.c judges and asks, run_network.c hears the answers, run_offline.c does without. */
#ifndef SCANNER_RUN_IMPL_H
#define SCANNER_RUN_IMPL_H

#include "scanner/own_names.h"
#include "scanner/progress.h"
#include "scanner/run.h"
#include "scanner/run_asks.h"
#include "scanner/schedule.h"
#include "scanner/workers.h"

/* A judgement that still misses something after so many rounds misses it for good. */
#define RUN_ROUNDS_MAX 64
#define RUN_LOCAL_TRIES 3       /* after a fault of our own surroundings, as no descriptor or port being free */
#define RUN_LOCAL_WAIT_MS 1000  /* before the first of them; twice as long each time */
#define RUN_DRY "a dry run opens no connection"

/* So many destinations are on their way at a time, for what waits costs memory. */
#define RUN_BEGUN_MAX 16384
#define RUN_BATCH 512
/* None begins while so many questions are open: the worker has as many as it can take, and what waits here costs memory. */
#define RUN_QUESTIONS_MAX 512

/* A destination: not begun, on its way or done. */
struct job {
    uint32_t missing;                         /* asks it waits for */
    uint8_t  rounds;
    bool     done;
    bool     queued;                          /* in the ready list */
};

struct run {
    const struct run_request *request;
    struct facts             *facts;
    struct run_outcome       *outcome;
    struct job               *jobs;
    size_t                    count, begun, done;
    uint32_t                 *order;      /* in which they begin */
    int64_t                   started;    /* seconds since 1970 */
    uint32_t                 *ready;      /* jobs to be judged */
    size_t                    ready_count;
    struct region            *region;     /* of the latest judgement */
    struct result            *results[RUN_SIDES_MAX]; /* of that, for each side */
    struct fault_watch        watch;      /* what results wait for before they are told */
    bool                      watch_moved;
    uint32_t                 *held;       /* jobs that are done and not told yet */
    size_t                    held_count, held_room;
    struct own_names         *names;      /* NULL: nothing is forgotten */
    struct wants             *wants[RUN_SIDES_MAX];  /* of one judgement */
    struct wants             *tables[RUN_SIDES_MAX]; /* keys of live tables and files wanted by several jobs, for one batch */
    uint32_t                 *table_jobs;
    size_t                    table_job_count;
    struct view_use           use;       /* by the latest judgement */
    struct trial             *trial;     /* NULL: no advice is asked for */
    struct asks              *asks;
    struct loop              *loop;
    struct loop_timer        *timer, *deadline;
    struct loop_watch        *interrupted;
    struct workers           *workers;
    struct schedule          *schedule;
    struct progress           progress;
    bool                      trust_known; /* the authorities for policies were looked for */
    char                     *no_trust;    /* why there are none; NULL: there are */
    int64_t                   ends_ms;    /* loop_now_ms() at which the network part ends; 0: not by the clock */
    bool                      ended;      /* no more network: what is wanted now is recorded as missing */
    enum ending               ended_by;   /* ENDING_INTERRUPTED, ENDING_DEADLINE */
    const char               *ended_why;  /* the reason code */
};

void run_init(struct run *, struct region *, const struct run_request *, struct facts *, struct run_outcome *);
void run_clear(struct run *);

/* The job is to be judged (again). */
void run_ready_add(struct run *, size_t job);
void run_judge_ready(struct run *);
/* Ends the network part when the deadline has passed or we were interrupted: while it judges, nobody else looks. */
void run_check_time(struct run *);
/* Judges once. final: what is not observed now never will be. True: something is wanted first. */
bool run_judge(struct run *, size_t job, bool final);
/* The latest judgement, of this job, is final: its result is kept, told, held back until it can be told, as may be. */
void run_job_finish(struct run *, size_t job);
/* Tells of those held back what can be told by now; over: the run is, and all is told, faults of our own included. */
void run_tell_held(struct run *, bool over);

/* Live tables and files that the latest judgement wants go to run->tables; true when there were any. */
bool run_move_table_wants(struct run *);
void run_read_files(struct config *, const struct wants *);

/* It contacts somebody, when the schedule lets it. */
void run_schedule(struct run *, const struct ask *, int64_t not_before);
void run_schedule_suspect(struct run *, const struct ask *);

/* The ask for a policy to wait for; NULL when the fact is there already. */
struct ask *run_ask_policy(struct run *, const struct want_fetch *);
void run_on_fetch(void *run, uint64_t id, const struct policy_fetch *);
/* What the ask was for is among the facts. */
void run_answered(struct run *, struct ask *);

/* After every event: judge what can be judged, start what may start, stop when all is done. */
void run_turn(void *run);

#endif
