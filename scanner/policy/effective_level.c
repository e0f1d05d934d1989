#include "scanner/policy/effective_level.h"

#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"
#include "scanner/policy/match.h"
#include "scanner/policy/mta_sts.h"
#include "scanner/policy/policy_parse.h"
#include "scanner/policy/words.h"

#define CONFIGURATION_PROBLEM "client TLS configuration problem"

/* What one decision works with. */
struct decision {
    struct region *region;
    struct effective *out;
    const struct config *config;
    const struct service *service;
    const struct nexthop *nexthop;
    const struct policy *policy;
    const struct mail_hosts *hosts;
    const struct mail_host *host;
    const struct view *view;
};

static void invalid(struct decision *d, const char *text, const char *reason)
{
    d->out->level = LEVEL_INVALID;
    d->out->why = (struct why){ "4.7.5", text, reason };
}

/* Why DANE cannot be used with this configuration: the tail of smtp(8)'s warning, or NULL. */
static const char *dane_obstacle(const struct decision *d)
{
    const struct params *params = d->service->params;
    bool dns = words_have(params, "smtp_host_lookup", "dns");
    const char *word = level_word(d->policy->level);

    if (!dns || !slice_eq_text_nocase(slice_of(params_text(params, "smtp_dns_support_level")), "dnssec"))
        return region_printf(d->region, "%s configured with dnssec lookups disabled", word);
    if (params_program(params) == PROGRAM_SMTP && params_bool(params, "ignore_mx_lookup_error"))
        return region_printf(d->region, "%s configured with MX lookup errors ignored", word);
    if (words_have(params, "smtp_dns_resolver_options", "res_defnames") ||
        words_have(params, "smtp_dns_resolver_options", "res_dnsrch"))
        return region_printf(d->region, "dns resolver options incompatible with %s TLS", word);
    return NULL;
}

/* The LMTP client never reads the parameter: its policy stays the weakest one. */
static enum level insecure_mx_policy(const struct params *params)
{
    enum level level;

    if (params_program(params) != PROGRAM_SMTP ||
        !level_parse(slice_of(params_text(params, "smtp_tls_dane_insecure_mx_policy")), &level))
        return LEVEL_MAY;
    return level;
}

/* DANE is not used although the policy says so. Were there TLSA records to use? */
static void leave_aside(struct decision *d, enum level level)
{
    d->out->level = level;
    tlsa_find_published(d->region, &d->out->tlsa, d->service, d->host, d->view);
    d->out->wanted = d->out->tlsa.status == TLSA_WANTED;
    d->out->left_aside = d->out->tlsa.status == TLSA_FOUND;
}

static void dane_obstructed(struct decision *d, const char *obstacle)
{
    d->out->warning = region_printf(d->region, "%s: %s", d->nexthop->text, obstacle);
    if (d->policy->level == LEVEL_DANE)
        leave_aside(d, LEVEL_MAY);
    else
        invalid(d, CONFIGURATION_PROBLEM, "policy-invalid");
}

/* True: no TLSA records to go on with; the level is settled. */
static bool tlsa_settles(struct decision *d)
{
    const struct tlsa *tlsa = &d->out->tlsa;
    bool only = d->policy->level == LEVEL_DANE_ONLY;

    switch (tlsa->status) {
    case TLSA_WANTED:
        d->out->wanted = true;
        return true;
    case TLSA_UNKNOWN:
        d->out->unknown = tlsa->unknown_reason;
        return true;
    case TLSA_ERROR:
        d->out->unknown = tlsa->unknown_reason;
        invalid(d, region_printf(d->region, "TLSA lookup error for %s:%u", d->host->host, d->host->port),
                "tlsa-lookup-failed");
        return true;
    case TLSA_NONE:
        d->out->level = LEVEL_MAY;
        if (only)
            invalid(d, "no TLSA records found", "no-tlsa");
        return true;
    case TLSA_FOUND:
        break;
    }
    if (tlsa->usable_count > 0)
        return false;
    d->out->level = LEVEL_ENCRYPT;
    d->out->unusable = true;
    if (only)
        invalid(d, "TLSA records unusable", "tlsa-unusable");
    return true;
}

/* dane_init(): the first condition that holds decides. */
static void decide_dane(struct decision *d)
{
    bool only = d->policy->level == LEVEL_DANE_ONLY;
    bool insecure_mx = d->hosts->used_mx && !d->hosts->mx_secure;
    enum level mx_policy = insecure_mx_policy(d->service->params);
    const char *obstacle;

    if (d->nexthop->is_unix) {
        invalid(d, CONFIGURATION_PROBLEM, "policy-invalid");
        return;
    }
    obstacle = dane_obstacle(d);
    if (obstacle != NULL) {
        dane_obstructed(d, obstacle);
        return;
    }
    if (insecure_mx && (only || mx_policy <= LEVEL_MAY)) {
        if (only)
            invalid(d, "non DNSSEC destination", "not-dnssec");
        else
            leave_aside(d, LEVEL_MAY);
        return;
    }
    tlsa_find(d->region, &d->out->tlsa, d->service, d->host, d->view);
    if (tlsa_settles(d))
        return;
    if (insecure_mx && mx_policy == LEVEL_ENCRYPT) {
        d->out->level = LEVEL_ENCRYPT;
        d->out->left_aside = true;
        return;
    }
    d->out->level = insecure_mx ? LEVEL_HALF_DANE : d->policy->level;
    d->out->dane_in_use = true;
}

/* main.cf's servername, where the policy has none. */
static bool servername_is_bad(const struct decision *d)
{
    struct slice name = slice_of(params_text(d->service->params, "smtp_tls_servername"));

    return d->policy->servername == NULL && name.n > 0 && !hostname_is_valid(name);
}

/* main.cf's trust anchor files, where the policy has none. */
static void check_anchors(struct decision *d)
{
    struct slice rest = slice_of(params_text(d->service->params, "smtp_tls_trust_anchor_file")), path;

    if (d->policy->tafiles != NULL && d->policy->tafiles->count > 0)
        return;
    while (slice_next_token(&rest, ", \t\r\n", &path)) {
        const char *name = config_inside(d->region, d->config, d->service, region_slice(d->region, path));
        const struct config_file *file = config_file(d->config, name);

        if (file == NULL && d->view->wants != NULL) {
            wants_file(d->view->wants, name);
            d->out->wanted = true;
        } else if (file == NULL || (file->error != NULL && file->only_ours)) {
            d->out->unknown = "local-fault";
        } else if (file->error != NULL || policy_tafile_trouble(file->text) != NULL) {
            invalid(d, CONFIGURATION_PROBLEM, "policy-invalid");
            return;
        }
    }
}

/* What main.cf adds to the policy, and can spoil it by. */
static void complete_from_main_cf(struct decision *d)
{
    struct match match;

    if (d->out->level <= LEVEL_NONE)
        return;
    if (servername_is_bad(d)) {
        invalid(d, CONFIGURATION_PROBLEM, "policy-invalid");
        return;
    }
    if (d->out->level == LEVEL_FINGERPRINT) {
        match_fingerprints(d->region, &match, d->service, d->policy);
        if (match.no_fingerprints)
            invalid(d, CONFIGURATION_PROBLEM, "policy-invalid");
    } else if (level_is_pkix(d->out->level)) {
        check_anchors(d);
    }
}

static bool sts_refuses(const struct decision *d)
{
    bool names_listed = level_is_pkix(d->out->level) || d->out->dane_in_use;

    return names_listed && match_enforces_sts(d->service->params, d->policy) &&
           !sts_mx_fits(&d->policy->sts.mx_patterns, d->host->ascii);
}

static void check_skips(struct decision *d)
{
    const char *reason = NULL;

    if (params_bool(d->service->params, "smtp_tls_wrappermode") && d->out->level < LEVEL_ENCRYPT)
        reason = "wrapper-needs-encrypt";
    else if (sts_refuses(d))
        reason = "sts-mx-mismatch";
    d->out->skipped_silently = reason != NULL;
    d->out->skip_reason = reason;
}

/* A policy that could not be had. */
static bool policy_settles(struct decision *d)
{
    const struct policy *policy = d->policy;

    switch (policy->trouble) {
    case POLICY_FINE:
        return false;
    case POLICY_WANTS:
        d->out->wanted = true;
        return true;
    case POLICY_UNREADABLE:
        d->out->unknown = policy->unknown != NULL ? policy->unknown : "table-unreadable";
        return true;
    case POLICY_BAD_VALUE:
    case POLICY_TABLE_ERROR:
        break;
    }
    d->out->why = (struct why){ policy->dsn, policy->text,
                                policy->trouble == POLICY_TABLE_ERROR ? "table-error" : "policy-invalid" };
    return true;
}

void effective_level_find(struct region *region, struct effective *out, const struct config *config,
                          const struct service *service, const struct nexthop *nexthop, const struct policy *policy,
                          const struct mail_hosts *hosts, const struct mail_host *host, const struct view *view)
{
    struct decision d = { region, out, config, service, nexthop, policy, hosts, host, view };

    *out = (struct effective){ .level = LEVEL_INVALID };
    out->tlsa.dnssec = "insecure";
    if (policy_settles(&d))
        return;
    out->level = policy->level;
    if (policy->level == LEVEL_DANE || policy->level == LEVEL_DANE_ONLY)
        decide_dane(&d);
    complete_from_main_cf(&d);
    if (nexthop->is_unix && out->level == LEVEL_MAY)
        out->level = LEVEL_NONE;
    if (out->level != LEVEL_INVALID && !out->wanted)
        check_skips(&d);
}
