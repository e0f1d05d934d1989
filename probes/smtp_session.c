#include "probes/smtp_session.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probes/engine/connect.h"
#include "probes/limits.h"
#include "probes/smtp_stream.h"
#include "probes/wire/smtp_reply.h"
#include "probes/wire/x509_facts.h"
#include "scanner/base/mem.h"

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
    const struct profile    *profile;
    smtp_done_fn            *done;
    void                    *arg;
    struct region           *region;        /* NULL: nothing is kept */
    struct conversation     *facts;         /* in the region; NULL: none */
    enum state               state;
    enum phase               phase;         /* they are told at the end */
    uint32_t                 ms_connect;
    int64_t                  when;
    bool                     settled;       /* the ending is decided; what follows is politeness */
    bool                     peeked;
    bool                     turn;          /* the timer is set for a turn, the first one or one after a yield */
    struct loop_watch       *watch;
    struct loop_timer       *timer;         /* else it is set for the deadline */
    struct smtp_stream       stream;
    const char              *plain;         /* what came in place of a TLS record; NULL: nothing printable */
    struct smtp_reply_reader *reader;       /* NULL: no reply has begun */
    /* Milliseconds of the loop's clock. */
    int64_t                  started, entered, active, connected, handshaking;
};

static enum step step_connect(struct smtp_session *s);
static enum step step_exchange(struct smtp_session *s);
static enum step step_handshake(struct smtp_session *s);
static enum step after_greeting(struct smtp_session *s);
static enum step after_ehlo(struct smtp_session *s);
static enum step after_helo(struct smtp_session *s);
static enum step after_starttls(struct smtp_session *s);
static enum step after_tls_ehlo(struct smtp_session *s);
static enum step after_quit(struct smtp_session *s);

#define FACT(member) offsetof(struct conversation, member)

static const struct {
    const char *name;             /* for errors */
    enum step (*run)(struct smtp_session *);
    const char *command;          /* LHLO takes the place of EHLO at LMTP; NULL: only a reply is waited for */
    bool        names_us;         /* the command is followed by smtp_helo_name */
    enum step (*replied)(struct smtp_session *);
    size_t      reply;            /* where in the facts */
    size_t      timeout;          /* where in the profile */
    enum phase  phase;
} states[] = {
    [S_CONNECT] = { "connection", step_connect, NULL, false, NULL, 0, offsetof(struct profile, connect_timeout),
                    PHASE_CONNECT },
    [S_GREETING] = { "greeting", step_exchange, NULL, false, after_greeting, FACT(greeting),
                     offsetof(struct profile, helo_timeout), PHASE_GREETING },
    [S_EHLO] = { "reply to EHLO", step_exchange, "EHLO", true, after_ehlo, FACT(ehlo),
                 offsetof(struct profile, helo_timeout), PHASE_EHLO },
    [S_HELO] = { "reply to HELO", step_exchange, "HELO", true, after_helo, FACT(helo),
                 offsetof(struct profile, helo_timeout), PHASE_HELO },
    [S_STARTTLS] = { "reply to STARTTLS", step_exchange, "STARTTLS", false, after_starttls, FACT(starttls),
                     offsetof(struct profile, starttls_timeout), PHASE_STARTTLS },
    [S_HANDSHAKE] = { "TLS handshake", step_handshake, NULL, false, NULL, 0, offsetof(struct profile, starttls_timeout),
                      PHASE_HANDSHAKE },
    [S_TLS_GREETING] = { "greeting in TLS", step_exchange, NULL, false, after_greeting, FACT(tls_greeting),
                         offsetof(struct profile, helo_timeout), PHASE_TLS_GREETING },
    [S_TLS_EHLO] = { "reply to EHLO in TLS", step_exchange, "EHLO", true, after_tls_ehlo, FACT(tls_ehlo),
                     offsetof(struct profile, helo_timeout), PHASE_TLS_EHLO },
    [S_TLS_HELO] = { "reply to HELO in TLS", step_exchange, "HELO", true, after_helo, FACT(tls_helo),
                     offsetof(struct profile, helo_timeout), PHASE_TLS_HELO },
    /* Its reply is no fact: the phase stays, and this row's places are not used. */
    [S_QUIT] = { "reply to QUIT", step_exchange, "QUIT", false, after_quit, 0, 0, PHASE_DONE },
};

static int64_t now_ms(const struct smtp_session *s)
{
    return loop_now_ms(s->setup->loop);
}

static struct region *region(struct smtp_session *s)
{
    if (!s->region)
        s->region = region_new_small();
    return s->region;
}

static struct conversation *facts(struct smtp_session *s)
{
    if (!s->facts)
        s->facts = region_alloc(region(s), sizeof *s->facts);
    return s->facts;
}

static struct smtp_reply_reader *reader(struct smtp_session *s)
{
    static const struct smtp_reply_limits limits = { LIMIT_LINE_BYTES, LIMIT_REPLY_BYTES };

    if (!s->reader) {
        s->reader = mem_alloc(sizeof *s->reader);
        smtp_reply_init(s->reader, s->profile->line_limit, s->profile->long_line_ends, limits);
    }
    return s->reader;
}

/* A duration for the facts, where 0 says "not reached". */
static uint32_t elapsed(const struct smtp_session *s, int64_t since)
{
    int64_t ms = now_ms(s) - since;

    return ms < 1 ? 1 : (uint32_t)ms;
}

/* Decides the ending, unless it is decided. The words are kept; NULL: none. */
static enum step end(struct smtp_session *s, enum ending ending, const char *words)
{
    if (!s->settled) {
        s->settled = true;
        facts(s)->ending = ending;
        facts(s)->error = region_text(region(s), words);
    }
    return STEP_FINISHED;
}

__attribute__((format(printf, 3, 4)))
static enum step end_printf(struct smtp_session *s, enum ending ending, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    end(s, ending, region_vprintf(region(s), format, args));
    va_end(args);
    return STEP_FINISHED;
}

/* Goes to a state: its phase begins, its command waits to be sent. */
static enum step enter(struct smtp_session *s, enum state state)
{
    const char *command = states[state].command;

    s->state = state;
    s->entered = s->active = now_ms(s);
    if (state != S_QUIT)
        s->phase = states[state].phase;
    if (s->reader)
        smtp_reply_begin(s->reader);
    if (!command)
        return STEP_NEXT;
    if (s->profile->lmtp && strcmp(command, "EHLO") == 0)
        command = "LHLO";
    if (!smtp_stream_say(&s->stream, command, states[state].names_us ? s->profile->helo_name : NULL))
        return end(s, ENDING_LOCAL, "smtp_helo_name is too long");
    return STEP_NEXT;
}

/* The ending is known: says QUIT, and lets nothing change the facts any more. */
static enum step leave(struct smtp_session *s, enum ending ending)
{
    end(s, ending, NULL);
    return enter(s, S_QUIT);
}

static enum step step_connect(struct smtp_session *s)
{
    int error = connect_finish(s->stream.fd);

    if (error)
        return end(s, connect_is_local(error) ? ENDING_LOCAL : ENDING_CONNECT_FAILED, strerror(error));
    s->connected = now_ms(s);
    s->ms_connect = elapsed(s, s->started);
    if (s->profile->wrapper)
        return enter(s, S_HANDSHAKE);
    enter(s, S_GREETING);
    return STEP_WANT_READ; /* nobody greets so soon */
}

/* What the stream could not do at once, as a step. */
static enum step stream_step(struct smtp_session *s, enum stream_result result)
{
    static const enum step steps[] = {
        [STREAM_OK] = STEP_NEXT, [STREAM_WANT_READ] = STEP_WANT_READ, [STREAM_WANT_WRITE] = STEP_WANT_WRITE,
        [STREAM_YIELD] = STEP_YIELD,
    };

    if (result == STREAM_LOST)
        return end(s, ENDING_LOST, s->stream.error);
    if (result == STREAM_TOO_MUCH)
        return end(s, ENDING_CUT_SHORT, s->stream.error);
    return steps[result];
}

/* Replies. */

static struct reply *reply_place(struct smtp_session *s)
{
    return (struct reply *)(void *)((char *)facts(s) + states[s->state].reply);
}

static void keep_reply(struct smtp_session *s)
{
    if (s->state != S_QUIT)
        smtp_reply_take(reader(s), region(s), reply_place(s));
}

static enum step reply_over(struct smtp_session *s, enum smtp_reply_status status)
{
    if (status == SMTP_REPLY_LONG_LINE)
        return end_printf(s, ENDING_CUT_SHORT, "%s: a line of more than %d bytes", states[s->state].name,
                          LIMIT_LINE_BYTES);
    if (status == SMTP_REPLY_LONG)
        return end_printf(s, ENDING_CUT_SHORT, "%s: more than %d bytes", states[s->state].name, LIMIT_REPLY_BYTES);
    return end(s, ENDING_LOST, "a reply line of more than twice line_length_limit: Postfix stops reading there");
}

/* Reads up to the end of the reply. What comes behind it stays for the next one. */
static enum step read_reply(struct smtp_session *s)
{
    uint64_t before = s->stream.in_total;

    for (;;) {
        enum stream_result result;
        size_t used;
        enum smtp_reply_status status = smtp_reply_feed(reader(s), smtp_stream_unread(&s->stream), &used);

        smtp_stream_used(&s->stream, used);
        if (status == SMTP_REPLY_DONE)
            return STEP_NEXT;
        if (status != SMTP_REPLY_MORE)
            return reply_over(s, status);
        if (s->stream.in_total - before > LIMIT_TURN_BYTES)
            return STEP_YIELD;
        result = smtp_stream_receive(&s->stream);
        if (result != STREAM_OK)
            return stream_step(s, result);
        s->active = now_ms(s);
    }
}

/* Sends the command of the state, then reads its reply. */
static enum step step_exchange(struct smtp_session *s)
{
    enum step step = stream_step(s, smtp_stream_send(&s->stream));

    if (step != STEP_NEXT)
        return step;
    step = read_reply(s);
    if (step == STEP_NEXT || step == STEP_FINISHED)
        keep_reply(s);
    return step == STEP_NEXT ? states[s->state].replied(s) : step;
}

static int reply_class(struct smtp_session *s)
{
    return reply_place(s)->code / 100;
}

/* What Postfix decides from the greeting: EHLO or HELO. */
static bool says_ehlo(struct smtp_session *s)
{
    const struct profile *p = s->profile;
    bool ehlo = facts(s)->esmtp_in_greeting || !p->ehlo_needs_esmtp;

    if (p->lmtp)
        return true;
    return ehlo && !p->never_ehlo && !(facts(s)->pix_banner && p->pix_no_esmtp);
}

static enum step after_greeting(struct smtp_session *s)
{
    struct smtp_greeting greeting;

    if (reply_class(s) != 2)
        return leave(s, ENDING_REFUSED);
    smtp_greeting_read(reader(s), &greeting);
    facts(s)->esmtp_in_greeting = greeting.esmtp;
    facts(s)->pix_banner = greeting.pix;
    if (s->state == S_TLS_GREETING)
        return enter(s, says_ehlo(s) ? S_TLS_EHLO : S_TLS_HELO);
    return enter(s, says_ehlo(s) ? S_EHLO : S_HELO);
}

/* EHLO may be refused with anything but 421, and HELO is tried then; LHLO may not. */
static bool falls_back(struct smtp_session *s)
{
    return !s->profile->lmtp && reply_place(s)->code != 421;
}

static enum step after_ehlo(struct smtp_session *s)
{
    struct smtp_ehlo ehlo;

    if (reply_class(s) != 2)
        return falls_back(s) ? enter(s, S_HELO) : leave(s, ENDING_REFUSED);
    smtp_ehlo_read(reader(s), region(s), &ehlo);
    facts(s)->ehlo_host = ehlo.host;
    facts(s)->starttls_offered = ehlo.starttls;
    facts(s)->starttls_beyond_limit = !ehlo.starttls && smtp_reply_late_starttls(reader(s));
    return ehlo.starttls ? enter(s, S_STARTTLS) : leave(s, ENDING_COMPLETE);
}

static enum step after_helo(struct smtp_session *s)
{
    return leave(s, reply_class(s) == 2 ? ENDING_COMPLETE : ENDING_REFUSED);
}

static enum step after_tls_ehlo(struct smtp_session *s)
{
    struct smtp_ehlo ehlo;

    if (reply_class(s) != 2)
        return falls_back(s) ? enter(s, S_TLS_HELO) : leave(s, ENDING_REFUSED);
    if (s->profile->wrapper) {
        smtp_ehlo_read(reader(s), region(s), &ehlo);
        facts(s)->ehlo_host = ehlo.host;
    }
    return leave(s, ENDING_COMPLETE);
}

static enum step after_starttls(struct smtp_session *s)
{
    facts(s)->ms_starttls = elapsed(s, s->connected);
    if (reply_class(s) != 2)
        return leave(s, ENDING_REFUSED);
    /* Plaintext that came along with the reply: Postfix throws it away before the handshake. */
    facts(s)->injected = smtp_stream_unread(&s->stream).n;
    smtp_stream_used(&s->stream, facts(s)->injected);
    if (s->profile->no_handshake)
        return end(s, ENDING_COMPLETE, NULL);
    return enter(s, S_HANDSHAKE);
}

static enum step after_quit(struct smtp_session *s)
{
    (void)s;
    return STEP_FINISHED;
}

/* Handshake. */

static enum step handshake_failed(struct smtp_session *s, enum ending ending)
{
    if (s->plain)
        return end_printf(s, ending, "%s (the server went on in plaintext: \"%s\")", tls_client_error(s->stream.tls), s->plain);
    return end(s, ending, tls_client_error(s->stream.tls));
}

static void keep_certificates(struct smtp_session *s)
{
    const char *ids[CONVERSATION_CERTIFICATES_MAX];
    size_t n = 0, length;
    const uint8_t *der;

    while (n < CONVERSATION_CERTIFICATES_MAX
           && (der = tls_client_certificate(s->stream.tls, region(s), n, &length)) != NULL) {
        char id[CERT_ID_TEXT];

        x509_facts_id(der, length, id);
        ids[n++] = region_text(region(s), id);
    }
    facts(s)->certificates = n > 0 ? region_copy(region(s), ids, n * sizeof *ids) : NULL;
    facts(s)->certificate_count = n;
}

static enum step handshake_done(struct smtp_session *s)
{
    facts(s)->established = true;
    facts(s)->ms_handshake = elapsed(s, s->handshaking);
    tls_client_describe(s->stream.tls, region(s), facts(s));
    keep_certificates(s);
    if (s->profile->wrapper)
        return enter(s, S_TLS_GREETING);
    return enter(s, S_TLS_EHLO);
}

static void peek(struct smtp_session *s)
{
    char text[STREAM_PEEK_MAX + 1];

    s->peeked = smtp_stream_peek(&s->stream, text);
    if (text[0])
        s->plain = region_text(region(s), text);
}

static bool handshake_begin(struct smtp_session *s)
{
    struct error err = { 0 };

    s->handshaking = now_ms(s);
    s->stream.tls = tls_client_new(s->setup->contexts, s->profile, s->stream.fd, &err);
    if (!s->stream.tls)
        end(s, err.status ? ENDING_LOCAL : ENDING_TLS_FAILED, err.text);
    return s->stream.tls != NULL;
}

static enum step step_handshake(struct smtp_session *s)
{
    uint64_t before;
    enum tls_result result;

    if (s->profile->no_handshake)
        return end(s, ENDING_COMPLETE, NULL);
    if (!s->stream.tls && !handshake_begin(s))
        return STEP_FINISHED;
    /* What comes where a TLS record should: text helps to explain the failure. */
    if (!s->peeked)
        peek(s);
    before = tls_client_bytes(s->stream.tls);
    result = tls_client_handshake(s->stream.tls);
    if (tls_client_bytes(s->stream.tls) != before)
        s->active = now_ms(s);
    tls_client_describe(s->stream.tls, region(s), facts(s));
    if (tls_client_bytes(s->stream.tls) > LIMIT_TLS_BYTES)
        return end_printf(s, ENDING_CUT_SHORT, "more than %d bytes of TLS records", LIMIT_TLS_BYTES);
    switch (result) {
    case TLS_DONE:
        return handshake_done(s);
    case TLS_WANT_READ:
        return STEP_WANT_READ;
    case TLS_WANT_WRITE:
        return STEP_WANT_WRITE;
    case TLS_CLOSED:
        return handshake_failed(s, ENDING_LOST);
    case TLS_FAILED:
        break;
    }
    return handshake_failed(s, ENDING_TLS_FAILED);
}

/* The life of a session. */

static void session_free(struct smtp_session *s)
{
    smtp_stream_clear(&s->stream);
    loop_watch_free(s->watch);
    loop_timer_free(s->timer);
    if (s->stream.fd >= 0)
        close(s->stream.fd);
    if (s->reader)
        smtp_reply_clear(s->reader);
    mem_free(s->reader);
    region_free(s->region);
    mem_free(s);
}

static const struct smtp_certificate *certificates_of(struct smtp_session *s)
{
    size_t n = facts(s)->certificate_count;
    struct smtp_certificate *ders = n > 0 ? region_array(region(s), n, sizeof *ders) : NULL;

    for (size_t i = 0; i < n; i++)
        ders[i].der = tls_client_certificate(s->stream.tls, region(s), i, &ders[i].length);
    return ders;
}

/* Gives the facts, frees the session; nowhere else. The connection is closed before anybody hears of it. */
static void session_finish(struct smtp_session *s)
{
    struct smtp_outcome outcome = { .facts = facts(s), .ders = certificates_of(s) };

    s->facts->profile = s->profile;
    s->facts->attempts = 1;
    s->facts->phase = s->phase;
    s->facts->ms_connect = s->ms_connect;
    s->facts->when = s->when;
    smtp_stream_clear(&s->stream);
    loop_watch_free(s->watch);
    s->watch = NULL;
    if (s->stream.fd >= 0)
        close(s->stream.fd);
    s->stream.fd = -1;
    s->done(s->arg, &outcome);
    session_free(s);
}

static uint32_t postfix_timeout(const struct smtp_session *s)
{
    uint32_t seconds;

    memcpy(&seconds, (const char *)s->profile + states[s->state].timeout, sizeof seconds);
    return seconds;
}

/* Postfix waits anew for each read; what we allow a phase is absolute. */
static int64_t postfix_deadline(const struct smtp_session *s)
{
    uint32_t seconds = postfix_timeout(s);

    return seconds ? s->active + (int64_t)seconds * 1000 : INT64_MAX;
}

static int64_t own_deadline(const struct smtp_session *s)
{
    return s->setup->timeout ? s->entered + (int64_t)s->setup->timeout * 1000
                             : s->started + (int64_t)LIMIT_SESSION_SECONDS * 1000;
}

static int64_t next_deadline(const struct smtp_session *s)
{
    int64_t own = own_deadline(s), postfix;

    if (s->state == S_QUIT)
        return s->entered + LIMIT_QUIT_SECONDS * 1000;
    postfix = postfix_deadline(s);
    return postfix <= own ? postfix : own;
}

static void session_late(struct smtp_session *s)
{
    if (!s->settled && states[s->state].replied)
        keep_reply(s);
    if (!s->settled && postfix_deadline(s) <= own_deadline(s))
        end_printf(s, s->state == S_CONNECT ? ENDING_CONNECT_TIMEOUT : ENDING_TIMEOUT, "%s: nothing for %u seconds",
                   states[s->state].name, (unsigned)postfix_timeout(s));
    else
        end_printf(s, ENDING_CUT_SHORT, "%s: not complete after %u seconds", states[s->state].name,
                   s->setup->timeout ? (unsigned)s->setup->timeout : LIMIT_SESSION_SECONDS);
    session_finish(s);
}

/* The only callback for the descriptor, and for turns. What happens in QUIT changes no fact. */
static void session_ready(void *arg)
{
    struct smtp_session *s = arg;
    enum step step;

    while ((step = states[s->state].run(s)) == STEP_NEXT)
        continue;
    if (step == STEP_FINISHED) {
        session_finish(s);
        return;
    }
    s->turn = step == STEP_YIELD;
    loop_watch_set(s->watch, s->turn ? 0 : step == STEP_WANT_READ ? LOOP_READ : LOOP_WRITE);
    loop_timer_at(s->timer, s->turn ? now_ms(s) : next_deadline(s));
}

/* The first turn: failures are told from the loop, too. */
static void session_begin(struct smtp_session *s)
{
    static const enum ending endings[] = {
        [CONNECT_FAILED] = ENDING_CONNECT_FAILED,
        [CONNECT_BIND_FAILED] = ENDING_BIND_FAILED,
        [CONNECT_LOCAL] = ENDING_LOCAL,
    };
    struct endpoint to = { s->profile->address, s->profile->port, 0 };
    struct address from;
    bool bound = s->profile->source_address && address_parse(&from, slice_of(s->profile->source_address));
    enum connect_status status;
    int error;

    s->started = s->entered = s->active = now_ms(s);
    status = connect_start(CONNECT_TCP, &to, bound ? &from : NULL, &s->stream.fd, &error);
    if (status != CONNECT_STARTED) {
        end(s, endings[status], strerror(error));
        session_finish(s);
        return;
    }
    s->watch = loop_watch_new(s->setup->loop, s->stream.fd, session_ready, s);
    loop_watch_set(s->watch, LOOP_WRITE);
    loop_timer_at(s->timer, next_deadline(s));
}

static void session_timer(void *arg)
{
    struct smtp_session *s = arg;

    if (!s->watch)
        session_begin(s);
    else if (s->turn && next_deadline(s) > now_ms(s))
        session_ready(s);
    else
        session_late(s);
}

struct smtp_session *smtp_session_start(const struct smtp_setup *setup, const struct profile *profile, smtp_done_fn *done,
                                        void *arg)
{
    struct smtp_session *s = mem_alloc(sizeof *s);

    s->setup = setup;
    s->profile = profile;
    s->done = done;
    s->arg = arg;
    smtp_stream_init(&s->stream, -1);
    s->when = (int64_t)time(NULL);
    s->timer = loop_timer_new(setup->loop, session_timer, s);
    loop_timer_at(s->timer, now_ms(s));
    return s;
}

void smtp_session_cancel(struct smtp_session *s)
{
    session_free(s);
}
