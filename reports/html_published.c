/* What a domain publishes, in the story of a destination; and what --as would change. */
#include <string.h>

#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/protection.h"

#define PATTERNS_SHOWN 20
#define HOSTS_SHOWN 12
#define SHOWN 20 /* destinations of one kind */

/* In the story */

static void put_if(struct buf *out, struct region *region, const char *before, const struct as_if *as_if)
{
    const char *text = as_if_text(region, as_if);

    if (text != NULL)
        html_printf(out, "<br><span class=\"dim\">%s:</span> %s", before, text);
}

static void put_names(struct buf *out, const char *before, const char *names)
{
    if (names[0] != '\0')
        html_printf(out, "<br><span class=\"dim\">%s</span> <code>%s</code>", before, names);
}

static void put_lines(struct buf *out, const struct published *published)
{
    const char *line = published->line, *line_3_10 = published->line_3_10;

    if (line != NULL)
        html_printf(out, "<dt>its own wish</dt><dd><pre class=\"paste\">%s</pre></dd>", line);
    if (line_3_10 != NULL && (line == NULL || strcmp(line, line_3_10) != 0))
        html_printf(out, "<dt>from 3.10 on</dt><dd><pre class=\"paste\">%s</pre></dd>", line_3_10);
}

void html_published(struct buf *out, const struct story *story)
{
    const struct published     *published = result_published(story->result);
    const struct published_sts *sts;
    struct region              *region = story->region;

    if (published == NULL)
        return;
    sts = &published->sts;
    html_printf(out, "<dt>who wins</dt><dd>%s</dd>", winner_text(region, story->result));
    html_printf(out, "<dt>DANE</dt><dd>%s", dane_text(region, &published->dane));
    put_if(out, region, "followed", &published->dane.as_if);
    html_printf(out, "</dd><dt>MTA-STS</dt><dd>%s", sts_text(region, sts));
    put_names(out, "patterns", sts_patterns_text(region, sts, PATTERNS_SHOWN));
    put_names(out, "hosts that fit", sts_hosts_text(region, sts, true, HOSTS_SHOWN));
    put_names(out, "hosts that fit none", sts_hosts_text(region, sts, false, HOSTS_SHOWN));
    put_if(out, region, "followed", &sts->as_if);
    put_if(out, region, "if it were enforced", &sts->enforced);
    html_printf(out, "</dd><dt>TLS reports</dt><dd>%s</dd>", tlsrpt_text(region, &published->tlsrpt));
    put_lines(out, published);
}

void html_configured(struct buf *out, const struct story *story)
{
    const struct result *now = story->result->configured;
    struct story         other;

    if (now == NULL)
        return;
    story_find(&other, story->region, story->report, now);
    html_printf(out, "<dt>as it is now</dt><dd>%s, level %s, DSN %s, TLS %s", verdict_word(now->verdict), story_level(&other),
                now->forecast.dsn != NULL ? now->forecast.dsn : "-", now->forecast.tls != NULL ? now->forecast.tls : "-");
    if (story_entry(&other, other.policy) != NULL)
        html_printf(out, "<br><code>%s</code>", story_entry(&other, other.policy));
    buf_add_text(out, "</dd>");
}

/* --as */

enum sort { WOULD_DEFER, WOULD_BOUNCE, WOULD_DOWNGRADE, GAINS, LOSES, BETTER, SORTS };

static const char *const headings[SORTS] = {
    [WOULD_DEFER] = "would defer",         [WOULD_BOUNCE] = "would bounce",      [WOULD_DOWNGRADE] = "would be downgraded",
    [GAINS] = "would gain authentication", [LOSES] = "would lose authentication", [BETTER] = "would fare better",
};

unsigned html_as_mask(const struct result *result)
{
    struct as_change change = as_change_of(result);

    return (change.worse && result->verdict == VERDICT_DEFER ? 1u << WOULD_DEFER : 0) |
           (change.worse && result->verdict == VERDICT_BOUNCE ? 1u << WOULD_BOUNCE : 0) |
           (change.worse && result->verdict == VERDICT_DOWNGRADE ? 1u << WOULD_DOWNGRADE : 0) |
           (change.gains ? 1u << GAINS : 0) | (change.loses ? 1u << LOSES : 0) | (change.better ? 1u << BETTER : 0);
}

static void put_worse(struct html_page *page, struct buf *out, const struct result *result)
{
    struct region *region = region_new();
    struct story   story;

    story_find(&story, region, page->report, result);
    buf_add_text(out, "<li>");
    html_verdict(out, verdict_word(result->verdict));
    html_printf(out, "<div><p class=\"names\"><a href=\"#destinations\" data-destination=\"%s\">%s</a> <span class=\"dim\">now %s"
                     "</span></p><p class=\"why\">%s</p></div></li>\n",
                result->destination->text, result->destination->text, verdict_word(result->configured->verdict),
                story_why(&story));
    region_free(region);
}

static void put_name(struct buf *out, const struct result *result, bool first)
{
    html_printf(out, "%s<a href=\"#destinations\" data-destination=\"%s\">%s</a>", first ? "" : ", ",
                result->destination->text, result->destination->text);
}

static void put_sort(struct html_page *page, struct buf *out, enum sort sort, size_t count)
{
    bool   is_list = sort <= WOULD_DOWNGRADE;
    size_t i, n = 0;

    html_printf(out, "<h3><a href=\"#destinations\" data-as=\"%d\" data-what=\"%s\">%zu %s</a></h3>", (int)sort,
                headings[sort], count, headings[sort]);
    buf_add_text(out, is_list ? "<ul class=\"plain\">\n" : "<p class=\"names\">\n");
    for (i = 0; i < page->report->count && n < SHOWN; i++) {
        if ((html_as_mask(page->results[i]) & 1u << sort) == 0)
            continue;
        if (is_list)
            put_worse(page, out, page->results[i]);
        else
            put_name(out, page->results[i], n == 0);
        n++;
    }
    if (is_list)
        buf_add_text(out, count > n ? "</ul><p class=\"names\">" : "</ul>");
    if (count > n)
        html_printf(out, " <a class=\"size\" href=\"#destinations\" data-as=\"%d\" data-what=\"%s\">(show all %zu)</a>",
                    (int)sort, headings[sort], count);
    buf_add_text(out, !is_list || count > n ? "</p>\n" : "\n");
}

void html_as(struct html_page *page, struct buf *out)
{
    const struct report *report = page->report;
    size_t               counts[SORTS] = { 0 }, i;
    int                  sort;

    if (report->as.mechanism == MECHANISM_NONE)
        return;
    for (i = 0; i < report->count; i++)
        for (sort = 0; sort < SORTS; sort++)
            counts[sort] += html_as_mask(report->results[i]) >> sort & 1;
    html_printf(out, "<section aria-labelledby=\"as\"><h2 id=\"as\">As if %s were followed</h2><p>%s. All verdicts on this page "
                     "are as if; what the configuration makes of a destination as it is stands in its story.</p>\n",
                mechanism_name(report->as.mechanism), as_sentence(page->region, report));
    for (sort = 0; sort < SORTS; sort++)
        if (counts[sort] > 0)
            put_sort(page, out, (enum sort)sort, counts[sort]);
    buf_add_text(out, "</section>\n");
}
