#include "scanner/base/hostname.h"
#include "tests/lib/check.h"

#include <string.h>

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct { char name[320]; bool valid; } names[] = {
    { "example.org", true },
    { "EXAMPLE.Org", true },
    { "localhost", true },
    { "a", true },
    { "_dmarc.example.org", true },
    { "mx_1.example.org", true },
    { "_", true },
    { "1a", true },
    { "a--b.example", true },
    { "1-2", true },
    { "127.0.0.1.example", true },
    { L63 ".example", true },
    { L63 "." L63 "." L63 "." L63, true },
    { "", false },
    { ".", false },
    { ".example.org", false },
    { "example.org.", false },
    { "example..org", false },
    { "-example.org", false },
    { "example-.org", false },
    { "example.-org", false },
    { "example.org-", false },
    { "-", false },
    { "127.0.0.1", false },
    { "12", false },
    { "1.2", false },
    { L63 "a.example", false },
    { L63 "." L63 "." L63 "." L63 ".a", false },
    { "exa mple.org", false },
    { "*.example.org", false },
    { "example.org\n", false },
    { "[example.org]", false },
    { "2001:db8::1", false },
    { "m\xc3\xbcnchen.example", false },
};

static void test_ascii_names(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_int(hostname_is_valid(slice_of(names[i].name)), names[i].valid, "validity of \"%s\"", names[i].name);
        is_int(hostname_is_valid_utf8(slice_of(names[i].name), false), names[i].valid,
               "validity of \"%s\" without SMTPUTF8", names[i].name);
    }
    check_ok(!hostname_is_valid(slice_from("exam\0ple.org", 12)), "NUL in a name");
    check_ok(!hostname_is_valid((struct slice){ 0 }), "no name at all");
}

/* What ICU, and so Postfix, makes of them. NULL: not convertible. */
static const struct { const char *name, *ascii; } converted[] = {
    { "example.org", "example.org" },
    { "Example.ORG", "Example.ORG" },
    { "not valid..", "not valid.." },
    { "m\xc3\xbcnchen.example", "xn--mnchen-3ya.example" },
    { "M\xc3\x9cNCHEN.Example", "xn--mnchen-3ya.example" },
    { "mu\xcc\x88nchen.example", "xn--mnchen-3ya.example" },         /* decomposed */
    { "stra\xc3\x9f" "e.example", "xn--strae-oqa.example" },           /* not transitional */
    { "_25._tcp.m\xc3\xbcnchen.example", "_25._tcp.xn--mnchen-3ya.example" },
    { "m\xc3\xbcnchen\xe3\x80\x82" "example", "xn--mnchen-3ya.example" }, /* ideographic full stop */
    { "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah" },
    { "m\xfcnchen.example", NULL },                                  /* ISO 8859-1 */
    { "m\xc3\xbcnchen\xef\xbf\xbd.example", NULL },                  /* U+FFFD */
    { "\xcc\x88" "a.example", NULL },                                  /* begins with a combining mark */
};

static void test_conversion(void)
{
    for (size_t i = 0; i < sizeof(converted) / sizeof(converted[0]); i++) {
        char out[HOSTNAME_MAX + 1];
        bool ok = hostname_to_ascii(slice_of(converted[i].name), out);

        is_text(ok ? out : NULL, converted[i].ascii, "A-labels of %s", converted[i].name);
    }
}

static void test_long_names(void)
{
    char name[2000], out[HOSTNAME_MAX + 1];

    memset(name, 'a', sizeof(name));
    check_ok(hostname_to_ascii(slice_from(name, HOSTNAME_MAX), out), "the longest that is copied");
    check_ok(!hostname_to_ascii(slice_from(name, HOSTNAME_MAX + 1), out), "one past it");
    for (size_t i = 0; i < sizeof(name); i += 2)
        memcpy(name + i, "\xc3\xbc", 2);
    check_ok(!hostname_to_ascii(slice_from(name, sizeof(name)), out), "a long name of U-labels");
    check_ok(!hostname_to_ascii(slice_from("m\xc3\xbc\0x", 5), out), "NUL in a U-label");
    check_ok(hostname_to_ascii((struct slice){ 0 }, out) && out[0] == '\0', "no name at all");
    check_ok(hostname_is_valid_utf8(SLICE("m\xc3\xbcnchen.example"), true), "U-labels with SMTPUTF8");
    check_ok(!hostname_is_valid_utf8(SLICE("m\xc3\xbcnchen..example"), true), "an empty label beside a U-label");
}

int main(void)
{
    test_ascii_names();
    test_conversion();
    test_long_names();
    return check_done();
}
