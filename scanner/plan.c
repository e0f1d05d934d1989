#include "scanner/plan.h"

#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"

#define CONVERSATION_MS 1000
#define TIMED_MAX 20000    /* conversations; the time of more is not told */

/* An address and a port. */
struct contact {
    const char           *place;      /* "192.0.2.1 port 25" */
    const struct address *address;
    const char           *host;       /* the first of its names; NULL: not known */
    size_t                names, conversations, destinations;
    const struct result  *last;       /* that was counted */
};

struct plan {
    struct region  *region;
    struct dict    *contacts, *names;
    struct planned *planned;
    size_t          count;            /* conversations */
};

static const char *place_text(struct region *region, const struct address *address, unsigned port)
{
    char text[ADDRESS_TEXT_MAX];

    address_to_text(address, text);
    return region_printf(region, "%s port %u", text, port);
}

static bool is_planned(const struct conversation *conversation)
{
    return conversation->ending != ENDING_EXCLUDED && conversation->ending != ENDING_NOT_ALLOWED;
}

static void find_contacts(struct plan *plan, const struct facts *facts)
{
    const struct conversation *conversation;

    for (size_t i = 0; (conversation = facts_conversation_at(facts, i)) != NULL; i++) {
        const struct profile *profile = conversation->profile;
        const char           *place;
        struct contact       *contact;

        if (!is_planned(conversation))
            continue;
        place = place_text(plan->region, &profile->address, profile->port);
        contact = dict_find(plan->contacts, slice_of(place));
        if (contact == NULL) {
            contact = region_alloc(plan->region, sizeof(*contact));
            contact->place = place;
            contact->address = &profile->address;
            dict_put(plan->contacts, slice_of(place), contact);
        }
        contact->conversations++;
        plan->count++;
    }
}

static void add_host(struct plan *plan, const struct result *result, const struct mail_host *host)
{
    struct region  *scratch = region_new();
    struct contact *contact = host->has_address
                                  ? dict_find(plan->contacts, slice_of(place_text(scratch, &host->address, host->port)))
                                  : NULL;

    if (contact != NULL) {
        contact->destinations += contact->last != result;
        contact->last = result;
        if (dict_put(plan->names, slice_of(region_printf(scratch, "%s %s", contact->place, host->host)), contact))
            contact->names++;
        if (contact->host == NULL)
            contact->host = host->host;
    }
    region_free(scratch);
}

static void add_hosts(struct plan *plan, const struct result *counted, const struct result *result)
{
    for (size_t h = 0; result != NULL && h < result->hop_count; h++)
        for (size_t i = 0; i < result->hops[h].host_count; i++)
            add_host(plan, counted, result->hops[h].hosts[i].host);
}

static int compare_contacts(const void *a, const void *b)
{
    const struct contact *x = *(struct contact *const *)a, *y = *(struct contact *const *)b;
    int order = strcmp(x->host != NULL ? x->host : "", y->host != NULL ? y->host : "");

    return order != 0 ? order : strcmp(x->place, y->place);
}

static void print_contact(const struct contact *contact, int width, FILE *out)
{
    struct region *region = region_new();

    fprintf(out, "%-*s %5zu destination%s %3zu conversation%s  %s", width, contact->place, contact->destinations,
            contact->destinations == 1 ? " " : "s", contact->conversations, contact->conversations == 1 ? " " : "s",
            escape_text(region, contact->host != NULL ? contact->host : "-"));
    if (contact->names > 1)
        fprintf(out, " and %zu more name%s", contact->names - 1, contact->names == 2 ? "" : "s");
    fputc('\n', out);
    region_free(region);
}

static void print_contacts(struct plan *plan, FILE *out)
{
    size_t           i, count = dict_count(plan->contacts), n = 0;
    struct contact **sorted = region_array(plan->region, count + 1, sizeof(*sorted));
    int              width = 0;

    plan->planned = region_array(plan->region, plan->count + 1, sizeof(*plan->planned));
    for (i = 0; i < count; i++) {
        sorted[i] = dict_at(plan->contacts, i);
        width = (int)strlen(sorted[i]->place) > width ? (int)strlen(sorted[i]->place) : width;
        for (size_t k = 0; k < sorted[i]->conversations; k++)
            plan->planned[n++] = (struct planned){ sorted[i]->address, sorted[i]->host };
    }
    if (count > 0)
        qsort(sorted, count, sizeof(*sorted), compare_contacts);
    for (i = 0; i < count; i++)
        print_contact(sorted[i], width, out);
}

/* How many. */
static size_t print_policies(const struct facts *facts, FILE *out)
{
    const struct policy_fetch *fetch;
    size_t                     i, count = 0;

    for (i = 0; (fetch = facts_fetch_at(facts, i)) != NULL; i++)
        if (!fetch_was_left_out(fetch)) {
            fprintf(out, "https://mta-sts.%s/.well-known/mta-sts.txt\n", fetch->domain);
            count++;
        }
    return count;
}

int64_t plan_duration(const struct schedule_limits *limits, const struct planned *planned, size_t count)
{
    struct schedule *schedule = schedule_new(limits);
    uint64_t        *ids = mem_array(count + 1, sizeof(*ids));
    int64_t         *ends = mem_array(count + 1, sizeof(*ends)), now = 0, next;
    size_t           started = 0, ended = 0, i;

    for (i = 0; i < count; i++)
        schedule_add(schedule, i, planned[i].address, planned[i].host, 0);
    while (ended < count) {
        while (schedule_next(schedule, now, &ids[started]))
            ends[started++] = now + CONVERSATION_MS;
        next = schedule_wait(schedule, now);
        if (ended < started && ends[ended] <= next) {
            now = ends[ended];
            schedule_done(schedule, ids[ended++], false);
        } else {
            now = next;
        }
    }
    schedule_free(schedule);
    mem_free(ids);
    mem_free(ends);
    return now;
}

static void print_time(const struct plan *plan, const struct options *options, FILE *out)
{
    struct schedule_limits limits = { options->concurrency, options->per_host, options->per_provider, options->rate,
                                      options->interval };
    int64_t                seconds;

    if (plan->count == 0 || plan->count > TIMED_MAX)
        return;
    seconds = (plan_duration(&limits, plan->planned, plan->count) + 999) / 1000;
    fprintf(out, "time: about %lld min %02lld s within the limits (--per-host, --per-provider, --interval, --rate), were each "
                 "conversation to take a second\n", (long long)(seconds / 60), (long long)(seconds % 60));
}

void plan_print(const struct audit *audit, FILE *out)
{
    struct plan plan = { .region = region_new(), .contacts = dict_new(), .names = dict_new() };
    size_t      policies, i;

    find_contacts(&plan, audit->facts);
    for (i = 0; i < audit->report.count; i++) {
        add_hosts(&plan, audit->report.results[i], audit->report.results[i]);
        add_hosts(&plan, audit->report.results[i], audit->report.results[i]->proposed);
    }
    print_contacts(&plan, out);
    policies = print_policies(audit->facts, out);
    fprintf(out, "destinations: %zu, questions to the resolver: %zu, conversations: %zu", audit->destinations.count,
            audit->outcome.questions, plan.count);
    if (policies > 0)
        fprintf(out, ", policies: %zu (each may lead to one more conversation with each mail host)", policies);
    fputc('\n', out);
    print_time(&plan, audit->options, out);
    dict_free(plan.contacts);
    dict_free(plan.names);
    region_free(plan.region);
}
