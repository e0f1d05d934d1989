/* UTF-8 (RFC 3629) that may not be: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SCANNER_BASE_UTF8_H
#define SCANNER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/slice.h"

#define UTF8_REPLACEMENT 0xfffdu

/* The byte order mark that some editors put at the front of a file. */
#define UTF8_MARK "\xef\xbb\xbf"
bool utf8_has_mark(struct slice text);

/* Decodes the character that text begins with. Returns its length, 1..4, or 0 when text is empty or begins otherwise. */
size_t utf8_decode(struct slice text, uint32_t *code);
/* Adds a character; code is one that utf8_decode gives. */
bool utf8_add(struct buf *out, uint32_t code);

bool text_is_utf8(struct slice);
bool text_is_ascii(struct slice);
/* Adds text with U+FFFD for each byte that belongs to no character. False when it overflows. */
bool text_clean(struct slice text, struct buf *out);

/* Case folding of table keys, onto out: ASCII lower-casing; with utf8 true, full Unicode folding of the characters
 * above ASCII too, as Postfix does with ICU. Bytes that are not UTF-8 stay as they are. */
void text_fold(struct slice text, bool utf8, struct buf *out);

#endif
