/* Who may be asked when. The clock is ours: a conversation takes as long as the test says, and what would be seen at the
 * other end is counted. */
#include "scanner/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/limits.h"
#include "tests/lib/check.h"

#define TASKS_MAX 2000
#define START     1000000   /* a clock does not begin at 0 */

/* A conversation as the other end sees it. */
struct task {
    char     address[40];
    char     host[64];
    int64_t  not_before, began, ended;   /* began 0: not yet */
    bool     refused;
};

static struct task tasks[TASKS_MAX];
static size_t count;

static const struct address *address_of(const struct task *task)
{
    static struct address address;

    address_parse(&address, slice_of(task->address));
    return &address;
}

static void add(struct schedule *schedule, const char *address, const char *host, int64_t not_before)
{
    struct task *task = &tasks[count];

    *task = (struct task){ .not_before = not_before };
    snprintf(task->address, sizeof task->address, "%s", address);
    snprintf(task->host, sizeof task->host, "%s", host);
    schedule_add(schedule, count++, address_of(task), host, not_before);
}

static void end_due(struct schedule *schedule, int64_t now, int64_t takes)
{
    for (size_t i = 0; i < count; i++)
        if (tasks[i].began && !tasks[i].ended && now >= tasks[i].began + takes) {
            tasks[i].ended = now;
            schedule_done(schedule, i, tasks[i].refused);
        }
}

/* The next time at which something ends, or may begin. */
static int64_t next_event(struct schedule *schedule, int64_t now, int64_t takes)
{
    int64_t next = schedule_wait(schedule, now);

    for (size_t i = 0; i < count; i++)
        if (tasks[i].began && !tasks[i].ended && tasks[i].began + takes < next)
            next = tasks[i].began + takes;
    return next;
}

/* Runs all tasks, each of which takes so long. False: it got stuck, or the answer to "when?" was not good. */
static bool run(struct schedule *schedule, int64_t takes)
{
    int64_t now = START;

    while (schedule_waiting(schedule) + schedule_running(schedule) > 0) {
        int64_t next;
        uint64_t id;

        end_due(schedule, now, takes);
        while (schedule_next(schedule, now, &id))
            tasks[id].began = now;
        next = next_event(schedule, now, takes);
        if (schedule_waiting(schedule) + schedule_running(schedule) == 0)
            break;
        if (next <= now || next == INT64_MAX)
            return false;
        now = next;
    }
    return true;
}

/* What the other end counts. */

typedef bool same_fn(const struct task *, const struct task *);

static bool anywhere(const struct task *a, const struct task *b)
{
    (void)a;
    (void)b;
    return true;
}

static bool same_address(const struct task *a, const struct task *b)
{
    return strcmp(a->address, b->address) == 0;
}

static bool same_network(const struct task *a, const struct task *b)
{
    size_t n = (size_t)(strrchr(a->address, '.') - a->address);

    return strncmp(a->address, b->address, n + 1) == 0;
}

static bool same_name(const struct task *a, const struct task *b)
{
    const char *dot = strchr(a->host, '.'), *other = strchr(b->host, '.');

    return dot && other && strchr(dot + 1, '.') && strcmp(dot, other) == 0;
}

/* The most that are under way at the beginning of one of them. */
static unsigned most_together(same_fn *same)
{
    unsigned most = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned together = 0;

        for (size_t k = 0; k < count; k++)
            together += same(&tasks[i], &tasks[k]) && tasks[k].began <= tasks[i].began && tasks[i].began < tasks[k].ended;
        if (together > most)
            most = together;
    }
    return most;
}

static int64_t least_spacing(same_fn *same)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            if (i != k && same(&tasks[i], &tasks[k]) && llabs(tasks[i].began - tasks[k].began) < least)
                least = llabs(tasks[i].began - tasks[k].began);
    return least;
}

/* The most that begin within any second. */
static unsigned most_a_second(void)
{
    unsigned most = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned begun = 0;

        for (size_t k = 0; k < count; k++)
            begun += tasks[k].began >= tasks[i].began && tasks[k].began < tasks[i].began + 1000;
        if (begun > most)
            most = begun;
    }
    return most;
}

static int64_t duration(void)
{
    int64_t last = 0;

    for (size_t i = 0; i < count; i++)
        if (tasks[i].ended > last)
            last = tasks[i].ended;
    return last - START;
}

/* 120 conversations with 40 addresses in 8 networks; hosts of 5 names, and some without a provider's name. */
static void add_world(struct schedule *schedule)
{
    for (unsigned i = 0; i < 120; i++) {
        char address[40], host[64];

        snprintf(address, sizeof address, "198.51.%u.%u", i % 8, i % 40);
        if (i % 10 == 9)
            snprintf(host, sizeof host, "mx%u.test", i % 3);
        else
            snprintf(host, sizeof host, "mx%u.provider%u.test", i, i % 5);
        add(schedule, address, host, 0);
    }
}

static const struct row {
    const char            *name;
    struct schedule_limits limits;   /* concurrency, per host, per provider, rate, interval */
    int64_t                takes;
    unsigned               together, per_address, per_network, per_second; /* what is reached where that limit decides */
    int64_t                spacing;
} rows[] = {
    { "no limit at all", { 0, 0, 0, 0, 0 }, 500, 120, 3, 15, 120, 0 },
    { "the defaults", { 200, 1, 2, 50, 1 }, 400, 10, 1, 2, 16, 1000 },
    { "concurrency", { 7, 0, 0, 0, 0 }, 500, 7, 2, 7, 14, 0 },
    { "one at a time", { 1, 0, 0, 0, 0 }, 500, 1, 1, 1, 2, 500 },
    { "two to an address", { 0, 2, 0, 0, 0 }, 500, 80, 2, 15, 120, 0 },
    { "one to an address, no interval", { 0, 1, 0, 0, 0 }, 500, 40, 1, 5, 80, 500 },
    { "an interval longer than a conversation", { 0, 1, 0, 0, 3 }, 100, 40, 1, 5, 40, 3000 },
    { "three to a provider", { 0, 0, 3, 0, 0 }, 500, 24, 3, 3, 48, 0 },
    { "rate", { 0, 0, 0, 10, 0 }, 500, 10, 1, 2, 10, 0 },
    { "a rate of one", { 0, 0, 0, 1, 0 }, 500, 1, 1, 1, 1, 5000 },
    { "a rate beyond what is remembered", { 0, 0, 0, 5000, 0 }, 500, 120, 3, 15, 120, 0 },
};

static void check_row(const struct row *row)
{
    struct schedule *schedule = schedule_new(&row->limits);
    const struct schedule_limits *l = &row->limits;

    count = 0;
    add_world(schedule);
    is_int(schedule_waiting(schedule), 120, "%s: waiting", row->name);
    check_ok(run(schedule, row->takes), "%s: comes to an end", row->name);
    check_ok(l->concurrency == 0 || most_together(anywhere) <= l->concurrency, "%s: concurrency", row->name);
    check_ok(l->per_host == 0 || most_together(same_address) <= l->per_host, "%s: per host", row->name);
    check_ok(l->per_provider == 0 || most_together(same_network) <= l->per_provider, "%s: per network", row->name);
    check_ok(l->per_provider == 0 || most_together(same_name) <= l->per_provider, "%s: per name", row->name);
    check_ok(l->rate == 0 || most_a_second() <= l->rate, "%s: rate, %u", row->name, most_a_second());
    check_ok(least_spacing(same_address) >= (int64_t)l->interval * 1000, "%s: interval", row->name);
    is_int(schedule_running(schedule), 0, "%s: none is left", row->name);
    schedule_free(schedule);
}

/* The numbers of the row are met exactly where a limit is what decides. */
static void check_reached(const struct row *row)
{
    struct schedule *schedule = schedule_new(&row->limits);

    count = 0;
    add_world(schedule);
    run(schedule, row->takes);
    if (row->limits.concurrency && row->limits.concurrency < 40)
        is_int(most_together(anywhere), row->together, "%s: as many together as may be", row->name);
    if (row->limits.per_host > 1)
        is_int(most_together(same_address), row->per_address, "%s: as many to an address", row->name);
    if (row->limits.per_provider)
        is_int(most_together(same_network), row->per_network, "%s: as many to a provider", row->name);
    if (row->limits.rate && row->limits.rate < 50)
        is_int(most_a_second(), row->per_second, "%s: as many a second", row->name);
    if (row->limits.interval)
        is_int(least_spacing(same_address), row->spacing, "%s: no later than need be", row->name);
    schedule_free(schedule);
}

static void check_not_before(void)
{
    struct schedule *schedule = schedule_new(&(struct schedule_limits){ 200, 1, 2, 50, 1 });
    uint64_t id;

    count = 0;
    add(schedule, "192.0.2.1", "mx.a.test", START + 60000);
    add(schedule, "192.0.2.2", "mx.b.test", 0);
    check_ok(schedule_next(schedule, START, &id) && id == 1, "one that is to come later is passed over");
    check_ok(!schedule_next(schedule, START + 59999, &id), "a moment too soon");
    is_int(schedule_wait(schedule, START + 100), START + 60000, "when to look again");
    check_ok(schedule_next(schedule, START + 60000, &id) && id == 0, "its time has come");
    is_int(schedule_wait(schedule, START + 60000), INT64_MAX, "nothing waits");
    schedule_done(schedule, 77, false);
    is_int(schedule_running(schedule), 2, "one that does not run cannot end");
    schedule_free(schedule);
}

/* Providers: a network, a name; what belongs to neither is its own. */
static const struct pair {
    const char *addresses[2], *hosts[2];
    bool        together;   /* may be asked at the same time when a provider may have one */
} pairs[] = {
    { { "192.0.2.1", "192.0.2.254" }, { "a.one.test", "b.two.test" }, false },
    { { "192.0.2.1", "192.0.3.1" }, { "a.one.test", "b.two.test" }, true },
    { { "192.0.2.1", "192.0.3.1" }, { "a.one.test", "b.one.test" }, false },
    { { "192.0.2.1", "192.0.3.1" }, { "a.one.test", "b.c.one.test" }, true },
    { { "192.0.2.1", "192.0.3.1" }, { "a.test", "b.test" }, true },
    { { "192.0.2.1", "192.0.3.1" }, { "test", "test" }, true },
    { { "192.0.2.1", "192.0.3.1" }, { "10.1.2.3", "11.1.2.3" }, true },
    { { "2001:db8:1:1::1", "2001:db8:1:2::1" }, { "a.one.test", "b.two.test" }, false },
    { { "2001:db8:1::1", "2001:db8:2::1" }, { "a.one.test", "b.two.test" }, true },
};

static void check_pair(const struct pair *pair)
{
    struct schedule *schedule = schedule_new(&(struct schedule_limits){ 0, 0, 1, 0, 0 });
    uint64_t id;

    count = 0;
    for (size_t i = 0; i < 2; i++)
        add(schedule, pair->addresses[i], pair->hosts[i], 0);
    check_ok(schedule_next(schedule, START, &id), "the first begins");
    is_int(schedule_next(schedule, START, &id), pair->together, "%s %s and %s %s", pair->addresses[0], pair->hosts[0],
           pair->addresses[1], pair->hosts[1]);
    schedule_free(schedule);
}

/* Refusals, one after the other, of addresses of one network; how long after the last start the next may begin. */
static const struct slowing {
    const char *refusals;     /* r: refused, .: not */
    int64_t     same_address, other_address;
} slowings[] = {
    { "", 1000, 0 },        { "rr", 1000, 0 },         { "rr.r", 1000, 0 },         { "rrr", 2000, 2000 },
    { "rrr.", 2000, 2000 }, { "rrrrr", 2000, 2000 },   { "rrrrrr", 4000, 4000 },    { "rrr.rr.rrr", 4000, 4000 },
    { "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 64000, 64000 },
};

static int64_t wait_for(const struct slowing *row, const char *address)
{
    struct schedule *schedule = schedule_new(&(struct schedule_limits){ 0, 0, 0, 0, 1 });
    int64_t now = START, waits;
    uint64_t id;

    count = 0;
    for (const char *c = row->refusals; *c; c++) {
        add(schedule, "192.0.2.1", "mx1.one.test", 0);
        now += 100000;
        if (schedule_next(schedule, now, &id))
            schedule_done(schedule, id, *c == 'r');
    }
    now += 100000;
    add(schedule, "192.0.2.1", "mx1.one.test", 0);
    schedule_next(schedule, now, &id);
    add(schedule, address, "mx2.one.test", 0);
    waits = schedule_wait(schedule, now) - now;
    schedule_free(schedule);
    return waits < 0 ? 0 : waits;
}

/* Those that were with a worker that died. */
static void check_suspects(void)
{
    struct schedule *schedule = schedule_new(&(struct schedule_limits){ 0, 0, 0, 0, 0 });
    uint64_t id, begun[LIMIT_SUSPECTS + 2];
    size_t n = 0;

    count = 0;
    for (unsigned i = 0; i < LIMIT_SUSPECTS + 1; i++) {
        struct task task = { .not_before = 0 };

        snprintf(task.address, sizeof task.address, "192.0.%u.1", i);
        schedule_add_suspect(schedule, i, address_of(&task), "mx.a.test");
    }
    while (schedule_next(schedule, START, &id))
        begun[n++] = id;
    is_int(n, LIMIT_SUSPECTS, "so many suspects at a time");
    is_int(schedule_wait(schedule, START), INT64_MAX, "the next one waits for an end");
    schedule_add(schedule, 100, address_of(&(struct task){ .address = "192.0.2.200" }), "mx.b.test", 0);
    check_ok(schedule_next(schedule, START, &id) && id == 100, "others do not wait for them");
    schedule_done(schedule, begun[0], false);
    check_ok(schedule_next(schedule, START, &id) && id == LIMIT_SUSPECTS, "then the next one");
    schedule_free(schedule);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(&rows[i]);
        check_reached(&rows[i]);
    }
    check_not_before();
    check_suspects();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_pair(&pairs[i]);
    for (size_t i = 0; i < sizeof slowings / sizeof *slowings; i++) {
        is_int(wait_for(&slowings[i], "192.0.2.1"), slowings[i].same_address, "the same address after \"%s\"", slowings[i].refusals);
        is_int(wait_for(&slowings[i], "192.0.2.2"), slowings[i].other_address, "another of its provider after \"%s\"", slowings[i].refusals);
    }
    /* No time is lost: the defaults ask 120 conversations of 40 addresses as fast as the limits let them. */
    check_row(&rows[1]);
    check_ok(duration() < 20000, "the defaults take %lld ms", (long long)duration());
    return check_done();
}
