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

/* Keys come and go as in a queue, and some stay. */
static void test_removal(void)
{
    static int values[MANY];
    struct dict *d = dict_new();
    int bad = 0;
    char key[32];

    check_ok(dict_remove(d, SLICE("key-0")) == NULL, "nothing to remove");
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        bad += !dict_put(d, slice_of(key), &values[i]);
        if (i < 100 || i % 100 == 0)
            continue;
        snprintf(key, sizeof(key), "key-%d", i - 50);
        if (i % 100 != 50)
            bad += dict_remove(d, slice_of(key)) != &values[i - 50] || dict_find(d, slice_of(key)) != NULL;
    }
    is_int(bad, 0, "each is there until it is removed");
    for (int i = 0; i < 50; i++)
        bad += dict_at(d, (size_t)i) != &values[i];
    snprintf(key, sizeof(key), "key-%d", 100);
    is_text(dict_key_at(d, 51), key, "the second that stayed among those that went");
    bad += dict_find(d, slice_of(key)) != &values[100];
    is_int(bad, 0, "order is kept");
    is_int(dict_count(d), 50 + 99 + 49, "so many are left");
    check_ok(dict_at(d, dict_count(d)) == NULL && dict_at(d, dict_count(d) - 1) == &values[MANY - 1], "the last one");
    check_ok(dict_put(d, SLICE("key-60"), &values[7]) && dict_at(d, dict_count(d) - 1) == &values[7],
             "what comes back comes last");
    dict_free(d);
}

/* All of many go, and as many come again. */
static void test_empty_again(void)
{
    static char keys[MANY][16];
    struct dict *d = dict_new_borrowing();
    int bad = 0;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(keys[i], sizeof(keys[i]), "key-%d", i);
            bad += !dict_put(d, slice_of(keys[i]), keys[i]);
        }
        bad += dict_key_at(d, 7) != keys[7];
        for (int i = 0; i < MANY; i++)
            bad += dict_remove(d, slice_of(keys[i])) != keys[i];
        bad += dict_count(d) != 0 || dict_at(d, 0) != NULL || dict_find(d, slice_of(keys[0])) != NULL;
    }
    is_int(bad, 0, "emptied and filled again, with keys that are borrowed");
    dict_free(d);
}

int main(void)
{
    test_empty_again();
    test_order();
    test_nul_in_keys();
    test_many();
    test_removal();
    return check_done();
}
