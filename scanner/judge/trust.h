/* What the services of one configuration trust, each loaded once; and what was judged before. */
#ifndef SCANNER_JUDGE_TRUST_H
#define SCANNER_JUDGE_TRUST_H

#include <openssl/ssl.h>

#include "scanner/judge/certificate.h"
#include "scanner/judge/signatures.h"

/* A service's side of the verification. Lives as long as the trust. */
struct trust_service {
    const struct service *service;
    SSL_CTX *context;   /* never connected. Its store has the anchors, its DANE side the digests, its parameters the depth */
    size_t   anchors;   /* certificates in the store */
    int      depth;     /* smtp_tls_scert_verifydepth */
    struct signatures *signatures; /* of authorities, known to be good */
};

/* Loads smtp_tls_CAfile, smtp_tls_CApath and, where it applies, OpenSSL's own authorities on the first call. */
const struct trust_service *trust_service(struct trust *, const struct service *);

/* Verdicts are kept under a key that tells all they depend on, at most so many: with the next one the cache starts anew. */
#define TRUST_VERDICTS_MAX 16384
/* NULL: not judged before. Valid until the next trust_keep(). */
const struct certificate_verdict *trust_find(const struct trust *, struct slice key);
/* Copies the verdict and its texts. */
void trust_keep(struct trust *, struct slice key, const struct certificate_verdict *);

#endif
