/* Certificates as OpenSSL has them, the latest few of those that were looked at: parsing one costs as much as checking a
 * signature. */
#ifndef SCANNER_FACTS_PARSED_H
#define SCANNER_FACTS_PARSED_H

#include <openssl/x509.h>

#include "scanner/facts/certs.h"

struct parsed;

struct parsed *parsed_new(void);
void parsed_free(struct parsed *);
/* A reference of the caller's own, to be given back with X509_free(). NULL: no certificate, or something behind it. */
X509 *parsed_get(struct parsed *, const struct cert *);

#endif
