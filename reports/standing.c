#include "reports/standing.h"

#include <stdlib.h>
#include <string.h>

#include "reports/story.h"

struct name_list {
    struct region *region;
    const char   **items;
    size_t         count, room;
};

static void add_name(struct name_list *list, const char *name)
{
    const char **items;

    if (name == NULL)
        return;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : list->room * 2;
        items = region_array(list->region, list->room, sizeof(*items));
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
    list->items[list->count++] = name;
}

static const char *lower(struct region *region, const char *text)
{
    char  *copy = region_text(region, text);
    size_t i;

    for (i = 0; copy[i] != '\0'; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    return copy;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once, in lower case. */
static const char *joined(struct name_list *list)
{
    struct buf  buf;
    const char *text;
    size_t      i;

    for (i = 0; i < list->count; i++)
        list->items[i] = lower(list->region, list->items[i]);
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), by_name);
    buf_init(&buf, (size_t)16 << 20);
    for (i = 0; i < list->count; i++)
        if (i == 0 || strcmp(list->items[i], list->items[i - 1]) != 0)
            buf_printf(&buf, "%s%s", i > 0 ? " " : "", list->items[i]);
    text = region_text(list->region, buf_text(&buf));
    buf_clear(&buf);
    return text;
}

void standing_of_result(struct region *region, struct standing *standing, const struct report *report,
                        const struct result *result)
{
    struct name_list names = { .region = region };
    struct story     story;
    size_t           h, i;

    story_find(&story, region, report, result);
    for (h = 0; h < result->hop_count; h++)
        for (i = 0; i < result->hops[h].host_count; i++)
            add_name(&names, result->hops[h].hosts[i].host->host);
    *standing = (struct standing){
        .destination = result->destination->text,
        .verdict = result->verdict,
        .reason = reason_code(result->forecast.reason),
        .dsn = result->forecast.dsn,
        .tls = result->forecast.tls,
        .level = result->hop_count > 0 && result->hops[0].policy != NULL ? level_word(result->hops[0].policy->level) : NULL,
        .effective_level = result->forecast.effective_level,
        .hosts = joined(&names),
        .entry = story_entry(&story, story.policy),
        .why = story_why(&story),
    };
}

struct standing *standings_of_report(struct region *region, const struct report *report)
{
    struct standing *standings = region_array(region, report->count + 1, sizeof(*standings));
    size_t           i;

    for (i = 0; i < report->count; i++)
        standing_of_result(region, &standings[i], report, report->results[i]);
    return standings;
}
