#include "reports/proposal.h"

#include <stdlib.h>
#include <string.h>

#include "reports/json_parts.h"

static size_t count_members(const struct json *object)
{
    struct json_cursor cursor = { object, NULL };
    const char        *key;
    const struct json *value;
    size_t             count = 0;

    while (json_next(&cursor, &key, &value))
        count++;
    return count;
}

static const char *shown(struct region *region, const struct json *value)
{
    const char *text = json_as_text(value);

    if (text == NULL)
        return "not set";
    return text[0] != '\0' ? region_text(region, text) : "empty";
}

/* The directory of each configuration, where a value names it, is no difference of its own. */
static bool is_same(const struct json *a, const struct json *b, const char *const *directories)
{
    const char *one = json_as_text(a), *other = json_as_text(b);
    size_t      n = strlen(directories[0]), m = strlen(directories[1]);

    if (one == NULL || other == NULL || strcmp(one, other) == 0)
        return one == other || (one != NULL && other != NULL);
    while (*one != '\0' || *other != '\0') {
        if (n > 0 && m > 0 && strncmp(one, directories[0], n) == 0 && strncmp(other, directories[1], m) == 0) {
            one += n;
            other += m;
        } else if (*one++ != *other++) {
            return false;
        }
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct proposal_parameter *)a)->name, ((const struct proposal_parameter *)b)->name);
}

size_t proposal_parameters(struct region *region, const struct report *report, struct proposal_parameter **items)
{
    struct json       *configurations[2] = { json_of_configuration(report),
                                             report->proposed != NULL ? json_of_configuration(report->proposed) : NULL };
    const struct json *now = json_get(configurations[0], "parameters"), *then = json_get(configurations[1], "parameters");
    struct json_cursor cursors[2] = { { now, NULL }, { then, NULL } };
    const char        *directories[2] = { report_config_dir(report), "" };
    const char        *name;
    const struct json *value;
    size_t             count = 0, side;

    if (report->proposed != NULL)
        directories[1] = report_config_dir(report->proposed);
    *items = region_array(region, count_members(now) + count_members(then) + 1, sizeof(**items));
    for (side = 0; report->proposed != NULL && side < 2; side++)
        while (json_next(&cursors[side], &name, &value))
            /* What both set is met with the first of them. */
            if ((side == 0 || json_get(now, name) == NULL) &&
                !is_same(json_get(now, name), json_get(then, name), directories))
                (*items)[count++] = (struct proposal_parameter){ region_text(region, name), shown(region, json_get(now, name)),
                                                                 shown(region, json_get(then, name)) };
    if (count > 1)
        qsort(*items, count, sizeof(**items), by_name);
    json_free(configurations[0]);
    json_free(configurations[1]);
    return count;
}
