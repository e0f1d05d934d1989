/* What the profiles of many hosts have in common is kept, and told, once. What is left of a profile, folded, is short. */
#ifndef SCANNER_FACTS_PROFILES_H
#define SCANNER_FACTS_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/slice.h"
#include "scanner/facts/conversation.h"

/* A profile without the address and the name for SNI, which are each host's own; numbered from 0 on, and never forgotten. */
struct profiles;

struct profiles *profiles_new(void);
void             profiles_free(struct profiles *);

/* Of all that were folded, or read. */
size_t profiles_count(const struct profiles *);

/* Onto out: the number, the address, the name. Equal profiles give equal octets. */
void profiles_fold(struct profiles *, const struct profile *, struct buf *out);
/* What it shares with others, and its port. */
const struct profile *profiles_settings(const struct profiles *, struct slice octets); /* NULL: none of these */
/* The octets are followed by a NUL; they and the profiles must outlive *profile. False: they are no profile of these. */
bool profiles_unfold(const struct profiles *, struct slice octets, struct profile *);

/* For the other process, which has them under the same numbers when each is read there in its turn. */
void profiles_write(const struct profiles *, size_t number, struct buf *out);
/* False, and *err says what is wrong: they are nothing of the kind, or not the next one. */
bool profiles_read(struct profiles *, size_t number, struct slice octets, struct error *err);

#endif
