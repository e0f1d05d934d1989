/* MTA-STS: the TXT record, the policy file, and whether a mail host fits the policy. RFC 8461 sections 3.1, 3.2, 4.1. */
#ifndef SCANNER_POLICY_MTA_STS_H
#define SCANNER_POLICY_MTA_STS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/dns.h"
#include "scanner/policy/policy.h"

/* RFC 8461 section 3.2: about a year, in seconds. */
#define STS_MAX_AGE_MAX 31557600

/* Every way to be wrong, from the record to the last line of the policy. */
enum sts_fault {
#define STS_FAULT(name, word, sentence) STS_FAULT_##name,
#include "scanner/policy/sts_faults.def"
#undef STS_FAULT
    STS_FAULT_COUNT
};
const char *sts_fault_word(enum sts_fault);     /* "record-id-missing" */
const char *sts_fault_sentence(enum sts_fault); /* without full stop */

enum sts_mode { STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE };
const char *sts_mode_word(enum sts_mode);       /* "none", "testing", "enforce" */

/* The text of one TXT record, its strings joined. *id is filled when nothing is wrong. */
enum sts_fault sts_record_parse(struct region *, struct slice text, const char **id);

/* The one record in an answer that begins with the version. False: there is none. Else *fault tells what is wrong with it,
 * or that there are several; STS_FAULT_FINE: *id is filled. */
bool sts_record_select(struct region *, const struct dns_fact *, enum sts_fault *fault, const char **id);

struct sts_policy {
    enum sts_mode    mode;
    int64_t          max_age;    /* seconds */
    struct text_list mx;         /* patterns, as written */
};

/* Where a policy is wrong. */
struct sts_place {
    unsigned    line;            /* from 1; 0: nowhere in particular */
    const char *what;            /* the key or value concerned, with what cannot be printed replaced; NULL */
};

/* The body as it was served. *policy is filled when nothing is wrong; else *place says where. Unknown keys are let pass,
 * of a key that is repeated the first counts (all but mx). */
enum sts_fault sts_policy_parse(struct region *, struct slice body, struct sts_policy *, struct sts_place *);

/* Does the host fit one of the patterns? Equal without regard to case, or one label in the place of the star. Both are
 * A-labels. The same rule is Postfix's for mx_host_pattern (postconf(5), from 3.10.5 on). */
bool sts_mx_fits(const struct text_list *patterns, const char *host);

#endif
