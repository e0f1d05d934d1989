/* The members of the facts' structs, for record.h; the keys are those of the facts file. */
#ifndef SCANNER_FACTS_MEMBERS_H
#define SCANNER_FACTS_MEMBERS_H

#include "scanner/facts/record.h"

extern const struct member profile_members[];
extern const struct member conversation_members[];
extern const struct member dns_members[];
extern const struct member cert_members[];      /* what travels: id and DER */
extern const struct member cert_text_members[]; /* what is read from the DER again, its names apart */
extern const struct member table_members[];
extern const struct member fetch_members[];
extern const struct member want_fetch_members[]; /* travels to the worker only */

#endif
