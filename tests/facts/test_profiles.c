/* Profiles folded: what hosts have in common is told once, to the other process too, and each unfolds to what it was. */
#include "scanner/facts/profiles.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/facts/facts.h"
#include "tests/lib/check.h"

#define ROWS (sizeof(rows) / sizeof(*rows))
#define V4(last) { FAMILY_IPV4, { 192, 0, 2, (last) } }
#define V6(last) { FAMILY_IPV6, { 0x20, 1, 0x0d, 0xb8, [15] = (last) } }

static const struct {
    const char    *name;
    struct profile profile;
    size_t         settings;   /* that were met when this row was */
    size_t         octets;
} rows[] = {
    { "the first", { .address = V4(1), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "" }, 1, 6 },
    { "another address", { .address = V4(2), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "" }, 1, 6 },
    { "of the other family", { .address = V6(2), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "" },
      1, 18 },
    { "a name", { .address = V4(1), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "", .sni = "mx" },
      1, 8 },
    { "an empty name", { .address = V4(1), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "",
                         .sni = "" }, 1, 6 },
    { "another port", { .address = V4(1), .port = 26, .helo_name = "a.example", .ciphers = "ALL", .groups = "" }, 2, 6 },
    { "no groups", { .address = V4(1), .port = 25, .helo_name = "a.example", .ciphers = "ALL" }, 3, 6 },
    { "the first again", { .address = V4(1), .port = 25, .helo_name = "a.example", .ciphers = "ALL", .groups = "" }, 3, 6 },
};

/* The other process's, which hears of settings before it hears of a profile. */
static void tell(const struct profiles *from, struct profiles *to)
{
    while (profiles_count(to) < profiles_count(from)) {
        size_t number = profiles_count(to);
        struct buf octets;
        struct error err;

        buf_init(&octets, 4096);
        profiles_write(from, number, &octets);
        if (!profiles_read(to, number, buf_slice(&octets), &err))
            check_ok(false, "settings are read: %s", err.text);
        buf_clear(&octets);
    }
}

static void test_rows(void)
{
    struct profiles *here = profiles_new(), *there = profiles_new();
    struct buf       octets[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        struct profile unfolded;

        buf_init(&octets[i], 4096);
        profiles_fold(here, &rows[i].profile, &octets[i]);
        is_int(profiles_count(here), rows[i].settings, "%s: settings", rows[i].name);
        is_int(octets[i].n, rows[i].octets, "%s: octets", rows[i].name);
        tell(here, there);
        check_ok(profiles_unfold(there, buf_slice(&octets[i]), &unfolded) && profile_eq(&unfolded, &rows[i].profile),
                 "%s: unfolded", rows[i].name);
    }
    check_ok(slice_eq(buf_slice(&octets[0]), buf_slice(&octets[ROWS - 1])), "equal profiles give equal octets");
    for (size_t i = 0; i < ROWS; i++)
        buf_clear(&octets[i]);
    profiles_free(here);
    profiles_free(there);
}

static const struct {
    const char  *name;
    struct slice octets;
} bad[] = {
    { "nothing", SLICE("") },
    { "a number without an end", SLICE("\xff") },
    { "settings that were not told", SLICE("\1\4abcd") },
    { "no address", SLICE("\0") },
    { "an address of no family", SLICE("\0\0") },
    { "an address of another family", SLICE("\0\5abcd") },
    { "half an address", SLICE("\0\4abc") },
    { "octets behind it", SLICE("\0\4abcdef") },
    { "a name with NUL", SLICE("\0\x84" "abcde\0f") },
};

static void test_bad(void)
{
    struct profiles *profiles = profiles_new();
    struct profile   unfolded;
    struct buf       octets;
    struct error     err;

    buf_init(&octets, 4096);
    profiles_fold(profiles, &rows[0].profile, &octets);
    buf_empty(&octets);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        check_ok(!profiles_unfold(profiles, bad[i].octets, &unfolded), "%s: no profile", bad[i].name);
    profiles_write(profiles, 0, &octets);
    check_ok(!profiles_read(profiles, 1, buf_slice(&octets), &err), "settings that are known are not the next");
    check_ok(!profiles_read(profiles, 1, slice_head(buf_slice(&octets), octets.n - 1), &err), "settings that are cut off");
    buf_add_char(&octets, 'x');
    check_ok(!profiles_read(profiles, 1, buf_slice(&octets), &err), "octets behind settings");
    buf_clear(&octets);
    profiles_free(profiles);
    profiles_free(NULL);
}

int main(void)
{
    test_rows();
    test_bad();
    return check_done();
}
