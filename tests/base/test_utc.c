#include "scanner/base/utc.h"
#include "tests/lib/check.h"

static const struct { int64_t when; const char *text; } times[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1795137300, "2026-11-20T01:15:00Z" },
    { -1, "1969-12-31T23:59:59Z" },
    { 951782400, "2000-02-29T00:00:00Z" },
    { 951868800, "2000-03-01T00:00:00Z" },
    { 4107542400, "2100-03-01T00:00:00Z" },
    { 4107542399, "2100-02-28T23:59:59Z" },
    { 2147483648, "2038-01-19T03:14:08Z" },
    { 253402300799, "9999-12-31T23:59:59Z" },
    { -62167219200, "0000-01-01T00:00:00Z" },
    { 1709164800, "2024-02-29T00:00:00Z" },
};

static const struct { const char *text, *same; } forms[] = {
    { "2026-11-20", "2026-11-20T00:00:00Z" },
    { "2026-11-20t01:15:00z", "2026-11-20T01:15:00Z" },
    { "2026-11-20 01:15:00Z", "2026-11-20T01:15:00Z" },
    { "2026-11-20T01:15:00.999Z", "2026-11-20T01:15:00Z" },
    { "2026-11-20T01:15:00+01:00", "2026-11-20T00:15:00Z" },
    { "2026-11-20T23:15:00-05:30", "2026-11-21T04:45:00Z" },
    { "2026-11-20T01:15:00-00:00", "2026-11-20T01:15:00Z" },
    { "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
};

static const char *const bad[] = {
    "", "2026", "2026-11", "2026-13-01", "2026-00-01", "2026-11-00", "2026-11-31", "2026-02-29", "2100-02-29",
    "2026-11-20T", "2026-11-20T01:15", "2026-11-20T01:15:00", "2026-11-20T24:00:00Z", "2026-11-20T01:60:00Z",
    "2026-11-20T01:15:61Z", "2026-11-20T01:15:00.Z", "2026-11-20T01:15:00Zx", "2026-11-20T01:15:00+1:00",
    "2026-11-20T01:15:00+24:00", "2026-11-20T01:15:00*01:00", "2026-11-20Z", "20261120", "26-11-20", "+026-11-20",
    "2026-11-20x", "2026/11/20", " 2026-11-20",
};

int main(void)
{
    char text[UTC_TEXT_MAX];
    int64_t when, same;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        utc_to_text(times[i].when, text);
        is_text(text, times[i].text, "text of %lld", (long long)times[i].when);
        check_ok(utc_parse(slice_of(times[i].text), &when), "reading %s", times[i].text);
        is_int(when, times[i].when, "seconds of %s", times[i].text);
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        when = same = -1;
        check_ok(utc_parse(slice_of(forms[i].text), &when), "reading %s", forms[i].text);
        utc_parse(slice_of(forms[i].same), &same);
        is_int(when, same, "%s is %s", forms[i].text, forms[i].same);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_ok(!utc_parse(slice_of(bad[i]), &when), "no time: \"%s\"", bad[i]);
    utc_to_text(INT64_MAX, text);
    is_text(text, "292277026596-12-04T15:30:07Z", "the last second");
    utc_to_text(INT64_MIN, text);
    is_text(text, "-292277022657-01-27T08:29:52Z", "the first second");
    return check_done();
}
