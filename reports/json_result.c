/* One destination in the JSON report. */
#include <stdio.h>
#include <string.h>

#include "reports/compare.h"
#include "reports/json_parts.h"
#include "reports/protection.h"
#include "reports/saved.h"
#include "reports/story.h"
#include "scanner/base/names.h"

/* What the parts below are parts of. */
struct telling {
    const struct result *result;
    const struct facts  *facts;
};

static bool is_sent(const struct forecast *forecast)
{
    return forecast->status != NULL && strcmp(forecast->status, "sent") == 0;
}

static struct json *json_of_forecast(const struct forecast *forecast)
{
    struct json *json = json_object();

    json_put(json, "status", json_text(forecast->status));
    json_put(json, "dsn", json_text(forecast->dsn));
    json_put(json, "relay", json_text(forecast->relay));
    json_put(json, "tls", json_text(forecast->tls));
    json_put(json, "effective_level", json_text(forecast->effective_level));
    json_put(json, "reason", json_text(reason_code(forecast->reason)));
    json_put(json, "text", is_sent(forecast) ? json_null() : json_text(forecast->text));
    json_put(json, "result_type", json_text(reason_rfc8460(forecast->reason)));
    json_put(json, "remark", is_sent(forecast) ? json_text(forecast->text) : json_null());
    return json;
}

static struct json *json_of_first_attempt(const struct forecast *forecast)
{
    struct json *json = json_object();

    json_put(json, "status", json_text(forecast->status));
    json_put(json, "dsn", json_text(forecast->dsn));
    json_put(json, "relay", json_text(forecast->relay));
    json_put(json, "tls", json_text(forecast->tls));
    json_put(json, "text", is_sent(forecast) ? json_null() : json_text(forecast->text));
    json_put(json, "remark", is_sent(forecast) ? json_text(forecast->text) : json_null());
    return json;
}

/* Attributes that may stand more than once, and whose values add up. */
static const struct text_list *list_of_attribute(const struct policy *policy, const char *name)
{
    if (strcmp(name, "match") == 0)
        return policy->match;
    if (strcmp(name, "tafile") == 0)
        return policy->tafiles;
    if (strcmp(name, "mx_host_pattern") == 0)
        return &policy->sts.mx_patterns;
    if (strcmp(name, "policy_string") == 0)
        return &policy->sts.strings;
    return NULL;
}

static struct json *json_of_attributes(const struct policy *policy)
{
    struct json *json = json_object();
    size_t       i;

    for (i = 0; i < policy->attribute_count; i++) {
        const struct policy_attribute *attribute = &policy->attributes[i];
        const struct text_list        *list = list_of_attribute(policy, attribute->name);

        json_put(json, attribute->name, list != NULL ? json_of_texts(list) : json_text(attribute->value));
    }
    return json;
}

static struct json *json_of_policy(const struct telling *telling, const struct policy *policy)
{
    struct json        *json = json_object();
    struct table_answer at = policy_answer(telling->result, policy);

    json_put(json, "level", policy != NULL ? json_text(level_word(policy->level)) : json_null());
    json_put(json, "error", policy != NULL ? json_text(policy->error) : json_null());
    json_put(json, "source", policy != NULL ? json_text(policy->source) : json_null());
    json_put(json, "file", json_text(at.file));
    json_put(json, "line", at.line > 0 ? json_integer(at.line) : json_null());
    json_put(json, "key", json_text(at.key));
    json_put(json, "value", json_text(at.value));
    json_put(json, "attributes", policy != NULL ? json_of_attributes(policy) : json_object());
    json_put(json, "hint", policy != NULL ? json_text(policy->hint) : json_null());
    return json;
}

static struct json *json_of_mx(const struct mail_hosts *hosts)
{
    struct json *json = json_object(), *records = json_array();
    size_t       i;

    for (i = 0; hosts != NULL && i < hosts->mx_record_count; i++) {
        struct json *record = json_object();

        json_put(record, "preference", json_integer(hosts->mx_records[i].preference));
        json_put(record, "host", json_text(hosts->mx_records[i].host));
        json_push(records, record);
    }
    json_put(json, "dnssec", hosts != NULL ? json_text(hosts->mx_dnssec) : json_null());
    json_put(json, "records", records);
    json_put(json, "unknown", hosts != NULL ? json_text(hosts->unknown) : json_null());
    return json;
}

/* "offered", "not-offered", "refused"; NULL when it was not asked for, or the conversation never came so far. */
static const char *starttls_word(const struct conversation *conversation)
{
    if (conversation->profile->wrapper || (conversation->ehlo.code == 0 && conversation->helo.code == 0))
        return NULL;
    if (!conversation->starttls_offered)
        return "not-offered";
    return conversation->starttls.code != 0 && conversation->starttls.code / 100 != 2 ? "refused" : "offered";
}

static void push_exchange(struct json *list, bool inside_tls, struct json *sent, const struct reply *reply)
{
    struct json *json = json_object();

    json_put(json, "tls", json_bool(inside_tls));
    json_put(json, "sent", sent);
    json_put(json, "reply", json_text(reply->text));
    if (reply->text != NULL)
        json_push(list, json);
    else
        json_free(json);
}

static struct json *json_of_command(const char *verb, const char *argument)
{
    struct buf   buf;
    struct json *json;

    buf_init(&buf, 4096);
    buf_printf(&buf, "%s %s", verb, argument != NULL ? argument : "");
    json = json_text(buf_text(&buf));
    buf_clear(&buf);
    return json;
}

/* What was said, in order; the replies of a first attempt that was refused for now are not in it. */
static struct json *json_of_dialogue(const struct conversation *c)
{
    struct json *list = json_array();
    const char  *hello, *name;

    if (c == NULL)
        return list;
    hello = c->profile->lmtp ? "LHLO" : "EHLO";
    name = c->profile->helo_name;
    push_exchange(list, false, json_null(), &c->greeting);
    push_exchange(list, false, json_of_command(hello, name), &c->ehlo);
    push_exchange(list, false, json_of_command("HELO", name), &c->helo);
    push_exchange(list, false, json_text("STARTTLS"), &c->starttls);
    push_exchange(list, true, json_null(), &c->tls_greeting);
    push_exchange(list, true, json_of_command(hello, name), &c->tls_ehlo);
    push_exchange(list, true, json_of_command("HELO", name), &c->tls_helo);
    return list;
}

static struct json *json_of_smtp(const struct conversation *conversation)
{
    struct json        *json = json_object();
    const struct reply *greeting = NULL;

    if (conversation != NULL)
        greeting = conversation->profile->wrapper ? &conversation->tls_greeting : &conversation->greeting;
    json_put(json, "greeting", greeting != NULL ? json_text(greeting->text) : json_null());
    json_put(json, "code", greeting != NULL && greeting->code != 0 ? json_integer(greeting->code) : json_null());
    json_put(json, "starttls", conversation != NULL ? json_text(starttls_word(conversation)) : json_null());
    json_put(json, "dialogue", json_of_dialogue(conversation));
    return json;
}

static struct json *json_of_hex(const uint8_t *data, size_t n)
{
    struct buf   buf;
    struct json *json;
    size_t       i;

    buf_init(&buf, 2 * n + 1);
    for (i = 0; i < n; i++)
        buf_printf(&buf, "%02x", data[i]);
    json = json_text(buf_text(&buf));
    buf_clear(&buf);
    return json;
}

/* What the policy made use of; where it asked for none, what is published. */
static struct tlsa tlsa_of(struct region *region, const struct telling *telling, const struct host_result *host)
{
    const struct service *service = telling->result->route != NULL ? telling->result->route->service : NULL;
    struct view           view = { .facts = telling->facts };
    struct tlsa           tlsa = { .status = TLSA_UNKNOWN };

    if (host->effective != NULL && host->policy != NULL && level_is_dane(host->policy->level))
        return host->effective->tlsa;
    if (service != NULL && service->is_client && host->host->has_address)
        tlsa_find_published(region, &tlsa, service, host->host, &view);
    if (tlsa.status == TLSA_UNKNOWN || tlsa.status == TLSA_WANTED)
        tlsa.dnssec = NULL;
    return tlsa;
}

static struct json *json_of_tlsa_records(const struct tlsa *tlsa)
{
    struct json *records = json_array();
    size_t       i;

    for (i = 0; i < tlsa->count; i++) {
        const struct dns_record *record = tlsa->records[i];
        struct json             *one = json_object();
        bool                     readable = !record->malformed && record->rdata_length >= 3;

        json_put(one, "usage", readable ? json_integer(record->usage) : json_null());
        json_put(one, "selector", readable ? json_integer(record->selector) : json_null());
        json_put(one, "matching_type", readable ? json_integer(record->matching_type) : json_null());
        json_put(one, "data", json_of_hex(record->data, readable ? record->data_length : 0));
        json_put(one, "usable", json_bool(tlsa_is_usable(tlsa, record)));
        json_push(records, one);
    }
    return records;
}

static const struct name tlsa_words[] = {
    { TLSA_NONE, "none" }, { TLSA_FOUND, "found" }, { TLSA_ERROR, "failed" }, { TLSA_UNKNOWN, "unknown" },
    { 0, NULL } };

static const char *tlsa_word(const struct tlsa *tlsa)
{
    return tlsa->insecure_records && tlsa->status == TLSA_NONE ? "insecure" : name_word(tlsa_words, (int)tlsa->status);
}

static struct json *json_of_tlsa(const struct telling *telling, const struct host_result *host)
{
    struct region *region = region_new();
    struct json   *json = json_object();
    struct tlsa    tlsa = tlsa_of(region, telling, host);

    json_put(json, "dnssec", json_text(tlsa.dnssec));
    json_put(json, "base_domain", json_text(tlsa.base_domain));
    json_put(json, "records", json_of_tlsa_records(&tlsa));
    json_put(json, "status", json_text(tlsa_word(&tlsa)));
    region_free(region);
    return json;
}

static struct json *json_of_chain(const struct conversation *conversation)
{
    struct json *json = json_array();
    char         text[sizeof("sha256:") + CERT_ID_TEXT];
    size_t       i;

    for (i = 0; conversation != NULL && i < conversation->certificate_count; i++) {
        snprintf(text, sizeof(text), "sha256:%s", conversation->certificates[i]);
        json_push(json, json_text(text));
    }
    return json;
}

static struct json *json_of_duration(bool reached, uint32_t milliseconds)
{
    return reached || milliseconds > 0 ? json_integer(milliseconds) : json_null();
}

static struct json *json_of_milliseconds(const struct conversation *c)
{
    struct json *json = json_object();

    json_put(json, "connect", c != NULL ? json_of_duration(c->phase > PHASE_CONNECT, c->ms_connect) : json_null());
    json_put(json, "starttls", c != NULL ? json_of_duration(c->starttls.code != 0, c->ms_starttls) : json_null());
    json_put(json, "handshake", c != NULL ? json_of_duration(c->established, c->ms_handshake) : json_null());
    return json;
}

/* What the certificate has to show; null where the level asks for nothing. */
static struct json *json_of_match(const struct host_result *host)
{
    struct json *json;

    if (host->match == NULL || host->effective == NULL || !level_needs_match(host->effective->level))
        return json_null();
    json = json_object();
    json_put(json, "names", json_of_texts(&host->match->names));
    json_put(json, "addresses", json_of_texts(&host->match->addresses));
    json_put(json, "digest", json_text(host->match->digest));
    json_put(json, "fingerprints", json_of_texts(&host->match->digests));
    return json;
}

static void put_host_name(struct json *json, const struct mail_host *host)
{
    char address[ADDRESS_TEXT_MAX];

    json_put(json, "host", json_text(host->host));
    json_put(json, "preference", json_integer(host->preference));
    if (host->has_address)
        address_to_text(&host->address, address);
    json_put(json, "address", host->has_address ? json_text(address) : json_null());
    json_put(json, "port", json_integer(host->port));
}

static const char *effective_word(const struct effective *effective)
{
    return effective != NULL ? level_word(effective->level) : NULL;
}

/* Beyond the example of the documentation. */
static void put_more(struct json *json, const struct host_result *host, bool tried)
{
    const struct conversation *conversation = host->conversation;

    json_put(json, "relay", json_text(host->relay));
    json_put(json, "result_type", tried ? json_text(reason_rfc8460(host->reason)) : json_null());
    json_put(json, "accepts", json_of_match(host));
    json_put(json, "warning", host->effective != NULL ? json_text(host->effective->warning) : json_null());
    json_put(json, "ending", conversation != NULL ? json_text(ending_word(conversation->ending)) : json_null());
    json_put(json, "group", conversation != NULL ? json_text(conversation->group) : json_null());
}

static struct json *json_of_host(const struct telling *telling, const struct host_result *host,
                                 const struct policy *hop_policy)
{
    const struct conversation *conversation = host->conversation;
    struct json               *json = json_object();
    bool                       tried = host->verdict != VERDICT_NOT_TRIED;

    put_host_name(json, host->host);
    json_put(json, "policy",
             policy_differs(host->policy, hop_policy) ? json_of_policy(telling, host->policy) : json_null());
    json_put(json, "effective_level", json_text(effective_word(host->effective)));
    json_put(json, "verdict", json_text(verdict_word(host->verdict)));
    json_put(json, "dsn", json_text(host->dsn));
    json_put(json, "tls", json_text(host->tls));
    json_put(json, "reason", tried ? json_text(reason_code(host->reason)) : json_null());
    json_put(json, "protocol", conversation != NULL ? json_text(conversation->protocol) : json_null());
    json_put(json, "cipher", conversation != NULL ? json_text(conversation->cipher) : json_null());
    json_put(json, "sni", host->profile != NULL ? json_text(host->profile->sni) : json_null());
    json_put(json, "smtp", json_of_smtp(conversation));
    json_put(json, "chain", json_of_chain(conversation));
    json_put(json, "tlsa", json_of_tlsa(telling, host));
    json_put(json, "error", conversation != NULL ? json_text(conversation->error) : json_null());
    json_put(json, "milliseconds", json_of_milliseconds(conversation));
    put_more(json, host, tried);
    return json;
}

static struct json *json_of_hop(const struct telling *telling, const struct hop_result *hop)
{
    struct json *json = json_object(), *hosts = json_array();
    size_t       i;

    for (i = 0; i < hop->host_count; i++)
        json_push(hosts, json_of_host(telling, &hop->hosts[i], hop->policy));
    json_put(json, "nexthop", json_text(hop->nexthop != NULL ? hop->nexthop->text : hop->text));
    json_put(json, "fallback", json_bool(hop->fallback));
    json_put(json, "policy", json_of_policy(telling, hop->policy));
    json_put(json, "mx", json_of_mx(hop->mail_hosts));
    json_put(json, "hosts", hosts);
    return json;
}

static struct json *json_of_route(const struct report *report, const struct result *result)
{
    struct telling telling = { result, report->facts };
    struct json   *route = json_array();
    size_t         i;

    for (i = 0; i < result->hop_count; i++)
        json_push(route, json_of_hop(&telling, &result->hops[i]));
    return route;
}

/* The same destination judged otherwise: with the configuration that is proposed, or beside --as as it is. */
static struct json *json_of_other(const struct report *report, const struct result *other, enum change_kind change)
{
    struct json *json = json_object();

    json_put(json, "verdict", json_text(verdict_word(other->verdict)));
    json_put(json, "forecast", json_of_forecast(&other->forecast));
    json_put(json, "route", json_of_route(report, other));
    json_put(json, "change", json_text(change_word(change)));
    json_put(json, "findings", json_of_findings(&other->findings));
    return json;
}

static struct json *json_of_acknowledgement(const struct acknowledgement *acknowledged)
{
    struct json *json = json_object();

    json_put(json, "until", json_of_time(acknowledged->until));
    json_put(json, "comment", json_text(acknowledged->comment));
    return json;
}

struct json *json_of_result(const struct report *report, const struct result *result)
{
    struct json *json;

    if (report->saved != NULL)
        return saved_result_json(result);
    json = json_object();
    json_put(json, "destination", json_text(result->destination->text));
    json_put(json, "transport", result->route != NULL ? json_text(result->route->transport) : json_null());
    json_put(json, "nexthop", result->route != NULL ? json_text(result->route->nexthop) : json_null());
    json_put(json, "verdict", json_text(verdict_word(result->verdict)));
    json_put(json, "best", json_text(verdict_word(result->best)));
    json_put(json, "worst", json_text(verdict_word(result->worst)));
    json_put(json, "certain", json_bool(result->certain));
    json_put(json, "share_worse", json_number(result->share_worse));
    json_put(json, "forecast", json_of_forecast(&result->forecast));
    json_put(json, "first_attempt", json_of_first_attempt(&result->first_attempt));
    json_put(json, "findings", json_of_findings(&result->findings));
    json_put(json, "route", json_of_route(report, result));
    if (result->acknowledged != NULL)
        json_put(json, "acknowledged", json_of_acknowledgement(result->acknowledged));
    if (report->explained)
        json_put(json, "lookups", json_of_lookups(report, result));
    if (result->weight != NULL)
        json_put(json, "weight", json_of_weight(result->weight));
    json_put(json, "published", json_of_published(result_published(result)));
    if (result->proposed != NULL)
        json_put(json, "proposed", json_of_other(report->proposed, result->proposed, change_of_proposed(report, result)));
    if (result->configured != NULL)
        json_put(json, "as", json_of_other(report, result->configured, change_of_as(report, result)));
    return json;
}
