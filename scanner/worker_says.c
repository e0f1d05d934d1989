#include "scanner/worker_says.h"

#include <string.h>

#include "probes/limits.h"
#include "probes/wire/x509_facts.h"
#include "scanner/facts/facts_binary.h"
#include "scanner/facts/record_binary.h"

static const void *fail(struct error *err, const char *what)
{
    error_set(err, 0, "%s", what);
    return NULL;
}

/* Questions. */

void worker_ask_question(const char *name, enum dns_type type, struct buf *out)
{
    binary_add_number(out, (uint64_t)type);
    buf_add_text(out, name);
}

/* The fact of a question that nothing was heard of yet. */
static struct dns_fact *question_of(struct region *region, const struct worker_request *request)
{
    struct dns_fact *fact = region_alloc(region, sizeof *fact);
    struct slice name = request->octets;
    uint64_t type = 0;

    binary_take_number(&name, &type);
    fact->name = region_slice(region, name);
    fact->type = (enum dns_type)type;
    return fact;
}

static bool record_belongs(enum dns_type asked, const struct dns_record *record)
{
    if (asked == DNS_NATIVE)
        return record->type == DNS_A || record->type == DNS_AAAA;
    return record->type == asked || record->type == DNS_CNAME;
}

static const void *read_dns(struct region *region, const struct worker_request *request, struct slice value,
                            const struct id_set *sent, struct error *err)
{
    const struct dns_fact *asked = question_of(region, request);
    struct dns_fact *fact = region_alloc(region, sizeof *fact);

    (void)sent;
    if (!facts_dns_from_binary(region, value, fact, err))
        return NULL;
    for (size_t i = 0; i < fact->count; i++)
        if (!record_belongs(asked->type, &fact->records[i]))
            return fail(err, "an answer to another question");
    fact->name = asked->name;
    fact->type = asked->type;
    return fact;
}

static const void *crashed_dns(struct region *region, const struct worker_request *request)
{
    struct dns_fact *fact = question_of(region, request);

    fact->outcome = DNS_CRASHED;
    return fact;
}

static void tell_dns(const struct workers_events *events, void *arg, uint64_t id, const void *fact)
{
    events->on_dns(arg, id, fact);
}

const struct worker_kind worker_question = { WORKER_QUESTION, true, read_dns, crashed_dns, tell_dns };

/* Conversations. */

static const struct profile *profile_of(struct region *region, const struct worker_request *request)
{
    struct profile *profile = region_alloc(region, sizeof *profile);

    profiles_unfold(request->profiles, request->octets, profile);
    return profile;
}

static const void *read_conversation(struct region *region, const struct worker_request *request, struct slice value,
                                     const struct id_set *sent, struct error *err)
{
    struct conversation *fact = region_alloc(region, sizeof *fact);

    if (!facts_conversation_from_binary(region, value, fact, err))
        return NULL;
    for (size_t i = 0; i < fact->certificate_count; i++)
        if (!id_set_has(sent, fact->certificates[i]))
            return fail(err, "a certificate that was not sent");
    fact->profile = profile_of(region, request);
    fact->attempts = 1;
    fact->first_refusal = (struct reply){ .code = 0 };
    return fact;
}

static const void *crashed_conversation(struct region *region, const struct worker_request *request)
{
    struct conversation *fact = region_alloc(region, sizeof *fact);

    fact->profile = profile_of(region, request);
    fact->attempts = 1;
    fact->ending = ENDING_CRASHED;
    return fact;
}

static void tell_conversation(const struct workers_events *events, void *arg, uint64_t id, const void *fact)
{
    events->on_conversation(arg, id, fact);
}

const struct worker_kind worker_conversation = { WORKER_CONVERSATION, false, read_conversation, crashed_conversation, tell_conversation };

/* Policies. */

static const struct want_fetch *wish_of(struct region *region, const struct worker_request *request)
{
    struct want_fetch *want = region_alloc(region, sizeof *want);

    want_fetch_from_binary(region, request->octets, want, NULL);
    return want;
}

/* Outcomes that a worker does not come to by itself. */
static bool is_not_its_own(enum fetch_outcome outcome)
{
    return outcome == FETCH_CRASHED || outcome == FETCH_NOT_ALLOWED || outcome == FETCH_EXCLUDED ||
           outcome == FETCH_INTERRUPTED || outcome == FETCH_DEADLINE;
}

static bool was_to_be_asked(const struct want_fetch *want, const struct address *address)
{
    for (size_t i = 0; i < want->count; i++)
        if (address_eq(&want->addresses[i], address))
            return true;
    return address->family == FAMILY_NONE;
}

static const void *read_fetch(struct region *region, const struct worker_request *request, struct slice value,
                              const struct id_set *sent, struct error *err)
{
    const struct want_fetch *want = wish_of(region, request);
    struct policy_fetch *fact = region_alloc(region, sizeof *fact);

    (void)sent;
    if (!facts_fetch_from_binary(region, value, fact, err))
        return NULL;
    if (is_not_its_own(fact->outcome))
        return fail(err, "a policy that was not asked for, as it says");
    if (!was_to_be_asked(want, &fact->address))
        return fail(err, "a policy of another host");
    fact->domain = want->domain;
    return fact;
}

static const void *crashed_fetch(struct region *region, const struct worker_request *request)
{
    struct policy_fetch *fact = region_alloc(region, sizeof *fact);

    fact->domain = wish_of(region, request)->domain;
    fact->outcome = FETCH_CRASHED;
    return fact;
}

static void tell_fetch(const struct workers_events *events, void *arg, uint64_t id, const void *fact)
{
    events->on_fetch(arg, id, fact);
}

const struct worker_kind worker_policy = { WORKER_POLICY, false, read_fetch, crashed_fetch, tell_fetch };

/* Certificates. */

bool worker_says_certificate(struct slice der, struct cert *cert, struct error *err)
{
    *cert = (struct cert){ .der = (const uint8_t *)der.p, .der_length = der.n };
    x509_facts_id(cert->der, cert->der_length, cert->id);
    return (der.n > 0 && der.n <= LIMIT_CERT_LIST) || fail(err, "a certificate of no length, or of too much");
}
