/* Loaded before a program (LD_PRELOAD), by what stands in the environment it makes some calls go wrong:
 *   MEDDLE_ALLOC=P    the first allocation of place P from main() on fails, and no other
 *   MEDDLE_PLACES=FILE the places from which memory was asked for are written there at the end, in the order of their first time
 *   MEDDLE_WRITE=N    the N-th write to a regular file, fsync or rename fails: the disk is full
 *   MEDDLE_BUFFERS=N  the first N connections and questions fail for want of buffers (ENOBUFS); with MEDDLE_STREAMS=1 only
 *                     connections count; with MEDDLE_ERROR=E for what that errno says instead
 *   MEDDLE_CLOCK=S    the clock of the day jumps by S seconds half a second after the start
 *   MEDDLE_BREAK_OUT=PATH before its first connection the process tries to write to that file, to trace its parent and to execute
 *                     another program; what it could not do is told on standard error
 *   MEDDLE_COUNT=FILE how many such calls there were is written there at the end
 *   MEDDLE_CHILD=1    all that in the children of the process, and not in itself
 * Allocations only where it was built with -DALLOCATIONS: a sanitizer has its own. A place is all that is being called at the
 * moment: one function asked by two others is two places. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long writes, fail_write, step, fail_connections;
static int connect_error;
static bool only_streams;
static const char *count_file, *break_out;
static pid_t first;
static bool ready, in_child;
static struct timespec began;

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static long number(const char *name)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : 0;
}

static bool is_ours(void)
{
    return ready && (getpid() == first) != in_child;
}

/* Places */

#ifdef ALLOCATIONS
#define FRAMES 64
#define PLACES 65536 /* a power of two */

/* Shared with the children, which cannot write a file. */
static struct places {
    uint64_t slots[PLACES], order[PLACES];
    unsigned count;
} *places;
static uint64_t fail_place;
static bool failed;

static void start_places(void)
{
    const char *place = getenv("MEDDLE_ALLOC");
    void *frames[FRAMES];

    fail_place = place ? strtoull(place, NULL, 16) : 0;
    backtrace(frames, FRAMES); /* the first time takes memory itself */
    if (getenv("MEDDLE_PLACES"))
        places = mmap(NULL, sizeof *places, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* The same in every run, wherever the file was loaded. */
static uint64_t in_its_file(void *address)
{
    struct dl_find_object found;

    return (uintptr_t)address - (_dl_find_object(address, &found) == 0 ? (uintptr_t)found.dlfo_map_start : 0);
}

static void keep_place(uint64_t place)
{
    for (unsigned i = place & (PLACES - 1);; i = (i + 1) & (PLACES - 1)) {
        if (places->slots[i] == place)
            return;
        if (places->slots[i] == 0 && places->count < PLACES - 1) {
            places->slots[i] = places->order[places->count++] = place;
            return;
        }
    }
}

static bool allocation_fails(void)
{
    void *frames[FRAMES];
    uint64_t place = 14695981039346656037u;
    bool was_ready = ready;

    if (!is_ours() || (!places && !fail_place) || failed)
        return false;
    ready = false;
    for (int i = backtrace(frames, FRAMES) - 1; i > 1; i--)
        place = (place ^ in_its_file(frames[i])) * 1099511628211u;
    ready = was_ready;
    if (places)
        keep_place(place);
    failed = place == fail_place;
    return failed;
}

static void write_places(void)
{
    const char *path = getenv("MEDDLE_PLACES");
    FILE *file;

    if (!places || getpid() != first)
        return;
    ready = false;
    file = fopen(path, "w");
    for (unsigned i = 0; file && i < places->count; i++)
        fprintf(file, "%016llx\n", (unsigned long long)places->order[i]);
    if (file)
        fclose(file);
}
#else
static void start_places(void)
{
}

static void write_places(void)
{
}
#endif

__attribute__((constructor)) static void start(void)
{
    start_places();
    fail_write = number("MEDDLE_WRITE");
    fail_connections = number("MEDDLE_BUFFERS");
    only_streams = number("MEDDLE_STREAMS") != 0;
    connect_error = number("MEDDLE_ERROR") != 0 ? (int)number("MEDDLE_ERROR") : ENOBUFS;
    step = number("MEDDLE_CLOCK");
    in_child = number("MEDDLE_CHILD") != 0;
    count_file = getenv("MEDDLE_COUNT");
    break_out = getenv("MEDDLE_BREAK_OUT");
    first = getpid();
    clock_gettime(CLOCK_MONOTONIC, &began);
    ready = true;
}

__attribute__((destructor)) static void stop(void)
{
    FILE *file;

    write_places();
    if (!count_file || !is_ours())
        return;
    ready = false;
    file = fopen(count_file, "w");
    if (file) {
        fprintf(file, "%ld\n", writes);
        fclose(file);
    }
}

#ifdef ALLOCATIONS
/* Without memory to find a user by name the C library ends the process itself (an assertion in nss_database.c). */
struct passwd *getpwnam(const char *name)
{
    static struct passwd *(*call)(const char *);
    struct passwd *found;

    if (!call)
        call = (struct passwd *(*)(const char *))real("getpwnam");
    ready = false;
    found = call(name);
    ready = true;
    return found;
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
    return allocation_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t n)
{
    return allocation_fails() ? NULL : __libc_realloc(old, n);
}
#endif

static bool is_file(int fd)
{
    struct stat status;

    return fd > 2 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static bool write_fails(void)
{
    if (++writes != fail_write)
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int fd, const void *data, size_t n)
{
    static ssize_t (*call)(int, const void *, size_t);

    if (!call)
        call = (ssize_t (*)(int, const void *, size_t))real("write");
    return is_ours() && is_file(fd) && write_fails() ? -1 : call(fd, data, n);
}

int fsync(int fd)
{
    static int (*call)(int);

    if (!call)
        call = (int (*)(int))real("fsync");
    return is_ours() && is_file(fd) && write_fails() ? -1 : call(fd);
}

int rename(const char *from, const char *to)
{
    static int (*call)(const char *, const char *);

    if (!call)
        call = (int (*)(const char *, const char *))real("rename");
    return is_ours() && write_fails() ? -1 : call(from, to);
}

static void tell_held(const char *what, bool held)
{
    dprintf(2, "%s: %s\n", what, held ? "held" : "broke out");
}

static void try_to_break_out(void)
{
    const char *path = break_out;

    break_out = NULL;
    tell_held("open for writing", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
    tell_held("open for reading", open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0);
    tell_held("trace the parent", ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) != 0);
    tell_held("signal the parent", kill(getppid(), SIGCONT) != 0);
    tell_held("start a process", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0);
    execl("/bin/true", "true", (char *)NULL);
    tell_held("execute", true);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    static int (*call)(int, const struct sockaddr *, socklen_t);
    int type = 0;
    socklen_t type_size = sizeof type;

    if (!call)
        call = (int (*)(int, const struct sockaddr *, socklen_t))real("connect");
    if (break_out && is_ours())
        try_to_break_out();
    if (!is_ours() || fail_connections == 0 || to->sa_family == AF_UNIX || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 ||
        (only_streams && type != SOCK_STREAM))
        return call(fd, to, size);
    fail_connections--;
    errno = connect_error;
    return -1;
}

static bool has_jumped(void)
{
    struct timespec now;
    static int (*call)(clockid_t, struct timespec *);

    if (!step || !ready)
        return false;
    if (!call)
        call = (int (*)(clockid_t, struct timespec *))real("clock_gettime");
    call(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000 > 500;
}

time_t time(time_t *out)
{
    static time_t (*call)(time_t *);
    time_t now;

    if (!call)
        call = (time_t (*)(time_t *))real("time");
    now = call(NULL) + (has_jumped() ? step : 0);
    if (out)
        *out = now;
    return now;
}
