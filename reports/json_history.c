/* What the history adds to the JSON report: the last runs' counts, and what changed since the run before. */
#include "reports/compare.h"
#include "reports/json_parts.h"

void json_put_verdicts(struct json *json, const size_t *by_verdict)
{
    int verdict;

    for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
        json_put(json, verdict_word((enum verdict)verdict), json_integer((int64_t)by_verdict[verdict]));
}

struct json *json_of_trend(const struct report *report)
{
    struct json *json = json_array();
    size_t       i;

    for (i = 0; i < report->trend_count; i++) {
        struct json *one = json_object();

        json_put(one, "finished", json_of_time(report->trend[i].finished));
        json_put_verdicts(one, report->trend[i].by_verdict);
        json_push(json, one);
    }
    return json;
}

struct json *json_of_standing_published(const struct standing_published *published)
{
    struct json *json;

    if (published == NULL)
        return json_null();
    json = json_object();
    json_put(json, "dane", json_text(published->dane));
    json_put(json, "mta_sts", json_text(published->sts));
    json_put(json, "mta_sts_id", json_text(published->sts_id));
    json_put(json, "mta_sts_policy", json_text(published->sts_policy));
    json_put(json, "tlsrpt", json_text(published->tlsrpt));
    return json;
}

struct json *json_of_standing(const struct standing *standing)
{
    struct json *json;

    if (standing == NULL)
        return json_null();
    json = json_object();
    json_put(json, "verdict", json_text(verdict_word(standing->verdict)));
    json_put(json, "reason", json_text(standing->reason));
    json_put(json, "dsn", json_text(standing->dsn));
    json_put(json, "tls", json_text(standing->tls));
    json_put(json, "level", json_text(standing->level));
    json_put(json, "effective_level", json_text(standing->effective_level));
    json_put(json, "hosts", json_text(standing->hosts != NULL ? standing->hosts : ""));
    json_put(json, "entry", json_text(standing->entry));
    json_put(json, "text", json_text(standing->why != NULL ? standing->why : ""));
    json_put(json, "published", json_of_standing_published(standing->published));
    return json;
}

static struct json *json_of_change(const struct change *change)
{
    const struct standing *named = change->after != NULL ? change->after : change->before;
    struct json           *json = json_object();

    json_put(json, "destination", json_text(named->destination));
    json_put(json, "change", json_text(change_word(change->kind)));
    json_put(json, "before", json_of_standing(change->before));
    json_put(json, "after", json_of_standing(change->after));
    json_put(json, "note", json_text(change->note));
    return json;
}

struct json *json_of_change_list(const struct changes *changes)
{
    struct json *items = json_array();
    size_t       i;

    for (i = 0; i < changes->count; i++)
        json_push(items, json_of_change(&changes->items[i]));
    return items;
}

static struct json *json_of_outlooks(const struct news *news)
{
    struct json *json = json_array();
    size_t       i;

    for (i = 0; i < news->outlook_count; i++) {
        const struct outlook *outlook = &news->outlooks[i];
        struct json          *one = json_object();

        json_put(one, "kind", json_text(outlook_word(outlook->kind)));
        json_put(one, "destination", json_text(outlook->destination));
        json_put(one, "text", json_text(outlook->text));
        json_put(one, "paste", json_text(outlook->paste));
        json_push(json, one);
    }
    return json;
}

struct json *json_of_changes(const struct report *report)
{
    const struct news *news = report->news;
    struct json       *json = json_object();

    json_put(json, "run", json_integer(news->run));
    json_put(json, "before", news->before > 0 ? json_integer(news->before) : json_null());
    json_put(json, "since", news->before > 0 ? json_of_time(news->since) : json_null());
    json_put(json, "only", json_bool(report->news_only));
    json_put(json, "destinations", json_of_change_list(&news->changes));
    json_put(json, "findings", json_of_findings(&news->findings));
    json_put(json, "outlook", json_of_outlooks(news));
    return json;
}
