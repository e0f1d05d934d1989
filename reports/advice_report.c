#include "reports/advice_report.h"

#include <string.h>

#include "reports/expiry.h"
#include "reports/page.h"
#include "reports/story.h"
#include "scanner/base/dict.h"

#define INDENT      2
#define LABEL_WIDTH 8
#define DAY         86400

/* What is told together. */
static const struct group {
    const char       *heading;
    enum finding_code codes[5];
    size_t            count;
} groups[] = {
    { "CAN BE TIGHTENED", { FINDING_CAN_BE_TIGHTENED }, 1 },
    { "CAN BE TAKEN OUT", { FINDING_ENTRY_OVERTAKEN, FINDING_ENTRY_NEEDLESS, FINDING_ENTRY_WITHOUT_DOMAIN }, 3 },
    { "HAS MORE THAN IT NEEDS", { FINDING_NAME_UNUSED, FINDING_FINGERPRINT_UNUSED }, 2 },
    { "NEEDS ANOTHER FINGERPRINT", { FINDING_FINGERPRINT_ENDS }, 1 },
};

/* Documents */

void advice_document_add(struct advice_document *document, struct advice_item item)
{
    document->items[document->count++] = item;
}

static size_t count_advice(const struct report *report, size_t *pins)
{
    const struct advice_found *found;
    const struct finding      *finding;
    const struct advice       *advice;
    const struct pin          *pin;
    size_t                     i, n = 0;

    *pins = 0;
    for (i = 0; i < report->count; i++) {
        found = report->results[i]->advice;
        for (finding = report->results[i]->findings.first; finding != NULL; finding = finding->next)
            n += advice_is_code(finding->code);
        for (advice = found != NULL ? found->advice : NULL; advice != NULL; advice = advice->next)
            n++;
        for (pin = found != NULL ? found->pins : NULL; pin != NULL; pin = pin->next)
            ++*pins;
    }
    return n;
}

/* Of several destinations with one next-hop, the first one tells of it. */
static bool is_new(struct dict *keys, struct region *region, const struct result *result)
{
    const struct nexthop *nexthop = result->hop_count > 0 ? result->hops[0].nexthop : NULL;
    const char           *transport = result->route != NULL ? result->route->transport : NULL;

    return nexthop == NULL || transport == NULL ||
           dict_put(keys, slice_of(region_printf(region, "%s:%s", transport, nexthop->text)), keys);
}

/* What is due later counts here too. */
static void add_advice(struct advice_document *document, struct region *region, const struct story *story)
{
    const struct advice_found *found = story->result->advice;
    const struct advice       *advice;
    const struct pin          *pin;

    document->unseen += found->unseen;
    for (advice = found->advice; advice != NULL; advice = advice->next) {
        if (advice->held_back)
            document->held_back++;
        else
            advice_document_add(document, (struct advice_item){ advice->key, finding_word(advice->code),
                                                                advice_text(region, advice), story_entry(story, advice->policy),
                                                                advice_line(region, advice) });
    }
    for (pin = found->pins; pin != NULL; pin = pin->next)
        document->pins[document->pin_count++] = pin;
}

static void add_result(struct advice_document *document, struct region *region, const struct report *report,
                       const struct result *result)
{
    const struct finding *finding;
    struct story          story;

    story_find(&story, region, report, result);
    if (result->advice != NULL) {
        add_advice(document, region, &story);
        return;
    }
    for (finding = result->findings.first; finding != NULL; finding = finding->next)
        if (advice_is_code(finding->code))
            advice_document_add(document, (struct advice_item){ result->destination->text, finding->code, finding->text,
                                                                story_entry(&story, story.policy), finding->paste });
}

void advice_document_of_report(struct advice_document *document, struct region *region, const struct report *report)
{
    struct dict *keys = dict_new();
    size_t       pins, i;

    document->items = region_array(region, count_advice(report, &pins) + 1, sizeof(*document->items));
    document->pins = region_array(region, pins + 1, sizeof(const struct pin *));
    document->when = report->evaluated_at;
    for (i = 0; i < report->count; i++)
        if (is_new(keys, region, report->results[i]))
            add_result(document, region, report, report->results[i]);
    dict_free(keys);
}

/* Pages */

static bool is_of(const struct group *group, const char *code)
{
    size_t i;

    for (i = 0; i < group->count; i++)
        if (strcmp(code, finding_word(group->codes[i])) == 0)
            return true;
    return false;
}

static struct place detail(const char *label)
{
    return (struct place){ .indent = 2 * INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

static void put_heading(struct page *page, const char *heading, size_t count)
{
    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "%s: %zu", heading, count);
}

static void put_item(struct page *page, const struct advice_item *item)
{
    page_text(page, (struct place){ .indent = INDENT }, item->destination);
    page_text(page, detail("why"), item->text);
    if (item->entry != NULL)
        page_text(page, detail("now"), item->entry);
    if (item->paste != NULL)
        page_paste(page, detail("paste"), item->paste);
}

static void put_group(struct page *page, const struct advice_document *document, const struct group *group)
{
    size_t i, count = 0;

    for (i = 0; i < document->count; i++)
        count += is_of(group, document->items[i].code);
    if (count > 0)
        put_heading(page, group->heading, count);
    for (i = 0; i < document->count; i++)
        if (is_of(group, document->items[i].code))
            put_item(page, &document->items[i]);
}

/* "in 12 days" */
static const char *days_text(struct region *region, int64_t when, int64_t moment)
{
    int64_t days = moment / DAY - when / DAY;

    if (moment < when)
        return "it is over";
    return region_printf(region, "%lld day%s left", (long long)days, days == 1 ? "" : "s");
}

/* any: some fingerprint of the entry is shown. */
static const char *pin_words(struct region *region, const struct advice_document *document, const struct pin *pin, bool any)
{
    if (!any)
        return region_printf(region, "no host shows it, nor another one of the entry: posttls-audit explain %s", pin->key);
    if (pin->hosts[0] == '\0')
        return "no host shows it: it is that of a key which is gone, or is still to come";
    return region_printf(region, "the %s of %s, %s ends on %s, %s", pin->of_key ? "key" : "certificate", pin->hosts,
                         pin->of_key ? "whose certificate" : "which", date_text(region, pin->not_after),
                         days_text(region, document->when, pin->not_after));
}

static void put_pins(struct page *page, struct region *region, const struct advice_document *document)
{
    const char *key = "";
    bool        any = false;
    size_t      i, k;

    if (document->pin_count > 0)
        put_heading(page, "FINGERPRINTS", document->pin_count);
    for (i = 0; i < document->pin_count; i++) {
        const struct pin *pin = document->pins[i];

        if (strcmp(pin->key, key) != 0) {
            page_text(page, (struct place){ .indent = INDENT }, pin->key);
            for (k = i, any = false; k < document->pin_count && strcmp(document->pins[k]->key, pin->key) == 0; k++)
                any |= document->pins[k]->hosts[0] != '\0';
        }
        key = pin->key;
        page_paste(page, (struct place){ .indent = 2 * INDENT }, pin->text);
        page_text(page, (struct place){ .indent = 3 * INDENT }, pin_words(region, document, pin, any));
    }
}

static void put_rest(struct page *page, const struct advice_document *document)
{
    if (document->unseen + document->held_back + document->no_table > 0)
        page_blank(page);
    if (document->no_table)
        page_text(page, (struct place){ 0 }, "There is no policy table yet: set smtp_tls_policy_maps in main.cf, say to "
                                             "texthash:/etc/postfix/tls_policy.");
    if (document->held_back > 0)
        page_printf(page, (struct place){ 0 }, "%zu more did not hold in %lu runs in a row.", document->held_back, document->runs);
    if (document->unseen > 0)
        page_printf(page, (struct place){ 0 },
                    "%zu destination%s might bear a stricter level, which these facts do not tell: no conversation was held as "
                    "that would hold it. posttls-audit scan --advise holds them.", document->unseen,
                    document->unseen == 1 ? "" : "s");
}

bool advice_document_write(const struct advice_document *document, const struct report_options *options,
                           const struct sink *sink)
{
    struct region *region = region_new();
    struct page    page;
    size_t         i;

    page_init(&page, options, sink);
    page_printf(&page, (struct place){ .tone = TONE_BOLD }, "Advice from %s", document->source);
    if (document->count == 0)
        page_text(&page, (struct place){ 0 }, "No entry is known that could be better.");
    for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        put_group(&page, document, &groups[i]);
    put_pins(&page, region, document);
    put_rest(&page, document);
    region_free(region);
    return page.good;
}
