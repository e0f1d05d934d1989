/* A scan in SARIF: what is wrong with a destination, at the table line that governs it. */
#include <string.h>

#include "reports/sarif.h"
#include "reports/story.h"
#include "reports/writers.h"

static enum severity severity_of(enum verdict verdict)
{
    if (verdict == VERDICT_UNKNOWN || verdict == VERDICT_DELIVER)
        return SEVERITY_NOTICE;
    return verdict == VERDICT_DOWNGRADE ? SEVERITY_WARNING : SEVERITY_CRITICAL;
}

/* What no line governs is governed by what main.cf leaves out. */
static const char *main_cf(const struct story *story)
{
    return region_printf(story->region, "%s/main.cf", report_config_dir(story->report));
}

static void locate(const struct story *story, struct sarif_result *result)
{
    struct table_answer at = policy_answer(story->result, story->policy);

    result->destination = story->result->destination->text;
    if (result->file != NULL)
        return;
    result->file = at.file != NULL && at.file[0] == '/' ? at.file : main_cf(story);
    result->line = at.file == result->file ? at.line : 0;
}

static void add_verdict(struct sarif *sarif, const struct story *story)
{
    enum verdict        verdict = story->result->verdict;
    struct remedy       remedy = story_remedy(story);
    struct sarif_result result = { .rule = reason_code(story->result->forecast.reason), .severity = severity_of(verdict),
                                   .fix = remedy.paste };

    if (verdict == VERDICT_DELIVER)
        return;
    result.text = region_printf(story->region, "%s: %s: %s%s%s", verdict_word(verdict), story->result->destination->text,
                                story_why(story), remedy.text != NULL ? "; " : "", remedy.text != NULL ? remedy.text : "");
    locate(story, &result);
    sarif_add(sarif, &result);
}

static void add_finding(struct sarif *sarif, const struct story *story, const struct finding *finding)
{
    struct sarif_result result = { .rule = finding->code, .severity = finding->severity, .file = finding->file,
                                   .line = finding->line };

    result.text = region_printf(story->region, "%s: %s%s%s", story->result->destination->text,
                                finding->host != NULL ? finding->host : "", finding->host != NULL ? ": " : "", finding->text);
    locate(story, &result);
    sarif_add(sarif, &result);
}

static void add_result(struct sarif *sarif, const struct report *report, const struct result *result)
{
    struct region        *region = region_new();
    struct story          story;
    const struct finding *finding;

    story_find(&story, region, report, result);
    add_verdict(sarif, &story);
    for (finding = result->findings.first; finding != NULL; finding = finding->next)
        if (finding != story.cause && finding->severity > SEVERITY_NOTICE)
            add_finding(sarif, &story, finding);
    region_free(region);
}

bool report_sarif_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct sarif_run run = { report_program_version(report), report->started, report->finished, true, report->complete,
                             sarif_finding_rule };
    const struct finding *finding;
    struct sarif          sarif;
    size_t                i;

    (void)options;
    sarif_begin(&sarif, sink, &run);
    for (finding = report->findings.first; finding != NULL; finding = finding->next)
        sarif_add(&sarif, &(struct sarif_result){ .rule = finding->code, .severity = finding->severity,
                                                  .text = finding->text, .file = finding->file, .line = finding->line });
    for (i = 0; sarif.good && i < report->count; i++)
        add_result(&sarif, report, report->results[i]);
    return sarif_end(&sarif);
}
