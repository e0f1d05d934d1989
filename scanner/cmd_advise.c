#include <stdio.h>
#include <string.h>

#include "reports/escape.h"
#include "scanner/base/dict.h"
#include "scanner/command.h"
#include "scanner/replay.h"

#define STEPS_MAX 3
#define TABLE_MAX ((size_t)64 << 20)

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

/* One key of the policy table, for all destinations that it governs. */
struct candidate {
    const char          *key;
    const struct ladder *ladder;
    size_t               step;
    const char          *source;     /* "/etc/postfix/tls_policy:12", or what sets the level for all */
    bool                 wrong;      /* this step would harm one of them */
};

static const struct ladder *ladder_of(enum level level)
{
    size_t i;

    for (i = 0; i < sizeof(ladders) / sizeof(ladders[0]); i++)
        if (ladders[i].level == level)
            return &ladders[i];
    return NULL;
}

static enum level wanted_of(const struct candidate *candidate)
{
    return candidate->step < STEPS_MAX ? candidate->ladder->steps[candidate->step] : LEVEL_NONE;
}

/* Keys that can stand in a table line and in an inline table alike. */
static bool can_be_written(const char *key)
{
    return key[0] != '\0' && strcspn(key, " \t\r\n{}=,#$\"\\") == strlen(key);
}

/* One next-hop, its own policy without attributes (a new line would have to keep them), and mail that goes now. */
static const struct policy *policy_to_tighten(const struct result *result)
{
    const struct hop_result *hop = result->hop_count == 1 ? &result->hops[0] : NULL;

    if (hop == NULL || hop->nexthop == NULL || hop->policy == NULL || hop->host_count == 0 ||
        hop->policy->error != NULL || hop->policy->attribute_count > 0 || result->verdict != VERDICT_DELIVER ||
        !can_be_written(hop->nexthop->text))
        return NULL;
    return ladder_of(hop->policy->level) != NULL ? hop->policy : NULL;
}

static void add_candidate(struct region *region, struct dict *candidates, const struct result *result)
{
    const struct policy *policy = policy_to_tighten(result);
    struct candidate    *candidate;
    struct slice         key;

    if (policy == NULL || dict_find(candidates, slice_of(result->hops[0].nexthop->text)) != NULL)
        return;
    candidate = region_alloc(region, sizeof(*candidate));
    candidate->key = region_text(region, result->hops[0].nexthop->text);
    candidate->ladder = ladder_of(policy->level);
    if (policy->from_table && policy->answer.file != NULL)
        candidate->source = region_printf(region, "%s:%d", policy->answer.file, policy->answer.line);
    else
        candidate->source = region_text(region, policy->source);
    key = slice_of(candidate->key);
    dict_put(candidates, key, candidate);
}

static bool has_finding(const struct result *result, const char *start)
{
    const struct finding *finding;

    for (finding = result->findings.first; finding != NULL; finding = finding->next)
        if (slice_starts_with(slice_of(finding->code), slice_of(start)))
            return true;
    return false;
}

/* Under the new line every host and every address delivers at that level, today and within the horizon. */
static bool is_safe(const struct result *result, enum level wanted)
{
    const struct hop_result *hop = result->hop_count == 1 ? &result->hops[0] : NULL;
    size_t                   i;

    if (hop == NULL || hop->policy == NULL || hop->policy->level != wanted || result->verdict != VERDICT_DELIVER ||
        !result->certain || hop->host_count == 0 || has_finding(result, "backup-host-would") ||
        has_finding(result, "horizon"))
        return false;
    for (i = 0; i < hop->host_count; i++)
        if (hop->hosts[i].verdict != VERDICT_DELIVER || hop->hosts[i].policy == NULL ||
            hop->hosts[i].policy->level != wanted)
            return false;
    return true;
}

/* The candidates' lines in front of the tables that are there, as an override of main.cf. */
static const char *proposal(struct region *region, struct dict *candidates, const char *tables)
{
    struct buf  buf;
    const char *text;
    size_t      i;

    buf_init(&buf, TABLE_MAX);
    buf_add_text(&buf, "smtp_tls_policy_maps=inline:{");
    for (i = 0; i < dict_count(candidates); i++) {
        const struct candidate *candidate = dict_at(candidates, i);

        if (wanted_of(candidate) != LEVEL_NONE)
            buf_printf(&buf, " { %s = %s }", candidate->key, level_word(wanted_of(candidate)));
    }
    buf_printf(&buf, " }%s%s", tables[0] != '\0' ? ", " : "", tables);
    text = region_text(region, buf_text(&buf));
    buf_clear(&buf);
    return text;
}

static void look_at(struct dict *candidates, const struct result *result)
{
    const struct hop_result *hop = result->hop_count > 0 ? &result->hops[0] : NULL;
    struct candidate        *candidate;

    if (hop == NULL || hop->nexthop == NULL)
        return;
    candidate = dict_find(candidates, slice_of(hop->nexthop->text));
    if (candidate != NULL && wanted_of(candidate) != LEVEL_NONE &&
        (result->proposed == NULL || !is_safe(result->proposed, wanted_of(candidate))))
        candidate->wrong = true;
}

/* Those that failed go a step down. True: another look is needed. */
static bool step_down(struct dict *candidates)
{
    bool   again = false;
    size_t i;

    for (i = 0; i < dict_count(candidates); i++) {
        struct candidate *candidate = dict_at(candidates, i);

        if (!candidate->wrong)
            continue;
        candidate->wrong = false;
        candidate->step++;
        again |= wanted_of(candidate) != LEVEL_NONE;
    }
    return again;
}

/* The facts, judged as things are, and with the lines proposed (NULL: none). */
static bool judge_facts(struct audit *audit, struct region *region, const struct options *options, const char *proposed,
                        struct error *err)
{
    struct options *mine = region_copy(region, options, sizeof(*options));
    const char    **items = region_array(region, 1, sizeof(*items));

    items[0] = proposed;
    if (proposed != NULL)
        mine->proposed_overrides = (struct option_list){ items, 1 };
    return audit_init(audit, region, mine, err) && replay_facts(audit, err);
}

/* smtp_tls_policy_maps as it stands; NULL: per-site tables are in force, which a policy table would turn off. */
static const char *tables_of(struct region *region, const struct config *config)
{
    const struct service *service = config_service(config, "smtp");

    if (service == NULL || service->params == NULL)
        return "";
    if (service->per_site.count > 0 && service->policy_maps.count == 0)
        return NULL;
    return region_text(region, params_text(service->params, "smtp_tls_policy_maps"));
}

static bool find_candidates(struct region *region, const struct options *options, struct dict *candidates,
                            const char **tables, struct error *err)
{
    struct audit audit;
    bool         good = judge_facts(&audit, region, options, NULL, err);
    size_t       i;

    for (i = 0; good && i < audit.report.count; i++)
        add_candidate(region, candidates, audit.report.results[i]);
    if (good && (*tables = tables_of(region, audit.config)) == NULL) {
        error_set(err, EXIT_CONFIGURATION, "smtp_tls_per_site is in force; a policy table would turn it off");
        error_fix(err, "see posttls-audit migrate");
        good = false;
    }
    audit_clear(&audit);
    return good;
}

static bool try_candidates(struct region *region, const struct options *options, struct dict *candidates,
                           const char *tables, struct error *err)
{
    struct audit audit;
    size_t       i;
    bool         good, again = dict_count(candidates) > 0;

    while (again) {
        good = judge_facts(&audit, region, options, proposal(region, candidates, tables), err);
        for (i = 0; good && i < audit.report.count; i++)
            look_at(candidates, audit.report.results[i]);
        audit_clear(&audit);
        if (!good)
            return false;
        again = step_down(candidates);
    }
    return true;
}

static void print_advice(struct region *region, struct dict *candidates)
{
    size_t i, count = 0;

    for (i = 0; i < dict_count(candidates); i++) {
        const struct candidate *candidate = dict_at(candidates, i);
        const char             *key = escape_text(region, candidate->key);

        if (wanted_of(candidate) == LEVEL_NONE)
            continue;
        count++;
        printf("%s: %s -> %s\n    now    %s\n    paste  %s %s\n", key, level_word(candidate->ladder->level),
               level_word(wanted_of(candidate)), escape_text(region, candidate->source), key,
               level_word(wanted_of(candidate)));
    }
    if (count == 0)
        puts("No entry is known to be safe to tighten.");
}

int cmd_advise(struct region *region, const struct options *options)
{
    struct dict *candidates = dict_new();
    struct error err;
    const char  *tables = "";
    int          status = EXIT_ALL_DELIVER;

    error_set(&err, EXIT_USAGE_ERROR, "advise: no facts file is named");
    error_fix(&err, "posttls-audit scan --save-facts FILE writes one");
    if (options->arguments.count == 0 || !find_candidates(region, options, candidates, &tables, &err) ||
        !try_candidates(region, options, candidates, tables, &err))
        status = command_fail(&err);
    else
        print_advice(region, candidates);
    dict_free(candidates);
    return status;
}
