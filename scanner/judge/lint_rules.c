/* Rules of regexp and pcre tables: what else they match. Each is tried with names made from the text in its pattern. */
#include <string.h>

#include "scanner/judge/lint_impl.h"

#define NAME_MAX_OCTETS 255

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The longest run of plain characters and dots, escaped or not. A character that a quantifier follows does not belong. */
static struct slice next_run(struct slice *rest, char out[NAME_MAX_OCTETS + 1])
{
    size_t n = 0, i = 0;

    while (i < rest->n && n < NAME_MAX_OCTETS) {
        char c = rest->p[i];
        bool escaped = c == '\\' && i + 1 < rest->n && strchr(".-_", rest->p[i + 1]) != NULL;

        if (escaped)
            c = rest->p[++i];
        if (!is_name_character(c) && c != '.')
            break;
        if (i + 1 < rest->n && strchr("*+?{", rest->p[i + 1]) != NULL)
            break;
        out[n++] = c;
        i++;
    }
    *rest = slice_from_index(*rest, i > 0 ? i : 1);
    return slice_from(out, n);
}

static struct slice trim_dots(struct slice s)
{
    while (s.n > 0 && s.p[0] == '.')
        s = slice_from_index(s, 1);
    while (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    return s;
}

/* The longest part of a pattern that looks like a domain of two labels or more; NULL: there is none. */
static const char *domain_in(struct region *region, struct slice pattern)
{
    char run[NAME_MAX_OCTETS + 1];
    const char *longest = NULL;

    while (pattern.n > 0) {
        struct slice name = trim_dots(next_run(&pattern, run));

        if (slice_find(name, '.') < name.n && (longest == NULL || name.n > strlen(longest)))
            longest = region_slice(region, name);
    }
    return longest;
}

static bool matches(const struct lint_entry *e, const char *before, const char *domain, const char *behind)
{
    return table_item_matches(e->table, e->number, region_printf(e->lint->scratch, "%s%s%s", before, domain, behind));
}

static bool matches_everything(const struct lint_entry *e)
{
    static const char *const texts[] = { "example.org", ".example.org", ".org", "[192.0.2.1]:25", "x", "mail.test" };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!table_item_matches(e->table, e->number, texts[i]))
            return false;
    return true;
}

static bool something_follows(const struct lint_entry *e)
{
    struct table_item next;

    return table_item(e->table, e->number + 1, &next) || e->position + 1 < e->maps->list->count;
}

static void check_domain(struct lint_entry *e, const char *domain)
{
    struct region *region = e->lint->scratch;
    bool itself = matches(e, "", domain, ""), below = matches(e, "mail.", domain, "");
    bool parent = matches(e, ".", domain, ""), longer = matches(e, "x", domain, "");

    if (!itself && !below && !parent)
        return;
    if (longer || matches(e, "", domain, ".invalid")) {
        const char *other = region_printf(region, longer ? "x%s" : "%s.invalid", domain);

        lint_tell_entry(e, LINT_RULE_UNANCHORED, "the pattern matches %s too", other);
    } else if (parent && !below) {
        lint_tell_entry(e, LINT_RULE_MATCHES_PARENT, "the pattern matches .%s, which is asked for every name below %s",
                        domain, domain);
    }
}

void lint_rule(struct lint_entry *e, struct dict *patterns)
{
    const char *domain = domain_in(e->lint->scratch, e->item.key);

    if (e->item.narrowed)
        return;
    if (!dict_put(patterns, e->item.head, e->maps))
        lint_tell_entry(e, LINT_RULE_REPEATED, "an earlier rule has the same pattern");
    if (matches_everything(e)) {
        if (something_follows(e))
            lint_tell_entry(e, LINT_RULE_SHADOWS_REST, "the pattern matches everything, and there is more behind it");
    } else if (domain != NULL && !e->item.negated) {
        check_domain(e, domain);
    }
}
