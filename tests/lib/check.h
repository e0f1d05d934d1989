/* Tests that speak TAP. Each check is a line; a failed one shows what came, what was wanted, and where. */
#ifndef TESTS_LIB_CHECK_H
#define TESTS_LIB_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/slice.h"

/* The text after the values says which row is checked: put the row's own input into it. All give whether it passed. */
#define check_ok(condition, ...) check_ok_at(__FILE__, __LINE__, (condition), #condition, __VA_ARGS__)
#define is_int(got, want, ...) check_int_at(__FILE__, __LINE__, (long long)(got), (long long)(want), __VA_ARGS__)
#define is_text(got, want, ...) check_text_at(__FILE__, __LINE__, (got), (want), __VA_ARGS__) /* either may be NULL */
#define is_slice(got, want, ...) check_slice_at(__FILE__, __LINE__, (got), slice_of(want), __VA_ARGS__)
#define is_bytes(got, want, ...) check_slice_at(__FILE__, __LINE__, (got), (want), __VA_ARGS__)

/* A check that cannot be made on this machine. */
void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line for the reader of the log. */
void check_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the plan; what main() returns. */
int check_done(void);

/* A file of the source tree, its path from the top; given in memory that the caller frees with mem_free(). Ends the
 * test program when it cannot be read. */
char *check_read_file(const char *path, size_t *size);
/* The absolute path of a file of the source tree; valid until the next call. */
const char *check_source_path(const char *path);

bool check_ok_at(const char *file, int line, bool ok, const char *condition, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool check_int_at(const char *file, int line, long long got, long long want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool check_text_at(const char *file, int line, const char *got, const char *want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool check_slice_at(const char *file, int line, struct slice got, struct slice want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
