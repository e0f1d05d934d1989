#include "scanner/facts/profiles.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts_key.h"
#include "scanner/facts/members.h"
#include "scanner/facts/record_binary.h"

#define HAS_NAME 0x80   /* beside the family of the address */

struct settings {
    size_t         number;
    struct profile profile;
};

struct profiles {
    struct region *region;
    struct dict   *all;    /* by their octets */
};

struct profiles *profiles_new(void)
{
    struct profiles *p = mem_alloc(sizeof(*p));

    p->region = region_new_small();
    p->all = dict_new();
    return p;
}

void profiles_free(struct profiles *p)
{
    if (p == NULL)
        return;
    dict_free(p->all);
    region_free(p->region);
    mem_free(p);
}

size_t profiles_count(const struct profiles *p)
{
    return dict_count(p->all);
}

static size_t number_of(struct profiles *p, const struct profile *profile)
{
    struct profile   in_common = *profile;
    struct settings *settings;
    struct buf       key;

    in_common.address = (struct address){ .family = FAMILY_NONE };
    in_common.sni = NULL;
    key = facts_key_profile(&in_common);
    settings = dict_find(p->all, buf_slice(&key));
    if (settings == NULL) {
        settings = region_alloc(p->region, sizeof(*settings));
        settings->number = dict_count(p->all);
        record_copy(p->region, profile_members, &settings->profile, &in_common, sizeof(in_common));
        dict_put(p->all, buf_slice(&key), settings);
    }
    buf_clear(&key);
    return settings->number;
}

static const struct profile *settings_at(const struct profiles *p, uint64_t number)
{
    const struct settings *settings = number < dict_count(p->all) ? dict_at(p->all, (size_t)number) : NULL;

    return settings != NULL ? &settings->profile : NULL;
}

static const struct profile *take_settings(const struct profiles *p, struct slice *rest)
{
    uint64_t number;

    return binary_take_number(rest, &number) ? settings_at(p, number) : NULL;
}

const struct profile *profiles_settings(const struct profiles *p, struct slice octets)
{
    return take_settings(p, &octets);
}

static size_t octets_of(enum address_family family)
{
    return family == FAMILY_IPV4 ? 4 : family == FAMILY_IPV6 ? 16 : 0;
}

void profiles_fold(struct profiles *p, const struct profile *profile, struct buf *out)
{
    const struct address *address = &profile->address;

    binary_add_number(out, number_of(p, profile));
    buf_add_char(out, (char)((unsigned)address->family | (profile->sni != NULL ? HAS_NAME : 0u)));
    buf_add(out, address->bytes, octets_of(address->family));
    if (profile->sni != NULL)
        buf_add_text(out, profile->sni);
}

/* Takes the address off *rest, and whether a name follows. */
static bool take_address(struct slice *rest, struct address *address, bool *has_name)
{
    uint8_t head;
    size_t  n;

    if (rest->n == 0)
        return false;
    head = (uint8_t)rest->p[0];
    *has_name = (head & HAS_NAME) != 0;
    address->family = (enum address_family)(head & ~HAS_NAME);
    n = octets_of(address->family);
    *rest = slice_from_index(*rest, 1);
    if (n == 0 || rest->n < n)
        return false;
    memcpy(address->bytes, rest->p, n);
    *rest = slice_from_index(*rest, n);
    return true;
}

bool profiles_unfold(const struct profiles *p, struct slice octets, struct profile *profile)
{
    const struct profile *settings = take_settings(p, &octets);
    bool                  has_name;

    if (settings == NULL)
        return false;
    *profile = *settings;
    if (!take_address(&octets, &profile->address, &has_name) || memchr(octets.p, '\0', octets.n) != NULL)
        return false;
    profile->sni = has_name ? octets.p : NULL;
    return has_name || octets.n == 0;
}

void profiles_write(const struct profiles *p, size_t number, struct buf *out)
{
    record_to_binary(profile_members, settings_at(p, number), out);
}

bool profiles_read(struct profiles *p, size_t number, struct slice octets, struct error *err)
{
    struct region *region = region_new_small();
    struct profile profile = { .port = 0 };
    bool           good = record_from_binary(region, profile_members, &octets, &profile, err);

    if (good && (octets.n > 0 || profile.port == 0 || number_of(p, &profile) != number)) {
        error_set(err, EX_DATAERR, "settings that are none, or not the next");
        good = false;
    }
    region_free(region);
    return good;
}
