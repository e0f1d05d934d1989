/* Two engines behind one kind of rule file: POSIX regular expressions and PCRE. Private to scanner/config. */
#ifndef SCANNER_CONFIG_TABLE_REGEXP_H
#define SCANNER_CONFIG_TABLE_REGEXP_H

#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"

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
};

extern const struct regexp_engine regexp_posix, regexp_pcre;

#endif
