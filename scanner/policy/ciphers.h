/* Cipher grades and exclusions -> one OpenSSL cipher list. postconf(5) smtp_tls_ciphers, tls_medium_cipherlist ... */
#ifndef SCANNER_POLICY_CIPHERS_H
#define SCANNER_POLICY_CIPHERS_H

#include <stdbool.h>

#include "scanner/base/region.h"
#include "scanner/config/parameters.h"

/* grade: a word as configured; exclusions: lists joined, in Postfix's order, without the implicit one, which is given as
 * implicit ("" "eNULL" "aNULL"). Gives the list text, or NULL when Postfix fails the handshake: unknown grade, bad
 * exclusion token; *why (may be NULL) says so. */
const char *ciphers_list(struct region *, const char *grade, const char *exclusions, const char *implicit,
                         const struct params *, const char **why);

#endif
