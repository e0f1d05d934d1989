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
    size_t size = sizeof(*fact) + fact->count * sizeof(*fact->records) + key.n + 1 + text_size(fact->error);

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
static void *put(char **free, const void *data, size_t size)
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

bool kept_dns_is_own(enum dns_type type)
{
    return type == DNS_MX || type == DNS_TXT;
}

struct dns_fact *kept_dns_new(struct region *region, const struct dns_fact *fact, struct slice key)
{
    size_t           size = size_of(fact, key);
    struct dns_fact *copy = kept_dns_is_own(fact->type) ? mem_alloc(size) : region_alloc(region, size);
    char            *free = (char *)(copy + 1);

    *copy = *fact;
    copy->records = put(&free, fact->records, fact->count * sizeof(*fact->records));
    put(&free, key.p, key.n);
    free++; /* the terminator */
    key = kept_dns_key(copy, key.n);
    copy->name = is_same(fact->name, name_in(key)) ? name_in(key) : put_text(&free, fact->name);
    copy->error = put_text(&free, fact->error);
    for (size_t i = 0; i < copy->count; i++)
        put_record(&free, copy, &copy->records[i]);
    return copy;
}

struct slice kept_dns_key(const struct dns_fact *fact, size_t n)
{
    return slice_from((const char *)(fact + 1) + fact->count * sizeof(*fact->records), n);
}

void kept_dns_free(struct dns_fact *fact)
{
    if (fact != NULL && kept_dns_is_own(fact->type))
        mem_free(fact);
}
