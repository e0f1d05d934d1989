#include "scanner/worker_says.h"

#include <string.h>

#include "probes/limits.h"
#include "probes/wire/x509_facts.h"
#include "scanner/facts/facts_json.h"

static bool fail(struct error *err, const char *what)
{
    error_set(err, 0, "%s", what);
    return false;
}

static bool record_belongs(enum dns_type asked, const struct dns_record *record)
{
    if (asked == DNS_NATIVE)
        return record->type == DNS_A || record->type == DNS_AAAA;
    return record->type == asked || record->type == DNS_CNAME;
}

bool worker_says_dns(struct region *region, const struct json *value, const char *name, enum dns_type type,
                     struct dns_fact *fact, struct error *err)
{
    if (!facts_dns_from_json(region, value, fact, err))
        return false;
    for (size_t i = 0; i < fact->count; i++)
        if (!record_belongs(type, &fact->records[i]))
            return fail(err, "an answer to another question");
    fact->name = name;
    fact->type = type;
    return true;
}

bool worker_says_conversation(struct region *region, const struct json *value, const struct profile *profile,
                              const struct id_set *sent, struct conversation *fact, struct error *err)
{
    if (!facts_conversation_from_json(region, value, fact, err))
        return false;
    for (size_t i = 0; i < fact->certificate_count; i++)
        if (!id_set_has(sent, fact->certificates[i]))
            return fail(err, "a certificate that was not sent");
    fact->profile = profile;
    fact->attempts = 1;
    fact->first_refusal = (struct reply){ .code = 0 };
    return true;
}

bool worker_says_certificate(struct region *region, const struct json *value, struct cert *cert, struct error *err)
{
    struct cert told;

    if (!facts_cert_from_json(region, value, &told, err))
        return false;
    x509_facts_read(region, told.der, told.der_length, cert);
    if (strcmp(told.id, cert->id) != 0 || told.der_length > LIMIT_CERT_LIST)
        return fail(err, "a certificate that is not what it says");
    return true;
}
