#include "scanner/policy/policy.h"

#include <string.h>

#include "scanner/base/hostname.h"
#include "scanner/base/utf8.h"
#include "scanner/policy/per_site.h"
#include "scanner/policy/route.h"

/* A host name has at most so many labels, and a key for each. */
#define KEYS_MAX   (HOSTNAME_MAX / 2 + 2)
#define FOLDED_MAX 4096

/* One search for a policy. */
struct finder {
    struct region *region;
    struct policy *policy;
    const struct service *service;
    const struct config *config;
    const struct view *view;
    struct policy_step **last; /* NULL: nobody asks for steps */
};

static void note_step(struct finder *finder, const struct table_list *list, const char *key,
                      const struct table_answer *answer)
{
    struct policy_step *step;

    if (finder->last == NULL)
        return;
    step = region_alloc(finder->region, sizeof(*step));
    step->parameter = list->parameter;
    step->tables = list;
    step->key = key;
    step->answer = *answer;
    *finder->last = step;
    finder->last = &step->next;
}

static struct table_answer ask(struct finder *finder, const struct table_list *list, const char *key)
{
    struct table_asker asker = route_asker(finder->view);
    struct table_answer answer = table_list_find(list, finder->region, slice_of(key), false, &asker);

    note_step(finder, list, key, &answer);
    return answer;
}

/* A table failed: what smtp(8) records, or what keeps us from telling. */
static void set_table_trouble(struct finder *finder, const struct table_answer *answer, const char *dsn,
                              const char *text, const char *words)
{
    struct policy *policy = finder->policy;
    const char *why = answer->error;

    policy->level = LEVEL_INVALID;
    policy->answer = *answer;
    policy->source = answer->table;
    policy->from_table = true;
    if (answer->status == TABLE_WANTED && finder->view->wants != NULL) {
        policy->trouble = POLICY_WANTS;
        return;
    }
    policy->trouble = answer->status == TABLE_ERROR ? POLICY_TABLE_ERROR : POLICY_UNREADABLE;
    if (answer->status == TABLE_WANTED)
        why = "not observed";
    policy->error = why == NULL ? words : region_printf(finder->region, "%s: %s", words, why);
    if (policy->trouble == POLICY_TABLE_ERROR) {
        /* dict_sqlite.c takes a query that SQL refuses for a reason to end the process. */
        policy->kills = answer->error != NULL && strstr(answer->error, "SQL prepare failed") != NULL;
        policy->dsn = dsn;
        policy->text = text;
    }
}

static bool is_failure(const struct table_answer *answer)
{
    return answer->status != TABLE_FOUND && answer->status != TABLE_NOT_FOUND;
}

static void set_global(struct finder *finder, enum level level, const char *parameter)
{
    struct policy *policy = finder->policy;

    policy->level = level;
    policy->source = parameter;
    policy->from_table = false;
    if (level != LEVEL_INVALID)
        return;
    policy->trouble = POLICY_BAD_VALUE;
    policy->dsn = "4.7.5";
    policy->text = "client TLS configuration problem";
    policy->error = region_printf(finder->region, "invalid tls security level: \"%s\"",
                                  params_text(finder->service->params, "smtp_tls_security_level"));
}

enum level policy_global_level(const struct params *params, const char **parameter)
{
    const char *word = params_text(params, "smtp_tls_security_level");
    enum level level;

    *parameter = params_name(params, "smtp_tls_security_level");
    if (*word != '\0')
        return level_parse(slice_of(word), &level) ? level : LEVEL_INVALID;
    if (params_bool(params, "smtp_enforce_tls")) {
        *parameter = params_name(params, "smtp_enforce_tls");
        return params_bool(params, "smtp_tls_enforce_peername") ? LEVEL_VERIFY : LEVEL_ENCRYPT;
    }
    if (params_bool(params, "smtp_use_tls")) {
        *parameter = params_name(params, "smtp_use_tls");
        return LEVEL_MAY;
    }
    return LEVEL_NONE;
}

size_t policy_keys(struct region *region, const struct nexthop *nexthop, bool utf8, const char **keys, size_t max)
{
    const char *key = region_text(region, nexthop->text);
    bool with_parents = hostname_is_valid_utf8(slice_of(key), utf8);
    size_t count = 0;

    while (key != NULL && *key != '\0' && count < max) {
        keys[count++] = key;
        key = with_parents ? strchr(key + 1, '.') : NULL;
    }
    return count;
}

/* smtp_tls_policy_maps: the first key that any table has. */
static void find_in_maps(struct finder *finder, const struct nexthop *nexthop)
{
    const struct params *params = finder->service->params;
    const char *keys[KEYS_MAX], *parameter;
    size_t count = policy_keys(finder->region, nexthop, params_bool(params, "smtputf8_enable"), keys, KEYS_MAX);
    enum level global;

    for (size_t i = 0; i < count; i++) {
        struct table_answer answer = ask(finder, &finder->service->policy_maps, keys[i]);

        if (is_failure(&answer)) {
            set_table_trouble(finder, &answer, "4.7.5", "client TLS configuration problem",
                              "policy table lookup error");
            return;
        }
        if (answer.status == TABLE_FOUND) {
            policy_parse(finder->region, finder->policy, slice_of(answer.value), finder->service, finder->config,
                         finder->view);
            finder->policy->answer = answer;
            finder->policy->source = answer.table;
            return;
        }
    }
    global = policy_global_level(params, &parameter);
    set_global(finder, global, parameter);
}

static void set_bad_per_site_value(struct finder *finder, const struct table_answer *answer)
{
    struct policy *policy = finder->policy;
    const char *suggestion = per_site_suggestion(slice_of(answer->value));

    policy->level = LEVEL_INVALID;
    policy->trouble = POLICY_BAD_VALUE;
    policy->dsn = "4.7.5";
    policy->text = "client TLS configuration problem";
    policy->from_table = true;
    policy->answer = *answer;
    policy->source = answer->table;
    policy->error = region_printf(finder->region, "unknown TLS policy '%s'", answer->value);
    policy->hint = suggestion != NULL ? region_printf(finder->region, "did you mean \"%s\"?", suggestion)
                                      : "write NONE, MAY, MUST_NOPEERMATCH or MUST, and nothing else";
}

/* One of the two lookups. False: the policy is invalid. */
static bool merge_per_site(struct finder *finder, const char *key, enum level *running)
{
    struct table_answer answer = ask(finder, &finder->service->per_site, key);
    enum level result, merged;

    if (is_failure(&answer)) {
        set_table_trouble(finder, &answer, "4.3.0", "Temporary lookup error", "per-site table lookup error");
        return false;
    }
    if (answer.status == TABLE_NOT_FOUND)
        return true;
    if (!per_site_parse(slice_of(answer.value), &result)) {
        set_bad_per_site_value(finder, &answer);
        return false;
    }
    merged = per_site_merge(*running, result);
    if (merged != *running || finder->policy->answer.status != TABLE_FOUND)
        finder->policy->answer = answer;
    *running = merged;
    return true;
}

static bool same_name(const char *a, const char *b)
{
    struct buf folded_a, folded_b;
    bool same;

    buf_init(&folded_a, FOLDED_MAX);
    buf_init(&folded_b, FOLDED_MAX);
    text_fold(slice_of(a), true, &folded_a);
    text_fold(slice_of(b), true, &folded_b);
    same = slice_eq(buf_slice(&folded_a), buf_slice(&folded_b));
    buf_clear(&folded_a);
    buf_clear(&folded_b);
    return same;
}

static void find_per_site(struct finder *finder, const struct nexthop *nexthop, const char *host)
{
    enum level running = LEVEL_NOT_FOUND, global, level;
    const char *parameter;

    if (!merge_per_site(finder, nexthop->text, &running))
        return;
    if (host != NULL && !same_name(nexthop->text, host) && !merge_per_site(finder, host, &running))
        return;
    global = policy_global_level(finder->service->params, &parameter);
    level = per_site_final(running, global);
    if (running == LEVEL_NOT_FOUND || level != running) {
        set_global(finder, global, parameter);
        return;
    }
    finder->policy->level = level;
    finder->policy->from_table = true;
    finder->policy->source = finder->policy->answer.table;
}

void policy_init(struct policy *policy)
{
    *policy = (struct policy){ .level = LEVEL_NOT_FOUND, .connection_reuse = -1, .enable_rpk = -1 };
}

void policy_find(struct region *region, struct policy *policy, const struct service *service,
                 const struct config *config, const struct nexthop *nexthop, const char *host, const struct view *view,
                 struct policy_step **steps)
{
    struct finder finder = { region, policy, service, config, view, steps };
    const char *parameter;
    enum level global;

    policy_init(policy);
    if (steps != NULL)
        *steps = NULL;
    /* A list of commas alone counts too. */
    if (service->policy_maps.count > 0 || *params_text(service->params, "smtp_tls_policy_maps") != '\0')
        find_in_maps(&finder, nexthop);
    else if (service->per_site.count > 0)
        find_per_site(&finder, nexthop, host);
    else {
        global = policy_global_level(service->params, &parameter);
        set_global(&finder, global, parameter);
    }
}
