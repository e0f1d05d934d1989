#include "scanner/advising.h"

void advising_find(struct audit *audit, enum advice_scope scope)
{
    const struct options *options = audit->options;
    struct view           view = { .facts = audit->facts };
    struct judge_input    input = { .config = audit->config, .view = &view, .trust = audit->trust, .sender = options->sender,
                                    .allow = options->allow, .allow_count = options->allow_count,
                                    .when = audit->report.evaluated_at, .horizon_days = (int)options->horizon };
    struct trial         *trial = trial_new(audit->config);
    size_t                i;

    for (i = 0; i < audit->report.count; i++) {
        struct advice_found *found = region_alloc(audit->region, sizeof(*found));

        advice_find(audit->region, found, trial, &input, audit->report.results[i], scope);
        ((struct result *)audit->report.results[i])->advice = found;
    }
    trial_free(trial);
}

static void tell(struct region *region, struct result *result)
{
    const struct advice *advice;

    for (advice = result->advice->advice; advice != NULL; advice = advice->next) {
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
