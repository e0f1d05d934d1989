/* Questions to the configured resolvers, many at once; answers as facts. RFC 1035, 6891, 7766.
 * A question goes to each resolver in turn, as often as setup says, each time from a fresh socket with a fresh id;
 * replies with another id or question are ignored; a truncated one is asked for again over TCP. */
#ifndef PROBES_DNS_CLIENT_H
#define PROBES_DNS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/engine/loop.h"
#include "scanner/base/hostname.h"
#include "scanner/facts/dns.h"

#define RESOLVERS_MAX 8

struct resolver_address {
    struct address address;
    uint16_t       port;
    uint32_t       scope;   /* interface index of a link-local address, else 0 */
};

struct dns_setup {
    struct resolver_address resolvers[RESOLVERS_MAX];
    size_t                  count;
    uint32_t                timeout;  /* seconds for one try; 5 */
    uint32_t                attempts; /* rounds over the resolvers; 2 */
};

struct dns_client;

/* Borrows the fact until it returns. */
typedef void dns_done_fn(void *arg, const struct dns_fact *);

struct dns_client *dns_client_new(struct loop *, const struct dns_setup *);
/* Forgets all questions without calling anybody. */
void dns_client_free(struct dns_client *);

/* Asks; equal questions in flight share one exchange. done is called exactly once, from the loop, never from inside
 * this call, and not after dns_client_free(). name: A-labels, no trailing dot.
 * DNS_NATIVE (getaddrinfo): an unknown name gives RCODE_NXDOMAIN, one without address no records; EAI_AGAIN gives
 * RCODE_SERVFAIL; EAI_FAIL and other answers RCODE_FORMERR (the unrecoverable one); EAI_SYSTEM and EAI_MEMORY give
 * DNS_CUT_SHORT. */
void dns_client_ask(struct dns_client *, const char *name, enum dns_type, dns_done_fn *done, void *arg);

#endif
