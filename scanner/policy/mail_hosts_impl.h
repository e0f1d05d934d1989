/* Shared by mail_hosts.c (lists of mail exchangers) and host_addresses.c (addresses of one name). Private to them. */
#ifndef SCANNER_POLICY_MAIL_HOSTS_IMPL_H
#define SCANNER_POLICY_MAIL_HOSTS_IMPL_H

#include "scanner/policy/mail_hosts.h"

enum dns_support { SUPPORT_ENABLED, SUPPORT_DISABLED, SUPPORT_DNSSEC };

/* What one call works with. */
struct search {
    struct region *region;
    const struct config *config;
    const struct service *service;
    const struct nexthop *nexthop;
    const struct prefix *allow;
    size_t allow_count;
    const struct view *view;
    struct mail_hosts *out;
    enum dns_support support;
    bool use_dns, use_native; /* smtp_host_lookup */
    bool ipv4, ipv6;          /* inet_protocols */
    bool detect_loops;
    size_t room; /* of out->hosts */
    size_t note_room;
    size_t address_count, address_limit;
    bool full; /* the limit was reached: Postfix looks no further */
};

/* A name whose addresses are wanted. */
struct target {
    const char *host;
    uint16_t preference, port;
    bool in_mx_set;       /* else the next-hop's own host */
    bool literal_allowed; /* when it is an address: the configuration or the user named it */
    bool dnssec;          /* the DNSSEC flag is set */
};

/* smtp_addr_one(): adds the addresses of a host to the list, or an entry that says why there are none, and records a
 * failure in why. Sets wanted when facts are missing. */
void host_addresses_add(struct search *, const struct target *);

/* An entry without address, for the report: why there is none, or (unknown) why that could not be observed. */
void host_addresses_add_failed(struct search *, const struct target *, struct why, const char *unknown);

/* Which line of --exclude the name of a question met; NULL: none, or it is not known. */
const char *excluded_text(struct region *, const struct dns_fact *);

void mail_hosts_note(struct search *, const char *code, const char *name);
void mail_hosts_set_why(struct search *, const char *dsn, const char *reason, const char *text);

#endif
