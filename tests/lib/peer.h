/* A scripted mail host on loopback, in a process of its own: it does what a table says, and tells what it was told. */
#ifndef TESTS_LIB_PEER_H
#define TESTS_LIB_PEER_H

#include <stddef.h>
#include <stdint.h>

enum peer_op {
    PEER_END,        /* reads what still comes until the other side closes, then closes */
    PEER_SEND,       /* text; with n, so many bytes of it */
    PEER_EXPECT,     /* a line, without its CRLF; another one is noted as wrong and the script ends */
    PEER_REQUEST,    /* lines, up to an empty one */
    PEER_FLOOD,      /* text, again and again, n times; 0: until the other side closes */
    PEER_DRIP,       /* text, a byte every n milliseconds */
    PEER_WAIT,       /* n milliseconds */
    PEER_HANDSHAKE,  /* as a TLS server; a failure is noted and the script ends */
    PEER_GOODBYE,    /* the end of TLS, as it should be */
    PEER_RENEGOTIATE, /* asks for another handshake (TLS 1.2) */
    PEER_CLOSE,
    PEER_RESET
};

struct peer_step {
    enum peer_op op;
    const char  *text;
    unsigned     n;
};

struct peer_tls {
    int         min_version, max_version;  /* 0: the library's */
    const char *ciphers;                   /* NULL: the default; security level 0 in any case */
    size_t      padding;                   /* bytes of a comment in the certificate */
    unsigned    extra_certificates;        /* behind the leaf */
    unsigned    tickets;                   /* TLS 1.3; 0: the library's two */
    int         wants_certificate;         /* 1: asks, 2: insists */
    const char *chain;                     /* PEM: a key, its certificate, those behind it; NULL: one is made */
};

struct peer;

/* Listens on 127.0.0.1, a port of the system's choice. tls may be NULL; both are copied. steps end with PEER_END,
 * PEER_CLOSE or PEER_RESET. */
struct peer *peer_start(const struct peer_step *steps, const struct peer_tls *tls);
uint16_t peer_port(const struct peer *);
/* Waits for its end. Gives the lines that were received (after "|" those in TLS), each followed by a semicolon, and
 * what went wrong in square brackets. Valid until peer_free(). */
const char *peer_heard(struct peer *);
void peer_free(struct peer *);

/* A certificate with its key, made now, as PEM; free with mem_free(). */
char *peer_make_chain(const char *common_name);

#endif
