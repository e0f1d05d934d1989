#include <stdlib.h>
#include <string.h>

#include "scanner/config/table_impl.h"

struct table_index *index_new(struct region *region, size_t room, const char *file)
{
    struct table_index *index = region_alloc(region, sizeof(*index));
    size_t slots = 4;

    /* Entries are numbered in 32 bits, and slots stay at least half empty. */
    if (room > UINT32_MAX / 4)
        room = UINT32_MAX / 4;
    while (slots < 2 * room)
        slots *= 2;
    index->entries = region_array(region, room + 1, sizeof(index->entries[0]));
    index->slots = region_array(region, slots, sizeof(index->slots[0]));
    index->mask = slots - 1;
    index->room = room;
    index->file = file;
    return index;
}

/* FNV-1a, its halves folded together. */
static uint32_t hash_of(struct slice key)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ (h >> 32));
}

static uint32_t *slot_of(const struct table_index *index, struct slice key, uint32_t hash)
{
    size_t i = hash & index->mask;

    while (index->slots[i] != 0) {
        const struct index_entry *e = &index->entries[index->slots[i] - 1];

        if (e->hash == hash && slice_eq(e->key, key))
            break;
        i = (i + 1) & index->mask;
    }
    return &index->slots[i];
}

struct index_entry *index_find(const struct table_index *index, struct slice key)
{
    uint32_t number = *slot_of(index, key, hash_of(key));

    return number != 0 ? &index->entries[number - 1] : NULL;
}

struct index_entry *index_add(struct table_index *index, struct slice key, struct slice value, int line)
{
    uint32_t hash = hash_of(key);
    uint32_t *slot = slot_of(index, key, hash);

    if (*slot != 0)
        return &index->entries[*slot - 1];
    if (index->count == index->room)
        return NULL;
    index->entries[index->count++] = (struct index_entry){ key, value, hash, line };
    *slot = (uint32_t)index->count;
    return NULL;
}

/* Entries without a line after all others. Equal lines (there are none but in those) stay in the order of keys. */
static int by_line(const void *left, const void *right)
{
    const struct index_entry *a = left, *b = right;
    unsigned la = (unsigned)a->line - 1u, lb = (unsigned)b->line - 1u;
    int order;

    if (la != lb)
        return la < lb ? -1 : 1;
    order = memcmp(a->key.p, b->key.p, a->key.n < b->key.n ? a->key.n : b->key.n);
    if (order != 0)
        return order;
    return (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

void index_sort(struct table_index *index)
{
    qsort(index->entries, index->count, sizeof(index->entries[0]), by_line);
    memset(index->slots, 0, (index->mask + 1) * sizeof(index->slots[0]));
    for (size_t i = 0; i < index->count; i++)
        *slot_of(index, index->entries[i].key, index->entries[i].hash) = (uint32_t)i + 1;
}

void index_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    const struct index_entry *e = index_find(t->index, key);

    if (e == NULL)
        return;
    a->status = TABLE_FOUND;
    a->value = region_slice(q->region, e->value);
    a->line = e->line;
    a->file = e->line > 0 ? t->index->file : NULL;
}
