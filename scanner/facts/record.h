/* A struct described by a table of its members, so that copying it, comparing it, and turning it into JSON and back
 * are written once. Members that are false, zero, NULL or empty are left out of the JSON; words are always there. */
#ifndef SCANNER_FACTS_RECORD_H
#define SCANNER_FACTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/names.h"
#include "scanner/base/region.h"

enum member_kind {
    MEMBER_BOOL,
    MEMBER_NUMBER,     /* an unsigned integer of `width` octets, at most `max` when that is not 0 */
    MEMBER_SIGNED,     /* a signed integer of `width` octets; the magnitude at most `max` when that is not 0 */
    MEMBER_WORD,       /* an enum or int, written as its word in `words` */
    MEMBER_TEXT,       /* const char *, may be NULL; at most `max` bytes */
    MEMBER_ADDRESS,    /* struct address */
    MEMBER_BYTES,      /* const uint8_t * and, at count_offset, size_t; base64; at most `max` octets */
    MEMBER_TEXTS,      /* a pointer to an array of texts, and their number, at most `max` */
    MEMBER_RECORD,     /* a struct of `members` */
    MEMBER_RECORD_PTR, /* a const pointer to one of `width` octets; may not be NULL */
    MEMBER_RECORDS     /* a pointer to an array of such structs of `width` octets, and their number, at most `max` */
};

struct member {
    const char          *key; /* NULL ends the table */
    enum member_kind     kind;
    size_t               offset;
    size_t               count_offset;
    size_t               width;
    uint64_t             max;
    const struct name   *words;
    const struct member *members;
};

/* Makes *copy like *record, with everything it points to in region. width: the struct's size. */
void record_copy(struct region *, const struct member *, void *copy, const void *record, size_t width);

void record_to_json(const struct member *, const void *record, struct json *object);
/* *record is zeroed by the caller. Unknown members are ignored. False: *err names the member. */
bool record_from_json(struct region *, const struct member *, const struct json *object, void *record,
                      struct error *err);
#endif
