#include "reports/text_host.h"

#include <string.h>

#include "reports/pins.h"
#include "reports/text_lookup.h"
#include "scanner/policy/protocols.h"

#define LABEL_WIDTH 13
#define TLSA_SHOWN 10   /* of one host; the JSON report has all */
#define NAMES_SHOWN 5
#define RECORDS_SHOWN 20 /* MX records; names that a policy accepts */
#define DATA_SHOWN 16   /* octets of a TLSA record that is longer than a digest */

static struct place line_at(int indent, const char *label)
{
    return (struct place){ .indent = indent, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

const char *mx_text(struct region *region, const struct mail_hosts *hosts)
{
    const char *items[RECORDS_SHOWN];
    size_t      i;

    if (hosts == NULL || hosts->mx_dnssec == NULL)
        return NULL;
    if (hosts->unknown != NULL)
        return region_printf(region, "not known (%s)", hosts->unknown);
    if (hosts->mx_record_count == 0)
        return region_printf(region, "none (%s)", hosts->mx_dnssec);
    for (i = 0; i < hosts->mx_record_count && i < RECORDS_SHOWN; i++)
        items[i] = region_printf(region, "%u %s", hosts->mx_records[i].preference, hosts->mx_records[i].host);
    return region_printf(region, "%s: %s", hosts->mx_dnssec,
                         join_texts(region, items, i, hosts->mx_record_count, ", ", RECORDS_SHOWN));
}

static const char *reference_text(struct region *region, const char *name)
{
    return name[0] == '.' ? region_printf(region, "a name below %s", name + 1) : name;
}

/* Names, and the one address that must match too. */
static const char *accepted_names(struct region *region, const struct match *match)
{
    const char *items[RECORDS_SHOWN], *names;
    size_t      i;

    for (i = 0; i < match->names.count && i < RECORDS_SHOWN; i++)
        items[i] = reference_text(region, match->names.items[i]);
    names = join_texts(region, items, i, match->names.count, " or ", RECORDS_SHOWN);
    if (match->addresses.count == 0)
        return i > 0 ? names : "no name: nothing is accepted";
    return region_printf(region, "%s%sthe address %s", names, i > 0 ? ", and " : "", match->addresses.items[0]);
}

const char *match_text(struct region *region, const struct host_result *host)
{
    const struct match *match = host->match;
    const char         *names;

    if (match == NULL || host->effective == NULL || !level_needs_match(host->effective->level))
        return NULL;
    if (host->effective->level == LEVEL_FINGERPRINT)
        return region_printf(region, "%s%zu %s fingerprint%s", match->digests.count > 1 ? "one of " : "",
                             match->digests.count, match->digest != NULL ? match->digest : "",
                             match->digests.count == 1 ? "" : "s");
    names = accepted_names(region, match);
    return level_is_dane(host->effective->level) ? region_printf(region, "a TLSA record; with usage 2 also %s", names)
                                                 : names;
}

static const char *hex_text(struct region *region, const uint8_t *data, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char             *text = region_alloc(region, 2 * n + 1);
    size_t            i;

    for (i = 0; i < n; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    return text;
}

static const char *tlsa_record_text(struct region *region, const struct dns_record *record)
{
    bool   long_one = record->data_length > 64;
    size_t shown = long_one ? DATA_SHOWN : record->data_length;

    if (record->malformed || record->rdata_length < 3)
        return "malformed";
    return region_printf(region, "%u %u %u %s%s", record->usage, record->selector, record->matching_type,
                         hex_text(region, record->data, shown),
                         long_one ? region_printf(region, "... (%zu octets)", record->data_length) : "");
}

static const char *tlsa_absence(const struct tlsa *tlsa)
{
    if (tlsa->status == TLSA_NONE)
        return tlsa->insecure_records ? "records, but not secure" : "none";
    return tlsa->status == TLSA_ERROR ? "lookup failed" : "not known";
}

static void page_tlsa(struct page *page, int indent, const struct host_context *context, const struct host_result *host)
{
    const struct tlsa *tlsa = host->effective != NULL ? &host->effective->tlsa : NULL;
    size_t             i;

    if (tlsa == NULL || host->policy == NULL || !level_is_dane(host->policy->level))
        return;
    if (tlsa->status != TLSA_FOUND) {
        page_printf(page, line_at(indent, "TLSA"), "%s%s%s%s", tlsa_absence(tlsa), tlsa->dnssec != NULL ? " (" : "",
                    tlsa->dnssec != NULL ? tlsa->dnssec : "", tlsa->dnssec != NULL ? ")" : "");
        return;
    }
    for (i = 0; i < tlsa->count && i < TLSA_SHOWN; i++)
        page_printf(page, line_at(indent, i == 0 ? "TLSA" : NULL), "%s%s",
                    tlsa_record_text(context->story->region, tlsa->records[i]),
                    tlsa_is_usable(tlsa, tlsa->records[i]) ? "" : " (not usable)");
    if (i < tlsa->count)
        page_printf(page, line_at(indent, NULL), "and %zu more", tlsa->count - i);
    if (tlsa->base_domain != NULL && strcmp(tlsa->base_domain, host->host->host) != 0)
        page_printf(page, line_at(indent, NULL), "of %s", tlsa->base_domain);
}

static void page_certificate(struct page *page, int indent, const struct host_context *context, const char *label,
                             const char *id)
{
    const struct cert *cert = facts_cert(context->story->report->facts, id);

    if (cert == NULL || cert->unparsable) {
        page_text(page, line_at(indent, label), cert == NULL ? id : "not a certificate");
        return;
    }
    page_printf(page, line_at(indent, label), "%s", cert->subject);
    page_printf(page, line_at(indent, NULL), "issued by %s", cert->issuer);
    page_printf(page, line_at(indent, NULL), "valid %s to %s, %s, %s", date_text(context->story->region, cert->not_before),
                date_text(context->story->region, cert->not_after), cert->key, cert->signature);
    if (cert->dns_name_total > 0)
        page_printf(page, line_at(indent, NULL), "names %s",
                    join_texts(context->story->region, cert->dns_names, cert->dns_name_count, cert->dns_name_total, ", ",
                           NAMES_SHOWN));
}

static void page_pins(struct page *page, int indent, const struct host_context *context, const char *id)
{
    const struct cert *cert = facts_cert(context->story->report->facts, id);
    const char        *digest = report_digest(context->story->report);
    const char        *key = cert != NULL ? pin_of_key(context->story->region, cert, digest) : NULL;

    if (key == NULL)
        return;
    page_printf(page, line_at(indent, NULL), "%s of the key:", digest);
    page_text(page, line_at(indent, NULL), key);
}

static void page_chain(struct page *page, int indent, const struct host_context *context,
                       const struct conversation *conversation)
{
    size_t i, shown = context->all ? conversation->certificate_count : 1;

    for (i = 0; i < conversation->certificate_count && i < shown; i++) {
        page_certificate(page, indent, context, i == 0 ? "certificate" : "issuer", conversation->certificates[i]);
        if (context->all && i == 0)
            page_pins(page, indent, context, conversation->certificates[i]);
    }
}

static const char *ending_text(const struct conversation *conversation)
{
    static const char *const words[] = {
        [ENDING_COMPLETE] = NULL,
        [ENDING_REFUSED] = "refused",
        [ENDING_CONNECT_FAILED] = "no connection",
        [ENDING_CONNECT_TIMEOUT] = "no connection in Postfix's time limit",
        [ENDING_LOST] = "the connection was lost",
        [ENDING_TIMEOUT] = "no answer in Postfix's time limit",
        [ENDING_TLS_FAILED] = "the TLS handshake failed",
        [ENDING_BIND_FAILED] = "the source address could not be bound",
        [ENDING_CUT_SHORT] = "cut short by a limit of the scan",
        [ENDING_CRASHED] = "the worker died over it",
        [ENDING_NOT_ALLOWED] = "not contacted: no mail host should have the address",
        [ENDING_EXCLUDED] = "not contacted: excluded",
        [ENDING_INTERRUPTED] = "interrupted",
        [ENDING_DEADLINE] = "not contacted, or cut short, by --deadline",
        [ENDING_LOCAL] = "failed on this machine",
    };

    return words[conversation->ending];
}

static void page_reply(struct page *page, int indent, const char *label, const struct reply *reply)
{
    struct slice rest = slice_of(reply->text), line;
    bool         first = true;

    while (slice_next_token(&rest, "\r\n", &line)) {
        page_printf(page, line_at(indent, first ? label : NULL), "%.*s", (int)line.n, line.p);
        first = false;
    }
}

/* What was said before TLS, and how long it took. */
static void page_dialogue(struct page *page, int indent, const struct conversation *conversation)
{
    page_reply(page, indent, "greeting", &conversation->greeting);
    page_reply(page, indent, conversation->profile->lmtp ? "LHLO" : "EHLO", &conversation->ehlo);
    page_reply(page, indent, "HELO", &conversation->helo);
    page_reply(page, indent, "STARTTLS", &conversation->starttls);
    if (conversation->attempts > 1)
        page_reply(page, indent, "asked before", &conversation->first_refusal);
    if (conversation->established)
        page_printf(page, line_at(indent, "time"), "connect %u ms, STARTTLS %u ms, handshake %u ms",
                    (unsigned)conversation->ms_connect, (unsigned)conversation->ms_starttls,
                    (unsigned)conversation->ms_handshake);
}

/* How the conversation is held. */
static void page_profile(struct page *page, int indent, const struct host_context *context, const struct profile *profile)
{
    struct protocols protocols = { profile->min_version, profile->max_version, profile->options };

    page_printf(page, line_at(indent, "asks"), "%s %s, SNI %s", profile->lmtp ? "LHLO" : "EHLO", profile->helo_name,
                profile->sni != NULL ? profile->sni : "none");
    page_printf(page, line_at(indent, NULL), "%s, %s", protocols_to_text(context->story->region, &protocols),
                profile->wrapper ? "TLS from the first byte" : "STARTTLS");
    if (profile->ciphers != NULL)
        page_printf(page, line_at(indent, NULL), "ciphers %s", profile->ciphers);
    if (profile->client_chain != NULL)
        page_text(page, line_at(indent, NULL), "with a client certificate");
}

static void page_conversation(struct page *page, int indent, const struct host_context *context,
                              const struct conversation *conversation)
{
    const char *ending = ending_text(conversation);

    if (context->all)
        page_dialogue(page, indent, conversation);
    else if (!conversation->established)
        page_reply(page, indent, "greeting", &conversation->greeting);
    if (conversation->established)
        page_printf(page, line_at(indent, "TLS"), "%s, %s%s%s", conversation->protocol, conversation->cipher,
                    conversation->group != NULL ? ", " : "", conversation->group != NULL ? conversation->group : "");
    if (ending != NULL && conversation->ending != ENDING_REFUSED)
        page_printf(page, line_at(indent, "ended"), "%s%s%s", ending, conversation->error != NULL ? ": " : "",
                    conversation->error != NULL ? conversation->error : "");
    page_chain(page, indent, context, conversation);
}

static void page_outcome(struct page *page, int indent, const struct host_result *host)
{
    struct place place = line_at(indent, "outcome");

    place.tone = tone_of_verdict(host->verdict);
    if (host->verdict == VERDICT_NOT_TRIED)
        page_text(page, place, "not tried: beyond the limits, or never reached");
    else
        page_printf(page, place, "%s%s%s: %s", verdict_word(host->verdict), host->dsn != NULL ? ", " : "",
                    host->dsn != NULL ? host->dsn : "", reason_sentence(host->reason));
}

/* The obsolete per-site tables are asked for each host. */
static void page_policy(struct page *page, int indent, const struct host_context *context, const struct host_result *host)
{
    const struct story *story = context->story;

    if (!policy_differs(host->policy, context->hop->policy))
        return;
    if (context->all)
        page_steps(page, indent + LABEL_WIDTH, story->region,
                   host_steps(story->region, story->report, story->result, context->hop, host));
    page_text(page, line_at(indent, "policy"), story_entry(context->story, host->policy));
}

static void page_host_name(struct page *page, int indent, const struct mail_host *host)
{
    struct place place = { .indent = indent, .tone = TONE_BOLD };
    char         address[ADDRESS_TEXT_MAX];

    if (!host->has_address) {
        page_printf(page, place, "%s, no address, preference %u", host->host, host->preference);
        return;
    }
    address_to_text(&host->address, address);
    page_printf(page, place, "%s [%s]:%u, preference %u", host->host, address, host->port, host->preference);
}

void page_host(struct page *page, int indent, const struct host_context *context, const struct host_result *host)
{
    const struct effective *effective = host->effective;
    const char             *accepted = match_text(context->story->region, host);

    page_host_name(page, indent, host->host);
    indent += 2;
    page_outcome(page, indent, host);
    page_policy(page, indent, context, host);
    if (effective != NULL && level_word(effective->level) != NULL)
        page_text(page, line_at(indent, "level"), level_word(effective->level));
    if (effective != NULL && effective->warning != NULL)
        page_text(page, line_at(indent, "warning"), effective->warning);
    page_tlsa(page, indent, context, host);
    if (accepted != NULL)
        page_text(page, line_at(indent, "accepts"), accepted);
    if (context->all && host->profile != NULL)
        page_profile(page, indent, context, host->profile);
    if (host->conversation != NULL)
        page_conversation(page, indent, context, host->conversation);
}
