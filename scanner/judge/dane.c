#include "scanner/judge/dane.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "scanner/judge/fingerprint.h"
#include "scanner/policy/tlsa.h"

#define MATCHING_PRIVATE 255 /* for fingerprints; never from DNS */
#define KINDS_SHOWN      4
#define KINDS_CEILING    256

void dane_enable(SSL *ssl, bool name_checks)
{
    if (SSL_dane_enable(ssl, NULL) <= 0)
        mem_exhausted();
    if (!name_checks)
        SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
}

/* A whole key or certificate may be of a kind that only the global context reads (scanner/facts/x509_read.h). */
static int tlsa_add(SSL *ssl, unsigned usage, unsigned selector, unsigned matching_type, const uint8_t *data, size_t n)
{
    OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(OSSL_LIB_CTX_get0_global_default());
    int added = SSL_dane_tlsa_add(ssl, (uint8_t)usage, (uint8_t)selector, (uint8_t)matching_type, data, n);

    OSSL_LIB_CTX_set0_default(before);
    ERR_clear_error();
    return added;
}

void dane_add(SSL *ssl, struct dane_load *load, unsigned usage, unsigned selector, unsigned matching_type,
              const uint8_t *data, size_t n)
{
    int added;

    if (load->broken)
        return;
    added = tlsa_add(ssl, usage, selector, matching_type, data, n);
    load->usable += added > 0;
    load->unusable += added == 0;
    load->broken = added < 0;
}

void dane_add_records(SSL *ssl, struct dane_load *load, const struct dns_record *const *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = records[i];
        bool for_smtp = record->usage == USAGE_TRUST_ANCHOR || record->usage == USAGE_END_ENTITY;

        /* Policy has dropped those already; OpenSSL would take the first two, and fail over the last. */
        if (!for_smtp || record->matching_type == MATCHING_PRIVATE || record->data_length == 0)
            load->unusable++;
        else
            dane_add(ssl, load, record->usage, record->selector, record->matching_type, record->data,
                     record->data_length);
    }
}

/* The selector of an object in a trust anchor file; -1: none of ours. */
static int anchor_selector(const char *label)
{
    static const struct {
        const char *label;
        int         selector;
    } rows[] = {
        { PEM_STRING_X509, SELECTOR_CERTIFICATE },
        { PEM_STRING_X509_OLD, SELECTOR_CERTIFICATE },
        { PEM_STRING_PUBLIC, SELECTOR_KEY },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].label, label) == 0)
            return rows[i].selector;
    return -1;
}

static void add_anchor(SSL *ssl, struct dane_load *load, unsigned selector, const uint8_t *data, long n, bool *enabled)
{
    if (!*enabled)
        dane_enable(ssl, true);
    *enabled = true;
    dane_add(ssl, load, USAGE_TRUST_ANCHOR, selector, MATCHING_FULL, data, n > 0 ? (size_t)n : 0);
    dane_add(ssl, load, USAGE_END_ENTITY, selector, MATCHING_FULL, data, n > 0 ? (size_t)n : 0);
}

void dane_add_anchors(SSL *ssl, struct dane_load *load, struct slice pem, bool *enabled)
{
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    long  n = 0;
    BIO  *bio;

    if (pem.n == 0 || pem.n > INT_MAX)
        return;
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL)
        mem_exhausted();
    while (PEM_read_bio(bio, &label, &header, &data, &n) == 1) {
        int selector = anchor_selector(label);

        if (selector >= 0)
            add_anchor(ssl, load, (unsigned)selector, data, n, enabled);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(bio);
    ERR_clear_error();
}

bool dane_matched_end_entity(SSL *ssl)
{
    uint8_t usage = 0;

    return SSL_get0_dane_tlsa(ssl, &usage, NULL, NULL, NULL, NULL) >= 0 && usage == USAGE_END_ENTITY;
}

int dane_matched_record(SSL *ssl, const struct dns_record *const *records, size_t count)
{
    uint8_t usage = 0, selector = 0, type = 0;
    const unsigned char *data = NULL;
    size_t n = 0;

    if (SSL_get0_dane_tlsa(ssl, &usage, &selector, &type, &data, &n) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct dns_record *r = records[i];

        if (r->usage == usage && r->selector == selector && r->matching_type == type && r->data_length == n &&
            memcmp(r->data, data, n) == 0)
            return (int)i;
    }
    return -1;
}

const char *dane_kinds(struct region *region, const struct dns_record *const *records, size_t count)
{
    struct buf text;
    char      *kept;
    unsigned   seen[KINDS_SHOWN];
    size_t     shown = 0;

    buf_init(&text, KINDS_CEILING);
    for (size_t i = 0; i < count && shown < KINDS_SHOWN; i++) {
        const struct dns_record *r = records[i];
        unsigned kind = r->usage << 16 | r->selector << 8 | r->matching_type;
        bool     is_new = true;

        for (size_t k = 0; k < shown; k++)
            is_new = is_new && seen[k] != kind;
        if (!is_new)
            continue;
        buf_printf(&text, "%s%u %u %u", shown > 0 ? ", " : "", r->usage, r->selector, r->matching_type);
        seen[shown++] = kind;
    }
    kept = region_text(region, buf_text(&text));
    buf_clear(&text);
    return kept;
}

static bool agrees(const struct dns_record *record, const EVP_MD *digest, X509 *x509)
{
    uint8_t computed[EVP_MAX_MD_SIZE];
    size_t  n = fingerprint_compute(x509, record->selector == SELECTOR_KEY, digest, computed);

    return n > 0 && n == record->data_length && memcmp(computed, record->data, n) == 0;
}

static bool agrees_with_chain(const struct dns_record *record, const EVP_MD *digest, STACK_OF(X509) *chain)
{
    bool is_leaf = record->usage == USAGE_END_ENTITY;
    int  last = is_leaf ? 1 : sk_X509_num(chain);

    for (int i = is_leaf ? 0 : 1; i < last; i++)
        if (agrees(record, digest, sk_X509_value(chain, i)))
            return true;
    return false;
}

const struct dns_record *dane_outranked(const struct params *params, const struct dns_record *const *records,
                                        size_t count, STACK_OF(X509) *chain)
{
    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = records[i];
        const char   *name = NULL;
        const EVP_MD *digest;
        int strength;

        if (record->selector > SELECTOR_KEY || !tlsa_matching_type(params, record->matching_type, &name, &strength) ||
            name == NULL)
            continue;
        digest = EVP_get_digestbyname(name);
        if (digest != NULL && agrees_with_chain(record, digest, chain))
            return record;
    }
    return NULL;
}
