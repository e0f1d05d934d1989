/* The words of a policy value, to put it together again. */
#include <stdint.h>

#include "scanner/judge/lint_impl.h"

#define SEPARATORS ", \t\r\n"

static bool next_token(struct slice *rest, bool braces, struct slice *token)
{
    return braces ? slice_next_token_braced(rest, SEPARATORS, token) : slice_next_token(rest, SEPARATORS, token);
}

struct lint_tokens lint_split(struct region *region, const char *value, struct version version)
{
    bool braces = version_at_least(version, 3, 10, 0);
    struct lint_tokens tokens = { NULL, 0 };
    struct slice rest = slice_of(value), token;
    size_t count = 0;

    while (count < LINT_TOKENS_MAX && next_token(&rest, braces, &token))
        count++;
    tokens.items = region_array(region, count + 1, sizeof(*tokens.items));
    for (rest = slice_of(value); tokens.count < count && next_token(&rest, braces, &token);)
        tokens.items[tokens.count++] = token;
    return tokens;
}

static void add_word(struct buf *out, struct slice word)
{
    if (out->n > 0)
        buf_add_char(out, ' ');
    buf_add_slice(out, word);
}

const char *lint_join(struct region *region, const struct lint_tokens *tokens, size_t first, size_t count,
                      const char *text)
{
    struct buf out;
    const char *joined;

    buf_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i <= tokens->count; i++) {
        if (i == first && text != NULL)
            add_word(&out, slice_of(text));
        if (i < tokens->count && (i < first || i - first >= count))
            add_word(&out, tokens->items[i]);
    }
    joined = region_slice(region, buf_slice(&out));
    buf_clear(&out);
    return joined;
}

struct slice lint_token_name(struct slice token)
{
    if (token.n > 0 && token.p[0] == '{')
        token = slice_trim_left(slice_from_index(token, 1));
    return slice_trim(slice_head(token, slice_find(token, '=')));
}
