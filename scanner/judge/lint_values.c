/* What smtp(8) refuses in a policy value. Postfix stops at the first fault and defers the mail; here the fault is
 * repaired and the value read again, so that all of them are told at once, with a line that is free of them. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "scanner/judge/lint_impl.h"
#include "scanner/policy/policy.h"

/* Faults of one value that are repaired before we give up. */
#define REPAIRS_MAX 64

/* A value under repair. */
struct repair {
    struct lint_entry *entry;
    struct region *region;
    const char *value;
    struct lint_tokens tokens;
    size_t bad; /* the word at which the reading ended */
    const struct policy *policy;
};

/* Each gives the repaired value, or NULL. */
typedef const char *repair_fn(struct repair *);

static struct slice bad_token(const struct repair *r)
{
    return r->bad < r->tokens.count ? r->tokens.items[r->bad] : slice_of("");
}

static const char *drop(struct repair *r)
{
    return r->bad < r->tokens.count ? lint_join(r->region, &r->tokens, r->bad, 1, NULL) : NULL;
}

static const char *replace(struct repair *r, size_t first, size_t count, const char *text)
{
    return lint_join(r->region, &r->tokens, first, count, text);
}

/* What stands between quotes in "did you mean "x"?"; NULL: the hint is another one. */
static const char *suggestion(struct repair *r)
{
    static const char start[] = "did you mean \"";
    const char *hint = r->policy->hint, *end;

    if (hint == NULL || strncmp(hint, start, sizeof(start) - 1) != 0)
        return NULL;
    hint += sizeof(start) - 1;
    end = strchr(hint, '"');
    return end != NULL ? region_slice(r->region, slice_from(hint, (size_t)(end - hint))) : NULL;
}

static const char *repair_level(struct repair *r)
{
    struct slice token = bad_token(r);
    size_t hash = slice_find(token, '#');
    const char *word = suggestion(r);

    if (hash > 0 && hash < token.n)
        return replace(r, 0, r->tokens.count, region_slice(r->region, slice_head(token, hash)));
    if (word != NULL)
        return replace(r, 0, 1, word);
    /* "match=x secure": the level may stand further on. */
    for (size_t i = 1; i < r->tokens.count; i++) {
        enum level level;

        if (level_parse(r->tokens.items[i], &level)) {
            const char *rest = lint_join(r->region, &r->tokens, i, 1, NULL);

            return region_printf(r->region, "%s %s", level_word(level), rest);
        }
    }
    return NULL;
}

static const char *cut_rest(struct repair *r)
{
    return replace(r, r->bad, r->tokens.count, NULL);
}

static bool starts_with(struct slice token, const char *text)
{
    return slice_starts_with(token, slice_of(text));
}

/* "match = x", "match =x": the words belong together. */
static const char *join_equals(struct repair *r)
{
    size_t i = r->bad, count = 2;
    const char *joined;

    if (i + 1 >= r->tokens.count || !starts_with(r->tokens.items[i + 1], "="))
        return NULL;
    if (r->tokens.items[i + 1].n == 1 && i + 2 < r->tokens.count)
        count = 3;
    joined = region_slice(r->region, r->tokens.items[i]);
    for (size_t k = 1; k < count; k++)
        joined = region_printf(r->region, "%s%.*s", joined, (int)r->tokens.items[i + k].n, r->tokens.items[i + k].p);
    return replace(r, i, count, joined);
}

/* Which attributes hold lists; NULL: not this one. */
static const char *list_separator(const struct repair *r, struct slice token)
{
    static const char *const lists[] = { "match", "protocols", "exclude" };
    bool pins = strncasecmp(r->value, "fingerprint", 11) == 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && slice_find(token, '=') < token.n; i++)
        if (slice_eq_text_nocase(lint_token_name(token), lists[i]))
            return i == 0 && pins ? "|" : ":";
    return NULL;
}

/* A list that was written with commas or blanks: "match=a, b, c". All words that may belong to it are taken at once. */
static const char *join_list(struct repair *r)
{
    const char *separator = NULL;
    size_t count = 0;
    struct buf joined;
    const char *text;

    if (r->bad >= 2 && r->bad < r->tokens.count)
        separator = list_separator(r, r->tokens.items[r->bad - 1]);
    if (separator == NULL)
        return NULL;
    buf_init(&joined, SIZE_MAX / 2);
    buf_add_slice(&joined, r->tokens.items[r->bad - 1]);
    for (size_t i = r->bad; i < r->tokens.count; i++, count++) {
        struct slice token = r->tokens.items[i];

        if (slice_find(token, '=') < token.n || token.p[0] == '#')
            break;
        buf_add_text(&joined, separator);
        buf_add_slice(&joined, token);
    }
    text = region_slice(r->region, buf_slice(&joined));
    buf_clear(&joined);
    return replace(r, r->bad - 1, count + 1, text);
}

static const char *repair_malformed(struct repair *r)
{
    const char *joined = join_equals(r);

    if (joined == NULL)
        joined = join_list(r);
    return joined != NULL ? joined : drop(r);
}

/* "match= x" */
static const char *repair_empty(struct repair *r)
{
    size_t next = r->bad + 1;
    struct slice after = next < r->tokens.count ? r->tokens.items[next] : slice_of("");

    if (after.n > 0 && slice_find(after, '=') == after.n)
        return replace(
            r, r->bad, 2,
            region_printf(r->region, "%.*s%.*s", (int)bad_token(r).n, bad_token(r).p, (int)after.n, after.p));
    return drop(r);
}

static const char *repair_name(struct repair *r)
{
    struct slice token = bad_token(r), name = lint_token_name(token);
    const char *word = suggestion(r);
    size_t equals = slice_find(token, '=');

    if (name.n > 1 && (name.p[name.n - 1] == '>' || name.p[name.n - 1] == '<') &&
        slice_eq_text_nocase(slice_head(name, name.n - 1), "protocols") &&
        version_at_least(r->entry->lint->config->version, 3, 6, 0))
        return replace(r, r->bad, 1,
                       region_printf(r->region, "protocols=%c%.*s", name.p[name.n - 1], (int)(token.n - equals),
                                     token.p + equals));
    if (word == NULL)
        return drop(r);
    return replace(r, r->bad, 1, region_printf(r->region, "%s%.*s", word, (int)(token.n - equals), token.p + equals));
}

/* Lists inside braces may have blanks and commas, outside they have colons. */
static const char *unbraced(struct region *region, struct slice token)
{
    struct slice inner = slice_from(token.p + 1, token.n - 2), name, value, word;
    const char *joined = "";

    name = slice_trim(slice_head(inner, slice_find(inner, '=')));
    value = slice_trim(slice_from_index(inner, slice_find(inner, '=') + 1));
    while (slice_next_token(&value, ", \t\r\n", &word))
        joined = region_printf(region, "%s%s%.*s", joined, joined[0] != '\0' ? ":" : "", (int)word.n, word.p);
    return region_printf(region, "%.*s=%s", (int)name.n, name.p, joined);
}

static const char *open_braces(struct repair *r)
{
    struct slice rest = slice_of(r->value), token;
    const char *value = "";

    while (slice_next_token_braced(&rest, ", \t\r\n", &token)) {
        bool braced = token.n > 2 && token.p[0] == '{' && token.p[token.n - 1] == '}';
        const char *word = braced ? unbraced(r->region, token) : region_slice(r->region, token);

        value = region_printf(r->region, "%s%s%s", value, value[0] != '\0' ? " " : "", word);
    }
    return strchr(value, '{') == NULL ? value : NULL;
}

static const char *add_type(struct repair *r)
{
    return region_printf(r->region, "%s policy_type=sts", lint_join(r->region, &r->tokens, r->tokens.count, 0, NULL));
}

static bool is_comment(const struct repair *r)
{
    struct slice token = bad_token(r);

    return token.n > 0 && token.p[0] == '#';
}

/* "... example.com encrypt": a word, then a level. */
static bool is_entry(const struct repair *r)
{
    struct slice token = bad_token(r);
    enum level level;

    return slice_find(token, '=') == token.n && r->bad + 1 < r->tokens.count &&
           level_parse(r->tokens.items[r->bad + 1], &level);
}

static bool is_braced(const struct repair *r)
{
    struct slice token = bad_token(r);

    return token.n > 0 && (token.p[0] == '{' || token.p[token.n - 1] == '}');
}

static bool is_too_new(const struct repair *r)
{
    return r->policy->hint != NULL && strstr(r->policy->hint, "needs Postfix") != NULL;
}

static bool is_old_braced(const struct repair *r)
{
    return is_braced(r) && !version_at_least(r->entry->lint->config->version, 3, 10, 0);
}

static bool is_attribute(const struct repair *r)
{
    return slice_find(bad_token(r), '=') < bad_token(r).n;
}

static bool is_anything(const struct repair *r)
{
    (void)r;
    return true;
}

/* The words of smtp(8)'s warning tell the fault; the first row that fits counts. */
static const struct fault {
    const char *words;
    bool (*fits)(const struct repair *);
    enum lint_code code;
    repair_fn *repair; /* NULL: only who wrote it knows */
} faults[] = {
    { "invalid empty policy", is_anything, LINT_POLICY_EMPTY, NULL },
    { "invalid security level", is_attribute, LINT_LEVEL_MISSING, repair_level },
    { "invalid security level", is_anything, LINT_LEVEL_UNKNOWN, repair_level },
    { "malformed attribute", is_comment, LINT_COMMENT_IN_VALUE, cut_rest },
    { "malformed attribute", is_entry, LINT_ENTRY_CONTINUED, cut_rest },
    { "malformed attribute", is_old_braced, LINT_BRACES_TOO_NEW, open_braces },
    { "malformed attribute", is_braced, LINT_BRACES_UNBALANCED, NULL },
    { "malformed attribute", is_anything, LINT_ATTRIBUTE_MALFORMED, repair_malformed },
    { "invalid attribute name", is_comment, LINT_COMMENT_IN_VALUE, cut_rest },
    { "invalid attribute name", is_old_braced, LINT_BRACES_TOO_NEW, open_braces },
    { "invalid attribute name", is_too_new, LINT_ATTRIBUTE_TOO_NEW, drop },
    { "invalid attribute name", is_anything, LINT_ATTRIBUTE_UNKNOWN, repair_name },
    { " has empty value", is_anything, LINT_ATTRIBUTE_EMPTY, repair_empty },
    { " is specified multiple times", is_anything, LINT_ATTRIBUTE_REPEATED, drop },
    { " invalid at security level ", is_anything, LINT_ATTRIBUTE_WRONG_LEVEL, drop },
    { "built-in policy has unexpected attribute", is_anything, LINT_STS_WITHOUT_TYPE, add_type },
    { "trust anchor file", is_anything, LINT_TAFILE_UNUSABLE, NULL },
    { "", is_anything, LINT_ATTRIBUTE_BAD_VALUE, drop },
};

static const struct fault *fault_of(const struct repair *r)
{
    const struct fault *f = faults;

    while (strstr(r->policy->error, f->words) == NULL || !f->fits(r))
        f++;
    return f;
}

static struct lint_finding *tell_fault(struct lint_entry *e, const struct fault *fault, const struct policy *policy)
{
    return lint_tell_entry(e, fault->code, "%s%s%s", policy->error, policy->hint != NULL ? "; " : "",
                           policy->hint != NULL ? policy->hint : "");
}

static void parse(struct lint_entry *e)
{
    policy_parse(e->lint->scratch, &e->policy, slice_of(e->value), e->maps->service, e->lint->config,
                 e->lint->input->view);
}

/* The fault that the reading ended with: told (once a line where one name after the other is too new), and repaired. */
static bool repair_once(struct lint_entry *e, struct lint_finding **told, size_t *count, enum lint_code *last)
{
    struct repair r = { .entry = e, .region = e->lint->scratch, .value = e->value, .policy = &e->policy };
    const struct fault *fault;
    const char *repaired;

    r.tokens = lint_split(r.region, e->value, e->lint->config->version);
    /* Attributes are kept with their names before they are judged, malformed words are not. */
    r.bad = e->policy.attribute_count;
    if (strncmp(e->policy.error, "malformed", 9) == 0)
        r.bad++;
    fault = fault_of(&r);
    if (fault->code == LINT_ENTRY_CONTINUED)
        lint_fix(e->lint, tell_fault(e, fault, &e->policy), "begin the entry of %.*s at the first column",
                 (int)bad_token(&r).n, bad_token(&r).p);
    else if (fault->code != *last || fault->code != LINT_ATTRIBUTE_TOO_NEW)
        told[(*count)++] = tell_fault(e, fault, &e->policy);
    *last = fault->code;
    repaired = fault->repair != NULL && r.tokens.count < LINT_TOKENS_MAX ? fault->repair(&r) : NULL;
    if (repaired == NULL || strcmp(repaired, e->value) == 0)
        return false;
    e->value = repaired;
    return true;
}

bool lint_value(struct lint_entry *e)
{
    struct lint_finding *told[REPAIRS_MAX] = { NULL };
    enum lint_code last = LINT_COUNT;
    size_t count = 0, repairs = 0;

    for (parse(e); e->policy.trouble == POLICY_BAD_VALUE; parse(e))
        if (repairs++ == REPAIRS_MAX || !repair_once(e, told, &count, &last))
            return false;
    if (e->policy.trouble != POLICY_FINE)
        return false;
    for (size_t i = 0; i < count; i++)
        lint_fix_value(e, told[i], e->value);
    if (e->policy.warning != NULL)
        lint_fix_value(e, lint_tell_entry(e, LINT_NONE_WITH_ATTRIBUTES, "%s", e->policy.warning), "none");
    return true;
}
