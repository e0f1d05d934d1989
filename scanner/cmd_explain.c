#include <time.h>

#include "scanner/audit.h"
#include "scanner/command.h"

static bool observe(struct audit *audit, struct error *err)
{
    int64_t now = time(NULL);

    if (!audit->options->offline)
        return audit_run(audit, err);
    audit_replay(audit, true, now);
    audit_report(audit, now, now, true, NULL);
    return true;
}

/* The story of every destination, unless another output takes its place. */
static bool tell(struct audit *audit, struct error *err)
{
    struct report_options options = { .verbose = true, .policy_only = audit->options->offline };
    struct output        *output;
    struct sink           sink;
    size_t                i;

    if (outputs_take_stdout(audit->options))
        return true;
    output = output_open("-", err);
    if (output == NULL)
        return false;
    options.colour = output_is_terminal(output);
    options.width = output_width(output);
    sink = output_sink(output);
    for (i = 0; i < audit->report.count; i++)
        report_explain(&audit->report, audit->report.results[i], &options, &sink);
    return output_commit(output, err);
}

static bool explain(struct audit *audit, struct error *err)
{
    if (audit->options->arguments.count == 0 && audit->options->file == NULL) {
        error_set(err, EXIT_USAGE_ERROR, "explain: no destination is named");
        error_fix(err, "posttls-audit explain example.org");
        return false;
    }
    audit->report.explained = true;
    return audit_open_outputs(audit, false, err) && outputs_open_named(&audit->outputs, audit->options, err) &&
           destinations_collect(audit->region, &audit->destinations, audit->config, audit->options, NULL,
                                &audit->report.findings, err) &&
           observe(audit, err) && tell(audit, err) && audit_write(audit, err);
}

/* Whatever DNS says of its hosts, no mail is sent: the policies of all next-hops are at fault. */
static bool is_stuck(const struct result *result)
{
    size_t h;

    for (h = 0; h < result->hop_count; h++) {
        const struct policy *policy = result->hops[h].policy;

        if (policy == NULL || (policy->trouble != POLICY_BAD_VALUE && policy->trouble != POLICY_TABLE_ERROR))
            return false;
    }
    return result->hop_count > 0;
}

/* Without a look at the network only what the configuration settles by itself counts. */
static int status_of(const struct audit *audit)
{
    int    status = audit_status(audit);
    size_t i;

    if (!audit->options->offline || status == EXIT_DEFER)
        return status;
    for (i = 0; i < audit->report.count && audit->options->fail_on != FAIL_ON_NEVER; i++)
        if (is_stuck(audit->report.results[i]))
            return EXIT_DEFER;
    return EXIT_ALL_DELIVER;
}

int cmd_explain(struct region *region, const struct options *options)
{
    struct audit audit;
    struct error err;
    int          status;

    if (!audit_init(&audit, region, options, &err))
        return command_fail(&err);
    audit.advice_scope = ADVICE_ALL;
    status = explain(&audit, &err) ? status_of(&audit) : command_fail(&err);
    audit_clear(&audit);
    return status;
}
