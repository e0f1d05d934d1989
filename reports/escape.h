/* Text that strangers wrote, made safe for a terminal, and how wide it is there. */
#ifndef REPORTS_ESCAPE_H
#define REPORTS_ESCAPE_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"

/* Adds text to out. What a terminal would obey or hide stands as what it is: controls (C0, DEL, C1) as \xNN, bytes that
 * are not UTF-8 as U+FFFD (as in JSON, so that a saved report reads the same), line feed, return and tab as \n \r \t, and
 * characters that change direction, take no room or belong to nobody (bidi controls, zero-width, tags, private use) as
 * \u{NNNN}. A backslash stays as it is. */
void escape_terminal(struct slice text, struct buf *out);
/* The same characters in serialised JSON, where they stand in strings only, as \uNNNN. */
void escape_json(struct slice json, struct buf *out);
/* escape_terminal() into a region. NULL gives "". */
const char *escape_text(struct region *, const char *text);

/* Columns that the character takes: 0 for marks that combine, 2 for wide ones of East Asia, else 1. */
int character_width(uint32_t code);
/* Columns of escaped text. */
int text_width(struct slice);
/* How many bytes of text fit into so many columns; at least one character when text is not empty. */
size_t text_fitting(struct slice text, int columns);

#endif
