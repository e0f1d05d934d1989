#include "scanner/judge/signatures.h"

#include <string.h>
#include <time.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

void signatures_clear(struct signatures *signatures)
{
    for (size_t i = 0; i < SIGNATURES_KEPT; i++) {
        X509_free(signatures->kept[i].subject);
        X509_free(signatures->kept[i].issuer);
    }
    memset(signatures, 0, sizeof(*signatures));
}

static bool is_known(const struct signatures *signatures, const X509 *subject, const X509 *issuer)
{
    for (size_t i = 0; i < SIGNATURES_KEPT; i++)
        if (signatures->kept[i].subject == subject && signatures->kept[i].issuer == issuer)
            return true;
    return false;
}

static bool dates_hold(X509 *x509, time_t when)
{
    return X509_cmp_time(X509_get0_notBefore(x509), &when) < 0 && X509_cmp_time(X509_get0_notAfter(x509), &when) > 0;
}

static bool leaf_is_signed(X509 *leaf, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);

    return (X509_get_extension_flags(leaf) & EXFLAG_PROXY) == 0 && (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) != 0 &&
           key != NULL && X509_verify(leaf, key) == 1;
}

bool signatures_hold(const struct signatures *signatures, X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    time_t when = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(store));
    int top = sk_X509_num(chain) - 1;

    if (top < 2 || X509_STORE_CTX_get_error(store) != X509_V_OK || X509_self_signed(sk_X509_value(chain, top), 0) != 1)
        return false;
    for (int i = 1; i < top; i++)
        if (!is_known(signatures, sk_X509_value(chain, i), sk_X509_value(chain, i + 1)))
            return false;
    for (int i = 0; i <= top; i++)
        if (!dates_hold(sk_X509_value(chain, i), when))
            return false;
    return leaf_is_signed(sk_X509_value(chain, 0), sk_X509_value(chain, 1));
}

static void keep(struct signatures *signatures, X509 *subject, X509 *issuer)
{
    size_t place = signatures->next++ % SIGNATURES_KEPT;

    X509_up_ref(subject);
    X509_up_ref(issuer);
    X509_free(signatures->kept[place].subject);
    X509_free(signatures->kept[place].issuer);
    signatures->kept[place].subject = subject;
    signatures->kept[place].issuer = issuer;
}

void signatures_keep(struct signatures *signatures, X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);

    for (int i = 1; i + 1 < sk_X509_num(chain); i++)
        if (!is_known(signatures, sk_X509_value(chain, i), sk_X509_value(chain, i + 1)))
            keep(signatures, sk_X509_value(chain, i), sk_X509_value(chain, i + 1));
}
