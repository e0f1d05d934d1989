#include <openssl/ssl.h>
#include <string.h>

#include "scanner/policy/ciphers.h"
#include "scanner/policy/profile.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

#define HOLE_12 SSL_OP_NO_TLSv1_2

/* Makes the profile of one host at a level that is in force as it stands. */
static const char *make(struct fixture *f, const char *policy_text, const struct effective *given,
                        struct profile *profile)
{
    static uint8_t digest[32];
    struct dns_record record = {
        .rdata_length = 35, .usage = 3, .selector = 1, .matching_type = 1, .data = digest, .data_length = 32
    };
    const struct dns_record *usable[] = { &record };
    struct nexthop nexthop;
    struct policy policy;
    struct error err;
    struct mail_host host = { .host = "mx.example.net",
                              .ascii = "mx.example.net",
                              .port = 25,
                              .has_address = true,
                              .address = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, 1 } } };
    struct mail_hosts hosts = { .hosts = &host, .count = 1 };
    struct effective effective = { .tlsa.base_domain = "base.example", .tlsa.usable = usable, .tlsa.usable_count = 1 };
    const char *error = NULL;

    nexthop_parse(f->region, &nexthop, SLICE("example.com"), f->smtp->params, &err);
    policy_parse(f->region, &policy, slice_of(policy_text), f->smtp, &f->config, &f->view);
    check_ok(policy.trouble == POLICY_FINE, "%s: %s", policy_text, policy.error != NULL ? policy.error : "");
    effective.level = policy.level;
    effective.dane_in_use = level_is_dane(policy.level);
    if (given != NULL)
        effective = *given;
    profile_make(f->region, profile, &f->config, f->smtp, &nexthop, &policy, &hosts, &host, &effective, &error);
    return error;
}

static const struct {
    const char *version, *main_cf, *policy;
    uint16_t min, max;
    uint64_t disabled;
    int security_level;
    const char *sni, *error;
} rows[] = {
    { "3.7.11", "", "may", 0x0301, 0, 0, 0, NULL, NULL },
    { "3.7.11", "", "none", 0x0301, 0, 0, 0, NULL, NULL },
    { "3.7.11", "smtp_tls_protocols = >=TLSv1.2\n", "may", 0x0303, 0, 0, 0, NULL, NULL },
    { "3.7.11", "smtp_tls_protocols = >=TLSv1.2\n", "none", 0x0303, 0, 0, 0, NULL, NULL },
    { "3.7.11", "smtp_tls_protocols = >=TLSv1.2\n", "encrypt", 0x0301, 0, 0, 0, NULL, NULL },
    { "3.7.11", "smtp_tls_mandatory_protocols = >=TLSv1.2, <=TLSv1.2\n", "secure", 0x0303, 0x0303, 0, 1, NULL, NULL },
    { "3.7.11", "", "encrypt protocols=!TLSv1.2", 0, 0, HOLE_12, 0, NULL, NULL },
    { "3.7.11", "", "verify", 0x0301, 0, 0, 1, NULL, NULL },
    { "3.7.11", "", "fingerprint match=abcd", 0x0301, 0, 0, 1, NULL, NULL },
    { "3.7.11", "", "dane", 0x0301, 0, SSL_OP_NO_SSLv3, 1, "base.example", NULL },
    { "3.7.11", "", "dane-only", 0x0301, 0, SSL_OP_NO_SSLv3, 1, "base.example", NULL },
    { "3.7.11", "", "dane servername=x.example", 0x0301, 0, SSL_OP_NO_SSLv3, 1, "base.example", NULL },
    /* bad lists fail the handshake, when they are the ones in use */
    { "3.7.11", "", "may protocols=TLSv9", 0, 0, 0, 0, NULL,
      "Invalid TLS protocol list \"TLSv9\": aborting TLS session" },
    { "3.5.9", "smtp_tls_protocols = >=TLSv1.2\n", "may", 0, 0, 0, 0, NULL,
      "Invalid TLS protocol list \">=TLSv1.2\": aborting TLS session" },
    { "3.7.11", "smtp_tls_protocols = TLSv9\n", "encrypt", 0x0301, 0, 0, 0, NULL, NULL },
    /* SNI */
    { "3.7.11", "smtp_tls_servername = hostname\n", "may", 0x0301, 0, 0, 0, "mx.example.net", NULL },
    { "3.7.11", "smtp_tls_servername = nexthop\n", "may", 0x0301, 0, 0, 0, "example.com", NULL },
    { "3.7.11", "smtp_tls_servername = Hostname\n", "may", 0x0301, 0, 0, 0, "Hostname", NULL },
    { "3.7.11", "smtp_tls_servername = a.example\n", "secure servername=b.example", 0x0301, 0, 0, 1, "b.example",
      NULL },
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new(rows[i].main_cf, rows[i].version, NULL);
        struct profile profile;
        const char *error = make(f, rows[i].policy, NULL, &profile);
        uint64_t protocols =
            SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;

        is_int(profile.min_version, rows[i].min, "min: %s %s%s", rows[i].version, rows[i].main_cf, rows[i].policy);
        is_int(profile.max_version, rows[i].max, "max: %s %s%s", rows[i].version, rows[i].main_cf, rows[i].policy);
        is_int(profile.options & protocols, rows[i].disabled, "off: %s%s", rows[i].main_cf, rows[i].policy);
        is_int(profile.security_level, rows[i].security_level, "security level: %s%s", rows[i].main_cf, rows[i].policy);
        is_text(profile.sni, rows[i].sni, "SNI: %s%s", rows[i].main_cf, rows[i].policy);
        is_text(error, rows[i].error, "error: %s%s", rows[i].main_cf, rows[i].policy);
        is_int(profile.no_handshake, rows[i].error != NULL, "no handshake: %s%s", rows[i].main_cf, rows[i].policy);
        fixture_free(f);
    }
}

#define EXCLUDES "smtp_tls_exclude_ciphers = AAA\nsmtp_tls_mandatory_exclude_ciphers = BBB\n"

static const struct {
    const char *main_cf, *policy, *grade, *exclusions, *implicit;
} ciphers[] = {
    { "", "may", "medium", "", "" },
    { "", "encrypt", "medium", "", "eNULL" },
    { "", "secure", "medium", "", "aNULL" },
    { "", "dane", "medium", "", "aNULL" },
    { "smtp_tls_ciphers = high\n", "may", "high", "", "" },
    { "smtp_tls_ciphers = high\n", "encrypt", "medium", "", "eNULL" },
    { "smtp_tls_mandatory_ciphers = high\n", "encrypt", "high", "", "eNULL" },
    { "smtp_tls_mandatory_ciphers = high\n", "encrypt ciphers=low", "low", "", "eNULL" },
    { EXCLUDES, "may", "medium", "AAA", "" },
    { EXCLUDES, "secure", "medium", "AAA BBB", "aNULL" },
    { EXCLUDES, "secure exclude=", "medium", "", "aNULL" },
    { EXCLUDES, "secure exclude=CCC", "medium", "CCC", "aNULL" },
};

static void test_ciphers(void)
{
    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        struct fixture *f = fixture_new(ciphers[i].main_cf, "3.7.11", NULL);
        struct profile profile;

        make(f, ciphers[i].policy, NULL, &profile);
        is_text(profile.ciphers,
                ciphers_list(f->region, ciphers[i].grade, ciphers[i].exclusions, ciphers[i].implicit, f->smtp->params,
                             NULL),
                "%s%s", ciphers[i].main_cf, ciphers[i].policy);
        fixture_free(f);
    }
}

static void test_bad_ciphers(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct profile profile;

    check_ok(make(f, "may ciphers=foo", NULL, &profile) != NULL, "an unknown grade has words");
    check_ok(profile.no_handshake, "an unknown grade fails the handshake");
    is_text(profile.ciphers, "", "and leaves no list");
    fixture_free(f);
}

/* dane with records that OpenSSL does not take goes on as encrypt, at its security level; dane-only does not */
static void test_unusable(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct dns_record record = { .rdata_length = 5,
                                 .usage = 3,
                                 .selector = 1,
                                 .matching_type = 1,
                                 .data = (const uint8_t *)"ab",
                                 .data_length = 2 };
    const struct dns_record *usable[] = { &record };
    struct effective effective = { .level = LEVEL_DANE,
                                   .dane_in_use = true,
                                   .tlsa.base_domain = "base.example",
                                   .tlsa.usable = usable,
                                   .tlsa.usable_count = 1 };
    struct profile profile;

    make(f, "dane", &effective, &profile);
    is_int(profile.security_level, 0, "dane");
    is_text(profile.sni, "base.example", "the name is sent all the same");
    check_ok(strstr(profile.ciphers, "!aNULL") != NULL, "anonymous ciphers stay excluded");
    effective.level = LEVEL_DANE_ONLY;
    make(f, "dane-only", &effective, &profile);
    is_int(profile.security_level, 1, "dane-only");
    effective = (struct effective){ .level = LEVEL_ENCRYPT, .unusable = true };
    make(f, "dane", &effective, &profile);
    is_int(profile.security_level, 0, "fallen to encrypt before connecting");
    is_text(profile.sni, NULL, "no name is sent then");
    check_ok(strstr(profile.ciphers, "!eNULL") != NULL, "nor are anonymous ciphers excluded");
    fixture_free(f);
}

static const struct {
    const char *version, *main_cf;
    uint64_t set, clear;
} options[] = {
    { "3.7.11", "", SSL_OP_ALL, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET },
    { "3.8.0", "", SSL_OP_ALL | SSL_OP_NO_RENEGOTIATION, 0 },
    { "3.7.11", "tls_ssl_options = no_ticket, NO_COMPRESSION, nonsense\n", SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION,
      0 },
    { "3.7.11", "tls_ssl_options = 0x4000\n", SSL_OP_NO_TICKET, 0 },
    { "3.7.11", "tls_ssl_options = LEGACY_SERVER_CONNECT\n", SSL_OP_LEGACY_SERVER_CONNECT, 0 },
    { "3.7.11", "tls_ssl_options = 0x20000000\n", SSL_OP_ALL, SSL_OP_NO_TLSv1_3 },
    { "3.7.11", "tls_disable_workarounds = TLSEXT_PADDING\n", 0,
      SSL_OP_TLSEXT_PADDING | SSL_OP_SAFARI_ECDHE_ECDSA_BUG },
    { "3.7.11", "tls_disable_workarounds = 0xFFFFFFFF\n", 0, SSL_OP_ALL },
};

static void test_options(void)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct fixture *f = fixture_new(options[i].main_cf, options[i].version, NULL);
        struct profile profile;

        make(f, "may", NULL, &profile);
        is_int(profile.options & options[i].set, options[i].set, "set: %s %s", options[i].version, options[i].main_cf);
        is_int(profile.options & options[i].clear, 0, "clear: %s %s", options[i].version, options[i].main_cf);
        fixture_free(f);
    }
}

static void test_groups(void)
{
    static const char *const groups[][3] = {
        { "3.7.11", "", "X25519 X448 prime256v1 secp521r1 secp384r1" },
        { "3.8.0", "", "X25519 X448 prime256v1 secp521r1 secp384r1 ffdhe2048 ffdhe3072" },
        { "3.10.0", "", "X25519 X448 prime256v1 secp384r1 secp521r1 ffdhe2048 ffdhe3072" },
        { "3.7.11", "tls_eecdh_auto_curves = prime256v1, X25519\n", "prime256v1 X25519" },
        { "3.8.0", "tls_eecdh_auto_curves =\ntls_ffdhe_auto_groups = ffdhe2048\n", "ffdhe2048" },
    };

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        struct fixture *f = fixture_new(groups[i][1], groups[i][0], NULL);
        struct profile profile;

        make(f, "may", NULL, &profile);
        is_text(profile.groups, groups[i][2], "%s %s", groups[i][0], groups[i][1]);
        fixture_free(f);
    }
}

static void test_dialogue(void)
{
    struct fixture *f = fixture_new("myhostname = me.example\nsmtp_connect_timeout = 7s\nsmtp_helo_timeout = 2m\n"
                                    "smtp_bind_address = [192.0.2.9]\nsmtp_bind_address6 = 2001:db8::9\n",
                                    "3.7.11", NULL);
    struct config_file chain = { .path = "/chain", .id = "abcd" };
    struct profile profile;

    make(f, "may", NULL, &profile);
    is_text(profile.helo_name, "me.example", "the name it gives");
    is_int(profile.port, 25, "port");
    is_int(profile.connect_timeout, 7, "smtp_connect_timeout");
    is_int(profile.helo_timeout, 120, "smtp_helo_timeout");
    is_int(profile.starttls_timeout, 300, "smtp_starttls_timeout");
    is_int(profile.line_limit, 2048, "line_length_limit");
    is_text(profile.source_address, "192.0.2.9", "smtp_bind_address");
    is_text(profile.client_chain, NULL, "no client certificate");
    check_ok(profile.pix_no_esmtp && !profile.never_ehlo && !profile.ehlo_needs_esmtp && !profile.lmtp &&
                 !profile.wrapper,
             "the switches by default");
    f->smtp->client_chain = &chain;
    make(f, "may", NULL, &profile);
    is_text(profile.client_chain, "abcd", "a client certificate");
    fixture_free(f);
}

static void test_switches(void)
{
    static const struct {
        const char *version, *main_cf;
        bool never, esmtp, pix, wrapper, ends;
    } switches[] = {
        { "3.7.11", "smtp_never_send_ehlo = yes\n", true, false, true, false, false },
        { "3.7.11", "smtp_always_send_ehlo = no\n", false, true, true, false, false },
        { "3.7.11", "smtp_pix_workarounds = delay_dotcrlf\n", false, false, false, false, false },
        { "3.7.11", "smtp_tls_wrappermode = yes\n", false, false, true, true, false },
        { "3.8.17", "", false, false, true, false, false },
        { "3.8.18", "", false, false, true, false, true },
        { "3.11.4", "", false, false, true, false, true },
    };

    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        struct fixture *f = fixture_new(switches[i].main_cf, switches[i].version, NULL);
        struct profile profile;

        make(f, "encrypt", NULL, &profile);
        is_int(profile.never_ehlo, switches[i].never, "never EHLO: %s", switches[i].main_cf);
        is_int(profile.ehlo_needs_esmtp, switches[i].esmtp, "ESMTP needed: %s", switches[i].main_cf);
        is_int(profile.pix_no_esmtp, switches[i].pix, "PIX: %s", switches[i].main_cf);
        is_int(profile.wrapper, switches[i].wrapper, "wrapper: %s", switches[i].main_cf);
        is_int(profile.long_line_ends, switches[i].ends, "long lines: %s", switches[i].version);
        fixture_free(f);
    }
}

int main(void)
{
    test_rows();
    test_ciphers();
    test_bad_ciphers();
    test_unusable();
    test_options();
    test_groups();
    test_dialogue();
    test_switches();
    return check_done();
}
