/* What a domain says by MTA-STS, as the facts tell: from the TXT record over the policy host to the policy. RFC 8461
 * sections 3 and 5.1, for a sender that has no policy in its cache. */
#ifndef SCANNER_POLICY_STS_LOOK_H
#define SCANNER_POLICY_STS_LOOK_H

#include "scanner/policy/mail_hosts.h"
#include "scanner/policy/mta_sts.h"

enum sts_finding {
    STS_LOOK_WANTED,      /* something is not observed yet, and was noted */
    STS_LOOK_UNKNOWN,     /* it could not be observed: unknown, or lookup_failed */
    STS_LOOK_NONE,        /* no record */
    STS_LOOK_INVALID,     /* fault: there is no policy that holds */
    STS_LOOK_POLICY
};

struct sts_look {
    enum sts_finding  found;
    const char       *unknown;       /* UNKNOWN: reason code */
    bool              lookup_failed; /* UNKNOWN: DNS has no answer for anybody; a sender goes on as without a policy */
    enum sts_fault    fault;         /* INVALID */
    const char       *detail;        /* what was met, in words: "404", "text/html", "self-signed certificate"; NULL */
    struct sts_place  place;         /* INVALID: in the policy */
    const char       *id;            /* of the record; NULL: none that holds */
    struct sts_policy policy;
};

/* domain: A-labels, lower case. Looks with the resolver settings of the service, without its reply filter, which is
 * smtp(8)'s alone. */
void sts_look(struct region *, struct sts_look *, const struct service *, const char *domain, const struct prefix *allow,
              size_t allow_count, const struct view *);

/* What a sender that honours MTA-STS takes for its policy. as_enforced: a policy in testing counts as enforced. True:
 * *policy is filled whole, with trouble WANTS or UNREADABLE where it is not known. False: no policy is in force, and the
 * sender does as for everybody. */
bool sts_follow(struct region *, struct policy *, const struct sts_look *, const char *domain, bool as_enforced,
                const struct view *);

/* One question about a name of the domain: TXT records and why there are none. Shared with whoever else reads TXT. */
struct lookup_result sts_ask(struct region *, const struct service *, const char *name, enum dns_type, const struct view *);
/* The records of an answer, as txt_select() wants them. */
struct dns_fact *sts_answer(struct region *, const struct lookup_result *);

#endif
