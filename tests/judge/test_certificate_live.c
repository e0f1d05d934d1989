/* The same chains in a real handshake, set up as tls_client.c of Postfix does it: word and match must be those of the
 * judgement of the stored chain. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "scanner/base/mem.h"
#include "scanner/policy/tlsa.h"
#include "tests/judge/certificate_case.h"
#include "tests/judge/pki.h"
#include "tests/lib/check.h"

#define ROUNDS_MAX 20

/* What Postfix keeps of a session. */
struct session {
    const struct certificate_row  *row;
    const struct certificate_case *c;
    SSL_CTX   *context;
    SSL       *client;
    enum level level;
    bool       must_fail, newer; /* newer: since 3.10.4 */
    int        error, depth;
    bool       matched;
    const char *word;
};

/* tls_verify.c */
static int on_certificate(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct session *s = SSL_get_app_data(ssl);
    int error = X509_STORE_CTX_get_error(store), depth = X509_STORE_CTX_get_error_depth(store);

    if (s->must_fail && depth == 0)
        X509_STORE_CTX_set_error(store, error = X509_V_ERR_UNSPECIFIED);
    if (s->must_fail ? depth != 0 : ok != 0)
        return 1;
    if (s->newer && s->depth >= 0 &&
        ((s->depth <= depth && s->error != X509_V_ERR_HOSTNAME_MISMATCH) || error == X509_V_ERR_HOSTNAME_MISMATCH)) {
        X509_STORE_CTX_set_error(store, s->error);
        return 1;
    }
    if (!s->newer && s->depth >= 0 && s->depth <= depth)
        return 1;
    s->error = error;
    s->depth = depth;
    return 1;
}

static void add_names(struct session *s)
{
    const struct match *match = &s->c->match;
    int loaded = 0;

    SSL_set_hostflags(s->client, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (size_t i = 0; i < match->names.count; i++)
        loaded += SSL_add1_host(s->client, match->names.items[i]);
    for (size_t i = 0; i < match->addresses.count; i++)
        loaded += SSL_add1_host(s->client, match->addresses.items[i]);
    s->must_fail |= loaded == 0;
}

static void add_record(struct session *s, int *usable, uint8_t usage, uint8_t selector, uint8_t type,
                       const uint8_t *data, size_t n)
{
    *usable += SSL_dane_tlsa_add(s->client, usage, selector, type, data, n) > 0;
}

static int add_tlsa(struct session *s)
{
    const struct tlsa *tlsa = &s->c->effective.tlsa;
    int usable = 0;

    for (size_t i = tlsa->count; i-- > 0;) /* Postfix keeps them in reverse */
        add_record(s, &usable, tlsa->records[i]->usage, tlsa->records[i]->selector, tlsa->records[i]->matching_type,
                   tlsa->records[i]->data, tlsa->records[i]->data_length);
    return usable;
}

static int add_fingerprints(struct session *s)
{
    int usable = 0;

    for (size_t i = 0; i < s->c->match.digests.count; i++) {
        long n;
        unsigned char *octets = OPENSSL_hexstr2buf(s->c->match.digests.items[i], &n);

        add_record(s, &usable, 3, 0, 255, octets, (size_t)n);
        add_record(s, &usable, 3, 1, 255, octets, (size_t)n);
        OPENSSL_free(octets);
    }
    return usable;
}

/* -1: no object to anchor anything. */
static int add_anchors(struct session *s)
{
    BIO  *bio = s->c->tafile == NULL ? NULL : BIO_new_mem_buf(s->c->tafile, -1);
    char *label, *header;
    unsigned char *data;
    long n;
    int  usable = -1;

    while (bio != NULL && PEM_read_bio(bio, &label, &header, &data, &n) == 1) {
        uint8_t selector = strcmp(label, PEM_STRING_PUBLIC) == 0;

        if (selector == 1 || strcmp(label, PEM_STRING_X509) == 0) {
            if (usable < 0)
                SSL_dane_enable(s->client, NULL);
            usable = usable < 0 ? 0 : usable;
            add_record(s, &usable, 2, selector, 0, data, (size_t)n);
            add_record(s, &usable, 3, selector, 0, data, (size_t)n);
        }
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(bio);
    return usable;
}

/* tls_auth_enable() and what follows it in tls_client_start() */
static void set_up_match(struct session *s)
{
    int usable = -1;

    if (level_is_dane(s->level) || s->level == LEVEL_FINGERPRINT) {
        SSL_dane_enable(s->client, NULL);
        SSL_dane_set_flags(s->client, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
        usable = level_is_dane(s->level) ? add_tlsa(s) : add_fingerprints(s);
    } else if (level_is_pkix(s->level)) {
        usable = add_anchors(s);
    }
    if (level_is_dane(s->level) || level_is_pkix(s->level))
        add_names(s);
    if (usable == 0 && (s->level == LEVEL_DANE || s->level == LEVEL_HALF_DANE))
        s->level = LEVEL_ENCRYPT;
    else if (usable == 0)
        s->must_fail = true;
    if (level_needs_match(s->level))
        SSL_set_security_level(s->client, 1);
    ERR_clear_error();
}

static SSL_CTX *client_context(const struct session *s)
{
    const struct params *params = s->c->fixture->smtp->params;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    BIO *bio = s->c->anchors == NULL ? NULL : BIO_new_mem_buf(s->c->anchors, -1);
    X509 *anchor;

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, 0);
    SSL_CTX_set_cipher_list(context, level_needs_match(s->level) ? "HIGH:MEDIUM:!aNULL" :
                                                                   "aNULL:-aNULL:HIGH:MEDIUM:!eNULL");
    SSL_CTX_set_verify_depth(context, (int)params_number(params, "smtp_tls_scert_verifydepth") + 1);
    SSL_CTX_dane_enable(context);
    for (unsigned type = 1; type < 255; type++) {
        const char *name = NULL;
        int strength = 0;
        bool known = tlsa_matching_type(params, type, &name, &strength);

        SSL_CTX_dane_mtype_set(context, known ? EVP_get_digestbyname(name) : NULL, (uint8_t)type, (uint8_t)strength);
    }
    SSL_CTX_dane_mtype_set(context, EVP_get_digestbyname(params_text(params, "smtp_tls_fingerprint_digest")), 255, 1);
    while (bio != NULL && (anchor = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), anchor);
        X509_free(anchor);
    }
    BIO_free(bio);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, on_certificate);
    ERR_clear_error();
    return context;
}

static SSL_CTX *server_context(const struct certificate_row *row)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    struct slice rest = slice_of(row->chain), label;
    bool is_leaf = true;

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_cipher_list(context, row->chain[0] == '\0' ? "aNULL" : "ALL:!aNULL");
    if (row->tls12 || row->chain[0] == '\0')
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    while (slice_next_token(&rest, " ", &label)) {
        if (is_leaf) {
            SSL_CTX_use_certificate(context, pki_certificate(label));
            SSL_CTX_use_PrivateKey(context, pki_key(label));
        } else {
            SSL_CTX_add1_chain_cert(context, pki_certificate(label));
        }
        is_leaf = false;
    }
    return context;
}

/* Both ends in turn, over memory. False: the handshake failed. */
static bool shake_hands(SSL *client, SSL *server)
{
    BIO *to_server = NULL, *to_client = NULL;
    int done = 0;

    BIO_new_bio_pair(&to_server, 1 << 20, &to_client, 1 << 20);
    SSL_set_bio(client, to_server, to_server);
    SSL_set_bio(server, to_client, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < ROUNDS_MAX && done < 2; i++)
        done = (SSL_do_handshake(client) == 1) + (SSL_do_handshake(server) == 1);
    return done == 2;
}

/* verify_x509() of tls_client.c and the word of tls_log_summary() */
static void conclude(struct session *s)
{
    X509 *peer = SSL_get0_peer_certificate(s->client);
    long result = SSL_get_verify_result(s->client);
    bool must_match = level_needs_match(s->level);
    bool trusted = peer != NULL && (result == X509_V_OK ||
                                    (s->newer && must_match && result == X509_V_ERR_HOSTNAME_MISMATCH));
    bool secured = peer != NULL && result == X509_V_OK && must_match && s->level != LEVEL_HALF_DANE;

    s->matched = !must_match || (peer != NULL && result == X509_V_OK);
    s->word = peer == NULL ? "anonymous" : secured ? "verified" : trusted ? "trusted" : "untrusted";
}

static bool run(struct session *s)
{
    SSL_CTX *server_side = server_context(s->row);
    SSL *server = SSL_new(server_side);
    bool done;

    s->context = client_context(s);
    s->client = SSL_new(s->context);
    SSL_set_app_data(s->client, s);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(s->client), (time_t)s->c->when);
    set_up_match(s);
    done = shake_hands(s->client, server);
    if (done)
        conclude(s);
    else
        check_note("%s: %s", s->row->name, ERR_reason_error_string(ERR_peek_error()));
    SSL_free(server);
    SSL_free(s->client);
    SSL_CTX_free(s->context);
    SSL_CTX_free(server_side);
    ERR_clear_error();
    return done;
}

static void check_row(const struct certificate_row *row)
{
    struct certificate_case c;
    struct certificate_verdict verdict;
    struct trust *trust = trust_new();
    struct session s = { .row = row, .c = &c, .level = row->level, .depth = -1, .word = "" };

    certificate_case_open(&c, row);
    s.newer = version_at_least(c.fixture->config.version, 3, 10, 4);
    certificate_judge(c.fixture->region, &verdict, trust, &c.fixture->config, c.fixture->smtp, &c.policy, &c.effective,
                      &c.match, &c.conversation, c.fixture->facts, c.when);
    if (check_ok(run(&s), "%s: a handshake", row->name)) {
        is_text(verdict.word, s.word, "%s: word", row->name);
        is_int(verdict.matched, s.matched, "%s: matched", row->name);
        is_int(verdict.x509_error, s.error, "%s: error", row->name);
    }
    trust_free(trust);
    certificate_case_close(&c);
}

int main(void)
{
    for (size_t i = 0; i < certificate_row_count; i++)
        if (!certificate_rows[i].not_live)
            check_row(&certificate_rows[i]);
    pki_clear();
    return check_done();
}
