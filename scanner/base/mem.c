#include "scanner/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define KEPT_BYTES  (16 << 20)
#define AHEAD_BYTES (1 << 20)

void mem_keep_freed(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, AHEAD_BYTES);
#endif
}

/* Nothing here may allocate, so no stdio. */
_Noreturn void mem_exhausted(void)
{
    static const char message[] = "posttls-audit: out of memory\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);

    (void)written; /* there is nobody left to tell */
    _exit(EX_SOFTWARE);
}

void *mem_alloc(size_t size)
{
    return mem_array(1, size);
}

void *mem_array(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    if (p == NULL)
        mem_exhausted();
    return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        mem_exhausted();
    p = realloc(p, bytes ? bytes : 1);
    if (p == NULL)
        mem_exhausted();
    return p;
}

char *mem_text(const char *text)
{
    size_t size;
    char *copy;

    if (text == NULL)
        return NULL;
    size = strlen(text) + 1;
    copy = mem_alloc(size);
    memcpy(copy, text, size);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}
