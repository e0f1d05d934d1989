#include "reports/text_changes.h"

#include <string.h>

#include "reports/escape.h"
#include "reports/proposal.h"
#include "reports/story.h"
#include "reports/text_mail.h"
#include "reports/trouble.h"
#include "scanner/base/dict.h"

#define INDENT 2
#define DETAIL_INDENT 4
#define LABEL_WIDTH 10
#define NAME_WIDTH 22
#define NAME_MAX_WIDTH 44
#define TOGETHER_MIN 3
#define NAMES_SHOWN 20
#define QUIET_NAMES_SHOWN 6 /* of what only came or went */

static const struct {
    const char *heading;
    enum tone   tone;
} kinds[CHANGE_KINDS] = {
    [CHANGE_WORSE] = { "WORSE", TONE_RED },         [CHANGE_BETTER] = { "BETTER", TONE_GREEN },
    [CHANGE_OTHER] = { "CHANGED", TONE_YELLOW },    [CHANGE_APPEARED] = { "APPEARED", TONE_BOLD },
    [CHANGE_VANISHED] = { "VANISHED", TONE_BOLD },
};

/* Of changes that are told at once, for one is the cause of all. */
struct cause {
    size_t first, count;
};

struct telling {
    struct page                 *page;
    struct region               *region;
    const struct changes        *changes;
    const struct changes_labels *labels;
    const struct report         *report;     /* NULL, or what they lead to, */
    struct dict                 *results;    /* and its results by destination, where their mail was weighed */
    struct cause               **causes;     /* of each change */
    int                          name_width;
    bool                         some;       /* a kind stands there already */
};

static struct place detail(const char *label)
{
    return (struct place){ .indent = DETAIL_INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

static const struct standing *named(const struct change *change)
{
    return change->after != NULL ? change->after : change->before;
}

static const char *shown(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

/* "deliver -> defer"; one word where one side is missing, or both are the same. */
static const char *verdicts_text(struct region *region, const struct change *change)
{
    const char *after = verdict_word(named(change)->verdict);

    if (change->before == NULL || change->after == NULL || change->before->verdict == change->after->verdict)
        return after;
    return region_printf(region, "%s -> %s", verdict_word(change->before->verdict), after);
}

/* "deliver, dane, 2.0.0, verified": the verdict, the level in force, the DSN, the TLS word. */
static const char *outcome_text(struct region *region, const struct standing *standing)
{
    return region_printf(region, "%s, level %s, DSN %s, TLS %s", verdict_word(standing->verdict),
                         standing_level(region, standing), shown(standing->dsn), shown(standing->tls));
}

static void put_side(struct telling *telling, const char *label, const struct standing *standing)
{
    page_text(telling->page, detail(label), standing->entry != NULL ? standing->entry : "no policy");
    page_text(telling->page, detail(NULL), outcome_text(telling->region, standing));
}

static const char *sentence_of(const char *code)
{
    enum reason reason;

    return reason_parse(code, &reason) ? reason_sentence(reason) : code;
}

/* many: why is that of one of them; names of hosts stay out, and notes where they may differ. */
static void put_reason(struct telling *telling, const struct change *change, bool many)
{
    const struct standing *after = change->after;
    const char            *what = "";

    if (after != NULL && after->verdict != VERDICT_DELIVER && change->kind != CHANGE_BETTER)
        page_text(telling->page, detail("why"), many ? sentence_of(after->reason) : after->why);
    if (change->kind == CHANGE_OTHER && !(many && after->verdict == VERDICT_UNKNOWN))
        what = standing_difference(telling->region, change->before, change->after);
    else if (change->before != NULL && after != NULL && !many)
        what = standing_publication_difference(telling->region, change->before, after);
    if (what[0] != '\0')
        page_text(telling->page, detail("what"), what);
    if (change->note != NULL && (!many || change->kind == CHANGE_BETTER))
        page_text(telling->page, detail("note"), change->note);
}

/* Whether the hosts have a part in it: our own tables, or what the findings on top tell of, are the same trouble for all. */
static bool is_of_hosts(const struct telling *telling, const struct standing *standing)
{
    enum reason reason;

    if (standing->verdict == VERDICT_UNKNOWN || !reason_parse(standing->reason, &reason))
        return standing->verdict != VERDICT_UNKNOWN;
    return !trouble_is_policy(reason) &&
           (telling->report == NULL || trouble_explained(telling->report, reason) == NULL);
}

/* What changes have in common that are told at once. Where mail flows again, or nothing is wrong, nobody has to look at each
 * host. */
static const char *cause_text(const struct telling *telling, const struct change *change)
{
    struct region         *region = telling->region;
    const struct standing *after = change->after;
    const char            *verdicts = verdicts_text(region, change);
    bool                   fine = after == NULL || after->verdict == VERDICT_DELIVER;

    if (change->kind == CHANGE_OTHER && after->verdict != VERDICT_UNKNOWN)
        return region_printf(region, "%d %s, %s, %s", (int)change->kind, verdicts, after->reason,
                             standing_difference(region, change->before, after));
    if (change->kind == CHANGE_BETTER && fine)
        return region_printf(region, "%d %s, %s", (int)change->kind, verdicts, shown(change->note));
    return region_printf(region, "%d %s, %s, %s", (int)change->kind, verdicts, fine ? "" : after->reason,
                         fine || !is_of_hosts(telling, after) ? "" : after->hosts);
}

static void find_causes(struct telling *telling)
{
    const struct changes *changes = telling->changes;
    struct dict          *by_text = dict_new();
    size_t                i;

    telling->causes = region_array(telling->region, changes->count + 1, sizeof(*telling->causes));
    for (i = 0; i < changes->count; i++) {
        struct slice  text = slice_of(cause_text(telling, &changes->items[i]));
        struct cause *cause = telling->labels->entries ? NULL : dict_find(by_text, text);

        if (cause == NULL) {
            cause = region_alloc(telling->region, sizeof(*cause));
            *cause = (struct cause){ .first = i };
            dict_put(by_text, text, cause);
        }
        cause->count++;
        telling->causes[i] = cause;
    }
    dict_free(by_text);
}

static void put_name(struct telling *telling, const char *name, const char *verdicts, enum tone tone)
{
    bool        fits = text_width(slice_of(escape_text(telling->region, name))) <= telling->name_width;
    struct cell cells[] = { { telling->name_width, TONE_PLAIN, fits ? name : "" }, { 24, tone, verdicts } };

    if (!fits)
        page_text(telling->page, (struct place){ .indent = INDENT }, name);
    page_row(telling->page, INDENT, cells, 2);
}

/* The names of those that share the cause of change i, as many as a person reads. */
static void put_names(struct telling *telling, size_t i)
{
    const struct change *items = telling->changes->items;
    const struct cause  *cause = telling->causes[i];
    bool                 quiet = items[i].kind == CHANGE_APPEARED || items[i].kind == CHANGE_VANISHED;
    size_t               k, n = 0, most = quiet ? QUIET_NAMES_SHOWN : NAMES_SHOWN;
    const char          *text = "";

    for (k = i; k < telling->changes->count && n < most; k++)
        if (telling->causes[k] == cause)
            text = region_printf(telling->region, "%s%s%s", text, n++ > 0 ? ", " : "", named(&items[k])->destination);
    if (cause->count > n)
        text = region_printf(telling->region, "%s and %zu more", text, cause->count - n);
    page_text(telling->page, detail(NULL), text);
}

/* The mail that it touches. */
static void put_mail(struct telling *telling, const struct change *change)
{
    const struct result *result = NULL;

    if (change->after != NULL && (change->kind == CHANGE_WORSE || change->after->verdict != VERDICT_DELIVER))
        result = dict_find(telling->results, slice_of(change->after->destination));
    if (result != NULL)
        page_weight(telling->page, detail(NULL), telling->region, telling->report, result);
}

/* many: with all that share its cause. */
static void put_change(struct telling *telling, size_t i, bool many)
{
    const struct change   *change = &telling->changes->items[i];
    const struct standing *standing = named(change);
    enum tone              tone = change->kind == CHANGE_VANISHED ? TONE_DIM : tone_of_verdict(standing->verdict);
    const char            *name = standing->destination;

    if (many)
        name = region_printf(telling->region, "%zu destinations", telling->causes[i]->count);
    put_name(telling, name, verdicts_text(telling->region, change), tone);
    put_reason(telling, change, many);
    if (many)
        put_names(telling, i);
    if (telling->labels->entries && change->before != NULL)
        put_side(telling, telling->labels->before, change->before);
    if (telling->labels->entries && change->after != NULL)
        put_side(telling, telling->labels->after, change->after);
    else if (change->after != NULL && change->after->verdict != VERDICT_DELIVER && change->after->entry != NULL && !many)
        page_text(telling->page, detail("policy"), change->after->entry);
    if (!many)
        put_mail(telling, change);
}

static void put_kind(struct telling *telling, enum change_kind kind)
{
    size_t i;

    if (telling->changes->by_kind[kind] == 0)
        return;
    if (telling->some)
        page_blank(telling->page);
    telling->some = true;
    page_printf(telling->page, (struct place){ .tone = kinds[kind].tone }, "%s: %zu", kinds[kind].heading,
                telling->changes->by_kind[kind]);
    for (i = 0; i < telling->changes->count; i++) {
        if (telling->changes->items[i].kind != kind)
            continue;
        if (telling->causes[i]->count < TOGETHER_MIN || telling->causes[i]->first == i)
            put_change(telling, i, telling->causes[i]->count >= TOGETHER_MIN);
    }
}

static struct dict *weighed_results(const struct report *report)
{
    struct dict *results = dict_new();
    size_t       i;

    for (i = 0; report != NULL && report->mail != NULL && i < report->count; i++)
        dict_put(results, slice_of(report->results[i]->destination->text), (void *)report->results[i]);
    return results;
}

void page_changes(struct page *page, const struct changes *changes, const struct changes_labels *labels,
                  const struct report *report)
{
    struct telling telling = { page, region_new(), changes, labels, report, weighed_results(report), NULL, 20, false };
    size_t         i;
    int            kind, width;

    find_causes(&telling);
    for (i = 0; i < changes->count; i++) {
        width = text_width(slice_of(escape_text(telling.region, named(&changes->items[i])->destination)));
        if (width > telling.name_width && width <= NAME_MAX_WIDTH)
            telling.name_width = width;
    }
    for (kind = CHANGE_WORSE; kind < CHANGE_SAME; kind++)
        put_kind(&telling, (enum change_kind)kind);
    dict_free(telling.results);
    region_free(telling.region);
}

static void put_news_findings(struct page *page, struct region *region, const struct findings *findings)
{
    const struct finding *finding;

    for (finding = findings->first; finding != NULL; finding = finding->next) {
        struct place place = { .label_width = LABEL_WIDTH, .label = severity_word(finding->severity),
                               .label_tone = tone_of_severity(finding->severity) };

        page_printf(page, place, "%s%s%s (%s)",
                    finding->file != NULL ? file_place(region, finding->file, finding->line) : "",
                    finding->file != NULL ? ": " : "", finding->text, finding->code);
    }
}

/* Outlooks */

static const struct {
    const char *heading;
    enum tone   tone;
} outlooks[OUTLOOK_KINDS] = {
    [OUTLOOK_SOON] = { "SOON", TONE_YELLOW },
    [OUTLOOK_AVERTED] = { "NO LONGER SOON", TONE_GREEN },
    [OUTLOOK_ADVICE] = { "COULD BE BETTER", TONE_BOLD },
};

static void put_outlook(struct page *page, const struct outlook *outlook)
{
    page_text(page, (struct place){ .indent = INDENT, .label = outlook->destination, .label_width = NAME_WIDTH }, outlook->text);
    if (outlook->paste != NULL)
        page_paste(page, detail("better"), outlook->paste);
    else if (outlook->kind == OUTLOOK_ADVICE)
        page_text(page, detail("better"), "no entry");
}

static void put_outlooks(struct page *page, const struct news *news, enum outlook_kind kind, bool *some)
{
    size_t i, count = 0, shown = 0;

    for (i = 0; i < news->outlook_count; i++)
        count += news->outlooks[i].kind == kind;
    if (count == 0)
        return;
    if (*some)
        page_blank(page);
    *some = true;
    page_printf(page, (struct place){ .tone = outlooks[kind].tone }, "%s: %zu", outlooks[kind].heading, count);
    for (i = 0; i < news->outlook_count && shown < NAMES_SHOWN; i++)
        if (news->outlooks[i].kind == kind && ++shown > 0)
            put_outlook(page, &news->outlooks[i]);
    if (count > shown)
        page_printf(page, (struct place){ .indent = INDENT }, "and %zu more", count - shown);
}

void page_news(struct page *page, const struct report *report)
{
    static const struct changes_labels labels = { "before", "now", false };
    const struct news *news = report->news;
    struct region     *region = region_new();
    bool               some = news->changes.count > 0;
    int                kind;

    if (some || news->findings.count > 0 || news->outlook_count > 0 || !report->complete) {
        if (news->before != 0)
            page_printf(page, (struct place){ .tone = TONE_BOLD }, "posttls-audit: changes since %s",
                        time_text(region, news->since));
        else
            page_printf(page, (struct place){ .tone = TONE_BOLD }, "posttls-audit: the first run, %zu destination%s",
                        report->count, report->count == 1 ? "" : "s");
        if (!report->complete)
            page_printf(page, (struct place){ .tone = TONE_RED }, "INCOMPLETE: %s", report_cut_short_text(region, report));
        put_news_findings(page, region, &news->findings);
        page_changes(page, &news->changes, &labels, report);
        for (kind = 0; kind < OUTLOOK_KINDS; kind++)
            put_outlooks(page, news, (enum outlook_kind)kind, &some);
    }
    region_free(region);
}

/* What the proposed configuration has to say of itself, and the one in force does not. */
static bool is_new(const struct report *report, const struct finding *finding)
{
    const struct finding *old;

    for (old = report->findings.first; old != NULL; old = old->next)
        if (strcmp(old->code, finding->code) == 0 && strcmp(old->text, finding->text) == 0)
            return false;
    return true;
}

static void put_new_findings(struct page *page, struct region *region, const struct report *report)
{
    const struct finding *finding;

    for (finding = report->proposed->findings.first; finding != NULL; finding = finding->next) {
        struct place place = { .indent = INDENT, .label_width = LABEL_WIDTH, .label = severity_word(finding->severity),
                               .label_tone = tone_of_severity(finding->severity) };

        if (!is_new(report, finding))
            continue;
        if (finding->file != NULL)
            page_printf(page, place, "%s: %s (%s)", file_place(region, finding->file, finding->line), finding->text,
                        finding->code);
        else
            page_printf(page, place, "%s (%s)", finding->text, finding->code);
    }
}

static void put_parameters(struct page *page, struct region *region, const struct report *report)
{
    struct proposal_parameter *items;
    size_t                     i, count = proposal_parameters(region, report, &items);

    for (i = 0; i < count && i < NAMES_SHOWN; i++)
        page_printf(page, (struct place){ .indent = INDENT }, "%s: %s -> %s", items[i].name, items[i].now, items[i].then);
    if (count > i)
        page_printf(page, (struct place){ .indent = INDENT }, "and %zu more parameters", count - i);
}

void page_proposed(struct page *page, const struct report *report)
{
    static const struct changes_labels labels = { "now", "proposed", true };
    struct region *region = region_new();
    struct changes changes;

    changes_of_proposed(&changes, region, report);
    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "Proposed: as Postfix %s with %s",
                report_postfix_version(region, report->proposed), report_config_dir(report->proposed));
    put_parameters(page, region, report);
    put_new_findings(page, region, report);
    page_printf(page, (struct place){ 0 }, "%zu worse, %zu better, %zu changed otherwise, %zu as now",
                changes.by_kind[CHANGE_WORSE], changes.by_kind[CHANGE_BETTER], changes.by_kind[CHANGE_OTHER],
                changes.by_kind[CHANGE_SAME]);
    if (changes.count > 0)
        page_blank(page);
    page_changes(page, &changes, &labels, report);
    page_blank(page);
    page_text(page, (struct place){ .tone = TONE_BOLD }, "Now:");
    region_free(region);
}
