#include "scanner/base/utf8.h"

#include <string.h>

bool utf8_has_mark(struct slice text)
{
    return slice_starts_with(text, SLICE(UTF8_MARK));
}

size_t utf8_decode(struct slice text, uint32_t *code)
{
    /* By length: the smallest code that needs it. */
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text.p;
    size_t length;
    uint32_t c;

    if (text.n == 0)
        return 0;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    length = p[0] >= 0xf8 ? 0 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    if (length == 0 || length > text.n)
        return 0;
    c = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code = c;
    return length;
}

bool utf8_add(struct buf *out, uint32_t code)
{
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    unsigned char bytes[4];

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (unsigned char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (unsigned char)(lead[length] | code);
    return buf_add(out, bytes, length);
}

/* How many bytes of ASCII the text begins with, at least: whole words are looked at. */
static size_t ascii_words(struct slice text)
{
    uint64_t word;
    size_t n = 0;

    for (; text.n - n >= sizeof(word); n += sizeof(word)) {
        memcpy(&word, text.p + n, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return n;
}

bool text_is_utf8(struct slice text)
{
    uint32_t code;
    size_t length;

    text = slice_from_index(text, ascii_words(text));
    while ((length = utf8_decode(text, &code)) > 0)
        text = slice_from_index(text, length);
    return text.n == 0;
}

bool text_is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] > 127)
            return false;
    return true;
}

bool text_clean(struct slice text, struct buf *out)
{
    bool fits = true;

    while (text.n > 0 && fits) {
        uint32_t code;
        size_t length = utf8_decode(text, &code);

        fits = length > 0 ? buf_add(out, text.p, length) : utf8_add(out, UTF8_REPLACEMENT);
        text = slice_from_index(text, length > 0 ? length : 1);
    }
    return fits;
}
