#include "reports/report.h"

#include <string.h>

#include "config.h"
#include "reports/pins.h"
#include "reports/saved.h"

static const char *saved_text(const struct json *object, const char *key)
{
    const char *text = json_get_text(object, key);

    return text != NULL ? text : "";
}

const char *report_program_version(const struct report *report)
{
    return report->saved != NULL ? saved_text(report->saved->generator, "version") : PACKAGE_VERSION;
}

const char *report_config_dir(const struct report *report)
{
    return report->saved != NULL ? saved_text(report->saved->configuration, "config_dir") : report->config->dir;
}

const char *report_postfix_version(struct region *region, const struct report *report)
{
    char version[VERSION_TEXT_MAX];

    if (report->saved != NULL)
        return saved_text(report->saved->configuration, "postfix_version");
    version_to_text(report->config->version, version);
    return region_text(region, version);
}

const char *report_digest(const struct report *report)
{
    return report->saved != NULL ? saved_text(report->saved->configuration, "fingerprint_digest")
                                 : pin_digest(report->config);
}

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
