#include "scanner/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/exit_status.h"
#include "scanner/facts/facts_json.h"
#include "scanner/facts_file.h"
#include "scanner/files.h"
#include "scanner/output.h"
#include "scanner/run_asks.h"
#include "scanner/saved_file.h"

#define LINE_CEILING ((size_t)8 << 20)
#define OPEN_TRIES   10

struct journal {
    char         *path;
    int           fd;
    off_t         length;      /* of what is whole */
    int           error;       /* errno of the first write that failed; nothing is written after it */
    time_t        synced;      /* on the monotonic clock */
    struct facts *refusals;    /* met and not asked again yet */
};

static bool cannot(struct error *err, int status, const char *path, const char *what)
{
    error_set_at(err, status, path, 0, "%s", what);
    return false;
}

/* Opening. */

/* A run that ended between our open and our lock has removed the file: then there is another one, or none. */
static bool is_still_there(int fd, const char *path)
{
    struct stat ours, theirs;

    return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static bool open_once(const char *path, int *fd, struct error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return cannot(err, EXIT_CANNOT_CREATE, path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    cannot(err, errno == EWOULDBLOCK ? EXIT_TEMPORARY : EXIT_CANNOT_CREATE, path,
           errno == EWOULDBLOCK ? "another run is using this journal" : strerror(errno));
    close(*fd);
    return false;
}

static bool open_locked(const char *path, int *fd, struct error *err)
{
    int tries;

    for (tries = 0; tries < OPEN_TRIES; tries++) {
        if (!output_place_is_safe(path, err) || !open_once(path, fd, err))
            return false;
        if (is_still_there(*fd, path))
            return true;
        close(*fd);
    }
    return cannot(err, EXIT_TEMPORARY, path, "other runs are using this journal");
}

/* Writing. */

static void sync_now_and_then(struct journal *journal)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec == journal->synced)
        return;
    journal->synced = now.tv_sec;
    fdatasync(journal->fd);
}

/* What a full disk took in part is taken back, so that the file stays one of whole lines. */
static void write_failed(struct journal *journal, int error)
{
    journal->error = error;
    if (ftruncate(journal->fd, journal->length) != 0)
        journal->error = errno;
}

static void append_text(struct journal *journal, struct slice text)
{
    ssize_t n;

    do
        n = write(journal->fd, text.p, text.n);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)text.n) {
        write_failed(journal, n < 0 ? errno : ENOSPC);
        return;
    }
    journal->length += n;
    sync_now_and_then(journal);
}

/* Takes value. */
static void append(struct journal *journal, struct json *value)
{
    struct buf line;

    buf_init(&line, LINE_CEILING);
    if (journal->error == 0 && json_write(value, 0, &line) && buf_add_char(&line, '\n'))
        append_text(journal, buf_slice(&line));
    buf_clear(&line);
    json_free(value);
}

void journal_destination(struct journal *journal, const char *text)
{
    append(journal, facts_destination_to_json(text));
}

void journal_dns(struct journal *journal, const struct dns_fact *fact)
{
    if (fact->outcome != DNS_CUT_SHORT && fact->outcome != DNS_NO_RESOLVER)
        append(journal, facts_dns_to_json(fact));
}

void journal_cert(struct journal *journal, const struct cert *cert)
{
    append(journal, facts_cert_to_json(cert));
}

void journal_conversation(struct journal *journal, const struct conversation *conversation)
{
    if (conversation->ending != ENDING_LOCAL)
        append(journal, facts_conversation_to_json(conversation));
}

void journal_fetch(struct journal *journal, const struct policy_fetch *fetch)
{
    if (fetch->outcome != FETCH_LOCAL && fetch->outcome != FETCH_NO_ANCHORS)
        append(journal, facts_fetch_to_json(fetch));
}

/* Reading. */

struct reader {
    struct journal       *journal;
    struct region        *region;
    struct facts         *facts;
    struct facts_header   header;
    struct journal_found *told;
};

static void sort_in(struct reader *reader, struct facts *line)
{
    const struct dns_fact     *dns = facts_dns_at(line, 0);
    const struct conversation *conversation = facts_conversation_at(line, 0);
    const struct policy_fetch *fetch = facts_fetch_at(line, 0);
    struct certs              *certs = facts_certs(line);

    if (dns != NULL) {
        facts_add_dns(reader->facts, dns);
        reader->told->questions++;
    }
    if (fetch != NULL) {
        facts_add_fetch(reader->facts, fetch);
        reader->told->policies++;
    }
    if (certs_count(certs) > 0)
        facts_add_cert(reader->facts, certs_at(certs, 0));
    if (conversation != NULL && conversation->attempts == 1 && asks_temporary_refusal(conversation) != NULL) {
        facts_add_conversation(reader->journal->refusals, conversation);
    } else if (conversation != NULL) {
        facts_add_conversation(reader->facts, conversation);
        reader->told->conversations++;
    }
}

static bool read_one(struct reader *reader, int number, struct slice text, struct error *err)
{
    struct facts *line = facts_new();
    bool          good = facts_file_read_line(reader->region, reader->journal->path, number, text, &reader->header, line, err);

    if (good && number > 1)
        sort_in(reader, line);
    facts_free(line);
    return good;
}

/* The end of the lines that were written whole: a crash of the machine may leave half a line, or zeros. */
static size_t whole_part(struct slice text)
{
    size_t zero = slice_find(text, '\0');

    text = slice_head(text, zero);
    return slice_find_last(text, '\n') < text.n ? slice_find_last(text, '\n') + 1 : 0;
}

/* Nothing whole is in it: what a crash left of a first line may be taken away, another's file may not. */
static bool is_torn(struct slice text)
{
    static const char begins[] = "{\"format\":\"" FACTS_FORMAT "\"";
    struct slice      head = slice_head(text, slice_find(text, '\0')), zeros = slice_from_index(text, head.n);
    size_t            n = head.n < sizeof(begins) - 1 ? head.n : sizeof(begins) - 1;

    while (zeros.n > 0 && zeros.p[0] == '\0')
        zeros = slice_from_index(zeros, 1);
    return zeros.n == 0 && memcmp(head.p, begins, n) == 0;
}

static bool read_header(struct reader *reader, struct slice line, int64_t now, struct error *err)
{
    if (!read_one(reader, 1, line, err))
        return false;
    if (!reader->header.journal)
        return cannot(err, EXIT_DATA_ERROR, reader->journal->path, "not a journal");
    /* The clock may have been set back since. */
    reader->told->too_old = llabs(now - reader->header.started) > JOURNAL_AGE_MAX;
    return true;
}

static bool read_lines(struct reader *reader, struct slice rest, int64_t now, struct error *err)
{
    int number;

    for (number = 1; rest.n > 0 && !reader->told->too_old; number++) {
        struct slice line = slice_head(rest, slice_find(rest, '\n'));

        rest = slice_from_index(rest, line.n + 1);
        if (number == 1 ? !read_header(reader, line, now, err) : !read_one(reader, number, line, err))
            return false;
    }
    return true;
}

static bool read_whole(struct reader *reader, struct slice text, struct slice whole, int64_t now, struct error *err)
{
    const char *path = reader->journal->path;
    bool        good = whole.n > 0 || is_torn(text) || cannot(err, EXIT_DATA_ERROR, path, "not a journal");

    good = good && read_lines(reader, whole, now, err);
    if (!good && !reader->header.journal) {
        error_fix(err, "name a file of its own for --resume");
        saved_kind_explain(path, text, SAVED_JOURNAL, err);
    }
    return good;
}

/* What is there: nothing, or an earlier process's part of the run. */
static bool read_all(struct journal *journal, int64_t now, struct facts *facts, struct journal_found *told, struct error *err)
{
    struct region *region = region_new();
    struct reader  reader = { .journal = journal, .region = region, .facts = facts, .told = told };
    struct slice   text, whole;
    bool           good = file_read(region, journal->path, FILE_SIZE_MAX, &text, NULL, err);

    if (good) {
        whole = slice_head(text, whole_part(text));
        good = read_whole(&reader, text, whole, now, err);
        if (good && whole.n > 0 && !told->too_old) {
            told->started = reader.header.started < now ? reader.header.started : now;
            journal->length = (off_t)whole.n;
        }
    }
    region_free(region);
    return good;
}

static bool begin(struct journal *journal, const struct facts_header *header, struct facts *facts,
                  struct journal_found *told, struct error *err)
{
    if (!read_all(journal, header->started, facts, told, err))
        return false;
    if (ftruncate(journal->fd, journal->length) != 0)
        return cannot(err, EXIT_CANNOT_CREATE, journal->path, strerror(errno));
    if (journal->length == 0)
        append(journal, facts_header_to_json(header));
    return journal_is_whole(journal, err);
}

struct journal *journal_open(const char *path, int64_t now, const struct prefix *allow, size_t allow_count,
                             struct facts *facts, struct journal_found *told, struct error *err)
{
    struct facts_header header = { .started = now, .finished = now, .journal = true,
                                   .allow = allow, .allow_count = allow_count };
    struct journal     *journal;
    int                 fd;

    *told = (struct journal_found){ .started = now };
    if (!open_locked(path, &fd, err))
        return NULL;
    journal = mem_alloc(sizeof(*journal));
    journal->path = mem_text(path);
    journal->fd = fd;
    journal->refusals = facts_new();
    if (begin(journal, &header, facts, told, err))
        return journal;
    journal_close(journal, false);
    return NULL;
}

const struct conversation *journal_refusal(const struct journal *journal, const struct profile *profile)
{
    return facts_conversation(journal->refusals, profile);
}

bool journal_is_whole(const struct journal *journal, struct error *err)
{
    if (journal->error == 0)
        return true;
    cannot(err, EXIT_CANNOT_CREATE, journal->path, strerror(journal->error));
    error_fix(err, "what was observed after that is not in it; the reports are complete");
    return false;
}

void journal_close(struct journal *journal, bool complete)
{
    if (journal == NULL)
        return;
    if (complete)
        unlink(journal->path);
    else
        fdatasync(journal->fd);
    close(journal->fd);
    facts_free(journal->refusals);
    mem_free(journal->path);
    mem_free(journal);
}
