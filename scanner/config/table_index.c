#include <stdlib.h>
#include <string.h>

#include "scanner/config/table_impl.h"

/* Open addressing, of our own: the hash tables of GLib, uthash, Judy and the C library keep pointers to keys and values that
 * lie in memory, which alone is as much as a usual line has.
 *
 * A slot holds the number of an entry + 1 and, in the bits above that, a part of the hash of its key, so that most slots
 * of other keys are passed by without a look at those. */
#define SLOT_BITS 32
/* Of so many entries one tells the number of its line; from there newlines are counted. */
#define LINES_EACH 4

struct table_index {
    const char   *file;
    size_t        count, room;
    uint32_t     *slots;
    uint32_t      slot_count;
    unsigned      number_bits;  /* of a slot */
    /* Either entries in memory ... */
    struct index_entry *entries;
    /* ... or where in the text the line of each entry begins. */
    struct slice      text;
    index_read_fn    *read;
    const struct table *table;
    uint32_t         *starts;
    int              *lines;
};

static struct table_index *index_new(struct region *region, size_t room, const char *file)
{
    struct table_index *index = region_alloc(region, sizeof(*index));

    if (room > INDEX_ENTRIES_MAX)
        room = INDEX_ENTRIES_MAX;
    while (room >> index->number_bits != 0)
        index->number_bits++;
    /* A quarter of the slots stays free. */
    index->slot_count = (uint32_t)(room + room / 3 + 4);
    index->slots = region_array(region, index->slot_count, sizeof(index->slots[0]));
    index->room = room;
    index->file = file;
    return index;
}

struct table_index *index_new_entries(struct region *region, size_t room, const char *file)
{
    struct table_index *index = index_new(region, room, file);

    index->entries = region_array(region, index->room + 1, sizeof(index->entries[0]));
    return index;
}

struct table_index *index_new_lines(const struct table *t, struct slice text, size_t room, index_read_fn *read)
{
    struct table_index *index = index_new(t->region, room, t->file);

    index->text = text;
    index->table = t;
    index->read = read;
    index->starts = region_array(t->region, index->room + 1, sizeof(index->starts[0]));
    index->lines = region_array(t->region, index->room / LINES_EACH + 1, sizeof(index->lines[0]));
    return index;
}

size_t index_count(const struct table_index *index)
{
    return index->count;
}

/* FNV-1a over words of eight bytes, the last one filled up with its length; then its bits are mixed. */
static uint64_t hash_of(struct slice key)
{
    uint64_t h = 0xcbf29ce484222325u, word;

    for (; key.n >= sizeof(word); key = slice_from_index(key, sizeof(word))) {
        memcpy(&word, key.p, sizeof(word));
        h = (h ^ word) * 0x100000001b3u;
        h ^= h >> 32;
    }
    word = (uint64_t)key.n << 56;
    for (size_t i = 0; i < key.n; i++)
        word |= (uint64_t)(unsigned char)key.p[i] << (8 * i);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    return h * 0xbf58476d1ce4e5b9u;
}

static uint32_t mark_of(const struct table_index *index, uint64_t hash)
{
    return index->number_bits < SLOT_BITS ? (uint32_t)hash >> index->number_bits << index->number_bits : 0;
}

static size_t number_in(const struct table_index *index, uint32_t slot)
{
    return (slot & (uint32_t)((UINT64_C(1) << index->number_bits) - 1)) - 1;
}

/* The slot of the key, or the free one where it would go. */
static uint32_t *slot_of(const struct table_index *index, struct region *region, struct slice key, uint64_t hash)
{
    uint32_t mark = mark_of(index, hash), i = (uint32_t)((hash >> 32) * index->slot_count >> 32);

    while (index->slots[i] != 0) {
        if (mark_of(index, index->slots[i]) == mark) {
            struct index_entry e = index_at(index, region, number_in(index, index->slots[i]));

            if (slice_eq(e.key, key))
                break;
        }
        if (++i == index->slot_count)
            i = 0;
    }
    return &index->slots[i];
}

struct index_entry index_at(const struct table_index *index, struct region *region, size_t number)
{
    struct index_entry e = { .line = 0 };

    if (index->entries != NULL)
        return index->entries[number];
    index->read(index->table, region, slice_from_index(index->text, index->starts[number]), &e.key, &e.value);
    return e;
}

/* Newlines between two places of the text. */
static int newlines(struct slice text, size_t from, size_t to)
{
    const char *p = text.p + from, *end = text.p + to;
    int count = 0;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        count++;
        p++;
    }
    return count;
}

int index_line(const struct table_index *index, size_t number)
{
    size_t known = number / LINES_EACH;

    if (index->entries != NULL)
        return index->entries[number].line;
    return index->lines[known] + newlines(index->text, index->starts[known * LINES_EACH], index->starts[number]);
}

bool index_find(const struct table_index *index, struct region *region, struct slice key, size_t *number)
{
    uint32_t slot = *slot_of(index, region, key, hash_of(key));

    if (slot != 0)
        *number = number_in(index, slot);
    return slot != 0;
}

/* True: the number of the entry to come is in a slot. */
static bool take_slot(struct table_index *index, struct region *region, struct slice key, size_t *older)
{
    uint64_t hash = hash_of(key);
    uint32_t *slot = slot_of(index, region, key, hash);

    *older = SIZE_MAX;
    if (*slot != 0)
        *older = number_in(index, *slot);
    else if (index->count < index->room)
        *slot = mark_of(index, hash) | (uint32_t)(index->count + 1);
    return *older == SIZE_MAX && index->count < index->room;
}

size_t index_add(struct table_index *index, struct slice key, struct slice value, int line)
{
    size_t older;

    if (take_slot(index, NULL, key, &older))
        index->entries[index->count++] = (struct index_entry){ key, value, line };
    return older;
}

size_t index_add_line(struct table_index *index, struct region *region, struct slice key, const char *start, int line)
{
    size_t older;

    if (!take_slot(index, region, key, &older))
        return older;
    index->starts[index->count] = (uint32_t)(start - index->text.p);
    if (index->count % LINES_EACH == 0)
        index->lines[index->count / LINES_EACH] = line;
    index->count++;
    return older;
}

void index_set_value(struct table_index *index, size_t number, struct slice value)
{
    index->entries[number].value = value;
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
    memset(index->slots, 0, index->slot_count * sizeof(index->slots[0]));
    for (size_t i = 0; i < index->count; i++) {
        uint64_t hash = hash_of(index->entries[i].key);

        *slot_of(index, NULL, index->entries[i].key, hash) = mark_of(index, hash) | (uint32_t)(i + 1);
    }
}

const char *index_file(const struct table_index *index, int line)
{
    return line > 0 ? index->file : NULL;
}

void index_lookup(const struct table *t, struct query *q, struct slice key, struct table_answer *a)
{
    size_t number;

    if (!index_find(t->index, q->region, key, &number))
        return;
    a->status = TABLE_FOUND;
    a->value = region_slice(q->region, index_at(t->index, q->region, number).value);
    a->line = index_line(t->index, number);
    a->file = index_file(t->index, a->line);
}
