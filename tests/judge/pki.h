/* Certificates of every kind that tests of the judgement need, made on the spot. */
#ifndef TESTS_JUDGE_PKI_H
#define TESTS_JUDGE_PKI_H

#include <stdint.h>

#include <openssl/x509.h>

#include "scanner/base/slice.h"

/* The moment that all dates count from: 2026-11-20T00:00:00Z. */
#define PKI_NOW INT64_C(1795132800)
#define PKI_DAY INT64_C(86400)

/* pki.c has the table: label, issuer, subject, names, dates, extensions. Made when first asked for, kept to the end.
 * An unknown label ends the program. */
X509     *pki_certificate(struct slice label);
EVP_PKEY *pki_key(struct slice label);
/* PEM of the labelled certificates, separated by spaces; "key:label" is a bare public key, "secret:label" a private one,
 * "broken" a certificate object with garbage in it. Free with mem_free(). */
char *pki_pem(const char *labels);
void  pki_clear(void);

#endif
