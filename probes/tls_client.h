/* A TLS client session on a connected, non-blocking descriptor: OpenSSL behind five results. It is set up as Postfix's
 * SMTP client sets its own up, but for two things that change nothing of what is seen: no server certificate is verified
 * here (that is the judge's), and renegotiation is refused. */
#ifndef PROBES_TLS_CLIENT_H
#define PROBES_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/facts/conversation.h"

/* Contexts shared by all sessions of equal settings, and the client certificates. */
struct tls_contexts;

/* The library reads its own settings here: in a process that will be confined, make them before that. */
struct tls_contexts *tls_contexts_new(void);
void tls_contexts_free(struct tls_contexts *);
/* Keeps a client chain with its key, known by id from then on. False: the PEM cannot be used. */
bool tls_contexts_add_chain(struct tls_contexts *, const char *id, const char *pem, struct error *err);

enum tls_result {
    TLS_DONE,        /* the handshake is complete; bytes were read or written */
    TLS_WANT_READ,   /* call again when the descriptor can be read: at once when a turn of LIMIT_TURN_BYTES is over */
    TLS_WANT_WRITE,  /* ... can be written to */
    TLS_CLOSED,      /* the peer closed or reset the connection */
    TLS_FAILED       /* tls_client_error() has the library's words */
};

struct tls_client;

/* Borrows fd, which must outlive it. NULL: these settings fail before anything is sent, *err says how; its
 * status is 0 when Postfix would fail alike, else the fault is on our side. */
struct tls_client *tls_client_new(struct tls_contexts *, const struct profile *, int fd, struct error *err);
/* Says goodbye if the session is in a state for it, without waiting. NULL is fine. */
void tls_client_free(struct tls_client *);

enum tls_result tls_client_handshake(struct tls_client *);
/* TLS_DONE: *got is at least 1. */
enum tls_result tls_client_read(struct tls_client *, void *out, size_t size, size_t *got);
enum tls_result tls_client_write(struct tls_client *, const void *bytes, size_t n, size_t *taken);

/* True when a read may give more without the descriptor becoming ready. */
bool tls_client_has_more(const struct tls_client *);
/* Bytes of TLS records read so far. */
uint64_t tls_client_bytes(const struct tls_client *);
/* Of the last TLS_FAILED; valid until the next call. */
const char *tls_client_error(const struct tls_client *);

/* After the handshake: protocol, cipher, bits, group, anonymous. At any time: client_certificate_wanted. */
void tls_client_describe(const struct tls_client *, struct region *, struct conversation *);
/* The certificates as sent, leaf first: DER in the region; NULL past the end. */
const uint8_t *tls_client_certificate(const struct tls_client *, struct region *, size_t i, size_t *length);

#endif
