#include "scanner/config/table.h"

#include <stdarg.h>
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/config/table_impl.h"

#define LIST_SEPARATORS ", \t\r\n"
/* Tables within tables. Postfix has no limit but its stack. */
#define NESTING_MAX 50

/* Postfix's own names; "proxy" and "debug" pass every key on and are taken off before. */
/* clang-format off */
static const struct table_type types[] = {
    { "texthash", { 0 }, true, true, table_open_text },
    { "hash", { 0 }, true, true, table_open_indexed },
    { "btree", { 0 }, true, true, table_open_indexed },
    { "lmdb", { 0 }, true, true, table_open_indexed },
    { "cdb", { 0 }, true, true, table_open_indexed },
    { "dbm", { 0 }, true, true, table_open_indexed },
    { "sdbm", { 0 }, true, true, table_open_indexed },
    { "inline", { 0 }, true, true, table_open_inline },
    { "static", { 0 }, true, true, table_open_static },
    { "internal", { 0 }, true, true, table_open_internal },
    { "regexp", { 0 }, false, false, table_open_regexp },
    { "pcre", { 0 }, false, false, table_open_pcre },
    { "cidr", { 0 }, false, false, table_open_cidr },
    { "fail", { 0 }, false, false, table_open_fail },
    { "randmap", { 0 }, false, false, table_open_random },
    { "unionmap", { 0 }, false, false, table_open_union },
    { "pipemap", { 0 }, false, false, table_open_pipe },
    { "environ", { 0 }, true, false, table_open_live },
    { "unix", { 0 }, true, false, table_open_live },
    { "nis", { 0 }, true, false, table_open_live },
    { "nisplus", { 0 }, true, false, table_open_live },
    { "netinfo", { 0 }, true, false, table_open_live },
    { "tcp", { 0 }, false, false, table_open_live },
    { "socketmap", { 0 }, false, false, table_open_live },
    { "ldap", { 0 }, true, false, table_open_query },
    { "mysql", { 0 }, true, false, table_open_query },
    { "pgsql", { 0 }, true, false, table_open_query },
    { "sqlite", { 0 }, true, false, table_open_query },
    { "memcache", { 0 }, true, false, table_open_query },
    { "mongodb", { 3, 9, 0 }, true, false, table_open_query },
};
/* clang-format on */

static const struct table_type *type_find(struct slice name, struct version version)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct version *since = &types[i].since;

        if (slice_eq_text(name, types[i].name) && version_at_least(version, since->major, since->minor, since->patch))
            return &types[i];
    }
    return NULL;
}

static void note(struct table *t, const char *code, bool breaks, int line, const char *text)
{
    struct table_notice *n;

    if (t->notice_count == TABLE_NOTICES_MAX && !breaks) {
        code = "table-more-notices";
        text = "there is more to say about this table than is listed";
    } else if (t->notice_count > TABLE_NOTICES_MAX && !breaks) {
        return;
    }
    n = region_alloc(t->region, sizeof(*n));
    *n = (struct table_notice){ .code = code, .text = text, .file = t->file, .line = line, .breaks = breaks };
    *t->notices_end = n;
    t->notices_end = &n->next;
    t->notice_count++;
}

void table_note(struct table *t, const char *code, int line, const char *format, ...)
{
    va_list args;

    if (t->notice_count > TABLE_NOTICES_MAX)
        return;
    va_start(args, format);
    note(t, code, false, line, region_vprintf(t->region, format, args));
    va_end(args);
}

void table_break(struct table *t, bool unreadable, const char *code, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    t->error = region_vprintf(t->region, format, args);
    va_end(args);
    t->unreadable = unreadable;
    /* Postfix puts a pattern table in the place of one that it could not open. */
    t->fixed = t->folds = unreadable && t->fixed;
    note(t, code, true, line, t->error);
}

static bool before_colon(struct slice text, struct slice *type, struct slice *rest)
{
    size_t colon = slice_find(text, ':');

    *type = slice_head(text, colon);
    *rest = slice_from_index(text, colon + 1);
    return colon < text.n;
}

static void open_type(struct table *t, struct slice type, struct slice rest, const struct table_loader *loader)
{
    t->rest = region_slice(t->region, rest);
    t->type = type_find(type, t->options.version);
    if (t->type == NULL) {
        table_break(t, false, "table-unknown-type", 0, "unsupported dictionary type: %.*s", QUOTED(type));
        return;
    }
    t->fixed = t->type->fixed;
    t->folds = t->type->folds;
    t->type->open(t, loader);
}

static struct table *open_at(struct region *region, struct slice type_name, const struct table_options *options,
                             const struct table_loader *loader, unsigned depth)
{
    struct table *t = region_alloc(region, sizeof(*t));
    struct slice type, rest;

    t->region = region;
    t->name = region_slice(region, type_name);
    t->options = *options;
    t->depth = depth;
    t->notices_end = &t->notices;
    while (before_colon(type_name, &type, &rest)) {
        bool debug = slice_eq_text(type, "debug") && version_at_least(options->version, 3, 11, 0);

        if (!debug && !slice_eq_text(type, "proxy"))
            break;
        t->proxied = t->proxied || !debug;
        type_name = rest;
    }
    t->type_name = region_slice(region, type_name);
    if (depth > NESTING_MAX) {
        table_break(t, false, "table-bad-syntax", 0, "more than %d tables within each other", NESTING_MAX);
        return t;
    }
    if (type.n > 0 && rest.n > 0) {
        open_type(t, type, rest, loader);
        return t;
    }
    table_break(t, false, "table-bad-syntax", 0, "open dictionary: expecting \"type:name\" form instead of \"%s\"",
                t->type_name);
    /* A proxied table is opened by another process, which dies in place of this one. */
    t->fatal = t->proxied ? NULL : t->error;
    return t;
}

struct table *table_open(struct region *region, struct slice type_name, const struct table_options *options,
                         const struct table_loader *loader)
{
    return open_at(region, type_name, options, loader, 0);
}

struct table *table_open_member(struct table *whole, struct slice type_name, bool breaks,
                                const struct table_loader *loader)
{
    struct table *member = open_at(whole->region, type_name, &whole->options, loader, whole->depth + 1);

    for (const struct table_notice *n = member->notices; n != NULL; n = n->next) {
        struct table_notice *copy = region_copy(whole->region, n, sizeof(*n));

        copy->breaks = n->breaks && breaks;
        copy->next = NULL;
        *whole->notices_end = copy;
        whole->notices_end = &copy->next;
    }
    if (whole->fatal == NULL)
        whole->fatal = member->fatal;
    return member;
}

const char *table_name(const struct table *t)
{
    return t->name;
}

const struct table_notice *table_notices(const struct table *t)
{
    return t->notices;
}

bool table_is_fixed(const struct table *t)
{
    return t->fixed;
}

bool table_can_list(const struct table *t)
{
    return t->error == NULL && t->index != NULL;
}

bool table_entry(const struct table *t, struct region *region, size_t i, struct table_entry *entry)
{
    struct index_entry e;
    int line;

    if (!table_can_list(t) || i >= index_count(t->index))
        return false;
    e = index_at(t->index, region, i);
    line = index_line(t->index, i);
    *entry = (struct table_entry){ .key = region_slice(region, e.key),
                                   .value = region_slice(region, e.value),
                                   .file = index_file(t->index, line),
                                   .line = line };
    return true;
}

bool table_item(const struct table *t, size_t i, struct table_item *item)
{
    struct index_entry e;
    int line;

    if (t->item != NULL)
        return t->item(t, i, item);
    if (t->index == NULL || i >= index_count(t->index))
        return false;
    e = index_at(t->index, t->region, i);
    line = index_line(t->index, i);
    *item = (struct table_item){ .kind = TABLE_ITEM_ENTRY,
                                 .key = e.key,
                                 .value = e.value,
                                 .head = e.key,
                                 .file = index_file(t->index, line),
                                 .line = line };
    return true;
}

bool table_item_matches(const struct table *t, size_t i, const char *text)
{
    return t->matches != NULL && t->matches(t, i, text);
}

const struct table *table_member(const struct table *t, size_t i)
{
    for (size_t k = 0; t->members != NULL && t->members[k] != NULL; k++)
        if (k == i)
            return t->members[k];
    return NULL;
}

const char *table_type(const struct table *t)
{
    return t->type != NULL ? t->type->name : NULL;
}

bool table_is_proxied(const struct table *t)
{
    return t->proxied;
}

void table_not_permitted(struct table *t)
{
    table_break(t, false, "proxy-not-permitted", 0, "%s: proxy_read_maps does not list the table", t->name);
}

const char *table_rest(const struct table *t)
{
    return t->rest != NULL ? t->rest : "";
}

static bool plain_lower(struct slice key)
{
    for (size_t i = 0; i < key.n; i++)
        if ((unsigned char)key.p[i] >= 0x80 || (key.p[i] >= 'A' && key.p[i] <= 'Z'))
            return false;
    return true;
}

struct slice table_fold(struct region *region, struct slice key, bool utf8)
{
    struct buf folded;
    struct slice kept;

    if (plain_lower(key))
        return key;
    /* Folding makes some letters longer, none more than three times. */
    buf_init(&folded, 3 * key.n + 1);
    text_fold(key, utf8, &folded);
    kept = slice_from(region_slice(region, buf_slice(&folded)), folded.n);
    buf_clear(&folded);
    return kept;
}

/* The line stays: it is the one to mend. */
static void not_usable(struct table_answer *a, const char *why)
{
    a->status = TABLE_ERROR;
    a->value = NULL;
    a->error = why;
}

/* What Postfix puts around every table opened with its UTF-8 flag: a key that is not UTF-8 cannot exist, a value that is
 * not is an error. */
void table_ask(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    a->table = t->name;
    a->file = NULL;
    a->line = 0;
    a->value = NULL;
    a->status = TABLE_NOT_FOUND;
    if (t->options.utf8 && !text_is_utf8(key))
        return;
    if (t->error != NULL) {
        a->status = t->unreadable ? TABLE_UNREADABLE : TABLE_ERROR;
        a->error = t->error;
        return;
    }
    if (t->folds)
        key = table_fold(q->region, key, t->options.utf8);
    t->lookup(t, q, key, a);
    if (a->status == TABLE_FOUND && t->options.utf8 && !text_is_utf8(slice_of(a->value)))
        not_usable(a, "the value is not valid UTF-8");
}

typedef void find_fn(const void *tables, bool fixed_only, struct query *, struct slice key, struct table_answer *);

static void find_in_table(const void *table, bool fixed_only, struct query *q, struct slice key, struct table_answer *a)
{
    (void)fixed_only;
    table_ask(table, q, key, a);
}

static void find_in_list(const void *tables, bool fixed_only, struct query *q, struct slice key, struct table_answer *a)
{
    const struct table_list *list = tables;

    for (size_t i = 0; i < list->count && key.n > 0; i++) {
        if (fixed_only && !list->tables[i]->fixed)
            continue;
        table_ask(list->tables[i], q, key, a);
        if (a->status == TABLE_FOUND && a->value[0] == '\0')
            not_usable(a, "the lookup returns an empty string");
        if (a->status != TABLE_NOT_FOUND)
            return;
    }
}

static struct table_answer find_one(find_fn *find, const void *tables, bool fixed_only, struct query *q,
                                    struct slice key)
{
    struct table_answer a = { .status = TABLE_NOT_FOUND };

    a.key = region_slice(q->region, key);
    find(tables, fixed_only, q, slice_of(a.key), &a);
    if (a.status == TABLE_NOT_FOUND)
        a.table = NULL;
    return a;
}

static bool same_outcome(const struct table_answer *a, const struct table_answer *b)
{
    return a->status == b->status && (a->status != TABLE_FOUND || strcmp(a->value, b->value) == 0);
}

/* What is chosen first may decide how many choices follow, so the number of outcomes is known only afterwards. */
static size_t find_all(find_fn *find, const void *tables, bool fixed_only, struct query q, struct slice key,
                       struct table_answer *answers, size_t max)
{
    size_t count = 0, outcomes = 1;

    for (size_t choice = 0; choice < outcomes && count < max; choice++) {
        size_t seen = 0;

        q.choice = choice;
        q.outcomes = 1;
        answers[count] = find_one(find, tables, fixed_only, &q, key);
        if (q.outcomes > outcomes)
            outcomes = q.outcomes;
        while (seen < count && !same_outcome(&answers[seen], &answers[count]))
            seen++;
        if (seen == count)
            count++;
    }
    return count;
}

/* With the asker's chance, which goes on from look-up to look-up; else the first outcome. */
static struct table_answer find_chosen(find_fn *find, const void *tables, bool fixed_only, struct region *region,
                                       const struct table_asker *asker, struct slice key)
{
    struct chance none = { 0, 1 }, *chance = asker != NULL && asker->chance != NULL ? asker->chance : &none;
    struct query q = { .region = region, .asker = asker, .choice = chance->choice, .outcomes = chance->outcomes };
    struct table_answer answer = find_one(find, tables, fixed_only, &q, key);

    chance->outcomes = q.outcomes;
    return answer;
}

struct table_answer table_lookup(const struct table *t, struct region *region, struct slice key,
                                 const struct table_asker *asker)
{
    return find_chosen(find_in_table, t, false, region, asker, key);
}

size_t table_lookup_all(const struct table *t, struct region *region, struct slice key, const struct table_asker *asker,
                        struct table_answer *answers, size_t max)
{
    return find_all(find_in_table, t, false, (struct query){ .region = region, .asker = asker }, key, answers, max);
}

struct table_answer table_list_find(const struct table_list *list, struct region *region, struct slice key,
                                    bool fixed_only, const struct table_asker *asker)
{
    return find_chosen(find_in_list, list, fixed_only, region, asker, key);
}

size_t table_list_find_all(const struct table_list *list, struct region *region, struct slice key, bool fixed_only,
                           const struct table_asker *asker, struct table_answer *answers, size_t max)
{
    return find_all(find_in_list, list, fixed_only, (struct query){ .region = region, .asker = asker }, key, answers,
                    max);
}

bool table_list_open(struct region *region, const char *parameter, struct slice value,
                     const struct table_options *options, const struct table_loader *loader, struct table_list *list,
                     struct error *err)
{
    struct slice rest = value, item;
    size_t count = 0;

    while (slice_next_token_braced(&rest, LIST_SEPARATORS, &item))
        count++;
    *list = (struct table_list){ .parameter = region_text(region, parameter),
                                 .tables = region_array(region, count + 1, sizeof(list->tables[0])) };
    rest = value;
    while (slice_next_token_braced(&rest, LIST_SEPARATORS, &item)) {
        struct table *t = table_open(region, item, options, loader);

        list->tables[list->count++] = t;
        if (t->fatal != NULL) {
            error_set(err, 0, "%s: %s", parameter, t->fatal);
            error_fix(err, "write type:name, for example texthash:/etc/postfix/tls_policy");
            return false;
        }
    }
    return true;
}
