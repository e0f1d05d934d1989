/* What a worker says, checked as hostile input: every bound of facts_json.h, and that it answers what was asked. A worker
 * that says anything else is none of ours any more.
 * Each reads a value into the region, which what it gives lives in. False: *err says what is wrong. */
#ifndef SCANNER_WORKER_SAYS_H
#define SCANNER_WORKER_SAYS_H

#include <stdbool.h>

#include "probes/id_set.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/region.h"
#include "scanner/facts/certs.h"
#include "scanner/facts/conversation.h"
#include "scanner/facts/dns.h"

/* The answer to that question; *fact borrows name. */
bool worker_says_dns(struct region *, const struct json *value, const char *name, enum dns_type, struct dns_fact *fact,
                     struct error *err);
/* One conversation held once, by that profile, which *fact borrows; its certificates are among those sent. */
bool worker_says_conversation(struct region *, const struct json *value, const struct profile *, const struct id_set *sent,
                              struct conversation *fact, struct error *err);
/* A certificate that has the digest it claims, its names and dates read from it. */
bool worker_says_certificate(struct region *, const struct json *value, struct cert *, struct error *err);

#endif
