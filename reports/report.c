#include "reports/report.h"

#include <string.h>

#include "config.h"
#include "reports/pins.h"
#include "reports/saved.h"
#include "reports/trouble.h"

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

static bool saved_is_per_site(const struct json *tables)
{
    bool   per_site = false;
    size_t i;

    for (i = 0; i < json_count(tables); i++) {
        struct slice role = json_get_slice(json_at(tables, i), "role");

        if (slice_ends_with(role, SLICE("_tls_policy_maps")))
            return false;
        per_site |= slice_ends_with(role, SLICE("_tls_per_site"));
    }
    return per_site;
}

bool report_is_per_site(const struct report *report)
{
    const struct service *service;
    bool                  per_site = false;

    if (report->saved != NULL)
        return saved_is_per_site(json_get(report->saved->configuration, "tables"));
    for (service = report->config->services; service != NULL; service = service->next) {
        if (service->is_client && service->policy_maps.count > 0)
            return false;
        per_site |= service->is_client && service->per_site.count > 0;
    }
    return per_site;
}

bool report_hides(const struct report *report, const struct result *result)
{
    return result->verdict == VERDICT_UNKNOWN && trouble_explained(report, result->forecast.reason) != NULL;
}

bool report_has_seen(const struct report *report)
{
    size_t i;

    for (i = 0; i < report->count; i++)
        if (report_hides(report, report->results[i]))
            return false;
    return report->complete;
}

void report_count(struct report *report)
{
    size_t i;

    memset(&report->counts, 0, sizeof(report->counts));
    report->counts.destinations = report->count;
    for (i = 0; i < report->count; i++)
        report->counts.by_verdict[report->results[i]->verdict]++;
}

bool report_was_cut_off(const struct result *result)
{
    return result->verdict == VERDICT_UNKNOWN &&
           (result->forecast.reason == REASON_INTERRUPTED || result->forecast.reason == REASON_DEADLINE);
}

static const char *cut_short_by(const struct report *report)
{
    if (report->cut_short_by != NULL && strcmp(report->cut_short_by, reason_code(REASON_INTERRUPTED)) == 0)
        return "a signal ended the run";
    if (report->cut_short_by != NULL && strcmp(report->cut_short_by, reason_code(REASON_DEADLINE)) == 0)
        return "--deadline ended the run";
    return "the run was cut short";
}

const char *report_cut_short_text(struct region *region, const struct report *report)
{
    size_t      judged = 0, i;
    const char *next = "";

    for (i = 0; i < report->count; i++)
        judged += !report_was_cut_off(report->results[i]);
    if (report->journal != NULL)
        next = region_printf(region, "; to go on from here, run it again with --resume %s", report->journal);
    else if (report->cut_short_by != NULL)
        next = "; to have it whole, scan again; with --resume FILE, a scan can go on where it was ended";
    return region_printf(region, "%s when %zu of %zu destination%s could be judged%s", cut_short_by(report), judged,
                         report->count, report->count == 1 ? "" : "s", next);
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
