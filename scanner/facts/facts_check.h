/* What must hold in a fact beyond the bounds of its members, whatever form it came in. */
#ifndef SCANNER_FACTS_FACTS_CHECK_H
#define SCANNER_FACTS_FACTS_CHECK_H

#include "scanner/base/error.h"
#include "scanner/facts/facts.h"

/* False: *err says what is wrong. */
bool facts_dns_check(const struct dns_fact *, struct error *err);
bool facts_conversation_check(const struct conversation *, struct error *err);
bool facts_fetch_check(const struct policy_fetch *, struct error *err);
bool profile_check(const struct profile *, struct error *err);
bool want_fetch_check(const struct want_fetch *, struct error *err);
/* SHA-256 in 64 hex digits, lower case. */
bool cert_id_check(const char *text);

#endif
