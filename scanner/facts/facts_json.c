#include "scanner/facts/facts_json.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/facts/members.h"

static struct json *new_fact(const char *kind)
{
    struct json *j = json_object();

    json_put(j, "fact", json_text(kind));
    return j;
}

static struct json *to_json(const char *kind, const struct member *members, const void *fact)
{
    struct json *j = new_fact(kind);

    record_to_json(members, fact, j);
    return j;
}

struct json *facts_dns_to_json(const struct dns_fact *fact)
{
    return to_json("dns", dns_members, fact);
}

struct json *facts_conversation_to_json(const struct conversation *fact)
{
    return to_json("conversation", conversation_members, fact);
}

struct json *facts_cert_to_json(const struct cert *cert)
{
    struct json *j = new_fact("certificate");

    json_put(j, "id", json_text(cert->id));
    record_to_json(cert_members, cert, j);
    return j;
}

struct json *facts_table_to_json(const struct table_fact *fact)
{
    return to_json("table", table_members, fact);
}

struct json *facts_fetch_to_json(const struct policy_fetch *fact)
{
    return to_json("fetch", fetch_members, fact);
}

struct json *facts_destination_to_json(const char *text)
{
    struct json *j = new_fact("destination");

    json_put(j, "destination", json_text(text));
    return j;
}

struct json *profile_to_json(const struct profile *profile)
{
    struct json *j = json_object();

    record_to_json(profile_members, profile, j);
    return j;
}

struct json *want_fetch_to_json(const struct want_fetch *want)
{
    struct json *j = json_object();

    record_to_json(want_fetch_members, want, j);
    return j;
}

static bool fail(struct error *err, const char *what)
{
    error_set(err, EX_DATAERR, "%s", what);
    return false;
}

static bool from_json(struct region *region, const struct member *members, const struct json *j, void *fact,
                      size_t width, struct error *err)
{
    memset(fact, 0, width);
    return json_is_object(j) ? record_from_json(region, members, j, fact, err) : fail(err, "a fact is not an object");
}

static bool is_cert_id(const char *text)
{
    return strlen(text) == CERT_ID_TEXT - 1 && strspn(text, "0123456789abcdef") == CERT_ID_TEXT - 1;
}

bool facts_dns_from_json(struct region *region, const struct json *j, struct dns_fact *fact, struct error *err)
{
    if (!from_json(region, dns_members, j, fact, sizeof(*fact), err))
        return false;
    if (fact->name == NULL)
        return fail(err, "\"name\" is missing");
    for (size_t i = 0; i < fact->count; i++)
        if (fact->records[i].owner == NULL)
            return fail(err, "\"owner\" is missing");
    if (fact->total < fact->count)
        return fail(err, "\"total\" is less than the number of records");
    return true;
}

bool profile_from_json(struct region *region, const struct json *j, struct profile *profile, struct error *err)
{
    if (!from_json(region, profile_members, j, profile, sizeof(*profile), err))
        return false;
    if (profile->address.family == FAMILY_NONE || profile->port == 0)
        return fail(err, "a profile has no address or port");
    return true;
}

bool facts_conversation_from_json(struct region *region, const struct json *j, struct conversation *fact,
                                  struct error *err)
{
    if (!from_json(region, conversation_members, j, fact, sizeof(*fact), err))
        return false;
    if (fact->profile->address.family == FAMILY_NONE || fact->profile->port == 0)
        return fail(err, "a profile has no address or port");
    for (size_t i = 0; i < fact->certificate_count; i++)
        if (!is_cert_id(fact->certificates[i]))
            return fail(err, "\"certificates\" has an item that is no SHA-256 digest");
    return true;
}

bool facts_cert_from_json(struct region *region, const struct json *j, struct cert *cert, struct error *err)
{
    const char *id;

    if (!from_json(region, cert_members, j, cert, sizeof(*cert), err))
        return false;
    id = json_get_text(j, "id");
    if (id == NULL || !is_cert_id(id))
        return fail(err, "\"id\" is no SHA-256 digest");
    if (cert->der_length == 0)
        return fail(err, "\"der\" is missing");
    memcpy(cert->id, id, sizeof(cert->id));
    return true;
}

bool facts_table_from_json(struct region *region, const struct json *j, struct table_fact *fact, struct error *err)
{
    if (!from_json(region, table_members, j, fact, sizeof(*fact), err))
        return false;
    if (fact->table == NULL || fact->key == NULL || (fact->status == TABLE_FACT_FOUND) != (fact->value != NULL))
        return fail(err, "a table's answer lacks \"table\", \"key\" or \"value\"");
    return true;
}

bool facts_fetch_from_json(struct region *region, const struct json *j, struct policy_fetch *fact, struct error *err)
{
    if (!from_json(region, fetch_members, j, fact, sizeof(*fact), err))
        return false;
    if (fact->domain == NULL || fact->domain[0] == '\0')
        return fail(err, "\"domain\" is missing");
    if (fact->outcome == FETCH_ANSWERED && fact->status < 100)
        return fail(err, "an answer without its \"status\"");
    if ((fact->body != NULL || fact->body_broken) && (fact->outcome != FETCH_ANSWERED || fact->status != 200))
        return fail(err, "a \"body\" without an answer");
    return true;
}

bool want_fetch_from_json(struct region *region, const struct json *j, struct want_fetch *want, struct error *err)
{
    if (!from_json(region, want_fetch_members, j, want, sizeof(*want), err))
        return false;
    if (want->domain == NULL)
        return fail(err, "\"domain\" is missing");
    for (size_t i = 0; i < want->count; i++)
        if (want->addresses[i].family == FAMILY_NONE)
            return fail(err, "\"address\" is missing");
    return true;
}
