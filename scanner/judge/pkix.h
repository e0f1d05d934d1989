/* A stored chain before OpenSSL's own verifier, as Postfix has it verified in a handshake, but as of any time. RFC 5280;
 * tls_verify.c of Postfix. */
#ifndef SCANNER_JUDGE_PKIX_H
#define SCANNER_JUDGE_PKIX_H

#include <openssl/ssl.h>

#include "scanner/config/version.h"
#include "scanner/facts/facts.h"
#include "scanner/judge/signatures.h"

/* A conversation's certificates. */
struct pkix_chain {
    STACK_OF(X509) *sent;      /* as sent, leaf first, without what OpenSSL cannot read */
    X509           *leaf;      /* the first of them; NULL: none was sent, or it cannot be read */
    size_t          unreadable;
    bool            missing;   /* the facts lack one of them */
};

void pkix_chain_read(struct pkix_chain *, const struct conversation *, const struct facts *);
void pkix_chain_clear(struct pkix_chain *);

/* How a release keeps book of what the verifier reports. */
enum pkix_bookkeeping {
    PKIX_OWN,      /* before 3.6: names and depth are compared by Postfix itself */
    PKIX_LAST,     /* to 3.10.3: what OpenSSL reported last decides, a wrong name like any fault */
    PKIX_NEAREST   /* since 3.10.4: the fault nearest to the leaf, a wrong name after all others */
};
enum pkix_bookkeeping pkix_bookkeeping(struct version);

struct pkix_fault {
    int   error;   /* X509_V_ERR_... */
    int   depth;   /* 0: the leaf */
    X509 *x509;    /* the chain's or the store's, alive as long as they are; may be NULL */
};

#define PKIX_FAULTS_MAX 16

struct pkix_setting {
    SSL    *ssl;         /* names, TLSA records, store and depth; never connected */
    int     auth_level;  /* OpenSSL's security level */
    int     depth;       /* smtp_tls_scert_verifydepth */
    bool    must_fail;   /* nothing may match */
    enum pkix_bookkeeping bookkeeping;
    struct signatures *signatures; /* that are known; NULL: DANE is in use, whose anchors are no certificates of the store */
};

struct pkix_result {
    int    error;        /* as SSL_get_verify_result() would say */
    int    logged;       /* the number that Postfix logs */
    struct pkix_fault faults[PKIX_FAULTS_MAX]; /* the first is the one that counts: nearest to the leaf, a name last */
    size_t fault_count;
    int64_t ends;        /* no fault: the first notAfter of the certificates whose dates count; INT64_MAX: none */
    X509   *ending;      /* that one: the chain's, the store's or the SSL's; NULL: none */
    bool    leaf_ends;   /* it is the leaf */
    bool    anchor_ends; /* it is the root at the end of the chain that was built */
};

void pkix_verify(struct pkix_result *, const struct pkix_setting *, const struct pkix_chain *, int64_t when);

/* Seconds since 1970; false when OpenSSL cannot read it. */
bool pkix_time(const ASN1_TIME *, int64_t *);

#endif
