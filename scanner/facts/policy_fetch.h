/* One request for the MTA-STS policy of a domain (RFC 8461 3.3): what was met on the way, and what came. No opinion: whether
 * it is a policy is the judgement's. */
#ifndef SCANNER_FACTS_POLICY_FETCH_H
#define SCANNER_FACTS_POLICY_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/hostname.h"

/* Octets of a body, at most; RFC 8461 3.3 suggests 64 kilobytes. */
#define POLICY_BODY_MAX 65536
/* Characters of a Content-Type that are kept. */
#define MEDIA_TYPE_MAX 256
/* Addresses of one policy host that are asked, at most. */
#define FETCH_ADDRESSES_MAX 16

enum fetch_outcome {
    FETCH_ANSWERED,       /* a whole HTTP response; status says which. Redirects are answers: they are not followed */
    FETCH_CONNECT_FAILED, /* no address took the connection: error has strerror's words of the last one */
    FETCH_TLS_FAILED,     /* the handshake failed, but not over the certificate: error has the library's words */
    FETCH_NOT_TRUSTED,    /* the certificate's chain does not verify: verify, error */
    FETCH_EXPIRED,        /* a certificate of the chain is not valid yet, or no more: verify, error */
    FETCH_NAME_MISMATCH,  /* the certificate names other hosts than mta-sts.DOMAIN: verify, error */
    FETCH_TIMEOUT,        /* not whole after the 60 seconds of RFC 8461 3.3 */
    FETCH_TOO_LARGE,      /* a body beyond POLICY_BODY_MAX, or headers beyond our limit */
    FETCH_LOST,           /* the connection ended in the middle of the response */
    FETCH_NO_HTTP,        /* what came is no HTTP response */
    FETCH_NO_ANCHORS,     /* never asked: there are no trusted certification authorities here to check the certificate with */
    FETCH_CUT_SHORT,      /* our --timeout; a dry run */
    FETCH_CRASHED,        /* the worker died twice in it */
    FETCH_NOT_ALLOWED,    /* never asked: the policy host has only addresses that no mail host should have */
    FETCH_EXCLUDED,       /* never asked: --exclude */
    FETCH_INTERRUPTED,    /* never asked, or ended by a signal */
    FETCH_DEADLINE,       /* never asked, or ended by --deadline */
    FETCH_LOCAL           /* our own side failed (no descriptor, no port ...): error says how */
};
const char *fetch_outcome_word(enum fetch_outcome);

struct policy_fetch {
    const char        *domain;      /* the policy domain, lower-case A-labels: the host asked is "mta-sts." and this */
    enum fetch_outcome outcome;
    struct address     address;     /* asked, the last one; FAMILY_NONE: nobody was */
    int                status;      /* of the response, 100 to 999; 0: none came */
    const char        *media_type;  /* the value of Content-Type, whole but for MEDIA_TYPE_MAX; NULL: there was none */
    const char        *body;        /* ANSWERED with status 200: the body, U+FFFD in place of bytes that are no UTF-8 and
                                     * of NUL; NULL: empty, or not kept */
    bool               body_broken; /* there were such bytes */
    int                verify;      /* NOT_TRUSTED, EXPIRED, NAME_MISMATCH: OpenSSL's X509_V_ERR_... */
    const char        *error;       /* words for people, or NULL */
    uint32_t           ms;          /* milliseconds it took */
    int64_t            when;        /* start, seconds since 1970 */
};

/* Nobody was asked. */
bool fetch_was_left_out(const struct policy_fetch *);

#endif
