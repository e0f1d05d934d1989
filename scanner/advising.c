#include "scanner/advising.h"

static void find(struct audit *audit, struct region *region, struct result *result)
{
    const struct options *options = audit->options;
    struct view           view = { .facts = audit->facts };
    struct judge_input    input = { .config = audit->config, .view = &view, .trust = audit->trust, .sender = options->sender,
                                    .allow = options->allow, .allow_count = options->allow_count,
                                    .when = audit->report.evaluated_at, .horizon_days = (int)options->horizon };
    struct advice_found  *found = region_alloc(region, sizeof(*found));

    if (audit->trial == NULL)
        audit->trial = trial_new(audit->config);
    advice_find(region, found, audit->trial, &input, result, audit->advice_scope);
    result->advice = found;
}

void advising_find(struct audit *audit)
{
    size_t i;

    for (i = 0; i < audit->report.count; i++)
        if (audit->report.results[i]->advice == NULL)
            find(audit, audit->region, (struct result *)audit->report.results[i]);
}

static void tell(struct region *region, struct result *result)
{
    struct advice_found *found = (struct advice_found *)result->advice;
    const struct advice *advice;

    if (found->told)
        return;
    found->told = true;
    for (advice = found->advice; advice != NULL; advice = advice->next) {
        const struct policy *policy = advice->policy;
        struct finding      *finding;

        if (advice->later || advice->held_back)
            continue;
        finding = findings_add(region, &result->findings, finding_word(advice->code), finding_severity(advice->code), NULL,
                               policy->from_table ? policy->answer.file : NULL, policy->from_table ? policy->answer.line : 0,
                               "%s", advice_text(region, advice));
        finding->paste = advice_line(region, advice);
    }
}

void advising_tell(struct audit *audit)
{
    size_t i;

    for (i = 0; i < audit->report.count; i++)
        tell(audit->region, (struct result *)audit->report.results[i]);
}

bool advising_tell_one(struct audit *audit, struct region *region, struct result *result, bool over)
{
    find(audit, region, result);
    if (result->advice->unseen && !over)
        return false;
    tell(region, result);
    return true;
}
