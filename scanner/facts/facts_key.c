#include "scanner/facts/facts_key.h"

#include <stdint.h>

#include "scanner/base/address.h"
#include "scanner/base/utf8.h"
#include "scanner/facts/members.h"
#include "scanner/facts/record_binary.h"

/* Keys are as long as what they are made of, which is bounded where it came in. */
static struct buf unbounded(void)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    return b;
}

struct buf facts_key_dns(const char *name, enum dns_type type)
{
    struct buf key = unbounded();

    buf_add_char(&key, (char)(type >> 8));
    buf_add_char(&key, (char)type);
    text_fold(slice_of(name), false, &key);
    return key;
}

struct buf facts_key_table(const char *table, struct slice text)
{
    struct buf key = unbounded();

    buf_add_text(&key, table);
    buf_add_char(&key, '\0'); /* in no table's name */
    buf_add_slice(&key, text);
    return key;
}

struct buf facts_key_fetch(const char *domain)
{
    struct buf key = unbounded();

    text_fold(slice_of(domain), false, &key);
    return key;
}

struct buf facts_key_profile(const struct profile *profile)
{
    struct buf key = unbounded();

    record_to_binary(profile_members, profile, &key);
    return key;
}

struct buf facts_key_in_clear(const struct profile *profile)
{
    struct profile in_clear = *profile;

    in_clear.no_handshake = false;
    in_clear.min_version = in_clear.max_version = 0;
    in_clear.options = 0;
    in_clear.ciphers = in_clear.groups = NULL;
    in_clear.security_level = 0;
    in_clear.sni = in_clear.client_chain = NULL;
    return facts_key_profile(&in_clear);
}

bool profile_eq(const struct profile *a, const struct profile *b)
{
    struct buf x, y;
    bool equal;

    if (a->port != b->port || !address_eq(&a->address, &b->address))
        return false;
    x = facts_key_profile(a);
    y = facts_key_profile(b);
    equal = slice_eq(buf_slice(&x), buf_slice(&y));
    buf_clear(&x);
    buf_clear(&y);
    return equal;
}
