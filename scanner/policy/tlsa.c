#include "scanner/policy/tlsa.h"

#include <string.h>
#include <strings.h>

#define USAGE_TRUST_ANCHOR 2
#define USAGE_END_ENTITY   3
#define SELECTOR_LAST      1
#define MATCHING_FULL      0
#define MATCHING_PRIVATE   255
#define MATCHING_TYPES     256

/* Before this fix an empty association makes smtp(8) panic. */
static const struct version takes_empty_data[] = { { 3, 8, 18 }, { 3, 9, 12 }, { 3, 10, 11 },
                                                   { 3, 11, 4 }, { 3, 12, 0 }, { 0, 0, 0 } };

/* Digests by the names that OpenSSL knows, with their octets. */
static const struct digest_row {
    const char *name;
    size_t octets;
} digest_rows[] = {
    { "sha256", 32 },   { "sha512", 64 },     { "sha384", 48 },     { "sha224", 28 },     { "sha1", 20 },
    { "md5", 16 },      { "sha512-256", 32 }, { "sha512-224", 28 }, { "sha3-224", 28 },   { "sha3-256", 32 },
    { "sha3-384", 48 }, { "sha3-512", 64 },   { "ripemd160", 20 },  { "blake2b512", 64 }, { "blake2s256", 32 },
    { "sm3", 32 },      { "md5-sha1", 36 },
};

static const struct digest_row *digest_row(struct slice name)
{
    for (size_t i = 0; i < sizeof(digest_rows) / sizeof(*digest_rows); i++)
        if (slice_eq_text_nocase(name, digest_rows[i].name))
            return &digest_rows[i];
    return NULL;
}

/* tls_dane_digests: "sha512 sha256 name=N ..." */

struct digests {
    const struct digest_row *rows[MATCHING_TYPES];
    int order[MATCHING_TYPES]; /* 1 for the first in the list; 0: not listed */
    int listed;
};

/* The matching type of an item; 0: the item is skipped with a warning. */
static unsigned item_type(struct slice name, struct slice number, bool has_number)
{
    unsigned long value = 0;

    if (!has_number || number.n == 0) {
        if (slice_eq_text_nocase(name, "sha256"))
            return 1;
        return slice_eq_text_nocase(name, "sha512") ? 2 : 0;
    }
    if (!slice_to_number(number, MATCHING_PRIVATE - 1, &value))
        return 0;
    if ((value == 1 && !slice_eq_text_nocase(name, "sha256")) || (value == 2 && !slice_eq_text_nocase(name, "sha512")))
        return 0;
    return (unsigned)value;
}

static void digests_read(struct digests *digests, const struct params *params)
{
    struct slice rest = slice_of(params_text(params, "tls_dane_digests")), item;

    memset(digests, 0, sizeof(*digests));
    while (slice_next_token(&rest, ", \t\r\n", &item)) {
        size_t equals = slice_find(item, '=');
        struct slice name = slice_head(item, equals), number = slice_from_index(item, equals + 1);
        unsigned type = item_type(name, number, equals < item.n);

        if (name.n == 0 || type == 0 || digests->order[type] != 0)
            continue;
        digests->order[type] = ++digests->listed;
        digests->rows[type] = digest_row(name);
    }
}

static bool matching_type(const struct params *params, unsigned type, const struct digest_row **row, int *strength)
{
    struct digests digests;

    *row = NULL;
    *strength = 0;
    if (type == MATCHING_FULL)
        return true;
    if (type >= MATCHING_PRIVATE)
        return false;
    digests_read(&digests, params);
    if (digests.rows[type] == NULL)
        return false;
    *row = digests.rows[type];
    *strength = digests.listed - digests.order[type] + 1;
    return true;
}

bool tlsa_matching_type(const struct params *params, unsigned type, const char **digest, int *strength)
{
    const struct digest_row *row;
    bool known = matching_type(params, type, &row, strength);

    *digest = row != NULL ? row->name : NULL;
    return known;
}

/* One DER value whose length fills the data exactly. */
static bool is_der_sequence(const uint8_t *data, size_t n)
{
    size_t length = 0, octets;

    if (n < 2 || data[0] != 0x30)
        return false;
    if (data[1] < 0x80)
        return n == (size_t)data[1] + 2;
    octets = data[1] & 0x7fu;
    if (octets == 0 || octets > 3 || n < 2 + octets)
        return false;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | data[2 + i];
    return n == length + 2 + octets;
}

bool tlsa_is_usable_in_handshake(const struct params *params, const struct dns_record *record)
{
    const struct digest_row *row;
    int strength;

    if (record->rdata_length < 3 || record->data_length != (size_t)record->rdata_length - 3 || record->data_length == 0)
        return false;
    if (record->selector > SELECTOR_LAST || !matching_type(params, record->matching_type, &row, &strength))
        return false;
    if (row != NULL)
        return record->data_length == row->octets;
    return is_der_sequence(record->data, record->data_length);
}

static bool is_usable(const struct params *params, const struct dns_record *record)
{
    if (record->rdata_length < 3 || record->data_length == 0)
        return false;
    if (record->usage != USAGE_TRUST_ANCHOR && record->usage != USAGE_END_ENTITY)
        return false;
    if (version_at_least(params_version(params), 3, 6, 0))
        return record->matching_type != MATCHING_PRIVATE;
    return tlsa_is_usable_in_handshake(params, record); /* its own engine looked at everything at once */
}

static bool panics_over(const struct params *params, const struct dns_record *record)
{
    struct version version = params_version(params);

    return record->rdata_length == 3 && version_at_least(version, 3, 6, 0) && !version_has(version, takes_empty_data) &&
           (record->usage == USAGE_TRUST_ANCHOR || record->usage == USAGE_END_ENTITY) &&
           record->matching_type != MATCHING_PRIVATE;
}

/* What one lookup works with. */
struct hunt {
    struct region *region;
    struct tlsa *out;
    const struct service *service;
    const struct view *view;
    uint16_t port;
};

static void take_records(struct hunt *hunt, const struct lookup_result *result, const char *base_domain)
{
    const struct params *params = hunt->service->params;
    struct tlsa *out = hunt->out;

    out->status = TLSA_FOUND;
    out->base_domain = base_domain;
    out->records = result->records;
    out->count = result->count;
    out->usable = region_array(hunt->region, result->count, sizeof(*out->usable));
    for (size_t i = 0; i < result->count; i++) {
        out->panics |= panics_over(params, result->records[i]);
        if (is_usable(params, result->records[i]))
            out->usable[out->usable_count++] = result->records[i];
    }
}

/* Sets status when a lookup could not be made; true then. */
static bool is_missing(struct hunt *hunt, const struct lookup_result *result)
{
    if (result->status == LOOKUP_WANTED)
        hunt->out->status = TLSA_WANTED;
    else if (result->status == LOOKUP_UNKNOWN)
        hunt->out->status = TLSA_UNKNOWN;
    else
        return false;
    hunt->out->dnssec = "indeterminate";
    hunt->out->unknown_reason = result->unknown_reason;
    return true;
}

/* The TLSA records below one name. */
static void ask_below(struct hunt *hunt, const char *base_domain)
{
    const char *name = region_printf(hunt->region, "_%u._tcp.%s", hunt->port, base_domain);
    struct lookup_result result = dns_interpret(hunt->region, hunt->view, hunt->service, name, DNS_TLSA, true);
    struct tlsa *out = hunt->out;

    if (is_missing(hunt, &result))
        return;
    out->dnssec = result.ad ? "secure" : "insecure";
    if (result.status == LOOKUP_OK && result.secure) {
        take_records(hunt, &result, base_domain);
    } else if (result.status == LOOKUP_OK || result.status == LOOKUP_NOT_FOUND) {
        out->status = TLSA_NONE;
        out->insecure_records |= result.status == LOOKUP_OK;
    } else {
        out->status = TLSA_ERROR;
        out->unknown_reason = result.unknown_reason;
        out->dnssec = result.bogus ? "bogus" : "indeterminate";
    }
}

/* An alias whose addresses are insecure: is the alias itself secure? Status ERROR when that cannot be told. */
static bool alias_is_secure(struct hunt *hunt, const char *qname)
{
    struct lookup_result result = dns_interpret(hunt->region, hunt->view, hunt->service, qname, DNS_CNAME, true);

    if (is_missing(hunt, &result))
        return false;
    if (result.status == LOOKUP_OK)
        return result.secure;
    hunt->out->status = TLSA_ERROR;
    hunt->out->dnssec = "indeterminate";
    hunt->out->unknown_reason = result.unknown_reason;
    return false;
}

/* tls_dane_resolve() */
static void find(struct hunt *hunt, const struct mail_host *host, bool secure, bool forced)
{
    bool alias;

    *hunt->out = (struct tlsa){ .status = TLSA_NONE, .dnssec = "insecure" };
    if (host->qname == NULL || !host->has_address)
        return;
    alias = strcasecmp(host->qname, host->rname) != 0;
    if (!secure && !forced && (!alias || !alias_is_secure(hunt, host->qname)))
        return;
    if (secure) {
        ask_below(hunt, host->rname);
        if (hunt->out->status != TLSA_NONE || !alias)
            return;
    }
    ask_below(hunt, host->qname);
}

void tlsa_find(struct region *region, struct tlsa *out, const struct service *service, const struct mail_host *host,
               const struct view *view)
{
    struct hunt hunt = { region, out, service, view, host->port };

    find(&hunt, host, host->secure, params_bool(service->params, "smtp_tls_force_insecure_host_tlsa_lookup"));
}

void tlsa_find_published(struct region *region, struct tlsa *out, const struct service *service,
                         const struct mail_host *host, const struct view *view)
{
    struct hunt hunt = { region, out, service, view, host->port };

    find(&hunt, host, host->ad, false);
    out->panics = false;
}

bool mail_hosts_want_tlsa(struct region *region, const struct service *service, const struct mail_hosts *hosts,
                          const struct view *view)
{
    bool wanted = false;

    for (size_t i = 0; i < hosts->count; i++) {
        struct tlsa tlsa;

        tlsa_find_published(region, &tlsa, service, &hosts->hosts[i], view);
        wanted |= tlsa.status == TLSA_WANTED;
    }
    return wanted;
}
