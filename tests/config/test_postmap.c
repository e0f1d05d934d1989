/* scanner/postmap with stand-ins for postmap(1) and postconf(1): what they say and how they end, and what becomes of it.
 * The real ones are asked by postmap-agreement.py. */
#include "scanner/postmap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scanner/child.h"
#include "scanner/patience.h"
#include "tests/lib/check.h"

static char directory[] = "/tmp/test_postmap.XXXXXX";

/* A stand-in: a shell script under that name. */
static const char *tool(struct region *region, const char *name, const char *script)
{
    const char *path = region_printf(region, "%s/%s", directory, name);
    FILE *f = fopen(path, "w");

    if (f == NULL)
        return path;
    fprintf(f, "#!/bin/sh\n%s\n", script);
    fclose(f);
    chmod(path, 0755);
    return path;
}

static struct postmap stand_in(struct region *region, const char *script)
{
    return (struct postmap){ .postmap = tool(region, "postmap", script), .postconf = tool(region, "postconf", script),
                             .config_dir = "/c", .seconds = 2, .output_max = 1 << 20 };
}

static void test_dump(void)
{
    static const struct {
        const char     *script;
        enum table_load load;
        const char     *dump;
        const char     *error;
    } rows[] = {
        { "printf 'a\\t1\\nb\\t2 3\\t4\\nc\\t\\n'", TABLE_LOAD_OK, "a=1;b=2 3\t4;c=;", "" },
        { "printf 'a\\t1'", TABLE_LOAD_OK, "a=1;", "" },
        { ":", TABLE_LOAD_OK, "", "" },
        { "echo \"$*\" | tr ' ' '\\t' ", TABLE_LOAD_OK, "-c=/c\t-s\thash:/x;", "" },
        { "printf 'env\\t'; env | sort | tr '\\n' ' '", TABLE_LOAD_OK,
          "env=LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin PWD=", "" },
        { "echo 'postmap: warning: database /x.db is older than source file /x' >&2; printf 'a\\t1\\n'", TABLE_LOAD_OK, "a=1;",
          "" },
        { "echo 'postmap: fatal: open database /x.db: No such file or directory' >&2; exit 1", TABLE_LOAD_MISSING, "",
          "open database /x.db: No such file or directory" },
        { "echo 'postmap: warning: w' >&2; echo 'postmap: fatal: open database /x.db: Invalid argument' >&2; sleep 60; exit 1",
          TABLE_LOAD_MISSING, "", "open database /x.db: Invalid argument" },
        { "echo 'postmap: fatal: open database /x.db: Permission denied' >&2; exit 1", TABLE_LOAD_UNREADABLE, "",
          "open database /x.db: Permission denied" },
        { "echo 'postmap: fatal: unsupported dictionary type: lmdb' >&2; exit 1", TABLE_LOAD_UNREADABLE, "",
          "unsupported dictionary type: lmdb" },
        { "echo 'postmap: fatal: table cdb:/x: sequence operation is not supported' >&2; exit 1", TABLE_LOAD_NO_SEQUENCE, "",
          "table cdb:/x: sequence operation is not supported" },
        { "kill -SEGV $$", TABLE_LOAD_UNREADABLE, "", NULL },
        { "exec sleep 60", TABLE_LOAD_UNREADABLE, "", NULL },
        { "exec >&- 2>&-; sleep 60", TABLE_LOAD_UNREADABLE, "", NULL },
        { "sleep 60 & exec sleep 60", TABLE_LOAD_UNREADABLE, "", NULL },
        { "exec yes a", TABLE_LOAD_UNREADABLE, "", NULL },
        { "yes a >&2", TABLE_LOAD_UNREADABLE, "", NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct postmap p = stand_in(region, rows[i].script);
        struct table_dump dump;
        struct error err = { 0 };
        const char *all = "";
        double start = child_clock();

        is_int(postmap_dump(&p, region, "hash:/x", &dump, &err), rows[i].load, "%s", rows[i].script);
        check_ok(child_clock() - start < 10, "in time: %s", rows[i].script);
        for (size_t j = 0; j < dump.count; j++)
            all = region_printf(region, "%s%.*s=%.*s;", all, (int)dump.pairs[j].key.n, dump.pairs[j].key.p,
                                (int)dump.pairs[j].value.n, dump.pairs[j].value.p);
        if (strncmp(all, "env=", 4) == 0)
            check_ok(strncmp(all, rows[i].dump, strlen(rows[i].dump)) == 0, "a clean environment: %s", all);
        else
            is_text(all, rows[i].dump, "%s", rows[i].script);
        is_int(dump.stale, 0, "no source is newer: %s", rows[i].script);
        if (rows[i].error != NULL)
            is_text(err.text, rows[i].error, "%s", rows[i].script);
        else
            check_ok(err.text[0] != '\0', "says why: %s", err.text);
        region_free(region);
    }
}

/* Made so many seconds ago. */
static void make_file(struct region *region, const char *name, int age)
{
    const char *path = region_printf(region, "%s/%s", directory, name);
    struct timespec times[2] = { { .tv_sec = time(NULL) - age }, { .tv_sec = time(NULL) - age } };
    FILE *f = fopen(path, "w");

    if (f != NULL)
        fclose(f);
    utimensat(AT_FDCWD, path, times, 0);
}

static void test_stale(void)
{
    static const struct {
        const char *type, *index;
        int         source_age, index_age;
        bool        stale;
    } rows[] = {
        { "hash", "source.db", 10, 5, false },  { "hash", "source.db", 5, 10, true },    { "hash", "source.db", 5, 5, false },
        { "btree", "source.db", 5, 10, true },  { "lmdb", "source.lmdb", 5, 10, true },  { "cdb", "source.cdb", 5, 10, true },
        { "dbm", "source.pag", 5, 10, true },   { "hash", "source.lmdb", 5, 10, false }, { "sqlite", "source.db", 5, 10, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct postmap p = stand_in(region, ":");
        struct table_dump dump;
        struct error err = { 0 };

        make_file(region, "source", rows[i].source_age);
        make_file(region, rows[i].index, rows[i].index_age);
        postmap_dump(&p, region, region_printf(region, "%s:%s/source", rows[i].type, directory), &dump, &err);
        is_int(dump.stale, rows[i].stale, "%s, source %d s old, %s %d s", rows[i].type, rows[i].source_age, rows[i].index,
               rows[i].index_age);
        p.queue_dir = directory;
        postmap_dump(&p, region, region_printf(region, "%s:source", rows[i].type), &dump, &err);
        is_int(dump.stale, rows[i].stale, "the same by a name relative to the queue directory");
        unlink(region_printf(region, "%s/%s", directory, rows[i].index));
        unlink(region_printf(region, "%s/source", directory));
        region_free(region);
    }
}

/* A table in which some keys fail: a real postmap says so at the first of them, and forgets what it had found. */
#define FAILING \
    "out=; while read -r k; do case $k in bad*) echo 'postmap: fatal: table x: query error' >&2; sleep 1; exit 1;;" \
    " hit*) out=\"$out$k\tv-$k\n\";; esac; done; printf '%b' \"$out\"; [ -n \"$out\" ]"

static void test_query(void)
{
    static const struct {
        const char *script;
        const char *keys[24];
        const char *answers; /* f found, n not found, e error, u unreadable */
    } rows[] = {
        { FAILING, { "hit1", "miss", "hit2" }, "fnf" },
        { FAILING, { "miss", "miss2" }, "nn" },
        { FAILING, { "hit1", "bad", "hit2", "miss" }, "fefn" },
        { FAILING, { "bad" }, "e" },
        { FAILING, { "bad1", "bad2", "hit", "miss", "bad3", "hit", "hit" }, "eefneff" },
        { FAILING, { "bad1", "bad2", "bad3", "bad4", "bad5", "bad6", "bad7", "bad8", "bad9", "bad10", "bad11", "bad12" },
          "eeeeeeeeeeee" },
        { FAILING, { "hit", "hit\n", "hit" }, "fuf" },
        { "cat >/dev/null; printf 'a\\tone\\nmore lines\\nb\\ttwo\\n'", { "a", "x", "b" }, "fnf" },
        { "cat >/dev/null; printf 'b\\ttwo\\na\\tone\\n'", { "a", "b" }, "nf" },
        { "cat >/dev/null; printf 'ab\\tx\\n'; exit 0", { "a", "ab", "abc" }, "nfn" },
        { "echo 'postmap: fatal: unsupported dictionary type: pgsql' >&2; exit 1", { "a", "b" }, "uu" },
        { "echo 'postmap: fatal: open database /x: No such file or directory' >&2; exit 1", { "a", "b" }, "ee" },
        { "echo 'postmap: warning: non-UTF-8 key' >&2; cat >/dev/null; exit 1", { "a" }, "n" },
        { "cat >/dev/null; exit 75", { "a" }, "u" },
        { "kill -KILL $$", { "a", "b" }, "uu" },
        { "exec sleep 60", { "a", "b" }, "uu" },
        { "exec yes", { "a", "b" }, "uu" },
        { "exec 0<&-; exit 1", { "a", "b" }, "nn" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct postmap p = stand_in(region, rows[i].script);
        struct table_answer answers[24] = { 0 };
        struct slice keys[24];
        char got[25] = "";
        size_t n = 0;
        double start = child_clock();

        for (; rows[i].keys[n] != NULL; n++)
            keys[n] = slice_of(rows[i].keys[n]);
        postmap_query(&p, region, "sqlite:/x", keys, n, answers);
        for (size_t j = 0; j < n; j++)
            got[j] = "nfeuw"[answers[j].status];
        is_text(got, rows[i].answers, "%s for %zu keys", rows[i].script, n);
        check_ok(child_clock() - start < 10, "in time: %s", rows[i].script);
        for (size_t j = 0; j < n; j++)
            if (got[j] == 'f' && strncmp(rows[i].keys[j], "hit", 3) == 0)
                is_text(answers[j].value, region_printf(region, "v-%s", rows[i].keys[j]), "the value of its own key");
        if (strcmp(rows[i].answers, "fnf") == 0 && strcmp(rows[i].keys[0], "a") == 0)
            is_text(answers[0].value, "one\nmore lines", "a value of several lines");
        region_free(region);
    }
}

static void test_postconf(void)
{
    struct region *region = region_new();
    struct config config = { .region = region };
    struct postmap p = stand_in(region, "[ \"$*\" = '-c /c -h mail_version' ] && echo 3.7.11");
    struct error err = { 0 };
    struct slice text;

    if (check_ok(postconf_read(&p, region, (const char *const[]){ "-h", "mail_version", NULL }, &text, &err), "%s", err.text))
        is_slice(text, "3.7.11\n", "what postconf prints");
    p = stand_in(region, "echo 'postconf: fatal: open /c/main.cf: No such file or directory' >&2; exit 1");
    check_ok(!postconf_read(&p, region, (const char *const[]){ "-n", NULL }, &text, &err), "a refusal");
    is_text(err.text, "open /c/main.cf: No such file or directory", "in postconf's words");
    p.postconf = p.postmap = NULL;
    check_ok(!postconf_read(&p, region, (const char *const[]){ "-n", NULL }, &text, &err), "nothing installed: %s", err.text);
    is_int(postmap_dump(&p, region, "hash:/x", &(struct table_dump){ 0 }, &err), TABLE_LOAD_UNREADABLE, "nor postmap");
    p.postmap = "/nonexistent/postmap";
    is_int(postmap_dump(&p, region, "hash:/x", &(struct table_dump){ 0 }, &err), TABLE_LOAD_UNREADABLE, "%s", err.text);
    p = stand_in(region, "pwd");
    p.queue_dir = "/";
    if (check_ok(postconf_read(&p, region, (const char *const[]){ "-n", NULL }, &text, &err), "%s", err.text))
        is_slice(text, "/\n", "where it runs");
    p.queue_dir = "/nonexistent";
    check_ok(postconf_read(&p, region, (const char *const[]){ "-n", NULL }, &text, &err), "a queue directory that is not here");
    p = stand_in(region, "exec sleep 60");
    patience_set(&config, child_clock() - 1);
    p.patience = &config;
    is_int(postmap_dump(&p, region, "hash:/x", &(struct table_dump){ 0 }, &err), TABLE_LOAD_UNREADABLE, "deadline: %s",
           err.text);
    region_free(region);
}

static void test_find(void)
{
    struct region *region = region_new();
    struct postmap p;
    const char *path = tool(region, "postmap", ":");

    setenv("PATH", directory, 1);
    postmap_init(&p, region, NULL);
    is_text(p.postmap, path, "PATH comes first");
    region_free(region);
}

static void remove_tools(void)
{
    struct region *region = region_new();

    unlink(region_printf(region, "%s/postmap", directory));
    unlink(region_printf(region, "%s/postconf", directory));
    rmdir(directory);
    region_free(region);
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    test_dump();
    test_stale();
    test_query();
    test_postconf();
    test_find();
    remove_tools();
    return check_done();
}
