/* Growing bytes, with a ceiling given at birth. */
#ifndef SCANNER_BASE_BUF_H
#define SCANNER_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/slice.h"

struct buf {
    char  *p;        /* always terminated once anything was added; the terminator is not counted */
    size_t n;
    size_t room;
    size_t ceiling;
    bool   overflow; /* something did not fit; what is there is what fitted */
};

void buf_init(struct buf *, size_t ceiling);
void buf_clear(struct buf *);               /* frees, keeps the ceiling */
void buf_empty(struct buf *);               /* keeps the memory, forgets the overflow */

/* False, and overflow set, when it does not fit whole; as much as fits is added. */
bool buf_add(struct buf *, const void *data, size_t n);
bool buf_add_slice(struct buf *, struct slice);
bool buf_add_text(struct buf *, const char *);
bool buf_add_char(struct buf *, char);
bool buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops n bytes from the front. */
void buf_consume(struct buf *, size_t n);

struct slice buf_slice(const struct buf *);
const char *buf_text(const struct buf *);   /* "" when empty */

#endif
