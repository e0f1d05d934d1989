/* The surroundings of the scan: faults that are ours, and look as if they were everybody's. */
#include <errno.h>
#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/judge/published_impl.h"
#include "scanner/policy/mta_sts.h"

/* So many servers of so many networks, and none fares better: then it is us. */
#define ENDPOINTS_MIN 10
#define PROVIDERS_MIN 5
/* So many questions without one answer say the same of the resolver. */
#define QUESTIONS_MIN 10
#define HTTPS_PORT 443

/* Endpoints and the networks they are in, each counted once. */
struct census {
    struct region *region;
    struct dict   *endpoints, *providers;
};

static void census_init(struct census *census)
{
    census->region = region_new();
    census->endpoints = dict_new();
    census->providers = dict_new();
}

static void census_clear(struct census *census)
{
    dict_free(census->endpoints);
    dict_free(census->providers);
    region_free(census->region);
}

/* A provider is a /24 or a /48. */
static void census_add(struct census *census, const struct address *address, unsigned port)
{
    struct address network = *address;
    size_t kept = network.family == FAMILY_IPV6 ? 6 : 3;
    char text[ADDRESS_TEXT_MAX];

    address_to_text(address, text);
    dict_put(census->endpoints, slice_of(region_printf(census->region, "%s %u", text, port)), census);
    memset(network.bytes + kept, 0, sizeof(network.bytes) - kept);
    address_to_text(&network, text);
    dict_put(census->providers, slice_of(region_text(census->region, text)), census);
}

static bool census_suffices(const struct census *census)
{
    return dict_count(census->endpoints) >= ENDPOINTS_MIN && dict_count(census->providers) >= PROVIDERS_MIN;
}

static bool was_connected(const struct conversation *c)
{
    return c->phase > PHASE_CONNECT;
}

/* A filter that drops what it blocks looks like a wait that we cut short, where Postfix waits longer. */
static bool failed_to_connect(const struct conversation *c)
{
    return c->phase == PHASE_CONNECT &&
           (c->ending == ENDING_CONNECT_FAILED || c->ending == ENDING_CONNECT_TIMEOUT || c->ending == ENDING_CUT_SHORT);
}

static bool has_offered(const struct conversation *c)
{
    return c->starttls_offered || c->starttls_beyond_limit;
}

/* EHLO was answered, so STARTTLS could have been offered. */
static bool could_offer(const struct conversation *c)
{
    return !c->profile->wrapper && c->ehlo.code / 100 == 2;
}

static bool no_connections(const struct facts *facts)
{
    const struct conversation *c;
    struct census failing;
    bool any = false, suffices;

    census_init(&failing);
    for (size_t i = 0; (c = facts_conversation_at(facts, i)) != NULL; i++) {
        any |= was_connected(c);
        if (failed_to_connect(c))
            census_add(&failing, &c->profile->address, c->profile->port);
    }
    suffices = census_suffices(&failing);
    census_clear(&failing);
    return !any && suffices;
}

static bool no_starttls(const struct facts *facts)
{
    const struct conversation *c;
    struct census plain;
    bool any = false, suffices;

    census_init(&plain);
    for (size_t i = 0; (c = facts_conversation_at(facts, i)) != NULL; i++) {
        any |= has_offered(c);
        if (could_offer(c))
            census_add(&plain, &c->profile->address, c->profile->port);
    }
    suffices = census_suffices(&plain);
    census_clear(&plain);
    return !any && suffices;
}

/* Nobody there said a word, as far as is known. */
static bool found_no_web(const struct policy_fetch *fetch)
{
    bool late = fetch->outcome == FETCH_TIMEOUT || fetch->outcome == FETCH_CUT_SHORT;

    return fetch->address.family != FAMILY_NONE && (fetch->outcome == FETCH_CONNECT_FAILED || (late && fetch->status == 0));
}

static bool found_web(const struct policy_fetch *fetch)
{
    return fetch->address.family != FAMILY_NONE && !found_no_web(fetch) && fetch->outcome != FETCH_LOCAL;
}

static bool no_web(const struct facts *facts)
{
    const struct policy_fetch *fetch;
    struct census failing;
    bool any = false, suffices;

    census_init(&failing);
    for (size_t i = 0; (fetch = facts_fetch_at(facts, i)) != NULL; i++) {
        any |= found_web(fetch);
        if (found_no_web(fetch))
            census_add(&failing, &fetch->address, HTTPS_PORT);
    }
    suffices = census_suffices(&failing);
    census_clear(&failing);
    return !any && suffices;
}

static bool no_resolver(const struct facts *facts)
{
    struct dns_tally dns = facts_dns_tally(facts);

    if (dns.asked == 0 || dns.answers > 0)
        return false;
    if (dns.unanswered == dns.asked && (dns.out_of_reach > 0 || dns.asked >= QUESTIONS_MIN))
        return true;
    /* Failures may be those of one domain, or of one zone above many: questions of several must fare alike. */
    return dns.failures >= QUESTIONS_MIN && dns.failed_domains >= PROVIDERS_MIN;
}

/* What connections take and this side may lack, with the limit behind it. */
static const struct shortage {
    int         error;
    const char *what;
} shortages[] = {
    { EMFILE, "this program may not have so many open files: raise its limit (ulimit -n, LimitNOFILE of systemd)" },
    { ENFILE, "the machine may not have so many open files: raise fs.file-max" },
    { ENOBUFS, "the kernel has no buffers left: lower --concurrency, or give it memory" },
    { ENOMEM, "there is no memory left: lower --concurrency" },
    { EADDRNOTAVAIL, "no local port is left: widen net.ipv4.ip_local_port_range, or lower --concurrency" },
    { EAGAIN, "no local port is left: widen net.ipv4.ip_local_port_range, or lower --concurrency" },
};

/* The words of facts are strerror's; of questions with the resolver before them. */
static bool is_for_want_of(const struct shortage *row, const char *error)
{
    return error != NULL && slice_ends_with(slice_of(error), slice_of(strerror(row->error)));
}

static size_t count_unmade(const struct shortage *row, const struct facts *facts)
{
    const struct dns_fact     *dns;
    const struct conversation *c;
    const struct policy_fetch *fetch;
    size_t count = 0;

    for (size_t i = 0; (dns = facts_dns_at(facts, i)) != NULL; i++)
        count += dns->outcome == DNS_CUT_SHORT && is_for_want_of(row, dns->error);
    for (size_t i = 0; (c = facts_conversation_at(facts, i)) != NULL; i++)
        count += c->ending == ENDING_LOCAL && c->phase == PHASE_CONNECT && is_for_want_of(row, c->error);
    for (size_t i = 0; (fetch = facts_fetch_at(facts, i)) != NULL; i++)
        count += fetch->outcome == FETCH_LOCAL && is_for_want_of(row, fetch->error);
    return count;
}

/* One of them, the worst: it may make the others. */
static void tell_shortage(struct region *region, struct findings *findings, const struct facts *facts)
{
    const struct shortage *worst = NULL;
    size_t most = 0;

    for (size_t i = 0; i < sizeof(shortages) / sizeof(*shortages); i++) {
        size_t count = count_unmade(&shortages[i], facts);

        if (count > most) {
            worst = &shortages[i];
            most = count;
        }
    }
    if (worst != NULL)
        findings_add(region, findings, finding_word(FINDING_LOCAL_SHORTAGE), finding_severity(FINDING_LOCAL_SHORTAGE), NULL, NULL,
                     0, "%s: %zu connection%s not made; %s", strerror(worst->error), most, most == 1 ? " was" : "s were",
                     worst->what);
}

static const struct fault_row {
    enum local_fault  fault;
    bool            (*is_there)(const struct facts *);
    enum finding_code code;
    enum reason       reasons[4]; /* of forecasts that it may have made; the last one fills the row */
} faults[] = {
    { LOCAL_FAULT_RESOLVER, no_resolver, FINDING_LOCAL_RESOLVER,
      { REASON_RESOLVER_UNAVAILABLE, REASON_DNS_LOOKUP_FAILED, REASON_TLSA_LOOKUP_FAILED, REASON_TLSA_LOOKUP_FAILED } },
    { LOCAL_FAULT_CONNECT, no_connections, FINDING_LOCAL_NO_CONNECTIONS,
      { REASON_CONNECT_REFUSED, REASON_CONNECT_TIMEOUT, REASON_CONNECT_TIMEOUT, REASON_CONNECT_TIMEOUT } },
    { LOCAL_FAULT_STARTTLS, no_starttls, FINDING_LOCAL_STARTTLS_STRIPPED,
      { REASON_STARTTLS_NOT_OFFERED, REASON_DELIVERED_IN_CLEAR, REASON_DELIVERED_IN_CLEAR, REASON_DELIVERED_IN_CLEAR } },
    { LOCAL_FAULT_WEB, no_web, FINDING_LOCAL_NO_WEB, /* no forecast that is not unknown */
      { REASON_LOCAL_FAULT, REASON_LOCAL_FAULT, REASON_LOCAL_FAULT, REASON_LOCAL_FAULT } },
};

enum local_fault judge_surroundings(struct region *region, struct findings *findings, const struct facts *facts)
{
    tell_shortage(region, findings, facts);
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (!faults[i].is_there(facts))
            continue;
        findings_add(region, findings, finding_word(faults[i].code), finding_severity(faults[i].code), NULL, NULL, 0, "%s",
                     finding_sentence(faults[i].code));
        return faults[i].fault;
    }
    return LOCAL_FAULT_NONE;
}

static bool touches(const struct fault_row *row, enum reason reason)
{
    for (size_t i = 0; i < sizeof(row->reasons) / sizeof(*row->reasons); i++)
        if (row->reasons[i] == reason)
            return true;
    return false;
}

static bool touches_as_if(const struct fault_row *row, const struct as_if *as_if)
{
    return as_if->judged && as_if->verdict != VERDICT_DELIVER && touches(row, as_if->reason);
}

/* The policy was out of reach, and that may be our own fault. */
static bool touches_policy(const struct fault_row *row, const struct published *published)
{
    static const enum sts_fault unreached[] = { STS_FAULT_FETCH_CONNECT, STS_FAULT_FETCH_TIMEOUT };

    if (row->fault != LOCAL_FAULT_WEB || published->sts.state != STS_INVALID)
        return false;
    for (size_t i = 0; i < sizeof(unreached) / sizeof(*unreached); i++)
        if (strcmp(published->sts.reason, sts_fault_word(unreached[i])) == 0)
            return true;
    return false;
}

/* What it did to the judgement of another rule is no news of the domain. */
static void apply_to_published(const struct fault_row *row, struct result *result)
{
    struct published *published = (struct published *)result->published;
    struct as_if *const all[] = { &published->dane.as_if, &published->sts.as_if, &published->sts.enforced };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (touches_as_if(row, all[i])) {
            all[i]->verdict = VERDICT_UNKNOWN;
            all[i]->reason = REASON_LOCAL_FAULT;
            published_forget_failures(&result->findings);
        }
    if (touches_policy(row, published)) {
        published->sts.state = STS_UNKNOWN;
        published->sts.reason = reason_code(REASON_LOCAL_FAULT);
        published->sts.why = reason_sentence(REASON_LOCAL_FAULT);
        published_forget_fetch(&result->findings);
    }
}

/* The own reason of what is unknown says more. */
static bool touches_verdict(const struct fault_row *row, const struct result *result)
{
    return result->verdict != VERDICT_UNKNOWN && result->verdict != VERDICT_DELIVER &&
           touches(row, result->forecast.reason);
}

void judge_apply_fault(struct result *result, enum local_fault fault)
{
    for (size_t i = 0; result->published != NULL && i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i].fault == fault)
            apply_to_published(&faults[i], result);
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (faults[i].fault != fault || !touches_verdict(&faults[i], result))
            continue;
        result->verdict = result->best = result->worst = VERDICT_UNKNOWN;
        result->certain = false;
        result->forecast.reason = REASON_LOCAL_FAULT;
    }
}

/* What speaks against a fault is never taken back, so one fact is enough. */

static bool exclude(struct fault_watch *watch, enum local_fault fault, bool speaks_against)
{
    bool news = speaks_against && !watch->excluded[fault];

    watch->excluded[fault] |= speaks_against;
    return news;
}

bool fault_watch_dns(struct fault_watch *watch, const struct dns_fact *fact)
{
    struct dns_tally one = { 0 };

    dns_tally_add(&one, fact);
    return exclude(watch, LOCAL_FAULT_RESOLVER, one.answers > 0);
}

bool fault_watch_conversation(struct fault_watch *watch, const struct conversation *c)
{
    bool connected = exclude(watch, LOCAL_FAULT_CONNECT, was_connected(c));

    return exclude(watch, LOCAL_FAULT_STARTTLS, has_offered(c)) || connected;
}

bool fault_watch_fetch(struct fault_watch *watch, const struct policy_fetch *fetch)
{
    return exclude(watch, LOCAL_FAULT_WEB, found_web(fetch));
}

void fault_watch_facts(struct fault_watch *watch, const struct facts *facts)
{
    const struct dns_fact     *dns;
    const struct conversation *conversation;
    const struct policy_fetch *fetch;

    for (size_t i = 0; (dns = facts_dns_at(facts, i)) != NULL; i++)
        fault_watch_dns(watch, dns);
    for (size_t i = 0; (conversation = facts_conversation_at(facts, i)) != NULL; i++)
        fault_watch_conversation(watch, conversation);
    for (size_t i = 0; (fetch = facts_fetch_at(facts, i)) != NULL; i++)
        fault_watch_fetch(watch, fetch);
}

static bool touches_result(const struct fault_row *row, const struct result *result)
{
    const struct published *published = result->published;

    return touches_verdict(row, result) ||
           (published != NULL && (touches_policy(row, published) || touches_as_if(row, &published->dane.as_if) || touches_as_if(row, &published->sts.as_if) ||
                                  touches_as_if(row, &published->sts.enforced)));
}

bool fault_watch_waits(const struct fault_watch *watch, const struct result *result)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (!watch->excluded[faults[i].fault] && touches_result(&faults[i], result))
            return true;
    return false;
}
