/* Which TLSA records a host has, and which of them Postfix can use. RFC 6698, 7671, 7672; tls_dane.c of Postfix. */
#ifndef SCANNER_POLICY_TLSA_H
#define SCANNER_POLICY_TLSA_H

#include "scanner/policy/mail_hosts.h"

enum tlsa_status { TLSA_NONE, TLSA_FOUND, TLSA_ERROR, TLSA_WANTED, TLSA_UNKNOWN };

struct tlsa {
    enum tlsa_status status;
    const char *base_domain;              /* FOUND: the name under which they were found */
    const char *dnssec;                   /* of the TLSA answer; "insecure" also when it was never asked */
    const struct dns_record **records;    /* FOUND: all, in reply order, at most 100 */
    size_t      count;
    const struct dns_record **usable;     /* those that pass at policy time (usage, private matching type, empty data) */
    size_t      usable_count;
    bool        panics;                   /* a record with empty data kills smtp(8) of this release */
    bool        insecure_records;         /* records are there, but not secure */
    const char *unknown_reason;
};

/* The lookup for one host whose address record is in use (mail_host: qname, rname, secure, port). */
void tlsa_find(struct region *, struct tlsa *, const struct service *, const struct mail_host *, const struct view *);

/* tls_dane_digests of the service: is this matching type known, and how strong (higher is stronger)? Type 0 is always known.
 * *digest is the OpenSSL name, NULL for type 0. False: unknown. */
bool tlsa_matching_type(const struct params *, unsigned matching_type, const char **digest, int *strength);

#endif
