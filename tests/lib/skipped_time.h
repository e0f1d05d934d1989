/* Time in which nothing happens is skipped: while the event loop waits, the monotonic clock jumps to the end of the wait, so that
 * limits of minutes can be held at and passed. Included by one file of a test program; it takes the place of the C library's
 * calls, in libraries too, but not in processes that the test starts. */
#ifndef TESTS_LIB_SKIPPED_TIME_H
#define TESTS_LIB_SKIPPED_TIME_H

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int64_t skipped_ms;
static int     skip_after_ms = 20; /* of real time, in which others may do something */
static pid_t   skipper;

static void skip_time(void)
{
    skipper = getpid();
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);

    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (real(clock, now) != 0)
        return -1;
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
        now->tv_sec += skipped_ms / 1000, now->tv_nsec += skipped_ms % 1000 * 1000000;
    if (now->tv_nsec >= 1000000000)
        now->tv_sec++, now->tv_nsec -= 1000000000;
    return 0;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    static int (*real)(int, struct epoll_event *, int, int);
    int        n;

    if (real == NULL)
        real = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    if (skipper != getpid() || timeout <= skip_after_ms)
        return real(fd, events, max, timeout);
    n = real(fd, events, max, skip_after_ms);
    if (n == 0)
        skipped_ms += timeout - skip_after_ms;
    return n;
}

/* Without timers of the kernel the loop waits with epoll_wait() alone. */
int timerfd_create(int clock, int flags)
{
    (void)clock;
    (void)flags;
    errno = ENOSYS;
    return -1;
}

#endif
