#include "scanner/base/slice.h"
#include "tests/lib/check.h"

#include <limits.h>
#include <stdio.h>

static void test_comparing(void)
{
    check_ok(slice_eq(SLICE("abc"), slice_from("abcd", 3)), "equal");
    check_ok(!slice_eq(SLICE("abc"), SLICE("abd")), "another byte");
    check_ok(!slice_eq(SLICE("abc"), SLICE("ab")), "another length");
    check_ok(slice_eq((struct slice){ 0 }, SLICE("")), "empty ones");
    check_ok(slice_eq_text(SLICE("abc"), "abc") && slice_eq_text(SLICE(""), NULL), "against text");
    check_ok(slice_eq_nocase(SLICE("aBc-1"), SLICE("AbC-1")), "letters in any case");
    check_ok(!slice_eq_nocase(SLICE("["), SLICE("{")), "only letters have case");
    check_ok(!slice_eq_nocase(SLICE("\xc3\xa4"), SLICE("\xc3\x84")), "only ASCII letters");
    check_ok(slice_eq_text_nocase(SLICE("SMTP"), "smtp"), "against text in any case");
    check_ok(slice_starts_with(SLICE("abc"), SLICE("ab")) && slice_starts_with(SLICE("abc"), SLICE("")), "beginning");
    check_ok(!slice_starts_with(SLICE("a"), SLICE("ab")), "longer than the whole");
    check_ok(slice_ends_with(SLICE("abc"), SLICE("bc")) && slice_ends_with(SLICE("abc"), SLICE("abc")), "end");
    check_ok(!slice_ends_with(SLICE("abc"), SLICE("ab")) && !slice_ends_with(SLICE("c"), SLICE("bc")), "not the end");
}

static void test_parts(void)
{
    struct slice s = SLICE("a.b.c");

    is_int(slice_find(s, '.'), 1, "first dot");
    is_int(slice_find_last(s, '.'), 3, "last dot");
    is_int(slice_find(s, 'x'), 5, "no such byte");
    is_int(slice_find_last(s, 'x'), 5, "no such byte from behind");
    is_slice(slice_from_index(s, 2), "b.c", "from an index");
    is_slice(slice_from_index(s, 5), "", "from the end");
    is_slice(slice_from_index(s, 99), "", "from past the end");
    is_slice(slice_head(s, 3), "a.b", "head");
    is_slice(slice_head(s, 99), "a.b.c", "a head longer than the whole");
    is_slice(slice_trim(SLICE(" \t\r\n\v\f a b \n")), "a b", "trimmed");
    is_slice(slice_trim(SLICE("  ")), "", "nothing but space");
    is_slice(slice_trim_left(SLICE("  a ")), "a ", "trimmed on the left");
    is_slice(slice_trim(slice_of(NULL)), "", "no text");
    is_bytes(slice_trim(slice_from("\0 ", 2)), slice_from("\0", 1), "NUL is no space");
}

/* Tokens are shown between bars. */
static const struct { const char *text, *separators; bool braces; const char *tokens; } lists[] = {
    { "a b  c", " ", false, "|a|b|c|" },
    { ", a,b ,, c ,", ", ", false, "|a|b|c|" },
    { "", " ", false, "|" },
    { "   ", " ", false, "|" },
    { "one", " ", false, "|one|" },
    { "a {b c} d", " ", false, "|a|{b|c}|d|" },
    { "a {b c} d", " ", true, "|a|{b c}|d|" },
    { "{a, {b, c}} d", ", ", true, "|{a, {b, c}}|d|" },
    { "x={a b}y z", " ", true, "|x={a b}y|z|" },
    { "{a b", " ", true, "|{a b|" },
    { "a} b", " ", true, "|a}|b|" },
    { "}{a b} c", " ", true, "|}{a b}|c|" },
    { "{} {}", " ", true, "|{}|{}|" },
};

static void test_tokens(void)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct slice rest = slice_of(lists[i].text), token;
        char got[200] = "|";
        size_t n = 1;

        while (lists[i].braces ? slice_next_token_braced(&rest, lists[i].separators, &token)
                               : slice_next_token(&rest, lists[i].separators, &token))
            n += (size_t)snprintf(got + n, sizeof(got) - n, "%.*s|", (int)token.n, token.p);
        is_text(got, lists[i].tokens, "tokens of \"%s\"", lists[i].text);
        is_int(rest.n, 0, "rest of \"%s\"", lists[i].text);
    }
}

static const struct { const char *text; unsigned long max; long value; } numbers[] = {
    { "0", 10, 0 },     { "10", 10, 10 },     { "11", 10, -1 },  { "007", 10, 7 },   { "", 10, -1 },
    { "-1", 10, -1 },   { "+1", 10, -1 },     { " 1", 10, -1 },  { "1 ", 10, -1 },   { "1x", 10, -1 },
    { "65535", 65535, 65535 }, { "65536", 65535, -1 }, { "0x10", 100, -1 },
    { "18446744073709551616", ULONG_MAX, -1 }, { "99999999999999999999999999", ULONG_MAX, -1 },
};

static void test_numbers(void)
{
    unsigned long value;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        bool ok = slice_to_number(slice_of(numbers[i].text), numbers[i].max, &value);

        is_int(ok ? (long)value : -1, numbers[i].value, "number \"%s\"", numbers[i].text);
    }
    check_ok(slice_to_number(SLICE("18446744073709551615"), ULONG_MAX, &value) && value == ULONG_MAX, "the largest");
}

int main(void)
{
    test_comparing();
    test_parts();
    test_tokens();
    test_numbers();
    return check_done();
}
