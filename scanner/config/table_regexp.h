/* Two engines behind one kind of rule file: POSIX regular expressions and PCRE. Private to scanner/config. */
#ifndef SCANNER_CONFIG_TABLE_REGEXP_H
#define SCANNER_CONFIG_TABLE_REGEXP_H

#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/table.h"

enum regexp_outcome { REGEXP_NO_MATCH, REGEXP_MATCH, REGEXP_FAILED };

/* Where group n of a match begins and ends in the key; equal where it took no part. */
struct regexp_groups {
    struct { size_t start, end; } *at;
    size_t count; /* group 0 included */
};

struct regexp_engine {
    const char *name;
    uint32_t    options;              /* the default; flags toggle */
    const struct regexp_flag { char letter; uint32_t option; } *flags; /* ends with letter 0; option 0: no effect */
    bool        second_pattern;       /* "/a/!/b/" */
    bool        backslash_closes;     /* a backslash at the end of the line stands for the closing delimiter */
    /* Compiles; the code lives as long as the region. NULL, and *err says why. groups: whether match() will be asked for
     * any; *count is how many the pattern has. */
    void *(*compile)(struct region *, const char *pattern, uint32_t options, bool groups, size_t *count, struct error *err);
    /* Matches with the library's own limits. groups->count of them are filled, those that took no part with an empty
     * range. FAILED: *err says why. */
    enum regexp_outcome (*match)(const void *code, const char *key, struct regexp_groups *groups, struct error *err);
    /* Whether the library may work at the pattern for ever, or near enough: to compile it, or to try it with some key. */
    bool (*may_last)(struct slice pattern);
};

/* One pattern of a rule. */
struct regexp_pattern {
    const struct regexp_engine *engine;
    bool negated;
    bool apart;         /* may last: it is compiled and tried only where it can be ended, when there is such a place */
    bool groups;        /* match() will be asked for some */
    struct slice text;  /* terminated */
    uint32_t options;
    void *code;         /* NULL: it is compiled anew each time */
};

/* table_regexp_apart.c. What is wrong with the pattern, or NULL; NULL too when it could not be found out. */
const char *regexp_compile_apart(const struct table *, const struct regexp_pattern *, size_t groups_wanted, int line);
/* As match(), of a pattern that was compiled apart. False: it did not come to an end. */
bool regexp_match_apart(const struct table_guard *, const struct regexp_pattern *, const char *key, struct regexp_groups *groups,
                        enum regexp_outcome *outcome, struct error *err);

/* Tells the table's guard. key NULL: it was to be compiled. */
void regexp_tell_slow(const struct table *, struct region *scratch, int line, double seconds, bool given_up, const char *key);

extern const struct regexp_engine regexp_posix, regexp_pcre;

#endif
