#include "scanner/base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/mem.h"

#define FIRST_ROOM 56 /* with what is around it, 64 bytes of heap */

void buf_init(struct buf *b, size_t ceiling)
{
    *b = (struct buf){ .ceiling = ceiling < SIZE_MAX / 2 ? ceiling : SIZE_MAX / 2 };
}

void buf_clear(struct buf *b)
{
    mem_free(b->p);
    buf_init(b, b->ceiling);
}

void buf_empty(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p != NULL)
        b->p[0] = '\0';
}

/* Makes room for n more bytes and the terminator; n is known to stay under the ceiling. */
static void make_room(struct buf *b, size_t n)
{
    size_t room = b->room ? b->room : FIRST_ROOM;

    if (b->n + n < b->room)
        return;
    while (room <= b->n + n)
        room *= 2;
    if (room > b->ceiling + 1)
        room = b->ceiling + 1;
    b->p = mem_grow(b->p, room, 1);
    b->room = room;
}

bool buf_add(struct buf *b, const void *data, size_t n)
{
    size_t left = b->ceiling - b->n;
    bool fits = n <= left;

    if (!fits) {
        n = left;
        b->overflow = true;
    }
    make_room(b, n);
    if (n > 0)
        memcpy(b->p + b->n, data, n);
    b->n += n;
    b->p[b->n] = '\0';
    return fits;
}

bool buf_add_slice(struct buf *b, struct slice s)
{
    return buf_add(b, s.p, s.n);
}

bool buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

static bool __attribute__((format(printf, 2, 0))) add_vprintf(struct buf *b, const char *format, va_list args)
{
    size_t left = b->ceiling - b->n;
    va_list again;
    int wanted;
    size_t n;

    assert(format != NULL);
    va_copy(again, args);
    wanted = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (wanted < 0) { /* only for an encoding error in a wide string */
        b->overflow = true;
        return false;
    }
    n = (size_t)wanted < left ? (size_t)wanted : left;
    make_room(b, n);
    vsnprintf(b->p + b->n, n + 1, format, args);
    b->n += n;
    if ((size_t)wanted > left)
        b->overflow = true;
    return (size_t)wanted <= left;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    bool fits;

    va_start(args, format);
    fits = add_vprintf(b, format, args);
    va_end(args);
    return fits;
}

void buf_consume(struct buf *b, size_t n)
{
    if (b->p == NULL || n == 0)
        return;
    if (n > b->n)
        n = b->n;
    b->n -= n;
    memmove(b->p, b->p + n, b->n + 1);
}

struct slice buf_slice(const struct buf *b)
{
    return slice_from(buf_text(b), b->n);
}

const char *buf_text(const struct buf *b)
{
    return b->p != NULL ? b->p : "";
}
