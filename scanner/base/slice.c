#include "scanner/base/slice.h"

#include <string.h>

bool slice_eq_text(struct slice s, const char *text)
{
    return slice_eq(s, slice_of(text));
}

/* tolower() asks the locale; these are protocol words. */
static unsigned char ascii_lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

bool slice_eq_text_nocase(struct slice s, const char *text)
{
    return slice_eq_nocase(s, slice_of(text));
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq(slice_head(s, prefix.n), prefix);
}

bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from_index(s, s.n - suffix.n), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim_left(struct slice s)
{
    size_t i = 0;

    while (i < s.n && is_space(s.p[i]))
        i++;
    return slice_from_index(s, i);
}

struct slice slice_trim(struct slice s)
{
    s = slice_trim_left(s);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t slice_find(struct slice s, char c)
{
    const char *found = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

    return found != NULL ? (size_t)(found - s.p) : s.n;
}

size_t slice_find_last(struct slice s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return s.n;
}

/* There are few: looking at each is quicker than a call. */
static bool is_separator(char c, const char *separators)
{
    for (; *separators != '\0'; separators++)
        if (*separators == c)
            return true;
    return false;
}

static bool next_token(struct slice *rest, const char *separators, bool braces, struct slice *token)
{
    struct slice s = *rest;
    size_t start = 0, end, depth = 0;

    while (start < s.n && is_separator(s.p[start], separators))
        start++;
    for (end = start; end < s.n; end++) {
        if (depth == 0 && is_separator(s.p[end], separators))
            break;
        if (braces && s.p[end] == '{')
            depth++;
        else if (braces && s.p[end] == '}' && depth > 0)
            depth--;
    }
    *token = slice_head(slice_from_index(s, start), end - start);
    /* The separator that ended the token is taken too. */
    *rest = slice_from_index(s, end < s.n ? end + 1 : end);
    return end > start;
}

bool slice_next_token(struct slice *rest, const char *separators, struct slice *token)
{
    return next_token(rest, separators, false, token);
}

bool slice_next_token_braced(struct slice *rest, const char *separators, struct slice *token)
{
    return next_token(rest, separators, true, token);
}

bool slice_to_number(struct slice s, unsigned long max, unsigned long *value)
{
    unsigned long v = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(v, 10UL, &v) || __builtin_add_overflow(v, digit, &v) || v > max)
            return false;
    }
    if (s.n == 0)
        return false;
    *value = v;
    return true;
}
