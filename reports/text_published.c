#include "reports/text_published.h"

#include <string.h>

#include "reports/story.h"
#include "reports/text_changes.h"

#define NAMES_SHOWN 20
#define PATTERNS_SHOWN 20
#define HOSTS_SHOWN 12
#define LABEL_WIDTH 18
#define LINE_SHOWN 500

/* A destination's cells */

const char *dane_cell(const struct published *published)
{
    static const char *const words[] = { [DANE_UNKNOWN] = "?", [DANE_NONE] = "-", [DANE_SOME] = "some", [DANE_ALL] = "all" };

    return published != NULL ? words[published->dane.state] : "";
}

const char *sts_cell(const struct published *published)
{
    static const char *const words[] = {
        [STS_UNKNOWN] = "?",         [STS_NONE] = "-",          [STS_INVALID] = "invalid",
        [STS_MODE_IS_NONE] = "none", [STS_TESTING] = "testing", [STS_ENFORCE] = "enforce",
    };

    return published != NULL ? words[published->sts.state] : "";
}

const char *follows_cell(const struct published *published)
{
    if (published == NULL)
        return "";
    return published->follows != MECHANISM_NONE ? mechanism_word(published->follows) : "-";
}

/* One domain */

struct telling {
    struct page            *page;
    struct place            place;
    struct region          *region;
    const struct published *published;
};

static void put(struct telling *t, const char *label, const char *text)
{
    t->place.label = label;
    if (text != NULL && text[0] != '\0')
        page_text(t->page, t->place, text);
}

static bool is_of_record(const struct published_sts *sts)
{
    return sts->reason != NULL && strncmp(sts->reason, "record-", 7) == 0;
}

/* Both steps to a policy: what DNS says of it, and what was fetched. */
static void put_sts_steps(struct telling *t)
{
    const struct published_sts *sts = &t->published->sts;
    const char                 *domain = t->published->domain;
    bool                        fetched = sts->id != NULL && !is_of_record(sts);

    if (domain == NULL) {
        put(t, "MTA-STS", "a next-hop that is no domain can have none");
        return;
    }
    put(t, "record", region_printf(t->region, "_mta-sts.%s TXT: %s", domain,
                                   fetched ? region_printf(t->region, "id %s", sts->id)
                                   : sts->state == STS_NONE ? "there is none" : sts_text(t->region, sts)));
    if (fetched)
        put(t, "policy", region_printf(t->region, "https://mta-sts.%s/.well-known/mta-sts.txt: %s", domain,
                                       sts_text(t->region, sts)));
}

static void put_sts(struct telling *t, bool steps)
{
    const struct published_sts *sts = &t->published->sts;

    if (steps)
        put_sts_steps(t);
    else
        put(t, "MTA-STS", sts_text(t->region, sts));
    put(t, "patterns", sts_patterns_text(t->region, sts, PATTERNS_SHOWN));
    put(t, "fit", sts_hosts_text(t->region, sts, true, HOSTS_SHOWN));
    put(t, "no fit", sts_hosts_text(t->region, sts, false, HOSTS_SHOWN));
    put(t, "followed", as_if_text(t->region, &sts->as_if));
    put(t, "enforced", as_if_text(t->region, &sts->enforced));
}

/* A policy may have a thousand patterns. */
static void put_lines(struct telling *t, bool steps)
{
    const char *line = t->published->line, *line_3_10 = t->published->line_3_10;
    bool        same = line != NULL && line_3_10 != NULL && strcmp(line, line_3_10) == 0;

    if (line == NULL && line_3_10 == NULL)
        return;
    if (!steps && line != NULL && strlen(line) > LINE_SHOWN) {
        put(t, "wish", "a long line of the table, which explain shows");
        return;
    }
    put(t, "wish", "its own wish, as a line of the table:");
    t->place.label = NULL;
    if (line != NULL)
        page_paste(t->page, t->place, line);
    if (line_3_10 == NULL || same)
        return;
    put(t, NULL, "from Postfix 3.10 on:");
    page_paste(t->page, t->place, line_3_10);
}

void page_published(struct page *page, struct place place, struct region *region, const struct result *result, bool steps)
{
    const struct published *published = result_published(result);
    struct telling          t = { page, place, region, published };

    if (steps)
        put(&t, "domain", published->domain);
    put(&t, "DANE", dane_text(region, &published->dane));
    put(&t, "followed", as_if_text(region, &published->dane.as_if));
    put_sts(&t, steps);
    put(&t, "TLSRPT", tlsrpt_text(region, &published->tlsrpt));
    put(&t, "wins", winner_text(region, result));
    put_lines(&t, steps);
}

/* All of them */

static const char *const headings[GUARD_COUNT] = {
    [GUARD_DANE] = "DANE",   [GUARD_STS] = "MTA-STS", [GUARD_POLICY] = "POLICY",   [GUARD_ENCRYPTED] = "TLS-ONLY",
    [GUARD_CLEAR] = "CLEAR", [GUARD_HELD] = "HELD",   [GUARD_UNKNOWN] = "UNKNOWN",
};

/* A column has room for its heading, and for the largest number in it. */
static int column_width(struct region *region, const struct protection *protection, int guard)
{
    size_t number = strlen(region_printf(region, "%zu", protection->guards[guard]));

    return (int)(number > strlen(headings[guard]) ? number : strlen(headings[guard]));
}

static void put_counts(struct page *page, struct region *region, const struct protection *protection, int publishes)
{
    struct cell cells[GUARD_COUNT + 1] = { { LABEL_WIDTH, TONE_PLAIN, publishes_word((enum publishes)publishes) } };
    int         guard;

    for (guard = 0; guard < GUARD_COUNT; guard++) {
        int         width = column_width(region, protection, guard);
        size_t      n = protection->cells[publishes][guard];
        const char *text = n > 0 ? region_printf(region, "%*zu", width, n) : region_printf(region, "%*s", width, "-");

        cells[guard + 1] = (struct cell){ width, TONE_PLAIN, text };
    }
    page_row(page, 0, cells, GUARD_COUNT + 1);
}

static void put_heading(struct page *page, struct region *region, const struct protection *protection)
{
    struct cell cells[GUARD_COUNT + 1] = { { LABEL_WIDTH, TONE_DIM, "DOMAIN PUBLISHES" } };
    int         guard;

    for (guard = 0; guard < GUARD_COUNT; guard++) {
        int width = column_width(region, protection, guard);

        cells[guard + 1] = (struct cell){ width, TONE_DIM, region_printf(region, "%*s", width, headings[guard]) };
    }
    page_row(page, 0, cells, GUARD_COUNT + 1);
}

void page_protection(struct page *page, const struct report *report)
{
    struct region    *region = region_new();
    struct protection protection;
    int               publishes;

    protection_count(&protection, report);
    if (protection.asked > 0) {
        page_blank(page);
        page_text(page, (struct place){ .tone = TONE_BOLD }, "Mail is authenticated by DANE, MTA-STS or the policy here; or it is not:");
        put_heading(page, region, &protection);
        for (publishes = 0; publishes < PUBLISHES_COUNT; publishes++)
            if (protection.publishes[publishes] > 0)
                put_counts(page, region, &protection, publishes);
        page_text(page, (struct place){ 0 }, protection_sentence(region, &protection));
    }
    region_free(region);
}

/* --as */

static struct changes worse_of(struct region *region, const struct report *report)
{
    struct changes changes;
    size_t         i;

    changes_init(&changes, region, report->count);
    for (i = 0; i < report->count; i++) {
        struct standing *pair;

        if (!as_change_of(report->results[i]).worse)
            continue;
        pair = region_array(region, 2, sizeof(*pair));
        standing_of_result(region, &pair[0], report, report->results[i]->configured);
        standing_of_result(region, &pair[1], report, report->results[i]);
        changes_add(&changes, (struct change){ CHANGE_WORSE, &pair[0], &pair[1], NULL });
    }
    return changes;
}

static bool gains(const struct as_change *change)
{
    return change->gains;
}

static bool loses(const struct as_change *change)
{
    return change->loses;
}

static bool improves(const struct as_change *change)
{
    return change->better;
}

static void put_names(struct page *page, struct region *region, const struct report *report, const char *heading,
                      enum tone tone, bool (*wanted)(const struct as_change *))
{
    const char *names[NAMES_SHOWN];
    size_t      i, count = 0;

    for (i = 0; i < report->count; i++) {
        struct as_change change = as_change_of(report->results[i]);

        if (!wanted(&change))
            continue;
        if (count < NAMES_SHOWN)
            names[count] = report->results[i]->destination->text;
        count++;
    }
    if (count == 0)
        return;
    page_blank(page);
    page_printf(page, (struct place){ .tone = tone }, "%s: %zu", heading, count);
    page_text(page, (struct place){ .indent = 2 },
              join_texts(region, names, count < NAMES_SHOWN ? count : NAMES_SHOWN, count, ", ", NAMES_SHOWN));
}

void page_as(struct page *page, const struct report *report)
{
    static const struct changes_labels labels = { "now", "as if", false };
    struct region *region = region_new();
    struct changes worse = worse_of(region, report);

    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "%s.", as_sentence(region, report));
    if (worse.count > 0)
        page_blank(page);
    page_changes(page, &worse, &labels, report);
    put_names(page, region, report, "GAIN AUTHENTICATION", TONE_GREEN, gains);
    put_names(page, region, report, "LOSE AUTHENTICATION", TONE_YELLOW, loses);
    put_names(page, region, report, "BETTER", TONE_GREEN, improves);
    page_blank(page);
    page_printf(page, (struct place){ .tone = TONE_BOLD }, "As if %s were followed for all:",
                mechanism_name(report->as.mechanism));
    region_free(region);
}
