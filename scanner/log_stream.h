/* A log file as lines: plain or compressed (gzip; xz and zstd where the libraries were there), read in one pass. */
#ifndef SCANNER_LOG_STREAM_H
#define SCANNER_LOG_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/slice.h"

#define LOG_LINE_MAX 8192                         /* bytes; the rest of a longer line is skipped */
#define LOG_GROWTH_MAX 400                        /* a log does not shrink to less than that part of itself ... */
#define LOG_GROWTH_FREE ((uint64_t)64 << 20)      /* ... this much output is never too much */

struct log_stream;

/* "-" is standard input (plain or gzip). NULL: *err (status 66). */
struct log_stream *log_stream_open(const char *path, struct error *err);
/* The next line, without its end, until the next call. False: the end, or a fault that log_stream_close() tells. */
bool log_stream_line(struct log_stream *, struct slice *line);
/* When the file was last changed. */
int64_t log_stream_changed(const struct log_stream *);
/* Frees. False: not all of it could be read; *err (status 65) says why. err NULL: nobody wants to know. */
bool log_stream_close(struct log_stream *, struct error *err);

#endif
