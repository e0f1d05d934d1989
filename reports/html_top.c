/* The top of the HTML report: what matters, before any list. */
#include <string.h>

#include "config.h"
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/json_parts.h"
#include "reports/protection.h"

const enum verdict html_verdict_order[HTML_VERDICTS] = { VERDICT_BOUNCE, VERDICT_DEFER, VERDICT_DOWNGRADE, VERDICT_UNKNOWN,
                                                         VERDICT_DELIVER };

static const char *const consequences[] = {
    [VERDICT_BOUNCE] = "would come back to the sender",
    [VERDICT_DEFER] = "would stay in the queue",
    [VERDICT_DOWNGRADE] = "would go, less protected",
    [VERDICT_UNKNOWN] = "could not be told",
    [VERDICT_DELIVER] = "would go as the policy asks",
};

static size_t count_of(const struct html_page *page, enum verdict verdict)
{
    return page->report->counts.by_verdict[verdict];
}

static size_t trouble_count(const struct html_page *page)
{
    return page->report->count - count_of(page, VERDICT_DELIVER) - page->acknowledged;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void html_title(struct html_page *page, struct buf *out)
{
    size_t i;

    for (i = 0; i < HTML_VERDICTS; i++)
        if (count_of(page, html_verdict_order[i]) > 0)
            html_printf(out, "%zu %s, ", count_of(page, html_verdict_order[i]), verdict_word(html_verdict_order[i]));
    html_printf(out, "%s", date_text(page->region, page->report->evaluated_at));
}

void html_generator(struct html_page *page, struct buf *out)
{
    html_printf(out, "%s %s", PACKAGE_NAME, report_program_version(page->report));
}

void html_headline(struct html_page *page, struct buf *out)
{
    size_t all = page->report->count, bad = trouble_count(page);

    if (all == 0)
        html_printf(out, "No destinations");
    else if (bad > 0)
        html_printf(out, "<a href=\"#destinations\" data-trouble=\"all\" data-what=\"in need of attention\">%zu of %zu "
                         "destination%s</a> need%s attention", bad, all, plural(all), bad == 1 ? "s" : "");
    else if (page->acknowledged > 0)
        html_printf(out, "No destination needs attention");
    else if (all == 1)
        html_printf(out, "The destination gets its mail as the policy asks");
    else
        html_printf(out, "All %zu destinations get their mail as the policy asks", all);
}

void html_run(struct html_page *page, struct buf *out)
{
    const struct report *report = page->report;
    int64_t              seconds = report->finished - report->started;

    html_printf(out, "<p>What Postfix %s with <code>%s</code> would do with mail to %s, observed %s",
                report_postfix_version(page->region, report), report_config_dir(report),
                report->count == 1 ? "it" : "them", time_text(page->region, report->started));
    if (seconds > 0)
        html_printf(out, " in %zu second%s", (size_t)seconds, plural((size_t)seconds));
    if (report->evaluated_at != report->started)
        html_printf(out, ", judged as of %s", time_text(page->region, report->evaluated_at));
    if (report->resolver != NULL)
        html_printf(out, ", DNS from <code>%s</code>", report->resolver);
    if (report->as.mechanism != MECHANISM_NONE)
        html_printf(out, "; <a href=\"#as\">as if %s were followed for all</a>", mechanism_name(report->as.mechanism));
    if (page->acknowledged > 0)
        html_printf(out, "; <a href=\"#destinations\" data-trouble=\"acknowledged\" data-what=\"acknowledged\">%zu "
                         "acknowledged fault%s</a> aside", page->acknowledged, plural(page->acknowledged));
    buf_add_text(out, ".</p>");
    if (!report->complete) {
        buf_add_text(out, "<p class=\"banner\">");
        html_severity(out, SEVERITY_CRITICAL);
        html_printf(out, " This report is incomplete: %s.</p>", report_cut_short_text(page->region, report));
    }
}

void html_tiles(struct html_page *page, struct buf *out)
{
    size_t i;

    for (i = 0; i < HTML_VERDICTS; i++) {
        enum verdict verdict = html_verdict_order[i];
        const char  *word = verdict_word(verdict);
        size_t       n = count_of(page, verdict);

        html_printf(out, "<li class=\"%s%s\"><a href=\"#destinations\" data-verdict=\"%s\"><span class=\"number\">%zu</span> ",
                    word, n == 0 ? " none" : "", word, n);
        html_verdict(out, word);
        html_printf(out, " <span class=\"dim\">%s</span></a></li>\n", consequences[verdict]);
    }
}

/* "bank.example, school.example and 7 more"; kind: what the list below calls groups of this kind. */
static void put_names(struct buf *out, const struct html_group *group, const char *kind)
{
    size_t i;

    buf_add_text(out, "<p class=\"names\">");
    for (i = 0; i < group->count && i < GROUP_SHOWN; i++)
        html_printf(out, "%s<a href=\"#destinations\" data-destination=\"%s\">%s</a>", i > 0 ? ", " : "",
                    group->shown[i]->destination->text, group->shown[i]->destination->text);
    if (i < group->count)
        html_printf(out, " <span>and %zu more</span>", group->count - i);
    if (group->count > 1 && group->number < GROUPS_SHOWN)
        html_printf(out, " <a class=\"size\" href=\"#destinations\" data-%s=\"%zu\" data-what=\"%s\">(show all %zu)</a>", kind,
                    group->number, group->why, group->count);
    buf_add_text(out, "</p>");
}

static void put_more(struct buf *out, size_t count, const char *kind)
{
    if (count > GROUPS_SHOWN)
        html_printf(out, "<p><a href=\"#destinations\" data-%s=\"%d\" data-what=\"all the others\">And %zu more of this "
                         "kind</a></p>", kind, GROUPS_SHOWN, count - GROUPS_SHOWN);
}

static void put_why(struct buf *out, const struct html_group *group)
{
    html_printf(out, "<p class=\"why\">%s", group->why);
    if (group->host != NULL && strstr(group->why, group->host) == NULL)
        html_printf(out, " <code class=\"dim\">%s</code>", group->host);
    buf_add_text(out, "</p>");
}

static void put_trouble(struct buf *out, const struct html_group *group)
{
    buf_add_text(out, "<li>");
    html_verdict(out, verdict_word(group->verdict));
    buf_add_text(out, "<div>");
    put_names(out, group, "trouble");
    put_why(out, group);
    if (group->remedy.text != NULL) {
        buf_add_text(out, "<div class=\"remedy\">");
        html_remedy(out, &group->remedy);
        buf_add_text(out, "</div>");
    }
    buf_add_text(out, "</div></li>\n");
}

void html_todo(struct html_page *page, struct buf *out)
{
    size_t i, count = html_groups_count(page->todo);

    if (count == 0)
        return;
    buf_add_text(out, "<section aria-labelledby=\"todo\"><h2 id=\"todo\">What needs doing</h2><ol class=\"todo\">\n");
    for (i = 0; i < count && i < GROUPS_SHOWN; i++)
        put_trouble(out, html_groups_at(page->todo, i));
    buf_add_text(out, "</ol>");
    put_more(out, count, "trouble");
    buf_add_text(out, "</section>\n");
}

void html_soon(struct html_page *page, struct buf *out)
{
    size_t i, count = html_groups_count(page->soon);

    if (count == 0)
        return;
    buf_add_text(out, "<section aria-labelledby=\"soon\"><h2 id=\"soon\">About to break</h2><ul class=\"plain\">\n");
    for (i = 0; i < count && i < GROUPS_SHOWN; i++) {
        const struct html_group *group = html_groups_at(page->soon, i);

        buf_add_text(out, "<li>");
        html_severity(out, group->severity);
        buf_add_text(out, "<div>");
        put_names(out, group, "soon");
        put_why(out, group);
        buf_add_text(out, "</div></li>\n");
    }
    buf_add_text(out, "</ul>");
    put_more(out, count, "soon");
    buf_add_text(out, "</section>\n");
}

void html_finding(struct region *region, struct buf *out, const struct finding *finding)
{
    buf_add_text(out, "<li>");
    html_severity(out, finding->severity);
    html_printf(out, "<div><p class=\"why\">%s <span class=\"dim\">(%s)</span></p>", finding->text, finding->code);
    if (finding->file != NULL)
        html_printf(out, "<p><code>%s</code></p>", file_place(region, finding->file, finding->line));
    buf_add_text(out, "</div></li>\n");
}

void html_local(struct html_page *page, struct buf *out)
{
    const struct finding *finding;
    int                   severity;

    if (page->report->findings.count == 0)
        return;
    buf_add_text(out, "<section aria-labelledby=\"local\"><h2 id=\"local\">On this side</h2><ul class=\"plain\">\n");
    for (severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTICE; severity--)
        for (finding = page->report->findings.first; finding != NULL; finding = finding->next)
            if ((int)finding->severity == severity)
                html_finding(page->region, out, finding);
    buf_add_text(out, "</ul></section>\n");
}

void html_configuration(struct html_page *page, struct buf *out)
{
    struct json       *json = json_of_configuration(page->report);
    const struct json *value, *tables = json_get(json, "tables");
    struct json_cursor cursor = { json_get(json, "parameters"), NULL };
    const char        *name;
    size_t             i;

    buf_add_text(out, "<dl>");
    while (json_next(&cursor, &name, &value))
        html_term_code(out, name, json_as_text(value));
    buf_add_text(out, "</dl>");
    if (json_count(tables) > 0)
        buf_add_text(out, "<p>Tables that were read:</p><ul>");
    for (i = 0; i < json_count(tables); i++)
        html_printf(out, "<li><code>%s</code> for %s</li>", json_get_text(json_at(tables, i), "name"),
                    json_get_text(json_at(tables, i), "role"));
    if (json_count(tables) > 0)
        buf_add_text(out, "</ul>");
    json_free(json);
}
