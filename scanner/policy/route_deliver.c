/* What becomes of mail once transport and next-hop are settled: the queue manager's part. qmgr(8), error(8), discard(8). */
#include <ctype.h>
#include <string.h>

#include "scanner/policy/nexthop.h"
#include "scanner/policy/route_impl.h"

#define SEPARATORS ", \t\r\n"

/* Length of an enhanced status code (RFC 3463) that text begins with; 0 when there is none. */
static size_t dsn_length(const char *text)
{
    size_t subject, detail;

    if ((text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.')
        return 0;
    subject = strspn(text + 2, "0123456789");
    if (subject < 1 || subject > 3 || text[2 + subject] != '.')
        return 0;
    detail = strspn(text + 3 + subject, "0123456789");
    if (detail < 1 || detail > 3)
        return 0;
    text += 3 + subject + detail;
    return *text == '\0' || isspace((unsigned char)*text) ? 3 + subject + detail : 0;
}

static const char *skip_spaces(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* The code in front of the text counts when it is of the class of what the agent does; any other is dropped, in favour
 * of usual. */
static void settle(struct router *router, enum route_kind kind, const char *status, const char *usual)
{
    struct route *route = router->route;
    const char *text = skip_spaces(router->nexthop);
    size_t n = dsn_length(text);

    route->kind = kind;
    route->status = status;
    route->dsn = n > 0 && text[0] == usual[0] ? region_slice(router->region, slice_from(text, n)) : usual;
    route->text = region_text(router->region, skip_spaces(text + n));
}

/* soft_bounce turns what would be returned into mail that waits. */
static void settle_bounce(struct router *router)
{
    struct route *route = router->route;

    settle(router, ROUTE_ERROR, "bounced", "5.0.0");
    if (params_bool(router->config->rewrite, "soft_bounce")) {
        route->status = "deferred";
        route->dsn = region_printf(router->region, "4%s", route->dsn + 1);
    }
}

static void settle_retry(struct router *router)
{
    settle(router, ROUTE_ERROR, "deferred", "4.0.0");
}

static void settle_discard(struct router *router)
{
    settle(router, ROUTE_DISCARD, "sent", "2.0.0");
}

/* One program, two services: it looks at the name under which master.cf runs it, and dies of any other. */
static void settle_error_program(struct router *router)
{
    if (strcmp(router->transport, "error") == 0)
        settle_bounce(router);
    else if (strcmp(router->transport, "retry") == 0)
        settle_retry(router);
    else {
        router->nexthop = "4.3.0 unknown mail transport error";
        settle_retry(router);
    }
}

static void settle_missing(struct router *router)
{
    router->route->kind = ROUTE_MISSING;
    router->route->status = "deferred";
    router->route->dsn = "4.3.0";
    router->route->text = "mail transport unavailable";
}

/* What the SMTP client, and it alone, compares with relayhost is the first element of the list. */
static bool is_relayhost(struct router *router)
{
    const char *relayhost = params_text(router->config->rewrite, "relayhost");
    const struct params *client = router->route->service->params;
    struct slice first;

    return *relayhost != '\0' && params_program(client) == PROGRAM_SMTP &&
           nexthop_split(router->region, slice_of(router->nexthop), router->config->version, &first, 1) == 1 &&
           slice_eq_text(first, relayhost);
}

static void settle_client(struct router *router)
{
    router->route->kind = ROUTE_CLIENT;
    router->route->is_relayhost = is_relayhost(router);
}

static void settle_other(struct router *router)
{
    router->route->kind = ROUTE_OTHER;
}

static const struct {
    const char *program;
    void (*settle)(struct router *);
} programs[] = {
    { "error", settle_error_program },
    { "discard", settle_discard },
};

static void settle_service(struct router *router, const struct service *service)
{
    if (service->is_client) {
        settle_client(router);
        return;
    }
    if (service->master == NULL) {
        settle_missing(router);
        return;
    }
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(service->master->program, programs[i].program) == 0) {
            programs[i].settle(router);
            return;
        }
    settle_other(router);
}

static bool is_deferred(struct router *router)
{
    struct slice rest = slice_of(params_text(router->config->rewrite, "defer_transports")), name;

    while (slice_next_token(&rest, SEPARATORS, &name))
        if (slice_eq_text(name, router->transport))
            return true;
    return false;
}

void router_redirect(struct router *router, const char *transport, const char *text)
{
    router->transport = transport;
    router->nexthop = text;
    router->route->transport = transport;
    router->route->nexthop = text;
    router->route->service = config_service(router->config, transport);
    if (strcmp(transport, "error") == 0)
        settle_bounce(router);
    else
        settle_retry(router);
}

void router_deliver(struct router *router)
{
    struct route *route = router->route;

    if (is_deferred(router)) {
        router_say(router, "defer_transports", "mail for transport %s waits", router->transport);
        router_redirect(router, "retry", "4.3.2 deferred transport");
        return;
    }
    route->transport = router->transport;
    route->nexthop = router->nexthop;
    route->service = config_service(router->config, router->transport);
    if (route->service != NULL)
        settle_service(router, route->service);
    else
        settle_missing(router);
    router_say(router, "master.cf", route->kind == ROUTE_MISSING ? "there is no service %s" : "service %s",
               router->transport);
}
