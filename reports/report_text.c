/* The report for people: what is wrong with this machine, the counts, then the destinations, worst first. */
#include <string.h>

#include "config.h"
#include "reports/escape.h"
#include "reports/mail.h"
#include "reports/page.h"
#include "reports/story.h"
#include "reports/text_advice.h"
#include "reports/text_changes.h"
#include "reports/text_groups.h"
#include "reports/text_host.h"
#include "reports/text_mail.h"
#include "reports/text_published.h"
#include "reports/writers.h"
#include "scanner/judge/advice.h"

#define INDENT 4
#define LABEL_WIDTH 9
#define DETAIL_MARGIN (INDENT + LABEL_WIDTH)
#define VERDICT_WIDTH 9
#define LEVEL_WIDTH 11
#define DSN_WIDTH 6
#define TLS_WIDTH 9
#define DANE_WIDTH 4
#define STS_WIDTH 7
#define WINS_WIDTH 7
#define PASTE_SHOWN 500 /* longer lines are for explain */
#define TOLD_MAX ((size_t)1 << 20) /* octets of what is told of one destination; what is longer is like no other */
#define WINS_ROOM 90 /* columns of a terminal that has room for who wins, too */
#define DESTINATION_MIN 20

/* The report on its way out. */
struct text_report {
    struct page                  page;
    const struct report         *report;
    const struct report_options *options;
    int                          destination_width, level_width;
    bool                         published;          /* columns of what domains publish */
    bool                         brief;              /* the finding on top says more than the words of each host */
};

static struct place detail(const char *label)
{
    return (struct place){ .indent = INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

static const char *upper(struct region *region, const char *word)
{
    char  *copy = region_text(region, word);
    size_t i;

    for (i = 0; copy[i] != '\0'; i++)
        if (copy[i] >= 'a' && copy[i] <= 'z')
            copy[i] = (char)(copy[i] - 'a' + 'A');
    return copy;
}

/* Top */

static const char *saved_text(struct region *region, size_t asked, size_t needed)
{
    return needed > asked ? region_printf(region, " (%zu without sharing)", needed) : "";
}

static void put_sharing(struct text_report *text, struct region *region)
{
    const struct report_sharing *sharing = &text->report->sharing;

    if (sharing->questions_asked == 0 && sharing->conversations_asked == 0)
        return;
    page_printf(&text->page, (struct place){ 0 }, "%zu DNS question%s%s, %zu conversation%s%s%s", sharing->questions_asked,
                sharing->questions_asked == 1 ? "" : "s",
                saved_text(region, sharing->questions_asked, sharing->questions_needed), sharing->conversations_asked,
                sharing->conversations_asked == 1 ? "" : "s",
                saved_text(region, sharing->conversations_asked, sharing->conversations_needed),
                sharing->policies_asked == 0   ? ""
                : sharing->policies_asked == 1 ? ", 1 policy fetched"
                                               : region_printf(region, ", %zu policies fetched", sharing->policies_asked));
}

/* For who wants to know how much trust the network was given: -v. */
static void put_confinement(struct text_report *text)
{
    const struct text_list *list = &text->report->confinement;
    struct buf              line;

    if (!text->options->verbose || list->count == 0)
        return;
    buf_init(&line, 1024);
    buf_add_text(&line, "network process confined by ");
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&line, "%s%s", i == 0 ? "" : ", ", list->items[i]);
    page_text(&text->page, (struct place){ 0 }, buf_text(&line));
    buf_clear(&line);
}

static void put_header(struct text_report *text, struct region *region)
{
    const struct report *report = text->report;
    struct place         place = { .tone = TONE_BOLD };
    int64_t              seconds = report->finished - report->started;

    page_printf(&text->page, place, "%s %s, as Postfix %s with %s", PACKAGE_NAME, report_program_version(report),
                report_postfix_version(region, report), report_config_dir(report));
    page_printf(&text->page, (struct place){ 0 }, "%zu destination%s, %s, %lld second%s%s%s", report->counts.destinations,
                report->counts.destinations == 1 ? "" : "s", time_text(region, report->started), (long long)seconds,
                seconds == 1 ? "" : "s", report->resolver != NULL ? ", resolver " : "",
                report->resolver != NULL ? report->resolver : "");
    if (report->evaluated_at != report->started)
        page_printf(&text->page, (struct place){ 0 }, "judged as of %s", time_text(region, report->evaluated_at));
    put_sharing(text, region);
    put_confinement(text);
    if (!report->complete)
        page_printf(&text->page, (struct place){ .tone = TONE_RED }, "INCOMPLETE: %s", report_cut_short_text(region, report));
}

static void put_global_finding(struct text_report *text, struct region *region, const struct finding *finding)
{
    struct place place = { .label_width = VERDICT_WIDTH + 2, .label = severity_word(finding->severity),
                           .label_tone = tone_of_severity(finding->severity) };

    page_text(&text->page, place, finding->text);
    place.label = NULL;
    if (finding->file != NULL)
        page_printf(&text->page, place, "%s (%s)", file_place(region, finding->file, finding->line), finding->code);
    else
        page_printf(&text->page, place, "(%s)", finding->code);
}

static void put_global_findings(struct text_report *text, struct region *region)
{
    const struct finding *finding;
    int                   severity;

    if (text->report->findings.count > 0)
        page_blank(&text->page);
    for (severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTICE; severity--)
        for (finding = text->report->findings.first; finding != NULL; finding = finding->next)
            if ((int)finding->severity == severity)
                put_global_finding(text, region, finding);
}

static const enum verdict worst_first[] = { VERDICT_BOUNCE, VERDICT_DEFER, VERDICT_DOWNGRADE, VERDICT_UNKNOWN,
                                            VERDICT_DELIVER };

#define VERDICTS (sizeof(worst_first) / sizeof(worst_first[0]))

static void put_counts(struct text_report *text, struct region *region)
{
    struct cell cells[VERDICTS];
    size_t      i, n = 0;

    for (i = 0; i < VERDICTS; i++) {
        size_t count = text->report->counts.by_verdict[worst_first[i]];

        if (count == 0)
            continue;
        cells[n].text = region_printf(region, "%zu %s", count, verdict_word(worst_first[i]));
        cells[n].width = text_width(slice_of(cells[n].text));
        cells[n++].tone = tone_of_verdict(worst_first[i]);
    }
    if (n == 0)
        return;
    page_blank(&text->page);
    page_row(&text->page, 0, cells, n);
}

/* Destinations */

static bool is_shown(const struct text_report *text, const struct finding *finding, const struct story *story)
{
    enum reason reason;

    if (text->brief && reason_parse(finding->code, &reason))
        return false;
    if (finding == story->cause || strcmp(finding->text, story_why(story)) == 0)
        return false;
    return text->options->verbose || finding->severity > SEVERITY_NOTICE;
}

static void put_findings(struct text_report *text, const struct story *story)
{
    const struct finding *finding;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next) {
        struct place place = detail(finding->severity == SEVERITY_CRITICAL ? "also" : severity_word(finding->severity));
        const char  *fact;

        if (!is_shown(text, finding, story) || advice_is_code(finding->code))
            continue;
        place.label_tone = finding->severity == SEVERITY_NOTICE ? TONE_DIM : TONE_YELLOW;
        fact = finding_fact(story->region, finding);
        if (finding->host != NULL && strstr(fact, finding->host) == NULL)
            page_printf(&text->page, place, "%s: %s", finding->host, fact);
        else
            page_text(&text->page, place, fact);
        if (finding->paste != NULL && !text->options->verbose && strlen(finding->paste) <= PASTE_SHOWN)
            page_paste(&text->page, detail(NULL), finding->paste);
    }
}

/* Of all columns, those that are shown. */
static size_t column_count(const struct text_report *text, size_t all)
{
    if (!text->published)
        return all - 3;
    return text->page.width >= WINS_ROOM ? all : all - 1;
}

/* The first two are the verdict and the destination. */
static void fill_cells(const struct text_report *text, const struct story *story, struct cell *cells)
{
    const struct result    *result = story->result;
    const struct published *published = result_published(result);
    const struct forecast  *forecast = &result->forecast;
    bool                    bad = result->verdict != VERDICT_DELIVER;
    const char             *word = verdict_word(result->verdict);
    const struct cell       filled[TEXT_CELLS] = {
        { VERDICT_WIDTH, tone_of_verdict(result->verdict), bad ? upper(story->region, word) : word },
        { text->destination_width, bad ? TONE_BOLD : TONE_PLAIN, result->destination->text },
        { text->level_width, TONE_PLAIN, story_level(story) },
        { DSN_WIDTH, TONE_PLAIN, forecast->dsn != NULL ? forecast->dsn : "-" },
        { TLS_WIDTH, TONE_PLAIN, forecast->tls != NULL ? forecast->tls : "-" },
        { DANE_WIDTH, TONE_PLAIN, dane_cell(published) },
        { STS_WIDTH, TONE_PLAIN, sts_cell(published) },
        { WINS_WIDTH, TONE_PLAIN, follows_cell(published) },
    };

    memcpy(cells, filled, sizeof(filled));
}

/* A destination that is too long for its column has a line of its own. */
static void put_row(struct text_report *text, const struct story *story)
{
    struct cell  cells[TEXT_CELLS];
    struct place alone = { .label_width = VERDICT_WIDTH + 2 };

    fill_cells(text, story, cells);
    if (text_width(slice_of(escape_text(story->region, cells[1].text))) > text->destination_width) {
        alone.label = cells[0].text;
        alone.label_tone = cells[0].tone;
        alone.tone = cells[1].tone;
        page_text(&text->page, alone, cells[1].text);
        cells[0].text = cells[1].text = "";
    }
    page_row(&text->page, 0, cells, column_count(text, TEXT_CELLS));
}

static void put_optional(struct text_report *text, const char *label, const char *value)
{
    if (value != NULL)
        page_text(&text->page, detail(label), value);
}

static void put_remedy(struct text_report *text, const struct story *story)
{
    struct remedy remedy = story_remedy(story);

    put_optional(text, "do", remedy.text);
    if (remedy.paste != NULL)
        page_paste(&text->page, detail(NULL), remedy.paste);
}

static void put_route(struct text_report *text, const struct story *story)
{
    const struct result *result = story->result;
    struct region       *region = story->region;
    size_t               h, i;

    put_optional(text, "log", forecast_log(region, &result->forecast));
    put_optional(text, "RFC 8460", reason_rfc8460(result->forecast.reason));
    if (result->first_attempt.status != NULL && result->forecast.status != NULL &&
        strcmp(result->first_attempt.status, result->forecast.status) != 0)
        put_optional(text, "first", forecast_log(region, &result->first_attempt));
    for (h = 0; h < result->hop_count; h++) {
        const struct hop_result *hop = &result->hops[h];
        struct host_context      context = { story, hop, false };

        page_printf(&text->page, detail(h == 0 ? "route" : hop->fallback ? "fallback" : "then"), "%s:%s",
                    result->route != NULL && result->route->transport != NULL ? result->route->transport : "smtp",
                    hop->nexthop != NULL ? hop->nexthop->text : hop->text);
        if (hop->mail_hosts != NULL && mx_text(region, hop->mail_hosts) != NULL)
            page_printf(&text->page, detail(NULL), "MX %s", mx_text(region, hop->mail_hosts));
        for (i = 0; i < hop->host_count; i++)
            page_host(&text->page, DETAIL_MARGIN, &context, &hop->hosts[i]);
    }
}

/* ... and no finding says so. */
static bool depends_on_order(const struct result *result)
{
    const struct finding *finding;

    for (finding = result->findings.first; finding != NULL; finding = finding->next)
        if (strcmp(finding->code, finding_word(FINDING_ORDER_MATTERS)) == 0)
            return false;
    return !result->certain && result->best < result->worst && result->worst <= VERDICT_BOUNCE;
}

static void put_why(struct text_report *text, const struct story *story)
{
    put_optional(text, "why", text->brief ? reason_sentence(story->result->forecast.reason) : story_why(story));
    if (depends_on_order(story->result))
        page_printf(&text->page, detail("at best"), "%s, if Postfix tries the hosts in another order",
                    verdict_word(story->result->best));
}

static void put_rest(struct text_report *text, const struct story *story)
{
    const struct result *result = story->result;

    put_findings(text, story);
    if (result->acknowledged != NULL)
        page_printf(&text->page, detail("known"), "until %s: %s", time_text(story->region, result->acknowledged->until),
                    result->acknowledged->comment);
    if (result->verdict != VERDICT_DELIVER)
        put_remedy(text, story);
}

static void put_destination(struct text_report *text, const struct result *result)
{
    struct region *region = region_new();
    struct story   story;
    bool           bad = result->verdict != VERDICT_DELIVER;

    story_find(&story, region, text->report, result);
    if (bad || text->options->verbose)
        page_blank(&text->page);
    put_row(text, &story);
    if (bad)
        put_why(text, &story);
    if (bad || text->options->verbose)
        put_optional(text, "policy", story_entry(&story, story.policy));
    if (bad || text->options->verbose)
        page_weight(&text->page, detail(NULL), region, text->report, result);
    put_rest(text, &story);
    if (text->options->verbose && result_published(result) != NULL)
        page_published(&text->page, detail(NULL), region, result, false);
    if (text->options->verbose)
        put_route(text, &story);
    region_free(region);
}

/* Groups */

static bool keep_text(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

/* What each host met is no news where our own surroundings made it. */
static bool is_brief(const struct story *story)
{
    return trouble_is_scan(story->result->forecast.reason) && trouble_on_top(story) != NULL;
}

/* What would be told of it in a block of its own, but for its name, its entry and its mail. */
static const char *told_of(const struct text_report *text, const struct story *story)
{
    struct text_report aside = *text;
    struct buf         out;
    struct sink        sink = { keep_text, &out };
    const char        *told;

    buf_init(&out, TOLD_MAX);
    aside.page.sink = &sink;
    aside.brief = is_brief(story);
    put_why(&aside, story);
    put_rest(&aside, story);
    told = aside.page.good ? region_text(story->region, buf_text(&out)) : NULL;
    buf_clear(&out);
    return told;
}

/* The group of each that is not delivered as asked; NULL: it has a block of its own. */
static struct text_group **find_groups(struct text_report *text, struct region *region, struct text_groups *groups,
                                       const struct result *const *sorted)
{
    struct text_group **found = region_array(region, text->report->count + 1, sizeof(*found));
    size_t              i, k;

    for (i = 0; !text->options->verbose && i < text->report->count && sorted[i]->verdict != VERDICT_DELIVER; i++) {
        struct region *scratch = region_new();
        struct story   story;
        struct cell    cells[TEXT_CELLS];
        const char    *texts[TEXT_CELLS], *told;

        story_find(&story, scratch, text->report, sorted[i]);
        fill_cells(text, &story, cells);
        for (k = 0; k < TEXT_CELLS; k++)
            texts[k] = cells[k].text;
        told = told_of(text, &story);
        found[i] = told != NULL ? text_groups_add(groups, &story, told, texts) : NULL;
        region_free(scratch);
    }
    return found;
}

static void put_group(struct text_report *text, struct text_group *group)
{
    struct region *region = region_new();
    struct story   story;
    struct cell    cells[TEXT_CELLS];
    size_t         k;

    story_find(&story, region, text->report, group->first);
    fill_cells(text, &story, cells);
    for (k = 0; k < TEXT_CELLS; k++)
        cells[k].text = group->cells[k];
    cells[1].text = region_printf(region, "%zu destinations", group->count);
    page_blank(&text->page);
    page_row(&text->page, 0, cells, column_count(text, TEXT_CELLS));
    text->brief = is_brief(&story);
    put_optional(text, "names", join_texts(region, group->names, group->count, group->count, ", ", GROUP_SHOWN));
    put_why(text, &story);
    put_optional(text, "policy", group->policy);
    if (group->weighed)
        put_optional(text, "weight", weight_text(region, &group->weight));
    put_rest(text, &story);
    text->brief = false;
    group->told = true;
    region_free(region);
}

/* In the place of its first destination. */
static void put_alone_or_in_group(struct text_report *text, const struct result *result, struct text_group *group)
{
    if (group == NULL || group->count < TEXT_GROUP_MIN)
        put_destination(text, result);
    else if (!group->told)
        put_group(text, group);
}

/* The columns get what their longest entry needs; destinations what is left. */
static void measure(struct text_report *text)
{
    int    longest = DESTINATION_MIN, room;
    size_t i;

    text->level_width = LEVEL_WIDTH;
    for (i = 0; i < text->report->count; i++) {
        struct region *region = region_new();
        struct story   story;
        int            width;

        story_find(&story, region, text->report, text->report->results[i]);
        width = text_width(slice_of(story_level(&story)));
        text->level_width = width > text->level_width ? width : text->level_width;
        width = text_width(slice_of(escape_text(region, text->report->results[i]->destination->text)));
        longest = width > longest ? width : longest;
        region_free(region);
    }
    text->published = report_has_published(text->report);
    room = text->page.width - VERDICT_WIDTH - text->level_width - DSN_WIDTH - TLS_WIDTH - 8;
    if (text->published)
        room -= DANE_WIDTH + STS_WIDTH + 4 + (text->page.width >= WINS_ROOM ? WINS_WIDTH + 2 : 0);
    text->destination_width = longest < room ? longest : room;
    if (text->destination_width < DESTINATION_MIN)
        text->destination_width = DESTINATION_MIN;
}

static void put_heading(struct text_report *text)
{
    const struct cell cells[] = {
        { VERDICT_WIDTH, TONE_DIM, "VERDICT" }, { text->destination_width, TONE_DIM, "DESTINATION" },
        { text->level_width, TONE_DIM, "LEVEL" }, { DSN_WIDTH, TONE_DIM, "DSN" }, { TLS_WIDTH, TONE_DIM, "TLS" },
        { DANE_WIDTH, TONE_DIM, "DANE" }, { STS_WIDTH, TONE_DIM, "MTA-STS" }, { WINS_WIDTH, TONE_DIM, "WINS" },
    };

    page_blank(&text->page);
    page_row(&text->page, 0, cells, column_count(text, sizeof(cells) / sizeof(cells[0])));
}

static void put_destinations(struct text_report *text, struct region *region)
{
    const struct result **sorted = report_worst_first(region, text->report);
    struct text_groups   *groups = text_groups_new(region);
    struct text_group   **group;
    bool                  any_bad = false, delivered = false;
    size_t                i;

    measure(text);
    group = find_groups(text, region, groups, sorted);
    if (text->report->count > 0)
        put_heading(text);
    for (i = 0; text->page.good && i < text->report->count; i++) {
        bool deliver = sorted[i]->verdict == VERDICT_DELIVER;

        if (deliver && !delivered && any_bad && !text->options->verbose)
            page_blank(&text->page);
        any_bad |= !deliver;
        delivered |= deliver;
        put_alone_or_in_group(text, sorted[i], group[i]);
    }
    text_groups_free(groups);
}

bool report_text_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct text_report text = { .report = report, .options = options };
    struct region     *region = region_new();

    page_init(&text.page, options, sink);
    if (report->news_only) {
        page_news(&text.page, report);
        region_free(region);
        return text.page.good;
    }
    put_header(&text, region);
    if (report->proposed != NULL)
        page_proposed(&text.page, report);
    if (report->as.mechanism != MECHANISM_NONE)
        page_as(&text.page, report);
    put_global_findings(&text, region);
    put_counts(&text, region);
    page_protection(&text.page, report);
    put_destinations(&text, region);
    page_mail(&text.page, region, report, options->verbose);
    page_advice(&text.page, report, options->verbose);
    region_free(region);
    return text.page.good;
}
