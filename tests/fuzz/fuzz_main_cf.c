/* main.cf: parse, then expand each value, under an old and a new release. */
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/config/main_cf.h"
#include "scanner/config/parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *find_value(void *arg, const char *name)
{
    const struct main_cf_entry *entry = main_cf_find(arg, name);

    return entry != NULL ? entry->value : NULL;
}

static void expand_all(struct main_cf *cf, struct version version)
{
    int left = 20; /* each may take all the steps there are */

    for (const struct main_cf_entry *e = main_cf_entries(cf); e != NULL && left > 0; e = e->next, left--) {
        struct error err;
        struct buf out;

        buf_init(&out, 1u << 16);
        main_cf_expand(e->value, version, find_value, cf, &out, &err);
        buf_clear(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region = region_new();
    struct error err;
    struct main_cf *cf = main_cf_parse(region, "main.cf", slice_from((const char *)data, size), &err);

    if (cf != NULL) {
        struct version old = { 3, 4, 0 };

        expand_all(cf, old);
        expand_all(cf, version_newest());
        params_check_start(params_new(region, cf, NULL, PROGRAM_SMTP, version_newest(), "/etc/postfix"), &err);
        params_check_start(params_new(region, cf, NULL, PROGRAM_LMTP, old, "/etc/postfix"), &err);
    }
    region_free(region);
    return 0;
}
