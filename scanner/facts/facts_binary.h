/* Facts and wishes as octets (record_binary.h), for the records between scanner and worker. */
#ifndef SCANNER_FACTS_FACTS_BINARY_H
#define SCANNER_FACTS_FACTS_BINARY_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"

/* Onto out, which may overflow. */
void facts_dns_to_binary(const struct dns_fact *, struct buf *out);
void facts_conversation_to_binary(const struct conversation *, struct buf *out);
void facts_fetch_to_binary(const struct policy_fetch *, struct buf *out);
void want_fetch_to_binary(const struct want_fetch *, struct buf *out);

/* Read one, which takes all of the octets; what they give lives in the region. Every bound is checked: they may come from a
 * hostile process. False, and *err says what is wrong. */
bool facts_dns_from_binary(struct region *, struct slice, struct dns_fact *, struct error *err);
bool facts_conversation_from_binary(struct region *, struct slice, struct conversation *, struct error *err);
bool facts_fetch_from_binary(struct region *, struct slice, struct policy_fetch *, struct error *err);
bool want_fetch_from_binary(struct region *, struct slice, struct want_fetch *, struct error *err);

#endif
