/* Certificates by SHA-256 digest of their DER, each kept once. */
#ifndef SCANNER_FACTS_CERTS_H
#define SCANNER_FACTS_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "scanner/base/region.h"

#define CERT_ID_TEXT 65           /* 64 hex digits, lower case, and the terminator */
#define CERT_DER_MAX (128u << 10) /* octets; OpenSSL takes no longer certificate message than 100 KiB by default */
#define CERT_NAMES_MAX 100        /* so many names of one certificate are kept for reports; the DER has all */

/* Beside id and DER all is for reports, and read from the DER when one asks for it. The judgement reads the DER. */
struct cert {
    char           id[CERT_ID_TEXT];
    const uint8_t *der;
    size_t         der_length;
    const char    *subject, *issuer;        /* RFC 2253 with escapes */
    int64_t        not_before, not_after;
    const char   **dns_names;               /* as in the certificate; bytes that are no printable ASCII as \XX */
    size_t         dns_name_count, dns_name_total;
    const char    *key;                     /* "EC P-256", "RSA 2048" */
    const char    *signature;               /* "ecdsa-with-SHA256" */
    char           sha1[41], spki_sha256[CERT_ID_TEXT], spki_sha1[41]; /* hex, lower case */
    bool           unparsable;              /* the DER is no certificate that OpenSSL reads */
};

struct certs;

/* Reads from the certificate, which is NULL when OpenSSL reads none in the DER, all that stands beside id and DER in
 * *cert; texts live in the region. subject is not NULL then. */
typedef void cert_fill_fn(struct region *, X509 *, struct cert *);

struct certs *certs_new(void);
void certs_free(struct certs *);
/* Who fills a certificate that came with id and DER alone. NULL, as at first: nobody. */
void certs_fill_with(struct certs *, cert_fill_fn *);
/* NULL when unknown. */
const struct cert *certs_find(const struct certs *, const char *id);
/* The same when id and DER are all that is looked at: it is not filled. */
const struct cert *certs_find_der(const struct certs *, const char *id);
/* As OpenSSL has it, a reference of the caller's own; NULL when unknown, or no certificate. */
X509 *certs_x509(const struct certs *, const char *id);
/* Copies everything; a second one of the same id is ignored. Gives the one that is kept. */
const struct cert *certs_add(struct certs *, const struct cert *);
size_t certs_count(const struct certs *);
/* In order of id. */
const struct cert *certs_at(struct certs *, size_t i);

#endif
