/* Times to be woken at, the earliest first. A heap; each timer knows its place in it. */
#ifndef PROBES_ENGINE_TIMERS_H
#define PROBES_ENGINE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Part of what waits. All zero: not set. */
struct timer {
    int64_t  when;
    uint32_t round;    /* in which it was set */
    uint32_t place;    /* in the heap, counted from 1; 0: not set */
};

/* All zero: none. */
struct timers {
    struct timer **heap;
    size_t         count, room;
    uint32_t       round;
};

void timers_clear(struct timers *);

/* Replaces the earlier time. The timer must be removed before its memory goes. */
void timers_set(struct timers *, struct timer *, int64_t when);
void timers_remove(struct timers *, struct timer *); /* one that is not set is fine */

/* NULL: none is set. */
const struct timer *timers_first(const struct timers *);

/* A round: what is due at now, one at a time, each removed. What is set meanwhile waits for the next round, and those behind
 * it may. NULL: no more of this round. */
void          timers_begin(struct timers *);
struct timer *timers_due(struct timers *, int64_t now);

#endif
