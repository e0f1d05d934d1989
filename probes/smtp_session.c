#include "probes/smtp_session_impl.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probes/engine/connect.h"
#include "probes/limits.h"
#include "scanner/base/mem.h"

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
    size_t n = session_facts(s)->certificate_count;
    struct smtp_certificate *ders = n > 0 ? region_array(session_region(s), n, sizeof *ders) : NULL;

    for (size_t i = 0; i < n; i++)
        ders[i].der = tls_client_certificate(s->stream.tls, session_region(s), i, &ders[i].length);
    return ders;
}

/* Gives the facts, frees the session; nowhere else. The connection is closed before anybody hears of it. */
static void session_finish(struct smtp_session *s)
{
    struct smtp_outcome outcome = { .facts = session_facts(s), .ders = certificates_of(s) };
    struct profile profile = session_profile(s);

    s->facts->profile = &profile;
    s->facts->attempts = 1;
    s->facts->phase = s->phase;
    s->facts->ms_connect = s->connected;
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

    memcpy(&seconds, (const char *)session_settings(s) + session_states[s->state].timeout, sizeof seconds);
    return seconds;
}

/* Postfix waits anew for each read; what we allow a phase is absolute. */
static int64_t postfix_deadline(const struct smtp_session *s)
{
    uint32_t seconds = postfix_timeout(s);

    return seconds ? s->started + s->active + (int64_t)seconds * 1000 : INT64_MAX;
}

static int64_t own_deadline(const struct smtp_session *s)
{
    return s->setup->timeout ? s->started + s->entered + (int64_t)s->setup->timeout * 1000
                             : s->started + (int64_t)LIMIT_SESSION_SECONDS * 1000;
}

static int64_t next_deadline(const struct smtp_session *s)
{
    int64_t own = own_deadline(s), postfix;

    if (s->state == S_QUIT)
        return s->started + s->entered + LIMIT_QUIT_SECONDS * 1000;
    postfix = postfix_deadline(s);
    return postfix <= own ? postfix : own;
}

static void session_late(struct smtp_session *s)
{
    if (!s->settled && session_states[s->state].replied)
        session_keep_reply(s);
    if (!s->settled && postfix_deadline(s) <= own_deadline(s))
        session_end_printf(s, s->state == S_CONNECT ? ENDING_CONNECT_TIMEOUT : ENDING_TIMEOUT, "%s: nothing for %u seconds",
                   session_states[s->state].name, (unsigned)postfix_timeout(s));
    else
        session_end_printf(s, ENDING_CUT_SHORT, "%s: not complete after %u seconds", session_states[s->state].name,
                   s->setup->timeout ? (unsigned)s->setup->timeout : LIMIT_SESSION_SECONDS);
    session_finish(s);
}

/* The only callback for the descriptor, and for turns. What happens in QUIT changes no fact. */
static void session_ready(void *arg)
{
    struct smtp_session *s = arg;
    enum step step;

    while ((step = session_states[s->state].run(s)) == STEP_NEXT)
        continue;
    if (step == STEP_FINISHED) {
        session_finish(s);
        return;
    }
    s->turn = step == STEP_YIELD;
    loop_watch_set(s->watch, s->turn ? 0 : step == STEP_WANT_READ ? LOOP_READ : LOOP_WRITE);
    loop_timer_at(s->timer, s->turn ? session_now(s) : next_deadline(s));
}

/* The first turn: failures are told from the loop, too. */
static void session_begin(struct smtp_session *s)
{
    static const enum ending endings[] = {
        [CONNECT_FAILED] = ENDING_CONNECT_FAILED,
        [CONNECT_BIND_FAILED] = ENDING_BIND_FAILED,
        [CONNECT_LOCAL] = ENDING_LOCAL,
    };
    struct endpoint to = { session_profile(s).address, session_settings(s)->port, 0 };
    struct address from;
    bool bound = session_settings(s)->source_address && address_parse(&from, slice_of(session_settings(s)->source_address));
    enum connect_status status;
    int error;

    s->started = session_now(s);
    status = connect_start(CONNECT_TCP, &to, bound ? &from : NULL, &s->stream.fd, &error);
    if (status != CONNECT_STARTED) {
        session_end(s, endings[status], strerror(error));
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
    else if (s->turn && next_deadline(s) > session_now(s))
        session_ready(s);
    else
        session_late(s);
}

struct smtp_session *smtp_session_start(const struct smtp_setup *setup, struct slice folded, smtp_done_fn *done, void *arg)
{
    struct smtp_session *s = mem_alloc(sizeof *s);

    s->setup = setup;
    s->folded = folded.p;
    s->folded_length = (uint32_t)folded.n;
    s->done = done;
    s->arg = arg;
    smtp_stream_init(&s->stream, -1);
    s->when = (int64_t)time(NULL);
    s->timer = loop_timer_new(setup->loop, session_timer, s);
    loop_timer_at(s->timer, session_now(s));
    return s;
}

void smtp_session_cancel(struct smtp_session *s)
{
    session_free(s);
}
