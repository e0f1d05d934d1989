#include "scanner/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scanner/interrupt.h"
#include "scanner/patience.h"

#define PIECE     16384
#define WAIT_STEP 5 /* ms between looks at a child that has closed its output but not ended */

enum { INPUT, OUTPUT, ERRORS, STREAMS };

struct run {
    struct child *child;
    pid_t pid;
    int fds[STREAMS]; /* our ends; -1 when closed */
    size_t written;
    double deadline;
};

double child_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Input goes through a socket: writing to one that nobody reads raises no signal. */
static bool open_streams(int ours[STREAMS], int theirs[STREAMS])
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    ours[INPUT] = pair[0];
    theirs[INPUT] = pair[1];
    for (int i = OUTPUT; i < STREAMS; i++) {
        if (pipe2(pair, O_CLOEXEC) != 0)
            return false;
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
    for (int i = 0; i < STREAMS; i++)
        if (fcntl(ours[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    return true;
}

/* A process group of its own, so that what it starts can be ended with it; no signal blocked or ignored. */
static int spawn(struct run *r, const int theirs[STREAMS])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int failed;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < STREAMS; i++)
        posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    if (r->child->directory != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, r->child->directory);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    failed = posix_spawn(&r->pid, r->child->argv[0], &actions, &attributes, (char *const *)r->child->argv,
                         (char *const *)r->child->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static bool start(struct run *r, struct error *err)
{
    int theirs[STREAMS] = { -1, -1, -1 }, failed;

    if (!open_streams(r->fds, theirs))
        failed = errno;
    else
        failed = spawn(r, theirs);
    for (int i = 0; i < STREAMS; i++)
        close_fd(&theirs[i]);
    if (failed != 0)
        error_set(err, 0, "cannot run %s: %s", r->child->argv[0], strerror(failed));
    return failed == 0;
}

static void feed(struct run *r)
{
    struct slice rest = slice_from_index(r->child->input, r->written);
    ssize_t n = rest.n > 0 ? send(r->fds[INPUT], rest.p, rest.n, MSG_NOSIGNAL) : 0;

    if (n > 0)
        r->written += (size_t)n;
    /* A child that does not want its input may say why in a moment. */
    if (r->written == r->child->input.n || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&r->fds[INPUT]);
}

/* False when the output does not fit. */
static bool drain(struct run *r, int stream)
{
    char piece[PIECE];
    ssize_t n = read(r->fds[stream], piece, sizeof(piece));

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&r->fds[stream]);
    if (n <= 0)
        return true;
    return buf_add(stream == OUTPUT ? &r->child->output : &r->child->errors, piece, (size_t)n) || stream == ERRORS;
}

static bool stop_seen(const struct child *c)
{
    return c->stop_text != NULL && c->errors.n > 0 && strstr(buf_text(&c->errors), c->stop_text) != NULL &&
           c->errors.p[c->errors.n - 1] == '\n';
}

static int milliseconds_left(const struct run *r)
{
    double left = r->deadline - child_clock();

    return left <= 0 ? 0 : left > 3600 ? 3600 * 1000 : (int)(left * 1000) + 1;
}

/* Who interrupts us does not wait for others. */
static void hurry(struct run *r)
{
    double end = child_clock() + PATIENCE_AFTER_INTERRUPT;

    if (interrupt_came() && r->deadline > end)
        r->deadline = end;
}

/* Until both outputs are closed, or there is no point in going on. */
static enum child_end converse(struct run *r)
{
    while (r->fds[OUTPUT] >= 0 || r->fds[ERRORS] >= 0) {
        struct pollfd polled[STREAMS];
        int left = milliseconds_left(r);

        if (left == 0)
            return CHILD_TIMEOUT;
        for (int i = 0; i < STREAMS; i++)
            polled[i] = (struct pollfd){ .fd = r->fds[i], .events = i == INPUT ? POLLOUT : POLLIN };
        if (poll(polled, STREAMS, left) <= 0) {
            hurry(r);
            continue;
        }
        if (polled[INPUT].revents != 0)
            feed(r);
        for (int i = OUTPUT; i < STREAMS; i++)
            if (polled[i].revents != 0 && !drain(r, i))
                return CHILD_TOO_MUCH;
        if (stop_seen(r->child))
            return CHILD_STOPPED;
    }
    return CHILD_EXITED;
}

/* Whether the child has ended; it is not taken away yet, so that its number stays its own. */
static bool has_ended(const struct run *r)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == r->pid;
}

/* Waits for the end, and brings it about when there is no more time or nobody cares. */
static enum child_end finish(struct run *r, enum child_end end)
{
    int status = 0;

    while (end == CHILD_EXITED && !has_ended(r)) {
        if (milliseconds_left(r) == 0)
            end = CHILD_TIMEOUT;
        else
            poll(NULL, 0, WAIT_STEP);
    }
    kill(-r->pid, SIGKILL); /* and whatever it has started */
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (end == CHILD_EXITED && WIFSIGNALED(status))
        end = CHILD_SIGNALLED;
    r->child->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    return end;
}

enum child_end child_run(struct child *c, struct error *err)
{
    struct run r = { .child = c, .fds = { -1, -1, -1 }, .deadline = child_clock() + c->seconds };
    enum child_end end = CHILD_NOT_STARTED;

    buf_init(&c->errors, CHILD_ERRORS_MAX);
    if (start(&r, err))
        end = finish(&r, converse(&r));
    for (int i = 0; i < STREAMS; i++)
        close_fd(&r.fds[i]);
    if (end == CHILD_SIGNALLED)
        error_set(err, 0, "%s was ended by signal %d", c->argv[0], c->status);
    else if (end == CHILD_TIMEOUT)
        error_set(err, 0, "%s did not end within %.0f seconds", c->argv[0], c->seconds);
    else if (end == CHILD_TOO_MUCH)
        error_set(err, 0, "%s printed more than %zu bytes", c->argv[0], c->output.ceiling);
    return end;
}
