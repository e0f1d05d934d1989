#include "probes/wire/x509_facts.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "scanner/base/buf.h"
#include "scanner/facts/x509_read.h"

static void hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

void x509_facts_id(const uint8_t *bytes, size_t n, char id[CERT_ID_TEXT])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256(bytes, n, digest);
    hex(digest, sizeof digest, id);
}

static void sha1_text(const uint8_t *bytes, size_t n, char out[41])
{
    uint8_t digest[SHA_DIGEST_LENGTH];

    SHA1(bytes, n, digest);
    hex(digest, sizeof digest, out);
}

/* Ends a text that hit its ceiling. */
static char *finish_text(struct region *region, struct buf *text)
{
    char *out = text->overflow ? region_printf(region, "%s...", buf_text(text)) : region_text(region, buf_text(text));

    buf_clear(text);
    return out;
}

static char *escaped(struct region *region, const uint8_t *bytes, size_t n)
{
    struct buf text;

    buf_init(&text, X509_TEXT_MAX);
    for (size_t i = 0; i < n && !text.overflow; i++)
        if (bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '\\')
            buf_add_char(&text, (char)bytes[i]);
        else if (text.n + 3 > X509_TEXT_MAX)
            text.overflow = true;
        else
            buf_printf(&text, "\\%02X", bytes[i]);
    return finish_text(region, &text);
}

static const char *name_text(struct region *region, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct buf text;
    char *p = NULL;
    long n = 0;

    buf_init(&text, X509_TEXT_MAX);
    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        n = BIO_get_mem_data(bio, &p);
    /* RFC 2253 escapes leave nothing but printable ASCII; what would be left all the same is no business of a report. */
    for (long i = 0; i < n && !text.overflow; i++)
        buf_add_char(&text, p[i] >= ' ' && p[i] < 0x7f ? p[i] : '?');
    BIO_free(bio);
    return finish_text(region, &text);
}

static int64_t time_of(const ASN1_TIME *t)
{
    struct tm tm;

    memset(&tm, 0, sizeof tm);
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return 0;
    return (int64_t)timegm(&tm);
}

static const char *object_text(struct region *region, const ASN1_OBJECT *object)
{
    char text[128];
    int nid = OBJ_obj2nid(object);

    if (nid != NID_undef)
        return region_text(region, OBJ_nid2ln(nid));
    if (OBJ_obj2txt(text, sizeof text, object, 1) <= 0)
        return "unknown";
    text[sizeof text - 1] = '\0';
    return region_text(region, text);
}

static const char *curve_text(struct region *region, const EVP_PKEY *key)
{
    char group[80];
    size_t n = 0;
    int nid;
    const char *nist;

    if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) != 1)
        return region_printf(region, "EC %d", EVP_PKEY_get_bits(key));
    nid = OBJ_txt2nid(group);
    nist = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);
    return region_printf(region, "EC %s", nist ? nist : group);
}

static const char *key_text(struct region *region, X509 *x509)
{
    const EVP_PKEY *key = X509_get0_pubkey(x509);
    ASN1_OBJECT *algorithm = NULL;
    int type;

    if (!key) {
        X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509));
        return algorithm ? region_printf(region, "unreadable %s", object_text(region, algorithm)) : "unreadable";
    }
    type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_EC)
        return curve_text(region, key);
    if (type == EVP_PKEY_RSA || type == EVP_PKEY_DSA)
        return region_printf(region, "%s %d", type == EVP_PKEY_RSA ? "RSA" : "DSA", EVP_PKEY_get_bits(key));
    if (type == EVP_PKEY_RSA_PSS)
        return region_printf(region, "RSA-PSS %d", EVP_PKEY_get_bits(key));
    return type == NID_undef || !OBJ_nid2ln(type) ? "unknown" : region_text(region, OBJ_nid2ln(type));
}

static const char *signature_text(struct region *region, const X509 *x509)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;

    X509_get0_signature(NULL, &algorithm, x509);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return object ? object_text(region, object) : "unknown";
}

static void read_dns_names(struct region *region, X509 *x509, struct cert *out)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int total = names ? sk_GENERAL_NAME_num(names) : 0;

    out->dns_names = region_array(region, CERT_NAMES_MAX, sizeof *out->dns_names);
    for (int i = 0; i < total; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        int n;

        if (name->type != GEN_DNS)
            continue;
        out->dns_name_total++;
        n = ASN1_STRING_length(name->d.dNSName);
        if (out->dns_name_count < CERT_NAMES_MAX && n >= 0)
            out->dns_names[out->dns_name_count++] =
                escaped(region, ASN1_STRING_get0_data(name->d.dNSName), (size_t)n);
    }
    GENERAL_NAMES_free(names);
}

static void read_key_digests(X509 *x509, struct cert *out)
{
    uint8_t *spki = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);

    if (n > 0) {
        x509_facts_id(spki, (size_t)n, out->spki_sha256);
        sha1_text(spki, (size_t)n, out->spki_sha1);
    }
    OPENSSL_free(spki);
}

void x509_facts_fill(struct region *region, X509 *x509, struct cert *out)
{
    sha1_text(out->der, out->der_length, out->sha1);
    out->subject = out->issuer = out->key = out->signature = "";
    out->unparsable = x509 == NULL;
    if (out->unparsable)
        return;
    out->subject = name_text(region, X509_get_subject_name(x509));
    out->issuer = name_text(region, X509_get_issuer_name(x509));
    out->not_before = time_of(X509_get0_notBefore(x509));
    out->not_after = time_of(X509_get0_notAfter(x509));
    out->key = key_text(region, x509);
    out->signature = signature_text(region, x509);
    read_dns_names(region, x509, out);
    read_key_digests(x509, out);
    ERR_clear_error();
}

bool x509_facts_read(struct region *region, const uint8_t *der, size_t n, struct cert *out)
{
    const unsigned char *p = der;
    X509 *x509;

    memset(out, 0, sizeof *out);
    out->der = n ? region_copy(region, der, n) : (const uint8_t *)"";
    out->der_length = n;
    x509_facts_id(der, n, out->id);
    ERR_clear_error();
    x509 = n > 0 && n <= LONG_MAX ? x509_read(d2i_X509, &p, (long)n) : NULL;
    x509_facts_fill(region, p == der + n ? x509 : NULL, out);
    X509_free(x509);
    ERR_clear_error();
    return !out->unparsable;
}
