#include "scanner/facts/record_binary.h"

#include <sysexits.h>

#include "scanner/base/address.h"
#include "scanner/base/utf8.h"
#include "scanner/facts/record_impl.h"

#define NUMBER_OCTETS_MAX 10
#define LISTED_TEXT_MAX   1024

/* What a record is read from. */
struct source {
    struct region *region;
    struct slice   rest;
    struct error  *err;
};

struct kind {
    void (*write)(const struct member *, const void *record, struct buf *out);
    bool (*read)(struct source *, const struct member *, void *record);
};

static bool fail(struct source *from, const struct member *m, const char *what)
{
    error_set(from->err, EX_DATAERR, "\"%s\" %s", m->key, what);
    return false;
}

static bool read_members(struct source *from, const struct member *members, void *record);

/* Parts */

void binary_add_number(struct buf *out, uint64_t value)
{
    uint8_t octets[NUMBER_OCTETS_MAX];
    size_t n = 0;

    for (; value > 0x7f; value >>= 7)
        octets[n++] = (uint8_t)(value | 0x80);
    octets[n++] = (uint8_t)value;
    buf_add(out, octets, n);
}

bool binary_take_number(struct slice *rest, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < rest->n && i < NUMBER_OCTETS_MAX; i++) {
        uint64_t octet = (uint8_t)rest->p[i];

        if (i == NUMBER_OCTETS_MAX - 1 && octet > 1)
            return false;
        *value |= (octet & 0x7f) << (7 * i);
        if (octet < 0x80) {
            *rest = slice_from_index(*rest, i + 1);
            return true;
        }
    }
    return false;
}

static bool take_number(struct source *from, const struct member *m, uint64_t *value)
{
    return binary_take_number(&from->rest, value) || fail(from, m, "is cut off");
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value < 0 ? -1 : 0);
}

static int64_t from_zigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static bool take_octets(struct source *from, const struct member *m, size_t n, struct slice *out)
{
    if (n > from->rest.n)
        return fail(from, m, "is cut off");
    *out = slice_head(from->rest, n);
    from->rest = slice_from_index(from->rest, n);
    return true;
}

/* Numbers */

static void bool_write(const struct member *m, const void *record, struct buf *out)
{
    buf_add_char(out, *(const bool *)at(m, record) ? 1 : 0);
}

static bool bool_read(struct source *from, const struct member *m, void *record)
{
    struct slice octet;

    if (!take_octets(from, m, 1, &octet))
        return false;
    if (octet.p[0] != 0 && octet.p[0] != 1)
        return fail(from, m, "is neither true nor false");
    *(bool *)at_rw(m, record) = octet.p[0] == 1;
    return true;
}

static void number_write(const struct member *m, const void *record, struct buf *out)
{
    binary_add_number(out, load_number(m, record));
}

static bool number_read(struct source *from, const struct member *m, void *record)
{
    uint64_t value;

    if (!take_number(from, m, &value))
        return false;
    if (value > number_limit(m))
        return fail(from, m, "is out of range");
    store_number(m, record, value);
    return true;
}

static void signed_write(const struct member *m, const void *record, struct buf *out)
{
    binary_add_number(out, zigzag(load_signed(m, record)));
}

static bool signed_read(struct source *from, const struct member *m, void *record)
{
    int64_t value, limit = (int64_t)number_limit(m);
    uint64_t coded;

    if (!take_number(from, m, &coded))
        return false;
    value = from_zigzag(coded);
    if (value > limit || value < -limit)
        return fail(from, m, "is out of range");
    store_number(m, record, (uint64_t)value);
    return true;
}

static void word_write(const struct member *m, const void *record, struct buf *out)
{
    int code;

    memcpy(&code, at(m, record), sizeof(code));
    binary_add_number(out, zigzag(code));
}

static bool word_read(struct source *from, const struct member *m, void *record)
{
    uint64_t coded;
    int64_t value;
    int code;

    if (!take_number(from, m, &coded))
        return false;
    value = from_zigzag(coded);
    code = (int)value;
    if (code != value || name_word(m->words, code) == NULL)
        return fail(from, m, "is not one of its words");
    memcpy(at_rw(m, record), &code, sizeof(code));
    return true;
}

/* Text and octets */

static void add_text(const char *text, struct buf *out)
{
    struct slice s = slice_of(text);
    struct buf clean;

    if (text == NULL || text_is_utf8(s)) {
        binary_add_number(out, text == NULL ? 0 : s.n + 1);
        buf_add_slice(out, s);
        return;
    }
    buf_init(&clean, s.n * 3); /* a byte becomes at most three */
    text_clean(s, &clean);
    binary_add_number(out, clean.n + 1);
    buf_add_slice(out, buf_slice(&clean));
    buf_clear(&clean);
}

static bool take_text(struct source *from, const struct member *m, size_t most, const char **text)
{
    struct slice s;
    uint64_t n;

    if (!take_number(from, m, &n))
        return false;
    if (n == 0)
        return true;
    if (n - 1 > most)
        return fail(from, m, "is too long");
    if (!take_octets(from, m, (size_t)n - 1, &s))
        return false;
    if (!text_is_utf8(s) || memchr(s.p, '\0', s.n) != NULL)
        return fail(from, m, "is not text");
    *text = region_slice(from->region, s);
    return true;
}

static void text_write(const struct member *m, const void *record, struct buf *out)
{
    add_text(pointer_of(m, record), out);
}

static bool text_read(struct source *from, const struct member *m, void *record)
{
    const char *text = NULL;

    if (!take_text(from, m, m->max, &text))
        return false;
    set_pointer(m, record, text);
    return true;
}

static void texts_write(const struct member *m, const void *record, struct buf *out)
{
    const char *const *texts = pointer_of(m, record);
    size_t n = count_of(m, record);

    binary_add_number(out, n);
    for (size_t i = 0; i < n; i++)
        add_text(texts[i], out);
}

static bool texts_read(struct source *from, const struct member *m, void *record)
{
    const char **texts;
    uint64_t n;

    if (!take_number(from, m, &n))
        return false;
    if (n > m->max)
        return fail(from, m, "is too long a list");
    texts = n > 0 ? region_array(from->region, (size_t)n, sizeof(*texts)) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (!take_text(from, m, LISTED_TEXT_MAX, &texts[i]))
            return false;
        if (texts[i] == NULL)
            return fail(from, m, "has an item that is not text");
    }
    set_pointer(m, record, texts);
    set_count(m, record, (size_t)n);
    return true;
}

static void bytes_write(const struct member *m, const void *record, struct buf *out)
{
    size_t n = count_of(m, record);

    binary_add_number(out, n);
    if (n > 0)
        buf_add(out, pointer_of(m, record), n);
}

static bool bytes_read(struct source *from, const struct member *m, void *record)
{
    struct slice octets;
    uint64_t n;

    if (!take_number(from, m, &n))
        return false;
    if (n > m->max)
        return fail(from, m, "is too long");
    if (!take_octets(from, m, (size_t)n, &octets))
        return false;
    set_pointer(m, record, n > 0 ? region_copy(from->region, octets.p, octets.n) : NULL);
    set_count(m, record, (size_t)n);
    return true;
}

static size_t octets_of(uint64_t family)
{
    return family == FAMILY_IPV4 ? 4 : family == FAMILY_IPV6 ? 16 : 0;
}

static void address_write(const struct member *m, const void *record, struct buf *out)
{
    const struct address *address = at(m, record);

    binary_add_number(out, address->family);
    buf_add(out, address->bytes, octets_of(address->family));
}

static bool address_read(struct source *from, const struct member *m, void *record)
{
    struct address *address = at_rw(m, record);
    struct slice octets;
    uint64_t family;

    if (!take_number(from, m, &family))
        return false;
    if (family != FAMILY_NONE && octets_of(family) == 0)
        return fail(from, m, "is not an IP address");
    if (!take_octets(from, m, octets_of(family), &octets))
        return false;
    address->family = (enum address_family)family;
    memcpy(address->bytes, octets.p, octets.n);
    return true;
}

/* Records in records */

static void inner_write(const struct member *m, const void *record, struct buf *out)
{
    record_to_binary(m->members, at(m, record), out);
}

static bool inner_read(struct source *from, const struct member *m, void *record)
{
    return read_members(from, m->members, at_rw(m, record));
}

static void pointed_write(const struct member *m, const void *record, struct buf *out)
{
    record_to_binary(m->members, pointer_of(m, record), out);
}

static bool pointed_read(struct source *from, const struct member *m, void *record)
{
    void *inner = region_alloc(from->region, m->width);

    set_pointer(m, record, inner);
    return read_members(from, m->members, inner);
}

static void list_write(const struct member *m, const void *record, struct buf *out)
{
    const char *items = pointer_of(m, record);
    size_t n = count_of(m, record);

    binary_add_number(out, n);
    for (size_t i = 0; i < n; i++)
        record_to_binary(m->members, items + i * m->width, out);
}

static bool list_read(struct source *from, const struct member *m, void *record)
{
    uint64_t n;
    char *items;

    if (!take_number(from, m, &n))
        return false;
    /* An item has an octet at least. */
    if (n > m->max || n > from->rest.n)
        return fail(from, m, "is too long a list");
    items = n > 0 ? region_array(from->region, (size_t)n, m->width) : NULL;
    for (size_t i = 0; i < n; i++)
        if (!read_members(from, m->members, items + i * m->width))
            return false;
    set_pointer(m, record, items);
    set_count(m, record, (size_t)n);
    return true;
}

static const struct kind kinds[] = {
    [MEMBER_BOOL] = { bool_write, bool_read },
    [MEMBER_NUMBER] = { number_write, number_read },
    [MEMBER_SIGNED] = { signed_write, signed_read },
    [MEMBER_WORD] = { word_write, word_read },
    [MEMBER_TEXT] = { text_write, text_read },
    [MEMBER_ADDRESS] = { address_write, address_read },
    [MEMBER_BYTES] = { bytes_write, bytes_read },
    [MEMBER_TEXTS] = { texts_write, texts_read },
    [MEMBER_RECORD] = { inner_write, inner_read },
    [MEMBER_RECORD_PTR] = { pointed_write, pointed_read },
    [MEMBER_RECORDS] = { list_write, list_read },
};

void record_to_binary(const struct member *members, const void *record, struct buf *out)
{
    for (const struct member *m = members; m->key != NULL; m++)
        kinds[m->kind].write(m, record, out);
}

static bool read_members(struct source *from, const struct member *members, void *record)
{
    for (const struct member *m = members; m->key != NULL; m++)
        if (!kinds[m->kind].read(from, m, record))
            return false;
    return true;
}

bool record_from_binary(struct region *region, const struct member *members, struct slice *rest, void *record,
                        struct error *err)
{
    struct source from = { region, *rest, err };
    bool whole = read_members(&from, members, record);

    *rest = from.rest;
    return whole;
}
