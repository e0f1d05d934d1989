/* Each format of the sample report against tests/reports/golden; UPDATE_GOLDEN=1 in the environment writes these anew. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "reports/escape.h"
#include "reports/writers.h"
#include "scanner/base/mem.h"
#include "scanner/base/utf8.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

static bool add(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

typedef bool write_fn(const struct report *, const struct report_options *, const struct sink *);

static bool explain_all(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    bool   good = true;
    size_t i;

    for (i = 0; i < report->count; i++)
        good = good && report_explain(report, report->results[i], options, sink);
    return good;
}

/* The versions of program and library are those of the build. */
static char *replaced(const char *text, const char *what, const char *with)
{
    struct buf  buf;
    char       *copy;
    const char *at;

    buf_init(&buf, (size_t)1 << 24);
    while ((at = strstr(text, what)) != NULL) {
        buf_add(&buf, text, (size_t)(at - text));
        buf_add_text(&buf, with);
        text = at + strlen(what);
    }
    buf_add_text(&buf, text);
    copy = mem_text(buf_text(&buf));
    buf_clear(&buf);
    return copy;
}

static char *without_versions(const char *text)
{
    static const struct { const char *what, *with; } forms[] = {
        { "\"version\":\"" PACKAGE_VERSION "\"", "\"version\":\"0.0.0\"" },
        { "version=\"" PACKAGE_VERSION "\"", "version=\"0.0.0\"" },
        { "\"posttls-audit\" value=\"" PACKAGE_VERSION "\"", "\"posttls-audit\" value=\"0.0.0\"" },
        { PACKAGE_STRING, PACKAGE_NAME " 0.0.0" },
    };
    char  *all, *next, openssl[100];
    size_t i;

    snprintf(openssl, sizeof(openssl), "\"openssl\":\"%s\"", OpenSSL_version(OPENSSL_VERSION_STRING));
    all = replaced(text, openssl, "\"openssl\":\"X.Y.Z\"");
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        next = replaced(all, forms[i].what, forms[i].with);
        mem_free(all);
        all = next;
    }
    return all;
}

struct row {
    const char           *golden;
    write_fn             *write;
    struct report_options options;
    bool                  wide;      /* lines are as long as they are */
};

static const struct row plain[] = {
    { "report.txt", report_text_write, { 0 }, false },
    { "report-verbose.txt", report_text_write, { .verbose = true, .width = 100 }, false },
    { "report-colour.txt", report_text_write, { .colour = true }, false },
    { "report.json", report_json_write, { 0 }, true },
    { "report.jsonl", report_jsonl_write, { 0 }, true },
    { "report.csv", report_csv_write, { 0 }, true },
    { "report.xml", report_junit_write, { 0 }, true },
    { "report.sarif", report_sarif_write, { 0 }, true },
    { "report.prom", report_metrics_write, { 0 }, true },
    { "report.html", report_html_write, { 0 }, true },
    { "explain.txt", explain_all, { 0 }, false },
    { "explain-offline.txt", explain_all, { .policy_only = true }, false },
    { NULL, NULL, { 0 }, false },
};

/* With what domains publish. */
static const struct row published[] = {
    { "published.txt", report_text_write, { 0 }, false },
    { "published-wide.txt", report_text_write, { .verbose = true, .width = 110 }, false },
    { "published.json", report_json_write, { 0 }, true },
    { "published.jsonl", report_jsonl_write, { 0 }, true },
    { "published.csv", report_csv_write, { 0 }, true },
    { "published.prom", report_metrics_write, { 0 }, true },
    { "published-explain.txt", explain_all, { 0 }, false },
    { NULL, NULL, { 0 }, false },
};

/* As if DANE were followed. */
static const struct row followed[] = {
    { "as.txt", report_text_write, { 0 }, false },
    { "as.json", report_json_write, { 0 }, true },
    { "as.csv", report_csv_write, { 0 }, true },
    { "as.xml", report_junit_write, { 0 }, true },
    { "as-explain.txt", explain_all, { 0 }, false },
    { NULL, NULL, { 0 }, false },
};

static void write_golden(const char *path, const char *text)
{
    FILE *file = fopen(check_source_path(path), "w");

    check_ok(file != NULL && fputs(text, file) >= 0, "%s is written", path);
    if (file != NULL)
        fclose(file);
}

static void compare(const struct row *row, const char *got)
{
    char  path[200];
    char *want;

    snprintf(path, sizeof(path), "tests/reports/golden/%s", row->golden);
    if (getenv("UPDATE_GOLDEN") != NULL) {
        write_golden(path, got);
        return;
    }
    want = check_read_file(path, NULL);
    is_text(got, want, "%s", row->golden);
    mem_free(want);
}

/* CSV ends its rows with both (RFC 4180). */
static bool is_row_end(const struct row *row, struct slice text, size_t i)
{
    return row->write == report_csv_write && slice_starts_with(slice_from_index(text, i), SLICE("\r\n"));
}

/* No byte that a terminal obeys but line feed, and our own colours where asked for. */
static void check_harmless(const struct row *row, struct slice text)
{
    bool   harmless = true;
    size_t i, n;

    for (i = 0; i < text.n; i += n) {
        uint32_t code = 0;

        n = utf8_decode(slice_from_index(text, i), &code);
        harmless = harmless && n > 0 && (code >= 0x20 || code == '\n' || is_row_end(row, text, i) || (code == 0x1b && row->options.colour)) &&
                   !(code >= 0x7f && code < 0xa0) && code != 0x202e;
        n += n == 0;
    }
    check_ok(harmless, "%s: nothing that a terminal obeys", row->golden);
}

/* What is to be copied from a line stays whole. */
static bool is_pasted(struct slice line)
{
    struct slice text = slice_trim(line);

    return slice_starts_with(text, SLICE("pinned.example fingerprint match=")) || slice_starts_with(text, SLICE("_25._tcp.")) || slice_starts_with(text, SLICE("list.example dane"));
}

static void check_width(const struct row *row, struct slice text)
{
    size_t       width = row->options.width > 0 ? (size_t)row->options.width : 80;
    struct slice line;

    while (slice_next_token(&text, "\n", &line))
        if (text_width(line) > (int)width && !is_pasted(line))
            check_ok(false, "%s: a line of %zu: %.*s", row->golden, line.n, (int)line.n, line.p);
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

static void check_failing_sink(const struct row *row, const struct report *report, size_t size)
{
    size_t      room = size / 2;
    struct sink sink = { add_some, &room };

    check_ok(!row->write(report, &row->options, &sink), "%s: a sink that fails is told", row->golden);
}

static void check_row(const struct row *row, const struct report *report)
{
    struct buf  out;
    struct sink sink = { add, &out };
    char       *got;

    buf_init(&out, (size_t)1 << 24);
    check_ok(row->write(report, &row->options, &sink), "%s is written", row->golden);
    got = without_versions(buf_text(&out));
    compare(row, got);
    check_harmless(row, slice_of(got));
    check_ok(strstr(got, "secret") == NULL, "%s: no password", row->golden);
    if (!row->wide && !row->options.colour)
        check_width(row, slice_of(got));
    check_failing_sink(row, report, out.n);
    mem_free(got);
    buf_clear(&out);
}

static void check_rows(const struct row *row, const struct report *report)
{
    for (; row->golden != NULL; row++)
        check_row(row, report);
}

int main(void)
{
    struct sample sample;

    sample_init(&sample);
    check_rows(plain, &sample.report);
    sample_publish(&sample);
    check_rows(published, &sample.report);
    sample_follow(&sample, MECHANISM_DANE);
    check_rows(followed, &sample.report);
    sample_clear(&sample);
    return check_done();
}
