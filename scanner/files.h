/* Reading files whole, with a ceiling. */
#ifndef SCANNER_FILES_H
#define SCANNER_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"

/* A text table of a million lines has some 50 MB. */
#define FILE_SIZE_MAX ((size_t)1 << 30)

/* Reads a regular file, or a pipe ("-": standard input). False: *err has status 66, the file and why. *missing (may be
 * NULL) tells a file that is not there from one that cannot be read. An empty file gives an empty slice. */
bool file_read(struct region *, const char *path, size_t ceiling, struct slice *text, bool *missing, struct error *err);

/* The files of a directory that OpenSSL would find in it as a CApath (eight hexadecimal digits, a dot, a number), joined.
 * False: no such directory. */
bool file_read_ca_directory(struct region *, const char *path, struct slice *text, struct error *err);

#endif
