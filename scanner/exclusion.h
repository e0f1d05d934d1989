/* The list of names and prefixes that are never probed (--exclude). One a line, # starts a comment. */
#ifndef SCANNER_EXCLUSION_H
#define SCANNER_EXCLUSION_H

#include "scanner/base/error.h"
#include "scanner/base/hostname.h"
#include "scanner/base/region.h"

struct exclusion;

/* NULL path gives an empty list. NULL: *err says which line is wrong. */
struct exclusion *exclusion_read(struct region *, const char *path, struct error *err);
/* A name is excluded by itself or by a parent domain in the list. What they give is the place in the list, "FILE:LINE", or
 * NULL; it lives as long as the list. */
const char *exclusion_of_name(const struct exclusion *, const char *name);
const char *exclusion_of_address(const struct exclusion *, const struct address *);

#endif
