/* Tables of lines "key whitespace value": texthash, and what postmap(1) made of such a file. texthash in
 * DATABASE_README, postmap(1). */
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/base/utf8.h"
#include "scanner/config/table_impl.h"

bool table_read(struct table *t, const struct table_loader *loader, const char *path, struct slice *text)
{
    struct error err = { 0 };
    enum table_load load = loader->read_file(loader->arg, t->region, path, text, &err);

    if (load == TABLE_LOAD_OK) {
        t->file = path;
        return true;
    }
    if (load == TABLE_LOAD_MISSING)
        table_break(t, false, "table-missing", 0, "open %s: %s", path, err.text);
    else
        table_break(t, true, "table-unreadable", 0, "%s: %s", path, err.text);
    return false;
}

void table_lines_init(struct table_lines *lines, struct table *t, struct slice text)
{
    *lines = (struct table_lines){ .table = t, .region = t->region, .rest = text, .line = 1 };
    if (utf8_has_mark(text))
        table_note(t, "byte-order-mark", 1, "a byte order mark at the front of the file: it is part of the first line");
}

/* To the C strings of Postfix a line ends at a NUL byte. */
static struct slice line_content(struct slice line)
{
    line = slice_head(line, slice_find(line, '\0'));
    while (line.n > 0 && is_space(line.p[line.n - 1]))
        line.n--;
    return line;
}

bool table_lines_next(struct table_lines *lines, struct logical_line *line)
{
    bool leading_blank = false;

    while (logical_line_next(lines->region, &lines->rest, &lines->line, line, &leading_blank)) {
        if (leading_blank) {
            table_note(lines->table, "table-bad-line", line->line,
                       "a logical line must not start with white space: ignored");
            leading_blank = false;
            continue;
        }
        line->text = line_content(line->text);
        return true;
    }
    return false;
}

/* Where the key ends: at white space that is neither quoted nor escaped. False: a quote without end. */
static bool key_end(struct slice s, size_t *end)
{
    bool quoted = false;
    size_t i;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') {
            if (++i == s.n)
                break;
        } else if (s.p[i] == '"') {
            quoted = !quoted;
        } else if (is_space(s.p[i]) && !quoted) {
            break;
        }
    }
    *end = i;
    return !quoted;
}

bool table_stores_utf8(const struct table *t)
{
    bool in_memory = t->type->open == table_open_text || t->type->open == table_open_inline;

    return t->options.utf8 && !(in_memory && version_at_least(t->options.version, 3, 11, 0));
}

/* An entry that was looked at before, and is a good one. */
static void read_entry(const struct table *t, struct region *region, struct slice text, struct slice *key,
                       struct slice *value)
{
    struct logical_line line;
    bool leading_blank;
    int number = 1;
    size_t end;

    logical_line_next(region, &text, &number, &line, &leading_blank);
    line.text = line_content(line.text);
    key_end(line.text, &end);
    *key = table_fold(region, slice_head(line.text, end), table_stores_utf8(t));
    *value = slice_trim(slice_from_index(line.text, end));
}

static bool line_split(struct table *t, const struct logical_line *line, struct slice *key, struct slice *value)
{
    size_t end;

    if (t->options.utf8 && !text_is_utf8(line->text)) {
        bool ignored = table_stores_utf8(t);

        table_note(t, "table-not-utf8", line->line, "the line is not valid UTF-8: %s",
                   ignored ? "ignored" : "its key is never found, or its value is an error");
        if (ignored)
            return false;
    }
    if (!key_end(line->text, &end)) {
        table_note(t, "table-bad-line", line->line, "unbalanced '\"': the line is ignored");
        return false;
    }
    *key = slice_head(line->text, end);
    *value = slice_trim(slice_from_index(line->text, end));
    if (value->n == 0) {
        table_note(t, "table-key-without-value", line->line, "\"%.*s\" has no value: the line is ignored", (int)key->n,
                   key->p);
        return false;
    }
    if (key->p[key->n - 1] == ':')
        table_note(t, "table-alias-format", line->line, "the key ends in \":\" as in an alias file");
    return true;
}

/* At least as many as there are logical lines. */
static size_t count_lines(struct slice text)
{
    size_t count = 1;
    const char *p = text.p, *end = text.p + text.n;

    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end)
        if (!is_space(*p) && *p != '#')
            count++;
    return count;
}

/* Puts the text into an index. A duplicate key is noted, and given back as a line number; 0: there was none. */
static int text_index(struct table *t, struct slice text, struct table_index **made, const char *consequence)
{
    struct table_index *index = index_new_lines(t, text, count_lines(text), read_entry);
    struct region *scratch = region_new();
    struct table_lines lines;
    struct logical_line line;
    struct slice key, value;
    int duplicate = 0;

    table_lines_init(&lines, t, text);
    lines.region = scratch;
    for (; table_lines_next(&lines, &line); region_empty(scratch)) {
        size_t older;

        if (!line_split(t, &line, &key, &value))
            continue;
        older = index_add_line(index, scratch, table_fold(scratch, key, table_stores_utf8(t)), line.start, line.line);
        if (older == SIZE_MAX)
            continue;
        if (duplicate == 0)
            duplicate = line.line;
        table_note(t, "table-duplicate-key", line.line, "\"%.*s\" stands in line %d already: %s", QUOTED(key),
                   index_line(index, older), consequence);
    }
    region_free(scratch);
    *made = index;
    return duplicate;
}

void table_open_text(struct table *t, const struct table_loader *loader)
{
    struct slice text;
    struct table_index *index;
    int duplicate;

    if (!table_read(t, loader, t->rest, &text))
        return;
    duplicate = text_index(t, text, &index, "no entry of the table is used");
    t->lookup = index_lookup;
    t->index = index;
    /* Only postmap(1) forgives; a daemon refuses the file. */
    if (duplicate > 0)
        table_break(t, false, "table-duplicate-key", duplicate, "%s, line %d: duplicate entry: every lookup fails",
                    t->rest, duplicate);
}

static void ask_key(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct table_index *source = t->data;
    struct table_answer answer = { 0 };
    size_t number;

    if (q->asker == NULL || !q->asker->ask(q->asker->arg, t->type_name, key, &answer)) {
        a->status = TABLE_WANTED;
        return;
    }
    a->status = answer.status;
    if (a->status == TABLE_ERROR || a->status == TABLE_UNREADABLE)
        a->error = answer.error != NULL ? answer.error : "the lookup failed";
    if (a->status != TABLE_FOUND)
        return;
    a->value = answer.value != NULL ? answer.value : "";
    if (source != NULL && index_find(source, q->region, key, &number)) {
        a->line = index_line(source, number);
        a->file = t->file;
    }
}

/* Lines are told from the source by key; the values are those of the index. */
static struct table_index *index_of_dump(struct table *t, const struct table_dump *dump,
                                         const struct table_index *source)
{
    struct table_index *index = index_new_entries(t->region, dump->count, t->file);

    for (size_t i = 0; i < dump->count; i++) {
        const struct table_pair *pair = &dump->pairs[i];
        struct slice folded = table_fold(t->region, pair->key, t->options.utf8);
        size_t number;
        int line = source != NULL && index_find(source, t->region, folded, &number) ? index_line(source, number) : 0;

        index_add(index, pair->key, pair->value, line);
        if (!slice_eq(folded, pair->key))
            table_note(t, "table-key-not-folded", line, "\"%.*s\" was stored without folding (postmap -f): it is never found",
                       QUOTED(pair->key));
    }
    index_sort(index);
    return index;
}

static void open_source_only(struct table *t, struct table_index *source, const char *why)
{
    if (source == NULL) {
        table_break(t, true, "table-unreadable", 0, "%s: %s", t->type_name, why);
        return;
    }
    table_note(t, "table-source-text-only", 0, "%s: the text is used, its index was not read (%s)", t->type_name, why);
    t->index = source;
    t->lookup = index_lookup;
}

/* The index decides; the text beside it only tells the lines, and stands in when there is no way to read the index. */
void table_open_indexed(struct table *t, const struct table_loader *loader)
{
    struct error err = { 0 };
    struct table_dump dump = { 0 };
    struct table_index *source = NULL;
    struct slice text;
    enum table_load load = loader->dump(loader->arg, t->region, t->type_name, &dump, &err);

    if (load == TABLE_LOAD_MISSING || load == TABLE_LOAD_UNKNOWN_TYPE) {
        table_break(t, false, load == TABLE_LOAD_MISSING ? "table-missing" : "table-unknown-type", 0, "%s: %s",
                    t->type_name, err.text);
        return;
    }
    if (loader->read_file(loader->arg, t->region, t->rest, &text, &(struct error){ 0 }) == TABLE_LOAD_OK) {
        t->file = t->rest;
        text_index(t, text, &source, "the first one counts");
    }
    if (dump.stale)
        table_note(t, "table-stale-index", 0, "the index is older than %s: run postmap %s", t->rest, t->type_name);
    if (load == TABLE_LOAD_OK) {
        t->index = index_of_dump(t, &dump, source);
        t->lookup = index_lookup;
    } else if (load == TABLE_LOAD_NO_SEQUENCE) {
        t->data = source;
        t->lookup = ask_key;
    } else {
        open_source_only(t, source, err.text);
    }
}

void table_open_live(struct table *t, const struct table_loader *loader)
{
    (void)loader;
    t->lookup = ask_key;
}

static bool template_uses_part(struct slice s)
{
    for (size_t i = 0; i + 1 < s.n; i++)
        if (s.p[i] == '%' && strchr("uUdD123456789", s.p[++i]) != NULL)
            return true;
    return false;
}

/* Queries by parts of the key make a pattern table: Postfix then asks no partial keys. A file that cannot be read here is
 * left to postmap(1) to complain about. */
void table_open_query(struct table *t, const struct table_loader *loader)
{
    static const char *const templates[] = { "query", "query_filter", "result_format", "result_filter", "key_format" };
    struct table_lines lines;
    struct logical_line line;
    struct slice text;

    t->lookup = ask_key;
    if (t->rest[0] != '/' && t->rest[0] != '.')
        return; /* old style: parameters in main.cf */
    if (loader->read_file(loader->arg, t->region, t->rest, &text, &(struct error){ 0 }) != TABLE_LOAD_OK)
        return;
    t->file = t->rest;
    table_lines_init(&lines, t, text);
    while (table_lines_next(&lines, &line)) {
        size_t equals = slice_find(line.text, '=');
        struct slice name = slice_trim(slice_head(line.text, equals));
        struct slice value = slice_trim(slice_from_index(line.text, equals + 1));

        if (slice_eq_text(name, "domain") && value.n > 0)
            t->fixed = false;
        for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
            if (slice_eq_text(name, templates[i]) && template_uses_part(value))
                t->fixed = false;
    }
}
