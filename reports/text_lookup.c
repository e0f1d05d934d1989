#include "reports/text_lookup.h"

#include "reports/story.h"

static const char *status_words(const struct table_answer *answer)
{
    static const char *const words[] = {
        [TABLE_NOT_FOUND] = "not found",
        [TABLE_FOUND] = "found",
        [TABLE_ERROR] = "the lookup fails",
        [TABLE_UNREADABLE] = "cannot be read on this machine",
        [TABLE_WANTED] = "never asked",
    };

    return words[answer->status];
}

void page_lookup(struct page *page, int indent, struct region *region, const char *where, const char *key,
                 const struct table_answer *answer, const char *result)
{
    const char  *origin = answer_place(region, answer), *colon = origin[0] != '\0' ? ": " : "";
    struct place below = { .indent = indent + 2 };

    page_printf(page, (struct place){ .indent = indent }, "%s, key \"%s\": %s", where, key,
                result != NULL ? result : status_words(answer));
    if (answer->status == TABLE_FOUND && answer->value != NULL)
        page_printf(page, below, "%s%s%s", origin, colon, answer->value);
    below.tone = TONE_YELLOW;
    if (answer->status != TABLE_FOUND && answer->error != NULL)
        page_printf(page, below, "%s%s%s", origin, colon, answer->error);
    if (answer->warning != NULL)
        page_text(page, below, answer->warning);
}

void page_steps(struct page *page, int indent, struct region *region, const struct policy_step *step)
{
    for (; step != NULL; step = step->next)
        page_lookup(page, indent, region, step->parameter, step->key, &step->answer, NULL);
}
