/* What the files of the history share. */
#ifndef SCANNER_HISTORY_IMPL_H
#define SCANNER_HISTORY_IMPL_H

#include "scanner/history.h"
#include "scanner/sql.h"

struct history {
    struct sql *sql;
    int         lock;      /* descriptor; -1: none */
    bool        changing;  /* a transaction has begun */
};

/* A run on its way into the history. */
struct recording {
    struct history             *history;
    struct sql                 *sql;
    struct region              *region;
    const struct report        *report;
    const struct history_rules *rules;
    struct news                *news;
    size_t                      outlook_room;
    int64_t                     run, when;
};

/* What has not come about yet of a destination that was looked at (history_outlook.c); said is the verdict that was announced
 * last. */
void outlook_record(struct recording *, int64_t destination, const struct result *, enum verdict said);
/* False: a history that no run has been added to since outlooks are kept in it. */
bool outlook_is_kept(struct sql *);
/* Runs in a row, the latest one being the last, that gave that advice; runs without a verdict left aside. */
size_t outlook_runs(struct sql *, int64_t destination, const char *code, const char *line);

/* The MTA-STS policies that the results tell of, against those of before: adds findings to the results. */
void policies_record(struct recording *);
/* What domains publish (history_published.c). Before this run; NULL: not known. */
const struct standing_published *published_before(struct recording *, int64_t destination);
/* Keeps what this run found; NULL: nothing. */
void published_record(struct recording *, int64_t destination, const struct standing_published *);
/* Into standings of a run, which are in the order of destinations; into a life; and forgets what was before a run. */
void published_add(struct sql *, struct region *, int64_t run, struct standing *, size_t count);
void published_life(struct sql *, struct region *, int64_t destination, struct history_life *);
void published_prune(struct sql *, int64_t first);

/* Begins the transaction that history_commit() ends. */
void history_change(struct history *);

/* A standing's columns, from column first on, and how to select them from a table called s. */
#define STANDING_COLUMNS "s.verdict, s.reason, s.level, s.effective_level, s.tls, s.hosts, s.dsn, s.entry, s.why"
#define STANDING_COLUMN_COUNT 9
void history_read_standing(const struct sql_query *, int first, struct region *, const char *destination, struct standing *);

#endif
