#include "scanner/outputs.h"

#include <string.h>

#include "reports/compare.h"

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

bool outputs_open(struct outputs *outputs, const struct options *options, struct error *err)
{
    bool   taken = options->quiet;
    size_t i;

    for (i = 0; i < options->output_count; i++) {
        taken |= strcmp(options->outputs[i].file, "-") == 0 || strcmp(options->outputs[i].format, "text") == 0;
        if (!open_one(outputs, options->outputs[i].format, options->outputs[i].file, err))
            return false;
    }
    return taken || open_one(outputs, "text", "-", err);
}

bool outputs_write(struct outputs *outputs, const struct report *report, const struct options *options, struct error *err)
{
    bool   good = true;
    size_t i;

    for (i = 0; i < outputs->count; i++) {
        struct report_options how = { .verbose = options->verbose };
        struct sink           sink = output_sink(outputs->items[i]);
        struct error          why;

        how.colour = output_is_terminal(outputs->items[i]);
        how.width = output_width(outputs->items[i]);
        outputs->formats[i]->write(report, &how, &sink);
        if (!output_commit(outputs->items[i], &why) && good) {
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

int report_status(const struct report *report, enum fail_on fail_on)
{
    size_t        counts[VERDICT_UNKNOWN + 1];
    const size_t *told = report->counts.by_verdict;

    if (report->proposed != NULL) {
        count_worse(report, counts);
        told = counts;
    }
    return exit_status_of(told, fail_on, report->complete);
}
