/* The pieces of the HTML report, and the page as a whole; what a browser makes of it is in tests/browser. */
#include <string.h>

#include "reports/html.h"
#include "reports/html_groups.h"
#include "reports/html_parts.h"
#include "reports/html_story.h"
#include "reports/writers.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

static const struct {
    const char *text, *html, *json;
} texts[] = {
    { NULL, "", "\"\"" },
    { "plain", "plain", "\"plain\"" },
    { "<script>", "&lt;script&gt;", "\"\\u003cscript>\"" },
    { "a & b", "a &amp; b", "\"a & b\"" },
    { "\"'>", "&quot;&#39;&gt;", "\"\\\"'>\"" },
    { "&lt;", "&amp;lt;", "\"&lt;\"" },
    { "back\\slash", "back\\slash", "\"back\\\\slash\"" },
    { "\x1b[31m", "\\x1b[31m", "\"\\\\x1b[31m\"" },
    { "two\nlines", "two\\nlines", "\"two\\\\nlines\"" },
    { "\xe2\x80\xae" "exe", "\\u{202e}exe", "\"\\\\u{202e}exe\"" },
    { "\xff", "\xef\xbf\xbd", "\"\xef\xbf\xbd\"" },
    { "</script>", "&lt;/script&gt;", "\"\\u003c/script>\"" },
    { "<!--", "&lt;!--", "\"\\u003c!--\"" },
    { "\xc3\xa9", "\xc3\xa9", "\"\xc3\xa9\"" },
};

static void test_texts(void)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf html, json;

        buf_init(&html, HTML_MAX);
        buf_init(&json, HTML_MAX);
        html_text(&html, texts[i].text);
        html_json_text(&json, texts[i].text);
        is_text(buf_text(&html), texts[i].html, "as HTML: %s", texts[i].html);
        is_text(buf_text(&json), texts[i].json, "as JSON: %s", texts[i].html);
        buf_clear(&html);
        buf_clear(&json);
    }
}

static void test_printf(void)
{
    struct buf out;

    buf_init(&out, HTML_MAX);
    html_printf(&out, "<a b=\"%s\">%s</a> %zu %d", "\">", "<", (size_t)7, -1);
    is_text(buf_text(&out), "<a b=\"&quot;&gt;\">&lt;</a> 7 -1", "markup stays, arguments are escaped");
    buf_clear(&out);
    html_json_markup(&out, "<p class=\"x\">\n");
    is_text(buf_text(&out), "\"\\u003cp class=\\\"x\\\">\\n\"", "markup in a JSON string");
    buf_clear(&out);
}

static bool add(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

static void put_part(struct html_parts *parts, struct buf *out, const char *text)
{
    struct buf markup;

    buf_init(&markup, HTML_MAX);
    buf_add_text(&markup, text);
    html_part(parts, out, &markup);
    buf_clear(&markup);
}

static void test_parts(void)
{
    struct html_parts *parts = html_parts_new();
    struct buf         out;
    struct sink        sink = { add, &out };

    buf_init(&out, HTML_MAX);
    put_part(parts, &out, "<b>one</b>");
    put_part(parts, &out, "<b>two</b>");
    put_part(parts, &out, "<b>one</b>");
    is_text(buf_text(&out), "<div data-part=0></div><div data-part=1></div><div data-part=0></div>", "a part is kept once");
    buf_empty(&out);
    check_ok(html_parts_write(parts, &sink), "parts are written");
    is_text(buf_text(&out), "<script type=\"application/json\" id=\"part-0\">[\"\\u003cb>one\\u003c/b>\",\n"
                            "\"\\u003cb>two\\u003c/b>\"]</script>\n", "as a list that a script reads");
    buf_empty(&out);
    put_part(NULL, &out, "<b>one</b>");
    is_text(buf_text(&out), "<b>one</b>", "without parts, the markup itself");
    buf_clear(&out);
    html_parts_free(parts);
}

/* Lists end where they should, at their full length too. */
static void test_lists(void)
{
    static const size_t lengths[] = { 0, 1, HTML_LIST_LENGTH - 1, HTML_LIST_LENGTH, HTML_LIST_LENGTH + 1 };
    size_t              i, k;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct buf        out;
        struct sink       sink = { add, &out };
        struct html_lists lists = { .kind = "x", .sink = &sink };
        const char       *at;
        size_t            opened = 0, closed = 0;

        buf_init(&out, HTML_MAX);
        for (k = 0; k < lengths[i]; k++)
            html_lists_add(&lists, "item");
        html_lists_end(&lists);
        for (at = buf_text(&out); (at = strstr(at, "<script")) != NULL; at++)
            opened++;
        for (at = buf_text(&out); (at = strstr(at, "]</script>")) != NULL; at++)
            closed++;
        is_int((long)opened, (long)((lengths[i] + HTML_LIST_LENGTH - 1) / HTML_LIST_LENGTH), "lists of %zu items", lengths[i]);
        is_int((long)closed, (long)opened, "each of %zu is ended", lengths[i]);
        buf_clear(&out);
    }
}

#define DAY 86400

static const struct {
    int64_t     seconds, days;
    const char *text;
} spans[] = {
    { 0, 0, "within a day" },
    { DAY - 1, 0, "within a day" },
    { DAY, 1, "in 1 day" },
    { 14 * DAY + 5, 14, "in 14 days" },
    { -1, -1, "less than a day ago" },
    { -DAY, -1, "1 day ago" },
    { -3 * DAY - 1, -4, "3 days ago" },
};

static void test_days(struct region *region)
{
    size_t i;

    for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        is_int((long)days_between(1000, 1000 + spans[i].seconds), (long)spans[i].days, "%lld seconds in days",
               (long long)spans[i].seconds);
        is_text(days_text(region, 1000, 1000 + spans[i].seconds), spans[i].text, "%lld seconds in words",
                (long long)spans[i].seconds);
    }
}

static void add_trouble(struct html_groups *groups, struct sample *sample, const char *name, enum verdict verdict,
                        enum reason reason)
{
    struct region *region = region_new();
    struct story   story;

    story_find(&story, region, &sample->report, sample_result(sample, name, verdict, reason));
    html_groups_add(groups, &story);
    region_free(region);
}

static void test_groups(struct sample *sample, struct region *region)
{
    struct html_groups *groups = html_groups_new(region);

    add_trouble(groups, sample, "a.example", VERDICT_UNKNOWN, REASON_PROBE_CUT_SHORT);
    add_trouble(groups, sample, "b.example", VERDICT_DEFER, REASON_NULL_MX);
    add_trouble(groups, sample, "c.example", VERDICT_UNKNOWN, REASON_PROBE_CUT_SHORT);
    add_trouble(groups, sample, "d.example", VERDICT_BOUNCE, REASON_NO_SUCH_DOMAIN);
    html_groups_sort(groups);
    is_int((long)html_groups_count(groups), 3, "destinations in the same trouble are one group");
    is_int((long)html_groups_at(groups, 0)->verdict, VERDICT_BOUNCE, "the worst first");
    is_int((long)html_groups_at(groups, 2)->verdict, VERDICT_UNKNOWN, "what is not known last");
    is_int((long)html_groups_at(groups, 2)->count, 2, "with both destinations");
    is_text(html_groups_at(groups, 2)->shown[1]->destination->text, "c.example", "by name");
    check_ok(html_groups_at(groups, 3) == NULL, "and no more");
    html_groups_free(groups);
}

/* A sink that takes so many bytes. */
static bool add_some(void *arg, const char *data, size_t n)
{
    size_t *room = arg;

    (void)data;
    if (n > *room)
        return false;
    *room -= n;
    return true;
}

static void test_page(const struct report *report)
{
    struct report_options options = { 0 };
    struct buf            first, second;
    struct sink           one = { add, &first }, two = { add, &second };
    size_t                tenth;

    buf_init(&first, HTML_MAX);
    buf_init(&second, HTML_MAX);
    check_ok(report_html_write(report, &options, &one), "the page is written: no slot of the template is unknown");
    check_ok(report_html_write(report, &options, &two), "and again");
    is_text(buf_text(&first), buf_text(&second), "with the same bytes");
    check_ok(strstr(buf_text(&first), "{{") == NULL, "no place of the template is left");
    check_ok(strstr(buf_text(&first), "secret") == NULL, "no password");
    for (tenth = 0; tenth < 10; tenth++) {
        size_t      room = first.n * tenth / 10;
        struct sink failing = { add_some, &room };

        check_ok(!report_html_write(report, &options, &failing), "a sink that fails at %zu of 10 is told", tenth);
    }
    buf_clear(&first);
    buf_clear(&second);
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

/* Runs of the history: their columns, their rows, what is said instead of them. */
static void test_trend(struct report report)
{
    static const struct trend_run runs[] = { { 1790000000, { 5, 0, 0, 0, 0 } }, { 1790000000 + DAY, { 4, 1, 0, 0, 0 } },
                                             { 1790000000 + 2 * DAY, { 1, 0, 100000, 1, 1 } } };
    static const struct {
        size_t runs, columns, rectangles;
    } rows[] = { { 0, 0, 0 }, { 1, 0, 0 }, { 2, 2, 1 }, { 3, 3, 4 } };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report_options options = { 0 };
        struct buf            out;
        struct sink           sink = { add, &out };
        const char           *from, *to;

        buf_init(&out, HTML_MAX);
        report.trend = runs;
        report.trend_count = rows[i].runs;
        check_ok(report_html_write(&report, &options, &sink), "the page with %zu runs", rows[i].runs);
        from = strstr(buf_text(&out), "id=\"trend\"");
        to = from != NULL ? strstr(from, "</section>") : NULL;
        is_int(from != NULL, rows[i].columns > 0, "%zu runs: the trend is there, or not", rows[i].runs);
        if (to != NULL)
            out.p[to - out.p] = '\0';
        is_int((long)occurrences(from != NULL ? from : "", "<rect class=\"run\""), (long)rows[i].columns, "columns");
        is_int((long)(occurrences(from != NULL ? from : "", "<rect") - rows[i].columns), (long)rows[i].rectangles,
               "what is not as asked is drawn, few among many too");
        is_int((long)occurrences(from != NULL ? from : "", "<th scope=\"row\">"), (long)rows[i].columns, "rows");
        buf_clear(&out);
    }
}

/* Who is protected by what: nothing where nobody was asked; else a stream for each number, and what strangers published is
 * text. */
static void test_protection(struct sample *sample)
{
    static const struct {
        const char *what;
        size_t      times;
    } rows[] = {
        { "id=\"protection\"", 1 },  { "class=\"stream\"", 7 },   { "data-cell=\"", 14 },
        { "0 of 4 domains", 1 },     { "data-publishes=", 6 },     { "data-guard=", 3 },
        { "id=\"as\"", 0 },          { "</script>\\n", 0 },       { "\xe2\x80\xae", 0 },
    };
    struct report_options options = { 0 };
    struct buf            out;
    struct sink           sink = { add, &out };
    size_t                i;

    buf_init(&out, HTML_MAX);
    check_ok(report_html_write(&sample->report, &options, &sink), "the page without");
    is_int((long)occurrences(buf_text(&out), "id=\"protection\""), 0, "where nobody was asked there is no picture");
    buf_empty(&out);
    sample_publish(sample);
    check_ok(report_html_write(&sample->report, &options, &sink), "the page with what domains publish");
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_int((long)occurrences(buf_text(&out), rows[i].what), (long)rows[i].times, "protection: %s", rows[i].what);
    test_page(&sample->report);
    sample_follow(sample, MECHANISM_DANE);
    test_page(&sample->report);
    buf_clear(&out);
}

int main(void)
{
    struct region *region = region_new();
    struct sample  sample;

    sample_init(&sample);
    test_texts();
    test_printf();
    test_parts();
    test_lists();
    test_days(region);
    test_page(&sample.report);
    test_trend(sample.report);
    test_groups(&sample, region);
    test_protection(&sample);
    sample_clear(&sample);
    region_free(region);
    return check_done();
}
