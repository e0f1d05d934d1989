#include "scanner/streaming.h"

#include "scanner/advising.h"

static bool lines_are_final(const struct audit *audit)
{
    const struct options *options = audit->options;

    return audit->history == NULL && audit->mail == NULL && audit->proposed_config == NULL && !options->advise &&
           options->as == MECHANISM_NONE && !options->dry_run;
}

static bool add_line(struct audit *audit, struct region *region, struct result *result, bool over)
{
    struct report *report = &audit->report;

    if (!advising_tell_one(audit, region, result, over))
        return false;
    outputs_stream(&audit->outputs, report, result);
    if (audit->results_kept)
        return true;
    report->counts.destinations++;
    report->counts.by_verdict[result->verdict]++;
    return true;
}

/* What was judged, and its advice, goes into the lines, then into the counts where no list of results is there to be counted. */
static bool on_result(void *arg, struct result *result, bool over)
{
    struct audit  *audit = arg;
    struct region *region;
    bool           done;

    if (!audit_is_shown(audit, result))
        return true;
    if (audit->results_kept)
        return add_line(audit, audit->region, result, over);
    region = region_new_small();
    done = add_line(audit, region, result, over);
    region_free(region);
    return done;
}

static void on_forget(void *arg, const struct dns_fact *fact)
{
    const struct audit *audit = arg;
    struct sink         sink = output_sink(audit->facts_output);

    facts_file_add_dns(fact, &sink);
}

void streaming_set(struct audit *audit, struct run_request *request)
{
    bool all = false;

    request->keep_results = true;
    if (lines_are_final(audit) && outputs_can_stream(&audit->outputs, &all)) {
        request->on_result = on_result;
        request->arg = audit;
        request->keep_results = !all || audit->options->syslog;
        request->forget = !request->keep_results && (audit->facts_output == NULL || !output_is_standard(audit->facts_output));
        audit->facts_streamed = request->forget && audit->facts_output != NULL;
        request->on_forget = audit->facts_streamed ? on_forget : NULL;
    }
    audit->results_kept = request->keep_results;
}
