#include "scanner/policy/route.h"

#include <stdarg.h>
#include <string.h>

#include "scanner/base/address.h"
#include "scanner/base/hostname.h"
#include "scanner/policy/route_impl.h"

static struct route_step *add_step(struct router *router, const char *what)
{
    struct route_step *step = region_alloc(router->region, sizeof(*step));

    step->what = what;
    *router->last = step;
    router->last = &step->next;
    return step;
}

void router_say(struct router *router, const char *what, const char *format, ...)
{
    struct route_step *step = add_step(router, what);
    va_list arguments;

    va_start(arguments, format);
    step->result = region_vprintf(router->region, format, arguments);
    va_end(arguments);
}

void router_asked_tables(struct router *router, const struct table_list *list, bool fixed_only, const char *key,
                         const struct table_answer *answer)
{
    struct route_step *step = add_step(router, list->parameter);

    step->key = region_text(router->region, key);
    step->answer = *answer;
    step->tables = list;
    step->fixed_only = fixed_only;
}

void router_asked(struct router *router, const char *what, const char *key, const struct table_answer *answer,
                  const char *result)
{
    struct route_step *step = add_step(router, what);

    step->key = region_text(router->region, key);
    step->answer = *answer;
    step->result = result;
}

bool router_fail(struct router *router, const struct table_answer *answer)
{
    struct route *route = router->route;

    route->answer = *answer;
    if (answer->status == TABLE_ERROR) {
        route->kind = ROUTE_TABLE_ERROR;
        route->transport = "retry";
        route->status = "deferred";
        route->dsn = "4.3.0";
        route->text = "address resolver failure";
    } else
        route->kind = answer->status == TABLE_WANTED && router->view->wants != NULL ? ROUTE_WANTS : ROUTE_UNREADABLE;
    return false;
}

bool router_answered(struct router *router, const struct table_answer *answer)
{
    if (answer->status == TABLE_NOT_FOUND || answer->status == TABLE_FOUND)
        return true;
    return router_fail(router, answer);
}

static bool ask_view(void *arg, const char *type_name, struct slice key, struct table_answer *answer)
{
    static const enum table_status statuses[] = {
        [TABLE_FACT_NOT_FOUND] = TABLE_NOT_FOUND,
        [TABLE_FACT_FOUND] = TABLE_FOUND,
        [TABLE_FACT_ERROR] = TABLE_ERROR,
        [TABLE_FACT_UNREADABLE] = TABLE_UNREADABLE,
    };
    const struct table_fact *fact = view_table(arg, type_name, key);

    if (fact == NULL)
        return false;
    answer->status = statuses[fact->status];
    answer->value = fact->value;
    answer->error = fact->error;
    return true;
}

struct table_asker route_asker(const struct view *view)
{
    /* The asker only reads it: view_table() takes it as constant again. */
    return (struct table_asker){ ask_view, (void *)(uintptr_t)view, view->chance };
}

/* "transport:next-hop", where only the first ':' separates. */
static void split_transport(struct router *router, const char *text, const char **transport, const char **nexthop)
{
    size_t colon = strcspn(text, ":");

    *transport = region_slice(router->region, slice_from(text, colon));
    *nexthop = text[colon] == ':' ? region_text(router->region, text + colon + 1) : "";
}

/* The transport of a class, "transport:next-hop"; its next-hop wins over what was there. False: there is none, which
 * fails the resolution. */
static bool use_transport(struct router *router, const char *parameter, const char *value)
{
    const char *nexthop;

    split_transport(router, value, &router->transport, &nexthop);
    router_say(router, parameter, "%s", value);
    if (*nexthop != '\0')
        router->nexthop = nexthop;
    if (*router->transport != '\0')
        return true;
    return router_fail(
        router,
        &(struct table_answer){ .status = TABLE_ERROR, .error = "null transport is not allowed", .table = parameter });
}

static bool use_transport_parameter(struct router *router, const char *parameter)
{
    return use_transport(router, parameter, params_text(router->config->rewrite, parameter));
}

/* The answer of a sender-dependent table: NULL when there is none or it says that it has none. */
static bool sender_value(struct router *router, const struct table_list *list, const char *null_key_parameter,
                         const char **value)
{
    struct table_answer answer;

    *value = NULL;
    if (router->sender == NULL || list->count == 0)
        return true;
    if (!router_find_sender(router, list, params_text(router->config->rewrite, null_key_parameter), &answer))
        return false;
    if (answer.status == TABLE_FOUND && !slice_eq_text_nocase(slice_of(answer.value), "DUNNO")) {
        *value = answer.value;
        router->route->answer = answer;
    }
    return true;
}

/* The next-hop of mail that leaves: the sender's relay host, relayhost, the domain itself. */
static bool choose_relayhost(struct router *router)
{
    const char *relayhost = params_text(router->config->rewrite, "relayhost"), *by_sender;

    if (!sender_value(router, &router->config->sender_relayhost_maps, "empty_address_relayhost_maps_lookup_key",
                      &by_sender))
        return false;
    if (by_sender != NULL) {
        router->nexthop = by_sender;
        router_say(router, "sender_dependent_relayhost_maps", "%s", by_sender);
    } else if (*relayhost != '\0') {
        router->nexthop = relayhost;
        router_say(router, "relayhost", "%s", relayhost);
    } else
        router->nexthop = router->domain;
    return true;
}

static bool class_local(struct router *router)
{
    router->nexthop = router->domain;
    return use_transport_parameter(router, "local_transport");
}

static bool class_virtual_alias(struct router *router)
{
    bool say_table = params_bool(router->config->rewrite, "show_user_unknown_table_name");

    router->transport = "error";
    router->nexthop = say_table ? "5.1.1 User unknown in virtual alias table" : "5.1.1 User unknown";
    return true;
}

static bool class_virtual_mailbox(struct router *router)
{
    router->nexthop = router->domain;
    return use_transport_parameter(router, "virtual_transport");
}

static bool class_relay(struct router *router)
{
    return choose_relayhost(router) && use_transport_parameter(router, "relay_transport");
}

static bool class_default(struct router *router)
{
    const char *value;

    if (!sender_value(router, &router->config->sender_transport_maps, "empty_address_default_transport_maps_lookup_key",
                      &value) ||
        !choose_relayhost(router))
        return false;
    if (value != NULL)
        return use_transport(router, "sender_dependent_default_transport_maps", value);
    return use_transport_parameter(router, "default_transport");
}

static enum listed listed_virtual_alias(struct router *router, const char *domain)
{
    return router_listed(router, "virtual_alias_domains", &router->config->virtual_alias_domains, domain, false);
}

static enum listed listed_virtual_mailbox(struct router *router, const char *domain)
{
    return router_listed(router, "virtual_mailbox_domains", &router->config->virtual_mailbox_domains, domain, false);
}

static enum listed listed_relay(struct router *router, const char *domain)
{
    return router_listed(router, "relay_domains", &router->config->relay_domains, domain, true);
}

static enum listed listed_default(struct router *router, const char *domain)
{
    (void)router;
    (void)domain;
    return LISTED_YES;
}

/* In the order in which trivial-rewrite(8) tries them. */
static const struct {
    const char *name;
    enum listed (*listed)(struct router *, const char *domain);
    bool (*choose)(struct router *);
    bool uses_transport_maps;
} classes[] = {
    { "local", router_is_local, class_local, true },
    { "virtual alias", listed_virtual_alias, class_virtual_alias, false },
    { "virtual mailbox", listed_virtual_mailbox, class_virtual_mailbox, true },
    { "relay", listed_relay, class_relay, true },
    { "default", listed_default, class_default, true },
};

static bool is_text_transport(const char *transport)
{
    return strcmp(transport, "error") == 0 || strcmp(transport, "retry") == 0;
}

/* A transport without next-hop resets the next-hop to the domain, even where relayhost is set. */
static void apply_transport_entry(struct router *router, const char *value)
{
    const char *transport, *nexthop;

    split_transport(router, value, &transport, &nexthop);
    if (*transport != '\0')
        router->transport = transport;
    if (*nexthop != '\0')
        router->nexthop = nexthop;
    else if (*transport != '\0')
        router->nexthop = is_text_transport(transport) ? "Address is undeliverable" : router->domain;
}

static bool use_transport_maps(struct router *router)
{
    struct table_answer answer;

    if (!router_find_transport(router, &answer))
        return false;
    if (answer.status != TABLE_FOUND)
        return true;
    router->route->answer = answer;
    apply_transport_entry(router, answer.value);
    router_say(router, "transport_maps", "transport %s, next-hop %s", router->transport, router->nexthop);
    return true;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]", nothing else in brackets. */
static bool is_mailhost_literal(struct slice domain)
{
    struct address address;
    bool ipv6;

    if (domain.n < 2 || domain.p[domain.n - 1] != ']')
        return false;
    domain = slice_from(domain.p + 1, domain.n - 2);
    ipv6 = domain.n > 5 && slice_eq_text_nocase(slice_head(domain, 5), "IPv6:");
    return address_parse(&address, ipv6 ? slice_from_index(domain, 5) : domain) &&
           address.family == (ipv6 ? FAMILY_IPV6 : FAMILY_IPV4);
}

static bool is_good_domain(struct slice domain, bool utf8)
{
    if (domain.n > 0 && domain.p[0] == '[')
        return is_mailhost_literal(domain);
    return hostname_is_valid_utf8(domain, utf8);
}

/* The local part without the quotes that RFC 5321 wants around odd ones. */
static const char *unquote(struct region *region, struct slice local)
{
    char *out;
    size_t n = 0;

    if (local.n < 2 || local.p[0] != '"' || local.p[local.n - 1] != '"')
        return region_slice(region, local);
    local = slice_from(local.p + 1, local.n - 2);
    out = region_alloc(region, local.n + 1);
    for (size_t i = 0; i < local.n; i++) {
        if (local.p[i] == '\\' && i + 1 < local.n)
            i++;
        out[n++] = local.p[i];
    }
    return out;
}

/* One dot at the end of the domain is dropped, and a plain address put in brackets where resolve_numeric_domain says so.
 * False: an address that the queue manager bounces. */
static bool set_recipient(struct router *router, const char *text)
{
    const struct params *params = router->config->rewrite;
    struct slice address = slice_of(text);
    size_t at = slice_find_last(address, '@');
    struct slice domain = slice_from_index(address, at + 1);
    const char *local = unquote(router->region, slice_head(address, at));
    struct address numeric;
    bool good;

    if (domain.n > 1 && domain.p[domain.n - 1] == '.' && domain.p[domain.n - 2] != '.')
        domain = slice_head(domain, domain.n - 1);
    router->domain = region_slice(router->region, domain);
    good = is_good_domain(domain, params_bool(params, "smtputf8_enable"));
    if (!good && params_bool(params, "resolve_numeric_domain") && address_parse(&numeric, domain)) {
        router->domain = region_printf(router->region, "[%s]", router->domain);
        good = true;
    }
    router->recipient = region_printf(router->region, "%s@%s", local, router->domain);
    return good;
}

static void bounce_syntax(struct router *router)
{
    router->route->address_class = NULL;
    router_say(router, "recipient", "bad address syntax");
    router_redirect(router, "error", "5.1.3 bad address syntax");
}

/* Programs that are given the address could take it for an option. Postfix looks at this last, when all tables were
 * asked. */
static bool looks_like_option(struct router *router)
{
    return router->recipient[0] == '-' && !params_bool(router->config->rewrite, "allow_min_user");
}

static void route_address(struct router *router, const char *address)
{
    size_t i = 0;
    enum listed listed;

    if (!set_recipient(router, address)) {
        bounce_syntax(router);
        return;
    }
    while ((listed = classes[i].listed(router, router->domain)) == LISTED_NO)
        i++;
    if (listed == LISTED_FAILED)
        return;
    router->route->address_class = classes[i].name;
    if (!classes[i].choose(router) || (classes[i].uses_transport_maps && !use_transport_maps(router)))
        return;
    if (looks_like_option(router))
        bounce_syntax(router);
    else
        router_deliver(router);
}

/* A next-hop as it stands, by the service that default_transport names. */
static void route_nexthop(struct router *router, const char *nexthop)
{
    if (use_transport_parameter(router, "default_transport")) {
        router->nexthop = nexthop;
        router_deliver(router);
    }
}

static void route_transport(struct router *router, const struct destination *destination)
{
    router->transport = destination->transport;
    router->nexthop = destination->nexthop;
    if (*router->nexthop == '\0' && is_text_transport(router->transport))
        router->nexthop = "Address is undeliverable";
    router_deliver(router);
}

void route_destination(struct region *region, struct route *route, const struct config *config,
                       const struct destination *destination, const char *sender, const struct view *view)
{
    struct router router = { .region = region,
                             .config = config,
                             .view = view,
                             .asker = route_asker(view),
                             .route = route,
                             .last = &route->steps,
                             .sender = sender };

    *route = (struct route){ .kind = ROUTE_CLIENT };
    if (destination->form == DESTINATION_TRANSPORT)
        route_transport(&router, destination);
    else if (destination->form == DESTINATION_NEXTHOP)
        route_nexthop(&router, destination->nexthop);
    else
        route_address(&router, destination->address);
}
