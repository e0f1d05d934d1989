#include "reports/compare.h"

#include <string.h>

#include "scanner/base/dict.h"

static const char *const words[CHANGE_KINDS] = {
    [CHANGE_WORSE] = "worse",       [CHANGE_BETTER] = "better",     [CHANGE_OTHER] = "other",
    [CHANGE_APPEARED] = "appeared", [CHANGE_VANISHED] = "vanished", [CHANGE_SAME] = "same",
};

static const char *const outlook_words[OUTLOOK_KINDS] = {
    [OUTLOOK_SOON] = "soon", [OUTLOOK_AVERTED] = "averted", [OUTLOOK_ADVICE] = "advice",
};

const char *outlook_word(enum outlook_kind kind)
{
    return outlook_words[kind];
}

const char *change_word(enum change_kind kind)
{
    return words[kind];
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* How a host that is away, or has enough for now, may look from one time to the next. */
static bool is_of_network(const char *code)
{
    static const enum reason reasons[] = { REASON_CONNECT_REFUSED, REASON_CONNECT_TIMEOUT, REASON_CONNECTION_LOST,
                                           REASON_GREETING_REFUSED, REASON_HELO_REFUSED, REASON_TEMPORARY_REFUSAL };
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reason_code(reasons[i]), code) == 0)
            return true;
    return false;
}

static int rank(enum verdict verdict)
{
    static const int ranks[] = { [VERDICT_DELIVER] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_DOWNGRADE] = 2, [VERDICT_DEFER] = 3,
                                 [VERDICT_BOUNCE] = 4, [VERDICT_NOT_TRIED] = 1 };

    return ranks[verdict];
}

/* Known on both sides, and not the same. */
static bool both_differ(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) != 0;
}

static bool published_differs(const struct standing_published *a, const struct standing_published *b)
{
    return a != NULL && b != NULL &&
           (both_differ(a->dane, b->dane) || both_differ(a->sts, b->sts) || both_differ(a->tlsrpt, b->tlsrpt) ||
            both_differ(a->sts_policy, b->sts_policy));
}

/* With the same verdict. */
static bool differs(const struct standing *a, const struct standing *b)
{
    bool network = is_of_network(a->reason) && is_of_network(b->reason);
    bool told = a->verdict != VERDICT_UNKNOWN;

    if (a->verdict != VERDICT_DELIVER && !network && !same(a->reason, b->reason))
        return true;
    if (published_differs(a->published, b->published))
        return true;
    if (!same(a->level, b->level) || (told && !same(a->hosts, b->hosts)))
        return true;
    return told && !network && (!same(a->effective_level, b->effective_level) || !same(a->tls, b->tls));
}

enum change_kind verdicts_compare(enum verdict before, enum verdict after)
{
    int from = rank(before), to = rank(after);

    if (to > from)
        return CHANGE_WORSE;
    if (to < from)
        return after == VERDICT_UNKNOWN ? CHANGE_OTHER : CHANGE_BETTER;
    return CHANGE_SAME;
}

enum change_kind standing_compare(const struct standing *before, const struct standing *after)
{
    enum change_kind kind = verdicts_compare(before->verdict, after->verdict);

    return kind == CHANGE_SAME && differs(before, after) ? CHANGE_OTHER : kind;
}

void changes_init(struct changes *changes, struct region *region, size_t room)
{
    *changes = (struct changes){ .items = region_array(region, room + 1, sizeof(*changes->items)) };
}

void changes_add(struct changes *changes, struct change change)
{
    changes->by_kind[change.kind]++;
    if (change.kind != CHANGE_SAME)
        changes->items[changes->count++] = change;
}

void changes_sort(struct changes *changes, struct region *region)
{
    struct change *sorted = region_array(region, changes->count + 1, sizeof(*sorted));
    size_t         i, n = 0;
    int            kind;

    for (kind = 0; kind < CHANGE_KINDS; kind++)
        for (i = 0; i < changes->count; i++)
            if ((int)changes->items[i].kind == kind)
                sorted[n++] = changes->items[i];
    changes->items = sorted;
}

void changes_find(struct changes *changes, struct region *region, const struct standing *before, size_t before_count,
                  const struct standing *after, size_t after_count)
{
    struct dict *old = dict_new(), *new = dict_new();
    size_t       i;

    changes_init(changes, region, before_count + after_count);
    for (i = 0; i < before_count; i++)
        dict_put(old, slice_of(before[i].destination), (void *)&before[i]);
    for (i = 0; i < after_count; i++) {
        const struct standing *was = dict_find(old, slice_of(after[i].destination));

        if (!dict_put(new, slice_of(after[i].destination), (void *)&after[i]))
            continue;
        changes_add(changes, (struct change){ was != NULL ? standing_compare(was, &after[i]) : CHANGE_APPEARED, was,
                                              &after[i], NULL });
    }
    for (i = 0; i < dict_count(old); i++)
        if (dict_find(new, slice_of(dict_key_at(old, i))) == NULL)
            changes_add(changes, (struct change){ CHANGE_VANISHED, dict_at(old, i), NULL, NULL });
    dict_free(old);
    dict_free(new);
    changes_sort(changes, region);
}

void changes_of_proposed(struct changes *changes, struct region *region, const struct report *report)
{
    size_t i;

    changes_init(changes, region, report->count);
    for (i = 0; i < report->count; i++) {
        struct standing *pair = region_array(region, 2, sizeof(*pair));

        standing_of_result(region, &pair[0], report, report->results[i]);
        standing_of_result(region, &pair[1], report->proposed, report->results[i]->proposed);
        changes_add(changes, (struct change){ standing_compare(&pair[0], &pair[1]), &pair[0], &pair[1], NULL });
    }
    changes_sort(changes, region);
}

static enum change_kind change_between(const struct report *report, const struct result *from, const struct report *other,
                                       const struct result *to)
{
    struct region   *region = region_new();
    struct standing  before, after;
    enum change_kind kind;

    standing_of_result(region, &before, report, from);
    standing_of_result(region, &after, other, to);
    kind = standing_compare(&before, &after);
    region_free(region);
    return kind;
}

enum change_kind change_of_proposed(const struct report *report, const struct result *result)
{
    return change_between(report, result, report->proposed, result->proposed);
}

enum change_kind change_of_as(const struct report *report, const struct result *result)
{
    return change_between(report, result->configured, report, result);
}

void changes_count_verdicts(const struct changes *changes, size_t counts[VERDICT_UNKNOWN + 1])
{
    size_t i;

    memset(counts, 0, (VERDICT_UNKNOWN + 1) * sizeof(*counts));
    for (i = 0; i < changes->count; i++)
        if (changes->items[i].kind == CHANGE_WORSE)
            counts[changes->items[i].after->verdict]++;
}

static const char *and_then(struct region *region, const char *text, const char *more)
{
    return region_printf(region, "%s%s%s", text, text[0] != '\0' ? ", " : "", more);
}

const char *policy_difference(struct region *region, const struct standing_published *a, const struct standing_published *b)
{
    bool same_id = same(a->sts_id, b->sts_id);

    if (a->sts_policy == NULL || b->sts_policy == NULL)
        return NULL;
    if (strcmp(a->sts_policy, b->sts_policy) != 0)
        return same_id ? "MTA-STS policy changed under the same id" : "MTA-STS policy changed";
    return same_id ? NULL
                   : region_printf(region, "MTA-STS id %s -> %s with the same policy", a->sts_id != NULL ? a->sts_id : "none",
                                   b->sts_id != NULL ? b->sts_id : "none");
}

static const char *published_difference(struct region *region, const char *text, const struct standing_published *a,
                                        const struct standing_published *b)
{
    const struct {
        const char *what, *from, *to;
    } rows[] = { { "DANE", a->dane, b->dane }, { "MTA-STS", a->sts, b->sts }, { "TLS reporting", a->tlsrpt, b->tlsrpt } };
    const char *policy = policy_difference(region, a, b);
    size_t      i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (both_differ(rows[i].from, rows[i].to))
            text = and_then(region, text, region_printf(region, "%s %s -> %s", rows[i].what, rows[i].from, rows[i].to));
    return policy != NULL ? and_then(region, text, policy) : text;
}

const char *standing_difference(struct region *region, const struct standing *before, const struct standing *after)
{
    const struct {
        const char *what, *from, *to, *lacking; /* "none" is a level of Postfix */
    } rows[] = {
        { "reason", before->reason, after->reason, "none" },
        { "level", standing_level_asked(before), standing_level_asked(after), "undecided" },
        { "level in force", before->effective_level, after->effective_level, "undecided" },
        { "TLS", before->tls, after->tls, "none" },
        { "hosts", before->hosts, after->hosts, "none" },
    };
    const char *text = "";
    size_t      i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *from = rows[i].from != NULL && rows[i].from[0] != '\0' ? rows[i].from : rows[i].lacking;
        const char *to = rows[i].to != NULL && rows[i].to[0] != '\0' ? rows[i].to : rows[i].lacking;

        if (strcmp(from, to) != 0)
            text = and_then(region, text, region_printf(region, "%s %s -> %s", rows[i].what, from, to));
    }
    if (before->published != NULL && after->published != NULL)
        text = published_difference(region, text, before->published, after->published);
    return text;
}

const char *standing_publication_difference(struct region *region, const struct standing *before, const struct standing *after)
{
    if (!published_differs(before->published, after->published))
        return "";
    return published_difference(region, "", before->published, after->published);
}
