#include "probes/engine/timers.h"

#include <stdbool.h>

#include "scanner/base/mem.h"

#define FIRST_ROOM 16

void timers_clear(struct timers *t)
{
    mem_free(t->heap);
    *t = (struct timers){ .heap = NULL };
}

static bool is_earlier(const struct timer *a, const struct timer *b)
{
    return a->when < b->when;
}

static void put(struct timers *t, size_t i, struct timer *timer)
{
    t->heap[i] = timer;
    timer->place = (uint32_t)i + 1;
}

static void rise(struct timers *t, size_t i)
{
    struct timer *timer = t->heap[i];

    for (; i > 0 && is_earlier(timer, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        put(t, i, t->heap[(i - 1) / 2]);
    put(t, i, timer);
}

static void sink(struct timers *t, size_t i)
{
    struct timer *timer = t->heap[i];

    for (size_t child; (child = 2 * i + 1) < t->count; i = child) {
        if (child + 1 < t->count && is_earlier(t->heap[child + 1], t->heap[child]))
            child++;
        if (!is_earlier(t->heap[child], timer))
            break;
        put(t, i, t->heap[child]);
    }
    put(t, i, timer);
}

static void settle(struct timers *t, size_t i)
{
    rise(t, i);
    sink(t, i);
}

static void append(struct timers *t, struct timer *timer)
{
    if (t->count == t->room) {
        t->room = t->room != 0 ? t->room * 2 : FIRST_ROOM;
        t->heap = mem_grow(t->heap, t->room, sizeof *t->heap);
    }
    put(t, t->count++, timer);
}

void timers_set(struct timers *t, struct timer *timer, int64_t when)
{
    timer->when = when;
    timer->round = t->round;
    if (timer->place == 0)
        append(t, timer);
    settle(t, timer->place - 1);
}

void timers_remove(struct timers *t, struct timer *timer)
{
    size_t i = timer->place;

    if (i-- == 0)
        return;
    timer->place = 0;
    if (i == --t->count)
        return;
    put(t, i, t->heap[t->count]);
    settle(t, i);
}

const struct timer *timers_first(const struct timers *t)
{
    return t->count > 0 ? t->heap[0] : NULL;
}

void timers_begin(struct timers *t)
{
    t->round++;
}

struct timer *timers_due(struct timers *t, int64_t now)
{
    struct timer *first = t->count > 0 ? t->heap[0] : NULL;

    if (first == NULL || first->when > now || first->round == t->round)
        return NULL;
    timers_remove(t, first);
    return first;
}
