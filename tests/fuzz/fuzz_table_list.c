/* Table lists as parameter values name them: the second line of the input. */
#include "tests/fuzz/fuzz_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size), key = fuzz_line(&text), value = fuzz_line(&text);
    struct table_loader loader = { fuzz_read, fuzz_dump, &text };
    struct table_asker asker = { .ask = fuzz_ask };
    struct table_options options = { .version = { 3, 11, 0 }, .utf8 = true };
    struct table_list list;
    struct table_answer answers[16];
    struct region *region;
    size_t count;

    if (fuzz_takes_too_long(text) || fuzz_takes_too_long(value) || key.n > 64)
        return 0;
    region = region_new();
    if (table_list_open(region, "list", value, &options, &loader, &list, NULL)) {
        count = table_list_find_all(&list, region, key, false, &asker, answers, 16);
        if (count == 0)
            abort();
        while (count > 0)
            fuzz_check(&answers[--count]);
        answers[0] = table_list_find(&list, region, key, true, &asker);
        fuzz_check(&answers[0]);
    }
    region_free(region);
    return 0;
}
