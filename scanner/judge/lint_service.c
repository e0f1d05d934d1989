/* What a service can make of its levels: authorities, DNSSEC, digests, the TLS engine. */
#include <string.h>
#include <strings.h>

#include "scanner/judge/lint_impl.h"
#include "scanner/policy/words.h"

struct service_review {
    struct lint *lint;
    const struct service *service;
    const struct params *params;
    const struct lint_uses *uses;
};

/* Where a level is used, in words. */
static const char *use_text(const struct service_review *r, const struct lint_use *use)
{
    if (use->key == NULL)
        return "the global level";
    if (use->file == NULL)
        return region_printf(r->lint->scratch, "the entry of %s", use->key[0] != '\0' ? use->key : "a table");
    return region_printf(r->lint->scratch, "%s, line %d", use->file, use->line);
}

static const struct lint_use *dane_use(const struct service_review *r)
{
    const struct lint_use *dane = &r->uses->levels[LEVEL_DANE];

    return dane->used ? dane : &r->uses->levels[LEVEL_DANE_ONLY];
}

/* Authorities */

static bool is_usable(const struct config_file *file)
{
    return file != NULL && (file->only_ours || (file->error == NULL && file->text.n > 0));
}

static void check_authorities(const struct service_review *r)
{
    const struct service *s = r->service;
    const struct lint_use *use = &r->uses->needs_authority;
    bool any = is_usable(s->ca_file) || is_usable(s->ca_path) || is_usable(s->default_ca);

    if (s->ca_path != NULL && !is_usable(s->ca_path))
        lint_tell_parameter(r->lint, r->params, "smtp_tls_CApath", LINT_CA_PATH_UNUSABLE, "%s: %s", s->ca_path->path,
                            s->ca_path->error != NULL ? s->ca_path->error : "no hashed certificates in it");
    if (s->ca_file == NULL && s->ca_path == NULL && params_bool(r->params, "tls_append_default_CA"))
        lint_tell_parameter(r->lint, r->params, "tls_append_default_CA", LINT_DEFAULT_CA_ALONE,
                            "tls_append_default_CA without %s and %s", params_name(r->params, "smtp_tls_CAfile"),
                            params_name(r->params, "smtp_tls_CApath"));
    if (!use->used || any || params_text(r->params, "smtp_tls_trust_anchor_file")[0] != '\0')
        return;
    lint_fix_line(r->lint,
                  lint_tell_parameter(r->lint, r->params, "smtp_tls_CAfile", LINT_VERIFY_WITHOUT_CA,
                                      "verify or secure is used (%s) and no authority is trusted", use_text(r, use)),
                  "%s = /etc/ssl/certs/ca-certificates.crt", params_name(r->params, "smtp_tls_CAfile"));
}

/* DANE */

static void check_dane(const struct service_review *r)
{
    const struct lint_use *use = dane_use(r);
    const char *support = params_text(r->params, "smtp_dns_support_level");

    if (!use->used)
        return;
    if (strcasecmp(support, "dnssec") != 0)
        lint_fix_line(r->lint,
                      lint_tell_parameter(r->lint, r->params, "smtp_dns_support_level", LINT_DANE_WITHOUT_DNSSEC,
                                          "DANE is used (%s) and %s is %s", use_text(r, use),
                                          params_name(r->params, "smtp_dns_support_level"),
                                          support[0] != '\0' ? support : "empty"),
                      "%s = dnssec", params_name(r->params, "smtp_dns_support_level"));
    else if (words_have(r->params, "smtp_host_lookup", "native"))
        lint_fix_line(r->lint,
                      lint_tell_parameter(r->lint, r->params, "smtp_host_lookup", LINT_DANE_NATIVE_LOOKUP,
                                          "DANE is used (%s) and %s has native", use_text(r, use),
                                          params_name(r->params, "smtp_host_lookup")),
                      "%s = dns", params_name(r->params, "smtp_host_lookup"));
    if (r->lint->input->distant_resolver != NULL)
        lint_tell(r->lint, LINT_DANE_RESOLVER_DISTANT, "/etc/resolv.conf", 0, "the resolver %s is not on this machine",
                  r->lint->input->distant_resolver);
    if (params_program(r->params) == PROGRAM_SMTP &&
        strcasecmp(params_text(r->params, "smtp_tls_dane_insecure_mx_policy"), "dane") != 0)
        lint_fix_line(r->lint,
                      lint_tell_parameter(r->lint, r->params, "smtp_tls_dane_insecure_mx_policy", LINT_DANE_INSECURE_MX,
                                          "smtp_tls_dane_insecure_mx_policy is %s",
                                          params_text(r->params, "smtp_tls_dane_insecure_mx_policy")),
                      "smtp_tls_dane_insecure_mx_policy = dane");
}

/* Digests */

static void check_digest(const struct service_review *r)
{
    const char *digest = params_text(r->params, "smtp_tls_fingerprint_digest");
    const struct lint_use *use = &r->uses->levels[LEVEL_FINGERPRINT];

    if (!use->used || (strcasecmp(digest, "md5") != 0 && strcasecmp(digest, "sha1") != 0))
        return;
    lint_fix_line(r->lint,
                  lint_tell_parameter(r->lint, r->params, "smtp_tls_fingerprint_digest", LINT_PIN_DIGEST_OBSOLETE,
                                      "fingerprints (%s) are made with %s", use_text(r, use), digest),
                  "%s = sha256", params_name(r->params, "smtp_tls_fingerprint_digest"));
}

/* The global level */

static void check_switch(const struct service_review *r, const char *name)
{
    const struct main_cf_entry *entry;

    if (!params_is_set(r->params, name, &entry) || !params_bool(r->params, name))
        return;
    lint_tell_parameter(r->lint, r->params, name, LINT_SWITCH_OVERRIDDEN, "%s = yes does nothing: %s is set",
                        entry->name, params_name(r->params, "smtp_tls_security_level"));
}

static void check_main_cf_names(const struct service_review *r)
{
    if (!words_have(r->params, "smtp_tls_secure_cert_match", "hostname"))
        return;
    lint_fix_line(r->lint,
                  lint_tell_parameter(r->lint, r->params, "smtp_tls_secure_cert_match", LINT_MATCH_HOSTNAME,
                                      "%s has hostname: secure accepts whatever host DNS names",
                                      params_name(r->params, "smtp_tls_secure_cert_match")),
                  "%s = nexthop, dot-nexthop", params_name(r->params, "smtp_tls_secure_cert_match"));
}

static void check_global(const struct service_review *r)
{
    const char *parameter;
    enum level global = policy_global_level(r->params, &parameter);

    if (params_text(r->params, "smtp_tls_security_level")[0] != '\0') {
        check_switch(r, "smtp_enforce_tls");
        check_switch(r, "smtp_use_tls");
    }
    if (global >= LEVEL_NONE && global <= LEVEL_MAY && params_bool(r->params, "smtp_tls_wrappermode"))
        lint_tell_parameter(r->lint, r->params, "smtp_tls_wrappermode", LINT_WRAPPER_BELOW_ENCRYPT,
                            "%s = yes and the global level is %s", params_name(r->params, "smtp_tls_wrappermode"),
                            level_word(global));
    if (global == LEVEL_NONE && params_program(r->params) == PROGRAM_SMTP &&
        params_text(r->params, "smtp_tls_policy_maps")[0] == '\0' &&
        params_text(r->params, "smtp_tls_per_site")[0] == '\0')
        lint_fix_line(r->lint,
                      lint_tell_parameter(r->lint, r->params, "smtp_tls_security_level", LINT_TLS_NEVER_USED,
                                          "there is no level and no policy: TLS is never used"),
                      "smtp_tls_security_level = may");
}

void lint_service(struct lint *lint, const struct service *service, const struct lint_maps *maps)
{
    struct service_review r = { lint, service, service->params, &maps->uses };

    if (service->engine_error != NULL)
        lint_tell(lint, LINT_TLS_ENGINE_FAILS, lint->main_cf, 0, "%s", service->engine_error);
    check_global(&r);
    check_main_cf_names(&r);
    check_authorities(&r);
    check_dane(&r);
    check_digest(&r);
    lint_forget(lint);
}
