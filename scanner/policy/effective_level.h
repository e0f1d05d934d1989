/* Policy + what DNS says of one host -> the level in force for it. smtp_tls_policy.c dane_init() of Postfix; RFC 7672. */
#ifndef SCANNER_POLICY_EFFECTIVE_LEVEL_H
#define SCANNER_POLICY_EFFECTIVE_LEVEL_H

#include "scanner/policy/mail_hosts.h"
#include "scanner/policy/policy.h"
#include "scanner/policy/tlsa.h"

struct effective {
    enum level  level;        /* LEVEL_INVALID: the address is skipped with why */
    struct why  why;
    bool        wanted;       /* not observed yet */
    const char *unknown;      /* reason code: cannot be told */
    bool        dane_in_use;  /* TLSA records decide: SNI, names, ciphers by DANE */
    struct tlsa tlsa;         /* asked for when the level is dane or dane-only */
    bool        left_aside;   /* level dane, secure TLSA records exist, yet not used because of MX set or a setting */
    bool        unusable;     /* TLSA found, none usable at policy time: encrypt */
    const char *warning;      /* smtp(8)'s warning, e.g. "dane configured with dnssec lookups disabled"; NULL */
    bool        skipped_silently; /* wrapper mode below encrypt, or STS pattern mismatch: skipped without a why */
    const char *skip_reason;  /* reason code of a silent skip */
};

/* Includes the wrapper-mode check and the STS mx pattern check. */
void effective_level_find(struct region *, struct effective *, const struct config *, const struct service *,
                          const struct nexthop *, const struct policy *, const struct mail_hosts *,
                          const struct mail_host *, const struct view *);

#endif
