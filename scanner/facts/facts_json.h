/* Facts to and from JSON, for the facts file; members.h describes them for this form and for facts_binary.h. */
#ifndef SCANNER_FACTS_FACTS_JSON_H
#define SCANNER_FACTS_FACTS_JSON_H

#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"

/* One line of a facts file; the first line of a file is the header. */
#define FACTS_FORMAT "posttls-audit/facts"
#define FACTS_FORMAT_VERSION 1

/* Give a new value; free with json_free. Every object has a member "fact": "dns", "conversation", "certificate",
 * "table", "fetch", "destination". DER and TLSA data are base64. */
struct json *facts_dns_to_json(const struct dns_fact *);
struct json *facts_conversation_to_json(const struct conversation *);
struct json *facts_cert_to_json(const struct cert *);           /* the DER alone travels; the rest is read from it again */
struct json *facts_table_to_json(const struct table_fact *);
struct json *facts_fetch_to_json(const struct policy_fetch *);
struct json *facts_destination_to_json(const char *text);

/* Read one; what they give lives in the region. Every bound is checked: the file may be anybody's.
 * False, and *err says what is wrong. A certificate read from JSON has id, der, der_length only. */
bool facts_dns_from_json(struct region *, const struct json *, struct dns_fact *, struct error *err);
bool facts_conversation_from_json(struct region *, const struct json *, struct conversation *, struct error *err);
bool facts_cert_from_json(struct region *, const struct json *, struct cert *, struct error *err);
bool facts_table_from_json(struct region *, const struct json *, struct table_fact *, struct error *err);
bool facts_fetch_from_json(struct region *, const struct json *, struct policy_fetch *, struct error *err);

#endif
