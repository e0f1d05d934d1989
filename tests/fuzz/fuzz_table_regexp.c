/* Rule files of regexp, pcre and cidr tables. */
#include "tests/fuzz/fuzz_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tables[] = { "pcre:/x", "regexp:/x", "cidr:/x" };
    struct slice text = slice_from((const char *)data, size), key = fuzz_line(&text);
    struct table_loader loader = { fuzz_read, fuzz_dump, &text };
    struct table_options options = { .version = { 3, 7, 11 } };
    struct region *region;

    if (fuzz_takes_too_long(text) || key.n > 64)
        return 0;
    region = region_new();
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct table *t = table_open(region, slice_of(tables[i]), &options, &loader);
        struct table_answer a = table_lookup(t, region, key, NULL);

        fuzz_check(&a);
    }
    region_free(region);
    return 0;
}
