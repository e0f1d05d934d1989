#include "scanner/policy/level.h"

#include "scanner/base/names.h"

static const struct name words[] = {
    { LEVEL_NONE, "none" },
    { LEVEL_MAY, "may" },
    { LEVEL_ENCRYPT, "encrypt" },
    { LEVEL_FINGERPRINT, "fingerprint" },
    { LEVEL_DANE, "dane" },
    { LEVEL_DANE_ONLY, "dane-only" },
    { LEVEL_VERIFY, "verify" },
    { LEVEL_SECURE, "secure" },
    { 0, NULL },
};

/* What people write for a level that they know by another name: older parameters, other mail servers, reports. */
static const struct name other_names[] = {
    { LEVEL_NONE, "disable" },     { LEVEL_NONE, "disabled" },     { LEVEL_NONE, "off" },
    { LEVEL_NONE, "no" },          { LEVEL_MAY, "opportunistic" }, { LEVEL_MAY, "starttls" },
    { LEVEL_MAY, "yes" },          { LEVEL_ENCRYPT, "enforce" },   { LEVEL_ENCRYPT, "mandatory" },
    { LEVEL_ENCRYPT, "required" }, { LEVEL_ENCRYPT, "encrypted" }, { LEVEL_ENCRYPT, "must_nopeermatch" },
    { LEVEL_DANE, "half-dane" },   { LEVEL_DANE, "halfdane" },     { LEVEL_DANE_ONLY, "daneonly" },
    { LEVEL_VERIFY, "must" },      { LEVEL_VERIFY, "verified" },   { 0, NULL },
};

const char *level_word(enum level level)
{
    return level == LEVEL_HALF_DANE ? "half-dane" : name_word(words, level);
}

bool level_parse(struct slice word, enum level *level)
{
    int code;

    if (!name_code(words, word, &code))
        return false;
    *level = (enum level)code;
    return true;
}

const char *level_suggestion(struct slice word)
{
    int code;

    return name_code(other_names, word, &code) ? name_word(words, code) : name_nearest(words, word);
}

bool level_needs_tls(enum level level)
{
    return level >= LEVEL_ENCRYPT;
}

bool level_needs_match(enum level level)
{
    return level >= LEVEL_FINGERPRINT;
}

bool level_is_dane(enum level level)
{
    return level == LEVEL_HALF_DANE || level == LEVEL_DANE || level == LEVEL_DANE_ONLY;
}

bool level_is_pkix(enum level level)
{
    return level == LEVEL_VERIFY || level == LEVEL_SECURE;
}
