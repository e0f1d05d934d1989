/* SMTP TLS reporting: where a domain wants to hear of failures. RFC 8460 section 3. */
#ifndef SCANNER_POLICY_TLSRPT_H
#define SCANNER_POLICY_TLSRPT_H

#include <stdbool.h>

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/facts/dns.h"
#include "scanner/policy/policy.h"

/* Every way to be wrong. */
enum tlsrpt_fault {
#define TLSRPT_FAULT(name, word, sentence) TLSRPT_FAULT_##name,
#include "scanner/policy/tlsrpt_faults.def"
#undef TLSRPT_FAULT
    TLSRPT_FAULT_COUNT
};
const char *tlsrpt_fault_word(enum tlsrpt_fault);
const char *tlsrpt_fault_sentence(enum tlsrpt_fault); /* without full stop */

/* The text of one TXT record, its strings joined. *rua is filled when nothing is wrong: URIs, as written. */
enum tlsrpt_fault tlsrpt_record_parse(struct region *, struct slice text, struct text_list *rua);

/* The one record in an answer that begins with the version. False: there is none. Else *fault tells what is wrong with it,
 * or that there are several; TLSRPT_FAULT_FINE: *rua is filled. */
bool tlsrpt_record_select(struct region *, const struct dns_fact *, enum tlsrpt_fault *fault, struct text_list *rua);

#endif
