/* A DNS answer as it is kept: in one piece, for there are several for each host. */
#ifndef SCANNER_FACTS_KEPT_DNS_H
#define SCANNER_FACTS_KEPT_DNS_H

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/dns.h"

struct kept_dns {
    bool            own;       /* a piece of memory of its own; else the region's */
    struct dns_fact fact;
};

/* A copy, deep. Without a region it is to be given back with kept_dns_free(). */
struct kept_dns *kept_dns_new(struct region *, const struct dns_fact *, struct slice key);
/* What it is found by, which lives as long; of n octets. */
struct slice kept_dns_key(const struct kept_dns *, size_t n);
/* One of a region stays; NULL is fine. */
void kept_dns_free(struct kept_dns *);

#endif
