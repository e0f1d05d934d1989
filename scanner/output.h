/* A file replaced whole, or not at all: written beside, synced, renamed. */
#ifndef SCANNER_OUTPUT_H
#define SCANNER_OUTPUT_H

#include <stdbool.h>

#include "reports/formats.h"
#include "scanner/base/error.h"

struct output;

/* Whether a file may be made at this name: no symbolic link, a regular file if any, in a directory that others cannot write
 * (unless it has the sticky bit). False: *err (status 73). */
bool output_place_is_safe(const char *path, struct error *err);

/* From now on a reader that leaves standard output ends only what goes there, not the program. */
void output_outlives_readers(void);
/* Whether standard output is a pipe whose reader has left. */
bool output_nobody_reads(void);

/* Opens for writing; "-" is standard output. A symbolic link at the name, or a directory that others can write without the
 * sticky bit, is refused. NULL, and *err (status 73) says why. With a file, the program outlives readers of standard output. */
struct output *output_open(const char *path, struct error *err);
struct sink output_sink(struct output *);
/* Whether standard output is meant, and a terminal that takes colours (NO_COLOR is heeded). */
bool output_is_terminal(const struct output *);
bool output_is_standard(const struct output *);
/* The columns of the terminal that standard output is; 0 for anything else. */
int output_width(const struct output *);
/* Writes out what is buffered so far (for JSON lines that somebody follows). */
bool output_flush(struct output *);
/* What is written next goes over the beginning. Not of standard output. */
bool output_rewind(struct output *);
/* Syncs and renames into place; frees. False: the old file is intact, the new one gone; *err (status 73) says why. It has no
 * text where the reader of standard output has left, which whoever did that knows. */
bool output_commit(struct output *, struct error *err);
/* Removes what was written; frees. NULL is fine. */
void output_abandon(struct output *);

#endif
