/* IP addresses and ranges of them, and the ranges that no mail host should have. */
#ifndef SCANNER_BASE_ADDRESS_H
#define SCANNER_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/slice.h"

enum address_family { FAMILY_NONE = 0, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

struct address {
    enum address_family family;
    uint8_t             bytes[16]; /* network order; 4 used for IPv4 */
};

#define ADDRESS_TEXT_MAX 48

/* Plain addresses only: no brackets, no "IPv6:" prefix, no zone. */
bool address_parse(struct address *, struct slice text);
/* Canonical text (RFC 5952 as inet_ntop gives it). */
void address_to_text(const struct address *, char out[ADDRESS_TEXT_MAX]);
bool address_eq(const struct address *, const struct address *);
int  address_compare(const struct address *, const struct address *);

struct prefix {
    struct address address;
    unsigned       bits;
};

/* "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32" or an address alone. Host bits may be set. */
bool prefix_parse(struct prefix *, struct slice text);
bool prefix_has(const struct prefix *, const struct address *);

/* A word for the range when no mail host should have the address ("loopback", "private", "link-local", "multicast",
 * "unspecified", "shared", "documentation" ...), else NULL. IPv4-mapped addresses are judged by what they embed.
 * IANA special-purpose address registries (RFC 6890). */
const char *address_special_range(const struct address *);

#endif
