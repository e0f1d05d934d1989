#include "scanner/facts/facts_check.h"

#include <string.h>
#include <sysexits.h>

static bool fail(struct error *err, const char *what)
{
    error_set(err, EX_DATAERR, "%s", what);
    return false;
}

bool cert_id_check(const char *text)
{
    return strlen(text) == CERT_ID_TEXT - 1 && strspn(text, "0123456789abcdef") == CERT_ID_TEXT - 1;
}

bool facts_dns_check(const struct dns_fact *fact, struct error *err)
{
    if (fact->name == NULL)
        return fail(err, "\"name\" is missing");
    for (size_t i = 0; i < fact->count; i++)
        if (fact->records[i].owner == NULL)
            return fail(err, "\"owner\" is missing");
    if (fact->total < fact->count)
        return fail(err, "\"total\" is less than the number of records");
    return true;
}

bool profile_check(const struct profile *profile, struct error *err)
{
    if (profile->address.family == FAMILY_NONE || profile->port == 0)
        return fail(err, "a profile has no address or port");
    return true;
}

bool facts_conversation_check(const struct conversation *fact, struct error *err)
{
    if (!profile_check(fact->profile, err))
        return false;
    for (size_t i = 0; i < fact->certificate_count; i++)
        if (!cert_id_check(fact->certificates[i]))
            return fail(err, "\"certificates\" has an item that is no SHA-256 digest");
    return true;
}

bool facts_fetch_check(const struct policy_fetch *fact, struct error *err)
{
    if (fact->domain == NULL || fact->domain[0] == '\0')
        return fail(err, "\"domain\" is missing");
    if (fact->outcome == FETCH_ANSWERED && fact->status < 100)
        return fail(err, "an answer without its \"status\"");
    if ((fact->body != NULL || fact->body_broken) && (fact->outcome != FETCH_ANSWERED || fact->status != 200))
        return fail(err, "a \"body\" without an answer");
    return true;
}

bool want_fetch_check(const struct want_fetch *want, struct error *err)
{
    if (want->domain == NULL)
        return fail(err, "\"domain\" is missing");
    for (size_t i = 0; i < want->count; i++)
        if (want->addresses[i].family == FAMILY_NONE)
            return fail(err, "\"address\" is missing");
    return true;
}
