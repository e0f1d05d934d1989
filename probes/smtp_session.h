/* One conversation with a mail host, as Postfix's SMTP client begins one: connect, greeting, EHLO (HELO, LHLO), STARTTLS,
 * handshake, the same again, QUIT. Nothing else is ever sent, nothing before the greeting, one command at a time.
 * RFC 5321, 3207, 2033. */
#ifndef PROBES_SMTP_SESSION_H
#define PROBES_SMTP_SESSION_H

#include <stdint.h>

#include "probes/engine/loop.h"
#include "probes/tls_client.h"
#include "scanner/facts/certs.h"
#include "scanner/facts/conversation.h"
#include "scanner/facts/profiles.h"

struct smtp_session;

struct smtp_certificate {
    const uint8_t *der;
    size_t         length;
};

/* What came of it. Borrowed until done returns: ders[i] is the certificate with the id facts->certificates[i]. */
struct smtp_outcome {
    const struct conversation     *facts;
    const struct smtp_certificate *ders;
};

typedef void smtp_done_fn(void *arg, const struct smtp_outcome *);

struct smtp_setup {
    struct loop           *loop;
    struct tls_contexts   *contexts;
    const struct profiles *profiles;
    uint32_t               timeout;   /* seconds a phase may take; 0: LIMIT_SESSION_SECONDS for all of them together */
};

/* folded: a profile of setup->profiles, with a NUL behind it (profiles.h). Borrows it and setup until done. done is called
 * exactly once, from the loop, never from inside this call, and the session is gone when it returns; it is not called after
 * smtp_session_cancel(). */
struct smtp_session *smtp_session_start(const struct smtp_setup *, struct slice folded, smtp_done_fn *done, void *arg);
void smtp_session_cancel(struct smtp_session *);

#endif
