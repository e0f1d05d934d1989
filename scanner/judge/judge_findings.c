#include "scanner/judge/judge_findings.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "scanner/judge/host_findings.h"
#include "scanner/judge/weakest.h"

/* Preferences of one next-hop that are looked at for what would be if the better ones were away. */
#define BACKUPS_MAX 10

/* Up to so many orders are told by number. */
#define ORDERS_COUNTED 10000

/* So many hosts are told by name. */
#define NAMES_SHOWN 5

static const char *policy_words(struct region *region, const struct policy *policy)
{
    const char *error = policy->error != NULL ? policy->error : policy->text != NULL ? policy->text : "invalid policy";

    if (policy->hint != NULL)
        return region_printf(region, "%s; %s", error, policy->hint);
    if (policy->trouble == POLICY_BAD_VALUE)
        return region_printf(region, "%s; until the entry is corrected, Postfix defers all mail that it governs", error);
    return error;
}

static enum reason policy_reason(const struct policy *policy)
{
    if (policy->trouble == POLICY_TABLE_ERROR)
        return REASON_TABLE_ERROR;
    if (policy->trouble == POLICY_UNREADABLE) {
        enum reason reason = REASON_TABLE_UNREADABLE;

        reason_parse(policy->unknown, &reason);
        return reason;
    }
    return policy->trouble == POLICY_WANTS ? REASON_NOT_OBSERVED : REASON_POLICY_INVALID;
}

static void tell_policy(const struct inquiry *inquiry, size_t number, const struct policy *policy)
{
    const struct table_answer *answer = &policy->answer;

    if (policy->trouble != POLICY_FINE)
        finding_add_once(inquiry, reason_code(policy_reason(policy)), hop_severity(inquiry, number, VERDICT_DEFER), NULL,
                         answer->file, answer->line, policy_words(inquiry->region, policy));
    if (policy->warning != NULL)
        finding_add_once(inquiry, finding_word(FINDING_POLICY_WARNING), finding_severity(FINDING_POLICY_WARNING), NULL,
                         answer->file, answer->line, policy->warning);
    if (answer->warning != NULL)
        finding_add_once(inquiry, finding_word(FINDING_TABLE_PROBLEM), finding_severity(FINDING_TABLE_PROBLEM), NULL,
                         answer->file, answer->line, answer->warning);
}

/* The next-hop has no address to try. */
static void tell_empty(const struct inquiry *inquiry, size_t number)
{
    const struct hop *hop = &inquiry->chain->hops[number];
    const struct mail_hosts *hosts = &hop->mail_hosts;
    bool hard = hosts->why.dsn != NULL && hosts->why.dsn[0] == '5';
    const char *text = hosts->why.text;

    if (hosts->unknown != NULL) {
        finding_add_once(inquiry, hosts->unknown, SEVERITY_WARNING, NULL, NULL, 0,
                         hosts->unknown_text != NULL ? hosts->unknown_text
                         : text != NULL              ? text
                                                     : "the mail hosts of the next-hop could not be observed");
        return;
    }
    if (hop->count > 0 || text == NULL)
        return;
    finding_add_once(inquiry, hosts->why.reason, hop_severity(inquiry, number, hard ? VERDICT_BOUNCE : VERDICT_DEFER),
                     NULL, NULL, 0, text);
}

/* "mx-target-invalid NAME" */
static void tell_notes(const struct inquiry *inquiry, const struct mail_hosts *hosts)
{
    static const enum finding_code codes[] = { FINDING_MX_TARGET_IS_ADDRESS, FINDING_MX_TARGET_INVALID,
                                               FINDING_RECORDS_CUT };

    for (size_t i = 0; i < hosts->note_count; i++) {
        struct slice rest = slice_of(hosts->notes[i]), word = { NULL, 0 };

        slice_next_token(&rest, " ", &word);
        for (size_t k = 0; k < sizeof(codes) / sizeof(*codes); k++)
            if (slice_eq_text(word, finding_word(codes[k])))
                finding_add_once(inquiry, finding_word(codes[k]), finding_severity(codes[k]), NULL, NULL, 0,
                                 region_printf(inquiry->region, "%s: %.*s", finding_sentence(codes[k]), (int)rest.n,
                                               rest.p));
    }
}

/* The hosts beyond the limits, by name; *count: their addresses. */
static const char *never_tried(struct region *region, const struct hop *hop, size_t *count)
{
    const char *names = "", *last = NULL;
    size_t named = 0;

    *count = 0;
    for (size_t k = 0; k < hop->count; k++) {
        const char *name = hop->mail_hosts.hosts[hop->places[k]].ascii;

        if (hop->reachable[k])
            continue;
        ++*count;
        if (last != NULL && strcmp(last, name) == 0)
            continue;
        last = name;
        if (++named <= NAMES_SHOWN)
            names = region_printf(region, "%s%s%s", names, named > 1 ? ", " : "", name);
    }
    return named > NAMES_SHOWN ? region_printf(region, "%s and %zu more hosts", names, named - NAMES_SHOWN) : names;
}

static void tell_limit(const struct inquiry *inquiry, const struct hop *hop)
{
    struct attempt_rules rules;
    const char *hosts;
    size_t beyond;

    hop_rules(hop, &rules);
    if (rules.address_limit == 0 || hop->count <= rules.address_limit)
        return;
    hosts = never_tried(inquiry->region, hop, &beyond);
    finding_add_once(inquiry, finding_word(FINDING_ADDRESS_LIMIT), finding_severity(FINDING_ADDRESS_LIMIT), NULL, NULL, 0,
                     region_printf(inquiry->region, "the next-hop has %zu addresses and %s is %u: %s", hop->count,
                                   params_name(hop->service->params, "smtp_mx_address_limit"), rules.address_limit,
                                   beyond == 0 ? "chance decides which of them are tried"
                                               : region_printf(inquiry->region, "%zu of them %s never tried: %s", beyond,
                                                               beyond == 1 ? "is" : "are", hosts)));
}

/* DNSSEC status that decides, from a resolver that anybody on the path can impersonate. */
static void tell_resolver(const struct inquiry *inquiry, const struct hop *hop)
{
    const struct facts *facts = inquiry->input->view->facts;
    const struct dns_fact *fact = NULL;
    bool rests_on_it = hop->mail_hosts.used_mx && hop->mail_hosts.mx_secure;

    if (hop->policy.level != LEVEL_DANE && hop->policy.level != LEVEL_DANE_ONLY)
        return;
    for (size_t i = 0; i < hop->mail_hosts.count; i++)
        rests_on_it |= hop->mail_hosts.hosts[i].secure;
    if (!rests_on_it)
        return;
    if (hop->mail_hosts.used_mx && hop->mail_hosts.mx_qname != NULL)
        fact = facts_dns(facts, hop->mail_hosts.mx_qname, DNS_MX);
    for (size_t i = 0; fact == NULL && i < hop->mail_hosts.count; i++)
        if (hop->mail_hosts.hosts[i].qname != NULL)
            fact = facts_dns(facts, hop->mail_hosts.hosts[i].qname,
                             hop->mail_hosts.hosts[i].address.family == FAMILY_IPV6 ? DNS_AAAA : DNS_A);
    if (fact != NULL && !fact->loopback)
        finding_add_once(inquiry, finding_word(FINDING_RESOLVER_NOT_LOOPBACK),
                         finding_severity(FINDING_RESOLVER_NOT_LOOPBACK), NULL, NULL, 0,
                         finding_sentence(FINDING_RESOLVER_NOT_LOOPBACK));
}

/* Backups */

static const struct backup_code {
    enum verdict      verdict;
    enum finding_code code;
} backup_codes[] = {
    { VERDICT_DOWNGRADE, FINDING_BACKUP_HOST_WOULD_DOWNGRADE },
    { VERDICT_DEFER, FINDING_BACKUP_HOST_WOULD_DEFER },
    { VERDICT_BOUNCE, FINDING_BACKUP_HOST_WOULD_BOUNCE },
};

static void tell_backup(const struct inquiry *inquiry, size_t number, const struct mail_host *host)
{
    enum verdict verdict = chain_verdict_without(inquiry->chain, number, host->preference);

    if (verdict == VERDICT_UNKNOWN || verdict <= inquiry->result->verdict)
        return;
    for (size_t i = 0; i < sizeof(backup_codes) / sizeof(*backup_codes); i++)
        if (backup_codes[i].verdict == verdict)
            finding_add_once(inquiry, finding_word(backup_codes[i].code), finding_severity(backup_codes[i].code),
                             host->ascii, NULL, 0,
                             region_printf(inquiry->region,
                                           "if no host of a better preference than %u answered, the verdict would be %s",
                                           host->preference, verdict_word(verdict)));
}

static void tell_backups(const struct inquiry *inquiry, size_t number)
{
    const struct hop *hop = &inquiry->chain->hops[number];
    size_t looked_at = 0;

    if (inquiry->result->verdict >= VERDICT_BOUNCE)
        return;
    for (size_t k = 1; k < hop->count && looked_at < BACKUPS_MAX; k++) {
        if (hop->aged[k].preference == hop->aged[k - 1].preference || !hop->reachable[k])
            continue;
        looked_at++;
        tell_backup(inquiry, number, &hop->mail_hosts.hosts[hop->places[k]]);
    }
}

/* The whole */

/* "in 2 of 6 orders"; a proportion where nobody counts to so many. */
static const char *orders_text(struct region *region, const struct chain_end *end)
{
    long double percent = 100 * end->share_worse;

    if (isnan(end->share_worse))
        return "in some orders";
    if (end->orders <= ORDERS_COUNTED)
        return region_printf(region, "in %.0Lf of %.0Lf orders", end->share_worse * end->orders, end->orders);
    if (percent < 0.1L)
        return "in less than 0.1 % of the orders";
    if (percent > 99.9L)
        return "in more than 99.9 % of the orders";
    return region_printf(region, "in %.1Lf %% of the orders", percent);
}

static void tell_orders(const struct inquiry *inquiry)
{
    const struct result *result = inquiry->result;

    if (result->verdict != VERDICT_UNKNOWN && result->best != result->worst)
        finding_add_once(inquiry, finding_word(FINDING_ORDER_MATTERS), finding_severity(FINDING_ORDER_MATTERS), NULL, NULL,
                         0, region_printf(inquiry->region,
                                          "it depends on the order in which hosts of equal preference are tried: the best "
                                          "verdict is %s, the worst %s; it is worse than the best %s",
                                          verdict_word(result->best), verdict_word(result->worst),
                                          orders_text(inquiry->region, inquiry->end)));
    if (strcmp(result->forecast.status, "sent") == 0 && strcmp(result->first_attempt.status, "deferred") == 0)
        finding_add_once(inquiry, finding_word(FINDING_FIRST_ATTEMPT_DEFERS),
                         finding_severity(FINDING_FIRST_ATTEMPT_DEFERS), NULL, NULL, 0,
                         region_printf(inquiry->region, "a message that has just arrived is deferred first: %s",
                                       result->first_attempt.text != NULL ? result->first_attempt.text : "no reason"));
}

/* The next-hop's text kills smtp(8): where was it written? */
static void tell_bad_nexthop(const struct inquiry *inquiry, size_t number)
{
    const struct hop *hop = &inquiry->chain->hops[number];
    const struct table_answer *answer = &hop->route->answer;
    const char *parameter = hop->fallback ? "smtp_fallback_relay" : "relayhost", *file = answer->file;
    const struct main_cf_entry *entry = NULL;
    int line = answer->line;

    if ((hop->fallback || hop->route->is_relayhost) && params_is_set(hop->service->params, parameter, &entry) &&
        entry != NULL) {
        file = entry->file;
        line = entry->line;
    }
    finding_add_once(inquiry, reason_code(REASON_NEXTHOP_INVALID), hop_severity(inquiry, number, VERDICT_DEFER), NULL, file,
                     line, region_printf(inquiry->region,
                                         "smtp(8) dies of the next-hop \"%s\", the mail stays queued: %s; write host, "
                                         "[host] or [host]:port", hop->text, hop->error));
}

static void tell_hop(const struct inquiry *inquiry, size_t number)
{
    const struct hop *hop = &inquiry->chain->hops[number];
    const struct hop_result *result = &inquiry->result->hops[number];

    if (hop->error != NULL) {
        tell_bad_nexthop(inquiry, number);
        return;
    }
    tell_policy(inquiry, number, &hop->policy);
    tell_empty(inquiry, number);
    tell_notes(inquiry, &hop->mail_hosts);
    tell_limit(inquiry, hop);
    tell_resolver(inquiry, hop);
    for (size_t i = 0; i < result->host_count; i++) {
        if (hop->cases[i].policy != &hop->policy)
            tell_policy(inquiry, number, hop->cases[i].policy);
        host_add_findings(inquiry, number, i);
    }
}

void judge_add_findings(const struct inquiry *inquiry)
{
    for (size_t i = 0; i < inquiry->result->hop_count; i++)
        tell_hop(inquiry, i);
    tell_orders(inquiry);
    for (size_t i = 0; i < inquiry->chain->count; i++)
        tell_backups(inquiry, i);
    weakest_tell(inquiry);
}

/* postmap's own words begin with the table. */
static const char *answer_trouble(struct region *region, const struct table_answer *answer, enum reason reason)
{
    const char *table = answer->table != NULL ? answer->table : "a routing table";

    if (answer->error == NULL)
        return region_printf(region, "%s: %s", table, reason_sentence(reason));
    if (slice_starts_with(slice_of(answer->error), slice_of(table)))
        return answer->error;
    return region_printf(region, "%s: %s", table, answer->error);
}

static void tell_route_answer(const struct inquiry *inquiry, enum reason reason)
{
    const struct table_answer *answer = &inquiry->result->route->answer;

    finding_add_once(inquiry, reason_code(reason), reason == REASON_TABLE_ERROR ? SEVERITY_CRITICAL : SEVERITY_WARNING, NULL,
                     answer->file, answer->line,
                     answer_trouble(inquiry->region, answer, reason));
}

void judge_add_route_findings(const struct inquiry *inquiry)
{
    const struct route *route = inquiry->result->route;
    const struct config *config = inquiry->input->config;

    if (route->kind == ROUTE_TABLE_ERROR)
        tell_route_answer(inquiry, REASON_TABLE_ERROR);
    if (route->kind == ROUTE_UNREADABLE)
        tell_route_answer(inquiry, inquiry->result->forecast.reason);
    if ((route->kind == ROUTE_ERROR || route->kind == ROUTE_MISSING) && route->text != NULL)
        finding_add_once(inquiry, reason_code(REASON_TRANSPORT_ERROR), SEVERITY_CRITICAL, NULL, route->answer.file,
                         route->answer.line,
                         region_printf(inquiry->region,
                                       route->kind == ROUTE_MISSING ? "master.cf has no service %s: %s"
                                                                    : "the transport %s settles the mail: %s",
                                       route->transport, route->text));
    if (route->kind == ROUTE_CLIENT && route->service->start_error != NULL) {
        const struct error *error = route->service->start_error;

        finding_add_once(inquiry, finding_word(FINDING_SERVICE_DOES_NOT_START), SEVERITY_CRITICAL, NULL,
                         error->file[0] != '\0' ? error->file : NULL, error->line,
                         region_printf(inquiry->region, "the service %s does not start: %s%s%s", route->service->name,
                                       error->text, error->fix[0] != '\0' ? "; " : "", error->fix));
    }
    if (inquiry->input->sender == NULL &&
        (config->sender_relayhost_maps.count > 0 || config->sender_transport_maps.count > 0))
        finding_add_once(inquiry, finding_word(FINDING_SENDER_TABLES_LEFT_ASIDE),
                         finding_severity(FINDING_SENDER_TABLES_LEFT_ASIDE), NULL, NULL, 0,
                         "sender-dependent tables are left aside; --sender says for whom to judge");
}
