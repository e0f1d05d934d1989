/* The value of a policy table: a level, then attributes. postconf(5) smtp_tls_policy_maps. */
#include "scanner/policy/policy_parse.h"

#include <stdarg.h>
#include <string.h>

#define SEPARATORS ", \t\r\n"

bool policy_fail(struct policy_parser *parser, const char *format, ...)
{
    struct policy *policy = parser->policy;
    va_list arguments;

    va_start(arguments, format);
    policy->error = region_vprintf(parser->region, format, arguments);
    va_end(arguments);
    policy->level = LEVEL_INVALID;
    policy->trouble = POLICY_BAD_VALUE;
    policy->dsn = "4.7.5";
    policy->text = "client TLS configuration problem";
    return false;
}

void policy_hint(struct policy_parser *parser, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    parser->policy->hint = region_vprintf(parser->region, format, arguments);
    va_end(arguments);
}

/* Braces group from 3.10 on. */
static bool has_braces(const struct policy_parser *parser)
{
    return version_at_least(parser->version, 3, 10, 0);
}

void policy_hint_braces(struct policy_parser *parser)
{
    policy_hint(parser, has_braces(parser) ? "braces go around one attribute: \"{ name = value }\""
                                           : "\"{ name = value }\" needs Postfix 3.10 or later; write name=value");
}

static bool next_token(struct policy_parser *parser, struct slice *token)
{
    if (has_braces(parser))
        return slice_next_token_braced(&parser->rest, SEPARATORS, token);
    return slice_next_token(&parser->rest, SEPARATORS, token);
}

static bool parse_level(struct policy_parser *parser)
{
    const char *suggestion;
    struct slice token;

    if (!next_token(parser, &token)) {
        policy_fail(parser, "invalid empty policy");
        policy_hint(parser, "name a level, e.g. \"encrypt\"");
        return false;
    }
    if (level_parse(token, &parser->policy->level))
        return true;
    policy_fail(parser, "invalid security level \"%s\"", region_slice(parser->region, token));
    suggestion = level_suggestion(token);
    if (suggestion != NULL)
        policy_hint(parser, "did you mean \"%s\"?", suggestion);
    else if (slice_find(token, '=') < token.n)
        policy_hint(parser, "the level comes first, then the attributes");
    else
        policy_hint(parser, "levels are none, may, encrypt, dane, dane-only, fingerprint, verify and secure");
    return false;
}

/* Position after the brace that closes the first one; 0 when it is missing. */
static size_t balanced(struct slice text)
{
    int depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        depth += text.p[i] == '{';
        depth -= text.p[i] == '}';
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

/* "{ name = value }": takes the braces off, with each white space inside made a blank. */
static bool open_braces(struct policy_parser *parser, struct slice *token)
{
    size_t end = balanced(*token);
    const char *whole = region_slice(parser->region, *token);
    char *inner;

    if (end != token->n) {
        struct slice shown = slice_trim(end == 0 ? slice_from_index(*token, 1) : slice_from(token->p + 1, end - 2));

        return policy_fail(parser, "malformed attribute/value pair \"%s\": %s '}' in \"%s\"",
                           region_slice(parser->region, shown), end == 0 ? "missing" : "syntax error after", whole);
    }
    inner = region_slice(parser->region, slice_trim(slice_from(token->p + 1, end - 2)));
    for (char *p = inner; *p != '\0'; p++)
        if (strchr(" \t\r\n\v\f", *p) != NULL)
            *p = ' ';
    *token = slice_of(inner);
    return true;
}

static void hint_malformed(struct policy_parser *parser, struct slice token)
{
    if (token.p[0] == '#')
        policy_hint(parser, "a comment needs a line of its own");
    else if (token.p[0] == '{' || token.p[token.n - 1] == '}')
        policy_hint_braces(parser);
    else if (slice_starts_with(slice_trim_left(parser->rest), SLICE("=")) || token.p[0] == '=')
        policy_hint(parser, "write name=value without spaces around the \"=\"");
    else
        policy_hint(parser, "attributes are written name=value");
}

/* Name up to white space or '=', value trimmed: split_nameval(3). */
static bool split_attribute(struct policy_parser *parser, struct slice token, struct slice *name, struct slice *value)
{
    struct slice text = slice_trim_left(token), after;
    const char *wrong = NULL;
    size_t n = 0;

    while (n < text.n && text.p[n] != '=' && strchr(" \t\r\n\v\f", text.p[n]) == NULL)
        n++;
    *name = slice_head(text, n);
    after = slice_trim_left(slice_from_index(text, n));
    if (n == 0)
        wrong = "missing attribute name";
    else if (after.n == 0 || after.p[0] != '=')
        wrong = "missing '=' after attribute name";
    *value = slice_trim(slice_from_index(after, 1));
    if (wrong == NULL)
        return true;
    policy_fail(parser, "malformed attribute/value pair \"%s\": %s", region_slice(parser->region, token), wrong);
    if (token.n > 0)
        hint_malformed(parser, token);
    return false;
}

static void keep_attribute(struct policy_parser *parser, struct slice name, struct slice value)
{
    struct policy *policy = parser->policy;
    struct policy_attribute *kept = &policy->attributes[policy->attribute_count++];
    char *lower = region_slice(parser->region, name);

    for (char *p = lower; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    kept->name = lower;
    kept->value = region_slice(parser->region, value);
}

static bool parse_attribute(struct policy_parser *parser, struct slice token)
{
    struct slice name, value;

    if (token.p[0] == '{' && has_braces(parser) && !open_braces(parser, &token))
        return false;
    if (!split_attribute(parser, token, &name, &value))
        return false;
    keep_attribute(parser, name, value);
    return policy_attribute_apply(parser, name, value);
}

/* At level none attributes are not read, only warned about. */
static void ignore_attributes(struct policy_parser *parser)
{
    struct slice token;

    if (next_token(parser, &token))
        parser->policy->warning = region_printf(parser->region, "ignoring attribute \"%s\" with TLS disabled",
                                                region_slice(parser->region, token));
}

/* Never fewer than next_token() will give: braces only join. */
static size_t count_tokens(struct slice text)
{
    struct slice token;
    size_t count = 0;

    while (slice_next_token(&text, SEPARATORS, &token))
        count++;
    return count;
}

static bool parse_attributes(struct policy_parser *parser)
{
    size_t most = count_tokens(parser->rest);
    struct slice token;

    parser->policy->attributes = region_array(parser->region, most + 1, sizeof(parser->policy->attributes[0]));
    while (next_token(parser, &token)) {
        if (!parse_attribute(parser, token))
            return false;
    }
    return policy_attributes_finish(parser);
}

/* A file is missing from what we were given: nothing is final before it came. */
static void set_wanted(struct policy_parser *parser)
{
    struct policy *policy = parser->policy;

    policy->level = LEVEL_INVALID;
    policy->trouble = parser->view->wants != NULL ? POLICY_WANTS : POLICY_UNREADABLE;
    policy->error = policy->trouble == POLICY_WANTS
                        ? NULL
                        : region_printf(parser->region, "the trust anchor file %s was not read", parser->wanted_file);
}

/* smtp(8) has rights of its own: what it would make of the entry is not known. */
static void set_unreadable(struct policy_parser *parser)
{
    parser->policy->level = LEVEL_INVALID;
    parser->policy->trouble = POLICY_UNREADABLE;
    parser->policy->error = region_printf(parser->region, "trust anchor file %s; Postfix may be able to read it, we are not",
                                          parser->ours);
}

void policy_parse(struct region *region, struct policy *policy, struct slice value, const struct service *service,
                  const struct config *config, const struct view *view)
{
    struct policy_parser parser = { .region = region,
                                    .policy = policy,
                                    .service = service,
                                    .config = config,
                                    .view = view,
                                    .rest = value,
                                    .version = params_version(service->params) };

    policy_init(policy);
    policy->from_table = true;
    if (!parse_level(&parser))
        return;
    if (policy->level == LEVEL_NONE)
        ignore_attributes(&parser);
    else if (parse_attributes(&parser) && parser.wanted_file != NULL)
        set_wanted(&parser);
    else if (parser.ours != NULL && policy->trouble == POLICY_FINE)
        set_unreadable(&parser);
}
