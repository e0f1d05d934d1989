/* How long the tables of a configuration may take: patterns that do not come to an end, tools that do not answer, all of it
 * together. One for each configuration. */
#ifndef SCANNER_PATIENCE_H
#define SCANNER_PATIENCE_H

#include "scanner/config/config.h"

/* For one pattern and one key. A pattern that took longer so often gets less, and in the end is not tried any more: most keys
 * are soon done with most patterns. */
#define PATIENCE_PATTERN_SECONDS 3.0
#define PATIENCE_PATTERN_TRIES   2
#define PATIENCE_LATER_SECONDS   0.5
#define PATIENCE_LATER_TRIES     10
/* Memory of the process that tries them, beyond what it has at its start. */
#define PATIENCE_MEMORY ((size_t)1 << 30)
/* An interruption leaves so much for what has begun. */
#define PATIENCE_AFTER_INTERRUPT 2.0

/* Sets config->guard. What takes long is noted in config->notices, once for each line. deadline: child_clock() from which
 * on nothing more is tried; 0: none. Both live in config->region. */
void patience_set(struct config *, double deadline);

/* Seconds that are left, most at the most. */
double patience_left(const struct config *, double most);

#endif
