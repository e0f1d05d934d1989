#include "scanner/facts/x509_read.h"

#include <openssl/crypto.h>

X509 *x509_read(x509_read_fn *read, const unsigned char **der, long n)
{
    const unsigned char *begin = *der;
    X509 *x509 = read(NULL, der, n);

    if (x509 == NULL || X509_get0_pubkey(x509) != NULL)
        return x509;
    X509_free(x509);
    *der = begin;
    x509 = X509_new_ex(OSSL_LIB_CTX_get0_global_default(), NULL);
    return x509 == NULL ? NULL : read(&x509, der, n);
}
