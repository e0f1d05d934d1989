/* What can be asked of a worker, and what it may say to that. What it says is checked as hostile input: every bound of
 * facts_binary.h, and that it answers what was asked. A worker that says anything else is none of ours any more. */
#ifndef SCANNER_WORKER_SAYS_H
#define SCANNER_WORKER_SAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/id_set.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "scanner/facts/profiles.h"
#include "scanner/workers.h"

/* What a worker was asked for, as worker.h has it behind tag and id; a NUL follows. */
struct worker_request {
    struct slice           octets;
    const struct profiles *profiles;
};

/* One kind of ask. A fact is a struct dns_fact, conversation or policy_fetch; it lives in the region. */
struct worker_kind {
    enum worker_tag tag;
    bool is_question;        /* of a resolver; other kinds contact somebody */
    /* Reads what a worker says in answer to the request, without tag and id; sent: the certificates that it has sent. NULL:
     * *err says what is wrong with it. */
    const void *(*read)(struct region *, const struct worker_request *, struct slice value, const struct id_set *sent,
                        struct error *err);
    /* The fact when workers died of it. */
    const void *(*crashed)(struct region *, const struct worker_request *);
    void (*tell)(const struct workers_events *, void *arg, uint64_t id, const void *fact);
};

extern const struct worker_kind worker_question, worker_conversation, worker_policy;

/* The request for a question, as worker.h has it behind tag and id. */
void worker_ask_question(const char *name, enum dns_type, struct buf *out);

/* id and DER of a certificate, which it borrows. False: *err says what is wrong. */
bool worker_says_certificate(struct slice der, struct cert *, struct error *err);

#endif
