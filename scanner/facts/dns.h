/* DNS answers as they came, one for each question asked. No opinion: what Postfix makes of them is policy. */
#ifndef SCANNER_FACTS_DNS_H
#define SCANNER_FACTS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/hostname.h"

/* Numbers of RFC 1035, 3596, 2782, 6698; NATIVE is ours: the system's own host lookup (getaddrinfo, hosts file), answered
 * with A and AAAA records. */
enum dns_type {
    DNS_A = 1, DNS_CNAME = 5, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33, DNS_TLSA = 52,
    DNS_NATIVE = 65280
};

enum dns_outcome {
    DNS_ANSWERED,       /* a reply; rcode says which */
    DNS_TIMEOUT,        /* no usable reply in the time a stub resolver takes (TC without a TCP answer included) */
    DNS_NO_RESOLVER,    /* no configured resolver could be reached at all, for this or any question */
    DNS_CUT_SHORT,      /* ended by a limit of ours: --deadline, an interrupt */
    DNS_CRASHED,        /* the worker died twice while it asked */
    DNS_EXCLUDED        /* --exclude names it: never asked */
};

enum dns_rcode { RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4,
                 RCODE_REFUSED = 5 };

/* At most so many records of one answer are kept, in the order of the reply; Postfix itself uses 100. */
#define DNS_RECORDS_MAX 512
/* A longer TLSA association is kept cut, and unusable. A certificate fits. */
#define DNS_TLSA_DATA_MAX 16384

struct dns_record {
    const char   *owner;      /* presentation form, no trailing dot, case as in the reply; "" is the root */
    const char   *target;     /* MX, SRV, CNAME: as the owner; "" is the root (null MX) */
    const char   *text;       /* TXT, strings joined */
    const uint8_t *data;      /* TLSA */
    size_t        data_length;
    enum dns_type type;       /* CNAME records on the way included, in the order of the reply */
    struct address address;   /* A, AAAA */
    uint16_t      preference; /* MX; SRV: priority */
    uint16_t      weight, port; /* SRV */
    /* TLSA. An RDATA shorter than 3 octets has rdata_length < 3 and no fields. */
    uint16_t      rdata_length;
    uint8_t       usage, selector, matching_type;
    bool          malformed;  /* its data cannot be decoded; beside owner and type nothing is there */
    bool          bad_name;   /* the target is decodable but has bytes that no host name has (NUL, space, '*' ...) */
};

struct dns_fact {
    const char        *name;     /* as asked: lower case A-labels, no trailing dot */
    enum dns_type      type;
    enum dns_outcome   outcome;
    int                rcode;    /* ANSWERED only */
    bool               ad;       /* the AD bit of the reply */
    bool               loopback; /* the resolver that answered has a loopback address */
    bool               unparsable; /* ANSWERED, but the message as a whole could not be parsed: as a timeout to libc */
    struct dns_record *records;
    size_t             count;
    size_t             total;    /* in the reply; more than count when cut at DNS_RECORDS_MAX */
    const char        *error;    /* words for people, or NULL */
};

#endif
