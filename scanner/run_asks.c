#include "scanner/run_asks.h"

#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts_key.h"

/* A question goes when it is answered, for there are as many as destinations; of hosts there are fewer. */
struct ask {
    uint64_t       id;
    char          *name;          /* a question, with its memory its own; else all is the region's */
    enum dns_type  type;
    const struct profile *profile; /* a conversation */
    struct want_fetch     want;    /* a policy, when it has a domain */
    const char    *host;
    struct reply   first_refusal;
    bool           refused, crashed;
    unsigned       shortages;
    size_t        *waiters, waiter_count, waiter_room;
    struct region *region;
};

struct asks {
    struct region *region;
    struct dict   *questions, *conversations, *policies;
    struct ask   **open;          /* by id; NULL: answered */
    size_t         count, room;
};

struct asks *asks_new(void)
{
    struct asks *asks = mem_alloc(sizeof(*asks));

    asks->region = region_new();
    asks->questions = dict_new();
    asks->conversations = dict_new();
    asks->policies = dict_new();
    return asks;
}

static bool is_question(const struct ask *ask)
{
    return ask->name != NULL;
}

static void close_ask(struct ask *ask)
{
    mem_free(ask->waiters);
    ask->waiters = NULL;
    ask->waiter_count = ask->waiter_room = 0;
    if (!is_question(ask))
        return;
    mem_free(ask->name);
    mem_free(ask);
}

void asks_free(struct asks *asks)
{
    size_t i;

    if (asks == NULL)
        return;
    for (i = 0; i < asks->count; i++)
        if (asks->open[i] != NULL)
            close_ask(asks->open[i]);
    mem_free(asks->open);
    dict_free(asks->questions);
    dict_free(asks->conversations);
    dict_free(asks->policies);
    region_free(asks->region);
    mem_free(asks);
}

static void open_ask(struct asks *asks, struct ask *ask)
{
    if (asks->count == asks->room) {
        asks->room = asks->room == 0 ? 256 : asks->room + asks->room / 2;
        asks->open = mem_grow(asks->open, asks->room, sizeof(*asks->open));
    }
    ask->id = asks->count;
    ask->region = asks->region;
    asks->open[asks->count++] = ask;
}

static struct ask *ask_new(struct asks *asks)
{
    struct ask *ask = region_alloc(asks->region, sizeof(*ask));

    open_ask(asks, ask);
    return ask;
}

struct ask *asks_dns(struct asks *asks, const char *name, enum dns_type type, bool *is_new)
{
    struct buf  key = facts_key_dns(name, type);
    struct ask *ask = dict_find(asks->questions, buf_slice(&key));

    *is_new = ask == NULL;
    if (ask == NULL) {
        ask = mem_alloc(sizeof(*ask));
        ask->name = mem_text(name);
        ask->type = type;
        open_ask(asks, ask);
        dict_put(asks->questions, buf_slice(&key), ask);
    }
    buf_clear(&key);
    return ask;
}

static const struct profile *copy_profile(struct region *region, const struct profile *profile)
{
    struct profile *copy = region_copy(region, profile, sizeof(*profile));

    copy->helo_name = region_text(region, profile->helo_name);
    copy->ciphers = region_text(region, profile->ciphers);
    copy->groups = region_text(region, profile->groups);
    copy->sni = region_text(region, profile->sni);
    copy->client_chain = region_text(region, profile->client_chain);
    copy->source_address = region_text(region, profile->source_address);
    return copy;
}

struct ask *asks_conversation(struct asks *asks, const struct profile *profile, const char *host, bool *is_new)
{
    struct buf  key = facts_key_profile(profile);
    struct ask *ask = dict_find(asks->conversations, buf_slice(&key));

    *is_new = ask == NULL;
    if (ask == NULL) {
        ask = ask_new(asks);
        ask->profile = copy_profile(asks->region, profile);
        ask->host = region_text(asks->region, host);
        dict_put(asks->conversations, buf_slice(&key), ask);
    }
    buf_clear(&key);
    return ask;
}

struct ask *asks_policy(struct asks *asks, const struct want_fetch *want, const char *host, bool *is_new)
{
    struct ask *ask = dict_find(asks->policies, slice_of(want->domain));

    *is_new = ask == NULL;
    if (ask != NULL)
        return ask;
    ask = ask_new(asks);
    ask->want.domain = region_text(asks->region, want->domain);
    ask->want.addresses = region_copy(asks->region, want->addresses, want->count * sizeof(*want->addresses));
    ask->want.count = want->count;
    ask->host = region_text(asks->region, host);
    dict_put(asks->policies, slice_of(want->domain), ask);
    return ask;
}

uint64_t asks_id(const struct ask *ask)
{
    return ask->id;
}

const struct profile *asks_profile(const struct ask *ask)
{
    return ask->profile;
}

const struct want_fetch *asks_want(const struct ask *ask)
{
    return ask->want.domain != NULL ? &ask->want : NULL;
}

const struct address *asks_address(const struct ask *ask)
{
    return ask->profile != NULL ? &ask->profile->address : ask->want.addresses;
}

const char *asks_host(const struct ask *ask)
{
    return ask->host;
}

void asks_refused(struct ask *ask, const struct reply *reply)
{
    ask->refused = true;
    ask->first_refusal = *reply;
    ask->first_refusal.text = region_text(ask->region, reply->text);
    ask->first_refusal.dsn = region_text(ask->region, reply->dsn);
}

unsigned asks_shortage(struct ask *ask)
{
    return ++ask->shortages;
}

bool asks_crashed(struct ask *ask)
{
    bool first = !ask->crashed;

    ask->crashed = true;
    return first;
}

const struct reply *asks_first_refusal(const struct ask *ask)
{
    return ask->refused ? &ask->first_refusal : NULL;
}

static bool is_temporary(const struct reply *reply)
{
    return reply->code >= 400 && reply->code <= 499;
}

const struct reply *asks_temporary_refusal(const struct conversation *conversation)
{
    if (is_temporary(&conversation->greeting))
        return &conversation->greeting;
    if (conversation->ehlo.code == 421)
        return &conversation->ehlo;
    if (is_temporary(&conversation->starttls))
        return &conversation->starttls;
    return NULL;
}

void asks_add_waiter(struct ask *ask, size_t job)
{
    if (ask->waiter_count == ask->waiter_room) {
        ask->waiter_room = ask->waiter_room == 0 ? 4 : ask->waiter_room * 2;
        ask->waiters = mem_grow(ask->waiters, ask->waiter_room, sizeof(*ask->waiters));
    }
    ask->waiters[ask->waiter_count++] = job;
}

bool asks_waiter(const struct ask *ask, size_t i, size_t *job)
{
    if (i >= ask->waiter_count)
        return false;
    *job = ask->waiters[i];
    return true;
}

struct ask *asks_find(const struct asks *asks, uint64_t id)
{
    return id < asks->count ? asks->open[id] : NULL;
}

void asks_answered(struct asks *asks, struct ask *ask)
{
    asks->open[ask->id] = NULL;
    if (is_question(ask)) {
        struct buf key = facts_key_dns(ask->name, ask->type);

        dict_remove(asks->questions, buf_slice(&key));
        buf_clear(&key);
    }
    close_ask(ask);
}
