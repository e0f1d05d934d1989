#include "scanner/policy/per_site.h"

#include "scanner/base/names.h"

static const struct name values[] = {
    { LEVEL_NONE, "NONE" },   { LEVEL_MAY, "MAY" }, { LEVEL_ENCRYPT, "MUST_NOPEERMATCH" },
    { LEVEL_VERIFY, "MUST" }, { 0, NULL },
};

bool per_site_parse(struct slice value, enum level *level)
{
    int code;

    if (!name_code(values, value, &code))
        return false;
    *level = (enum level)code;
    return true;
}

const char *per_site_suggestion(struct slice value)
{
    return name_nearest(values, value);
}

/* smtp(8) calls it a permutation of the levels' order: VERIFY, ENCRYPT, NONE, MAY, nothing; the stronger one stays. */
enum level per_site_merge(enum level running, enum level result)
{
    if (result == LEVEL_NONE)
        return running <= LEVEL_MAY ? LEVEL_NONE : running;
    if (result == LEVEL_MAY)
        return running < LEVEL_NONE ? LEVEL_MAY : running;
    return running < result ? result : running;
}

enum level per_site_final(enum level running, enum level global)
{
    if (running == LEVEL_NOT_FOUND)
        return global;
    return running == LEVEL_MAY && global > LEVEL_MAY ? global : running;
}
