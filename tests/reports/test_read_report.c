/* A report that was saved and read again gives the same bytes in every format; what is no report is refused. */
#include <stdio.h>
#include <string.h>

#include "reports/compare.h"
#include "reports/formats.h"
#include "reports/read_report.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

#define ROOM ((size_t)1 << 24)

static bool add(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

static struct buf written(const struct report *report, const char *word, const struct report_options *options)
{
    struct buf  out;
    struct sink sink = { add, &out };

    buf_init(&out, ROOM);
    check_ok(format_find(word)->write(report, options, &sink), "%s is written", word);
    return out;
}

static bool read_again(struct region *region, struct report *report, struct slice text, struct error *err)
{
    struct json *tree = report_parse(text, err);
    bool         good = tree != NULL && report_read(region, report, tree, err);

    json_free(tree);
    return good;
}

static const struct report_options ways[] = {
    { .verbose = false },
    { .verbose = true, .width = 100 },
    { .colour = true },
};

static void compare(const struct report *report, const struct report *again, const char *from)
{
    const struct format *format;
    size_t               i, way;

    for (i = 0; (format = format_at(i)) != NULL; i++) {
        for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
            struct buf want = written(report, format->word, &ways[way]);
            struct buf got = written(again, format->word, &ways[way]);

            is_text(buf_text(&got), buf_text(&want), "%s from a saved %s report, way %zu", format->word, from, way);
            buf_clear(&want);
            buf_clear(&got);
        }
    }
}

static void check_round(const struct report *report, const char *word)
{
    struct region *region = region_new();
    struct buf     saved = written(report, word, &ways[0]);
    struct report  again;
    struct error   err = { 0 };
    bool           good = read_again(region, &again, buf_slice(&saved), &err);

    check_ok(good, "a %s report is read: %s", word, err.text);
    if (good)
        compare(report, &again, word);
    buf_clear(&saved);
    region_free(region);
}

static void check_cut_short(struct sample *sample)
{
    sample->report.complete = false;
    sample->report.cut_short_by = "deadline";
    sample->report.journal = "/var/tmp/journal";
    check_round(&sample->report, "json");
    check_round(&sample->report, "jsonl");
    sample->report.complete = true;
    sample->report.cut_short_by = sample->report.journal = NULL;
}

/* What one change to a good report makes of it: the words of the error. */
static const struct {
    const char *what, *with, *error;
} damages[] = {
    { "posttls-audit/report", "posttls-audit/facts", "its format is not" },
    { "\"format_version\": 1", "\"format_version\": 2", "format_version" },
    { "\"verdict\":\"defer\"", "\"verdict\":\"maybe\"", "example.net: verdict is no verdict" },
    { "\"verdict\":\"defer\"", "\"verdict\":\"not-tried\"", "example.net: verdict is no verdict" },
    { "\"reason\":\"certificate-name-mismatch\"", "\"reason\":\"weather\"", "example.net: reason is no reason code" },
    { "\"certain\":true", "\"certain\":1", "certain is neither true nor false" },
    { "\"destinations\": [", "\"destinations\": 1, \"x\": [", "destinations is no list" },
    { "\"forecast\":{", "\"forecast\":[],\"x\":{", "forecast is no object" },
    { "\"severity\":\"critical\"", "\"severity\":\"bad\"", "severity is none" },
    { "\"code\":\"certificate-name-mismatch\"", "\"code\":\"<b>\"", "code is no finding code" },
    { "\"address\":\"192.0.2.1\"", "\"address\":\"192.0.2\"", "address is none" },
    { "\"port\":25", "\"port\":65536", "port is no such number" },
    { "\"ending\":\"complete\"", "\"ending\":\"happy\"", "ending is none" },
    { "\"level\":\"secure\"", "\"level\":\"secrue\"", "level is no level" },
    { "-----BEGIN", "-----BEGUN", "pem is no certificate" },
    { "\"sha256\":\"c4a4", "\"sha256\":\"c4a5", "sha256 is not the certificate's key" },
    { "\"data\":\"ab", "\"data\":\"xy", "data is not hexadecimal" },
    { "\"data\":\"ab", "\"data\":\"b", "data is no TLSA data" },
    { "\"started\":\"2026", "\"started\":\"once", "started is no time" },
    { "\"generator\":", "\"gen\":", "generator is no object" },
    { "\"certificates\":", "\"certs\":", "certificates is no object" },
    { "\"run\":", "\"fun\":", "the report: run is no object" },
};

static char *damaged(const char *text, const char *what, const char *with)
{
    const char *at = strstr(text, what);
    struct buf  buf;
    char       *copy;

    buf_init(&buf, ROOM);
    buf_add(&buf, text, at != NULL ? (size_t)(at - text) : 0);
    buf_add_text(&buf, with);
    buf_add_text(&buf, at != NULL ? at + strlen(what) : "");
    copy = mem_text(buf_text(&buf));
    buf_clear(&buf);
    return copy;
}

static void check_damage(const char *text, const char *what, const char *with, const char *error)
{
    struct region *region = region_new();
    char          *bad = damaged(text, what, with);
    struct report  report;
    struct error   err = { 0 };

    check_ok(strstr(text, what) != NULL, "%s is there to be damaged", what);
    check_ok(!read_again(region, &report, slice_of(bad), &err), "%s is refused", with);
    check_ok(strstr(err.text, error) != NULL, "%s: says \"%s\": %s", with, error, err.text);
    mem_free(bad);
    region_free(region);
}

static void check_damages(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
        check_damage(text, damages[i].what, damages[i].with, damages[i].error);
}

/* A report that was cut anywhere is never taken for a whole one. */
static void check_cuts(struct slice text)
{
    size_t n, taken = 0;

    for (n = 0; n + 2 < text.n; n += 97) {
        struct region *region = region_new();
        struct report  report;
        struct error   err = { 0 };

        taken += read_again(region, &report, slice_head(text, n), &err);
        region_free(region);
    }
    is_int((long)taken, 0, "no cut report is read");
}

static void add_lines(struct buf *out, struct slice text, int skip, int take)
{
    for (; text.n > 0 && take > 0; skip--) {
        struct slice line = slice_head(text, slice_find(text, '\n') + 1);

        text = slice_from_index(text, line.n);
        if (skip <= 0 && take-- > 0)
            buf_add_slice(out, line);
    }
}

/* JSON lines put together from two parts of a report: its first lines, then some of it once more. */
static void check_lines(const struct report *report)
{
    static const struct {
        const char *what;
        int         first;        /* lines; negative: all but so many */
        int         skip, take;   /* of the second part */
        const char *error;        /* NULL: it is read */
        bool        complete;
    } rows[] = {
        { "a whole report", 99, 0, 0, NULL, true },
        { "without its summary", -1, 0, 0, NULL, false },
        { "nothing but its header", 1, 0, 0, NULL, false },
        { "two reports", 99, 0, 99, "another report begins here", false },
        { "a cut one, then another", 2, 0, 99, "another report begins here", false },
        { "two headers", 1, 0, 1, "another report begins here", false },
        { "a destination after the summary", 99, 1, 1, "after its summary", false },
    };
    struct buf   saved = written(report, "jsonl", &ways[0]);
    struct slice text = buf_slice(&saved);
    int          count = 0;
    size_t       i;

    for (i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct report  again;
        struct error   err = { 0 };
        struct buf     put;
        int            first = rows[i].first < 0 ? count + rows[i].first : rows[i].first < count ? rows[i].first : count;
        bool           good;

        buf_init(&put, ROOM);
        add_lines(&put, text, 0, first);
        add_lines(&put, text, rows[i].skip, rows[i].take);
        buf_add_text(&put, "\n");
        good = read_again(region, &again, buf_slice(&put), &err);
        check_ok(good == (rows[i].error == NULL), "%s: %s", rows[i].what, err.text);
        if (good)
            is_int(again.complete, rows[i].complete, "%s: complete", rows[i].what);
        else
            check_ok(rows[i].error != NULL && strstr(err.text, rows[i].error) != NULL && err.line == first + 1, "%s: line %d: %s", rows[i].what, err.line,
                     err.text);
        buf_clear(&put);
        region_free(region);
    }
    buf_clear(&saved);
}

/* What a history would add: a change of each kind, and three runs. */
static void add_history(struct region *region, struct report *report, struct news *news)
{
    static struct trend_run runs[] = { { 1, { 1, 2, 3, 4, 5 } }, { 1700000000, { 0 } }, { 1790000000, { 5, 0, 4, 0, 0 } } };
    static const struct standing_published published[] = { { "all", "testing", NULL, "<b>\x1b[31m", "mx a" },
                                                           { "some", "enforce", "valid", "2", "mx \x1b[31m" } };
    static struct standing  before = { "other.example", VERDICT_DELIVER, "delivered", "2.0.0", "verified", "dane", "half-dane",
                                       "a.example b.example", "/etc/postfix/tls_policy:1: other.example dane", "sent",
                                       &published[0] };
    static struct standing  after = { "other.example", VERDICT_DEFER, "tlsa-mismatch", "4.7.5", NULL, NULL, NULL, "", NULL,
                                      "<b>\x1b[31mno record\u202e matches",
                                      &published[1] };
    int                     kind;

    *news = (struct news){ .run = 7, .before = 6, .since = 1700000000 };
    changes_init(&news->changes, region, CHANGE_KINDS);
    for (kind = CHANGE_WORSE; kind < CHANGE_SAME; kind++)
        changes_add(&news->changes, (struct change){ (enum change_kind)kind, kind != CHANGE_APPEARED ? &before : NULL,
                                                     kind != CHANGE_VANISHED ? &after : NULL,
                                                     kind == CHANGE_WORSE ? "seen 2 times since 2026-01-01" : NULL });
    findings_add(region, &news->findings, "local-no-ca", SEVERITY_CRITICAL, NULL, "/etc/postfix/main.cf", 12, "no file");
    report->news = news;
    report->trend = runs;
    report->trend_count = sizeof(runs) / sizeof(runs[0]);
}

/* What one change to the history's members makes of a report. */
static void check_history(struct report *report)
{
    static const struct {
        const char *what, *with, *error;
    } rows[] = {
        { "\"change\":\"worse\"", "\"change\":\"same\"", "changes: change is none" },
        { "\"change\":\"appeared\"", "\"change\":\"worse\"", "changes: before is no object" },
        { "\"only\":", "\"lonely\":", "changes: only is neither" },
        { "\"before\":{\"verdict\":\"deliver\"", "\"before\":{\"verdict\":\"not-tried\"", "changes: verdict is no verdict" },
        { "\"trend\": [{\"finished\":\"1970", "\"trend\": [{\"finished\":\"x", "trend: finished is no time" },
        { "\"since\":\"2", "\"since\":\"z", "changes: since is no time" },
    };
    struct region *region = region_new();
    struct news    news;
    struct buf     saved;
    size_t         i;

    add_history(region, report, &news);
    check_round(report, "json");
    report->news_only = true;
    check_round(report, "jsonl");
    saved = written(report, "json", &ways[0]);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_damage(buf_text(&saved), rows[i].what, rows[i].with, rows[i].error);
    buf_clear(&saved);
    region_free(region);
}

/* What domains publish, and --as; and what one change to a report that has both makes of it. */
static void check_published(void)
{
    static const struct {
        const char *what, *with, *error;
    } rows[] = {
        { "\"mechanism\":\"dane\"", "\"mechanism\":\"table\"", "as: mechanism is none" },
        { "\"follows\":\"table\"", "\"follows\":\"me\"", "good.example: follows is no mechanism" },
        { "\"dane\":{\"state\":\"all\"", "\"dane\":{\"state\":\"half\"", "good.example: state is none of DANE" },
        { "\"state\":\"enforce\"", "\"state\":\"enforced\"", "state is none of MTA-STS" },
        { "\"state\":\"valid\"", "\"state\":true", "state" },
        { "\"with_tlsa\":1", "\"with_tlsa\":-1", "with_tlsa is no such number" },
        { "\"max_age\":604800", "\"max_age\":\"week\"", "max_age is no such number" },
        { "\"fits\":true", "\"fits\":1", "fits is neither true nor false" },
        { "\"as_if\":{\"verdict\":\"deliver\"", "\"as_if\":{\"verdict\":\"not-tried\"", "verdict is no verdict" },
        { "\"mx\":[\"mx.good.example\"", "\"mx\":[7", "mx has something that is no text" },
        { "\"as\":{\"verdict\"", "\"has\":{\"verdict\"", "as is no object" },
    };
    struct sample sample;
    struct buf    saved;
    size_t        i;

    sample_init(&sample);
    sample_publish(&sample);
    check_round(&sample.report, "json");
    sample_follow(&sample, MECHANISM_DANE);
    check_round(&sample.report, "json");
    check_round(&sample.report, "jsonl");
    saved = written(&sample.report, "json", &ways[0]);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_damage(buf_text(&saved), rows[i].what, rows[i].with, rows[i].error);
    buf_clear(&saved);
    sample_clear(&sample);
}

int main(void)
{
    struct sample sample;
    struct buf    saved;

    sample_init(&sample);
    check_round(&sample.report, "json");
    check_round(&sample.report, "jsonl");
    check_cut_short(&sample);
    check_lines(&sample.report);
    saved = written(&sample.report, "json", &ways[0]);
    check_damages(buf_text(&saved));
    check_cuts(buf_slice(&saved));
    buf_clear(&saved);
    check_history(&sample.report);
    sample_clear(&sample);
    check_published();
    return check_done();
}
