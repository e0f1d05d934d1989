#include "scanner/workers.h"

#include <stdio.h>
#include <string.h>

#include "probes/confine.h"
#include "probes/id_set.h"
#include "probes/limits.h"
#include "probes/record.h"
#include "scanner/base/buf.h"
#include "scanner/base/json.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts_binary.h"
#include "scanner/facts/record_binary.h"
#include "scanner/worker_process.h"
#include "scanner/worker_says.h"
#include "scanner/workers_setup.h"

#define BUCKETS           16384
#define TRIES             2
#define QUESTIONS_SENT    (2 * LIMIT_DNS_SOCKETS)   /* what a worker cannot begin yet shall not die with it */
#define DEATHS_IN_A_ROW   10   /* with nothing asked of the worker: there is no use in going on */

/* What is not answered yet: queued, or sent to the worker. */
struct ask {
    uint64_t      id;
    const struct worker_kind *kind;
    struct ask   *next_same;    /* bucket */
    struct list  *list;         /* where it is */
    struct ask   *before, *after;
    uint32_t      length;       /* of the request */
    uint8_t       head;         /* octets of its tag and id */
    uint8_t       tries;        /* at most TRIES; what contacts others is tried once here, for the next time is a matter of
                                 * politeness */
    char          request[];    /* as it is sent, and a NUL */
};

struct list {
    struct ask *first, *last;
};

struct workers {
    struct loop                 *loop;
    const struct workers_events *events;
    void                        *arg;
    struct json                 *setup;
    struct json                **told;         /* to every worker behind the setup: client chains, authorities */
    size_t                       told_count, told_room;
    struct profiles             *profiles;     /* that were asked for */
    size_t                       profiles_told; /* to this worker */
    struct record_channel       *channel;
    pid_t                        pid;
    struct id_set                certificates; /* that this worker has sent */
    size_t                       certificates_in_a_row;
    unsigned                     confinement;  /* that the worker says is in force */
    struct ask                  *buckets[BUCKETS];
    struct list                  suspects;     /* questions that were with a worker that died */
    struct list                  questions, contacts, sent, crashed;
    size_t                       questions_sent, suspects_sent;
    struct workers_account       account;
    size_t                       pending;
    unsigned                     deaths;       /* in a row of workers that nothing had been asked of */
    struct loop_timer           *tell;         /* tells of the crashed */
    struct loop_timer           *tick;
    int64_t                      ticked, called; /* called: when the call without an answer was made; 0: none */
    int64_t                      call;
};

static void pump(struct workers *w);

/* Lists. */

static void list_add(struct list *list, struct ask *ask)
{
    ask->list = list;
    ask->before = list->last;
    ask->after = NULL;
    *(list->last ? &list->last->after : &list->first) = ask;
    list->last = ask;
}

static void list_add_first(struct list *list, struct ask *ask)
{
    ask->list = list;
    ask->before = NULL;
    ask->after = list->first;
    *(list->first ? &list->first->before : &list->last) = ask;
    list->first = ask;
}

static void list_remove(struct ask *ask)
{
    struct list *list = ask->list;

    *(ask->before ? &ask->before->after : &list->first) = ask->after;
    *(ask->after ? &ask->after->before : &list->last) = ask->before;
}

static struct ask **place_of(struct workers *w, uint64_t id)
{
    struct ask **place = &w->buckets[id % BUCKETS];

    while (*place && (*place)->id != id)
        place = &(*place)->next_same;
    return place;
}

static bool is_suspect(const struct ask *ask)
{
    return ask->tries > 1;
}

/* Takes the ask out of its list and forgets it; the caller still holds it, and frees it. */
static void ask_over(struct workers *w, struct ask *ask)
{
    if (ask->list == &w->sent && ask->kind->is_question) {
        w->questions_sent--;
        w->suspects_sent -= is_suspect(ask);
    }
    list_remove(ask);
    *place_of(w, ask->id) = ask->next_same;
    w->pending--;
}

static void note(struct workers *w, const char *text)
{
    if (w->events->on_note)
        w->events->on_note(w->arg, text);
}

/* Starting. */

static bool send_value(struct workers *w, const struct json *value)
{
    struct buf text;
    bool sent;

    buf_init(&text, LIMIT_RECORD_BYTES);
    sent = json_write(value, 0, &text) && record_channel_send(w->channel, buf_slice(&text));
    buf_clear(&text);
    return sent;
}

static void on_record(void *arg, struct slice text);
static void on_closed(void *arg, const char *why);
static void on_room(void *arg);

static const struct record_events channel_events = { on_record, on_closed, on_room };

/* Takes record. */
static void tell_each(struct workers *w, struct json *record)
{
    if (w->told_count == w->told_room) {
        w->told_room = w->told_room ? 2 * w->told_room : 8;
        w->told = mem_grow(w->told, w->told_room, sizeof *w->told);
    }
    w->told[w->told_count++] = record;
}

static void send_told(struct workers *w, size_t first)
{
    for (size_t i = first; i < w->told_count; i++)
        send_value(w, w->told[i]);
}

static bool start_worker(struct workers *w, struct error *err)
{
    int fd;

    w->pid = worker_process_start(&fd, err);
    if (w->pid < 0)
        return false;
    w->channel = record_channel_new(w->loop, fd, &channel_events, w);
    w->called = 0;
    w->profiles_told = 0;
    send_value(w, w->setup);
    send_told(w, 0);
    return true;
}

/* Ends the worker, whatever state it is in. The signal that it died of. */
static int end_worker(struct workers *w, bool gently)
{
    if (!w->channel)
        return 0;
    record_channel_free(w->channel);
    w->channel = NULL;
    id_set_clear(&w->certificates);
    w->certificates_in_a_row = 0;
    return worker_process_end(w->pid, gently);
}

static void give_up(struct workers *w, struct ask *ask)
{
    list_remove(ask);
    list_add(&w->crashed, ask);
    loop_timer_at(w->tell, loop_now_ms(w->loop));
}

/* One of those in flight may be what the worker died of: they become suspects, unless they were that before. */
static void take_back(struct workers *w)
{
    w->questions_sent = w->suspects_sent = 0;
    while (w->sent.last) {
        struct ask *ask = w->sent.last;

        if (!ask->kind->is_question || ask->tries >= TRIES) {
            give_up(w, ask);
        } else {
            list_remove(ask);
            list_add_first(&w->suspects, ask);
        }
    }
}

static void give_up_all(struct workers *w)
{
    struct list *const lists[] = { &w->suspects, &w->questions, &w->contacts };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        while (lists[i]->first)
            give_up(w, lists[i]->first);
}

/* count: of those that were lost so. */
static void worker_lost(struct workers *w, size_t *count, const char *why)
{
    char text[ERROR_TEXT_MAX + 64];
    struct error err;
    int signal = end_worker(w, false);

    snprintf(text, sizeof text, "a worker process was lost: %s", why);
    /* With each death over a question there are fewer questions to ask: that comes to an end. */
    w->deaths = w->sent.first ? 0 : w->deaths + 1;
    if (count == &w->account.lost.ended)
        w->account.lost.signal = (size_t)signal;
    ++*count;
    take_back(w);
    if (w->deaths >= DEATHS_IN_A_ROW || !start_worker(w, &err))
        give_up_all(w);
    note(w, text);
    pump(w);
}

/* Asking. */

/* Suspects go a few at a time, so that the guilty one takes few with it. */
static struct ask *next_to_send(struct workers *w)
{
    if (w->contacts.first)
        return w->contacts.first;
    if (w->suspects.first && w->suspects_sent < LIMIT_SUSPECTS)
        return w->suspects.first;
    return w->questions_sent < QUESTIONS_SENT ? w->questions.first : NULL;
}

static bool send_settings(struct workers *w)
{
    struct buf record;
    bool sent = true;

    for (; sent && w->profiles_told < profiles_count(w->profiles); w->profiles_told++) {
        buf_init(&record, LIMIT_RECORD_BYTES);
        buf_add_char(&record, WORKER_SETTINGS);
        binary_add_number(&record, w->profiles_told);
        profiles_write(w->profiles, w->profiles_told, &record);
        sent = !record.overflow && record_channel_send(w->channel, buf_slice(&record));
        buf_clear(&record);
    }
    return sent;
}

static void send_ask(struct workers *w, struct ask *ask)
{
    if (!send_settings(w) || !record_channel_send(w->channel, slice_from(ask->request, ask->length))) {
        give_up(w, ask);
        return;
    }
    ask->tries++;
    list_remove(ask);
    list_add(&w->sent, ask);
    if (ask->kind->is_question) {
        w->account.asked++;
        w->questions_sent++;
        w->suspects_sent += is_suspect(ask);
    }
}

static void pump(struct workers *w)
{
    struct ask *ask;

    while (w->channel && record_channel_has_room(w->channel) && (ask = next_to_send(w)) != NULL)
        send_ask(w, ask);
}

static void on_room(void *arg)
{
    pump(arg);
}

static struct buf request_begin(const struct worker_kind *kind, uint64_t id)
{
    struct buf request;

    buf_init(&request, LIMIT_RECORD_BYTES);
    buf_add_char(&request, (char)kind->tag);
    binary_add_number(&request, id);
    return request;
}

/* Octets of a tag and this id. */
static size_t head_length(uint64_t id)
{
    size_t n = 2;

    for (; id > 0x7f; id >>= 7)
        n++;
    return n;
}

/* The request is whole, and cleared. */
static struct ask *ask_new(struct workers *w, uint64_t id, const struct worker_kind *kind, struct buf *request)
{
    struct ask *ask = mem_alloc(sizeof *ask + request->n + 1);

    memcpy(ask->request, request->p, request->n);
    ask->length = (uint32_t)request->n;
    ask->head = (uint8_t)head_length(id);
    ask->id = id;
    ask->kind = kind;
    ask->next_same = w->buckets[id % BUCKETS];
    w->buckets[id % BUCKETS] = ask;
    w->pending++;
    buf_clear(request);
    return ask;
}

static struct worker_request request_of(const struct workers *w, const struct ask *ask)
{
    return (struct worker_request){ slice_from(ask->request + ask->head, ask->length - ask->head), w->profiles };
}

static void begin(struct workers *w, struct ask *ask)
{
    list_add(ask->kind->is_question ? &w->questions : &w->contacts, ask);
    if (w->channel)
        pump(w);
    else
        give_up(w, ask);
}

void workers_ask_dns(struct workers *w, uint64_t id, const char *name, enum dns_type type)
{
    struct buf request = request_begin(&worker_question, id);

    worker_ask_question(name, type, &request);
    begin(w, ask_new(w, id, &worker_question, &request));
}

void workers_converse(struct workers *w, uint64_t id, const struct profile *profile)
{
    struct buf request = request_begin(&worker_conversation, id);

    profiles_fold(w->profiles, profile, &request);
    begin(w, ask_new(w, id, &worker_conversation, &request));
}

void workers_fetch(struct workers *w, uint64_t id, const struct want_fetch *want)
{
    struct buf request = request_begin(&worker_policy, id);

    want_fetch_to_binary(want, &request);
    begin(w, ask_new(w, id, &worker_policy, &request));
}

void workers_trust(struct workers *w, struct slice pem)
{
    size_t count, before = w->told_count;
    struct json **records = worker_trusted_to_json(pem, &count);

    for (size_t i = 0; i < count; i++)
        tell_each(w, records[i]);
    mem_free(records);
    if (w->channel)
        send_told(w, before);
}

/* Answers. False: the worker says what no worker of ours would say. */

static bool fail(struct error *err, const char *what)
{
    error_set(err, 0, "%s", what);
    return false;
}

static bool take_fact(struct workers *w, uint8_t tag, uint64_t id, struct slice value, struct region *region,
                      struct error *err)
{
    struct ask *ask = *place_of(w, id);
    struct worker_request request;
    const void *fact;

    /* Only what is with the worker: not what waits here. */
    if (!ask || ask->list != &w->sent || ask->kind->tag != tag)
        return fail(err, "an answer that nobody asked for");
    request = request_of(w, ask);
    fact = ask->kind->read(region, &request, value, &w->certificates, err);
    if (!fact)
        return false;
    w->certificates_in_a_row = 0;
    ask_over(w, ask);
    ask->kind->tell(w->events, w->arg, ask->id, fact);
    mem_free(ask);
    pump(w);
    return true;
}

static bool take_certificate(struct workers *w, struct slice der, struct error *err)
{
    struct cert cert;

    if (!worker_says_certificate(der, &cert, err))
        return false;
    if (++w->certificates_in_a_row > CONVERSATION_CERTIFICATES_MAX)
        return fail(err, "more certificates than a conversation has");
    id_set_add(&w->certificates, cert.id);
    w->events->on_cert(w->arg, &cert);
    return true;
}

static bool take_octets(struct workers *w, struct slice record, struct region *region, struct error *err)
{
    uint8_t tag = (uint8_t)record.p[0];
    struct slice rest = slice_from_index(record, 1);
    uint64_t id;

    if (!binary_take_number(&rest, &id))
        return fail(err, "a record without an id");
    return tag == WORKER_CERTIFICATE ? take_certificate(w, rest, err) : take_fact(w, tag, id, rest, region, err);
}

static bool take_object(struct workers *w, const struct json *record, struct error *err)
{
    const char *text = json_get_text(record, "note");

    if (json_get_integer(record, "here", 0) == w->call && w->call)
        w->called = 0;
    else if (json_get(record, "confined"))
        w->confinement = (unsigned)json_get_integer(record, "confined", 0) & CONFINED_ALL;
    else if (text)
        note(w, text);
    else
        return fail(err, "a record of no known kind");
    return true;
}

static bool take_record(struct workers *w, struct slice record, struct region *region, struct error *err)
{
    struct json *object;
    bool good;

    if (record.n > 0 && record.p[0] < ' ' && record.p[0] > 0)
        return take_octets(w, record, region, err);
    object = json_read(record, err);
    good = object && take_object(w, object, err);
    json_free(object);
    return good;
}

static void on_record(void *arg, struct slice record)
{
    struct workers *w = arg;
    struct region *region = region_new_small();
    struct error err;

    if (!take_record(w, record, region, &err))
        worker_lost(w, &w->account.lost.wrong, err.text);
    region_free(region);
}

static void on_closed(void *arg, const char *why)
{
    worker_lost(arg, &((struct workers *)arg)->account.lost.ended, why);
}

/* Facts of those that were lost for good. */
static void tell_crashed(void *arg)
{
    struct workers *w = arg;
    struct region *region = region_new();

    while (w->crashed.first) {
        struct ask *ask = w->crashed.first;
        struct worker_request request = request_of(w, ask);

        ask_over(w, ask);
        ask->kind->tell(w->events, w->arg, ask->id, ask->kind->crashed(region, &request));
        mem_free(ask);
    }
    region_free(region);
}

/* A worker that hangs is as good as dead. A tick that comes late says that we were busy ourselves. */
static void on_tick(void *arg)
{
    struct workers *w = arg;
    int64_t now = loop_now_ms(w->loop);
    bool late = now - w->ticked > 2 * LIMIT_CALL_MS;

    w->ticked = now;
    loop_timer_at(w->tick, now + LIMIT_CALL_MS);
    if (!w->channel || !w->sent.first) {
        w->called = 0;
    } else if (!w->called) {
        struct json *object = json_object();

        json_put(object, "call", json_integer(++w->call));
        if (send_value(w, object))
            w->called = now;
        json_free(object);
    } else if (late) {
        w->called = now;
    } else if (now - w->called > LIMIT_SILENCE_MS) {
        worker_lost(w, &w->account.lost.silent, "it no longer answers");
    }
}

struct workers *workers_start(struct loop *loop, const struct worker_setup *setup, const struct workers_events *events,
                              void *arg, struct error *err)
{
    struct json *first = worker_setup_to_json(setup, err);
    struct workers *w;

    if (!first)
        return NULL;
    w = mem_alloc(sizeof *w);
    w->loop = loop;
    w->events = events;
    w->arg = arg;
    id_set_init(&w->certificates);
    w->setup = first;
    w->profiles = profiles_new();
    for (size_t i = 0; i < setup->chain_count; i++)
        tell_each(w, worker_chain_to_json(&setup->chains[i]));
    w->tell = loop_timer_new(loop, tell_crashed, w);
    w->tick = loop_timer_new(loop, on_tick, w);
    w->ticked = loop_now_ms(loop);
    loop_timer_at(w->tick, w->ticked + LIMIT_CALL_MS);
    if (start_worker(w, err))
        return w;
    workers_free(w);
    return NULL;
}

size_t workers_pending(const struct workers *w)
{
    return w->pending;
}

struct workers_account workers_account(const struct workers *w)
{
    return w->account;
}

unsigned workers_confinement(const struct workers *w)
{
    return w->confinement;
}

static void list_free(struct list *list)
{
    while (list->first) {
        struct ask *ask = list->first;

        list_remove(ask);
        mem_free(ask);
    }
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    end_worker(w, true);
    list_free(&w->suspects);
    list_free(&w->questions);
    list_free(&w->contacts);
    list_free(&w->sent);
    list_free(&w->crashed);
    loop_timer_free(w->tell);
    loop_timer_free(w->tick);
    for (size_t i = 0; i < w->told_count; i++)
        json_free(w->told[i]);
    mem_free(w->told);
    json_free(w->setup);
    profiles_free(w->profiles);
    mem_free(w);
}
