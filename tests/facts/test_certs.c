#include "scanner/facts/certs.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

static struct cert cert_of(unsigned number)
{
    static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
    struct cert c = { .der = der, .der_length = sizeof(der), .subject = "CN=x", .not_after = number };

    snprintf(c.id, sizeof(c.id), "%064x", number);
    return c;
}

static void test_copies(void)
{
    char subject[] = "CN=mx1.example.net", name[] = "mx1.example.net", issuer[] = "CN=Some CA";
    uint8_t der[] = { 1, 2, 3 };
    const char *names[] = { name, "other.example" };
    struct certs *all = certs_new();
    struct cert c = cert_of(7);
    const struct cert *kept;

    c.subject = subject;
    c.issuer = issuer;
    c.der = der;
    c.der_length = sizeof(der);
    c.dns_names = names;
    c.dns_name_count = 2;
    c.dns_name_total = 5;
    kept = certs_add(all, &c);
    memset(subject, 'x', sizeof(subject) - 1);
    memset(issuer, 'x', sizeof(issuer) - 1);
    memset(name, 'x', sizeof(name) - 1);
    memset(der, 0, sizeof(der));
    names[1] = NULL;
    is_text(kept->subject, "CN=mx1.example.net", "subject");
    is_text(kept->issuer, "CN=Some CA", "issuer");
    is_text(kept->dns_names[0], "mx1.example.net", "first name");
    is_text(kept->dns_names[1], "other.example", "second name");
    is_int(kept->dns_name_total, 5, "number of names in the certificate");
    is_bytes(slice_from((const char *)kept->der, kept->der_length), SLICE("\1\2\3"), "DER");
    is_text(kept->key, NULL, "what is not known stays so");

    c.subject = "CN=other";
    check_ok(certs_add(all, &c) == kept, "a second one of the same id is ignored");
    is_text(kept->subject, "CN=mx1.example.net", "and changes nothing");
    is_int(certs_count(all), 1, "and is not counted");
    certs_free(all);
    certs_free(NULL);
}

static void test_order(void)
{
    static const unsigned numbers[] = { 500, 3, 0xffff, 1, 77 }, sorted[] = { 1, 3, 77, 500, 0xffff };
    struct certs *all = certs_new();
    struct cert c;

    check_ok(certs_at(all, 0) == NULL, "none in a new one");
    for (size_t i = 0; i < 5; i++) {
        c = cert_of(numbers[i]);
        certs_add(all, &c);
    }
    for (size_t i = 0; i < 5; i++)
        is_int(certs_at(all, i)->not_after, sorted[i], "certificate %zu in order of id", i);
    check_ok(certs_at(all, 5) == NULL, "past the end");
    c = cert_of(2);
    certs_add(all, &c);
    is_int(certs_at(all, 1)->not_after, 2, "one that came later has its place");
    check_ok(certs_find(all, c.id) == certs_at(all, 1), "found by id");
    check_ok(certs_find(all, "00") == NULL && certs_find(all, NULL) == NULL, "an id that nothing has");
    certs_free(all);
}

int main(void)
{
    test_copies();
    test_order();
    return check_done();
}
