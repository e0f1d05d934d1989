/* Starts, feeds and replaces the worker process, and checks what it says as hostile input: only ids that are
 * outstanding, only certificates whose digest is right, every bound of facts_binary.h.
 * When a worker dies, the questions in flight are asked again, once, of a fresh one, a few at a time; one that was in flight
 * twice gives a fact with DNS_CRASHED. A conversation in flight, or a request for a policy, gives one with ENDING_CRASHED or FETCH_CRASHED at
 * once: when to connect again is the caller's to say. Each question asked is answered exactly once. */
#ifndef SCANNER_WORKERS_H
#define SCANNER_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/engine/loop.h"
#include "probes/worker.h"
#include "scanner/base/error.h"
#include "scanner/facts/facts.h"
#include "scanner/losses.h"

struct workers;

/* Called from the loop, never from inside the calls below; what they are given is borrowed until they return. They may
 * ask more; they may not call workers_free(). on_cert comes before the first conversation that names the certificate;
 * its names and dates are filled (x509_facts.h). A certificate comes again after a worker was replaced. */
struct workers_events {
    void (*on_dns)(void *arg, uint64_t id, const struct dns_fact *);
    void (*on_conversation)(void *arg, uint64_t id, const struct conversation *);
    void (*on_cert)(void *arg, const struct cert *);
    void (*on_note)(void *arg, const char *text); /* for --verbose: a worker died, said nonsense ...; may be NULL */
    void (*on_fetch)(void *arg, uint64_t id, const struct policy_fetch *);
};

/* Forks the first worker. Copies the setup; borrows loop, events and arg until workers_free(). NULL, and *err says why:
 * no process could be started, or the user to become is unknown to a caller that is root. */
struct workers *workers_start(struct loop *, const struct worker_setup *, const struct workers_events *events, void *arg,
                              struct error *err);

/* id: the caller's, any number that is not outstanding. Copies what it is given. The number of questions in flight is
 * bounded by the caller alone; those that the worker cannot take yet wait here. */
void workers_ask_dns(struct workers *, uint64_t id, const char *name, enum dns_type);
void workers_converse(struct workers *, uint64_t id, const struct profile *);
void workers_fetch(struct workers *, uint64_t id, const struct want_fetch *);

/* The authorities whose certificates policy hosts may have, as PEM text, instead of those given before. Without any, each
 * request for a policy ends as FETCH_NO_ANCHORS. */
void workers_trust(struct workers *, struct slice pem);

/* Asked and not answered yet. */
size_t workers_pending(const struct workers *);
struct workers_account {
    size_t        asked; /* questions that went to a worker, those that went there again included */
    struct losses lost;  /* but who was asked again, which is the caller's to say */
};
struct workers_account workers_account(const struct workers *);
/* What the worker says it gave up (enum confinement); 0 until it has said so. */
unsigned workers_confinement(const struct workers *);

/* Ends the worker; what is pending is forgotten without a call. NULL is fine. */
void workers_free(struct workers *);

#endif
