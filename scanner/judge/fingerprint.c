#include "scanner/judge/fingerprint.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "scanner/base/buf.h"

#define MATCHING_FINGERPRINT 255

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets; 0 when the text is no hex digits in pairs or too long for any digest. */
static size_t decode(const char *hex, uint8_t out[EVP_MAX_MD_SIZE])
{
    size_t n = 0;

    for (; hex[0] != '\0'; hex += 2) {
        int high = nibble(hex[0]), low = hex[1] == '\0' ? -1 : nibble(hex[1]);

        if (high < 0 || low < 0 || n == EVP_MAX_MD_SIZE)
            return 0;
        out[n++] = (uint8_t)(high << 4 | low);
    }
    return n;
}

void fingerprint_load(SSL *ssl, struct dane_load *load, const struct match *match)
{
    dane_enable(ssl, false);
    for (size_t i = 0; i < match->digests.count; i++) {
        uint8_t octets[EVP_MAX_MD_SIZE];
        size_t  n = decode(match->digests.items[i], octets);

        if (n == 0) {
            load->unusable++;
            continue;
        }
        dane_add(ssl, load, USAGE_END_ENTITY, SELECTOR_CERTIFICATE, MATCHING_FINGERPRINT, octets, n);
        dane_add(ssl, load, USAGE_END_ENTITY, SELECTOR_KEY, MATCHING_FINGERPRINT, octets, n);
    }
}

size_t fingerprint_compute(X509 *x509, bool of_key, const EVP_MD *digest, uint8_t *out)
{
    unsigned char *key = NULL;
    unsigned n = 0;
    int      length, made;

    if (!of_key)
        return X509_digest(x509, digest, out, &n) == 1 ? n : 0;
    length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
    made = length > 0 && EVP_Digest(key, (size_t)length, out, &n, digest, NULL) == 1;
    OPENSSL_free(key);
    ERR_clear_error();
    return made ? n : 0;
}

const char *fingerprint_text(struct region *region, X509 *x509, bool of_key, const char *digest)
{
    const EVP_MD *md = EVP_get_digestbyname(digest);
    uint8_t octets[EVP_MAX_MD_SIZE];
    size_t  n = md == NULL ? 0 : fingerprint_compute(x509, of_key, md, octets);
    struct buf text;
    char   *kept;

    buf_init(&text, sizeof octets * 3);
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s%02X", i > 0 ? ":" : "", octets[i]);
    kept = region_text(region, buf_text(&text));
    buf_clear(&text);
    return kept;
}
