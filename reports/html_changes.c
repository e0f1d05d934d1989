/* What a proposed configuration would change, in the HTML report. */
#include "reports/compare.h"
#include "reports/html.h"
#include "reports/html_page.h"

#define CHANGES_SHOWN 20 /* of one kind */

static const char *const headings[CHANGE_KINDS] = {
    [CHANGE_WORSE] = "worse", [CHANGE_BETTER] = "better", [CHANGE_OTHER] = "changed otherwise",
    [CHANGE_APPEARED] = "new", [CHANGE_VANISHED] = "gone", [CHANGE_SAME] = "as now",
};

static void put_change(struct region *region, struct buf *out, const struct change *change)
{
    const char *name = change->after->destination;

    buf_add_text(out, "<li>");
    html_verdict(out, verdict_word(change->after->verdict));
    html_printf(out, "<div><p class=\"names\"><a href=\"#destinations\" data-destination=\"%s\">%s</a> "
                     "<span class=\"dim\">now %s</span></p>", name, name, verdict_word(change->before->verdict));
    if (change->after->verdict != VERDICT_DELIVER)
        html_printf(out, "<p class=\"why\">%s</p>", change->after->why);
    html_printf(out, "<p class=\"dim\">%s</p>", standing_difference(region, change->before, change->after));
    if (change->after->entry != NULL)
        html_printf(out, "<p><code>%s</code></p>", change->after->entry);
    buf_add_text(out, "</div></li>\n");
}

static void put_kind(struct region *region, struct buf *out, const struct changes *changes, enum change_kind kind)
{
    size_t i, shown = 0;

    if (changes->by_kind[kind] == 0 || kind == CHANGE_SAME)
        return;
    html_printf(out, "<h3>%zu %s</h3><ul class=\"plain\">\n", changes->by_kind[kind], headings[kind]);
    for (i = 0; i < changes->count && shown < CHANGES_SHOWN; i++) {
        if (changes->items[i].kind != kind)
            continue;
        put_change(region, out, &changes->items[i]);
        shown++;
    }
    buf_add_text(out, "</ul>");
    if (changes->by_kind[kind] > shown)
        html_printf(out, "<p><a href=\"#destinations\" data-change=\"%s\">Show all %zu</a></p>", change_word(kind),
                    changes->by_kind[kind]);
}

void html_changes(struct html_page *page, struct buf *out)
{
    struct region *region = region_new();
    struct changes changes;
    int            kind;

    if (page->report->proposed != NULL) {
        changes_of_proposed(&changes, region, page->report);
        html_printf(out, "<section aria-labelledby=\"changes\"><h2 id=\"changes\">What is proposed</h2>"
                         "<p>With Postfix %s and <code>%s</code> instead: %zu worse, %zu better, %zu changed otherwise, "
                         "%zu as now. All else on this page is about the configuration in force.</p>\n",
                    report_postfix_version(region, page->report->proposed), report_config_dir(page->report->proposed),
                    changes.by_kind[CHANGE_WORSE], changes.by_kind[CHANGE_BETTER], changes.by_kind[CHANGE_OTHER],
                    changes.by_kind[CHANGE_SAME]);
        for (kind = 0; kind < CHANGE_KINDS; kind++)
            put_kind(region, out, &changes, (enum change_kind)kind);
        buf_add_text(out, "</section>\n");
    }
    region_free(region);
}

void html_proposed(struct buf *out, const struct story *story)
{
    struct standing standing;
    const char     *level;

    if (story->result->proposed == NULL || story->report->proposed == NULL)
        return;
    standing_of_result(story->region, &standing, story->report->proposed, story->result->proposed);
    level = standing.effective_level != NULL ? standing.effective_level : standing.level;
    buf_add_text(out, "<dt>proposed</dt><dd>");
    html_printf(out, "%s: %s, level %s, DSN %s, TLS %s<br>%s",
                headings[change_of_proposed(story->report, story->result)], verdict_word(standing.verdict),
                level != NULL ? level : "-", standing.dsn != NULL ? standing.dsn : "-",
                standing.tls != NULL ? standing.tls : "-", standing.why);
    if (standing.entry != NULL)
        html_printf(out, "<br><code>%s</code>", standing.entry);
    buf_add_text(out, "</dd>");
}
