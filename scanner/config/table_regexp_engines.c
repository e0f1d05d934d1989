#include <regex.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "scanner/base/mem.h"
#include "scanner/config/table_regexp.h"

#define REASON_MAX 256
/* Of POSIX patterns: repetitions within each other. So many are compiled and tried in milliseconds. */
#define COPIES_MAX   1000
#define REPEATED_MAX 65535

static void posix_done(void *code)
{
    regfree(code);
}

static void *posix_compile(struct region *region, const char *pattern, uint32_t options, bool groups, size_t *count,
                           struct error *err)
{
    regex_t *code = region_alloc(region, sizeof(*code));
    int status = regcomp(code, pattern, (int)options | (groups ? 0 : REG_NOSUB));
    char why[REASON_MAX];

    if (status == REG_ESPACE)
        mem_exhausted();
    if (status != 0) {
        regerror(status, code, why, sizeof(why));
        error_set(err, 0, "%s", why);
        return NULL;
    }
    region_defer(region, posix_done, code);
    *count = code->re_nsub;
    return code;
}

static enum regexp_outcome posix_match(const void *code, const char *key, struct regexp_groups *groups,
                                       struct error *err)
{
    regmatch_t *at = groups->count > 0 ? mem_array(groups->count, sizeof(*at)) : NULL;
    int status = regexec(code, key, groups->count, at, 0);
    char why[REASON_MAX];

    for (size_t i = 0; status == 0 && i < groups->count; i++) {
        bool took_part = at[i].rm_so >= 0 && at[i].rm_eo >= at[i].rm_so;

        groups->at[i].start = took_part ? (size_t)at[i].rm_so : 0;
        groups->at[i].end = took_part ? (size_t)at[i].rm_eo : 0;
    }
    mem_free(at);
    if (status == REG_ESPACE)
        mem_exhausted();
    if (status == 0)
        return REGEXP_MATCH;
    if (status == REG_NOMATCH)
        return REGEXP_NO_MATCH;
    regerror(status, code, why, sizeof(why));
    error_set(err, 0, "%s", why);
    return REGEXP_FAILED;
}

static void *pcre_malloc(size_t size, void *region)
{
    return region_alloc(region, size);
}

static void pcre_leave(void *p, void *region)
{
    (void)p;
    (void)region;
}

static void set_pcre_error(struct error *err, int status)
{
    char why[REASON_MAX];

    if (pcre2_get_error_message(status, (unsigned char *)why, sizeof(why)) > 0)
        error_set(err, 0, "%s", why);
    else
        error_set(err, 0, "PCRE2 error %d", status);
}

static void *pcre_compile(struct region *region, const char *pattern, uint32_t options, bool groups, size_t *count,
                          struct error *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(pcre_malloc, pcre_leave, region);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    int status;
    size_t offset;
    uint32_t captures = 0;
    pcre2_code *code =
        pcre2_compile((const unsigned char *)pattern, PCRE2_ZERO_TERMINATED, options, &status, &offset, context);

    (void)groups;
    if (code == NULL) {
        set_pcre_error(err, status);
        return NULL;
    }
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &captures);
    *count = captures;
    return code;
}

/* Without a match context and without JIT, as Postfix does: the same limits count the same way. The match data cannot come
 * from the pattern's memory, or a region would grow with each key. */
static enum regexp_outcome pcre_match(const void *code, const char *key, struct regexp_groups *groups,
                                      struct error *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(NULL, NULL, NULL);
    pcre2_match_data *data = pcre2_match_data_create((uint32_t)groups->count + 1, memory);
    int status = pcre2_match(code, (const unsigned char *)key, strlen(key), 0, 0, data, NULL);
    const size_t *at = pcre2_get_ovector_pointer(data);

    for (size_t i = 0; status >= 0 && i < groups->count; i++) {
        /* status is one more than the highest group that was set, or 0 when there was no room for all. */
        bool took_part = (status == 0 || i < (size_t)status) && at[2 * i] != PCRE2_UNSET && at[2 * i + 1] >= at[2 * i];

        groups->at[i].start = took_part ? at[2 * i] : 0;
        groups->at[i].end = took_part ? at[2 * i + 1] : 0;
    }
    pcre2_match_data_free(data);
    pcre2_general_context_free(memory);
    if (status >= 0)
        return REGEXP_MATCH;
    if (status == PCRE2_ERROR_NOMATCH)
        return REGEXP_NO_MATCH;
    set_pcre_error(err, status);
    return REGEXP_FAILED;
}

static struct slice digits_of(struct slice text)
{
    size_t n = 0;

    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
        n++;
    return slice_head(text, n);
}

/* The library steps back only for the sake of a back reference; without one it goes through the key once, but what is to be
 * repeated is copied as often when a pattern is compiled. */
static bool posix_may_last(struct slice pattern)
{
    size_t copies = 1;

    for (size_t i = 0; i + 1 < pattern.n; i++) {
        char c = pattern.p[i];
        unsigned long least, most;
        struct slice rest = slice_from_index(pattern, i + 1), numbers;

        if (c == '\\' && rest.p[0] >= '1' && rest.p[0] <= '9')
            return true;
        numbers = digits_of(rest);
        if (c != '{' || !slice_to_number(numbers, REPEATED_MAX, &least))
            continue;
        rest = slice_from_index(rest, numbers.n);
        rest = slice_from_index(rest, rest.n > 0 && rest.p[0] == ',');
        numbers = digits_of(rest);
        if (numbers.n == 0 || !slice_to_number(numbers, REPEATED_MAX, &most))
            most = least;
        copies *= most > 1 ? most : 1;
        if (copies > COPIES_MAX)
            return true;
    }
    return false;
}

/* The library has limits of its own. */
static bool pcre_may_last(struct slice pattern)
{
    (void)pattern;
    return false;
}

static const struct regexp_flag posix_flags[] = {
    { 'i', REG_ICASE },
    { 'm', REG_NEWLINE },
    { 'x', REG_EXTENDED },
    { 0 },
};

static const struct regexp_flag pcre_flags[] = {
    { 'i', PCRE2_CASELESS },
    { 'm', PCRE2_MULTILINE },
    { 's', PCRE2_DOTALL },
    { 'x', PCRE2_EXTENDED },
    { 'A', PCRE2_ANCHORED },
    { 'E', PCRE2_DOLLAR_ENDONLY },
    { 'U', PCRE2_UNGREEDY },
    { 'X', 0 },
    { 0 },
};

const struct regexp_engine regexp_posix = {
    .name = "regexp",
    .options = REG_EXTENDED | REG_ICASE,
    .flags = posix_flags,
    .second_pattern = true,
    .backslash_closes = true,
    .compile = posix_compile,
    .match = posix_match,
    .may_last = posix_may_last,
};

const struct regexp_engine regexp_pcre = {
    .name = "pcre",
    .options = PCRE2_CASELESS | PCRE2_DOTALL,
    .flags = pcre_flags,
    .compile = pcre_compile,
    .match = pcre_match,
    .may_last = pcre_may_last,
};
