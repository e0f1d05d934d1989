#include "scanner/base/dict.h"

#include <search.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/base/region.h"

struct dict_entry {
    struct slice key; /* terminated */
    void        *value;
};

struct dict {
    struct region *region; /* entries and keys */
    void          *tree;   /* of tsearch(), which keeps itself balanced */
    struct dict_entry **entries;
    size_t         count, room;
};

struct dict *dict_new(void)
{
    struct dict *d = mem_alloc(sizeof(*d));

    d->region = region_new();
    return d;
}

static void keep_entry(void *entry)
{
    (void)entry; /* the region's */
}

void dict_free(struct dict *d)
{
    if (d == NULL)
        return;
    tdestroy(d->tree, keep_entry);
    region_free(d->region);
    mem_free(d->entries);
    mem_free(d);
}

/* Any total order will do. */
static int compare(const void *a, const void *b)
{
    const struct dict_entry *x = a, *y = b;

    if (x->key.n != y->key.n)
        return x->key.n < y->key.n ? -1 : 1;
    return memcmp(x->key.p, y->key.p, x->key.n);
}

static struct dict_entry *find(const struct dict *d, struct slice key)
{
    struct dict_entry wanted = { .key = slice_from(key.p, key.n) };
    struct dict_entry *const *found = tfind(&wanted, &d->tree, compare);

    return found != NULL ? *found : NULL;
}

bool dict_put(struct dict *d, struct slice key, void *value)
{
    struct dict_entry *e = find(d, key);

    if (e != NULL) {
        e->value = value;
        return false;
    }
    e = region_alloc(d->region, sizeof(*e));
    e->key = slice_from(region_slice(d->region, key), key.n);
    e->value = value;
    if (tsearch(e, &d->tree, compare) == NULL)
        mem_exhausted();
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 16;
        d->entries = mem_grow(d->entries, d->room, sizeof(*d->entries));
    }
    d->entries[d->count++] = e;
    return true;
}

void *dict_find(const struct dict *d, struct slice key)
{
    const struct dict_entry *e = find(d, key);

    return e != NULL ? e->value : NULL;
}

size_t dict_count(const struct dict *d)
{
    return d->count;
}

void *dict_at(const struct dict *d, size_t i)
{
    return i < d->count ? d->entries[i]->value : NULL;
}

const char *dict_key_at(const struct dict *d, size_t i)
{
    return i < d->count ? d->entries[i]->key.p : NULL;
}
