#include "scanner/own_names.h"

#include <stdint.h>
#include <stdlib.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/base/siphash.h"

#define SHARED UINT64_C(1)

/* A million names in eight bytes each: their hashes, with one bit less. Should two be the same, both count as shared, which
 * costs a little memory. */
struct own_names {
    uint64_t *marks;  /* sorted */
    size_t    count;
};

static uint64_t mark_of(struct slice name)
{
    /* Users name their destinations themselves. */
    static const struct siphash_key key = { 1, 2 };
    char   lower[256];
    size_t n = name.n < sizeof(lower) ? name.n : sizeof(lower);

    for (size_t i = 0; i < n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    return siphash(key, slice_from(lower, n)) & ~SHARED;
}

struct slice own_name_of(const struct destination *destination)
{
    struct slice text = slice_of(destination->nexthop != NULL ? destination->nexthop : destination->text);
    size_t       at = slice_find_last(text, '@');

    return at < text.n ? slice_from_index(text, at + 1) : text;
}

static int by_mark(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void join_equal(struct own_names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++)
        if (kept > 0 && (names->marks[kept - 1] | SHARED) == (names->marks[i] | SHARED))
            names->marks[kept - 1] |= SHARED;
        else
            names->marks[kept++] = names->marks[i];
    names->count = kept;
}

struct own_names *own_names_new(const struct destinations *list)
{
    struct own_names *names = mem_alloc(sizeof(*names));

    names->marks = mem_array(list->count, sizeof(*names->marks));
    names->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        names->marks[i] = mark_of(own_name_of(&list->items[i]));
    qsort(names->marks, names->count, sizeof(*names->marks), by_mark);
    join_equal(names);
    return names;
}

void own_names_free(struct own_names *names)
{
    if (names == NULL)
        return;
    mem_free(names->marks);
    mem_free(names);
}

static int by_name(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a | SHARED, right = *(const uint64_t *)b | SHARED;

    return (left > right) - (left < right);
}

static uint64_t *find(const struct own_names *names, struct slice name)
{
    uint64_t mark = mark_of(name);

    return bsearch(&mark, names->marks, names->count, sizeof(mark), by_name);
}

bool own_names_is_only(const struct own_names *names, struct slice name)
{
    const uint64_t *mark = find(names, name);

    return mark != NULL && (*mark & SHARED) == 0;
}

void own_names_share(struct own_names *names, struct slice name)
{
    uint64_t *mark = find(names, name);

    if (mark != NULL)
        *mark |= SHARED;
}
