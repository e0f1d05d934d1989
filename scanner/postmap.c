#include "scanner/postmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/child.h"
#include "scanner/patience.h"

#define CLEAN_PATH    "/usr/sbin:/usr/bin:/sbin:/bin"
#define TOOL_PLACES   ":/usr/sbin:/usr/local/sbin:/usr/libexec/postfix:/sbin"
#define ARGUMENTS_MAX 16
/* So many single keys that fail in a row, none having had an answer, and the rest is not asked. */
#define FAILURES_MAX 8
/* The last thing such a process says; it then sleeps a second before it ends. */
#define FATAL ": fatal: "

static const char *find_tool(struct region *region, const char *name)
{
    const char *path = getenv("PATH");
    struct slice rest = slice_of(region_printf(region, "%s%s", path != NULL ? path : "", TOOL_PLACES)), place;

    while (slice_next_token(&rest, ":", &place)) {
        char *tool = region_printf(region, "%.*s/%s", (int)place.n, place.p, name);

        if (tool[0] == '/' && access(tool, X_OK) == 0)
            return tool;
    }
    return NULL;
}

void postmap_init(struct postmap *p, struct region *region, const char *config_dir)
{
    *p = (struct postmap){ .postmap = find_tool(region, "postmap"),
                           .postconf = find_tool(region, "postconf"),
                           .config_dir = config_dir,
                           .seconds = POSTMAP_SECONDS,
                           .output_max = POSTMAP_OUTPUT_MAX };
}

static double seconds_left(const struct postmap *p)
{
    return p->patience != NULL ? patience_left(p->patience, p->seconds) : p->seconds;
}

/* Runs "TOOL -c DIR ARGUMENT..."; the caller clears the child. */
static enum child_end run_tool(const struct postmap *p, struct child *c, const char *tool, const char *const *arguments,
                               struct error *err)
{
    static const char *const environment[] = { "PATH=" CLEAN_PATH, "LC_ALL=C", NULL };
    const char *argv[ARGUMENTS_MAX] = { tool };
    size_t n = 1;

    if (p->config_dir != NULL) {
        argv[n++] = "-c";
        argv[n++] = p->config_dir;
    }
    while (*arguments != NULL && n < ARGUMENTS_MAX - 1)
        argv[n++] = *arguments++;
    c->argv = argv;
    c->environment = environment;
    /* Of a configuration of another machine there may be no queue here; then relative names mean nothing anyway. */
    c->directory = p->queue_dir != NULL && access(p->queue_dir, X_OK) == 0 ? p->queue_dir : NULL;
    c->seconds = seconds_left(p);
    buf_init(&c->output, p->output_max);
    if (c->seconds <= 0) {
        error_set(err, 0, "%s was not run: there is no time left", tool);
        return CHILD_TIMEOUT;
    }
    return child_run(c, err);
}

static void child_clear(struct child *c)
{
    buf_clear(&c->output);
    buf_clear(&c->errors);
}

/* The text behind "fatal: " in what a tool said, in the region; NULL when it said no such thing. */
static const char *fatal_text(struct region *region, const struct child *c)
{
    struct slice rest = buf_slice(&c->errors), line;

    while (slice_next_token(&rest, "\n", &line))
        for (size_t i = 0; i + sizeof(FATAL) - 1 <= line.n; i++)
            if (slice_starts_with(slice_from_index(line, i), SLICE(FATAL)))
                return region_slice(region, slice_from_index(line, i + sizeof(FATAL) - 1));
    return NULL;
}

/* What is the fault of this machine, or of who runs us, and would not stop Postfix itself. */
static bool only_ours(const char *fatal)
{
    static const char *const texts[] = { "unsupported dictionary type", "Permission denied", "main.cf", "master.cf",
                                         "dynamicmaps.cf" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strstr(fatal, texts[i]) != NULL)
            return true;
    return false;
}

static void parse_dump(struct region *region, struct slice text, struct table_dump *dump)
{
    struct table_pair *pairs;
    size_t room = 1;

    for (const char *p = text.p; (p = memchr(p, '\n', (size_t)(text.p + text.n - p))) != NULL; p++)
        room++;
    pairs = region_array(region, room, sizeof(*pairs));
    while (text.n > 0) {
        size_t end = slice_find(text, '\n');
        struct slice line = slice_head(text, end);
        size_t tab = slice_find(line, '\t');

        text = slice_from_index(text, end + 1);
        if (tab < line.n)
            pairs[dump->count++] = (struct table_pair){ slice_head(line, tab), slice_from_index(line, tab + 1) };
    }
    dump->pairs = pairs;
}

/* Postfix warns of it too, but only from 100 seconds after the change on, and not for every type. */
static bool source_is_newer(const struct postmap *p, struct region *region, const char *type_name)
{
    static const struct {
        const char *type, *suffix;
    } suffixes[] = { { "hash", ".db" }, { "btree", ".db" }, { "lmdb", ".lmdb" },
                     { "cdb", ".cdb" }, { "dbm", ".pag" },  { "sdbm", ".pag" } };
    size_t colon = slice_find(slice_of(type_name), ':');
    const char *path = type_name + colon + (type_name[colon] == ':');
    struct stat source, index;

    if (path[0] != '/' && p->queue_dir != NULL)
        path = region_printf(region, "%s/%s", p->queue_dir, path);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (!slice_eq_text(slice_from(type_name, colon), suffixes[i].type))
            continue;
        return stat(path, &source) == 0 && stat(region_printf(region, "%s%s", path, suffixes[i].suffix), &index) == 0 &&
               (source.st_mtim.tv_sec != index.st_mtim.tv_sec ? source.st_mtim.tv_sec > index.st_mtim.tv_sec
                                                              : source.st_mtim.tv_nsec > index.st_mtim.tv_nsec);
    }
    return false;
}

static enum table_load refused(struct region *region, const struct child *c, struct error *err)
{
    const char *fatal = fatal_text(region, c);

    if (fatal == NULL)
        fatal = region_printf(region, "%s ended with status %d", "postmap", c->status);
    error_set(err, 0, "%s", fatal);
    if (strstr(fatal, "sequence operation is not supported") != NULL)
        return TABLE_LOAD_NO_SEQUENCE;
    return only_ours(fatal) ? TABLE_LOAD_UNREADABLE : TABLE_LOAD_MISSING;
}

enum table_load postmap_dump(const struct postmap *p, struct region *region, const char *type_name,
                             struct table_dump *dump, struct error *err)
{
    const char *arguments[] = { "-s", type_name, NULL };
    struct child c = { .stop_text = FATAL };
    enum table_load load = TABLE_LOAD_UNREADABLE;
    enum child_end end;

    *dump = (struct table_dump){ .stale = source_is_newer(p, region, type_name) };
    if (p->postmap == NULL) {
        error_set(err, 0, "postmap is not installed here");
        return TABLE_LOAD_UNREADABLE;
    }
    end = run_tool(p, &c, p->postmap, arguments, err);
    if (end == CHILD_STOPPED || (end == CHILD_EXITED && c.status != 0)) {
        load = refused(region, &c, err);
    } else if (end == CHILD_EXITED) {
        parse_dump(region, slice_from(region_slice(region, buf_slice(&c.output)), c.output.n), dump);
        load = TABLE_LOAD_OK;
    }
    child_clear(&c);
    return load;
}

/* A query of many keys, split until the key that is to blame stands alone. */
struct batch {
    const struct postmap *postmap;
    struct region *region;
    const char *type_name;
    const struct slice *keys;
    struct table_answer *answers;
    unsigned failures;   /* single keys that failed one after the other */
    const char *failure; /* the last of them */
    bool any_answer;
};

static void answer_all(struct batch *b, size_t from, size_t to, enum table_status status, const char *error)
{
    for (size_t i = from; i < to; i++) {
        b->answers[i].status = status;
        b->answers[i].error = error;
    }
}

/* A line is "key TAB value", in the order of the keys. One that belongs to no key that is left goes on with the value
 * before: values of SQL tables may hold newlines. */
static void parse_hits(struct batch *b, size_t from, size_t to, struct slice text)
{
    struct slice value = { NULL, 0 };
    size_t next = from, hit = to;

    while (text.n > 0) {
        size_t end = slice_find(text, '\n'), i = next;
        struct slice line = slice_head(text, end);

        while (i < to &&
               !(slice_starts_with(line, b->keys[i]) && line.n > b->keys[i].n && line.p[b->keys[i].n] == '\t'))
            i++;
        if (i < to) {
            hit = i;
            next = i + 1;
            value = slice_from_index(line, b->keys[i].n + 1);
        } else if (hit < to) {
            value.n = (size_t)(line.p + line.n - value.p);
        }
        if (hit < to) {
            b->answers[hit].status = TABLE_FOUND;
            b->answers[hit].value = region_slice(b->region, value);
        }
        text = slice_from_index(text, end + 1);
    }
}

static bool can_be_asked(struct slice key)
{
    return slice_find(key, '\n') == key.n && slice_find(key, '\0') == key.n;
}

static enum child_end ask_range(struct batch *b, size_t from, size_t to, struct child *c, struct error *err)
{
    const char *arguments[] = { "-q", "-", b->type_name, NULL };
    struct buf input;
    enum child_end end;

    buf_init(&input, SIZE_MAX / 2);
    for (size_t i = from; i < to; i++) {
        if (!can_be_asked(b->keys[i]))
            continue;
        buf_add_slice(&input, b->keys[i]);
        buf_add_char(&input, '\n');
    }
    c->input = buf_slice(&input);
    end = run_tool(b->postmap, c, b->postmap->postmap, arguments, err);
    buf_clear(&input);
    return end;
}

static void query_range(struct batch *b, size_t from, size_t to);

static void fatal_range(struct batch *b, size_t from, size_t to, const char *fatal)
{
    size_t middle = from + (to - from) / 2;

    if (only_ours(fatal)) {
        answer_all(b, from, to, TABLE_UNREADABLE, fatal);
    } else if (to - from == 1) {
        answer_all(b, from, to, TABLE_ERROR, fatal);
        b->failures++;
        b->failure = fatal;
    } else {
        query_range(b, from, middle);
        query_range(b, middle, to);
    }
}

static void query_range(struct batch *b, size_t from, size_t to)
{
    struct child c = { .stop_text = FATAL };
    struct error err = { 0 };
    enum child_end end;
    const char *fatal;

    if (b->failures >= FAILURES_MAX && !b->any_answer) {
        answer_all(b, from, to, TABLE_ERROR, b->failure);
        return;
    }
    end = ask_range(b, from, to, &c, &err);
    fatal = fatal_text(b->region, &c);
    if (end == CHILD_EXITED && fatal == NULL && (c.status == 0 || c.status == 1)) {
        b->any_answer = true;
        answer_all(b, from, to, TABLE_NOT_FOUND, NULL);
        parse_hits(b, from, to, buf_slice(&c.output));
    } else if ((end == CHILD_EXITED || end == CHILD_STOPPED) && fatal != NULL) {
        fatal_range(b, from, to, fatal);
    } else {
        if (end == CHILD_EXITED)
            error_set(&err, 0, "postmap ended with status %d", c.status);
        answer_all(b, from, to, TABLE_UNREADABLE, region_text(b->region, err.text));
    }
    child_clear(&c);
}

void postmap_query(const struct postmap *p, struct region *region, const char *type_name, const struct slice *keys,
                   size_t count, struct table_answer *answers)
{
    struct batch b = { .postmap = p, .region = region, .type_name = type_name, .keys = keys, .answers = answers };

    if (count == 0)
        return;
    if (p->postmap == NULL) {
        answer_all(&b, 0, count, TABLE_UNREADABLE, "postmap is not installed here");
        return;
    }
    query_range(&b, 0, count);
    for (size_t i = 0; i < count; i++)
        if (!can_be_asked(keys[i]))
            answers[i] = (struct table_answer){ .status = TABLE_UNREADABLE, .error = "a key cannot hold a newline" };
}

bool postconf_read(const struct postmap *p, struct region *region, const char *const *arguments, struct slice *text,
                   struct error *err)
{
    struct child c = { .stop_text = FATAL };
    enum child_end end;

    if (p->postconf == NULL) {
        error_set(err, 0, "postconf is not installed here");
        return false;
    }
    end = run_tool(p, &c, p->postconf, arguments, err);
    *text = slice_from(region_slice(region, buf_slice(&c.output)), c.output.n);
    if (end == CHILD_STOPPED || (end == CHILD_EXITED && c.status != 0)) {
        const char *fatal = fatal_text(region, &c);

        error_set(err, 0, "%s", fatal != NULL ? fatal : "postconf failed");
        end = CHILD_STOPPED;
    }
    child_clear(&c);
    return end == CHILD_EXITED;
}
