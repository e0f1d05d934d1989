/* A DNS answer as it is kept: in one piece, for there are several for each host. */
#ifndef SCANNER_FACTS_KEPT_DNS_H
#define SCANNER_FACTS_KEPT_DNS_H

#include <stdbool.h>

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/dns.h"

/* Of this type mostly one destination asks, and it can be forgotten: the piece is its own, else the region's. */
bool kept_dns_is_own(enum dns_type);

/* A copy, deep. */
struct dns_fact *kept_dns_new(struct region *, const struct dns_fact *, struct slice key);
/* What it is found by, which lives as long; of n octets. */
struct slice kept_dns_key(const struct dns_fact *, size_t n);
/* Of those that can be forgotten; others stay. */
void kept_dns_free(struct dns_fact *);

#endif
