/* The grammar of a next-hop, as smtp(8) reads one element of its destination list. smtp(8), transport(5). */
#ifndef SCANNER_POLICY_NEXTHOP_H
#define SCANNER_POLICY_NEXTHOP_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/parameters.h"

struct nexthop {
    const char *text;       /* verbatim: the policy key; LMTP "inet:" prefix removed */
    const char *host;       /* no brackets, no port, no IPv6: prefix; case kept */
    const char *ascii;      /* host as A-labels for DNS, SNI and names */
    const char *service;    /* as written, or the default port's text */
    uint16_t    port;
    bool        literal;    /* bracketed: no MX lookup */
    bool        is_unix;    /* LMTP unix:path; host is the path */
};

/* Splits the destination text that routing gave (releases from 3.5: at commas and white space). Gives the parts in order,
 * at most max; returns their count. 0: only separators, which panics smtp(8). */
size_t nexthop_split(struct region *, struct slice text, struct version, struct slice *parts, size_t max);

/* Reads one part. False: what smtp(8) dies of ("stuck" mail), *err in its words. */
bool nexthop_parse(struct region *, struct nexthop *, struct slice part, const struct params *, struct error *err);

#endif
