/* smtp_tls_per_site: the obsolete table, its values and how two of them merge with the global level. postconf(5). */
#ifndef SCANNER_POLICY_PER_SITE_H
#define SCANNER_POLICY_PER_SITE_H

#include "scanner/base/slice.h"
#include "scanner/policy/level.h"

/* NONE, MAY, MUST_NOPEERMATCH, MUST, any case, nothing around. False: unknown. The level is none, may, encrypt, verify. */
bool per_site_parse(struct slice value, enum level *);
/* The value that somebody who wrote an unknown one may have meant, or NULL. */
const char *per_site_suggestion(struct slice value);
/* Merges one result into the running level (LEVEL_NOT_FOUND to start with). */
enum level per_site_merge(enum level running, enum level result);
/* After both results: the level in force, given the global one. */
enum level per_site_final(enum level running, enum level global);

#endif
