/* A next-hop -> the addresses smtp(8) would have to choose from, or the reason why there are none. Reads DNS facts the way
 * Postfix reads replies. RFC 5321 section 5, RFC 7505, RFC 2782; smtp_addr.c and dns_lookup.c of Postfix. */
#ifndef SCANNER_POLICY_MAIL_HOSTS_H
#define SCANNER_POLICY_MAIL_HOSTS_H

#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/facts.h"
#include "scanner/policy/nexthop.h"

/* dns_lookup()'s results, in its order of severity. UNKNOWN and WANTED are ours. */
enum lookup {
    LOOKUP_OK = 0, LOOKUP_POLICY = -1, LOOKUP_RETRY = -2, LOOKUP_INVALID = -3, LOOKUP_FAIL = -4, LOOKUP_NULL_MX = -5,
    LOOKUP_NULL_SRV = -6, LOOKUP_NOT_FOUND = -7,
    LOOKUP_WANTED = -20,   /* not observed yet, noted */
    LOOKUP_UNKNOWN = -21   /* could not be observed: our resolver, our limits */
};

struct lookup_result {
    enum lookup status;
    bool        secure;                /* AD on every reply of the way, and it was asked for with the DNSSEC flag */
    const char *rname;                 /* the owner of the final records: qname with aliases expanded */
    const struct dns_record **records; /* of the type asked, at most 100, malformed ones dropped */
    size_t      count;
    const struct dns_record **unusable;/* of the type asked, but malformed or naming no host */
    size_t      unusable_count;
    const char *text;                  /* Postfix's words for a failure: "Name service error for name=... type=...: Host not found";
                                          UNKNOWN: NULL, or which line of ours excludes the name */
    const char *unknown_reason;        /* UNKNOWN: reason code. Also with RETRY when no resolver answered anybody: Postfix
                                          here would retry, but that says nothing of the name */
    bool        bogus;                 /* SERVFAIL: for the dnssec member of reports only */
    bool        ad;                    /* as secure, had the DNSSEC flag been set: what the world publishes */
    bool        no_such_name;          /* NXDOMAIN */
    bool        cut;                   /* there were more records than this release reads */
};

/* One question, its aliases followed (at most 10 queries), as dns_lookup() gives it. dnssec: the flag was set. */
struct lookup_result dns_interpret(struct region *, const struct view *, const struct service *, const char *name,
                                   enum dns_type, bool dnssec);

/* Why the list, or a delivery, has no better outcome: Postfix's delivery status buffer. */
struct why {
    const char *dsn;    /* "5.4.4"; NULL: nothing recorded */
    const char *text;
    const char *reason; /* our reason code for it */
};

struct mail_host {
    const char    *host;         /* MX target as in DNS, or the next-hop's host */
    const char    *ascii;        /* A-labels */
    uint16_t       preference;   /* 0 without MX */
    uint16_t       port;         /* the next-hop's, or the SRV record's */
    struct address address;
    bool           has_address;  /* false: listed for the report only; why says what the lookup gave */
    bool           secure;       /* the address records were DNSSEC-secure, and Postfix asked for that */
    bool           ad;           /* they were, whatever this configuration asks for */
    const char    *qname, *rname;/* of the address lookup: alias and expanded name; NULL for an address literal */
    const char    *unknown;      /* has_address false: reason code. Its addresses, or those of one family, could not be observed;
                                    other entries of the same host may have addresses */
    bool           not_allowed;  /* DNS named an address no mail host should have (the caller's allow list applied) */
    struct why     why;
};

struct mx_record {
    uint16_t    preference;
    const char *host;
};

struct mail_hosts {
    struct mail_host *hosts;     /* by preference, name, address */
    size_t       count;
    bool         wanted;         /* something is not observed yet: nothing else is final */
    const char  *unknown;        /* reason code when the list as a whole could not be observed; else NULL. With the reason
                                    resolver-unavailable, why is what Postfix would log here */
    const char  *unknown_text;   /* which line of --exclude it was, or NULL */
    struct why   why;            /* the state of "why" before the first address is tried; the outcome when none is left */
    bool         used_mx;        /* an MX (or SRV) record was used */
    bool         mx_secure;      /* of the first, best record */
    enum lookup  mx_status;
    const char  *mx_rname;       /* expanded owner of the MX set; NULL without */
    const char  *mx_qname;
    const char  *mx_dnssec;      /* "secure", "insecure", "bogus", "indeterminate"; NULL when none was asked for */
    struct mx_record *mx_records;  /* as usable, in order of preference */
    size_t       mx_record_count;
    bool         backup_for_self;/* we are an MX: no further next-hops, no fallback relay */
    bool         loops;          /* 5.4.6 */
    const char **notes;          /* oddities worth a finding: its code, a space, the name it is about. mx-target-is-address,
                                    mx-target-invalid, records-cut */
    size_t       note_count;
};

/* At most so many addresses are kept for one next-hop: Postfix itself stops at 100 in releases with a limit. */
#define MAIL_HOSTS_MAX 4096

/* allow: prefixes that may be contacted although they are special ranges; literals of the configuration always may. */
void mail_hosts_find(struct region *, struct mail_hosts *, const struct config *, const struct service *,
                     const struct nexthop *, const struct prefix *allow, size_t allow_count, const struct view *);

/* May an address that DNS named be contacted? Not those of special ranges (loopback, private, link-local ...), unless one
 * of the prefixes has it. */
bool mail_hosts_allow(const struct address *, const struct prefix *allow, size_t allow_count);

/* Whether a client with these parameters may look up hosts by the system's own functions (DNS_NATIVE). */
bool mail_hosts_use_native(const struct params *);

#endif
