/* What the judgement says of one destination: forecast, verdict, findings, and the whole story behind them. Reports read it.
 * Everything lives in one region. */
#ifndef SCANNER_JUDGE_RESULT_H
#define SCANNER_JUDGE_RESULT_H

#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "scanner/policy/effective_level.h"
#include "scanner/policy/match.h"
#include "scanner/policy/route.h"

/* In the order of the ranking; UNKNOWN and NOT_TRIED stand outside it. */
enum verdict { VERDICT_DELIVER, VERDICT_DOWNGRADE, VERDICT_DEFER, VERDICT_BOUNCE, VERDICT_UNKNOWN, VERDICT_NOT_TRIED };
const char *verdict_word(enum verdict);               /* "deliver" ... "not-tried" */
bool verdict_parse(const char *word, enum verdict *);  /* false: no verdict; word may be NULL */

enum severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };
const char *severity_word(enum severity);

enum reason {
#define REASON(name, code, rfc8460, sentence) REASON_##name,
#include "scanner/judge/reasons.def"
#undef REASON
    REASON_COUNT
};
const char *reason_code(enum reason);
const char *reason_sentence(enum reason);
const char *reason_rfc8460(enum reason);               /* NULL: none */
/* What a postmaster can do about it; NULL: nothing in general. Findings about hosts end in "; " and this. */
const char *reason_remedy(enum reason);
bool        reason_parse(const char *code, enum reason *);

enum finding_code {
#define FINDING(name, code, severity, sentence) FINDING_##name,
#include "scanner/judge/findings.def"
#undef FINDING
    FINDING_COUNT
};
const char   *finding_word(enum finding_code);
const char   *finding_sentence(enum finding_code);
enum severity finding_severity(enum finding_code);
/* Code, word and severity of row i of the whole closed list (findings, then reasons); false past the end. For documents. */
bool finding_row(size_t i, const char **code, const char **sentence);

struct finding {
    const char   *code;
    enum severity severity;
    const char   *host;      /* NULL */
    const char   *file;      /* NULL */
    int           line;      /* 0 */
    const char   *text;      /* a sentence without full stop */
    const char   *paste;     /* the line of the policy table that it speaks of; NULL */
    struct finding *next;
};

struct findings {
    struct finding *first, **tail;   /* zeroed: empty; findings_add sets tail */
    size_t count;
};
/* Gives the new one. */
struct finding *findings_add(struct region *, struct findings *, const char *code, enum severity, const char *host,
                             const char *file, int line, const char *format, ...) __attribute__((format(printf, 8, 9)));

struct forecast {
    const char *status;      /* sent, deferred, bounced, unknown */
    const char *dsn;         /* NULL when unknown */
    const char *relay;       /* "host[addr]:port" or "none"; NULL when unknown */
    const char *tls;         /* anonymous, untrusted, trusted, verified, none; NULL when unknown */
    const char *effective_level; /* of the host that settled it; NULL */
    enum reason reason;
    const char *text;        /* in Postfix's words; NULL for sent */
};

struct certificate_verdict; /* certificate.h */

/* One host and one of its addresses. */
struct host_result {
    const struct mail_host *host;
    const struct policy    *policy;        /* of this host; the hop's own unless per-site */
    const struct effective *effective;
    const struct profile   *profile;       /* NULL: never to be contacted */
    const struct conversation *conversation; /* NULL: none */
    const struct match     *match;
    const struct certificate_verdict *certificate; /* NULL: no handshake was completed, or the level has no use for it */
    enum verdict verdict;                  /* of a delivery that this address settles; NOT_TRIED beyond the limits */
    enum reason  reason;
    const char  *dsn, *tls, *text;
    const char  *relay;
};

/* One next-hop of the route. */
struct hop_result {
    const struct nexthop    *nexthop;      /* NULL: it could not be parsed; text says what was there */
    const char              *text;
    bool                     fallback;
    const struct policy     *policy;
    const struct policy_step *steps;
    const struct mail_hosts *mail_hosts;
    struct host_result      *hosts;        /* by preference, name, address */
    size_t                   host_count;
};

/* A fault that is known, and counts as deliver for a while. */
struct acknowledgement {
    int64_t     until;       /* the first second at which it counts no more */
    const char *comment;
};

enum weight_tls { WEIGHT_ANONYMOUS, WEIGHT_UNTRUSTED, WEIGHT_TRUSTED, WEIGHT_VERIFIED, WEIGHT_TLS_COUNT };
const char *weight_tls_word(enum weight_tls);           /* "anonymous" ... */

/* How much mail a destination takes, as logs and the queue tell. */
struct weight {
    int64_t deliveries, deferrals, bounces;   /* attempts that ended so, one for each recipient */
    int64_t bytes;                            /* of deliveries whose size the log told */
    int64_t tls[WEIGHT_TLS_COUNT];            /* deliveries whose TLS word the log told */
    int64_t last;                             /* the last attempt; 0: not known */
    int64_t waiting;                          /* messages in the queue now; -1: it was not asked */
    double  share;                            /* of all deliveries, 0..1; NAN: no log, or none in it */
    bool    repeated;                         /* another destination tells the same mail: not to be added up */
};

struct mail_entry; /* reports/mail.h */

struct published; /* published.h */

struct advice_found; /* advice.h */

struct result {
    const struct destination *destination;
    const struct route       *route;
    bool        wanted;                    /* something is not observed yet (and was noted): nothing below is final */
    enum verdict verdict, best, worst;
    bool        certain;
    double      share_worse;               /* of all orders, those that end worse than best; NAN: not known, or not counted */
    struct forecast forecast, first_attempt;
    int64_t     next_end;                  /* when the first certificate that an attempt rests on ends; INT64_MAX: none */
    struct findings findings;
    struct hop_result *hops;
    size_t      hop_count;
    const struct acknowledgement *acknowledged; /* NULL: it is not; told by the history of runs, never by the judgement */
    const struct weight *weight;           /* NULL: not known; never told by the judgement either */
    const struct advice_found *advice;     /* NULL: nobody looked for any; never told by the judgement either */
    const struct mail_entry *entry;        /* that its first next-hop goes by, and the mail of that; NULL: not known */
    const struct result *proposed;         /* the same destination under the proposed configuration; NULL: none is */
    const struct published *published;     /* what the domain publishes; NULL: it was not asked for */
    const struct result *configured;       /* --as: the same destination by the configuration as it is; NULL: this is that */
};

#endif
