#include "scanner/base/names.h"
#include "tests/lib/check.h"

static const struct name levels[] = {
    { 0, "none" },      { 1, "may" },    { 2, "encrypt" }, { 3, "dane" },      { 4, "dane-only" },
    { 5, "fingerprint" }, { 6, "verify" }, { 7, "secure" },  { 3, "DANE-again" }, { 0, NULL },
};

static const struct { const char *word; int any_case, exact; } codes[] = {
    { "none", 0, 0 },   { "secure", 7, 7 }, { "Secure", 7, -1 }, { "dane-ONLY", 4, -1 },
    { "dane-", -1, -1 }, { "", -1, -1 },    { "secure ", -1, -1 },
};

static const struct { const char *word, *nearest; } misspelt[] = {
    { "secur", "secure" },   { "sceure", "secure" }, { "encript", "encrypt" },  { "Fingerprints", "fingerprint" },
    { "dan", "dane" },       { "danee", "dane" },    { "mya", NULL },           { "maybe", "may" },
    { "xy", NULL },          { "", NULL },           { "unrelated-word", NULL }, { "dane-onlyyy", "dane-only" },
    { "dane-onlyyyy", NULL }, { "verify", "verify" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

int main(void)
{
    is_text(name_word(levels, 6), "verify", "word of 6");
    is_text(name_word(levels, 3), "dane", "the first word counts");
    is_text(name_word(levels, 99), NULL, "word of no code");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        int any_case = -1, exact = -1;

        name_code(levels, slice_of(codes[i].word), &any_case);
        name_code_exact(levels, slice_of(codes[i].word), &exact);
        is_int(any_case, codes[i].any_case, "code of \"%s\" in any case", codes[i].word);
        is_int(exact, codes[i].exact, "code of \"%s\" as spelt", codes[i].word);
    }
    for (size_t i = 0; i < sizeof(misspelt) / sizeof(misspelt[0]); i++)
        is_text(name_nearest(levels, slice_of(misspelt[i].word)), misspelt[i].nearest, "nearest to \"%s\"",
                misspelt[i].word);
    return check_done();
}
