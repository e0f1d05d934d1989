#include "scanner/base/names.h"
#include "scanner/judge/published.h"

static const struct name mechanisms[] = {
    { MECHANISM_NONE, "none" }, { MECHANISM_TABLE, "table" }, { MECHANISM_DANE, "dane" }, { MECHANISM_STS, "mta-sts" },
    { 0, NULL },
};

static const struct name dane_states[] = {
    { DANE_UNKNOWN, "unknown" }, { DANE_NONE, "none" }, { DANE_SOME, "some" }, { DANE_ALL, "all" }, { 0, NULL },
};

static const struct name sts_states[] = {
    { STS_UNKNOWN, "unknown" },        { STS_NONE, "none" },       { STS_INVALID, "invalid" },
    { STS_MODE_IS_NONE, "mode-none" }, { STS_TESTING, "testing" }, { STS_ENFORCE, "enforce" },
    { 0, NULL },
};

static const struct name tlsrpt_states[] = {
    { TLSRPT_UNKNOWN, "unknown" }, { TLSRPT_NONE, "none" }, { TLSRPT_INVALID, "invalid" }, { TLSRPT_VALID, "valid" },
    { 0, NULL },
};

const char *mechanism_word(enum mechanism mechanism)
{
    return name_word(mechanisms, (int)mechanism);
}

bool mechanism_parse(const char *word, enum mechanism *mechanism)
{
    int code;

    if (!name_code_exact(mechanisms, slice_of(word), &code))
        return false;
    *mechanism = (enum mechanism)code;
    return true;
}

const char *dane_state_word(enum dane_state state)
{
    return name_word(dane_states, (int)state);
}

bool dane_state_parse(const char *word, enum dane_state *state)
{
    int code;

    if (!name_code_exact(dane_states, slice_of(word), &code))
        return false;
    *state = (enum dane_state)code;
    return true;
}

const char *sts_state_word(enum sts_state state)
{
    return name_word(sts_states, (int)state);
}

bool sts_state_parse(const char *word, enum sts_state *state)
{
    int code;

    if (!name_code_exact(sts_states, slice_of(word), &code))
        return false;
    *state = (enum sts_state)code;
    return true;
}

const char *tlsrpt_state_word(enum tlsrpt_state state)
{
    return name_word(tlsrpt_states, (int)state);
}

bool tlsrpt_state_parse(const char *word, enum tlsrpt_state *state)
{
    int code;

    if (!name_code_exact(tlsrpt_states, slice_of(word), &code))
        return false;
    *state = (enum tlsrpt_state)code;
    return true;
}
