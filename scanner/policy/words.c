#include "scanner/policy/words.h"

bool words_have(const struct params *params, const char *parameter, const char *word)
{
    struct slice rest = slice_of(params_text(params, parameter)), token;

    while (slice_next_token(&rest, ", \t\r\n", &token))
        if (slice_eq_text_nocase(token, word))
            return true;
    return false;
}
