/* DNS messages: a question out, the answer section in. RFC 1035, 2782, 3596, 6698, 6891. ldns is the codec for questions
 * and names; the messages of peers are walked here, so that no more of them is read than Postfix looks at. */
#ifndef PROBES_WIRE_DNS_MESSAGE_H
#define PROBES_WIRE_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/region.h"
#include "scanner/facts/dns.h"

#define DNS_QUESTION_MAX 512

/* One question, RD and AD set, with EDNS: 1232 bytes, DO. Gives its length; 0: the name cannot be asked for. */
size_t dns_message_question(const char *name, enum dns_type, uint16_t id, uint8_t out[DNS_QUESTION_MAX]);

enum dns_reply {
    DNS_REPLY_OTHER,      /* not the answer to this question: wait on */
    DNS_REPLY_TRUNCATED,  /* TC: ask again over TCP */
    DNS_REPLY_ANSWER      /* fact->rcode, ad, records, count, total, unparsable are filled */
};

/* question: what dns_message_question() gave. Fills nothing of the fact but what is named above; records live in the
 * region, names in presentation form (RFC 1035 section 5.1: \. \\ \DDD). */
enum dns_reply dns_message_answer(struct region *, const uint8_t *wire, size_t n, const uint8_t *question,
                                  size_t question_length, struct dns_fact *fact);

#endif
