#include "reports/lint_report.h"

#include "config.h"
#include "reports/json_parts.h"
#include "reports/page.h"

#define INDENT      4
#define LABEL_WIDTH 6

static struct place labelled(const char *label)
{
    return (struct place){ .indent = INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

static void put_fix(struct page *page, const struct lint_finding *f)
{
    struct place place = labelled(NULL);

    if (!f->fix_is_line) {
        page_text(page, labelled("do"), f->fix);
        return;
    }
    page_text(page, labelled("do"), f->line > 0 ? "put this instead:" : "add this line:");
    place.tone = TONE_BOLD;
    page_paste(page, place, f->fix);
}

/* The first line is never wrapped: editors and scripts take file and line from it. */
static void put_finding(struct page *page, struct region *region, const struct lint_finding *f)
{
    struct place place = { .tone = tone_of_severity(f->severity) };
    const char *where = "";

    if (f->file != NULL)
        where =
            f->line > 0 ? region_printf(region, "%s:%d: ", f->file, f->line) : region_printf(region, "%s: ", f->file);
    page_paste(
        page, place,
        region_printf(region, "%s%s: %s [%s]", where, severity_word(f->severity), f->text, lint_row(f->code)->code));
    page_text(page, labelled("mail"), f->mail);
    put_fix(page, f);
}

bool lint_report_text(const struct config *config, const struct lint_result *result,
                      const struct report_options *options, const struct sink *sink)
{
    struct page page;
    char version[VERSION_TEXT_MAX];

    page_init(&page, options, sink);
    version_to_text(config->version, version);
    page_printf(&page, (struct place){ .tone = TONE_BOLD }, "%s %s: lint, as Postfix %s with %s", PACKAGE_NAME,
                PACKAGE_VERSION, version, config->dir);
    for (size_t i = 0; page.good && i < result->count; i++) {
        struct region *region = region_new();

        page_blank(&page);
        put_finding(&page, region, result->items[i]);
        region_free(region);
    }
    page_blank(&page);
    page_printf(&page, (struct place){ 0 }, "%zu critical, %zu warning, %zu notice",
                result->by_severity[SEVERITY_CRITICAL], result->by_severity[SEVERITY_WARNING],
                result->by_severity[SEVERITY_NOTICE]);
    if (result->left_out > 0)
        page_printf(&page, (struct place){ 0 }, "%zu of them are left out above: more than %d of one kind",
                    result->left_out, LINT_PER_CODE_MAX);
    return page.good;
}

static struct json *json_of_summary_of(const struct lint_result *result)
{
    struct json *json = json_object();

    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTICE; severity--)
        json_put(json, severity_word((enum severity)severity), json_integer((int64_t)result->by_severity[severity]));
    json_put(json, "left_out", json_integer((int64_t)result->left_out));
    return json;
}

static struct json *json_of_finding(const struct lint_finding *f)
{
    struct json *json = json_object();

    json_put(json, "code", json_text(lint_row(f->code)->code));
    json_put(json, "severity", json_text(severity_word(f->severity)));
    json_put(json, "host", json_null());
    json_put(json, "file", json_text(f->file));
    json_put(json, "line", f->line > 0 ? json_integer(f->line) : json_null());
    json_put(json, "text", json_text(f->text));
    json_put(json, "mail", json_text(f->mail));
    json_put(json, "fix", json_text(f->fix));
    json_put(json, "fix_is_line", json_bool(f->fix_is_line));
    return json;
}

/* Takes json. */
static bool put_json(const struct sink *sink, const char *before, struct json *json, const char *after)
{
    bool good = sink_text(sink, before) && sink_json(sink, json) && sink_text(sink, after);

    json_free(json);
    return good;
}

bool lint_report_json(const struct config *config, const struct lint_result *result, const struct sink *sink)
{
    struct report report = { .config = config };
    bool good = sink_printf(sink, "{\"format\": \"%s\", \"format_version\": %d,\n", LINT_FORMAT, LINT_FORMAT_VERSION) &&
                put_json(sink, "\"generator\": ", json_of_generator(&report), ",\n") &&
                put_json(sink, "\"configuration\": ", json_of_configuration(&report), ",\n") &&
                put_json(sink, "\"summary\": ", json_of_summary_of(result), ",\n\"findings\": [");

    for (size_t i = 0; good && i < result->count; i++)
        good = put_json(sink, i == 0 ? "\n" : ",\n", json_of_finding(result->items[i]), "");
    return good && sink_text(sink, "]}\n");
}
