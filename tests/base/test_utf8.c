#include "scanner/base/utf8.h"
#include "tests/lib/check.h"

static const struct { const char *text; size_t length; uint32_t code; } characters[] = {
    { "a", 1, 'a' },
    { "\x7f", 1, 0x7f },
    { "\xc2\x80", 2, 0x80 },
    { "\xdf\xbf", 2, 0x7ff },
    { "\xe0\xa0\x80", 3, 0x800 },
    { "\xed\x9f\xbf", 3, 0xd7ff },
    { "\xee\x80\x80", 3, 0xe000 },
    { "\xef\xbf\xbf", 3, 0xffff },
    { "\xf0\x90\x80\x80", 4, 0x10000 },
    { "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
    { "\x80", 0, 0 },                 /* a continuation alone */
    { "\xc3", 0, 0 },                 /* cut */
    { "\xe2\x82", 0, 0 },
    { "\xf0\x9f\x98", 0, 0 },
    { "\xc3(", 0, 0 },
    { "\xc0\x80", 0, 0 },             /* overlong */
    { "\xc1\xbf", 0, 0 },
    { "\xe0\x9f\xbf", 0, 0 },
    { "\xf0\x8f\xbf\xbf", 0, 0 },
    { "\xed\xa0\x80", 0, 0 },         /* surrogates */
    { "\xed\xbf\xbf", 0, 0 },
    { "\xf4\x90\x80\x80", 0, 0 },     /* beyond Unicode */
    { "\xf8\x88\x80\x80\x80", 0, 0 },
    { "\xff", 0, 0 },
};

static void test_characters(void)
{
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        uint32_t code = 0;
        struct slice text = slice_of(characters[i].text);
        struct buf out;

        is_int(utf8_decode(text, &code), characters[i].length, "length of %s", characters[i].text);
        is_int(code, characters[i].code, "code of %s", characters[i].text);
        is_int(text_is_utf8(text), characters[i].length > 0, "is %s UTF-8", characters[i].text);
        if (characters[i].length == 0)
            continue;
        buf_init(&out, 8);
        utf8_add(&out, code);
        is_text(buf_text(&out), characters[i].text, "encoded again");
        buf_clear(&out);
    }
    check_ok(text_is_utf8((struct slice){ 0 }) && text_is_ascii((struct slice){ 0 }), "no text is both");
    check_ok(text_is_ascii(SLICE("a\x7f")) && !text_is_ascii(SLICE("a\x80")), "ASCII");
}

static const struct { const char *text, *clean; } dirty[] = {
    { "plain", "plain" },
    { "na\xc3\xafve", "na\xc3\xafve" },
    { "na\xefve", "na\xef\xbf\xbdve" },
    { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "", "" },
};

static void test_cleaning(void)
{
    struct buf out;

    for (size_t i = 0; i < sizeof(dirty) / sizeof(dirty[0]); i++) {
        buf_init(&out, 100);
        check_ok(text_clean(slice_of(dirty[i].text), &out), "cleaning %s", dirty[i].text);
        is_text(buf_text(&out), dirty[i].clean, "%s cleaned", dirty[i].text);
        buf_clear(&out);
    }
    buf_init(&out, 4);
    check_ok(!text_clean(SLICE("\xff\xff"), &out), "no room");
    buf_clear(&out);
}

/* The second column is what Postfix makes of a table key by ICU's full case folding. */
static const struct { const char *text, *folded, *folded_ascii; } keys[] = {
    { "Example.ORG", "example.org", "example.org" },
    { "M\xc3\x9cNCHEN", "m\xc3\xbcnchen", "m\xc3\x9cnchen" },
    { "STRA\xc3\x9f" "E", "strasse", "stra\xc3\x9f" "e" },
    { "\xce\xa3\xcf\x83\xcf\x82", "\xcf\x83\xcf\x83\xcf\x83", "\xce\xa3\xcf\x83\xcf\x82" }, /* sigmas */
    { "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
      "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2" },
    { "\xc4\xb0", "i\xcc\x87", "\xc4\xb0" },                          /* I with dot: not Turkish */
    { "\xe1\xba\x9e", "ss", "\xe1\xba\x9e" },                         /* capital sharp s */
    { "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" },   /* Deseret */
    { "\xe4\xbe\x8b", "\xe4\xbe\x8b", "\xe4\xbe\x8b" },               /* has no case */
    { "A\xffZ", "a\xffz", "a\xffz" },                                 /* not UTF-8 */
    { "\xc4\x80\xc4\x81\xc4\x82", "\xc4\x81\xc4\x81\xc4\x83", "\xc4\x80\xc4\x81\xc4\x82" },
};

static void test_folding(void)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct buf out;

        buf_init(&out, 100);
        text_fold(slice_of(keys[i].text), true, &out);
        is_text(buf_text(&out), keys[i].folded, "%s folded", keys[i].text);
        buf_empty(&out);
        text_fold(slice_of(keys[i].text), false, &out);
        is_text(buf_text(&out), keys[i].folded_ascii, "%s folded as ASCII", keys[i].text);
        buf_clear(&out);
    }
}

int main(void)
{
    test_characters();
    test_cleaning();
    test_folding();
    return check_done();
}
