#include "scanner/base/names.h"

#include <string.h>

#define NEAREST_WORD_MAX 63 /* longer words are no words of ours */
#define NEAREST_DISTANCE 2

const char *name_word(const struct name *table, int code)
{
    for (; table->word != NULL; table++)
        if (table->code == code)
            return table->word;
    return NULL;
}

static bool find_code(const struct name *table, struct slice word, bool (*eq)(struct slice, const char *), int *code)
{
    for (; table->word != NULL; table++)
        if (eq(word, table->word)) {
            *code = table->code;
            return true;
        }
    return false;
}

bool name_code(const struct name *table, struct slice word, int *code)
{
    return find_code(table, word, slice_eq_text_nocase, code);
}

bool name_code_exact(const struct name *table, struct slice word, int *code)
{
    return find_code(table, word, slice_eq_text, code);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, a row at a time; enough when it is not less than that. */
static unsigned edit_distance(struct slice a, struct slice b, unsigned enough)
{
    unsigned row[NEAREST_WORD_MAX + 1];

    for (size_t j = 0; j <= b.n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0], lowest;

        row[0] = lowest = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = slice_eq_nocase(slice_from(a.p + i - 1, 1), slice_from(b.p + j - 1, 1));
            unsigned replaced = diagonal + !same;

            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
            lowest = least(lowest, row[j]);
        }
        if (lowest >= enough)
            return enough;
    }
    return row[b.n];
}

const char *name_nearest(const struct name *table, struct slice word)
{
    const char *nearest = NULL;
    unsigned best = NEAREST_DISTANCE + 1;

    if (word.n > NEAREST_WORD_MAX)
        return NULL;
    for (; table->word != NULL; table++) {
        struct slice known = slice_of(table->word);
        unsigned distance;

        if (known.n > NEAREST_WORD_MAX || known.n >= word.n + best || word.n >= known.n + best)
            continue; /* lengths that differ so much are as far apart at least */
        distance = edit_distance(word, known, best);
        if (distance < best && 2 * distance < word.n) {
            best = distance;
            nearest = table->word;
        }
    }
    return nearest;
}
