#include "scanner/config/parameters.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/config/parameters_table.h"
#include "tests/config/postconf.h"
#include "tests/lib/check.h"

static struct version installed;
static bool have_postconf;

static const enum program programs[] = { PROGRAM_SMTP, PROGRAM_LMTP, PROGRAM_REWRITE, PROGRAM_OTHER };
static const char *const program_words[] = { "smtp", "lmtp", "trivial-rewrite", "other" };

static struct params *make(struct region *region, const char *text, enum program program, const char *version)
{
    struct version v = version_newest();
    struct main_cf *cf = main_cf_parse(region, "main.cf", slice_of(text), NULL);

    if (version != NULL && !version_parse(&v, slice_of(version)))
        check_ok(false, "\"%s\" is a version", version);
    return params_new(region, cf, NULL, program, v, "/etc/postfix");
}

/* Chosen when Postfix is built. */
static bool depends_on_build(const char *name)
{
    static const char *const names[] = {
        "daemon_directory",
        "data_directory",
        "command_directory",
        "meta_directory",
        "shlib_directory",
        "queue_directory",
        "default_database_type",
        "default_cache_db_type",
        "alias_database",
        "mail_owner",
        "setgid_group",
        "default_privs",
        "openssl_path",
        "mail_version",
        "smtp_address_preference",
        "lmtp_address_preference",
        "tls_eecdh_auto_curves",
        "tls_ffdhe_auto_groups",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_of_machine(const char *name)
{
    return strcmp(name, "myhostname") == 0 || strcmp(name, "mydomain") == 0 || strcmp(name, "mynetworks") == 0;
}

/* Debian 12 is what the tables are made for: there nothing is left out but the names of the machine. */
static bool is_compared(const char *name)
{
    FILE *debian = fopen("/etc/debian_version", "r");

    if (debian != NULL)
        fclose(debian);
    return debian != NULL ? !is_of_machine(name) : !is_of_machine(name) && !depends_on_build(name);
}

static void compare_defaults(const struct main_cf *postconf, enum program program)
{
    struct region *region = region_new();
    struct params *p =
        params_new(region, main_cf_parse(region, "main.cf", SLICE(""), NULL), NULL, program, installed, "");
    size_t count, compared = 0;
    const struct parameter *list = params_list(p, &count);

    for (size_t i = 0; i < count; i++) {
        const struct main_cf_entry *entry = main_cf_find(postconf, list[i].name);
        const char *ours = strcmp(list[i].name, "mail_version") == 0 ? list[i].text : list[i].initial;

        if (!is_compared(list[i].name))
            continue;
        is_text(ours, entry != NULL ? entry->value : NULL, "default of %s", list[i].name);
        compared++;
    }
    check_ok(compared > 100, "%zu defaults of %s compared", compared, program_words[program]);
    region_free(region);
}

static void test_installed_defaults(void)
{
    struct region *region;
    struct main_cf *postconf;
    char *text;
    bool ok;

    if (!have_postconf) {
        check_skip("postconf is not installed: defaults are not compared");
        return;
    }
    region = region_new();
    postconf_configure("", "");
    text = postconf_run("-d", &ok);
    postconf = main_cf_parse(region, "postconf", slice_of(text), NULL);
    if (check_ok(ok && postconf != NULL, "postconf -d can be read"))
        for (size_t i = 0; i < 3; i++)
            compare_defaults(postconf, programs[i]);
    mem_free(text);
    region_free(region);
}

/* Each name has one row in each release, and the defaults let every program start. */
static void test_every_release(void)
{
    static const int patches[] = { 29, 27, 20, 22, 20, 14, 13, 6, 0 };

    for (int minor = 4; minor <= 12; minor++) {
        int doubles = 0, stopped = 0;

        for (int patch = 0; patch <= patches[minor - 4]; patch++) {
            for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
                struct region *region = region_new();
                char version[32];
                struct params *p;
                struct error err = { .status = 0 };
                size_t count;
                const struct parameter *list;

                snprintf(version, sizeof(version), "3.%d.%d", minor, patch);
                p = make(region, "", programs[i], version);
                list = params_list(p, &count);
                for (size_t k = 0; k < count; k++)
                    doubles += params_find(p, list[k].row->name) != &list[k] && list[k].row->group != GROUP_LMTP;
                if (!params_check_start(p, &err)) {
                    stopped++;
                    check_note("%s %s: %s", version, program_words[i], err.text);
                }
                region_free(region);
            }
        }
        is_int(doubles, 0, "parameters with two rows in a release of 3.%d", minor);
        is_int(stopped, 0, "programs of 3.%d that do not start with their defaults", minor);
    }
}

#define DANE_BY_LEVEL "smtp_tls_dane_insecure_mx_policy"

/* Expanded. */
static const struct {
    const char *version;
    enum program program;
    const char *main_cf, *name, *want;
} values[] = {
    { "3.4.18", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.4.19", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.5.8", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.5.9", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.7.11", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.7.11", PROGRAM_SMTP, "smtp_tls_security_level = dane", DANE_BY_LEVEL, "dane" },
    { "3.7.11", PROGRAM_SMTP, "smtp_tls_security_level = dane-only", DANE_BY_LEVEL, "may" },
    { "3.7.11", PROGRAM_SMTP, "smtp_tls_security_level = DANE", DANE_BY_LEVEL, "may" },
    { "3.7.12", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.7.13", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.6.16", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.6.17", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.8.8", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.9.1", PROGRAM_SMTP, "", DANE_BY_LEVEL, "may" },
    { "3.10.0", PROGRAM_SMTP, "", DANE_BY_LEVEL, "dane" },
    { "3.10.13", PROGRAM_SMTP, "compatibility_level = 3.11", "smtp_tls_security_level", "" },
    { "3.11.0", PROGRAM_SMTP, "", "smtp_tls_security_level", "" },
    { "3.11.0", PROGRAM_SMTP, "compatibility_level = 3.10", "smtp_tls_security_level", "" },
    { "3.11.0", PROGRAM_SMTP, "compatibility_level = 3.11", "smtp_tls_security_level", "may" },
    { "3.11.0", PROGRAM_SMTP, "compatibility_level = 3.11\nsmtp_tls_security_level =", "smtp_tls_security_level", "" },
    { "3.11.0", PROGRAM_LMTP, "compatibility_level = 3.11", "smtp_tls_security_level", "" },
    { "3.5.27", PROGRAM_SMTP, "compatibility_level = 3", "smtp_tls_fingerprint_digest", "md5" },
    { "3.6.0", PROGRAM_SMTP, "compatibility_level = 2", "smtp_tls_fingerprint_digest", "md5" },
    { "3.6.0", PROGRAM_SMTP, "compatibility_level = 3.6", "smtp_tls_fingerprint_digest", "sha256" },
    { "3.5.27", PROGRAM_SMTP, "", "smtp_tls_mandatory_protocols", "!SSLv2, !SSLv3" },
    { "3.6.0", PROGRAM_SMTP, "", "smtp_tls_mandatory_protocols", ">=TLSv1" },
    { "3.7.11", PROGRAM_SMTP, "", "tls_medium_cipherlist", "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH" },
    { "3.8.0", PROGRAM_SMTP, "", "tls_medium_cipherlist",
      "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH" },
    { "3.9.14", PROGRAM_SMTP, "", "tls_eecdh_auto_curves", "X25519 X448 prime256v1 secp521r1 secp384r1" },
    { "3.10.0", PROGRAM_SMTP, "", "tls_eecdh_auto_curves", "X25519 X448 prime256v1 secp384r1 secp521r1" },
    { "3.5.0", PROGRAM_SMTP, "compatibility_level = 1", "smtputf8_enable", "yes" },
    { "3.5.0", PROGRAM_SMTP, "", "smtputf8_enable", "no" },
    { "3.7.11", PROGRAM_SMTP, "compatibility_level = 3.6", "smtputf8_enable", "yes" },
    { "3.5.0", PROGRAM_SMTP, "", "known_tcp_ports", "" },
    { "3.6.0", PROGRAM_SMTP, "", "known_tcp_ports", "lmtp=24, smtp=25, smtps=submissions=465, submission=587" },
    { "3.7.11", PROGRAM_SMTP, "", "mail_version", "3.7.11" },
    /* lmtp_ twins */
    { "3.7.11", PROGRAM_LMTP, "", "smtp_tcp_port", "24" },
    { "3.7.11", PROGRAM_SMTP, "", "smtp_tcp_port", "smtp" },
    { "3.7.11", PROGRAM_LMTP, "smtp_tls_policy_maps = hash:/a", "smtp_tls_policy_maps", "" },
    { "3.7.11", PROGRAM_LMTP, "lmtp_tls_policy_maps = hash:/b", "smtp_tls_policy_maps", "hash:/b" },
    { "3.7.11", PROGRAM_LMTP, "lmtp_tls_policy_maps = hash:/b", "lmtp_tls_policy_maps", "hash:/b" },
    { "3.7.11", PROGRAM_LMTP, "", "smtp_tls_secure_cert_match", "nexthop" },
    { "3.7.11", PROGRAM_SMTP, "", "smtp_tls_secure_cert_match", "nexthop, dot-nexthop" },
    { "3.7.11", PROGRAM_LMTP, "lmtp_lhlo_name = x.example", "smtp_helo_name", "x.example" },
    { "3.7.11", PROGRAM_LMTP, "lmtp_tls_cert_file = /c\nsmtp_tls_cert_file = /d", "smtp_tls_key_file", "/c" },
    /* parameters of others */
    { "3.7.11", PROGRAM_SMTP, "x = $smtpd_tls_ciphers|$lmtp_tls_ciphers|$smtp_tls_ciphers", "x", "||medium" },
    { "3.7.11", PROGRAM_LMTP, "x = $smtpd_tls_ciphers|$lmtp_tls_ciphers|$smtp_tls_ciphers", "x", "|medium|" },
    { "3.7.11", PROGRAM_SMTP, "x = $transport_maps|$default_transport", "x", "|" },
    { "3.7.11", PROGRAM_REWRITE, "x = $smtp_tls_ciphers|$default_transport", "x", "|smtp" },
    { "3.7.11", PROGRAM_OTHER, "x = $smtp_tls_ciphers|$default_transport|$mail_name", "x", "||Postfix" },
    { "3.7.11", PROGRAM_LMTP, "smtp_tls_policy_maps = hash:/a\nlmtp_tls_policy_maps = $smtp_tls_policy_maps",
      "smtp_tls_policy_maps", "hash:/a" },
    { "3.7.11", PROGRAM_SMTP, "smtpd_tls_ciphers = high\nsmtp_tls_ciphers = $smtpd_tls_ciphers", "smtp_tls_ciphers",
      "high" },
    { "3.7.11", PROGRAM_SMTP, "", "smtp_fallback_relay", "" },
    { "3.7.11", PROGRAM_SMTP, "fallback_relay = a.example", "smtp_fallback_relay", "a.example" },
    /* names of the machine, which the first row that needs them finds */
    { "3.7.11", PROGRAM_SMTP, "", "myhostname", "localhost.localdomain" },
    { "3.7.11", PROGRAM_SMTP, "mydomain = d.example", "myhostname", "localhost.d.example" },
    { "3.7.11", PROGRAM_SMTP, "myhostname = a.b.example", "mydomain", "b.example" },
    { "3.7.11", PROGRAM_SMTP, "myhostname = a", "mydomain", "localdomain" },
    { "3.7.11", PROGRAM_SMTP, "myhostname = a.b.example", "smtp_helo_name", "a.b.example" },
    { "3.7.11", PROGRAM_SMTP, "x = $config_directory/$process_name", "x", "/etc/postfix/smtp" },
    { "3.7.11", PROGRAM_SMTP, "", "no_such_parameter", "" },
    { "3.7.11", PROGRAM_SMTP, "no_such_parameter = a", "no_such_parameter", "a" },
    /* read in order: a default not yet read is empty */
    { "3.7.11", PROGRAM_SMTP, "smtp_tls_ciphers = $smtp_tls_mandatory_ciphers", "smtp_tls_ciphers", "medium" },
    { "3.7.11", PROGRAM_SMTP, "smtp_tls_mandatory_ciphers = $smtp_tls_ciphers", "smtp_tls_mandatory_ciphers", "" },
};

static void test_values(void)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct region *region = region_new();
        struct params *p = make(region, values[i].main_cf, values[i].program, values[i].version);

        is_text(params_text(p, values[i].name), values[i].want, "%s of %s %s with \"%s\"", values[i].name,
                program_words[values[i].program], values[i].version, values[i].main_cf);
        region_free(region);
    }
}

/* The same as postconf -x says. */
static const char *const configurations[] = {
    "",
    "compatibility_level = 3.6",
    "compatibility_level = 0",
    "compatibility_level = 2\nmyhostname = mx.example.org\nrelay_domains = $mydestination, lists.$mydomain",
    "myhostname = mx.example.org\nmyorigin = $mydomain\nmydestination = $myhostname, $mydomain",
    "smtp_tls_security_level = dane",
    "smtp_tls_security_level = may\nsmtp_tls_dane_insecure_mx_policy = encrypt",
    "smtp_tls_security_level = ${x?{$x}:{encrypt}}\nx =",
    "x = verify\nsmtp_tls_security_level = ${x?{$x}:{encrypt}}",
    "smtp_tls_cert_file = /etc/cert.pem\nlmtp_tls_cert_file = $smtp_tls_cert_file",
    "smtp_tls_policy_maps = $lmtp_tls_policy_maps\nlmtp_tls_policy_maps = hash:/a, inline:{b=none}",
    "smtp_per_record_deadline = yes",
    "smtp_connect_timeout = ${{$compatibility_level} <level {3} ? {10s} : {1m}}",
    "multi_instance_name = postfix-out",
    "virtual_alias_maps = hash:/v\nrelayhost = [gw.$mydomain]:587\nmydomain = example.net",
};

static void compare_with_postconf(const char *text, enum program program)
{
    struct region *region = region_new();
    bool ok;
    char *raw, *expanded;
    struct main_cf *compiled, *judge;
    struct params *p;
    size_t count;
    const struct parameter *list;
    int wrong = 0;

    postconf_configure(text, "");
    raw = postconf_run("-d", &ok);
    expanded = postconf_run("-x", &ok);
    compiled = main_cf_parse(region, "postconf", slice_of(raw), NULL);
    judge = main_cf_parse(region, "postconf", slice_of(expanded), NULL);
    p = params_new(region, main_cf_parse(region, "main.cf", slice_of(text), NULL), compiled, program, installed, "");
    list = params_list(p, &count);
    for (size_t i = 0; i < count; i++) {
        const struct main_cf_entry *entry = main_cf_find(judge, list[i].name);

        if (entry == NULL || strcmp(entry->value, list[i].text) == 0)
            continue;
        if (strcmp(list[i].name, "mynetworks") == 0) /* found out from the addresses of the machine */
            continue;
        wrong++;
        is_text(list[i].text, entry->value, "%s", list[i].name);
    }
    is_int(wrong, 0, "values of %s that differ from postconf with \"%s\"", program_words[program], text);
    mem_free(raw);
    mem_free(expanded);
    region_free(region);
}

static void test_installed_values(void)
{
    if (!have_postconf) {
        check_skip("postconf is not installed: values are not compared");
        return;
    }
    for (size_t i = 0; i < sizeof(configurations) / sizeof(configurations[0]); i++)
        for (size_t k = 0; k < 3; k++)
            compare_with_postconf(configurations[i], programs[k]);
}

/* A program that does not start: the name it complains of and the line; NULL: it starts. */
static const struct {
    const char *main_cf;
    enum program program;
    const char *version, *complaint;
    int line;
} starts[] = {
    { "smtp_tls_security_level = secure", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_security_level = Secure", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_security_level =", PROGRAM_SMTP, NULL, NULL, 0 },
    { "\nsmtp_tls_security_level = secured", PROGRAM_SMTP, NULL, "parameter smtp_tls_security_level", 2 },
    { "smtp_tls_security_level = half-dane", PROGRAM_SMTP, NULL, "smtp_tls_security_level", 1 },
    { "smtp_tls_security_level = may protocols=x", PROGRAM_SMTP, NULL, "smtp_tls_security_level", 1 },
    { "smtp_tls_security_level = x", PROGRAM_LMTP, NULL, NULL, 0 },
    { "lmtp_tls_security_level = x", PROGRAM_LMTP, NULL, "parameter lmtp_tls_security_level", 1 },
    { "lmtp_tls_security_level = x", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_dane_insecure_mx_policy = none", PROGRAM_SMTP, NULL, "insecure_mx_policy", 1 },
    { "smtp_tls_dane_insecure_mx_policy =", PROGRAM_SMTP, NULL, "insecure_mx_policy", 1 },
    { "smtp_tls_dane_insecure_mx_policy = Encrypt", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_dane_insecure_mx_policy = none", PROGRAM_LMTP, NULL, NULL, 0 },
    { "smtp_dns_support_level = DNSSEC", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_dns_support_level = yes", PROGRAM_SMTP, NULL, "smtp_dns_support_level", 1 },
    { "smtp_host_lookup = dns, native", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_host_lookup = DNS", PROGRAM_SMTP, NULL, "smtp_host_lookup", 1 },
    { "smtp_host_lookup =", PROGRAM_SMTP, NULL, "smtp_host_lookup", 1 },
    { "smtp_host_lookup = both\nsmtp_dns_support_level = disabled", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_host_lookup = both\ndisable_dns_lookups = yes", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_address_preference = ipv5", PROGRAM_SMTP, NULL, "smtp_address_preference", 1 },
    { "smtp_address_preference = IPv6", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_dns_resolver_options = res_dnsrch, res_x", PROGRAM_SMTP, NULL, "smtp_dns_resolver_options", 1 },
    { "inet_protocols = ipv4, ipv6", PROGRAM_SMTP, NULL, NULL, 0 },
    { "inet_protocols = v4", PROGRAM_REWRITE, NULL, "inet_protocols", 1 },
    { "smtp_randomize_addresses = true", PROGRAM_SMTP, NULL, "smtp_randomize_addresses", 1 },
    { "smtp_randomize_addresses = YES", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_randomize_addresses =", PROGRAM_SMTP, NULL, "smtp_randomize_addresses", 1 },
    { "smtp_mx_address_limit = five", PROGRAM_SMTP, NULL, "smtp_mx_address_limit", 1 },
    { "smtp_mx_address_limit = 5 ", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_mx_address_limit = 99999999999", PROGRAM_SMTP, NULL, "smtp_mx_address_limit", 1 },
    { "line_length_limit = 511", PROGRAM_SMTP, NULL, "line_length_limit", 1 },
    { "smtp_helo_timeout = 5", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_helo_timeout = 5x", PROGRAM_SMTP, NULL, "smtp_helo_timeout", 1 },
    { "smtp_helo_timeout = 0", PROGRAM_SMTP, NULL, "smtp_helo_timeout", 1 },
    { "smtp_connect_timeout = 0", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_connect_timeout =", PROGRAM_SMTP, NULL, "smtp_connect_timeout", 1 },
    { "lmtp_lhlo_timeout = x", PROGRAM_LMTP, NULL, "lmtp_lhlo_timeout", 1 },
    { "smtp_tls_ciphers =", PROGRAM_SMTP, NULL, "smtp_tls_ciphers", 1 },
    { "smtp_tls_mandatory_ciphers = $smtp_tls_ciphers", PROGRAM_SMTP, NULL, "smtp_tls_mandatory_ciphers", 1 },
    { "smtp_tls_verify_cert_match =", PROGRAM_SMTP, NULL, "smtp_tls_verify_cert_match", 1 },
    { "smtp_tls_fingerprint_digest =", PROGRAM_SMTP, NULL, "smtp_tls_fingerprint_digest", 1 },
    { "smtp_helo_name =", PROGRAM_SMTP, NULL, "smtp_helo_name", 1 },
    { "smtp_tls_protocols =", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_policy_maps = /etc/postfix/tls_policy", PROGRAM_SMTP, NULL, "smtp_tls_policy_maps", 1 },
    { "smtp_tls_policy_maps = hash:/a hash: /b", PROGRAM_SMTP, NULL, "smtp_tls_policy_maps", 1 },
    { "smtp_tls_policy_maps = inline:{ a.example=none, b.example = may }, hash:/b", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_per_site = /x", PROGRAM_SMTP, NULL, "smtp_tls_per_site", 1 },
    { "smtp_tls_per_site = /x\nsmtp_tls_policy_maps = hash:/b", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_sasl_auth_enable = yes", PROGRAM_SMTP, NULL, "smtp_sasl_password_maps", 0 },
    { "smtp_sasl_password_maps = /x", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_sasl_password_maps = /x\nsmtp_sasl_auth_enable = yes", PROGRAM_SMTP, NULL, "smtp_sasl_password_maps", 1 },
    { "transport_maps = /x", PROGRAM_REWRITE, NULL, "transport_maps", 1 },
    { "transport_maps = /x", PROGRAM_SMTP, NULL, NULL, 0 },
    { "compatibility_level = x", PROGRAM_SMTP, NULL, "compatibility_level", 1 },
    { "compatibility_level = 3.6", PROGRAM_SMTP, "3.5.0", "compatibility_level", 1 },
    { "compatibility_level = 3.6", PROGRAM_SMTP, "3.6.0", NULL, 0 },
    { "tls_append_default_CA = x", PROGRAM_SMTP, NULL, NULL, 0 }, /* TLS is off: it is not read */
    { "tls_append_default_CA = x\nsmtp_tls_security_level = may", PROGRAM_SMTP, NULL, "tls_append_default_CA", 1 },
    { "tls_append_default_CA = x\nsmtp_tls_policy_maps = hash:/a", PROGRAM_SMTP, NULL, "tls_append_default_CA", 1 },
    { "tls_append_default_CA = x\nsmtp_use_tls = yes", PROGRAM_SMTP, NULL, "tls_append_default_CA", 1 },
    { "tls_append_default_CA = x\nsmtp_use_tls = yes\nsmtp_tls_security_level = none", PROGRAM_SMTP, NULL, NULL, 0 },
    { "tls_medium_cipherlist =\nsmtp_tls_security_level = may", PROGRAM_SMTP, NULL, "tls_medium_cipherlist", 1 },
    { "tls_eecdh_auto_curves =\nsmtp_tls_security_level = may", PROGRAM_SMTP, "3.7.11", "tls_eecdh_auto_curves", 1 },
    { "tls_eecdh_auto_curves =\nsmtp_tls_security_level = may", PROGRAM_SMTP, "3.7.13", NULL, 0 },
    { "smtp_tls_CAfile = ${x", PROGRAM_SMTP, NULL, "smtp_tls_CAfile", 1 },
    { "x = ${y\nsmtp_tls_CAfile = $x", PROGRAM_SMTP, NULL, "smtp_tls_CAfile", 2 },
    { "x = ${y", PROGRAM_SMTP, NULL, NULL, 0 },
    { "relayhost = $myhostname", PROGRAM_REWRITE, NULL, "relayhost", 1 },
    { "myorigin = a.example, b.example", PROGRAM_SMTP, NULL, "myorigin", 1 },
    { "myhostname = a_b!", PROGRAM_SMTP, NULL, "myhostname", 1 },
    { "\ndefault_delivery_status_filter = x", PROGRAM_SMTP, NULL, "smtp_delivery_status_filter", 2 },
    { "syslog_facility = Mail", PROGRAM_SMTP, NULL, "syslog_facility", 1 },
    { "mynetworks_style = x", PROGRAM_SMTP, NULL, "mynetworks_style", 1 },
    { "mynetworks_style = x\nmynetworks = 127.0.0.1", PROGRAM_SMTP, NULL, NULL, 0 },
    { "inet_protocols =", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_mx_address_limit = -1", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_helo_timeout = 1 m", PROGRAM_SMTP, NULL, "smtp_helo_timeout", 1 },
    { "smtp_helo_timeout = 1minute", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_reply_filter = x", PROGRAM_SMTP, NULL, "smtp_reply_filter", 1 },
    { "smtp_header_checks = x", PROGRAM_SMTP, NULL, "smtp_header_checks", 1 },
    { "smtp_dns_reply_filter = x", PROGRAM_SMTP, NULL, "smtp_dns_reply_filter", 1 },
    { "propagate_unmatched_extensions = x", PROGRAM_SMTP, NULL, "propagate_unmatched_extensions", 1 },
    { "mydomain =", PROGRAM_SMTP, NULL, "mydomain", 1 },
    { "smtp_tls_fingerprint_digest = x\nsmtp_tls_security_level = may", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_loglevel = x\nsmtp_tls_security_level = may", PROGRAM_SMTP, NULL, NULL, 0 },
    { "smtp_tls_wrappermode = maybe", PROGRAM_SMTP, NULL, "smtp_tls_wrappermode", 1 },
    { "smtp_tls_wrappermode = maybe", PROGRAM_LMTP, NULL, NULL, 0 },
    { "lmtp_tls_wrappermode = maybe", PROGRAM_LMTP, NULL, "lmtp_tls_wrappermode", 1 },
    { "lmtp_host_lookup = x", PROGRAM_LMTP, NULL, "lmtp_host_lookup", 1 },
    { "lmtp_tls_policy_maps = x", PROGRAM_LMTP, NULL, "lmtp_tls_policy_maps", 1 },
    { "lmtp_discard_lhlo_keyword_address_maps = x", PROGRAM_LMTP, NULL, "lmtp_discard_lhlo_keyword_address_maps", 1 },
    { "sender_dependent_relayhost_maps = x", PROGRAM_REWRITE, NULL, "sender_dependent_relayhost_maps", 1 },
    { "sender_dependent_default_transport_maps = x", PROGRAM_REWRITE, NULL, "default_transport_maps", 1 },
    { "relocated_maps = x", PROGRAM_REWRITE, NULL, "relocated_maps", 1 },
    { "default_transport =", PROGRAM_REWRITE, NULL, "default_transport", 1 },
    { "smtp_tls_security_level = x", PROGRAM_REWRITE, NULL, NULL, 0 },
    { "address_verify_transport_maps = x", PROGRAM_REWRITE, NULL, "address_verify_transport_maps", 1 },
    { "header_from_format = x", PROGRAM_SMTP, "3.6.0", NULL, 0 },
    { "header_from_format = x", PROGRAM_SMTP, "3.7.0", "header_from_format", 1 },
};

static void test_starts(void)
{
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct region *region = region_new();
        struct params *p = make(region, starts[i].main_cf, starts[i].program, starts[i].version);
        struct error err = { .status = 0 };
        bool ok = params_check_start(p, &err);

        is_int(ok, starts[i].complaint == NULL, "whether %s starts with \"%s\" (%s)", program_words[starts[i].program],
               starts[i].main_cf, err.text);
        if (!ok && starts[i].complaint != NULL) {
            check_ok(strstr(err.text, starts[i].complaint) != NULL, "it names %s: %s", starts[i].complaint, err.text);
            is_int(err.line, starts[i].line, "the line");
            is_int(err.status, 78, "the status");
            check_ok(err.fix[0] != '\0', "a remedy is given");
        }
        region_free(region);
    }
}

/* The same as the installed daemon says. */
static void compare_starts(enum program program)
{
    enum { COUNT = sizeof(starts) / sizeof(starts[0]) };
    const char *main_cf[COUNT];
    bool started[COUNT];
    size_t count = 0;

    static_assert(COUNT <= POSTCONF_BATCH_MAX, "too many rows for one batch");
    for (size_t i = 0; i < COUNT; i++)
        if (starts[i].program == program)
            main_cf[count++] = starts[i].main_cf;
    postconf_starts(program_words[program], main_cf, count, started);
    for (size_t i = 0; i < count; i++) {
        struct region *region = region_new();
        struct main_cf *cf = main_cf_parse(region, "main.cf", slice_of(main_cf[i]), NULL);
        struct params *p = params_new(region, cf, NULL, program, installed, "/etc/postfix");
        struct error err = { .status = 0 };

        is_int(params_check_start(p, &err), started[i], "the installed %s and we agree on \"%s\" (%s)",
               program_words[program], main_cf[i], err.text);
        region_free(region);
    }
}

static void test_installed_starts(void)
{
    if (!have_postconf) {
        check_skip("Postfix is not installed: starts are not compared");
        return;
    }
    for (size_t i = 0; i < 3; i++)
        compare_starts(programs[i]);
}

static void test_typed(void)
{
    struct region *region = region_new();
    struct params *p = make(region,
                            "smtp_helo_timeout = 2m\nsmtp_mail_timeout = 1h\nsmtp_rcpt_timeout = 1minute\n"
                            "smtp_quit_timeout = x\nsmtp_mx_address_limit = 7\nsmtp_mx_session_limit = x\n"
                            "smtp_randomize_addresses = x\nsmtp_tls_wrappermode = Yes\nown = 5\n"
                            "maximal_x = 1d\nminimal_backoff_time = 10\nsmtp_pix_workaround_threshold_time = 1w\n",
                            PROGRAM_SMTP, "3.7.11");

    is_int(params_time(p, "smtp_helo_timeout"), 120, "minutes");
    is_int(params_time(p, "smtp_mail_timeout"), 3600, "hours");
    is_int(params_time(p, "smtp_rcpt_timeout"), 60, "a unit spelt out");
    is_int(params_time(p, "smtp_quit_timeout"), 300, "a bad time gives the default");
    is_int(params_time(p, "smtp_connect_timeout"), 30, "a default");
    is_int(params_time(p, "minimal_backoff_time"), 10, "no unit: that of the default");
    is_int(params_time(p, "smtp_pix_workaround_threshold_time"), 604800, "weeks");
    is_int(params_number(p, "smtp_mx_address_limit"), 7, "a number");
    is_int(params_number(p, "smtp_mx_session_limit"), 2, "a bad number gives the default");
    is_int(params_number(p, "own"), 5, "a number the user defined");
    is_int(params_bool(p, "smtp_randomize_addresses"), 1, "a bad boolean gives the default");
    is_int(params_bool(p, "smtp_tls_wrappermode"), 1, "a boolean in mixed case");
    is_int(params_bool(p, "no_such"), 0, "an unknown boolean");
    is_int(params_program(p), PROGRAM_SMTP, "the program");
    is_int(params_version(p).patch, 11, "the version");
    region_free(region);
}

static void test_set(void)
{
    struct region *region = region_new();
    const char text[] = "smtp_tls_CAfile =\nlmtp_tls_CApath = /x\ncompatibility_level = 3.6\n";
    struct params *smtp = make(region, text, PROGRAM_SMTP, NULL), *lmtp = make(region, text, PROGRAM_LMTP, NULL);
    const struct main_cf_entry *entry;

    check_ok(params_is_set(smtp, "smtp_tls_CAfile", &entry) && entry->line == 1, "set to nothing is set");
    check_ok(!params_is_set(smtp, "smtp_tls_CApath", NULL), "the twin does not count");
    check_ok(params_is_set(lmtp, "smtp_tls_CApath", &entry) && entry->line == 2, "lmtp looks at its own");
    check_ok(!params_is_set(lmtp, "smtp_tls_CAfile", &entry) && entry == NULL, "and at nothing else");
    is_text(params_name(lmtp, "smtp_tls_policy_maps"), "lmtp_tls_policy_maps", "the name in main.cf");
    is_text(params_name(lmtp, "smtp_helo_name"), "lmtp_lhlo_name", "a name spelt otherwise");
    is_text(params_name(lmtp, "best_mx_transport"), "best_mx_transport", "a name without a twin");
    is_text(params_name(smtp, "smtp_tls_policy_maps"), "smtp_tls_policy_maps", "the name itself");
    is_int(params_compatibility_level(smtp).major, 3, "the compatibility level");
    is_int(params_compatibility_level(smtp).minor, 6, "and its second part");
    region_free(region);
}

static void test_compiled(void)
{
    struct region *region = region_new();
    struct main_cf *compiled =
        main_cf_parse(region, "postconf",
                      SLICE("myhostname = vm.localdomain\nmydomain = localdomain\nsmtp_connect_timeout = 7s\n"), NULL);
    struct main_cf *empty = main_cf_parse(region, "main.cf", SLICE(""), NULL);
    struct main_cf *domain = main_cf_parse(region, "main.cf", SLICE("mydomain = d.example\n"), NULL);
    struct params *p = params_new(region, empty, compiled, PROGRAM_SMTP, version_newest(), "/etc/postfix");

    is_text(params_text(p, "myhostname"), "vm.localdomain", "the machine's own name");
    is_int(params_time(p, "smtp_connect_timeout"), 7, "a default of the installed Postfix");
    check_ok(!params_is_set(p, "smtp_connect_timeout", NULL), "which does not make it set");
    p = params_new(region, domain, compiled, PROGRAM_SMTP, version_newest(), "/etc/postfix");
    is_text(params_text(p, "myhostname"), "vm.d.example", "a short name is completed with mydomain");
    region_free(region);
}

/* Other settings, and the defaults that follow from them. */
static void test_with(void)
{
    static const char *const settings[][2] = { { "smtp_tls_security_level", "dane" }, { "smtp_tls_policy_maps", "" } };
    struct region *region = region_new();
    struct params *p = make(region, "smtp_tls_security_level = may\nsmtp_tls_policy_maps = inline:{x=y}\n", PROGRAM_SMTP, "3.7.11");
    struct params *other = params_with(region, p, settings, 2, "--as");
    const struct main_cf_entry *entry = NULL;

    is_text(params_text(other, "smtp_tls_security_level"), "dane", "the setting");
    is_text(params_text(other, "smtp_tls_policy_maps"), "", "an empty one");
    is_text(params_text(other, "smtp_tls_dane_insecure_mx_policy"), "dane", "a default that follows");
    check_ok(params_is_set(other, "smtp_tls_security_level", &entry) && entry != NULL, "it is set");
    is_text(entry->file, "--as", "and says where");
    is_text(params_text(p, "smtp_tls_security_level"), "may", "the one it was made of stays");
    is_text(params_text(p, "smtp_tls_policy_maps"), "inline:{x=y}", "whole");
    region_free(region);
}

int main(void)
{
    have_postconf = postconf_installed(&installed) && version_at_least(installed, 3, 6, 0);
    test_installed_defaults();
    test_every_release();
    test_values();
    test_installed_values();
    test_starts();
    test_installed_starts();
    test_typed();
    test_set();
    test_compiled();
    test_with();
    return check_done();
}
