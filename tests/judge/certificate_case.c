#include "tests/judge/certificate_case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509.h>

#include "scanner/base/mem.h"
#include "scanner/judge/fingerprint.h"
#include "tests/judge/pki.h"

#define LIST_MAX 16

static struct text_list words(struct region *region, const char *text)
{
    struct text_list list = { region_array(region, LIST_MAX, sizeof(char *)), 0 };
    struct slice rest = slice_of(text), word;

    while (list.count < LIST_MAX && slice_next_token(&rest, " ", &word))
        list.items[list.count++] = region_slice(region, word);
    return list;
}

static void add_certificate(struct certificate_case *c, const uint8_t *der, size_t n)
{
    struct cert cert = { .der = der, .der_length = n };
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256(der, n, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(cert.id + 2 * i, 3, "%02x", digest[i]);
    if (c->conversation.certificates == NULL)
        c->conversation.certificates = region_array(c->fixture->region, CONVERSATION_CERTIFICATES_MAX, sizeof(char *));
    c->conversation.certificates[c->conversation.certificate_count++] = facts_add_cert(c->fixture->facts, &cert)->id;
}

static void add_chain(struct certificate_case *c, const char *labels)
{
    struct slice rest = slice_of(labels), label;

    while (slice_next_token(&rest, " ", &label)) {
        unsigned char *der = NULL;
        int n;

        if (slice_eq_text(label, "junk")) {
            add_certificate(c, (const uint8_t *)"junk", 4);
            continue;
        }
        n = i2d_X509(pki_certificate(label), &der);
        add_certificate(c, der, (size_t)n);
        OPENSSL_free(der);
    }
    c->conversation.anonymous = c->conversation.certificate_count == 0;
    c->conversation.established = true;
}

/* Hex of a digest of "cert:LABEL" or "key:LABEL". */
static const char *digest_text(struct region *region, struct slice item, const char *digest)
{
    bool  of_key = slice_starts_with(item, SLICE("key:"));
    const char *colons;
    char *text;
    size_t n = 0;

    if (slice_eq_text(item, "short"))
        return "AB12";
    if (slice_eq_text(item, "wrong"))
        return strcmp(digest, "md5") == 0 ? "00112233445566778899AABBCCDDEEFF"
                                          : "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
    colons = fingerprint_text(region, pki_certificate(slice_from_index(item, of_key ? 4 : 5)), of_key, digest);
    text = region_text(region, colons);
    for (const char *p = colons; *p != '\0'; p++)
        if (*p != ':')
            text[n++] = *p;
    text[n] = '\0';
    return text;
}

static void set_digests(struct certificate_case *c, const char *items)
{
    struct region *region = c->fixture->region;
    struct slice rest = slice_of(items), item;

    c->match.digest = params_text(c->fixture->smtp->params, "smtp_tls_fingerprint_digest");
    c->match.digests.items = region_array(region, LIST_MAX, sizeof(char *));
    while (c->match.digests.count < LIST_MAX && slice_next_token(&rest, " ", &item))
        c->match.digests.items[c->match.digests.count++] = digest_text(region, item, c->match.digest);
}

/* "3 1 1 leaf!" */
static void set_record(struct region *region, struct dns_record *record, struct slice text)
{
    char field[64], mark;
    unsigned usage, selector, type;
    unsigned char *data = NULL;
    int n, at = 0;

    snprintf(field, sizeof field, "%.*s", (int)text.n, text.p);
    usage = (unsigned)strtoul(field, NULL, 10);
    selector = (unsigned)strtoul(strchr(field, ' '), NULL, 10);
    type = (unsigned)strtoul(strchr(strchr(field, ' ') + 1, ' '), NULL, 10);
    at = (int)(strrchr(field, ' ') - field) + 1;
    mark = field[strlen(field) - 1];
    if (!isalnum((unsigned char)mark))
        field[strlen(field) - 1] = '\0';
    n = selector == 1 ? i2d_PUBKEY(pki_key(slice_of(field + at)), &data)
                      : i2d_X509(pki_certificate(slice_of(field + at)), &data);
    *record = (struct dns_record){ .owner = "_25._tcp.mx1.example.net", .type = DNS_TLSA, .usage = (uint8_t)usage,
                                   .selector = (uint8_t)selector, .matching_type = (uint8_t)type };
    record->data_length = type == 0 ? (size_t)n : type == 2 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
    uint8_t *octets = region_copy(region, data, (size_t)n > SHA512_DIGEST_LENGTH ? (size_t)n : SHA512_DIGEST_LENGTH);
    if (type == 2)
        SHA512(data, (size_t)n, octets);
    else if (type != 0)
        SHA256(data, (size_t)n, octets);
    octets[mark == '?' ? 0 : record->data_length / 2] ^= mark == '!' || mark == '?' ? 0x55 : 0;
    record->data_length -= mark == '-';
    record->data = octets;
    record->rdata_length = (uint16_t)(record->data_length + 3);
    OPENSSL_free(data);
}

/* All of them pass policy's first look: usages 2 and 3 only. */
static void set_tlsa(struct certificate_case *c, const char *text)
{
    struct region *region = c->fixture->region;
    struct tlsa *tlsa = &c->effective.tlsa;
    struct slice rest = slice_of(text), item;

    tlsa->records = region_array(region, LIST_MAX, sizeof *tlsa->records);
    tlsa->usable = tlsa->records;
    while (tlsa->count < LIST_MAX && slice_next_token(&rest, ",", &item)) {
        struct dns_record *record = region_alloc(region, sizeof *record);

        set_record(region, record, slice_trim(item));
        tlsa->records[tlsa->count++] = record;
    }
    tlsa->usable_count = tlsa->count;
    tlsa->status = tlsa->count > 0 ? TLSA_FOUND : TLSA_NONE;
    tlsa->base_domain = "mx1.example.net";
    c->effective.dane_in_use = level_is_dane(c->effective.level);
}

static void set_trust(struct certificate_case *c, const struct certificate_row *row)
{
    const char *labels = row->anchors == NULL ? "root" : row->anchors;

    if (labels[0] != '\0') {
        struct config_file *file = region_alloc(c->fixture->region, sizeof *file);

        c->anchors = pki_pem(labels);
        file->path = "/etc/postfix/ca.pem";
        file->text = slice_of(c->anchors);
        c->fixture->smtp->ca_file = file;
    }
    if (row->tafile != NULL) {
        c->tafile = pki_pem(row->tafile);
        fixture_file(c->fixture, "/etc/postfix/ta.pem", c->tafile, NULL);
    }
}

void certificate_case_open(struct certificate_case *c, const struct certificate_row *row)
{
    bool by_name = level_is_pkix(row->level) || level_is_dane(row->level);

    memset(c, 0, sizeof *c);
    c->fixture = fixture_new(row->main_cf == NULL ? "compatibility_level = 3.6\n" : row->main_cf,
                             row->version == NULL ? "3.7.11" : row->version, NULL);
    c->policy = (struct policy){ .level = row->level, .connection_reuse = -1, .enable_rpk = -1 };
    c->effective.level = row->level;
    if (by_name) {
        c->match.names = words(c->fixture->region, row->names == NULL ? "mx1.example.net" : row->names);
        c->match.addresses = words(c->fixture->region, row->addresses);
        c->match.none_loaded = c->match.names.count + c->match.addresses.count == 0;
    }
    set_trust(c, row);
    set_digests(c, row->digests);
    set_tlsa(c, row->tlsa);
    add_chain(c, row->chain);
    c->when = PKI_NOW + row->days * PKI_DAY;
    if (row->tafile != NULL && (row->main_cf == NULL || strstr(row->main_cf, "trust_anchor") == NULL)) {
        c->tafiles = words(c->fixture->region, "/etc/postfix/ta.pem");
        c->policy.tafiles = &c->tafiles;
    }
}

void certificate_case_close(struct certificate_case *c)
{
    fixture_free(c->fixture);
    mem_free(c->anchors);
    mem_free(c->tafile);
}
