/* The report for a build server: a test case for each destination, in the dialect of XML that JUnit's readers share. */
#include "reports/escape.h"
#include "reports/story.h"
#include "reports/writers.h"
#include "scanner/base/utc.h"

#define SUITE "posttls-audit"

/* Text that XML 1.0 can hold: controls stand as what they are. */
static const char *xml_text(struct region *region, const char *text)
{
    static const struct { char c; const char *entity; } entities[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
    };
    struct slice rest = slice_of(escape_text(region, text));
    struct buf   buf;
    const char  *copy;
    size_t       i;

    buf_init(&buf, 6 * rest.n + 1);
    for (; rest.n > 0; rest = slice_from_index(rest, 1)) {
        for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
            if (entities[i].c == rest.p[0])
                break;
        if (i < sizeof(entities) / sizeof(entities[0]))
            buf_add_text(&buf, entities[i].entity);
        else
            buf_add_char(&buf, rest.p[0]);
    }
    copy = region_text(region, buf_text(&buf));
    buf_clear(&buf);
    return copy;
}

/* Which element a verdict is, NULL for none: what could not be told is an error of the test, not of the destination. */
static const char *element_of(enum verdict verdict)
{
    if (verdict == VERDICT_DELIVER)
        return NULL;
    return verdict == VERDICT_UNKNOWN ? "error" : "failure";
}

static bool put_line(const struct sink *sink, const struct story *story, const char *label, const char *text)
{
    return text == NULL || sink_printf(sink, "%s: %s\n", label, xml_text(story->region, text));
}

static bool put_trouble(const struct sink *sink, const struct story *story, const char *element)
{
    const struct result *result = story->result;
    struct region       *region = story->region;
    struct remedy        remedy = story_remedy(story);

    return sink_printf(sink, "<%s type=\"%s\" message=\"%s: %s\">", element, reason_code(result->forecast.reason),
                       verdict_word(result->verdict), xml_text(region, story_why(story))) &&
           put_line(sink, story, "log", forecast_log(region, &result->forecast)) &&
           put_line(sink, story, "level", story_level(story)) &&
           put_line(sink, story, "policy", story_entry(story, story->policy)) &&
           put_line(sink, story, "result type (RFC 8460)", reason_rfc8460(result->forecast.reason)) &&
           put_line(sink, story, "do", remedy.text) && put_line(sink, story, "write", remedy.paste) &&
           sink_printf(sink, "</%s>", element);
}

static bool put_findings(const struct sink *sink, struct region *region, const struct findings *findings)
{
    const struct finding *finding;
    bool                  good = findings->count == 0 || sink_text(sink, "<system-out>");

    for (finding = findings->first; good && finding != NULL; finding = finding->next) {
        good = sink_printf(sink, "%s %s: ", severity_word(finding->severity), finding->code);
        if (good && finding->file != NULL)
            good = sink_printf(sink, "%s: ", xml_text(region, file_place(region, finding->file, finding->line)));
        good = good && sink_printf(sink, "%s\n", xml_text(region, finding->text));
    }
    return good && (findings->count == 0 || sink_text(sink, "</system-out>"));
}

static bool put_case(const struct sink *sink, const struct report *report, const struct result *result)
{
    struct region *region = region_new();
    const char    *element = element_of(result->verdict);
    struct story   story;
    bool           good;

    story_find(&story, region, report, result);
    good = sink_printf(sink, "<testcase classname=\"%s\" name=\"%s\" time=\"0\">", SUITE,
                       xml_text(region, result->destination->text)) &&
           (element == NULL || put_trouble(sink, &story, element)) && put_findings(sink, region, &result->findings) &&
           sink_text(sink, "</testcase>\n");
    region_free(region);
    return good;
}

static bool put_property(const struct sink *sink, struct region *region, const char *name, const char *value)
{
    return sink_printf(sink, "<property name=\"%s\" value=\"%s\"/>\n", name, xml_text(region, value));
}

static bool put_top(const struct sink *sink, struct region *region, const struct report *report)
{
    const size_t *counts = report->counts.by_verdict;
    size_t        failures = counts[VERDICT_DOWNGRADE] + counts[VERDICT_DEFER] + counts[VERDICT_BOUNCE];
    const char   *numbers = region_printf(region, "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%lld\"",
                                          report->counts.destinations, failures, counts[VERDICT_UNKNOWN],
                                          (long long)(report->finished - report->started));
    char          started[UTC_TEXT_MAX];

    utc_to_text(report->started, started);
    return sink_text(sink, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") &&
           sink_printf(sink, "<testsuites name=\"%s\" %s>\n", SUITE, numbers) &&
           sink_printf(sink, "<testsuite name=\"%s\" %s skipped=\"0\" timestamp=\"%.19s\">\n<properties>\n", SUITE, numbers,
                       started) &&
           put_property(sink, region, "posttls-audit", report_program_version(report)) &&
           put_property(sink, region, "config_dir", report_config_dir(report)) &&
           put_property(sink, region, "postfix_version", report_postfix_version(region, report)) &&
           put_property(sink, region, "complete", report->complete ? "true" : "false") &&
           (report->as.mechanism == MECHANISM_NONE || put_property(sink, region, "as", mechanism_word(report->as.mechanism))) &&
           sink_text(sink, "</properties>\n");
}

bool report_junit_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct region *region = region_new();
    bool           good = put_top(sink, region, report);
    size_t         i;

    (void)options;
    for (i = 0; good && i < report->count; i++)
        good = put_case(sink, report, report->results[i]);
    good = good && put_findings(sink, region, &report->findings) && sink_text(sink, "</testsuite>\n</testsuites>\n");
    region_free(region);
    return good;
}
