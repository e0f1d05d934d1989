#include "scanner/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/exit_status.h"

#define CA_DIRECTORY_MAX ((size_t)64 << 20)

static bool cannot_read(struct error *err, const char *path, const char *why)
{
    error_set_at(err, EXIT_NO_INPUT, path, 0, "%s", why);
    return false;
}

static bool read_all(struct buf *buf, int fd)
{
    char    chunk[65536];
    ssize_t n;

    for (;;) {
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!buf_add(buf, chunk, (size_t)n)) {
            errno = EFBIG;
            return false;
        }
    }
}

/* The region takes what the buffer holds; nothing is copied, for a table may be large. */
static struct slice keep_text(struct region *region, struct buf *buf)
{
    struct slice text;

    buf_add(buf, "", 0);
    text = slice_from(mem_grow(buf->p, buf->n + 1, 1), buf->n);
    region_defer(region, mem_free, (char *)text.p);
    buf_init(buf, buf->ceiling);
    return text;
}

bool file_read(struct region *region, const char *path, size_t ceiling, struct slice *text, bool *missing,
               struct error *err)
{
    bool        standard_input = strcmp(path, "-") == 0;
    struct stat status;
    struct buf  buf;
    int         fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool        good;

    if (missing != NULL)
        *missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (fd < 0)
        return cannot_read(err, path, strerror(errno));
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        return cannot_read(err, path, "is a directory");
    }
    buf_init(&buf, ceiling);
    good = read_all(&buf, fd);
    if (!good)
        cannot_read(err, path, strerror(errno));
    else
        *text = keep_text(region, &buf);
    buf_clear(&buf);
    if (!standard_input)
        close(fd);
    return good;
}

static bool is_hash_name(const char *name)
{
    size_t i;

    for (i = 0; i < 8; i++)
        if (!isxdigit((unsigned char)name[i]))
            return false;
    if (name[8] != '.' || name[9] == '\0')
        return false;
    return strspn(name + 9, "0123456789") == strlen(name + 9);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int hash_names_only(const struct dirent *entry)
{
    return is_hash_name(entry->d_name);
}

bool file_read_ca_directory(struct region *region, const char *path, struct slice *text, struct error *err)
{
    struct dirent **names = NULL;
    struct buf      all;
    int             i, count = scandir(path, &names, hash_names_only, by_name);

    if (count < 0)
        return cannot_read(err, path, strerror(errno));
    buf_init(&all, CA_DIRECTORY_MAX);
    for (i = 0; i < count; i++) {
        struct slice one;

        if (file_read(region, region_printf(region, "%s/%s", path, names[i]->d_name), CA_DIRECTORY_MAX, &one, NULL, NULL)) {
            buf_add_slice(&all, one);
            buf_add_char(&all, '\n');
        }
        free(names[i]);
    }
    free(names);
    *text = slice_from(region_copy(region, buf_text(&all), all.n + 1), all.n);
    buf_clear(&all);
    return true;
}
