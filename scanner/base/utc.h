/* Times to and from text; always UTC. Seconds since 1970, 64 bits. */
#ifndef SCANNER_BASE_UTC_H
#define SCANNER_BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/slice.h"

#define UTC_TEXT_MAX 48 /* any 64-bit time fits */

/* RFC 3339, "2026-11-20T01:15:00Z". */
void utc_to_text(int64_t when, char out[UTC_TEXT_MAX]);
/* RFC 3339 with Z or an offset, or a date alone (midnight UTC). */
bool utc_parse(struct slice, int64_t *when);

#endif
