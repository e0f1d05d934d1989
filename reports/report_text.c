/* The report for people. */
#include "reports/writers.h"

bool report_text_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct region        *region = region_new();
    const struct result **sorted = report_worst_first(region, report);
    bool                  good = true;
    size_t                i;

    (void)options;
    for (i = 0; good && i < report->count; i++)
        good = sink_printf(sink, "%-9s  %s  %s\n", verdict_word(sorted[i]->verdict), sorted[i]->destination->text,
                           reason_sentence(sorted[i]->forecast.reason));
    region_free(region);
    return good;
}
