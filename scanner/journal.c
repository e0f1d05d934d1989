#include "scanner/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/base/utc.h"
#include "scanner/exit_status.h"
#include "scanner/facts/facts_json.h"
#include "scanner/facts_file.h"
#include "scanner/files.h"
#include "scanner/output.h"
#include "scanner/purpose.h"
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
    const struct facts_header *wanted;  /* of a new one */
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
    reader->told->conversations += conversation != NULL;
    if (conversation != NULL && conversation->attempts == 1 && asks_temporary_refusal(conversation) != NULL) {
        facts_add_conversation(reader->journal->refusals, conversation);
    } else if (conversation != NULL) {
        facts_add_conversation(reader->facts, conversation);
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

/* A line that was written whole; a crash of the machine may leave half a line, or zeros, and nothing behind them counts. */
enum line_end { LINE_WHOLE, LINE_TORN, LINE_TOO_LONG };

static enum line_end read_line(FILE *stream, struct buf *line)
{
    int c;

    buf_empty(line);
    while ((c = getc_unlocked(stream)) != EOF && c != '\0' && c != '\n')
        if (!buf_add_char(line, (char)c))
            return LINE_TOO_LONG;
    return c == '\n' ? LINE_WHOLE : LINE_TORN;
}

/* Nothing whole is in it: what a crash left of a first line may be taken away, another's file may not. */
static bool is_torn(struct slice head, FILE *stream)
{
    static const char begins[] = "{\"format\":\"" FACTS_FORMAT "\"";
    size_t            n = head.n < sizeof(begins) - 1 ? head.n : sizeof(begins) - 1;
    int               c;

    do
        c = getc_unlocked(stream);
    while (c == '\0');
    return c == EOF && (n == 0 || memcmp(head.p, begins, n) == 0);
}

static bool is_of_another_command(const struct reader *reader)
{
    const struct text_list *theirs = &reader->header.begun_for, *ours = &reader->wanted->begun_for;

    return theirs->count > 0 && !purpose_is_same(theirs, ours);
}

static bool refuse_other_command(const struct reader *reader, struct error *err)
{
    char began[UTC_TEXT_MAX];

    utc_to_text(reader->header.started, began);
    error_set_at(err, EXIT_DATA_ERROR, reader->journal->path, 0, "the journal of another command, which began at %s: %s", began,
                 purpose_text(reader->region, &reader->header.begun_for));
    error_fix(err, "go on with that command, or name another file for --resume");
    return false;
}

static bool read_header(struct reader *reader, struct slice line, struct error *err)
{
    if (!read_one(reader, 1, line, err))
        return false;
    if (!reader->header.journal)
        return cannot(err, EXIT_DATA_ERROR, reader->journal->path, "not a journal");
    /* The clock may have been set back since. */
    reader->told->too_old = llabs(reader->wanted->started - reader->header.started) > JOURNAL_AGE_MAX;
    return reader->told->too_old || !is_of_another_command(reader) || refuse_other_command(reader, err);
}

/* *whole: bytes of the lines that are. */
static bool read_lines(struct reader *reader, FILE *stream, off_t *whole, struct error *err)
{
    const char   *path = reader->journal->path;
    enum line_end end = LINE_WHOLE;
    struct buf    line;
    bool          good = true;
    int           number;

    buf_init(&line, LINE_CEILING);
    for (number = 1; good && !reader->told->too_old && (end = read_line(stream, &line)) == LINE_WHOLE; number++) {
        good = number == 1 ? read_header(reader, buf_slice(&line), err) : read_one(reader, number, buf_slice(&line), err);
        *whole += (off_t)line.n + 1;
    }
    if (good && number == 1 && (end == LINE_TOO_LONG || !is_torn(buf_slice(&line), stream))) {
        good = cannot(err, EXIT_DATA_ERROR, path, "not a journal");
    } else if (good && end == LINE_TOO_LONG) {
        error_set_at(err, EXIT_DATA_ERROR, path, number, "a line is too long");
        good = false;
    }
    buf_clear(&line);
    return good;
}

/* The file is another's, or of another kind. */
static void explain(const char *path, struct error *err)
{
    struct region *region = region_new();
    struct slice   text;

    error_fix(err, "name a file of its own for --resume");
    if (file_read(region, path, FILE_SIZE_MAX, &text, NULL, NULL))
        saved_kind_explain(path, text, SAVED_JOURNAL, err);
    region_free(region);
}

/* What is there: nothing, or an earlier process's part of the run. It is read line by line, for there may be millions. */
static bool read_all(struct journal *journal, const struct facts_header *wanted, struct facts *facts,
                     struct journal_found *told, struct error *err)
{
    struct region *region = region_new();
    struct reader  reader = { .journal = journal, .region = region, .facts = facts, .told = told, .wanted = wanted };
    FILE          *stream = fopen(journal->path, "re");
    off_t          whole = 0;
    bool           good = stream != NULL || cannot(err, EXIT_NO_INPUT, journal->path, strerror(errno));

    good = good && read_lines(&reader, stream, &whole, err);
    if (good && ferror(stream))
        good = cannot(err, EXIT_NO_INPUT, journal->path, "cannot be read");
    if (good && whole > 0 && !told->too_old) {
        told->started = reader.header.started < wanted->started ? reader.header.started : wanted->started;
        journal->length = whole;
    }
    if (!good && stream != NULL && !reader.header.journal)
        explain(journal->path, err);
    if (stream != NULL)
        fclose(stream);
    region_free(region);
    return good;
}

static bool begin(struct journal *journal, const struct facts_header *header, struct facts *facts,
                  struct journal_found *told, struct error *err)
{
    if (!read_all(journal, header, facts, told, err))
        return false;
    if (ftruncate(journal->fd, journal->length) != 0)
        return cannot(err, EXIT_CANNOT_CREATE, journal->path, strerror(errno));
    if (journal->length == 0)
        append(journal, facts_header_to_json(header));
    return journal_is_whole(journal, err);
}

struct journal *journal_open(const char *path, const struct facts_header *wanted, struct facts *facts,
                             struct journal_found *told, struct error *err)
{
    struct facts_header header = *wanted;
    struct journal     *journal;
    int                 fd;

    header.finished = header.started;
    header.journal = true;
    *told = (struct journal_found){ .started = header.started };
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
