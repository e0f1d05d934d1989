/* The same client, were DANE or MTA-STS followed for every destination. */
#include "scanner/load_service.h"

#define SETTINGS_MAX 4

/* What a mechanism needs in main.cf: the tables of policies out of its way, a level, and for DANE lookups with DNSSEC. */
struct mechanism_settings {
    const char *names[SETTINGS_MAX][2];
};

static const struct mechanism_settings dane_settings = { {
    { "smtp_tls_policy_maps", "" },
    { "smtp_tls_per_site", "" },
    { "smtp_tls_security_level", "dane" },
    { "smtp_dns_support_level", "dnssec" },
} };

/* The level is for who publishes no policy: opportunistic TLS, as RFC 8461 leaves it. */
static const struct mechanism_settings sts_settings = { {
    { "smtp_tls_policy_maps", "" },
    { "smtp_tls_per_site", "" },
    { "smtp_tls_security_level", "may" },
} };

static struct service *with_settings(struct config *config, const struct service *service, const struct main_cf *main_cf,
                                     const struct main_cf *compiled, const struct mechanism_settings *settings)
{
    struct service *copy = region_copy(config->region, service, sizeof(*service));
    struct main_cf *changed = main_cf_copy(config->region, main_cf);
    size_t          i;

    for (i = 0; i < SETTINGS_MAX && settings->names[i][0] != NULL; i++)
        main_cf_set(changed, settings->names[i][0], settings->names[i][1], "--as", 0);
    copy->params = params_new(config->region, changed, compiled, PROGRAM_SMTP, config->version, config->dir);
    copy->policy_maps = copy->per_site = (struct table_list){ NULL, NULL, 0 };
    copy->next = NULL;
    return copy;
}

/* MTA-STS rests on the certification authorities of the web. A client that is told of none would trust nobody, which says
 * nothing of the domains. */
static void add_anchors(struct config *config, struct service *service)
{
    if (service->ca_file == NULL && service->ca_path == NULL)
        service->ca_file = load_default_ca(config, service);
}

void load_mechanisms(struct config *config, struct service *service, const struct main_cf *main_cf,
                     const struct main_cf *compiled)
{
    struct service *sts;

    /* Neither is for LMTP, nor for TLS from the first octet on: those are no mail exchangers. */
    if (params_program(service->params) != PROGRAM_SMTP || params_bool(service->params, "smtp_tls_wrappermode"))
        return;
    service->as_dane = with_settings(config, service, main_cf, compiled, &dane_settings);
    sts = with_settings(config, service, main_cf, compiled, &sts_settings);
    if (config->as_if || service->policy_maps.count > 0)
        add_anchors(config, sts);
    sts->follows_sts = true;
    service->as_sts = sts;
}
