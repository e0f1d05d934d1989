/* A stored chain against what the session had to match: trust, names, digests, TLSA. Never looks at the connection.
 * RFC 5280, 6125, 6698, 7671; tls_client.c, tls_verify.c, tls_dane.c of Postfix. */
#ifndef SCANNER_JUDGE_CERTIFICATE_H
#define SCANNER_JUDGE_CERTIFICATE_H

#include <stdint.h>

#include "scanner/judge/result.h"

/* Trust anchors of the services of one configuration, each loaded once, and what was judged before: a cache, no global.
 * The configuration must outlive it. */
struct trust;
struct trust *trust_new(void);
void trust_free(struct trust *);

struct certificate_verdict {
    bool        matched;       /* what the level demands is met; true at may and encrypt */
    const char *word;          /* anonymous, untrusted, trusted, verified */
    bool        fell_to_encrypt; /* dane, half-dane: no TLSA record was usable in the handshake */
    enum reason reason;        /* of a mismatch: the fault nearest to the leaf, a wrong name last */
    const char *detail;        /* one sentence for a finding: which certificate, which names; NULL when matched */
    bool        expired_ignored; /* matched by a pin of the leaf (fingerprint, DANE-EE, tafile), whose dates are wrong */
    int64_t     valid_until;   /* the moment at which matched (at may and encrypt: trusted) ends by dates alone; INT64_MAX:
                                  never, or it is not so now */
    const char *ending;        /* the subject of the certificate that ends then; NULL: the leaf, or valid_until is never */
    bool        anchor_ends;   /* it is a trust anchor */
    int         tlsa_matched;  /* index into effective->tlsa.records, or -1 */
    size_t      tlsa_unusable; /* of effective->tlsa.usable, those that cannot be used in the handshake */
    int         x509_error;    /* OpenSSL's number for the fault that Postfix would log; 0 */
};

/* The conversation must be established. when: seconds since 1970. match may be NULL at may and encrypt. Where the facts lack
 * a certificate of the conversation, the reason is REASON_NOT_OBSERVED and nothing else of the verdict counts; in every
 * other case the reason means something only when not matched. */
void certificate_judge(struct region *, struct certificate_verdict *, struct trust *, const struct config *,
                       const struct service *, const struct policy *, const struct effective *, const struct match *,
                       const struct conversation *, const struct facts *, int64_t when);

#endif
