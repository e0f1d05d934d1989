#include "scanner/policy/match.h"

#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"

/* OpenSSL's EVP_MAX_MD_SIZE: what a fingerprint is measured against, whatever its digest. */
#define DIGEST_OCTETS_MAX 64

/* The full stops that IDNA2003 takes for a dot, in UTF-8. */
static const char *const wide_dots[] = { "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1" };

static void list_add(struct region *region, struct text_list *list, const char *text)
{
    size_t room = 8;

    while (room < list->count)
        room *= 2;
    if (list->count == 0 || list->count == room) {
        const char **items = region_array(region, list->count == 0 ? room : 2 * room, sizeof(*items));

        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
    list->items[list->count++] = text;
}

static struct text_list split(struct region *region, const char *text, const char *separators)
{
    struct text_list list = { NULL, 0 };
    struct slice rest = slice_of(text), token;

    while (slice_next_token(&rest, separators, &token))
        list_add(region, &list, region_slice(region, token));
    return list;
}

static bool has_sts_patterns(const struct policy *policy)
{
    return policy->sts.type_sts && policy->sts.mx_patterns.count > 0;
}

bool match_enforces_sts(const struct params *params, const struct policy *policy)
{
    if (policy->sts.enforced)
        return has_sts_patterns(policy);
    return has_sts_patterns(policy) && version_at_least(params_version(params), 3, 10, 5) &&
           params_bool(params, "smtp_tls_enforce_sts_mx_patterns");
}

/* The match attribute as it counts: an enforced MTA-STS policy replaces the whole list. NULL: none was given. */
static const struct text_list *given_match(const struct params *params, const struct policy *policy)
{
    static const char *item = "hostname";
    static const struct text_list hostname_only = { &item, 1 };

    if (policy->match != NULL && match_enforces_sts(params, policy))
        return &hostname_only;
    return policy->match;
}

/* names */

/* What an element of the list stands for. */
struct reference {
    const char *name; /* NULL: ignored */
    bool subdomains;
};

static struct reference reference_of(const char *element, const char *nexthop, const char *host)
{
    if (strcasecmp(element, "nexthop") == 0)
        return (struct reference){ nexthop, false };
    if (strcasecmp(element, "dot-nexthop") == 0)
        return (struct reference){ nexthop, true };
    if (strcasecmp(element, "hostname") == 0)
        return (struct reference){ host, false };
    if (element[0] == '.')
        return (struct reference){ element[1] != '\0' ? element + 1 : NULL, true };
    for (size_t i = 0; i < sizeof(wide_dots) / sizeof(*wide_dots); i++)
        if (strncmp(element, wide_dots[i], 3) == 0 && element[3] != '\0')
            return (struct reference){ element + 3, true };
    return (struct reference){ element, false };
}

/* SSL_add1_host(3): what parses as an address becomes the address to check, and there is room for one. Postfix's own
 * engine, before 3.6, knew names only. */
static void load_reference(struct region *region, struct match *match, struct version version,
                           struct reference reference)
{
    char ascii[HOSTNAME_MAX + 1];
    struct address address;
    const char *name = reference.name;

    if (name == NULL)
        return;
    if (hostname_to_ascii(slice_of(name), ascii))
        name = region_text(region, ascii);
    if (reference.subdomains)
        list_add(region, &match->names, region_printf(region, ".%s", name));
    else if (version_at_least(version, 3, 6, 0) && address_parse(&address, slice_of(name)))
        list_add(region, &match->addresses, name);
    else
        list_add(region, &match->names, name);
}

static void find_names(struct region *region, struct match *match, const struct service *service,
                       const struct nexthop *nexthop, const struct policy *policy, const struct mail_host *host,
                       const struct effective *effective)
{
    const struct params *params = service->params;
    const struct text_list *given = given_match(params, policy);
    const char *parameter =
        effective->level == LEVEL_VERIFY ? "smtp_tls_verify_cert_match" : "smtp_tls_secure_cert_match";
    const char *domain = nexthop->is_unix ? params_text(params, "myhostname") : nexthop->host;
    struct text_list elements;

    elements = given != NULL ? *given : split(region, params_text(params, parameter), ", \t\r\n:");
    for (size_t i = 0; i < elements.count; i++)
        load_reference(region, match, params_version(params), reference_of(elements.items[i], domain, host->host));
    match->none_loaded = match->names.count == 0 && match->addresses.count == 0;
}

/* RFC 7672 section 3.1.2 as Postfix has it: the TLSA base domain and both names of the next-hop's MX set. */
static void find_dane_names(struct region *region, struct match *match, const struct mail_hosts *hosts,
                            const struct effective *effective)
{
    list_add(region, &match->names, effective->tlsa.base_domain);
    if (!hosts->used_mx)
        return;
    if (strcmp(hosts->mx_qname, hosts->mx_rname) != 0)
        list_add(region, &match->names, hosts->mx_rname);
    list_add(region, &match->names, hosts->mx_qname);
}

/* fingerprints */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Pairs of hex digits, a colon possible between two of them (before 3.6: needed). NULL: malformed. */
static const char *read_digest(struct region *region, const char *text, bool colons_needed)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = strlen(text), length = 0;
    char *out;

    if (n > 3 * DIGEST_OCTETS_MAX)
        return NULL;
    out = region_alloc(region, n + 1);
    for (size_t i = 0; i < n; i += 2) {
        if (n - i < 2 || hex_value(text[i]) < 0 || hex_value(text[i + 1]) < 0)
            return NULL;
        out[length++] = digits[hex_value(text[i])];
        out[length++] = digits[hex_value(text[i + 1])];
        if (n - i > 4 && text[i + 2] == ':')
            i++;
        else if (colons_needed && n - i > 2)
            return NULL;
    }
    return out;
}

static void load_digests(struct region *region, struct match *match, const struct text_list *elements, bool old)
{
    for (size_t i = 0; i < elements->count; i++) {
        const char *digest = read_digest(region, elements->items[i], old);

        if (digest != NULL)
            list_add(region, &match->digests, digest);
        else
            list_add(region, &match->malformed, elements->items[i]);
    }
}

void match_fingerprints(struct region *region, struct match *match, const struct service *service,
                        const struct policy *policy)
{
    const struct params *params = service->params;
    struct version version = params_version(params);
    bool old = !version_at_least(version, 3, 6, 0);
    const struct text_list *given = given_match(params, policy);
    struct text_list configured;

    *match = (struct match){ .digest = params_text(params, "smtp_tls_fingerprint_digest") };
    if (given != NULL)
        load_digests(region, match, given, old);
    /* Before 3.6 any text at all was loaded; before 3.9 a list of which nothing could be loaded counted as none. */
    if (given == NULL ||
        (match->digests.count == 0 && !(old && given->count > 0) && !version_at_least(version, 3, 9, 0))) {
        configured = split(region, params_text(params, "smtp_tls_fingerprint_cert_match"), ", \t\r\n");
        load_digests(region, match, &configured, old);
    }
    match->no_fingerprints = match->digests.count == 0 && !(old && match->malformed.count > 0);
}

void match_find(struct region *region, struct match *match, const struct config *config, const struct service *service,
                const struct nexthop *nexthop, const struct policy *policy, const struct mail_hosts *hosts,
                const struct mail_host *host, const struct effective *effective)
{
    (void)config;
    *match = (struct match){ .digest = params_text(service->params, "smtp_tls_fingerprint_digest") };
    if (effective->dane_in_use)
        find_dane_names(region, match, hosts, effective);
    else if (level_is_pkix(effective->level))
        find_names(region, match, service, nexthop, policy, host, effective);
    else if (effective->level == LEVEL_FINGERPRINT)
        match_fingerprints(region, match, service, policy);
}
