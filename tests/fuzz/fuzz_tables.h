/* Fuzz input of the table targets: "KEY\nREST"; REST stands for every file that a table names. */
#ifndef TESTS_FUZZ_FUZZ_TABLES_H
#define TESTS_FUZZ_FUZZ_TABLES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/config/table.h"

/* Takes the first line off. */
static inline struct slice fuzz_line(struct slice *rest)
{
    size_t end = slice_find(*rest, '\n');
    struct slice line = slice_head(*rest, end);

    *rest = slice_from_index(*rest, end + 1);
    return line;
}

static inline enum table_load fuzz_read(void *text, struct region *region, const char *path, struct slice *out,
                                        struct error *err)
{
    (void)region;
    (void)path;
    (void)err;
    *out = *(struct slice *)text;
    return TABLE_LOAD_OK;
}

/* Every line is a key of the index, and a value. */
static inline enum table_load fuzz_dump(void *text, struct region *region, const char *type_name, struct table_dump *dump,
                                        struct error *err)
{
    struct slice rest = *(struct slice *)text, line;
    struct table_pair *pairs = region_array(region, rest.n + 1, sizeof(*pairs));

    error_set(err, 0, "%s", type_name);
    while (slice_next_token(&rest, "\n", &line))
        pairs[dump->count++] = (struct table_pair){ line, line };
    dump->pairs = pairs;
    return dump->count % 3 == 0 ? TABLE_LOAD_OK : dump->count % 3 == 1 ? TABLE_LOAD_NO_SEQUENCE : TABLE_LOAD_UNREADABLE;
}

static inline bool fuzz_ask(void *arg, const char *type_name, struct slice key, struct table_answer *answer)
{
    (void)arg;
    answer->status = key.n % 2 == 0 ? TABLE_FOUND : TABLE_NOT_FOUND;
    answer->value = type_name;
    return key.n % 5 != 0;
}

/* What libraries take seconds and gigabytes for by design would only stop the fuzzer. */
static inline bool fuzz_takes_too_long(struct slice text)
{
    size_t repeats = 0;

    for (size_t i = 0; i < text.n; i++)
        repeats += text.p[i] == '{' || text.p[i] == '*' || text.p[i] == '+' || text.p[i] == '\\' || text.p[i] == '(';
    return repeats > 12 || text.n > 2000;
}

/* Every answer has what goes with its status, and lies within its outcomes. */
static inline void fuzz_check(const struct table_answer *a)
{
    if ((a->status == TABLE_FOUND) != (a->value != NULL) || a->key == NULL || a->line < 0)
        abort();
    if ((a->status == TABLE_ERROR || a->status == TABLE_UNREADABLE) && a->error == NULL)
        abort();
    if (a->status == TABLE_NOT_FOUND && (a->file != NULL || a->line != 0))
        abort();
}

#endif
