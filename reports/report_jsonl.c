/* The report as JSON lines: a header, the destinations, a summary. */
#include "reports/json_parts.h"
#include "reports/writers.h"

/* Takes json. */
static bool put_line(const struct sink *sink, struct json *json)
{
    bool good = sink_json(sink, json) && sink_text(sink, "\n");

    json_free(json);
    return good;
}

static bool put_header(const struct report *report, bool still_running, const struct sink *sink)
{
    struct json *json = json_object();

    json_put(json, "format", json_text(REPORT_FORMAT));
    json_put(json, "format_version", json_integer(REPORT_FORMAT_VERSION));
    json_put(json, "generator", json_of_generator(report));
    json_put(json, "run", json_of_run(report, still_running));
    json_put(json, "configuration", json_of_configuration(report));
    if (report->proposed != NULL)
        json_put(json, "proposed", json_of_proposed(report));
    if (report->as.mechanism != MECHANISM_NONE)
        json_put(json, "as", json_of_as(report));
    return put_line(sink, json);
}

bool report_jsonl_header(const struct report *report, const struct sink *sink)
{
    return put_header(report, true, sink);
}

bool report_jsonl_destination(const struct report *report, const struct result *result, const struct sink *sink)
{
    struct json       *whole = json_of_result(report, result), *json = json_object();
    struct json_cursor cursor = { whole, NULL };
    struct dict       *used = dict_new();
    const char        *key;
    const struct json *value;

    while (json_next(&cursor, &key, &value))
        json_put(json, key, json_keep((struct json *)value));
    json_free(whole);
    used_certificates(used, report, result);
    json_put(json, "certificates", json_of_certificates(report, used));
    dict_free(used);
    return put_line(sink, json);
}

bool report_jsonl_summary(const struct report *report, const struct sink *sink)
{
    struct json *json = json_object();

    json_put(json, "run", json_of_run(report, false));
    json_put(json, "summary", json_of_summary(report));
    if (report->as.mechanism != MECHANISM_NONE)
        json_put(json, "as", json_of_as(report));
    if (report->trend_count > 0)
        json_put(json, "trend", json_of_trend(report));
    if (report->news != NULL)
        json_put(json, "changes", json_of_changes(report));
    if (report->mail != NULL)
        json_put(json, "mail", json_of_mail(report));
    json_put(json, "findings", json_of_findings(&report->findings));
    return put_line(sink, json);
}

bool report_jsonl_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    bool   good = put_header(report, false, sink);
    size_t i;

    (void)options;
    for (i = 0; good && i < report->count; i++)
        good = report_jsonl_destination(report, report->results[i], sink);
    return good && report_jsonl_summary(report, sink);
}
