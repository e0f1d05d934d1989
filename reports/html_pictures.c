/* Pictures of the HTML report. Each is a table whose bars are drawn: the numbers stand beside them. */
#include <stdlib.h>
#include <string.h>

#include "reports/html.h"
#include "reports/html_page.h"
#include "scanner/base/dict.h"

#define BAR_WIDTH 1000  /* units of a full bar */
#define SOON_DAYS 60    /* certificates are named if they end within so many days; but no fewer than */
#define SOON_LEAST 3

static size_t row_total(const size_t *row)
{
    size_t i, total = 0;

    for (i = 0; i <= VERDICT_UNKNOWN; i++)
        total += row[i];
    return total;
}

static size_t largest_row(const struct html_page *page)
{
    size_t i, largest = 1;

    for (i = 0; i < LEVEL_ROWS; i++)
        if (row_total(page->by_level[i]) > largest)
            largest = row_total(page->by_level[i]);
    return largest;
}

static void put_bar_start(struct buf *out)
{
    html_printf(out, "<svg class=\"bar\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">", BAR_WIDTH);
}

size_t html_level_row(const struct story *story)
{
    if (story->policy == NULL || story_policy_unread(story))
        return LEVEL_ROWS - 1;
    return story->policy->level >= LEVEL_NONE ? (size_t)(story->policy->level - LEVEL_INVALID) : 0;
}

const char *html_level_word(size_t row)
{
    const char *word = row < LEVEL_ROWS - 1 ? level_word((enum level)((int)row + LEVEL_INVALID)) : "no policy";

    return word != NULL ? word : "invalid";
}

static void put_level_row(struct buf *out, const char *level, const size_t *row, size_t largest)
{
    size_t i, at = 0;

    html_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"drawn\">", level);
    put_bar_start(out);
    for (i = 0; i < HTML_VERDICTS; i++) {
        size_t n = row[html_verdict_order[i]], end = at + n;

        if (n > 0)
            html_printf(out, "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" height=\"10\"/>",
                        verdict_word(html_verdict_order[i]), at * BAR_WIDTH / largest,
                        end * BAR_WIDTH / largest - at * BAR_WIDTH / largest);
        at = end;
    }
    buf_add_text(out, "</svg></td>");
    for (i = 0; i < HTML_VERDICTS; i++) {
        const char *verdict = verdict_word(html_verdict_order[i]);
        size_t      n = row[html_verdict_order[i]];

        if (n == 0)
            buf_add_text(out, "<td class=\"zero\">0</td>");
        else
            html_printf(out, "<td class=\"n\"><a href=\"#destinations\" data-verdict=\"%s\" data-asked=\"%s\" "
                             "aria-label=\"%zu %s at level %s\">%zu</a></td>", verdict, level, n, verdict, level, n);
    }
    buf_add_text(out, "</tr>\n");
}

static void put_levels(struct html_page *page, struct buf *out)
{
    size_t i, largest = largest_row(page);

    buf_add_text(out, "<section aria-labelledby=\"levels\"><h2 id=\"levels\">Verdicts by level</h2>"
                      "<table class=\"picture\"><thead><tr><th scope=\"col\">level</th><td></td>");
    for (i = 0; i < HTML_VERDICTS; i++) {
        buf_add_text(out, "<th scope=\"col\">");
        html_verdict(out, verdict_word(html_verdict_order[i]));
        buf_add_text(out, "</th>");
    }
    buf_add_text(out, "</tr></thead><tbody>\n");
    for (i = 0; i < LEVEL_ROWS; i++)
        if (row_total(page->by_level[i]) > 0)
            put_level_row(out, html_level_word(i), page->by_level[i], largest);
    buf_add_text(out, "</tbody></table></section>\n");
}

/* Certificates by what is left of them. */

static const struct {
    int64_t     below;   /* days */
    const char *label, *tone;
} buckets[] = {
    { 0, "expired", "bounce" },
    { 7, "under 7 days", "defer" },
    { 14, "7 to 13 days", "downgrade" },
    { 30, "14 to 29 days", "downgrade" },
    { 60, "30 to 59 days", "deliver" },
    { 90, "60 to 89 days", "deliver" },
    { INT64_MAX, "90 days or more", "deliver" },
};

#define BUCKETS (sizeof(buckets) / sizeof(buckets[0]))

static int64_t days_left(const struct html_page *page, const struct html_leaf *leaf)
{
    return days_between(page->report->evaluated_at, leaf->cert->not_after);
}

static size_t bucket_of(int64_t days)
{
    size_t i = 0;

    while (days >= buckets[i].below && i < BUCKETS - 1)
        i++;
    return i;
}

static int compare_leaves(const void *a, const void *b)
{
    const struct html_leaf *x = *(struct html_leaf *const *)a, *y = *(struct html_leaf *const *)b;

    if (x->cert->not_after != y->cert->not_after)
        return x->cert->not_after < y->cert->not_after ? -1 : 1;
    return strcmp(x->cert->id, y->cert->id);
}

void html_leaves_sort(struct html_page *page)
{
    size_t i, count = dict_count(page->leaves);

    page->by_end = region_array(page->region, count + 1, sizeof(struct html_leaf *));
    for (i = 0; i < count; i++)
        page->by_end[i] = dict_at(page->leaves, i);
    if (count > 0)
        qsort(page->by_end, count, sizeof(struct html_leaf *), compare_leaves);
    for (i = 0; i < count; i++) {
        page->by_end[i]->place = i;
        page->by_end[i]->bucket = bucket_of(days_left(page, page->by_end[i]));
    }
}

struct html_leaf *html_leaf_of(const struct html_page *page, const struct host_result *host)
{
    if (host->conversation == NULL || host->conversation->certificate_count == 0)
        return NULL;
    return dict_find(page->leaves, slice_of(host->conversation->certificates[0]));
}

static void put_buckets(const struct html_page *page, struct buf *out)
{
    size_t counts[BUCKETS] = { 0 }, i, largest = 1;

    for (i = 0; i < dict_count(page->leaves); i++)
        counts[page->by_end[i]->bucket]++;
    for (i = 0; i < BUCKETS; i++)
        if (counts[i] > largest)
            largest = counts[i];
    buf_add_text(out, "<table class=\"picture\"><thead><tr><th scope=\"col\">valid for</th><td></td>"
                      "<th scope=\"col\">certificates</th></tr></thead><tbody>\n");
    for (i = 0; i < BUCKETS; i++) {
        html_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"drawn\">", buckets[i].label);
        put_bar_start(out);
        html_printf(out, "<rect class=\"%s\" width=\"%zu\" height=\"10\"/></svg></td>", buckets[i].tone,
                    counts[i] * BAR_WIDTH / largest);
        if (counts[i] == 0)
            buf_add_text(out, "<td class=\"zero\">0</td></tr>\n");
        else
            html_printf(out, "<td class=\"n\"><a href=\"#destinations\" data-ends=\"%zu\" data-what=\"certificates %s\" "
                             "aria-label=\"%zu, %s: their destinations\">%zu</a></td></tr>\n",
                        i, buckets[i].label, counts[i], buckets[i].label, counts[i]);
    }
    buf_add_text(out, "</tbody></table>\n");
}

static void put_soonest(const struct html_page *page, struct buf *out)
{
    size_t i, count = dict_count(page->leaves);

    buf_add_text(out, "<table class=\"rows\"><caption>The next to expire</caption><thead><tr><th scope=\"col\">host</th>"
                      "<th scope=\"col\">valid to</th><th scope=\"col\">destinations</th></tr></thead><tbody>\n");
    for (i = 0; i < count && i < LEAVES_SHOWN; i++) {
        const struct html_leaf *leaf = page->by_end[i];

        if (i >= SOON_LEAST && days_left(page, leaf) >= SOON_DAYS)
            break;
        html_printf(out, "<tr><td><code>%s</code></td><td>%s <span class=\"dim\">(%s)</span></td>", leaf->host,
                    date_text(page->region, leaf->cert->not_after),
                    days_text(page->region, page->report->evaluated_at, leaf->cert->not_after));
        html_printf(out, "<td class=\"n\"><a href=\"#destinations\" data-leaf=\"%zu\" data-what=\"the certificate of %s\" "
                         "aria-label=\"%zu with the certificate of %s\">%zu</a></td></tr>\n",
                    i, leaf->host, leaf->destinations, leaf->host, leaf->destinations);
    }
    buf_add_text(out, "</tbody></table>\n");
}

static void put_certificates(const struct html_page *page, struct buf *out)
{
    if (dict_count(page->leaves) == 0)
        return;
    buf_add_text(out, "<section aria-labelledby=\"certificates\"><h2 id=\"certificates\">Certificates by days left</h2>");
    put_buckets(page, out);
    put_soonest(page, out);
    buf_add_text(out, "</section>\n");
}

void html_pictures(struct html_page *page, struct buf *out)
{
    if (page->report->count == 0)
        return;
    buf_add_text(out, "<div class=\"pictures\"><div>");
    put_levels(page, out);
    html_mail(page, out);
    html_trend(page, out);
    buf_add_text(out, "</div>\n");
    put_certificates(page, out);
    html_entries(page, out); /* as wide as the page */
    buf_add_text(out, "</div>\n");
}
