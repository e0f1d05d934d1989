#include "scanner/run_asks.h"

#include <stdalign.h>
#include <stddef.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts_key.h"
#include "scanner/facts/profiles.h"

#define ALIGNMENT alignof(max_align_t) /* of all memory */

/* What goes wrong with few. */
struct trouble {
    struct reply first_refusal;
    bool         refused, crashed;
    unsigned     shortages;
};

/* A question goes when it is answered, for there are as many as destinations; of hosts there are fewer, and what is asked of
 * them stays in the region. */
struct ask {
    union {
        char              *name;     /* a question; its own memory */
        const char        *folded;   /* a conversation */
        struct want_fetch *want;     /* a policy */
    };
    enum { QUESTION, CONVERSATION, POLICY } kind : 8;
    bool               answered;
    uint16_t           type;         /* of a question */
    uint32_t           length;       /* of the folded profile */
    const char        *host;
    struct trouble    *trouble;      /* NULL: none yet */
    uint32_t          *waiters;      /* but the first */
    uint32_t           waiter_count, first_waiter;
};

struct asks {
    struct region   *region;
    struct profiles *profiles;
    struct dict     *questions, *conversations, *policies;
};

struct asks *asks_new(void)
{
    struct asks *asks = mem_alloc(sizeof(*asks));

    asks->region = region_new();
    asks->profiles = profiles_new();
    asks->questions = dict_new();
    asks->conversations = dict_new_borrowing();
    asks->policies = dict_new();
    return asks;
}

static bool is_question(const struct ask *ask)
{
    return ask->kind == QUESTION;
}

static void close_ask(struct ask *ask)
{
    mem_free(ask->waiters);
    ask->waiters = NULL;
    ask->waiter_count = 0;
    ask->answered = true;
    if (!is_question(ask))
        return;
    mem_free(ask->name);
    mem_free(ask);
}

static void free_all(struct dict *dict)
{
    for (size_t i = 0; i < dict_count(dict); i++)
        close_ask(dict_at(dict, i));
    dict_free(dict);
}

void asks_free(struct asks *asks)
{
    if (asks == NULL)
        return;
    free_all(asks->questions);
    free_all(asks->conversations);
    free_all(asks->policies);
    profiles_free(asks->profiles);
    region_free(asks->region);
    mem_free(asks);
}

struct ask *asks_dns(struct asks *asks, const char *name, enum dns_type type, bool *is_new)
{
    struct buf  key = facts_key_dns(name, type);
    struct ask *ask = dict_find(asks->questions, buf_slice(&key));

    *is_new = ask == NULL;
    if (ask == NULL) {
        ask = mem_alloc(sizeof(*ask));
        ask->name = mem_text(name);
        ask->type = (uint16_t)type;
        dict_put(asks->questions, buf_slice(&key), ask);
    }
    buf_clear(&key);
    return ask;
}

struct ask *asks_conversation(struct asks *asks, const struct profile *profile, const char *host, bool *is_new)
{
    struct buf  folded;
    struct ask *ask;

    buf_init(&folded, SIZE_MAX);
    profiles_fold(asks->profiles, profile, &folded);
    ask = dict_find(asks->conversations, buf_slice(&folded));
    *is_new = ask == NULL;
    if (ask == NULL) {
        ask = region_alloc(asks->region, sizeof(*ask));
        ask->kind = CONVERSATION;
        ask->folded = region_slice(asks->region, buf_slice(&folded));
        ask->length = (uint32_t)folded.n;
        ask->host = region_text(asks->region, host);
        dict_put(asks->conversations, slice_from(ask->folded, ask->length), ask);
    }
    buf_clear(&folded);
    return ask;
}

struct ask *asks_policy(struct asks *asks, const struct want_fetch *want, const char *host, bool *is_new)
{
    struct ask *ask = dict_find(asks->policies, slice_of(want->domain));

    *is_new = ask == NULL;
    if (ask != NULL)
        return ask;
    ask = region_alloc(asks->region, sizeof(*ask));
    ask->kind = POLICY;
    ask->want = region_copy(asks->region, want, sizeof(*want));
    ask->want->domain = region_text(asks->region, want->domain);
    ask->want->addresses = region_copy(asks->region, want->addresses, want->count * sizeof(*want->addresses));
    ask->host = region_text(asks->region, host);
    dict_put(asks->policies, slice_of(want->domain), ask);
    return ask;
}

/* Its address: who gives an id back has been given it (workers.h), and not before. */
uint64_t asks_id(const struct ask *ask)
{
    return (uintptr_t)ask / ALIGNMENT;
}

struct ask *asks_find(uint64_t id)
{
    struct ask *ask = (struct ask *)(uintptr_t)(id * ALIGNMENT);

    return ask->answered ? NULL : ask;
}

bool asks_profile(const struct asks *asks, const struct ask *ask, struct profile *profile)
{
    return ask->kind == CONVERSATION &&
           profiles_unfold(asks->profiles, slice_from(ask->folded, ask->length), profile);
}

const struct want_fetch *asks_want(const struct ask *ask)
{
    return ask->kind == POLICY ? ask->want : NULL;
}

struct address asks_address(const struct asks *asks, const struct ask *ask)
{
    struct profile profile;

    if (ask->kind == POLICY)
        return ask->want->addresses[0];
    return asks_profile(asks, ask, &profile) ? profile.address : (struct address){ .family = FAMILY_NONE };
}

const char *asks_host(const struct ask *ask)
{
    return ask->host;
}

static struct trouble *trouble_of(struct asks *asks, struct ask *ask)
{
    if (ask->trouble == NULL)
        ask->trouble = region_alloc(asks->region, sizeof(*ask->trouble));
    return ask->trouble;
}

void asks_refused(struct asks *asks, struct ask *ask, const struct reply *reply)
{
    struct trouble *trouble = trouble_of(asks, ask);

    trouble->refused = true;
    trouble->first_refusal = *reply;
    trouble->first_refusal.text = region_text(asks->region, reply->text);
    trouble->first_refusal.dsn = region_text(asks->region, reply->dsn);
}

unsigned asks_shortage(struct asks *asks, struct ask *ask)
{
    return ++trouble_of(asks, ask)->shortages;
}

bool asks_crashed(struct asks *asks, struct ask *ask)
{
    struct trouble *trouble = trouble_of(asks, ask);
    bool            first = !trouble->crashed;

    trouble->crashed = true;
    return first;
}

const struct reply *asks_first_refusal(const struct ask *ask)
{
    return ask->trouble != NULL && ask->trouble->refused ? &ask->trouble->first_refusal : NULL;
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

size_t asks_questions(const struct asks *asks)
{
    return dict_count(asks->questions);
}

/* Most have one. There is room for as many others as the next power of two. */
void asks_add_waiter(struct ask *ask, size_t job)
{
    uint32_t others;

    if (ask->waiter_count++ == 0) {
        ask->first_waiter = (uint32_t)job;
        return;
    }
    others = ask->waiter_count - 2;
    if ((others & (others - 1)) == 0)
        ask->waiters = mem_grow(ask->waiters, others != 0 ? 2 * (size_t)others : 1, sizeof(*ask->waiters));
    ask->waiters[others] = (uint32_t)job;
}

bool asks_waiter(const struct ask *ask, size_t i, size_t *job)
{
    if (i >= ask->waiter_count)
        return false;
    *job = i == 0 ? ask->first_waiter : ask->waiters[i - 1];
    return true;
}

void asks_answered(struct asks *asks, struct ask *ask)
{
    if (is_question(ask)) {
        struct buf key = facts_key_dns(ask->name, (enum dns_type)ask->type);

        dict_remove(asks->questions, buf_slice(&key));
        buf_clear(&key);
    }
    close_ask(ask);
}
