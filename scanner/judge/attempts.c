#include "scanner/judge/attempts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/judge/attempts_search.h"
#include "scanner/judge/attempts_share.h"

/* Longer lists, or deeper searches, than any Postfix release makes of DNS replies of sane size. */
#define ADDRESSES_MAX UINT16_MAX
#define DEPTH_MAX     2000

/* A list of addresses and how it was reduced. */
struct list {
    const struct attempt_address *addresses;
    size_t                        count;
    const struct attempt_rules   *rules;
    struct region                *scratch;
    struct search                 search;
    unsigned                     *groups;     /* of each address */
    size_t                      (*classes)[2]; /* of each address, by the family that decided */
    size_t                       *kinds;      /* open kind of the address's host; SIZE_MAX: nothing is open about it */
    size_t                       *members;    /* number within the kind */
    size_t                       *hosts;      /* the first address of the same host */
};

/* An order on its way: what was tried so far. */
struct walk {
    struct point *point, *next;
    size_t       *order;
    size_t        count;
    bool         *taken;
    int          *decided;    /* of each host that is open: family that decided its policy, 0 before */
};

static bool is_settled(enum attempt_end end)
{
    return end == ATTEMPT_SENT || end == ATTEMPT_DIES || end == ATTEMPT_UNKNOWN;
}

static unsigned settled_end(const struct attempt *attempt)
{
    if (attempt->end == ATTEMPT_DIES)
        return END_DEFER;
    if (attempt->end == ATTEMPT_UNKNOWN)
        return END_UNKNOWN;
    return attempt->verdict == VERDICT_DELIVER ? END_DELIVER : END_DOWNGRADE;
}

/* soft_bounce makes hard failures act like soft ones, but their why stays hard. */
static struct step step_of(const struct attempt *attempt, const struct attempt_rules *rules)
{
    bool hard = attempt->end == ATTEMPT_HARD || attempt->end == ATTEMPT_LOOP;

    if (is_settled(attempt->end))
        return (struct step){ .end = settled_end(attempt) };
    if (hard && !rules->soft_bounce)
        return (struct step){ .end = END_BOUNCE };
    if (attempt->end == ATTEMPT_SILENT)
        return (struct step){ .silent = true };
    return (struct step){ .in_session = hard || attempt->in_session,
                          .counts = attempt->counts_session && rules->session_limit > 0,
                          .why = hard ? LEFT_HARD : LEFT_SOFT };
}

static bool step_eq(const struct step *a, const struct step *b)
{
    return a->end == b->end && a->in_session == b->in_session && a->counts == b->counts && a->silent == b->silent &&
           a->why == b->why;
}

/* Numbers the groups: by preference, and by family within one where a family is preferred. The addresses are sorted by
 * preference. */
static void number_groups(struct list *list)
{
    unsigned group = 0;
    int prefer = list->rules->prefer_family;

    for (size_t i = 0; i < list->count; i++) {
        if (i > 0 && list->addresses[i].preference != list->addresses[i - 1].preference)
            group += 2;
        list->groups[i] = group + (prefer != 0 && list->addresses[i].family != prefer);
    }
}

static size_t class_find(struct search *search, unsigned group, int family, struct step step)
{
    struct step_class *class;

    for (size_t i = 0; i < search->class_count; i++) {
        class = &search->classes[i];
        if (class->group == group && class->family == family && step_eq(&class->step, &step))
            return i;
    }
    search->classes[search->class_count] = (struct step_class){ group, family, step };
    return search->class_count++;
}

/* smtp_balance_inet_proto() of smtp_addr.c: when there are too many addresses, neither family crowds the other out. */
static void plan_balance(struct list *list, uint16_t left[2])
{
    unsigned limit = list->rules->address_limit, of[2] = { 0, 0 };

    for (size_t i = 0; i < list->count; i++)
        of[list->addresses[i].family == 6]++;
    if (!list->rules->balance || limit == 0 || of[0] == 0 || of[1] == 0 || of[0] + of[1] <= limit)
        return;
    list->search.balanced = true;
    list->search.balance_total = limit;
    if (of[1] <= limit / 2) {
        left[1] = (uint16_t)of[1];
        left[0] = (uint16_t)(limit - of[1]);
    } else if (of[0] <= limit / 2) {
        left[0] = (uint16_t)of[0];
        left[1] = (uint16_t)(limit - of[0]);
    } else {
        list->search.first_decides = true;
    }
}

static int compare_members(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct open_member));
}

static size_t kind_find(struct search *search, const struct open_member *members, size_t count)
{
    for (size_t k = 0; k < search->kind_count; k++)
        if (search->kinds[k].count == count &&
            memcmp(search->kinds[k].members, members, count * sizeof(*members)) == 0)
            return k;
    search->kinds[search->kind_count] = (struct open_kind){ members, count };
    return search->kind_count++;
}

/* The addresses of a host of which some would fare differently under the other family's policy. */
static void open_host(struct list *list, const size_t *of_host, size_t count)
{
    struct open_member *members = region_array(list->scratch, count, sizeof(*members));
    size_t kind;

    for (size_t i = 0; i < count; i++) {
        members[i].family = list->addresses[of_host[i]].family;
        memcpy(members[i].if_policy_of, list->classes[of_host[i]], sizeof(members[i].if_policy_of));
    }
    qsort(members, count, sizeof(*members), compare_members);
    kind = kind_find(&list->search, members, count);
    for (size_t i = 0; i < count; i++) {
        size_t m = 0;

        while (members[m].family != list->addresses[of_host[i]].family ||
               memcmp(members[m].if_policy_of, list->classes[of_host[i]], sizeof(members[m].if_policy_of)) != 0)
            m++;
        list->kinds[of_host[i]] = kind;
        list->members[of_host[i]] = m;
    }
}

static int compare_hosts(const void *a, const void *b, void *arg)
{
    const struct attempt_address *addresses = arg;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    if (addresses[x].host != addresses[y].host)
        return addresses[x].host < addresses[y].host ? -1 : 1;
    return (x > y) - (x < y);
}

static void join_host(struct list *list, const size_t *of_host, size_t count)
{
    bool families[2] = { false, false }, differ = false;

    for (size_t i = 0; i < count; i++) {
        list->hosts[of_host[i]] = of_host[0];
        families[list->addresses[of_host[i]].family == 6] = true;
        differ |= list->classes[of_host[i]][0] != list->classes[of_host[i]][1];
    }
    if (families[0] && families[1] && differ)
        open_host(list, of_host, count);
}

static void join_hosts(struct list *list)
{
    size_t *sorted = region_array(list->scratch, list->count, sizeof(*sorted));
    size_t start = 0;

    for (size_t i = 0; i < list->count; i++)
        sorted[i] = i;
    qsort_r(sorted, list->count, sizeof(*sorted), compare_hosts, (void *)(uintptr_t)list->addresses);
    for (size_t i = 1; i <= list->count; i++) {
        if (i < list->count && list->addresses[sorted[i]].host == list->addresses[sorted[start]].host)
            continue;
        join_host(list, sorted + start, i - start);
        start = i;
    }
}

static void classify(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct attempt_address *address = &list->addresses[i];
        int family = list->search.balanced ? address->family : 0;

        for (int f = 0; f < 2; f++)
            list->classes[i][f] = class_find(&list->search, list->groups[i], family,
                                             step_of(&address->by_policy_of[f], list->rules));
        list->kinds[i] = SIZE_MAX;
    }
}

/* The class of an address, as far as its host's policy is decided; a host that is not open decides for itself. */
static size_t class_of(const struct list *list, size_t i, int decided)
{
    return list->classes[i][(decided != 0 ? decided : list->addresses[i].family) == 6];
}

static struct point *first_point(const struct list *list, const uint16_t left[2], enum left why)
{
    struct point *point = region_alloc(list->scratch, point_size(&list->search));

    point->why = (uint16_t)why;
    point->left[0] = left[0];
    point->left[1] = left[1];
    for (size_t i = 0; i < list->count; i++) {
        if (list->kinds[i] == SIZE_MAX)
            point->counts[class_of(list, i, 0)]++;
        else if (list->hosts[i] == i)
            point->counts[list->search.class_count + list->kinds[i]]++;
    }
    return point;
}

static struct choice choice_of(const struct list *list, const struct walk *walk, size_t i)
{
    int decided = walk->decided[list->hosts[i]];

    if (list->kinds[i] == SIZE_MAX || decided != 0)
        return (struct choice){ class_of(list, i, decided), SIZE_MAX, 0 };
    return (struct choice){ class_of(list, i, 0), list->kinds[i], list->members[i] };
}

/* Whether addresses with this choice were looked at before: they are all alike. */
static bool seen_before(const struct list *list, const struct walk *walk, size_t i, struct choice choice, size_t from)
{
    for (; from < i; from++) {
        struct choice other;

        if (walk->taken[from] || list->groups[from] != list->groups[i])
            continue;
        other = choice_of(list, walk, from);
        if (other.class == choice.class && other.of_kind == choice.of_kind && other.member == choice.member)
            return true;
    }
    return false;
}

static void advance(const struct list *list, struct walk *walk, size_t i)
{
    struct point *point = walk->point;

    walk->order[walk->count++] = i;
    walk->taken[i] = true;
    if (list->kinds[i] != SIZE_MAX && walk->decided[list->hosts[i]] == 0)
        walk->decided[list->hosts[i]] = list->addresses[i].family;
    walk->point = walk->next;
    walk->next = point;
}

/* Tries the first address from which the end can still be reached. False when the delivery ended with it. */
static bool walk_on(struct list *list, struct walk *walk, unsigned end)
{
    size_t first = 0;

    while (first < list->count && walk->taken[first])
        first++;
    for (size_t i = first; i < list->count; i++) {
        struct choice choice = choice_of(list, walk, i);
        unsigned now;

        if (walk->taken[i] || !search_allows(&list->search, walk->point, choice) ||
            seen_before(list, walk, i, choice, first))
            continue;
        now = search_step(&list->search, walk->point, choice, walk->next);
        if (now == end || (now == 0 && (search_ends(&list->search, walk->next) & end) != 0)) {
            advance(list, walk, i);
            return now == 0;
        }
    }
    return false;
}

static const struct attempt *attempt_of(const struct list *list, const struct walk *walk, size_t i)
{
    int decided = walk->decided[list->hosts[i]];

    return &list->addresses[i].by_policy_of[(decided != 0 ? decided : list->addresses[i].family) == 6];
}

static struct forecast softened(struct region *region, struct forecast forecast)
{
    if (forecast.dsn != NULL && forecast.dsn[0] == '5') {
        char *dsn = region_text(region, forecast.dsn);

        dsn[0] = '4';
        forecast.dsn = dsn;
        forecast.status = "deferred";
    }
    return forecast;
}

/* What settles a delivery whose list is at its end: the last why, and no session any more. */
static struct forecast left_forecast(const struct list *list, const struct walk *walk, const struct why *initial)
{
    const struct attempt *attempt = NULL;
    struct forecast forecast = { .status = "deferred", .dsn = "4.3.0", .relay = "none", .tls = "none",
                                 .reason = REASON_NOT_OBSERVED,
                                 .text = "server unavailable or unable to receive mail" };

    for (size_t i = walk->count; i > 0; i--) {
        attempt = attempt_of(list, walk, walk->order[i - 1]);
        if (attempt->end != ATTEMPT_SILENT) {
            forecast = attempt->forecast;
            forecast.relay = forecast.tls = "none";
            return forecast;
        }
    }
    if (attempt != NULL) {
        forecast.reason = attempt_of(list, walk, walk->order[walk->count - 1])->forecast.reason;
        forecast.effective_level = attempt->forecast.effective_level;
    }
    if (initial->dsn != NULL) {
        forecast.effective_level = NULL;
        forecast.status = initial->dsn[0] == '5' ? "bounced" : "deferred";
        forecast.dsn = initial->dsn;
        forecast.text = initial->text;
        reason_parse(initial->reason, &forecast.reason);
    }
    return forecast;
}

static enum verdict end_verdict(unsigned end)
{
    switch (end) {
    case END_DELIVER:
        return VERDICT_DELIVER;
    case END_DOWNGRADE:
        return VERDICT_DOWNGRADE;
    case END_BOUNCE:
    case END_LEFT_HARD:
        return VERDICT_BOUNCE;
    case END_UNKNOWN:
        return VERDICT_UNKNOWN;
    default:
        return VERDICT_DEFER;
    }
}

static struct attempt_outcome outcome_of(struct region *region, const struct list *list, const struct walk *walk,
                                         unsigned end, const struct why *initial)
{
    struct attempt_outcome outcome = { .settled = end < END_LEFT_NONE, .verdict = end_verdict(end),
                                       .hard = end == END_LEFT_HARD, .unknown = end == END_UNKNOWN,
                                       .order_first = SIZE_MAX, .order_count = walk->count,
                                       .share = NAN };

    if (outcome.settled) {
        outcome.order_first = walk->order[walk->count - 1];
        outcome.forecast = attempt_of(list, walk, outcome.order_first)->forecast;
        if (end == END_DEFER)
            outcome.forecast = softened(region, outcome.forecast);
    } else {
        outcome.forecast = left_forecast(list, walk, initial);
    }
    outcome.order = region_copy(region, walk->order, walk->count * sizeof(*walk->order));
    return outcome;
}

/* The first of all orders that end so. */
static struct attempt_outcome first_order(struct region *region, struct list *list, const struct point *start,
                                          unsigned end, const struct why *initial)
{
    struct walk walk = { .count = 0 };

    walk.point = region_alloc(list->scratch, point_size(&list->search));
    memcpy(walk.point, start, point_size(&list->search));
    walk.next = region_alloc(list->scratch, point_size(&list->search));
    walk.order = region_array(list->scratch, list->count, sizeof(*walk.order));
    walk.taken = region_array(list->scratch, list->count, sizeof(*walk.taken));
    walk.decided = region_array(list->scratch, list->count, sizeof(*walk.decided));
    while (walk_on(list, &walk, end))
        continue;
    return outcome_of(region, list, &walk, end, initial);
}

static int compare_outcomes(const void *a, const void *b)
{
    const struct attempt_outcome *x = a, *y = b;

    for (size_t i = 0; i < x->order_count && i < y->order_count; i++)
        if (x->order[i] != y->order[i])
            return x->order[i] < y->order[i] ? -1 : 1;
    return (x->order_count > y->order_count) - (x->order_count < y->order_count);
}

/* Which addresses come within the limits when all before them fail. before: of each family, how many are in the groups
 * before a group; the last row is the end of the list. */
static void find_tried(const struct list *list, const uint16_t left[2], bool *tried)
{
    size_t groups = 2 * list->count + 1, first = SIZE_MAX;
    size_t (*before)[2] = region_array(list->scratch, groups + 1, sizeof(*before));
    unsigned limit = list->rules->address_limit;

    for (size_t i = 0; i < list->count; i++) {
        before[list->groups[i] + 1][list->addresses[i].family == 6]++;
        first = list->groups[i] < first ? list->groups[i] : first;
    }
    for (size_t group = 1; group <= groups; group++)
        for (int f = 0; f < 2; f++)
            before[group][f] += before[group - 1][f];
    for (size_t i = 0; i < list->count; i++) {
        int f = list->addresses[i].family == 6;
        const size_t *ahead = before[list->groups[i]];
        size_t room = left[f];

        if (list->search.first_decides)
            room = (limit + (before[first + 1][f] > 0)) / 2;
        tried[i] = list->search.balanced ? ahead[f] < room : limit == 0 || ahead[0] + ahead[1] < limit;
    }
}

static void list_init(struct list *list, uint16_t left[2])
{
    const struct attempt_rules *rules = list->rules;
    size_t n = list->count;

    list->groups = region_array(list->scratch, n, sizeof(*list->groups));
    list->classes = region_array(list->scratch, n, sizeof(*list->classes));
    list->kinds = region_array(list->scratch, n, sizeof(*list->kinds));
    list->members = region_array(list->scratch, n, sizeof(*list->members));
    list->hosts = region_array(list->scratch, n, sizeof(*list->hosts));
    list->search = (struct search){ .address_limit = rules->address_limit < n ? rules->address_limit : 0,
                                    .session_limit = rules->session_limit, .final = rules->final_nexthop };
    list->search.classes = region_array(list->scratch, 2 * n, sizeof(*list->search.classes));
    list->search.kinds = region_array(list->scratch, n, sizeof(*list->search.kinds));
    number_groups(list);
    plan_balance(list, left);
    classify(list);
    join_hosts(list);
}

static struct attempt_outcome too_many(void)
{
    return (struct attempt_outcome){ .settled = true, .verdict = VERDICT_UNKNOWN, .unknown = true,
                                     .order_first = SIZE_MAX, .share = NAN,
                                     .forecast = { .status = "unknown", .reason = REASON_PROBE_CUT_SHORT } };
}

static size_t explore(struct region *region, struct list *list, const struct why *initial,
                      struct attempt_outcome *outcomes, size_t max, bool *tried)
{
    uint16_t left[2] = { 0, 0 };
    enum left why = initial->dsn == NULL ? LEFT_NONE : initial->dsn[0] == '5' ? LEFT_HARD : LEFT_SOFT;
    const struct point *start;
    long double shares[ENDS];
    unsigned ends;
    size_t count = 0;

    list_init(list, left);
    if (tried != NULL)
        find_tried(list, left, tried);
    if (list->count > ADDRESSES_MAX || list->search.address_limit > DEPTH_MAX || max == 0) {
        outcomes[0] = too_many();
        return max > 0;
    }
    start = first_point(list, left, why);
    list->search.memory = dict_new();
    ends = search_ends(&list->search, start);
    if (list->rules->count_orders)
        attempts_share(&list->search, start, shares);
    for (int i = 0; i < ENDS && !list->search.exhausted; i++) {
        if ((ends & (1u << i)) == 0 || count >= max)
            continue;
        outcomes[count] = first_order(region, list, start, 1u << i, initial);
        outcomes[count++].share = list->rules->count_orders ? shares[i] : NAN;
    }
    if (list->search.exhausted) {
        outcomes[0] = too_many();
        count = 1;
    }
    dict_free(list->search.memory);
    qsort(outcomes, count, sizeof(*outcomes), compare_outcomes);
    return count;
}

static struct attempt_outcome empty_list(const struct why *initial)
{
    struct list list = { .count = 0 };
    struct walk walk = { .count = 0 };
    struct attempt_outcome outcome = { .forecast = left_forecast(&list, &walk, initial), .order_first = SIZE_MAX,
                                       .share = 1 };

    outcome.hard = initial->dsn != NULL && initial->dsn[0] == '5';
    outcome.verdict = outcome.hard ? VERDICT_BOUNCE : VERDICT_DEFER;
    return outcome;
}

size_t attempts_explore(struct region *region, const struct attempt_address *addresses, size_t count,
                        const struct attempt_rules *rules, const struct why *initial_why,
                        struct attempt_outcome *outcomes, size_t max, bool *tried)
{
    struct list list = { .addresses = addresses, .count = count, .rules = rules };
    size_t found;

    if (count == 0) {
        if (max > 0)
            outcomes[0] = empty_list(initial_why);
        return max > 0;
    }
    list.scratch = region_new();
    found = explore(region, &list, initial_why, outcomes, max, tried);
    region_free(list.scratch);
    return found;
}

long double attempts_orders(const struct attempt_address *addresses, size_t count, const struct attempt_rules *rules)
{
    struct list list = { .addresses = addresses, .count = count, .rules = rules, .scratch = region_new() };
    long double orders = 1;
    size_t *in_group = region_array(list.scratch, 2 * count + 2, sizeof(*in_group));

    list.groups = region_array(list.scratch, count + 1, sizeof(*list.groups));
    number_groups(&list);
    for (size_t i = 0; i < count; i++)
        orders *= (long double)++in_group[list.groups[i]];
    region_free(list.scratch);
    return orders;
}
