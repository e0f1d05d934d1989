/* Pieces of text that somebody else owns: pointer and length, never a terminator. */
#ifndef SCANNER_BASE_SLICE_H
#define SCANNER_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *p;
    size_t      n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* Borrows; p may be NULL (an empty slice). The small ones are inline, for nearly everything calls them. */
static inline struct slice slice_from(const char *p, size_t n)
{
    return (struct slice){ p != NULL ? p : "", p != NULL ? n : 0 };
}

/* Borrows text, which may be NULL (an empty slice). */
static inline struct slice slice_of(const char *text)
{
    return slice_from(text, text != NULL ? strlen(text) : 0);
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_eq_text(struct slice, const char *text);
/* ASCII letters compare without regard to case; no locale. */
bool slice_eq_nocase(struct slice, struct slice);
bool slice_eq_text_nocase(struct slice, const char *text);
bool slice_starts_with(struct slice, struct slice prefix);
bool slice_ends_with(struct slice, struct slice suffix);

/* White space is space, tab, CR, LF, VT, FF: C isspace() in the C locale. */
struct slice slice_trim(struct slice);
struct slice slice_trim_left(struct slice);

/* Index of the first c, or s.n when there is none. */
size_t slice_find(struct slice s, char c);
size_t slice_find_last(struct slice s, char c);
/* From index i to the end; empty when i is past it. */
static inline struct slice slice_from_index(struct slice s, size_t i)
{
    if (i >= s.n)
        return slice_from(s.n > 0 ? s.p + s.n : s.p, 0);
    return slice_from(s.p + i, s.n - i);
}

static inline struct slice slice_head(struct slice s, size_t n)
{
    return slice_from(s.p, n < s.n ? n : s.n);
}

/* Takes the next token off *rest, splitting at any run of bytes in separators (leading ones are skipped).
 * False at the end. */
bool slice_next_token(struct slice *rest, const char *separators, struct slice *token);

/* As slice_next_token, but {...} groups (nested) stay together, as Postfix's mystrtokq does. */
bool slice_next_token_braced(struct slice *rest, const char *separators, struct slice *token);

/* Reads a whole slice of decimal digits. False: empty, another byte, or more than max. */
bool slice_to_number(struct slice, unsigned long max, unsigned long *value);

#endif
