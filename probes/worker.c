#include "probes/worker.h"

#include <string.h>
#include <unistd.h>

#include "probes/confine.h"
#include "probes/https_fetch.h"
#include "probes/id_set.h"
#include "probes/limits.h"
#include "probes/record.h"
#include "probes/smtp_session.h"
#include "probes/tls_client.h"
#include "scanner/base/mem.h"
#include "scanner/base/json.h"
#include "scanner/facts/facts_binary.h"
#include "scanner/facts/profiles.h"
#include "scanner/facts/record_binary.h"

#define EXIT_WELL     0
#define EXIT_NONSENSE 65
#define EXIT_OWN      70

struct request {
    struct worker       *worker;
    struct request      *next, **place;
    uint64_t             id;
    struct smtp_session *session;
    struct https_fetch  *fetch;
    char                 octets[]; /* what is asked for, and a NUL */
};

struct worker {
    struct loop           *loop;
    struct record_channel *channel;
    struct dns_client     *dns;
    struct tls_contexts   *contexts;
    struct https_client   *https;
    struct profiles       *profiles;
    struct smtp_setup      smtp;
    struct id_set          sent;    /* certificates that the scanner has */
    struct request        *requests;
    int                    status;
};

static void stop(struct worker *w, int status)
{
    w->status = status;
    loop_stop(w->loop);
}

/* Takes the record. False: it does not fit. */
static bool send_record(struct worker *w, struct buf *record)
{
    bool fits = !record->overflow;

    if (fits && !record_channel_send(w->channel, buf_slice(record)))
        stop(w, EXIT_OWN);
    buf_clear(record);
    record_channel_pause(w->channel, !record_channel_has_room(w->channel));
    return fits;
}

/* Takes value. False: it does not fit into a record. */
static bool send_value(struct worker *w, struct json *value)
{
    struct buf text;

    buf_init(&text, LIMIT_RECORD_BYTES);
    json_write(value, 0, &text);
    json_free(value);
    return send_record(w, &text);
}

static void send_note(struct worker *w, const char *text)
{
    struct json *object = json_object();

    json_put(object, "note", json_text(text));
    send_value(w, object);
}

static bool send_number(struct worker *w, const char *name, int64_t number)
{
    struct json *object = json_object();

    json_put(object, name, json_integer(number));
    return send_value(w, object);
}

static struct buf record_begin(enum worker_tag tag, uint64_t id)
{
    struct buf record;

    buf_init(&record, LIMIT_RECORD_BYTES);
    buf_add_char(&record, (char)tag);
    binary_add_number(&record, id);
    return record;
}

static struct request *request_new(struct worker *w, uint64_t id, struct slice octets)
{
    struct request *r = mem_alloc(sizeof *r + octets.n + 1);

    r->worker = w;
    r->id = id;
    memcpy(r->octets, octets.p, octets.n);
    r->next = w->requests;
    r->place = &w->requests;
    if (r->next)
        r->next->place = &r->next;
    w->requests = r;
    return r;
}

static void request_free(struct request *r)
{
    *r->place = r->next;
    if (r->next)
        r->next->place = r->place;
    mem_free(r);
}

/* Answers. */

static bool send_dns(struct request *r, const struct dns_fact *fact)
{
    struct buf record = record_begin(WORKER_QUESTION, r->id);

    facts_dns_to_binary(fact, &record);
    return send_record(r->worker, &record);
}

/* An answer of many long names is cut until a record holds it; its total says so. */
static void dns_done(void *arg, const struct dns_fact *fact)
{
    struct request *r = arg;
    struct dns_fact cut = *fact;

    while (!send_dns(r, &cut)) {
        if (cut.count == 0) {
            stop(r->worker, EXIT_OWN);
            break;
        }
        cut.count /= 2;
    }
    request_free(r);
}

static void send_certificates(struct worker *w, const struct smtp_outcome *outcome)
{
    for (size_t i = 0; i < outcome->facts->certificate_count; i++) {
        struct buf record;

        if (!outcome->ders[i].der || !id_set_add(&w->sent, outcome->facts->certificates[i]))
            continue;
        record = record_begin(WORKER_CERTIFICATE, 0);
        buf_add(&record, outcome->ders[i].der, outcome->ders[i].length);
        send_record(w, &record);
    }
}

static void smtp_done(void *arg, const struct smtp_outcome *outcome)
{
    struct request *r = arg;
    struct buf record = record_begin(WORKER_CONVERSATION, r->id);
    const struct profile *whole = outcome->facts->profile;
    struct profile with = { .address = whole->address, .port = whole->port };
    struct conversation facts = *outcome->facts;

    facts.profile = &with;
    send_certificates(r->worker, outcome);
    facts_conversation_to_binary(&facts, &record);
    if (!send_record(r->worker, &record))
        stop(r->worker, EXIT_OWN);
    request_free(r);
}

static void fetch_done(void *arg, const struct policy_fetch *fact)
{
    struct request *r = arg;
    struct buf record = record_begin(WORKER_POLICY, r->id);

    facts_fetch_to_binary(fact, &record);
    if (!send_record(r->worker, &record))
        stop(r->worker, EXIT_OWN);
    request_free(r);
}

/* Requests. They come from the scanner, which is trusted with the network; a record that is wrong is a bug of ours, and
 * ends the process. */

static bool ask_dns(struct request *r, struct slice rest)
{
    uint64_t type;

    if (!binary_take_number(&rest, &type) || type < 1 || type > 65535)
        return false;
    dns_client_ask(r->worker->dns, rest.p, (enum dns_type)type, dns_done, r);
    return true;
}

static bool ask_conversation(struct request *r, struct slice rest)
{
    struct profile profile;

    if (!profiles_unfold(r->worker->profiles, rest, &profile))
        return false;
    r->session = smtp_session_start(&r->worker->smtp, rest, smtp_done, r);
    return true;
}

static bool ask_policy(struct request *r, struct slice rest)
{
    struct region *region = region_new_small();
    struct want_fetch wish;
    struct error err;
    bool good = want_fetch_from_binary(region, rest, &wish, &err);

    if (good)
        r->fetch = https_fetch_start(r->worker->https, &wish, fetch_done, r);
    else
        send_note(r->worker, err.text);
    region_free(region);
    return good;
}

static bool take_settings(struct worker *w, uint64_t number, struct slice rest)
{
    struct error err;
    bool good = profiles_read(w->profiles, (size_t)number, rest, &err);

    if (!good)
        send_note(w, err.text);
    return good;
}

static bool take_request(struct worker *w, struct slice record)
{
    static bool (*const asks[])(struct request *, struct slice) = {
        [WORKER_QUESTION] = ask_dns, [WORKER_CONVERSATION] = ask_conversation, [WORKER_POLICY] = ask_policy,
    };
    uint8_t tag = (uint8_t)record.p[0];
    struct slice rest = slice_from_index(record, 1);
    struct request *r;
    uint64_t id;

    if (!w->dns || !binary_take_number(&rest, &id))
        return false;
    if (tag == WORKER_SETTINGS)
        return take_settings(w, id, rest);
    if (tag >= sizeof asks / sizeof *asks || !asks[tag])
        return false;
    r = request_new(w, id, rest);
    if (asks[tag](r, slice_from(r->octets, rest.n)))
        return true;
    request_free(r);
    return false;
}

static bool read_resolvers(const struct json *list, struct dns_setup *dns)
{
    for (size_t i = 0; i < json_count(list) && dns->count < RESOLVERS_MAX; i++) {
        struct resolver_address *resolver = &dns->resolvers[dns->count++];
        const struct json *value = json_at(list, i);

        if (!address_parse(&resolver->address, json_get_slice(value, "address")))
            return false;
        resolver->port = (uint16_t)json_get_integer(value, "port", 53);
        resolver->scope = (uint32_t)json_get_integer(value, "scope", 0);
    }
    return dns->count > 0;
}

static bool take_setup(struct worker *w, const struct json *setup)
{
    const struct json *dns = json_get(setup, "dns");
    struct dns_setup dns_setup = { .timeout = (uint32_t)json_get_integer(dns, "timeout", 5),
                                   .attempts = (uint32_t)json_get_integer(dns, "attempts", 2) };
    struct confine_wish wish = { .uid = (uint32_t)json_get_integer(setup, "uid", 65534),
                                 .gid = (uint32_t)json_get_integer(setup, "gid", 65534),
                                 .lookups = json_get_bool(setup, "lookups", false), .layers = CONFINED_ALL };
    struct https_setup https = { .loop = w->loop, .port = (uint16_t)json_get_integer(setup, "https_port", 0) };
    unsigned in_force;
    struct error err;

    if (w->dns || !read_resolvers(json_get(dns, "resolvers"), &dns_setup))
        return false;
    w->smtp.timeout = https.timeout = (uint32_t)json_get_integer(setup, "timeout", 0);
    w->https = https_client_new(&https);
    if (!confine_process(&wish, &in_force, &err)) {
        send_note(w, err.text);
        return false;
    }
    send_number(w, "confined", in_force);
    w->dns = dns_client_new(w->loop, &dns_setup);
    return true;
}

/* One that cannot be used is told when a profile asks for it. */
static bool take_chain(struct worker *w, const struct json *chain)
{
    const char *id = json_get_text(chain, "id"), *pem = json_get_text(chain, "pem");
    struct error err;

    if (!id || !pem)
        return false;
    if (!tls_contexts_add_chain(w->contexts, id, pem, &err))
        send_note(w, err.text);
    return true;
}

static bool take_trusted(struct worker *w, const struct json *pem)
{
    https_client_trust(w->https, json_as_slice(pem));
    return json_is_text(pem);
}

static bool take_object(struct worker *w, const struct json *record)
{
    if (json_get(record, "setup"))
        return take_setup(w, json_get(record, "setup"));
    if (!w->dns)
        return false;
    if (json_get(record, "chain"))
        return take_chain(w, json_get(record, "chain"));
    if (json_get(record, "trusted"))
        return take_trusted(w, json_get(record, "trusted"));
    return json_get(record, "call") && send_number(w, "here", json_get_integer(record, "call", 0));
}

static void on_record(void *arg, struct slice record)
{
    struct worker *w = arg;
    struct error err;
    struct json *object;

    if (record.n > 0 && record.p[0] > 0 && record.p[0] < ' ') {
        if (!take_request(w, record))
            stop(w, EXIT_NONSENSE);
        return;
    }
    object = json_read(record, &err);
    if (!object || !take_object(w, object))
        stop(w, EXIT_NONSENSE);
    json_free(object);
}

static void on_closed(void *arg, const char *why)
{
    (void)why;
    stop(arg, EXIT_WELL);
}

static void on_room(void *arg)
{
    struct worker *w = arg;

    record_channel_pause(w->channel, false);
}

static void worker_clear(struct worker *w)
{
    dns_client_free(w->dns);
    while (w->requests) {
        if (w->requests->session)
            smtp_session_cancel(w->requests->session);
        if (w->requests->fetch)
            https_fetch_cancel(w->requests->fetch);
        request_free(w->requests);
    }
    https_client_free(w->https);
    tls_contexts_free(w->contexts);
    profiles_free(w->profiles);
    id_set_clear(&w->sent);
    record_channel_free(w->channel);
    loop_free(w->loop);
}

int worker_run(int fd)
{
    static const struct record_events events = { on_record, on_closed, on_room };
    struct worker w = { .status = EXIT_WELL };

    fd = confine_descriptors(fd);
    if (fd < 0)
        return EXIT_OWN;
    w.loop = loop_new();
    w.contexts = tls_contexts_new();
    w.profiles = profiles_new();
    id_set_init(&w.sent);
    w.smtp.loop = w.loop;
    w.smtp.contexts = w.contexts;
    w.smtp.profiles = w.profiles;
    w.channel = record_channel_new(w.loop, fd, &events, &w);
    loop_run(w.loop);
    worker_clear(&w);
    return w.status;
}
