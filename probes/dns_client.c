#include "probes/dns_client_impl.h"

#include <sys/resource.h>

#include "scanner/base/mem.h"

/* Questions: found by name and type. */

static unsigned bucket_of(const char *name, enum dns_type type)
{
    unsigned hash = 2166136261u ^ (unsigned)type;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)(*name >= 'A' && *name <= 'Z' ? *name | 32 : *name)) * 16777619u;
    return hash % BUCKETS;
}

static struct question *question_find(struct dns_client *client, const char *name, enum dns_type type)
{
    struct question *q = client->buckets[bucket_of(name, type)];

    while (q && !(q->type == type && slice_eq_nocase(slice_of(q->name), slice_of(name))))
        q = q->next_same;
    return q;
}

static struct question *question_new(struct dns_client *client, const char *name, enum dns_type type)
{
    struct question *q = mem_alloc(sizeof *q);

    q->client = client;
    q->name = mem_text(name);
    q->type = type;
    q->fd = -1;
    return q;
}

static void question_unlink(struct question *q)
{
    struct question **p = &q->client->buckets[bucket_of(q->name, q->type)];

    while (*p && *p != q)
        p = &(*p)->next_same;
    if (*p)
        *p = q->next_same;
}

static void question_free(struct question *q)
{
    dns_exchange_close(q);
    loop_timer_free(q->timer);
    region_free(q->region);
    mem_free(q->waiters);
    mem_free(q->name);
    mem_free(q);
}

static void queue_add(struct question ***end, struct question *q)
{
    q->next = NULL;
    **end = q;
    *end = &q->next;
}

static struct question *queue_take(struct question **queue, struct question ***end)
{
    struct question *q = *queue;

    if (!q)
        return NULL;
    *queue = q->next;
    if (!*queue)
        *end = queue;
    q->next = NULL;
    return q;
}

/* Ends the question: everybody who waits hears of it. They may ask again at once. */
void dns_question_done(struct question *q, const struct dns_fact *fact)
{
    question_unlink(q);
    for (size_t i = 0; i < q->waiter_count; i++)
        q->waiters[i].done(q->waiters[i].arg, fact);
    question_free(q);
}

/* Does any resolver live? */

static void check_start(struct dns_client *client)
{
    struct question *q;

    if (client->check)
        return;
    /* Every resolver answers this one itself (RFC 6761 section 6.3), so that it says nothing about the world behind it. */
    q = question_new(client, "localhost", DNS_A);
    q->is_check = true;
    client->check = q;
    client->active++;
    dns_exchange_try(q);
}

void dns_question_unheard(struct question *q, bool alive)
{
    struct dns_fact fact = { .name = q->name, .type = q->type };

    fact.outcome = alive ? DNS_TIMEOUT : DNS_NO_RESOLVER;
    fact.error = q->error;
    dns_question_done(q, &fact);
}

void dns_question_doubtful(struct question *q)
{
    q->next = q->client->unheard;
    q->client->unheard = q;
    check_start(q->client);
}

void dns_check_done(struct question *check)
{
    struct dns_client *client = check->client;
    struct question *list = client->unheard;
    bool alive = check->heard;

    client->check = NULL;
    client->unheard = NULL;
    question_free(check);
    while (list) {
        struct question *q = list;

        list = q->next;
        dns_question_unheard(q, alive);
    }
}

/* The system's own lookup. */

static void native_done(void *arg, const struct dns_fact *fact)
{
    struct question *q = arg;

    loop_timer_at(q->client->pump, loop_now_ms(q->client->loop));
    dns_question_done(q, fact);
}

static void native_start(struct question *q)
{
    struct dns_fact fact = { .name = q->name, .type = q->type, .outcome = DNS_CUT_SHORT,
                             .error = "no thread for the system's host lookup" };

    if (!q->client->native || !dns_native_ask(q->client->native, q->name, native_done, q))
        dns_question_done(q, &fact);
}

/* Begins what there is room for. All exchanges begin here, so that nobody is called back from inside an ask. */
static void client_pump(void *arg)
{
    struct dns_client *client = arg;
    struct question *q;

    client->shortage = false;
    while (!client->shortage && client->active < client->most && (q = queue_take(&client->queue, &client->queue_end)) != NULL) {
        client->active++;
        dns_exchange_try(q);
    }
    while ((!client->native || dns_native_has_room(client->native))
           && (q = queue_take(&client->native_queue, &client->native_queue_end)) != NULL)
        native_start(q);
}

/* A share of the descriptors that this process may have; most are for conversations. */
static size_t sockets_most(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 8 >= LIMIT_DNS_SOCKETS)
        return LIMIT_DNS_SOCKETS;
    return files.rlim_cur < 16 ? 2 : (size_t)files.rlim_cur / 8;
}

struct dns_client *dns_client_new(struct loop *loop, const struct dns_setup *setup)
{
    struct dns_client *client = mem_alloc(sizeof *client);

    client->loop = loop;
    client->setup = *setup;
    if (client->setup.count > RESOLVERS_MAX)
        client->setup.count = RESOLVERS_MAX;
    if (client->setup.timeout == 0)
        client->setup.timeout = 5;
    if (client->setup.attempts == 0)
        client->setup.attempts = 2;
    client->queue_end = &client->queue;
    client->native_queue_end = &client->native_queue;
    client->native = dns_native_new(loop);
    client->most = sockets_most();
    client->pump = loop_timer_new(loop, client_pump, client);
    return client;
}

void dns_client_free(struct dns_client *client)
{
    if (!client)
        return;
    dns_native_free(client->native);
    for (size_t i = 0; i < BUCKETS; i++)
        while (client->buckets[i]) {
            struct question *q = client->buckets[i];

            client->buckets[i] = q->next_same;
            question_free(q);
        }
    if (client->check)
        question_free(client->check);
    dns_shared_close(client);
    loop_timer_free(client->pump);
    mem_free(client);
}

void dns_client_ask(struct dns_client *client, const char *name, enum dns_type type, dns_done_fn *done, void *arg)
{
    struct question *q = question_find(client, name, type);
    unsigned bucket = bucket_of(name, type);

    if (!q) {
        q = question_new(client, name, type);
        q->next_same = client->buckets[bucket];
        client->buckets[bucket] = q;
        queue_add(type == DNS_NATIVE ? &client->native_queue_end : &client->queue_end, q);
        loop_timer_at(client->pump, loop_now_ms(client->loop));
    }
    q->waiters = mem_grow(q->waiters, q->waiter_count + 1, sizeof *q->waiters);
    q->waiters[q->waiter_count++] = (struct waiter){ done, arg };
}
