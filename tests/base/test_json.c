#include "scanner/base/json.h"
#include "tests/lib/check.h"

#include <math.h>
#include <string.h>

static void is_json(const struct json *j, unsigned indent, const char *want)
{
    struct buf out;

    buf_init(&out, 10000);
    check_ok(json_write(j, indent, &out), "writing %s", want);
    is_text(buf_text(&out), want, "written");
    buf_clear(&out);
}

static void test_writing(void)
{
    struct json *j = json_object(), *list = json_array();
    struct buf out;

    json_put(j, "z", json_integer(-9223372036854775807 - 1));
    json_put(j, "a", json_bool(true));
    json_put(j, "m", json_text(NULL));
    json_push(list, json_text("x\"\\\n\x01"));
    json_push(list, json_object());
    json_put(j, "list", list);
    is_json(j, 0, "{\"z\":-9223372036854775808,\"a\":true,\"m\":null,\"list\":[\"x\\\"\\\\\\n\\u0001\",{}]}");
    json_put(j, "z", json_null());
    json_put(j, "list", json_bool(false));
    is_json(j, 2, "{\n  \"z\": null,\n  \"a\": true,\n  \"m\": null,\n  \"list\": false\n}");
    json_put(j, "z", json_number(0.25));
    json_put(j, "a", json_number(NAN));
    json_put(j, "m", json_number(-INFINITY));
    is_json(j, 0, "{\"z\":0.25,\"a\":null,\"m\":null,\"list\":false}");
    buf_init(&out, 5);
    check_ok(!json_write(j, 0, &out), "no room to write");
    check_ok(out.overflow, "and the buffer says so");
    buf_clear(&out);
    json_free(j);
    json_free(NULL);
}

static void test_hostile_text(void)
{
    struct json *j = json_array();

    json_push(j, json_text("na\xefve"));
    json_push(j, json_slice(slice_from("a\0b", 3)));
    json_push(j, json_slice(slice_from("\0", 1)));
    json_push(j, json_slice((struct slice){ 0 }));
    json_push(j, json_text("\xed\xa0\x80"));
    is_json(j, 0,
            "[\"na\xef\xbf\xbdve\",\"a\xef\xbf\xbd" "b\",\"\xef\xbf\xbd\",\"\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]");
    json_free(j);
    j = json_object();
    json_put(j, "k\xff", json_integer(1));
    is_json(j, 0, "{\"k\xef\xbf\xbd\":1}");
    json_free(j);
}

static const char *const bad[] = {
    "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\":1} x", "{\"a\":1}{}", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "{\"\\u0000\":1}",
    "\"\xff\"", "\"\xed\xa0\x80\"", "\"\\ud800\"", "01", "nul", "'a'", "9223372036854775808", "[1 2]", "\"a\nb\"",
    "{a:1}", "// x\n1", "\xef\xbb\xbf{}", "NaN",
};

static void test_reading(void)
{
    struct error err;
    struct json *j;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        j = json_read(slice_of(bad[i]), &err);
        check_ok(j == NULL, "not JSON: %s", bad[i]);
        is_int(err.status, 65, "status for %s", bad[i]);
        json_free(j);
    }
    check_ok(json_read(slice_from("1\0", 2), NULL) == NULL, "NUL after the value");
    check_ok(json_read((struct slice){ 0 }, NULL) == NULL, "no text at all");
    json_read(SLICE("{\n\"a\":\n}"), &err);
    is_int(err.line, 3, "the line of the fault");

    j = json_read(SLICE(" [1] \n"), &err);
    check_ok(j != NULL, "white space around");
    json_free(j);
}

static void test_depth(void)
{
    char text[5000];
    struct json *j;
    struct error err;

    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    j = json_read(slice_from(text, 128), &err);
    check_ok(j != NULL, "64 deep");
    json_free(j);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    check_ok(json_read(slice_from(text, 130), &err) == NULL, "65 deep");
    memset(text, '[', sizeof(text));
    check_ok(json_read(slice_from(text, sizeof(text)), &err) == NULL, "5000 deep and cut");
}

static void test_getting(void)
{
    struct json *j = json_read(SLICE("{\"t\":\"text\",\"i\":42,\"b\":true,\"n\":null,\"l\":[1,\"x\"],\"o\":{\"p\":1},"
                                     "\"r\":1.5,\"u\":\"\\u00e4\"}"), NULL);
    const struct json *list = json_get(j, "l");

    is_text(json_get_text(j, "t"), "text", "text");
    is_text(json_get_text(j, "i"), NULL, "a number is no text");
    is_text(json_get_text(j, "x"), NULL, "a missing key is no text");
    is_slice(json_get_slice(j, "u"), "\xc3\xa4", "escaped text");
    is_slice(json_get_slice(j, "i"), "", "slice of a number");
    is_int(json_get_integer(j, "i", -1), 42, "number");
    is_int(json_get_integer(j, "r", -1), -1, "a fraction is no whole number");
    is_int(json_get_integer(j, "t", -1), -1, "text is no number");
    check_ok(json_get_bool(j, "b", false) && json_get_bool(j, "x", true) && !json_get_bool(j, "i", false), "booleans");
    is_int(json_count(list), 2, "items");
    is_int(json_count(j), 0, "an object has no items");
    is_int(json_as_integer(json_at(list, 0), -1), 1, "first item");
    is_text(json_as_text(json_at(list, 1)), "x", "second item");
    check_ok(json_at(list, 2) == NULL && json_at(j, 0) == NULL, "items past the end");
    check_ok(json_is_object(json_get(j, "o")) && json_is_array(list) && json_is_text(json_get(j, "t")) &&
             json_is_integer(json_get(j, "i")) && json_is_bool(json_get(j, "b")), "types");
    check_ok(json_is_null(json_get(j, "n")) && json_is_null(json_get(j, "x")) && !json_is_null(j), "nothing");
    check_ok(json_get(NULL, "x") == NULL && json_get(list, "x") == NULL && json_at(NULL, 0) == NULL, "from nothing");
    is_int(json_get_integer(NULL, "x", 7), 7, "number from nothing");
    json_free(j);
}

static void test_members(void)
{
    struct json *j = json_read(SLICE("{\"z\":1,\"a\":2,\"m\":3}"), NULL);
    struct json_cursor cursor = { j, NULL };
    const struct json *value;
    const char *key;
    size_t i = 0;

    while (json_next(&cursor, &key, &value)) {
        const struct json *same;
        const char *same_key;

        is_int(json_as_integer(value, 0), (int64_t)++i, "member %s in its order", key);
        check_ok(json_member(j, i - 1, &same_key, &same) && same == value && strcmp(key, same_key) == 0,
                 "member %s by number", key);
    }
    is_int(i, 3, "members");
    check_ok(!json_member(j, 3, &key, &value) && !json_member(NULL, 0, &key, &value), "past the end");
    json_free(j);
}

static void test_keeping(void)
{
    struct json *j = json_read(SLICE("{\"o\":{\"a\":1}}"), NULL);
    struct json *kept = json_keep((struct json *)json_get(j, "o"));

    json_free(j);
    is_int(json_get_integer(kept, "a", 0), 1, "a kept part outlives the whole");
    json_free(kept);
}

int main(void)
{
    test_writing();
    test_hostile_text();
    test_reading();
    test_depth();
    test_getting();
    test_members();
    test_keeping();
    return check_done();
}
