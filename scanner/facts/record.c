#include "scanner/facts/record.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/base/address.h"
#include "scanner/base/base64.h"
#include "scanner/facts/record_impl.h"

/* What can be done with a member of a kind; *at is the member, record the struct it is in. */
struct kind {
    /* NULL: as plain octets, which the copy of the whole struct has done. */
    void (*copy)(struct region *, const struct member *, void *copy);
    /* NULL: nothing to say. */
    struct json *(*to_json)(const struct member *, const void *record);
    bool (*from_json)(struct region *, const struct member *, const struct json *, void *record, struct error *err);
};

static const struct kind kinds[];

static bool fail(struct error *err, const struct member *m, const char *what)
{
    error_set(err, EX_DATAERR, "\"%s\" %s", m->key, what);
    return false;
}

/* Booleans */

static struct json *bool_to_json(const struct member *m, const void *record)
{
    return *(const bool *)at(m, record) ? json_bool(true) : NULL;
}

static bool bool_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                           struct error *err)
{
    (void)region;
    if (!json_is_bool(j))
        return fail(err, m, "is neither true nor false");
    *(bool *)at_rw(m, record) = json_as_bool(j, false);
    return true;
}

/* Numbers */

static struct json *number_to_json(const struct member *m, const void *record)
{
    uint64_t value = load_number(m, record);

    return value != 0 ? json_integer((int64_t)value) : NULL;
}

static struct json *signed_to_json(const struct member *m, const void *record)
{
    int64_t value = load_signed(m, record);

    return value != 0 ? json_integer(value) : NULL;
}

static bool number_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                             struct error *err)
{
    int64_t value = json_as_integer(j, -1);
    int64_t limit = (int64_t)number_limit(m);

    (void)region;
    if (!json_is_integer(j))
        return fail(err, m, "is not a whole number");
    if (value > limit || value < (m->kind == MEMBER_SIGNED ? -limit : 0))
        return fail(err, m, "is out of range");
    store_number(m, record, (uint64_t)value);
    return true;
}

/* Words */

static struct json *word_to_json(const struct member *m, const void *record)
{
    int code;

    memcpy(&code, at(m, record), sizeof(code));
    return json_text(name_word(m->words, code));
}

static bool word_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                           struct error *err)
{
    int code;

    (void)region;
    if (!json_is_text(j) || !name_code_exact(m->words, json_as_slice(j), &code))
        return fail(err, m, "is not one of its words");
    memcpy(at_rw(m, record), &code, sizeof(code));
    return true;
}

/* Text */

static void text_copy(struct region *region, const struct member *m, void *copy)
{
    set_pointer(m, copy, region_text(region, pointer_of(m, copy)));
}

static struct json *text_to_json(const struct member *m, const void *record)
{
    const char *text = pointer_of(m, record);

    return text != NULL ? json_text(text) : NULL;
}

static bool text_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                           struct error *err)
{
    struct slice text = json_as_slice(j);

    if (!json_is_text(j))
        return fail(err, m, "is not text");
    if (text.n > m->max)
        return fail(err, m, "is too long");
    set_pointer(m, record, region_slice(region, text));
    return true;
}

/* Addresses */

static struct json *address_to_json(const struct member *m, const void *record)
{
    char text[ADDRESS_TEXT_MAX];

    address_to_text(at(m, record), text);
    return text[0] != '\0' ? json_text(text) : NULL;
}

static bool address_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                              struct error *err)
{
    (void)region;
    if (!json_is_text(j) || !address_parse(at_rw(m, record), json_as_slice(j)))
        return fail(err, m, "is not an IP address");
    return true;
}

/* Octets */

static void bytes_copy(struct region *region, const struct member *m, void *copy)
{
    size_t n = count_of(m, copy);

    set_pointer(m, copy, n > 0 ? region_copy(region, pointer_of(m, copy), n) : NULL);
}

static struct json *bytes_to_json(const struct member *m, const void *record)
{
    size_t n = count_of(m, record);
    struct json *j;
    struct buf text;

    if (n == 0)
        return NULL;
    buf_init(&text, (n + 2) / 3 * 4);
    base64_encode(pointer_of(m, record), n, &text);
    j = json_slice(buf_slice(&text));
    buf_clear(&text);
    return j;
}

static bool bytes_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                            struct error *err)
{
    struct buf octets;
    bool ok;

    buf_init(&octets, m->max);
    ok = json_is_text(j) && base64_decode(json_as_slice(j), &octets);
    if (ok && octets.n > 0) {
        set_pointer(m, record, region_copy(region, octets.p, octets.n));
        set_count(m, record, octets.n);
    }
    ok = ok || fail(err, m, octets.overflow ? "is too long" : "is not base64");
    buf_clear(&octets);
    return ok;
}

/* Lists of text */

static void texts_copy(struct region *region, const struct member *m, void *copy)
{
    size_t n = count_of(m, copy);
    const char **texts = n > 0 ? region_copy(region, pointer_of(m, copy), n * sizeof(*texts)) : NULL;

    for (size_t i = 0; i < n; i++)
        texts[i] = region_text(region, texts[i]);
    set_pointer(m, copy, texts);
}

static struct json *texts_to_json(const struct member *m, const void *record)
{
    const char *const *texts = pointer_of(m, record);
    struct json *list;

    if (count_of(m, record) == 0)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < count_of(m, record); i++)
        json_push(list, json_text(texts[i]));
    return list;
}

#define LISTED_TEXT_MAX 1024

static bool texts_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                            struct error *err)
{
    size_t n = json_count(j);
    const char **texts;

    if (!json_is_array(j) || n > m->max)
        return fail(err, m, "is not a list, or is too long");
    texts = region_array(region, n, sizeof(*texts));
    for (size_t i = 0; i < n; i++) {
        struct slice text = json_as_slice(json_at(j, i));

        if (!json_is_text(json_at(j, i)) || text.n > LISTED_TEXT_MAX)
            return fail(err, m, "has an item that is not text, or is too long");
        texts[i] = region_slice(region, text);
    }
    set_pointer(m, record, texts);
    set_count(m, record, n);
    return true;
}

/* Records in records */

static void members_copy(struct region *region, const struct member *members, void *copy)
{
    for (const struct member *m = members; m->key != NULL; m++)
        if (kinds[m->kind].copy != NULL)
            kinds[m->kind].copy(region, m, copy);
}

static void inner_copy(struct region *region, const struct member *m, void *copy)
{
    members_copy(region, m->members, at_rw(m, copy));
}

static struct json *inner_to_json(const struct member *m, const void *record)
{
    struct json *object = json_object();
    const struct json *value;
    const char *key;

    record_to_json(m->members, at(m, record), object);
    if (json_member(object, 0, &key, &value))
        return object;
    json_free(object);
    return NULL;
}

static bool inner_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                            struct error *err)
{
    if (!json_is_object(j))
        return fail(err, m, "is not an object");
    return record_from_json(region, m->members, j, at_rw(m, record), err);
}

static void pointed_copy(struct region *region, const struct member *m, void *copy)
{
    void *inner = region_alloc(region, m->width);

    record_copy(region, m->members, inner, pointer_of(m, copy), m->width);
    set_pointer(m, copy, inner);
}

static struct json *pointed_to_json(const struct member *m, const void *record)
{
    struct json *object = json_object();

    record_to_json(m->members, pointer_of(m, record), object);
    return object;
}

static bool pointed_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                              struct error *err)
{
    void *inner = region_alloc(region, m->width);

    if (!json_is_object(j))
        return fail(err, m, "is not an object");
    set_pointer(m, record, inner);
    return record_from_json(region, m->members, j, inner, err);
}

static void list_copy(struct region *region, const struct member *m, void *copy)
{
    size_t n = count_of(m, copy);
    char *list = n > 0 ? region_copy(region, pointer_of(m, copy), n * m->width) : NULL;

    for (size_t i = 0; i < n; i++)
        members_copy(region, m->members, list + i * m->width);
    set_pointer(m, copy, list);
}

static struct json *list_to_json(const struct member *m, const void *record)
{
    const char *items = pointer_of(m, record);
    struct json *list;

    if (count_of(m, record) == 0)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < count_of(m, record); i++) {
        struct json *object = json_object();

        record_to_json(m->members, items + i * m->width, object);
        json_push(list, object);
    }
    return list;
}

static bool list_from_json(struct region *region, const struct member *m, const struct json *j, void *record,
                           struct error *err)
{
    size_t n = json_count(j);
    char *items;

    if (!json_is_array(j) || n > m->max)
        return fail(err, m, "is not a list, or is too long");
    items = region_array(region, n, m->width);
    for (size_t i = 0; i < n; i++)
        if (!json_is_object(json_at(j, i)))
            return fail(err, m, "has an item that is not an object");
        else if (!record_from_json(region, m->members, json_at(j, i), items + i * m->width, err))
            return false;
    set_pointer(m, record, items);
    set_count(m, record, n);
    return true;
}

static const struct kind kinds[] = {
    [MEMBER_BOOL] = { NULL, bool_to_json, bool_from_json },
    [MEMBER_NUMBER] = { NULL, number_to_json, number_from_json },
    [MEMBER_SIGNED] = { NULL, signed_to_json, number_from_json },
    [MEMBER_WORD] = { NULL, word_to_json, word_from_json },
    [MEMBER_TEXT] = { text_copy, text_to_json, text_from_json },
    [MEMBER_ADDRESS] = { NULL, address_to_json, address_from_json },
    [MEMBER_BYTES] = { bytes_copy, bytes_to_json, bytes_from_json },
    [MEMBER_TEXTS] = { texts_copy, texts_to_json, texts_from_json },
    [MEMBER_RECORD] = { inner_copy, inner_to_json, inner_from_json },
    [MEMBER_RECORD_PTR] = { pointed_copy, pointed_to_json, pointed_from_json },
    [MEMBER_RECORDS] = { list_copy, list_to_json, list_from_json },
};

void record_copy(struct region *region, const struct member *members, void *copy, const void *record, size_t width)
{
    memcpy(copy, record, width);
    members_copy(region, members, copy);
}

void record_to_json(const struct member *members, const void *record, struct json *object)
{
    for (const struct member *m = members; m->key != NULL; m++) {
        struct json *value = kinds[m->kind].to_json(m, record);

        if (value != NULL)
            json_put(object, m->key, value);
    }
}

bool record_from_json(struct region *region, const struct member *members, const struct json *object, void *record,
                      struct error *err)
{
    for (const struct member *m = members; m->key != NULL; m++) {
        const struct json *value = json_get(object, m->key);
        bool needed = m->kind == MEMBER_WORD || m->kind == MEMBER_RECORD_PTR;

        if (value == NULL && needed)
            return fail(err, m, "is missing");
        if (value != NULL && !kinds[m->kind].from_json(region, m, value, record, err))
            return false;
    }
    return true;
}
