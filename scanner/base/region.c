#include "scanner/base/region.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/mem.h"

#define CHUNK_SIZE 4096
#define LARGE_SIZE 32768
#define SMALL_SIZE 448  /* with what is around it, 512 bytes of heap */
/* Pieces larger than one in so many of a chunk get one of their own, so that the one being filled is not given up. */
#define LARGE_PART 4

#define ALIGNMENT alignof(max_align_t)

/* Filled from both ends: texts, which need no alignment, come from behind. */
struct chunk {
    struct chunk *next;
    size_t        used;
    size_t        end;      /* of what is free; texts from there on */
    size_t        size;
    alignas(ALIGNMENT) unsigned char data[];
};

struct deferred {
    region_done_fn  *done;
    void            *arg;
    struct deferred *next;
};

struct region {
    struct chunk    *filling;  /* head of the list */
    struct deferred *deferred; /* lives in the region itself */
    size_t           handed_out;
    size_t           chunk_size;
};

static struct region *new_of(size_t chunk_size)
{
    struct region *r = mem_alloc(sizeof(*r));

    r->chunk_size = chunk_size;
    return r;
}

struct region *region_new(void)
{
    return new_of(CHUNK_SIZE);
}

struct region *region_new_small(void)
{
    return new_of(SMALL_SIZE);
}

struct region *region_new_large(void)
{
    return new_of(LARGE_SIZE);
}

static void run_deferred(struct region *r)
{
    for (struct deferred *d = r->deferred; d != NULL; d = d->next)
        d->done(d->arg);
    r->deferred = NULL;
}

static void free_chunks(struct chunk *c)
{
    struct chunk *next;

    for (; c != NULL; c = next) {
        next = c->next;
        mem_free(c);
    }
}

void region_free(struct region *r)
{
    if (r == NULL)
        return;
    run_deferred(r);
    free_chunks(r->filling);
    mem_free(r);
}

void region_empty(struct region *r)
{
    struct chunk *kept = r->filling;

    if (r->handed_out == 0)
        return;
    run_deferred(r);
    r->handed_out = 0;
    if (kept->size != r->chunk_size) {
        free_chunks(kept);
        r->filling = NULL;
        return;
    }
    free_chunks(kept->next);
    kept->next = NULL;
    memset(kept->data, 0, kept->used);
    memset(kept->data + kept->end, 0, kept->size - kept->end);
    kept->used = 0;
    kept->end = kept->size;
}

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = mem_alloc(sizeof(*c) + size);

    c->size = c->end = size;
    return c;
}

static void *alloc_large(struct region *r, size_t size)
{
    struct chunk *c = chunk_new(size);

    c->used = size;
    if (r->filling == NULL) {
        r->filling = c;
    } else {
        c->next = r->filling->next;
        r->filling->next = c;
    }
    return c->data;
}

static struct chunk *chunk_with(struct region *r, size_t size)
{
    struct chunk *c = r->filling;

    if (c != NULL && c->end - c->used >= size)
        return c;
    c = chunk_new(r->chunk_size);
    c->next = r->filling;
    r->filling = c;
    return c;
}

static void *alloc_small(struct region *r, size_t size)
{
    struct chunk *c = chunk_with(r, size);
    void *p = c->data + c->used;

    c->used += size;
    return p;
}

static void *alloc_behind(struct region *r, size_t size)
{
    struct chunk *c = chunk_with(r, size);

    c->end -= size;
    return c->data + c->end;
}

static bool is_large(const struct region *r, size_t size)
{
    assert(size < SIZE_MAX / 2);
    return size > r->chunk_size / LARGE_PART;
}

void *region_alloc(struct region *r, size_t size)
{
    size = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    r->handed_out += size;
    return is_large(r, size) ? alloc_large(r, size) : alloc_small(r, size);
}

static char *alloc_text(struct region *r, size_t size)
{
    r->handed_out += size;
    return is_large(r, size) ? alloc_large(r, size) : alloc_behind(r, size);
}

void *region_array(struct region *r, size_t count, size_t size)
{
    size_t bytes;
    bool overflow = __builtin_mul_overflow(count, size, &bytes);

    assert(!overflow);
    return region_alloc(r, overflow ? SIZE_MAX : bytes);
}

void *region_copy(struct region *r, const void *data, size_t size)
{
    void *copy = region_alloc(r, size);

    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

char *region_text(struct region *r, const char *text)
{
    return text != NULL ? region_slice(r, slice_of(text)) : NULL;
}

char *region_slice(struct region *r, struct slice s)
{
    char *copy = alloc_text(r, s.n + 1);

    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    return copy;
}

char *region_printf(struct region *r, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = region_vprintf(r, format, args);
    va_end(args);
    return text;
}

char *region_vprintf(struct region *r, const char *format, va_list args)
{
    va_list again;
    int n;
    char *text;

    assert(format != NULL);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(n >= 0);
    text = alloc_text(r, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

void region_defer(struct region *r, region_done_fn *done, void *arg)
{
    struct deferred *d = region_alloc(r, sizeof(*d));

    *d = (struct deferred){ done, arg, r->deferred };
    r->deferred = d;
}

size_t region_used(const struct region *r)
{
    return r->handed_out;
}
