/* What lint found, in SARIF: each at its line. */
#include "config.h"
#include "reports/lint_report.h"
#include "reports/sarif.h"

static bool lint_rule(size_t i, struct sarif_rule *rule)
{
    if (i >= LINT_COUNT)
        return false;
    *rule = (struct sarif_rule){ .id = lint_row((enum lint_code)i)->code, .text = lint_row((enum lint_code)i)->sentence };
    return true;
}

static void add_finding(struct sarif *sarif, const struct config *config, const struct lint_finding *finding)
{
    struct region      *region = region_new();
    struct sarif_result result = { .rule = lint_row(finding->code)->code, .severity = finding->severity,
                                   .file = finding->file, .line = finding->line,
                                   .fix = finding->fix_is_line ? finding->fix : NULL };

    result.text = region_printf(region, "%s; %s%s%s", finding->text, finding->mail, finding->fix_is_line ? "" : "; ",
                                finding->fix_is_line ? "" : finding->fix);
    if (result.file == NULL)
        result.file = region_printf(region, "%s/main.cf", config->dir);
    sarif_add(sarif, &result);
    region_free(region);
}

bool lint_report_sarif(const struct config *config, const struct lint_result *result, const struct sink *sink)
{
    struct sarif_run run = { .version = PACKAGE_VERSION, .complete = true, .rule = lint_rule };
    struct sarif     sarif;
    size_t           i;

    sarif_begin(&sarif, sink, &run);
    for (i = 0; sarif.good && i < result->count; i++)
        add_finding(&sarif, config, result->items[i]);
    return sarif_end(&sarif);
}
