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

/* The policy of the host that settled it, else of the first next-hop, as story_find() has it. */
static const struct json *policy_of(const struct json *route, const char *relay)
{
    const struct json *first = json_get(json_at(route, 0), "policy");
    size_t             h, i;

    for (h = 0; relay != NULL && h < json_count(route); h++) {
        const struct json *hosts = json_get(json_at(route, h), "hosts");

        for (i = 0; i < json_count(hosts); i++) {
            const struct json *host = json_at(hosts, i);
            const char        *name = json_get_text(host, "host");

            if (name == NULL || strncmp(relay, name, strlen(name)) != 0 || relay[strlen(name)] != '[')
                continue;
            return json_is_object(json_get(host, "policy")) ? json_get(host, "policy")
                                                            : json_get(json_at(route, h), "policy");
        }
    }
    return first;
}

static const char *entry_of(struct region *region, const struct json *policy)
{
    const char *file = json_get_text(policy, "file"), *key = json_get_text(policy, "key");
    const char *value = json_get_text(policy, "value"), *source = json_get_text(policy, "source");
    int64_t     line = json_get_integer(policy, "line", 0);

    if (key == NULL)
        return region_text(region, source);
    if (file == NULL)
        file = source != NULL ? source : "";
    return line > 0 ? region_printf(region, "%s:%lld: %s %s", file, (long long)line, key, value != NULL ? value : "")
                    : region_printf(region, "%s: %s %s", file, key, value != NULL ? value : "");
}

/* As story_why(): the finding of the reason, without the advice at its end. */
static const char *why_of(struct region *region, const struct json *destination, const char *code)
{
    const struct json *findings = json_get(destination, "findings");
    struct finding     finding = { .code = code };
    enum reason        reason;
    size_t             i;

    if (!reason_parse(code, &reason))
        return region_text(region, code);
    for (i = 0; reason != REASON_FINGERPRINT_MISMATCH && i < json_count(findings); i++) {
        const char *found = json_get_text(json_at(findings, i), "code");

        finding.text = json_get_text(json_at(findings, i), "text");
        if (found != NULL && finding.text != NULL && strcmp(found, code) == 0)
            return region_text(region, finding_fact(region, &finding));
    }
    return reason_sentence(reason);
}

static bool verdict_parse(const char *word, enum verdict *verdict)
{
    int i;

    for (i = VERDICT_DELIVER; word != NULL && i <= VERDICT_UNKNOWN; i++)
        if (strcmp(verdict_word((enum verdict)i), word) == 0) {
            *verdict = (enum verdict)i;
            return true;
        }
    return false;
}

static const char *hosts_of(struct region *region, const struct json *route)
{
    struct name_list names = { .region = region };
    size_t           h, i;

    for (h = 0; h < json_count(route); h++) {
        const struct json *hosts = json_get(json_at(route, h), "hosts");

        for (i = 0; i < json_count(hosts); i++)
            add_name(&names, json_get_text(json_at(hosts, i), "host"));
    }
    return joined(&names);
}

bool standing_of_json(struct region *region, struct standing *standing, const struct json *destination)
{
    const struct json *route = json_get(destination, "route"), *forecast = json_get(destination, "forecast");
    const char        *reason = json_get_text(forecast, "reason");
    const char        *text = json_get_text(destination, "destination");

    *standing = (struct standing){ 0 };
    if (text == NULL || reason == NULL || !verdict_parse(json_get_text(destination, "verdict"), &standing->verdict))
        return false;
    standing->destination = region_text(region, text);
    standing->reason = region_text(region, reason);
    standing->dsn = region_text(region, json_get_text(forecast, "dsn"));
    standing->tls = region_text(region, json_get_text(forecast, "tls"));
    standing->level = region_text(region, json_get_text(json_get(json_at(route, 0), "policy"), "level"));
    standing->effective_level = region_text(region, json_get_text(forecast, "effective_level"));
    standing->hosts = hosts_of(region, route);
    standing->entry = entry_of(region, policy_of(route, json_get_text(forecast, "relay")));
    standing->why = why_of(region, destination, reason);
    return true;
}
