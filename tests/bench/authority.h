/* Certificates for the hosts of a measurement: one root, one intermediate authority, a leaf for each host, all ECDSA P-256,
 * made anew for each run. */
#ifndef TESTS_BENCH_AUTHORITY_H
#define TESTS_BENCH_AUTHORITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct authority {
    EVP_PKEY *root_key, *key;
    X509     *root, *intermediate;
};

struct leaf {
    EVP_PKEY *key;
    X509     *x509;
};

/* Ends the process when the library fails. */
void authority_make(struct authority *);
/* A new key and its certificate with the one DNS name. */
void authority_issue(const struct authority *, const char *name, struct leaf *);

#endif
