/* All that was observed in a run, found by what was asked; and what is wanted but not observed yet. */
#ifndef SCANNER_FACTS_FACTS_H
#define SCANNER_FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/chance.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/certs.h"
#include "scanner/facts/conversation.h"
#include "scanner/facts/dns.h"
#include "scanner/facts/policy_fetch.h"

/* What a live table answered. */
enum table_fact_status { TABLE_FACT_NOT_FOUND, TABLE_FACT_FOUND, TABLE_FACT_ERROR, TABLE_FACT_UNREADABLE };
struct table_fact {
    const char *table;     /* type:name */
    const char *key;
    enum table_fact_status status;
    const char *value;     /* FOUND */
    const char *error;     /* ERROR, UNREADABLE */
};

struct facts;

struct facts *facts_new(void);
void facts_free(struct facts *);

/* Each copies what it is given, deep; a later fact about the same question replaces the earlier one (whose memory stays
 * until facts_free). Gives the stored one. */
const struct dns_fact     *facts_add_dns(struct facts *, const struct dns_fact *);
const struct conversation *facts_add_conversation(struct facts *, const struct conversation *);
const struct table_fact   *facts_add_table(struct facts *, const struct table_fact *);
const struct policy_fetch *facts_add_fetch(struct facts *, const struct policy_fetch *);
const struct cert         *facts_add_cert(struct facts *, const struct cert *);
void                       facts_add_destination(struct facts *, const char *text); /* what the user asked for, in order */

/* Forgets an answer about MX or TXT, and all pointers to it are invalid; those of other types stay. */
void facts_forget_dns(struct facts *, const char *name, enum dns_type);

#define DNS_TALLY_DOMAINS 8

/* How the resolver fared: of the questions that were put to it (not left out, not cut short), of those forgotten too. */
struct dns_tally {
    size_t asked;
    size_t unanswered;        /* timed out, or no resolver was reached */
    size_t out_of_reach;      /* no resolver was reached */
    size_t answers;           /* NOERROR and NXDOMAIN */
    size_t failures;          /* SERVFAIL, REFUSED and the like */
    size_t failed_domains;    /* theirs, by the last two labels of a name; counted up to DNS_TALLY_DOMAINS */
    uint64_t domains[DNS_TALLY_DOMAINS];
    size_t secure;            /* with the AD bit */
    size_t secure_from_afar;  /* of those, by a resolver that is not on this machine */
};
void             dns_tally_add(struct dns_tally *, const struct dns_fact *);
struct dns_tally facts_dns_tally(const struct facts *);

/* NULL: not observed. Names compare without regard to case. */
const struct dns_fact     *facts_dns(const struct facts *, const char *name, enum dns_type);
const struct conversation *facts_conversation(const struct facts *, const struct profile *);
/* One that the server ended before TLS began, held by a profile that differs in nothing but TLS: it tells what any other
 * TLS settings would have met. For a replay with another configuration. */
const struct conversation *facts_conversation_before_tls(const struct facts *, const struct profile *);
const struct table_fact   *facts_table(const struct facts *, const char *table, struct slice key);
const struct policy_fetch *facts_fetch(const struct facts *, const char *domain);
const struct cert         *facts_cert(const struct facts *, const char *id);
const struct cert         *facts_cert_der(const struct facts *, const char *id);   /* id and DER: certs.h */
X509                      *facts_x509(const struct facts *, const char *id);       /* to be given back with X509_free() */
void                       facts_fill_certs_with(struct facts *, cert_fill_fn *);
struct certs              *facts_certs(struct facts *);
size_t                     facts_destination_count(const struct facts *);
const char                *facts_destination(const struct facts *, size_t i);

/* In the order in which they were added (a replaced one once, at its first place). NULL past the end. */
const struct dns_fact     *facts_dns_at(const struct facts *, size_t i);
const struct conversation *facts_conversation_at(const struct facts *, size_t i);
const struct table_fact   *facts_table_at(const struct facts *, size_t i);
const struct policy_fetch *facts_fetch_at(const struct facts *, size_t i);

bool profile_eq(const struct profile *, const struct profile *);

/* What the pure code looked for in the facts and did not find: the scanner goes and gets it, then asks again; a replay
 * takes it as not observed. Each thing is noted once. Order of noting is kept. */
struct wants;

struct wants *wants_new(void);
void wants_free(struct wants *);
void wants_clear(struct wants *);
bool wants_empty(const struct wants *);
void wants_dns(struct wants *, const char *name, enum dns_type);
void wants_conversation(struct wants *, const struct profile *);
void wants_table(struct wants *, const char *table, struct slice key);
void wants_file(struct wants *, const char *path);
/* addresses: of the policy host, those that may be asked (beyond FETCH_ADDRESSES_MAX they are not); with none of them
 * nobody is, and the fact says NOT_ALLOWED. */
void wants_fetch(struct wants *, const char *domain, const struct address *addresses, size_t count);

struct want_dns   { const char *name; enum dns_type type; };
struct want_table { const char *table; const char *key; };
struct want_fetch { const char *domain; const struct address *addresses; size_t count; };
/* NULL past the end. */
const struct want_dns   *wants_dns_at(const struct wants *, size_t i);
const struct profile    *wants_conversation_at(const struct wants *, size_t i);
const struct want_table *wants_table_at(const struct wants *, size_t i);
const char              *wants_file_at(const struct wants *, size_t i);
const struct want_fetch *wants_fetch_at(const struct wants *, size_t i);

/* How many facts that somebody was asked for were looked at, each counted once (more often where a judgement looks at more
 * than VIEW_USE_KEPT others between two looks). Starts as zeros. */
#define VIEW_USE_KEPT 64
struct view_use {
    size_t      questions, conversations, policies;
    const void *seen[VIEW_USE_KEPT];      /* the latest, for comparison */
    size_t      next;
};

/* A look at the facts: what the pure code is handed. wants may be NULL (replay). */
struct view {
    const struct facts *facts;
    struct wants       *wants;
    struct chance      *chance; /* for random tables; NULL: the first value of each */
    struct view_use    *use;    /* counts; NULL: nobody wants to know */
};
/* The fact, or NULL after noting it as wanted. A conversation that is not there is, without wants, one that another
 * profile had and that ended before TLS began. */
const struct dns_fact     *view_dns(const struct view *, const char *name, enum dns_type);
const struct conversation *view_conversation(const struct view *, const struct profile *);
const struct table_fact   *view_table(const struct view *, const char *table, struct slice key);
const struct policy_fetch *view_fetch(const struct view *, const char *domain, const struct address *addresses, size_t count);

#endif
