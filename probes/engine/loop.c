#include "probes/engine/loop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

#include "scanner/base/mem.h"

struct loop {
    struct event_base *base;
    bool               stopped;
};

struct loop_watch {
    struct loop  *loop;
    struct event *event;
    evutil_socket_t fd;
    unsigned      events;
    loop_fn      *fn;
    void         *arg;
};

struct loop_timer {
    struct loop  *loop;
    struct event *event;
    int64_t       when;
    loop_fn      *fn;
    void         *arg;
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

struct loop *loop_new(void)
{
    struct loop *loop = mem_alloc(sizeof *loop);
    struct event_config *config = event_config_new();

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
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    event_base_free(loop->base);
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

    watch->loop = loop;
    watch->fd = fd;
    watch->fn = fn;
    watch->arg = arg;
    watch->event = made(event_new(loop->base, fd, EV_READ | EV_PERSIST, watch_ready, watch));
    return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    short what = (short)(EV_PERSIST | (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0));

    if (events == watch->events)
        return;
    event_del(watch->event);
    watch->events = events;
    if (!events)
        return;
    if (event_assign(watch->event, watch->loop->base, watch->fd, what, watch_ready, watch) != 0
        || event_add(watch->event, NULL) != 0)
        no_events();
}

void loop_watch_free(struct loop_watch *watch)
{
    if (!watch)
        return;
    event_free(watch->event);
    mem_free(watch);
}

static void timer_add(struct loop_timer *timer, int64_t now)
{
    int64_t wait = timer->when > now ? timer->when - now : 0;
    struct timeval tv = { .tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000) };

    if (event_add(timer->event, &tv) != 0)
        no_events();
}

static void timer_due(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *timer = arg;
    int64_t now = loop_now_ms(timer->loop);

    (void)fd;
    (void)what;
    if (now < timer->when)
        timer_add(timer, now);
    else
        timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct loop_timer *timer = mem_alloc(sizeof *timer);

    timer->loop = loop;
    timer->fn = fn;
    timer->arg = arg;
    timer->event = made(event_new(loop->base, -1, 0, timer_due, timer));
    return timer;
}

void loop_timer_at(struct loop_timer *timer, int64_t when_ms)
{
    timer->when = when_ms;
    timer_add(timer, loop_now_ms(timer->loop));
}

void loop_timer_clear(struct loop_timer *timer)
{
    event_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
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
