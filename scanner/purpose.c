#include "scanner/purpose.h"

#include <stddef.h>
#include <string.h>

#include "reports/escape.h"
#include "scanner/base/utf8.h"

#define COLUMNS_SHOWN 300

enum kind { ONE, EACH, FLAG };

static const struct {
    const char *option;
    enum kind   kind;
    size_t      offset;
} rows[] = {
    { "--override", EACH, offsetof(struct options, overrides) },
    { "--postfix-version", ONE, offsetof(struct options, postfix_version) },
    { "--sender", ONE, offsetof(struct options, sender) },
    { "--proposed", ONE, offsetof(struct options, proposed) },
    { "--proposed-override", EACH, offsetof(struct options, proposed_overrides) },
    { "--proposed-version", ONE, offsetof(struct options, proposed_version) },
    { "--file", ONE, offsetof(struct options, file) },
    { "--from-log", EACH, offsetof(struct options, logs) },
    { "--from-queue", FLAG, offsetof(struct options, from_queue) },
    { "--exclude", ONE, offsetof(struct options, exclude) },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void add(struct text_list *words, const char *word)
{
    words->items[words->count++] = word;
}

static void add_option(struct text_list *words, size_t row, const struct options *options)
{
    const char               *place = (const char *)options + rows[row].offset;
    const struct option_list *list = (const struct option_list *)(const void *)place;
    const char               *text;
    size_t                    i;

    if (rows[row].kind == FLAG && *(const bool *)place) {
        add(words, rows[row].option);
    } else if (rows[row].kind == ONE && (text = *(const char *const *)(const void *)place) != NULL) {
        add(words, rows[row].option);
        add(words, text);
    }
    for (i = 0; rows[row].kind == EACH && i < list->count; i++) {
        add(words, rows[row].option);
        add(words, list->items[i]);
    }
}

struct text_list purpose_words(struct region *region, const char *dir, const struct options *options)
{
    size_t           most = 2 * (1 + ROWS + options->overrides.count + options->proposed_overrides.count + options->logs.count);
    struct text_list words = { region_array(region, most + options->arguments.count, sizeof(*words.items)), 0 };
    size_t           i;

    add(&words, "--config-dir");
    add(&words, dir);
    for (i = 0; i < ROWS; i++)
        add_option(&words, i, options);
    for (i = 0; i < options->arguments.count; i++)
        add(&words, options->arguments.items[i]);
    return words;
}

static bool is_same_word(const char *a, const char *b)
{
    struct buf one, other;
    bool       same;

    buf_init(&one, SIZE_MAX);
    buf_init(&other, SIZE_MAX);
    text_clean(slice_of(a), &one);
    text_clean(slice_of(b), &other);
    same = slice_eq(buf_slice(&one), buf_slice(&other));
    buf_clear(&one);
    buf_clear(&other);
    return same;
}

bool purpose_is_same(const struct text_list *a, const struct text_list *b)
{
    size_t i;

    for (i = 0; i < a->count && i < b->count; i++)
        if (!is_same_word(a->items[i], b->items[i]))
            return false;
    return a->count == b->count;
}

/* Of what a shell takes for itself, only what stands between ' and ' is safe. */
static void add_word(struct buf *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_[]";
    size_t            n = strspn(word, plain);

    buf_add_char(out, ' ');
    if (n > 0 && word[n] == '\0') {
        buf_add_text(out, word);
        return;
    }
    buf_add_char(out, '\'');
    for (; *word != '\0'; word++)
        buf_add_text(out, *word == '\'' ? "'\\''" : (char[]){ *word, '\0' });
    buf_add_char(out, '\'');
}

const char *purpose_text(struct region *region, const struct text_list *words)
{
    struct buf  buf;
    const char *text;
    size_t      i, n;

    buf_init(&buf, SIZE_MAX);
    buf_add_text(&buf, "posttls-audit scan");
    for (i = 0; i < words->count && buf.n <= 4 * COLUMNS_SHOWN; i++)
        add_word(&buf, words->items[i]);
    text = escape_text(region, buf_text(&buf));
    n = text_fitting(slice_of(text), COLUMNS_SHOWN);
    buf_clear(&buf);
    return text[n] == '\0' ? text : region_printf(region, "%.*s ...", (int)n, text);
}
