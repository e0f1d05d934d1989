/* Heap memory. Running out of it ends the program here, in one place (status 70 after a line on standard error):
 * what peers send is bounded by ceilings, so it is never they who decide. */
#ifndef SCANNER_BASE_MEM_H
#define SCANNER_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);                              /* zeroed */
void *mem_array(size_t count, size_t size);                /* zeroed, checked multiplication */
void *mem_grow(void *p, size_t count, size_t size);        /* realloc; new bytes are not zeroed */
char *mem_text(const char *text);                          /* NULL gives NULL */
void  mem_free(void *);
/* What is freed is mostly wanted again at once: up to 16 MiB are not given back to the system. Once, at the start. */
void  mem_keep_freed(void);
/* For a library that says it ran out. */
_Noreturn void mem_exhausted(void);

#endif
