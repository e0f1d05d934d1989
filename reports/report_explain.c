/* What explain prints: every step in order. */
#include "reports/formats.h"

bool report_explain(const struct report *report, const struct result *result, const struct report_options *options,
                    const struct sink *sink)
{
    (void)report;
    (void)options;
    return sink_printf(sink, "%s: %s: %s\n", result->destination->text, verdict_word(result->verdict),
                       reason_sentence(result->forecast.reason));
}
