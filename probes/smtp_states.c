#include "probes/smtp_session_impl.h"

#include <stdarg.h>
#include <string.h>

#include "probes/engine/connect.h"
#include "probes/limits.h"
#include "probes/wire/x509_facts.h"
#include "scanner/base/mem.h"

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

const struct session_state session_states[] = {
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

int64_t session_now(const struct smtp_session *s)
{
    return loop_now_ms(s->setup->loop);
}

const struct profile *session_settings(const struct smtp_session *s)
{
    return profiles_settings(s->setup->profiles, slice_from(s->folded, s->folded_length));
}

struct profile session_profile(const struct smtp_session *s)
{
    struct profile profile = { .port = 0 };

    profiles_unfold(s->setup->profiles, slice_from(s->folded, s->folded_length), &profile);
    return profile;
}

struct region *session_region(struct smtp_session *s)
{
    if (!s->region)
        s->region = region_new_small();
    return s->region;
}

struct conversation *session_facts(struct smtp_session *s)
{
    if (!s->facts)
        s->facts = region_alloc(session_region(s), sizeof *s->facts);
    return s->facts;
}

static struct smtp_reply_reader *reader(struct smtp_session *s)
{
    static const struct smtp_reply_limits limits = { LIMIT_LINE_BYTES, LIMIT_REPLY_BYTES };

    if (!s->reader) {
        s->reader = mem_alloc(sizeof *s->reader);
        smtp_reply_init(s->reader, session_settings(s)->line_limit, session_settings(s)->long_line_ends, limits);
    }
    return s->reader;
}

uint32_t session_age(const struct smtp_session *s)
{
    return (uint32_t)(session_now(s) - s->started);
}

/* A duration for the facts, where 0 says "not reached". */
static uint32_t elapsed(const struct smtp_session *s, uint32_t since)
{
    uint32_t now = session_age(s);

    return now > since ? now - since : 1;
}

enum step session_end(struct smtp_session *s, enum ending ending, const char *words)
{
    if (!s->settled) {
        s->settled = true;
        session_facts(s)->ending = ending;
        session_facts(s)->error = region_text(session_region(s), words);
    }
    return STEP_FINISHED;
}

enum step session_end_printf(struct smtp_session *s, enum ending ending, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    session_end(s, ending, region_vprintf(session_region(s), format, args));
    va_end(args);
    return STEP_FINISHED;
}

static const char *helo_name(const struct smtp_session *s)
{
    return session_settings(s)->helo_name ? session_settings(s)->helo_name : "localhost";
}

/* Goes to a state: its phase begins, its command waits to be sent. */
static enum step enter(struct smtp_session *s, enum state state)
{
    const char *command = session_states[state].command;

    s->state = state;
    s->entered = s->active = session_age(s);
    if (state != S_QUIT)
        s->phase = session_states[state].phase;
    if (s->reader)
        smtp_reply_begin(s->reader);
    if (!command)
        return STEP_NEXT;
    if (session_settings(s)->lmtp && strcmp(command, "EHLO") == 0)
        command = "LHLO";
    if (!smtp_stream_say(&s->stream, command, session_states[state].names_us ? helo_name(s) : NULL))
        return session_end(s, ENDING_LOCAL, "smtp_helo_name is too long");
    return STEP_NEXT;
}

/* The ending is known: says QUIT, and lets nothing change the facts any more. */
static enum step leave(struct smtp_session *s, enum ending ending)
{
    session_end(s, ending, NULL);
    return enter(s, S_QUIT);
}

static enum step step_connect(struct smtp_session *s)
{
    int error = connect_finish(s->stream.fd);

    if (error)
        return session_end(s, connect_is_local(error) ? ENDING_LOCAL : ENDING_CONNECT_FAILED, strerror(error));
    s->connected = elapsed(s, 0);
    if (session_settings(s)->wrapper)
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
        return session_end(s, ENDING_LOST, s->stream.error);
    if (result == STREAM_TOO_MUCH)
        return session_end(s, ENDING_CUT_SHORT, s->stream.error);
    return steps[result];
}

/* Replies. */

static struct reply *reply_place(struct smtp_session *s)
{
    return (struct reply *)(void *)((char *)session_facts(s) + session_states[s->state].reply);
}

void session_keep_reply(struct smtp_session *s)
{
    if (s->state != S_QUIT)
        smtp_reply_take(reader(s), session_region(s), reply_place(s));
}

static enum step reply_over(struct smtp_session *s, enum smtp_reply_status status)
{
    if (status == SMTP_REPLY_LONG_LINE)
        return session_end_printf(s, ENDING_CUT_SHORT, "%s: a line of more than %d bytes", session_states[s->state].name,
                          LIMIT_LINE_BYTES);
    if (status == SMTP_REPLY_LONG)
        return session_end_printf(s, ENDING_CUT_SHORT, "%s: more than %d bytes", session_states[s->state].name, LIMIT_REPLY_BYTES);
    return session_end(s, ENDING_LOST, "a reply line of more than twice line_length_limit: Postfix stops reading there");
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
        s->active = session_age(s);
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
        session_keep_reply(s);
    return step == STEP_NEXT ? session_states[s->state].replied(s) : step;
}

static int reply_class(struct smtp_session *s)
{
    return reply_place(s)->code / 100;
}

/* What Postfix decides from the greeting: EHLO or HELO. */
static bool says_ehlo(struct smtp_session *s)
{
    const struct profile *p = session_settings(s);
    bool ehlo = session_facts(s)->esmtp_in_greeting || !p->ehlo_needs_esmtp;

    if (p->lmtp)
        return true;
    return ehlo && !p->never_ehlo && !(session_facts(s)->pix_banner && p->pix_no_esmtp);
}

static enum step after_greeting(struct smtp_session *s)
{
    struct smtp_greeting greeting;

    if (reply_class(s) != 2)
        return leave(s, ENDING_REFUSED);
    smtp_greeting_read(reader(s), &greeting);
    session_facts(s)->esmtp_in_greeting = greeting.esmtp;
    session_facts(s)->pix_banner = greeting.pix;
    if (s->state == S_TLS_GREETING)
        return enter(s, says_ehlo(s) ? S_TLS_EHLO : S_TLS_HELO);
    return enter(s, says_ehlo(s) ? S_EHLO : S_HELO);
}

/* EHLO may be refused with anything but 421, and HELO is tried then; LHLO may not. */
static bool falls_back(struct smtp_session *s)
{
    return !session_settings(s)->lmtp && reply_place(s)->code != 421;
}

static enum step after_ehlo(struct smtp_session *s)
{
    struct smtp_ehlo ehlo;

    if (reply_class(s) != 2)
        return falls_back(s) ? enter(s, S_HELO) : leave(s, ENDING_REFUSED);
    smtp_ehlo_read(reader(s), session_region(s), &ehlo);
    session_facts(s)->ehlo_host = ehlo.host;
    session_facts(s)->starttls_offered = ehlo.starttls;
    session_facts(s)->starttls_beyond_limit = !ehlo.starttls && smtp_reply_late_starttls(reader(s));
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
    if (session_settings(s)->wrapper) {
        smtp_ehlo_read(reader(s), session_region(s), &ehlo);
        session_facts(s)->ehlo_host = ehlo.host;
    }
    return leave(s, ENDING_COMPLETE);
}

static enum step after_starttls(struct smtp_session *s)
{
    session_facts(s)->ms_starttls = elapsed(s, s->connected);
    if (reply_class(s) != 2)
        return leave(s, ENDING_REFUSED);
    /* Plaintext that came along with the reply: Postfix throws it away before the handshake. */
    session_facts(s)->injected = smtp_stream_unread(&s->stream).n;
    smtp_stream_used(&s->stream, session_facts(s)->injected);
    if (session_settings(s)->no_handshake)
        return session_end(s, ENDING_COMPLETE, NULL);
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
        return session_end_printf(s, ending, "%s (the server went on in plaintext: \"%s\")", tls_client_error(s->stream.tls), s->plain);
    return session_end(s, ending, tls_client_error(s->stream.tls));
}

static void keep_certificates(struct smtp_session *s)
{
    const char *ids[CONVERSATION_CERTIFICATES_MAX];
    size_t n = 0, length;
    const uint8_t *der;

    while (n < CONVERSATION_CERTIFICATES_MAX
           && (der = tls_client_certificate(s->stream.tls, session_region(s), n, &length)) != NULL) {
        char id[CERT_ID_TEXT];

        x509_facts_id(der, length, id);
        ids[n++] = region_text(session_region(s), id);
    }
    session_facts(s)->certificates = n > 0 ? region_copy(session_region(s), ids, n * sizeof *ids) : NULL;
    session_facts(s)->certificate_count = n;
}

static enum step handshake_done(struct smtp_session *s)
{
    session_facts(s)->established = true;
    session_facts(s)->ms_handshake = elapsed(s, s->handshaking);
    tls_client_describe(s->stream.tls, session_region(s), session_facts(s));
    keep_certificates(s);
    if (session_settings(s)->wrapper)
        return enter(s, S_TLS_GREETING);
    return enter(s, S_TLS_EHLO);
}

static void peek(struct smtp_session *s)
{
    char text[STREAM_PEEK_MAX + 1];

    s->peeked = smtp_stream_peek(&s->stream, text);
    if (text[0])
        s->plain = region_text(session_region(s), text);
}

static bool handshake_begin(struct smtp_session *s)
{
    struct error err = { 0 };

    struct profile profile = session_profile(s);

    s->handshaking = session_age(s);
    s->stream.tls = tls_client_new(s->setup->contexts, &profile, s->stream.fd, &err);
    if (!s->stream.tls)
        session_end(s, err.status ? ENDING_LOCAL : ENDING_TLS_FAILED, err.text);
    return s->stream.tls != NULL;
}

static enum step step_handshake(struct smtp_session *s)
{
    uint64_t before;
    enum tls_result result;

    if (session_settings(s)->no_handshake)
        return session_end(s, ENDING_COMPLETE, NULL);
    if (!s->stream.tls && !handshake_begin(s))
        return STEP_FINISHED;
    /* What comes where a TLS record should: text helps to explain the failure. */
    if (!s->peeked)
        peek(s);
    before = tls_client_bytes(s->stream.tls);
    result = tls_client_handshake(s->stream.tls);
    if (tls_client_bytes(s->stream.tls) != before)
        s->active = session_age(s);
    tls_client_describe(s->stream.tls, session_region(s), session_facts(s));
    if (tls_client_bytes(s->stream.tls) > LIMIT_TLS_BYTES)
        return session_end_printf(s, ENDING_CUT_SHORT, "more than %d bytes of TLS records", LIMIT_TLS_BYTES);
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
