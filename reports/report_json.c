/* The report as one JSON object. Written a member and a destination at a time, each in a line of its own, so that no run
 * needs the whole of it in memory and two reports can be compared line by line. */
#include "reports/json_parts.h"
#include "reports/writers.h"

/* Takes json. */
static bool put_member(const struct sink *sink, const char *key, struct json *json, const char *after)
{
    bool good = sink_printf(sink, "\"%s\": ", key) && sink_json(sink, json) && sink_text(sink, after);

    json_free(json);
    return good;
}

static bool put_destinations(const struct report *report, const struct sink *sink, struct dict *used)
{
    bool   good = sink_text(sink, "\"destinations\": [");
    size_t i;

    for (i = 0; good && i < report->count; i++) {
        struct json *json = json_of_result(report, report->results[i]);

        good = sink_text(sink, i == 0 ? "\n" : ",\n") && sink_json(sink, json);
        used_certificates(used, report, report->results[i]);
        json_free(json);
    }
    return good && sink_text(sink, "],\n");
}

bool report_json_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct dict *used = dict_new();
    bool         good;

    (void)options;
    good = sink_printf(sink, "{\"format\": \"%s\", \"format_version\": %d,\n", REPORT_FORMAT, REPORT_FORMAT_VERSION) &&
           put_member(sink, "generator", json_of_generator(report), ",\n") &&
           put_member(sink, "run", json_of_run(report, false), ",\n") &&
           put_member(sink, "configuration", json_of_configuration(report), ",\n") &&
           (report->proposed == NULL || put_member(sink, "proposed", json_of_proposed(report), ",\n")) &&
           put_member(sink, "summary", json_of_summary(report), ",\n") &&
           (report->as.mechanism == MECHANISM_NONE || put_member(sink, "as", json_of_as(report), ",\n")) &&
           (report->trend_count == 0 || put_member(sink, "trend", json_of_trend(report), ",\n")) &&
           (report->news == NULL || put_member(sink, "changes", json_of_changes(report), ",\n")) &&
           (report->mail == NULL || put_member(sink, "mail", json_of_mail(report), ",\n")) &&
           put_member(sink, "findings", json_of_findings(&report->findings), ",\n") &&
           put_destinations(report, sink, used) &&
           put_member(sink, "certificates", json_of_certificates(report, used), "}\n");
    dict_free(used);
    return good;
}
