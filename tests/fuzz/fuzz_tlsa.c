/* Sets of TLSA records, of any usage, selector, type and length, against a chain: the lowest bit of the first octet
 * plants a true one among them; the rest are records: three octets, a length, so much data. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "scanner/config/parameters.h"
#include "scanner/judge/dane.h"
#include "scanner/policy/tlsa.h"
#include "tests/policy/fixture.h"

#define RECORDS_MAX 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

/* Made once: a self-signed leaf. */
static X509 *make_leaf(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *leaf = X509_new();
    X509_NAME *name = X509_get_subject_name(leaf);

    X509_set_version(leaf, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf), 1);
    X509_gmtime_adj(X509_getm_notBefore(leaf), -3600);
    X509_gmtime_adj(X509_getm_notAfter(leaf), 3600);
    X509_set_pubkey(leaf, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mx.example", -1, -1, 0);
    X509_set_issuer_name(leaf, name);
    X509_sign(leaf, key, EVP_sha256());
    EVP_PKEY_free(key);
    return leaf;
}

static size_t read_records(struct region *region, const uint8_t *data, size_t size, const struct dns_record **out)
{
    size_t n = 0, at = 0;

    while (at + 4 <= size && n < RECORDS_MAX) {
        struct dns_record *record = region_alloc(region, sizeof *record);
        size_t length = data[at + 3];

        record->type = DNS_TLSA;
        record->usage = data[at];
        record->selector = data[at + 1];
        record->matching_type = data[at + 2];
        at += 4;
        if (length > size - at)
            length = size - at;
        record->data = region_copy(region, data + at, length);
        record->data_length = length;
        record->rdata_length = (uint16_t)(length + 3);
        at += length;
        out[n++] = record;
    }
    return n;
}

/* DANE-EE, the whole certificate, SHA-256. */
static const struct dns_record *true_record(struct region *region, X509 *leaf)
{
    struct dns_record *record = region_alloc(region, sizeof *record);
    unsigned char *digest = region_alloc(region, EVP_MAX_MD_SIZE);
    unsigned length = 0;

    X509_digest(leaf, EVP_sha256(), digest, &length);
    record->type = DNS_TLSA;
    record->usage = USAGE_END_ENTITY;
    record->selector = 0;
    record->matching_type = 1;
    record->data = digest;
    record->data_length = length;
    record->rdata_length = (uint16_t)(length + 3);
    return record;
}

static bool verify(SSL_CTX *context, X509 *leaf, const struct dns_record *const *records, size_t count, struct dane_load *load)
{
    SSL *ssl = SSL_new(context);
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    bool good;

    sk_X509_push(chain, leaf);
    dane_enable(ssl, false);
    dane_add_records(ssl, load, records, count);
    X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context), leaf, chain);
    X509_STORE_CTX_set0_dane(store, SSL_get0_dane(ssl));
    X509_STORE_CTX_set_default(store, "ssl_server");
    good = X509_verify_cert(store) == 1;
    must(dane_matched_record(ssl, records, count) < (int)count);
    X509_STORE_CTX_free(store);
    sk_X509_free(chain);
    SSL_free(ssl);
    ERR_clear_error();
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static X509 *leaf;
    static SSL_CTX *context;
    static struct fixture *fixture;
    const struct dns_record *records[RECORDS_MAX + 1];
    struct dane_load load = { 0 };
    struct region *region;
    size_t count, usable = 0;
    bool planted;

    if (!leaf) {
        leaf = make_leaf();
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_dane_enable(context);
        fixture = fixture_new("", "3.7", NULL);
    }
    if (size < 1)
        return 0;
    region = region_new();
    count = read_records(region, data + 1, size - 1, records);
    planted = data[0] & 1;
    if (planted)
        records[count++] = true_record(region, leaf);
    for (size_t i = 0; i < count; i++)
        usable += tlsa_is_usable_in_handshake(fixture->smtp->params, records[i]);
    must(usable <= count && usable >= (planted ? 1 : 0));
    must(strlen(dane_kinds(region, records, count)) < 4096);
    /* The certificate is issued by nobody: without records it never passes. */
    must(!verify(context, leaf, records, count, &load) || count > 0);
    must(load.usable + load.unusable <= count);
    region_free(region);
    return 0;
}
