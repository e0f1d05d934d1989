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

/* Begins the transaction that history_commit() ends. */
void history_change(struct history *);

/* A standing's columns, from column first on, and how to select them from a table called s. */
#define STANDING_COLUMNS "s.verdict, s.reason, s.level, s.effective_level, s.tls, s.hosts, s.dsn, s.entry, s.why"
#define STANDING_COLUMN_COUNT 9
void history_read_standing(const struct sql_query *, int first, struct region *, const char *destination, struct standing *);

#endif
