#include "scanner/streaming.h"

static bool lines_are_final(const struct audit *audit)
{
    const struct options *options = audit->options;

    return audit->history == NULL && audit->mail == NULL && audit->proposed_config == NULL && !options->advise &&
           options->as == MECHANISM_NONE && !options->dry_run;
}

/* What was judged goes into the lines, then into the counts where no list of results is there to be counted. */
static void on_result(void *arg, struct result *result)
{
    struct audit  *audit = arg;
    struct report *report = &audit->report;

    if (!audit_is_shown(audit, result))
        return;
    outputs_stream(&audit->outputs, report, result);
    if (audit->results_kept)
        return;
    report->counts.destinations++;
    report->counts.by_verdict[result->verdict]++;
}

void streaming_set(struct audit *audit, struct run_request *request)
{
    bool all = false;

    request->keep_results = true;
    if (lines_are_final(audit) && outputs_can_stream(&audit->outputs, &all)) {
        request->on_result = on_result;
        request->arg = audit;
        request->keep_results = !all || audit->options->syslog;
        request->forget = !request->keep_results && audit->facts_output == NULL;
    }
    audit->results_kept = request->keep_results;
}
