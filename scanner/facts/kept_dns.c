#include "scanner/facts/kept_dns.h"

#include <string.h>

#include "scanner/base/mem.h"
#include "scanner/facts/facts_key.h"

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The key ends with the name as it is compared, which most names are asked as. */
static const char *name_in(struct slice key)
{
    return key.p + FACTS_KEY_DNS_HEAD;
}

static bool owner_is_name(const struct dns_fact *fact, const struct dns_record *record)
{
    return is_same(record->owner, fact->name);
}

static size_t size_of(const struct dns_fact *fact, struct slice key)
{
    size_t size = sizeof(struct kept_dns) + fact->count * sizeof(*fact->records) + key.n + 1 + text_size(fact->error);

    if (!is_same(fact->name, name_in(key)))
        size += text_size(fact->name);
    for (size_t i = 0; i < fact->count; i++) {
        const struct dns_record *r = &fact->records[i];

        size += (owner_is_name(fact, r) ? 0 : text_size(r->owner)) + text_size(r->target) + text_size(r->text) +
                r->data_length;
    }
    return size;
}

/* What is at *free from now on. */
static const void *put(char **free, const void *data, size_t size)
{
    char *copy = *free;

    if (size == 0)
        return NULL;
    *free += size;
    return memcpy(copy, data, size);
}

static const char *put_text(char **free, const char *text)
{
    return put(free, text, text_size(text));
}

static void put_record(char **free, const struct dns_fact *fact, struct dns_record *record)
{
    record->owner = owner_is_name(fact, record) ? fact->name : put_text(free, record->owner);
    record->target = put_text(free, record->target);
    record->text = put_text(free, record->text);
    record->data = put(free, record->data, record->data_length);
}

struct kept_dns *kept_dns_new(struct region *region, const struct dns_fact *fact, struct slice key)
{
    size_t           size = size_of(fact, key);
    struct kept_dns *kept = region != NULL ? region_alloc(region, size) : mem_alloc(size);
    struct dns_fact *copy = &kept->fact;
    char            *free = (char *)(kept + 1);

    kept->own = region == NULL;
    *copy = *fact;
    copy->records = (struct dns_record *)put(&free, fact->records, fact->count * sizeof(*fact->records));
    put(&free, key.p, key.n);
    free++; /* the terminator */
    key = kept_dns_key(kept, key.n);
    copy->name = is_same(fact->name, name_in(key)) ? name_in(key) : put_text(&free, fact->name);
    copy->error = put_text(&free, fact->error);
    for (size_t i = 0; i < copy->count; i++)
        put_record(&free, copy, &copy->records[i]);
    return kept;
}

struct slice kept_dns_key(const struct kept_dns *kept, size_t n)
{
    return slice_from((const char *)(kept + 1) + kept->fact.count * sizeof(*kept->fact.records), n);
}

void kept_dns_free(struct kept_dns *kept)
{
    if (kept != NULL && kept->own)
        mem_free(kept);
}
