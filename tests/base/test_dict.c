#include "scanner/base/dict.h"
#include "tests/lib/check.h"

#include <stdio.h>

#define MANY 5000

static void test_order(void)
{
    static int values[4];
    struct dict *d = dict_new();

    check_ok(dict_find(d, SLICE("a")) == NULL, "nothing in a new one");
    check_ok(dict_put(d, SLICE("b"), &values[0]), "first key");
    check_ok(dict_put(d, SLICE("a"), &values[1]), "second key");
    check_ok(dict_put(d, SLICE(""), &values[2]), "empty key");
    check_ok(!dict_put(d, SLICE("b"), &values[3]), "a key again");
    is_int(dict_count(d), 3, "count");
    check_ok(dict_find(d, SLICE("b")) == &values[3], "the new value");
    check_ok(dict_find(d, (struct slice){ 0 }) == &values[2], "the empty key, without text");
    check_ok(dict_at(d, 0) == &values[3], "in its old place");
    is_text(dict_key_at(d, 0), "b", "its key");
    is_text(dict_key_at(d, 1), "a", "the next key");
    check_ok(dict_at(d, 3) == NULL && dict_key_at(d, 3) == NULL, "past the end");
    dict_free(d);
    dict_free(NULL);
}

static void test_nul_in_keys(void)
{
    struct dict *d = dict_new();
    int x, y;

    dict_put(d, slice_from("a\0x", 3), &x);
    dict_put(d, slice_from("a\0y", 3), &y);
    check_ok(dict_find(d, slice_from("a\0x", 3)) == &x, "key with NUL");
    check_ok(dict_find(d, slice_from("a\0y", 3)) == &y, "another key with NUL");
    check_ok(dict_find(d, SLICE("a")) == NULL, "the part before NUL is another key");
    dict_free(d);
}

static void test_many(void)
{
    static int values[MANY];
    struct dict *d = dict_new();
    int found = 0;
    char key[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        dict_put(d, slice_of(key), &values[i]);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        found += dict_find(d, slice_of(key)) == &values[i] && dict_at(d, (size_t)i) == &values[i];
    }
    is_int(found, MANY, "all of many are found, in order");
    dict_free(d);
}

int main(void)
{
    test_order();
    test_nul_in_keys();
    test_many();
    return check_done();
}
