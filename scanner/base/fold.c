/* Case folding, apart from utf8.c because of its table. */
#include "scanner/base/utf8.h"

#include "scanner/base/fold_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool fold_by_run(uint32_t *code)
{
    size_t low = 0, high = COUNT(fold_runs);

    while (low < high) { /* the first run that ends at or after *code */
        size_t middle = (low + high) / 2;

        if (fold_runs[middle].last < *code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == COUNT(fold_runs) || *code < fold_runs[low].first || (*code - fold_runs[low].first) % fold_runs[low].step)
        return false;
    *code = (uint32_t)((int32_t)*code + fold_runs[low].delta);
    return true;
}

static void fold_character(uint32_t code, struct buf *out)
{
    if (!fold_by_run(&code))
        for (size_t i = 0; i < COUNT(fold_expansions); i++)
            if (fold_expansions[i].code == code) {
                for (size_t j = 0; j < COUNT(fold_expansions[i].to) && fold_expansions[i].to[j] != 0; j++)
                    utf8_add(out, fold_expansions[i].to[j]);
                return;
            }
    utf8_add(out, code);
}

/* The ASCII that text begins with, up to some length; gives how much that was. */
static size_t fold_ascii(struct slice text, struct buf *out)
{
    char folded[64];
    size_t n = 0;

    for (; n < text.n && n < sizeof(folded) && (unsigned char)text.p[n] < 0x80; n++)
        folded[n] = (char)(text.p[n] >= 'A' && text.p[n] <= 'Z' ? text.p[n] | 0x20 : text.p[n]);
    buf_add(out, folded, n);
    return n;
}

void text_fold(struct slice text, bool utf8, struct buf *out)
{
    while ((text = slice_from_index(text, fold_ascii(text, out))).n > 0) {
        uint32_t code;
        size_t length = utf8 ? utf8_decode(text, &code) : 0;

        if (length > 0)
            fold_character(code, out);
        else
            buf_add_char(out, text.p[0]);
        text = slice_from_index(text, length > 0 ? length : 1);
    }
}
