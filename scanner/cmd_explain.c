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

static bool explain(struct audit *audit, struct error *err)
{
    struct report_options options = { .verbose = true, .policy_only = audit->options->offline };
    struct output        *output;
    struct sink           sink;
    size_t                i;

    if (audit->options->arguments.count == 0 && audit->options->file == NULL) {
        error_set(err, EXIT_USAGE_ERROR, "explain: no destination is named");
        error_fix(err, "posttls-audit explain example.org");
        return false;
    }
    if (!audit_open_outputs(audit, false, err) ||
        !destinations_collect(audit->region, &audit->destinations, audit->config, audit->options,
                              &audit->report.findings, err) ||
        !observe(audit, err) || (output = output_open("-", err)) == NULL)
        return false;
    options.colour = output_is_terminal(output);
    options.width = output_width(output);
    sink = output_sink(output);
    for (i = 0; i < audit->report.count; i++)
        report_explain(&audit->report, audit->report.results[i], &options, &sink);
    return output_commit(output, err) && audit_write(audit, err);
}

int cmd_explain(struct region *region, const struct options *options)
{
    struct audit audit;
    struct error err;
    int          status;

    if (!audit_init(&audit, region, options, &err))
        return command_fail(&err);
    if (explain(&audit, &err))
        status = options->offline ? EXIT_ALL_DELIVER : audit_status(&audit);
    else
        status = command_fail(&err);
    audit_clear(&audit);
    return status;
}
