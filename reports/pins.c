#include "reports/pins.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

const char *pin_digest(const struct config *config)
{
    const struct service *service, *client = NULL;

    for (service = config->services; service != NULL; service = service->next)
        if (service->is_client && (client == NULL || strcmp(service->name, "smtp") == 0))
            client = service;
    return client != NULL ? params_text(client->params, "smtp_tls_fingerprint_digest") : "";
}

static const char *pin_of(struct region *region, const uint8_t *data, size_t n, const char *digest_name)
{
    static const char digits[] = "0123456789ABCDEF";
    const EVP_MD     *digest = EVP_get_digestbyname(digest_name);
    unsigned char     bytes[EVP_MAX_MD_SIZE];
    unsigned          i, count = 0;
    char             *text;

    if (digest == NULL || EVP_Digest(data, n, bytes, &count, digest, NULL) != 1 || count == 0) {
        ERR_clear_error();
        return NULL;
    }
    text = region_alloc(region, 3 * (size_t)count);
    for (i = 0; i < count; i++) {
        text[3 * i] = digits[bytes[i] >> 4];
        text[3 * i + 1] = digits[bytes[i] & 15];
        text[3 * i + 2] = i + 1 < count ? ':' : '\0';
    }
    return text;
}

const char *pin_of_certificate(struct region *region, const struct cert *cert, const char *digest)
{
    return pin_of(region, cert->der, cert->der_length, digest);
}

const char *pin_of_key(struct region *region, const struct cert *cert, const char *digest)
{
    const unsigned char *at = cert->der;
    X509                *x509 = d2i_X509(NULL, &at, (long)cert->der_length);
    unsigned char       *spki = NULL;
    int                  n = x509 != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki) : 0;
    const char          *text = n > 0 ? pin_of(region, spki, (size_t)n, digest) : NULL;

    ERR_clear_error();
    OPENSSL_free(spki);
    X509_free(x509);
    return text;
}
