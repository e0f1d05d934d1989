#include "tests/judge/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "scanner/base/buf.h"
#include "scanner/base/mem.h"

/* Names: "DNS:name", "IP:address", "EMAIL:mailbox" separated by spaces, with \0 (NUL), \s (space), \e (escape).
 * Traits: ca, pathlen=N, client (EKU clientAuth only), sha1, md5, rsa=BITS, key=LABEL (its key), constrained (permits
 * example.org only), walls (permits a thousand names), flood (5000 names more). */
static const struct spec {
    const char *label, *issuer, *cn, *names;
    int         from, to; /* days from PKI_NOW; both 0: a year around it */
    const char *traits;
} specs[] = {
    { "root", NULL, "Root", "", -1000, 3000, "ca" },
    { "unknown", NULL, "Unknown Root", "", -1000, 3000, "ca" },
    { "root-ends", NULL, "Root", "", -1000, 30, "ca key=root" },
    { "root-sha1", NULL, "Old Root", "", -1000, 3000, "ca sha1" },
    { "int", "root", "Intermediate", "", -900, 2000, "ca" },
    { "int-cross", "unknown", "Intermediate", "", -900, 2000, "ca key=int" },
    { "int-ends", "root", "Intermediate", "", -900, 20, "ca key=int" },
    { "i2", "int", "Second", "", 0, 0, "ca" },
    { "i3", "i2", "Third", "", 0, 0, "ca" },
    { "int-expired", "root", "Expired Intermediate", "", -800, -5, "ca" },
    { "int-client", "root", "Client Intermediate", "", 0, 0, "ca client" },
    { "int-sha1", "root", "SHA-1 Intermediate", "", 0, 0, "ca sha1" },
    { "int-rsa512", "root", "Weak Intermediate", "", 0, 0, "ca rsa=512" },
    { "int-pathlen", "root", "Last Intermediate", "", 0, 0, "ca pathlen=0" },
    { "i2-pathlen", "int-pathlen", "One Too Many", "", 0, 0, "ca" },
    { "int-constrained", "root", "Constrained", "", 0, 0, "ca constrained" },
    { "int-walls", "root", "Walls", "", 0, 0, "ca walls" },
    { "under-walls", "int-walls", "uw", "DNS:mx1.example.net", 0, 0, "flood" },
    { "leaf", "int", "leaf", "DNS:mx1.example.net", 0, 0, "" },
    { "direct", "root", "direct", "DNS:mx1.example.net", 0, 0, "" },
    { "old", "root-sha1", "old", "DNS:mx1.example.net", 0, 0, "" },
    { "deep2", "i2", "deep2", "DNS:mx1.example.net", 0, 0, "" },
    { "deep3", "i3", "deep3", "DNS:mx1.example.net", 0, 0, "" },
    { "self", NULL, "self", "DNS:mx1.example.net", 0, 0, "" },
    { "self-ca", NULL, "self-ca", "DNS:mx1.example.net", 0, 0, "ca" },
    { "self-wrong-expired", NULL, "swe", "DNS:other.example.org", -400, -10, "" },
    { "foreign", "unknown", "foreign", "DNS:mx1.example.net", 0, 0, "" },
    { "foreign-wrong", "unknown", "foreign", "DNS:other.example.org", 0, 0, "" },
    { "expired", "int", "expired", "DNS:mx1.example.net", -400, -10, "" },
    { "soon", "int", "soon", "DNS:mx1.example.net", -100, 10, "" },
    { "future", "int", "future", "DNS:mx1.example.net", 10, 400, "" },
    { "wrong", "int", "mx1.example.net", "DNS:other.example.org", 0, 0, "" },
    { "wrong-expired", "int", "we", "DNS:other.example.org", -400, -10, "" },
    { "under-expired", "int-expired", "ue", "DNS:mx1.example.net", 0, 0, "" },
    { "under-client", "int-client", "uc", "DNS:mx1.example.net", 0, 0, "" },
    { "under-sha1", "int-sha1", "us", "DNS:mx1.example.net", 0, 0, "" },
    { "under-rsa512", "int-rsa512", "ur", "DNS:mx1.example.net", 0, 0, "" },
    { "under-leaf", "leaf", "ul", "DNS:mx1.example.net", 0, 0, "" },
    { "under-pathlen", "i2-pathlen", "up", "DNS:mx1.example.net", 0, 0, "" },
    { "under-constrained", "int-constrained", "ux", "DNS:mx1.example.net", 0, 0, "" },
    { "leaf-ca", "int", "leaf-ca", "DNS:mx1.example.net", 0, 0, "ca" },
    { "client", "int", "client", "DNS:mx1.example.net", 0, 0, "client" },
    { "sha1", "int", "sha1", "DNS:mx1.example.net", 0, 0, "sha1" },
    { "int-rsa", "root", "RSA Intermediate", "", 0, 0, "ca rsa=1024" },
    { "md5", "int-rsa", "md5", "DNS:mx1.example.net", 0, 0, "md5" },
    { "rsa512", "int", "rsa512", "DNS:mx1.example.net", 0, 0, "rsa=512" },
    { "rsa1024", "int", "rsa1024", "DNS:mx1.example.net", 0, 0, "rsa=1024" },
    { "upper", "int", "upper", "DNS:MX1.Example.NET", 0, 0, "" },
    { "dot", "int", "dot", "DNS:mx1.example.net.", 0, 0, "" },
    { "space", "int", "space", "DNS:mx1.example.net\\s", 0, 0, "" },
    { "wild", "int", "wild", "DNS:*.example.net", 0, 0, "" },
    { "wild-top", "int", "wild-top", "DNS:*.net", 0, 0, "" },
    { "wild-head", "int", "wild-head", "DNS:m*.example.net DNS:*1.example.net", 0, 0, "" },
    { "wild-mid", "int", "wild-mid", "DNS:mx1.*.net", 0, 0, "" },
    { "wild-all", "int", "wild-all", "DNS:*", 0, 0, "" },
    { "wild-a", "int", "wild-a", "DNS:*.a", 0, 0, "" },
    { "sub", "int", "sub", "DNS:a.b.example.net", 0, 0, "" },
    { "domain", "int", "domain", "DNS:example.net", 0, 0, "" },
    { "xn", "int", "xn", "DNS:mx1.xn--bcher-kva.test", 0, 0, "" },
    { "cn", "int", "mx1.example.net", "", 0, 0, "" },
    { "cn-wild", "int", "*.example.net", "", 0, 0, "" },
    { "cn-email", "int", "mx1.example.net", "EMAIL:a@example.net", 0, 0, "" },
    { "cn-ip", "int", "mx1.example.net", "IP:192.0.2.1", 0, 0, "" },
    { "cn-empty", "int", "mx1.example.net", "DNS:", 0, 0, "" },
    { "cn-nul-san", "int", "mx1.example.net", "DNS:x\\0y", 0, 0, "" },
    { "cn-nul", "int", "mx1.example.net\\0.evil.test", "", 0, 0, "" },
    { "nul", "int", "nul", "DNS:mx1.example.net\\0.evil.test", 0, 0, "" },
    { "nul-and-good", "int", "nul", "DNS:a\\0b DNS:mx1.example.net", 0, 0, "" },
    { "hostile", "int", "x", "DNS:\\e[31m<script> DNS:a\\s\\sb DNS:\\0", 0, 0, "" },
    { "many", "int", "many", "DNS:a.test DNS:b.test DNS:c.test DNS:d.test DNS:e.test DNS:f.test", 0, 0, "" },
    { "flood", "int", "flood", "DNS:mx1.example.net", 0, 0, "flood" },
    { "ip", "int", "ip", "IP:192.0.2.1", 0, 0, "" },
    { "ip-name", "int", "ip-name", "IP:192.0.2.1 DNS:mx1.example.net", 0, 0, "" },
    { "ip-as-dns", "int", "192.0.2.1", "DNS:192.0.2.1", 0, 0, "" },
    { "ip6", "int", "ip6", "IP:2001:db8::1", 0, 0, "" },
};

#define SPECS (sizeof specs / sizeof *specs)

static X509     *made[SPECS];
static EVP_PKEY *keys[SPECS];

static _Noreturn void give_up(const char *what, struct slice which)
{
    printf("Bail out! %s: %.*s\n", what, (int)which.n, which.p);
    exit(EXIT_FAILURE);
}

static size_t find(struct slice label)
{
    for (size_t i = 0; i < SPECS; i++)
        if (slice_eq_text(label, specs[i].label))
            return i;
    give_up("no such certificate", label);
}

/* The value of a trait ("" when it has none), or false. */
static bool trait(const struct spec *spec, const char *name, struct slice *value)
{
    struct slice rest = slice_of(spec->traits), token;

    while (slice_next_token(&rest, " ", &token)) {
        size_t equals = slice_find(token, '=');

        *value = slice_from_index(token, equals + 1);
        if (slice_eq_text(slice_head(token, equals), name))
            return true;
    }
    return false;
}

EVP_PKEY *pki_key(struct slice label)
{
    size_t i = find(label);
    struct slice value;
    unsigned long bits;

    if (keys[i] != NULL)
        return keys[i];
    if (trait(&specs[i], "key", &value)) {
        keys[i] = pki_key(value);
        EVP_PKEY_up_ref(keys[i]);
    } else if (trait(&specs[i], "rsa", &value) && slice_to_number(value, 4096, &bits)) {
        keys[i] = EVP_RSA_gen((unsigned)bits);
    } else {
        keys[i] = EVP_EC_gen("P-256");
    }
    if (keys[i] == NULL)
        give_up("no key", label);
    return keys[i];
}

/* Undoes \0, \s, \e. */
static size_t unescape(struct slice text, char out[256])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n < 255; i++) {
        char c = text.p[i];

        if (c == '\\' && i + 1 < text.n) {
            c = text.p[++i];
            c = c == '0' ? '\0' : c == 's' ? ' ' : c == 'e' ? '\x1b' : c;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return n;
}

static void add_name(GENERAL_NAMES *names, int type, const char *data, size_t n)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING  *value = type == GEN_IPADD ? a2i_IPADDRESS(data) : ASN1_IA5STRING_new();

    if (type != GEN_IPADD)
        ASN1_STRING_set(value, data, (int)n);
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names, name);
}

static void add_names(X509 *x509, const struct spec *spec)
{
    static const struct {
        const char *prefix;
        int         type;
    } types[] = { { "DNS:", GEN_DNS }, { "IP:", GEN_IPADD }, { "EMAIL:", GEN_EMAIL } };
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    struct slice rest = slice_of(spec->names), token, value;
    char text[256];

    while (slice_next_token(&rest, " ", &token)) {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            if (!slice_starts_with(token, slice_of(types[i].prefix)))
                continue;
            size_t n = unescape(slice_from_index(token, strlen(types[i].prefix)), text);
            add_name(names, types[i].type, text, n);
        }
    }
    for (int i = 0; trait(spec, "flood", &value) && i < 5000; i++) {
        int n = snprintf(text, sizeof text, "n%d.example.org", i);

        add_name(names, GEN_DNS, text, (size_t)n);
    }
    if (sk_GENERAL_NAME_num(names) > 0)
        X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL)
        give_up("no extension", slice_of(value));
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

static void add_walls(X509 *x509)
{
    struct buf value;

    buf_init(&value, 1u << 16);
    for (int i = 0; i < 1000; i++)
        buf_printf(&value, "%spermitted;DNS:n%d.example.net", i > 0 ? "," : "", i);
    add_extension(x509, NID_name_constraints, buf_text(&value));
    buf_clear(&value);
}

static void add_extensions(X509 *x509, const struct spec *spec)
{
    struct slice value;
    char text[64];

    if (trait(spec, "ca", &value))
        add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    if (trait(spec, "pathlen", &value)) {
        snprintf(text, sizeof text, "critical,CA:TRUE,pathlen:%.*s", (int)value.n, value.p);
        X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_basic_constraints, -1)));
        add_extension(x509, NID_basic_constraints, text);
    }
    if (trait(spec, "client", &value))
        add_extension(x509, NID_ext_key_usage, "clientAuth");
    if (trait(spec, "constrained", &value))
        add_extension(x509, NID_name_constraints, "critical,permitted;DNS:example.org");
    if (trait(spec, "walls", &value))
        add_walls(x509);
    add_extension(x509, NID_subject_key_identifier, "hash");
    add_names(x509, spec);
}

static void set_subject(X509 *x509, const char *cn)
{
    char text[256];
    size_t n = unescape(slice_of(cn), text);

    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, V_ASN1_UTF8STRING,
                               (const unsigned char *)text, (int)n, -1, 0);
}

static const EVP_MD *signature_digest(const struct spec *spec)
{
    struct slice value;

    if (trait(spec, "sha1", &value))
        return EVP_sha1();
    return trait(spec, "md5", &value) ? EVP_md5() : EVP_sha256();
}

X509 *pki_certificate(struct slice label)
{
    size_t i = find(label);
    const struct spec *spec = &specs[i];
    bool   usual = spec->from == 0 && spec->to == 0;
    int    from = usual ? -100 : spec->from, to = usual ? 265 : spec->to;
    struct slice signer = slice_of(spec->issuer == NULL ? spec->label : spec->issuer);
    X509  *x509, *issuer;

    if (made[i] != NULL)
        return made[i];
    x509 = X509_new();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), (long)i + 1);
    ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)(PKI_NOW + from * PKI_DAY));
    ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)(PKI_NOW + to * PKI_DAY));
    set_subject(x509, spec->cn);
    X509_set_pubkey(x509, pki_key(label));
    issuer = spec->issuer == NULL ? x509 : pki_certificate(slice_of(spec->issuer));
    X509_set_issuer_name(x509, X509_get_subject_name(issuer));
    add_extensions(x509, spec);
    if (X509_sign(x509, pki_key(signer), signature_digest(spec)) <= 0)
        give_up("cannot be signed", label);
    return made[i] = x509;
}

static void write_object(BIO *bio, struct slice label)
{
    static const unsigned char garbage[] = "\x30\x03\x02\x01";

    if (slice_starts_with(label, SLICE("key:")))
        PEM_write_bio_PUBKEY(bio, pki_key(slice_from_index(label, 4)));
    else if (slice_starts_with(label, SLICE("secret:")))
        PEM_write_bio_PrivateKey(bio, pki_key(slice_from_index(label, 7)), NULL, NULL, 0, NULL, NULL);
    else if (slice_eq_text(label, "broken"))
        PEM_write_bio(bio, PEM_STRING_X509, "", garbage, sizeof garbage);
    else
        PEM_write_bio_X509(bio, pki_certificate(label));
}

char *pki_pem(const char *labels)
{
    struct slice rest = slice_of(labels), label;
    BIO  *bio = BIO_new(BIO_s_mem());
    char *text, *copy;
    long  n;

    while (slice_next_token(&rest, " ", &label))
        write_object(bio, label);
    n = BIO_get_mem_data(bio, &text);
    copy = mem_alloc((size_t)n + 1);
    memcpy(copy, text, (size_t)n);
    BIO_free(bio);
    return copy;
}

void pki_clear(void)
{
    for (size_t i = 0; i < SPECS; i++) {
        X509_free(made[i]);
        EVP_PKEY_free(keys[i]);
    }
}
