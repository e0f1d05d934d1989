/* The loop: what it calls, when, and what a callback may do. */
#include "probes/engine/loop.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/engine/connect.h"
#include "tests/lib/check.h"

static struct loop *loop;
static int calls;
static struct loop_timer *timer;
static struct loop_watch *watch;

static void stop(void *arg)
{
    (void)arg;
    calls++;
    loop_stop(loop);
}

static void count(void *arg)
{
    (void)arg;
    calls++;
}

static void free_timer(void *arg)
{
    (void)arg;
    calls++;
    loop_timer_free(timer);
    loop_stop(loop);
}

static void again(void *arg)
{
    (void)arg;
    if (++calls < 3)
        loop_timer_at(timer, loop_now_ms(loop));
    else
        loop_stop(loop);
}

static void check_timers(void)
{
    struct loop_timer *early, *late, *never;
    int64_t start = loop_now_ms(loop);

    check_ok(start > 0, "the clock runs");
    early = loop_timer_new(loop, count, NULL);
    late = loop_timer_new(loop, stop, NULL);
    never = loop_timer_new(loop, count, NULL);
    loop_timer_at(late, start + 60);
    loop_timer_at(early, start + 10);
    loop_timer_at(never, start + 5);
    loop_timer_clear(never);
    loop_run(loop);
    is_int(calls, 2, "two timers, the cleared one is silent");
    check_ok(loop_now_ms(loop) >= start + 60, "not before its time");
    check_ok(loop_now_ms(loop) < start + 1000, "nor long after");
    calls = 0;
    loop_timer_at(late, start + 100000);
    loop_timer_at(late, start);
    loop_run(loop);
    is_int(calls, 1, "a new time takes the place of the old, and the past is now");
    loop_timer_free(early);
    loop_timer_free(late);
    loop_timer_free(never);

    calls = 0;
    timer = loop_timer_new(loop, again, NULL);
    loop_timer_at(timer, start);
    loop_run(loop);
    is_int(calls, 3, "a timer sets itself again");
    loop_timer_free(timer);

    calls = 0;
    timer = loop_timer_new(loop, free_timer, NULL);
    loop_timer_at(timer, start);
    loop_run(loop);
    is_int(calls, 1, "a timer frees itself");
}

static void check_stop(void)
{
    struct loop_timer *t = loop_timer_new(loop, count, NULL);

    calls = 0;
    loop_stop(loop);
    loop_timer_at(t, loop_now_ms(loop));
    loop_run(loop);
    is_int(calls, 0, "stopped before it ran");
    loop_timer_free(t);
}

static void on_bytes(void *arg)
{
    int *fd = arg;
    char c;

    calls++;
    if (read(*fd, &c, 1) == 1 && c == 'q') {
        loop_watch_free(watch);
        loop_stop(loop);
    }
}

static void check_watches(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], "abq", 3) != 3)
        return;
    calls = 0;
    watch = loop_watch_new(loop, pair[0], on_bytes, &pair[0]);
    loop_watch_set(watch, LOOP_READ);
    loop_watch_set(watch, LOOP_READ);
    loop_run(loop);
    is_int(calls, 3, "called for as long as there is something to read; frees itself");
    watch = loop_watch_new(loop, pair[0], stop, NULL);
    loop_watch_set(watch, LOOP_WRITE);
    calls = 0;
    loop_run(loop);
    is_int(calls, 1, "ready to be written to");
    loop_watch_set(watch, 0);
    timer = loop_timer_new(loop, stop, NULL);
    loop_timer_at(timer, loop_now_ms(loop) + 20);
    calls = 0;
    loop_run(loop);
    is_int(calls, 1, "asleep");
    loop_timer_free(timer);
    loop_watch_free(watch);
    close(pair[0]);
    close(pair[1]);
}

static void check_signals(void)
{
    struct loop_signal *s = loop_signal_new(loop, SIGUSR1, stop, NULL);

    calls = 0;
    raise(SIGUSR1);
    is_int(calls, 0, "not from the signal itself");
    loop_run(loop);
    is_int(calls, 1, "a signal");
    loop_signal_free(s);
}

static void check_connect(void)
{
    struct endpoint to = { .port = 1 };
    struct address from;
    int fd, error;

    address_parse(&to.address, SLICE("127.0.0.1"));
    is_int(connect_start(CONNECT_UDP, &to, NULL, &fd, &error), CONNECT_STARTED, "UDP");
    is_int(connect_finish(fd), 0, "is connected at once");
    close(fd);
    address_parse(&from, SLICE("192.0.2.1"));
    is_int(connect_start(CONNECT_TCP, &to, &from, &fd, &error), CONNECT_BIND_FAILED, "a source address of others");
    is_int(fd, -1, "no descriptor then");
    check_ok(error != 0, "but an error");
}

int main(void)
{
    loop = loop_new();
    check_timers();
    check_stop();
    check_watches();
    check_signals();
    check_connect();
    loop_free(loop);
    return check_done();
}
