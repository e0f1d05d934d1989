#include <jansson.h>

/* Names that jansson and we both use, caught before json.h gives them another meaning. */
static json_t *(*const jansson_object)(void) = json_object;
static json_t *(*const jansson_array)(void) = json_array;
static json_t *(*const jansson_null)(void) = json_null;
static json_t *(*const jansson_integer)(json_int_t) = json_integer;
#undef json_is_object
#undef json_is_array
#undef json_is_integer
#undef json_is_null

#include "scanner/base/json.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sysexits.h>

#include "scanner/base/mem.h"
#include "scanner/base/utf8.h"

#define DEPTH_MAX 64

/* struct json is never defined: it is jansson's json_t under another name. */
static json_t *lib(const struct json *j)
{
    return (json_t *)j;
}

static struct json *ours(json_t *j)
{
    if (j == NULL)
        mem_exhausted();
    return (struct json *)j;
}

struct json *json_object(void)
{
    return ours(jansson_object());
}

struct json *json_array(void)
{
    return ours(jansson_array());
}

struct json *json_null(void)
{
    return ours(jansson_null());
}

struct json *json_bool(bool b)
{
    return ours(json_boolean(b));
}

struct json *json_integer(int64_t i)
{
    return ours(jansson_integer(i));
}

struct json *json_number(double number)
{
    return isfinite(number) ? ours(json_real(number)) : json_null();
}

struct json *json_text(const char *text)
{
    return text != NULL ? json_slice(slice_of(text)) : json_null();
}

/* text with U+FFFD for what cannot stand in JSON: broken UTF-8, and NUL, which we never write. */
static void clean(struct slice text, struct buf *out)
{
    buf_init(out, text.n * 3); /* a byte becomes at most three */
    while (text.n > 0) {
        size_t nul = slice_find(text, '\0');

        text_clean(slice_head(text, nul), out);
        if (nul < text.n)
            utf8_add(out, UTF8_REPLACEMENT);
        text = slice_from_index(text, nul + 1);
    }
}

static bool is_clean(struct slice text)
{
    return text_is_utf8(text) && slice_find(text, '\0') == text.n;
}

struct json *json_slice(struct slice text)
{
    struct buf b;
    struct json *j;

    text = slice_from(text.p, text.n);
    if (is_clean(text))
        return ours(json_stringn_nocheck(text.p, text.n));
    clean(text, &b);
    j = ours(json_stringn_nocheck(buf_text(&b), b.n));
    buf_clear(&b);
    return j;
}

void json_put(struct json *object, const char *key, struct json *value)
{
    struct buf b;

    assert(json_is_object(object) && value != NULL);
    clean(slice_of(key), &b);
    if (json_object_set_new_nocheck(lib(object), buf_text(&b), lib(value)) != 0)
        mem_exhausted();
    buf_clear(&b);
}

void json_push(struct json *array, struct json *value)
{
    assert(json_is_array(array) && value != NULL);
    if (json_array_append_new(lib(array), lib(value)) != 0)
        mem_exhausted();
}

void json_free(struct json *j)
{
    json_decref(lib(j));
}

struct json *json_keep(struct json *j)
{
    return ours(json_incref(lib(j)));
}

static int add_to_buf(const char *data, size_t n, void *arg)
{
    return buf_add(arg, data, n) ? 0 : -1;
}

bool json_write(const struct json *j, unsigned indent, struct buf *out)
{
    size_t flags = JSON_ENCODE_ANY | (indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT);

    return json_dump_callback(lib(j), add_to_buf, out, flags) == 0;
}

static bool is_deeper(const struct json *j, unsigned depth)
{
    struct json_cursor cursor = { j, NULL };
    const struct json *value;
    const char *key;

    if (!json_is_object(j) && !json_is_array(j))
        return false;
    if (depth == 0)
        return true;
    while (json_next(&cursor, &key, &value))
        if (is_deeper(value, depth - 1))
            return true;
    for (size_t i = 0; i < json_count(j); i++)
        if (is_deeper(json_at(j, i), depth - 1))
            return true;
    return false;
}

struct json *json_read(struct slice text, struct error *err)
{
    json_error_t trouble;
    json_t *j;

    text = slice_from(text.p, text.n);
    if (slice_find(text, '\0') < text.n) { /* jansson takes one after the value for the end */
        error_set(err, EX_DATAERR, "not valid JSON: a NUL byte");
        return NULL;
    }
    if (utf8_has_mark(text)) {
        error_set_at(err, EX_DATAERR, NULL, 1, "not valid JSON: a byte order mark in front of it; save it without one");
        return NULL;
    }
    j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
    if (j == NULL && json_error_code(&trouble) == json_error_out_of_memory)
        mem_exhausted();
    if (j == NULL) {
        error_set_at(err, EX_DATAERR, NULL, trouble.line, "not valid JSON: %s", trouble.text);
        return NULL;
    }
    if (is_deeper((struct json *)j, DEPTH_MAX)) {
        error_set_at(err, EX_DATAERR, NULL, 1, "not valid JSON here: nested more than %d deep", DEPTH_MAX);
        json_decref(j);
        return NULL;
    }
    return (struct json *)j;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return (const struct json *)json_object_get(lib(object), key);
}

const char *json_get_text(const struct json *object, const char *key)
{
    return json_as_text(json_get(object, key));
}

struct slice json_get_slice(const struct json *object, const char *key)
{
    return json_as_slice(json_get(object, key));
}

int64_t json_get_integer(const struct json *object, const char *key, int64_t otherwise)
{
    return json_as_integer(json_get(object, key), otherwise);
}

double json_get_number(const struct json *object, const char *key, double otherwise)
{
    const struct json *value = json_get(object, key);

    return value == NULL                              ? otherwise
           : json_typeof(lib(value)) == JSON_REAL    ? json_real_value(lib(value))
           : json_typeof(lib(value)) == JSON_INTEGER ? (double)json_integer_value(lib(value))
                                                     : otherwise;
}

bool json_get_bool(const struct json *object, const char *key, bool otherwise)
{
    return json_as_bool(json_get(object, key), otherwise);
}

size_t json_count(const struct json *array)
{
    return json_array_size(lib(array));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return (const struct json *)json_array_get(lib(array), index);
}

const char *json_as_text(const struct json *j)
{
    return json_string_value(lib(j));
}

struct slice json_as_slice(const struct json *j)
{
    return slice_from(json_string_value(lib(j)), json_string_length(lib(j)));
}

bool json_as_bool(const struct json *j, bool otherwise)
{
    return json_is_bool(j) ? json_is_true(lib(j)) : otherwise;
}

int64_t json_as_integer(const struct json *j, int64_t otherwise)
{
    return json_is_integer(j) ? json_integer_value(lib(j)) : otherwise;
}

static bool has_type(const struct json *j, json_type type)
{
    return j != NULL && json_typeof(lib(j)) == type;
}

bool json_is_object(const struct json *j)
{
    return has_type(j, JSON_OBJECT);
}

bool json_is_array(const struct json *j)
{
    return has_type(j, JSON_ARRAY);
}

bool json_is_text(const struct json *j)
{
    return has_type(j, JSON_STRING);
}

bool json_is_integer(const struct json *j)
{
    return has_type(j, JSON_INTEGER);
}

bool json_is_bool(const struct json *j)
{
    return has_type(j, JSON_TRUE) || has_type(j, JSON_FALSE);
}

bool json_is_null(const struct json *j)
{
    return j == NULL || has_type(j, JSON_NULL);
}

bool json_member(const struct json *object, size_t i, const char **key, const struct json **value)
{
    struct json_cursor cursor = { object, NULL };

    do {
        if (!json_next(&cursor, key, value))
            return false;
    } while (i-- > 0);
    return true;
}

bool json_next(struct json_cursor *cursor, const char **key, const struct json **value)
{
    json_t *object = lib(cursor->object);

    cursor->at = cursor->at == NULL ? json_object_iter(object) : json_object_iter_next(object, cursor->at);
    if (cursor->at == NULL)
        return false;
    *key = json_object_iter_key(cursor->at);
    *value = (const struct json *)json_object_iter_value(cursor->at);
    return true;
}

static void *alloc(size_t size)
{
    return mem_grow(NULL, 1, size);
}

void json_use_mem(void)
{
    json_set_alloc_funcs(alloc, mem_free);
}
