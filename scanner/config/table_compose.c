/* Tables made of other tables, or of nothing: unionmap, pipemap, randmap, fail. DATABASE_README. */
#include <string.h>

#include "scanner/config/table_impl.h"

struct members {
    struct table **tables;
    size_t count;
};

/* The items between the braces; NULL, and the table broken, when there are none. */
static struct slice *split_items(struct table *t, const char *what, size_t *count)
{
    struct slice inside, rest, item, *items;

    *count = 0;
    if (braces_open(slice_of(t->rest), &inside) == NULL)
        for (rest = inside; slice_next_token_braced(&rest, BRACES_SEPARATORS, &item);)
            ++*count;
    if (*count == 0) {
        table_break(t, false, "table-bad-syntax", 0, "bad syntax: \"%s\"; need \"%s:{%s...}\"", t->type_name,
                    t->type->name, what);
        return NULL;
    }
    items = region_array(t->region, *count, sizeof(*items));
    for (size_t i = 0; slice_next_token_braced(&inside, BRACES_SEPARATORS, &item); i++)
        items[i] = item;
    return items;
}

/* The first member decides which kind of table the whole is. Postfix folds the key here already when it is of fixed
 * strings, but only in its UTF-8 layer. */
static void open_members(struct table *t, bool every_member_answers, const struct table_loader *loader)
{
    struct members *m = region_alloc(t->region, sizeof(*m));
    size_t count;
    struct slice *items = split_items(t, "type:name", &count);

    if (items == NULL)
        return;
    m->tables = region_array(t->region, count + 1, sizeof(m->tables[0]));
    t->members = m->tables;
    for (size_t i = 0; i < count; i++) {
        if (slice_find(items[i], ':') == items[i].n) {
            table_break(t, false, "table-bad-syntax", 0, "bad syntax: \"%s\"; need \"%s:{type:name...}\"", t->type_name,
                        t->type->name);
            return;
        }
        m->tables[m->count++] = table_open_member(t, items[i], i == 0 || every_member_answers, loader);
    }
    t->fixed = m->tables[0]->fixed;
    t->folds = t->fixed && t->options.utf8;
    t->data = m;
}

static void union_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct members *m = t->data;
    const char *joined = "";
    struct table_answer first = *a, member = *a;

    for (size_t i = 0; i < m->count; i++) {
        table_ask(m->tables[i], q, key, &member);
        if (member.status == TABLE_NOT_FOUND)
            continue;
        if (member.status != TABLE_FOUND) {
            *a = member;
            return;
        }
        if (joined[0] == '\0')
            first = member;
        joined = joined[0] == '\0' ? member.value : region_printf(q->region, "%s,%s", joined, member.value);
    }
    a->warning = member.warning;
    if (joined[0] == '\0')
        return; /* even when a member has answered with nothing */
    *a = first;
    a->value = joined;
    a->warning = member.warning;
}

static void pipe_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct members *m = t->data;

    for (size_t i = 0; i < m->count; i++) {
        table_ask(m->tables[i], q, key, a);
        if (a->status != TABLE_FOUND)
            return;
        key = slice_of(a->value);
    }
}

void table_open_union(struct table *t, const struct table_loader *loader)
{
    t->lookup = union_lookup;
    open_members(t, true, loader);
}

void table_open_pipe(struct table *t, const struct table_loader *loader)
{
    t->lookup = pipe_lookup;
    open_members(t, false, loader);
}

struct values {
    struct slice *values;
    size_t count;
};

/* The outcomes of all random tables that a lookup meets are numbered together: this one takes its digit of the number. */
static void random_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct values *v = t->data;
    size_t mine = q->choice / q->outcomes % v->count, outcomes;

    (void)key;
    a->status = TABLE_FOUND;
    a->value = region_slice(q->region, v->values[mine]);
    if (!__builtin_mul_overflow(q->outcomes, v->count, &outcomes))
        q->outcomes = outcomes;
}

static bool random_item(const struct table *t, size_t i, struct table_item *item)
{
    const struct values *v = t->data;

    if (i >= v->count)
        return false;
    *item = (struct table_item){ .kind = TABLE_ITEM_ANY, .value = v->values[i] };
    return true;
}

void table_open_random(struct table *t, const struct table_loader *loader)
{
    struct values *v = region_alloc(t->region, sizeof(*v));

    (void)loader;
    t->lookup = random_lookup;
    t->item = random_item;
    t->data = v;
    v->values = split_items(t, "value", &v->count);
}

static void fail_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    (void)q;
    (void)key;
    a->status = TABLE_ERROR;
    a->error = t->type_name;
}

void table_open_fail(struct table *t, const struct table_loader *loader)
{
    (void)loader;
    t->lookup = fail_lookup;
}
