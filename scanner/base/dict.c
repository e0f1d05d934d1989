#include "scanner/base/dict.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/base/siphash.h"

#define FIRST_SLOTS 16u
#define ROOM_KEPT   1024u
#define ENTRIES_MAX (UINT32_MAX / 4)
/* Of an entry that was removed. Searches go on behind it. */
#define SLOT_REMOVED UINT32_MAX

struct dict_entry {
    char    *key;    /* terminated, unless it is borrowed; NULL: removed */
    void    *value;
    uint32_t length;
    uint32_t hash;
};

struct dict {
    struct dict_entry *entries;  /* in the order of adding, with the removed among them */
    size_t             used, room, removed;
    uint32_t          *slots;    /* number of an entry + 1; 0: free */
    size_t             mask;     /* of the slots, a power of two; at least a quarter is free */
    bool               borrows;  /* the keys */
    struct siphash_key secret;
};

/* Addresses are secret enough: the system chooses them anew for each process, and they are never told. */
static struct siphash_key secret_of(const struct dict *d)
{
    return (struct siphash_key){ (uint64_t)(uintptr_t)d, (uint64_t)(uintptr_t)&d ^ (uint64_t)(uintptr_t)&memcpy << 16 };
}

struct dict *dict_new(void)
{
    struct dict *d = mem_alloc(sizeof(*d));

    d->secret = secret_of(d);
    return d;
}

struct dict *dict_new_borrowing(void)
{
    struct dict *d = dict_new();

    d->borrows = true;
    return d;
}

static void free_key(const struct dict *d, struct dict_entry *e)
{
    if (!d->borrows)
        mem_free(e->key);
    e->key = NULL;
}

void dict_free(struct dict *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->used; i++)
        free_key(d, &d->entries[i]);
    mem_free(d->entries);
    mem_free(d->slots);
    mem_free(d);
}

static uint32_t hash_of(const struct dict *d, struct slice key)
{
    return (uint32_t)siphash(d->secret, key);
}

static bool is_entry(const struct dict *d, uint32_t slot, struct slice key, uint32_t hash)
{
    const struct dict_entry *e = &d->entries[slot - 1];

    return e->hash == hash && e->length == key.n && (key.n == 0 || memcmp(e->key, key.p, key.n) == 0);
}

/* The slot of the key; NULL when it is not there. */
static uint32_t *find_slot(const struct dict *d, struct slice key, uint32_t hash)
{
    if (d->slots == NULL)
        return NULL;
    for (size_t i = hash & d->mask; d->slots[i] != 0; i = (i + 1) & d->mask)
        if (d->slots[i] != SLOT_REMOVED && is_entry(d, d->slots[i], key, hash))
            return &d->slots[i];
    return NULL;
}

static void take_slot(struct dict *d, size_t number)
{
    size_t i = d->entries[number].hash & d->mask;

    while (d->slots[i] != 0)
        i = (i + 1) & d->mask;
    d->slots[i] = (uint32_t)number + 1;
}

/* Leaves out what was removed. */
static void close_up(struct dict *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->used; i++)
        if (d->entries[i].key != NULL)
            d->entries[kept++] = d->entries[i];
    d->used = kept;
    d->removed = 0;
}

/* New slots for the entries there are and as many again. */
static void spread(struct dict *d)
{
    size_t slots = FIRST_SLOTS;

    close_up(d);
    while (slots / 2 <= d->used)
        slots *= 2;
    mem_free(d->slots);
    d->slots = mem_array(slots, sizeof(*d->slots));
    d->mask = slots - 1;
    for (size_t i = 0; i < d->used; i++)
        take_slot(d, i);
}

/* Entries that were removed keep their slots until then. */
static void make_room(struct dict *d)
{
    if (d->used >= ENTRIES_MAX)
        mem_exhausted();
    if (d->slots == NULL || d->used >= (d->mask + 1) / 4 * 3)
        spread(d);
    if (d->used < d->room)
        return;
    d->room = d->room != 0 ? d->room + d->room / 2 : FIRST_SLOTS / 2;
    d->entries = mem_grow(d->entries, d->room, sizeof(*d->entries));
}

static char *key_of(const struct dict *d, struct slice key)
{
    char *copy;

    if (d->borrows)
        return (char *)(uintptr_t)key.p;
    copy = mem_alloc(key.n + 1);
    if (key.n > 0)
        memcpy(copy, key.p, key.n);
    return copy;
}

bool dict_put(struct dict *d, struct slice key, void *value)
{
    uint32_t hash = hash_of(d, key), *slot = find_slot(d, key, hash);

    if (slot != NULL) {
        d->entries[*slot - 1].value = value;
        return false;
    }
    assert(key.n <= UINT32_MAX);
    make_room(d);
    d->entries[d->used++] = (struct dict_entry){ key_of(d, key), value, (uint32_t)key.n, hash };
    take_slot(d, d->used - 1);
    return true;
}

void *dict_find(const struct dict *d, struct slice key)
{
    const uint32_t *slot = find_slot(d, key, hash_of(d, key));

    return slot != NULL ? d->entries[*slot - 1].value : NULL;
}

/* All of many is removed: who had so many at a time may never have them again. */
static void give_up_room(struct dict *d)
{
    mem_free(d->entries);
    mem_free(d->slots);
    d->entries = NULL;
    d->slots = NULL;
    d->used = d->room = d->removed = d->mask = 0;
}

void *dict_remove(struct dict *d, struct slice key)
{
    uint32_t *slot = find_slot(d, key, hash_of(d, key));
    struct dict_entry *e;
    void *value;

    if (slot == NULL)
        return NULL;
    e = &d->entries[*slot - 1];
    value = e->value;
    *slot = SLOT_REMOVED;
    free_key(d, e);
    if (++d->removed == d->used && d->room > ROOM_KEPT)
        give_up_room(d);
    return value;
}

size_t dict_count(const struct dict *d)
{
    return d->used - d->removed;
}

static const struct dict_entry *entry_at(struct dict *d, size_t i)
{
    static const struct dict_entry none = { NULL, NULL, 0, 0 };

    if (d->removed > 0)
        spread(d);
    return i < d->used ? &d->entries[i] : &none;
}

void *dict_at(struct dict *d, size_t i)
{
    return entry_at(d, i)->value;
}

const char *dict_key_at(struct dict *d, size_t i)
{
    return entry_at(d, i)->key;
}
