#include "reports/expiry.h"

#define DAY 86400

static const struct cert *leaf_of(const struct report *report, const struct host_result *host)
{
    const struct conversation *seen = host->conversation;

    return seen != NULL && seen->certificate_count > 0 ? facts_cert(report->facts, seen->certificates[0]) : NULL;
}

bool result_expiry(const struct report *report, const struct result *result, int64_t *not_after)
{
    bool   found = false;
    size_t h, i;

    for (h = 0; h < result->hop_count; h++) {
        for (i = 0; i < result->hops[h].host_count; i++) {
            const struct cert *leaf = leaf_of(report, &result->hops[h].hosts[i]);

            if (leaf == NULL || leaf->unparsable || (found && leaf->not_after >= *not_after))
                continue;
            *not_after = leaf->not_after;
            found = true;
        }
    }
    return found;
}

int64_t days_left(const struct report *report, int64_t not_after)
{
    int64_t whole = not_after / DAY - report->evaluated_at / DAY;
    int64_t rest = not_after % DAY - report->evaluated_at % DAY;

    /* Apart, for the difference of two times may not fit; the rest is more than -2 and less than 2 days. */
    while (rest < 0) {
        rest += DAY;
        whole--;
    }
    return whole + rest / DAY;
}
