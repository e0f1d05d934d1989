#include "scanner/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/base/mem.h"
#include "scanner/child.h"
#include "scanner/interrupt.h"

#define CHANNEL_FD 3

/* A pattern that was not done in time. */
struct failure {
    const void     *pattern;
    unsigned        times;
    struct failure *next;
};

struct patience {
    struct config     *config;
    double             deadline;
    struct failure    *failures;
    struct table_guard guard;
    pid_t              pid;    /* of the process that tries patterns; 0: there is none */
    int                fd;     /* to it: a task and its input in one piece, and the result in another */
};

struct task {
    table_work_fn *work;
    const void    *pattern;
    size_t         size; /* of the result */
};

/* The deadline, or somewhat after the interruption; 0: neither. */
static double end_of(const struct patience *p)
{
    static double interrupted;

    if (interrupt_came() && interrupted == 0)
        interrupted = child_clock();
    if (interrupted == 0)
        return p->deadline;
    return p->deadline > 0 && p->deadline < interrupted + PATIENCE_AFTER_INTERRUPT ? p->deadline
                                                                                  : interrupted + PATIENCE_AFTER_INTERRUPT;
}

static double left_of(const struct patience *p, double most)
{
    double end = end_of(p), left = end - child_clock();

    return end == 0 || left > most ? most : left > 0 ? left : 0;
}

static bool has_time(void *arg)
{
    return left_of(arg, 1) > 0;
}

/* The process that tries patterns. It has our memory as it was when it began, and so all patterns that there were. */

/* Bytes of address space that this process has; 0: not known. */
static size_t address_space(void)
{
    char          text[64];
    int           fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t       n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    unsigned long pages;
    struct slice  said;

    if (fd >= 0)
        close(fd);
    said = slice_from(text, n > 0 ? (size_t)n : 0);
    if (!slice_to_number(slice_head(said, slice_find(said, ' ')), ULONG_MAX, &pages))
        return 0;
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* What ends a whole group of processes is for us to hear; this one ends with us, or by want of memory, and has nothing to
 * clean up. Nothing of ours stays open in it: what waits for the end of a pipe or a socket does not wait for it. */
static int become_mortal(int fd)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    size_t           size = address_space();
    int              nowhere;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_IGN);
    nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0 || dup2(fd, CHANNEL_FD) < 0)
        _exit(1);
    for (int i = 0; i < CHANNEL_FD; i++) /* "out of memory" would be taken for ours */
        dup2(nowhere, i);
    close_range(CHANNEL_FD + 1, ~0u, 0);
    if (size > 0)
        setrlimit(RLIMIT_AS, &(struct rlimit){ size + PATIENCE_MEMORY, size + PATIENCE_MEMORY });
    return CHANNEL_FD;
}

/* One task. */
static void serve(int fd)
{
    _Alignas(max_align_t) char result[TABLE_RESULT_MAX] = { 0 };
    struct task                task;
    ssize_t                    n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
    char                      *message;

    if (n < (ssize_t)sizeof(task))
        _exit(0);
    message = mem_alloc((size_t)n);
    if (recv(fd, message, (size_t)n, 0) != n)
        _exit(1);
    memcpy(&task, message, sizeof(task));
    task.work(task.pattern, slice_from(message + sizeof(task), (size_t)n - sizeof(task)), result);
    if (send(fd, result, task.size, MSG_NOSIGNAL) != (ssize_t)task.size)
        _exit(1);
    mem_free(message);
}

static bool begin_process(struct patience *p)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    p->pid = fork();
    if (p->pid == 0) {
        int fd = become_mortal(pair[1]);

        for (;;)
            serve(fd);
    }
    close(pair[1]);
    p->fd = pair[0];
    if (p->pid > 0)
        return true;
    p->pid = 0;
    close(p->fd);
    return false;
}

static void end_process(void *arg)
{
    struct patience *p = arg;

    if (p->pid == 0)
        return;
    kill(p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(p->fd);
    p->pid = 0;
}

static bool hand_over(const struct patience *p, const struct task *task, struct slice input)
{
    struct task         copy = *task;
    struct iovec        parts[] = { { &copy, sizeof(copy) }, { (void *)(uintptr_t)input.p, input.n } };
    const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

    return sendmsg(p->fd, &message, MSG_NOSIGNAL) == (ssize_t)(sizeof(copy) + input.n);
}

/* True when the result came. */
static bool await(const struct patience *p, double seconds, void *result, size_t size)
{
    double end = child_clock() + seconds;

    for (;;) {
        struct pollfd polled = { .fd = p->fd, .events = POLLIN };
        double        left = left_of(p, end - child_clock());

        if (left <= 0)
            return false;
        if (poll(&polled, 1, (int)(left * 1000) + 1) > 0)
            return read(p->fd, result, size) == (ssize_t)size;
    }
}

/* It waits for a task; one that was ended by others has closed its socket. */
static bool is_ready(const struct patience *p)
{
    struct pollfd polled = { .fd = p->fd, .events = POLLIN };

    return p->pid != 0 && poll(&polled, 1, 0) == 0;
}

/* A pattern's first call has no input: a process that began before does not know the pattern. */
static bool try_apart(struct patience *p, double seconds, const struct task *task, struct slice input, void *result)
{
    if (input.n == 0 || !is_ready(p))
        end_process(p);
    if (p->pid == 0 && !begin_process(p))
        return false;
    if (hand_over(p, task, input) && await(p, seconds, result, task->size))
        return true;
    end_process(p);
    return false;
}

static struct failure *failure_of(struct patience *p, const void *pattern)
{
    struct failure *f = p->failures;

    while (f != NULL && f->pattern != pattern)
        f = f->next;
    if (f == NULL) {
        f = region_alloc(p->config->region, sizeof(*f));
        *f = (struct failure){ .pattern = pattern, .next = p->failures };
        p->failures = f;
    }
    return f;
}

static bool apart(void *arg, const void *pattern, table_work_fn *work, struct slice input, void *result, size_t size)
{
    const struct task task = { work, pattern, size };
    struct patience  *p = arg;
    struct failure   *f = failure_of(p, pattern);
    double            seconds = f->times < PATIENCE_PATTERN_TRIES ? PATIENCE_PATTERN_SECONDS : PATIENCE_LATER_SECONDS;

    if (f->times >= PATIENCE_PATTERN_TRIES + PATIENCE_LATER_TRIES || !has_time(p))
        return false;
    if (try_apart(p, seconds, &task, input, result))
        return true;
    f->times++;
    return false;
}

/* Told once for each line. */
static void slow(void *arg, const char *file, int line, const char *text)
{
    struct config       *config = ((struct patience *)arg)->config;
    struct table_notice *notice;

    for (notice = config->notices; notice != NULL; notice = notice->next)
        if (strcmp(notice->code, TABLE_SLOW_PATTERN) == 0 && notice->line == line &&
            (file == NULL ? notice->file == NULL : notice->file != NULL && strcmp(notice->file, file) == 0))
            return;
    notice = region_alloc(config->region, sizeof(*notice));
    *notice = (struct table_notice){ .code = TABLE_SLOW_PATTERN, .text = region_text(config->region, text),
                                     .file = region_text(config->region, file), .line = line, .next = config->notices };
    config->notices = notice;
}

void patience_set(struct config *config, double deadline)
{
    struct patience *p = region_alloc(config->region, sizeof(*p));

    p->config = config;
    p->deadline = deadline;
    region_defer(config->region, end_process, p);
    p->guard = (struct table_guard){ child_clock, has_time, apart, slow, p };
    config->guard = &p->guard;
}

double patience_left(const struct config *config, double most)
{
    return left_of(config->guard->arg, most);
}
