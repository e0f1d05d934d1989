/* What many destinations have in common is told once in the text report. */
#include <string.h>

#include "reports/writers.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

#define MOST 12

static bool add(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

/* So many destinations of a reason. on_top: a finding about us. words: what each one's finding says, "#" being its
 * number. */
struct row {
    const char   *what;
    size_t        count;
    enum verdict  verdict;
    enum reason   reason;
    const char   *on_top, *code, *words;
    bool          verbose;
    size_t        blocks;   /* wanted */
    const char   *have;     /* wanted somewhere; NULL */
};

static const struct row rows[] = {
    { "interrupted", 9, VERDICT_UNKNOWN, REASON_INTERRUPTED, NULL, NULL, NULL, false, 1,
      "    names    d0.example, d1.example, d2.example, d3.example, d4.example,\n             d5.example and 3 more\n" },
    { "interrupted, all told", 9, VERDICT_UNKNOWN, REASON_INTERRUPTED, NULL, NULL, NULL, true, 9, NULL },
    { "as many as are named", 6, VERDICT_UNKNOWN, REASON_INTERRUPTED, NULL, NULL, NULL, false, 1,
      "UNKNOWN    6 destinations" },
    { "four", 4, VERDICT_UNKNOWN, REASON_INTERRUPTED, NULL, NULL, NULL, false, 1,
      "d0.example, d1.example, d2.example, d3.example\n" },
    { "three have room", 3, VERDICT_UNKNOWN, REASON_INTERRUPTED, NULL, NULL, NULL, false, 3, NULL },
    { "the same words", 9, VERDICT_DEFER, REASON_NO_TLSA, NULL, "no-tlsa", "no records", false, 1, "why      no records\n" },
    { "words of their own", 9, VERDICT_DEFER, REASON_NO_TLSA, NULL, "no-tlsa", "no records of mx#.example", false, 9,
      NULL },
    { "a warning of their own", 9, VERDICT_DEFER, REASON_NO_TLSA, NULL, "order-matters", "host # may come first", false, 9,
      NULL },
    { "a silent resolver, and names that could not be asked for", 9, VERDICT_UNKNOWN, REASON_RESOLVER_UNAVAILABLE,
      "local-resolver", "resolver-unavailable", "name=d#.example: try again", false, 1,
      "why      the resolver does not answer\n" },
    { "the same with nothing on top", 9, VERDICT_UNKNOWN, REASON_RESOLVER_UNAVAILABLE, NULL, "resolver-unavailable",
      "name=d#.example: try again", false, 9, NULL },
    { "port 25 is blocked", 9, VERDICT_UNKNOWN, REASON_LOCAL_FAULT, "local-no-connections", "connect-refused",
      "connect to mx#.example: refused", false, 1, "do       repair what the finding on top names, then scan again\n" },
    { "port 25 is dropped", 9, VERDICT_UNKNOWN, REASON_PROBE_CUT_SHORT, "local-no-connections", NULL, NULL, false, 1,
      "do       repair what the finding on top names, then scan again\n" },
    { "hosts that are slow", 9, VERDICT_UNKNOWN, REASON_PROBE_CUT_SHORT, "local-resolver", NULL, NULL, false, 1,
      "do       scan again with a longer --timeout\n" },
    { "a warning that has nothing to do with it", 9, VERDICT_UNKNOWN, REASON_LOCAL_FAULT, "local-no-connections", "horizon",
      "will defer in # days", false, 9, NULL },
};

static const char *numbered(struct region *region, const char *words, size_t number)
{
    const char *at = strchr(words, '#');

    return at == NULL ? words : region_printf(region, "%.*s%zu%s", (int)(at - words), words, number, at + 1);
}

static void fill(struct sample *sample, const struct row *row, const struct result **results)
{
    struct region *region = sample->fixture->region;
    size_t         i;

    sample->report.results = results;
    sample->report.count = row->count;
    sample->report.findings = (struct findings){ 0 };
    if (row->on_top != NULL)
        findings_add(region, &sample->report.findings, row->on_top, SEVERITY_CRITICAL, NULL, NULL, 0, "it is us");
    for (i = 0; i < row->count; i++) {
        struct result *result =
            sample_result(sample, region_printf(region, "d%zu.example", i), row->verdict, row->reason);

        if (row->words != NULL)
            findings_add(region, &result->findings, row->code, SEVERITY_WARNING, NULL, NULL, 0, "%s",
                         numbered(region, row->words, i));
        results[i] = result;
    }
    report_count(&sample->report);
}

static void check_row(struct sample *sample, const struct row *row)
{
    const struct result  *results[MOST];
    struct report_options options = { .verbose = row->verbose };
    struct buf            out;
    struct sink           sink = { add, &out };

    fill(sample, row, results);
    buf_init(&out, (size_t)1 << 20);
    check_ok(report_text_write(&sample->report, &options, &sink), "%s: written", row->what);
    is_int((long)count_of(buf_text(&out), "    why "), (long)row->blocks, "%s: blocks", row->what);
    check_ok(row->have == NULL || strstr(buf_text(&out), row->have) != NULL, "%s: the words", row->what);
    buf_clear(&out);
}

/* Each keeps its place, the others theirs. */
static void check_order(struct sample *sample)
{
    static const enum reason reasons[] = { REASON_DEADLINE, REASON_INTERRUPTED, REASON_DEADLINE, REASON_EXCLUDED,
                                           REASON_DEADLINE, REASON_INTERRUPTED, REASON_DEADLINE };
    const struct result  *results[sizeof(reasons) / sizeof(reasons[0])];
    struct report_options options = { 0 };
    struct buf            out;
    struct sink           sink = { add, &out };
    const char           *group, *first, *alone;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        results[i] = sample_result(sample, region_printf(sample->fixture->region, "d%zu.example", i), VERDICT_UNKNOWN,
                                   reasons[i]);
    sample->report.results = results;
    sample->report.count = sizeof(reasons) / sizeof(reasons[0]);
    report_count(&sample->report);
    buf_init(&out, (size_t)1 << 20);
    check_ok(report_text_write(&sample->report, &options, &sink), "some alone, some not");
    group = strstr(buf_text(&out), "names    d0.example, d2.example, d4.example, d6.example\n");
    first = strstr(buf_text(&out), "UNKNOWN    d1.example");
    alone = strstr(buf_text(&out), "UNKNOWN    d3.example");
    check_ok(group != NULL && first != NULL && alone != NULL && group < first && first < alone &&
             count_of(buf_text(&out), "d6.example") == 1, "a group stands where its first destination does");
    buf_clear(&out);
}

/* What ended a run, how far it came, and how to go on. */
static void check_cut_short(struct sample *sample)
{
    static const struct {
        const char *by, *journal, *want;
    } ways[] = {
        { "interrupted", "/var/tmp/j", "a signal ended the run when 2 of 4 destinations could be judged; to go on from here, run "
                                       "it again with --resume /var/tmp/j" },
        { "interrupted", NULL, "a signal ended the run when 2 of 4 destinations could be judged; to have it whole, scan again; "
                               "with --resume FILE, a scan can go on where it was ended" },
        { "deadline", "j", "--deadline ended the run when 2 of 4 destinations could be judged; to go on from here, run it again "
                           "with --resume j" },
        { NULL, NULL, "the run was cut short when 2 of 4 destinations could be judged" },
    };
    const struct result *results[] = {
        sample_result(sample, "a.example", VERDICT_UNKNOWN, REASON_INTERRUPTED),
        sample_result(sample, "b.example", VERDICT_DELIVER, REASON_DELIVERED),
        sample_result(sample, "c.example", VERDICT_UNKNOWN, REASON_EXCLUDED),
        sample_result(sample, "d.example", VERDICT_UNKNOWN, REASON_DEADLINE),
    };

    sample->report.results = results;
    sample->report.count = sizeof(results) / sizeof(results[0]);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        sample->report.cut_short_by = ways[i].by;
        sample->report.journal = ways[i].journal;
        is_text(report_cut_short_text(sample->fixture->region, &sample->report), ways[i].want, "cut short, row %zu", i);
    }
}

int main(void)
{
    struct sample sample;

    sample_init(&sample);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&sample, &rows[i]);
    check_order(&sample);
    check_cut_short(&sample);
    sample_clear(&sample);
    return check_done();
}
