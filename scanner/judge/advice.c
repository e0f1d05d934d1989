#include "scanner/judge/advice.h"

#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/judge/advice_impl.h"
#include "scanner/judge/pkix.h"
#include "scanner/policy/route.h"

#define STEPS_MAX 3
#define KEYS_MAX  128

/* What a level may be tightened to, the strictest first. Whatever is looked up by itself (dane without TLSA records) is
 * what it is at its weakest. */
static const struct ladder {
    enum level level, steps[STEPS_MAX];
} ladders[] = {
    { LEVEL_MAY, { LEVEL_DANE_ONLY, LEVEL_SECURE, LEVEL_ENCRYPT } },
    { LEVEL_ENCRYPT, { LEVEL_DANE_ONLY, LEVEL_SECURE } },
    { LEVEL_DANE, { LEVEL_DANE_ONLY, LEVEL_SECURE } },
    { LEVEL_VERIFY, { LEVEL_DANE_ONLY, LEVEL_SECURE } },
};

/* Attributes that mean the same at every level that uses TLS: a stricter line keeps them. */
static const char *const kept_attributes[] = { "protocols", "ciphers", "exclude", "connection_reuse", "enable_rpk" };

static const struct ladder *ladder_of(enum level level)
{
    for (size_t i = 0; i < sizeof(ladders) / sizeof(ladders[0]); i++)
        if (ladders[i].level == level)
            return &ladders[i];
    return NULL;
}

/* Lines */

/* Keys that can stand in a table line and in an inline table alike. */
static bool can_be_written(const char *key)
{
    return key[0] != '\0' && strcspn(key, " \t\r\n{}=,#$\"\\") == strlen(key);
}

bool advice_is_code(const char *code)
{
    static const enum finding_code codes[] = { FINDING_CAN_BE_TIGHTENED, FINDING_ENTRY_OVERTAKEN, FINDING_ENTRY_NEEDLESS,
                                               FINDING_ENTRY_WITHOUT_DOMAIN, FINDING_NAME_UNUSED,
                                               FINDING_FINGERPRINT_UNUSED, FINDING_FINGERPRINT_ENDS };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(code, finding_word(codes[i])) == 0)
            return true;
    return false;
}

const char *advice_line(struct region *region, const struct advice *advice)
{
    return advice->value != NULL ? region_printf(region, "%s %s", advice->key, advice->value) : NULL;
}

const char *advice_text(struct region *region, const struct advice *advice)
{
    if (advice->runs < 2)
        return advice->text;
    return region_printf(region, "%s; so it was in the last %zu runs", advice->text, advice->runs);
}

struct advice *advice_add(struct advising *a, enum finding_code code, const char *value, const char *text)
{
    struct advice *advice = region_alloc(a->region, sizeof(*advice));

    *advice = (struct advice){ .code = code, .key = a->hop->nexthop->text, .value = value, .text = text,
                               .policy = a->policy };
    *a->last_advice = advice;
    a->last_advice = &advice->next;
    return advice;
}

const char *advice_value(struct advising *a, enum level level, const char *match)
{
    const char *value = level_word(level);

    if (match != NULL)
        value = region_printf(a->region, "%s match=%s", value, match);
    for (size_t i = 0; i < a->policy->attribute_count; i++) {
        const struct policy_attribute *attribute = &a->policy->attributes[i];

        if (strcmp(attribute->name, "match") == 0)
            continue;
        if (strcspn(attribute->value, " \t\r\n{}") != strlen(attribute->value))
            return NULL;
        value = region_printf(a->region, "%s %s=%s", value, attribute->name, attribute->value);
    }
    return value;
}

/* Trials */

static bool has_finding(const struct result *result, const char *start)
{
    for (const struct finding *f = result->findings.first; f != NULL; f = f->next)
        if (strncmp(f->code, start, strlen(start)) == 0)
            return true;
    return false;
}

static bool is_safe(const struct result *tried, enum level level)
{
    const struct hop_result *hop = tried->hop_count == 1 ? &tried->hops[0] : NULL;

    if (hop == NULL || hop->policy == NULL || hop->policy->level != level || tried->verdict != VERDICT_DELIVER ||
        !tried->certain || hop->host_count == 0 || has_finding(tried, "backup-host-would") ||
        has_finding(tried, finding_word(FINDING_HORIZON)))
        return false;
    /* What anybody on the path can forge protects nothing. */
    if (level_is_dane(level) && has_finding(tried, finding_word(FINDING_RESOLVER_NOT_LOOPBACK)))
        return false;
    for (size_t i = 0; i < hop->host_count; i++)
        if (hop->hosts[i].verdict != VERDICT_DELIVER || hop->hosts[i].policy == NULL ||
            hop->hosts[i].policy->level != level)
            return false;
    return true;
}

/* What failed before it came to what is missing stays failed, whatever that would show. */
static bool is_unseen(const struct result *tried)
{
    const struct hop_result *hop = tried->hop_count == 1 ? &tried->hops[0] : NULL;
    bool unseen = tried->verdict == VERDICT_UNKNOWN && tried->forecast.reason == REASON_NOT_OBSERVED;

    for (size_t i = 0; hop != NULL && i < hop->host_count; i++) {
        const struct host_result *host = &hop->hosts[i];

        if (host->verdict != VERDICT_DELIVER && host->verdict != VERDICT_UNKNOWN)
            return false;
        unseen |= host->verdict == VERDICT_UNKNOWN && host->reason == REASON_NOT_OBSERVED;
    }
    return unseen;
}

enum trial_end advice_try(struct advising *a, const char *value, enum level level, struct result *tried)
{
    struct view        view = { .facts = a->input->view->facts };
    struct judge_input input = *a->input;

    input.view = &view;
    trial_judge(a->scratch, tried, a->trial, &input, a->result->destination, value);
    if (is_safe(tried, level))
        return TRIAL_SAFE;
    return is_unseen(tried) ? TRIAL_UNSEEN : TRIAL_UNSAFE;
}

/* Asking for more */

/* What was seen leaves a chance for secure: an authority that is trusted, and a name in the domain. */
static bool may_be_secure(const struct advising *a, const struct host_result *host)
{
    const char       *domain = a->hop->nexthop->host;
    struct pkix_chain chain;
    bool              fits;

    if (host->conversation == NULL || host->tls == NULL ||
        (strcmp(host->tls, "trusted") != 0 && strcmp(host->tls, "verified") != 0))
        return false;
    pkix_chain_read(&chain, host->conversation, a->input->view->facts);
    fits = chain.leaf != NULL &&
           (X509_check_host(chain.leaf, domain, 0, 0, NULL) == 1 ||
            X509_check_host(chain.leaf, region_printf(a->scratch, ".%s", domain), 0, 0, NULL) == 1);
    pkix_chain_clear(&chain);
    ERR_clear_error();
    return fits;
}

/* A stranger's server is not asked for what cannot come to anything. */
static bool is_worth_asking(const struct advising *a, enum level level)
{
    if (level != LEVEL_SECURE)
        return true; /* without TLSA records, dane-only asks no host */
    for (size_t i = 0; i < a->hop->host_count; i++)
        if (!may_be_secure(a, &a->hop->hosts[i]))
            return false;
    return true;
}

/* True: what the entry would need is wanted. */
static bool ask_for(struct advising *a, const char *value, enum level level)
{
    struct result tried;

    if (!is_worth_asking(a, level))
        return false;
    a->found->unseen = true;
    if (a->input->view->wants == NULL)
        return false;
    trial_judge(a->scratch, &tried, a->trial, a->input, a->result->destination, value);
    a->found->wanted |= tried.wanted;
    return tried.wanted;
}

/* The entry and the default */

/* The table of the list that gave the answer, where it is one of lines that can be listed: no rule, nothing live. */
static size_t own_table(const struct advising *a, const struct table_list *list)
{
    const struct table_answer *answer = &a->policy->answer;

    if (!a->policy->from_table || answer->table == NULL || answer->key == NULL ||
        strcasecmp(answer->key, a->hop->nexthop->text) != 0)
        return list->count;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(table_name(list->tables[i]), answer->table) == 0)
            return table_can_list(list->tables[i]) ? i : list->count;
    return list->count;
}

/* Has the next-hop a line of its own, without which main.cf would set the level? A line for its parent, or in another table,
 * would come first. */
static bool default_is_next(const struct advising *a)
{
    const struct service    *service = a->result->route->service;
    const struct table_list *list = &service->policy_maps;
    const char              *keys[KEYS_MAX];
    bool                     utf8 = params_bool(service->params, "smtputf8_enable");
    size_t count = policy_keys(a->scratch, a->hop->nexthop, utf8, keys, KEYS_MAX), table = own_table(a, list);
    struct view              view = { .facts = a->input->view->facts };
    struct table_asker       asker = route_asker(&view);

    if (table == list->count)
        return false;
    for (size_t i = table + 1; i < list->count; i++)
        if (table_lookup(list->tables[i], a->scratch, slice_of(keys[0]), &asker).status != TABLE_NOT_FOUND)
            return false;
    for (size_t k = 1; k < count; k++)
        if (table_list_find(list, a->scratch, slice_of(keys[k]), false, &asker).status != TABLE_NOT_FOUND)
            return false;
    return true;
}

static bool every_host_is_above(const struct result *tried, enum level level)
{
    for (size_t i = 0; i < tried->hops[0].host_count; i++)
        if (tried->hops[0].hosts[i].effective == NULL || tried->hops[0].hosts[i].effective->level <= level)
            return false;
    return true;
}

/* An entry that lowers the level for a domain which needs it no more. True: it is so, or is asked for. */
static bool advise_overtaken(struct advising *a, enum level global)
{
    struct result tried;

    if (a->policy->level > LEVEL_MAY || global <= a->policy->level)
        return false;
    switch (advice_try(a, NULL, global, &tried)) {
    case TRIAL_SAFE:
        if (!every_host_is_above(&tried, a->policy->level))
            return false;
        advice_add(a, FINDING_ENTRY_OVERTAKEN, NULL,
                   region_printf(a->region, "without this entry mail would go at %s, the level of main.cf, to every host",
                                 level_word(global)));
        return true;
    case TRIAL_UNSEEN:
        return ask_for(a, NULL, global);
    case TRIAL_UNSAFE:
        break;
    }
    return false;
}

static void advise_needless(struct advising *a, enum level global)
{
    if (a->policy->level == global && a->policy->attribute_count == 0)
        advice_add(a, FINDING_ENTRY_NEEDLESS, NULL,
                   region_printf(a->region, "without this entry main.cf sets the same level, %s", level_word(global)));
}

/* Levels */

static bool keeps_its_attributes(const struct policy *policy)
{
    for (size_t i = 0; i < policy->attribute_count; i++) {
        bool kept = false;

        for (size_t k = 0; k < sizeof(kept_attributes) / sizeof(kept_attributes[0]); k++)
            kept |= strcmp(policy->attributes[i].name, kept_attributes[k]) == 0;
        if (!kept)
            return false;
    }
    return true;
}

/* A rule, or a line for the parent domain, governs other next-hops too. */
static const char other_line[] = "; that line goes before the one that decides now";

/* True: there is advice, or it is asked for. */
static bool advise_level(struct advising *a)
{
    const struct ladder *ladder = keeps_its_attributes(a->policy) ? ladder_of(a->policy->level) : NULL;

    for (size_t i = 0; ladder != NULL && i < STEPS_MAX && ladder->steps[i] != LEVEL_NONE; i++) {
        enum level     level = ladder->steps[i];
        const char    *value = advice_value(a, level, NULL);
        struct result  tried;
        enum trial_end end = value != NULL ? advice_try(a, value, level, &tried) : TRIAL_UNSAFE;

        if (end == TRIAL_SAFE) {
            advice_add(a, FINDING_CAN_BE_TIGHTENED, value,
                       region_printf(a->region, "%s is safe: every host and every address would deliver under it%s",
                                     level_word(level), a->own || !a->policy->from_table ? "" : other_line));
            return true;
        }
        if (end == TRIAL_UNSEEN && ask_for(a, value, level))
            return true;
    }
    return false;
}

/* A policy that can be talked of as one line: one next-hop, and no per-site table. */
static bool begin(struct advising *a, enum advice_scope scope)
{
    const struct result *result = a->result;

    if (result->wanted || result->configured != NULL || result->hop_count != 1 || result->route->service == NULL)
        return false;
    a->hop = &result->hops[0];
    a->policy = a->hop->policy;
    return a->hop->nexthop != NULL && a->policy != NULL && a->policy->trouble == POLICY_FINE &&
           can_be_written(a->hop->nexthop->text) && (a->policy->from_table || scope == ADVICE_ALL) &&
           (result->route->service->policy_maps.count > 0 || result->route->service->per_site.count == 0);
}

static void find(struct advising *a)
{
    const char *parameter;
    enum level  global = policy_global_level(a->result->route->service->params, &parameter);
    bool        alone;

    a->own = own_table(a, &a->result->route->service->policy_maps) < a->result->route->service->policy_maps.count;
    alone = a->own && default_is_next(a);
    advice_pins(a);
    if (alone && a->result->forecast.reason == REASON_NO_SUCH_DOMAIN)
        advice_add(a, FINDING_ENTRY_WITHOUT_DOMAIN, NULL, "the domain does not exist: no mail can need this entry");
    if (a->result->verdict != VERDICT_DELIVER || !a->result->certain || a->hop->host_count == 0)
        return;
    if ((alone && advise_overtaken(a, global)) || advise_level(a))
        return;
    advice_names(a);
    if (alone)
        advise_needless(a, global);
}

void advice_find(struct region *region, struct advice_found *found, struct trial *trial, const struct judge_input *input,
                 const struct result *result, enum advice_scope scope)
{
    struct advising a = { .region = region, .scratch = region_new(), .found = found, .last_advice = &found->advice,
                          .last_pin = &found->pins, .trial = trial, .input = input, .result = result };

    *found = (struct advice_found){ 0 };
    if (begin(&a, scope))
        find(&a);
    region_free(a.scratch);
}
