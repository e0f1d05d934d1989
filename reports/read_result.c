/* One destination of a saved report: what the formats look at, rebuilt. The rest stays in the tree. */
#include <string.h>

#include "reports/reading.h"
#include "reports/saved.h"
#include "scanner/base/hostname.h"
#include "scanner/base/names.h"

#define PORT_MAX 65535
#define MILLISECONDS_MAX UINT32_MAX

#define NEW(r, type) ((type *)region_alloc((r)->region, sizeof(type)))

static struct forecast read_forecast(struct reading *r, const struct json *json)
{
    const char *text = read_text(r, json, "text");

    if (text == NULL)
        text = read_text(r, json, "remark");
    return (struct forecast){ .status = need_text(r, json, "status"), .dsn = read_text(r, json, "dsn"),
                              .relay = read_text(r, json, "relay"), .tls = read_text(r, json, "tls"),
                              .effective_level = read_text(r, json, "effective_level"), .text = text };
}

static enum level read_level(struct reading *r, const struct json *json, const char *key)
{
    const char *word = read_text(r, json, key);
    enum level  level = LEVEL_INVALID;

    if (word == NULL)
        return LEVEL_INVALID;
    if (strcmp(word, level_word(LEVEL_HALF_DANE)) == 0)
        return LEVEL_HALF_DANE;
    if (!level_parse(slice_of(word), &level))
        reading_fails(r, key, "is no level");
    return level;
}

/* An attribute with several values was written as often. */
static void read_attributes(struct reading *r, const struct json *json, struct policy *policy)
{
    struct json_cursor cursor = { json, NULL };
    const char        *key;
    const struct json *value;
    size_t             i, count = 0;

    while (json_next(&cursor, &key, &value))
        count += 1 + json_count(value);
    policy->attributes = region_array(r->region, count + 1, sizeof(*policy->attributes));
    cursor = (struct json_cursor){ json, NULL };
    while (json_next(&cursor, &key, &value)) {
        struct text_list values = read_texts(r, value, key);

        if (json_is_text(value))
            policy->attributes[policy->attribute_count++] = (struct policy_attribute){ key, json_as_text(value) };
        for (i = 0; i < values.count; i++)
            policy->attributes[policy->attribute_count++] = (struct policy_attribute){ key, values.items[i] };
    }
}

/* What is wrong with an entry has an entry; a table that gave none could not be asked. */
static enum policy_trouble trouble_of(const struct policy *policy)
{
    if (policy->level != LEVEL_INVALID)
        return POLICY_FINE;
    return policy->from_table && policy->answer.value == NULL ? POLICY_TABLE_ERROR : POLICY_BAD_VALUE;
}

/* NULL for a next-hop that came to no policy. */
static const struct policy *read_policy(struct reading *r, const struct json *json)
{
    const char    *source = read_text(r, json, "source"), *error = read_text(r, json, "error");
    enum level     level = read_level(r, json, "level");
    struct policy *policy;

    if (source == NULL && error == NULL && level == LEVEL_INVALID)
        return NULL;
    policy = NEW(r, struct policy);
    policy->level = level;
    policy->source = source;
    policy->error = error;
    policy->hint = read_text(r, json, "hint");
    policy->from_table = source != NULL && strchr(source, ':') != NULL;   /* type:name; else a parameter */
    policy->answer = (struct table_answer){ .status = TABLE_FOUND, .file = read_text(r, json, "file"),
                                            .line = (int)read_number(r, json, "line", INT32_MAX),
                                            .key = read_text(r, json, "key"), .value = read_text(r, json, "value"),
                                            .table = policy->from_table ? source : NULL };
    policy->trouble = trouble_of(policy);
    read_attributes(r, json_get(json, "attributes"), policy);
    return policy;
}

static const struct mail_hosts *read_mx(struct reading *r, const struct json *json)
{
    struct mail_hosts *hosts = NEW(r, struct mail_hosts);
    const struct json *records = need_array(r, json, "records");
    size_t             i, count = json_count(records);

    hosts->mx_dnssec = read_text(r, json, "dnssec");
    hosts->unknown = read_text(r, json, "unknown");
    hosts->mx_records = region_array(r->region, count + 1, sizeof(*hosts->mx_records));
    for (i = 0; r->good && i < count; i++)
        hosts->mx_records[i] = (struct mx_record){ (uint16_t)read_number(r, json_at(records, i), "preference", PORT_MAX),
                                                   need_text(r, json_at(records, i), "host") };
    hosts->mx_record_count = i;
    return hosts;
}

static const struct mail_host *read_mail_host(struct reading *r, const struct json *json)
{
    struct mail_host *host = NEW(r, struct mail_host);
    const char       *address = read_text(r, json, "address");
    char              ascii[HOSTNAME_MAX + 1];

    host->host = host->ascii = need_text(r, json, "host");
    if (hostname_to_ascii(slice_of(host->host), ascii))
        host->ascii = region_text(r->region, ascii);
    host->preference = (uint16_t)read_number(r, json, "preference", PORT_MAX);
    host->port = (uint16_t)read_number(r, json, "port", PORT_MAX);
    host->has_address = address != NULL;
    if (address != NULL && !address_parse(&host->address, slice_of(address)))
        reading_fails(r, "address", "is none");
    return host;
}

static unsigned digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char       *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (unsigned)(at - digits) : 16;
}

static void read_hex(struct reading *r, const char *text, struct dns_record *record)
{
    size_t   i, n = strlen(text) / 2;
    uint8_t *data = region_alloc(r->region, n + 1);

    if (strlen(text) % 2 != 0 || n > DNS_TLSA_DATA_MAX) {
        reading_fails(r, "data", "is no TLSA data");
        n = 0;
    }
    for (i = 0; i < n; i++) {
        unsigned high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);

        if (high > 15 || low > 15)
            reading_fails(r, "data", "is not hexadecimal");
        data[i] = (uint8_t)((high << 4 | low) & 255);
    }
    record->data = data;
    record->data_length = n;
    record->rdata_length = (uint16_t)(n + 3);
}

static const struct dns_record *read_tlsa_record(struct reading *r, const struct json *json)
{
    struct dns_record *record = NEW(r, struct dns_record);

    record->type = DNS_TLSA;
    record->malformed = json_is_null(json_get(json, "usage"));
    record->usage = (uint8_t)read_number(r, json, "usage", 255);
    record->selector = (uint8_t)read_number(r, json, "selector", 255);
    record->matching_type = (uint8_t)read_number(r, json, "matching_type", 255);
    read_hex(r, need_text(r, json, "data"), record);
    return record;
}

static enum tlsa_status tlsa_status(const char *word)
{
    static const struct name words[] = { { TLSA_FOUND, "found" }, { TLSA_ERROR, "failed" }, { TLSA_NONE, "none" },
                                         { TLSA_NONE, "insecure" }, { 0, NULL } };
    int status;

    return word != NULL && name_code_exact(words, slice_of(word), &status) ? (enum tlsa_status)status : TLSA_UNKNOWN;
}

static void read_tlsa(struct reading *r, const struct json *json, struct tlsa *tlsa)
{
    const struct json *records = need_array(r, json, "records");
    const char        *status = read_text(r, json, "status");
    size_t             i, count = json_count(records);

    tlsa->dnssec = read_text(r, json, "dnssec");
    tlsa->base_domain = read_text(r, json, "base_domain");
    tlsa->status = tlsa_status(status);
    tlsa->insecure_records = status != NULL && strcmp(status, "insecure") == 0;
    tlsa->records = region_array(r->region, count + 1, sizeof(*tlsa->records));
    tlsa->usable = region_array(r->region, count + 1, sizeof(*tlsa->usable));
    for (i = 0; r->good && i < count; i++) {
        tlsa->records[tlsa->count++] = read_tlsa_record(r, json_at(records, i));
        if (json_get_bool(json_at(records, i), "usable", false))
            tlsa->usable[tlsa->usable_count++] = tlsa->records[i];
    }
}

static const struct effective *read_effective(struct reading *r, const struct json *json)
{
    struct effective *effective = NEW(r, struct effective);

    effective->level = read_level(r, json, "effective_level");
    effective->warning = read_text(r, json, "warning");
    read_tlsa(r, need_object(r, json, "tlsa"), &effective->tlsa);
    return effective;
}

static const struct match *read_match(struct reading *r, const struct json *json)
{
    struct match *match;

    if (!json_is_object(json))
        return NULL;
    match = NEW(r, struct match);
    match->names = read_texts(r, json_get(json, "names"), "names");
    match->addresses = read_texts(r, json_get(json, "addresses"), "addresses");
    match->digest = read_text(r, json, "digest");
    match->digests = read_texts(r, json_get(json, "fingerprints"), "fingerprints");
    return match;
}

static void read_chain(struct reading *r, const struct json *json, struct conversation *seen)
{
    struct text_list chain = read_texts(r, json, "chain");
    size_t           i;

    seen->certificates = chain.items;
    for (i = 0; i < chain.count && i < CONVERSATION_CERTIFICATES_MAX; i++) {
        struct slice id = slice_of(chain.items[i]);

        if (!slice_starts_with(id, SLICE("sha256:")))
            reading_fails(r, "chain", "has something that is no certificate");
        seen->certificates[i] = slice_from_index(id, sizeof("sha256:") - 1).p;
    }
    seen->certificate_count = i;
}

/* NULL when there was none. */
static const struct conversation *read_conversation(struct reading *r, const struct json *json,
                                                    const struct profile *profile)
{
    const char          *ending = read_text(r, json, "ending"), *starttls;
    const struct json   *smtp = need_object(r, json, "smtp"), *took = need_object(r, json, "milliseconds");
    struct conversation *seen;

    if (ending == NULL)
        return NULL;
    seen = NEW(r, struct conversation);
    seen->profile = profile;
    if (!ending_parse(slice_of(ending), &seen->ending))
        reading_fails(r, "ending", "is none");
    seen->error = read_text(r, json, "error");
    seen->greeting.text = read_text(r, smtp, "greeting");
    seen->greeting.code = (int)read_number(r, smtp, "code", 999);
    starttls = read_text(r, smtp, "starttls");
    seen->starttls_offered = starttls != NULL && strcmp(starttls, "not-offered") != 0;
    seen->protocol = read_text(r, json, "protocol");
    seen->cipher = read_text(r, json, "cipher");
    seen->group = read_text(r, json, "group");
    seen->established = seen->protocol != NULL && seen->cipher != NULL;
    seen->ms_connect = (uint32_t)read_number(r, took, "connect", MILLISECONDS_MAX);
    seen->ms_starttls = (uint32_t)read_number(r, took, "starttls", MILLISECONDS_MAX);
    seen->ms_handshake = (uint32_t)read_number(r, took, "handshake", MILLISECONDS_MAX);
    read_chain(r, need_array(r, json, "chain"), seen);
    return seen;
}

static void read_host(struct reading *r, const struct json *json, const struct hop_result *hop, struct host_result *host)
{
    struct profile *profile = NEW(r, struct profile);

    profile->sni = read_text(r, json, "sni");
    host->host = read_mail_host(r, json);
    host->policy = json_is_object(json_get(json, "policy")) ? read_policy(r, json_get(json, "policy")) : hop->policy;
    host->effective = read_effective(r, json);
    host->verdict = need_verdict(r, json, "verdict");
    host->reason = host->verdict != VERDICT_NOT_TRIED ? need_reason(r, json, "reason") : REASON_NOT_OBSERVED;
    host->dsn = read_text(r, json, "dsn");
    host->tls = read_text(r, json, "tls");
    host->relay = read_text(r, json, "relay");
    host->match = read_match(r, json_get(json, "accepts"));
    host->conversation = read_conversation(r, json, profile);
    host->profile = profile;
}

static void read_hop(struct reading *r, const struct json *json, struct hop_result *hop)
{
    const struct json *hosts = need_array(r, json, "hosts");
    struct nexthop    *nexthop = NEW(r, struct nexthop);
    size_t             i;

    hop->text = nexthop->text = read_text(r, json, "nexthop");
    hop->fallback = need_bool(r, json, "fallback");
    hop->policy = read_policy(r, need_object(r, json, "policy"));
    hop->nexthop = hop->policy != NULL && nexthop->text != NULL ? nexthop : NULL;
    hop->mail_hosts = read_mx(r, need_object(r, json, "mx"));
    hop->hosts = region_array(r->region, json_count(hosts) + 1, sizeof(*hop->hosts));
    for (i = 0; r->good && i < json_count(hosts); i++)
        read_host(r, json_at(hosts, i), hop, &hop->hosts[hop->host_count++]);
}

static void read_route(struct reading *r, const struct json *json, struct result *result)
{
    const struct json *hops = need_array(r, json, "route");
    struct route      *route = NEW(r, struct route);
    size_t             i;

    route->transport = read_text(r, json, "transport");
    route->nexthop = read_text(r, json, "nexthop");
    if (route->transport != NULL || route->nexthop != NULL)
        result->route = route;
    result->hops = region_array(r->region, json_count(hops) + 1, sizeof(*result->hops));
    for (i = 0; r->good && i < json_count(hops); i++)
        read_hop(r, json_at(hops, i), &result->hops[result->hop_count++]);
}

/* A verdict of the whole: a host may be not-tried, a destination may not. */
static enum verdict whole_verdict(struct reading *r, const struct json *json, const char *key)
{
    enum verdict verdict = need_verdict(r, json, key);

    if (verdict == VERDICT_NOT_TRIED)
        reading_fails(r, key, "is no verdict");
    return verdict;
}

static const struct acknowledgement *read_acknowledgement(struct reading *r, const struct json *json)
{
    struct acknowledgement *acknowledged = NEW(r, struct acknowledgement);

    acknowledged->until = need_time(r, json, "until");
    acknowledged->comment = need_text(r, json, "comment");
    return acknowledged;
}

/* The same destination judged otherwise. It needs no tree of its own: the destination's has it. */
static const struct result *read_other(struct reading *r, const struct json *json, const struct destination *destination)
{
    struct result     *result = NEW(r, struct result);
    const struct json *forecast = need_object(r, json, "forecast");

    result->destination = destination;
    result->verdict = result->best = result->worst = whole_verdict(r, json, "verdict");
    result->certain = true;
    result->forecast = read_forecast(r, forecast);
    result->forecast.reason = need_reason(r, forecast, "reason");
    read_findings(r, json_get(json, "findings"), &result->findings);
    read_route(r, json, result);
    return result;
}

const struct result *read_result(struct reading *r, const struct json *json)
{
    struct saved_result *saved = NEW(r, struct saved_result);
    struct result       *result = &saved->result;
    struct destination  *destination = NEW(r, struct destination);
    const struct json   *forecast;

    saved->json = json;
    destination->text = need_text(r, json, "destination");
    r->where = destination->text;
    forecast = need_object(r, json, "forecast");
    result->destination = destination;
    result->verdict = whole_verdict(r, json, "verdict");
    result->best = whole_verdict(r, json, "best");
    result->worst = whole_verdict(r, json, "worst");
    result->certain = need_bool(r, json, "certain");
    result->forecast = read_forecast(r, forecast);
    result->forecast.reason = need_reason(r, forecast, "reason");
    result->first_attempt = read_forecast(r, need_object(r, json, "first_attempt"));
    read_findings(r, need_array(r, json, "findings"), &result->findings);
    read_route(r, json, result);
    if (json_is_object(json_get(json, "acknowledged")))
        result->acknowledged = read_acknowledgement(r, json_get(json, "acknowledged"));
    if (json_is_object(json_get(json, "weight")))
        result->weight = read_weight(r, json_get(json, "weight"));
    result->published = read_published(r, json_get(json, "published"));
    if (r->report->proposed != NULL)
        result->proposed = read_other(r, need_object(r, json, "proposed"), destination);
    if (r->report->as.mechanism != MECHANISM_NONE)
        result->configured = read_other(r, need_object(r, json, "as"), destination);
    return result;
}

struct json *saved_result_json(const struct result *result)
{
    return json_keep((struct json *)((const struct saved_result *)result)->json);
}
