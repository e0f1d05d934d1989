#include "scanner/config/mechanisms.h"

#include <string.h>

/* What a mechanism needs in main.cf: the tables of policies out of its way, a level, and for DANE lookups with DNSSEC. */
static const char *const dane_settings[][2] = {
    { "smtp_tls_policy_maps", "" },
    { "smtp_tls_per_site", "" },
    { "smtp_tls_security_level", "dane" },
    { "smtp_dns_support_level", "dnssec" },
};

/* The level is for who publishes no policy: opportunistic TLS, as RFC 8461 leaves it. */
static const char *const sts_settings[][2] = {
    { "smtp_tls_policy_maps", "" },
    { "smtp_tls_per_site", "" },
    { "smtp_tls_security_level", "may" },
};

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static struct service *with_settings(struct region *region, const struct service *service, const char *const (*settings)[2],
                                     size_t count)
{
    struct service *copy = region_copy(region, service, sizeof(*service));

    copy->params = params_with(region, service->params, settings, count, "--as");
    copy->policy_maps = copy->per_site = (struct table_list){ NULL, NULL, 0 };
    copy->next = NULL;
    return copy;
}

struct service *mechanisms_add(struct region *region, struct service *service)
{
    struct service *sts;

    /* Those are no mail exchangers. */
    if (params_program(service->params) != PROGRAM_SMTP || params_bool(service->params, "smtp_tls_wrappermode"))
        return NULL;
    service->as_dane = with_settings(region, service, dane_settings, COUNT(dane_settings));
    sts = with_settings(region, service, sts_settings, COUNT(sts_settings));
    sts->follows_sts = true;
    service->as_sts = sts;
    return sts;
}

static bool has_socketmap(const struct table *table)
{
    const char         *type = table_type(table);
    const struct table *member;

    if (type != NULL && strcmp(type, "socketmap") == 0)
        return true;
    for (size_t i = 0; (member = table_member(table, i)) != NULL; i++)
        if (has_socketmap(member))
            return true;
    return false;
}

bool mechanisms_have_socketmap(const struct table_list *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        if (has_socketmap(tables->tables[i]))
            return true;
    return false;
}

bool mechanisms_may_be_used(const struct service *service)
{
    return mechanisms_have_socketmap(&service->policy_maps) ||
           (service->policy_maps.count > 0 && version_at_least(params_version(service->params), 3, 10, 0));
}
