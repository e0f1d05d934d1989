#include "scanner/config/version.h"

#include <stdio.h>
#include <string.h>

/* The newest patch release known of each branch, oldest branch first. */
static const struct version newest[] = {
    { 3, 4, 29 }, { 3, 5, 27 }, { 3, 6, 20 }, { 3, 7, 22 }, { 3, 8, 20 }, { 3, 9, 14 }, { 3, 10, 13 }, { 3, 11, 6 },
};

#define NEWEST_COUNT (sizeof(newest) / sizeof(newest[0]))
#define PART_MAX     9999

static int compare(struct version a, struct version b)
{
    if (a.major != b.major)
        return a.major < b.major ? -1 : 1;
    if (a.minor != b.minor)
        return a.minor < b.minor ? -1 : 1;
    return (a.patch > b.patch) - (a.patch < b.patch);
}

static int newest_patch(int major, int minor)
{
    for (size_t i = 0; i < NEWEST_COUNT; i++)
        if (newest[i].major == major && newest[i].minor == minor)
            return newest[i].patch;
    return 0;
}

static bool is_supported(struct version v)
{
    return compare(v, (struct version){ newest[0].major, newest[0].minor, 0 }) >= 0;
}

/* What may follow a version: "-20260821" of a snapshot, "-RC1" of a candidate, "-nonprod". */
static bool suffix_is_valid(struct slice suffix)
{
    if (suffix.n < 2 || suffix.p[0] != '-')
        return false;
    for (size_t i = 1; i < suffix.n; i++) {
        char c = suffix.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-')
            return false;
    }
    return true;
}

bool version_parse(struct version *v, struct slice text)
{
    size_t dash = slice_find(text, '-');
    struct slice numbers = slice_head(text, dash);
    unsigned long part[3] = { 0, 0, 0 };
    size_t count = 0;

    *v = (struct version){ 0, 0, 0 };
    if (dash < text.n && !suffix_is_valid(slice_from_index(text, dash)))
        return false;
    for (;;) {
        size_t dot = slice_find(numbers, '.');

        if (count == 3 || !slice_to_number(slice_head(numbers, dot), PART_MAX, &part[count++]))
            return false;
        if (dot == numbers.n)
            break;
        numbers = slice_from_index(numbers, dot + 1);
    }
    if (count < 2)
        return false;
    *v = (struct version){ (int)part[0], (int)part[1], (int)part[2] };
    if (count == 2 && dash == text.n)
        v->patch = newest_patch(v->major, v->minor);
    if (is_supported(*v))
        return true;
    *v = (struct version){ 0, 0, 0 };
    return false;
}

void version_to_text(struct version v, char out[VERSION_TEXT_MAX])
{
    snprintf(out, VERSION_TEXT_MAX, "%d.%d.%d", v.major % 100000, v.minor % 100000, v.patch % 100000);
}

struct version version_newest(void)
{
    return newest[NEWEST_COUNT - 1];
}

bool version_is_known(struct version v, bool snapshot)
{
    struct version last = version_newest();

    return v.major < last.major || (v.major == last.major && v.minor <= last.minor + (snapshot ? 1 : 0));
}

bool version_at_least(struct version v, int major, int minor, int patch)
{
    return compare(v, (struct version){ major, minor, patch }) >= 0;
}

bool version_has(struct version v, const struct version *since)
{
    const struct version *highest = NULL;

    for (; since->major != 0; since++) {
        if (since->major == v.major && since->minor == v.minor)
            return v.patch >= since->patch;
        if (highest == NULL || compare(*since, *highest) > 0)
            highest = since;
    }
    return highest != NULL && compare(v, *highest) > 0;
}
