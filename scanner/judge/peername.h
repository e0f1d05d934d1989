/* The names of a certificate against the names a policy accepts, and both in words. RFC 6125, RFC 5280 section 4.2.1.6;
 * tls_client.c of Postfix. */
#ifndef SCANNER_JUDGE_PEERNAME_H
#define SCANNER_JUDGE_PEERNAME_H

#include <openssl/ssl.h>

#include "scanner/base/region.h"
#include "scanner/policy/match.h"

/* Hands the reference names to OpenSSL's verifier. False: none could be loaded, so that nothing may match. */
bool peername_load(SSL *, const struct match *);

/* The comparison of releases before 3.6, which did not leave it to OpenSSL. multiple_labels:
 * tls_wildcard_matches_multiple_labels. */
bool peername_matches_old(X509 *leaf, const struct match *, bool multiple_labels);

/* "mx1.example.net, mx2.example.net and 3 more"; hostile bytes as \XX. The DNS names, without any the common names. */
const char *peername_of_certificate(struct region *, X509 *);
/* The same of its IP addresses. */
const char *peername_addresses_of_certificate(struct region *, X509 *);
/* "example.net, names below example.net"; a reference that is an address as "the address 192.0.2.1". */
const char *peername_of_match(struct region *, const struct match *);
/* Subject or issuer, RFC 2253 with escapes, cut. */
const char *peername_subject(struct region *, X509 *);
const char *peername_issuer(struct region *, X509 *);

#endif
