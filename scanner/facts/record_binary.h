/* The second form of the records that record.h describes: octets, for records between the processes of one run and for the
 * keys by which facts are found. It has no version and is written to no file.
 *
 * The members follow one another in the order of their table. A number is LEB128, a signed one zigzag before that, a word
 * its code; a text or octets their number, plus one for a text (0 is NULL), and then themselves; a list its number of
 * items, and then those; an address its family and 4 or 16 octets. */
#ifndef SCANNER_FACTS_RECORD_BINARY_H
#define SCANNER_FACTS_RECORD_BINARY_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

/* Onto out, which may overflow. Text that is not UTF-8 gets U+FFFD as it does in JSON, so that equal facts have equal
 * octets whichever way they came. */
void record_to_binary(const struct member *, const void *record, struct buf *out);
/* Takes a record off *rest. The octets may come from a hostile process: all bounds of the table hold, as for JSON.
 * *record is zeroed by the caller, and what it points to lives in the region. False: *err names the member. */
bool record_from_binary(struct region *, const struct member *, struct slice *rest, void *record, struct error *err);

/* The parts, for what stands beside a record. */
void binary_add_number(struct buf *out, uint64_t);
bool binary_take_number(struct slice *rest, uint64_t *);

#endif
