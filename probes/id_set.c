#include "probes/id_set.h"

#include <string.h>

#include "scanner/base/mem.h"

#define FIRST_ROOM 256

void id_set_init(struct id_set *set)
{
    memset(set, 0, sizeof *set);
}

void id_set_clear(struct id_set *set)
{
    mem_free(set->slots);
    id_set_init(set);
}

/* An id is a digest: its first digits are as good a hash as any. */
static size_t hash_of(const char *id)
{
    size_t hash = 0;

    for (int i = 0; i < 15 && id[i]; i++)
        hash = hash << 4 | (size_t)(id[i] >= 'a' ? id[i] - 'a' + 10 : id[i] - '0');
    return hash;
}

/* The slot that has the id, or the free one where it belongs. There is always a free one. */
static size_t slot_of(const struct id_set *set, const char *id)
{
    size_t i = hash_of(id) % set->room;

    while (set->slots[i][0] && strcmp(set->slots[i], id) != 0)
        i = (i + 1) % set->room;
    return i;
}

bool id_set_has(const struct id_set *set, const char *id)
{
    return set->room > 0 && set->slots[slot_of(set, id)][0];
}

static void grow(struct id_set *set)
{
    struct id_set bigger = { .room = set->room ? set->room * 2 : FIRST_ROOM };

    bigger.slots = mem_array(bigger.room, sizeof *bigger.slots);
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i][0])
            memcpy(bigger.slots[slot_of(&bigger, set->slots[i])], set->slots[i], CERT_ID_TEXT);
    bigger.count = set->count;
    mem_free(set->slots);
    *set = bigger;
}

bool id_set_add(struct id_set *set, const char *id)
{
    size_t slot;

    if (strlen(id) != CERT_ID_TEXT - 1)
        return false;
    if (set->count * 2 >= set->room)
        grow(set);
    slot = slot_of(set, id);
    if (set->slots[slot][0])
        return false;
    memcpy(set->slots[slot], id, CERT_ID_TEXT);
    set->count++;
    return true;
}
