#include "tests/lib/web_pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "scanner/base/mem.h"

#define DAY 86400L

struct signer {
    EVP_PKEY *key;
    X509     *x509;
    char     *pem;
};

static struct signer authority, stranger;

static void must(int truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "web_pki: %s\n", what);
    exit(99);
}

static void extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(x509, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* Unsigned. */
static X509 *begin(EVP_PKEY *key, const char *common_name, long from, long until)
{
    static long serial;
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);

    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x509), from * DAY);
    X509_gmtime_adj(X509_getm_notAfter(x509), until * DAY);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_pubkey(x509, key);
    return x509;
}

static char *to_pem(EVP_PKEY *key, X509 *x509)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p, *text;
    long n;

    if (key)
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(bio, x509);
    n = BIO_get_mem_data(bio, &p);
    text = mem_alloc((size_t)n + 1);
    memcpy(text, p, (size_t)n);
    BIO_free(bio);
    return text;
}

static const struct signer *signer_of(struct signer *signer, const char *name)
{
    if (signer->key)
        return signer;
    signer->key = EVP_EC_gen("P-256");
    must(signer->key != NULL, "no key");
    signer->x509 = begin(signer->key, name, -1000, 1000);
    X509_set_issuer_name(signer->x509, X509_get_subject_name(signer->x509));
    extend(signer->x509, signer->x509, NID_basic_constraints, "critical,CA:TRUE");
    must(X509_sign(signer->x509, signer->key, EVP_sha256()) != 0, "no signature");
    signer->pem = to_pem(NULL, signer->x509);
    return signer;
}

const char *web_authority(void)
{
    return signer_of(&authority, "Test Authority")->pem;
}

char *web_chain(const struct web_certificate *wish)
{
    const struct signer *by = wish->stranger ? signer_of(&stranger, "Stranger") : signer_of(&authority, "Test Authority");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = begin(key, wish->common_name ? wish->common_name : "server", wish->from, wish->until);
    int alone = wish->stranger > 1;
    char *pem;

    X509_set_issuer_name(x509, X509_get_subject_name(alone ? x509 : by->x509));
    if (wish->names)
        extend(x509, by->x509, NID_subject_alt_name, wish->names);
    must(X509_sign(x509, alone ? key : by->key, EVP_sha256()) != 0, "no signature");
    pem = to_pem(key, x509);
    X509_free(x509);
    EVP_PKEY_free(key);
    return pem;
}

static void clear(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    X509_free(signer->x509);
    mem_free(signer->pem);
    *signer = (struct signer){ .key = NULL };
}

void web_clear(void)
{
    clear(&authority);
    clear(&stranger);
}
