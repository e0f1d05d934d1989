#include "scanner/judge/judge.h"

#include <math.h>
#include <string.h>

#include "scanner/judge/chain.h"
#include "scanner/judge/horizon.h"
#include "scanner/judge/judge_findings.h"
#include "scanner/judge/published_impl.h"

/* Next-hops of one delivery that are looked at; nobody lists more. */
#define HOPS_MAX 64

/* Outcomes of random tables that are followed for one destination. */
#define OUTCOMES_MAX 64

static void set_verdict(struct result *result, enum verdict verdict, struct forecast forecast)
{
    result->verdict = result->best = result->worst = verdict;
    result->certain = verdict != VERDICT_UNKNOWN;
    result->share_worse = verdict != VERDICT_UNKNOWN ? 0 : NAN;
    result->forecast = result->first_attempt = forecast;
}

static struct forecast local_forecast(const char *status, const char *dsn, enum reason reason, const char *text)
{
    bool known = strcmp(status, "unknown") != 0;

    return (struct forecast){ .status = status, .dsn = dsn, .relay = known ? "none" : NULL,
                              .tls = known ? "none" : NULL, .reason = reason, .text = text };
}

/* Where no SMTP client delivers */

static enum verdict status_verdict(const char *status)
{
    if (strcmp(status, "sent") == 0)
        return VERDICT_DELIVER;
    return strcmp(status, "bounced") == 0 ? VERDICT_BOUNCE : VERDICT_DEFER;
}

/* error(8), retry, discard, and services that are not there. */
static void end_at_route(struct region *region, struct result *result, const struct judge_input *input,
                         enum reason reason)
{
    const struct route *route = result->route;
    enum verdict verdict = status_verdict(route->status);
    struct forecast forecast = local_forecast(route->status, route->dsn, reason,
                                              verdict == VERDICT_DELIVER ? NULL : route->text);

    if (verdict == VERDICT_BOUNCE && input->config->rewrite != NULL && params_bool(input->config->rewrite, "soft_bounce")) {
        verdict = VERDICT_DEFER;
        forecast.status = "deferred";
        forecast.dsn = region_printf(region, "4%s", route->dsn + 1);
    }
    set_verdict(result, verdict, forecast);
}

static enum reason unreadable_reason(const struct table_answer *answer)
{
    return answer->status == TABLE_WANTED ? REASON_NOT_OBSERVED : REASON_TABLE_UNREADABLE;
}

/* True: the route has settled it. */
static bool end_without_client(struct region *region, struct result *result, const struct judge_input *input)
{
    switch (result->route->kind) {
    case ROUTE_CLIENT:
        return false;
    case ROUTE_OTHER:
        set_verdict(result, VERDICT_DELIVER, local_forecast("sent", "2.0.0", REASON_NOT_SMTP, NULL));
        return true;
    case ROUTE_ERROR:
    case ROUTE_DISCARD:
    case ROUTE_MISSING:
        end_at_route(region, result, input, REASON_TRANSPORT_ERROR);
        return true;
    case ROUTE_TABLE_ERROR:
        end_at_route(region, result, input, REASON_TABLE_ERROR);
        return true;
    case ROUTE_UNREADABLE:
        set_verdict(result, VERDICT_UNKNOWN,
                    local_forecast("unknown", NULL, unreadable_reason(&result->route->answer), NULL));
        return true;
    case ROUTE_WANTS:
        result->wanted = input->view->wants != NULL;
        set_verdict(result, VERDICT_UNKNOWN, local_forecast("unknown", NULL, REASON_NOT_OBSERVED, NULL));
        return true;
    }
    return false;
}

/* The process dies: at start, or of a list without a next-hop. */
static void end_at_death(struct result *result, enum reason reason, const char *text)
{
    set_verdict(result, VERDICT_DEFER, local_forecast("deferred", NULL, reason, text));
}

/* Where it does */

static size_t split_route(struct region *region, const struct route *route, struct slice *parts, size_t *own)
{
    const struct params *params = route->service->params;
    struct slice nexthop = slice_of(route->nexthop);
    size_t count = nexthop_split(region, nexthop, params_version(params), parts, HOPS_MAX);
    struct slice rest = slice_of(params_text(params, "smtp_fallback_relay")), token;
    bool socket = params_program(params) == PROGRAM_LMTP && slice_starts_with(nexthop, SLICE("unix:"));

    *own = count;
    while (count > 0 && !socket && count < HOPS_MAX && slice_next_token(&rest, ", \t\r\n", &token))
        parts[count++] = token;
    return count;
}

/* How many of the hops are tried: none behind one that is ourselves. */
static size_t mark_last(struct hop *hops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hops[i].last = i + 1 == count || hops[i].mail_hosts.backup_for_self || hops[i].mail_hosts.loops;
        if (hops[i].last)
            return i + 1;
    }
    return count;
}

static void conclude(struct region *region, struct result *result, const struct judge_input *input, struct hop *hops)
{
    struct chain chain = { .region = region, .hops = hops, .count = mark_last(hops, result->hop_count) };
    struct chain_end end, first;
    struct inquiry inquiry = { region, result, input, &chain, &end };

    for (size_t i = 0; i < result->hop_count; i++) {
        hop_explore(region, &hops[i]);
        hop_report(&hops[i], &result->hops[i]);
    }
    chain_end(&chain, true, &end);
    chain_end(&chain, false, &first);
    result->verdict = end.verdict;
    result->best = end.best;
    result->worst = end.worst;
    result->certain = end.best == end.worst && end.verdict != VERDICT_UNKNOWN;
    result->share_worse = (double)end.share_worse;
    result->forecast = end.forecast;
    result->first_attempt = first.forecast;
    result->next_end = horizon_next(hops, chain.count);
    judge_add_findings(&inquiry);
}

static void judge_hops(struct region *region, struct result *result, const struct judge_input *input)
{
    struct slice parts[HOPS_MAX];
    size_t own, count = split_route(region, result->route, parts, &own);
    struct hop *hops = region_array(region, count, sizeof(*hops));

    if (count == 0) {
        end_at_death(result, REASON_NEXTHOP_INVALID,
                     region_printf(region, "panic: null destination: \"%s\"", result->route->nexthop));
        return;
    }
    result->hops = region_array(region, count, sizeof(*result->hops));
    result->hop_count = count;
    for (size_t i = 0; i < count; i++) {
        hop_init(region, &hops[i], input, result->route, parts[i], i >= own, &result->hops[i]);
        result->wanted |= hops[i].wanted;
    }
    if (!result->wanted)
        conclude(region, result, input, hops);
}

/* The client that follows the mechanism, where one does. */
static void choose_client(struct route *route, enum mechanism as)
{
    const struct service *other = NULL;

    if (route->kind == ROUTE_CLIENT && as == MECHANISM_DANE)
        other = route->service->as_dane;
    else if (route->kind == ROUTE_CLIENT && as == MECHANISM_STS)
        other = route->service->as_sts;
    if (other != NULL)
        route->service = other;
}

static void judge_once(struct region *region, struct result *result, const struct judge_input *input,
                       const struct destination *destination)
{
    struct route *route = region_alloc(region, sizeof(*route));
    struct inquiry inquiry = { region, result, input, NULL, NULL };

    *result = (struct result){ .destination = destination, .route = route, .share_worse = NAN,
                               .next_end = INT64_MAX };
    route_destination(region, route, input->config, destination, input->sender, input->view);
    choose_client(route, input->as);
    if (!end_without_client(region, result, input)) {
        if (route->service->start_error != NULL)
            end_at_death(result, REASON_POLICY_INVALID, route->service->start_error->text);
        else
            judge_hops(region, result, input);
    }
    if (result->wanted)
        return;
    judge_add_route_findings(&inquiry);
    if (!input->explain)
        route->steps = NULL;
}

/* Random tables: each outcome is possible, the worst one is told. */

static unsigned rank(const struct result *result)
{
    return result->verdict == VERDICT_UNKNOWN ? VERDICT_BOUNCE + 1u : (unsigned)result->verdict;
}

/* Takes a further outcome into *result. */
static void add_outcome(struct result *result, const struct result *other)
{
    struct result worse = rank(other) > rank(result) ? *other : *result;

    worse.wanted = result->wanted || other->wanted;
    if (worse.verdict != VERDICT_UNKNOWN) {
        worse.best = result->best < other->best ? result->best : other->best;
        worse.worst = result->worst > other->worst ? result->worst : other->worst;
        worse.certain = worse.best == worse.worst;
    }
    if (!worse.certain)
        worse.share_worse = NAN; /* it is not a matter of order alone */
    *result = worse;
}

/* The same outcome of the random tables, at another time. */
static void judge_again(struct region *region, struct result *result, const struct judge_input *input,
                        const struct destination *destination)
{
    struct chance chance = { input->view->chance->choice, 1 };
    struct view view = { .facts = input->view->facts, .wants = input->view->wants, .chance = &chance };
    struct judge_input chosen = *input;

    chosen.view = &view;
    judge_once(region, result, &chosen, destination);
}

static void judge_outcome(struct region *region, struct result *result, const struct judge_input *input,
                          const struct destination *destination)
{
    judge_once(region, result, input, destination);
    if (!result->wanted)
        horizon_tell(region, result, input, destination, judge_again);
}

/* Under one rule: the configuration, or a mechanism. */
static void judge_one_way(struct region *region, struct result *result, const struct judge_input *input,
                          const struct destination *destination)
{
    struct chance chance = { 0, 1 };
    struct view view = { .facts = input->view->facts, .wants = input->view->wants, .chance = &chance,
                         .use = input->view->use };
    struct judge_input chosen = *input;
    struct result one;
    size_t outcomes = 1;

    chosen.view = &view;
    for (size_t choice = 0; choice < outcomes && choice < OUTCOMES_MAX; choice++) {
        chance = (struct chance){ choice, 1 };
        judge_outcome(region, choice == 0 ? result : &one, &chosen, destination);
        if (choice > 0)
            add_outcome(result, &one);
        if (chance.outcomes > outcomes)
            outcomes = chance.outcomes;
    }
    if (outcomes > 1 && !result->wanted)
        findings_add(region, &result->findings, finding_word(FINDING_RANDOM_TABLE),
                     finding_severity(FINDING_RANDOM_TABLE), NULL, NULL, 0,
                     "a randmap decides, with %zu outcomes; the worst is told", outcomes);
}

void judge_destination(struct region *region, struct result *result, const struct judge_input *input,
                       const struct destination *destination)
{
    struct judge_input as_configured = *input;
    struct result *configured = result;

    judge_one_way(region, result, input, destination);
    if (input->as != MECHANISM_NONE) {
        as_configured.as = MECHANISM_NONE;
        configured = region_alloc(region, sizeof(*configured));
        judge_one_way(region, configured, &as_configured, destination);
        result->configured = configured;
        result->wanted |= configured->wanted;
    }
    published_tell(region, result, configured, input, destination, judge_one_way);
}
