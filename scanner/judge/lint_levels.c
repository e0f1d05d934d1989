/* A level beside its key and the rest of the configuration; attributes of MTA-STS. */
#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/judge/lint_impl.h"
#include "scanner/policy/match.h"

/* "[192.0.2.1]", with a port or without. */
static bool is_address_literal(const struct lint_entry *e)
{
    struct nexthop nexthop;
    struct address address;
    struct error ignored;

    return e->item.kind == TABLE_ITEM_ENTRY && e->key[0] == '[' &&
           nexthop_parse(e->lint->scratch, &nexthop, slice_of(e->key), e->maps->service->params, &ignored) &&
           nexthop.literal && address_parse(&address, slice_of(nexthop.host));
}

static void check_literal(struct lint_entry *e)
{
    static const struct {
        enum level level;
        enum lint_code code;
        const char *text;
    } rows[] = {
        { LEVEL_SECURE, LINT_SECURE_ADDRESS_LITERAL, "secure without match never matches for an address" },
        { LEVEL_DANE, LINT_DANE_ADDRESS_LITERAL, "an address has no TLSA records: dane is treated as may" },
        { LEVEL_DANE_ONLY, LINT_DANE_ONLY_ADDRESS_LITERAL, "an address has no TLSA records" },
    };

    if (!is_address_literal(e) || (e->policy.level == LEVEL_SECURE && e->policy.match != NULL))
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lint_finding *f;

        if (rows[i].level != e->policy.level)
            continue;
        f = lint_tell_entry(e, rows[i].code, "%s", rows[i].text);
        if (level_is_dane(e->policy.level))
            lint_fix_value(e, f, "encrypt");
    }
}

/* encrypt demands TLS where dane may do without: neither is less than the other. */
static bool is_weaker(enum level level, enum level global)
{
    if (level <= LEVEL_MAY)
        return global > LEVEL_MAY;
    return level == LEVEL_ENCRYPT && level_needs_match(global) && global != LEVEL_DANE;
}

void lint_entry_level(struct lint_entry *e)
{
    enum level level = e->policy.level;

    check_literal(e);
    if (level_is_dane(level) && e->policy.servername != NULL)
        lint_fix_attribute(e,
                           lint_tell_entry(e, LINT_SERVERNAME_UNUSED, "servername has no use at %s", level_word(level)),
                           "servername", NULL);
    if (level <= LEVEL_MAY && params_bool(e->maps->service->params, "smtp_tls_wrappermode"))
        lint_fix_value(e,
                       lint_tell_entry(e, LINT_WRAPPER_BELOW_ENCRYPT, "level %s with %s", level_word(level),
                                       params_name(e->maps->service->params, "smtp_tls_wrappermode")),
                       "encrypt");
    if (is_weaker(level, e->maps->global))
        lint_tell_entry(e, LINT_WEAKER_THAN_GLOBAL, "%s is less than the global level %s", level_word(level),
                        level_word(e->maps->global));
}

/* Patterns count where names are compared, and where this release compares them. */
static bool enforces_patterns(const struct lint_entry *e)
{
    return level_is_pkix(e->policy.level) && match_enforces_sts(e->maps->service->params, &e->policy);
}

void lint_entry_sts(struct lint_entry *e)
{
    const struct policy_sts *sts = &e->policy.sts;
    bool reuse = e->policy.connection_reuse == 1 ||
                 (e->policy.connection_reuse < 0 && params_bool(e->maps->service->params, "smtp_tls_connection_reuse"));
    bool any = false;

    if (sts->failure != NULL && version_at_least(e->lint->config->version, 3, 10, 5) &&
        level_needs_match(e->policy.level) && reuse)
        lint_fix_attribute(
            e, lint_tell_entry(e, LINT_STS_FAILURE_LOST, "policy_failure=%s with connection_reuse", sts->failure),
            "connection_reuse", "no");
    else if (sts->failure != NULL && version_at_least(e->lint->config->version, 3, 10, 5) &&
             level_needs_match(e->policy.level))
        lint_tell_entry(e, LINT_STS_FAILURE, "policy_failure=%s makes every verification fail", sts->failure);
    for (size_t i = 0; i < sts->mx_patterns.count; i++)
        any = any || sts->mx_patterns.items[i][0] != '\0';
    if (enforces_patterns(e) && !any)
        lint_tell_entry(e, LINT_STS_PATTERN_EMPTY, "mx_host_pattern= matches no host");
}
