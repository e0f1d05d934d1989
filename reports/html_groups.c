#include "reports/html_groups.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/dict.h"

struct html_groups {
    struct region      *region;
    struct dict        *by_key;
    struct html_group **sorted;
};

struct html_groups *html_groups_new(struct region *region)
{
    struct html_groups *groups = region_alloc(region, sizeof(*groups));

    groups->region = region;
    groups->by_key = dict_new();
    return groups;
}

void html_groups_free(struct html_groups *groups)
{
    if (groups != NULL)
        dict_free(groups->by_key);
}

/* The group of that key; *fresh when it is new. Counts the destination, once. */
static struct html_group *group_of(struct html_groups *groups, const char *key, const struct result *result, bool *fresh)
{
    struct html_group *group = dict_find(groups->by_key, slice_of(key));

    *fresh = group == NULL;
    if (group == NULL) {
        group = region_alloc(groups->region, sizeof(*group));
        group->born = dict_count(groups->by_key);
        group->verdict = result->verdict;
        dict_put(groups->by_key, slice_of(key), group);
    }
    if (group->last == result)
        return group;
    group->last = result;
    if (group->count < GROUP_SHOWN)
        group->shown[group->count] = result;
    group->count++;
    return group;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The whole group is told what suits each of it. */
static void agree_on_remedy(struct html_group *group, const struct remedy *remedy)
{
    if (!same_text(group->remedy.text, remedy->text))
        group->remedy.text = group->remedy_for_all;
    if (!same_text(group->remedy.paste, remedy->paste)) {
        group->remedy.text = group->remedy_for_all;
        group->remedy.paste = NULL;
    }
}

struct html_group *html_groups_add(struct html_groups *groups, const struct story *story)
{
    enum reason        reason = story->result->forecast.reason;
    struct remedy      remedy = story_remedy(story);
    bool               fresh;
    struct html_group *group = group_of(groups, trouble_key(story), story->result, &fresh);

    if (!fresh) {
        agree_on_remedy(group, &remedy);
        if (!same_text(group->why, story_why(story)))
            group->why = reason_sentence(reason);
        return group;
    }
    group->why = region_text(groups->region, story_why(story));
    group->remedy.text = region_text(groups->region, remedy.text);
    group->remedy.paste = region_text(groups->region, remedy.paste);
    group->remedy_for_all = remedy_sentence(reason);
    if (story->host != NULL && !trouble_is_policy(reason) && !trouble_is_own(story))
        group->host = region_text(groups->region, story->host->host->host);
    return group;
}

/* NULL: the finding does not say what will turn worse. */
static const char *soon_key(struct region *region, const struct finding *finding)
{
    if (strcmp(finding->code, finding_word(FINDING_HORIZON)) != 0 &&
        strcmp(finding->code, finding_word(FINDING_CERTIFICATE_EXPIRES_SOON)) != 0)
        return NULL;
    return region_printf(region, "%s %s %s", finding->code, finding->host != NULL ? finding->host : "", finding->text);
}

void html_groups_add_soon(struct html_groups *groups, const struct story *story)
{
    const struct finding *finding;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next) {
        const char        *key = soon_key(story->region, finding);
        struct html_group *group;
        bool               fresh;

        if (key == NULL)
            continue;
        group = group_of(groups, key, story->result, &fresh);
        if (!fresh)
            continue;
        group->host = region_text(groups->region, finding->host);
        group->why = region_text(groups->region, finding->text);
        group->severity = finding->severity;
    }
}

unsigned html_groups_soon_mask(const struct html_groups *groups, const struct story *story, size_t most)
{
    const struct finding *finding;
    unsigned              mask = 0;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next) {
        const char              *key = soon_key(story->region, finding);
        const struct html_group *group = key != NULL ? dict_find(groups->by_key, slice_of(key)) : NULL;

        if (group != NULL)
            mask |= 1u << (group->number < most ? group->number : most);
    }
    return mask;
}

/* Larger is worse. A verdict that is not known asks for less haste than any trouble that is. */
static int urgency(enum verdict verdict)
{
    static const int urgencies[] = {
        [VERDICT_DELIVER] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_DOWNGRADE] = 2, [VERDICT_DEFER] = 3, [VERDICT_BOUNCE] = 4,
    };

    return urgencies[verdict];
}

static int compare_groups(const void *a, const void *b)
{
    const struct html_group *x = *(struct html_group *const *)a, *y = *(struct html_group *const *)b;

    if (x->verdict != y->verdict)
        return urgency(y->verdict) - urgency(x->verdict);
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->born < y->born ? -1 : 1;
}

void html_groups_sort(struct html_groups *groups)
{
    size_t i, count = html_groups_count(groups);

    groups->sorted = region_array(groups->region, count + 1, sizeof(struct html_group *));
    for (i = 0; i < count; i++)
        groups->sorted[i] = dict_at(groups->by_key, i);
    if (count > 0)
        qsort(groups->sorted, count, sizeof(struct html_group *), compare_groups);
    for (i = 0; i < count; i++)
        groups->sorted[i]->number = i;
}

size_t html_groups_count(const struct html_groups *groups)
{
    return dict_count(groups->by_key);
}

const struct html_group *html_groups_at(const struct html_groups *groups, size_t i)
{
    return i < html_groups_count(groups) ? groups->sorted[i] : NULL;
}
