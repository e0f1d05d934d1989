#include "scanner/judge/peername.h"

#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/base/address.h"
#include "scanner/base/buf.h"
#include "scanner/base/mem.h"

#define NAMES_SHOWN   4
#define NAME_SHOWN    100  /* bytes of one name in a sentence */
#define SUBJECT_SHOWN 160
#define LIST_CEILING  4096

bool peername_load(SSL *ssl, const struct match *match)
{
    size_t loaded = 0;

    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (match->none_loaded)
        return false;
    for (size_t i = 0; i < match->names.count; i++)
        loaded += SSL_add1_host(ssl, match->names.items[i]) == 1;
    /* An address is a requirement of its own, beside the names; OpenSSL takes one only. */
    for (size_t i = 0; i < match->addresses.count; i++)
        loaded += SSL_add1_host(ssl, match->addresses.items[i]) == 1;
    ERR_clear_error();
    return loaded > 0;
}

/* What a certificate calls itself, one after the other. */

typedef bool name_fn(void *arg, struct slice name); /* false: enough */

static struct slice string_slice(const ASN1_STRING *string)
{
    int n = string == NULL ? 0 : ASN1_STRING_length(string);

    return slice_from(n > 0 ? (const char *)ASN1_STRING_get0_data(string) : "", n > 0 ? (size_t)n : 0);
}

/* Gives how many there are of that type. */
static size_t each_alternative(X509 *x509, int type, name_fn *call, void *arg)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    size_t count = 0;
    bool   more = true;

    for (int i = 0; i < (names == NULL ? 0 : sk_GENERAL_NAME_num(names)); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != type)
            continue;
        count++;
        if (more)
            more = call(arg, string_slice(type == GEN_IPADD ? name->d.iPAddress : name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    return count;
}

static size_t each_common_name(X509 *x509, name_fn *call, void *arg)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    size_t count = 0;
    bool   more = true;

    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

        count++;
        if (more && n >= 0)
            more = call(arg, slice_from((const char *)text, (size_t)n));
        OPENSSL_free(text);
    }
    ERR_clear_error();
    return count;
}

/* Releases before 3.6. */

struct old_search {
    const struct match *match;
    bool multiple_labels, found;
};

/* "*.example.org" in the certificate: one label, or any number of them. */
static bool wildcard_matches(const char *certified, const char *reference, bool multiple_labels)
{
    const char *parent = strchr(reference, '.');
    size_t      tail = strlen(certified + 1);

    if (certified[0] != '*' || certified[1] != '.' || certified[2] == '\0' || parent == NULL || tail > strlen(parent))
        return false;
    return strcasecmp(multiple_labels ? parent + strlen(parent) - tail : parent, certified + 1) == 0;
}

static bool old_matches_one(const char *certified, const char *reference, bool multiple_labels)
{
    size_t n = strlen(certified), wanted = strlen(reference);

    if (reference[0] == '.' && reference[1] != '\0')
        return n > wanted && strcasecmp(certified + n - wanted, reference) == 0;
    return strcasecmp(certified, reference) == 0 || wildcard_matches(certified, reference, multiple_labels);
}

static bool is_printable_ascii(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < ' ' || name.p[i] > '~')
            return false;
    return true;
}

static bool old_consider(void *arg, struct slice name)
{
    struct old_search *search = arg;
    const struct text_list *lists[] = { &search->match->names, &search->match->addresses };
    struct buf text;

    while (name.n > 0 && name.p[name.n - 1] == '\0') /* trailing ones are forgiven */
        name.n--;
    if (name.n == 0 || !is_printable_ascii(name))
        return true;
    buf_init(&text, name.n + 1);
    buf_add_slice(&text, name);
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list]->count && !search->found; i++)
            search->found = old_matches_one(buf_text(&text), lists[list]->items[i], search->multiple_labels);
    buf_clear(&text);
    return !search->found;
}

bool peername_matches_old(X509 *leaf, const struct match *match, bool multiple_labels)
{
    struct old_search search = { match, multiple_labels, false };

    if (match->none_loaded)
        return false;
    if (each_alternative(leaf, GEN_DNS, old_consider, &search) == 0)
        each_common_name(leaf, old_consider, &search);
    return search.found;
}

/* In words. */

static void add_escaped(struct buf *out, struct slice name, size_t limit)
{
    size_t shown = name.n < limit ? name.n : limit;

    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (c > ' ' && c < 0x7f && c != '\\')
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "\\%02X", c);
    }
    if (shown < name.n)
        buf_add_text(out, "...");
    else if (name.n == 0)
        buf_add_text(out, "an empty name");
}

struct listing {
    struct buf text;
    size_t     shown;
};

static bool list_text(struct listing *listing, const char *text)
{
    if (listing->shown++ > 0)
        buf_add_text(&listing->text, ", ");
    buf_add_text(&listing->text, text);
    return listing->shown < NAMES_SHOWN;
}

static bool list_name(void *arg, struct slice name)
{
    struct buf text;
    bool more;

    buf_init(&text, LIST_CEILING);
    add_escaped(&text, name, NAME_SHOWN);
    more = list_text(arg, buf_text(&text));
    buf_clear(&text);
    return more;
}

static bool list_address(void *arg, struct slice octets)
{
    struct address address = { 0 };
    char text[ADDRESS_TEXT_MAX];

    if (octets.n != 4 && octets.n != 16)
        return list_name(arg, octets);
    address.family = octets.n == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
    memcpy(address.bytes, octets.p, octets.n);
    address_to_text(&address, text);
    return list_text(arg, text);
}

/* Ends the list. none: what to say of an empty one. */
static const char *finish(struct region *region, struct listing *listing, size_t total, const char *none)
{
    char *kept;

    if (total == 0)
        buf_add_text(&listing->text, none);
    else if (total > listing->shown)
        buf_printf(&listing->text, " and %zu more", total - listing->shown);
    kept = region_text(region, buf_text(&listing->text));
    buf_clear(&listing->text);
    return kept;
}

const char *peername_of_certificate(struct region *region, X509 *x509)
{
    struct listing listing = { .shown = 0 };
    size_t total;

    buf_init(&listing.text, LIST_CEILING);
    total = each_alternative(x509, GEN_DNS, list_name, &listing);
    if (total == 0)
        total = each_common_name(x509, list_name, &listing);
    return finish(region, &listing, total, "no host");
}

const char *peername_addresses_of_certificate(struct region *region, X509 *x509)
{
    struct listing listing = { .shown = 0 };
    size_t total;

    buf_init(&listing.text, LIST_CEILING);
    total = each_alternative(x509, GEN_IPADD, list_address, &listing);
    return finish(region, &listing, total, "no IP address");
}

static void list_reference(struct listing *listing, const char *before, const char *name)
{
    struct buf text;

    buf_init(&text, LIST_CEILING);
    buf_add_text(&text, before);
    add_escaped(&text, slice_of(name), NAME_SHOWN);
    list_text(listing, buf_text(&text));
    buf_clear(&text);
}

const char *peername_of_match(struct region *region, const struct match *match)
{
    struct listing listing = { .shown = 0 };

    buf_init(&listing.text, LIST_CEILING);
    for (size_t i = 0; i < match->names.count && listing.shown < NAMES_SHOWN; i++) {
        const char *name = match->names.items[i];
        bool below = name[0] == '.';

        list_reference(&listing, below ? "names below " : "", below ? name + 1 : name);
    }
    for (size_t i = 0; i < match->addresses.count && listing.shown < NAMES_SHOWN; i++)
        list_reference(&listing, "the address ", match->addresses.items[i]);
    return finish(region, &listing, match->names.count + match->addresses.count, "no name");
}

static const char *name_text(struct region *region, const X509_NAME *name)
{
    BIO  *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long  n = 0;
    struct buf shown;
    const char *kept;

    if (bio == NULL)
        mem_exhausted();
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
        n = BIO_get_mem_data(bio, &text);
    buf_init(&shown, LIST_CEILING);
    for (long i = 0; i < n && i < SUBJECT_SHOWN; i++) /* escaped already: printable ASCII */
        buf_add_char(&shown, text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
    if (n > SUBJECT_SHOWN)
        buf_add_text(&shown, "...");
    kept = n <= 0 ? "an empty name" : region_text(region, buf_text(&shown));
    buf_clear(&shown);
    BIO_free(bio);
    ERR_clear_error();
    return kept;
}

const char *peername_subject(struct region *region, X509 *x509)
{
    return name_text(region, X509_get_subject_name(x509));
}

const char *peername_issuer(struct region *region, X509 *x509)
{
    return name_text(region, X509_get_issuer_name(x509));
}
