/* What to do about a verdict: a sentence for each reason, and better ones where names or digests can be given. */
#include <stdint.h>
#include <string.h>

#include "reports/pins.h"
#include "reports/story.h"
#include "reports/trouble.h"
#include "scanner/base/hostname.h"

static const char *const sentences[REASON_COUNT] = {
    [REASON_DELIVERED_IN_CLEAR] = "ask the operator of the host for TLS; until then whoever sits on the way can read along",
    [REASON_PLAINTEXT_RETRY] = "ask the operator to repair TLS; the level encrypt keeps such mail in the queue instead",
    [REASON_TLSA_UNUSABLE] = "tell the operator: no TLSA record can be used; 3 1 1 of the key in use can",
    [REASON_TLSA_LEFT_ASIDE] = "explain shows what keeps DANE from being used: an MX zone without DNSSEC, or a setting here",
    [REASON_STARTTLS_NOT_OFFERED] = "ask the operator to offer STARTTLS",
    [REASON_STARTTLS_REFUSED] = "ask the operator why STARTTLS is offered and then refused",
    [REASON_TLS_HANDSHAKE_FAILED] = "compare the protocols and ciphers of both sides; explain shows what was offered here",
    [REASON_TLS_ENGINE_UNAVAILABLE] = "repair the TLS settings in main.cf; the finding on top names the parameter",
    [REASON_CERTIFICATE_NOT_TRUSTED] = "ask for the complete chain of a known authority; or trust theirs with tafile=, "
                                       "or pin the key at the level fingerprint",
    [REASON_CERTIFICATE_EXPIRED] = "ask the operator to renew the certificate",
    [REASON_CERTIFICATE_NOT_YET_VALID] = "check the clock of this machine, then ask the operator for a valid certificate",
    [REASON_CERTIFICATE_NAME_MISMATCH] = "ask the operator for a certificate with the right name, or correct match= of the "
                                         "policy entry",
    [REASON_FINGERPRINT_MISMATCH] = "confirm the new key with the operator by another way, then replace the fingerprint",
    [REASON_TLSA_MISMATCH] = "ask the operator to publish TLSA records of the certificate in use",
    [REASON_TLSA_LOOKUP_FAILED] = "ask the operator to repair DNSSEC of the host's zone",
    [REASON_NO_TLSA] = "ask the operator for TLSA records, or choose the level dane",
    [REASON_NOT_DNSSEC] = "ask the operator to sign the zone, or choose another level than dane-only",
    [REASON_DNS_LOOKUP_FAILED] = "ask again later; if it stays, tell the operator of the zone",
    [REASON_NO_SUCH_DOMAIN] = "correct the name, or take it out of the tables",
    [REASON_NO_ADDRESS] = "correct the name, or take it out of the tables",
    [REASON_NULL_MX] = "take it out of the tables: its owner says that it accepts no mail",
    [REASON_LOOPS_BACK] = "if this machine is to take the domain's mail, list it in mydestination, relay_domains or "
                          "virtual_mailbox_domains; else route it elsewhere in transport_maps",
    [REASON_CONNECT_REFUSED] = "check the port, the route and the firewalls of both sides",
    [REASON_CONNECT_TIMEOUT] = "check the route and the firewalls of both sides",
    [REASON_CONNECTION_LOST] = "look into the logs of both sides; a firewall that inspects SMTP does this too",
    [REASON_GREETING_REFUSED] = "the greeting says why; ask the operator",
    [REASON_HELO_REFUSED] = "check smtp_helo_name and its reverse DNS, then ask the operator",
    [REASON_TEMPORARY_REFUSAL] = "scan again later, from the machine that sends the mail",
    [REASON_SMTP_PROTOCOL_ERROR] = "check that the port speaks SMTP",
    [REASON_POLICY_INVALID] = "correct the policy entry",
    [REASON_TABLE_ERROR] = "repair the table; the finding names it",
    [REASON_TABLE_UNREADABLE] = "scan as root on the machine that runs Postfix, or install the table type's package here",
    [REASON_NEXTHOP_INVALID] = "correct the next-hop where routing takes it from",
    [REASON_WRAPPER_NEEDS_ENCRYPT] = "set the level encrypt or a stronger one, or turn off smtp_tls_wrappermode",
    [REASON_STS_MX_MISMATCH] = "refresh the policy entry from the domain's MTA-STS policy; if it stays, tell the operator",
    [REASON_TRANSPORT_ERROR] = "if this is not wanted, correct the entry that chooses the transport",
    [REASON_PROBE_CUT_SHORT] = "scan again with a longer --timeout",
    [REASON_PROBE_CRASHED] = "please report it, with what --save-facts keeps",
    [REASON_ADDRESS_NOT_ALLOWED] = "if the address is yours, allow it: --allow-address PREFIX",
    [REASON_EXCLUDED] = "take it off the --exclude file to have it probed",
    [REASON_RESOLVER_UNAVAILABLE] = "repair the resolver, or name another one with --resolver",
    [REASON_LOCAL_FAULT] = "repair what the finding on top names, then scan again",
    [REASON_INTERRUPTED] = "scan again",
    [REASON_DEADLINE] = "scan again with a longer --deadline",
    [REASON_NOT_OBSERVED] = "scan with the options of this replay and --save-facts, which then keeps what is missing",
};

/* --as: what the domain publishes decides, and no entry here can be put right. */
static const struct {
    enum reason reason;
    const char *text;
} without_entry[] = {
    { REASON_STS_MX_MISMATCH, "tell the operator: the domain's MTA-STS policy has to name the hosts of its MX records" },
    { REASON_CERTIFICATE_NAME_MISMATCH, "ask the operator for a certificate with the name of the host" },
    { REASON_CERTIFICATE_NOT_TRUSTED, "ask the operator for a certificate of a known authority, with its complete chain" },
};

const char *remedy_sentence(enum reason reason)
{
    return sentences[reason];
}

static const struct cert *leaf_of(const struct story *story)
{
    const struct conversation *conversation = story->host != NULL ? story->host->conversation : NULL;

    if (conversation == NULL || conversation->certificate_count == 0)
        return NULL;
    return facts_cert(story->report->facts, conversation->certificates[0]);
}

static struct remedy plain(const char *text)
{
    return (struct remedy){ text, NULL };
}

/* Where the finding that says why stands; NULL: nowhere. */
static const char *place_of_cause(const struct story *story)
{
    return story->cause != NULL && story->cause->file != NULL
               ? file_place(story->region, story->cause->file, story->cause->line) : NULL;
}

static bool cause_is(const struct story *story, const char *code)
{
    return story->cause != NULL && strcmp(story->cause->code, code) == 0;
}

/* smtp(8) warns of it, and takes no other notice of the level dane. */
static bool lacks_dnssec(const struct story *story)
{
    const struct finding *finding;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next)
        if (slice_ends_with(slice_of(finding->text), SLICE("configured with dnssec lookups disabled")))
            return true;
    return false;
}

static const char dnssec_setting[] = "set smtp_dns_support_level = dnssec in main.cf, which DANE needs; or choose another level";

static struct remedy remedy_left_aside(const struct story *story)
{
    return plain(lacks_dnssec(story) ? dnssec_setting : NULL);
}

static bool has_attribute(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->attribute_count; i++)
        if (strcmp(policy->attributes[i].name, name) == 0)
            return true;
    return false;
}

/* An entry that parses, and is invalid for what it goes without; NULL where that is not known. */
static const char *what_is_missing(const struct story *story)
{
    const struct policy *policy = story->policy;

    if (policy->error != NULL)
        return NULL;
    if (policy->level == LEVEL_DANE_ONLY && lacks_dnssec(story))
        return dnssec_setting;
    if (policy->level == LEVEL_FINGERPRINT && !has_attribute(policy, "match") && !has_attribute(policy, "servername"))
        return "the level fingerprint needs fingerprints: add match= to the entry, or set smtp_tls_fingerprint_cert_match";
    return NULL;
}

static struct remedy remedy_policy(const struct story *story)
{
    struct table_answer at = policy_answer(story->result, story->policy);
    const char         *place = answer_place(story->region, &at);

    if (cause_is(story, finding_word(FINDING_SERVICE_DOES_NOT_START)))
        return plain(place_of_cause(story) != NULL ? region_printf(story->region, "correct %s", place_of_cause(story))
                                                   : "correct the parameter");
    if (story->policy != NULL && what_is_missing(story) != NULL)
        return plain(what_is_missing(story));
    if (story->policy == NULL || place[0] == '\0')
        return plain(NULL);
    if (story->policy->hint != NULL)
        return plain(region_printf(story->region, "correct %s: %s", place, story->policy->hint));
    return plain(region_printf(story->region, "correct %s", place));
}

/* Whether an entry of smtp_tls_policy_maps with match= would do: the level takes one, and neither a per-site table nor --as
 * decides. */
static bool takes_match(const struct story *story, enum level level)
{
    return (level_is_pkix(level) || level == LEVEL_FINGERPRINT) && !report_is_per_site(story->report) &&
           story->report->as.mechanism == MECHANISM_NONE;
}

/* The policy entry with another match, as it would stand in the table; NULL where that cannot be said. */
static const char *entry_with_match(const struct story *story, const char *match)
{
    const struct policy *policy = story->policy;
    const char          *key, **others;
    size_t               i, count = 0;

    if (policy == NULL || story->hop == NULL || story->hop->nexthop == NULL || !takes_match(story, policy->level))
        return NULL;
    key = policy->from_table && policy->answer.key != NULL ? policy->answer.key : story->hop->nexthop->text;
    others = region_array(story->region, policy->attribute_count + 1, sizeof(*others));
    for (i = 0; i < policy->attribute_count; i++)
        if (strcmp(policy->attributes[i].name, "match") != 0)
            others[count++] = region_printf(story->region, " %s=%s", policy->attributes[i].name, policy->attributes[i].value);
    return region_printf(story->region, "%s %s match=%s%s", key, level_word(policy->level), match,
                         join_texts(story->region, others, count, count, "", SIZE_MAX));
}

/* Whether a name of a certificate covers the host: itself, or with a wildcard for the first label. */
static bool covers(const char *name, const char *host)
{
    const char *parent = strchr(host, '.');

    if (slice_eq_text_nocase(slice_of(name), host))
        return true;
    return name[0] == '*' && parent != NULL && slice_eq_text_nocase(slice_of(name + 1), parent);
}

/* The name that a policy could accept: the host's own where the certificate has it, else the first that is a name at all.
 * The server chose it, so it must be harmless in a table. */
static const char *acceptable_name(const struct story *story, const struct cert *leaf)
{
    size_t i;

    for (i = 0; i < leaf->dns_name_count; i++)
        if (covers(leaf->dns_names[i], story->host->host->ascii) && hostname_is_valid(slice_of(story->host->host->ascii)))
            return story->host->host->ascii;
    for (i = 0; i < leaf->dns_name_count; i++)
        if (hostname_is_valid(slice_of(leaf->dns_names[i])))
            return leaf->dns_names[i];
    return NULL;
}

/* Trusting the name that a server happens to show is the reader's decision. */
static struct remedy remedy_name(const struct story *story)
{
    const struct cert *leaf = leaf_of(story);
    const char        *name = leaf != NULL ? acceptable_name(story, leaf) : NULL;

    if (story->policy != NULL && level_is_dane(story->policy->level))
        return plain("ask the operator for a certificate with the name of the host; or for TLSA records of the key in use, "
                     "3 1 1, for which names do not matter");
    if (name == NULL || !takes_match(story, story->policy != NULL ? story->policy->level : LEVEL_NOT_FOUND))
        return plain(NULL);
    return (struct remedy){
        region_printf(story->region, "ask the operator for a certificate with the right name; or, if you know that %s "
                                     "takes the domain's mail, accept its name:", name),
        entry_with_match(story, name) };
}

static struct remedy remedy_pin(const struct story *story)
{
    const struct cert *leaf = leaf_of(story);
    const char        *pin = leaf != NULL ? pin_of_key(story->region, leaf, report_digest(story->report)) : NULL;
    const char        *entry = pin != NULL ? entry_with_match(story, pin) : NULL;

    if (entry == NULL)
        return plain(NULL);
    return (struct remedy){ "confirm the new key with the operator by another way, then pin it:", entry };
}

static struct remedy remedy_tlsa(const struct story *story)
{
    const struct cert      *leaf = leaf_of(story);
    const struct mail_host *host = story->host != NULL ? story->host->host : NULL;
    const char             *base;

    if (leaf == NULL || leaf->unparsable || story->host->effective == NULL)
        return plain(NULL);
    base = story->host->effective->tlsa.base_domain;
    return (struct remedy){ "if the host is genuine, its operator has to publish the key in use:",
                            region_printf(story->region, "_%u._tcp.%s. IN TLSA 3 1 1 %s", host->port,
                                          base != NULL ? base : host->ascii, leaf->spki_sha256) };
}

/* The host offers STARTTLS, and our configuration does not see it. */
static bool is_own_doing(const struct story *story)
{
    return cause_is(story, reason_code(REASON_STARTTLS_NOT_OFFERED)) && story->host != NULL &&
           story->host->conversation != NULL && story->host->conversation->starttls_offered;
}

static const char own_doing[] = "correct smtp_discard_ehlo_keywords, smtp_discard_ehlo_keyword_address_maps or "
                                "smtp_reply_filter, which keep Postfix from seeing STARTTLS";

static struct remedy remedy_clear(const struct story *story)
{
    if (is_own_doing(story))
        return plain(own_doing);
    if (story->policy == NULL || story->policy->level <= LEVEL_MAY)
        return plain(NULL);
    return plain("ask the operator to offer STARTTLS; until then only the level may would let the mail go, in the clear");
}

static struct remedy remedy_in_clear(const struct story *story)
{
    if (story->policy != NULL && story->policy->level == LEVEL_NONE)
        return plain("the policy asks for no TLS: the level may uses it where it is offered");
    if (is_own_doing(story))
        return plain(own_doing);
    return plain(cause_is(story, reason_code(REASON_TLS_ENGINE_UNAVAILABLE)) ? sentences[REASON_TLS_ENGINE_UNAVAILABLE] : NULL);
}

/* It is not always the host's own certificate that has ended. */
static struct remedy remedy_expired(const struct story *story)
{
    const struct cert *leaf = leaf_of(story);

    if (leaf == NULL || leaf->unparsable || leaf->not_after <= story->report->evaluated_at)
        return plain(NULL);
    return plain("the certificate of the host itself is valid: see that the authorities of smtp_tls_CAfile are up to date, "
                 "and ask the operator to send the chain that the authority gives out now");
}

static struct remedy remedy_trust(const struct story *story)
{
    return plain(story_lacks_authorities(story) ? "name the authorities that are to be trusted with smtp_tls_CAfile" : NULL);
}

static struct remedy remedy_transport(const struct story *story)
{
    const char *place = place_of_cause(story);

    return plain(place != NULL ? region_printf(story->region, "if this is not wanted, correct %s", place) : NULL);
}

/* A table that was never built, in the words of postmap(1): "hash:/x: open database /x.db: No such file or directory". */
static struct remedy remedy_table(const struct story *story)
{
    static const char missing[] = "No such file or directory";
    struct slice text = slice_of(story->cause != NULL ? story->cause->text : "");
    const char  *end = text.n > 0 ? strstr(text.p, ": open database ") : NULL;
    size_t       at;

    if (end == NULL || !slice_ends_with(text, slice_of(missing)))
        return plain(NULL);
    text = slice_head(text, (size_t)(end - text.p));
    /* What failed may be said before the table is named. */
    while ((at = slice_find(text, ' ')) < text.n)
        text = slice_from_index(text, at + 1);
    if (slice_starts_with(text, SLICE("proxy:")))
        text = slice_from_index(text, strlen("proxy:"));
    return (struct remedy){ "build the table:", region_printf(story->region, "postmap %.*s", (int)text.n, text.p) };
}

/* The table can be read; what its patterns say takes too long. */
static struct remedy remedy_unreadable(const struct story *story)
{
    struct slice text = slice_of(story->cause != NULL ? story->cause->text : "");

    if (slice_ends_with(text, SLICE(TABLE_PATTERN_ENDLESS)))
        return plain("rewrite the pattern so that every key is soon done with: Postfix tries it for as long as it takes");
    if (slice_ends_with(text, SLICE(TABLE_PATTERN_UNTRIED)))
        return plain(sentences[REASON_DEADLINE]);
    return plain(NULL);
}

/* More patience helps nobody where no connection gets through. */
static struct remedy remedy_cut_short(const struct story *story)
{
    return plain(trouble_on_top(story) != NULL ? sentences[REASON_LOCAL_FAULT] : NULL);
}

/* Nothing on top tells of what this host alone met: the system's own words do. */
static struct remedy remedy_local(const struct story *story)
{
    const struct conversation *conversation = story->host != NULL ? story->host->conversation : NULL;

    if (trouble_on_top(story) != NULL || conversation == NULL || conversation->ending != ENDING_LOCAL ||
        conversation->error == NULL)
        return plain(NULL);
    return plain(region_printf(story->region, "repair what kept this machine from it (%s), then scan again",
                               conversation->error));
}

static struct remedy remedy_not_allowed(const struct story *story)
{
    char address[ADDRESS_TEXT_MAX];

    if (story->host == NULL || !story->host->host->has_address)
        return plain(NULL);
    address_to_text(&story->host->host->address, address);
    return plain(region_printf(story->region, "if the address is yours, allow it: --allow-address %s", address));
}

/* A name that stands in no table of policies cannot be taken out of one. */
static struct remedy remedy_gone(const struct story *story)
{
    bool unlisted = story->policy != NULL && !story->policy->from_table && story->policy->source != NULL &&
                    story->report->as.mechanism == MECHANISM_NONE;

    return plain(unlisted ? "correct the name, in the address or in what routes to it" : NULL);
}

/* Sentences with names in them; none where the names are not known. */
static const struct {
    enum reason reason;
    struct remedy (*make)(const struct story *);
} makers[] = {
    { REASON_POLICY_INVALID, remedy_policy },
    { REASON_TLSA_LEFT_ASIDE, remedy_left_aside },
    { REASON_DELIVERED_IN_CLEAR, remedy_in_clear },
    { REASON_TRANSPORT_ERROR, remedy_transport },
    { REASON_TABLE_ERROR, remedy_table },
    { REASON_TABLE_UNREADABLE, remedy_unreadable },
    { REASON_CERTIFICATE_NAME_MISMATCH, remedy_name },
    { REASON_CERTIFICATE_EXPIRED, remedy_expired },
    { REASON_CERTIFICATE_NOT_TRUSTED, remedy_trust },
    { REASON_FINGERPRINT_MISMATCH, remedy_pin },
    { REASON_TLSA_MISMATCH, remedy_tlsa },
    { REASON_STARTTLS_NOT_OFFERED, remedy_clear },
    { REASON_PROBE_CUT_SHORT, remedy_cut_short },
    { REASON_LOCAL_FAULT, remedy_local },
    { REASON_ADDRESS_NOT_ALLOWED, remedy_not_allowed },
    { REASON_NO_SUCH_DOMAIN, remedy_gone },
    { REASON_NO_ADDRESS, remedy_gone },
};

struct remedy story_remedy(const struct story *story)
{
    enum reason reason = story->result->forecast.reason;
    size_t      i;

    for (i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        struct remedy made = makers[i].reason == reason ? makers[i].make(story) : plain(NULL);

        if (made.text != NULL)
            return made;
    }
    for (i = 0; story->report->as.mechanism != MECHANISM_NONE && i < sizeof(without_entry) / sizeof(without_entry[0]); i++)
        if (without_entry[i].reason == reason)
            return plain(without_entry[i].text);
    return plain(sentences[reason]);
}
