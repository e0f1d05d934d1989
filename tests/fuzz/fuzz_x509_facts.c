/* Certificates: any bytes for DER. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/wire/x509_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_printable(const char *text)
{
    size_t n = strlen(text);

    if (n > X509_TEXT_MAX + 3)
        abort();
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region = region_new();
    struct cert cert;

    if (x509_facts_read(region, data, size, &cert) == cert.unparsable)
        abort();
    must_be_printable(cert.subject);
    must_be_printable(cert.issuer);
    must_be_printable(cert.key);
    must_be_printable(cert.signature);
    if (cert.dns_name_count > cert.dns_name_total || cert.dns_name_count > CERT_NAMES_MAX || strlen(cert.id) != 64)
        abort();
    for (size_t i = 0; i < cert.dns_name_count; i++)
        must_be_printable(cert.dns_names[i]);
    region_free(region);
    return 0;
}
