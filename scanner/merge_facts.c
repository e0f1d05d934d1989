#include "scanner/merge_facts.h"

#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"

static bool was_observed(const struct conversation *conversation)
{
    return conversation->ending != ENDING_NOT_ALLOWED && conversation->ending != ENDING_EXCLUDED &&
           conversation->ending != ENDING_INTERRUPTED && conversation->ending != ENDING_DEADLINE;
}

static void add_observations(struct facts *facts, struct facts *part)
{
    const struct dns_fact     *dns;
    const struct conversation *conversation;
    const struct table_fact   *table;
    const struct policy_fetch *fetch;
    struct certs              *certs = facts_certs(part);
    size_t                     i;

    for (i = 0; i < certs_count(certs); i++)
        facts_add_cert(facts, certs_at(certs, i));
    for (i = 0; (table = facts_table_at(part, i)) != NULL; i++)
        if (table->status != TABLE_FACT_UNREADABLE || facts_table(facts, table->table, slice_of(table->key)) == NULL)
            facts_add_table(facts, table);
    for (i = 0; (dns = facts_dns_at(part, i)) != NULL; i++)
        if (dns->outcome <= DNS_TIMEOUT || facts_dns(facts, dns->name, dns->type) == NULL)
            facts_add_dns(facts, dns);
    for (i = 0; (conversation = facts_conversation_at(part, i)) != NULL; i++)
        if (was_observed(conversation) || facts_conversation(facts, conversation->profile) == NULL)
            facts_add_conversation(facts, conversation);
    for (i = 0; (fetch = facts_fetch_at(part, i)) != NULL; i++)
        if (!fetch_was_left_out(fetch) || facts_fetch(facts, fetch->domain) == NULL)
            facts_add_fetch(facts, fetch);
}

static void add_destinations(const struct facts_part *parts, size_t count, struct facts *facts)
{
    struct dict *seen = dict_new();
    size_t       p, i;

    for (p = 0; p < count; p++)
        for (i = 0; i < facts_destination_count(parts[p].facts); i++)
            if (dict_put(seen, slice_of(facts_destination(parts[p].facts, i)), seen))
                facts_add_destination(facts, facts_destination(parts[p].facts, i));
    dict_free(seen);
}

/* The part that finished first of those left; of two at the same time the one named first. */
static size_t next_part(const struct facts_part *parts, size_t count, const bool *done)
{
    size_t i, next = count;

    for (i = 0; i < count; i++)
        if (!done[i] && (next == count || parts[i].header.finished < parts[next].header.finished))
            next = i;
    return next;
}

void merge_facts(struct region *region, const struct facts_part *parts, size_t count, struct facts *facts,
                 struct facts_header *header)
{
    bool  *done = mem_array(count + 1, sizeof(*done));
    size_t i, next;

    *header = parts[0].header;
    for (i = 1; i < count; i++)
        facts_header_add(region, header, &parts[i].header);
    add_destinations(parts, count, facts);
    while ((next = next_part(parts, count, done)) < count) {
        add_observations(facts, parts[next].facts);
        done[next] = true;
    }
    mem_free(done);
}
