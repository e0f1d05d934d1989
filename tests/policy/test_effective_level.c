#include <string.h>

#include "scanner/policy/effective_level.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define D32           "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DNSSEC        "smtp_dns_support_level = dnssec\n"
#define IMX(policy)   DNSSEC "smtp_tls_dane_insecure_mx_policy = " policy "\n"
#define MX(flag)      "example.com MX " flag " MX 10 a.example\n"
#define ADDRESS(flag) "a.example A " flag " A 192.0.2.1\n"
#define TLSA(flag)    "_25._tcp.a.example TLSA " flag " TLSA 3 1 1 " D32 "\n"
#define PROBLEM       "client TLS configuration problem"

/* dane and dane-only, by the rows of dane_init() */
static const struct {
    const char *main_cf, *nexthop, *world;
    enum level dane;
    bool left_aside;
    const char *only_text, *only_reason; /* NULL: in force */
    const char *warning;                 /* of dane */
} dane_rows[] = {
    { "", "example.com", MX("ad") ADDRESS("ad") TLSA("ad"), LEVEL_MAY, true, PROBLEM, "policy-invalid",
      "example.com: dane configured with dnssec lookups disabled" },
    { "smtp_dns_support_level = enabled\n", "[a.example]", ADDRESS("ok"), LEVEL_MAY, false, PROBLEM, "policy-invalid",
      "[a.example]: dane configured with dnssec lookups disabled" },
    { DNSSEC "ignore_mx_lookup_error = yes\n", "example.com", MX("ad") ADDRESS("ad") TLSA("ad"), LEVEL_MAY, true,
      PROBLEM, "policy-invalid", "example.com: dane configured with MX lookup errors ignored" },
    { DNSSEC "smtp_dns_resolver_options = res_dnsrch\n", "example.com", MX("ad") ADDRESS("ad") TLSA("ad"), LEVEL_MAY,
      true, PROBLEM, "policy-invalid", "example.com: dns resolver options incompatible with dane TLS" },
    /* the MX set is not secure */
    { IMX("may"), "example.com", MX("ok") ADDRESS("ad") TLSA("ad"), LEVEL_MAY, true, "non DNSSEC destination",
      "not-dnssec", NULL },
    { IMX("may"), "example.com", MX("ok") ADDRESS("ok"), LEVEL_MAY, false, "non DNSSEC destination", "not-dnssec",
      NULL },
    { IMX("encrypt"), "example.com", MX("ok") ADDRESS("ad") TLSA("ad"), LEVEL_ENCRYPT, true, "non DNSSEC destination",
      "not-dnssec", NULL },
    { IMX("dane"), "example.com", MX("ok") ADDRESS("ad") TLSA("ad"), LEVEL_HALF_DANE, false, "non DNSSEC destination",
      "not-dnssec", NULL },
    { IMX("dane"), "example.com", MX("ok") ADDRESS("ad") "_25._tcp.a.example TLSA nxdomain\n", LEVEL_MAY, false,
      "non DNSSEC destination", "not-dnssec", NULL },
    { DNSSEC, "example.com", MX("ok") ADDRESS("ad") TLSA("ad"), LEVEL_MAY, true, "non DNSSEC destination", "not-dnssec",
      NULL },
    { DNSSEC "smtp_tls_security_level = dane\n", "example.com", MX("ok") ADDRESS("ad") TLSA("ad"), LEVEL_HALF_DANE,
      false, "non DNSSEC destination", "not-dnssec", NULL },
    /* TLSA */
    { DNSSEC, "example.com", MX("ad") ADDRESS("ad") "_25._tcp.a.example TLSA servfail\n", LEVEL_INVALID, false,
      "TLSA lookup error for a.example:25", "tlsa-lookup-failed", NULL },
    { DNSSEC, "example.com", MX("ad") ADDRESS("ad") "_25._tcp.a.example TLSA nxdomain\n", LEVEL_MAY, false,
      "no TLSA records found", "no-tlsa", NULL },
    { DNSSEC, "example.com", MX("ad") ADDRESS("ad") TLSA("ok"), LEVEL_MAY, false, "no TLSA records found", "no-tlsa",
      NULL },
    { DNSSEC, "example.com", MX("ad") ADDRESS("ok"), LEVEL_MAY, false, "no TLSA records found", "no-tlsa", NULL },
    { DNSSEC, "example.com", MX("ad") ADDRESS("ad") "_25._tcp.a.example TLSA ad TLSA 1 1 1 " D32 "\n", LEVEL_ENCRYPT,
      false, "TLSA records unusable", "tlsa-unusable", NULL },
    { DNSSEC, "example.com", MX("ad") ADDRESS("ad") TLSA("ad"), LEVEL_DANE, false, NULL, NULL, NULL },
    /* no MX record in use: the address alone counts */
    { DNSSEC, "[a.example]", ADDRESS("ad") TLSA("ad"), LEVEL_DANE, false, NULL, NULL, NULL },
    { DNSSEC, "example.com",
      "example.com MX ok\nexample.com A ad A 192.0.2.1\n_25._tcp.example.com TLSA ad TLSA 3 1 1 " D32, LEVEL_DANE,
      false, NULL, NULL, NULL },
    { DNSSEC, "[192.0.2.1]", "", LEVEL_MAY, false, "no TLSA records found", "no-tlsa", NULL },
};

/* Everything for one next-hop with the policy put into the table. */
struct setting {
    struct fixture *f;
    struct nexthop nexthop;
    struct policy policy;
    struct mail_hosts hosts;
    struct effective effective;
};

static void set_up(struct setting *s, const char *main_cf, const char *version, const char *nexthop, const char *policy,
                   const char *world)
{
    struct prefix allow;
    struct error err;

    prefix_parse(&allow, SLICE("192.0.2.0/24"));
    s->f = fixture_new(main_cf, version, NULL);
    dns_world_add(s->f->facts, world);
    if (!nexthop_parse(s->f->region, &s->nexthop, slice_of(nexthop), s->f->smtp->params, &err))
        check_ok(false, "%s: %s", nexthop, err.text);
    mail_hosts_find(s->f->region, &s->hosts, &s->f->config, s->f->smtp, &s->nexthop, &allow, 1, &s->f->view);
    policy_parse(s->f->region, &s->policy, slice_of(policy), s->f->smtp, &s->f->config, &s->f->view);
    effective_level_find(s->f->region, &s->effective, &s->f->config, s->f->smtp, &s->nexthop, &s->policy, &s->hosts,
                         &s->hosts.hosts[0], &s->f->view);
}

static void test_dane(void)
{
    for (size_t i = 0; i < sizeof(dane_rows) / sizeof(dane_rows[0]); i++) {
        const char *world = dane_rows[i].world;
        const char *main_cf;
        struct setting s;

        struct region *region = region_new();
        main_cf = region_printf(region, "inet_protocols = ipv4\n%s", dane_rows[i].main_cf);
        set_up(&s, main_cf, "3.7.11", dane_rows[i].nexthop, "dane", world);
        is_int(s.effective.level, dane_rows[i].dane, "dane: %s%s", main_cf, world);
        is_int(s.effective.left_aside, dane_rows[i].left_aside, "left aside: %s%s", main_cf, world);
        is_text(s.effective.warning, dane_rows[i].warning, "warning: %s%s", main_cf, world);
        is_int(s.effective.dane_in_use, level_is_dane(dane_rows[i].dane), "in use: %s%s", main_cf, world);
        check_ok(!s.effective.wanted && s.effective.unknown == NULL, "all is known: %s%s", main_cf, world);
        fixture_free(s.f);
        set_up(&s, main_cf, "3.7.11", dane_rows[i].nexthop, "dane-only", world);
        is_int(s.effective.level, dane_rows[i].only_text == NULL ? LEVEL_DANE_ONLY : LEVEL_INVALID, "dane-only: %s%s",
               main_cf, world);
        is_text(s.effective.why.text, dane_rows[i].only_text, "dane-only: %s%s", main_cf, world);
        is_text(s.effective.why.reason, dane_rows[i].only_reason, "dane-only: %s%s", main_cf, world);
        is_text(s.effective.why.dsn, dane_rows[i].only_text == NULL ? NULL : "4.7.5", "dane-only: %s%s", main_cf,
                world);
        fixture_free(s.f);
        region_free(region);
    }
}

#define VERIFIABLE MX("ok") ADDRESS("ok")
#define STS        "policy_type=sts mx_host_pattern="

/* what else makes or breaks a level */
static const struct {
    const char *main_cf, *version, *policy;
    enum level level;
    const char *why, *skip; /* NULL: none */
} rows[] = {
    { "", "3.7.11", "none", LEVEL_NONE, NULL, NULL },
    { "", "3.7.11", "may", LEVEL_MAY, NULL, NULL },
    { "", "3.7.11", "encrypt", LEVEL_ENCRYPT, NULL, NULL },
    { "", "3.7.11", "secure", LEVEL_SECURE, NULL, NULL },
    { "", "3.7.11", "encrypt match=a", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    /* servername in main.cf */
    { "smtp_tls_servername = not valid\n", "3.7.11", "may", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    { "smtp_tls_servername = not valid\n", "3.7.11", "none", LEVEL_NONE, NULL, NULL },
    { "smtp_tls_servername = not valid\n", "3.7.11", "may servername=a.example", LEVEL_MAY, NULL, NULL },
    { "smtp_tls_servername = hostname\n", "3.7.11", "may", LEVEL_MAY, NULL, NULL },
    /* fingerprints */
    { "", "3.7.11", "fingerprint", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    { "", "3.7.11", "fingerprint match=abc", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    { "", "3.7.11", "fingerprint match=abcd", LEVEL_FINGERPRINT, NULL, NULL },
    { "smtp_tls_fingerprint_cert_match = ab:cd\n", "3.7.11", "fingerprint", LEVEL_FINGERPRINT, NULL, NULL },
    { "smtp_tls_fingerprint_cert_match = ab:cd\n", "3.7.11", "fingerprint match=abc", LEVEL_FINGERPRINT, NULL, NULL },
    { "smtp_tls_fingerprint_cert_match = ab:cd\n", "3.9.0", "fingerprint match=abc", LEVEL_INVALID, "4.7.5 " PROBLEM,
      NULL },
    /* trust anchors in main.cf */
    { "smtp_tls_trust_anchor_file = /good\n", "3.7.11", "secure", LEVEL_SECURE, NULL, NULL },
    { "smtp_tls_trust_anchor_file = /bad\n", "3.7.11", "secure", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    { "smtp_tls_trust_anchor_file = /missing\n", "3.7.11", "verify", LEVEL_INVALID, "4.7.5 " PROBLEM, NULL },
    { "smtp_tls_trust_anchor_file = /missing\n", "3.7.11", "encrypt", LEVEL_ENCRYPT, NULL, NULL },
    { "smtp_tls_trust_anchor_file = /missing\n", "3.7.11", "secure tafile=/good", LEVEL_SECURE, NULL, NULL },
    /* wrapper mode */
    { "smtp_tls_wrappermode = yes\n", "3.7.11", "may", LEVEL_MAY, NULL, "wrapper-needs-encrypt" },
    { "smtp_tls_wrappermode = yes\n", "3.7.11", "none", LEVEL_NONE, NULL, "wrapper-needs-encrypt" },
    { "smtp_tls_wrappermode = yes\n", "3.7.11", "dane", LEVEL_MAY, NULL, "wrapper-needs-encrypt" },
    { "smtp_tls_wrappermode = yes\n", "3.7.11", "encrypt", LEVEL_ENCRYPT, NULL, NULL },
    /* MTA-STS patterns */
    { "", "3.11.6", "secure " STS "a.example", LEVEL_SECURE, NULL, NULL },
    { "", "3.11.6", "secure " STS "A.EXAMPLE", LEVEL_SECURE, NULL, NULL },
    { "", "3.11.6", "secure " STS "*.example", LEVEL_SECURE, NULL, NULL },
    { "", "3.11.6", "secure " STS "*.a.example", LEVEL_SECURE, NULL, "sts-mx-mismatch" },
    { "", "3.11.6", "secure " STS "b.example", LEVEL_SECURE, NULL, "sts-mx-mismatch" },
    { "", "3.11.6", "secure " STS "b.example mx_host_pattern=a.example", LEVEL_SECURE, NULL, NULL },
    { "", "3.11.6", "secure " STS, LEVEL_SECURE, NULL, "sts-mx-mismatch" },
    { "", "3.11.6", "verify " STS "b.example", LEVEL_VERIFY, NULL, "sts-mx-mismatch" },
    { "", "3.11.6", "encrypt " STS "b.example", LEVEL_ENCRYPT, NULL, NULL },
    { "", "3.10.4", "secure " STS "b.example", LEVEL_SECURE, NULL, NULL },
    { "", "3.10.5", "secure " STS "b.example", LEVEL_SECURE, NULL, "sts-mx-mismatch" },
    { "", "3.11.6", "secure policy_type=no-policy-found mx_host_pattern=b.example", LEVEL_SECURE, NULL, NULL },
    { "smtp_tls_enforce_sts_mx_patterns = no\n", "3.11.6", "secure " STS "b.example", LEVEL_SECURE, NULL, NULL },
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        const char *main_cf = region_printf(region, "inet_protocols = ipv4\n%s", rows[i].main_cf);
        struct setting s;
        const char *why = NULL;

        set_up(&s, main_cf, rows[i].version, "example.com", "may", VERIFIABLE);
        fixture_file(s.f, "/good", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", NULL);
        fixture_file(s.f, "/bad", "nothing\n", NULL);
        fixture_file(s.f, "/missing", "", "No such file or directory");
        policy_parse(s.f->region, &s.policy, slice_of(rows[i].policy), s.f->smtp, &s.f->config, &s.f->view);
        effective_level_find(s.f->region, &s.effective, &s.f->config, s.f->smtp, &s.nexthop, &s.policy, &s.hosts,
                             &s.hosts.hosts[0], &s.f->view);
        if (s.effective.why.dsn != NULL)
            why = region_printf(region, "%s %s", s.effective.why.dsn, s.effective.why.text);
        is_int(s.effective.level, rows[i].level, "%s %s%s", rows[i].version, rows[i].main_cf, rows[i].policy);
        is_text(why, rows[i].why, "why: %s %s%s", rows[i].version, rows[i].main_cf, rows[i].policy);
        is_text(s.effective.skip_reason, rows[i].skip, "skip: %s %s%s", rows[i].version, rows[i].main_cf,
                rows[i].policy);
        is_int(s.effective.skipped_silently, rows[i].skip != NULL, "skip: %s %s", rows[i].version, rows[i].policy);
        fixture_free(s.f);
        region_free(region);
    }
}

/* A pattern binds DANE in use as well, and not DANE that is not. */
static void test_sts_and_dane(void)
{
    struct setting s;

    set_up(&s, "inet_protocols = ipv4\n" DNSSEC, "3.11.6", "example.com", "dane " STS "b.example",
           MX("ad") ADDRESS("ad") TLSA("ad"));
    is_int(s.effective.level, LEVEL_DANE, "dane is in use");
    is_text(s.effective.skip_reason, "sts-mx-mismatch", "and the pattern enforced");
    fixture_free(s.f);
    set_up(&s, "inet_protocols = ipv4\n" DNSSEC, "3.11.6", "example.com", "dane " STS "b.example",
           MX("ad") ADDRESS("ok"));
    is_int(s.effective.level, LEVEL_MAY, "no dane");
    is_text(s.effective.skip_reason, NULL, "no pattern");
    fixture_free(s.f);
}

static void test_missing(void)
{
    struct setting s;

    set_up(&s, "inet_protocols = ipv4\n" DNSSEC, "3.7.11", "example.com", "dane", MX("ad") ADDRESS("ad"));
    check_ok(s.effective.wanted, "TLSA records are wanted");
    s.f->view.wants = NULL;
    effective_level_find(s.f->region, &s.effective, &s.f->config, s.f->smtp, &s.nexthop, &s.policy, &s.hosts,
                         &s.hosts.hosts[0], &s.f->view);
    check_ok(!s.effective.wanted, "a replay wants nothing");
    is_text(s.effective.unknown, "not-observed", "it does not know");
    fixture_free(s.f);
    set_up(&s, "inet_protocols = ipv4\n" DNSSEC, "3.7.11", "example.com", "dane",
           MX("ad") ADDRESS("ad") "_25._tcp.a.example TLSA noresolver\n");
    is_text(s.effective.unknown, "resolver-unavailable", "no resolver");
    is_text(s.effective.why.text, "TLSA lookup error for a.example:25", "what Postfix would log");
    fixture_free(s.f);
    set_up(&s, "inet_protocols = ipv4\nsmtp_tls_trust_anchor_file = /anchors\n", "3.7.11", "example.com", "secure",
           MX("ok") ADDRESS("ok"));
    check_ok(s.effective.wanted, "trust anchors are wanted");
    is_text(wants_file_at(s.f->wants, 0), "/anchors", "by name");
    fixture_free(s.f);
}

int main(void)
{
    test_dane();
    test_rows();
    test_sts_and_dane();
    test_missing();
    return check_done();
}
