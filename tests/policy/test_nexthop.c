#include "scanner/policy/nexthop.h"

#include <stdio.h>

#include "scanner/policy/destination.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

static const struct {
    const char *text, *host, *service;
    unsigned    port;
    bool        literal;
    const char *ascii; /* NULL: as host */
} good[] = {
    { "example.com", "example.com", "smtp", 25, false, NULL },
    { "Example.COM", "Example.COM", "smtp", 25, false, NULL },
    { "example.com:", "example.com", "smtp", 25, false, NULL },
    { "example.com:587", "example.com", "587", 587, false, NULL },
    { "example.com:submission", "example.com", "submission", 587, false, NULL },
    { "example.com:submissions", "example.com", "submissions", 465, false, NULL },
    { "example.com:lmtp", "example.com", "lmtp", 24, false, NULL },
    { "[mx.example.com]", "mx.example.com", "smtp", 25, true, NULL },
    { "[mx.example.com]:", "mx.example.com", "smtp", 25, true, NULL },
    { "[mx.example.com]:0587", "mx.example.com", "0587", 587, true, NULL },
    { "[192.0.2.1]", "192.0.2.1", "smtp", 25, true, NULL },
    { "[192.0.2.1]:2525", "192.0.2.1", "2525", 2525, true, NULL },
    { "192.0.2.1", "192.0.2.1", "smtp", 25, false, NULL },
    { "[IPv6:2001:db8::1]", "2001:db8::1", "smtp", 25, true, NULL },
    { "[ipv6:2001:db8::1]:26", "2001:db8::1", "26", 26, true, NULL },
    { "[2001:db8::1]", "2001:db8::1", "smtp", 25, true, NULL },
    { "2001:db8::5:25", "2001:db8::5", "25", 25, false, NULL },
    { "under_score.example", "under_score.example", "smtp", 25, false, NULL },
    { "b\xc3\xbc"
      "cher.example",
      "b\xc3\xbc"
      "cher.example",
      "smtp", 25, false, "xn--bcher-kva.example" },
    { "inet:25", "inet", "25", 25, false, NULL },
};

static const struct {
    const char *text, *error;
} bad[] = {
    { "[mx.example.com", "missing \"]\" in server description: [mx.example.com" },
    { "[mx.example.com]25", "garbage after \"]\" in server description: [mx.example.com]25" },
    { "[mx.example.com]:25x", "garbage after numerical service in server description: [mx.example.com]:25x" },
    { "[IPv6:mx.example.com]", "malformed IPv6 address in server description: [IPv6:mx.example.com]" },
    { "[IPv6:192.0.2.1]", "malformed IPv6 address in server description: [IPv6:192.0.2.1]" },
    { "[]", "valid hostname or network address required in server description: []" },
    { "example.com.", "valid hostname or network address required in server description: example.com." },
    { "-example.com", "valid hostname or network address required in server description: -example.com" },
    { "a..b", "valid hostname or network address required in server description: a..b" },
    { "*", "valid hostname or network address required in server description: *" },
    { "1.2.3", "valid hostname or network address required in server description: 1.2.3" },
    { ":25", "missing host information in server description: :25" },
    { ":", "missing host information in server description: :" },
    { "2001:db8::1", "valid hostname or network address required in server description: 2001:db8::1" },
    { "inet:mx:25", "valid hostname or network address required in server description: inet:mx:25" },
    { "inet:mx", "unknown service: mx/tcp" },
    { "unix:x", "unknown service: x/tcp" },
    { "example.com:nosuchservice", "unknown service: nosuchservice/tcp" },
    { "example.com:SMTP", "unknown service: SMTP/tcp" },
    { "example.com:0", "bad network port: 0 for destination: example.com:0" },
    { "example.com:65536", "bad network port: 65536 for destination: example.com:65536" },
    { "example.com:99999999999999999999", "bad network port: 99999999999999999999 for destination: "
                                          "example.com:99999999999999999999" },
};

static void test_smtp(void)
{
    struct fixture *f = fixture_new("compatibility_level = 3.6\n", "3.7.11", NULL);
    struct nexthop nh;
    struct error err;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!check_ok(nexthop_parse(f->region, &nh, slice_of(good[i].text), f->smtp->params, &err), "\"%s\"",
                      good[i].text))
            continue;
        is_text(nh.text, good[i].text, "key of \"%s\"", good[i].text);
        is_text(nh.host, good[i].host, "host of \"%s\"", good[i].text);
        is_text(nh.ascii, good[i].ascii ? good[i].ascii : good[i].host, "A-labels of \"%s\"", good[i].text);
        is_text(nh.service, good[i].service, "service of \"%s\"", good[i].text);
        is_int(nh.port, good[i].port, "port of \"%s\"", good[i].text);
        is_int(nh.literal, good[i].literal, "brackets of \"%s\"", good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.text[0] = '\0';
        check_ok(!nexthop_parse(f->region, &nh, slice_of(bad[i].text), f->smtp->params, &err), "\"%s\" is bad",
                 bad[i].text);
        is_text(err.text, bad[i].error, "why \"%s\" is bad", bad[i].text);
    }
    fixture_free(f);
}

static const struct {
    const char *main_cf, *version, *text, *result; /* "host port", or the error */
} variants[] = {
    { "smtp_tcp_port = 26\n", "3.7.11", "a.example", "a.example 26" },
    { "smtp_tcp_port = nonsense\n", "3.7.11", "a.example", "unknown service: nonsense/tcp" },
    { "known_tcp_ports = smtp=2525, alpha = beta = 77\n", "3.7.11", "a.example", "a.example 2525" },
    { "known_tcp_ports = smtp=2525, alpha = beta = 77\n", "3.7.11", "a.example:beta", "a.example 77" },
    { "known_tcp_ports = smtp=2525, alpha = beta = 77\n", "3.7.11", "a.example:alpha", "a.example 77" },
    { "known_tcp_ports = smtp=2525\n", "3.5.9", "a.example", "a.example 25" },
    { "known_tcp_ports =\n", "3.7.11", "a.example:submission", "a.example 587" },
    { "known_tcp_ports = smtp=70000\n", "3.7.11", "a.example", "bad network port: smtp for destination: a.example" },
    { "", "3.5.9", "a.example:lmtp", "unknown service: lmtp/tcp" },
    { "smtputf8_enable = no\n", "3.7.11", "b\xc3\xbc.example",
      "valid hostname or network address required in server description: b\xc3\xbc.example" },
};

static void test_variants(void)
{
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        struct fixture *f = fixture_new(variants[i].main_cf, variants[i].version, NULL);
        char got[ERROR_TEXT_MAX];
        struct nexthop nh;
        struct error err;

        if (nexthop_parse(f->region, &nh, slice_of(variants[i].text), f->smtp->params, &err))
            snprintf(got, sizeof(got), "%s %u", nh.host, (unsigned)nh.port);
        else
            snprintf(got, sizeof(got), "%s", err.text);
        is_text(got, variants[i].result, "\"%s\" with %s in %s", variants[i].text, variants[i].main_cf,
                variants[i].version);
        fixture_free(f);
    }
}

static const struct {
    const char *text, *key, *host;
    unsigned    port;
    bool        is_unix;
} lmtp[] = {
    { "inet:mx.example.com:2424", "mx.example.com:2424", "mx.example.com", 2424, false },
    { "inet:[192.0.2.1]", "[192.0.2.1]", "192.0.2.1", 24, false },
    { "mx.example.com", "mx.example.com", "mx.example.com", 24, false },
    { "unix:/var/run/lmtp", "/var/run/lmtp", "/var/run/lmtp", 0, true },
    { "unix:private/lmtp", "private/lmtp", "private/lmtp", 0, true },
};

static void test_lmtp(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct nexthop nh;
    struct error err;

    for (size_t i = 0; i < sizeof(lmtp) / sizeof(lmtp[0]); i++) {
        if (!check_ok(nexthop_parse(f->region, &nh, slice_of(lmtp[i].text), f->lmtp->params, &err), "%s", lmtp[i].text))
            continue;
        is_text(nh.text, lmtp[i].key, "key of %s", lmtp[i].text);
        is_text(nh.host, lmtp[i].host, "host of %s", lmtp[i].text);
        is_int(nh.port, lmtp[i].port, "port of %s", lmtp[i].text);
        is_int(nh.is_unix, lmtp[i].is_unix, "socket of %s", lmtp[i].text);
    }
    fixture_free(f);
}

static const struct {
    const char *text, *version, *parts; /* joined by '|' */
} splits[] = {
    { "a, b c", "3.7.11", "a|b|c" }, { "a", "3.7.11", "a" },     { " ,\t, ", "3.7.11", "" }, { "", "3.7.11", "" },
    { "a, b", "3.4.29", "a, b" },    { "a,b", "3.5.0", "a|b" },  { "", "3.4.29", "" },       { "[x]:25,[y]", "3.7.11", "[x]:25|[y]" },
};

static void test_split(void)
{
    struct region *region = region_new();

    for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
        struct slice parts[8];
        struct version version;
        const char *joined = "";
        size_t count;

        version_parse(&version, slice_of(splits[i].version));
        count = nexthop_split(region, slice_of(splits[i].text), version, parts, 8);
        for (size_t k = 0; k < count; k++)
            joined = region_printf(region, "%s%s%.*s", joined, k > 0 ? "|" : "", (int)parts[k].n, parts[k].p);
        is_text(joined, splits[i].parts, "\"%s\" in %s", splits[i].text, splits[i].version);
    }
    is_int(nexthop_split(region, SLICE("a b c"), (struct version){ 3, 7, 11 }, (struct slice[2]){ { NULL, 0 } }, 2), 2,
           "no more than there is room for");
    region_free(region);
}

static const struct {
    const char *text, *result; /* "address X", "nexthop X", "transport X nexthop Y"; NULL: refused */
} destinations[] = {
    { "example.org", "address postmaster@example.org" },
    { " example.org ", "address postmaster@example.org" },
    { "user@example.org", "address user@example.org" },
    { "user@[192.0.2.1]", "address user@[192.0.2.1]" },
    { "user@[IPv6:2001:db8::1]", "address user@[IPv6:2001:db8::1]" },
    { "\"a:b\"@example.org", "address \"a:b\"@example.org" },
    { "\"a@b\"@example.org", "address \"a@b\"@example.org" },
    { "[mx.example.org]", "nexthop [mx.example.org]" },
    { "[mx.example.org]:587", "nexthop [mx.example.org]:587" },
    { "[IPv6:2001:db8::1]:25", "nexthop [IPv6:2001:db8::1]:25" },
    { "[a], [b]", "nexthop [a], [b]" },
    { "example.org:587", "nexthop example.org:587" },
    { "example.org:submission", "nexthop example.org:submission" },
    { "smtp:25", "nexthop smtp:25" },
    { "smtp:example.org", "transport smtp nexthop example.org" },
    { "smtp:[gw.example.org]:26", "transport smtp nexthop [gw.example.org]:26" },
    { "relay:example.org:26", "transport relay nexthop example.org:26" },
    { "wrong:x", "transport wrong nexthop x" },
    { "lmtp:unix:/var/run/lmtp", "transport lmtp nexthop unix:/var/run/lmtp" },
    { "error:5.7.1 user@example.org is gone", "transport error nexthop 5.7.1 user@example.org is gone" },
    { "discard:", "transport discard nexthop " },
    { "SMTP:example.org", "nexthop SMTP:example.org" },
    { "", NULL },
    { "  ", NULL },
    { "user@", NULL },
    { "@example.org", NULL },
    { "smtp:", NULL },
    { "exam ple.org", NULL },
    { "a.example, b.example", NULL },
    { "a\x01"
      "b.example",
      NULL },
};

static const char *destination_text(struct region *region, const struct destination *d)
{
    if (d->form == DESTINATION_ADDRESS)
        return region_printf(region, "address %s", d->address);
    if (d->form == DESTINATION_NEXTHOP)
        return region_printf(region, "nexthop %s", d->nexthop);
    return region_printf(region, "transport %s nexthop %s", d->transport, d->nexthop);
}

static void test_destinations(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);

    for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
        const char *text = destinations[i].text;
        struct destination d;
        struct error err;
        bool ok = destination_parse(f->region, &d, slice_of(text), &f->config, &err);

        is_text(ok ? destination_text(f->region, &d) : NULL, destinations[i].result, "\"%s\"", text);
        if (!ok)
            is_int(err.status, 64, "a usage error for \"%s\"", text);
    }
    fixture_free(f);
}

int main(void)
{
    test_smtp();
    test_variants();
    test_lmtp();
    test_split();
    test_destinations();
    return check_done();
}
