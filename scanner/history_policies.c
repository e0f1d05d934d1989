/* MTA-STS policies against those of the runs before: a sender that has a policy in its cache looks at the id of the record, and
 * fetches the policy anew only when that has changed (RFC 8461 sections 3.1 and 5.1). */
#include <string.h>

#include "scanner/history_impl.h"

struct seen {
    const char *id, *mode, *policy;
    int64_t     when;
};

static bool is_policy(const struct published *published)
{
    enum sts_state state = published->sts.state;

    return (state == STS_MODE_IS_NONE || state == STS_TESTING || state == STS_ENFORCE) && published->sts.id != NULL;
}

static bool read_seen(struct recording *r, const char *domain, struct seen *seen)
{
    struct sql_query *query =
        sql_query(r->sql, "SELECT id, mode, policy, seen FROM policies WHERE domain = ?", "t", domain);

    if (!sql_next(query))
        return false;
    *seen = (struct seen){ sql_text(query, 0, r->region), sql_text(query, 1, r->region), sql_text(query, 2, r->region),
                           sql_integer(query, 3) };
    sql_end(query);
    return true;
}

static void tell(struct recording *r, struct result *result, enum finding_code code, const char *text)
{
    findings_add(r->region, &result->findings, finding_word(code), finding_severity(code), NULL, NULL, 0, "%s", text);
}

static void compare(struct recording *r, struct result *result, const struct seen *before, const struct seen *now)
{
    bool same_id = strcmp(before->id, now->id) == 0, same_policy = strcmp(before->policy, now->policy) == 0;

    if (same_id && !same_policy)
        tell(r, result, FINDING_STS_ID_UNCHANGED,
             region_printf(r->region, "the MTA-STS policy of %s has changed, and the id of its record is still %s: senders that "
                                      "have the old policy in their cache go on with it until it expires",
                           result->published->domain, now->id));
    if (!same_id && same_policy)
        tell(r, result, FINDING_STS_POLICY_UNCHANGED,
             region_printf(r->region, "the id of the MTA-STS record of %s has changed from %s to %s, and its policy is what it was",
                           result->published->domain, before->id, now->id));
    if (strcmp(before->mode, now->mode) != 0)
        tell(r, result, FINDING_STS_MODE_CHANGED,
             region_printf(r->region, "the MTA-STS policy of %s was %s and is %s", result->published->domain, before->mode,
                           now->mode));
}

static void record_policy(struct recording *r, struct result *result)
{
    const struct published *published = result->published;
    struct seen             now = { published->sts.id, sts_state_word(published->sts.state),
                                    standing_policy(r->region, &published->sts), r->when };
    struct seen             before;

    if (read_seen(r, published->domain, &before) && before.when <= now.when)
        compare(r, result, &before, &now);
    sql_do(r->sql, "INSERT INTO policies(domain, id, mode, policy, seen) VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET"
                   " id = excluded.id, mode = excluded.mode, policy = excluded.policy, seen = excluded.seen",
           "tttti", published->domain, now.id, now.mode, now.policy, now.when);
}

void policies_record(struct recording *r)
{
    size_t i;

    for (i = 0; i < r->report->count; i++) {
        struct result *result = (struct result *)r->report->results[i];

        if (result->published != NULL && is_policy(result->published))
            record_policy(r, result);
    }
}
