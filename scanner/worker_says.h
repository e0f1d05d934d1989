/* What can be asked of a worker, and what it may say to that. What it says is checked as hostile input: every bound of
 * facts_json.h, and that it answers what was asked. A worker that says anything else is none of ours any more. */
#ifndef SCANNER_WORKER_SAYS_H
#define SCANNER_WORKER_SAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/id_set.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "scanner/workers.h"

/* One kind of ask. A fact is a struct dns_fact, conversation or policy_fetch; it lives in the region. */
struct worker_kind {
    bool is_question;        /* of a resolver; other kinds contact somebody */
    /* Reads the value that a worker gives in answer to the request; sent: the certificates that it has sent. NULL: *err says
     * what is wrong with it. */
    const void *(*read)(struct region *, const struct json *request, const struct json *value, const struct id_set *sent,
                        struct error *err);
    /* The fact when workers died of it. */
    const void *(*crashed)(struct region *, const struct json *request);
    void (*tell)(const struct workers_events *, void *arg, uint64_t id, const void *fact);
};

extern const struct worker_kind worker_question, worker_conversation, worker_policy;

/* The requests, as worker.h describes them, but for their id. Free with json_free(). */
struct json *worker_question_to_json(const char *name, enum dns_type);
struct json *worker_conversation_to_json(const struct profile *);
struct json *worker_policy_to_json(const struct want_fetch *);

/* A certificate that has the digest it claims: id and DER. False: *err says what is wrong. */
bool worker_says_certificate(struct region *, const struct json *value, struct cert *, struct error *err);

#endif
