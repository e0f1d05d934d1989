#include "scanner/schedule.h"

#include <string.h>

#include "probes/limits.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"

#define REFUSALS_BEFORE_SLOWING 3
#define SLOWING_MAX 64
#define RATE_KEPT_MAX 1000   /* starts remembered; a higher rate is held over a part of a second */
#define NEVER (INT64_MIN / 2)

/* An address or a provider: what must not be asked too much at a time. */
struct place {
    int64_t  last_start;         /* milliseconds */
    uint32_t running;
    uint16_t refusals;           /* providers: temporary refusals in a row */
    uint16_t slowing;            /* providers: factor on the interval, 1 at first */
};

struct task {
    uint64_t      id;
    int64_t       not_before;
    struct place *address, *network, *name; /* name may be NULL */
    bool          suspect;
    struct task  *next;
};

struct schedule {
    struct schedule_limits limits;
    struct region *region;         /* of the places */
    struct dict   *addresses, *providers;
    struct task  *waiting, **waiting_tail;
    struct task  *running;
    size_t        waiting_count, running_count, suspects_running;
    int64_t      *starts;          /* the latest, a ring; the oldest is at starts_next */
    size_t        starts_count, starts_next;
};

static struct place *place_get(struct schedule *schedule, struct dict *places, struct slice key)
{
    struct place *place = dict_find(places, key);

    if (place != NULL)
        return place;
    place = region_alloc(schedule->region, sizeof(*place));
    place->slowing = 1;
    place->last_start = NEVER;
    dict_put(places, slice_from(region_slice(schedule->region, key), key.n), place);
    return place;
}

/* By the first octets of its addresses. A NUL in front, which is in no name. */
static struct place *place_of(struct schedule *schedule, struct dict *places, const struct address *address, size_t octets)
{
    char key[1 + sizeof(address->bytes)] = { '\0' };

    memcpy(key + 1, address->bytes, octets);
    return place_get(schedule, places, slice_from(key, 1 + octets));
}

static size_t octets_of(const struct address *address)
{
    return address->family == FAMILY_IPV4 ? 4 : sizeof(address->bytes);
}

struct schedule *schedule_new(const struct schedule_limits *limits)
{
    struct schedule *schedule = mem_alloc(sizeof(*schedule));
    size_t           i;

    schedule->limits = *limits;
    schedule->waiting_tail = &schedule->waiting;
    schedule->region = region_new();
    schedule->addresses = dict_new_borrowing();
    schedule->providers = dict_new_borrowing();
    schedule->starts_count = limits->rate > RATE_KEPT_MAX ? RATE_KEPT_MAX : limits->rate;
    schedule->starts = mem_array(schedule->starts_count + 1, sizeof(*schedule->starts));
    for (i = 0; i < schedule->starts_count; i++)
        schedule->starts[i] = NEVER;
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    struct task *task;

    if (schedule == NULL)
        return;
    while ((task = schedule->waiting) != NULL) {
        schedule->waiting = task->next;
        mem_free(task);
    }
    while ((task = schedule->running) != NULL) {
        schedule->running = task->next;
        mem_free(task);
    }
    mem_free(schedule->starts);
    dict_free(schedule->addresses);
    dict_free(schedule->providers);
    region_free(schedule->region);
    mem_free(schedule);
}

/* The /24 or /48 of an address. */
static struct place *network_of(struct schedule *schedule, const struct address *address)
{
    return place_of(schedule, schedule->providers, address, address->family == FAMILY_IPV4 ? 3 : 6);
}

/* The MX name less its first label, when two labels or more remain. */
static struct place *name_of(struct schedule *schedule, const char *host)
{
    const char *dot = host != NULL ? strchr(host, '.') : NULL;
    struct address address;

    if (dot == NULL || strchr(dot + 1, '.') == NULL || address_parse(&address, slice_of(host)))
        return NULL;
    return place_get(schedule, schedule->providers, slice_of(dot + 1));
}

static void add(struct schedule *schedule, uint64_t id, const struct address *address, const char *host, int64_t not_before,
                bool suspect)
{
    struct task *task = mem_alloc(sizeof(*task));

    task->id = id;
    task->not_before = not_before;
    task->suspect = suspect;
    task->address = place_of(schedule, schedule->addresses, address, octets_of(address));
    task->network = network_of(schedule, address);
    task->name = name_of(schedule, host);
    *schedule->waiting_tail = task;
    schedule->waiting_tail = &task->next;
    schedule->waiting_count++;
}

void schedule_add(struct schedule *schedule, uint64_t id, const struct address *address, const char *host,
                  int64_t not_before)
{
    add(schedule, id, address, host, not_before, false);
}

void schedule_add_suspect(struct schedule *schedule, uint64_t id, const struct address *address, const char *host)
{
    add(schedule, id, address, host, 0, true);
}

static bool below(unsigned long running, unsigned long limit)
{
    return limit == 0 || running < limit;
}

static bool has_room(const struct schedule *schedule, const struct task *task)
{
    return below(task->address->running, schedule->limits.per_host) &&
           below(task->network->running, schedule->limits.per_provider) &&
           (task->name == NULL || below(task->name->running, schedule->limits.per_provider)) &&
           (!task->suspect || schedule->suspects_running < LIMIT_SUSPECTS);
}

static unsigned slowing_of(const struct task *task)
{
    return task->name != NULL && task->name->slowing > task->network->slowing ? task->name->slowing : task->network->slowing;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* By the interval. A provider that was slowed down keeps it between any two of its addresses. */
static int64_t earliest(const struct schedule *schedule, const struct task *task)
{
    int64_t interval = (int64_t)schedule->limits.interval * 1000 * slowing_of(task);
    int64_t at = later(task->not_before, task->address->last_start + interval);

    if (task->network->slowing > 1)
        at = later(at, task->network->last_start + interval);
    if (task->name != NULL && task->name->slowing > 1)
        at = later(at, task->name->last_start + interval);
    return at;
}

/* When the rate allows another start: as long after the oldest start that is remembered as so many may take. */
static int64_t rate_allows_at(const struct schedule *schedule)
{
    if (schedule->limits.rate == 0)
        return NEVER;
    return schedule->starts[schedule->starts_next] +
           (int64_t)((schedule->starts_count * 1000 + schedule->limits.rate - 1) / schedule->limits.rate);
}

static void note_start(struct schedule *schedule, struct task *task, int64_t now)
{
    task->address->last_start = task->network->last_start = now;
    if (task->name != NULL)
        task->name->last_start = now;
    if (schedule->starts_count == 0)
        return;
    schedule->starts[schedule->starts_next] = now;
    schedule->starts_next = (schedule->starts_next + 1) % schedule->starts_count;
}

static void start(struct schedule *schedule, struct task **link, int64_t now)
{
    struct task *task = *link;

    *link = task->next;
    if (task->next == NULL)
        schedule->waiting_tail = link;
    task->next = schedule->running;
    schedule->running = task;
    task->address->running++;
    task->network->running++;
    if (task->name != NULL)
        task->name->running++;
    note_start(schedule, task, now);
    schedule->waiting_count--;
    schedule->running_count++;
    schedule->suspects_running += task->suspect;
}

bool schedule_next(struct schedule *schedule, int64_t now, uint64_t *id)
{
    struct task **link;

    if (!below(schedule->running_count, schedule->limits.concurrency) || rate_allows_at(schedule) > now)
        return false;
    for (link = &schedule->waiting; *link != NULL; link = &(*link)->next)
        if (earliest(schedule, *link) <= now && has_room(schedule, *link)) {
            *id = (*link)->id;
            start(schedule, link, now);
            return true;
        }
    return false;
}

int64_t schedule_wait(const struct schedule *schedule, int64_t now)
{
    const struct task *task;
    int64_t            soonest = INT64_MAX;

    if (schedule->waiting == NULL || !below(schedule->running_count, schedule->limits.concurrency))
        return INT64_MAX;
    /* A task whose place is busy waits for an end, not for the clock. */
    for (task = schedule->waiting; task != NULL && soonest > now; task = task->next)
        if (has_room(schedule, task) && earliest(schedule, task) < soonest)
            soonest = earliest(schedule, task);
    return soonest == INT64_MAX ? soonest : later(soonest, rate_allows_at(schedule));
}

static void note_refusal(struct place *place, bool refused)
{
    if (place == NULL)
        return;
    place->running--;
    place->refusals = refused ? place->refusals + 1 : 0;
    if (place->refusals == REFUSALS_BEFORE_SLOWING && place->slowing < SLOWING_MAX) {
        place->slowing *= 2;
        place->refusals = 0;
    }
}

void schedule_done(struct schedule *schedule, uint64_t id, bool refused)
{
    struct task **link;
    struct task  *task;

    for (link = &schedule->running; *link != NULL && (*link)->id != id; link = &(*link)->next)
        continue;
    if ((task = *link) == NULL)
        return;
    *link = task->next;
    task->address->running--;
    note_refusal(task->network, refused);
    note_refusal(task->name, refused);
    schedule->running_count--;
    schedule->suspects_running -= task->suspect;
    mem_free(task);
}

size_t schedule_waiting(const struct schedule *schedule)
{
    return schedule->waiting_count;
}

size_t schedule_running(const struct schedule *schedule)
{
    return schedule->running_count;
}
