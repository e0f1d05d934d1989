/* What a scan is for: the configuration that it judges, and the options that choose its destinations, as they were written. A
 * list of destinations in a file is the same list when it changes; limits, outputs and what else is asked for do not count. */
#ifndef SCANNER_PURPOSE_H
#define SCANNER_PURPOSE_H

#include "scanner/base/region.h"
#include "scanner/options.h"
#include "scanner/policy/policy.h"

/* The words of a command line that has the same purpose: "--config-dir", dir, ... dir is where the configuration was found. */
struct text_list purpose_words(struct region *, const char *dir, const struct options *);

/* The words may come from a file, where bytes that are not UTF-8 are U+FFFD. */
bool purpose_is_same(const struct text_list *, const struct text_list *);

/* "posttls-audit scan ...", for a shell and safe for a terminal; a long one is cut. */
const char *purpose_text(struct region *, const struct text_list *);

#endif
