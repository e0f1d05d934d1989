/* Digests of a certificate and of its public key: the level fingerprint, and pins in words. tls_fprint.c, tls_dane.c of
 * Postfix, which maps a pin to TLSA records of a private matching type. */
#ifndef SCANNER_JUDGE_FINGERPRINT_H
#define SCANNER_JUDGE_FINGERPRINT_H

#include "scanner/judge/dane.h"
#include "scanner/policy/match.h"

/* Hands the listed digests to OpenSSL's verifier, each for certificate and key. DANE is turned on. */
void fingerprint_load(SSL *, struct dane_load *, const struct match *);

/* Of the certificate's DER, or of its SubjectPublicKeyInfo. Gives the octets; 0: it could not be made. out has room for
 * EVP_MAX_MD_SIZE. */
size_t fingerprint_compute(X509 *, bool of_key, const EVP_MD *, uint8_t *out);
/* "AB:CD:...", as Postfix prints it; digest is a name OpenSSL knows. "" when it does not. */
const char *fingerprint_text(struct region *, X509 *, bool of_key, const char *digest);

#endif
