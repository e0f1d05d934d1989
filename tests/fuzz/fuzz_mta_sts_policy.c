/* The body of an MTA-STS policy, as a web server may send it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/policy/mta_sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_fine(struct region *region, const struct sts_policy *policy)
{
    must(sts_mode_word(policy->mode) != NULL);
    must(policy->max_age >= 0 && policy->max_age <= STS_MAX_AGE_MAX);
    must(policy->mx.count > 0 || policy->mode == STS_MODE_NONE);
    for (size_t i = 0; i < policy->mx.count; i++) {
        const char *pattern = policy->mx.items[i];

        must(pattern[0] != '\0');
        if (pattern[0] == '*') {
            must(sts_mx_fits(&policy->mx, region_printf(region, "a%s", pattern + 1)));
            must(strchr(pattern + 1, '*') == NULL);
        } else {
            must(sts_mx_fits(&policy->mx, pattern));
        }
    }
}

static size_t count_lines(struct slice body)
{
    size_t count = 1;

    for (size_t i = 0; i < body.n; i++)
        count += body.p[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region    *region = region_new();
    struct slice      body = slice_from((const char *)data, size);
    struct sts_policy policy;
    struct sts_place  place;
    enum sts_fault    fault = sts_policy_parse(region, body, &policy, &place);

    must(sts_fault_word(fault) != NULL && sts_fault_sentence(fault) != NULL);
    must(place.line <= count_lines(body));
    if (fault == STS_FAULT_FINE)
        check_fine(region, &policy);
    region_free(region);
    return 0;
}
