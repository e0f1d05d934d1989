#include "scanner/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/child.h"
#include "scanner/interrupt.h"

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

/* The process that tries a pattern. */

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

/* It ends with us, by a signal, or by want of memory: it has nothing to clean up. */
static void become_mortal(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    size_t           size = address_space();
    int              nowhere = open("/dev/null", O_WRONLY);

    dup2(nowhere, STDERR_FILENO); /* "out of memory" would be taken for ours */

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_DFL);
    if (size > 0)
        setrlimit(RLIMIT_AS, &(struct rlimit){ size + PATIENCE_MEMORY, size + PATIENCE_MEMORY });
}

static void be_tried(int fd, table_work_fn *work, const void *job, void *result, size_t size)
{
    become_mortal();
    work(job, result);
    _exit(write(fd, result, size) == (ssize_t)size ? 0 : 1);
}

/* True when all of the result came. It is less than a pipe holds, and written at once. */
static bool await(const struct patience *p, double seconds, int fd, void *result, size_t size)
{
    double end = child_clock() + seconds;

    for (;;) {
        struct pollfd polled = { .fd = fd, .events = POLLIN };
        double        left = left_of(p, end - child_clock());

        if (left <= 0)
            return false;
        if (poll(&polled, 1, (int)(left * 1000) + 1) > 0)
            return read(fd, result, size) == (ssize_t)size;
    }
}

static bool try_apart(const struct patience *p, double seconds, table_work_fn *work, const void *job, void *result, size_t size)
{
    int   pair[2];
    pid_t pid;
    bool  done = false;

    if (pipe(pair) != 0)
        return false;
    pid = fork();
    if (pid == 0)
        be_tried(pair[1], work, job, result, size);
    close(pair[1]);
    if (pid > 0) {
        done = await(p, seconds, pair[0], result, size);
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    close(pair[0]);
    return done;
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

static bool apart(void *arg, const void *pattern, table_work_fn *work, const void *job, void *result, size_t size)
{
    struct patience *p = arg;
    struct failure  *f = failure_of(p, pattern);
    double           seconds = f->times < PATIENCE_PATTERN_TRIES ? PATIENCE_PATTERN_SECONDS : PATIENCE_LATER_SECONDS;

    if (f->times >= PATIENCE_PATTERN_TRIES + PATIENCE_LATER_TRIES || !has_time(p))
        return false;
    if (try_apart(p, seconds, work, job, result, size))
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
    p->guard = (struct table_guard){ child_clock, has_time, apart, slow, p };
    config->guard = &p->guard;
}

double patience_left(const struct config *config, double most)
{
    return left_of(config->guard->arg, most);
}
