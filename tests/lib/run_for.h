/* The event loop of a test, run for a while. */
#ifndef TESTS_LIB_RUN_FOR_H
#define TESTS_LIB_RUN_FOR_H

#include <stdint.h>

#include "probes/engine/loop.h"

static void run_for_over(void *loop)
{
    loop_stop(loop);
}

/* Runs the loop for so many milliseconds, or until something stops it. */
static void run_for(struct loop *loop, int64_t ms)
{
    struct loop_timer *timer = loop_timer_new(loop, run_for_over, loop);

    loop_timer_at(timer, loop_now_ms(loop) + ms);
    loop_run(loop);
    loop_timer_free(timer);
}

#endif
