#include <string.h>

#include "scanner/policy/match.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

static const char *joined(struct region *region, const struct text_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->count; i++)
        text = region_printf(region, "%s%s%s", text, i > 0 ? " " : "", list->items[i]);
    return text;
}

static struct match find(struct fixture *f, const char *nexthop_text, const char *policy_text, const char *mx_rname)
{
    struct nexthop nexthop;
    struct policy policy;
    struct error err;
    struct match match;
    struct mail_host host = { .host = "mx.example.net", .ascii = "mx.example.net", .port = 25, .has_address = true };
    struct mail_hosts hosts = {
        .hosts = &host, .count = 1, .mx_qname = "example.com", .mx_rname = mx_rname, .used_mx = mx_rname != NULL
    };
    struct effective effective = { .tlsa.base_domain = "base.example" };

    if (!nexthop_parse(f->region, &nexthop, slice_of(nexthop_text), f->smtp->params, &err))
        check_ok(false, "%s: %s", nexthop_text, err.text);
    if (nexthop.literal)
        host.host = host.ascii = nexthop.ascii;
    policy_parse(f->region, &policy, slice_of(policy_text), f->smtp, &f->config, &f->view);
    check_ok(policy.trouble == POLICY_FINE, "%s: %s", policy_text, policy.error != NULL ? policy.error : "");
    effective.level = policy.level;
    effective.dane_in_use = level_is_dane(policy.level);
    match_find(f->region, &match, &f->config, f->smtp, &nexthop, &policy, &hosts, &host, &effective);
    return match;
}

static const struct {
    const char *version, *main_cf, *nexthop, *policy;
    const char *names, *addresses;
    bool none_loaded;
} names[] = {
    { "3.7.11", "", "example.com", "secure", "example.com .example.com", "", false },
    { "3.7.11", "", "example.com:587", "secure", "example.com .example.com", "", false },
    { "3.7.11", "", "[gw.example.org]", "secure", "gw.example.org .gw.example.org", "", false },
    { "3.7.11", "", "example.com", "verify", "mx.example.net", "", false },
    { "3.7.11", "smtp_tls_secure_cert_match = a.example,b.example:hostname\n", "example.com", "secure",
      "a.example b.example mx.example.net", "", false },
    { "3.7.11", "", "example.com", "secure match=HostName:NEXTHOP:dot-nexthop",
      "mx.example.net example.com .example.com", "", false },
    { "3.7.11", "", "example.com", "secure match=a.example match=.b.example", "a.example .b.example", "", false },
    { "3.7.11", "", "example.com", "secure match=.", "", "", true },
    { "3.7.11", "", "example.com", "secure match=:", "", "", true },
    { "3.7.11", "", "example.com", "secure match=*.example.com", "*.example.com", "", false },
    { "3.7.11", "", "example.com",
      "secure match=\xe3\x80\x82"
      "b.example",
      ".b.example", "", false },
    { "3.7.11", "", "example.com",
      "secure match=\xef\xbc\x8e"
      "b.example",
      ".b.example", "", false },
    { "3.7.11", "", "example.com",
      "secure match=b\xc3\xbc"
      "cher.example",
      "xn--bcher-kva.example", "", false },
    { "3.7.11", "smtputf8_enable = yes\n",
      "b\xc3\xbc"
      "cher.example",
      "secure", "xn--bcher-kva.example .xn--bcher-kva.example", "", false },
    /* addresses */
    { "3.7.11", "", "[192.0.2.1]", "secure", ".192.0.2.1", "192.0.2.1", false },
    { "3.7.11", "", "[192.0.2.1]", "verify", "", "192.0.2.1", false },
    { "3.7.11", "", "[IPv6:2001:db8::1]", "verify", "", "2001:db8::1", false },
    { "3.7.11", "", "[192.0.2.1]", "secure match=nexthop:mail.example.com", "mail.example.com", "192.0.2.1", false },
    { "3.7.11", "", "example.com", "secure match=[192.0.2.1]", "[192.0.2.1]", "", false },
    { "3.5.9", "", "[192.0.2.1]", "secure match=nexthop", "192.0.2.1", "", false },
    /* MTA-STS replaces an explicit list by the host name */
    { "3.11.6", "", "example.com", "secure match=x.example policy_type=sts mx_host_pattern=*.example.net",
      "mx.example.net", "", false },
    { "3.11.6", "", "example.com", "secure policy_type=sts mx_host_pattern=*.example.net", "example.com .example.com",
      "", false },
    { "3.10.4", "", "example.com", "secure match=x.example policy_type=sts mx_host_pattern=*.example.net", "x.example",
      "", false },
    { "3.11.6", "smtp_tls_enforce_sts_mx_patterns = no\n", "example.com",
      "secure match=x.example policy_type=sts mx_host_pattern=*.example.net", "x.example", "", false },
    /* nothing to match */
    { "3.7.11", "", "example.com", "encrypt", "", "", false },
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fixture *f = fixture_new(names[i].main_cf, names[i].version, NULL);
        struct match match = find(f, names[i].nexthop, names[i].policy, "example.com");

        is_text(joined(f->region, &match.names), names[i].names, "%s %s%s %s", names[i].version, names[i].main_cf,
                names[i].nexthop, names[i].policy);
        is_text(joined(f->region, &match.addresses), names[i].addresses, "%s %s%s %s", names[i].version,
                names[i].main_cf, names[i].nexthop, names[i].policy);
        is_int(match.none_loaded, names[i].none_loaded, "%s %s", names[i].nexthop, names[i].policy);
        fixture_free(f);
    }
}

static const struct {
    const char *policy, *mx_rname, *names;
} dane[] = {
    { "dane", "example.com", "base.example example.com" },
    { "dane-only", "alias.example", "base.example alias.example example.com" },
    { "dane", NULL, "base.example" },
};

static void test_dane(void)
{
    for (size_t i = 0; i < sizeof(dane) / sizeof(dane[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct match match = find(f, "example.com", dane[i].policy, dane[i].mx_rname);

        is_text(joined(f->region, &match.names), dane[i].names, "%s with MX set %s", dane[i].policy, dane[i].mx_rname);
        fixture_free(f);
    }
}

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *version, *main_cf, *policy, *digests, *malformed;
    bool none;
} fingerprints[] = {
    { "3.7.11", "", "fingerprint match=ab:cd|EF01", "ABCD EF01", "", false },
    { "3.7.11", "", "fingerprint match=ab:cd match=ef01", "ABCD EF01", "", false },
    { "3.7.11", "", "fingerprint match=abc|:abcd|abcd:|ab::cd|a:bcd|xy|ab:cdef:01", "ABCDEF01",
      "abc :abcd abcd: ab::cd a:bcd xy", false },
    { "3.7.11", "", "fingerprint match=" LONG LONG LONG,
      "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
      "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
      "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
      "", false },
    { "3.7.11", "", "fingerprint match=" LONG LONG LONG "ab", "", LONG LONG LONG "ab", true },
    { "3.7.11", "", "fingerprint match=nexthop", "", "nexthop", true },
    { "3.7.11", "", "fingerprint", "", "", true },
    { "3.7.11", "smtp_tls_fingerprint_cert_match = ab:cd, ef01\n", "fingerprint", "ABCD EF01", "", false },
    { "3.7.11", "smtp_tls_fingerprint_cert_match = ab:cd|ef01\n", "fingerprint", "", "ab:cd|ef01", true },
    { "3.7.11", "smtp_tls_fingerprint_cert_match = ab:cd\n", "fingerprint match=xy", "ABCD", "xy", false },
    { "3.8.0", "smtp_tls_fingerprint_cert_match = ab:cd\n", "fingerprint match=xy", "ABCD", "xy", false },
    { "3.9.0", "smtp_tls_fingerprint_cert_match = ab:cd\n", "fingerprint match=xy", "", "xy", true },
    { "3.7.11", "smtp_tls_fingerprint_cert_match = ab:cd\n", "fingerprint match=ef01", "EF01", "", false },
    /* with colons only, and any text counts as loaded */
    { "3.5.9", "", "fingerprint match=ab:cd", "ABCD", "", false },
    { "3.5.9", "", "fingerprint match=abcd", "", "abcd", false },
    /* MTA-STS spoils an explicit list */
    { "3.11.6", "", "fingerprint match=abcd policy_type=sts mx_host_pattern=a.example", "", "hostname", true },
};

static void test_fingerprints(void)
{
    for (size_t i = 0; i < sizeof(fingerprints) / sizeof(fingerprints[0]); i++) {
        struct fixture *f = fixture_new(fingerprints[i].main_cf, fingerprints[i].version, NULL);
        struct match match = find(f, "example.com", fingerprints[i].policy, NULL);

        is_text(joined(f->region, &match.digests), fingerprints[i].digests, "%s %s%s", fingerprints[i].version,
                fingerprints[i].main_cf, fingerprints[i].policy);
        is_text(joined(f->region, &match.malformed), fingerprints[i].malformed, "%s %s%s", fingerprints[i].version,
                fingerprints[i].main_cf, fingerprints[i].policy);
        is_int(match.no_fingerprints, fingerprints[i].none, "%s %s%s", fingerprints[i].version, fingerprints[i].main_cf,
               fingerprints[i].policy);
        fixture_free(f);
    }
}

static void test_digest(void)
{
    static const char *const rows[][3] = {
        { "3.7.11", "", "md5" },
        { "3.7.11", "compatibility_level = 3.6\n", "sha256" },
        { "3.5.9", "compatibility_level = 2\n", "md5" },
        { "3.7.11", "smtp_tls_fingerprint_digest = sha1\n", "sha1" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new(rows[i][1], rows[i][0], NULL);

        is_text(find(f, "example.com", "fingerprint match=ab:cd", NULL).digest, rows[i][2], "%s %s", rows[i][0],
                rows[i][1]);
        fixture_free(f);
    }
}

int main(void)
{
    test_names();
    test_dane();
    test_fingerprints();
    test_digest();
    return check_done();
}
