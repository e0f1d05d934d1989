#include "scanner/history_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/mem.h"
#include "scanner/exit_status.h"
#include "scanner/output.h"
#include "scanner/saved_file.h"

/* A standing is kept once for each destination; a result is a run, a destination and a standing. state has what the next run
 * is compared with: announced is what was said last, latest what was seen last, pending counts runs that were worse than
 * announced without its being said. */
static const char schema[] =
    "CREATE TABLE runs(id INTEGER PRIMARY KEY, started INTEGER NOT NULL, finished INTEGER NOT NULL,"
    " evaluated_at INTEGER NOT NULL, complete INTEGER NOT NULL, config_dir TEXT, postfix_version TEXT, selection TEXT,"
    " destinations INTEGER NOT NULL, deliver INTEGER NOT NULL, downgrade INTEGER NOT NULL, defer INTEGER NOT NULL,"
    " bounce INTEGER NOT NULL, unknown INTEGER NOT NULL) STRICT;"
    "CREATE TABLE destinations(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE standings(id INTEGER PRIMARY KEY, destination INTEGER NOT NULL REFERENCES destinations(id),"
    " verdict TEXT NOT NULL, reason TEXT NOT NULL, level TEXT, effective_level TEXT, tls TEXT, hosts TEXT, dsn TEXT,"
    " entry TEXT, why TEXT) STRICT;"
    "CREATE INDEX standings_of ON standings(destination);"
    "CREATE TABLE results(run INTEGER NOT NULL REFERENCES runs(id), destination INTEGER NOT NULL, standing INTEGER NOT NULL,"
    " PRIMARY KEY(run, destination)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX results_of ON results(destination, run);"
    "CREATE INDEX results_standing ON results(standing);"
    "CREATE TABLE changes(destination INTEGER NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL,"
    " kind TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, times INTEGER NOT NULL,"
    " PRIMARY KEY(destination, before, after)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE state(destination INTEGER PRIMARY KEY, announced INTEGER NOT NULL, since INTEGER NOT NULL,"
    " latest INTEGER NOT NULL, pending INTEGER NOT NULL, acknowledged INTEGER NOT NULL, gone INTEGER NOT NULL,"
    " selection TEXT, run INTEGER NOT NULL) STRICT;"
    "CREATE TABLE announcements(run INTEGER NOT NULL REFERENCES runs(id), destination INTEGER NOT NULL, kind TEXT NOT NULL,"
    " before INTEGER, after INTEGER, note TEXT, PRIMARY KEY(run, destination)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE acknowledgements(id INTEGER PRIMARY KEY, destination INTEGER NOT NULL, reason TEXT NOT NULL,"
    " made INTEGER NOT NULL, until INTEGER NOT NULL, comment TEXT NOT NULL) STRICT;"
    "CREATE INDEX acknowledgements_of ON acknowledgements(destination);"
    "CREATE TABLE findings(run INTEGER NOT NULL REFERENCES runs(id), code TEXT NOT NULL, file TEXT, line INTEGER,"
    " text TEXT NOT NULL) STRICT;"
    "CREATE INDEX findings_of ON findings(run);";

/* What histories of before lack. A line of advice is "" where the entry is to be taken out. advised is what was told. Of what
 * will turn worse, verdict is that of before, announced the severity of the finding that was told (-1: none); pending counts
 * runs as in state. What a domain publishes is kept once; published is a run, a destination and that. */
static const char additions[] =
    "CREATE TABLE IF NOT EXISTS advice(run INTEGER NOT NULL REFERENCES runs(id), destination INTEGER NOT NULL,"
    " code TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY(run, destination, code, line)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS advice_of ON advice(destination, run);"
    "CREATE TABLE IF NOT EXISTS advised(destination INTEGER NOT NULL, code TEXT NOT NULL, line TEXT NOT NULL,"
    " run INTEGER NOT NULL, PRIMARY KEY(destination, code, line)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS prospects(destination INTEGER PRIMARY KEY, verdict TEXT NOT NULL,"
    " announced INTEGER NOT NULL, pending INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS shown(destination INTEGER NOT NULL, pin TEXT NOT NULL, last_seen INTEGER NOT NULL,"
    " PRIMARY KEY(destination, pin)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS policies(domain TEXT PRIMARY KEY, id TEXT NOT NULL, mode TEXT NOT NULL,"
    " policy TEXT NOT NULL, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS publications(id INTEGER PRIMARY KEY, destination INTEGER NOT NULL, dane TEXT, sts TEXT,"
    " tlsrpt TEXT, sts_id TEXT, sts_policy TEXT) STRICT;"
    "CREATE INDEX IF NOT EXISTS publications_of ON publications(destination);"
    "CREATE TABLE IF NOT EXISTS published(run INTEGER NOT NULL REFERENCES runs(id), destination INTEGER NOT NULL,"
    " publication INTEGER NOT NULL, PRIMARY KEY(run, destination)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS published_of ON published(destination, run);";

/* The lock is a file of its own, so that reading and acknowledging are never kept waiting by a scan; it ends with the
 * process, however that ends. */
static bool take_lock(struct history *history, const char *path, struct error *err)
{
    size_t size = strlen(path) + sizeof(".lock");
    char  *name = mem_alloc(size);

    snprintf(name, size, "%s.lock", path);
    history->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (history->lock < 0)
        error_set_at(err, EXIT_CANNOT_CREATE, name, 0, "cannot be opened: %s", strerror(errno));
    else if (flock(history->lock, LOCK_EX | LOCK_NB) == 0)
        err = NULL;
    else {
        error_set_at(err, EXIT_TEMPORARY, path, 0, "another run holds the lock");
        error_fix(err, "wait until it has ended; %s tells nothing when no process holds it", name);
    }
    mem_free(name);
    return err == NULL;
}

/* SQLite would refuse a symbolic link anywhere on the way; only the last step matters, for others may own the rest. */
static char *real_place(const char *path)
{
    char  *one = mem_text(path), *other = mem_text(path), *directory = realpath(dirname(one), NULL);
    size_t size = (directory != NULL ? strlen(directory) : 0) + strlen(path) + 2;
    char  *place = mem_alloc(size);

    snprintf(place, size, "%s/%s", directory != NULL ? directory : "", basename(other));
    if (directory == NULL)
        snprintf(place, size, "%s", path);
    mem_free(one);
    mem_free(other);
    free(directory);
    return place;
}

static bool is_there(const char *path, struct error *err)
{
    struct stat status;

    if (stat(path, &status) == 0)
        return true;
    error_set_at(err, EXIT_NO_INPUT, path, 0, "%s", strerror(errno));
    error_fix(err, "posttls-audit scan --history %s begins one", path);
    return false;
}

struct history *history_open(const char *path, enum history_use use, struct error *err)
{
    struct history *history = mem_alloc(sizeof(*history));
    char           *place = real_place(path);
    bool            record = use == HISTORY_RECORD;

    history->lock = -1;
    if ((record ? output_place_is_safe(path, err) : is_there(path, err)) && saved_file_may_be_history(path, err) &&
        (!record || take_lock(history, place, err)))
        history->sql = sql_open(place, record, schema, err);
    mem_free(place);
    if (history->sql != NULL && use != HISTORY_READ)
        sql_script(history->sql, additions);
    if (history->sql != NULL && !sql_failed(history->sql, err))
        return history;
    history_close(history);
    return NULL;
}

void history_close(struct history *history)
{
    if (history == NULL)
        return;
    sql_close(history->sql);
    if (history->lock >= 0)
        close(history->lock);
    mem_free(history);
}

void history_change(struct history *history)
{
    if (!history->changing)
        sql_begin(history->sql);
    history->changing = true;
}

bool history_commit(struct history *history, struct error *err)
{
    if (history->changing)
        sql_commit(history->sql);
    history->changing = false;
    return !sql_failed(history->sql, err);
}

void history_read_standing(const struct sql_query *query, int first, struct region *region, const char *destination,
                           struct standing *standing)
{
    const char *hosts = sql_text(query, first + 5, region);

    *standing = (struct standing){ .destination = destination,
                                   .verdict = VERDICT_UNKNOWN,
                                   .reason = sql_text(query, first + 1, region),
                                   .level = sql_text(query, first + 2, region),
                                   .effective_level = sql_text(query, first + 3, region),
                                   .tls = sql_text(query, first + 4, region),
                                   .hosts = hosts != NULL ? hosts : "",
                                   .dsn = sql_text(query, first + 6, region),
                                   .entry = sql_text(query, first + 7, region),
                                   .why = sql_text(query, first + 8, region) };
    verdict_parse(sql_text(query, first, region), &standing->verdict);
    if (standing->reason == NULL)
        standing->reason = reason_code(REASON_NOT_OBSERVED);
}
