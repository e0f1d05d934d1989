/* Expansion of $name in parameter values, as mac_parse(3) and mac_expand(3) do it. Two deliberate differences: endless
 * recursion through the operands of a comparison, which overruns Postfix's stack, ends at the depth limit; and an
 * expansion that would take ages, or all memory, ends at a limit of steps. All of these are errors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/base/mem.h"
#include "scanner/base/utf8.h"
#include "scanner/config/compat_level.h"
#include "scanner/config/main_cf.h"

#define STATUS_CONFIG 78
#define DEPTH_MAX     100
#define STEPS_MAX     100000
#define OPERAND_MAX   (1u << 20) /* bytes of one side of a comparison, or of one function argument */
#define QUOTE_MAX     60
#define BLANKS        " \t\r\n"
#define OPERATOR      "<>!=?+-*/~&|%"

struct expansion {
    struct version version;
    main_cf_value_fn *value_of;
    void *arg;
    struct buf *out;
    struct error *err;
    int depth;
    int steps;
};

static bool expand_text(struct expansion *x, struct slice text);

static bool fail(struct expansion *x, const char *what, struct slice at)
{
    int shown = (int)(at.n < QUOTE_MAX ? at.n : QUOTE_MAX);

    error_set(x->err, STATUS_CONFIG, "%s: \"%.*s%s\"", what, shown, at.p, at.n > QUOTE_MAX ? "..." : "");
    error_fix(x->err, "see \"$name\" in postconf(5); a dollar sign itself is written $$");
    return false;
}

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t span(struct slice s, const char *set)
{
    size_t n = 0;

    while (n < s.n && s.p[n] != '\0' && strchr(set, s.p[n]) != NULL)
        n++;
    return n;
}

static struct slice skip_blanks(struct slice s)
{
    return slice_from_index(s, span(s, BLANKS));
}

/* Moves *rest to a '{' that stands there after optional blanks; leaves it alone when there is none. */
static bool at_brace(struct slice *rest)
{
    struct slice s = skip_blanks(*rest);

    if (s.n == 0 || s.p[0] != '{')
        return false;
    *rest = s;
    return true;
}

/* Takes "{...}" and the blanks behind it off *rest, which starts with '{'. */
static bool take_braced(struct expansion *x, struct slice *rest, struct slice *inside)
{
    int level = 0;

    for (size_t i = 0; i < rest->n; i++) {
        level += (rest->p[i] == '{') - (rest->p[i] == '}');
        if (level == 0) {
            *inside = slice_from(rest->p + 1, i - 1);
            *rest = skip_blanks(slice_from_index(*rest, i + 1));
            return true;
        }
    }
    return fail(x, "unbalanced {} in attribute expression", *rest);
}

/* Expands text on its own, not into the result. The caller clears *out. */
static bool expand_aside(struct expansion *x, struct slice text, struct buf *out)
{
    struct buf *outer = x->out;
    bool ok;

    buf_init(out, OPERAND_MAX);
    x->out = out;
    ok = expand_text(x, text);
    x->out = outer;
    return ok;
}

/* Comparisons */

enum relation { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, RELATION_COUNT };

static const char *const relation_words[RELATION_COUNT] = {
    [EQUAL] = "==", [NOT_EQUAL] = "!=", [LESS] = "<", [LESS_EQUAL] = "<=", [GREATER] = ">", [GREATER_EQUAL] = ">=",
};

static bool holds(enum relation relation, int difference)
{
    static const struct {
        bool below, same, above;
    } truth[RELATION_COUNT] = {
        [EQUAL] = { false, true, false },   [NOT_EQUAL] = { true, false, true },
        [LESS] = { true, false, false },    [LESS_EQUAL] = { true, true, false },
        [GREATER] = { false, false, true }, [GREATER_EQUAL] = { false, true, true },
    };

    return difference < 0 ? truth[relation].below : difference == 0 ? truth[relation].same : truth[relation].above;
}

static bool all_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool compare_values(struct expansion *x, const char *a, const char *b, int *difference)
{
    if (all_digits(a) && all_digits(b)) {
        long left, right;

        errno = 0;
        left = strtol(a, NULL, 10);
        right = strtol(b, NULL, 10);
        if (errno == ERANGE)
            return fail(x, "number too large in a comparison", slice_of(a));
        *difference = (left > right) - (left < right);
    } else {
        *difference = strcmp(a, b);
    }
    return true;
}

static bool compare_levels(struct expansion *x, const char *a, const char *b, int *difference)
{
    struct version left, right;

    if (!compat_level_parse(&left, a))
        return fail(x, "malformed compatibility level", slice_of(a));
    if (!compat_level_parse(&right, b))
        return fail(x, "malformed compatibility level", slice_of(b));
    *difference = compat_level_compare(left, right);
    return true;
}

struct comparison {
    struct slice left, right;
    enum relation relation;
    bool levels;
};

/* Takes "{a} OP {b}" off *rest. */
static bool take_comparison(struct expansion *x, struct slice *rest, struct comparison *c)
{
    struct slice word;
    size_t i, n;

    if (!take_braced(x, rest, &c->left))
        return false;
    word = slice_head(*rest, span(*rest, OPERATOR));
    for (i = 0; i < RELATION_COUNT && !slice_eq_text(word, relation_words[i]); i++)
        continue;
    if (i == RELATION_COUNT)
        return fail(x, "one of == != < <= >= > expected at", *rest);
    c->relation = (enum relation)i;
    *rest = slice_from_index(*rest, word.n);
    for (n = 0; n < rest->n && is_name_byte(rest->p[n]) && rest->p[n] != '_'; n++)
        continue;
    c->levels = n > 0;
    if (c->levels && (!version_at_least(x->version, 3, 6, 0) || !slice_eq_text(slice_head(*rest, n), "level")))
        return fail(x, "unknown comparison operator at", *rest);
    *rest = slice_from_index(*rest, n);
    if (!at_brace(rest))
        return fail(x, "\"{expression}\" expected at", *rest);
    return take_braced(x, rest, &c->right);
}

static bool compare(struct expansion *x, const struct comparison *c, bool *result)
{
    struct buf left, right;
    int difference = 0;
    bool ok;

    buf_init(&right, 0);
    ok = expand_aside(x, c->left, &left) && expand_aside(x, c->right, &right);
    if (ok)
        ok = (c->levels ? compare_levels : compare_values)(x, buf_text(&left), buf_text(&right), &difference);
    buf_clear(&left);
    buf_clear(&right);
    *result = ok && holds(c->relation, difference);
    return ok;
}

/* Functions, from 3.11 */

static bool domain_to_ascii(const char *name, struct buf *out)
{
    char ascii[HOSTNAME_MAX + 1];

    if (text_is_ascii(slice_of(name)))
        return buf_add_text(out, name);
    return hostname_to_ascii(slice_of(name), ascii) && buf_add_text(out, ascii);
}

static bool domain_to_utf8(const char *name, struct buf *out)
{
    char utf8[HOSTNAME_UTF8_MAX + 1];

    if (!text_is_ascii(slice_of(name)))
        return buf_add_text(out, name);
    return hostname_to_utf8(slice_of(name), utf8) && buf_add_text(out, utf8);
}

static const struct {
    const char *name;
    bool (*run)(const char *argument, struct buf *out);
} functions[] = {
    { "domain_to_ascii", domain_to_ascii },
    { "domain_to_utf8", domain_to_utf8 },
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* name{argument}; rest starts with the '{'. */
static bool expand_function(struct expansion *x, struct slice name, struct slice rest)
{
    struct slice argument;
    struct buf value;
    size_t i;
    bool ok;

    if (!version_at_least(x->version, 3, 11, 0))
        return fail(x, "attribute name syntax error at", name);
    if (!take_braced(x, &rest, &argument))
        return false;
    if (rest.n > 0)
        return fail(x, "unexpected input at", rest);
    for (i = 0; i < FUNCTION_COUNT && !slice_eq_text(name, functions[i].name); i++)
        continue;
    if (i == FUNCTION_COUNT)
        return fail(x, "unknown function", name);
    ok = expand_aside(x, slice_trim(argument), &value);
    if (ok && !functions[i].run(buf_text(&value), x->out))
        ok = fail(x, "bad domain name in a function call", buf_slice(&value));
    buf_clear(&value);
    return ok;
}

/* ${...} */

/* Takes one result operand off *rest: {text}, or else everything. */
static bool take_result(struct expansion *x, struct slice *rest, struct slice *result)
{
    if (at_brace(rest))
        return take_braced(x, rest, result);
    *result = *rest;
    *rest = slice_from_index(*rest, rest->n);
    return true;
}

/* rest is what follows "name" or the comparison: nothing, "?a", ":b", "?{a}:{b}". Only the chosen text is looked into,
 * as in Postfix, which therefore overlooks errors in the other. */
static bool expand_choice(struct expansion *x, struct slice rest, const char *value)
{
    bool set = value != NULL && value[0] != '\0', test = rest.p[0] == '?';
    struct slice result;

    rest = slice_from_index(rest, 1);
    if (!take_result(x, &rest, &result))
        return false;
    if (set == test && !expand_text(x, result))
        return false;
    if (!test)
        return rest.n == 0 || fail(x, "unexpected input at", rest);
    if (rest.n == 0)
        return true;
    if (rest.p[0] != ':')
        return fail(x, "\":\" expected at", rest);
    rest = slice_from_index(rest, 1);
    if (!take_result(x, &rest, &result))
        return false;
    if (!set && !expand_text(x, result))
        return false;
    return rest.n == 0 || fail(x, "unexpected input at", rest);
}

static bool finish_expression(struct expansion *x, struct slice rest, const char *value)
{
    if (rest.n > 0)
        return expand_choice(x, rest, value);
    return value == NULL || expand_text(x, slice_of(value));
}

static const char *lookup(struct expansion *x, struct slice name)
{
    char *text = mem_alloc(name.n + 1);
    const char *value;

    memcpy(text, name.p, name.n);
    value = x->value_of(x->arg, text);
    mem_free(text);
    return value;
}

static bool expand_name(struct expansion *x, struct slice text)
{
    size_t n = 0;
    struct slice rest;

    text = skip_blanks(text);
    while (n < text.n && is_name_byte(text.p[n]))
        n++;
    rest = skip_blanks(slice_from_index(text, n));
    if (rest.n > 0 && rest.p[0] == '{')
        return expand_function(x, slice_head(text, n), rest);
    if (rest.n > 0 && rest.p[0] != '?' && rest.p[0] != ':')
        return fail(x, "attribute name syntax error at", text);
    return finish_expression(x, rest, lookup(x, slice_head(text, n)));
}

/* What stands inside ${...}. */
static bool expand_expression(struct expansion *x, struct slice text)
{
    struct comparison c;
    bool result;

    if (!at_brace(&text))
        return expand_name(x, text);
    if (!take_comparison(x, &text, &c) || !compare(x, &c, &result))
        return false;
    if (text.n > 0 && text.p[0] != '?' && text.p[0] != ':')
        return fail(x, "\"?\" or \":\" expected at", text);
    return finish_expression(x, text, result ? "true" : "");
}

/* Takes a reference off *text, whose '$' is gone: name, {...} or (...). */
static bool take_reference(struct expansion *x, struct slice *text, struct slice *inside)
{
    char open = text->n > 0 ? text->p[0] : '\0', close = open == '{' ? '}' : ')';
    size_t n = 0;
    int level = 0;

    if (open != '{' && open != '(') {
        while (n < text->n && is_name_byte(text->p[n]))
            n++;
        *inside = slice_head(*text, n);
        *text = slice_from_index(*text, n);
    } else {
        do {
            if (n == text->n)
                return fail(x, "truncated macro reference", *text);
            level += (text->p[n] == open) - (text->p[n] == close);
        } while (n++, level > 0);
        *inside = slice_from(text->p + 1, n - 2);
        *text = slice_from_index(*text, n);
    }
    return inside->n > 0 || fail(x, "empty macro name before", *text);
}

static bool expand_reference(struct expansion *x, struct slice *text)
{
    struct slice inside;
    bool ok;

    if (!take_reference(x, text, &inside))
        return false;
    if (x->depth > DEPTH_MAX)
        return fail(x, "unreasonable macro call nesting", inside);
    if (++x->steps > STEPS_MAX)
        return fail(x, "too many macro calls", inside);
    x->depth++;
    ok = expand_expression(x, inside);
    x->depth--;
    return ok;
}

static bool expand_text(struct expansion *x, struct slice text)
{
    while (text.n > 0) {
        size_t n = slice_find(text, '$');

        if (n > 0 && x->depth > DEPTH_MAX)
            return fail(x, "unreasonable macro call nesting", text);
        if (!buf_add_slice(x->out, slice_head(text, n)))
            return fail(x, "value too long", text);
        text = slice_from_index(text, n);
        if (text.n > 1 && text.p[1] == '$') {
            if (!buf_add_char(x->out, '$'))
                return fail(x, "value too long", text);
            text = slice_from_index(text, 2);
        } else if (text.n > 0) {
            text = slice_from_index(text, 1);
            if (!expand_reference(x, &text))
                return false;
        }
    }
    return true;
}

bool main_cf_expand(const char *text, struct version version, main_cf_value_fn *value_of, void *arg, struct buf *out,
                    struct error *err)
{
    struct expansion x = { .version = version, .value_of = value_of, .arg = arg, .out = out, .err = err };

    return expand_text(&x, slice_of(text));
}
