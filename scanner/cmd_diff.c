#include <stdio.h>
#include <string.h>

#include "reports/text_changes.h"
#include "scanner/command.h"
#include "scanner/history.h"
#include "scanner/history_json.h"
#include "scanner/own_outputs.h"
#include "scanner/saved_file.h"

/* The two sides of a comparison. */
struct sides {
    struct standing     *standings[2];
    size_t               counts[2];
    struct compared_side told[2];
};

static bool read_reports(struct region *region, const struct options *options, struct sides *sides, struct error *err)
{
    struct report report;
    struct json  *tree;
    size_t        i;

    for (i = 0; i < 2; i++) {
        report = (struct report){ 0 };
        tree = saved_file_report(region, options->arguments.items[i], &report, err);
        if (tree == NULL)
            return false;
        sides->standings[i] = standings_of_report(region, &report);
        sides->counts[i] = report.count;
        sides->told[i] = (struct compared_side){ .file = options->arguments.items[i], .started = report.started,
                                                 .complete = report.complete };
        json_free(tree);
    }
    return true;
}

static bool run_number(const char *text, int64_t *number, struct error *err)
{
    unsigned long value;

    if (!slice_to_number(slice_of(text), 1000000000, &value)) {
        error_set(err, EXIT_USAGE_ERROR, "diff: %s is no number of a run", text);
        error_fix(err, "posttls-audit history lists the runs; reports are compared without --history");
        return false;
    }
    *number = (int64_t)value;
    return true;
}

/* The two that are named, or the last two. */
static bool choose_runs(struct region *region, struct history *history, const struct options *options, int64_t numbers[2],
                        struct error *err)
{
    struct history_run *runs;
    size_t              count;

    if (options->arguments.count == 2)
        return run_number(options->arguments.items[0], &numbers[0], err) &&
               run_number(options->arguments.items[1], &numbers[1], err);
    if (!history_runs(history, region, 2, &runs, &count, err))
        return false;
    if (count < 2) {
        error_set_at(err, EXIT_USAGE_ERROR, options->history, 0, "holds %zu run%s: nothing to compare", count,
                     count == 1 ? "" : "s");
        return false;
    }
    numbers[0] = runs[0].id;
    numbers[1] = runs[1].id;
    return true;
}

static bool read_run(struct region *region, struct history *history, int64_t number, struct sides *sides, size_t i,
                     struct error *err)
{
    struct history_run *runs;
    size_t              k, count;

    if (!history_standings(history, region, number, &sides->standings[i], &sides->counts[i], err) ||
        !history_runs(history, region, 0, &runs, &count, err))
        return false;
    for (k = 0; k < count; k++)
        if (runs[k].id == number)
            sides->told[i] = (struct compared_side){ .run = number, .started = runs[k].started, .complete = runs[k].complete };
    return true;
}

static bool read_runs(struct region *region, const struct options *options, struct sides *sides, struct error *err)
{
    struct history *history = history_open(options->history, HISTORY_READ, err);
    int64_t         numbers[2];
    bool            good = history != NULL && choose_runs(region, history, options, numbers, err);
    size_t          i;

    for (i = 0; good && i < 2; i++)
        good = read_run(region, history, numbers[i], sides, i, err);
    history_close(history);
    return good;
}

static bool read_sides(struct region *region, const struct options *options, struct sides *sides, struct error *err)
{
    size_t count = options->arguments.count;

    if (options->history != NULL && (count == 0 || count == 2))
        return read_runs(region, options, sides, err);
    if (options->history == NULL && count == 2)
        return read_reports(region, options, sides, err);
    error_set(err, EXIT_USAGE_ERROR, "diff: two reports, or --history FILE and perhaps two runs, are to be named");
    error_fix(err, "posttls-audit diff yesterday.json today.json");
    return false;
}

/* Where one of the looks ended early, that is not what the destinations did. */
static void put_incomplete(struct page *page, const struct compared_side *side, const char *kind)
{
    struct place place = { .tone = TONE_RED };

    if (side->complete)
        return;
    if (side->file != NULL)
        page_printf(page, place, "INCOMPLETE: %s was cut short: what it did not come to is unknown, or counts as %s", side->file, kind);
    else
        page_printf(page, place, "INCOMPLETE: run %lld was cut short: what it did not come to counts as %s", (long long)side->run,
                    kind);
}

static bool write_text(const void *document, const struct report_options *options, const struct sink *sink)
{
    static const struct changes_labels labels = { "before", "now", false };
    const struct compared             *compared = document;
    struct page                        page;

    page_init(&page, options, sink);
    put_incomplete(&page, &compared->before, "appeared");
    put_incomplete(&page, &compared->after, "vanished");
    page_changes(&page, compared->changes, &labels, NULL);
    return page.good;
}

static bool write_json(const void *document, const struct report_options *options, const struct sink *sink)
{
    (void)options;
    return compared_json_write(document, sink);
}

static const struct own_format formats[] = { { "text", write_text }, { "json", write_json }, { NULL, NULL } };

static bool compare(struct region *region, const struct options *options, struct own_outputs *outputs,
                    struct changes *changes, struct error *err)
{
    struct sides    sides = { 0 };
    struct compared compared;

    if (!own_outputs_open(outputs, options, err) || !read_sides(region, options, &sides, err))
        return false;
    changes_find(changes, region, sides.standings[0], sides.counts[0], sides.standings[1], sides.counts[1]);
    compared = (struct compared){ sides.told[0], sides.told[1], changes };
    return own_outputs_write(outputs, formats, &compared, err);
}

int cmd_diff(struct region *region, const struct options *options)
{
    size_t             counts[VERDICT_UNKNOWN + 1];
    struct own_outputs outputs = { .count = 0 };
    struct changes     changes;
    struct error       err;
    bool               good = compare(region, options, &outputs, &changes, &err);

    own_outputs_abandon(&outputs);
    if (!good)
        return command_fail(&err);
    changes_count_verdicts(&changes, counts);
    return exit_status_of(counts, options->fail_on, true);
}
