/* The confined process that speaks to the network: requests in, facts out, over one end of a socket pair. */
#ifndef PROBES_WORKER_H
#define PROBES_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/dns_client.h"
#include "scanner/base/slice.h"

/* A client certificate chain with its key, as PEM text. It is handed over in memory only, and never comes back. */
struct client_chain {
    const char *id;   /* SHA-256 of the text, 64 hex digits, lower case: profile.client_chain; x509_facts_id() makes it */
    const char *pem;
};

#define CLIENT_CHAINS_MAX 64

struct worker_setup {
    struct dns_setup           dns;
    uint32_t                   timeout;   /* seconds, --timeout: the longest wait in each phase; 0: no limit of ours */
    const struct client_chain *chains;
    size_t                     chain_count;
    const char                *user;      /* whom to become when started as root; NULL: nobody */
    uint16_t                   https_port; /* 0: 443; tests have others */
    bool                       lookups;   /* DNS_NATIVE may be asked for; otherwise it cannot be answered */
};

/* What is asked and what came of it: records that begin with one of these octets and the id of the request, as LEB128. */
enum worker_tag {
    WORKER_QUESTION = 1,  /* the type as LEB128, then the name | facts_dns_to_binary() */
    WORKER_CONVERSATION,  /* profiles_fold() | facts_conversation_to_binary(), of the profile address and port alone */
    WORKER_POLICY,        /* want_fetch_to_binary() | facts_fetch_to_binary() */
    WORKER_CERTIFICATE,   /* to the scanner only: an id of 0, then the DER; before the first conversation that names it */
    WORKER_SETTINGS       /* to the worker only: their number for an id, then profiles_write(); before the first profile of these */
};

/* All other records are JSON objects. From the scanner:
 *   "setup": timeout, uid, gid, lookups, dns, https_port
 *                                             first, and once
 *   "chain": id, pem
 *   "trusted": PEM                            certificates of authorities, for policies
 *   "call": a number                          asks for a sign of life
 * and to the scanner:
 *   "here": the number of the call
 *   "confined": the sum of enum confinement   once, before any fact
 *   "note": words for --verbose */

/* Serves requests on fd until it is closed at the other end. Gives the exit status of the process. Call it in a child
 * that has nothing left to lose: other descriptors are closed, signals and limits are set. */
int worker_run(int fd);

#endif
