/* A certificate's DER to what reports say of it. Every text is bounded and printable ASCII; bytes that are not, and the
 * backslash, stand as \XX. One that was cut ends with "...". */
#ifndef PROBES_WIRE_X509_FACTS_H
#define PROBES_WIRE_X509_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/region.h"
#include "scanner/facts/certs.h"

#define X509_TEXT_MAX 1024   /* of one name */

/* SHA-256 of the bytes, hex, lower case. */
void x509_facts_id(const uint8_t *bytes, size_t n, char id[CERT_ID_TEXT]);

/* The rest of a certificate that has id and DER: a cert_fill_fn. */
void x509_facts_fill(struct region *, X509 *, struct cert *);

/* Fills *out; texts live in the region, out->der is a copy there. False: OpenSSL reads no certificate in it (or bytes
 * behind one); then id and DER stand alone, and unparsable is set. */
bool x509_facts_read(struct region *, const uint8_t *der, size_t n, struct cert *out);

#endif
