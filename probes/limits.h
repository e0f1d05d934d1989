/* Every resource that a peer controls, with its ceiling. Tests hold each at the limit and one past it. */
#ifndef PROBES_LIMITS_H
#define PROBES_LIMITS_H

/* SMTP. Postfix reads on past line_length_limit (2048) and drops what is behind it; newer releases stop at twice that.
 * Beyond these we do not go on to find out. */
#define LIMIT_LINE_BYTES     16384        /* one reply line without an end */
#define LIMIT_REPLY_BYTES    65536        /* all lines of one reply */
#define LIMIT_SESSION_BYTES  262144       /* all that is read in one conversation, up to TLS or without it */

/* TLS. The library itself refuses a Certificate message beyond LIMIT_CERT_LIST and records beyond 16 KiB. */
#define LIMIT_CERT_LIST      102400       /* OpenSSL's default, and so Postfix's */
#define LIMIT_TLS_BYTES      524288       /* all records of one conversation */
#define LIMIT_TURN_BYTES     65536        /* read from one peer before the others have their turn */

/* Seconds. */
#define LIMIT_QUIT_SECONDS    1           /* for the reply to QUIT, which is no fact */
#define LIMIT_SESSION_SECONDS 3600        /* a whole conversation, when the user sets no limit of his own */

/* HTTPS. RFC 8461 3.3 suggests the minute; POLICY_BODY_MAX bounds the body, LIMIT_TLS_BYTES all of it. */
#define LIMIT_FETCH_SECONDS   60          /* a request in all */
#define LIMIT_FETCH_CONNECT   30          /* of these, until the handshake is over */
#define LIMIT_FETCH_HEADERS   65536       /* bytes of all headers and trailers */

/* DNS. */
#define LIMIT_DNS_SOCKETS    256          /* questions on the wire at a time; others queue */
#define LIMIT_DNS_MESSAGE    65535
#define LIMIT_SHORTAGE_MS    30000        /* a question waits for a descriptor or a port of ours */
#define LIMIT_DNS_IGNORED    64           /* replies with a wrong id or question before we stop to listen to that socket */
#define LIMIT_NATIVE_THREADS 8            /* getaddrinfo() calls at a time */
#define LIMIT_NATIVE_SECONDS 60           /* for one of them */

/* Records between scanner and worker. */
#define LIMIT_RECORD_BYTES   1048576
#define LIMIT_CHANNEL_SOON   4194304      /* not sent yet: take no more work */
#define LIMIT_CHANNEL_BYTES  134217728    /* not sent yet: the other side does not read; give up */
#define LIMIT_SUSPECTS       8            /* asked again at a time, of what was with a worker that died */
#define LIMIT_SILENCE_MS     30000        /* a worker that does not answer a call for so long is replaced */
#define LIMIT_CALL_MS        5000         /* between two such calls */

#endif
