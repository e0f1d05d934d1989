#include <stdio.h>

#include "scanner/audit.h"
#include "scanner/command.h"
#include "scanner/plan.h"

static bool run_with_proposed(struct audit *audit, struct error *err)
{
    audit_add_proposed_destinations(audit);
    return audit_run(audit, err);
}

static bool scan(struct audit *audit, struct error *err)
{
    return audit_open_history(audit, err) && audit_open_journal(audit, err) &&
           audit_open_outputs(audit, !audit->options->dry_run, err) &&
           audit_read_mail(audit, err) &&
           destinations_collect(audit->region, &audit->destinations, audit->config, audit->options, audit->mail,
                                &audit->report.findings, err) &&
           run_with_proposed(audit, err) && audit_record(audit, err);
}

int cmd_scan(struct region *region, const struct options *options)
{
    struct audit audit;
    struct error err;
    int          status = EXIT_ALL_DELIVER;

    if (!audit_init(&audit, region, options, &err))
        return command_fail(&err);
    if (!scan(&audit, &err) || (!options->dry_run && !audit_write(&audit, &err)))
        status = command_fail(&err);
    else if (!options->dry_run)
        status = audit_status(&audit);
    else
        plan_print(&audit, stdout);
    audit_clear(&audit);
    return status;
}
