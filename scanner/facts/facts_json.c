#include "scanner/facts/facts_json.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/facts/facts_check.h"
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

bool facts_dns_from_json(struct region *region, const struct json *j, struct dns_fact *fact, struct error *err)
{
    return from_json(region, dns_members, j, fact, sizeof(*fact), err) && facts_dns_check(fact, err);
}

bool facts_conversation_from_json(struct region *region, const struct json *j, struct conversation *fact,
                                  struct error *err)
{
    return from_json(region, conversation_members, j, fact, sizeof(*fact), err) && facts_conversation_check(fact, err);
}

bool facts_cert_from_json(struct region *region, const struct json *j, struct cert *cert, struct error *err)
{
    const char *id;

    if (!from_json(region, cert_members, j, cert, sizeof(*cert), err))
        return false;
    id = json_get_text(j, "id");
    if (id == NULL || !cert_id_check(id))
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
    return from_json(region, fetch_members, j, fact, sizeof(*fact), err) && facts_fetch_check(fact, err);
}
