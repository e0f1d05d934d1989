#include "tests/bench/authority.h"

#include <err.h>
#include <stdio.h>

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#define DAY 86400L

struct wish {
    const char *name;
    const char *basic;      /* basicConstraints */
    const char *alternative; /* subjectAltName, or NULL */
    long        days;
};

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (key == NULL)
        errx(1, "no key");
    return key;
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX      context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || X509_add_ext(x509, extension, -1) != 1)
        errx(1, "no extension %s", value);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const struct wish *wish, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    static long serial;
    X509       *x509 = X509_new();

    if (x509 == NULL)
        errx(1, "no certificate");
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), -DAY);
    X509_gmtime_adj(X509_getm_notAfter(x509), wish->days * DAY);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8, (const unsigned char *)wish->name, -1, -1,
                               0);
    X509_set_issuer_name(x509, X509_get_subject_name(issuer != NULL ? issuer : x509));
    X509_set_pubkey(x509, key);
    issuer = issuer != NULL ? issuer : x509;
    add_extension(x509, issuer, NID_basic_constraints, wish->basic);
    add_extension(x509, issuer, NID_subject_key_identifier, "hash");
    add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always");
    if (wish->alternative != NULL)
        add_extension(x509, issuer, NID_subject_alt_name, wish->alternative);
    if (X509_sign(x509, issuer_key, EVP_sha256()) == 0)
        errx(1, "no signature");
    return x509;
}

void authority_make(struct authority *authority)
{
    const struct wish root = { "Bench Root", "critical,CA:TRUE", NULL, 3650 };
    const struct wish intermediate = { "Bench Intermediate", "critical,CA:TRUE,pathlen:0", NULL, 1825 };

    authority->root_key = make_key();
    authority->key = make_key();
    authority->root = make_certificate(&root, authority->root_key, NULL, authority->root_key);
    authority->intermediate = make_certificate(&intermediate, authority->key, authority->root, authority->root_key);
}

void authority_issue(const struct authority *authority, const char *name, struct leaf *leaf)
{
    char        alternative[300];
    struct wish wish = { name, "critical,CA:FALSE", alternative, 90 };

    snprintf(alternative, sizeof alternative, "DNS:%s", name);
    leaf->key = make_key();
    leaf->x509 = make_certificate(&wish, leaf->key, authority->intermediate, authority->key);
}
