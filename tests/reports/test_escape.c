#include "reports/escape.h"

#include "scanner/base/utf8.h"
#include "tests/lib/check.h"

static const struct {
    const char *text, *want;
    int         width;
} rows[] = {
    { "", "", 0 },
    { "plain text", "plain text", 10 },
    { "\033[31mred", "\\x1b[31mred", 11 },
    { "a\nb\rc\td", "a\\nb\\rc\\td", 10 },
    { "bell\a del\x7f", "bell\\x07 del\\x7f", 16 },
    { "\xc2\x9b" "31m", "\\x9b31m", 7 },                            /* CSI as one C1 character */
    { "\x9b" "31m", "\xef\xbf\xbd" "31m", 4 },                        /* the same as a bare byte */
    { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd", 2 },
    { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", 2 },                   /* overlong */
    { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },   /* surrogate */
    { "\xe2\x80\xae" "gnp.exe", "\\u{202e}gnp.exe", 15 },           /* right-to-left override */
    { "\xe2\x81\xa6" "x\xe2\x81\xa9", "\\u{2066}x\\u{2069}", 17 },  /* isolates */
    { "pay\xe2\x80\x8b" "pal", "pay\\u{200b}pal", 14 },             /* zero width space */
    { "\xe2\x80\xa8", "\\u{2028}", 8 },
    { "\xf3\xa0\x81\x81", "\\u{e0041}", 9 },                        /* tag */
    { "\xef\xbb\xbf", "\\u{feff}", 8 },
    { "b\xc3\xbc" "cher.example", "b\xc3\xbc" "cher.example", 14 },
    { "e\xcc\x81", "e\xcc\x81", 1 },                                /* combining acute */
    { "\xe4\xbe\x8b\xe3\x81\x88", "\xe4\xbe\x8b\xe3\x81\x88", 4 },  /* wide */
    { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2 },
    { "back\\slash", "back\\slash", 10 },
};

static const struct {
    const char *text;
    int         columns;
    size_t      want;
} fits[] = {
    { "abc", 2, 2 },
    { "abc", 3, 3 },
    { "abc", 0, 1 },                       /* a line takes one character at least */
    { "\xe4\xbe\x8b\xe3\x81\x88", 3, 3 },  /* no half of a wide one */
    { "e\xcc\x81" "f", 1, 3 },             /* marks stay with their letter */
    { "", 5, 0 },
};

/* Whatever the character, what is written is UTF-8 without a control. */
static void check_every_character(struct region *region)
{
    uint32_t code;

    for (code = 1; code < 0x3000; code++) {
        struct buf  in;
        const char *got;
        uint32_t    first = 0;

        buf_init(&in, 4);
        utf8_add(&in, code);
        got = escape_text(region, buf_text(&in));
        if (!text_is_utf8(slice_of(got)) || utf8_decode(slice_of(got), &first) == 0 || first < 0x20 ||
            (first >= 0x7f && first < 0xa0))
            check_ok(false, "U+%04X is safe", (unsigned)code);
        buf_clear(&in);
    }
}

static void check_json(void)
{
    struct buf out;

    buf_init(&out, 200);
    escape_json(SLICE("\"a\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\xc3\xbc\\n\""), &out);
    is_text(buf_text(&out), "\"a\\u007f\\u009b\\u202e\\udb40\\udc41\xc3\xbc\\n\"", "inside JSON");
    buf_clear(&out);
}

int main(void)
{
    struct region *region = region_new();
    size_t         i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = escape_text(region, rows[i].text);

        is_text(got, rows[i].want, "escaped: %s", rows[i].want);
        is_int(text_width(slice_of(got)), rows[i].width, "width of: %s", rows[i].want);
    }
    is_text(escape_text(region, NULL), "", "no text");
    for (i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
        is_int(text_fitting(slice_of(fits[i].text), fits[i].columns), fits[i].want, "fitting: %s in %d", fits[i].text,
               fits[i].columns);
    check_every_character(region);
    check_json();
    region_free(region);
    return check_done();
}
