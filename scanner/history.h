/* Past runs, in one file: every run's verdicts, the changes between them, what was announced, what is acknowledged. Only
 * whole runs are ever visible in it: each is one transaction. */
#ifndef SCANNER_HISTORY_H
#define SCANNER_HISTORY_H

#include "reports/compare.h"
#include "scanner/base/error.h"

struct history;

enum history_use {
    HISTORY_RECORD,   /* a run is to be added: made when it is missing; no other run may hold it (75) */
    HISTORY_CHANGE,   /* acknowledging, pruning: it must be there */
    HISTORY_READ
};
/* NULL: *err (66 missing, 65 malformed, 73 cannot be written, 75 another run holds it). */
struct history *history_open(const char *path, enum history_use, struct error *err);
/* What is not committed is forgotten. NULL is fine. */
void history_close(struct history *);
/* Keeps what the functions below changed. False: *err, and nothing of it was kept. */
bool history_commit(struct history *, struct error *err);

/* Recording (history_record.c) */

#define ADVICE_RUNS 14   /* two weeks of nights */

struct history_rules {
    unsigned long confirm;     /* runs in a row before a change for the worse is announced; 0 and 1: at once */
    unsigned long runs;        /* in a row that advice must hold before it is given; 0: ADVICE_RUNS */
    const char   *selection;   /* what chose the destinations: what an equal run lacks has vanished; NULL: nothing vanishes */
};

/* Adds the report as a run, and finds what to announce. Marks acknowledged results, and advice that has not held for long
 * enough. Until history_commit() nobody sees it. */
bool history_record(struct history *, struct region *, struct report *, const struct history_rules *, struct news *,
                    struct error *err);

/* Reading and tending (history_read.c) */

struct history_run {
    int64_t     id, started, finished, evaluated_at;
    bool        complete;
    const char *config_dir, *postfix_version, *selection;
    size_t      destinations, by_verdict[VERDICT_UNKNOWN + 1];
    size_t      announced;        /* changes */
};
/* The last runs, oldest first, at most so many (0: all). */
bool history_runs(struct history *, struct region *, size_t most, struct history_run **, size_t *count, struct error *err);
/* Gives the report its trend: the last runs that have the selection. */
bool history_trend(struct history *, struct region *, const char *selection, struct report *, struct error *err);
/* Where each destination stood in a run. */
bool history_standings(struct history *, struct region *, int64_t run, struct standing **, size_t *count, struct error *err);

/* Runs in a row in which a destination stood as it did. */
struct history_span {
    struct standing standing;
    int64_t         from, to;     /* when the first and the last of them began */
    size_t          runs;
};
/* A change that was seen, however often. */
struct history_change {
    enum change_kind kind;
    struct standing  before, after;
    int64_t          first_seen, last_seen;
    size_t           times;
};
/* Runs in a row that found the same published. */
struct history_publication {
    const struct standing_published *published;
    int64_t                          from, to;   /* when the first and the last of them began */
    size_t                           runs;
};
struct history_life {
    struct history_span   *spans;
    size_t                 span_count;
    struct history_change *changes;
    size_t                 change_count;
    struct history_publication *publications;
    size_t                 publication_count;
};
/* Empty for a destination that was never seen. */
bool history_life(struct history *, struct region *, const char *destination, struct history_life *, struct error *err);

struct history_acknowledgement {
    const char *destination, *reason, *comment;
    int64_t     made, until;      /* until: the first second at which it counts no more */
};
/* Those in force at a time. */
bool history_acknowledgements(struct history *, struct region *, int64_t when, struct history_acknowledgement **,
                              size_t *count, struct error *err);
/* Acknowledges the fault that the destination had when it was last seen: no other. False: *err (64: it had none, or was never
 * seen). */
bool history_acknowledge(struct history *, const char *destination, int64_t made, int64_t until, const char *comment,
                         struct error *err);
/* Ends those of a destination. False: *err (64: there is none). */
bool history_withdraw(struct history *, const char *destination, int64_t when, struct error *err);

/* Advice that the last run gave. */
struct history_advice {
    const char *destination, *code, *line;   /* line NULL: the entry is to be taken out */
    const char *text;                        /* why */
    const char *entry;                       /* as it is; NULL: from nowhere */
    bool        held_back;                   /* it has not held for long enough (runs; 0: ADVICE_RUNS) */
};
bool history_advice(struct history *, struct region *, unsigned long runs, struct history_advice **, size_t *count,
                    struct error *err);

/* Of the advice of a report that is not added to the history: what has not held for so many of its runs (0: ADVICE_RUNS) is
 * held back. False: *err. */
bool history_hold_advice(struct history *, struct region *, const struct report *, unsigned long runs, struct error *err);

/* Forgets runs that began earlier, but for the last one, and what only they knew. */
bool history_prune(struct history *, int64_t before, size_t *runs, struct error *err);

#endif
