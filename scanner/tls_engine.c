#include "scanner/tls_engine.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "scanner/policy/policy.h"

static bool is_wanted(const struct service *service)
{
    const char *parameter;

    return policy_global_level(service->params, &parameter) > LEVEL_NONE || service->policy_maps.count > 0 ||
           service->per_site.count > 0;
}

/* As X509_STORE_load_file: at least one certificate or CRL object, and no object that does not parse. */
static bool has_certificates(struct slice pem)
{
    BIO                  *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    STACK_OF(X509_INFO)  *infos = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
    bool                  found = false;
    int                   i;

    for (i = 0; infos != NULL && i < sk_X509_INFO_num(infos); i++)
        found |= sk_X509_INFO_value(infos, i)->x509 != NULL || sk_X509_INFO_value(infos, i)->crl != NULL;
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    BIO_free(bio);
    ERR_clear_error();
    return found;
}

/* Private keys and the leaf certificates before or after them: each key must belong to a certificate of the text. */
static bool client_chain_works(struct slice pem)
{
    /* Private keys are read there: algorithms.h. */
    OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(OSSL_LIB_CTX_get0_global_default());
    char          no_passphrase[] = "";
    BIO          *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY     *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_passphrase);
    X509         *leaf;
    bool          match = false;

    BIO_free(bio);
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    while (key != NULL && !match && (leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        match = X509_check_private_key(leaf, key) == 1;
        X509_free(leaf);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    ERR_clear_error();
    OSSL_LIB_CTX_set0_default(before);
    return match;
}

static bool digest_is_known(const char *name)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
    bool    known = digest != NULL;

    EVP_MD_free(digest);
    ERR_clear_error();
    return known;
}

const char *tls_engine_check(struct region *region, const struct service *service)
{
    const char *digest = params_text(service->params, "smtp_tls_fingerprint_digest");

    if (!is_wanted(service))
        return NULL;
    if (service->ca_file != NULL && service->ca_file->error != NULL && !service->ca_file->only_ours)
        return region_printf(region, "%s %s: %s", params_name(service->params, "smtp_tls_CAfile"), service->ca_file->path,
                             service->ca_file->error);
    if (service->ca_file != NULL && service->ca_file->error == NULL && !has_certificates(service->ca_file->text))
        return region_printf(region, "%s %s: no certificates in it", params_name(service->params, "smtp_tls_CAfile"),
                             service->ca_file->path);
    if (service->client_chain != NULL && service->client_chain->error != NULL && !service->client_chain->only_ours)
        return region_printf(region, "client certificate: %s", service->client_chain->error);
    if (service->client_chain != NULL && service->client_chain->error == NULL && !client_chain_works(service->client_chain->text))
        return region_printf(region, "client certificate %s: no private key that belongs to it",
                             service->client_chain->path);
    if (!digest_is_known(digest))
        return region_printf(region, "%s: unknown digest %s", params_name(service->params, "smtp_tls_fingerprint_digest"),
                             digest);
    return NULL;
}
