/* What explain adds to the JSON report: each key that was asked for, in which tables, and the answer. */
#include <string.h>

#include "reports/json_parts.h"
#include "reports/text_lookup.h"
#include "scanner/base/names.h"

static const struct name answer_words[] = {
    { TABLE_NOT_FOUND, "not-found" }, { TABLE_FOUND, "found" },        { TABLE_ERROR, "error" },
    { TABLE_UNREADABLE, "unreadable" }, { TABLE_WANTED, "not-asked" }, { 0, NULL },
};

/* For what the tables were asked. */
struct purpose {
    const char *stage;     /* routing, policy */
    const char *nexthop, *host;
};

static struct json *json_of_tables(const struct key_lookup *lookup)
{
    struct json *json = json_array();
    const char  *name;
    size_t       i;

    for (i = 0; (name = lookup_table(lookup, i)) != NULL; i++)
        json_push(json, json_text(name));
    return json;
}

static void push_lookup(struct json *list, const struct purpose *purpose, const struct key_lookup *lookup)
{
    const struct table_answer *answer = lookup->answer;
    struct json               *json = json_object();
    bool                       asked = lookup->key != NULL, found = asked && answer->status == TABLE_FOUND;

    json_put(json, "stage", json_text(purpose->stage));
    json_put(json, "nexthop", json_text(purpose->nexthop));
    json_put(json, "host", json_text(purpose->host));
    json_put(json, "what", json_text(lookup->where));
    json_put(json, "key", json_text(lookup->key));
    json_put(json, "tables", json_of_tables(lookup));
    json_put(json, "answer", asked ? json_text(name_word(answer_words, (int)answer->status)) : json_null());
    json_put(json, "table", asked ? json_text(answer->table) : json_null());
    json_put(json, "file", asked ? json_text(answer->file) : json_null());
    json_put(json, "line", asked && answer->line > 0 ? json_integer(answer->line) : json_null());
    json_put(json, "value", found ? json_text(answer->value) : json_null());
    json_put(json, "error", asked && !found ? json_text(answer->error) : json_null());
    json_put(json, "warning", asked ? json_text(answer->warning) : json_null());
    json_put(json, "result", json_text(lookup->result));
    json_push(list, json);
}

static void push_policy_steps(struct json *list, const struct purpose *purpose, const struct policy_step *step)
{
    for (; step != NULL; step = step->next) {
        struct key_lookup lookup = lookup_of_policy(step);

        push_lookup(list, purpose, &lookup);
    }
}

/* Per-site tables are asked for each host. */
static void push_host(struct json *list, const struct report *report, const struct result *result,
                      const struct hop_result *hop, const struct host_result *host)
{
    struct purpose purpose = { "policy", hop->text, host->host->host };
    struct region *region = region_new();

    push_policy_steps(list, &purpose, host_steps(region, report, result, hop, host));
    region_free(region);
}

static void push_hop(struct json *list, const struct report *report, const struct result *result,
                     const struct hop_result *hop)
{
    struct purpose purpose = { "policy", hop->text, NULL };
    size_t         i;

    push_policy_steps(list, &purpose, hop->steps);
    for (i = 0; i < hop->host_count; i++)
        if (i == 0 || strcmp(hop->hosts[i].host->host, hop->hosts[i - 1].host->host) != 0)
            push_host(list, report, result, hop, &hop->hosts[i]);
}

struct json *json_of_lookups(const struct report *report, const struct result *result)
{
    static const struct purpose routing = { "routing", NULL, NULL };
    struct json                *list = json_array();
    const struct route_step    *step = result->route != NULL ? result->route->steps : NULL;
    size_t                      h;

    for (; step != NULL; step = step->next) {
        struct key_lookup lookup = lookup_of_route(step);

        push_lookup(list, &routing, &lookup);
    }
    for (h = 0; h < result->hop_count; h++)
        push_hop(list, report, result, &result->hops[h]);
    return list;
}
