/* TLSA records in OpenSSL's verifier, and trust anchor files, which Postfix turns into such records. RFC 6698, 7671;
 * tls_dane.c of Postfix. */
#ifndef SCANNER_JUDGE_DANE_H
#define SCANNER_JUDGE_DANE_H

#include <openssl/ssl.h>

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/parameters.h"
#include "scanner/facts/dns.h"

/* What became of the records handed over. */
struct dane_load {
    size_t usable, unusable;
    bool   broken;           /* the library failed over one: the rest was not handed over, nothing may match */
};

/* RFC 6698 section 7; END_ENTITY as RFC 7671 has it. */
enum { USAGE_TRUST_ANCHOR = 2, USAGE_END_ENTITY = 3, SELECTOR_CERTIFICATE = 0, SELECTOR_KEY = 1, MATCHING_FULL = 0 };

/* Turns DANE on for the handle, which forgets its names: load those afterwards. name_checks: at END_ENTITY matches too. */
void dane_enable(SSL *, bool name_checks);
/* One record; counted in *load. Nothing is added once it is broken. */
void dane_add(SSL *, struct dane_load *, unsigned usage, unsigned selector, unsigned matching_type, const uint8_t *data,
              size_t n);
void dane_add_records(SSL *, struct dane_load *, const struct dns_record *const *records, size_t count);

/* A trust anchor file: each certificate or public key as anchor and as the peer's own. DANE is turned on by the first;
 * *enabled tells. Other objects are passed over. */
void dane_add_anchors(SSL *, struct dane_load *, struct slice pem, bool *enabled);

/* After a successful verification: did a record of usage 3 match? And which of the records was it; -1: none. */
bool dane_matched_end_entity(SSL *);
int  dane_matched_record(SSL *, const struct dns_record *const *records, size_t count);

/* "3 1 1", the distinct kinds of records in order, a few. */
const char *dane_kinds(struct region *, const struct dns_record *const *records, size_t count);
/* A record that agrees with a certificate of the chain (leaf first) but went unheard, as a stronger digest stands in the
 * same set (RFC 7671 section 9); NULL: none. For a chain that matched no record. */
const struct dns_record *dane_outranked(const struct params *, const struct dns_record *const *records, size_t count,
                                        STACK_OF(X509) *chain);

#endif
