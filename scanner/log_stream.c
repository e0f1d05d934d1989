#include "scanner/log_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#include "config.h"
#include "scanner/base/mem.h"
#include "scanner/exit_status.h"

#if HAVE_LZMA
#include <lzma.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

#define PIECE ((size_t)256 << 10)
#define DECODER_MEMORY_MAX ((uint64_t)128 << 20)
#define ZSTD_WINDOW_MAX 27   /* 128 MB, as log2 */

/* One way of compression. read gives the bytes put at out, 0 at the end, -1 with *why. */
struct decoder {
    const char *name;
    struct slice magic;
    void *(*open)(int fd);
    ssize_t (*read)(void *, char *out, size_t room, const char **why);
    void (*close)(void *);
};

struct log_stream {
    const struct decoder *decoder;
    void       *state;
    char       *path;
    int         fd;
    int64_t     changed;
    uint64_t    size, made;       /* of the file, 0: not known; of what came out of it */
    const char *why;              /* what went wrong; NULL */
    char       *piece;
    size_t      at, end;
    char        line[LOG_LINE_MAX];
};

static void *gzip_open(int fd)
{
    gzFile file = gzdopen(dup(fd), "rb");

    if (file != NULL)
        gzbuffer(file, (unsigned)PIECE);
    return file;
}

static ssize_t gzip_read(void *state, char *out, size_t room, const char **why)
{
    int n = gzread(state, out, (unsigned)room), code = Z_OK;

    if (n == 0 || n < 0)
        gzerror(state, &code);
    if (n < 0 || code == Z_BUF_ERROR) {
        *why = code == Z_BUF_ERROR ? "the compressed data end too early" : "the compressed data are damaged";
        return -1;
    }
    return n;
}

static void gzip_close(void *state)
{
    gzclose(state);
}

#if HAVE_LZMA || HAVE_ZSTD
/* Compressed bytes on their way in. */
struct inlet {
    int    fd;
    bool   ended;
    size_t at, end;
    char   bytes[65536];
};

static bool inlet_fill(struct inlet *in, const char **why)
{
    ssize_t n = in->at < in->end || in->ended ? 1 : read(in->fd, in->bytes, sizeof(in->bytes));

    if (n < 0)
        *why = strerror(errno);
    if (in->at == in->end && !in->ended && n >= 0) {
        in->ended = n == 0;
        in->at = 0;
        in->end = (size_t)n;
    }
    return n >= 0;
}
#endif

#if HAVE_LZMA
struct xz {
    struct inlet in;
    lzma_stream  stream;
    bool         ended;
};

static void *xz_open(int fd)
{
    struct xz *xz = mem_alloc(sizeof(*xz));

    xz->in.fd = fd;
    if (lzma_stream_decoder(&xz->stream, DECODER_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
        mem_exhausted();
    return xz;
}

static ssize_t xz_read(void *state, char *out, size_t room, const char **why)
{
    struct xz *xz = state;
    lzma_ret   end = LZMA_OK;

    xz->stream.next_out = (uint8_t *)out;
    xz->stream.avail_out = room;
    while (!xz->ended && xz->stream.avail_out == room) {
        if (!inlet_fill(&xz->in, why))
            return -1;
        xz->stream.next_in = (const uint8_t *)xz->in.bytes + xz->in.at;
        xz->stream.avail_in = xz->in.end - xz->in.at;
        end = lzma_code(&xz->stream, xz->in.ended ? LZMA_FINISH : LZMA_RUN);
        xz->in.at = xz->in.end - xz->stream.avail_in;
        xz->ended = end == LZMA_STREAM_END;
        if (end != LZMA_OK && end != LZMA_STREAM_END) {
            *why = end == LZMA_BUF_ERROR ? "the compressed data end too early" : "the compressed data are damaged";
            return -1;
        }
    }
    return (ssize_t)(room - xz->stream.avail_out);
}

static void xz_close(void *state)
{
    lzma_end(&((struct xz *)state)->stream);
    mem_free(state);
}
#endif

#if HAVE_ZSTD
struct zstd {
    struct inlet  in;
    ZSTD_DStream *stream;
    size_t        hint;      /* 0: between two frames */
};

static void *zstd_open(int fd)
{
    struct zstd *zstd = mem_alloc(sizeof(*zstd));

    zstd->in.fd = fd;
    zstd->stream = ZSTD_createDStream();
    if (zstd->stream == NULL)
        mem_exhausted();
    ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_MAX);
    return zstd;
}

static ssize_t zstd_read(void *state, char *out, size_t room, const char **why)
{
    struct zstd   *zstd = state;
    ZSTD_outBuffer to = { out, room, 0 };

    while (to.pos == 0) {
        ZSTD_inBuffer from;
        size_t        before;

        if (!inlet_fill(&zstd->in, why))
            return -1;
        from = (ZSTD_inBuffer){ zstd->in.bytes, zstd->in.end, zstd->in.at };
        before = from.pos;
        if (zstd->in.ended && zstd->hint == 0)
            return 0;
        zstd->hint = ZSTD_decompressStream(zstd->stream, &to, &from);
        zstd->in.at = from.pos;
        if (ZSTD_isError(zstd->hint) || (zstd->in.ended && to.pos == 0 && from.pos == before && zstd->hint != 0)) {
            *why = ZSTD_isError(zstd->hint) ? "the compressed data are damaged" : "the compressed data end too early";
            return -1;
        }
    }
    return (ssize_t)to.pos;
}

static void zstd_close(void *state)
{
    ZSTD_freeDStream(((struct zstd *)state)->stream);
    mem_free(state);
}
#endif

/* The last one takes plain text too. A row without functions: it is known, and not in this build. */
static const struct decoder decoders[] = {
#if HAVE_LZMA
    { "xz", { "\xfd" "7zXZ\0", 6 }, xz_open, xz_read, xz_close },
#else
    { "xz", { "\xfd" "7zXZ\0", 6 }, NULL, NULL, NULL },
#endif
#if HAVE_ZSTD
    { "zstd", { "\x28\xb5\x2f\xfd", 4 }, zstd_open, zstd_read, zstd_close },
#else
    { "zstd", { "\x28\xb5\x2f\xfd", 4 }, NULL, NULL, NULL },
#endif
    { "gzip", { "", 0 }, gzip_open, gzip_read, gzip_close },
};

static const struct decoder *decoder_of(int fd)
{
    char                  head[6];
    ssize_t               n = pread(fd, head, sizeof(head), 0);
    const struct decoder *decoder = decoders;

    while (!slice_starts_with(slice_from(head, n > 0 ? (size_t)n : 0), decoder->magic))
        decoder++;
    return decoder;
}

struct log_stream *log_stream_open(const char *path, struct error *err)
{
    bool                  piped = strcmp(path, "-") == 0;
    int                   fd = piped ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat           st;
    const struct decoder *decoder;
    struct log_stream    *log;

    if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        error_set_at(err, EXIT_NO_INPUT, path, 0, "cannot be read: %s", fd >= 0 ? "a directory" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    decoder = decoder_of(fd);
    if (decoder->open == NULL) {
        error_set_at(err, EXIT_NO_INPUT, path, 0, "this build cannot read %s", decoder->name);
        error_fix(err, "decompress it, and read it from standard input: --from-log -");
        close(fd);
        return NULL;
    }
    log = mem_alloc(sizeof(*log));
    *log = (struct log_stream){ .decoder = decoder, .path = mem_text(path), .fd = fd, .piece = mem_alloc(PIECE) };
    log->changed = S_ISREG(st.st_mode) ? st.st_mtime : time(NULL);
    log->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    log->state = decoder->open(fd);
    if (log->state == NULL)
        mem_exhausted();
    return log;
}

static bool refill(struct log_stream *log)
{
    ssize_t n = log->why == NULL ? log->decoder->read(log->state, log->piece, PIECE, &log->why) : -1;

    log->at = 0;
    log->end = n > 0 ? (size_t)n : 0;
    log->made += log->end;
    if (log->size > 0 && log->made > LOG_GROWTH_FREE && log->made / LOG_GROWTH_MAX > log->size) {
        log->why = "it decompresses to more than a log would";
        log->end = 0;
    }
    return log->end > 0;
}

bool log_stream_line(struct log_stream *log, struct slice *line)
{
    size_t kept = 0;
    bool   any = false;

    while (log->at < log->end || refill(log)) {
        const char *start = log->piece + log->at;
        const char *stop = memchr(start, '\n', log->end - log->at);
        size_t      n = stop != NULL ? (size_t)(stop - start) : log->end - log->at;
        size_t      room = LOG_LINE_MAX - kept;

        any = true;
        log->at += n + (stop != NULL ? 1 : 0);
        if (stop != NULL && kept == 0) {
            *line = slice_from(start, n < LOG_LINE_MAX ? n : LOG_LINE_MAX);
            return true;
        }
        memcpy(log->line + kept, start, n < room ? n : room);
        kept += n < room ? n : room;
        if (stop != NULL)
            break;
    }
    *line = slice_from(log->line, kept);
    return any && log->why == NULL;
}

int64_t log_stream_changed(const struct log_stream *log)
{
    return log->changed;
}

bool log_stream_close(struct log_stream *log, struct error *err)
{
    bool good = log->why == NULL;

    if (!good && err != NULL)
        error_set_at(err, EXIT_DATA_ERROR, log->path, 0, "%s", log->why);
    log->decoder->close(log->state);
    close(log->fd);
    mem_free(log->path);
    mem_free(log->piece);
    mem_free(log);
    return good;
}
