#include "scanner/judge/chain.h"

#include <math.h>
#include <string.h>

#define LOOP_DSN "5.4.6"

/* Verdicts as a set. */
#define BIT(verdict) (1u << (verdict))

/* Ends of every hop: the hops' own, or another's in the place of one. */
struct walk {
    const struct chain *chain;
    bool                aged;
    size_t              replaced;   /* number of a hop, SIZE_MAX: none */
    const struct hop_ends *instead;
};

static const struct hop_ends *ends_of(const struct walk *walk, size_t i)
{
    const struct hop *hop = &walk->chain->hops[i];

    if (i == walk->replaced)
        return walk->instead;
    return walk->aged ? &hop->aged_ends : &hop->fresh_ends;
}

static const char *with_class(struct region *region, const char *dsn, char class)
{
    return region_printf(region, "%c%s", class, dsn + 1);
}

/* A hard reason is left: a fallback relay or the relayhost that cannot be used is taken for a mistake of ours. */
static enum verdict settle_hard(const struct chain *chain, struct forecast *forecast)
{
    const struct hop *last = &chain->hops[chain->count - 1];
    const struct params *params = last->service->params;
    bool smtp = params_program(params) == PROGRAM_SMTP;

    if (last->fallback || (smtp && strcmp(chain->hops[0].text, params_text(params, "relayhost")) == 0)) {
        forecast->status = "deferred";
        forecast->dsn = "4.3.5";
        return VERDICT_DEFER;
    }
    if (smtp && strcmp(forecast->dsn, LOOP_DSN) == 0 && params_text(params, "best_mx_transport")[0] != '\0') {
        *forecast = (struct forecast){ .status = "sent", .dsn = "2.0.0", .relay = "none", .tls = "none",
                                       .reason = REASON_NOT_SMTP };
        return VERDICT_DELIVER;
    }
    forecast->status = "bounced";
    if (!params_bool(params, "soft_bounce"))
        return VERDICT_BOUNCE;
    forecast->status = "deferred";
    forecast->dsn = with_class(chain->region, forecast->dsn, '4');
    return VERDICT_DEFER;
}

/* What an outcome of the last hop means for the delivery. */
static enum verdict settle(const struct chain *chain, const struct attempt_outcome *outcome, struct forecast *forecast)
{
    *forecast = outcome->forecast;
    if (outcome->settled)
        return outcome->verdict;
    if (outcome->hard)
        return settle_hard(chain, forecast);
    forecast->status = "deferred";
    return VERDICT_DEFER;
}

/* The verdicts that can come of one hop, given those of what comes behind it. */
static unsigned reach_of(const struct walk *walk, size_t i, unsigned behind)
{
    const struct hop_ends *ends = ends_of(walk, i);
    bool last = i + 1 == walk->chain->count;
    struct forecast forecast;
    unsigned set = 0;

    for (size_t k = 0; k < ends->count; k++) {
        bool here = ends->outcomes[k].settled || last;

        set |= here ? BIT(settle(walk->chain, &ends->outcomes[k], &forecast)) : behind;
    }
    return set;
}

/* The verdicts that can come of the hops from number i on. */
static unsigned reach(const struct walk *walk, size_t i)
{
    unsigned set = 0;

    for (size_t k = walk->chain->count; k > i; k--)
        set = reach_of(walk, k - 1, set);
    return set;
}

static size_t place_of(const struct hop *hop, const struct attempt_outcome *outcome)
{
    return outcome->order_first == SIZE_MAX ? SIZE_MAX : hop->places[outcome->order_first];
}

/* The first order, by host, that gives the verdict; it can be reached. */
static void find_forecast(const struct walk *walk, enum verdict verdict, struct chain_end *end)
{
    for (size_t i = 0; i < walk->chain->count; i++) {
        const struct hop_ends *ends = ends_of(walk, i);
        bool last = i + 1 == walk->chain->count;
        unsigned behind = last ? 0 : reach(walk, i + 1);
        size_t k = 0;

        for (; k < ends->count; k++) {
            const struct attempt_outcome *outcome = &ends->outcomes[k];

            if ((outcome->settled || last) && settle(walk->chain, outcome, &end->forecast) == verdict) {
                end->hop = i;
                end->place = place_of(&walk->chain->hops[i], outcome);
                return;
            }
            if (!outcome->settled && (behind & BIT(verdict)) != 0)
                break;
        }
    }
}

static enum verdict worst_of(unsigned set)
{
    for (int verdict = VERDICT_BOUNCE; verdict >= VERDICT_DELIVER; verdict--)
        if ((set & BIT(verdict)) != 0)
            return (enum verdict)verdict;
    return VERDICT_UNKNOWN;
}

static enum verdict best_of(unsigned set)
{
    for (int verdict = VERDICT_DELIVER; verdict <= VERDICT_BOUNCE; verdict++)
        if ((set & BIT(verdict)) != 0)
            return (enum verdict)verdict;
    return VERDICT_UNKNOWN;
}

/* Shares of the orders, by the verdict that they give. */
static void share_out(const struct walk *walk, long double shares[VERDICT_UNKNOWN + 1])
{
    long double behind[VERDICT_UNKNOWN + 1];
    struct forecast forecast;

    memset(shares, 0, sizeof(behind));
    for (size_t i = walk->chain->count; i > 0; i--) {
        const struct hop_ends *ends = ends_of(walk, i - 1);

        memcpy(behind, shares, sizeof(behind));
        memset(shares, 0, sizeof(behind));
        for (size_t k = 0; k < ends->count; k++) {
            const struct attempt_outcome *outcome = &ends->outcomes[k];

            if (outcome->settled || i == walk->chain->count)
                shares[settle(walk->chain, outcome, &forecast)] += outcome->share;
            else
                for (int v = 0; v <= VERDICT_UNKNOWN; v++)
                    shares[v] += outcome->share * behind[v];
        }
    }
}

static void count_orders(const struct walk *walk, struct chain_end *end)
{
    long double shares[VERDICT_UNKNOWN + 1];

    share_out(walk, shares);
    end->orders = 1;
    end->share_worse = 0;
    for (size_t i = 0; i < walk->chain->count; i++)
        end->orders *= walk->chain->hops[i].orders;
    for (int v = (int)end->best + 1; v <= VERDICT_BOUNCE; v++)
        end->share_worse += shares[v];
}

void chain_end(const struct chain *chain, bool aged, struct chain_end *end)
{
    struct walk walk = { chain, aged, SIZE_MAX, NULL };
    unsigned set = reach(&walk, 0);

    *end = (struct chain_end){ .verdict = VERDICT_UNKNOWN, .best = VERDICT_UNKNOWN, .worst = VERDICT_UNKNOWN,
                               .place = SIZE_MAX, .share_worse = NAN };
    if ((set & BIT(VERDICT_UNKNOWN)) == 0) {
        end->best = best_of(set);
        end->verdict = end->worst = worst_of(set);
        if (aged)
            count_orders(&walk, end);
    }
    find_forecast(&walk, end->verdict, end);
}

enum verdict chain_verdict_without(const struct chain *chain, size_t hop, unsigned preference)
{
    struct hop_ends ends = { .count = 0 };
    struct walk walk = { chain, true, hop, &ends };
    unsigned set;

    hop_explore_without(chain->region, &chain->hops[hop], preference, &ends);
    set = reach(&walk, 0);
    return (set & BIT(VERDICT_UNKNOWN)) != 0 ? VERDICT_UNKNOWN : worst_of(set);
}
