/* The one file that knows the JSON library (jansson). Writing is a stream of small values; reading gives a tree. */
#ifndef SCANNER_BASE_JSON_H
#define SCANNER_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/slice.h"

/* A JSON value. Values given to json_put/json_push are taken over; all others are borrowed. */
struct json;

/* jansson exports these names too; ours get symbols of their own. */
#define json_object json_new_object
#define json_array json_new_array
#define json_null json_new_null
#define json_integer json_new_integer

struct json *json_object(void);
struct json *json_array(void);
struct json *json_null(void);
struct json *json_bool(bool);
struct json *json_integer(int64_t);
struct json *json_number(double);           /* NAN and infinity give null */
struct json *json_text(const char *);       /* NULL gives null. Bytes that are not UTF-8 become U+FFFD; NUL cannot occur */
struct json *json_slice(struct slice);      /* the same; an embedded NUL becomes U+FFFD */
void json_put(struct json *object, const char *key, struct json *value);   /* takes value */
void json_push(struct json *array, struct json *value);                    /* takes value */
void json_free(struct json *);
struct json *json_keep(struct json *);      /* another reference; give it back with json_free */

/* Compact (indent 0) or indented text, keys in the order put, onto out. False when it overflows. */
bool json_write(const struct json *, unsigned indent, struct buf *out);

/* Reads one value, nothing but white space after it. Duplicate keys, NUL, invalid UTF-8, nesting deeper than 64 and text
 * longer than the caller's slice bound are errors. NULL, and *err says why with the line. */
struct json *json_read(struct slice text, struct error *err);

/* Reading: a missing key or another type gives NULL, false or the stated fall-back, never a crash. NULL is accepted. */
const struct json *json_get(const struct json *object, const char *key);
const char *json_get_text(const struct json *object, const char *key);      /* NULL when absent or not text */
struct slice json_get_slice(const struct json *object, const char *key);
int64_t json_get_integer(const struct json *object, const char *key, int64_t otherwise);
double json_get_number(const struct json *object, const char *key, double otherwise);   /* integers too */
bool json_get_bool(const struct json *object, const char *key, bool otherwise);
size_t json_count(const struct json *array);                                  /* 0 for anything else */
const struct json *json_at(const struct json *array, size_t index);
const char *json_as_text(const struct json *);                                /* NULL when not text */
struct slice json_as_slice(const struct json *);                              /* empty when not text */
int64_t json_as_integer(const struct json *, int64_t otherwise);
bool json_as_bool(const struct json *, bool otherwise);
bool json_is_object(const struct json *);
bool json_is_array(const struct json *);
bool json_is_text(const struct json *);
bool json_is_integer(const struct json *);
bool json_is_bool(const struct json *);
bool json_is_null(const struct json *);      /* JSON null, or no value at all */
/* Members in stored order: *key and *value of member i; false past the end. */
bool json_member(const struct json *object, size_t i, const char **key, const struct json **value);
/* The same without counting from the start each time: begin with { object, NULL }; false past the end. The object may
 * not be changed meanwhile. */
struct json_cursor {
    const struct json *object;
    void              *at;
};
bool json_next(struct json_cursor *, const char **key, const struct json **value);

/* The library's own allocations are mem.h's from here on. To be called before anything else of it. */
void json_use_mem(void);

#endif
