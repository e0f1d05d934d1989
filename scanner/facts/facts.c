#include "scanner/facts/facts.h"

#include <stdint.h>
#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/facts/facts_key.h"
#include "scanner/facts/kept_dns.h"
#include "scanner/facts/members.h"

struct facts {
    struct region *region;
    struct dict   *dns, *conversations, *tables, *fetches, *destinations;
    struct dict   *before_tls; /* conversations that came to an end before TLS began, by what they have in the clear */
    struct certs  *certs;
    struct dns_tally forgotten;
};

struct facts *facts_new(void)
{
    struct facts *f = mem_alloc(sizeof(*f));

    f->region = region_new();
    f->dns = dict_new_borrowing();
    f->conversations = dict_new();
    f->before_tls = dict_new();
    f->tables = dict_new();
    f->fetches = dict_new();
    f->destinations = dict_new();
    f->certs = certs_new();
    return f;
}

void facts_free(struct facts *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < dict_count(f->dns); i++)
        kept_dns_free(dict_at(f->dns, i));
    dict_free(f->dns);
    dict_free(f->conversations);
    dict_free(f->before_tls);
    dict_free(f->tables);
    dict_free(f->fetches);
    dict_free(f->destinations);
    certs_free(f->certs);
    region_free(f->region);
    mem_free(f);
}

static const void *add(struct facts *f, struct dict *dict, struct buf *key, const struct member *members,
                       const void *fact, size_t width)
{
    void *copy = region_alloc(f->region, width);

    record_copy(f->region, members, copy, fact, width);
    dict_put(dict, buf_slice(key), copy);
    buf_clear(key);
    return copy;
}

static const void *find(const struct dict *dict, struct buf *key)
{
    const void *fact = dict_find(dict, buf_slice(key));

    buf_clear(key);
    return fact;
}

static void free_kept(void *kept)
{
    kept_dns_free(kept);
}

const struct dns_fact *facts_add_dns(struct facts *f, const struct dns_fact *fact)
{
    struct buf       key = facts_key_dns(fact->name, fact->type);
    struct dns_fact *kept = kept_dns_new(f->region, fact, buf_slice(&key));
    struct dns_fact *older = dict_find(f->dns, buf_slice(&key));

    if (older != NULL && kept_dns_is_own(older->type))
        region_defer(f->region, free_kept, older);
    dict_put(f->dns, kept_dns_key(kept, key.n), kept);
    buf_clear(&key);
    return kept;
}

void facts_forget_dns(struct facts *f, const char *name, enum dns_type type)
{
    struct buf       key = facts_key_dns(name, type);
    struct dns_fact *kept = dict_find(f->dns, buf_slice(&key));

    if (kept != NULL && kept_dns_is_own(type)) {
        dict_remove(f->dns, buf_slice(&key));
        dns_tally_add(&f->forgotten, kept);
        kept_dns_free(kept);
    }
    buf_clear(&key);
}

/* Of the last two labels of a name. */
static uint64_t domain_of(const char *name)
{
    uint64_t hash = 14695981039346656037u;
    size_t   n = strlen(name), at = n;
    int      dots = 0;

    while (at > 0 && (name[at - 1] != '.' || ++dots < 2))
        at--;
    for (; at < n; at++)
        hash = (hash ^ (unsigned char)(name[at] >= 'A' && name[at] <= 'Z' ? name[at] | 32 : name[at])) * 1099511628211u;
    return hash;
}

static void note_failure(struct dns_tally *tally, const char *name)
{
    uint64_t domain = domain_of(name);

    tally->failures++;
    for (size_t i = 0; i < tally->failed_domains; i++)
        if (tally->domains[i] == domain)
            return;
    if (tally->failed_domains < DNS_TALLY_DOMAINS)
        tally->domains[tally->failed_domains++] = domain;
}

void dns_tally_add(struct dns_tally *tally, const struct dns_fact *fact)
{
    if (fact->type == DNS_NATIVE || fact->outcome == DNS_EXCLUDED || fact->outcome == DNS_CUT_SHORT)
        return;
    tally->asked++;
    tally->unanswered += fact->outcome == DNS_TIMEOUT || fact->outcome == DNS_NO_RESOLVER;
    tally->out_of_reach += fact->outcome == DNS_NO_RESOLVER;
    if (fact->outcome != DNS_ANSWERED)
        return;
    if (fact->rcode == RCODE_NOERROR || fact->rcode == RCODE_NXDOMAIN)
        tally->answers++;
    else
        note_failure(tally, fact->name);
    tally->secure += fact->ad;
    tally->secure_from_afar += fact->ad && !fact->loopback;
}

struct dns_tally facts_dns_tally(const struct facts *f)
{
    struct dns_tally       tally = f->forgotten;
    const struct dns_fact *fact;

    for (size_t i = 0; (fact = facts_dns_at(f, i)) != NULL; i++)
        dns_tally_add(&tally, fact);
    return tally;
}

/* It was the server that ended it before TLS began: with any other TLS settings it would have gone the same way. */
static bool ended_before_tls(const struct conversation *c)
{
    return !c->profile->wrapper && c->phase < PHASE_HANDSHAKE &&
           (c->ending == ENDING_COMPLETE || c->ending == ENDING_REFUSED || c->ending == ENDING_LOST ||
            c->ending == ENDING_TIMEOUT || c->ending == ENDING_CONNECT_FAILED || c->ending == ENDING_CONNECT_TIMEOUT) &&
           !(c->phase == PHASE_STARTTLS && c->profile->no_handshake && c->starttls.code / 100 == 2);
}

const struct conversation *facts_add_conversation(struct facts *f, const struct conversation *fact)
{
    struct buf                 key = facts_key_profile(fact->profile);
    const struct conversation *kept = add(f, f->conversations, &key, conversation_members, fact, sizeof(*fact));

    if (ended_before_tls(kept)) {
        key = facts_key_in_clear(kept->profile);
        dict_put(f->before_tls, buf_slice(&key), (void *)(uintptr_t)kept);
        buf_clear(&key);
    }
    return kept;
}

const struct table_fact *facts_add_table(struct facts *f, const struct table_fact *fact)
{
    struct buf key = facts_key_table(fact->table, slice_of(fact->key));

    return add(f, f->tables, &key, table_members, fact, sizeof(*fact));
}

const struct policy_fetch *facts_add_fetch(struct facts *f, const struct policy_fetch *fact)
{
    struct buf key = facts_key_fetch(fact->domain);

    return add(f, f->fetches, &key, fetch_members, fact, sizeof(*fact));
}

const struct cert *facts_add_cert(struct facts *f, const struct cert *cert)
{
    return certs_add(f->certs, cert);
}

void facts_add_destination(struct facts *f, const char *text)
{
    dict_put(f->destinations, slice_of(text), f);
}

const struct dns_fact *facts_dns(const struct facts *f, const char *name, enum dns_type type)
{
    struct buf key = facts_key_dns(name, type);

    return find(f->dns, &key);
}

const struct conversation *facts_conversation(const struct facts *f, const struct profile *profile)
{
    struct buf key = facts_key_profile(profile);

    return find(f->conversations, &key);
}

const struct conversation *facts_conversation_before_tls(const struct facts *f, const struct profile *profile)
{
    struct buf key = facts_key_in_clear(profile);

    return find(f->before_tls, &key);
}

const struct table_fact *facts_table(const struct facts *f, const char *table, struct slice text)
{
    struct buf key = facts_key_table(table, text);

    return find(f->tables, &key);
}

const struct policy_fetch *facts_fetch(const struct facts *f, const char *domain)
{
    struct buf key = facts_key_fetch(domain);

    return find(f->fetches, &key);
}

const struct cert *facts_cert(const struct facts *f, const char *id)
{
    return certs_find(f->certs, id);
}

const struct cert *facts_cert_der(const struct facts *f, const char *id)
{
    return certs_find_der(f->certs, id);
}

X509 *facts_x509(const struct facts *f, const char *id)
{
    return certs_x509(f->certs, id);
}

void facts_fill_certs_with(struct facts *f, cert_fill_fn *fill)
{
    certs_fill_with(f->certs, fill);
}

struct certs *facts_certs(struct facts *f)
{
    return f->certs;
}

size_t facts_destination_count(const struct facts *f)
{
    return dict_count(f->destinations);
}

const char *facts_destination(const struct facts *f, size_t i)
{
    return dict_key_at(f->destinations, i);
}

const struct dns_fact *facts_dns_at(const struct facts *f, size_t i)
{
    return dict_at(f->dns, i);
}

const struct conversation *facts_conversation_at(const struct facts *f, size_t i)
{
    return dict_at(f->conversations, i);
}

const struct table_fact *facts_table_at(const struct facts *f, size_t i)
{
    return dict_at(f->tables, i);
}

const struct policy_fetch *facts_fetch_at(const struct facts *f, size_t i)
{
    return dict_at(f->fetches, i);
}

static bool is_first_use(struct view_use *use, const void *fact)
{
    size_t i;

    for (i = 0; i < VIEW_USE_KEPT; i++)
        if (use->seen[i] == fact)
            return false;
    use->seen[use->next++ % VIEW_USE_KEPT] = fact;
    return true;
}

const struct dns_fact *view_dns(const struct view *v, const char *name, enum dns_type type)
{
    const struct dns_fact *fact = facts_dns(v->facts, name, type);

    if (fact == NULL && v->wants != NULL)
        wants_dns(v->wants, name, type);
    if (fact != NULL && v->use != NULL && fact->outcome != DNS_EXCLUDED && fact->outcome != DNS_CUT_SHORT)
        v->use->questions += is_first_use(v->use, fact);
    return fact;
}

/* Nobody was asked. */
static bool conversation_was_left_out(const struct conversation *fact)
{
    return fact->ending == ENDING_EXCLUDED || fact->ending == ENDING_NOT_ALLOWED || fact->ending == ENDING_INTERRUPTED ||
           fact->ending == ENDING_DEADLINE;
}

const struct conversation *view_conversation(const struct view *v, const struct profile *profile)
{
    const struct conversation *fact = facts_conversation(v->facts, profile);

    if (fact == NULL && v->wants != NULL)
        wants_conversation(v->wants, profile);
    else if (fact == NULL)
        fact = facts_conversation_before_tls(v->facts, profile);
    if (fact != NULL && v->use != NULL && !conversation_was_left_out(fact))
        v->use->conversations += is_first_use(v->use, fact) ? fact->attempts : 0;
    return fact;
}

const struct table_fact *view_table(const struct view *v, const char *table, struct slice key)
{
    const struct table_fact *fact = facts_table(v->facts, table, key);

    if (fact == NULL && v->wants != NULL)
        wants_table(v->wants, table, key);
    return fact;
}

bool fetch_was_left_out(const struct policy_fetch *fact)
{
    return fact->outcome == FETCH_NO_ANCHORS || fact->outcome == FETCH_NOT_ALLOWED || fact->outcome == FETCH_EXCLUDED ||
           fact->outcome == FETCH_INTERRUPTED || fact->outcome == FETCH_DEADLINE;
}

const struct policy_fetch *view_fetch(const struct view *v, const char *domain, const struct address *addresses,
                                      size_t count)
{
    const struct policy_fetch *fact = facts_fetch(v->facts, domain);

    if (fact == NULL && v->wants != NULL)
        wants_fetch(v->wants, domain, addresses, count);
    if (fact != NULL && v->use != NULL && !fetch_was_left_out(fact))
        v->use->policies += is_first_use(v->use, fact);
    return fact;
}
