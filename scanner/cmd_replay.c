#include <string.h>

#include "scanner/audit.h"
#include "scanner/command.h"
#include "scanner/replay.h"

static bool replay(struct audit *audit, struct error *err)
{
    return audit_open_history(audit, err) && audit_open_outputs(audit, true, err) && replay_facts(audit, err) &&
           audit_record(audit, err);
}

int cmd_replay(struct region *region, const struct options *options)
{
    struct audit audit;
    struct error err;
    int          status;

    if (options->arguments.count == 0) {
        error_set(&err, EXIT_USAGE_ERROR, "replay: no facts file is named");
        error_fix(&err, "posttls-audit scan --save-facts FILE writes one");
        return command_fail(&err);
    }
    if (!audit_init(&audit, region, options, &err))
        return command_fail(&err);
    if (replay(&audit, &err) && audit_write(&audit, &err))
        status = audit_status(&audit);
    else
        status = command_fail(&err);
    audit_clear(&audit);
    return status;
}
