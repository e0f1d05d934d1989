#include "scanner/outputs.h"

#include <limits.h>
#include <string.h>

#include "reports/compare.h"
#include "scanner/files.h"

#define METRICS_MAX ((size_t)16 << 20)

static bool open_one(struct outputs *outputs, const char *format, const char *file, struct error *err)
{
    size_t i = outputs->count;

    outputs->formats[i] = format_find(format);
    outputs->items[i] = output_open(file, err);
    if (outputs->items[i] == NULL)
        return false;
    outputs->count++;
    return true;
}

bool outputs_open_named(struct outputs *outputs, const struct options *options, struct error *err)
{
    size_t i;

    for (i = 0; i < options->output_count; i++)
        if (!open_one(outputs, options->outputs[i].format, options->outputs[i].file, err))
            return false;
    return true;
}

bool outputs_take_stdout(const struct options *options)
{
    bool   taken = options->quiet;
    size_t i;

    for (i = 0; i < options->output_count; i++)
        taken |= strcmp(options->outputs[i].file, "-") == 0;
    return taken;
}

bool outputs_open(struct outputs *outputs, const struct options *options, struct error *err)
{
    bool   taken = outputs_take_stdout(options);
    size_t i;

    for (i = 0; i < options->output_count; i++)
        taken |= strcmp(options->outputs[i].format, "text") == 0;
    return outputs_open_named(outputs, options, err) && (taken || open_one(outputs, "text", "-", err));
}

/* When the metrics that stand in the file already say that a run was last complete and could see; 0: they do not. So an
 * interrupted run, or a blind one, does not hide the last whole one. */
static int64_t last_success(struct region *region, const char *path)
{
    static const char name[] = "posttls_audit_last_success_timestamp_seconds ";
    struct slice      rest, line;
    unsigned long     when = 0;

    if (strcmp(path, "-") == 0 || !file_read(region, path, METRICS_MAX, &rest, NULL, NULL))
        return 0;
    while (slice_next_token(&rest, "\n", &line))
        if (slice_starts_with(line, SLICE(name)))
            slice_to_number(slice_from_index(line, sizeof(name) - 1), LONG_MAX, &when);
    return (int64_t)when;
}

static int64_t last_success_of(const struct report *report, const struct options *options, size_t i)
{
    struct region *region;
    int64_t        when;

    if (report_has_seen(report) || i >= options->output_count || strcmp(options->outputs[i].format, "metrics") != 0)
        return 0;
    region = region_new();
    when = last_success(region, options->outputs[i].file);
    region_free(region);
    return when;
}

static bool can_stream(const struct outputs *outputs, size_t i)
{
    return outputs->formats[i]->write_destination != NULL;
}

bool outputs_can_stream(const struct outputs *outputs, bool *all)
{
    size_t i, count = 0;

    for (i = 0; i < outputs->count; i++)
        count += can_stream(outputs, i);
    *all = count == outputs->count;
    return count > 0;
}

/* Whoever reads from standard output gets each line at once. */
void outputs_stream(struct outputs *outputs, const struct report *report, const struct result *result)
{
    size_t i;

    for (i = 0; i < outputs->count; i++) {
        const struct format *format = outputs->formats[i];
        struct sink          sink = output_sink(outputs->items[i]);

        if (!can_stream(outputs, i))
            continue;
        if (!outputs->begun[i])
            format->write_header(report, &sink);
        outputs->begun[i] = true;
        format->write_destination(report, result, &sink);
        if (output_is_standard(outputs->items[i]))
            output_flush(outputs->items[i]);
    }
}

static void write_one(const struct outputs *outputs, size_t i, const struct report *report,
                      const struct report_options *how, const struct sink *sink)
{
    const struct format *format = outputs->formats[i];

    if (outputs->begun[i])
        format->write_end(report, sink);
    else
        format->write(report, how, sink);
}

bool outputs_write(struct outputs *outputs, const struct report *report, const struct options *options, struct error *err)
{
    bool   good = true;
    size_t i;

    for (i = 0; i < outputs->count; i++) {
        struct report_options how = { .verbose = options->verbose, .last_success = last_success_of(report, options, i) };
        struct sink           sink = output_sink(outputs->items[i]);
        struct error          why;

        how.colour = output_is_terminal(outputs->items[i]);
        how.width = output_width(outputs->items[i]);
        write_one(outputs, i, report, &how, &sink);
        if (!output_commit(outputs->items[i], &why)) {
            if (good || err->text[0] == '\0')
                *err = why;
            good = false;
        }
        outputs->items[i] = NULL;
    }
    return good;
}

void outputs_abandon(struct outputs *outputs)
{
    size_t i;

    for (i = 0; i < outputs->count; i++)
        output_abandon(outputs->items[i]);
    outputs->count = 0;
}

static void count_worse(const struct report *report, size_t *counts)
{
    struct region *region = region_new();
    struct changes changes;

    changes_of_proposed(&changes, region, report);
    changes_count_verdicts(&changes, counts);
    region_free(region);
}

/* They count as deliver. */
static void leave_out_acknowledged(const struct report *report, size_t *counts)
{
    size_t i;

    for (i = 0; i < report->count; i++) {
        if (report->results[i]->acknowledged == NULL)
            continue;
        counts[report->results[i]->verdict]--;
        counts[VERDICT_DELIVER]++;
    }
}

int report_status(const struct report *report, enum fail_on fail_on)
{
    size_t counts[VERDICT_UNKNOWN + 1];

    if (report->news_only) {
        changes_count_verdicts(&report->news->changes, counts);
    } else if (report->proposed != NULL) {
        count_worse(report, counts);
    } else {
        memcpy(counts, report->counts.by_verdict, sizeof(counts));
        leave_out_acknowledged(report, counts);
    }
    return exit_status_of(counts, fail_on, report->complete);
}
