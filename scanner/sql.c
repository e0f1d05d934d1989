#include "scanner/sql.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/vfs.h>

#include "scanner/base/mem.h"
#include "scanner/exit_status.h"

#define APPLICATION_ID 0x70746c73 /* "ptls" */
#define FORMAT_VERSION 1
#define STATEMENTS_MAX 64
#define BUSY_MILLISECONDS 10000

struct sql_query {
    struct sql   *sql;
    const char   *text;
    sqlite3_stmt *statement;
};

struct sql {
    sqlite3         *db;
    char            *path;
    struct sql_query queries[STATEMENTS_MAX]; /* by the address of their text */
    size_t           count;
    bool             failed, writing;
    struct error     error;
};

static int status_of(int code)
{
    static const struct {
        int code, status;
    } rows[] = {
        { SQLITE_CORRUPT, EXIT_DATA_ERROR },    { SQLITE_NOTADB, EXIT_DATA_ERROR },
        { SQLITE_FULL, EXIT_CANNOT_CREATE },    { SQLITE_IOERR, EXIT_CANNOT_CREATE },
        { SQLITE_READONLY, EXIT_CANNOT_CREATE }, { SQLITE_CANTOPEN, EXIT_CANNOT_CREATE },
        { SQLITE_PERM, EXIT_CANNOT_CREATE },    { SQLITE_BUSY, EXIT_TEMPORARY },
        { SQLITE_LOCKED, EXIT_TEMPORARY },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].code == (code & 0xff))
            return rows[i].status;
    return EXIT_SOFTWARE_ERROR;
}

/* SQLite's last error, as ours. */
static void note_failure(struct sql *sql)
{
    int code = sqlite3_extended_errcode(sql->db);
    int status = status_of(code);

    if (sql->failed)
        return;
    sql->failed = true;
    if (code == SQLITE_CANTOPEN_SYMLINK) {
        error_set_at(&sql->error, status, sql->path, 0, "cannot be written: it is a symbolic link");
        error_fix(&sql->error, "name the file itself");
        return;
    }
    error_set_at(&sql->error, status, sql->path, 0, "%s", sqlite3_errmsg(sql->db));
    if (status == EXIT_DATA_ERROR)
        error_fix(&sql->error, "move it away to begin a new history, or bring back a copy of it");
    else if (status == EXIT_TEMPORARY)
        error_fix(&sql->error, "another process writes it; try again when that has ended");
    else if (status == EXIT_CANNOT_CREATE)
        error_fix(&sql->error, "it stays as it was before this run");
}

bool sql_failed(const struct sql *sql, struct error *err)
{
    if (sql->failed && err != NULL)
        *err = sql->error;
    return sql->failed;
}

/* Statements */

static struct sql_query *prepared(struct sql *sql, const char *text)
{
    struct sql_query *query;
    size_t            i;

    for (i = 0; i < sql->count; i++)
        if (sql->queries[i].text == text)
            return &sql->queries[i];
    if (sql->count == STATEMENTS_MAX) {
        sql->failed = true;
        error_set(&sql->error, EXIT_SOFTWARE_ERROR, "more than %d statements", STATEMENTS_MAX);
        return NULL;
    }
    query = &sql->queries[sql->count];
    *query = (struct sql_query){ sql, text, NULL };
    if (sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &query->statement, NULL) != SQLITE_OK) {
        note_failure(sql);
        return NULL;
    }
    sql->count++;
    return query;
}

static struct sql_query *bound(struct sql *sql, const char *text, const char *types, va_list args)
{
    struct sql_query *query = sql->failed ? NULL : prepared(sql, text);
    int               i, code = SQLITE_OK;

    if (query == NULL)
        return NULL;
    sqlite3_reset(query->statement);
    for (i = 0; types[i] != '\0' && code == SQLITE_OK; i++) {
        if (types[i] == 'i')
            code = sqlite3_bind_int64(query->statement, i + 1, va_arg(args, int64_t));
        else
            code = sqlite3_bind_text(query->statement, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
    }
    if (code == SQLITE_OK)
        return query;
    note_failure(sql);
    return NULL;
}

void sql_end(struct sql_query *query)
{
    if (query != NULL)
        sqlite3_reset(query->statement);
}

bool sql_next(struct sql_query *query)
{
    int code = query != NULL && !query->sql->failed ? sqlite3_step(query->statement) : SQLITE_DONE;

    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        note_failure(query->sql);
    sql_end(query);
    return false;
}

struct sql_query *sql_query(struct sql *sql, const char *text, const char *types, ...)
{
    struct sql_query *query;
    va_list           args;

    va_start(args, types);
    query = bound(sql, text, types, args);
    va_end(args);
    return query;
}

void sql_do(struct sql *sql, const char *text, const char *types, ...)
{
    struct sql_query *query;
    va_list           args;

    va_start(args, types);
    query = bound(sql, text, types, args);
    va_end(args);
    while (sql_next(query))
        continue;
}

int64_t sql_value(struct sql *sql, int64_t otherwise, const char *text, const char *types, ...)
{
    struct sql_query *query;
    va_list           args;
    int64_t           value = otherwise;

    va_start(args, types);
    query = bound(sql, text, types, args);
    va_end(args);
    if (sql_next(query)) {
        value = sqlite3_column_type(query->statement, 0) != SQLITE_NULL ? sql_integer(query, 0) : otherwise;
        sql_end(query);
    }
    return value;
}

int64_t sql_last_id(const struct sql *sql)
{
    return sqlite3_last_insert_rowid(sql->db);
}

int64_t sql_changed(const struct sql *sql)
{
    return sqlite3_changes64(sql->db);
}

int64_t sql_integer(const struct sql_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *sql_text(const struct sql_query *query, int column, struct region *region)
{
    return region_text(region, (const char *)sqlite3_column_text(query->statement, column));
}

void sql_begin(struct sql *sql)
{
    sql_do(sql, "BEGIN IMMEDIATE", "");
    sql->writing = !sql->failed;
}

void sql_commit(struct sql *sql)
{
    sql_do(sql, "COMMIT", "");
    sql->writing = sql->writing && sql->failed;
}

/* Opening */

/* Shared memory, which the write-ahead log needs, is not shared between the machines of a network file system. */
static bool is_on_network(const char *path)
{
    static const unsigned long kinds[] = { 0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */,
                                           0x01021997 /* 9p */, 0x65735546 /* FUSE */, 0x5346414f /* AFS */,
                                           0x00c36400 /* Ceph */ };
    struct statfs status;
    size_t        i;

    if (statfs(path, &status) != 0)
        return true;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (((unsigned long)status.f_type & 0xffffffff) == kinds[i])
            return true;
    return false;
}

/* Nothing that a prepared file could make the library do. */
static void be_careful(struct sql *sql)
{
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(sql->db, BUSY_MILLISECONDS);
    sqlite3_limit(sql->db, SQLITE_LIMIT_ATTACHED, 0);
}

static bool is_sound(struct sql *sql)
{
    struct region    *region = region_new();
    struct sql_query *query = sql_query(sql, "PRAGMA quick_check(1)", "");
    const char       *answer = sql_next(query) ? sql_text(query, 0, region) : NULL;
    bool              sound = answer != NULL && strcmp(answer, "ok") == 0;

    if (!sound && !sql->failed) {
        sql->failed = true;
        error_set_at(&sql->error, EXIT_DATA_ERROR, sql->path, 0, "is damaged: %s", answer != NULL ? answer : "no answer");
        error_fix(&sql->error, "move it away to begin a new history, or bring back a copy of it");
    }
    sql_end(query);
    region_free(region);
    return sound;
}

void sql_script(struct sql *sql, const char *script)
{
    if (!sql->failed && sqlite3_exec(sql->db, script, NULL, NULL, NULL) != SQLITE_OK)
        note_failure(sql);
}

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

static void make_schema(struct sql *sql, const char *schema)
{
    sql_begin(sql);
    if (sql_value(sql, 0, "SELECT count(*) FROM sqlite_schema", "") == 0) {
        sql_script(sql, schema);
        sql_script(sql, "PRAGMA application_id = " STRING(APPLICATION_ID) "; PRAGMA user_version = " STRING(FORMAT_VERSION));
    }
    sql_commit(sql);
}

static void check_ours(struct sql *sql)
{
    int64_t application = sql_value(sql, 0, "PRAGMA application_id", "");
    int64_t version = sql_value(sql, 0, "PRAGMA user_version", "");

    if (sql->failed || (application == APPLICATION_ID && version == FORMAT_VERSION))
        return;
    sql->failed = true;
    if (application != APPLICATION_ID)
        error_set_at(&sql->error, EXIT_DATA_ERROR, sql->path, 0, "is no history of posttls-audit");
    else
        error_set_at(&sql->error, EXIT_DATA_ERROR, sql->path, 0, "is a history of format %lld; this program knows %d",
                     (long long)version, FORMAT_VERSION);
    error_fix(&sql->error, "name another file");
}

static void settle(struct sql *sql, bool create, const char *schema)
{
    be_careful(sql);
    if (create && sql_value(sql, 0, "SELECT count(*) FROM sqlite_schema", "") == 0) {
        sql_script(sql, is_on_network(sql->path) ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"
                                                 : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
        make_schema(sql, schema);
    }
    check_ours(sql);
    if (!sql->failed && is_sound(sql))
        sql_script(sql, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL");
}

struct sql *sql_open(const char *path, bool create, const char *schema, struct error *err)
{
    struct sql *sql = mem_alloc(sizeof(*sql));
    int         flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;

    sql->path = mem_text(path);
    if (sqlite3_open_v2(path, &sql->db, flags | (create ? SQLITE_OPEN_CREATE : 0), NULL) != SQLITE_OK)
        note_failure(sql);
    else
        settle(sql, create, schema);
    if (!sql_failed(sql, err))
        return sql;
    sql_close(sql);
    return NULL;
}

void sql_close(struct sql *sql)
{
    size_t i;

    if (sql == NULL)
        return;
    for (i = 0; i < sql->count; i++)
        sqlite3_finalize(sql->queries[i].statement);
    if (sql->writing && sqlite3_get_autocommit(sql->db) == 0)
        sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close_v2(sql->db);
    mem_free(sql->path);
    mem_free(sql);
}
