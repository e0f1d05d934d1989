/* DNS answers written as text, for tests: a line for each question. */
#ifndef TESTS_POLICY_DNS_WORLD_H
#define TESTS_POLICY_DNS_WORLD_H

#include "scanner/facts/facts.h"

/* "NAME TYPE OUTCOME [RECORD; RECORD ...]" and a line feed. OUTCOME: ok, ad (with the AD bit), here (the same, from a
 * resolver on this machine), nxdomain, servfail, formerr, refused, timeout, unparsable, noresolver, excluded, crashed,
 * cut:WORDS. RECORD: "[@OWNER] TYPE DATA", MX "10 host", SRV "0 0 25 host", TLSA "3 1 1 abcd", A, AAAA, CNAME; host "." is
 * the root. "MX!" is malformed, "MX?" has a bad name. The owner is NAME, or the target of the last CNAME before it. Ends the
 * program when the text is wrong. */
void dns_world_add(struct facts *, const char *text);

#endif
