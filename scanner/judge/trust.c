#include "scanner/judge/trust.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/facts/x509_read.h"
#include "scanner/policy/tlsa.h"

#define FINGERPRINT_TYPE  255 /* the private matching type that Postfix lends to fingerprints */
#define FINGERPRINT_ORDER 1

struct trust {
    struct trust_service **services;
    size_t                service_count;
    struct region        *region;   /* of the verdicts */
    struct dict          *verdicts;
};

static void start_verdicts(struct trust *trust)
{
    dict_free(trust->verdicts);
    region_free(trust->region);
    trust->region = region_new();
    trust->verdicts = dict_new();
}

struct trust *trust_new(void)
{
    struct trust *trust = mem_alloc(sizeof *trust);

    start_verdicts(trust);
    return trust;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->service_count; i++) {
        signatures_clear(trust->services[i]->signatures);
        mem_free(trust->services[i]->signatures);
        SSL_CTX_free(trust->services[i]->context);
        mem_free(trust->services[i]);
    }
    mem_free(trust->services);
    dict_free(trust->verdicts);
    region_free(trust->region);
    mem_free(trust);
}

const struct certificate_verdict *trust_find(const struct trust *trust, struct slice key)
{
    return dict_find(trust->verdicts, key);
}

void trust_keep(struct trust *trust, struct slice key, const struct certificate_verdict *verdict)
{
    struct certificate_verdict *kept;

    if (dict_count(trust->verdicts) >= TRUST_VERDICTS_MAX)
        start_verdicts(trust);
    kept = region_copy(trust->region, verdict, sizeof *verdict);
    kept->detail = region_text(trust->region, verdict->detail);
    kept->ending = region_text(trust->region, verdict->ending);
    dict_put(trust->verdicts, key, kept);
}

/* PEM labels under which OpenSSL's own loaders look for an authority. */
static X509 *read_anchor(const char *label, const unsigned char *data, long n)
{
    const unsigned char *p = data;

    if (strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0)
        return x509_read(d2i_X509, &p, n);
    if (strcmp(label, PEM_STRING_X509_TRUSTED) == 0)
        return x509_read(d2i_X509_AUX, &p, n);
    return NULL;
}

/* A certificate that cannot be read is left out, as OpenSSL does file by file in a directory. Where it makes a whole
 * file unreadable the TLS engine does not start, which is the loader's business. */
static size_t add_anchors(X509_STORE *store, const struct config_file *file)
{
    BIO   *bio;
    size_t count = 0;

    if (file == NULL || file->text.n == 0 || file->text.n > INT_MAX)
        return 0;
    bio = BIO_new_mem_buf(file->text.p, (int)file->text.n);
    if (bio == NULL)
        mem_exhausted();
    for (size_t before = 0, left; (left = BIO_ctrl_pending(bio)) > 0 && left != before;) {
        char *label = NULL, *header = NULL;
        unsigned char *data = NULL;
        long  n = 0;

        before = left;
        if (PEM_read_bio(bio, &label, &header, &data, &n) == 1) {
            X509 *anchor = read_anchor(label, data, n);

            if (anchor != NULL && X509_STORE_add_cert(store, anchor) == 1)
                count++;
            X509_free(anchor);
        }
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(bio);
    ERR_clear_error();
    return count;
}

static const EVP_MD *digest_of(const char *name)
{
    return name == NULL ? NULL : EVP_get_digestbyname(name);
}

/* tls_dane_digests for what DNS may ask for, smtp_tls_fingerprint_digest under the private number. */
static void set_digests(SSL_CTX *context, const struct params *params)
{
    for (unsigned type = 1; type < FINGERPRINT_TYPE; type++) {
        const char *name = NULL;
        int         strength = 0;
        bool        known = tlsa_matching_type(params, type, &name, &strength);
        uint8_t     order = strength > 0 && strength < UINT8_MAX ? (uint8_t)strength : 1;

        SSL_CTX_dane_mtype_set(context, known ? digest_of(name) : NULL, (uint8_t)type, order);
    }
    SSL_CTX_dane_mtype_set(context, digest_of(params_text(params, "smtp_tls_fingerprint_digest")), FINGERPRINT_TYPE,
                           FINGERPRINT_ORDER);
    ERR_clear_error();
}

static struct trust_service *load_service(const struct service *service)
{
    struct trust_service *loaded = mem_alloc(sizeof *loaded);
    X509_STORE *store;
    long depth = params_number(service->params, "smtp_tls_scert_verifydepth");

    loaded->service = service;
    loaded->signatures = mem_alloc(sizeof *loaded->signatures);
    loaded->depth = depth < 0 ? 0 : depth >= INT_MAX ? INT_MAX - 1 : (int)depth;
    /* Not in the context that certificates are read in: what it loads would slow each of them down (scanner/algorithms.h). */
    loaded->context = SSL_CTX_new_ex(OSSL_LIB_CTX_get0_global_default(), NULL, TLS_client_method());
    if (loaded->context == NULL || SSL_CTX_dane_enable(loaded->context) <= 0)
        mem_exhausted();
    SSL_CTX_set_verify_depth(loaded->context, loaded->depth + 1);
    set_digests(loaded->context, service->params);
    store = SSL_CTX_get_cert_store(loaded->context);
    loaded->anchors = add_anchors(store, service->ca_file) + add_anchors(store, service->ca_path);
    loaded->anchors += add_anchors(store, service->default_ca);
    return loaded;
}

const struct trust_service *trust_service(struct trust *trust, const struct service *service)
{
    for (size_t i = 0; i < trust->service_count; i++)
        if (trust->services[i]->service == service)
            return trust->services[i];
    trust->services = mem_grow(trust->services, trust->service_count + 1, sizeof *trust->services);
    return trust->services[trust->service_count++] = load_service(service);
}
