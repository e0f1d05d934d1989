#include "scanner/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/mem.h"
#include "scanner/exit_status.h"

#define NAME_TRIES 10

struct output {
    FILE *stream;
    char *path;      /* NULL: standard output */
    char *beside;    /* the temporary name; NULL: none yet */
    bool  failed;
    int   error;     /* errno of the first failure */
};

static void cannot_write(struct error *err, const char *path, const char *why)
{
    error_set_at(err, EXIT_CANNOT_CREATE, path, 0, "cannot be written: %s", why);
}

static char *directory_of(const char *path)
{
    char *copy = mem_text(path);
    char *directory = mem_text(dirname(copy));

    mem_free(copy);
    return directory;
}

bool output_place_is_safe(const char *path, struct error *err)
{
    struct stat status;
    char       *directory = directory_of(path);
    bool        safe = false;

    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        cannot_write(err, path, "it is a symbolic link");
        error_fix(err, "name the file itself");
    } else if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        cannot_write(err, path, "it is no regular file");
    } else if (stat(directory, &status) != 0) {
        cannot_write(err, path, strerror(errno));
    } else if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0) {
        cannot_write(err, path, "others can write its directory");
        error_fix(err, "choose a directory of your own, or chmod o-w %s", directory);
    } else {
        safe = true;
    }
    mem_free(directory);
    return safe;
}

/* A file without a name leaves nothing behind, however we end. -1: not on this file system. */
static int open_nameless(const char *path, mode_t mode)
{
    char  own_name[64];
    char *directory = directory_of(path);
    int   fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);

    mem_free(directory);
    snprintf(own_name, sizeof(own_name), "/proc/self/fd/%d", fd);
    if (fd < 0 || access(own_name, F_OK) == 0)
        return fd;
    /* It could never get a name. */
    close(fd);
    return -1;
}

static char *name_beside(const char *path)
{
    size_t size = strlen(path) + 16;
    char  *name = mem_alloc(size);

    snprintf(name, size, "%s.XXXXXX", path);
    return name;
}

static int open_named(struct output *output, mode_t mode)
{
    int fd;

    output->beside = name_beside(output->path);
    fd = mkostemp(output->beside, O_CLOEXEC);
    if (fd >= 0) {
        fchmod(fd, mode);
        return fd;
    }
    mem_free(output->beside);
    output->beside = NULL;
    return -1;
}

static bool open_beside(struct output *output, const char *path, struct error *err)
{
    mode_t mask = umask(0);
    int    fd;

    umask(mask);
    output->path = mem_text(path);
    fd = open_nameless(path, 0666 & ~mask);
    if (fd < 0)
        fd = open_named(output, 0666 & ~mask);
    if (fd >= 0)
        output->stream = fdopen(fd, "w");
    if (output->stream != NULL)
        return true;
    cannot_write(err, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

/* The name that is renamed in a moment. */
static bool give_name(struct output *output)
{
    char own_name[64];
    int  tries, fd;

    snprintf(own_name, sizeof(own_name), "/proc/self/fd/%d", fileno(output->stream));
    for (tries = 0; tries < NAME_TRIES; tries++) {
        char *name = name_beside(output->path);

        /* For a name that nobody has. */
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0) {
            close(fd);
            unlink(name);
        }
        if (fd >= 0 && linkat(AT_FDCWD, own_name, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0) {
            output->beside = name;
            return true;
        }
        mem_free(name);
        if (errno != EEXIST)
            return false;
    }
    return false;
}

void output_outlives_readers(void)
{
    signal(SIGPIPE, SIG_IGN);
}

bool output_nobody_reads(void)
{
    struct pollfd standard = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&standard, 1, 0) > 0 && (standard.revents & POLLERR) != 0;
}

struct output *output_open(const char *path, struct error *err)
{
    struct output *output = mem_alloc(sizeof(*output));

    if (strcmp(path, "-") == 0) {
        output->stream = stdout;
        return output;
    }
    output_outlives_readers();
    if (output_place_is_safe(path, err) && open_beside(output, path, err))
        return output;
    output_abandon(output);
    return NULL;
}

static void note_failure(struct output *output)
{
    if (!output->failed)
        output->error = errno;
    output->failed = true;
}

static bool write_output(void *arg, const char *data, size_t n)
{
    struct output *output = arg;

    if (!output->failed && fwrite(data, 1, n, output->stream) != n)
        note_failure(output);
    return !output->failed;
}

struct sink output_sink(struct output *output)
{
    return (struct sink){ write_output, output };
}

bool output_is_terminal(const struct output *output)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    if (output->path != NULL || !isatty(STDOUT_FILENO) || (no_color != NULL && no_color[0] != '\0'))
        return false;
    return terminal != NULL && strcmp(terminal, "dumb") != 0;
}

bool output_is_standard(const struct output *output)
{
    return output->path == NULL;
}

int output_width(const struct output *output)
{
    struct winsize size;

    return output->path == NULL && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool output_flush(struct output *output)
{
    if (!output->failed && fflush(output->stream) != 0)
        note_failure(output);
    return !output->failed;
}

bool output_rewind(struct output *output)
{
    if (!output->failed && fseek(output->stream, 0, SEEK_SET) != 0)
        note_failure(output);
    return !output->failed;
}

/* The name itself must survive a crash too. */
static void sync_directory(const char *path)
{
    char *directory = directory_of(path);
    int   fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    mem_free(directory);
}

static bool finish_file(struct output *output)
{
    if (output->path == NULL)
        return output_flush(output);
    if (!output->failed && (fflush(output->stream) != 0 || fsync(fileno(output->stream)) != 0))
        note_failure(output);
    if (!output->failed && output->beside == NULL && !give_name(output))
        note_failure(output);
    if (fclose(output->stream) != 0)
        note_failure(output);
    output->stream = NULL;
    if (!output->failed && rename(output->beside, output->path) != 0)
        note_failure(output);
    if (output->failed)
        return false;
    mem_free(output->beside);
    output->beside = NULL;
    sync_directory(output->path);
    return true;
}

bool output_commit(struct output *output, struct error *err)
{
    bool good = finish_file(output);

    if (!good && output->path == NULL && output->error == EPIPE)
        error_set(err, EXIT_CANNOT_CREATE, "%s", "");
    else if (!good)
        cannot_write(err, output->path != NULL ? output->path : "standard output", strerror(output->error));
    output_abandon(output);
    return good;
}

void output_abandon(struct output *output)
{
    if (output == NULL)
        return;
    if (output->path != NULL && output->stream != NULL)
        fclose(output->stream);
    if (output->beside != NULL)
        unlink(output->beside);
    mem_free(output->beside);
    mem_free(output->path);
    mem_free(output);
}
