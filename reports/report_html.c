/* The report as one HTML file: the template's text, with a section in each of its slots. */
#include <string.h>

#include "reports/compare.h"
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/html_template.h"
#include "reports/writers.h"
#include "scanner/base/dict.h"

static const struct {
    const char *slot;
    void (*put)(struct html_page *, struct buf *);
    bool (*write)(struct html_page *, const struct sink *);
} sections[] = {
    { "title", html_title, NULL },
    { "generator", html_generator, NULL },
    { "headline", html_headline, NULL },
    { "run", html_run, NULL },
    { "tiles", html_tiles, NULL },
    { "todo", html_todo, NULL },
    { "soon", html_soon, NULL },
    { "better", html_better, NULL },
    { "local", html_local, NULL },
    { "as", html_as, NULL },
    { "changes", html_changes, NULL },
    { "protection", html_protection, NULL },
    { "pictures", html_pictures, NULL },
    { "configuration", html_configuration, NULL },
    { "plain-list", NULL, html_plain_list },
    { "data", NULL, html_data },
};

static bool put_section(struct html_page *page, const char *slot)
{
    struct buf out;
    bool       good = false;
    size_t     i;

    for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strcmp(sections[i].slot, slot) != 0)
            continue;
        if (sections[i].write != NULL)
            return sections[i].write(page, page->sink);
        buf_init(&out, HTML_MAX);
        sections[i].put(page, &out);
        good = !out.overflow && sink_write(page->sink, buf_slice(&out));
        buf_clear(&out);
    }
    return good;
}

/* What was seen of it, for the picture of certificates. */
static void count_leaves(struct html_page *page, const struct result *result)
{
    size_t h, i;

    for (h = 0; h < result->hop_count; h++) {
        for (i = 0; i < result->hops[h].host_count; i++) {
            const struct host_result *host = &result->hops[h].hosts[i];
            const char               *id = host->conversation != NULL && host->conversation->certificate_count > 0
                                               ? host->conversation->certificates[0] : NULL;
            const struct cert        *cert = id != NULL ? facts_cert(page->report->facts, id) : NULL;
            struct html_leaf         *leaf;

            if (cert == NULL || cert->unparsable)
                continue;
            leaf = dict_find(page->leaves, slice_of(id));
            if (leaf == NULL) {
                leaf = region_alloc(page->region, sizeof(*leaf));
                *leaf = (struct html_leaf){ .cert = cert, .host = host->host->host };
                dict_put(page->leaves, slice_of(id), leaf);
            }
            if (leaf->last != result)
                leaf->destinations++;
            leaf->last = result;
        }
    }
}

static void survey(struct html_page *page)
{
    size_t i;

    for (i = 0; i < page->report->count; i++) {
        const struct result *result = page->results[i];
        struct region       *region = region_new();
        struct story         story;

        story_find(&story, region, page->report, result);
        page->by_level[html_level_row(&story)][result->verdict]++;
        if (result->verdict != VERDICT_DELIVER && result->acknowledged != NULL)
            page->acknowledged++;
        else if (result->verdict != VERDICT_DELIVER)
            page->troubles[i] = html_groups_add(page->todo, &story);
        html_groups_add_soon(page->soon, &story);
        count_leaves(page, result);
        region_free(region);
    }
    html_groups_sort(page->todo);
    html_groups_sort(page->soon);
    html_leaves_sort(page);
}

static void gather_news(struct html_page *page)
{
    const struct news *news = page->report->news;
    size_t             i;

    for (i = 0; news != NULL && i < news->changes.count; i++)
        if (news->changes.items[i].after != NULL)
            dict_put(page->news, slice_of(news->changes.items[i].after->destination), &news->changes.items[i]);
}

bool report_html_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct html_page         page = { .report = report, .sink = sink, .region = region_new(), .leaves = dict_new(),
                                      .news = dict_new() };
    const struct html_piece *piece;
    bool                     good = true;

    (void)options;
    page.results = report_worst_first(page.region, report);
    page.troubles = region_array(page.region, report->count + 1, sizeof(*page.troubles));
    page.todo = html_groups_new(page.region);
    page.soon = html_groups_new(page.region);
    survey(&page);
    gather_news(&page);
    page.log_tells_tls = html_mail_tells_tls(report);
    for (piece = html_template; good; piece++) {
        good = sink_text(sink, piece->text);
        if (piece->slot == NULL)
            break;
        good = good && put_section(&page, piece->slot);
    }
    html_groups_free(page.todo);
    html_groups_free(page.soon);
    dict_free(page.leaves);
    dict_free(page.news);
    region_free(page.region);
    return good;
}
