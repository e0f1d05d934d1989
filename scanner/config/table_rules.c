/* What tables of rules have in common: order, if ... endif. regexp_table(5), pcre_table(5), cidr_table(5). */
#include <stdint.h>
#include <string.h>

#include "scanner/config/table_impl.h"

bool rule_word(struct slice line, const char *word, struct slice *rest)
{
    size_t n = strlen(word);

    if (!slice_eq_text_nocase(slice_head(line, n), word) || (line.n > n && is_alnum(line.p[n])))
        return false;
    *rest = slice_trim_left(slice_from_index(line, n));
    return true;
}

bool rule_negated(struct slice *text)
{
    bool negated = false;

    for (;;) {
        *text = slice_trim_left(*text);
        if (text->n == 0 || text->p[0] != '!')
            return negated;
        negated = !negated;
        *text = slice_from_index(*text, 1);
    }
}

/* A list that doubles; what it leaves behind in the region is less than what it has. */
static void *grow(struct region *region, void *list, size_t count, size_t *room, size_t size)
{
    void *bigger;

    if (count < *room)
        return list;
    *room = *room > 0 ? 2 * *room : 16;
    bigger = region_array(region, *room, size);
    if (count > 0)
        memcpy(bigger, list, count * size);
    return bigger;
}

void rules_add(struct rules *r, struct rule rule)
{
    struct region *region = r->table->region;

    rule.end = SIZE_MAX;
    r->rules = grow(region, r->rules, r->count, &r->room, sizeof(r->rules[0]));
    r->rules[r->count] = rule;
    if (rule.op == RULE_IF) {
        r->open = grow(region, r->open, r->nesting, &r->open_room, sizeof(r->open[0]));
        r->open[r->nesting++] = r->count;
    } else if (rule.op == RULE_ENDIF) {
        r->rules[r->open[--r->nesting]].end = r->count;
    }
    r->count++;
}

void rules_finish(struct rules *r)
{
    while (r->nesting > 0)
        table_note(r->table, "table-missing-endif", r->rules[r->open[--r->nesting]].line,
                   "if without endif: the block goes on to the end of the table");
}

const struct rule *rules_run(const struct rules *r, bool (*matches)(void *arg, const struct rule *), void *arg)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct rule *rule = &r->rules[i];

        if (rule->op == RULE_ENDIF)
            continue;
        if (matches(arg, rule)) {
            if (rule->op == RULE_MATCH)
                return rule;
        } else if (rule->op == RULE_IF) {
            if (rule->end == SIZE_MAX)
                return NULL;
            i = rule->end;
        }
    }
    return NULL;
}
