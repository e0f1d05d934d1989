/* DNS facts as dns_lookup() of Postfix would have given them to its caller. dns_lookup.c, dns_rr.c, dns_rr_filter.c and
 * dns_strrecord.c of Postfix; the mapping of reply codes is that of the C library's resolver. */
#include "scanner/policy/mail_hosts_impl.h"

#include <string.h>
#include <strings.h>

#include "scanner/base/hostname.h"
#include "scanner/policy/route.h"

/* Postfix follows aliases with at most so many queries. */
#define QUERIES_MAX 10
/* The fixed limit of records read, in releases that have it. */
#define RECORDS_READ 100

static const struct version limits_records[] = { { 3, 5, 25 }, { 3, 6, 15 }, { 3, 7, 11 },
                                                 { 3, 8, 6 },  { 3, 9, 0 },  { 0, 0, 0 } };
/* "*" as the first label of a name counts as valid. */
static const struct version allows_wildcard[] = { { 3, 5, 21 }, { 3, 6, 11 }, { 3, 7, 7 },
                                                  { 3, 8, 2 },  { 3, 9, 0 },  { 0, 0, 0 } };

static const struct type_word {
    enum dns_type type;
    const char *word;
} type_words[] = {
    { DNS_A, "A" },       { DNS_CNAME, "CNAME" }, { DNS_MX, "MX" },     { DNS_TXT, "TXT" },
    { DNS_AAAA, "AAAA" }, { DNS_SRV, "SRV" },     { DNS_TLSA, "TLSA" },
};

static const char *type_word(enum dns_type type)
{
    for (size_t i = 0; i < sizeof(type_words) / sizeof(*type_words); i++)
        if (type_words[i].type == type)
            return type_words[i].word;
    return "unknown";
}

/* The state of one lookup while its aliases are followed. */
struct walk {
    struct region *region;
    const struct view *view;
    const struct service *service;
    enum dns_type type;
    struct version version;
    const char *name; /* of the query at hand */
    bool all_ad;      /* on every reply so far that gave an alias */
    struct lookup_result *result;
};

static bool name_is_valid(const char *text, struct version version)
{
    struct slice name = slice_of(text);
    struct address address;

    if (address_parse(&address, name))
        return true;
    if (name.n > 0 && name.p[0] == '*' && version_has(version, allows_wildcard)) {
        if (name.n == 1)
            return true;
        return name.p[1] == '.' && name.n <= HOSTNAME_MAX && hostname_is_valid(slice_from_index(name, 2));
    }
    return hostname_is_valid(name);
}

static const char *query_name(struct region *region, const char *name)
{
    char *text = region_text(region, name);

    for (char *p = text; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return text;
}

static void fail(struct walk *walk, enum lookup status, const char *words)
{
    walk->result->status = status;
    walk->result->text =
        region_printf(walk->region, "Host or domain name not found. Name service error for name=%s type=%s: %s",
                      walk->name, type_word(walk->type), words);
}

static void fail_malformed(struct walk *walk, enum lookup status)
{
    walk->result->status = status;
    walk->result->text =
        region_printf(walk->region, "Name service error for name=%s type=%s: Malformed or unexpected name server reply",
                      walk->name, type_word(walk->type));
}

static void unknown(struct walk *walk, const char *reason)
{
    walk->result->status = LOOKUP_UNKNOWN;
    walk->result->unknown_reason = reason;
}

/* Which of our own limits ended a question stands in its words only. */
static const char *cut_short_reason(const struct dns_fact *fact)
{
    if (fact->error != NULL && strstr(fact->error, "deadline") != NULL)
        return "deadline";
    if (fact->error != NULL && strstr(fact->error, "interrupt") != NULL)
        return "interrupted";
    return "probe-cut-short";
}

/* What the C library makes of the code of a reply. */
static const struct rcode_row {
    int rcode;
    enum lookup status;
    const char *words;
} rcode_rows[] = {
    { RCODE_NXDOMAIN, LOOKUP_NOT_FOUND, "Host not found" },
    { RCODE_SERVFAIL, LOOKUP_RETRY, "Host not found, try again" },
    { RCODE_REFUSED, LOOKUP_RETRY, "Host not found, try again" },
    { RCODE_NOTIMP, LOOKUP_RETRY, "Host not found, try again" },
};

static void reply_code(struct walk *walk, int rcode)
{
    for (size_t i = 0; i < sizeof(rcode_rows) / sizeof(*rcode_rows); i++)
        if (rcode_rows[i].rcode == rcode) {
            fail(walk, rcode_rows[i].status, rcode_rows[i].words);
            walk->result->bogus = rcode == RCODE_SERVFAIL;
            walk->result->no_such_name = rcode == RCODE_NXDOMAIN;
            return;
        }
    fail(walk, LOOKUP_FAIL, "Non-recoverable error");
}

const char *excluded_text(struct region *region, const struct dns_fact *fact)
{
    if (fact == NULL || fact->outcome != DNS_EXCLUDED || fact->error == NULL)
        return NULL;
    return region_printf(region, "%s excludes %s: it was not asked for", fact->error, fact->name);
}

/* True when the fact is a reply with records; else the result is filled. */
static bool has_answer(struct walk *walk, const struct dns_fact *fact)
{
    if (fact == NULL && walk->view->wants != NULL) {
        walk->result->status = LOOKUP_WANTED;
        return false;
    }
    if (fact == NULL) {
        unknown(walk, "not-observed");
        return false;
    }
    switch (fact->outcome) {
    case DNS_EXCLUDED:
        unknown(walk, "excluded");
        walk->result->text = excluded_text(walk->region, fact);
        return false;
    case DNS_CRASHED:
        unknown(walk, "probe-crashed");
        return false;
    case DNS_CUT_SHORT:
        unknown(walk, cut_short_reason(fact));
        return false;
    case DNS_NO_RESOLVER:
        walk->result->unknown_reason = "resolver-unavailable";
        fail(walk, LOOKUP_RETRY, "Host not found, try again");
        return false;
    case DNS_TIMEOUT:
        fail(walk, LOOKUP_RETRY, "Host not found, try again");
        return false;
    case DNS_ANSWERED:
        break;
    }
    walk->result->ad = walk->all_ad && fact->ad && !fact->unparsable;
    if (fact->unparsable)
        fail(walk, LOOKUP_RETRY, "Host not found, try again");
    else if (fact->rcode != RCODE_NOERROR)
        reply_code(walk, fact->rcode);
    else if (fact->count == 0)
        fail(walk, LOOKUP_NOT_FOUND, "Host found but no data record of requested type");
    else
        return true;
    return false;
}

/* Can Postfix use a record of the type asked for? */
static enum lookup record_status(const struct dns_record *record, struct version version)
{
    bool is_name = record->type == DNS_MX || record->type == DNS_SRV || record->type == DNS_CNAME;

    if (record->type == DNS_TLSA)
        return LOOKUP_OK; /* any length will do here */
    if (record->malformed)
        return LOOKUP_RETRY;
    if (!is_name)
        return LOOKUP_OK;
    if (record->target == NULL)
        return LOOKUP_INVALID;
    if (record->target[0] == '\0' && record->type != DNS_CNAME)
        return record->type == DNS_MX ? LOOKUP_NULL_MX : LOOKUP_NULL_SRV;
    return name_is_valid(record->target, version) ? LOOKUP_OK : LOOKUP_INVALID;
}

static void null_target(struct walk *walk, enum lookup status)
{
    walk->result->status = status;
    walk->result->count = 0;
    walk->result->text = region_printf(walk->region,
                                       status == LOOKUP_NULL_MX ? "Domain %s does not accept mail (nullMX)"
                                                                : "Domain %s does not support SRV requests",
                                       walk->name);
}

/* One reply, its records in order. True: the lookup goes on at *alias. */
static bool read_answer(struct walk *walk, const struct dns_fact *fact, const char **alias)
{
    struct lookup_result *result = walk->result;
    enum lookup worst = LOOKUP_NOT_FOUND;
    size_t limit = version_has(walk->version, limits_records) ? RECORDS_READ : DNS_RECORDS_MAX;

    *alias = NULL;
    result->records = region_array(walk->region, fact->count, sizeof(*result->records));
    result->unusable = region_array(walk->region, fact->count, sizeof(*result->unusable));
    result->unusable_count = 0;
    for (size_t i = 0; i < fact->count; i++) {
        const struct dns_record *record = &fact->records[i];
        enum lookup status;

        if (record->owner == NULL || !name_is_valid(record->owner, walk->version)) {
            result->count = 0;
            fail_malformed(walk, LOOKUP_INVALID);
            return false;
        }
        if (record->type != walk->type && record->type != DNS_CNAME)
            continue;
        status = record_status(record, walk->version);
        if (record->type != walk->type) { /* an alias on the way */
            if (status != LOOKUP_OK) {
                result->count = 0;
                fail_malformed(walk, status);
                return false;
            }
            *alias = record->target;
            if (!fact->ad)
                walk->all_ad = false;
        } else if (status == LOOKUP_NULL_MX || status == LOOKUP_NULL_SRV) {
            null_target(walk, status);
            return false;
        } else if (status != LOOKUP_OK) {
            worst = worst == LOOKUP_RETRY ? worst : status;
            result->unusable[result->unusable_count++] = record;
        } else if (result->count == limit) {
            result->cut = true;
            break;
        } else {
            result->records[result->count++] = record;
        }
    }
    if (fact->total > fact->count && result->count == fact->count)
        result->cut = true;
    if (result->count > 0)
        result->status = LOOKUP_OK;
    else if (*alias != NULL)
        return true;
    else
        fail_malformed(walk, worst);
    return false;
}

/* A TLSA record is shown with the numbers of an SOA record behind it, made of its first 20 octets: Postfix's switch
 * falls through. A rule that is anchored at the end never matches one. */
static void tlsa_text(struct buf *out, const struct dns_record *record)
{
    uint8_t octets[20] = { record->usage, record->selector, record->matching_type };
    size_t n = record->data_length < sizeof(octets) - 3 ? record->data_length : sizeof(octets) - 3;

    if (record->rdata_length < 3) {
        buf_add_text(out, "[truncated record]");
        return;
    }
    buf_printf(out, "%d %d %d ", record->usage, record->selector, record->matching_type);
    for (size_t i = 0; i < record->data_length; i++)
        buf_printf(out, "%02x", record->data[i]);
    if (n > 0)
        memcpy(octets + 3, record->data, n);
    buf_add_text(out, "- -");
    for (size_t i = 0; i < sizeof(octets); i += 4) {
        uint32_t number;

        memcpy(&number, octets + i, sizeof(number));
        buf_printf(out, " %lu", (unsigned long)number);
    }
}

/* A record as the reply filter sees it: "name. ttl IN TYPE data". The time to live is no fact; rules that are not
 * written for one certain number see any number alike. */
static const char *record_text(struct region *region, const struct dns_record *record)
{
    char address[ADDRESS_TEXT_MAX];
    const char *text;
    struct buf out;

    buf_init(&out, 4 * DNS_TLSA_DATA_MAX);
    buf_printf(&out, "%s. 300 IN %s ", record->owner, type_word(record->type));
    switch (record->type) {
    case DNS_A:
    case DNS_AAAA:
        address_to_text(&record->address, address);
        buf_add_text(&out, address);
        break;
    case DNS_MX:
        buf_printf(&out, "%u %s.", record->preference, record->target);
        break;
    case DNS_SRV:
        buf_printf(&out, "%u %u %u %s.", record->preference, record->weight, record->port, record->target);
        break;
    case DNS_CNAME:
        buf_printf(&out, "%s.", record->target);
        break;
    case DNS_TLSA:
        tlsa_text(&out, record);
        break;
    case DNS_TXT:
    case DNS_NATIVE:
        break;
    }
    text = region_text(region, buf_text(&out));
    buf_clear(&out);
    return text;
}

/* True: the record stays. False with status OK: dropped; with another status: the lookup ends with it. */
static bool filter_keeps(struct walk *walk, const struct dns_record *record, enum lookup *status)
{
    struct table_asker asker = route_asker(walk->view);
    struct slice key = slice_of(record_text(walk->region, record)), value, action;
    struct table_answer answer = table_list_find(&walk->service->dns_reply_filter, walk->region, key, false, &asker);

    *status = LOOKUP_OK;
    switch (answer.status) {
    case TABLE_NOT_FOUND:
        return true;
    case TABLE_FOUND:
        value = slice_of(answer.value);
        if (!slice_next_token(&value, " \t", &action) || !slice_eq_text_nocase(action, "IGNORE"))
            *status = LOOKUP_RETRY;
        return false;
    case TABLE_ERROR:
        *status = LOOKUP_RETRY;
        return false;
    case TABLE_UNREADABLE:
        *status = LOOKUP_UNKNOWN;
        return false;
    case TABLE_WANTED:
        *status = LOOKUP_WANTED;
        return false;
    }
    return true;
}

static void filter_answer(struct walk *walk)
{
    struct lookup_result *result = walk->result;
    size_t kept = 0;

    for (size_t i = 0; i < result->count; i++) {
        enum lookup status;

        if (filter_keeps(walk, result->records[i], &status)) {
            result->records[kept++] = result->records[i];
        } else if (status != LOOKUP_OK) {
            result->count = 0;
            result->status = status;
            if (status == LOOKUP_WANTED && walk->view->wants == NULL)
                unknown(walk, "not-observed");
            else if (status == LOOKUP_UNKNOWN)
                unknown(walk, "table-unreadable");
            result->text =
                region_printf(walk->region, "Error looking up name=%s type=%s: Invalid DNS reply filter syntax",
                              walk->name, type_word(walk->type));
            return;
        }
    }
    result->count = kept;
    if (kept > 0)
        return;
    result->status = LOOKUP_POLICY;
    result->text = region_printf(walk->region, "Error looking up name=%s type=%s: DNS reply filter drops all results",
                                 walk->name, type_word(walk->type));
}

struct lookup_result dns_interpret(struct region *region, const struct view *view, const struct service *service,
                                   const char *name, enum dns_type type, bool dnssec)
{
    struct lookup_result result = { .status = LOOKUP_NOT_FOUND, .rname = name };
    struct walk walk = { region, view, service, type, params_version(service->params), name, true, &result };
    struct address address;

    if (address_parse(&address, slice_of(name)) || !name_is_valid(name, walk.version)) {
        result.text = region_printf(region, "Name service error for %s: invalid host or domain name", name);
        return result;
    }
    for (int query = 0; query < QUERIES_MAX; query++) {
        const struct dns_fact *fact = view_dns(view, query_name(region, walk.name), type);
        const char *alias = NULL;

        if (!has_answer(&walk, fact))
            return result;
        if (!read_answer(&walk, fact, &alias)) {
            if (result.status == LOOKUP_OK) {
                result.rname = result.records[0]->owner;
                result.ad = walk.all_ad && fact->ad;
                result.secure = dnssec && result.ad;
                if (service->dns_reply_filter.count > 0)
                    filter_answer(&walk);
            }
            return result;
        }
        walk.name = alias;
    }
    result.status = LOOKUP_NOT_FOUND;
    result.ad = false;
    result.text = region_printf(region, "Name server loop for %s", walk.name);
    return result;
}
