#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/facts/facts.h"
#include "scanner/facts/facts_key.h"
#include "scanner/facts/members.h"

struct wants {
    struct region *region;
    struct dict   *dns, *conversations, *tables, *files, *fetches;
};

static void start(struct wants *w)
{
    w->region = region_new();
    w->dns = dict_new();
    w->conversations = dict_new();
    w->tables = dict_new();
    w->files = dict_new();
    w->fetches = dict_new();
}

static void finish(struct wants *w)
{
    dict_free(w->dns);
    dict_free(w->conversations);
    dict_free(w->tables);
    dict_free(w->files);
    dict_free(w->fetches);
    region_free(w->region);
}

struct wants *wants_new(void)
{
    struct wants *w = mem_alloc(sizeof(*w));

    start(w);
    return w;
}

void wants_free(struct wants *w)
{
    if (w == NULL)
        return;
    finish(w);
    mem_free(w);
}

void wants_clear(struct wants *w)
{
    if (wants_empty(w))
        return;
    finish(w);
    start(w);
}

bool wants_empty(const struct wants *w)
{
    return dict_count(w->dns) + dict_count(w->conversations) + dict_count(w->tables) + dict_count(w->files) +
               dict_count(w->fetches) == 0;
}

void wants_dns(struct wants *w, const char *name, enum dns_type type)
{
    struct buf key = facts_key_dns(name, type);
    struct want_dns *want;

    if (dict_find(w->dns, buf_slice(&key)) == NULL) {
        want = region_alloc(w->region, sizeof(*want));
        *want = (struct want_dns){ region_text(w->region, name), type };
        dict_put(w->dns, buf_slice(&key), want);
    }
    buf_clear(&key);
}

void wants_conversation(struct wants *w, const struct profile *profile)
{
    struct buf key = facts_key_profile(profile);
    struct profile *want;

    if (dict_find(w->conversations, buf_slice(&key)) == NULL) {
        want = region_alloc(w->region, sizeof(*want));
        record_copy(w->region, profile_members, want, profile, sizeof(*want));
        dict_put(w->conversations, buf_slice(&key), want);
    }
    buf_clear(&key);
}

void wants_table(struct wants *w, const char *table, struct slice text)
{
    struct buf key = facts_key_table(table, text);
    struct want_table *want;

    if (dict_find(w->tables, buf_slice(&key)) == NULL) {
        want = region_alloc(w->region, sizeof(*want));
        *want = (struct want_table){ region_text(w->region, table), region_slice(w->region, text) };
        dict_put(w->tables, buf_slice(&key), want);
    }
    buf_clear(&key);
}

void wants_file(struct wants *w, const char *path)
{
    if (dict_find(w->files, slice_of(path)) == NULL)
        dict_put(w->files, slice_of(path), w);
}

void wants_fetch(struct wants *w, const char *domain, const struct address *addresses, size_t count)
{
    struct buf key = facts_key_fetch(domain);
    struct want_fetch *want;

    if (dict_find(w->fetches, buf_slice(&key)) == NULL) {
        want = region_alloc(w->region, sizeof(*want));
        *want = (struct want_fetch){ region_text(w->region, domain), NULL, count };
        if (want->count > FETCH_ADDRESSES_MAX)
            want->count = FETCH_ADDRESSES_MAX;
        if (want->count > 0)
            want->addresses = region_copy(w->region, addresses, want->count * sizeof(*addresses));
        dict_put(w->fetches, buf_slice(&key), want);
    }
    buf_clear(&key);
}

const struct want_dns *wants_dns_at(const struct wants *w, size_t i)
{
    return dict_at(w->dns, i);
}

const struct profile *wants_conversation_at(const struct wants *w, size_t i)
{
    return dict_at(w->conversations, i);
}

const struct want_table *wants_table_at(const struct wants *w, size_t i)
{
    return dict_at(w->tables, i);
}

const char *wants_file_at(const struct wants *w, size_t i)
{
    return dict_key_at(w->files, i);
}

const struct want_fetch *wants_fetch_at(const struct wants *w, size_t i)
{
    return dict_at(w->fetches, i);
}
