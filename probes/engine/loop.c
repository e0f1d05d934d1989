#include "probes/engine/loop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "probes/engine/timers.h"
#include "scanner/base/mem.h"

/* The library knows one time only, the earliest: an event of its own for each timer would cost 128 bytes. */
struct loop {
    struct event_base *base;
    struct event      *clock;
    struct timers      timers;
    int64_t            wakes;    /* the clock, at that time; INT64_MAX: it does not; INT64_MIN: it is awake */
    bool               stopped;
};

struct loop_watch {
    struct event event;
    loop_fn     *fn;
    void        *arg;
};

struct loop_timer {
    struct timer timer;
    struct loop *loop;
    loop_fn     *fn;
    void        *arg;
};

struct loop_signal {
    struct event *event;
    loop_fn      *fn;
    void         *arg;
};

static void no_events(void)
{
    fputs("posttls-audit: the event mechanism of this system cannot be used\n", stderr);
    exit(70);
}

static struct event *made(struct event *event)
{
    if (!event)
        no_events();
    return event;
}

static void *alloc(size_t size)
{
    return mem_grow(NULL, 1, size);
}

static void *grow(void *p, size_t size)
{
    return mem_grow(p, 1, size);
}

/* By itself the library would end us with status 1, which is a verdict. */
static void library_gave_up(int error)
{
    (void)error;
    no_events();
}

void loop_use_mem(void)
{
    event_set_mem_functions(alloc, grow, mem_free);
    event_set_fatal_callback(library_gave_up);
}

static void set_clock(struct loop *loop)
{
    const struct timer *first = timers_first(&loop->timers);
    int64_t wait;
    struct timeval tv;

    if (!first || first->when >= loop->wakes)
        return;
    wait = first->when - loop_now_ms(loop);
    if (wait < 0)
        wait = 0;
    tv = (struct timeval){ .tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000) };
    loop->wakes = first->when;
    if (event_add(loop->clock, &tv) != 0)
        no_events();
}

/* A timer that is set meanwhile has to wait until the descriptors had their turn. */
static void clock_woke(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;
    struct timer *timer;

    (void)fd;
    (void)what;
    loop->wakes = INT64_MIN;
    timers_begin(&loop->timers);
    while (!loop->stopped && (timer = timers_due(&loop->timers, loop_now_ms(loop))) != NULL) {
        const struct loop_timer *due = (const struct loop_timer *)(const void *)timer;

        due->fn(due->arg);
    }
    loop->wakes = INT64_MAX;
    set_clock(loop);
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_alloc(sizeof *loop);
    struct event_config *config = event_config_new();

    if (event_get_struct_event_size() > sizeof(struct event))
        no_events();
    if (config) {
        /* Deadlines are compared with our own clock, so the library's must be neither coarse nor cached. */
        event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
        event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
        event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
        loop->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!loop->base)
        no_events();
    loop->clock = made(event_new(loop->base, -1, 0, clock_woke, loop));
    loop->wakes = INT64_MAX;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    event_free(loop->clock);
    event_base_free(loop->base);
    timers_clear(&loop->timers);
    mem_free(loop);
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
    event_base_loopbreak(loop->base);
}

void loop_forked(struct loop *loop)
{
    if (event_reinit(loop->base) != 0)
        no_events();
}

int64_t loop_now_ms(const struct loop *loop)
{
    struct timespec now;

    (void)loop;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

static void watch_ready(evutil_socket_t fd, short what, void *arg)
{
    struct loop_watch *watch = arg;

    (void)fd;
    (void)what;
    watch->fn(watch->arg);
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_fn *fn, void *arg)
{
    struct loop_watch *watch = mem_alloc(sizeof *watch);

    watch->fn = fn;
    watch->arg = arg;
    if (event_assign(&watch->event, loop->base, fd, EV_PERSIST, watch_ready, watch) != 0)
        no_events();
    return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    short what = (short)(EV_PERSIST | (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0));
    struct event *event = &watch->event;

    if (what == event_get_events(event))
        return;
    event_del(event);
    if (event_assign(event, event_get_base(event), event_get_fd(event), what, watch_ready, watch) != 0
        || (events && event_add(event, NULL) != 0))
        no_events();
}

void loop_watch_free(struct loop_watch *watch)
{
    if (!watch)
        return;
    event_del(&watch->event);
    mem_free(watch);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct loop_timer *timer = mem_alloc(sizeof *timer);

    timer->loop = loop;
    timer->fn = fn;
    timer->arg = arg;
    return timer;
}

void loop_timer_at(struct loop_timer *timer, int64_t when_ms)
{
    timers_set(&timer->loop->timers, &timer->timer, when_ms);
    set_clock(timer->loop);
}

void loop_timer_clear(struct loop_timer *timer)
{
    timers_remove(&timer->loop->timers, &timer->timer);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    loop_timer_clear(timer);
    mem_free(timer);
}

static void signal_came(evutil_socket_t number, short what, void *arg)
{
    struct loop_signal *signal = arg;

    (void)number;
    (void)what;
    signal->fn(signal->arg);
}

struct loop_signal *loop_signal_new(struct loop *loop, int number, loop_fn *fn, void *arg)
{
    struct loop_signal *signal = mem_alloc(sizeof *signal);

    signal->fn = fn;
    signal->arg = arg;
    signal->event = made(event_new(loop->base, number, EV_SIGNAL | EV_PERSIST, signal_came, signal));
    if (event_add(signal->event, NULL) != 0)
        no_events();
    return signal;
}

void loop_signal_free(struct loop_signal *signal)
{
    if (!signal)
        return;
    event_free(signal->event);
    mem_free(signal);
}
