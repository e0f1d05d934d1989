/* What is wrong with the user's input, where, and what to do about it. A value: copy it, nothing to free. */
#ifndef SCANNER_BASE_ERROR_H
#define SCANNER_BASE_ERROR_H

#include <stddef.h>

#define ERROR_TEXT_MAX 512
#define ERROR_FILE_MAX 512

struct error {
    int  status;               /* the exit status it asks for (sysexits), 0 when the caller decides */
    char text[ERROR_TEXT_MAX]; /* one line, no full stop; cut, never overrun */
    char fix[ERROR_TEXT_MAX];  /* what to do; may be empty */
    char file[ERROR_FILE_MAX]; /* may be empty */
    int  line;                 /* 0: no line */
};

/* Each sets *err whole; err may be NULL. */
void error_set(struct error *err, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void error_set_at(struct error *err, int status, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Adds the remedy to an error already set. */
void error_fix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "file:12: text; fix" into out, at most size bytes, terminated. */
void error_to_text(const struct error *err, char *out, size_t size);

#endif
