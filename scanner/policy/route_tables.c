/* Keys of mail address tables: mail_addr_find(3) and the transport_lookup() of trivial-rewrite(8). */
#include <string.h>

#include "scanner/policy/route_impl.h"

#define WILDCARD "*"

/* Local parts that are never split: they are postmaster, mailer-daemon and the like. */
static bool has_no_extension(const struct params *params, struct slice local, const char *delimiters)
{
    if (slice_eq_text_nocase(local, "postmaster") || slice_eq_text_nocase(local, "mailer-daemon") ||
        slice_eq_text_nocase(local, "double-bounce"))
        return true;
    if (strchr(delimiters, '-') == NULL || !params_bool(params, "owner_request_special"))
        return false;
    return (local.n >= 6 && slice_eq_text_nocase(slice_head(local, 6), "owner-")) ||
           (local.n > 8 && slice_eq_text_nocase(slice_from_index(local, local.n - 8), "-request"));
}

/* The address without its extension, or NULL when it has none. */
static const char *without_extension(struct router *router, const char *address)
{
    const char *delimiters = params_text(router->config->rewrite, "recipient_delimiter");
    const char *at = strrchr(address, '@');
    size_t local = at == NULL ? strlen(address) : (size_t)(at - address);
    size_t base = strcspn(address, delimiters);

    if (*delimiters == '\0' || base == 0 || base >= local ||
        has_no_extension(router->config->rewrite, slice_from(address, local), delimiters))
        return NULL;
    return region_printf(router->region, "%.*s%s", (int)base, address, at == NULL ? "" : at);
}

static bool needs_quotes(const char *local, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)local[i];

        if (c <= ' ' || c == 0x7f || strchr("()<>@,;:\\\"[]", c) != NULL)
            return true;
        if (c == '.' && (i == 0 || i + 1 == n || local[i + 1] == '.'))
            return true;
    }
    return n == 0;
}

/* The external form: the local part in quotes where RFC 5321 wants them. */
static const char *external_form(struct region *region, const char *address)
{
    const char *at = strrchr(address, '@');
    size_t local = at == NULL ? strlen(address) : (size_t)(at - address), n = 0;
    char *out;

    if (!needs_quotes(address, local))
        return address;
    out = region_alloc(region, 2 * local + strlen(address) + 3);
    out[n++] = '"';
    for (size_t i = 0; i < local; i++) {
        if (address[i] == '"' || address[i] == '\\')
            out[n++] = '\\';
        out[n++] = address[i];
    }
    out[n++] = '"';
    if (at != NULL)
        memcpy(out + n, at, strlen(at) + 1);
    return out;
}

/* One key in a list. An empty key is never asked. False when the search ends here: found or failed. */
static bool ask(struct router *router, const struct table_list *list, const char *key, bool fixed_only,
                struct table_answer *answer)
{
    *answer = (struct table_answer){ .status = TABLE_NOT_FOUND };
    if (key == NULL || *key == '\0')
        return true;
    *answer = table_list_find(list, router->region, slice_of(key), fixed_only, &router->asker);
    router_asked_tables(router, list, fixed_only, key, answer);
    return answer->status == TABLE_NOT_FOUND;
}

/* An address in its external form, then as it is. */
static bool ask_address(struct router *router, const struct table_list *list, const char *address, bool fixed_only,
                        struct table_answer *answer)
{
    const char *external;

    if (address == NULL)
        return true;
    external = external_form(router->region, address);
    return ask(router, list, external, fixed_only, answer) &&
           (strcmp(external, address) == 0 || ask(router, list, address, fixed_only, answer));
}

/* "domain", then ".parent" or "parent". */
static bool ask_domains(struct router *router, const struct table_list *list, struct table_answer *answer)
{
    bool bare =
        router_names(params_text(router->config->rewrite, "parent_domain_matches_subdomains"), "transport_maps");
    const char *key = router->domain;

    while (key != NULL && *key != '\0') {
        if (!ask(router, list, key, true, answer))
            return false;
        key = strchr(key + 1, '.');
        if (key != NULL && bare)
            key++;
    }
    return true;
}

bool router_find_transport(struct router *router, struct table_answer *answer)
{
    const struct table_list *list = &router->config->transport_maps;

    *answer = (struct table_answer){ .status = TABLE_NOT_FOUND };
    if (list->count > 0 && ask_address(router, list, router->recipient, false, answer) &&
        ask_address(router, list, without_extension(router, router->recipient), true, answer) &&
        ask_domains(router, list, answer))
        ask(router, list, WILDCARD, false, answer);
    return router_answered(router, answer);
}

/* "user", "user" without extension: for senders of a domain that is ours. */
static bool ask_local_part(struct router *router, const struct table_list *list, const char *sender,
                           struct table_answer *answer)
{
    const char *at = strrchr(sender, '@'), *bare = without_extension(router, sender);
    struct slice local = slice_from(sender, (size_t)(at - sender));
    enum listed ours = LISTED_YES;

    if (!slice_eq_text_nocase(slice_of(at + 1), params_text(router->config->rewrite, "myorigin")))
        ours = router_is_local(router, at + 1);
    if (ours == LISTED_FAILED)
        return false;
    if (ours == LISTED_NO)
        return true;
    if (!ask(router, list, region_slice(router->region, local), true, answer))
        return false;
    return bare == NULL ||
           ask(router, list,
               region_slice(router->region, slice_head(slice_of(bare), slice_find_last(slice_of(bare), '@'))), true,
               answer);
}

bool router_find_sender(struct router *router, const struct table_list *list, const char *null_key,
                        struct table_answer *answer)
{
    const char *sender = *router->sender != '\0' ? router->sender : null_key;
    const char *at = strrchr(sender, '@');

    *answer = (struct table_answer){ .status = TABLE_NOT_FOUND };
    if (ask_address(router, list, sender, false, answer) &&
        ask_address(router, list, without_extension(router, sender), true, answer) && at != NULL &&
        ask_local_part(router, list, sender, answer))
        ask(router, list, at, true, answer);
    return router->route->kind == ROUTE_CLIENT && router_answered(router, answer);
}
