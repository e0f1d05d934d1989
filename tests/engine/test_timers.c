/* Timers: in the order of their times, whatever is set anew and removed between. */
#include "probes/engine/timers.h"

#include "tests/lib/check.h"

#define MANY 1000

static struct timers timers;
static struct timer many[MANY];

/* Due times 0 to 96, in no order. */
static void set_all(void)
{
    for (size_t i = 0; i < MANY; i++)
        timers_set(&timers, &many[i], (int64_t)(i * 37 % 97));
}

static void check_order(void)
{
    int64_t last = 0;
    size_t  seen = 0, early = 0;
    struct timer *timer;

    set_all();
    for (size_t i = 0; i < MANY; i += 3)
        timers_remove(&timers, &many[i]);
    for (size_t i = 1; i < MANY; i += 3)
        timers_set(&timers, &many[i], (int64_t)(i * 11 % 97));
    timers_begin(&timers);
    while ((timer = timers_due(&timers, 96)) != NULL) {
        early += timer->when < last;
        last = timer->when;
        seen++;
    }
    is_int(seen, MANY - (MANY + 2) / 3, "each that was not removed, once");
    is_int(early, 0, "each after those before it");
    check_ok(timers_first(&timers) == NULL, "none is left");
}

static void check_now(void)
{
    size_t seen = 0;

    set_all();
    timers_begin(&timers);
    while (timers_due(&timers, 48) != NULL)
        seen++;
    is_int(timers_first(&timers)->when, 49, "what is due later stays");
    for (size_t i = 0; i < MANY; i++)
        seen += many[i].place != 0;
    is_int(seen, MANY, "all of it");
    for (size_t i = 0; i < MANY; i++)
        timers_remove(&timers, &many[i]);
    check_ok(timers_first(&timers) == NULL, "removing one that is not set is fine");
}

static void check_rounds(void)
{
    timers_set(&timers, &many[0], 1);
    timers_begin(&timers);
    check_ok(timers_due(&timers, 9) == &many[0], "one that is due");
    timers_set(&timers, &many[0], 1);
    check_ok(timers_due(&timers, 9) == NULL, "set again in the same round: not again in it");
    timers_begin(&timers);
    check_ok(timers_due(&timers, 9) == &many[0], "but in the next");
    check_ok(timers_due(&timers, 9) == NULL, "and that was all");
}

int main(void)
{
    check_order();
    check_now();
    check_rounds();
    timers_clear(&timers);
    return check_done();
}
