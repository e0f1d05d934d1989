/* Values that keep a Postfix program from starting. Left out are those that depend on the machine (users, groups,
 * whether a file is there): postfix check(1) sees them. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"
#include "scanner/base/names.h"
#include "scanner/config/compat_level.h"
#include "scanner/config/parameters_table.h"

#define STATUS_CONFIG 78
#define SEPARATORS    ", \t\r\n"

/* "parameter NAME: WHAT: VALUE", at the line that sets it. */
static bool refuse(const struct parameter *own, struct error *err, const char *what, const char *value)
{
    const struct main_cf_entry *entry = own->origin;

    error_set_at(err, STATUS_CONFIG, entry != NULL ? entry->file : "", entry != NULL ? entry->line : 0,
                 "parameter %s: %s: \"%.100s\"", own->name, what, value);
    return false;
}

/* Values by type */

static bool check_limits(const struct parameter *own, int64_t value, struct error *err)
{
    const struct parameter_row *row = own->row;

    if (row->least != 0 && value < row->least) {
        refuse(own, err, "value too small", own->text);
        error_fix(err, "the smallest value is %d", row->least);
        return false;
    }
    if (row->most != 0 && value > row->most) {
        refuse(own, err, "value too large", own->text);
        error_fix(err, "the largest value is %d", row->most);
        return false;
    }
    return true;
}

static bool check_text(const struct parameter *own, struct error *err)
{
    const struct parameter_row *row = own->row;
    size_t length = strlen(own->text);

    if (row->least > 0 && length == 0) {
        refuse(own, err, "must not be empty", own->text);
        error_fix(err, "remove the line to get the default, %s", own->initial);
        return false;
    }
    if ((row->least > 0 && length < (size_t)row->least) || (row->most > 0 && length > (size_t)row->most)) {
        refuse(own, err, "bad length", own->text);
        error_fix(err, "write %d to %d bytes", row->least, row->most);
        return false;
    }
    return true;
}

static bool check_bool(const struct parameter *own, struct error *err)
{
    bool value;

    if (parameter_read_bool(own->text, &value))
        return true;
    refuse(own, err, "bad boolean", own->text);
    error_fix(err, "write yes or no");
    return false;
}

static bool check_number(const struct parameter *own, struct error *err)
{
    long value;

    if (parameter_read_number(own->text, &value))
        return check_limits(own, value, err);
    refuse(own, err, "bad number", own->text);
    error_fix(err, "write a whole number, or remove the line to get the default, %s", own->initial);
    return false;
}

static bool check_time(const struct parameter *own, struct error *err)
{
    int64_t value;

    if (parameter_read_time(own->text, parameter_unit(own), &value))
        return check_limits(own, value, err);
    refuse(own, err, "bad time value or unit", own->text);
    error_fix(err, "write a whole number and one of the units s, m, h, d, w, or remove the line to get the default, %s",
              own->initial);
    return false;
}

static bool check_type(const struct parameter *own, struct error *err)
{
    static bool (*const checks[])(const struct parameter *, struct error *) = { [PARAMETER_TEXT] = check_text,
                                                                                [PARAMETER_BOOL] = check_bool,
                                                                                [PARAMETER_NUMBER] = check_number,
                                                                                [PARAMETER_TIME] = check_time };

    if (own->error != NULL) {
        refuse(own, err, "cannot be expanded", own->error->text);
        error_fix(err, "%s", own->error->fix);
        return false;
    }
    return checks[own->row->type](own, err);
}

/* Whether the client starts its TLS engine, and so reads the parameters of the TLS library. */
static bool uses_tls(const struct params *p)
{
    const char *level = params_text(p, "smtp_tls_security_level");

    if (params_text(p, "smtp_tls_policy_maps")[0] != '\0' || params_text(p, "smtp_tls_per_site")[0] != '\0')
        return true;
    if (level[0] != '\0')
        return strcasecmp(level, "none") != 0;
    return params_bool(p, "smtp_use_tls") || params_bool(p, "smtp_enforce_tls");
}

static bool check_types(const struct params *p, bool tls, struct error *err)
{
    size_t count;
    const struct parameter *list = params_list(p, &count);

    for (size_t i = 0; i < count; i++)
        if ((list[i].row->group == GROUP_TLS) == tls && !check_type(&list[i], err))
            return false;
    return true;
}

/* Values by name */

static const struct name level_words[] = {
    { 0, "none" },      { 1, "may" },    { 2, "encrypt" }, { 3, "fingerprint" }, { 4, "dane" },
    { 5, "dane-only" }, { 6, "verify" }, { 7, "secure" },  { 0, NULL },
};
static const struct name insecure_mx_words[] = { { 0, "may" }, { 1, "encrypt" }, { 2, "dane" }, { 0, NULL } };
static const struct name dns_support_words[] = { { 0, "disabled" }, { 1, "enabled" }, { 2, "dnssec" }, { 0, NULL } };
static const struct name host_lookup_words[] = { { 0, "dns" }, { 1, "native" }, { 0, NULL } };
static const struct name address_words[] = { { 0, "any" }, { 1, "ipv6" }, { 2, "ipv4" }, { 0, NULL } };
static const struct name protocol_words[] = { { 0, "all" }, { 1, "ipv6" }, { 2, "ipv4" }, { 0, NULL } };
static const struct name resolver_words[] = { { 0, "res_defnames" }, { 1, "res_dnsrch" }, { 0, NULL } };
static const struct name facility_words[] = {
    { 0, "auth" },    { 1, "authpriv" }, { 2, "cron" },    { 3, "daemon" },  { 4, "ftp" },     { 5, "kern" },
    { 6, "lpr" },     { 7, "mail" },     { 8, "news" },    { 9, "syslog" },  { 10, "user" },   { 11, "uucp" },
    { 12, "local0" }, { 13, "local1" },  { 14, "local2" }, { 15, "local3" }, { 16, "local4" }, { 17, "local5" },
    { 18, "local6" }, { 19, "local7" },  { 0, NULL },
};
static const struct name style_words[] = { { 0, "class" }, { 1, "subnet" }, { 2, "host" }, { 0, NULL } };
static const struct name from_words[] = { { 0, "standard" }, { 1, "obsolete" }, { 0, NULL } };
static const struct name extension_words[] = {
    { 0, "canonical" }, { 1, "virtual" }, { 2, "alias" }, { 3, "forward" },
    { 4, "include" },   { 5, "generic" }, { 0, NULL },
};

static void suggest_word(const struct name *words, struct slice wrong, struct error *err)
{
    const char *near = name_nearest(words, wrong);
    char all[ERROR_TEXT_MAX / 2] = "";

    for (const struct name *w = words; w->word != NULL; w++) {
        size_t n = strlen(all);

        snprintf(all + n, sizeof(all) - n, "%s%s", n > 0 ? ", " : "", w->word);
    }
    if (near != NULL)
        error_fix(err, "did you mean \"%s\"? The words are: %s", near, all);
    else
        error_fix(err, "the words are: %s", all);
}

struct rule;
typedef bool check_fn(const struct params *, const struct parameter *, const struct rule *, struct error *);

struct rule {
    const char *name;
    check_fn *check;
    const struct name *words;
};

/* One word in any case. */
static bool check_word(const struct params *p, const struct parameter *own, const struct rule *rule, struct error *err)
{
    int code;

    (void)p;
    if (name_code(rule->words, slice_of(own->text), &code))
        return true;
    refuse(own, err, "unknown word", own->text);
    suggest_word(rule->words, slice_of(own->text), err);
    return false;
}

static bool check_word_or_empty(const struct params *p, const struct parameter *own, const struct rule *rule,
                                struct error *err)
{
    return own->text[0] == '\0' || check_word(p, own, rule, err);
}

/* Any number of words, in lower case. */
static bool check_words(const struct params *p, const struct parameter *own, const struct rule *rule, struct error *err)
{
    struct slice rest = slice_of(own->text), word;
    int code;

    (void)p;
    while (slice_next_token(&rest, SEPARATORS, &word)) {
        if (!name_code_exact(rule->words, word, &code)) {
            refuse(own, err, "unknown word", own->text);
            suggest_word(rule->words, word, err);
            return false;
        }
    }
    return true;
}

/* One word in lower case. */
static bool check_exact_word(const struct params *p, const struct parameter *own, const struct rule *rule,
                             struct error *err)
{
    int code;

    (void)p;
    if (name_code_exact(rule->words, slice_of(own->text), &code))
        return true;
    refuse(own, err, "unknown word", own->text);
    suggest_word(rule->words, slice_of(own->text), err);
    return false;
}

/* Where mynetworks is set it is not looked at. */
static bool check_style(const struct params *p, const struct parameter *own, const struct rule *rule, struct error *err)
{
    return params_is_set(p, "mynetworks", NULL) || check_words(p, own, rule, err);
}

/* Without DNS it is not looked at. */
static bool check_host_lookup(const struct params *p, const struct parameter *own, const struct rule *rule,
                              struct error *err)
{
    const char *support = params_text(p, "smtp_dns_support_level");

    if (support[0] != '\0' ? strcasecmp(support, "disabled") == 0 : params_bool(p, "disable_dns_lookups"))
        return true;
    return check_words(p, own, rule, err);
}

static bool check_hostname(const struct params *p, const struct parameter *own, const struct rule *rule,
                           struct error *err)
{
    (void)p;
    (void)rule;
    if (hostname_is_valid(slice_of(own->text)))
        return true;
    refuse(own, err, "not a valid host name", own->text);
    error_fix(err, "write a name of letters, digits, hyphens and dots");
    return false;
}

static bool check_relayhost(const struct params *p, const struct parameter *own, const struct rule *rule,
                            struct error *err)
{
    (void)rule;
    if (strcasecmp(own->text, params_text(p, "myhostname")) != 0)
        return true;
    refuse(own, err, "must not be the same as myhostname", own->text);
    error_fix(err, "name another host, or remove the line");
    return false;
}

static bool check_myorigin(const struct params *p, const struct parameter *own, const struct rule *rule,
                           struct error *err)
{
    (void)p;
    (void)rule;
    if (own->text[strcspn(own->text, SEPARATORS)] == '\0')
        return true;
    refuse(own, err, "must be one name", own->text);
    error_fix(err, "leave one name");
    return false;
}

static bool refuse_table(const struct parameter *own, struct slice item, struct error *err)
{
    char text[101];

    snprintf(text, sizeof(text), "%.*s", (int)(item.n < 100 ? item.n : 100), item.p);
    refuse(own, err, "expecting \"type:name\"", text);
    if (text[0] == '/')
        error_fix(err, "put the type of the table in front, such as hash:%s", text);
    else
        error_fix(err, "put the type of the table and a colon in front; without white space behind the colon");
    return false;
}

static bool check_tables(const struct params *p, const struct parameter *own, const struct rule *rule,
                         struct error *err)
{
    struct slice rest = slice_of(own->text), item;

    (void)p;
    (void)rule;
    while (slice_next_token_braced(&rest, SEPARATORS, &item))
        if (slice_find(item, ':') == item.n)
            return refuse_table(own, item, err);
    return true;
}

/* smtp_tls_per_site is not opened beside smtp_tls_policy_maps. */
static bool check_per_site(const struct params *p, const struct parameter *own, const struct rule *rule,
                           struct error *err)
{
    return params_text(p, "smtp_tls_policy_maps")[0] != '\0' || check_tables(p, own, rule, err);
}

/* Opened, and required, only with SASL. */
static bool check_passwords(const struct params *p, const struct parameter *own, const struct rule *rule,
                            struct error *err)
{
    if (!params_bool(p, "smtp_sasl_auth_enable"))
        return true;
    if (own->text[0] != '\0')
        return check_tables(p, own, rule, err);
    refuse(own, err, "must not be empty when smtp_sasl_auth_enable is yes", own->text);
    error_fix(err, "name a table of passwords, or set %s = no", params_name(p, "smtp_sasl_auth_enable"));
    return false;
}

/* A single table; its name may hold anything. */
static bool check_table(const struct params *p, const struct parameter *own, const struct rule *rule, struct error *err)
{
    (void)p;
    (void)rule;
    if (own->text[0] == '\0' || strchr(own->text, ':') != NULL)
        return true;
    return refuse_table(own, slice_of(own->text), err);
}

/* By the smtp_ name; a rule for a parameter that the program does not have is passed over. */
static const struct rule rules[] = {
    { "syslog_facility", check_exact_word, facility_words },
    { "inet_protocols", check_words, protocol_words },
    { "myhostname", check_hostname, NULL },
    { "mydomain", check_hostname, NULL },
    { "mynetworks_style", check_style, style_words },
    { "relayhost", check_relayhost, NULL },
    { "myorigin", check_myorigin, NULL },
    { "smtp_sasl_password_maps", check_passwords, NULL },
    { "smtp_tls_security_level", check_word_or_empty, level_words },
    { "smtp_tls_policy_maps", check_tables, NULL },
    { "smtp_tls_per_site", check_per_site, NULL },
    { "smtp_discard_ehlo_keyword_address_maps", check_tables, NULL },
    { "smtp_pix_workaround_maps", check_tables, NULL },
    { "propagate_unmatched_extensions", check_words, extension_words },
    { "smtp_generic_maps", check_tables, NULL },
    { "smtp_header_checks", check_tables, NULL },
    { "smtp_mime_header_checks", check_tables, NULL },
    { "smtp_nested_header_checks", check_tables, NULL },
    { "smtp_body_checks", check_tables, NULL },
    { "smtp_reply_filter", check_table, NULL },
    { "smtp_address_preference", check_word, address_words },
    { "smtp_dns_reply_filter", check_tables, NULL },
    { "smtp_delivery_status_filter", check_tables, NULL },
    { "smtp_dns_support_level", check_word_or_empty, dns_support_words },
    { "smtp_tls_dane_insecure_mx_policy", check_word, insecure_mx_words },
    { "smtp_host_lookup", check_host_lookup, host_lookup_words },
    { "smtp_dns_resolver_options", check_words, resolver_words },
    { "header_from_format", check_word, from_words },
    { "transport_maps", check_tables, NULL },
    { "sender_dependent_relayhost_maps", check_tables, NULL },
    { "sender_dependent_default_transport_maps", check_tables, NULL },
    { "address_verify_transport_maps", check_tables, NULL },
    { "address_verify_sender_dependent_relayhost_maps", check_tables, NULL },
    { "address_verify_sender_dependent_default_transport_maps", check_tables, NULL },
    { "relocated_maps", check_tables, NULL },
};

static bool check_rules(const struct params *p, struct error *err)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct parameter *own = params_find(p, rules[i].name);

        if (own != NULL && !rules[i].check(p, own, &rules[i], err))
            return false;
    }
    return true;
}

/* Comes first, as many defaults depend on it. */
static bool check_compatibility_level(const struct params *p, struct error *err)
{
    const struct parameter *own = params_find(p, "compatibility_level");
    struct version level;

    if (own->error != NULL || own->row->type == PARAMETER_NUMBER)
        return check_type(own, err);
    if (compat_level_parse(&level, own->text))
        return true;
    refuse(own, err, "malformed compatibility level", own->text);
    error_fix(err, "write a level such as 2 or 3.6");
    return false;
}

bool params_check_start(const struct params *p, struct error *err)
{
    if (!check_compatibility_level(p, err))
        return false;
    return check_types(p, false, err) && check_rules(p, err) && (!uses_tls(p) || check_types(p, true, err));
}
