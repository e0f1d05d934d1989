#include "scanner/policy/level.h"

#include "scanner/policy/per_site.h"
#include "tests/lib/check.h"

static const struct {
    const char *text;
    enum level  level;
} levels[] = {
    { "none", LEVEL_NONE },
    { "may", LEVEL_MAY },
    { "Encrypt", LEVEL_ENCRYPT },
    { "FINGERPRINT", LEVEL_FINGERPRINT },
    { "dane", LEVEL_DANE },
    { "DANE-ONLY", LEVEL_DANE_ONLY },
    { "verify", LEVEL_VERIFY },
    { "Secure", LEVEL_SECURE },
    { "half-dane", LEVEL_INVALID },
    { "halfdane", LEVEL_INVALID },
    { "", LEVEL_INVALID },
    { "must", LEVEL_INVALID },
    { "0", LEVEL_INVALID },
    { "secure ", LEVEL_INVALID },
    { "mayy", LEVEL_INVALID },
};

static const struct {
    const char *text, *suggestion;
} suggestions[] = {
    { "sucure", "secure" },     { "encypt", "encrypt" },    { "daneonly", "dane-only" }, { "half-dane", "dane" },
    { "enforce", "encrypt" },   { "MUST", "verify" },       { "opportunistic", "may" },  { "dane_only", "dane-only" },
    { "match=x", NULL },        { "xyzzy", NULL },          { "", NULL },
};

static const struct {
    enum level level;
    bool needs_tls, needs_match, is_dane, is_pkix;
} predicates[] = {
    { LEVEL_INVALID, false, false, false, false },   { LEVEL_NONE, false, false, false, false },
    { LEVEL_MAY, false, false, false, false },       { LEVEL_ENCRYPT, true, false, false, false },
    { LEVEL_FINGERPRINT, true, true, false, false }, { LEVEL_HALF_DANE, true, true, true, false },
    { LEVEL_DANE, true, true, true, false },         { LEVEL_DANE_ONLY, true, true, true, false },
    { LEVEL_VERIFY, true, true, false, true },       { LEVEL_SECURE, true, true, false, true },
};

/* The matrix of smtp_tls_per_site: rows are what the two lookups gave, columns the global level. */
#define N LEVEL_NONE
#define M LEVEL_MAY
#define E LEVEL_ENCRYPT
#define V LEVEL_VERIFY
#define X LEVEL_NOT_FOUND
static const struct {
    enum level first, second;
    enum level result[4]; /* none, may, encrypt, verify */
} matrix[] = {
    { X, X, { N, M, E, V } }, { N, X, { N, N, N, N } }, { X, N, { N, N, N, N } }, { N, N, { N, N, N, N } },
    { M, X, { M, M, E, V } }, { X, M, { M, M, E, V } }, { M, M, { M, M, E, V } }, { E, X, { E, E, E, E } },
    { X, E, { E, E, E, E } }, { E, E, { E, E, E, E } }, { V, X, { V, V, V, V } }, { X, V, { V, V, V, V } },
    { V, V, { V, V, V, V } }, { N, M, { N, N, N, N } }, { M, N, { N, N, N, N } }, { N, E, { E, E, E, E } },
    { E, N, { E, E, E, E } }, { N, V, { V, V, V, V } }, { V, N, { V, V, V, V } }, { M, E, { E, E, E, E } },
    { E, M, { E, E, E, E } }, { M, V, { V, V, V, V } }, { V, M, { V, V, V, V } }, { E, V, { V, V, V, V } },
    { V, E, { V, V, V, V } },
};

static void test_matrix(void)
{
    static const enum level globals[] = { N, M, E, V };

    for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++)
        for (size_t g = 0; g < 4; g++) {
            enum level running = LEVEL_NOT_FOUND;

            if (matrix[i].first != X)
                running = per_site_merge(running, matrix[i].first);
            if (matrix[i].second != X)
                running = per_site_merge(running, matrix[i].second);
            is_int(per_site_final(running, globals[g]), matrix[i].result[g], "%s + %s under %s",
                   matrix[i].first == X ? "nothing" : level_word(matrix[i].first),
                   matrix[i].second == X ? "nothing" : level_word(matrix[i].second), level_word(globals[g]));
        }
    is_int(per_site_final(LEVEL_MAY, LEVEL_DANE), LEVEL_DANE, "a lone MAY yields to dane");
    is_int(per_site_final(LEVEL_NONE, LEVEL_SECURE), LEVEL_NONE, "NONE does not yield to secure");
    is_int(per_site_final(LEVEL_ENCRYPT, LEVEL_SECURE), LEVEL_ENCRYPT, "MUST_NOPEERMATCH wins downwards");
}

static void test_per_site_values(void)
{
    enum level level;

    check_ok(per_site_parse(SLICE("must_nopeermatch"), &level) && level == LEVEL_ENCRYPT, "any case");
    check_ok(per_site_parse(SLICE("MUST"), &level) && level == LEVEL_VERIFY, "MUST");
    check_ok(!per_site_parse(SLICE("MUST "), &level), "nothing around it");
    check_ok(!per_site_parse(SLICE("encrypt"), &level), "no policy levels");
    check_ok(!per_site_parse(SLICE("MUST match=x"), &level), "no attributes");
    is_text(per_site_suggestion(SLICE("MUST_NOPEERMATHC")), "MUST_NOPEERMATCH", "suggestion");
}

int main(void)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        enum level level = LEVEL_INVALID;

        level_parse(slice_of(levels[i].text), &level);
        is_int(level, levels[i].level, "\"%s\"", levels[i].text);
    }
    for (size_t i = 0; i < sizeof(suggestions) / sizeof(suggestions[0]); i++)
        is_text(level_suggestion(slice_of(suggestions[i].text)), suggestions[i].suggestion, "for \"%s\"",
                suggestions[i].text);
    for (size_t i = 0; i < sizeof(predicates) / sizeof(predicates[0]); i++) {
        enum level level = predicates[i].level;
        const char *word = level_word(level);

        is_int(level_needs_tls(level), predicates[i].needs_tls, "%s needs TLS", word ? word : "invalid");
        is_int(level_needs_match(level), predicates[i].needs_match, "%s needs a match", word ? word : "invalid");
        is_int(level_is_dane(level), predicates[i].is_dane, "%s is DANE", word ? word : "invalid");
        is_int(level_is_pkix(level), predicates[i].is_pkix, "%s is PKIX", word ? word : "invalid");
    }
    is_text(level_word(LEVEL_HALF_DANE), "half-dane", "half-dane has a word");
    is_text(level_word(LEVEL_INVALID), NULL, "invalid has none");
    test_matrix();
    test_per_site_values();
    return check_done();
}
