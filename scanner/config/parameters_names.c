/* Which names are parameters, in any release, and which was meant by one that is none. */
#include <string.h>

#include "scanner/base/names.h"
#include "scanner/config/parameters.h"
#include "scanner/config/parameters_table.h"

/* smtp_x and lmtp_x are one row. */
static bool is_name_of(const struct parameter_row *row, const char *name)
{
    if (strcmp(row->name, name) == 0)
        return true;
    return row->group == GROUP_CLIENT && strncmp(row->name, "smtp_", 5) == 0 && strncmp(name, "lmtp_", 5) == 0 &&
           strcmp(row->name + 5, name + 5) == 0;
}

static bool is_older(const struct version *a, const struct version *b)
{
    return !version_at_least(*a, b->major, b->minor, b->patch);
}

bool parameter_since(const char *name, struct version *since)
{
    bool known = false;

    for (size_t i = 0; i < parameter_row_count; i++) {
        const struct parameter_row *row = &parameter_rows[i];

        if (!is_name_of(row, name))
            continue;
        if (!known || is_older(&row->since, since))
            *since = row->since;
        known = true;
    }
    return known;
}

static const char *nearest_of(const char *name, const char *prefix)
{
    struct name names[512];
    size_t n = 0;

    for (size_t i = 0; i < parameter_row_count && n + 1 < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(parameter_rows[i].name, prefix, strlen(prefix)) == 0)
            names[n++] = (struct name){ 0, parameter_rows[i].name + strlen(prefix) };
    names[n] = (struct name){ 0, NULL };
    return name_nearest(names, slice_of(name));
}

const char *parameter_nearest(struct region *region, const char *name)
{
    const char *nearest;

    if (strncmp(name, "smtpd_", 6) == 0)
        return NULL;
    if (strncmp(name, "lmtp_", 5) != 0)
        return nearest_of(name, "");
    nearest = nearest_of(name + 5, "smtp_");
    return nearest != NULL ? region_printf(region, "lmtp_%s", nearest) : NULL;
}
