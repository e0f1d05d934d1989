/* What changed since the run before, and what a proposed configuration would change, in the HTML report. */
#include <string.h>

#include "reports/compare.h"
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/proposal.h"

#define CHANGES_SHOWN 20 /* of one kind */

static const char *const headings[CHANGE_KINDS] = {
    [CHANGE_WORSE] = "worse", [CHANGE_BETTER] = "better", [CHANGE_OTHER] = "changed otherwise",
    [CHANGE_APPEARED] = "new", [CHANGE_VANISHED] = "gone", [CHANGE_SAME] = "as now",
};

/* The destination; with a link where the list below has it. */
static void put_name(struct buf *out, const struct change *change)
{
    const char *name = change->after != NULL ? change->after->destination : change->before->destination;

    buf_add_text(out, "<p class=\"names\">");
    if (change->after != NULL)
        html_printf(out, "<a href=\"#destinations\" data-destination=\"%s\">%s</a>", name, name);
    else
        html_text(out, name);
}

static void put_change(struct region *region, struct buf *out, const struct change *change, const char *then)
{
    const struct standing *after = change->after, *before = change->before;

    buf_add_text(out, "<li>");
    html_verdict(out, verdict_word(after != NULL ? after->verdict : before->verdict));
    buf_add_text(out, "<div>");
    put_name(out, change);
    if (before != NULL && after != NULL)
        html_printf(out, " <span class=\"dim\">%s %s</span>", then, verdict_word(before->verdict));
    buf_add_text(out, "</p>");
    if (after != NULL && after->verdict != VERDICT_DELIVER)
        html_printf(out, "<p class=\"why\">%s</p>", after->why);
    if (before != NULL && after != NULL)
        html_printf(out, "<p class=\"dim\">%s</p>", standing_difference(region, before, after));
    if (change->note != NULL)
        html_printf(out, "<p>%s</p>", change->note);
    if (after != NULL && after->entry != NULL)
        html_printf(out, "<p><code>%s</code></p>", after->entry);
    buf_add_text(out, "</div></li>\n");
}

/* A number that opens its rows in the list below; field: what that calls changes of this sort. */
static void put_number(struct buf *out, size_t n, enum change_kind kind, const char *field, const char *after)
{
    if (n == 0 || kind == CHANGE_VANISHED)
        html_printf(out, "%zu %s", n, after);
    else
        html_printf(out, "<a href=\"#destinations\" data-%s=\"%s\" data-what=\"%s\">%zu %s</a>", field, change_word(kind),
                    headings[kind], n, after);
}

/* The list below has no rows of these. */
static void put_vanished(struct buf *out, const struct changes *changes, size_t from)
{
    size_t i;

    buf_add_text(out, "<details><summary>The others</summary><p>");
    for (i = from; i < changes->count && changes->items[i].kind == CHANGE_VANISHED; i++)
        html_printf(out, "%s%s", i > from ? ", " : "", changes->items[i].before->destination);
    buf_add_text(out, "</p></details>\n");
}

static void put_kind(struct region *region, struct buf *out, const struct changes *changes, enum change_kind kind,
                     const char *then, const char *field)
{
    size_t i = 0, shown = 0;

    if (changes->by_kind[kind] == 0 || kind == CHANGE_SAME)
        return;
    buf_add_text(out, "<h3>");
    put_number(out, changes->by_kind[kind], kind, field, headings[kind]);
    buf_add_text(out, "</h3><ul class=\"plain\">\n");
    while (changes->items[i].kind != kind)
        i++;
    for (; i < changes->count && changes->items[i].kind == kind && shown < CHANGES_SHOWN; i++, shown++)
        put_change(region, out, &changes->items[i], then);
    buf_add_text(out, "</ul>");
    if (changes->by_kind[kind] > shown && kind == CHANGE_VANISHED) {
        put_vanished(out, changes, i);
    } else if (changes->by_kind[kind] > shown) {
        buf_add_text(out, "<p>Show all ");
        put_number(out, changes->by_kind[kind], kind, field, "of them");
        buf_add_text(out, "</p>");
    }
}

static void put_kinds(struct region *region, struct buf *out, const struct changes *changes, const char *then,
                      const char *field)
{
    int kind;

    for (kind = 0; kind < CHANGE_KINDS; kind++)
        put_kind(region, out, changes, (enum change_kind)kind, then, field);
}

/* What has not come about yet. */
static void put_outlooks(struct buf *out, const struct news *news)
{
    static const char *const titles[OUTLOOK_KINDS] = {
        [OUTLOOK_SOON] = "soon", [OUTLOOK_AVERTED] = "no longer soon", [OUTLOOK_ADVICE] = "could be better",
    };
    size_t i;

    if (news->outlook_count == 0)
        return;
    buf_add_text(out, "<h3>In sight</h3><ul class=\"plain\">\n");
    for (i = 0; i < news->outlook_count && i < CHANGES_SHOWN; i++) {
        const struct outlook *outlook = &news->outlooks[i];

        html_printf(out, "<li><div><p class=\"names\">%s <span class=\"dim\">%s</span></p><p class=\"why\">%s</p>",
                    outlook->destination, titles[outlook->kind], outlook->text);
        if (outlook->paste != NULL)
            html_printf(out, "<p><code>%s</code></p>", outlook->paste);
        buf_add_text(out, "</div></li>\n");
    }
    buf_add_text(out, "</ul>");
    if (news->outlook_count > CHANGES_SHOWN)
        html_printf(out, "<p>and %zu more</p>", news->outlook_count - CHANGES_SHOWN);
}

/* What the history knows of the run before. */
static void put_news(struct region *region, struct buf *out, const struct news *news)
{
    buf_add_text(out, "<section aria-labelledby=\"news\"><h2 id=\"news\">What changed</h2>");
    if (news->before > 0) {
        html_printf(out, "<p>Since the run of %s%s.</p>\n", time_text(region, news->since),
                    news->changes.count == 0 && news->outlook_count == 0 ? ": nothing" : "");
        put_kinds(region, out, &news->changes, "was", "news");
        put_outlooks(out, news);
    } else {
        buf_add_text(out, "<p>This is the first run that the history knows of.</p>\n");
    }
    buf_add_text(out, "</section>\n");
}

static bool has_finding(const struct findings *findings, const struct finding *wanted)
{
    const struct finding *finding;

    for (finding = findings->first; finding != NULL; finding = finding->next)
        if (strcmp(finding->code, wanted->code) == 0 && strcmp(finding->text, wanted->text) == 0)
            return true;
    return false;
}

/* What the proposed configuration has to say of itself, and the one in force does not. */
static void put_new_findings(struct region *region, struct buf *out, const struct report *report)
{
    const struct finding *finding;
    bool                  any = false;

    for (finding = report->proposed->findings.first; finding != NULL; finding = finding->next) {
        if (has_finding(&report->findings, finding))
            continue;
        buf_add_text(out, any ? "" : "<ul class=\"plain\">");
        any = true;
        html_finding(region, out, finding);
    }
    buf_add_text(out, any ? "</ul>\n" : "");
}

static void put_parameters(struct region *region, struct buf *out, const struct report *report)
{
    struct proposal_parameter *items;
    size_t                     i, count = proposal_parameters(region, report, &items);

    for (i = 0; i < count && i < CHANGES_SHOWN; i++) {
        buf_add_text(out, i == 0 ? "<p>" : "<br>\n");
        html_printf(out, "<code>%s</code>: %s -&gt; %s", items[i].name, items[i].now, items[i].then);
    }
    if (count > i)
        html_printf(out, "<br>and %zu more parameters", count - i);
    buf_add_text(out, count > 0 ? "</p>\n" : "");
}

static void put_proposal(struct region *region, struct buf *out, const struct report *report)
{
    static const enum change_kind told[] = { CHANGE_WORSE, CHANGE_BETTER, CHANGE_OTHER, CHANGE_SAME };
    struct changes changes;
    size_t         i;

    changes_of_proposed(&changes, region, report);
    html_printf(out, "<section aria-labelledby=\"changes\"><h2 id=\"changes\">What is proposed</h2>"
                     "<p>With Postfix %s and <code>%s</code> instead: ", report_postfix_version(region, report->proposed),
                report_config_dir(report->proposed));
    for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        put_number(out, changes.by_kind[told[i]], told[i], "change", headings[told[i]]);
    }
    buf_add_text(out, ". All else on this page is about the configuration in force.</p>\n");
    put_parameters(region, out, report);
    put_new_findings(region, out, report);
    put_kinds(region, out, &changes, "now", "change");
    buf_add_text(out, "</section>\n");
}

void html_changes(struct html_page *page, struct buf *out)
{
    struct region *region = region_new();

    if (page->report->news != NULL)
        put_news(region, out, page->report->news);
    if (page->report->proposed != NULL)
        put_proposal(region, out, page->report);
    region_free(region);
}

void html_proposed(struct buf *out, const struct story *story)
{
    struct standing standing;

    if (story->result->proposed == NULL || story->report->proposed == NULL)
        return;
    standing_of_result(story->region, &standing, story->report->proposed, story->result->proposed);
    buf_add_text(out, "<dt>proposed</dt><dd>");
    html_printf(out, "%s: %s, level %s, DSN %s, TLS %s<br>%s",
                headings[change_of_proposed(story->report, story->result)], verdict_word(standing.verdict),
                standing_level(story->region, &standing), standing.dsn != NULL ? standing.dsn : "-",
                standing.tls != NULL ? standing.tls : "-", standing.why);
    if (standing.entry != NULL)
        html_printf(out, "<br><code>%s</code>", standing.entry);
    buf_add_text(out, "</dd>");
}
