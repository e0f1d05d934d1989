/* Many allocations, one free. What one configuration, one destination or one probe needs lives in one region. */
#ifndef SCANNER_BASE_REGION_H
#define SCANNER_BASE_REGION_H

#include <stdarg.h>
#include <stddef.h>

#include "scanner/base/slice.h"

struct region;

struct region *region_new(void);
struct region *region_new_small(void); /* for a few hundred bytes, of many things that each go alone */
struct region *region_new_large(void); /* for what is emptied and filled again many times: it keeps 32 KiB */
/* Frees all that came from it. NULL is fine. */
void region_free(struct region *);
/* The same, but the region is ready for more, and keeps a little memory for that. */
void region_empty(struct region *);

/* Zeroed, suitably aligned. Never NULL: running out of memory ends the program (mem.h). */
void *region_alloc(struct region *, size_t size);
void *region_array(struct region *, size_t count, size_t size); /* checked multiplication, zeroed */
char *region_text(struct region *, const char *text);           /* not aligned, nor are those below; NULL gives NULL */
char *region_slice(struct region *, struct slice);              /* terminated copy */
char *region_printf(struct region *, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *region_vprintf(struct region *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
void *region_copy(struct region *, const void *data, size_t size);

/* Calls done(arg) when the region is freed, the last one asked for first; what came from the region is still there then.
 * For what libraries allocate themselves. */
typedef void region_done_fn(void *arg);
void region_defer(struct region *, region_done_fn *done, void *arg);

/* Bytes handed out so far. */
size_t region_used(const struct region *);

#endif
