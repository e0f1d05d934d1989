#include "scanner/base/hostname.h"

#include <idn2.h>
#include <string.h>

#define LABEL_MAX 63
#define UTF8_NAME_MAX HOSTNAME_UTF8_MAX /* longer text cannot become a name of HOSTNAME_MAX bytes that anyone uses */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool label_is_valid(struct slice label)
{
    if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!is_digit(label.p[i]) && !is_letter(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
            return false;
    return true;
}

static bool is_numeric(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_digit(name.p[i]) && name.p[i] != '.')
            return false;
    return true;
}

bool hostname_is_valid(struct slice name)
{
    struct slice rest = name;
    size_t dot;

    if (name.n > HOSTNAME_MAX || is_numeric(name))
        return false;
    do {
        dot = slice_find(rest, '.');
        if (!label_is_valid(slice_head(rest, dot)))
            return false;
        if (dot == rest.n)
            return true;
        rest = slice_from_index(rest, dot + 1);
    } while (true);
}

bool hostname_is_valid_utf8(struct slice name, bool utf8)
{
    char ascii[HOSTNAME_MAX + 1];

    if (text_is_ascii(name))
        return hostname_is_valid(name);
    return utf8 && hostname_to_ascii(name, ascii) && hostname_is_valid(slice_of(ascii));
}

static bool copy_name(struct slice name, char out[HOSTNAME_MAX + 1])
{
    if (name.n > HOSTNAME_MAX || slice_find(name, '\0') < name.n)
        return false;
    memcpy(out, slice_from(name.p, name.n).p, name.n);
    out[name.n] = '\0';
    return true;
}

bool hostname_to_ascii(struct slice name, char out[HOSTNAME_MAX + 1])
{
    char text[UTF8_NAME_MAX + 1];
    char *ascii = NULL;
    bool ok;

    if (text_is_ascii(name))
        return copy_name(name, out);
    if (name.n > UTF8_NAME_MAX || slice_find(name, '\0') < name.n || !text_is_utf8(name))
        return false;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    ok = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
         copy_name(slice_of(ascii), out);
    idn2_free(ascii);
    return ok;
}

bool hostname_to_utf8(struct slice name, char out[HOSTNAME_UTF8_MAX + 1])
{
    char text[HOSTNAME_MAX + 1];
    char *utf8 = NULL;
    struct slice result;
    bool ok;

    if (!copy_name(name, text))
        return false;
    ok = idn2_to_unicode_8z8z(text, &utf8, 0) == IDN2_OK;
    result = slice_of(utf8);
    ok = ok && result.n <= HOSTNAME_UTF8_MAX;
    if (ok) {
        memcpy(out, result.p, result.n);
        out[result.n] = '\0';
    }
    idn2_free(utf8);
    return ok;
}
