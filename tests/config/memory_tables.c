#include "tests/config/memory_tables.h"

#include <string.h>

static enum table_load read_file(void *arg, struct region *region, const char *path, struct slice *text,
                                 struct error *err)
{
    const struct memory_tables *tables = arg;

    (void)region;
    for (const struct memory_file *f = tables->files; f != NULL && f->path != NULL; f++) {
        if (strcmp(f->path, path) != 0)
            continue;
        *text = slice_of(f->text);
        error_set(err, 0, "as the test has it");
        return f->load;
    }
    error_set(err, 0, "No such file or directory");
    return TABLE_LOAD_MISSING;
}

static size_t parse_pairs(struct region *region, const char *text, struct table_pair **pairs)
{
    struct slice rest = slice_of(text), line;
    size_t count = 0;

    *pairs = region_array(region, strlen(text) + 1, sizeof(**pairs));
    while (slice_next_token(&rest, "\n", &line)) {
        size_t equals = slice_find(line, '=');

        (*pairs)[count++] = (struct table_pair){ slice_head(line, equals), slice_from_index(line, equals + 1) };
    }
    return count;
}

static enum table_load dump(void *arg, struct region *region, const char *type_name, struct table_dump *out,
                            struct error *err)
{
    const struct memory_tables *tables = arg;

    for (const struct memory_dump *d = tables->dumps; d != NULL && d->type_name != NULL; d++) {
        struct table_pair *pairs;

        if (strcmp(d->type_name, type_name) != 0)
            continue;
        out->count = parse_pairs(region, d->pairs != NULL ? d->pairs : "", &pairs);
        out->pairs = pairs;
        out->stale = d->stale;
        error_set(err, 0, "as the test has it");
        return d->load;
    }
    error_set(err, 0, "No such file or directory");
    return TABLE_LOAD_MISSING;
}

struct table_loader memory_loader(struct memory_tables *tables)
{
    return (struct table_loader){ read_file, dump, tables };
}

const char *answer_text(struct region *region, const struct table_answer *a)
{
    static const char *const words[] = { [TABLE_NOT_FOUND] = "not found", [TABLE_FOUND] = "found", [TABLE_ERROR] = "error",
                                         [TABLE_UNREADABLE] = "unreadable", [TABLE_WANTED] = "wanted" };

    if (a->status != TABLE_FOUND)
        return words[a->status];
    return region_printf(region, "found %s", a->value);
}

const char *notices_text(struct region *region, const struct table *t)
{
    const char *all = "";

    for (const struct table_notice *n = table_notices(t); n != NULL; n = n->next)
        all = region_printf(region, "%s%s%s:%d%s", all, all[0] != '\0' ? " " : "", n->code, n->line, n->breaks ? "!" : "");
    return all;
}
