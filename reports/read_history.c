/* What the history added to a saved report. */
#include <string.h>

#include "reports/compare.h"
#include "reports/reading.h"

void read_trend(struct reading *r, const struct json *array)
{
    size_t            i, count = json_count(array) < TREND_MAX ? json_count(array) : TREND_MAX;
    struct trend_run *runs = region_array(r->region, count + 1, sizeof(*runs));
    int               verdict;

    r->where = "trend";
    for (i = 0; r->good && i < count; i++) {
        const struct json *one = json_at(array, json_count(array) - count + i);

        runs[i].finished = need_time(r, one, "finished");
        for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
            runs[i].by_verdict[verdict] = (size_t)read_number(r, one, verdict_word((enum verdict)verdict), INT32_MAX);
    }
    r->report->trend = runs;
    r->report->trend_count = count;
}

static enum change_kind need_kind(struct reading *r, const struct json *json)
{
    const char *word = need_text(r, json, "change");
    int         kind;

    for (kind = 0; kind < CHANGE_SAME; kind++)
        if (strcmp(word, change_word((enum change_kind)kind)) == 0)
            return (enum change_kind)kind;
    reading_fails(r, "change", "is none");
    return CHANGE_OTHER;
}

static enum verdict need_whole_verdict(struct reading *r, const struct json *json)
{
    enum verdict verdict = need_verdict(r, json, "verdict");

    if (verdict == VERDICT_NOT_TRIED)
        reading_fails(r, "verdict", "is no verdict");
    return verdict;
}

/* Not there in reports of before. */
static const struct standing_published *read_standing_published(struct reading *r, const struct json *json)
{
    struct standing_published *published;

    if (json_is_null(json))
        return NULL;
    published = region_alloc(r->region, sizeof(*published));
    *published = (struct standing_published){ .dane = read_text(r, json, "dane"), .sts = read_text(r, json, "mta_sts"),
                                              .tlsrpt = read_text(r, json, "tlsrpt"),
                                              .sts_id = read_text(r, json, "mta_sts_id"),
                                              .sts_policy = read_text(r, json, "mta_sts_policy") };
    return published;
}

static const struct standing *read_standing(struct reading *r, const struct json *change, const char *key)
{
    const struct json *json = need_object(r, change, key);
    struct standing   *standing = region_alloc(r->region, sizeof(*standing));

    *standing = (struct standing){
        .destination = need_text(r, change, "destination"),
        .verdict = need_whole_verdict(r, json),
        .reason = reason_code(need_reason(r, json, "reason")),
        .dsn = read_text(r, json, "dsn"),
        .tls = read_text(r, json, "tls"),
        .level = read_text(r, json, "level"),
        .effective_level = read_text(r, json, "effective_level"),
        .hosts = need_text(r, json, "hosts"),
        .entry = read_text(r, json, "entry"),
        .why = need_text(r, json, "text"),
        .published = read_standing_published(r, json_get(json, "published")),
    };
    return standing;
}

static struct change read_change(struct reading *r, const struct json *json)
{
    struct change change = { .kind = need_kind(r, json), .note = read_text(r, json, "note") };

    if (change.kind != CHANGE_APPEARED)
        change.before = read_standing(r, json, "before");
    if (change.kind != CHANGE_VANISHED)
        change.after = read_standing(r, json, "after");
    return change;
}

static enum outlook_kind need_outlook(struct reading *r, const struct json *json)
{
    const char *word = need_text(r, json, "kind");
    int         kind;

    for (kind = 0; kind < OUTLOOK_KINDS; kind++)
        if (strcmp(word, outlook_word((enum outlook_kind)kind)) == 0)
            return (enum outlook_kind)kind;
    reading_fails(r, "kind", "is none");
    return OUTLOOK_ADVICE;
}

/* Not there in reports of before. */
static void read_outlooks(struct reading *r, const struct json *array, struct news *news)
{
    size_t i;

    news->outlooks = region_array(r->region, json_count(array) + 1, sizeof(*news->outlooks));
    for (i = 0; r->good && i < json_count(array); i++) {
        const struct json *one = json_at(array, i);

        news->outlooks[news->outlook_count++] = (struct outlook){
            .kind = need_outlook(r, one),
            .destination = need_text(r, one, "destination"),
            .text = need_text(r, one, "text"),
            .paste = read_text(r, one, "paste"),
        };
    }
}

void read_changes(struct reading *r, const struct json *json)
{
    struct news       *news;
    const struct json *items;
    size_t             i;

    if (!r->good || json_is_null(json))
        return;
    r->where = "changes";
    items = need_array(r, json, "destinations");
    news = region_alloc(r->region, sizeof(*news));
    *news = (struct news){ .run = read_number(r, json, "run", INT64_MAX), .before = read_number(r, json, "before", INT64_MAX) };
    if (news->before > 0)
        news->since = need_time(r, json, "since");
    changes_init(&news->changes, r->region, json_count(items));
    for (i = 0; r->good && i < json_count(items); i++)
        changes_add(&news->changes, read_change(r, json_at(items, i)));
    changes_sort(&news->changes, r->region);
    read_findings(r, need_array(r, json, "findings"), &news->findings);
    read_outlooks(r, json_get(json, "outlook"), news);
    r->report->news = news;
    r->report->news_only = need_bool(r, json, "only");
}
