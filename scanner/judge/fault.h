/* What is wrong with a certificate: OpenSSL's numbers as reasons and as sentences for people. */
#ifndef SCANNER_JUDGE_FAULT_H
#define SCANNER_JUDGE_FAULT_H

#include "scanner/judge/pkix.h"
#include "scanner/judge/trust.h"

/* Why nothing could match, whatever the server showed. */
enum blocker {
    BLOCKER_NONE,
    BLOCKER_NO_NAMES,        /* no reference name could be loaded */
    BLOCKER_FINGERPRINTS,    /* no listed digest can be used */
    BLOCKER_TLSA,            /* dane-only: no TLSA record can be used */
    BLOCKER_ANCHORS,         /* no trust anchor of the tafile can be used */
    BLOCKER_EXTERNAL         /* policy_failure */
};

/* All that a sentence may speak of. */
struct fault_context {
    const struct trust_service *service;
    const struct policy        *policy;
    const struct effective     *effective;
    const struct match         *match;
    const struct pkix_chain    *chain;
    const struct pkix_result   *result;
    enum blocker                blocker;
    bool                        own_anchors;  /* a tafile decides, not smtp_tls_CAfile */
    bool                        wrong_name;   /* found by Postfix's own comparison, before 3.6 */
};

enum reason fault_reason(const struct fault_context *);
/* One sentence without full stop: the fault that counts first, then others of another kind. */
const char *fault_sentence(struct region *, const struct fault_context *);

#endif
