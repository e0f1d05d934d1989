/* Parameters as such: obsolete, misspelt, set twice, with a comment behind them. */
#include <string.h>

#include "scanner/base/utf8.h"
#include "scanner/judge/lint_impl.h"

/* lmtp_ twins are found by their smtp_ row. */
static const struct old {
    const char *name;
    enum lint_code code;
    const char *successor;
} old_parameters[] = {
    { "smtp_tls_per_site", LINT_PARAMETER_OBSOLETE, "posttls-audit migrate writes smtp_tls_policy_maps" },
    { "smtp_use_tls", LINT_PARAMETER_OBSOLETE, "smtp_tls_security_level = may" },
    { "smtp_enforce_tls", LINT_PARAMETER_OBSOLETE, "smtp_tls_security_level = verify" },
    { "smtp_tls_enforce_peername", LINT_PARAMETER_OBSOLETE, "smtp_tls_security_level = encrypt" },
    { "smtp_tls_cipherlist", LINT_PARAMETER_OBSOLETE, "smtp_tls_mandatory_ciphers = medium" },
    { "disable_dns_lookups", LINT_PARAMETER_OBSOLETE, "smtp_dns_support_level = disabled" },
    { "fallback_relay", LINT_PARAMETER_OBSOLETE, "smtp_fallback_relay" },
    { "tls_wildcard_matches_multiple_labels", LINT_PARAMETER_NO_EFFECT, NULL },
    { "tls_dane_digest_agility", LINT_PARAMETER_NO_EFFECT, NULL },
    { "tls_dane_trust_anchor_digest_enable", LINT_PARAMETER_NO_EFFECT, NULL },
    { "tls_export_cipherlist", LINT_PARAMETER_NO_EFFECT, NULL },
    { "tls_low_cipherlist", LINT_PARAMETER_NO_EFFECT, NULL },
};

/* smtp_x for lmtp_x. */
static const char *smtp_name(const struct lint *lint, const char *name)
{
    return strncmp(name, "lmtp_", 5) == 0 ? region_printf(lint->scratch, "smtp_%s", name + 5) : name;
}

static bool has_effect(const struct lint *lint, const char *name)
{
    if (strcmp(name, "tls_wildcard_matches_multiple_labels") == 0)
        return !version_at_least(lint->config->version, 3, 6, 0);
    if (strcmp(name, "tls_export_cipherlist") == 0 || strcmp(name, "tls_low_cipherlist") == 0)
        return !version_at_least(lint->config->version, 3, 8, 0);
    return false;
}

static void fix_successor(struct lint *lint, struct lint_finding *f, const char *name, const char *successor)
{
    if (strchr(successor, '=') == NULL)
        lint_fix(lint, f, "%s", successor);
    else if (strncmp(name, "lmtp_", 5) == 0)
        lint_fix_line(lint, f, "lmtp_%s", successor + 5);
    else
        lint_fix_line(lint, f, "%s", successor);
}

static bool check_old(struct lint *lint, const struct main_cf_entry *entry)
{
    const char *name = smtp_name(lint, entry->name);

    for (size_t i = 0; i < sizeof(old_parameters) / sizeof(old_parameters[0]); i++) {
        const struct old *old = &old_parameters[i];
        struct lint_finding *f;

        if (strcmp(name, old->name) != 0)
            continue;
        if (old->code == LINT_PARAMETER_NO_EFFECT && has_effect(lint, name))
            return true;
        f = lint_tell(lint, old->code, entry->file, entry->line, "%s %s", entry->name,
                      old->code == LINT_PARAMETER_OBSOLETE ? "is obsolete" : "has no effect in this release");
        if (old->successor != NULL)
            fix_successor(lint, f, entry->name, old->successor);
        return true;
    }
    return false;
}

/* "$name", "${name}", "$(name)", "${name?...}" in some value. */
static bool is_used(const struct lint *lint, const char *name)
{
    size_t n = strlen(name);

    for (const struct main_cf_entry *e = main_cf_entries(lint->config->main_cf); e != NULL; e = e->next)
        for (const char *p = strchr(e->value, '$'); p != NULL; p = strchr(p + 1, '$')) {
            const char *word = p + 1 + (p[1] == '{' || p[1] == '(');

            if (strncmp(word, name, n) == 0)
                return true;
        }
    return false;
}

/* Values that may hold passwords are not repeated. */
static const char *shown_value(const struct lint *lint, const struct main_cf_entry *entry, size_t n)
{
    bool secret = strstr(entry->name, "sasl") != NULL || strstr(entry->name, "passw") != NULL;

    return secret ? "..." : region_slice(lint->scratch, slice_trim(slice_from(entry->value, n)));
}

static void check_name(struct lint *lint, const struct main_cf_entry *entry)
{
    struct version since;
    const char *nearest;
    char text[VERSION_TEXT_MAX];

    if (parameter_since(entry->name, &since)) {
        if (version_at_least(lint->config->version, since.major, since.minor, since.patch))
            return;
        version_to_text(since, text);
        lint_tell(lint, LINT_PARAMETER_TOO_NEW, entry->file, entry->line, "%s needs Postfix %s or later", entry->name,
                  text);
        return;
    }
    nearest = parameter_nearest(lint->scratch, entry->name);
    if (nearest != NULL && !is_used(lint, entry->name))
        lint_fix_line(lint,
                      lint_tell(lint, LINT_PARAMETER_MISSPELT, entry->file, entry->line,
                                "%s is no parameter; did you mean %s?", entry->name, nearest),
                      "%s = %s", nearest, shown_value(lint, entry, strlen(entry->value)));
}

/* A "#" behind white space, in a parameter that has to do with TLS or next-hops. Message texts may well have one. */
static void check_comment(struct lint *lint, const struct main_cf_entry *entry)
{
    static const char *const prefixes[] = { "smtp_",          "lmtp_",          "tls_",
                                            "relayhost",      "transport_maps", "default_transport",
                                            "relay_transport" };
    const char *hash = entry->value;
    size_t i = 0;

    while (i < sizeof(prefixes) / sizeof(prefixes[0]) && strncmp(entry->name, prefixes[i], strlen(prefixes[i])) != 0)
        i++;
    do
        hash = strchr(hash + (hash != entry->value), '#');
    while (hash != NULL && hash != entry->value && strchr(" \t", hash[-1]) == NULL);
    if (i == sizeof(prefixes) / sizeof(prefixes[0]) || hash == NULL)
        return;
    lint_fix_line(lint,
                  lint_tell(lint, LINT_PARAMETER_COMMENT, entry->file, entry->line, "%s: the value ends in \"%s\"",
                            entry->name, hash),
                  "%s = %s", entry->name, shown_value(lint, entry, (size_t)(hash - entry->value)));
}

/* The entry before the one that has another value. */
static void check_overridden(struct lint *lint, const struct main_cf_entry *entry)
{
    const struct main_cf_entry *last = main_cf_find(lint->config->main_cf, entry->name);

    if (last != entry && strcmp(last->value, entry->value) != 0 && strcmp(last->file, "-o") != 0)
        lint_tell(lint, LINT_PARAMETER_OVERRIDDEN, entry->file, entry->line, "%s is set to something else in line %d",
                  entry->name, last->line);
}

/* A first line that is a comment keeps Postfix from starting; any other is what it is, under another name. */
static void check_marks(struct lint *lint)
{
    const struct main_cf_entry *e = main_cf_entries(lint->config->main_cf);
    const struct master_cf *services = lint->config->master_cf;

    if (e != NULL && utf8_has_mark(slice_of(e->name)))
        lint_tell(lint, LINT_BYTE_ORDER_MARK, e->file, e->line, "%s is not set", e->name + strlen(UTF8_MARK));
    if (services != NULL && services->service_count > 0 && utf8_has_mark(slice_of(services->services[0].name)))
        lint_tell(lint, LINT_BYTE_ORDER_MARK, services->file, services->services[0].line, "there is no service %s",
                  services->services[0].name + strlen(UTF8_MARK));
}

void lint_main_cf(struct lint *lint)
{
    check_marks(lint);
    for (const struct main_cf_entry *e = main_cf_entries(lint->config->main_cf); e != NULL; e = e->next) {
        check_overridden(lint, e);
        check_comment(lint, e);
        if (!check_old(lint, e))
            check_name(lint, e);
    }
    lint_forget(lint);
}
