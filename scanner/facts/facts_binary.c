#include "scanner/facts/facts_binary.h"

#include <string.h>
#include <sysexits.h>

#include "scanner/facts/facts_check.h"
#include "scanner/facts/members.h"
#include "scanner/facts/record_binary.h"

void facts_dns_to_binary(const struct dns_fact *fact, struct buf *out)
{
    record_to_binary(dns_members, fact, out);
}

void facts_conversation_to_binary(const struct conversation *fact, struct buf *out)
{
    record_to_binary(conversation_members, fact, out);
}

void facts_fetch_to_binary(const struct policy_fetch *fact, struct buf *out)
{
    record_to_binary(fetch_members, fact, out);
}

void want_fetch_to_binary(const struct want_fetch *want, struct buf *out)
{
    record_to_binary(want_fetch_members, want, out);
}

static bool from_binary(struct region *region, const struct member *members, struct slice octets, void *record,
                        size_t width, struct error *err)
{
    memset(record, 0, width);
    if (!record_from_binary(region, members, &octets, record, err))
        return false;
    if (octets.n > 0)
        error_set(err, EX_DATAERR, "there are octets behind it");
    return octets.n == 0;
}

bool facts_dns_from_binary(struct region *region, struct slice octets, struct dns_fact *fact, struct error *err)
{
    return from_binary(region, dns_members, octets, fact, sizeof(*fact), err) && facts_dns_check(fact, err);
}

bool facts_conversation_from_binary(struct region *region, struct slice octets, struct conversation *fact,
                                    struct error *err)
{
    return from_binary(region, conversation_members, octets, fact, sizeof(*fact), err) &&
           facts_conversation_check(fact, err);
}

bool facts_fetch_from_binary(struct region *region, struct slice octets, struct policy_fetch *fact, struct error *err)
{
    return from_binary(region, fetch_members, octets, fact, sizeof(*fact), err) && facts_fetch_check(fact, err);
}

bool want_fetch_from_binary(struct region *region, struct slice octets, struct want_fetch *want, struct error *err)
{
    return from_binary(region, want_fetch_members, octets, want, sizeof(*want), err) && want_fetch_check(want, err);
}
