#include "reports/standing.h"

#include <stdlib.h>
#include <string.h>

#include "reports/protection.h"
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

/* A policy host that is away for a night says nothing about the policy. */
static bool is_passing(const struct published_sts *sts)
{
    static const char *const words[] = { "fetch-dns", "fetch-connect", "fetch-timeout", "fetch-lost" };
    size_t i;

    for (i = 0; sts->reason != NULL && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(sts->reason, words[i]) == 0)
            return true;
    return sts->state == STS_UNKNOWN;
}

const char *standing_policy(struct region *region, const struct published_sts *sts)
{
    struct name_list patterns = { .region = region };
    size_t           i;

    if (sts->state < STS_MODE_IS_NONE)
        return NULL;
    for (i = 0; i < sts->mx.count; i++)
        add_name(&patterns, sts->mx.items[i]);
    return region_printf(region, "mode %s, max_age %lld, mx %s",
                         sts->state == STS_MODE_IS_NONE ? "none" : sts_state_word(sts->state), (long long)sts->max_age,
                         joined(&patterns));
}

static const struct standing_published *published_of_result(struct region *region, const struct result *result)
{
    const struct published    *published = result_published(result);
    struct standing_published *standing;

    if (published == NULL)
        return NULL;
    standing = region_alloc(region, sizeof(*standing));
    *standing = (struct standing_published){
        .dane = published->dane.state != DANE_UNKNOWN ? dane_state_word(published->dane.state) : NULL,
        .sts = !is_passing(&published->sts) ? sts_state_word(published->sts.state) : NULL,
        .tlsrpt = published->tlsrpt.state != TLSRPT_UNKNOWN ? tlsrpt_state_word(published->tlsrpt.state) : NULL,
        .sts_id = published->sts.id,
        .sts_policy = standing_policy(region, &published->sts),
    };
    return standing;
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
        .published = published_of_result(region, result),
    };
}

const char *standing_level_asked(const struct standing *standing)
{
    bool invalid = strcmp(standing->reason, reason_code(REASON_POLICY_INVALID)) == 0;

    return standing->level == NULL && invalid ? "invalid" : standing->level;
}

const char *standing_level(struct region *region, const struct standing *standing)
{
    const char *asked = standing_level_asked(standing), *in_force = standing->effective_level;

    if (asked == NULL || in_force == NULL || strcmp(asked, in_force) == 0)
        return in_force != NULL ? in_force : asked != NULL ? asked : "-";
    return region_printf(region, "%s (%s)", in_force, asked);
}

struct standing *standings_of_report(struct region *region, const struct report *report)
{
    struct standing *standings = region_array(region, report->count + 1, sizeof(*standings));
    size_t           i;

    for (i = 0; i < report->count; i++)
        standing_of_result(region, &standings[i], report, report->results[i]);
    return standings;
}
