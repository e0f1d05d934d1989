/* By what octets a fact, or a wish for one, is found. Each gives a buffer to be cleared by the caller. */
#ifndef SCANNER_FACTS_FACTS_KEY_H
#define SCANNER_FACTS_FACTS_KEY_H

#include "scanner/base/buf.h"
#include "scanner/facts/facts.h"

/* So many octets before the name. */
#define FACTS_KEY_DNS_HEAD 2
struct buf facts_key_dns(const char *name, enum dns_type);
struct buf facts_key_table(const char *table, struct slice key);
struct buf facts_key_fetch(const char *domain);
struct buf facts_key_profile(const struct profile *);
/* The same for all profiles that differ in nothing but TLS. */
struct buf facts_key_in_clear(const struct profile *);

#endif
