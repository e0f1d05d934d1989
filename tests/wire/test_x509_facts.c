/* What reports say of a certificate. */
#include "probes/wire/x509_facts.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tests/lib/check.h"

static X509 *bare(EVP_PKEY *key)
{
    X509 *x509 = X509_new();

    X509_set_version(x509, X509_VERSION_3);
    ASN1_TIME_set_string(X509_getm_notBefore(x509), "20260101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(x509), "20270101000000Z");
    X509_set_pubkey(x509, key);
    return x509;
}

static void set_name(X509 *x509, const char *bytes, int n)
{
    X509_NAME *name = X509_NAME_new();

    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const unsigned char *)bytes, n, -1, 0);
    X509_set_subject_name(x509, name);
    X509_set_issuer_name(x509, name);
    X509_NAME_free(name);
}

static void add_names(X509 *x509, const char *bytes, int n, int count)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

    for (int i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();

        ASN1_STRING_set(text, bytes, n);
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        sk_GENERAL_NAME_push(names, name);
    }
    X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

/* Signs, encodes, reads. The caller frees the region. */
static struct region *facts_of(X509 *x509, EVP_PKEY *key, const EVP_MD *md, struct cert *cert)
{
    struct region *region = region_new();
    unsigned char *der = NULL;
    int n;

    X509_sign(x509, key, md);
    n = i2d_X509(x509, &der);
    check_ok(n > 0 && x509_facts_read(region, der, (size_t)n, cert), "a certificate of %d bytes is read", n);
    OPENSSL_free(der);
    X509_free(x509);
    return region;
}

static void check_plain(EVP_PKEY *key)
{
    X509 *x509 = bare(key);
    struct region *region;
    struct cert c;

    set_name(x509, "mx.example", 10);
    add_names(x509, "mx.example", 10, 1);
    region = facts_of(x509, key, EVP_sha256(), &c);
    is_text(c.subject, "CN=mx.example", "subject");
    is_text(c.issuer, "CN=mx.example", "issuer");
    is_text(c.key, "EC P-256", "key");
    is_text(c.signature, "ecdsa-with-SHA256", "signature");
    is_int(c.not_before, 1767225600, "not before");
    is_int(c.not_after, 1798761600, "not after");
    is_int(c.dns_name_count, 1, "one name");
    is_text(c.dns_names[0], "mx.example", "the name");
    check_ok(strlen(c.id) == 64 && strlen(c.sha1) == 40 && strlen(c.spki_sha256) == 64 && strlen(c.spki_sha1) == 40, "digests");
    region_free(region);
}

static void check_rsa(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *x509 = bare(key);
    struct region *region;
    struct cert c;

    set_name(x509, "a", 1);
    region = facts_of(x509, key, EVP_sha384(), &c);
    is_text(c.key, "RSA 2048", "RSA");
    is_text(c.signature, "sha384WithRSAEncryption", "its signature");
    is_int(c.dns_name_count, 0, "no names");
    EVP_PKEY_free(key);
    region_free(region);
}

static void check_hostile_names(EVP_PKEY *key)
{
    X509 *x509 = bare(key);
    struct region *region;
    struct cert c;

    set_name(x509, "a\0b\n\033[1m<x>", 11);
    add_names(x509, "good.example\0evil \\\n\377", 21, 1);
    region = facts_of(x509, key, EVP_sha256(), &c);
    is_text(c.subject, "CN=a\\00b\\0A\\1B[1m\\<x\\>", "a hostile subject");
    is_text(c.dns_names[0], "good.example\\00evil\\20\\5C\\0A\\FF", "a hostile name");
    region_free(region);
}

static void check_many_names(EVP_PKEY *key)
{
    static const int counts[] = { CERT_NAMES_MAX, CERT_NAMES_MAX + 1, 5000 };
    static char longest[5000];
    X509 *x509;
    struct region *region;
    struct cert c;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        x509 = bare(key);
        set_name(x509, "a", 1);
        add_names(x509, "name.example", 12, counts[i]);
        region = facts_of(x509, key, EVP_sha256(), &c);
        is_int(c.dns_name_count, CERT_NAMES_MAX, "of %d names so many are kept", counts[i]);
        is_int(c.dns_name_total, counts[i], "all are counted");
        region_free(region);
    }

    memset(longest, 'x', sizeof longest);
    x509 = bare(key);
    set_name(x509, "a", 1);
    add_names(x509, longest, sizeof longest, 1);
    region = facts_of(x509, key, EVP_sha256(), &c);
    is_int(strlen(c.dns_names[0]), X509_TEXT_MAX + 3, "a long name is cut");
    check_ok(strcmp(c.dns_names[0] + X509_TEXT_MAX, "...") == 0, "and says so");
    region_free(region);
}

static void check_no_certificate(EVP_PKEY *key)
{
    X509 *x509 = bare(key);
    struct region *region = region_new();
    unsigned char *der = NULL;
    struct cert c;
    int n;

    check_ok(!x509_facts_read(region, (const uint8_t *)"", 0, &c) && c.unparsable, "nothing");
    check_ok(!x509_facts_read(region, (const uint8_t *)"garbage", 7, &c) && c.unparsable, "garbage");
    is_text(c.subject, "", "texts are there all the same");
    is_int(strlen(c.id), 64, "so is the digest");
    set_name(x509, "a", 1);
    X509_sign(x509, key, EVP_sha256());
    n = i2d_X509(x509, &der);
    for (int i = 1; i < n; i++) {
        uint8_t *exact = region_copy(region, der, (size_t)i);

        if (x509_facts_read(region, exact, (size_t)i, &c))
            check_ok(false, "the first %d of %d bytes are no certificate", i, n);
    }
    der = OPENSSL_realloc(der, (size_t)n + 1);
    der[n] = 0;
    check_ok(!x509_facts_read(region, der, (size_t)n + 1, &c), "bytes behind it");
    OPENSSL_free(der);
    X509_free(x509);
    region_free(region);
}

int main(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    check_plain(key);
    check_rsa();
    check_hostile_names(key);
    check_many_names(key);
    check_no_certificate(key);
    EVP_PKEY_free(key);
    return check_done();
}
