#include "probes/tls_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "probes/limits.h"
#include "scanner/base/mem.h"
#include "scanner/base/slice.h"

#define CONTEXTS_MAX 64
#define CHAINS_MAX   64
#define GROUPS_MAX   64
#define PAIRS_MAX    4
#define OWN_FAULT    70
#define SEND_FRAGMENT 2048  /* all that we say without a certificate of ours is shorter: no buffer of 16 KiB is needed */

/* A key, its certificate and what is sent behind that: one for each type of key. */
struct pair {
    EVP_PKEY       *key;
    X509           *leaf;
    STACK_OF(X509) *others;
};

struct chain {
    char       *id;
    struct pair pairs[PAIRS_MAX];
    size_t      count;
};

/* Everything of a profile that an SSL_CTX holds. */
struct context {
    char    *ciphers, *groups, *client_chain;
    uint64_t options;
    SSL_CTX *ctx;
};

struct tls_contexts {
    struct context contexts[CONTEXTS_MAX];
    size_t         count, next; /* next: the one to be replaced when all are taken */
    struct chain   chains[CHAINS_MAX];
    size_t         chain_count;
};

struct tls_client {
    SSL *ssl;
    bool ended;             /* nothing more may be written */
    bool certificate_wanted;
    uint64_t turn;          /* bytes of records read when the turn began */
    char error[256];
};

static void error_of_library(struct error *err, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    error_set(err, 0, "%s: %s", what, reason ? reason : "no reason given");
}

/* Client certificates. */

static void chain_clear(struct chain *chain)
{
    mem_free(chain->id);
    for (size_t i = 0; i < chain->count; i++) {
        EVP_PKEY_free(chain->pairs[i].key);
        X509_free(chain->pairs[i].leaf);
        sk_X509_pop_free(chain->pairs[i].others, X509_free);
    }
}

/* A key that wants a pass phrase is not to be had: nobody is asked. */
static int no_pass_phrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static bool chain_read_keys(struct chain *chain, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key;

    while (bio && chain->count < PAIRS_MAX && (key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL)) != NULL) {
        chain->pairs[chain->count].others = sk_X509_new_null();
        chain->pairs[chain->count++].key = key;
    }
    BIO_free(bio);
    return chain->count > 0;
}

static struct pair *pair_of(struct chain *chain, const X509 *x509)
{
    for (size_t i = 0; i < chain->count; i++)
        if (!chain->pairs[i].leaf && X509_check_private_key(x509, chain->pairs[i].key) == 1)
            return &chain->pairs[i];
    return NULL;
}

/* A certificate that fits a key begins a pair; those behind it are sent with it. Keys and certificates may stand in any
 * order otherwise. */
static bool chain_read_certificates(struct chain *chain, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    struct pair *current = NULL;
    size_t leaves = 0;
    X509 *x509;

    while (bio && (x509 = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL)) != NULL) {
        struct pair *own = pair_of(chain, x509);

        if (own) {
            current = own;
            current->leaf = x509;
            leaves++;
        } else if (!current || !current->others || !sk_X509_push(current->others, x509)) {
            X509_free(x509);
        }
    }
    BIO_free(bio);
    return leaves == chain->count;
}

/* Sessions may run in a context of the library that reads no private keys. */
static bool chain_read(struct chain *chain, const char *pem)
{
    OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(OSSL_LIB_CTX_get0_global_default());
    bool whole = chain_read_keys(chain, pem) && chain_read_certificates(chain, pem);

    OSSL_LIB_CTX_set0_default(before);
    return whole;
}

bool tls_contexts_add_chain(struct tls_contexts *contexts, const char *id, const char *pem, struct error *err)
{
    struct chain chain = { .id = NULL };

    if (contexts->chain_count == CHAINS_MAX) {
        error_set(err, 0, "more than %d client certificates", CHAINS_MAX);
        return false;
    }
    ERR_clear_error();
    if (!chain_read(&chain, pem)) {
        error_set(err, 0, "client certificate: no key, or a key without its certificate");
        chain_clear(&chain);
        return false;
    }
    chain.id = mem_text(id);
    contexts->chains[contexts->chain_count++] = chain;
    return true;
}

static const struct chain *chain_find(const struct tls_contexts *contexts, const char *id)
{
    for (size_t i = 0; i < contexts->chain_count; i++)
        if (strcmp(contexts->chains[i].id, id) == 0)
            return &contexts->chains[i];
    return NULL;
}

/* Contexts. */

/* What the server's certificates are worth is judged elsewhere, from the DER: no time is spent on them here. */
static int accept_all(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

/* Called when the server asks for a certificate, whether there is one to send or not. */
static int certificate_asked_for(SSL *ssl, void *arg)
{
    struct tls_client *client = SSL_get_app_data(ssl);

    (void)arg;
    if (client)
        client->certificate_wanted = true;
    return 1;
}

/* As Postfix: groups that this library does not know are left out; if none is left, its default stays. */
static void set_groups(SSL_CTX *ctx, const char *list)
{
    SSL_CTX *scratch = SSL_CTX_new(TLS_client_method());
    struct slice rest = slice_of(list), word;
    int nids[GROUPS_MAX], n = 0;

    while (scratch && n < GROUPS_MAX && slice_next_token(&rest, ", \t\r\n:", &word)) {
        char name[64];
        int nid;

        if (word.n >= sizeof name)
            continue;
        memcpy(name, word.p, word.n);
        name[word.n] = '\0';
        nid = EC_curve_nist2nid(name);
        if (nid == NID_undef)
            nid = OBJ_sn2nid(name);
        if (nid == NID_undef)
            nid = OBJ_ln2nid(name);
        if (nid != NID_undef && SSL_CTX_set1_groups(scratch, &nid, 1) == 1)
            nids[n++] = nid;
    }
    if (n > 0)
        SSL_CTX_set1_groups(ctx, nids, n);
    SSL_CTX_free(scratch);
    ERR_clear_error();
}

static bool set_chain(SSL_CTX *ctx, const struct tls_contexts *contexts, const char *id, struct error *err)
{
    const struct chain *chain = chain_find(contexts, id);

    if (!chain) {
        error_set(err, OWN_FAULT, "the client certificate is not at hand");
        return false;
    }
    for (size_t i = 0; i < chain->count; i++) {
        const struct pair *pair = &chain->pairs[i];

        if (SSL_CTX_use_cert_and_key(ctx, pair->leaf, pair->key, pair->others, 1) != 1) {
            error_of_library(err, "client certificate");
            err->status = OWN_FAULT;
            return false;
        }
    }
    return true;
}

static SSL_CTX *make_context(const struct tls_contexts *contexts, const struct profile *profile, struct error *err)
{
    OSSL_LIB_CTX *library = profile->client_chain ? OSSL_LIB_CTX_get0_global_default() : NULL;
    SSL_CTX *ctx = SSL_CTX_new_ex(library, NULL, TLS_client_method());

    if (!ctx) {
        error_of_library(err, "TLS");
        return NULL;
    }
    /* The base of every session in Postfix; one that must match raises it for itself. */
    SSL_CTX_set_security_level(ctx, 0);
    /* SSL_OP_ALL, less what tls_disable_workarounds takes away, comes with the profile. */
    SSL_CTX_clear_options(ctx, SSL_OP_ALL);
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_options(ctx, profile->options);
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (!profile->client_chain)
        SSL_CTX_set_max_send_fragment(ctx, SEND_FRAGMENT);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_all, NULL);
    SSL_CTX_set_cert_cb(ctx, certificate_asked_for, NULL);
    SSL_CTX_set_max_cert_list(ctx, LIMIT_CERT_LIST);
    if (profile->groups && *profile->groups)
        set_groups(ctx, profile->groups);
    if (profile->client_chain && !set_chain(ctx, contexts, profile->client_chain, err)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    if (profile->ciphers && *profile->ciphers && SSL_CTX_set_cipher_list(ctx, profile->ciphers) != 1) {
        error_of_library(err, "cipher list");
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool context_fits(const struct context *context, const struct profile *profile)
{
    return context->options == profile->options && same_text(context->ciphers, profile->ciphers)
        && same_text(context->groups, profile->groups) && same_text(context->client_chain, profile->client_chain);
}

static void context_clear(struct context *context)
{
    mem_free(context->ciphers);
    mem_free(context->groups);
    mem_free(context->client_chain);
    SSL_CTX_free(context->ctx);
    memset(context, 0, sizeof *context);
}

static struct context *context_place(struct tls_contexts *contexts)
{
    struct context *context;

    if (contexts->count < CONTEXTS_MAX)
        return &contexts->contexts[contexts->count++];
    context = &contexts->contexts[contexts->next++ % CONTEXTS_MAX];
    context_clear(context);
    return context;
}

static SSL_CTX *context_for(struct tls_contexts *contexts, const struct profile *profile, struct error *err)
{
    struct context *context;
    SSL_CTX *ctx;

    for (size_t i = 0; i < contexts->count; i++)
        if (context_fits(&contexts->contexts[i], profile))
            return contexts->contexts[i].ctx;
    ctx = make_context(contexts, profile, err);
    if (!ctx)
        return NULL;
    context = context_place(contexts);
    context->ctx = ctx;
    context->options = profile->options;
    context->ciphers = mem_text(profile->ciphers);
    context->groups = mem_text(profile->groups);
    context->client_chain = mem_text(profile->client_chain);
    return ctx;
}

/* What the library reads from files or asks of the system at its first use, it does now: later it may not. */
static void warm_up(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    unsigned char byte;

    RAND_bytes(&byte, 1);
    ERR_error_string(ERR_peek_error(), NULL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

struct tls_contexts *tls_contexts_new(void)
{
    warm_up();
    return mem_alloc(sizeof(struct tls_contexts));
}

void tls_contexts_free(struct tls_contexts *contexts)
{
    if (!contexts)
        return;
    for (size_t i = 0; i < contexts->count; i++)
        context_clear(&contexts->contexts[i]);
    for (size_t i = 0; i < contexts->chain_count; i++)
        chain_clear(&contexts->chains[i]);
    mem_free(contexts);
}

/* Sessions. */

/* The library reads on for as long as a handshake message is not complete, and there are messages that it skips: without
 * this a peer that never stops to send would have the process for itself. */
static long before_read(BIO *bio, int operation, const char *bytes, size_t size, int i, long l, int status, size_t *done)
{
    const struct tls_client *client = (const void *)BIO_get_callback_arg(bio);

    (void)bytes;
    (void)size;
    (void)i;
    (void)l;
    (void)done;
    if (operation != BIO_CB_READ || BIO_number_read(bio) - client->turn < LIMIT_TURN_BYTES)
        return status;
    BIO_set_retry_read(bio);
    return -1;
}

static void watch_reads(struct tls_client *client)
{
    BIO *bio = SSL_get_rbio(client->ssl);

    BIO_set_callback_arg(bio, (char *)client);
    BIO_set_callback_ex(bio, before_read);
}

/* What Postfix only warns of does not stop us either; a name that cannot be sent does. */
static bool session_set(SSL *ssl, const struct profile *profile, int fd)
{
    SSL_set_min_proto_version(ssl, profile->min_version);
    SSL_set_max_proto_version(ssl, profile->max_version);
    if (profile->security_level > 0)
        SSL_set_security_level(ssl, profile->security_level);
    if (profile->sni && SSL_set_tlsext_host_name(ssl, profile->sni) != 1)
        return false;
    ERR_clear_error();
    return SSL_set_fd(ssl, fd) == 1;
}

struct tls_client *tls_client_new(struct tls_contexts *contexts, const struct profile *profile, int fd,
                                  struct error *err)
{
    struct tls_client *client;
    SSL_CTX *ctx;
    SSL *ssl;

    ERR_clear_error();
    ctx = context_for(contexts, profile, err);
    if (!ctx)
        return NULL;
    ssl = SSL_new(ctx);
    if (!ssl || !session_set(ssl, profile, fd)) {
        error_of_library(err, "TLS session");
        SSL_free(ssl);
        return NULL;
    }
    client = mem_alloc(sizeof *client);
    client->ssl = ssl;
    SSL_set_app_data(ssl, client);
    watch_reads(client);
    SSL_set_connect_state(ssl);
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    ERR_clear_error();
    if (!client->ended && SSL_is_init_finished(client->ssl))
        SSL_shutdown(client->ssl);
    SSL_free(client->ssl);
    ERR_clear_error();
    mem_free(client);
}

/* The first error is the cause; what follows are its consequences. */
static void note_error(struct tls_client *client, int system_error)
{
    unsigned long code = ERR_get_error();
    const char *reason = NULL;

    if (code && ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
    else if (code)
        reason = ERR_reason_error_string(code);
    else if (system_error)
        reason = strerror(system_error);
    snprintf(client->error, sizeof client->error, "%s", reason ? reason : "no reason given");
    ERR_clear_error();
}

static enum tls_result result_of(struct tls_client *client, int status, int system_error)
{
    switch (SSL_get_error(client->ssl, status)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        client->ended = true;
        snprintf(client->error, sizeof client->error, "the connection was closed");
        return TLS_CLOSED;
    case SSL_ERROR_SYSCALL:
        client->ended = true;
        note_error(client, system_error ? system_error : ECONNRESET);
        return TLS_CLOSED;
    default:
        client->ended = true;
        note_error(client, 0);
        return TLS_FAILED;
    }
}

static void begin_turn(struct tls_client *client)
{
    client->turn = tls_client_bytes(client);
    ERR_clear_error();
    errno = 0;
}

enum tls_result tls_client_handshake(struct tls_client *client)
{
    int status;

    begin_turn(client);
    status = SSL_do_handshake(client->ssl);
    return result_of(client, status, errno);
}

enum tls_result tls_client_read(struct tls_client *client, void *out, size_t size, size_t *got)
{
    int status;

    *got = 0;
    begin_turn(client);
    status = SSL_read_ex(client->ssl, out, size, got);
    return result_of(client, status, errno);
}

enum tls_result tls_client_write(struct tls_client *client, const void *bytes, size_t n, size_t *taken)
{
    int status;

    *taken = 0;
    begin_turn(client);
    status = SSL_write_ex(client->ssl, bytes, n, taken);
    return result_of(client, status, errno);
}

bool tls_client_has_more(const struct tls_client *client)
{
    return SSL_has_pending(client->ssl) == 1;
}

uint64_t tls_client_bytes(const struct tls_client *client)
{
    return BIO_number_read(SSL_get_rbio(client->ssl));
}

const char *tls_client_error(const struct tls_client *client)
{
    return client->error;
}

static const char *group_text(const struct tls_client *client, struct region *region)
{
    EVP_PKEY *key = NULL;
    char name[80];
    size_t n = 0;
    const char *text = NULL;

    if (SSL_get_peer_tmp_key(client->ssl, &key) != 1 || !key)
        return NULL;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, name, sizeof name, &n) == 1) {
        int nid = OBJ_txt2nid(name);
        const char *nist = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);

        text = region_text(region, nist ? nist : name);
    } else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_DH) {
        text = region_printf(region, "DHE %d", EVP_PKEY_get_bits(key));
    } else if (EVP_PKEY_get0_type_name(key)) {
        text = region_text(region, EVP_PKEY_get0_type_name(key));
    }
    EVP_PKEY_free(key);
    return text;
}

void tls_client_describe(const struct tls_client *client, struct region *region, struct conversation *c)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(client->ssl);

    c->client_certificate_wanted = client->certificate_wanted;
    if (!SSL_is_init_finished(client->ssl))
        return;
    c->protocol = region_text(region, SSL_get_version(client->ssl));
    c->cipher = cipher ? region_text(region, SSL_CIPHER_get_name(cipher)) : NULL;
    c->bits = cipher ? SSL_CIPHER_get_bits(cipher, NULL) : 0;
    c->group = group_text(client, region);
    c->anonymous = SSL_get0_peer_certificate(client->ssl) == NULL;
}

const uint8_t *tls_client_certificate(const struct tls_client *client, struct region *region, size_t i, size_t *length)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(client->ssl);
    unsigned char *der = NULL;
    const uint8_t *copy = NULL;
    int n;

    if (!chain || i >= (size_t)sk_X509_num(chain))
        return NULL;
    n = i2d_X509(sk_X509_value(chain, (int)i), &der);
    if (n > 0) {
        copy = region_copy(region, der, (size_t)n);
        *length = (size_t)n;
    }
    OPENSSL_free(der);
    return copy;
}
