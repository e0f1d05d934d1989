#include "scanner/judge/attempts_search.h"

#include <assert.h>
#include <string.h>

#include "scanner/base/mem.h"

/* Memory that one remembered point takes besides its key, roughly. */
#define POINT_OVERHEAD 160

static const unsigned left_ends[] = {
    [LEFT_NONE] = END_LEFT_NONE, [LEFT_SOFT] = END_LEFT_SOFT, [LEFT_HARD] = END_LEFT_HARD,
};

unsigned search_left_end(enum left left)
{
    return left_ends[left];
}

size_t point_size(const struct search *search)
{
    return sizeof(struct point) + (search->class_count + search->kind_count) * sizeof(uint16_t);
}

static int family_index(int family)
{
    return family == 6;
}

/* False: the other addresses of the family were taken off the list beforehand. */
static bool family_has_room(const struct search *search, const struct point *point, int family)
{
    if (!search->balanced || (search->first_decides && !point->begun))
        return true;
    return point->left[family_index(family)] > 0;
}

static bool class_is_open(const struct search *search, const struct point *point, size_t class)
{
    return point->counts[class] > 0 && family_has_room(search, point, search->classes[class].family);
}

static bool member_is_open(const struct search *search, const struct point *point, size_t kind, size_t member)
{
    return point->counts[search->class_count + kind] > 0 &&
           family_has_room(search, point, search->kinds[kind].members[member].family);
}

size_t search_member_class(const struct open_member *member)
{
    return member->if_policy_of[family_index(member->family)];
}

static bool lower_group(const struct search *search, size_t class, unsigned *group)
{
    if (search->classes[class].group >= *group)
        return false;
    *group = search->classes[class].group;
    return true;
}

/* The first group that has something to try; UINT_MAX when the list is at its end. */
static unsigned current_group(const struct search *search, const struct point *point)
{
    unsigned group = UINT32_MAX;

    for (size_t i = 0; i < search->class_count; i++)
        if (class_is_open(search, point, i))
            lower_group(search, i, &group);
    for (size_t k = 0; k < search->kind_count; k++)
        for (size_t m = 0; m < search->kinds[k].count; m++)
            if (member_is_open(search, point, k, m))
                lower_group(search, search_member_class(&search->kinds[k].members[m]), &group);
    return group;
}

bool search_allows(const struct search *search, const struct point *point, struct choice choice)
{
    bool open = choice.of_kind == SIZE_MAX ? class_is_open(search, point, choice.class)
                                           : member_is_open(search, point, choice.of_kind, choice.member);

    return open && search->classes[choice.class].group == current_group(search, point);
}

/* Takes the address off the list; with it, the policy of its host is decided. */
static void take(const struct search *search, struct point *point, struct choice choice)
{
    const struct open_kind *kind;
    int decided;

    if (choice.of_kind == SIZE_MAX) {
        point->counts[choice.class]--;
        return;
    }
    kind = &search->kinds[choice.of_kind];
    decided = family_index(kind->members[choice.member].family);
    point->counts[search->class_count + choice.of_kind]--;
    for (size_t m = 0; m < kind->count; m++)
        if (m != choice.member)
            point->counts[kind->members[m].if_policy_of[decided]]++;
}

static void take_family(const struct search *search, struct point *point, int family)
{
    int i = family_index(family);

    if (!search->balanced)
        return;
    if (search->first_decides && !point->begun) {
        point->left[i] = (uint16_t)((search->balance_total + 1) / 2);
        point->left[!i] = (uint16_t)(search->balance_total / 2);
    }
    point->begun = 1;
    point->left[i]--;
}

unsigned search_step(const struct search *search, const struct point *point, struct choice choice, struct point *after)
{
    const struct step_class *class = &search->classes[choice.class];
    const struct step *step = &class->step;
    bool last;

    if (step->end != 0)
        return step->end;
    memcpy(after, point, point_size(search));
    take(search, after, choice);
    take_family(search, after, class->family);
    if (!step->silent)
        after->why = (uint16_t)step->why;
    after->tried++;
    after->sessions = (uint16_t)(after->sessions + step->counts);
    last = (search->address_limit > 0 && after->tried >= search->address_limit) ||
           (step->counts && after->sessions == search->session_limit) || current_group(search, after) == UINT32_MAX;
    if (!last)
        return 0;
    return step->in_session && search->final ? END_DEFER : left_ends[after->why];
}

/* How many addresses of a class can make a difference from here on. */
static unsigned useful(const struct search *search, const struct point *point, const struct step_class *class)
{
    if (class->step.end != 0)
        return 1;
    if (search->address_limit > 0)
        return search->address_limit - point->tried;
    return class->step.counts ? (unsigned)(search->session_limit - point->sessions) : 1;
}

/* Points that lead to the same ends are made equal: only so many of a class count, and without an address limit it does
 * not matter how many were tried. */
static void normalise(const struct search *search, struct point *point)
{
    for (size_t i = 0; i < search->class_count; i++) {
        unsigned most = useful(search, point, &search->classes[i]);

        if (point->counts[i] > most)
            point->counts[i] = (uint16_t)most;
    }
    if (search->address_limit == 0) {
        point->tried = 0;
        return;
    }
    for (size_t i = search->class_count; i < search->class_count + search->kind_count; i++)
        if (point->counts[i] > search->address_limit - point->tried)
            point->counts[i] = (uint16_t)(search->address_limit - point->tried);
}

static unsigned ends_behind(struct search *search, const struct point *point, struct choice choice, struct point *scratch)
{
    unsigned end;

    if (!search_allows(search, point, choice))
        return 0;
    end = search_step(search, point, choice, scratch);
    return end != 0 ? end : search_ends(search, scratch);
}

static unsigned explore(struct search *search, const struct point *point)
{
    struct point *scratch = mem_alloc(point_size(search));
    unsigned ends = 0;

    for (size_t i = 0; i < search->class_count; i++)
        ends |= ends_behind(search, point, (struct choice){ i, SIZE_MAX, 0 }, scratch);
    for (size_t k = 0; k < search->kind_count; k++)
        for (size_t m = 0; m < search->kinds[k].count; m++)
            ends |= ends_behind(search, point, (struct choice){ search_member_class(&search->kinds[k].members[m]), k, m },
                                scratch);
    mem_free(scratch);
    return ends;
}

unsigned search_ends(struct search *search, const struct point *point)
{
    size_t size = point_size(search);
    struct point *key;
    const void *known;
    unsigned ends;

    if (search->exhausted)
        return 0;
    key = mem_alloc(size);
    memcpy(key, point, size);
    normalise(search, key);
    known = dict_find(search->memory, slice_from((const char *)key, size));
    if (known != NULL) {
        ends = (unsigned)(uintptr_t)known;
    } else {
        ends = explore(search, key);
        dict_put(search->memory, slice_from((const char *)key, size), (void *)(uintptr_t)ends); /* never empty */
        search->memory_used += size + POINT_OVERHEAD;
        search->exhausted |= search->memory_used > ATTEMPTS_MEMORY_MAX;
    }
    mem_free(key);
    return ends;
}
