/* Signatures of authorities that were found good, so that the same intermediate certificate is not verified again for each
 * host below it. */
#ifndef SCANNER_JUDGE_SIGNATURES_H
#define SCANNER_JUDGE_SIGNATURES_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509_vfy.h>

#define SIGNATURES_KEPT 16

/* Zeros at first. */
struct signatures {
    struct {
        X509 *subject, *issuer; /* references of ours */
    } kept[SIGNATURES_KEPT];
    size_t next;
};

void signatures_clear(struct signatures *);

/* In place of OpenSSL's own loop over signatures and dates, for a chain in which there is nothing to find: it ends at a
 * certificate that is self-signed, all dates hold, the signatures above the leaf are known to be good and the leaf's is.
 * False: something is otherwise, and OpenSSL has to look. True: on_certificate is what remains to be called for each. */
bool signatures_hold(const struct signatures *, X509_STORE_CTX *);
/* The chain was verified without a fault. */
void signatures_keep(struct signatures *, X509_STORE_CTX *);

#endif
