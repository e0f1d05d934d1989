/* What was asked of the worker and who waits for it: a question, conversation or policy is asked once, however many destinations
 * want it. */
#ifndef SCANNER_RUN_ASKS_H
#define SCANNER_RUN_ASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/facts/facts.h"

struct asks;
struct ask;

struct asks *asks_new(void);
void asks_free(struct asks *);

/* The ask for this thing; *is_new when nobody asked before. What they are given is copied. */
struct ask *asks_dns(struct asks *, const char *name, enum dns_type, bool *is_new);
/* host: the policy host. */
struct ask *asks_policy(struct asks *, const struct want_fetch *, const char *host, bool *is_new);
struct ask *asks_conversation(struct asks *, const struct profile *, const char *host, bool *is_new);

/* Of a conversation: *profile is, and lives as long as the asks; else false. */
bool                  asks_profile(const struct asks *, const struct ask *, struct profile *profile);
const struct want_fetch *asks_want(const struct ask *);        /* of a policy, else NULL */
struct address        asks_address(const struct asks *, const struct ask *); /* of a conversation; of a policy the first */
const char           *asks_host(const struct ask *);
void                  asks_refused(struct asks *, struct ask *, const struct reply *); /* the first, temporary refusal */
unsigned              asks_shortage(struct asks *, struct ask *); /* notes one of our own surroundings; how many there were */
bool                  asks_crashed(struct asks *, struct ask *);  /* notes a crash; true: it is the first */
const struct reply   *asks_first_refusal(const struct ask *);  /* NULL: none */

/* A 4xx greeting, a 421, a 4xx to STARTTLS may be meant for this scanner only, and is asked again once; else NULL. */
const struct reply *asks_temporary_refusal(const struct conversation *);

/* Questions that are not answered. */
size_t asks_questions(const struct asks *);

void asks_add_waiter(struct ask *, size_t job);
bool asks_waiter(const struct ask *, size_t i, size_t *job);   /* false past the end */

/* The id is no other ask's before that is answered, and to be found by while it is not; of a conversation or a policy also
 * later: NULL then. */
uint64_t    asks_id(const struct ask *);
struct ask *asks_find(uint64_t id);
/* It was answered. A question is freed, and may be asked anew: whoever wants the answer looks among the facts first. */
void asks_answered(struct asks *, struct ask *);

#endif
