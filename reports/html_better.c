/* What could be better, in the HTML report. */
#include "reports/html.h"
#include "reports/html_page.h"
#include "scanner/judge/advice.h"

static void put_item(struct buf *out, const struct story *story, const struct finding *finding)
{
    const char *name = story->result->destination->text, *entry = story_entry(story, story->policy);

    buf_add_text(out, "<li>");
    html_severity(out, finding->severity);
    html_printf(out, "<div><p class=\"names\"><a href=\"#destinations\" data-destination=\"%s\">%s</a></p>", name, name);
    html_printf(out, "<p class=\"why\">%s</p>", finding->text);
    if (entry != NULL)
        html_printf(out, "<p class=\"dim\">now <code>%s</code></p>", entry);
    if (finding->paste != NULL)
        html_printf(out, "<pre class=\"paste\">%s</pre>", finding->paste);
    buf_add_text(out, "</div></li>\n");
}

/* Those of one result, as many as there is room for. Gives how many there are. */
static size_t put_result(const struct html_page *page, struct buf *out, const struct result *result, size_t room)
{
    struct region        *region = region_new();
    struct story          story;
    const struct finding *finding;
    size_t                n = 0;

    if (result->verdict == VERDICT_DELIVER && room > 0)
        story_find(&story, region, page->report, result);
    for (finding = result->findings.first; result->verdict == VERDICT_DELIVER && finding != NULL; finding = finding->next)
        if (advice_is_code(finding->code) && ++n <= room)
            put_item(out, &story, finding);
    region_free(region);
    return n;
}

void html_better(struct html_page *page, struct buf *out)
{
    size_t i, count = 0;
    struct buf items;

    buf_init(&items, (size_t)64 << 20);
    for (i = 0; i < page->report->count; i++)
        count += put_result(page, &items, page->results[i], count < GROUPS_SHOWN ? GROUPS_SHOWN - count : 0);
    if (count > 0) {
        buf_add_text(out, "<section aria-labelledby=\"better\"><h2 id=\"better\">Could be better</h2><ul class=\"plain\">\n");
        buf_add_text(out, buf_text(&items));
        buf_add_text(out, "</ul>");
        if (count > GROUPS_SHOWN)
            html_printf(out, "<p>and %zu more: <code>posttls-audit advise</code></p>", count - GROUPS_SHOWN);
        buf_add_text(out, "</section>\n");
    }
    buf_clear(&items);
}
