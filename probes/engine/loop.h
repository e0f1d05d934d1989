/* Descriptors, timers, signals and the monotonic clock on one thread. loop.c is the only file that names the event
 * library. Callbacks come from loop_run() alone, never from inside the calls below; a callback may free any handle,
 * its own included. */
#ifndef PROBES_ENGINE_LOOP_H
#define PROBES_ENGINE_LOOP_H

#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;
struct loop_signal;

typedef void loop_fn(void *arg);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* The event library's own allocations are mem.h's from here on. To be called before any loop is made. */
void loop_use_mem(void);

/* Never NULL: without an event mechanism the program ends as it does without memory. */
struct loop *loop_new(void);
/* After all handles were freed. NULL is fine, here and in every other free below. */
void loop_free(struct loop *);

/* Runs until loop_stop(), also while nothing is waited for. */
void loop_run(struct loop *);
/* The loop ends when the current callback has returned. Without a running loop the next run ends at once. */
void loop_stop(struct loop *);
/* In a child after fork(): the descriptors of the event mechanism are its own from here on. */
void loop_forked(struct loop *);

/* Milliseconds of CLOCK_MONOTONIC, read anew at each call; never 0. */
int64_t loop_now_ms(const struct loop *);

/* Watches a descriptor, which stays the caller's and must outlive the watch. Asleep until loop_watch_set(). A watch
 * stays awake until it is set to 0: it calls again for as long as the descriptor is ready. One callback for both
 * directions: try what you wait for. */
struct loop_watch *loop_watch_new(struct loop *, int fd, loop_fn *fn, void *arg);
void loop_watch_set(struct loop_watch *, unsigned events); /* LOOP_READ | LOOP_WRITE; 0: asleep */
void loop_watch_free(struct loop_watch *);

/* A timer that calls once for each time it was set. */
struct loop_timer *loop_timer_new(struct loop *, loop_fn *fn, void *arg);
void loop_timer_at(struct loop_timer *, int64_t when_ms); /* as loop_now_ms(); one that is past calls soon. Replaces the earlier time */
void loop_timer_clear(struct loop_timer *);
void loop_timer_free(struct loop_timer *);

/* Calls from the loop, not from the signal's context. */
struct loop_signal *loop_signal_new(struct loop *, int number, loop_fn *fn, void *arg);
void loop_signal_free(struct loop_signal *);

#endif
