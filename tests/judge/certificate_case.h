/* Chains and what must match them, as rows, for the judgement of stored chains and for real handshakes. */
#ifndef TESTS_JUDGE_CERTIFICATE_CASE_H
#define TESTS_JUDGE_CERTIFICATE_CASE_H

#include "scanner/judge/certificate.h"
#include "tests/policy/fixture.h"

struct certificate_row {
    const char *name;
    enum level  level;
    const char *chain;      /* labels of pki.c as sent, leaf first; "": anonymous; "junk": bytes that are no certificate */
    const char *word;       /* expected, with matched */
    bool        matched;
    const char *reason;     /* expected code when not matched */
    int         error;      /* expected number */
    const char *anchors;    /* NULL: "root"; "": no CA at all */
    const char *names;      /* NULL: mx1.example.net; "": none loaded. Separated by spaces */
    const char *addresses;
    const char *digests;    /* "cert:LABEL key:LABEL wrong short" */
    const char *tlsa;       /* "3 1 1 LABEL, ...", "!" behind it: other data; "-": an octet less; "?": garbage */
    const char *tafile;     /* as pki_pem() */
    const char *main_cf;    /* more settings */
    const char *version;    /* NULL: 3.7.11 */
    int         days;       /* judged so many days after PKI_NOW */
    int         until;      /* expected valid_until in days from PKI_NOW; 0: never, or not matched */
    bool        expired_ignored, fell_to_encrypt;
    int         record;     /* expected tlsa_matched, plus one; 0: none */
    size_t      unusable;
    const char *detail;     /* expected somewhere in it; NULL: not looked at */
    bool        tls12;      /* live: the key cannot sign in TLS 1.3 */
    bool        not_live;
};

extern const struct certificate_row certificate_rows[];
extern const size_t certificate_row_count;

/* A row made flesh. */
struct certificate_case {
    struct fixture *fixture;
    char           *anchors, *tafile;
    struct policy       policy;
    struct effective    effective;
    struct match        match;
    struct conversation conversation;
    struct text_list    tafiles;
    int64_t             when;
};

void certificate_case_open(struct certificate_case *, const struct certificate_row *);
void certificate_case_close(struct certificate_case *);

#endif
