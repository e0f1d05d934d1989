/* Values of compatibility_level: "2", "3.6", "3.6.0". Used inside scanner/config only. COMPATIBILITY_README. */
#ifndef SCANNER_CONFIG_COMPAT_LEVEL_H
#define SCANNER_CONFIG_COMPAT_LEVEL_H

#include "scanner/config/version.h"

/* Unlike version_parse(), "2" is a level too. False, and all zero: malformed. */
bool compat_level_parse(struct version *, const char *text);
/* Below, at or above zero. */
int compat_level_compare(struct version, struct version);

#endif
