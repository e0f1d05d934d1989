/* TXT records of the shape "v=VERSION; name=value; ...": the grammar that RFC 8460 section 3 and RFC 8461 section 3.1
 * share. */
#ifndef SCANNER_POLICY_TXT_RECORD_H
#define SCANNER_POLICY_TXT_RECORD_H

#include <stdbool.h>

#include "scanner/base/slice.h"
#include "scanner/facts/dns.h"

enum txt_fault { TXT_FINE, TXT_SEVERAL, TXT_VERSION, TXT_CHARACTER, TXT_FIELD, TXT_FIELD_NAME, TXT_FIELD_VALUE, TXT_FIELD_EMPTY };

struct txt_field {
    struct slice name, value;   /* the value is not looked at: txt_value_is_valid() */
};

/* Picks the one TXT record of the answer that begins with the version ("v=STSv1") and a semicolon. False: there is none.
 * Else *fault: FINE and *text is it, SEVERAL, or VERSION: none begins so, but one was meant to. */
bool txt_select(const struct dns_fact *, const char *version, enum txt_fault *fault, struct slice *text);

/* Begins to read: FINE and *rest is what follows the version and its semicolon; else VERSION, CHARACTER. */
enum txt_fault txt_begin(struct slice text, const char *version, struct slice *rest);
/* The next field off *rest; false at the end. *fault: FINE, or what is wrong with the field. */
bool txt_next(struct slice *rest, struct txt_field *, enum txt_fault *fault);

/* A letter or digit, then at most 31 letters, digits, '_', '-' and '.': names of fields here, keys of policies too. */
bool txt_name_is_valid(struct slice);
/* Printable ASCII but '=', ';' and the space; not empty. Of fields that the specification does not know. */
bool txt_value_is_valid(struct slice);

#endif
