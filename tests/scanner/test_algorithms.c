/* With fewer algorithms everything must come out as with all of them. */
#include "scanner/algorithms.h"
#include "scanner/base/mem.h"
#include "scanner/facts/x509_read.h"
#include "scanner/judge/dane.h"
#include "tests/lib/check.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define NAMES_MAX 400

/* Keys that can stand in a certificate. */
static const struct key_row {
    const char *what, *type;
    const char *curve;       /* NULL: bits */
    int         bits;        /* 0: neither */
    const char *digest;      /* of the signature; NULL: the key's own */
} key_rows[] = {
    { "RSA", "RSA", NULL, 2048, "SHA256" },
    { "RSA-PSS", "RSA-PSS", NULL, 2048, "SHA256" },
    { "P-256", "EC", "P-256", 0, "SHA256" },
    { "P-521", "EC", "P-521", 0, "SHA512" },
    { "RSA with SHA3", "RSA", NULL, 2048, "SHA3-256" },
    { "secp256k1", "EC", "secp256k1", 0, "SHA256" },
    { "brainpoolP256r1", "EC", "brainpoolP256r1", 0, "SHA384" },
    { "Ed25519", "ED25519", NULL, 0, NULL },
    { "Ed448", "ED448", NULL, 0, NULL },
    { "SM2", "SM2", NULL, 0, "SM3" },
};
#define KEY_ROWS (sizeof key_rows / sizeof *key_rows)

static const char *const groups[] = {
    "X25519", "P-256", "P-384", "P-521", "X448", "ffdhe2048", "ffdhe3072", "ffdhe4096", "secp256k1", "brainpoolP256r1",
    "X25519MLKEM768", "SecP256r1MLKEM768",
};
#define GROUPS (sizeof groups / sizeof *groups)

static const char *const signatures[] = {
    "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448", "rsa_pss_rsae_sha256",
    "rsa_pss_pss_sha512", "rsa_pkcs1_sha1", "rsa_pkcs1_sha512", "ECDSA+SHA1", "DSA+SHA256", "mldsa65",
};
#define SIGNATURES (sizeof signatures / sizeof *signatures)

struct names {
    char  *list[NAMES_MAX];
    size_t count;
};

/* What a library context can do, and what it must say again. */
struct abilities {
    struct names ciphers, digests;
    bool         groups[GROUPS], signatures[SIGNATURES];
    size_t       loaded;           /* ciphers of any kind */
};

struct made {
    unsigned char *der;
    int            n;
};

static void add_name(const char *name, void *arg)
{
    struct names *names = arg;

    if (names->count < NAMES_MAX)
        names->list[names->count++] = mem_text(name);
}

static void add_digest(EVP_MD *digest, void *arg)
{
    EVP_MD_names_do_all(digest, add_name, arg);
}

static void count_cipher(EVP_CIPHER *cipher, void *arg)
{
    (void)cipher;
    ++*(size_t *)arg;
}

static void add_suites(struct abilities *can, SSL_CTX *ctx)
{
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);

    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        add_name(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)), &can->ciphers);
}

static void look(struct abilities *can)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    memset(can, 0, sizeof *can);
    SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
    add_suites(can, ctx);
    for (size_t i = 0; i < GROUPS; i++)
        can->groups[i] = SSL_CTX_set1_groups_list(ctx, groups[i]) == 1;
    for (size_t i = 0; i < SIGNATURES; i++)
        can->signatures[i] = SSL_CTX_set1_sigalgs_list(ctx, signatures[i]) == 1;
    SSL_CTX_free(ctx);
    EVP_MD_do_all_provided(NULL, add_digest, &can->digests);
    EVP_CIPHER_do_all_provided(NULL, count_cipher, &can->loaded);
    ERR_clear_error();
}

static void clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->list[i]);
}

static EVP_PKEY *key_of(const struct key_row *row)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, row->type, NULL);
    EVP_PKEY *key = NULL;

    EVP_PKEY_keygen_init(ctx);
    if (row->curve)
        EVP_PKEY_CTX_set_group_name(ctx, row->curve);
    if (row->bits)
        EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, row->bits);
    EVP_PKEY_generate(ctx, &key);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Signed by itself. */
static struct made make(const struct key_row *row)
{
    EVP_PKEY *key = key_of(row);
    EVP_MD *digest = row->digest ? EVP_MD_fetch(NULL, row->digest, NULL) : NULL;
    X509 *x509 = X509_new();
    struct made made = { NULL, 0 };

    X509_set_version(x509, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    if (check_ok(key && X509_set_pubkey(x509, key) == 1 && X509_sign(x509, key, digest) > 0, "%s: made", row->what))
        made.n = i2d_X509(x509, &made.der);
    X509_free(x509);
    EVP_MD_free(digest);
    EVP_PKEY_free(key);
    return made;
}

/* Read whole, and its signature verified by what was read. */
static void check_read(const struct key_row *row, const struct made *made)
{
    const unsigned char *p = made->der;
    X509 *x509 = x509_read(d2i_X509, &p, made->n);
    EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;

    check_ok(p == made->der + made->n, "%s: read to its end", row->what);
    check_ok(key != NULL, "%s: its key is known", row->what);
    is_int(key ? X509_verify(x509, key) : -1, 1, "%s: its signature", row->what);
    X509_free(x509);
    ERR_clear_error();
}

/* As the whole certificate, and the whole key, of a trust anchor's TLSA record. */
static void check_tlsa(const struct key_row *row, const struct made *made)
{
    const unsigned char *p = made->der;
    X509 *x509 = x509_read(d2i_X509, &p, made->n);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_CTX_dane_enable(ctx) > 0 ? SSL_new(ctx) : NULL;
    struct dane_load load = { 0 };
    unsigned char *key = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);

    dane_enable(ssl, true);
    dane_add(ssl, &load, 2, 0, 0, made->der, (size_t)made->n);
    dane_add(ssl, &load, 2, 1, 0, key, (size_t)n);
    is_int(load.usable, 2, "%s: usable TLSA records", row->what);
    OPENSSL_free(key);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    X509_free(x509);
}

static void check_same(const struct names *all, const struct names *fewer, const char *what)
{
    is_int(fewer->count, all->count, "number of %s", what);
    for (size_t i = 0; i < all->count && i < fewer->count; i++)
        is_text(fewer->list[i], all->list[i], "%s %zu", what, i);
}

static void check_abilities(const struct abilities *all, const struct abilities *fewer)
{
    check_same(&all->ciphers, &fewer->ciphers, "cipher suites");
    is_int(fewer->digests.count, all->digests.count, "names of digests");
    for (size_t i = 0; i < GROUPS; i++)
        is_int(fewer->groups[i], all->groups[i], "group %s", groups[i]);
    for (size_t i = 0; i < SIGNATURES; i++)
        is_int(fewer->signatures[i], all->signatures[i], "signature algorithm %s", signatures[i]);
}

static void check_garbage(void)
{
    static const unsigned char garbage[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
    const unsigned char *p = garbage;

    check_ok(x509_read(d2i_X509, &p, sizeof garbage) == NULL, "no certificate is read from what is none");
    ERR_clear_error();
}

int main(void)
{
    struct abilities all, fewer;
    struct made made[KEY_ROWS];

    for (size_t i = 0; i < KEY_ROWS; i++)
        made[i] = make(&key_rows[i]);
    look(&all);
    algorithms_narrow();
    look(&fewer);
    if (OSSL_LIB_CTX_set0_default(NULL) == OSSL_LIB_CTX_get0_global_default())
        check_skip("the system's configuration names providers: nothing is narrowed");
    else
        check_ok(fewer.loaded * 2 < all.loaded, "%zu ciphers of %zu are loaded", fewer.loaded, all.loaded);
    check_abilities(&all, &fewer);
    for (size_t i = 0; i < KEY_ROWS; i++) {
        check_read(&key_rows[i], &made[i]);
        check_tlsa(&key_rows[i], &made[i]);
        OPENSSL_free(made[i].der);
    }
    check_garbage();
    clear(&all.ciphers);
    clear(&all.digests);
    clear(&fewer.ciphers);
    clear(&fewer.digests);
    return check_done();
}
