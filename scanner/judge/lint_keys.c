/* Keys of policy tables: can a next-hop be equal to them, and does another entry come first? */
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/judge/lint_impl.h"

#define NEXTHOPS_MAX 100
#define NAMED_MAX    1000

/* The line with another key. */
static void fix_key(struct lint_entry *e, struct lint_finding *f, const char *key)
{
    if (e->item.file != NULL && key != NULL)
        lint_fix_line(e->lint, f, "%s %.*s", key, (int)e->item.value.n, e->item.value.p);
}

static bool is_named(const struct lint *lint, const char *text)
{
    return dict_find(lint->named.texts, lint_fold(lint->scratch, slice_of(text))) != NULL;
}

/* What is wrong with the key as such: no next-hop is ever so written. Each row: does it fit, and what was meant. */

static bool tell_star(struct lint_entry *e)
{
    struct lint_finding *f = lint_tell_entry(e, LINT_KEY_STAR, "\"*\" is never asked for");
    struct slice rest = e->item.value, word;
    enum level level;

    if (slice_next_token(&rest, ", \t\r\n", &word) && level_parse(word, &level))
        lint_fix(e->lint, f, "set smtp_tls_security_level = %s in main.cf", level_word(level));
    return false;
}

static bool is_star(const struct lint_entry *e)
{
    return strcmp(e->key, "*") == 0;
}

static bool is_wildcard(const struct lint_entry *e)
{
    return strchr(e->key, '*') != NULL;
}

static const char *without_star(struct lint_entry *e)
{
    return strncmp(e->key, "*.", 2) == 0 ? e->key + 1 : NULL;
}

static bool is_quoted(const struct lint_entry *e)
{
    return strchr(e->key, '"') != NULL;
}

static const char *without_quotes(struct lint_entry *e)
{
    char *copy = region_text(e->lint->scratch, e->key), *out = copy;

    for (const char *p = e->key; *p != '\0'; p++)
        if (*p != '"')
            *out++ = *p;
    *out = '\0';
    return copy;
}

static bool is_address(const struct lint_entry *e)
{
    return strchr(e->key, '@') != NULL;
}

static const char *domain_of(struct lint_entry *e)
{
    return strrchr(e->key, '@')[1] != '\0' ? strrchr(e->key, '@') + 1 : NULL;
}

static bool ends_in_dot(const struct lint_entry *e)
{
    size_t n = strlen(e->key);

    return n > 1 && e->key[n - 1] == '.';
}

static const char *without_dot(struct lint_entry *e)
{
    return region_slice(e->lint->scratch, slice_from(e->key, strlen(e->key) - 1));
}

/* "smtp:[mx.example.com]", where no next-hop could have a host named smtp and a service that begins with a bracket. */
static bool has_transport(const struct lint_entry *e)
{
    size_t colon = strcspn(e->key, ":");
    const char *name = region_slice(e->lint->scratch, slice_from(e->key, colon));
    bool plain = strspn(e->key + colon + (e->key[colon] == ':'), "0123456789") == strlen(e->key) - colon - 1;

    return e->key[0] != '[' && e->key[colon] == ':' && e->key[colon + 1] != '\0' && !plain &&
           config_service(e->lint->config, name) != NULL;
}

static const char *behind_transport(struct lint_entry *e)
{
    return strchr(e->key, ':') + 1;
}

static bool is_bare(const struct lint_entry *e)
{
    const struct params *params = e->maps->service->params;

    return hostname_is_valid_utf8(slice_of(e->key), params_bool(params, "smtputf8_enable"));
}

static bool is_parent(const struct lint_entry *e)
{
    const struct params *params = e->maps->service->params;

    return e->key[0] == '.' && hostname_is_valid_utf8(slice_of(e->key + 1), params_bool(params, "smtputf8_enable"));
}

static bool parses(const struct lint_entry *e, struct nexthop *nexthop)
{
    struct error ignored;

    return nexthop_parse(e->lint->scratch, nexthop, slice_of(e->key), e->maps->service->params, &ignored);
}

static bool is_malformed(const struct lint_entry *e)
{
    struct nexthop nexthop;

    return !is_bare(e) && !is_parent(e) && !parses(e, &nexthop) && !is_named(e->lint, e->key);
}

static const char *nobody_knows(struct lint_entry *e)
{
    (void)e;
    return NULL;
}

static const struct shape {
    bool (*fits)(const struct lint_entry *);
    enum lint_code code;
    const char *(*meant)(struct lint_entry *);
    const char *text;
} shapes[] = {
    { is_quoted, LINT_KEY_QUOTED, without_quotes, "quotes belong to the key" },
    { is_wildcard, LINT_KEY_WILDCARD, without_star, "\"*\" is no wildcard here" },
    { is_address, LINT_KEY_ADDRESS, domain_of, "the key is an address" },
    { ends_in_dot, LINT_KEY_TRAILING_DOT, without_dot, "the key ends in a dot" },
    { has_transport, LINT_KEY_WITH_TRANSPORT, behind_transport, "the key begins with a transport" },
    { is_malformed, LINT_KEY_MALFORMED, nobody_knows, "no next-hop can be written like this" },
};

bool lint_key_can_be_asked(struct lint_entry *e)
{
    if (is_star(e))
        return tell_star(e);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *s = &shapes[i];
        struct lint_finding *f;

        if (!s->fits(e))
            continue;
        f = lint_tell_entry(e, s->code, "%s", s->text);
        fix_key(e, f, s->meant(e));
        return false;
    }
    return true;
}

/* Does anything lead here? */

static const char *other_form(const struct lint_entry *e)
{
    struct nexthop nexthop;

    if (!parses(e, &nexthop))
        return NULL;
    return dict_find(e->lint->named.hosts, lint_fold(e->lint->scratch, slice_of(nexthop.host)));
}

static void tell_other_form(struct lint_entry *e, const char *form)
{
    fix_key(e, lint_tell_entry(e, LINT_KEY_OTHER_FORM, "the configuration writes it %s", form), form);
}

/* A next-hop with brackets, port, or that is no host name: only the configuration can write it so, but that an address
 * literal is a domain too. */
static void check_written(struct lint_entry *e)
{
    struct nexthop nexthop;
    struct address address;
    const char *form = other_form(e);
    bool relay = params_text(e->lint->config->rewrite, "relayhost")[0] != '\0';

    if (e->lint->named.incomplete)
        return;
    if (form != NULL)
        tell_other_form(e, form);
    else if (relay || !parses(e, &nexthop) || !nexthop.literal || strchr(e->key, ']')[1] != '\0' ||
             !address_parse(&address, slice_of(nexthop.host)))
        lint_tell_entry(e, LINT_KEY_NEVER_ASKED, "no relayhost, transport or fallback relay names it");
}

/* Does a next-hop of the list lead to the key? */
static bool leads_here(const struct lint_entry *e, const char *nexthops)
{
    struct slice parts[NEXTHOPS_MAX];
    size_t n = nexthop_split(e->lint->scratch, slice_of(nexthops), e->lint->config->version, parts, NEXTHOPS_MAX);
    struct slice key = lint_fold(e->lint->scratch, slice_of(e->key));

    for (size_t i = 0; i < n; i++)
        if (slice_eq(lint_fold(e->lint->scratch, parts[i]), key))
            return true;
    return false;
}

/* A domain: where does mail for it go? */
static void check_domain(struct lint_entry *e)
{
    struct lint *lint = e->lint;
    struct destination destination = { .form = DESTINATION_ADDRESS, .text = e->key };
    struct route route;
    const char *form;

    destination.address = region_printf(lint->scratch, "postmaster@%s", e->key);
    route_destination(lint->scratch, &route, lint->config, &destination, NULL, lint->input->view);
    if (route.kind == ROUTE_OTHER || route.kind == ROUTE_DISCARD || route.kind == ROUTE_ERROR)
        lint_tell_entry(e, LINT_KEY_NOT_BY_SMTP, "mail for the domain goes to %s",
                        route.transport != NULL ? route.transport : "no transport");
    if (route.kind != ROUTE_CLIENT || lint->named.by_sender || leads_here(e, route.nexthop))
        return;
    form = other_form(e);
    if (form != NULL && leads_here(&(struct lint_entry){ .lint = lint, .key = form }, route.nexthop))
        tell_other_form(e, form);
    else if (!lint->named.incomplete)
        lint_tell_entry(e, LINT_KEY_BEHIND_RELAYHOST, "mail for the domain goes to %s, which is what is asked for",
                        route.nexthop);
}

/* The configuration names a domain that ends so, or too many to look at each time. */
static bool parent_is_named(const struct lint_entry *e)
{
    struct slice key = lint_fold(e->lint->scratch, slice_of(e->key));

    if (dict_count(e->lint->named.texts) > NAMED_MAX)
        return true;

    for (size_t i = 0; i < dict_count(e->lint->named.texts); i++)
        if (slice_ends_with(slice_of(dict_key_at(e->lint->named.texts, i)), key))
            return true;
    return false;
}

static void check_parent(struct lint_entry *e)
{
    struct lint *lint = e->lint;
    const char *relayhost = params_text(lint->config->rewrite, "relayhost");
    struct table_asker asker = route_asker(lint->input->view);
    struct table_answer answer;

    if (relayhost[0] != '\0' && !lint->named.incomplete && !lint->named.by_sender && !parent_is_named(e))
        lint_tell_entry(e, LINT_KEY_BEHIND_RELAYHOST, "all mail goes to %s, which is what is asked for", relayhost);
    answer = table_list_find(e->maps->list, lint->scratch, slice_of(e->key + 1), false, &asker);
    if (answer.status == TABLE_NOT_FOUND && strchr(e->key + 1, '.') != NULL)
        fix_key(e, lint_tell_entry(e, LINT_KEY_PARENT_ALONE, "%s itself has no entry", e->key + 1), e->key + 1);
}

static void check_letters(struct lint_entry *e)
{
    const char *name = e->key + (e->key[0] == '.');
    struct table_asker asker = route_asker(e->lint->input->view);
    char ascii[HOSTNAME_MAX + 1];
    const char *other;

    if (text_is_ascii(slice_of(name)) || !hostname_to_ascii(slice_of(name), ascii))
        return;
    other = region_printf(e->lint->scratch, "%s%s", e->key[0] == '.' ? "." : "", ascii);
    if (table_list_find(e->maps->list, e->lint->scratch, slice_of(other), false, &asker).status == TABLE_NOT_FOUND)
        fix_key(e, lint_tell_entry(e, LINT_KEY_NOT_ASCII, "%s has no entry", other), other);
}

/* Tables further left */

static void check_shadows(struct lint_entry *e)
{
    struct lint *lint = e->lint;

    for (size_t i = 0; i < e->position; i++) {
        const struct table *t = e->maps->list->tables[i];
        struct table_item first;
        struct table_answer answer;

        if (!table_item(t, 0, &first) || first.kind == TABLE_ITEM_ANY)
            continue; /* told of the table as a whole, or nothing is known */
        if (first.kind == TABLE_ITEM_RULE && lint->rule_lookups >= LINT_RULE_LOOKUPS_MAX)
            continue;
        lint->rule_lookups += first.kind == TABLE_ITEM_RULE;
        answer = table_lookup(t, lint->scratch, slice_of(e->key), NULL);
        if (answer.status != TABLE_FOUND)
            continue;
        lint_tell_entry(e, first.kind == TABLE_ITEM_RULE ? LINT_KEY_SHADOWED_BY_RULE : LINT_KEY_SHADOWED,
                        "%s answers it%s", table_name(t),
                        answer.line > 0 ? region_printf(lint->scratch, " in line %d", answer.line) : "");
        return;
    }
}

void lint_key(struct lint_entry *e)
{
    check_shadows(e);
    check_letters(e);
    if (is_parent(e))
        check_parent(e);
    else if (is_named(e->lint, e->key) || e->key[strlen(e->key) - 1] == ':')
        return; /* the colon is told of by the table */
    else if (is_bare(e))
        check_domain(e);
    else
        check_written(e);
}
