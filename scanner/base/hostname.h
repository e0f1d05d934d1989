/* Host names as Postfix understands them (the rules of valid_hostname() in its util library), and IDNA. */
#ifndef SCANNER_BASE_HOSTNAME_H
#define SCANNER_BASE_HOSTNAME_H

#include <stdbool.h>

#include "scanner/base/address.h"
#include "scanner/base/slice.h"
#include "scanner/base/utf8.h"

#define HOSTNAME_MAX 255
#define HOSTNAME_UTF8_MAX 1024

/* ASCII rules: letters, digits, '-', '_'; labels 1..63; total <= 255; no empty label, no dot at either end; no label
 * begins or ends with '-'; at least one byte that is neither digit nor dot. */
bool hostname_is_valid(struct slice);
/* The same after conversion to A-labels; with utf8 false a byte above 127 makes it invalid (smtputf8_enable=no). */
bool hostname_is_valid_utf8(struct slice, bool utf8);

/* Converts U-labels to A-labels (IDNA2008 with NFC, no STD3 rules: an underscore stays). ASCII input is copied as it
 * is. False: not convertible. out keeps at most HOSTNAME_MAX bytes. */
bool hostname_to_ascii(struct slice name, char out[HOSTNAME_MAX + 1]);
/* The way back: A-labels become U-labels, everything else stays. False: not convertible. */
bool hostname_to_utf8(struct slice name, char out[HOSTNAME_UTF8_MAX + 1]);

#endif
