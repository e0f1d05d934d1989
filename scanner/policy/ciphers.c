#include "scanner/policy/ciphers.h"

#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/base/names.h"

#define SEPARATORS ", \t\r\n:"
/* A list of ciphers is a line of a configuration file and a parameter or two. */
#define LIST_MAX (1u << 20)

enum { HIGH, MEDIUM, LOW, EXPORT, NULL_GRADE };

static const struct name grades[] = {
    { HIGH, "high" }, { MEDIUM, "medium" }, { LOW, "low" }, { EXPORT, "export" }, { NULL_GRADE, "null" }, { 0, NULL },
};

static const char *const lists[] = {
    [HIGH] = "tls_high_cipherlist",     [MEDIUM] = "tls_medium_cipherlist",   [LOW] = "tls_low_cipherlist",
    [EXPORT] = "tls_export_cipherlist", [NULL_GRADE] = "tls_null_cipherlist",
};

static const char *failed(struct region *region, const char **why, const char *format, struct slice what)
{
    if (why != NULL)
        *why = region_printf(region, "%s: \"%s\"", format, region_slice(region, what));
    return NULL;
}

/* "low" and "export" were given up in 3.8. */
static const char *list_of_grade(int grade, const struct params *params)
{
    if ((grade == LOW || grade == EXPORT) && version_at_least(params_version(params), 3, 8, 0))
        grade = MEDIUM;
    return params_text(params, lists[grade]);
}

/* False: *bad starts with one of OpenSSL's modifiers. */
static bool add_exclusions(struct buf *out, struct slice exclusions, struct slice *bad)
{
    struct slice token;

    while (slice_next_token(&exclusions, SEPARATORS, &token)) {
        if (strchr("!+-@", token.p[0]) != NULL) {
            *bad = token;
            return false;
        }
        buf_add_text(out, ":!");
        buf_add_slice(out, token);
    }
    return true;
}

const char *ciphers_list(struct region *region, const char *grade, const char *exclusions, const char *implicit,
                         const struct params *params, const char **why)
{
    struct slice bad;
    struct buf out;
    const char *list = NULL;
    int code;

    if (why != NULL)
        *why = NULL;
    if (!name_code(grades, slice_of(grade), &code))
        return failed(region, why, "invalid cipher grade", slice_of(grade));
    buf_init(&out, LIST_MAX);
    buf_add_text(&out, list_of_grade(code, params));
    if (!add_exclusions(&out, slice_of(exclusions), &bad) || !add_exclusions(&out, slice_of(implicit), &bad))
        failed(region, why, "invalid unary '!+-@' in cipher exclusion", bad);
    else
        list = region_slice(region, buf_slice(&out));
    buf_clear(&out);
    return list;
}
