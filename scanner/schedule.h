/* Who is asked next, and how often: the politeness of the scan. Every limit can be turned off with 0.
 * Owns no socket and starts nothing: it says which conversation may start now, and when to look again. */
#ifndef SCANNER_SCHEDULE_H
#define SCANNER_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/facts/facts.h"

struct schedule_limits {
    unsigned long concurrency;    /* conversations at a time */
    unsigned long per_host;       /* ... with one address */
    unsigned long per_provider;   /* ... with one /24 or /48, or one MX name less its first label */
    unsigned long rate;           /* new connections a second over all */
    unsigned long interval;       /* seconds between two connections to one address */
};

struct schedule;

struct schedule *schedule_new(const struct schedule_limits *);
void schedule_free(struct schedule *);

/* A conversation (or another connection) that is wanted, not before not_before (milliseconds on the caller's clock). host is
 * the name of the host, for the provider; NULL when there is none. id is the caller's. */
void schedule_add(struct schedule *, uint64_t id, const struct address *, const char *host, int64_t not_before);

/* The same, of a conversation that was with a worker when that died: only a few of these go at a time (limits.h), so that
 * the guilty one takes few with it. */
void schedule_add_suspect(struct schedule *, uint64_t id, const struct address *, const char *host);

/* The next one that may start at now, which counts as started; false when none may. */
bool schedule_next(struct schedule *, int64_t now, uint64_t *id);
/* When to ask schedule_next again if nothing ends before; INT64_MAX: only when something ends. */
int64_t schedule_wait(const struct schedule *, int64_t now);

/* A started conversation ended. refused: with a temporary refusal; three in a row double the provider's interval. */
void schedule_done(struct schedule *, uint64_t id, bool refused);

size_t schedule_waiting(const struct schedule *);
size_t schedule_running(const struct schedule *);

#endif
