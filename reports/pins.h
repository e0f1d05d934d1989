/* A certificate as smtp_tls_policy_maps would pin it. */
#ifndef REPORTS_PINS_H
#define REPORTS_PINS_H

#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/certs.h"

/* smtp_tls_fingerprint_digest of the SMTP client; "" when there is no client. */
const char *pin_digest(const struct config *);
/* "AB:CD:...", ready for match=; of the whole certificate, or of its public key (SubjectPublicKeyInfo). digest is OpenSSL's
 * name. NULL when OpenSSL does not know the digest, or cannot read the certificate's key. */
const char *pin_of_certificate(struct region *, const struct cert *, const char *digest);
const char *pin_of_key(struct region *, const struct cert *, const char *digest);

#endif
