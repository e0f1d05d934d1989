/* A value of a policy table, or of smtp_tls_per_site. The first byte chooses the release: '4' is 3.4, ':' 3.10, ';' 3.11. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "scanner/policy/per_site.h"
#include "scanner/policy/policy.h"
#include "scanner/policy/policy_parse.h"
#include "scanner/policy/protocols.h"
#include "tests/policy/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fine(struct region *region, const struct policy *policy, struct version version)
{
    struct protocols protocols;

    if (policy->level < LEVEL_NONE || policy->error != NULL)
        abort();
    if (policy->match != NULL && policy->level < LEVEL_FINGERPRINT)
        abort();
    if (policy->protocols != NULL && protocols_parse(&protocols, slice_of(policy->protocols), version, NULL))
        protocols_to_text(region, &protocols);
}

/* What it says must hold together, whatever was read. */
static void check(struct region *region, const struct policy *policy, struct version version)
{
    for (size_t i = 0; i < policy->attribute_count; i++)
        if (policy->attributes[i].name == NULL || policy->attributes[i].value == NULL)
            abort();
    if (policy->trouble == POLICY_FINE)
        check_fine(region, policy, version);
    else if (policy->level != LEVEL_INVALID || (policy->trouble == POLICY_BAD_VALUE && policy->error == NULL))
        abort();
}

/* A configuration for each minor release, made once. */
static struct fixture *fixture_of(uint8_t byte)
{
    static struct fixture *made[9];
    unsigned minor = 4 + (uint8_t)(byte - '4') % 9u;
    char version[8];

    if (made[minor - 4] == NULL) {
        snprintf(version, sizeof(version), "3.%u", minor);
        made[minor - 4] = fixture_new("", minor == 12 ? "3.12-20260821" : version, NULL);
    }
    return made[minor - 4];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region;
    struct policy policy;
    struct fixture *f;
    enum level level;
    struct slice value;

    if (size == 0)
        return 0;
    value = slice_from((const char *)data + 1, size - 1);
    f = fixture_of(data[0]);
    region = region_new();
    policy_parse(region, &policy, value, f->smtp, &f->config, &f->view);
    check(region, &policy, f->config.version);
    policy_tafile_trouble(value);
    if (!per_site_parse(value, &level))
        per_site_suggestion(value);
    wants_clear(f->wants);
    region_free(region);
    return 0;
}
