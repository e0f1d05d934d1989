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
/* The same as a Postfix would do it that asks for DNSSEC everywhere: what is published, whatever this configuration makes
 * of it (panics is never set). */
void tlsa_find_published(struct region *, struct tlsa *, const struct service *, const struct mail_host *,
                         const struct view *);
/* Notes as wanted what is not observed yet of the TLSA records of all hosts whose addresses are secure, whatever the level,
 * so that the facts serve other configurations too. True: something was noted. */
bool mail_hosts_want_tlsa(struct region *, const struct service *, const struct mail_hosts *, const struct view *);

/* Does OpenSSL take the record in the handshake (of those that are usable at policy time)? By selector, matching type and
 * length; of a full certificate or key only the outermost DER length is looked at. SSL_dane_tlsa_add(3). */
bool tlsa_is_usable_in_handshake(const struct params *, const struct dns_record *);

/* tls_dane_digests of the service: is this matching type known, and how strong (higher is stronger)? Type 0 is always known.
 * *digest is the OpenSSL name, NULL for type 0. False: unknown. */
bool tlsa_matching_type(const struct params *, unsigned matching_type, const char **digest, int *strength);

#endif
