#include "scanner/own_addresses.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#define OWN_ADDRESSES_MAX 1024

static void add(struct config *config, const struct sockaddr *sa)
{
    struct address *address = &config->own_addresses[config->own_address_count];

    if (config->own_address_count == OWN_ADDRESSES_MAX || sa == NULL)
        return;
    if (sa->sa_family == AF_INET) {
        address->family = FAMILY_IPV4;
        memcpy(address->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
        config->own_address_count++;
    } else if (sa->sa_family == AF_INET6) {
        address->family = FAMILY_IPV6;
        memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
        config->own_address_count++;
    }
}

static void add_machine(struct config *config)
{
    struct ifaddrs *list, *one;

    if (getifaddrs(&list) != 0)
        return;
    for (one = list; one != NULL; one = one->ifa_next)
        add(config, one->ifa_addr);
    freeifaddrs(list);
}

static void add_host(struct config *config, const char *name)
{
    struct addrinfo  hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list, *one;

    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return;
    for (one = list; one != NULL; one = one->ai_next)
        add(config, one->ai_addr);
    freeaddrinfo(list);
}

static void add_item(struct config *config, struct slice item)
{
    struct region *scratch = region_new();

    if (item.n >= 2 && item.p[0] == '[' && item.p[item.n - 1] == ']')
        item = slice_from(item.p + 1, item.n - 2);
    if (slice_eq_text_nocase(item, "all")) {
        add_machine(config);
    } else if (slice_eq_text_nocase(item, "loopback-only")) {
        add_host(config, "127.0.0.1");
        add_host(config, "::1");
    } else {
        add_host(config, region_slice(scratch, item));
    }
    region_free(scratch);
}

void own_addresses_find(struct config *config)
{
    static const char *const parameters[] = { "inet_interfaces", "proxy_interfaces" };
    struct slice             rest, item;
    size_t                   i;

    config->own_addresses = region_array(config->region, OWN_ADDRESSES_MAX + 1, sizeof(struct address));
    for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        rest = slice_of(params_text(config->rewrite, parameters[i]));
        while (slice_next_token(&rest, ", \t\r\n", &item))
            add_item(config, item);
    }
}
