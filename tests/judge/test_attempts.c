/* Every order in which addresses may be tried: rows for what Postfix is known to do, and random lists against a plain
 * walk over all permutations. */
#include "scanner/judge/attempts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/check.h"

#define ROWS(array) (sizeof(array) / sizeof((array)[0]))
#define RANDOM_LISTS 6000
#define BRUTE_MAX 6

/* An attempt by one letter: what it does. */
static struct attempt attempt_of(char letter, struct region *region, size_t host)
{
    static const struct attempt_letter {
        char letter;
        enum attempt_end end;
        enum verdict verdict;
        bool counts, in_session;
        const char *status, *dsn;
    } letters[] = {
        { 'v', ATTEMPT_SENT, VERDICT_DELIVER, true, false, "sent", "2.0.0" },
        { 'd', ATTEMPT_SENT, VERDICT_DOWNGRADE, true, false, "sent", "2.0.0" },
        { 's', ATTEMPT_SOFT, VERDICT_DEFER, false, true, "deferred", "4.7.4" },
        { 'c', ATTEMPT_SOFT, VERDICT_DEFER, true, true, "deferred", "4.4.2" },
        { 'o', ATTEMPT_SOFT, VERDICT_DEFER, false, false, "deferred", "4.4.1" },
        { 'h', ATTEMPT_HARD, VERDICT_BOUNCE, false, true, "bounced", "5.5.1" },
        { 'l', ATTEMPT_LOOP, VERDICT_BOUNCE, false, true, "bounced", "5.4.6" },
        { '-', ATTEMPT_SILENT, VERDICT_DEFER, false, false, "deferred", "4.3.0" },
        { '!', ATTEMPT_DIES, VERDICT_DEFER, false, false, "deferred", NULL },
        { '?', ATTEMPT_UNKNOWN, VERDICT_UNKNOWN, false, false, "unknown", NULL },
    };
    const struct attempt_letter *row = letters;

    while (row->letter != letter)
        row++;
    return (struct attempt){
        .end = row->end, .verdict = row->verdict, .counts_session = row->counts, .in_session = row->in_session,
        .forecast = { .status = row->status, .dsn = row->dsn, .relay = region_printf(region, "h%zu", host),
                      .tls = "none", .reason = REASON_WRAPPER_NEEDS_ENCRYPT, .text = "what the server said" },
    };
}

/* "deliver h0", "defer h1", "left 4.4.1": sets of these are compared. */
static const char *end_text(struct region *region, const struct attempt_outcome *outcome)
{
    return region_printf(region, "%s %s %s", outcome->settled ? verdict_word(outcome->verdict) : "left",
                         outcome->forecast.dsn != NULL ? outcome->forecast.dsn : "-",
                         outcome->forecast.relay != NULL ? outcome->forecast.relay : "-");
}

/* Groups of equal preference are separated by a space; "o/s": policy of IPv4 / of IPv6. "6" before a letter makes it an
 * IPv6 address, "=" puts it on the host of the address before. */
static const struct row {
    const char *what, *list;
    unsigned addresses, sessions;
    int prefer;
    bool balance, final, soft_bounce;
    const char *initial;
    const char *ends[ATTEMPT_OUTCOMES_MAX];
} rows[] = {
    { "one good host", "v", 5, 2, 0, true, true, false, NULL, { "deliver 2.0.0 h0" } },
    { "no STARTTLS, the only host", "s", 5, 2, 0, true, true, false, NULL, { "defer 4.7.4 h0" } },
    { "the same on a next-hop that is not the last", "s", 5, 2, 0, true, false, false, NULL, { "left 4.7.4 none" } },
    { "a refused connection logs no relay", "o", 5, 2, 0, true, true, false, NULL, { "left 4.4.1 none" } },
    { "the last reason counts, not the last server's", "s o", 5, 2, 0, true, true, false, NULL, { "left 4.4.1 none" } },
    { "either order", "so", 5, 2, 0, true, true, false, NULL, { "left 4.4.1 none", "defer 4.7.4 h0" } },
    { "a refusal that is hard ends it", "h v", 5, 2, 0, true, true, false, NULL, { "bounce 5.5.1 h0" } },
    { "unless the good host comes first", "hv", 5, 2, 0, true, true, false, NULL,
      { "bounce 5.5.1 h0", "deliver 2.0.0 h1" } },
    { "soft_bounce goes on to the next host", "h v", 5, 2, 0, true, true, true, NULL, { "deliver 2.0.0 h1" } },
    { "soft_bounce defers at the last one", "h", 5, 2, 0, true, true, true, NULL, { "defer 4.5.1 h0" } },
    { "the sixth address is never tried", "ooooo v", 5, 2, 0, true, true, false, NULL, { "left 4.4.1 none" } },
    { "five of six equal ones", "ooooov", 5, 2, 0, true, true, false, NULL,
      { "left 4.4.1 none", "deliver 2.0.0 h5" } },
    { "no limit", "ooooo v", 0, 2, 0, true, true, false, NULL, { "deliver 2.0.0 h5" } },
    { "skipped addresses count", "----- v", 5, 2, 0, true, true, false, NULL, { "left 4.3.0 none" } },
    { "silent skips leave the lookups' hard reason", "--", 5, 2, 0, true, true, false, "5.4.4", { "left 5.4.4 none" } },
    { "silent skips leave a stale reason", "s -", 5, 2, 0, true, true, false, NULL, { "left 4.7.4 none" } },
    { "sessions are limited", "c c v", 5, 2, 0, true, true, false, NULL, { "defer 4.4.2 h1" } },
    { "failed handshakes are not", "s s v", 5, 2, 0, true, true, false, NULL, { "deliver 2.0.0 h2" } },
    { "the process dies", "s! v", 5, 2, 0, true, true, false, NULL, { "defer - h1" } },
    { "a better host that could not be observed", "? v", 5, 2, 0, true, true, false, NULL, { "unknown - h0" } },
    { "a backup that could not be observed", "v ?", 5, 2, 0, true, true, false, NULL, { "deliver 2.0.0 h0" } },
    { "IPv6 first", "s6v", 5, 2, 6, true, true, false, NULL, { "deliver 2.0.0 h1" } },
    { "the address tried first decides the policy", "s/v6=s/v", 5, 2, 0, true, true, false, NULL,
      { "defer 4.7.4 h0", "deliver 2.0.0 h0" } },
    { "balanced: two of each family and the odd one", "oooo6s6s6s6s v", 5, 2, 0, true, true, false, NULL,
      { "defer 4.7.4 h5", "left 4.4.1 none" } },
    { "few IPv4 addresses are all kept", "6o6o6o6o6o6ov", 5, 2, 0, true, true, false, NULL, { "deliver 2.0.0 h6" } },
    { "not balanced, they may not be", "6o6o6o6o6o6ov", 5, 2, 0, false, true, false, NULL,
      { "left 4.4.1 none", "deliver 2.0.0 h6" } },
    { "no addresses", "", 5, 2, 0, true, true, false, "5.1.0", { "left 5.1.0 none" } },
    { "no addresses and no reason", "", 5, 2, 0, true, true, false, NULL, { "left 4.3.0 none" } },
};

static size_t read_list(struct region *region, const char *text, struct attempt_address *addresses)
{
    size_t count = 0, host = 0;
    unsigned preference = 10;
    int family = 4;
    bool same = false;

    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            preference += 10;
        } else if (*text == '6') {
            family = 6;
        } else if (*text == '=') {
            same = true;
        } else {
            struct attempt_address *address = &addresses[count];
            bool differs = text[1] == '/';

            *address = (struct attempt_address){ .preference = preference, .family = family,
                                                 .host = same ? host : (host = count) };
            address->by_policy_of[0] = attempt_of(text[0], region, address->host);
            address->by_policy_of[1] = attempt_of(text[differs ? 2 : 0], region, address->host);
            text += differs ? 2 : 0;
            count++;
            family = 4;
            same = false;
        }
    }
    return count;
}

static void test_rows(void)
{
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct row *row = &rows[i];
        struct region *region = region_new();
        struct attempt_address addresses[32];
        struct attempt_outcome outcomes[ATTEMPT_OUTCOMES_MAX];
        struct attempt_rules rules = { .address_limit = row->addresses, .session_limit = row->sessions,
                                       .randomize = true, .prefer_family = row->prefer, .balance = row->balance,
                                       .final_nexthop = row->final, .soft_bounce = row->soft_bounce };
        struct why why = { .dsn = row->initial, .text = "of the lookups", .reason = "no-address" };
        size_t count = attempts_explore(region, addresses, read_list(region, row->list, addresses), &rules, &why,
                                        outcomes, ATTEMPT_OUTCOMES_MAX, NULL);
        size_t wanted = 0;

        while (wanted < ATTEMPT_OUTCOMES_MAX && row->ends[wanted] != NULL)
            wanted++;
        is_int(count, wanted, "%s: \"%s\": so many ends", row->what, row->list);
        for (size_t k = 0; k < wanted && k < count; k++)
            is_text(end_text(region, &outcomes[k]), row->ends[k], "%s: \"%s\", end %zu", row->what, row->list, k);
        region_free(region);
    }
}

/* A generator of our own, so that a seed gives the same lists everywhere. */
static uint32_t state;
static unsigned below(unsigned n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

/* What brute force found: each kind of end with its first order. */
struct brute {
    const struct attempt_address *addresses;
    size_t count;
    struct attempt_rules rules;
    const char *initial;
    struct {
        const char *end;
        size_t order[BRUTE_MAX], length, times;
    } found[16];
    size_t found_count;
    size_t times;             /* how many orders there are */
};

static int sort_key(const struct brute *b, size_t i)
{
    const struct attempt_address *address = &b->addresses[i];

    return (int)address->preference * 2 + (b->rules.prefer_family != 0 && address->family != b->rules.prefer_family);
}

static size_t sorted_list(const struct brute *b, const size_t *permutation, size_t *list)
{
    size_t v4 = 0, v6 = 0, keep4 = SIZE_MAX, keep6 = SIZE_MAX, kept = 0, limit = b->rules.address_limit;
    size_t sorted[BRUTE_MAX];

    memcpy(sorted, permutation, b->count * sizeof(*sorted));
    for (size_t i = 1; i < b->count; i++)
        for (size_t k = i; k > 0 && sort_key(b, sorted[k]) < sort_key(b, sorted[k - 1]); k--) {
            size_t swap = sorted[k];

            sorted[k] = sorted[k - 1];
            sorted[k - 1] = swap;
        }
    for (size_t i = 0; i < b->count; i++)
        *(b->addresses[i].family == 6 ? &v6 : &v4) += 1;
    if (b->rules.balance && limit > 0 && v4 > 0 && v6 > 0 && v4 + v6 > limit) {
        if (v6 <= limit / 2)
            keep6 = v6;
        else if (v4 <= limit / 2)
            keep6 = limit - v4;
        else
            keep6 = limit - (limit + (b->addresses[sorted[0]].family == 4)) / 2;
        keep4 = limit - keep6;
    }
    for (size_t i = 0; i < b->count; i++) {
        size_t *keep = b->addresses[sorted[i]].family == 6 ? &keep6 : &keep4;

        if (*keep > 0) {
            list[kept++] = sorted[i];
            *keep -= 1;
        }
    }
    return kept;
}

static void found(struct brute *b, const char *end, const size_t *order, size_t length)
{
    size_t k = 0;

    while (k < b->found_count && strcmp(b->found[k].end, end) != 0)
        k++;
    b->times++;
    b->found[k].times++;
    if (k < b->found_count) {
        for (size_t i = 0; i < length && i < b->found[k].length; i++) {
            if (order[i] > b->found[k].order[i])
                return;
            if (order[i] < b->found[k].order[i])
                break;
        }
    } else {
        b->found_count++;
    }
    b->found[k].end = end;
    b->found[k].length = length;
    memcpy(b->found[k].order, order, length * sizeof(*order));
}

/* smtp_connect_inet() of Postfix, one list. */
static void walk_list(struct brute *b, const size_t *list, size_t length)
{
    int decided[BRUTE_MAX] = { 0 };
    size_t sessions = 0;
    const char *why = b->initial == NULL ? "left none" : b->initial[0] == '5' ? "left hard" : "left soft";

    for (size_t i = 0; i < length; i++) {
        const struct attempt_address *address = &b->addresses[list[i]];
        const struct attempt *attempt;
        bool hard, last;

        if (decided[address->host] == 0)
            decided[address->host] = address->family;
        attempt = &address->by_policy_of[decided[address->host] == 6];
        hard = attempt->end == ATTEMPT_HARD || attempt->end == ATTEMPT_LOOP;
        if (attempt->end == ATTEMPT_SENT || attempt->end == ATTEMPT_UNKNOWN || attempt->end == ATTEMPT_DIES ||
            (hard && !b->rules.soft_bounce)) {
            found(b, verdict_word(attempt->end == ATTEMPT_DIES ? VERDICT_DEFER : attempt->verdict), list, i + 1);
            return;
        }
        if (attempt->end != ATTEMPT_SILENT)
            why = hard ? "left hard" : "left soft";
        if (!hard && attempt->counts_session && attempt->end == ATTEMPT_SOFT)
            sessions++;
        last = i + 1 == length || i + 1 == b->rules.address_limit ||
               (attempt->counts_session && !hard && b->rules.session_limit > 0 && sessions == b->rules.session_limit);
        if (!last)
            continue;
        if (b->rules.final_nexthop && (hard || (attempt->end == ATTEMPT_SOFT && attempt->in_session)))
            why = "defer";
        found(b, why, list, i + 1);
        return;
    }
}

static void permute(struct brute *b, size_t *permutation, size_t fixed)
{
    size_t list[BRUTE_MAX];

    if (fixed == b->count) {
        walk_list(b, list, sorted_list(b, permutation, list));
        return;
    }
    for (size_t i = fixed; i < b->count; i++) {
        size_t swap = permutation[fixed];

        permutation[fixed] = permutation[i];
        permutation[i] = swap;
        permute(b, permutation, fixed + 1);
        permutation[i] = permutation[fixed];
        permutation[fixed] = swap;
    }
}

static size_t random_list(struct region *region, struct attempt_address *addresses, char *shown)
{
    static const char letters[] = "vdsscooohl--!?";
    size_t count = 1 + below(BRUTE_MAX);
    unsigned preference = 0, families = below(3), open = below(3);

    for (size_t i = 0; i < count; i++) {
        char first = letters[below(ROWS(letters) - 1)], second = first;

        preference += below(3) == 0;
        addresses[i] = (struct attempt_address){ .preference = preference,
                                                 .family = families == 2 ? (below(2) ? 4 : 6) : 4,
                                                 .host = below(2) ? i : below((unsigned)i + 1) };
        if (open == 0)
            second = letters[below(ROWS(letters) - 1)];
        addresses[i].by_policy_of[0] = attempt_of(first, region, i);
        addresses[i].by_policy_of[1] = attempt_of(second, region, i);
        shown += sprintf(shown, " %u:v%d:h%zu:%c/%c", preference, addresses[i].family, addresses[i].host, first,
                         second);
    }
    return count;
}

static const char *kind_of(const struct attempt_outcome *outcome)
{
    if (outcome->settled)
        return verdict_word(outcome->verdict);
    if (outcome->hard)
        return "left hard";
    return strcmp(outcome->forecast.dsn, "4.3.0") == 0 ? "left none" : "left soft";
}

static bool same_ends(const struct brute *b, const struct attempt_outcome *outcomes, size_t count)
{
    if (count != b->found_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < b->found_count && strcmp(b->found[k].end, kind_of(&outcomes[i])) != 0)
            k++;
        if (k == b->found_count || outcomes[i].order_count != b->found[k].length ||
            memcmp(outcomes[i].order, b->found[k].order, b->found[k].length * sizeof(size_t)) != 0)
            return false;
    }
    return true;
}

/* The orders that end in each way, in proportion. Permutations that sorting makes equal come equally often. */
static bool same_shares(const struct brute *b, const struct attempt_outcome *outcomes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < b->found_count; k++) {
            long double wanted = (long double)b->found[k].times / (long double)b->times;

            if (strcmp(b->found[k].end, kind_of(&outcomes[i])) == 0 && !(fabsl(outcomes[i].share - wanted) < 1e-15L))
                return false;
        }
    }
    return true;
}

/* By address, whether some list has it within the limits. */
static bool same_tried(const struct brute *brute, const bool *tried)
{
    struct attempt_address all_fail[BRUTE_MAX];
    struct brute b = *brute;
    size_t permutation[BRUTE_MAX] = { 0 }, list[BRUTE_MAX];
    bool reached[BRUTE_MAX] = { false };

    memcpy(all_fail, b.addresses, b.count * sizeof(*all_fail));
    for (size_t turn = 0; turn < 400; turn++) {
        size_t length;

        for (size_t i = 0; i < b.count; i++)
            permutation[i] = i;
        for (size_t i = b.count; i > 1; i--) {
            size_t k = below((unsigned)i), swap = permutation[k];

            permutation[k] = permutation[i - 1];
            permutation[i - 1] = swap;
        }
        length = sorted_list(&b, permutation, list);
        for (size_t i = 0; i < length && (b.rules.address_limit == 0 || i < b.rules.address_limit); i++)
            reached[list[i]] = true;
    }
    return memcmp(reached, tried, b.count * sizeof(*tried)) == 0;
}

static void test_random(void)
{
    size_t wrong = 0, wrong_tried = 0, wrong_shares = 0;

    state = 20261120;
    for (size_t turn = 0; turn < RANDOM_LISTS; turn++) {
        struct region *region = region_new();
        struct attempt_address addresses[BRUTE_MAX];
        struct attempt_outcome outcomes[ATTEMPT_OUTCOMES_MAX];
        size_t permutation[BRUTE_MAX] = { 0, 1, 2, 3, 4, 5 };
        bool tried[BRUTE_MAX];
        char shown[512];
        struct brute b = { .addresses = addresses, .count = random_list(region, addresses, shown) };
        struct why why;
        size_t count;

        b.rules = (struct attempt_rules){ .address_limit = below(7), .session_limit = below(3), .randomize = true,
                                          .prefer_family = (int[]){ 0, 0, 4, 6 }[below(4)], .balance = below(2),
                                          .final_nexthop = below(2), .soft_bounce = below(4) == 0,
                                          .count_orders = true };
        b.initial = (const char *[]){ NULL, "5.4.4", "4.4.3" }[below(3)];
        why = (struct why){ .dsn = b.initial, .text = "of the lookups", .reason = "no-address" };
        permute(&b, permutation, 0);
        count = attempts_explore(region, addresses, b.count, &b.rules, &why, outcomes, ATTEMPT_OUTCOMES_MAX, tried);
        if (!same_ends(&b, outcomes, count) && wrong++ < 3) {
            check_note("%s limit %u sessions %u prefer %d balance %d final %d soft %d initial %s", shown,
                       b.rules.address_limit, b.rules.session_limit, b.rules.prefer_family, b.rules.balance,
                       b.rules.final_nexthop, b.rules.soft_bounce, b.initial != NULL ? b.initial : "-");
            for (size_t i = 0; i < count; i++)
                check_note("  got %s, %zu tried", kind_of(&outcomes[i]), outcomes[i].order_count);
            for (size_t i = 0; i < b.found_count; i++)
                check_note("  want %s, %zu tried", b.found[i].end, b.found[i].length);
        }
        if (!same_shares(&b, outcomes, count) && wrong_shares++ < 3)
            for (size_t i = 0; i < count; i++)
                check_note("%s limit %u sessions %u balance %d: share of %s is %Lg", shown, b.rules.address_limit,
                           b.rules.session_limit, b.rules.balance, kind_of(&outcomes[i]), outcomes[i].share);
        wrong_tried += turn % 20 == 0 && !same_tried(&b, tried);
        region_free(region);
    }
    is_int(wrong, 0, "%d random lists end as a walk over all their permutations", RANDOM_LISTS);
    is_int(wrong_shares, 0, "in as many of the orders");
    is_int(wrong_tried, 0, "and the same addresses come within the limits");
}

/* Long lists: the answer is known, the search must not explode. */
static void test_long(void)
{
    static const struct long_row {
        const char *what, *pattern, *last;
        unsigned limit, sessions;
        int count;
        const char *ends[4];
    } longs[] = {
        { "unlimited", "so6o6s-", "v", 0, 2, 500, { "deliver 2.0.0 none" } },
        { "five of five hundred", "so6o6s-", "v", 5, 2, 500, { "left", "defer", "deliver" } },
        { "fifty of five hundred", "so6o6sc", "v", 50, 0, 500, { "left", "defer", "deliver" } },
        { "hosts with an open policy", "s/o6=o/s", "v", 5, 2, 500, { "left", "defer", "deliver" } },
    };

    for (size_t i = 0; i < ROWS(longs); i++) {
        struct region *region = region_new();
        struct attempt_address *addresses = region_array(region, 600, sizeof(*addresses));
        struct attempt_outcome outcomes[ATTEMPT_OUTCOMES_MAX];
        struct attempt_rules rules = { .address_limit = longs[i].limit, .session_limit = longs[i].sessions,
                                       .balance = true, .final_nexthop = true };
        char *text = region_alloc(region, 20000);
        size_t count;

        for (int k = 0; k < longs[i].count; k += 5)
            strcat(text, longs[i].pattern);
        strcat(text, longs[i].last);
        count = attempts_explore(region, addresses, read_list(region, text, addresses), &rules, &(struct why){ .dsn = NULL },
                                 outcomes, ATTEMPT_OUTCOMES_MAX, NULL);
        for (size_t k = 0; k < count; k++)
            check_ok(!outcomes[k].unknown, "%s: %s is known", longs[i].what, end_text(region, &outcomes[k]));
        check_ok(count >= 1, "%s: %zu ends", longs[i].what, count);
        region_free(region);
    }
}

/* "v*3o*497": so many of each. Shares that can be worked out by hand. */
static void test_shares(void)
{
    static const struct share_row {
        const char *what, *list;
        unsigned limit, sessions;
        bool final;
        const char *kind;
        long double share, orders;
    } shares[] = {
        { "one of two", "vo", 5, 2, true, "deliver", 1, 2 },
        { "a bounce comes first in one of two", "vh", 5, 2, true, "bounce", 1 / 2.0L, 2 },
        { "two of three", "vhh", 5, 2, true, "bounce", 2 / 3.0L, 6 },
        { "two groups", "oo vhh", 5, 2, true, "bounce", 2 / 3.0L, 12 },
        { "the last one decides", "so", 5, 2, true, "defer", 1 / 2.0L, 2 },
        { "five of five hundred", "v*1o*499", 5, 2, true, "deliver", 1 / 100.0L, INFINITY },
        { "fifty of five hundred", "v*1o*300-*199", 50, 2, true, "deliver", 1 / 10.0L, INFINITY },
        { "no limit", "v*1h*3o*300s*100-*100", 0, 2, true, "bounce", 3 / 4.0L, INFINITY },
        { "two sessions", "v*10c*10", 0, 2, true, "defer", 10 * 9 / (20 * 19.0L), 2432902008176640000.0L },
        { "two sessions of three preferences", "o*20c*1 -*5c*1v*1 v", 0, 2, true, "defer", 1 / 2.0L, INFINITY },
        { "the last of five hundred", "s*100o*400", 0, 2, true, "defer", 1 / 5.0L, INFINITY },
        { "skipped ones after it leave its reason, and no session", "s*1-*9", 0, 2, true, "defer", 1 / 10.0L, 3628800 },
        { "two thousand", "v*1h*1o*1998", 20, 2, true, "deliver", 1 / 100.0L - 190 / (2000 * 1999.0L), INFINITY },
    };

    for (size_t i = 0; i < ROWS(shares); i++) {
        struct region *region = region_new();
        struct attempt_address *addresses = region_array(region, 3000, sizeof(*addresses));
        struct attempt_outcome outcomes[ATTEMPT_OUTCOMES_MAX];
        struct attempt_rules rules = { .address_limit = shares[i].limit, .session_limit = shares[i].sessions,
                                       .balance = true, .final_nexthop = shares[i].final, .count_orders = true };
        char *text = region_alloc(region, 4000), *end = text;
        long double all = 0, orders;
        size_t count, length;

        for (const char *p = shares[i].list; *p != '\0';) {
            char letter = *p++;
            long times = *p == '*' ? strtol(p + 1, (char **)(uintptr_t)&p, 10) : 1;

            memset(end, letter, (size_t)times);
            end += times;
        }
        length = read_list(region, text, addresses);
        count = attempts_explore(region, addresses, length, &rules, &(struct why){ .dsn = NULL }, outcomes,
                                 ATTEMPT_OUTCOMES_MAX, NULL);
        for (size_t k = 0; k < count; k++) {
            all += outcomes[k].share;
            if (strcmp(kind_of(&outcomes[k]), shares[i].kind) == 0)
                check_ok(fabsl(outcomes[k].share - shares[i].share) < 1e-12L, "%s: %s in %Lg of the orders: %Lg",
                         shares[i].what, shares[i].kind, shares[i].share, outcomes[k].share);
        }
        check_ok(fabsl(all - 1) < 1e-12L, "%s: all %zu ends are all orders: %Lg", shares[i].what, count, all);
        orders = attempts_orders(addresses, length, &rules);
        check_ok(orders == shares[i].orders || (isinf(shares[i].orders) && orders > 1e18L), "%s: %Lg orders",
                 shares[i].what, orders);
        region_free(region);
    }
}

int main(void)
{
    test_rows();
    test_random();
    test_long();
    test_shares();
    return check_done();
}
