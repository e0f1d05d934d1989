/* master.cf: parse, and look each service up by its own name. */
#include <stdint.h>
#include <stdlib.h>

#include "scanner/config/master_cf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region = region_new();
    struct error err = { .status = 0 };
    struct master_cf *cf = master_cf_parse(region, "master.cf", slice_from((const char *)data, size), &err);

    if (cf == NULL && err.status == 0)
        abort();
    for (size_t i = 0; cf != NULL && i < cf->service_count && i < 50; i++) {
        const struct master_service *found = master_cf_transport(cf, cf->services[i].name);

        if (found != NULL && !found->is_private)
            abort();
    }
    region_free(region);
    return 0;
}
