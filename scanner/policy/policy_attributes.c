/* The attributes of a policy: one row each. */
#include <limits.h>
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/base/names.h"
#include "scanner/policy/policy_parse.h"

enum levels { ANY_LEVEL, MATCH_LEVELS, PKIX_LEVELS };

struct attribute {
    const char *name;
    int major, minor; /* first release that knows it */
    bool once;        /* a second one is an error */
    bool not_empty;   /* with smtp(8)'s words for an empty value; others check the value themselves */
    enum levels levels;
    bool (*apply)(struct policy_parser *, const char *name, struct slice value);
};

static const char *text_of(struct policy_parser *parser, struct slice value)
{
    return region_slice(parser->region, value);
}

/* The room doubles whenever the count is a power of two. */
static void add_item(struct policy_parser *parser, struct text_list *list, struct slice item)
{
    if ((list->count & (list->count - 1)) == 0) {
        const char **items = region_array(parser->region, list->count == 0 ? 1 : 2 * list->count, sizeof(*items));

        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
    list->items[list->count++] = text_of(parser, item);
}

static struct text_list *open_list(struct policy_parser *parser, const struct text_list *list)
{
    struct text_list *copy = region_alloc(parser->region, sizeof(*copy));

    if (list != NULL)
        *copy = *list;
    return copy;
}

static bool apply_ciphers(struct policy_parser *parser, const char *name, struct slice value)
{
    (void)name;
    parser->policy->ciphers = text_of(parser, value);
    return true;
}

static bool apply_protocols(struct policy_parser *parser, const char *name, struct slice value)
{
    (void)name;
    parser->policy->protocols = text_of(parser, value);
    return true;
}

static bool apply_exclude(struct policy_parser *parser, const char *name, struct slice value)
{
    (void)name;
    parser->policy->exclude = text_of(parser, value);
    return true;
}

/* A bar separates fingerprints, a colon names. Nothing but separators leaves an empty list, which matches nothing. */
static bool apply_match(struct policy_parser *parser, const char *name, struct slice value)
{
    const char *separators = parser->policy->level == LEVEL_FINGERPRINT ? "|" : ":";
    struct text_list *list = open_list(parser, parser->policy->match);
    struct slice item;

    (void)name;
    while (slice_next_token(&value, separators, &item))
        add_item(parser, list, item);
    parser->policy->match = list;
    return true;
}

static bool apply_tafile(struct policy_parser *parser, const char *name, struct slice value)
{
    const char *path = config_inside(parser->region, parser->config, parser->service, text_of(parser, value));
    const char *trouble;
    const struct config_file *file = config_file(parser->config, path);
    struct text_list *list = open_list(parser, parser->policy->tafiles);

    (void)name;
    add_item(parser, list, value);
    parser->policy->tafiles = list;
    if (file == NULL) {
        if (parser->view->wants != NULL)
            wants_file(parser->view->wants, path);
        parser->wanted_file = path;
        return true;
    }
    if (file->error != NULL && file->only_ours) {
        parser->ours = file->error;
        return true;
    }
    if (file->error != NULL)
        return policy_fail(parser, "error opening trust anchor file: %s: %s", path, file->error);
    trouble = policy_tafile_trouble(file->text);
    return trouble == NULL || policy_fail(parser, "error reading trust anchor file: %s: %s", path, trouble);
}

static bool apply_servername(struct policy_parser *parser, const char *name, struct slice value)
{
    if (!hostname_is_valid(value)) {
        policy_fail(parser, "\"%s=%s\" specifies an invalid hostname", name, text_of(parser, value));
        policy_hint(parser, "write a host name in its ASCII form, \"hostname\" or \"nexthop\"");
        return false;
    }
    parser->policy->servername = text_of(parser, value);
    return true;
}

static bool parse_yes_no(struct policy_parser *parser, const char *name, struct slice value, int *out)
{
    bool yes = slice_eq_text_nocase(value, "yes");

    if (!yes && !slice_eq_text_nocase(value, "no")) {
        policy_fail(parser, "attribute \"%s\" has bad value: \"%s\"", name, text_of(parser, value));
        policy_hint(parser, "write yes or no");
        return false;
    }
    *out = yes;
    return true;
}

static bool apply_connection_reuse(struct policy_parser *parser, const char *name, struct slice value)
{
    return parse_yes_no(parser, name, value, &parser->policy->connection_reuse);
}

static bool apply_enable_rpk(struct policy_parser *parser, const char *name, struct slice value)
{
    return parse_yes_no(parser, name, value, &parser->policy->enable_rpk);
}

static bool apply_ttl(struct policy_parser *parser, const char *name, struct slice value)
{
    unsigned long seconds;

    if (!slice_to_number(value, INT_MAX, &seconds))
        return policy_fail(parser, "attribute \"%s\" has a malformed value: \"%s\"", name, text_of(parser, value));
    parser->policy->sts.ttl = text_of(parser, value);
    return true;
}

static const struct name types[] = { { 1, "sts" }, { 2, "no-policy-found" }, { 0, NULL } };

static const struct name failures[] = {
    { 1, "sts-policy-fetch-error" },
    { 2, "sts-policy-invalid" },
    { 3, "sts-webpki-invalid" },
    { 4, "validation-failure" },
    { 0, NULL },
};

static bool is_word(struct policy_parser *parser, const struct name *words, const char *name, struct slice value)
{
    const char *nearest;
    int code;

    if (name_code(words, value, &code))
        return true;
    policy_fail(parser, "attribute \"%s\" has an unexpected value: \"%s\"", name, text_of(parser, value));
    nearest = name_nearest(words, value);
    if (nearest != NULL)
        policy_hint(parser, "did you mean \"%s\"?", nearest);
    return false;
}

static bool apply_type(struct policy_parser *parser, const char *name, struct slice value)
{
    if (!is_word(parser, types, name, value))
        return false;
    parser->policy->sts.has_type = true;
    parser->policy->sts.type_sts = slice_eq_text_nocase(value, "sts");
    return true;
}

static bool apply_domain(struct policy_parser *parser, const char *name, struct slice value)
{
    if (!hostname_is_valid(value))
        return policy_fail(parser, "attribute \"%s\" has a malformed value: \"%s\"", name, text_of(parser, value));
    parser->policy->sts.domain = text_of(parser, value);
    return true;
}

static bool apply_string(struct policy_parser *parser, const char *name, struct slice value)
{
    (void)name;
    add_item(parser, &parser->policy->sts.strings, value);
    return true;
}

static bool apply_pattern(struct policy_parser *parser, const char *name, struct slice value)
{
    (void)name;
    add_item(parser, &parser->policy->sts.mx_patterns, value);
    return true;
}

static bool apply_failure(struct policy_parser *parser, const char *name, struct slice value)
{
    if (!is_word(parser, failures, name, value))
        return false;
    parser->policy->sts.failure = text_of(parser, value);
    return true;
}

static const struct attribute attributes[] = {
    { "ciphers", 3, 4, true, true, ANY_LEVEL, apply_ciphers },
    { "protocols", 3, 4, true, false, ANY_LEVEL, apply_protocols },
    { "servername", 3, 4, true, false, ANY_LEVEL, apply_servername },
    { "match", 3, 4, false, true, MATCH_LEVELS, apply_match },
    { "exclude", 3, 4, true, false, ANY_LEVEL, apply_exclude },
    { "tafile", 3, 4, false, true, PKIX_LEVELS, apply_tafile },
    { "connection_reuse", 3, 4, false, false, ANY_LEVEL, apply_connection_reuse },
    { "enable_rpk", 3, 9, false, false, ANY_LEVEL, apply_enable_rpk },
    { "policy_ttl", 3, 10, true, false, ANY_LEVEL, apply_ttl },
    { "policy_type", 3, 10, true, false, ANY_LEVEL, apply_type },
    { "policy_domain", 3, 10, true, false, ANY_LEVEL, apply_domain },
    { "policy_string", 3, 10, false, false, ANY_LEVEL, apply_string },
    { "mx_host_pattern", 3, 10, false, false, ANY_LEVEL, apply_pattern },
    { "policy_failure", 3, 10, true, false, ANY_LEVEL, apply_failure },
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static const struct attribute *find_attribute(struct slice name)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (slice_eq_text_nocase(name, attributes[i].name))
            return &attributes[i];
    return NULL;
}

static bool is_allowed(const struct attribute *attribute, enum level level)
{
    if (attribute->levels == MATCH_LEVELS)
        return level == LEVEL_FINGERPRINT || level_is_pkix(level);
    return attribute->levels == ANY_LEVEL || level_is_pkix(level);
}

static bool is_known(const struct policy_parser *parser, const struct attribute *attribute)
{
    return version_at_least(parser->version, attribute->major, attribute->minor, 0);
}

static const char *nearest_name(const struct policy_parser *parser, struct slice name)
{
    struct name known[ATTRIBUTES + 1] = { { 0, NULL } };
    size_t count = 0;

    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (is_known(parser, &attributes[i]))
            known[count++].word = attributes[i].name;
    return name_nearest(known, name);
}

static bool fail_unknown(struct policy_parser *parser, const struct attribute *newer, struct slice name)
{
    const char *nearest = nearest_name(parser, name);
    char last = name.p[name.n - 1];

    policy_fail(parser, "invalid attribute name: \"%s\"", text_of(parser, name));
    if (newer != NULL)
        policy_hint(parser, "\"%s\" needs Postfix %d.%d or later", newer->name, newer->major, newer->minor);
    else if (name.p[0] == '{')
        policy_hint_braces(parser);
    else if ((last == '>' || last == '<') && slice_eq_text_nocase(slice_head(name, name.n - 1), "protocols"))
        policy_hint(parser, "write \"protocols=%c=...\"", last);
    else if (nearest != NULL)
        policy_hint(parser, "did you mean \"%s\"?", nearest);
    return false;
}

static bool fail_level(struct policy_parser *parser, const struct attribute *attribute, const char *name)
{
    policy_fail(parser, "attribute \"%s\" invalid at security level \"%s\"", name, level_word(parser->policy->level));
    policy_hint(parser, "\"%s\" is for %s; leave it away or choose another level", attribute->name,
                attribute->levels == MATCH_LEVELS ? "fingerprint, verify and secure" : "verify and secure");
    return false;
}

/* The value is judged in smtp(8)'s order, so that its words are the ones logged: tafile at a wrong level, an empty value,
 * a repetition, a wrong level, then the value itself. */
bool policy_attribute_apply(struct policy_parser *parser, struct slice name, struct slice value)
{
    const struct attribute *attribute = find_attribute(name);
    enum level level = parser->policy->level;
    const char *text = text_of(parser, name);
    unsigned bit;

    if (attribute == NULL || !is_known(parser, attribute))
        return fail_unknown(parser, attribute, name);
    bit = 1u << (attribute - attributes);
    if (attribute->levels == PKIX_LEVELS && !is_allowed(attribute, level))
        return fail_level(parser, attribute, text);
    if (attribute->not_empty && value.n == 0)
        return policy_fail(parser, "attribute \"%s\" has empty value", text);
    if (attribute->once && (parser->seen & bit) != 0)
        return policy_fail(parser, "attribute \"%s\" is specified multiple times", text);
    if (!is_allowed(attribute, level))
        return fail_level(parser, attribute, text);
    parser->seen |= bit;
    return attribute->apply(parser, text, value);
}

/* From 3.10.5 on the MX patterns of MTA-STS replace the names to match: the host name, once it fits a pattern. */
static bool enforces_patterns(const struct policy_parser *parser)
{
    static const struct version since[] = { { 3, 10, 5 }, { 3, 11, 0 }, { 0, 0, 0 } };
    const struct policy *policy = parser->policy;

    return version_has(parser->version, since) && policy->sts.type_sts && policy->match != NULL &&
           policy->sts.mx_patterns.count > 0 &&
           params_bool(parser->service->params, "smtp_tls_enforce_sts_mx_patterns");
}

bool policy_attributes_finish(struct policy_parser *parser)
{
    struct policy *policy = parser->policy;
    const struct policy_sts *sts = &policy->sts;
    struct text_list *hostname;

    if (!sts->has_type && (sts->ttl != NULL || sts->strings.count > 0 || sts->domain != NULL ||
                           sts->mx_patterns.count > 0 || sts->failure != NULL)) {
        policy_fail(parser, "built-in policy has unexpected attribute policy_ttl, policy_domain, policy_string, "
                            "mx_host_pattern or policy_failure");
        policy_hint(parser, "add policy_type=sts");
        return false;
    }
    if (enforces_patterns(parser)) {
        hostname = open_list(parser, NULL);
        add_item(parser, hostname, SLICE("hostname"));
        policy->match = hostname;
    }
    return true;
}
