#include "scanner/base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_encode(const uint8_t *data, size_t n, struct buf *out)
{
    bool fits = true;

    for (size_t i = 0; i < n && fits; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                         (left > 2 ? data[i + 2] : 0);
        char text[4] = { alphabet[group >> 18], alphabet[group >> 12 & 63], left > 1 ? alphabet[group >> 6 & 63] : '=',
                         left > 2 ? alphabet[group & 63] : '=' };

        fits = buf_add(out, text, sizeof(text));
    }
    return fits;
}

static int value_of(char c)
{
    size_t i = slice_find(SLICE(alphabet), c);

    return i < 64 ? (int)i : -1;
}

/* Four characters, the last two of which may be padding in the last group. Gives the number of octets, 0 when wrong. */
static size_t decode_group(const char text[4], bool last, uint8_t octets[3])
{
    size_t n = !last || text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
    uint32_t group = 0;

    for (size_t i = 0; i < n + 1; i++) {
        int value = value_of(text[i]);

        if (value < 0)
            return 0;
        group |= (uint32_t)value << (18 - 6 * i);
    }
    octets[0] = (uint8_t)(group >> 16);
    octets[1] = (uint8_t)(group >> 8);
    octets[2] = (uint8_t)group;
    return (group & (0xffffffu >> 8 * n)) == 0 ? n : 0;
}

bool base64_decode(struct slice text, struct buf *out)
{
    if (text.n % 4 != 0)
        return false;
    for (size_t i = 0; i < text.n; i += 4) {
        uint8_t octets[3];
        size_t n = decode_group(text.p + i, i + 4 == text.n, octets);

        if (n == 0 || !buf_add(out, octets, n))
            return false;
    }
    return true;
}
