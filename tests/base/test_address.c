#include "scanner/base/address.h"
#include "tests/lib/check.h"

/* NULL: no address. */
static const struct { const char *text, *canonical; } addresses[] = {
    { "192.0.2.1", "192.0.2.1" },
    { "0.0.0.0", "0.0.0.0" },
    { "2001:DB8:0:0::1", "2001:db8::1" },
    { "::", "::" },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
    { "", NULL },
    { "192.0.2", NULL },
    { "192.0.2.256", NULL },
    { "192.0.2.01", NULL },
    { "192.0.2.1 ", NULL },
    { "[192.0.2.1]", NULL },
    { "IPv6:2001:db8::1", NULL },
    { "fe80::1%eth0", NULL },
    { "2001:db8::1::2", NULL },
    { "2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000:0000", NULL },
    { "example.org", NULL },
};

static void test_addresses(void)
{
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct address a;
        char text[ADDRESS_TEXT_MAX];
        bool ok = address_parse(&a, slice_of(addresses[i].text));

        if (check_ok(ok == (addresses[i].canonical != NULL), "is %s an address", addresses[i].text) && ok) {
            address_to_text(&a, text);
            is_text(text, addresses[i].canonical, "canonical %s", addresses[i].text);
        }
    }
}

static void test_nul_inside(void)
{
    struct address a;

    check_ok(!address_parse(&a, slice_from("192.0.2.1\0x", 11)), "NUL in an address");
    check_ok(!address_parse(&a, (struct slice){ 0 }), "no text at all");
    is_int(a.family, FAMILY_NONE, "family of no address");
}

static const struct { const char *a, *b; int order; } pairs[] = {
    { "192.0.2.1", "192.0.2.1", 0 },
    { "192.0.2.1", "192.0.2.2", -1 },
    { "200.0.2.1", "192.0.2.2", 1 },
    { "200.0.2.1", "::1", -1 },
    { "2001:db8::2", "2001:db8::1", 1 },
    { "::ffff:192.0.2.1", "192.0.2.1", 1 },
};

static void test_order(void)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct address a, b;
        int order;

        address_parse(&a, slice_of(pairs[i].a));
        address_parse(&b, slice_of(pairs[i].b));
        order = address_compare(&a, &b);
        is_int((order > 0) - (order < 0), pairs[i].order, "order of %s and %s", pairs[i].a, pairs[i].b);
        is_int(address_eq(&a, &b), pairs[i].order == 0, "equality of %s and %s", pairs[i].a, pairs[i].b);
    }
}

enum { OUTSIDE, INSIDE, NO_PREFIX };

static const struct { const char *prefix, *address; int wanted; } prefixes[] = {
    { "192.0.2.0/24", "192.0.2.255", INSIDE },
    { "192.0.2.0/24", "192.0.3.0", OUTSIDE },
    { "192.0.2.77/24", "192.0.2.1", INSIDE },
    { "192.0.2.128/25", "192.0.2.127", OUTSIDE },
    { "192.0.2.128/25", "192.0.2.128", INSIDE },
    { "0.0.0.0/0", "203.0.113.9", INSIDE },
    { "0.0.0.0/0", "::1", OUTSIDE },
    { "192.0.2.1", "192.0.2.1", INSIDE },
    { "192.0.2.1", "192.0.2.0", OUTSIDE },
    { "2001:db8::/32", "2001:db8:ffff::1", INSIDE },
    { "[2001:db8::]/33", "2001:db8:8000::", OUTSIDE },
    { "[2001:db8::1]", "2001:db8::1", INSIDE },
    { "2001:db8::1/128", "2001:db8::1", INSIDE },
    { "192.0.2.0/33", "192.0.2.1", NO_PREFIX },
    { "192.0.2.0/", "192.0.2.1", NO_PREFIX },
    { "192.0.2.0/-1", "192.0.2.1", NO_PREFIX },
    { "192.0.2/24", "192.0.2.1", NO_PREFIX },
    { "2001:db8::/129", "2001:db8::", NO_PREFIX },
    { "[2001:db8::/32", "2001:db8::", NO_PREFIX },
    { "", "192.0.2.1", NO_PREFIX },
};

static void test_prefixes(void)
{
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct prefix p;
        struct address a;
        int got;

        address_parse(&a, slice_of(prefixes[i].address));
        got = !prefix_parse(&p, slice_of(prefixes[i].prefix)) ? NO_PREFIX : prefix_has(&p, &a) ? INSIDE : OUTSIDE;
        is_int(got, prefixes[i].wanted, "%s in \"%s\"", prefixes[i].address, prefixes[i].prefix);
    }
}

static const struct { const char *address, *word; } ranges[] = {
    { "9.255.255.255", NULL },
    { "10.0.0.0", "private" },
    { "10.255.255.255", "private" },
    { "11.0.0.0", NULL },
    { "0.0.0.0", "unspecified" },
    { "0.1.2.3", "this-network" },
    { "100.63.255.255", NULL },
    { "100.64.0.1", "shared" },
    { "100.100.100.200", "cloud-metadata" },
    { "127.0.0.1", "loopback" },
    { "169.254.1.1", "link-local" },
    { "169.254.169.254", "cloud-metadata" },
    { "172.15.255.255", NULL },
    { "172.16.0.1", "private" },
    { "172.31.255.255", "private" },
    { "172.32.0.0", NULL },
    { "192.0.2.1", "documentation" },
    { "192.168.1.1", "private" },
    { "198.51.100.9", "documentation" },
    { "203.0.113.9", "documentation" },
    { "198.17.255.255", NULL },
    { "198.19.255.255", "benchmarking" },
    { "224.0.0.1", "multicast" },
    { "240.0.0.1", "reserved" },
    { "255.255.255.255", "broadcast" },
    { "::", "unspecified" },
    { "::1", "loopback" },
    { "::2", "reserved" },
    { "::ffff:127.0.0.1", "loopback" },
    { "::ffff:8.8.8.8", NULL },
    { "64:ff9b::a00:1", "private" },
    { "64:ff9b::808:808", NULL },
    { "2002:a00:1::1", "private" },
    { "2002:808:808::1", NULL },
    { "2001:db8::1", "documentation" },
    { "3fff::1", "documentation" },
    { "2001:4860:4860::8888", NULL },
    { "2a00:1450::1", NULL },
    { "4000::1", "reserved" },
    { "fc00::1", "private" },
    { "fd00:ec2::254", "cloud-metadata" },
    { "fe80::1", "link-local" },
    { "fec0::1", "site-local" },
    { "ff02::1", "multicast" },
};

static void test_ranges(void)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct address a;

        address_parse(&a, slice_of(ranges[i].address));
        is_text(address_special_range(&a), ranges[i].word, "range of %s", ranges[i].address);
    }
}

int main(void)
{
    test_addresses();
    test_nul_inside();
    test_order();
    test_prefixes();
    test_ranges();
    return check_done();
}
