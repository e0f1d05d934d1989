/* One SMTP conversation with one server address: how it was to be held (the profile) and what was seen.
 * RFC 5321, RFC 3207, RFC 2033. */
#ifndef SCANNER_FACTS_CONVERSATION_H
#define SCANNER_FACTS_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/hostname.h"

/* What shapes a conversation. Profiles that are equal in all of this share one probe. */
struct profile {
    struct address address;
    uint16_t       port;
    bool           lmtp;             /* LHLO instead of EHLO */
    bool           wrapper;          /* TLS from the first byte */
    const char    *helo_name;        /* smtp_helo_name */
    bool           never_ehlo;       /* smtp_never_send_ehlo */
    bool           ehlo_needs_esmtp; /* smtp_always_send_ehlo=no: EHLO only after a greeting with the word ESMTP */
    bool           pix_no_esmtp;     /* smtp_pix_workarounds has disable_esmtp */
    uint32_t       line_limit;       /* line_length_limit */
    bool           long_line_ends;   /* a reply line beyond twice the limit ends the session (newer releases) */
    /* Seconds Postfix itself waits: for the connection, each reply up to TLS, the STARTTLS reply and the handshake. */
    uint32_t       connect_timeout, helo_timeout, starttls_timeout;
    /* TLS. Versions as on the wire (0x0301 ... 0x0304); 0: no bound. */
    bool           no_handshake;     /* the settings are such that Postfix fails before it says ClientHello: stop after STARTTLS */
    uint16_t       min_version, max_version;
    uint64_t       options;          /* SSL_OP_NO_TLSv1_2 ... and tls_ssl_options, OR-ed, as OpenSSL 3 numbers them */
    const char    *ciphers;          /* the whole OpenSSL cipher list for TLS 1.2 and below */
    const char    *groups;           /* tls_eecdh_auto_curves + ffdhe, as given to SSL_set1_groups_list item by item; "" default */
    int            security_level;   /* OpenSSL's: 0 or 1 */
    const char    *sni;              /* NULL: none is sent */
    const char    *client_chain;     /* SHA-256 hex of the PEM text that the worker was handed; NULL: none */
    const char    *source_address;   /* smtp_bind_address or smtp_bind_address6; NULL */
};

enum phase {
    PHASE_CONNECT, PHASE_GREETING, PHASE_EHLO, PHASE_HELO, PHASE_STARTTLS, PHASE_HANDSHAKE, PHASE_TLS_GREETING /* wrapper */,
    PHASE_TLS_EHLO, PHASE_TLS_HELO, PHASE_DONE
};

enum ending {
    ENDING_COMPLETE,        /* as far as it was to go (after the second EHLO; after EHLO when TLS was not to be had) */
    ENDING_REFUSED,         /* the phase's reply was not 2xx and ended the conversation: see that reply */
    ENDING_CONNECT_FAILED,  /* refused, unreachable, reset: error has strerror's words */
    ENDING_CONNECT_TIMEOUT, /* after Postfix's own connect_timeout */
    ENDING_LOST,            /* end of file or reset in the phase */
    ENDING_TIMEOUT,         /* Postfix's own limit ran out in the phase */
    ENDING_TLS_FAILED,      /* the handshake failed: error has the library's words */
    ENDING_BIND_FAILED,     /* the source address could not be bound */
    ENDING_CUT_SHORT,       /* our --timeout, a byte or line limit of ours: error says which */
    ENDING_CRASHED,         /* the worker died twice in it */
    ENDING_NOT_ALLOWED,     /* never contacted: address-not-allowed */
    ENDING_EXCLUDED,        /* never contacted: --exclude */
    ENDING_INTERRUPTED,     /* never contacted or ended by a signal */
    ENDING_DEADLINE,        /* never contacted or ended by --deadline */
    ENDING_LOCAL            /* our own side failed (no descriptor, no port ...): error says how */
};
/* The words of facts files and reports: "complete" ... "local". */
const char *ending_word(enum ending);
bool        ending_parse(struct slice word, enum ending *);

#define REPLY_TEXT_MAX 4096
#define CONVERSATION_CERTIFICATES_MAX 2400 /* all that OpenSSL takes: of 40 octets at least, in a message of 100 KiB by default */

struct reply {
    int         code;       /* 0: none came */
    const char *text;       /* all lines as received joined by LF, cut at REPLY_TEXT_MAX bytes; NULL when none came */
    const char *dsn;        /* the enhanced code of the last line if valid and of the same class, else NULL */
    bool        cut;        /* text was cut, or lines beyond Postfix's own limit were left unread */
    bool        garbage;    /* lines that are no SMTP reply came before it */
};

struct conversation {
    const struct profile *profile;
    unsigned     attempts;            /* 1, or 2 after a temporary refusal was asked again */
    struct reply first_refusal;       /* of the first attempt when attempts is 2 */
    enum phase   phase;               /* the last one entered */
    enum ending  ending;
    const char  *error;               /* words for people and hints (library reason, errno); NULL */
    struct reply greeting, ehlo, helo, starttls, tls_greeting, tls_ehlo, tls_helo;
    bool         esmtp_in_greeting;
    bool         pix_banner;          /* the greeting consists of 2, 0, space and star: the Cisco PIX mask */
    bool         starttls_offered;    /* within what Postfix reads of the EHLO reply */
    bool         starttls_beyond_limit; /* offered, but behind what Postfix reads */
    const char  *ehlo_host;           /* first word of the EHLO reply's first line; NULL */
    size_t       injected;            /* bytes of plaintext that came in one segment with the STARTTLS reply */
    bool         established;         /* the handshake completed */
    const char  *protocol, *cipher;   /* "TLSv1.3", "TLS_AES_256_GCM_SHA384"; NULL before */
    int          bits;
    const char  *group;               /* key exchange, or NULL */
    bool         anonymous;           /* no certificate was sent */
    bool         client_certificate_wanted;
    const char **certificates;        /* SHA-256 hex of each certificate as sent, leaf first */
    size_t       certificate_count;
    uint32_t     ms_connect, ms_starttls, ms_handshake; /* milliseconds; 0: not reached */
    int64_t      when;                /* start, seconds since 1970 */
};

#endif
