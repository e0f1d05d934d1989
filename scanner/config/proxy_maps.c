#include "scanner/config/proxy_maps.h"

/* The default, as far as it concerns programs that we look at. Not among them: smtp_tls_per_site. */
static const char *const by_default[] = {
    "smtp_tls_policy_maps", "lmtp_tls_policy_maps", "transport_maps", "sender_dependent_relayhost_maps",
    "sender_dependent_default_transport_maps", "mydestination", "virtual_alias_domains", "virtual_mailbox_domains",
    "relay_domains", "smtp_sasl_password_maps", "lmtp_sasl_password_maps", "smtp_discard_ehlo_keyword_address_maps",
    "lmtp_discard_lhlo_keyword_address_maps", "smtp_pix_workaround_maps", "lmtp_pix_workaround_maps",
    "smtp_dns_reply_filter", "lmtp_dns_reply_filter", "smtp_reply_filter", "lmtp_reply_filter",
};

static bool lists(const char *value, const char *name)
{
    struct slice rest = slice_of(value), item;

    while (slice_next_token_braced(&rest, ", \t\r\n", &item))
        if (slice_eq_text(item, name))
            return true;
    return false;
}

bool proxy_maps_permit(const struct params *main_cf, const char *name)
{
    if (params_is_set(main_cf, "proxy_read_maps", NULL))
        return lists(params_text(main_cf, "proxy_read_maps"), name);
    for (size_t i = 0; i < sizeof(by_default) / sizeof(by_default[0]); i++)
        if (lists(params_text(main_cf, by_default[i]), name))
            return true;
    return false;
}
