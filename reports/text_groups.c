#include "reports/text_groups.h"

#include <string.h>

#include "scanner/base/dict.h"

struct text_groups {
    struct region *region;
    struct dict   *by_key;
};

struct text_groups *text_groups_new(struct region *region)
{
    struct text_groups *groups = region_alloc(region, sizeof(*groups));

    groups->region = region;
    groups->by_key = dict_new();
    return groups;
}

void text_groups_free(struct text_groups *groups)
{
    if (groups != NULL)
        dict_free(groups->by_key);
}

static struct text_group *begin(struct region *region, const struct story *story, const char *const *cells)
{
    struct text_group *group = region_alloc(region, sizeof(*group));

    *group = (struct text_group){ .first = story->result,
                                  .policy = region_text(region, story_entry(story, story->policy)) };
    for (size_t i = 0; i < TEXT_CELLS; i++)
        group->cells[i] = region_text(region, cells[i]);
    return group;
}

static void agree(struct text_group *group, const struct story *story, const char *const *cells)
{
    const char *policy = story_entry(story, story->policy);

    for (size_t i = 0; i < TEXT_CELLS; i++)
        if (strcmp(group->cells[i], cells[i]) != 0)
            group->cells[i] = "";
    if (group->policy != NULL && (policy == NULL || strcmp(group->policy, policy) != 0))
        group->policy = NULL;
}

static void weigh(struct text_group *group, const struct weight *weight)
{
    struct weight *all = &group->weight;

    if (weight == NULL || weight->repeated)
        return;
    if (!group->weighed) {
        *all = *weight;
        group->weighed = true;
        return;
    }
    all->deliveries += weight->deliveries;
    all->deferrals += weight->deferrals;
    all->bounces += weight->bounces;
    all->bytes += weight->bytes;
    all->last = weight->last > all->last ? weight->last : all->last;
    all->waiting = all->waiting < 0 || weight->waiting < 0 ? -1 : all->waiting + weight->waiting;
    all->share += weight->share;
}

struct text_group *text_groups_add(struct text_groups *groups, const struct story *story, const char *told,
                                   const char *const *cells)
{
    const char        *key = region_printf(story->region, "%s\n%s", trouble_key(story), told);
    struct text_group *group = dict_find(groups->by_key, slice_of(key));

    if (group == NULL) {
        group = begin(groups->region, story, cells);
        dict_put(groups->by_key, slice_of(key), group);
    } else {
        agree(group, story, cells);
    }
    if (group->count < GROUP_SHOWN)
        group->names[group->count] = story->result->destination->text;
    group->count++;
    weigh(group, story->result->weight);
    return group;
}
