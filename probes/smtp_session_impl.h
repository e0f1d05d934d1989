/* The parts of a conversation: smtp_states.c says what is said and heard, smtp_session.c when, and how it begins and ends. */
#ifndef PROBES_SMTP_SESSION_IMPL_H
#define PROBES_SMTP_SESSION_IMPL_H

#include "probes/smtp_session.h"
#include "probes/smtp_stream.h"
#include "probes/wire/smtp_reply.h"
#include "scanner/base/region.h"

enum state {
    S_CONNECT, S_GREETING, S_EHLO, S_HELO, S_STARTTLS, S_HANDSHAKE, S_TLS_GREETING, S_TLS_EHLO, S_TLS_HELO, S_QUIT
};

enum step {
    STEP_NEXT,       /* run the (new) state */
    STEP_WANT_READ,
    STEP_WANT_WRITE,
    STEP_YIELD,      /* there is more to do, after the others had their turn */
    STEP_FINISHED
};

/* Thousands of these wait for a peer at a time: what is there to be kept has its memory once there is any. */
struct smtp_session {
    const struct smtp_setup *setup;
    const char              *folded;        /* the profile */
    smtp_done_fn            *done;
    void                    *arg;
    struct region           *region;        /* NULL: nothing is kept */
    struct conversation     *facts;         /* in the region; NULL: none */
    uint32_t                 folded_length;
    enum state               state : 8;
    enum phase               phase : 8;     /* it is told at the end */
    bool                     settled : 1;   /* the ending is decided; what follows is politeness */
    bool                     peeked : 1;
    bool                     turn : 1;      /* the timer is set for a turn, the first one or one after a yield */
    int64_t                  when;
    struct loop_watch       *watch;
    struct loop_timer       *timer;         /* else it is set for the deadline */
    struct smtp_stream       stream;
    const char              *plain;         /* what came in place of a TLS record; NULL: nothing printable */
    struct smtp_reply_reader *reader;       /* NULL: no reply has begun */
    int64_t                  started;       /* milliseconds of the loop's clock */
    uint32_t                 entered, active, connected, handshaking; /* ... since then; 0: not yet, where that is told */
};

struct session_state {
    const char *name;             /* for errors */
    enum step (*run)(struct smtp_session *);
    const char *command;          /* LHLO takes the place of EHLO at LMTP; NULL: only a reply is waited for */
    bool        names_us;         /* the command is followed by smtp_helo_name */
    enum step (*replied)(struct smtp_session *);
    size_t      reply;            /* where in the facts */
    size_t      timeout;          /* where in the profile */
    enum phase  phase;
};
extern const struct session_state session_states[]; /* by enum state */

/* Milliseconds of the loop's clock; of them, since the session began. */
int64_t  session_now(const struct smtp_session *);
uint32_t session_age(const struct smtp_session *);

/* The profile it was started with, without address and name for SNI; and with them. What this points to lives as long as the
 * session. */
const struct profile *session_settings(const struct smtp_session *);
struct profile session_profile(const struct smtp_session *);

/* Made when first asked for. */
struct region       *session_region(struct smtp_session *);
struct conversation *session_facts(struct smtp_session *);

/* The reply as far as it was read. */
void session_keep_reply(struct smtp_session *);
/* Decides the ending, unless it is decided. The words are kept; NULL: none. Gives STEP_FINISHED. */
enum step session_end(struct smtp_session *, enum ending, const char *words);
enum step session_end_printf(struct smtp_session *, enum ending, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
