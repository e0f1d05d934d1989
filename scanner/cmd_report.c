#include "reports/read_report.h"
#include "scanner/command.h"
#include "scanner/outputs.h"
#include "scanner/saved_file.h"

static bool render(struct region *region, const struct options *options, int *status, struct error *err)
{
    struct outputs outputs = { .count = 0 };
    struct report  report;
    struct json   *tree;
    bool           good;

    if (options->arguments.count != 1) {
        error_set(err, EXIT_USAGE_ERROR, "report: %s", options->arguments.count == 0 ? "no file is named" : "more than one file");
        error_fix(err, "%s", options->arguments.count == 0 ? "scan --json FILE writes one" : "merge joins several");
        return false;
    }
    tree = saved_file_report(region, options->arguments.items[0], &report, err);
    good = tree != NULL && outputs_open(&outputs, options, err) && outputs_write(&outputs, &report, options, err);
    if (good)
        *status = report_status(&report, options->fail_on);
    outputs_abandon(&outputs);
    json_free(tree);
    return good;
}

int cmd_report(struct region *region, const struct options *options)
{
    struct error err;
    int          status;

    return render(region, options, &status, &err) ? status : command_fail(&err);
}
