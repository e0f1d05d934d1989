#include "scanner/base/address.h"

#include <arpa/inet.h>
#include <string.h>

static size_t size_of(const struct address *a)
{
    return a->family == FAMILY_IPV6 ? 16 : a->family == FAMILY_IPV4 ? 4 : 0;
}

bool address_parse(struct address *a, struct slice text)
{
    char copy[ADDRESS_TEXT_MAX];

    memset(a, 0, sizeof(*a));
    if (text.n == 0 || text.n >= sizeof(copy) || slice_find(text, '\0') < text.n)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(AF_INET, copy, a->bytes) == 1)
        a->family = FAMILY_IPV4;
    else if (inet_pton(AF_INET6, copy, a->bytes) == 1)
        a->family = FAMILY_IPV6;
    return a->family != FAMILY_NONE;
}

void address_to_text(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
    out[0] = '\0';
    if (a->family != FAMILY_NONE)
        inet_ntop(a->family == FAMILY_IPV4 ? AF_INET : AF_INET6, a->bytes, out, ADDRESS_TEXT_MAX);
}

bool address_eq(const struct address *a, const struct address *b)
{
    return address_compare(a, b) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, size_of(a));
}

bool prefix_parse(struct prefix *p, struct slice text)
{
    size_t slash = slice_find(text, '/');
    struct slice address = slice_head(text, slash);
    unsigned long bits;

    memset(p, 0, sizeof(*p));
    if (address.n >= 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
        address = slice_head(slice_from_index(address, 1), address.n - 2);
    if (!address_parse(&p->address, address))
        return false;
    bits = size_of(&p->address) * 8;
    if (slash < text.n && !slice_to_number(slice_from_index(text, slash + 1), bits, &bits))
        return false;
    p->bits = (unsigned)bits;
    return true;
}

bool prefix_has(const struct prefix *p, const struct address *a)
{
    size_t whole = p->bits / 8;
    unsigned mask = 0xffu << (8 - p->bits % 8) & 0xffu;

    if (a->family != p->address.family || a->family == FAMILY_NONE)
        return false;
    return memcmp(a->bytes, p->address.bytes, whole) == 0 &&
           (mask == 0 || ((a->bytes[whole] ^ p->address.bytes[whole]) & mask) == 0);
}

/* The first row that has an address counts. */
static const struct {
    const char *prefix;
    const char *word;
} special_ranges[] = {
    /* Where clouds answer questions about the machine itself. */
    { "169.254.169.254", "cloud-metadata" },
    { "168.63.129.16", "cloud-metadata" },
    { "100.100.100.200", "cloud-metadata" },
    { "fd00:ec2::254", "cloud-metadata" },
    /* IANA IPv4 Special-Purpose Address Registry, less what is meant to be reached from everywhere. */
    { "0.0.0.0", "unspecified" },
    { "0.0.0.0/8", "this-network" },
    { "10.0.0.0/8", "private" },
    { "100.64.0.0/10", "shared" },
    { "127.0.0.0/8", "loopback" },
    { "169.254.0.0/16", "link-local" },
    { "172.16.0.0/12", "private" },
    { "192.0.0.0/24", "protocol-assignments" },
    { "192.0.2.0/24", "documentation" },
    { "192.88.99.0/24", "6to4-relay" },
    { "192.168.0.0/16", "private" },
    { "198.18.0.0/15", "benchmarking" },
    { "198.51.100.0/24", "documentation" },
    { "203.0.113.0/24", "documentation" },
    { "224.0.0.0/4", "multicast" },
    { "255.255.255.255", "broadcast" },
    { "240.0.0.0/4", "reserved" },
    /* IANA IPv6 Special-Purpose Address Registry; outside 2000::/3 nothing is global unicast (RFC 4291 section 2.4). */
    { "::", "unspecified" },
    { "::1", "loopback" },
    { "100::/64", "discard" },
    { "2001::/23", "protocol-assignments" },
    { "2001:db8::/32", "documentation" },
    { "3fff::/20", "documentation" },
    { "2000::/3", NULL },
    { "fc00::/7", "private" },
    { "fe80::/10", "link-local" },
    { "fec0::/10", "site-local" },
    { "ff00::/8", "multicast" },
    { "::/0", "reserved" },
};

/* IPv6 ranges that lead to an IPv4 address they hold, and where. */
static const struct {
    const char *prefix;
    size_t      offset;
} embeddings[] = {
    { "::ffff:0:0/96", 12 }, /* IPv4-mapped, RFC 4291 section 2.5.5.2 */
    { "64:ff9b::/96", 12 },  /* NAT64, RFC 6052 */
    { "2002::/16", 2 },      /* 6to4, RFC 3056 */
};

static bool in_range(const char *text, const struct address *a)
{
    struct prefix p;

    if ((strchr(text, ':') != NULL) != (a->family == FAMILY_IPV6))
        return false;
    return prefix_parse(&p, slice_of(text)) && prefix_has(&p, a);
}

static struct address embedded_address(const struct address *a)
{
    struct address inner = { .family = FAMILY_IPV4 };

    for (size_t i = 0; i < sizeof(embeddings) / sizeof(embeddings[0]); i++)
        if (in_range(embeddings[i].prefix, a)) {
            memcpy(inner.bytes, a->bytes + embeddings[i].offset, 4);
            return inner;
        }
    return *a;
}

const char *address_special_range(const struct address *outer)
{
    struct address a = embedded_address(outer);

    for (size_t i = 0; i < sizeof(special_ranges) / sizeof(special_ranges[0]); i++)
        if (in_range(special_ranges[i].prefix, &a))
            return special_ranges[i].word;
    return NULL;
}
