/* What one attempt with one address comes to: the policy in force, and what was seen of the server, as smtp(8) would have
 * it. smtp_proto.c, smtp_trouble.c of Postfix; RFC 5321, 3207. */
#ifndef SCANNER_JUDGE_HOST_OUTCOME_H
#define SCANNER_JUDGE_HOST_OUTCOME_H

#include "scanner/judge/attempts.h"
#include "scanner/judge/certificate.h"

/* What a lookup in one of the service's tables came to; only what matters to the dialogue. */
enum lookup_answer { ANSWER_NO, ANSWER_YES, ANSWER_ERROR, ANSWER_UNKNOWN };

/* What smtp_reply_filter does to the replies of a server, weakest first. */
enum filter_effect {
    FILTER_NOTHING,
    FILTER_HIDES_STARTTLS,
    FILTER_CHANGES,          /* so that what would come of it was not observed */
    FILTER_ERROR
};

/* All that is known of an attempt. Everything is borrowed. */
struct host_case {
    const struct service      *service;
    const char                *delivery;     /* the whole next-hop text of the delivery request */
    const struct mail_host    *host;
    bool                       best;         /* of the best preference in the list */
    const struct policy       *policy;
    const struct effective    *effective;
    const struct profile      *profile;      /* NULL: the address is never contacted */
    const char                *handshake_error; /* with profile->no_handshake: why */
    const struct conversation *conversation; /* NULL: not observed */
    const struct certificate_verdict *certificate; /* NULL unless the handshake completed and TLS is in use */
    enum lookup_answer         discards_starttls;
    enum filter_effect         filter;
    enum lookup_answer         credentials;  /* SASL: no retry in the clear */
};

/* "host[address]" and "host[address]:port", as in Postfix's log. */
const char *host_name_address(struct region *, const struct mail_host *);
const char *host_relay(struct region *, const struct mail_host *);

/* The attempt. aged: the message has waited at least minimal_backoff_time. */
struct attempt host_outcome(struct region *, const struct host_case *, bool aged);

/* Why the mail would go in the clear, of an attempt that is sent so and not a retry: STARTTLS_NOT_OFFERED,
 * STARTTLS_REFUSED, TLS_ENGINE_UNAVAILABLE; DELIVERED_IN_CLEAR when the policy wants it. */
enum reason host_clear_cause(const struct host_case *);

#endif
