#include "reports/text_lookup.h"

#include <string.h>

#include "reports/story.h"

#define TABLES_SHOWN 5

static const char *status_words(const struct table_answer *answer)
{
    static const char *const words[] = {
        [TABLE_NOT_FOUND] = "not found",
        [TABLE_FOUND] = "found",
        [TABLE_ERROR] = "the lookup fails",
        [TABLE_UNREADABLE] = "not known on this machine",
        [TABLE_WANTED] = "never asked",
    };

    return words[answer->status];
}

struct key_lookup lookup_of_route(const struct route_step *step)
{
    return (struct key_lookup){ step->what, step->key, &step->answer, step->result, step->tables, step->fixed_only };
}

struct key_lookup lookup_of_policy(const struct policy_step *step)
{
    return (struct key_lookup){ step->parameter, step->key, &step->answer, NULL, step->tables, false };
}

const char *lookup_table(const struct key_lookup *lookup, size_t number)
{
    const char *answered = lookup->answer->status != TABLE_NOT_FOUND ? lookup->answer->table : NULL;
    size_t      i;

    if (lookup->tables == NULL || lookup->key == NULL)
        return number == 0 && lookup->key != NULL ? lookup->answer->table : NULL;
    for (i = 0; i < lookup->tables->count; i++) {
        const char *name = table_name(lookup->tables->tables[i]);

        if (lookup->fixed_only && !table_is_fixed(lookup->tables->tables[i]))
            continue;
        if (number-- == 0)
            return name;
        if (answered != NULL && strcmp(name, answered) == 0)
            return NULL;
    }
    return NULL;
}

const struct policy_step *host_steps(struct region *region, const struct report *report, const struct result *result,
                                     const struct hop_result *hop, const struct host_result *host)
{
    struct view         view = { .facts = report->facts };
    struct policy_step *steps = NULL;
    struct policy       again;

    if (!policy_differs(host->policy, hop->policy) || result->route == NULL || result->route->service == NULL ||
        hop->nexthop == NULL || report->config == NULL)
        return NULL;
    policy_find(region, &again, result->route->service, report->config, hop->nexthop, host->host->host, &view, &steps);
    return steps;
}

/* " in texthash:/a, hash:/b"; the one that answered stands below. */
static const char *where_not_found(struct region *region, const struct key_lookup *lookup)
{
    const char *names[TABLES_SHOWN];
    size_t      count = 0, total = 0;
    const char *name;

    if (lookup->result != NULL || lookup->answer->status != TABLE_NOT_FOUND)
        return "";
    for (; (name = lookup_table(lookup, total)) != NULL; total++)
        if (count < TABLES_SHOWN)
            names[count++] = name;
    return total == 0 ? "" : region_printf(region, " in %s", join_texts(region, names, count, total, ", ", TABLES_SHOWN));
}

void page_lookup(struct page *page, int indent, struct region *region, const struct key_lookup *lookup)
{
    const struct table_answer *answer = lookup->answer;
    const char  *origin = answer_place(region, answer), *colon = origin[0] != '\0' ? ": " : "";
    struct place below = { .indent = indent + 2 };

    page_printf(page, (struct place){ .indent = indent }, "%s, key \"%s\": %s%s", lookup->where, lookup->key,
                lookup->result != NULL ? lookup->result : status_words(answer), where_not_found(region, lookup));
    if (answer->status == TABLE_FOUND && answer->value != NULL)
        page_printf(page, below, "%s%s%s", origin, colon, answer->value);
    below.tone = TONE_YELLOW;
    if (answer->status != TABLE_FOUND && answer->error != NULL)
        page_printf(page, below, "%s%s%s", origin, colon, answer->error);
    if (answer->warning != NULL)
        page_text(page, below, answer->warning);
}

void page_steps(struct page *page, int indent, struct region *region, const struct policy_step *step)
{
    for (; step != NULL; step = step->next) {
        struct key_lookup lookup = lookup_of_policy(step);

        page_lookup(page, indent, region, &lookup);
    }
}
