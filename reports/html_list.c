/* The destinations of the HTML report: a list that can be read without JavaScript, and the data of the one with it. */
#include <string.h>

#include "reports/compare.h"
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/protection.h"
#include "scanner/base/dict.h"

#define PLAIN_STORIES 2000 /* destinations, worst first, whose whole story the plain list tells */

/* Sends what is there, and begins anew. */
static bool flush(struct buf *out, const struct sink *sink)
{
    bool good = !out->overflow && sink_write(sink, buf_slice(out));

    buf_empty(out);
    return good;
}

static const char *dash(const char *text)
{
    return text != NULL ? text : "-";
}

/* What the list says of a destination beside its verdict: why it is in trouble, or what else was found. */
static const char *row_remark(const struct story *story)
{
    const struct finding *finding;

    if (story->result->verdict != VERDICT_DELIVER && story->result->acknowledged != NULL)
        return region_printf(story->region, "acknowledged %s", acknowledgement_text(story));
    if (story->result->verdict != VERDICT_DELIVER)
        return story_why(story);
    for (finding = story->result->findings.first; finding != NULL; finding = finding->next)
        if (finding->severity > SEVERITY_NOTICE)
            return finding_fact(story->region, finding);
    return "";
}

/* Without JavaScript */

static void put_plain_story(struct html_page *page, struct buf *out, const struct story *story)
{
    struct html_teller     teller = { page->report, story->region, NULL };
    const struct forecast *forecast = &story->result->forecast;

    buf_add_text(out, "<details class=\"destination\"><summary>");
    html_verdict(out, verdict_word(story->result->verdict));
    html_printf(out, " <strong>%s</strong> <span class=\"dim\">%s, DSN %s, TLS %s</span></summary><div class=\"story\">",
                story->result->destination->text, story_level(story), dash(forecast->dsn), dash(forecast->tls));
    html_story(&teller, out, story);
    buf_add_text(out, "</div></details>\n");
}

static void put_plain_row(struct buf *out, const struct story *story)
{
    const struct forecast *forecast = &story->result->forecast;

    buf_add_text(out, "<tr><td>");
    html_verdict(out, verdict_word(story->result->verdict));
    html_printf(out, "</td><td>%s <span class=\"dim\">%s</span></td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                story->result->destination->text, row_remark(story), story_level(story), dash(forecast->dsn),
                dash(forecast->tls));
}

bool html_plain_list(struct html_page *page, const struct sink *sink)
{
    struct buf out;
    bool       good = true;
    size_t     i;

    buf_init(&out, HTML_MAX);
    for (i = 0; good && i < page->report->count; i++) {
        struct region *region = region_new();
        struct story   story;

        story_find(&story, region, page->report, page->results[i]);
        if (i == PLAIN_STORIES)
            buf_add_text(&out, "<table class=\"rows\"><caption>The other destinations; with JavaScript, or in the JSON report, "
                               "they have their stories too</caption><thead><tr><th scope=\"col\">verdict</th>"
                               "<th scope=\"col\">destination</th><th scope=\"col\">level</th><th scope=\"col\">DSN</th>"
                               "<th scope=\"col\">TLS</th></tr></thead><tbody>\n");
        if (i < PLAIN_STORIES)
            put_plain_story(page, &out, &story);
        else
            put_plain_row(&out, &story);
        good = flush(&out, sink);
        region_free(region);
    }
    if (i > PLAIN_STORIES)
        good = good && sink_text(sink, "</tbody></table>\n");
    buf_clear(&out);
    return good;
}

/* With it */

/* Rows of numbers that name words: what destinations have in common stands once. */
struct index {
    struct buf   rows;
    struct dict *words;   /* text -> number, plus one */
};

static size_t word_number(struct index *index, const char *text)
{
    uintptr_t number = (uintptr_t)dict_find(index->words, slice_of(text));

    if (number == 0) {
        number = dict_count(index->words) + 1;
        dict_put(index->words, slice_of(text), (void *)number);
    }
    return (size_t)number - 1;
}

/* Whose mail host it is: its name less the first label, when two labels or more remain. */
static const char *provider_of(const struct result *result)
{
    const char *host, *parent;

    if (result->hop_count == 0 || result->hops[0].host_count == 0)
        return "-";
    host = result->hops[0].hosts[0].host->host;
    parent = strchr(host, '.');
    return parent != NULL && strchr(parent + 1, '.') != NULL && strspn(host, "0123456789.:") < strlen(host) ? parent + 1
                                                                                                           : host;
}

/* What the history says of the destination. */
static const char *news_of(const struct html_page *page, const struct result *result)
{
    const struct change *change = dict_find(page->news, slice_of(result->destination->text));

    return change != NULL ? change_word(change->kind) : "";
}

/* How long its hosts' certificates last, a bit for each bucket; and which of those that are named they showed. */
static void put_leaf_masks(const struct html_page *page, struct buf *out, const struct result *result)
{
    size_t ends = 0, named = 0, h, i;

    for (h = 0; h < result->hop_count; h++) {
        for (i = 0; i < result->hops[h].host_count; i++) {
            const struct html_leaf *leaf = html_leaf_of(page, &result->hops[h].hosts[i]);

            if (leaf == NULL)
                continue;
            ends |= (size_t)1 << leaf->bucket;
            named |= leaf->place < LEAVES_SHOWN ? (size_t)1 << leaf->place : 0;
        }
    }
    html_printf(out, ",%zu,%zu", ends, named);
}

/* Its cell in the picture of who is protected by what; -1: it has none. */
static int cell_of(const struct html_page *page, const struct result *result)
{
    const struct published *published = result_published(result);

    return published != NULL ? (int)publishes_of(published) * GUARD_COUNT + (int)guard_of(page->report, result) : -1;
}

static const char *publishes_of_result(const struct result *result)
{
    const struct published *published = result_published(result);

    return published != NULL ? publishes_word(publishes_of(published)) : "";
}

/* [destination, group or -1, verdict, level, reason, DSN, TLS, provider, policy entry, remark, change, news, level asked for,
 * what the domain publishes, then bits: groups of what will break, how long certificates last, named certificates, ways of its
 * mail, what --as would change; and the cell of who is protected by what] */
static void put_index_row(struct html_page *page, struct index *index, const struct story *story, size_t i)
{
    const struct forecast   *forecast = &story->result->forecast;
    const struct html_group *trouble = page->troubles[i];
    const char              *words[] = {
        verdict_word(story->result->verdict), story_level(story), reason_code(forecast->reason), dash(forecast->dsn),
        dash(forecast->tls), provider_of(story->result), dash(story_entry(story, story->policy)), row_remark(story),
        story->result->proposed != NULL ? change_word(change_of_proposed(page->report, story->result)) : "",
        news_of(page, story->result), html_level_word(html_level_row(story)),
        publishes_of_result(story->result),
    };
    size_t k;

    buf_add_text(&index->rows, i > 0 ? ",\n[" : "[");
    html_json_text(&index->rows, story->result->destination->text);
    html_printf(&index->rows, ",%d", trouble != NULL ? (int)trouble->number : -1);
    for (k = 0; k < sizeof(words) / sizeof(words[0]); k++)
        html_printf(&index->rows, ",%zu", word_number(index, words[k]));
    html_printf(&index->rows, ",%zu", (size_t)html_groups_soon_mask(page->soon, story, GROUPS_SHOWN));
    put_leaf_masks(page, &index->rows, story->result);
    html_printf(&index->rows, ",%zu,%zu,%d]", (size_t)html_mail_mask(page, story->result),
                (size_t)html_as_mask(story->result), cell_of(page, story->result));
}

static bool write_words(const struct index *index, const struct sink *sink)
{
    struct buf out;
    bool       good = sink_text(sink, "<script type=\"application/json\" id=\"words\">[");
    size_t     i;

    buf_init(&out, HTML_MAX);
    for (i = 0; good && i < dict_count(index->words); i++) {
        buf_add_text(&out, i > 0 ? ",\n" : "");
        html_json_text(&out, dict_key_at(index->words, i));
        good = flush(&out, sink);
    }
    buf_clear(&out);
    return good && sink_text(sink, "]</script>\n");
}

static bool write_index(const struct index *index, const struct sink *sink)
{
    return !index->rows.overflow && sink_text(sink, "<script type=\"application/json\" id=\"rows\">[") &&
           sink_write(sink, buf_slice(&index->rows)) && sink_text(sink, "]</script>\n") && write_words(index, sink);
}

/* Adds to the index, and to the stories. */
static bool put_destination(struct html_page *page, struct index *index, struct html_parts *parts,
                            struct html_lists *stories, size_t i)
{
    struct region     *region = region_new();
    struct html_teller teller = { page->report, region, parts };
    struct story       story;
    struct buf         out;
    bool               good;

    buf_init(&out, HTML_MAX);
    story_find(&story, region, page->report, page->results[i]);
    put_index_row(page, index, &story, i);
    html_story(&teller, &out, &story);
    good = !out.overflow && html_lists_add(stories, buf_text(&out));
    buf_clear(&out);
    region_free(region);
    return good;
}

bool html_data(struct html_page *page, const struct sink *sink)
{
    struct html_parts *parts = html_parts_new();
    struct html_lists  stories = { .kind = "story", .sink = sink };
    struct index       index = { .words = dict_new() };
    bool               good = true;
    size_t             i;

    buf_init(&index.rows, HTML_MAX);
    for (i = 0; good && i < page->report->count; i++)
        good = put_destination(page, &index, parts, &stories, i);
    good = good && html_lists_end(&stories) && html_parts_write(parts, sink) && write_index(&index, sink);
    buf_clear(&index.rows);
    dict_free(index.words);
    html_parts_free(parts);
    return good;
}
