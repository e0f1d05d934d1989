#include "reports/text_advice.h"

#include "reports/story.h"
#include "scanner/judge/advice.h"

#define INDENT      4
#define LABEL_WIDTH 9
#define ADVICE_SHOWN 10

static struct place detail(const char *label)
{
    return (struct place){ .indent = INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

/* Where the verdict itself calls for something, that is said already. */
static bool is_told(const struct result *result, const struct finding *finding)
{
    return result->verdict == VERDICT_DELIVER && advice_is_code(finding->code);
}

static size_t count_advice(const struct report *report)
{
    const struct finding *finding;
    size_t                i, n = 0;

    for (i = 0; i < report->count; i++)
        for (finding = report->results[i]->findings.first; finding != NULL; finding = finding->next)
            n += is_told(report->results[i], finding);
    return n;
}

static void put_advice(struct page *page, const struct story *story, const struct finding *finding)
{
    const char *entry = story_entry(story, story->policy);

    page_blank(page);
    page_text(page, (struct place){ 0 }, story->result->destination->text);
    page_text(page, detail("why"), finding->text);
    if (entry != NULL)
        page_text(page, detail("now"), entry);
    if (finding->paste != NULL)
        page_paste(page, detail("better"), finding->paste);
    else
        page_text(page, detail("better"), "no entry");
}

static size_t put_result(struct page *page, const struct report *report, const struct result *result, size_t room)
{
    struct region        *region = region_new();
    struct story          story;
    const struct finding *finding;
    size_t                n = 0;

    story_find(&story, region, report, result);
    for (finding = result->findings.first; finding != NULL && n < room; finding = finding->next)
        if (is_told(result, finding)) {
            put_advice(page, &story, finding);
            n++;
        }
    region_free(region);
    return n;
}

void page_advice(struct page *page, const struct report *report, bool all)
{
    size_t total = count_advice(report), left = all || total < ADVICE_SHOWN ? total : ADVICE_SHOWN, i;

    if (total == 0)
        return;
    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "COULD BE BETTER: %zu", total);
    total -= left;
    for (i = 0; left > 0 && i < report->count; i++)
        left -= put_result(page, report, report->results[i], left);
    if (total > 0)
        page_blank(page);
    if (total > 0)
        page_printf(page, (struct place){ 0 }, "and %zu more: posttls-audit advise, or --verbose", total);
}
