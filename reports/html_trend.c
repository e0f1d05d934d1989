/* The trend over the history: a column for each run, of what was not delivered as asked; all counts as a table. */
#include "reports/html.h"
#include "reports/html_page.h"

#define WIDTH 1000        /* units of the picture */
#define HEIGHT 1000
#define COLUMNS_LEAST 14  /* so that two runs make no walls */
#define VISIBLE 15        /* units that anything has at least */

static size_t trouble_of(const struct trend_run *run)
{
    size_t i, sum = 0;

    for (i = 0; i < HTML_VERDICTS; i++)
        if (html_verdict_order[i] != VERDICT_DELIVER)
            sum += run->by_verdict[html_verdict_order[i]];
    return sum;
}

static size_t highest(const struct report *report)
{
    size_t i, most = 0;

    for (i = 0; i < report->trend_count; i++)
        if (trouble_of(&report->trend[i]) > most)
            most = trouble_of(&report->trend[i]);
    return most;
}

/* What a pointer that rests on a column tells. */
static void put_tip(struct region *region, struct buf *out, const struct trend_run *run)
{
    size_t i;

    html_printf(out, "<title>%s:", time_text(region, run->finished));
    for (i = 0; i < HTML_VERDICTS; i++)
        html_printf(out, "%s %zu %s", i > 0 ? "," : "", run->by_verdict[html_verdict_order[i]],
                    verdict_word(html_verdict_order[i]));
    buf_add_text(out, "</title>");
}

static void put_column(struct region *region, struct buf *out, const struct trend_run *run, size_t x, size_t width,
                       size_t most)
{
    size_t i, bottom = HEIGHT;

    buf_add_text(out, "<g>");
    put_tip(region, out, run);
    html_printf(out, "<rect class=\"run\" x=\"%zu\" width=\"%zu\" height=\"%d\"/>", x, width, HEIGHT);
    for (i = HTML_VERDICTS; i-- > 0;) {
        size_t n = run->by_verdict[html_verdict_order[i]];
        size_t height = most > 0 ? (size_t)((double)n / (double)most * (HEIGHT - HTML_VERDICTS * VISIBLE)) : 0;

        if (n == 0 || html_verdict_order[i] == VERDICT_DELIVER)
            continue;
        height = height > VISIBLE ? height : VISIBLE;
        bottom -= height < bottom ? height : bottom;
        html_printf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%zu\"/>",
                    verdict_word(html_verdict_order[i]), x, bottom, width, height);
    }
    buf_add_text(out, "</g>");
}

static void put_drawing(struct region *region, struct buf *out, const struct report *report)
{
    size_t slots = report->trend_count > COLUMNS_LEAST ? report->trend_count : COLUMNS_LEAST;
    size_t last = report->trend_count - 1, i, x, next;

    html_printf(out, "<svg class=\"bar columns\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" "
                     "aria-describedby=\"trend-text\"><title>Destinations that were not served as asked, run by run</title>"
                     "<desc id=\"trend-text\">%zu runs from %s to %s: from %zu to %zu, at most %zu. The table below has every "
                     "count.</desc>",
                WIDTH, HEIGHT, report->trend_count, date_text(region, report->trend[0].finished),
                date_text(region, report->trend[last].finished), trouble_of(&report->trend[0]),
                trouble_of(&report->trend[last]), highest(report));
    for (i = 0; i <= last; i++) {
        x = i * WIDTH / slots;
        next = (i + 1) * WIDTH / slots;
        put_column(region, out, &report->trend[i], x, next - x, highest(report));
    }
    buf_add_text(out, "</svg>");
}

/* The verdicts that occur, with their marks: the key of the picture. */
static void put_key(struct buf *out, const struct report *report)
{
    size_t i, k;

    buf_add_text(out, "<p class=\"key\">");
    for (i = 0; i < HTML_VERDICTS; i++) {
        for (k = 0; k < report->trend_count; k++)
            if (report->trend[k].by_verdict[html_verdict_order[i]] > 0 && html_verdict_order[i] != VERDICT_DELIVER)
                break;
        if (k < report->trend_count)
            html_verdict(out, verdict_word(html_verdict_order[i]));
        buf_add_char(out, ' ');
    }
    buf_add_text(out, "</p>");
}

static void put_counts(struct region *region, struct buf *out, const struct report *report)
{
    size_t i, k;

    buf_add_text(out, "<details><summary>Every run and its counts</summary><table class=\"rows\"><caption>The latest first. "
                      "posttls-audit history tells of the destinations of past runs.</caption><thead><tr>"
                      "<th scope=\"col\">finished</th>");
    for (i = 0; i < HTML_VERDICTS; i++) {
        buf_add_text(out, "<th scope=\"col\" class=\"n\">");
        html_verdict(out, verdict_word(html_verdict_order[i]));
        buf_add_text(out, "</th>");
    }
    buf_add_text(out, "</tr></thead><tbody>\n");
    for (k = report->trend_count; k-- > 0;) {
        html_printf(out, "<tr><th scope=\"row\">%s</th>", time_text(region, report->trend[k].finished));
        for (i = 0; i < HTML_VERDICTS; i++)
            html_printf(out, "<td class=\"n\">%zu</td>", report->trend[k].by_verdict[html_verdict_order[i]]);
        buf_add_text(out, "</tr>\n");
    }
    buf_add_text(out, "</tbody></table></details>");
}

void html_trend(struct html_page *page, struct buf *out)
{
    const struct report *report = page->report;
    struct region       *region = page->region;

    if (report->trend_count < 2)
        return;
    html_printf(out, "<section aria-labelledby=\"trend\"><h2 id=\"trend\">The last %zu runs</h2>", report->trend_count);
    if (highest(report) > 0) {
        html_printf(out, "<div class=\"trend\"><p class=\"scale\" aria-hidden=\"true\"><span>%zu</span><span>0</span></p>",
                    highest(report));
        put_drawing(region, out, report);
        html_printf(out, "</div><p class=\"dim\">Destinations not served as asked, from %s to %s.</p>\n",
                    date_text(region, report->trend[0].finished),
                    date_text(region, report->trend[report->trend_count - 1].finished));
        put_key(out, report);
    } else {
        html_printf(out, "<p>From %s to %s every destination was served as asked.</p>\n",
                    date_text(region, report->trend[0].finished),
                    date_text(region, report->trend[report->trend_count - 1].finished));
    }
    put_counts(region, out, report);
    buf_add_text(out, "</section>\n");
}
