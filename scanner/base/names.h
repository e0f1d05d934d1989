/* Tables of code and word, for both directions. */
#ifndef SCANNER_BASE_NAMES_H
#define SCANNER_BASE_NAMES_H

#include <stdbool.h>

#include "scanner/base/slice.h"

struct name {
    int         code;
    const char *word; /* NULL ends the table */
};

/* The word, or NULL. */
const char *name_word(const struct name *table, int code);
/* Without regard to ASCII case. False when no row has it. */
bool name_code(const struct name *table, struct slice word, int *code);
bool name_code_exact(const struct name *table, struct slice word, int *code);
/* The word of the table nearest to a misspelt one (edit distance at most 2 and less than half its length), or NULL. */
const char *name_nearest(const struct name *table, struct slice word);

#endif
