#include "scanner/facts/parsed.h"

#include <string.h>

#include <openssl/err.h>

#include "scanner/base/mem.h"
#include "scanner/facts/x509_read.h"

#define PLACES 64

/* A certificate has one place, by the begin of its digest; who comes later takes it. */
struct parsed {
    struct {
        char  id[CERT_ID_TEXT];
        X509 *x509;
    } places[PLACES];
};

struct parsed *parsed_new(void)
{
    return mem_alloc(sizeof(struct parsed));
}

void parsed_free(struct parsed *parsed)
{
    if (parsed == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        X509_free(parsed->places[i].x509);
    mem_free(parsed);
}

static X509 *parse(const struct cert *cert)
{
    const unsigned char *p = cert->der;
    X509 *x509;

    if (cert->der_length == 0 || cert->der_length > CERT_DER_MAX)
        return NULL;
    ERR_clear_error();
    x509 = x509_read(d2i_X509, &p, (long)cert->der_length);
    if (x509 != NULL && p != cert->der + cert->der_length) {
        X509_free(x509);
        x509 = NULL;
    }
    ERR_clear_error();
    return x509;
}

static size_t digit(char c)
{
    return (size_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

X509 *parsed_get(struct parsed *parsed, const struct cert *cert)
{
    size_t place = (digit(cert->id[0]) * 16 + digit(cert->id[1])) % PLACES;

    if (parsed->places[place].x509 == NULL || strcmp(parsed->places[place].id, cert->id) != 0) {
        X509 *x509 = parse(cert);

        if (x509 == NULL)
            return NULL;
        X509_free(parsed->places[place].x509);
        parsed->places[place].x509 = x509;
        memcpy(parsed->places[place].id, cert->id, sizeof(cert->id));
    }
    X509_up_ref(parsed->places[place].x509);
    return parsed->places[place].x509;
}
