/* Postfix releases. */
#ifndef SCANNER_CONFIG_VERSION_H
#define SCANNER_CONFIG_VERSION_H

#include <stdbool.h>

#include "scanner/base/slice.h"

struct version {
    int major, minor, patch; /* 3.7.11; a snapshot "3.12-20260821" has patch 0 */
};

#define VERSION_TEXT_MAX 24

/* "3.7.11", "3.7" (its newest patch release known), "3.12-20260821". False: not a version, or a branch before 3.4. */
bool version_parse(struct version *, struct slice text);
void version_to_text(struct version, char out[VERSION_TEXT_MAX]);
/* The newest release known to this program. */
struct version version_newest(void);
/* Whether a release is not ahead of what this program knows: of the newest branch known or an older one, or a snapshot of the
 * branch after it. */
bool version_is_known(struct version, bool snapshot);
bool version_at_least(struct version, int major, int minor, int patch);

/* A fix or change that came to several branches in different patch releases: rows of the first patch release in each
 * branch. True when the version has it; branches above the highest row have it, branches below the lowest do not.
 * The table ends with a row of major 0. */
bool version_has(struct version, const struct version *since);

#endif
