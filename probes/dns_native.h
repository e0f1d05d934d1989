/* getaddrinfo() in helper threads, for it blocks. A call that takes too long is left to itself. */
#ifndef PROBES_DNS_NATIVE_H
#define PROBES_DNS_NATIVE_H

#include <stdbool.h>

#include "probes/engine/loop.h"
#include "scanner/facts/dns.h"

struct dns_native;

/* Borrows the fact until it returns. */
typedef void dns_native_fn(void *arg, const struct dns_fact *);

struct dns_native *dns_native_new(struct loop *);
/* Waits for calls under way; calls nobody. */
void dns_native_free(struct dns_native *);

/* No more than a few threads run at a time: ask again when one has come back. */
bool dns_native_has_room(const struct dns_native *);
/* done is called once, from the loop. False: no thread could be made, and done is not called. */
bool dns_native_ask(struct dns_native *, const char *name, dns_native_fn *done, void *arg);

#endif
