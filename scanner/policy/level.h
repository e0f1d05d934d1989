/* TLS security levels: words, order, predicates. postconf(5) smtp_tls_security_level, TLS_README. */
#ifndef SCANNER_POLICY_LEVEL_H
#define SCANNER_POLICY_LEVEL_H

#include <stdbool.h>

#include "scanner/base/slice.h"

/* In Postfix's order; comparisons mean something. HALF_DANE is a result only: never configured. */
enum level {
    LEVEL_INVALID = -2,   /* a policy that could not be had: the address is skipped */
    LEVEL_NOT_FOUND = -1,
    LEVEL_NONE, LEVEL_MAY, LEVEL_ENCRYPT, LEVEL_FINGERPRINT, LEVEL_HALF_DANE, LEVEL_DANE, LEVEL_DANE_ONLY, LEVEL_VERIFY,
    LEVEL_SECURE
};

/* "none" ... "secure", "half-dane"; NULL for the first two. */
const char *level_word(enum level);
/* Any case. False for unknown words, half-dane among them. */
bool level_parse(struct slice word, enum level *);
/* The level that somebody who wrote an unknown word may have meant, or NULL. */
const char *level_suggestion(struct slice word);

bool level_needs_tls(enum level);     /* encrypt and above */
bool level_needs_match(enum level);   /* fingerprint and above: the certificate must match; OpenSSL security level 1 */
bool level_is_dane(enum level);       /* dane, dane-only, half-dane */
bool level_is_pkix(enum level);       /* verify, secure */

#endif
