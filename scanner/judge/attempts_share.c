#include "scanner/judge/attempts_share.h"

#include <math.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/base/region.h"

/* Beyond so much work or memory orders are not counted. Reached only by lists of hundreds of hosts under unusual settings. */
#define WORK_MAX   100000000.0
#define MEMORY_MAX ((size_t)16 << 20)
#define DEPTH_MAX  2000

#define POINT_OVERHEAD 320

static void none_counted(long double shares[ENDS])
{
    for (int i = 0; i < ENDS; i++)
        shares[i] = NAN;
}

static int number_of(unsigned end)
{
    int number = 0;

    while ((end >> number) > 1)
        number++;
    return number;
}

/* Without balancing, and where each address's fate is its own: group by group. Which of the addresses that differ in
 * nothing but what they leave in why comes last is a matter of proportion, so three kinds of those that go on are enough. */

enum kind { KIND_COUNTED, KIND_SPOKEN, KIND_SILENT, KIND_SETTLED, KINDS };

/* The addresses of one group. */
struct crowd {
    const struct search *search;
    const struct point  *start;   /* its counts */
    unsigned             group;
    size_t               of[KINDS], total, drawn;
    bool                 ends;    /* nothing is tried after what is drawn of it */
};

/* What is there before a group: by sessions held, and by what is in why. */
struct state {
    long double *by_sessions[LEFT_HARD + 1];
    size_t       sessions;        /* one more than can be held without an end */
};

struct count {
    const struct search *search;
    const struct point  *start;
    struct region       *scratch;
    struct state         now, next;
    long double         *shares;
};

static enum kind kind_of(const struct step *step)
{
    if (step->end != 0)
        return KIND_SETTLED;
    if (step->counts)
        return KIND_COUNTED;
    return step->silent ? KIND_SILENT : KIND_SPOKEN;
}

static void add_end(struct count *count, unsigned end, long double weight)
{
    count->shares[number_of(end)] += weight;
}

static size_t class_in(const struct crowd *crowd, size_t i, enum kind kind)
{
    const struct step_class *class = &crowd->search->classes[i];

    return class->group == crowd->group && kind_of(&class->step) == kind ? crowd->start->counts[i] : 0;
}

/* An address of that kind, each as likely as the other, is the last that left a reason; silent: others came after it. */
static void leave(struct count *count, const struct crowd *crowd, enum kind kind, bool silent, bool ends, size_t sessions,
                  long double weight)
{
    for (size_t i = 0; weight > 0 && i < count->search->class_count; i++) {
        const struct step *step = &count->search->classes[i].step;
        long double part = weight * (long double)class_in(crowd, i, kind) / (long double)crowd->of[kind];

        if (part > 0 && ends)
            add_end(count, step->in_session && !silent && count->search->final ? END_DEFER : search_left_end(step->why), part);
        else if (part > 0)
            count->next.by_sessions[step->why][sessions] += part;
    }
}

/* All that is drawn of a group has failed: so many that count, so many others. Looks at them from the end. */
static void finish(struct count *count, const struct crowd *crowd, size_t before, size_t counted, size_t others,
                   long double weight)
{
    size_t silent = crowd->of[KIND_SILENT], sessions = before + counted;
    bool tail = false;

    while (weight > 0 && counted + others > 0) {
        long double n = (long double)(counted + others), other = weight * (long double)others / n;
        size_t both = crowd->of[KIND_SPOKEN] + silent;
        long double spoken = others > 0 ? other * (long double)crowd->of[KIND_SPOKEN] / (long double)both : 0;

        leave(count, crowd, KIND_COUNTED, tail, crowd->ends, sessions, weight * (long double)counted / n);
        leave(count, crowd, KIND_SPOKEN, tail, crowd->ends, sessions, spoken);
        if (others == 0 || silent == 0)
            return;
        weight = other * (long double)silent / (long double)both;
        tail = true;
        others--;
        silent--;
    }
    for (int why = LEFT_NONE; weight > 0 && why <= LEFT_HARD; why++) {
        long double all = 0, part;

        for (int w = LEFT_NONE; w <= LEFT_HARD; w++)
            all += count->now.by_sessions[w][before];
        part = weight * count->now.by_sessions[why][before] / all;
        if (crowd->ends)
            add_end(count, search_left_end((enum left)why), part);
        else
            count->next.by_sessions[why][sessions] += part;
    }
}

static void settle(struct count *count, const struct crowd *crowd, long double weight)
{
    for (size_t i = 0; i < count->search->class_count; i++)
        if (class_in(crowd, i, KIND_SETTLED) > 0)
            add_end(count, count->search->classes[i].step.end,
                    weight * (long double)class_in(crowd, i, KIND_SETTLED) / (long double)crowd->of[KIND_SETTLED]);
}

/* One more address is drawn; held[k]: the share of the orders that are still going with k sessions of the group. */
static void draw(struct count *count, const struct crowd *crowd, size_t before, size_t j, long double *held)
{
    size_t most = crowd->of[KIND_COUNTED], going = crowd->of[KIND_SPOKEN] + crowd->of[KIND_SILENT];
    long double left = (long double)(crowd->total - j);

    for (size_t k = most < j ? most + 1 : j + 1; k-- > 0;) {
        long double weight = held[k], counted = weight * (long double)(most - k) / left;

        held[k] = j - k < going ? weight * (long double)(going - (j - k)) / left : 0;
        if (weight == 0)
            continue;
        if (crowd->of[KIND_SETTLED] > 0)
            settle(count, crowd, weight * (long double)crowd->of[KIND_SETTLED] / left);
        if (counted > 0 && before + k + 1 == count->search->session_limit)
            leave(count, crowd, KIND_COUNTED, false, true, 0, counted);
        else if (counted > 0)
            held[k + 1] += counted;
    }
}

static void pass(struct count *count, const struct crowd *crowd)
{
    long double *held = region_array(count->scratch, crowd->of[KIND_COUNTED] + 2, sizeof(*held));

    for (size_t before = 0; before < count->now.sessions; before++) {
        long double all = 0;

        for (int why = LEFT_NONE; why <= LEFT_HARD; why++)
            all += count->now.by_sessions[why][before];
        if (all == 0)
            continue;
        memset(held, 0, (crowd->of[KIND_COUNTED] + 2) * sizeof(*held));
        held[0] = all;
        for (size_t j = 0; j < crowd->drawn; j++)
            draw(count, crowd, before, j, held);
        for (size_t k = 0; k <= crowd->of[KIND_COUNTED] && k <= crowd->drawn; k++)
            finish(count, crowd, before, k, crowd->drawn - k, held[k]);
    }
}

/* The first group from that number on. */
static bool find_crowd(const struct count *count, unsigned from, size_t tried, struct crowd *crowd)
{
    const struct search *search = count->search;
    size_t behind = 0;

    *crowd = (struct crowd){ .search = search, .start = count->start, .group = UINT32_MAX };
    for (size_t i = 0; i < search->class_count; i++)
        if (count->start->counts[i] > 0 && search->classes[i].group >= from && search->classes[i].group < crowd->group)
            crowd->group = search->classes[i].group;
    for (size_t i = 0; i < search->class_count; i++) {
        if (search->classes[i].group == crowd->group)
            crowd->of[kind_of(&search->classes[i].step)] += count->start->counts[i];
        else if (search->classes[i].group > crowd->group)
            behind += count->start->counts[i];
    }
    for (int kind = 0; kind < KINDS; kind++)
        crowd->total += crowd->of[kind];
    crowd->drawn = crowd->total;
    if (search->address_limit > 0 && search->address_limit - tried < crowd->drawn)
        crowd->drawn = search->address_limit - tried;
    crowd->ends = behind == 0 || (search->address_limit > 0 && tried + crowd->drawn >= search->address_limit);
    return crowd->group != UINT32_MAX;
}

static void state_init(struct state *state, struct region *scratch, size_t sessions)
{
    state->sessions = sessions;
    for (int why = LEFT_NONE; why <= LEFT_HARD; why++)
        state->by_sessions[why] = region_array(scratch, sessions, sizeof(long double));
}

static void advance(struct count *count)
{
    struct state before = count->now;

    count->now = count->next;
    count->next = before;
    for (int why = LEFT_NONE; why <= LEFT_HARD; why++)
        memset(before.by_sessions[why], 0, before.sessions * sizeof(long double));
}

static size_t total_of(const struct count *count, enum kind kind)
{
    size_t total = 0;

    for (size_t i = 0; i < count->search->class_count; i++)
        if (kind_of(&count->search->classes[i].step) == kind)
            total += count->start->counts[i];
    return total;
}

static bool count_by_groups(struct count *count)
{
    size_t counted = total_of(count, KIND_COUNTED), tried = 0, sessions = counted + 1;
    struct crowd crowd;
    double work = 0;

    if (sessions > count->search->session_limit && count->search->session_limit > 0)
        sessions = count->search->session_limit;
    state_init(&count->now, count->scratch, sessions);
    state_init(&count->next, count->scratch, sessions);
    count->now.by_sessions[count->start->why][0] = 1;
    for (unsigned from = 0; find_crowd(count, from, tried, &crowd); from = crowd.group + 1) {
        work += (double)crowd.drawn * (double)sessions * (double)(crowd.of[KIND_COUNTED] + count->search->class_count + 1);
        work += (double)crowd.of[KIND_SILENT] * (double)sessions * (double)count->search->class_count;
        if (work > WORK_MAX)
            return false;
        pass(count, &crowd);
        advance(count);
        tried += crowd.drawn;
        if (crowd.ends)
            break;
    }
    return true;
}

/* Else: point by point, each once. */

struct weighing {
    const struct search *search;
    struct dict         *memory;   /* point -> its shares */
    struct region       *region;
    size_t               used, depth;
    bool                 exhausted;
};

static void weigh(struct weighing *, const struct point *, long double shares[ENDS]);

static size_t weight_of(const struct search *search, const struct point *point, struct choice choice)
{
    if (!search_allows(search, point, choice))
        return 0;
    return point->counts[choice.of_kind == SIZE_MAX ? choice.class : search->class_count + choice.of_kind];
}

static void weigh_choice(struct weighing *weighing, const struct point *point, struct choice choice, struct point *after,
                         long double shares[ENDS], size_t *total)
{
    size_t weight = weight_of(weighing->search, point, choice);
    long double behind[ENDS] = { 0 };
    unsigned end;

    if (weight == 0)
        return;
    *total += weight;
    end = search_step(weighing->search, point, choice, after);
    if (end != 0)
        behind[number_of(end)] = 1;
    else
        weigh(weighing, after, behind);
    for (int i = 0; i < ENDS; i++)
        shares[i] += (long double)weight * behind[i];
}

static void weigh_choices(struct weighing *weighing, const struct point *point, long double shares[ENDS])
{
    const struct search *search = weighing->search;
    struct point *after = mem_alloc(point_size(search));
    size_t total = 0;

    for (size_t i = 0; i < search->class_count; i++)
        weigh_choice(weighing, point, (struct choice){ i, SIZE_MAX, 0 }, after, shares, &total);
    for (size_t k = 0; k < search->kind_count; k++)
        for (size_t m = 0; m < search->kinds[k].count; m++)
            weigh_choice(weighing, point, (struct choice){ search_member_class(&search->kinds[k].members[m]), k, m }, after,
                         shares, &total);
    for (int i = 0; i < ENDS && total > 0; i++)
        shares[i] /= (long double)total;
    mem_free(after);
}

static void weigh(struct weighing *weighing, const struct point *point, long double shares[ENDS])
{
    struct slice key = slice_from((const char *)point, point_size(weighing->search));
    const long double *known = dict_find(weighing->memory, key);

    if (known != NULL) {
        memcpy(shares, known, ENDS * sizeof(*shares));
        return;
    }
    weighing->used += key.n + POINT_OVERHEAD;
    weighing->exhausted |= weighing->used > MEMORY_MAX || weighing->depth > DEPTH_MAX;
    if (weighing->exhausted)
        return;
    weighing->depth++;
    weigh_choices(weighing, point, shares);
    weighing->depth--;
    dict_put(weighing->memory, key, region_copy(weighing->region, shares, ENDS * sizeof(*shares)));
}

static bool count_by_points(struct count *count)
{
    struct weighing weighing = { .search = count->search, .memory = dict_new(), .region = count->scratch };

    weigh(&weighing, count->start, count->shares);
    dict_free(weighing.memory);
    return !weighing.exhausted;
}

void attempts_share(const struct search *search, const struct point *start, long double shares[ENDS])
{
    struct count count = { .search = search, .start = start, .scratch = region_new(), .shares = shares };
    bool by_groups = !search->balanced && search->kind_count == 0;

    memset(shares, 0, ENDS * sizeof(*shares));
    if (!(by_groups ? count_by_groups(&count) : count_by_points(&count)))
        none_counted(shares);
    region_free(count.scratch);
}
