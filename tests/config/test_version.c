#include "scanner/config/version.h"
#include "tests/lib/check.h"

static const struct {
    const char *text;
    int major, minor, patch;
} good[] = {
    { "3.7.11", 3, 7, 11 }, { "3.4.0", 3, 4, 0 },       { "3.7", 3, 7, 22 }, { "3.12-20260821", 3, 12, 0 },
    { "3.11", 3, 11, 6 },   { "3.10.0-RC1", 3, 10, 0 }, { "4.0", 4, 0, 0 },  { "3.8-20230101-nonprod", 3, 8, 0 },
};

static const char *const bad[] = {
    "",     "3",    "3.",   "3.3.9", "2.11",    "3.7.11.1", "3.7.x", "3.7 ",
    " 3.7", "v3.7", "3.7-", "3..7",  "3.99999", "-3.7",     "3.7/1",
};

/* The change of the default of smtp_tls_dane_insecure_mx_policy. */
static const struct version fixed[] = {
    { 3, 6, 17 }, { 3, 7, 13 }, { 3, 8, 8 }, { 3, 9, 2 }, { 0, 0, 0 },
};

static const struct {
    const char *version;
    bool has;
} fixes[] = {
    { "3.4.29", false }, { "3.5.27", false }, { "3.6.16", false }, { "3.6.17", true }, { "3.7.12", false },
    { "3.7.13", true },  { "3.9.1", false },  { "3.9.2", true },   { "3.10.0", true }, { "3.12-20260821", true },
};

static void test_parse(void)
{
    struct version v;
    char text[VERSION_TEXT_MAX];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        check_ok(version_parse(&v, slice_of(good[i].text)), "\"%s\" is a version", good[i].text);
        check_ok(v.major == good[i].major && v.minor == good[i].minor && v.patch == good[i].patch, "\"%s\" is %d.%d.%d",
                 good[i].text, v.major, v.minor, v.patch);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_ok(!version_parse(&v, slice_of(bad[i])) && v.major == 0, "\"%s\" is no version we know", bad[i]);
    version_to_text((struct version){ 3, 7, 11 }, text);
    is_text(text, "3.7.11", "a version as text");
}

static void test_known(void)
{
    static const struct {
        const char *text;
        bool snapshot, known;
    } rows[] = {
        { "3.7.11", false, true }, { "3.11.6", false, true }, { "3.11.99", false, true }, { "3.12.0", false, false },
        { "3.12-20260821", true, true }, { "3.13-20270821", true, false }, { "4.0", false, false },
        { "4.0-20270821", true, false }, { "99.1", false, false },
    };
    struct version v;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        version_parse(&v, slice_of(rows[i].text));
        is_int(version_is_known(v, rows[i].snapshot), rows[i].known, "whether %s is known", rows[i].text);
    }
}

static void test_order(void)
{
    struct version v = { 3, 10, 2 };

    check_ok(version_at_least(v, 3, 9, 14), "3.10.2 is above 3.9.14");
    check_ok(version_at_least(v, 3, 10, 2), "3.10.2 is at least itself");
    check_ok(!version_at_least(v, 3, 10, 3), "3.10.2 is below 3.10.3");
    check_ok(!version_at_least(v, 4, 0, 0), "3.10.2 is below 4.0.0");
    check_ok(version_at_least(version_newest(), 3, 11, 0), "the newest release is of 3.11");
    for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++) {
        version_parse(&v, slice_of(fixes[i].version));
        is_int(version_has(v, fixed), fixes[i].has, "whether %s has the change", fixes[i].version);
    }
}

int main(void)
{
    test_parse();
    test_known();
    test_order();
    return check_done();
}
