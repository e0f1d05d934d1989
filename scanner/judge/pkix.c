#include "scanner/judge/pkix.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "scanner/base/mem.h"

void pkix_chain_read(struct pkix_chain *chain, const struct conversation *conversation, const struct facts *facts)
{
    memset(chain, 0, sizeof *chain);
    chain->sent = sk_X509_new_null();
    if (chain->sent == NULL)
        mem_exhausted();
    for (size_t i = 0; i < conversation->certificate_count; i++) {
        const char *id = conversation->certificates[i];
        X509 *x509;

        if (facts_cert_der(facts, id) == NULL) {
            chain->missing = true;
            continue;
        }
        x509 = facts_x509(facts, id);
        chain->unreadable += x509 == NULL;
        if (x509 != NULL && sk_X509_push(chain->sent, x509) <= 0)
            mem_exhausted();
        if (i == 0)
            chain->leaf = x509;
    }
}

void pkix_chain_clear(struct pkix_chain *chain)
{
    sk_X509_pop_free(chain->sent, X509_free);
    memset(chain, 0, sizeof *chain);
}

enum pkix_bookkeeping pkix_bookkeeping(struct version version)
{
    if (!version_at_least(version, 3, 6, 0))
        return PKIX_OWN;
    return version_at_least(version, 3, 10, 4) ? PKIX_NEAREST : PKIX_LAST;
}

bool pkix_time(const ASN1_TIME *time, int64_t *seconds)
{
    struct tm tm;

    memset(&tm, 0, sizeof tm);
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *seconds = (int64_t)timegm(&tm);
    return true;
}

/* What the callback keeps. */
struct book {
    X509_STORE_CTX_verify_fn   verify;  /* OpenSSL's own */
    const struct pkix_setting *setting;
    struct pkix_result        *result;
    const X509                *leaf;
    struct pkix_fault          last_kept; /* what releases to 3.10.3 log: nearest to the leaf, names like the rest */
    bool                       has_kept;
    int                        ending_depth; /* of the certificate that ends first */
};

/* Does a come before b? */
static bool counts_before(const struct pkix_fault *a, const struct pkix_fault *b)
{
    bool name_a = a->error == X509_V_ERR_HOSTNAME_MISMATCH, name_b = b->error == X509_V_ERR_HOSTNAME_MISMATCH;

    if (name_a != name_b)
        return name_b;
    return a->depth < b->depth;
}

/* Insertion that keeps equals in the order in which they came, so the first is what newer releases keep. */
static void note_fault(struct pkix_result *result, struct pkix_fault fault)
{
    size_t at = result->fault_count;

    if (at == PKIX_FAULTS_MAX) { /* the least counts least */
        if (!counts_before(&fault, &result->faults[at - 1]))
            return;
        at--;
    } else {
        result->fault_count++;
    }
    for (; at > 0 && counts_before(&fault, &result->faults[at - 1]); at--)
        result->faults[at] = result->faults[at - 1];
    result->faults[at] = fault;
}

static void note(struct book *book, X509_STORE_CTX *store, struct pkix_fault fault)
{
    note_fault(book->result, fault);
    if (book->setting->bookkeeping == PKIX_NEAREST) {
        X509_STORE_CTX_set_error(store, book->result->faults[0].error);
    } else if (!book->has_kept || fault.depth < book->last_kept.depth) {
        book->last_kept = fault;
        book->has_kept = true;
    }
}

/* OpenSSL calls back once for each certificate whose dates it has looked at: not for an anchor that is no root. */
static void note_end(struct book *book, X509 *x509, int depth)
{
    int64_t end;

    if (x509 != NULL && pkix_time(X509_get0_notAfter(x509), &end) && end < book->result->ends) {
        book->result->ends = end;
        book->result->ending = x509;
        book->result->leaf_ends = x509 == book->leaf;
        book->ending_depth = depth;
    }
}

/* Never stops the verification: what counts is decided afterwards. */
static int on_certificate(int ok, X509_STORE_CTX *store)
{
    struct book *book = X509_STORE_CTX_get_app_data(store);
    const struct pkix_setting *setting = book->setting;
    struct pkix_fault fault = { X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store),
                                X509_STORE_CTX_get_current_cert(store) };

    if (setting->must_fail) {
        if (fault.depth == 0) {
            fault.error = X509_V_ERR_UNSPECIFIED;
            X509_STORE_CTX_set_error(store, fault.error);
            note(book, store, fault);
        }
        return 1;
    }
    if (setting->bookkeeping == PKIX_OWN && fault.depth > setting->depth) {
        fault.error = X509_V_ERR_CERT_CHAIN_TOO_LONG;
        X509_STORE_CTX_set_error(store, fault.error);
        ok = 0;
    }
    if (ok)
        note_end(book, fault.x509, fault.depth);
    else
        note(book, store, fault);
    return 1;
}

static int logged_error(const struct book *book)
{
    if (book->setting->bookkeeping == PKIX_NEAREST)
        return book->result->fault_count > 0 ? book->result->faults[0].error : X509_V_OK;
    return book->has_kept ? book->last_kept.error : X509_V_OK;
}

static int verify_signatures(X509_STORE_CTX *store)
{
    struct book *book = X509_STORE_CTX_get_app_data(store);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    int ok = 1;

    if (!signatures_hold(book->setting->signatures, store)) {
        ok = book->verify(store);
        if (ok == 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
            signatures_keep(book->setting->signatures, store);
        return ok;
    }
    for (int i = sk_X509_num(chain) - 1; i >= 0 && ok == 1; i--) {
        X509_STORE_CTX_set_current_cert(store, sk_X509_value(chain, i));
        X509_STORE_CTX_set_error_depth(store, i);
        ok = on_certificate(1, store);
    }
    return ok;
}

void pkix_verify(struct pkix_result *result, const struct pkix_setting *setting, const struct pkix_chain *chain,
                 int64_t when)
{
    struct book book = { .setting = setting, .result = result, .leaf = chain->leaf };
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;

    memset(result, 0, sizeof *result);
    result->ends = INT64_MAX;
    if (store == NULL ||
        !X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(setting->ssl)), chain->leaf, chain->sent) ||
        !X509_STORE_CTX_set_app_data(store, &book))
        mem_exhausted();
    /* As ssl_verify_cert_chain() of OpenSSL sets it up. */
    param = X509_STORE_CTX_get0_param(store);
    X509_VERIFY_PARAM_set_auth_level(param, setting->auth_level);
    X509_STORE_CTX_set0_dane(store, SSL_get0_dane(setting->ssl));
    X509_STORE_CTX_set_default(store, "ssl_server");
    X509_VERIFY_PARAM_set1(param, SSL_get0_param(setting->ssl));
    X509_VERIFY_PARAM_set_time(param, (time_t)when);
    X509_STORE_CTX_set_verify_cb(store, on_certificate);
    book.verify = X509_STORE_CTX_get_verify(store);
    if (setting->signatures != NULL)
        X509_STORE_CTX_set_verify(store, verify_signatures);
    ERR_clear_error();
    X509_verify_cert(store);
    ERR_clear_error();
    result->error = X509_STORE_CTX_get_error(store);
    result->logged = logged_error(&book);
    result->anchor_ends = result->ending != NULL && !result->leaf_ends &&
                          book.ending_depth + 1 == sk_X509_num(X509_STORE_CTX_get0_chain(store));
    X509_STORE_CTX_free(store);
}
