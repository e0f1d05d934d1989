/* texthash and the sources of indexed tables: what is listed must be found. */
#include "tests/fuzz/fuzz_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entries(struct region *region, const struct table *t)
{
    struct table_entry e;

    for (size_t i = 0; table_entry(t, region, i, &e); i++) {
        struct table_answer a = table_lookup(t, region, slice_of(e.key), NULL);

        fuzz_check(&a);
        if (a.status != TABLE_FOUND || strcmp(a.value, e.value) != 0 || a.line != e.line)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size), key = fuzz_line(&text);
    struct table_loader loader = { fuzz_read, fuzz_dump, &text };
    struct table_asker asker = { .ask = fuzz_ask };
    struct region *region = region_new();
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = false };
    struct table_answer a;

    check_entries(region, table_open(region, SLICE("texthash:/x"), &options, &loader));
    options.utf8 = true;
    a = table_lookup(table_open(region, SLICE("texthash:/x"), &options, &loader), region, key, NULL);
    fuzz_check(&a);
    a = table_lookup(table_open(region, SLICE("hash:/x"), &options, &loader), region, key, &asker);
    fuzz_check(&a);
    table_is_fixed(table_open(region, SLICE("sqlite:/x"), &options, &loader));
    options.version = version_newest();
    a = table_lookup(table_open(region, SLICE("texthash:/x"), &options, &loader), region, key, NULL);
    fuzz_check(&a);
    region_free(region);
    return 0;
}
