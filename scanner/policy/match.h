/* What a certificate must show: reference names (verify, secure, DANE-TA) or digests (fingerprint). */
#ifndef SCANNER_POLICY_MATCH_H
#define SCANNER_POLICY_MATCH_H

#include "scanner/policy/effective_level.h"

struct match {
    /* Names as loaded into OpenSSL, A-labels; a leading dot means sub-domains. none_loaded: every certificate fails. */
    struct text_list names;
    struct text_list addresses;     /* references that are IP addresses: the first one counts, and must match too */
    bool             none_loaded;
    /* fingerprint */
    const char      *digest;        /* smtp_tls_fingerprint_digest */
    struct text_list digests;       /* hex, upper case, colons gone, well-formed ones; wrong lengths included */
    struct text_list malformed;
    bool             no_fingerprints; /* nothing loaded: invalid policy */
};

/* The digests of the level fingerprint alone: what is loaded decides whether the policy is valid. */
void match_fingerprints(struct region *, struct match *, const struct service *, const struct policy *);
/* Are the MTA-STS patterns of the policy enforced by this release and configuration (given that a name match list exists)?
 * postconf(5) smtp_tls_enforce_sts_mx_patterns. */
bool match_enforces_sts(const struct params *, const struct policy *);

/* For verify, secure: names. For DANE in use: base domain and next-hop domain. For fingerprint: digests. */
void match_find(struct region *, struct match *, const struct config *, const struct service *, const struct nexthop *,
                const struct policy *, const struct mail_hosts *, const struct mail_host *, const struct effective *);

#endif
