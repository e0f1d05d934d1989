#include "reports/escape.h"

#include <stdint.h>

#include "scanner/base/utf8.h"

struct range {
    uint32_t first, last;
};

/* Characters that are never written as themselves: Unicode categories Cf, Zl, Zp, Co and non-characters, and blanks that
 * pass for nothing. */
static const struct range hidden[] = {
    { 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x0600, 0x0605 }, { 0x061c, 0x061c }, { 0x06dd, 0x06dd },
    { 0x070f, 0x070f }, { 0x0890, 0x0891 }, { 0x08e2, 0x08e2 }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
    { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
    { 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
    { 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
    { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0x10ffff },
};

/* Blocks of marks that combine with the character before them (category Mn, Me). */
static const struct range combining[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf }, { 0x05c1, 0x05c2 },
    { 0x05c4, 0x05c5 }, { 0x05c7, 0x05c7 }, { 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x0670, 0x0670 },
    { 0x06d6, 0x06dc }, { 0x06df, 0x06e4 }, { 0x06e7, 0x06e8 }, { 0x06ea, 0x06ed }, { 0x0711, 0x0711 },
    { 0x0730, 0x074a }, { 0x07a6, 0x07b0 }, { 0x0816, 0x082d }, { 0x0898, 0x0902 }, { 0x093a, 0x093a },
    { 0x093c, 0x093c }, { 0x0941, 0x0948 }, { 0x094d, 0x094d }, { 0x0951, 0x0957 }, { 0x0981, 0x0981 },
    { 0x09bc, 0x09bc }, { 0x09c1, 0x09c4 }, { 0x09cd, 0x09cd }, { 0x0a41, 0x0a51 }, { 0x0ac1, 0x0acd },
    { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x0eb1, 0x0eb1 }, { 0x0eb4, 0x0ebc },
    { 0x0ec8, 0x0ece }, { 0x0f71, 0x0f84 }, { 0x102d, 0x1037 }, { 0x135d, 0x135f }, { 0x1ab0, 0x1aff },
    { 0x1dc0, 0x1dff }, { 0x20d0, 0x20f0 }, { 0x2cef, 0x2cf1 }, { 0x302a, 0x302d }, { 0x3099, 0x309a },
    { 0xa66f, 0xa672 }, { 0xfe20, 0xfe2f },
};

/* Wide characters (Unicode Standard Annex 11, W and F), in blocks. */
static const struct range wide[] = {
    { 0x1100, 0x115e }, { 0x231a, 0x231b }, { 0x2329, 0x232a }, { 0x23e9, 0x23ec }, { 0x25fd, 0x25fe },
    { 0x2614, 0x2615 }, { 0x2648, 0x2653 }, { 0x26a1, 0x26a1 }, { 0x26ce, 0x26ce }, { 0x2705, 0x2705 },
    { 0x270a, 0x270b }, { 0x274c, 0x274c }, { 0x2753, 0x2755 }, { 0x2795, 0x2797 }, { 0x2b1b, 0x2b1c },
    { 0x2e80, 0x303e }, { 0x3041, 0x4dbf }, { 0x4e00, 0xa4cf }, { 0xa960, 0xa97f }, { 0xac00, 0xd7a3 },
    { 0xf900, 0xfaff }, { 0xfe10, 0xfe19 }, { 0xfe30, 0xfe6f }, { 0xff01, 0xff60 }, { 0xffe0, 0xffe6 },
    { 0x16fe0, 0x18cff }, { 0x1aff0, 0x1b2ff }, { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e },
    { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb },
    { 0x1f90c, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

#define IN(ranges, code) in_ranges(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

static void add_control(struct buf *out, uint32_t code)
{
    if (code == '\n')
        buf_add_text(out, "\\n");
    else if (code == '\r')
        buf_add_text(out, "\\r");
    else if (code == '\t')
        buf_add_text(out, "\\t");
    else
        buf_printf(out, "\\x%02x", (unsigned)code);
}

/* A terminal would obey it, or a reader not see it. */
static bool is_treacherous(uint32_t code)
{
    return (code >= 0x7f && code < 0xa0) || IN(hidden, code) || (code & 0xfffe) == 0xfffe;
}

void escape_json(struct slice json, struct buf *out)
{
    while (json.n > 0) {
        uint32_t code = 0;
        size_t   n = utf8_decode(json, &code);

        if (n == 0 || !is_treacherous(code))
            buf_add(out, json.p, n > 0 ? n : 1);
        else if (code < 0x10000)
            buf_printf(out, "\\u%04x", (unsigned)code);
        else
            buf_printf(out, "\\u%04x\\u%04x", 0xd800u + (unsigned)((code - 0x10000) >> 10),
                       0xdc00u + (unsigned)((code - 0x10000) & 0x3ff));
        json = slice_from_index(json, n > 0 ? n : 1);
    }
}

void escape_terminal(struct slice text, struct buf *out)
{
    while (text.n > 0) {
        uint32_t code;
        size_t   n = utf8_decode(text, &code);

        if (n == 0) {
            n = 1;
            utf8_add(out, UTF8_REPLACEMENT);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            add_control(out, code);
        } else if (is_treacherous(code)) {
            buf_printf(out, "\\u{%04x}", (unsigned)code);
        } else {
            buf_add(out, text.p, n);
        }
        text = slice_from_index(text, n);
    }
}

const char *escape_text(struct region *region, const char *text)
{
    struct slice all = slice_of(text);
    struct buf   buf;
    const char  *copy;

    buf_init(&buf, 10 * all.n + 1);
    escape_terminal(all, &buf);
    copy = region_text(region, buf_text(&buf));
    buf_clear(&buf);
    return copy;
}

int character_width(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (IN(combining, code))
        return 0;
    return IN(wide, code) ? 2 : 1;
}

int text_width(struct slice text)
{
    int width = 0;

    while (text.n > 0) {
        uint32_t code = ' ';
        size_t   n = utf8_decode(text, &code);

        width += n == 0 ? 1 : character_width(code);
        text = slice_from_index(text, n == 0 ? 1 : n);
    }
    return width;
}

size_t text_fitting(struct slice text, int columns)
{
    size_t at = 0;

    while (at < text.n) {
        uint32_t code = ' ';
        size_t   n = utf8_decode(slice_from_index(text, at), &code);

        columns -= n == 0 ? 1 : character_width(code);
        if (columns < 0 && at > 0)
            break;
        at += n == 0 ? 1 : n;
    }
    return at;
}
