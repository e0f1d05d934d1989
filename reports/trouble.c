#include "reports/trouble.h"

#include <string.h>

bool trouble_is_policy(enum reason reason)
{
    return reason == REASON_POLICY_INVALID || reason == REASON_TABLE_ERROR || reason == REASON_TABLE_UNREADABLE ||
           reason == REASON_NEXTHOP_INVALID || reason == REASON_TRANSPORT_ERROR ||
           reason == REASON_WRAPPER_NEEDS_ENCRYPT || reason == REASON_TLS_ENGINE_UNAVAILABLE;
}

bool trouble_is_scan(enum reason reason)
{
    return reason >= REASON_PROBE_CUT_SHORT && reason < REASON_COUNT && reason != REASON_ADDRESS_NOT_ALLOWED;
}

/* What can be said of the surroundings makes the reasons beside it. */
static const struct {
    enum reason       reason;
    enum finding_code code;
} explained[] = {
    { REASON_RESOLVER_UNAVAILABLE, FINDING_LOCAL_RESOLVER },
    { REASON_LOCAL_FAULT, FINDING_LOCAL_RESOLVER },
    { REASON_LOCAL_FAULT, FINDING_LOCAL_NO_CONNECTIONS },
    { REASON_LOCAL_FAULT, FINDING_LOCAL_STARTTLS_STRIPPED },
    { REASON_LOCAL_FAULT, FINDING_LOCAL_SHORTAGE },
    { REASON_PROBE_CUT_SHORT, FINDING_LOCAL_NO_CONNECTIONS },
    { REASON_TLS_ENGINE_UNAVAILABLE, FINDING_LOCAL_TLS_ENGINE },
    { REASON_CERTIFICATE_NOT_TRUSTED, FINDING_LOCAL_NO_CA },
};

static const struct finding *find_on_top(const struct report *report, const char *code)
{
    const struct finding *finding;

    for (finding = report->findings.first; finding != NULL; finding = finding->next)
        if (strcmp(finding->code, code) == 0)
            return finding;
    return NULL;
}

const struct finding *trouble_explained(const struct report *report, enum reason reason)
{
    for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++) {
        const struct finding *finding =
            explained[i].reason == reason ? find_on_top(report, finding_word(explained[i].code)) : NULL;

        if (finding != NULL)
            return finding;
    }
    return NULL;
}

const struct finding *trouble_on_top(const struct story *story)
{
    enum reason reason = story->result->forecast.reason;

    if (reason == REASON_CERTIFICATE_NOT_TRUSTED && !story_lacks_authorities(story))
        return NULL;
    /* In the clear because of what the cause says. */
    if (reason == REASON_DELIVERED_IN_CLEAR && story->cause != NULL)
        reason_parse(story->cause->code, &reason);
    return trouble_explained(story->report, reason);
}

bool trouble_is_own(const struct story *story)
{
    return trouble_is_scan(story->result->forecast.reason) || trouble_on_top(story) != NULL;
}

const char *trouble_key(const struct story *story)
{
    enum reason reason = story->result->forecast.reason;
    const char *at = NULL;

    if (trouble_is_own(story))
        at = "";
    else if (trouble_is_policy(reason))
        at = story_entry(story, story->policy);
    else if (story->host != NULL)
        at = story->host->host->ascii != NULL ? story->host->host->ascii : story->host->host->host;
    if (at == NULL)
        at = story_why(story);
    return region_printf(story->region, "%d %s %s", (int)story->result->verdict, reason_code(reason), at);
}
