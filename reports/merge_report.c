/* Reports of several machines as one. */
#include <string.h>

#include "reports/json_parts.h"
#include "reports/read_report.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/utc.h"

static int64_t time_of(const struct json *tree, const char *key)
{
    int64_t when = INT64_MIN;

    utc_parse(json_get_slice(json_get(tree, "run"), key), &when);
    return when;
}

static struct json *share(const struct json *json)
{
    return json_keep((struct json *)json);
}

/* The number of the tree whose run finished last; among equals the last one named. */
static size_t latest(struct json *const *trees, size_t count)
{
    size_t i, best = 0;

    for (i = 1; i < count; i++)
        if (time_of(trees[i], "finished") >= time_of(trees[best], "finished"))
            best = i;
    return best;
}

/* The latest run's, with the earliest start; complete when all are. A resolver only where all asked the same. */
static struct json *merge_runs(struct json *const *trees, size_t count)
{
    size_t             first = 0, last = latest(trees, count), i;
    const struct json *run = json_get(trees[last], "run");
    const char        *resolver = json_get_text(run, "resolver");
    struct json       *merged = json_object();
    struct json_cursor cursor = { run, NULL };
    const char        *key;
    const struct json *value;
    const struct json *part, *ended_by = NULL;
    bool               complete = true;

    while (json_next(&cursor, &key, &value))
        json_put(merged, key, share(value));

    for (i = 0; i < count; i++) {
        const char *other = json_get_text(json_get(trees[i], "run"), "resolver");

        if (time_of(trees[i], "started") < time_of(trees[first], "started"))
            first = i;
        if (other == NULL || resolver == NULL || strcmp(other, resolver) != 0)
            resolver = NULL;
        part = json_get(trees[i], "run");
        if (complete && !json_get_bool(part, "complete", false)) {
            complete = false;
            ended_by = json_get(part, "cut_short_by");
        }
    }
    json_put(merged, "started", share(json_get(json_get(trees[first], "run"), "started")));
    json_put(merged, "complete", json_bool(complete));
    json_put(merged, "cut_short_by", json_text(json_as_text(ended_by)));
    json_put(merged, "journal", json_null());
    json_put(merged, "resolver", json_text(resolver));
    return merged;
}

/* What each destination is taken from: the tree that has it and finished last. */
struct origin {
    int64_t            finished;
    const struct json *json;
};

/* A run that did not come so far has observed nothing. */
static bool was_observed(const struct json *destination)
{
    static const enum reason reasons[] = { REASON_INTERRUPTED, REASON_DEADLINE, REASON_EXCLUDED, REASON_NOT_OBSERVED };
    struct slice reason = json_get_slice(json_get(destination, "forecast"), "reason");
    size_t       i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (slice_eq_text(reason, reason_code(reasons[i])))
            return false;
    return true;
}

static bool is_better(const struct origin *origin, const struct json *tree, const struct json *destination)
{
    if (origin->json == NULL)
        return true;
    if (was_observed(origin->json) != was_observed(destination))
        return was_observed(destination);
    return time_of(tree, "finished") >= origin->finished;
}

static struct json *merge_destinations(struct json *const *trees, size_t count)
{
    struct dict *seen = dict_new();
    struct json *merged = json_array();
    size_t       t, i;

    for (t = 0; t < count; t++) {
        const struct json *list = json_get(trees[t], "destinations");

        for (i = 0; i < json_count(list); i++) {
            const struct json *json = json_at(list, i);
            struct slice       name = json_get_slice(json, "destination");
            struct origin     *origin = dict_find(seen, name);

            if (origin == NULL)
                dict_put(seen, name, origin = mem_alloc(sizeof(*origin)));
            if (is_better(origin, trees[t], json))
                *origin = (struct origin){ time_of(trees[t], "finished"), json };
        }
    }
    for (i = 0; i < dict_count(seen); i++) {
        struct origin *origin = dict_at(seen, i);

        json_push(merged, share(origin->json));
        mem_free(origin);
    }
    dict_free(seen);
    return merged;
}

/* Digests name certificates, so that those of one name are equal. */
static struct json *merge_certificates(struct json *const *trees, size_t count)
{
    struct json       *merged = json_object();
    const char        *key;
    const struct json *value;
    size_t             t;

    for (t = 0; t < count; t++) {
        struct json_cursor cursor = { json_get(trees[t], "certificates"), NULL };

        while (json_next(&cursor, &key, &value))
            if (json_get(merged, key) == NULL)
                json_put(merged, key, share(value));
    }
    return merged;
}

static struct buf text_of(const struct json *json)
{
    struct buf buf;

    buf_init(&buf, (size_t)1 << 28);
    json_write(json, 0, &buf);
    return buf;
}

static void add_once(struct dict *seen, struct json *merged, const struct json *finding)
{
    struct buf text = text_of(finding);

    if (dict_put(seen, buf_slice(&text), seen))
        json_push(merged, share(finding));
    buf_clear(&text);
}

static bool same_json(const struct json *a, const struct json *b)
{
    struct buf one = text_of(a), other = text_of(b);
    bool       same = slice_eq(buf_slice(&one), buf_slice(&other));

    buf_clear(&one);
    buf_clear(&other);
    return same;
}

static struct json *configurations_finding(const char *config_dir)
{
    struct region  *region = region_new();
    struct findings findings = { 0 };
    struct json    *list, *finding;

    findings_add(region, &findings, finding_word(FINDING_MERGED_CONFIGURATIONS),
                 finding_severity(FINDING_MERGED_CONFIGURATIONS), NULL, NULL, 0,
                 "the merged reports were made with different configurations; the one shown is %s of the latest run",
                 config_dir != NULL ? config_dir : "that");
    list = json_of_findings(&findings);
    finding = share(json_at(list, 0));
    json_free(list);
    region_free(region);
    return finding;
}

/* What the mail of one machine does not use another one's may. */
static bool holds_for_all(const struct json *finding)
{
    return !slice_eq_text(json_get_slice(finding, "code"), finding_word(FINDING_ENTRIES_NOT_USED));
}

static struct json *merge_findings(struct json *const *trees, size_t count)
{
    struct dict       *seen = dict_new();
    struct json       *merged = json_array();
    const struct json *shown = json_get(trees[latest(trees, count)], "configuration");
    bool               same = true;
    size_t             t, i;

    for (t = 0; t < count; t++) {
        const struct json *list = json_get(trees[t], "findings");

        same = same && same_json(shown, json_get(trees[t], "configuration"));
        for (i = 0; i < json_count(list); i++)
            if (holds_for_all(json_at(list, i)))
                add_once(seen, merged, json_at(list, i));
    }
    if (!same) {
        struct json *finding = configurations_finding(json_get_text(shown, "config_dir"));

        add_once(seen, merged, finding);
        json_free(finding);
    }
    dict_free(seen);
    return merged;
}

struct json *report_merge(struct json *const *trees, size_t count)
{
    const struct json *last = trees[latest(trees, count)];
    struct json       *merged = json_object();

    json_put(merged, "format", json_text(REPORT_FORMAT));
    json_put(merged, "format_version", json_integer(REPORT_FORMAT_VERSION));
    json_put(merged, "generator", share(json_get(last, "generator")));
    json_put(merged, "run", merge_runs(trees, count));
    json_put(merged, "configuration", share(json_get(last, "configuration")));
    if (json_get(last, "as") != NULL)   /* all have the same mechanism; the counts are made anew */
        json_put(merged, "as", share(json_get(last, "as")));
    json_put(merged, "findings", merge_findings(trees, count));
    json_put(merged, "destinations", merge_destinations(trees, count));
    json_put(merged, "certificates", merge_certificates(trees, count));
    return merged;
}
