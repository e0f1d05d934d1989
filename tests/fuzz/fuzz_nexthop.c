/* Texts that name a destination: what the user typed, and what routing hands to the SMTP and LMTP clients. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/policy/policy.h"
#include "scanner/policy/route.h"
#include "tests/policy/fixture.h"

#define PARTS_MAX 16
#define KEYS_MAX  130

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char main_cf[] = "compatibility_level = 3.6\n"
                              "mydestination = here.example, !not.here.example, .here.example\n"
                              "relay_domains = relay.example\n"
                              "recipient_delimiter = +-\n"
                              "transport_maps = inline:{ {example.org=smtp:[gw]:26}, {.net=error:5.7.1 no} }\n";

static void check_nexthop(struct region *region, struct slice part, const struct params *params)
{
    const char *keys[KEYS_MAX];
    struct nexthop nh;
    struct error err;

    if (!nexthop_parse(region, &nh, part, params, &err)) {
        if (err.text[0] == '\0')
            abort();
        return;
    }
    if (!nh.is_unix && (nh.port == 0 || nh.host[0] == '\0' || strlen(nh.ascii) == 0))
        abort();
    policy_keys(region, &nh, true, keys, KEYS_MAX);
}

static void check_parts(struct fixture *f, struct region *region, struct slice text)
{
    struct slice parts[PARTS_MAX];
    size_t count = nexthop_split(region, text, f->config.version, parts, PARTS_MAX);

    for (size_t i = 0; i < count; i++) {
        check_nexthop(region, parts[i], f->smtp->params);
        check_nexthop(region, parts[i], f->lmtp->params);
    }
}

static void check_route(struct fixture *f, struct region *region, struct slice text)
{
    struct destination destination;
    struct route route;
    struct error err;

    if (!destination_parse(region, &destination, text, &f->config, &err))
        return;
    route_destination(region, &route, &f->config, &destination, "user@here.example", &f->view);
    if (route.kind == ROUTE_CLIENT && (route.service == NULL || route.nexthop == NULL))
        abort();
    if (route.kind == ROUTE_ERROR && (route.dsn == NULL || route.status == NULL || route.text == NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture *f;
    struct slice text = slice_from((const char *)data, size);
    struct region *region = region_new();

    if (f == NULL)
        f = fixture_new(main_cf, "3.11.6", NULL);
    check_parts(f, region, text);
    check_route(f, region, text);
    region_free(region);
    return 0;
}
