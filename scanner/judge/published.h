/* What a domain publishes about how it wants to be mailed, what honouring it would do, and what this configuration follows
 * instead. DANE: RFC 7672. MTA-STS: RFC 8461. TLS reporting: RFC 8460. Reports read it. */
#ifndef SCANNER_JUDGE_PUBLISHED_H
#define SCANNER_JUDGE_PUBLISHED_H

#include "scanner/judge/result.h"

/* Who decides how a destination is mailed. */
enum mechanism {
    MECHANISM_NONE,       /* nobody in particular: a global level other than dane */
    MECHANISM_TABLE,      /* an entry, which hides what the domain publishes */
    MECHANISM_DANE,       /* the level is dane or dane-only */
    MECHANISM_STS         /* policy_type=sts, or names to match that a socketmap gave */
};
const char *mechanism_word(enum mechanism);                    /* "none", "table", "dane", "mta-sts" */
bool        mechanism_parse(const char *word, enum mechanism *); /* false: none of these; word may be NULL */

/* How the same delivery would end under another rule: the worst that any order leads to, as a verdict always is. */
struct as_if {
    bool         judged;            /* false: there was nothing to be judged, and the rest is empty */
    enum verdict verdict;
    const char  *effective_level;   /* NULL: none */
    enum reason  reason;
    const char  *dsn, *tls, *text;  /* NULL: not known, or nothing to say; as in a forecast */
};

/* DANE: what the hosts of the domain publish. */
enum dane_state {
    DANE_UNKNOWN,         /* a lookup could not be observed, or failed */
    DANE_NONE,            /* no host has TLSA records that are secure (or the MX set is not) */
    DANE_SOME,            /* some of the hosts */
    DANE_ALL              /* every host */
};
const char *dane_state_word(enum dane_state);                  /* "unknown", "none", "some", "all" */
bool        dane_state_parse(const char *word, enum dane_state *);

struct published_dane {
    enum dane_state state;
    size_t          hosts, with_tlsa;  /* names of hosts, and those with secure TLSA records */
    struct as_if    as_if;             /* were the level dane */
};

enum sts_state {
    STS_UNKNOWN,          /* it could not be observed; why says what stood in the way */
    STS_NONE,             /* no record */
    STS_INVALID,          /* reason, why: senders take it as no policy */
    STS_MODE_IS_NONE,     /* a policy that says: none */
    STS_TESTING,
    STS_ENFORCE
};
const char *sts_state_word(enum sts_state);  /* "unknown", "none", "invalid", "mode-none", "testing", "enforce" */
bool        sts_state_parse(const char *word, enum sts_state *);

/* One mail host of the domain against the mx lines. */
struct sts_host {
    const char *host;
    bool        fits;
};

struct published_sts {
    enum sts_state   state;
    const char      *reason;          /* INVALID: word of sts_faults.def. UNKNOWN: reason code. Else NULL */
    const char      *why;             /* the same as a sentence, with what was met; NULL */
    unsigned         line;            /* of the policy, where that is what is wrong; 0: none */
    const char      *id;              /* of the record; NULL: none */
    int64_t          max_age;         /* seconds; -1: no policy */
    struct text_list mx;              /* the patterns, as written */
    struct sts_host *hosts;           /* by name of the MX set, each once; empty without a policy */
    size_t           host_count;
    struct as_if     as_if;           /* what a sender that honours MTA-STS would meet */
    struct as_if     enforced;        /* TESTING: the same, were the mode enforce */
};

enum tlsrpt_state { TLSRPT_UNKNOWN, TLSRPT_NONE, TLSRPT_INVALID, TLSRPT_VALID };
const char *tlsrpt_state_word(enum tlsrpt_state);              /* "unknown", "none", "invalid", "valid" */
bool        tlsrpt_state_parse(const char *word, enum tlsrpt_state *);

struct published_tlsrpt {
    enum tlsrpt_state state;
    const char       *reason;         /* INVALID: word of tlsrpt_faults.def. UNKNOWN: reason code. Else NULL */
    const char       *why;            /* the same as a sentence; NULL */
    struct text_list  rua;            /* VALID: URIs */
};

struct published {
    const char             *domain;   /* the policy domain: the first next-hop, A-labels; NULL: none, as of [host] */
    enum mechanism          follows;  /* what this configuration follows for the destination */
    struct published_dane   dane;
    struct published_sts    sts;      /* without a domain: NONE */
    struct published_tlsrpt tlsrpt;   /* without a domain: NONE */
    /* The table line that follows the domain's own wish, without file and line: for releases before 3.10, and with the
     * attributes of 3.10. NULL: there is no wish, or the configuration follows it. */
    const char             *line, *line_3_10;
};

#endif
