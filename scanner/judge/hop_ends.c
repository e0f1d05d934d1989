/* The attempts that a delivery to one next-hop consists of, and how it may end. */
#include "scanner/judge/hop.h"

#include <strings.h>

static void list_attempt(struct region *region, struct hop *hop, size_t i)
{
    const struct mail_host *host = hop->cases[i].host;
    int own = host->address.family == FAMILY_IPV6;
    size_t same = 0;

    while (!hop_same_host(host, &hop->mail_hosts.hosts[same]))
        same++;
    for (int aged = 0; aged < 2; aged++) {
        struct attempt_address *address = &(aged ? hop->aged : hop->fresh)[hop->count];

        *address = (struct attempt_address){ .preference = host->preference, .family = own ? 6 : 4, .host = same };
        address->by_policy_of[own] = host_outcome(region, &hop->cases[i], aged);
        address->by_policy_of[!own] = hop->crossed[i] != NULL ? host_outcome(region, hop->crossed[i], aged)
                                                              : address->by_policy_of[own];
    }
    hop->places[hop->count++] = i;
}

void hop_list_attempts(struct region *region, struct hop *hop)
{
    size_t count = hop->mail_hosts.count;

    hop->aged = region_array(region, count, sizeof(*hop->aged));
    hop->fresh = region_array(region, count, sizeof(*hop->fresh));
    hop->places = region_array(region, count, sizeof(*hop->places));
    hop->reachable = region_array(region, count, sizeof(*hop->reachable));
    for (size_t i = 0; i < count; i++)
        if (hop->mail_hosts.hosts[i].has_address || hop->mail_hosts.hosts[i].unknown != NULL)
            list_attempt(region, hop, i);
}

static int preferred_family(const struct hop *hop)
{
    const char *preference = params_text(hop->service->params, "smtp_address_preference");

    if (hop->mail_hosts.mx_status == LOOKUP_OK && hop->mail_hosts.mx_qname != NULL && hop->mail_hosts.mx_qname[0] == '_')
        return 0; /* SRV: no sorting by family */
    if (strcasecmp(preference, "ipv4") == 0)
        return 4;
    return strcasecmp(preference, "ipv6") == 0 ? 6 : 0;
}

static unsigned limit_of(const struct params *params, const char *name)
{
    long value = params_number(params, name);

    return value > 0 && value <= UINT16_MAX ? (unsigned)value : 0;
}

void hop_rules(const struct hop *hop, struct attempt_rules *rules)
{
    const struct params *params = hop->service->params;

    *rules = (struct attempt_rules){
        .address_limit = limit_of(params, "smtp_mx_address_limit"),
        .session_limit = limit_of(params, "smtp_mx_session_limit"),
        .randomize = params_bool(params, "smtp_randomize_addresses"),
        .prefer_family = preferred_family(hop),
        .balance = params_bool(params, "smtp_balance_inet_protocols"),
        .final_nexthop = hop->last,
        .soft_bounce = params_bool(params, "soft_bounce"),
    };
}

static void settle(struct hop_ends *ends, enum verdict verdict, struct forecast forecast)
{
    ends->count = 1;
    ends->outcomes[0] = (struct attempt_outcome){ .settled = true, .verdict = verdict, .forecast = forecast,
                                                  .unknown = verdict == VERDICT_UNKNOWN, .order_first = SIZE_MAX,
                                                  .share = 1 };
}

/* The list as a whole could not be observed. Where Postfix here would find the same, its words stay. */
static struct forecast unknown_list(const struct mail_hosts *hosts)
{
    struct forecast forecast = { .status = "unknown", .reason = REASON_LOCAL_FAULT };

    if (hosts->why.dsn != NULL)
        forecast = (struct forecast){ .status = hosts->why.dsn[0] == '5' ? "bounced" : "deferred",
                                      .dsn = hosts->why.dsn, .relay = "none", .tls = "none", .text = hosts->why.text };
    reason_parse(hosts->unknown, &forecast.reason);
    return forecast;
}

/* Neither an entry that is wrong nor DANE lets the client connect to a socket. */
static bool spoils_socket(const struct policy *policy)
{
    return policy->trouble == POLICY_BAD_VALUE || policy->trouble == POLICY_TABLE_ERROR || policy->level == LEVEL_DANE ||
           policy->level == LEVEL_DANE_ONLY;
}

/* LMTP to a socket of this machine: may is none there. */
static void end_at_socket(struct region *region, const struct hop *hop, struct hop_ends *ends)
{
    enum level level = hop->policy.level;

    if (spoils_socket(&hop->policy))
        settle(ends, VERDICT_DEFER, (struct forecast){ .status = "deferred", .dsn = "4.7.5", .relay = "none", .tls = "none",
                                                       .reason = REASON_POLICY_INVALID,
                                                       .text = "client TLS configuration problem" });
    else if (hop->policy.trouble == POLICY_FINE && (level == LEVEL_NONE || level == LEVEL_MAY))
        settle(ends, VERDICT_DELIVER,
               (struct forecast){ .status = "sent", .dsn = "2.0.0", .tls = "none", .effective_level = "none",
                                  .relay = region_printf(region, "%s[%s]", params_text(hop->service->params, "myhostname"),
                                                         hop->nexthop.host),
                                  .reason = REASON_NOT_SMTP });
    else
        settle(ends, VERDICT_UNKNOWN, (struct forecast){ .status = "unknown", .reason = REASON_LOCAL_FAULT });
}

static void end_at_error(const struct hop *hop, struct hop_ends *ends)
{
    settle(ends, VERDICT_DEFER, (struct forecast){ .status = "deferred", .relay = "none", .tls = "none",
                                                   .reason = REASON_NEXTHOP_INVALID, .text = hop->error });
}

static void find_ends(struct region *region, const struct hop *hop, const struct attempt_address *addresses,
                      struct hop_ends *ends, bool *reachable)
{
    struct attempt_rules rules;

    if (hop->error != NULL) {
        end_at_error(hop, ends);
        return;
    }
    if (hop->nexthop.is_unix) {
        end_at_socket(region, hop, ends);
        return;
    }
    if (hop->mail_hosts.unknown != NULL) {
        settle(ends, VERDICT_UNKNOWN, unknown_list(&hop->mail_hosts));
        return;
    }
    hop_rules(hop, &rules);
    rules.count_orders = reachable != NULL;
    ends->count = attempts_explore(region, addresses, hop->count, &rules, &hop->mail_hosts.why, ends->outcomes,
                                   ATTEMPT_OUTCOMES_MAX, reachable);
}

/* Results are kept by the ten thousand, and most have one end: no more than those found take room in the region.
 * reachable NULL: neither that nor the shares of the orders are wanted. */
static void explore(struct region *region, const struct hop *hop, const struct attempt_address *addresses,
                    struct hop_ends *ends, bool *reachable)
{
    struct attempt_outcome found[ATTEMPT_OUTCOMES_MAX];

    ends->outcomes = found;
    find_ends(region, hop, addresses, ends, reachable);
    ends->outcomes = region_copy(region, found, ends->count * sizeof(*found));
}

void hop_explore(struct region *region, struct hop *hop)
{
    struct attempt_rules rules;

    hop->orders = 1;
    if (hop->error == NULL) {
        hop_rules(hop, &rules);
        hop->orders = attempts_orders(hop->aged, hop->count, &rules);
    }
    explore(region, hop, hop->aged, &hop->aged_ends, hop->reachable);
    explore(region, hop, hop->fresh, &hop->fresh_ends, NULL);
}

void hop_explore_without(struct region *region, const struct hop *hop, unsigned preference, struct hop_ends *ends)
{
    struct attempt_address *left = region_copy(region, hop->aged, hop->count * sizeof(*left));
    static const struct attempt away = { .end = ATTEMPT_SOFT, .verdict = VERDICT_DEFER,
                                         .forecast = { .status = "deferred", .dsn = "4.4.1", .relay = "none",
                                                       .tls = "none", .reason = REASON_CONNECT_TIMEOUT } };

    for (size_t i = 0; i < hop->count; i++)
        if (left[i].preference < preference)
            left[i].by_policy_of[0] = left[i].by_policy_of[1] = away;
    explore(region, hop, left, ends, NULL);
}
