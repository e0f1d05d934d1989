/* Base64 with padding and without line breaks (RFC 4648 section 4). */
#ifndef SCANNER_BASE_BASE64_H
#define SCANNER_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/slice.h"

/* False when it overflows out. */
bool base64_encode(const uint8_t *data, size_t n, struct buf *out);
/* Strict: whole groups, no other byte, no stray bits in the last one. False: not that, or it overflows out; what was
 * added to out is then of no use. */
bool base64_decode(struct slice text, struct buf *out);

#endif
