/* Names and fingerprints that a certificate is compared with. */
#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"
#include "scanner/judge/lint_impl.h"
#include "scanner/policy/match.h"

static const char *attribute_value(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->attribute_count; i++)
        if (strcmp(policy->attributes[i].name, name) == 0)
            return policy->attributes[i].value;
    return NULL;
}

/* The list without item i, or with text in its place. */
static const char *list_with(struct lint *lint, const struct text_list *list, size_t i, const char *text,
                             const char *separator)
{
    struct buf out;
    const char *joined;

    buf_init(&out, (size_t)1 << 24);
    for (size_t k = 0; k < list->count; k++) {
        const char *item = k == i ? text : list->items[k];

        if (item == NULL)
            continue;
        buf_add_text(&out, out.n > 0 ? separator : "");
        buf_add_text(&out, item);
    }
    joined = out.n > 0 ? region_slice(lint->scratch, buf_slice(&out)) : NULL;
    buf_clear(&out);
    return joined;
}

/* The list is written anew for each item that is wrong: not where it is so long that nobody wrote it by hand. */
#define FIX_ITEMS_MAX 1000

static void fix_item(struct lint_entry *e, struct lint_finding *f, size_t i, const char *text)
{
    const char *separator = e->policy.level == LEVEL_FINGERPRINT ? "|" : ":";

    if (e->policy.match->count <= FIX_ITEMS_MAX)
        lint_fix_attribute(e, f, "match", list_with(e->lint, e->policy.match, i, text, separator));
}

static void check_repeated(struct lint_entry *e)
{
    const struct text_list *list = e->policy.match;
    struct dict *seen = dict_new();

    for (size_t i = 0; i < list->count; i++) {
        struct slice folded = lint_fold(e->lint->scratch, slice_of(list->items[i]));

        if (!dict_put(seen, folded, e))
            fix_item(e, lint_tell_entry(e, LINT_MATCH_REPEATED, "\"%s\" stands twice", list->items[i]), i, NULL);
    }
    dict_free(seen);
}

/* At least three groups of a few hexadecimal digits, or a whole that is an address. */
static bool is_split_address(const char *value)
{
    struct slice rest = slice_of(value), group;
    struct address address;
    size_t groups = 0;

    if (address_parse(&address, rest) && address.family == FAMILY_IPV6)
        return true;
    while (slice_next_token(&rest, ":", &group)) {
        if (group.n > 4)
            return false;
        for (size_t i = 0; i < group.n; i++)
            if (strchr("0123456789abcdefABCDEF", group.p[i]) == NULL)
                return false;
        groups++;
    }
    return groups >= 3;
}

static bool is_wildcard(const char *item)
{
    return strchr(item, '*') != NULL;
}

static bool is_too_wide(const char *item)
{
    return item[0] == '.' && item[1] != '\0' && strchr(item + 1, '.') == NULL;
}

static bool is_hostname(const char *item)
{
    return strcasecmp(item, "hostname") == 0;
}

static void check_item(struct lint_entry *e, size_t i)
{
    const char *item = e->policy.match->items[i];

    if (is_wildcard(item))
        fix_item(e, lint_tell_entry(e, LINT_MATCH_WILDCARD, "\"%s\" matches no name below the domain", item), i,
                 strncmp(item, "*.", 2) == 0 && !is_wildcard(item + 1) ? item + 1 : NULL);
    if (is_too_wide(item))
        lint_tell_entry(e, LINT_MATCH_TOO_WIDE, "\"%s\" accepts every name of a top-level domain", item);
    if (e->policy.level == LEVEL_SECURE && is_hostname(item))
        fix_item(e,
                 lint_tell_entry(e, LINT_MATCH_HOSTNAME, "secure with match=hostname accepts whatever host DNS names"),
                 i, e->policy.match->count == 1 ? "nexthop:dot-nexthop" : NULL);
}

static bool loads_nothing(const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], ".") != 0)
            return false;
    return true;
}

static bool verifies_host(const struct lint_entry *e)
{
    const struct text_list *list = e->policy.match;
    struct slice rest = slice_of(params_text(e->maps->service->params, "smtp_tls_verify_cert_match")), word;

    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (is_hostname(list->items[i]))
            return true;
    while (list == NULL && slice_next_token(&rest, ", \t\r\n:", &word))
        if (slice_eq_text_nocase(word, "hostname"))
            return true;
    return false;
}

void lint_names(struct lint_entry *e)
{
    const struct text_list *list = e->policy.match;
    const char *written = attribute_value(&e->policy, "match");

    if (!level_is_pkix(e->policy.level))
        return;
    /* The names of an MTA-STS policy are its patterns. */
    if (e->policy.sts.type_sts && e->policy.sts.mx_patterns.count > 0)
        return;
    if (e->policy.level == LEVEL_VERIFY && verifies_host(e))
        lint_tell_entry(e, LINT_VERIFY_TRUSTS_DNS, "verify accepts whatever host DNS names");
    if (list == NULL)
        return;
    if (loads_nothing(list))
        lint_fix_attribute(e, lint_tell_entry(e, LINT_MATCH_NOTHING, "match=%s holds no name", written), "match", NULL);
    if (written != NULL && is_split_address(written))
        lint_tell_entry(e, LINT_MATCH_ADDRESS_SPLIT, "match=%s is split at each \":\"", written);
    for (size_t i = 0; i < list->count; i++)
        check_item(e, i);
    check_repeated(e);
}

/* fingerprints */

static const char *digest_of_size(size_t size)
{
    static const struct {
        size_t size;
        const char *digest;
    } rows[] = {
        { 16, "md5" }, { 20, "sha1" }, { 28, "sha224" }, { 32, "sha256" }, { 48, "sha384" }, { 64, "sha512" }
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].size == size)
            return rows[i].digest;
    return NULL;
}

/* "AB:CD..." shortened: enough to find it in the line. */
static const char *shortened(struct lint *lint, const char *pin)
{
    size_t n = strlen(pin);

    return n <= 23 ? pin : region_printf(lint->scratch, "%.*s...", 20, pin);
}

static const char *length_words(struct lint *lint, const char *pin, const char *digest)
{
    size_t octets = strlen(pin) / 2;
    const char *other = digest_of_size(octets);

    if (other != NULL)
        return region_printf(lint->scratch, "the fingerprint %s has %zu octets, as %s makes them; the digest is %s",
                             shortened(lint, pin), octets, other, digest);
    return region_printf(lint->scratch, "the fingerprint %s has %zu octets, which no %s digest has",
                         shortened(lint, pin), octets, digest);
}

static size_t count_usable(const struct lint_maps *maps, const struct match *match)
{
    size_t usable = 0;

    for (size_t i = 0; i < match->digests.count; i++)
        usable += maps->digest_size == 0 || strlen(match->digests.items[i]) == 2 * maps->digest_size;
    return usable;
}

/* How what is wrong with a list of fingerprints is told: of an entry, or of a parameter. */
struct pin_place {
    struct lint_maps *maps;
    struct lint_entry *entry; /* NULL: smtp_tls_fingerprint_cert_match */
};

static struct lint_finding *tell_pin(const struct pin_place *place, enum lint_code code, const char *text)
{
    if (place->entry != NULL)
        return lint_tell_entry(place->entry, code, "%s", text);
    return lint_tell_parameter(place->maps->lint, place->maps->service->params, "smtp_tls_fingerprint_cert_match", code,
                               "%s", text);
}

static void tell_single_pins(const struct pin_place *place, const struct match *match)
{
    struct lint *lint = place->maps->lint;

    for (size_t i = 0; i < match->malformed.count; i++) {
        const char *pin = match->malformed.items[i];

        tell_pin(place, LINT_PIN_MALFORMED,
                 region_printf(lint->scratch, "the fingerprint %s is malformed%s", shortened(lint, pin),
                               place->entry == NULL && strchr(pin, '|') != NULL
                                   ? ": in main.cf a blank or comma separates fingerprints"
                                   : ""));
    }
    for (size_t i = 0; i < match->digests.count; i++)
        if (place->maps->digest_size > 0 && strlen(match->digests.items[i]) != 2 * place->maps->digest_size)
            tell_pin(place, LINT_PIN_WRONG_LENGTH, length_words(lint, match->digests.items[i], match->digest));
}

static void tell_pins(const struct pin_place *place, const struct match *match)
{
    size_t usable = count_usable(place->maps, match);

    tell_single_pins(place, match);
    if (usable == 0 && match->digests.count + match->malformed.count == 0)
        tell_pin(place, LINT_PINS_MISSING, "fingerprint without match and without smtp_tls_fingerprint_cert_match");
    else if (usable == 0)
        tell_pin(place, LINT_PINS_UNUSABLE, "none of the fingerprints can match");
    else if (usable == 1)
        tell_pin(place, LINT_PIN_ALONE, "there is one fingerprint only");
}

void lint_pins(struct lint_entry *e)
{
    struct match match;
    struct pin_place place = { e->maps, e };

    if (e->policy.level != LEVEL_FINGERPRINT)
        return;
    match_fingerprints(e->lint->scratch, &match, e->maps->service, &e->policy);
    tell_pins(&place, &match);
    if (e->policy.match != NULL)
        check_repeated(e);
}

void lint_main_cf_pins(struct lint_maps *maps)
{
    struct policy policy;
    struct match match;
    struct pin_place place = { maps, NULL };

    policy_init(&policy);
    match_fingerprints(maps->lint->scratch, &match, maps->service, &policy);
    if (maps->global == LEVEL_FINGERPRINT)
        tell_pins(&place, &match);
    else
        tell_single_pins(&place, &match);
}
