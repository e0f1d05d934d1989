/* Patterns that may last, compiled and tried where they can be ended. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/config/table_impl.h"
#include "scanner/config/table_regexp.h"

#define GROUPS_MAX 200
#define WORDS_MAX  256

struct found {
    bool compiled;
    enum regexp_outcome outcome;
    size_t group_count; /* of the pattern */
    char words[WORDS_MAX];
    struct { size_t start, end; } at[GROUPS_MAX];
};
_Static_assert(sizeof(struct found) < TABLE_RESULT_MAX, "a result is handed over in one piece");

/* Compiles the pattern; tries it where there is an input: the number of groups to be filled, and the key. */
static void work(const void *what, struct slice input, void *result)
{
    const struct regexp_pattern *pattern = what;
    struct found *found = result;
    struct region *region = region_new();
    struct regexp_groups groups = { NULL, 0 };
    struct error err = { 0 };
    void *code = pattern->engine->compile(region, pattern->text.p, pattern->options, pattern->groups, &found->group_count, &err);

    found->compiled = code != NULL;
    if (code != NULL && input.n > 0) {
        memcpy(&groups.count, input.p, sizeof(groups.count));
        groups.at = region_array(region, groups.count + 1, sizeof(*groups.at));
        found->outcome = pattern->engine->match(code, input.p + sizeof(groups.count), &groups, &err);
    }
    for (size_t i = 0; i < groups.count; i++) {
        found->at[i].start = groups.at[i].start;
        found->at[i].end = groups.at[i].end;
    }
    memcpy(found->words, err.text, strnlen(err.text, WORDS_MAX - 1));
    region_free(region);
}

void regexp_tell_slow(const struct table *t, struct region *scratch, int line, double seconds, bool given_up, const char *key)
{
    const struct table_guard *guard = t->options.guard;
    const char *what = key == NULL ? "compiled" : region_printf(scratch, "tried with \"%.*s\"", QUOTED(slice_of(key)));

    guard->slow(guard->arg, t->file, t->file != NULL ? line : 0,
                given_up ? region_printf(scratch, "%s, line %d: to be %s, the pattern was given up after %.1f seconds; Postfix goes on",
                                         t->type_name, line, what, seconds)
                         : region_printf(scratch, "%s, line %d: to be %s, the pattern takes %.1f seconds, of Postfix too",
                                         t->type_name, line, what, seconds));
}

const char *regexp_compile_apart(const struct table *t, const struct regexp_pattern *pattern, size_t groups_wanted, int line)
{
    const struct table_guard *guard = t->options.guard;
    struct found found = { 0 };
    double start = guard->clock();
    bool done = guard->apart(guard->arg, pattern, work, slice_from(NULL, 0), &found, sizeof(found));

    if (guard->clock() - start > TABLE_SLOW_SECONDS)
        regexp_tell_slow(t, t->region, line, guard->clock() - start, !done, NULL);
    if (!done)
        return NULL;
    if (!found.compiled)
        return region_text(t->region, found.words);
    return groups_wanted > found.group_count ? "replacement index out of range" : NULL;
}

static bool try_apart(const struct table_guard *guard, const struct regexp_pattern *pattern, const char *key, size_t groups,
                      struct found *found)
{
    struct buf input;
    bool done;

    buf_init(&input, SIZE_MAX);
    buf_add(&input, (const char *)&groups, sizeof(groups));
    buf_add(&input, key, strlen(key) + 1);
    done = guard->apart(guard->arg, pattern, work, buf_slice(&input), found, sizeof(*found));
    buf_clear(&input);
    return done;
}

bool regexp_match_apart(const struct table_guard *guard, const struct regexp_pattern *pattern, const char *key,
                        struct regexp_groups *groups, enum regexp_outcome *outcome, struct error *err)
{
    struct found found = { 0 };

    if (groups->count > GROUPS_MAX || !try_apart(guard, pattern, key, groups->count, &found) || !found.compiled)
        return false;
    for (size_t i = 0; i < groups->count; i++) {
        groups->at[i].start = found.at[i].start;
        groups->at[i].end = found.at[i].end;
    }
    *outcome = found.outcome;
    if (found.outcome == REGEXP_FAILED)
        error_set(err, 0, "%s", found.words);
    return true;
}
