#include "reports/report.h"

#include <string.h>

void report_count(struct report *report)
{
    size_t i;

    memset(&report->counts, 0, sizeof(report->counts));
    report->counts.destinations = report->count;
    for (i = 0; i < report->count; i++)
        report->counts.by_verdict[report->results[i]->verdict]++;
}

const struct result **report_worst_first(struct region *region, const struct report *report)
{
    static const enum verdict order[] = { VERDICT_BOUNCE, VERDICT_DEFER, VERDICT_DOWNGRADE, VERDICT_UNKNOWN,
                                          VERDICT_DELIVER };
    const struct result **sorted = region_array(region, report->count + 1, sizeof(*sorted));
    size_t                i, k, n = 0;

    for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
        for (i = 0; i < report->count; i++)
            if (report->results[i]->verdict == order[k])
                sorted[n++] = report->results[i];
    return sorted;
}
