/* The text of main.cf as entries with file and line, and the expansion of $name in values. postconf(5), "FILE FORMAT". */
#ifndef SCANNER_CONFIG_MAIN_CF_H
#define SCANNER_CONFIG_MAIN_CF_H

#include <stdbool.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/version.h"

/* A logical line of a Postfix text file: comments and empty lines gone, continuation lines joined. */
struct logical_line {
    struct slice text;  /* joined as Postfix joins it; a single line is a piece of the text that is read */
    const char  *start; /* of its first physical line */
    int          line;  /* number of that */
};
/* Takes the next logical line off *rest; *line counts physical lines (start with 1). False at the end. A first line that
 * starts with white space is given with leading_blank set, for the caller to warn about and ignore. readlline(3). */
bool logical_line_next(struct region *, struct slice *rest, int *line, struct logical_line *out, bool *leading_blank);

struct main_cf_entry {
    const char *name;
    const char *value;     /* raw, not expanded */
    const char *file;      /* "main.cf" path, or "-o" for the command line, or the master.cf path */
    int         line;
    bool        overrides; /* an earlier entry of the same name had another value */
    struct main_cf_entry *next;
};

struct main_cf; /* lives in a region */

/* Parses text. NULL, and *err (status 78, file, line, remedy), where Postfix itself would refuse to read it. */
struct main_cf *main_cf_parse(struct region *, const char *file, struct slice text, struct error *err);
/* Appends or replaces, as "-o name=value" does. */
void main_cf_set(struct main_cf *, const char *name, const char *value, const char *file, int line);
/* A copy that can be changed on its own (for the overrides of one service). */
struct main_cf *main_cf_copy(struct region *, const struct main_cf *);
/* The entry in force, or NULL. */
const struct main_cf_entry *main_cf_find(const struct main_cf *, const char *name);
/* All entries in the order of the file, overridden ones included; follow ->next. */
const struct main_cf_entry *main_cf_entries(const struct main_cf *);

/* Expands $name, ${name}, $(name), $$, ${name?..}, ${name:..}, ${name?{..}:{..}}, ${{a} == {b} ? {c} : {d}} with <level and
 * its fellows, and (from 3.11) ${func{arg}}, recursively to a depth of 100. value_of gives the raw value of a parameter
 * (NULL: undefined, expands to nothing). False: a syntax error or too deep, which is fatal in Postfix. */
typedef const char *main_cf_value_fn(void *arg, const char *name);
bool main_cf_expand(const char *text, struct version, main_cf_value_fn *value_of, void *arg, struct buf *out,
                    struct error *err);

#endif
