/* Loaded before a program (LD_PRELOAD): it dies by SIGKILL at the KILL_AT-th call that changes a file of which the name
 * contains KILL_NAME; of what such a call writes, half may be there. KILL_COUNT=FILE: how many calls there were is written
 * there at the end. */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static bool is_meant(const char *path)
{
    const char *name = getenv("KILL_NAME");

    return name != NULL && path != NULL && strstr(path, name) != NULL;
}

static bool fd_is_meant(int fd)
{
    char    link[64], path[4096];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return is_meant(path);
}

static bool is_due(void)
{
    const char *at = getenv("KILL_AT");

    return ++calls == (at != NULL ? strtol(at, NULL, 10) : -1);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("KILL_COUNT");
    FILE       *file = path != NULL ? fopen(path, "w") : NULL;

    if (file != NULL) {
        fprintf(file, "%ld\n", calls);
        fclose(file);
    }
}

static ssize_t write_at(const char *name, int fd, const void *data, size_t n, off_t at)
{
    ssize_t (*call)(int, const void *, size_t, off_t) = (ssize_t (*)(int, const void *, size_t, off_t))real(name);

    if (fd_is_meant(fd) && is_due()) {
        call(fd, data, calls % 2 == 0 ? n / 2 : 0, at);
        die();
    }
    return call(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return write_at("pwrite", fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    return write_at("pwrite64", fd, data, n, at);
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*call)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))real("write");

    if (fd_is_meant(fd) && is_due()) {
        call(fd, data, calls % 2 == 0 ? n / 2 : 0);
        die();
    }
    return call(fd, data, n);
}

static int change(const char *name, int fd)
{
    int (*call)(int) = (int (*)(int))real(name);

    if (fd_is_meant(fd) && is_due())
        die();
    return call(fd);
}

int fsync(int fd)
{
    return change("fsync", fd);
}

int fdatasync(int fd)
{
    return change("fdatasync", fd);
}

static int cut(const char *name, int fd, off_t n)
{
    int (*call)(int, off_t) = (int (*)(int, off_t))real(name);

    if (fd_is_meant(fd) && is_due())
        die();
    return call(fd, n);
}

int ftruncate(int fd, off_t n)
{
    return cut("ftruncate", fd, n);
}

int ftruncate64(int fd, off_t n)
{
    return cut("ftruncate64", fd, n);
}

int rename(const char *from, const char *to)
{
    int (*call)(const char *, const char *) = (int (*)(const char *, const char *))real("rename");

    if (is_meant(to) && is_due())
        die();
    return call(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    int (*call)(int, const char *, int, const char *, int) = (int (*)(int, const char *, int, const char *, int))real("linkat");

    if (is_meant(to) && is_due())
        die();
    return call(from_folder, from, to_folder, to, flags);
}

int unlink(const char *path)
{
    int (*call)(const char *) = (int (*)(const char *))real("unlink");

    if (is_meant(path) && is_due())
        die();
    return call(path);
}
