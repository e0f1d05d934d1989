#include "scanner/policy/sts_look.h"

#include <string.h>

#include "scanner/base/buf.h"

#define POLICY_SOURCE "https://mta-sts.%s/.well-known/mta-sts.txt"
/* Attributes of a policy in force, beside its patterns. */
#define ATTRIBUTES 3

/* What one look works with. */
struct looking {
    struct region        *region;
    struct sts_look      *out;
    const struct service *service;
    const char           *domain;
    const struct prefix  *allow;
    size_t                allow_count;
    const struct view    *view;
};

struct lookup_result sts_ask(struct region *region, const struct service *service, const char *name, enum dns_type type,
                             const struct view *view)
{
    struct service *plain = region_copy(region, service, sizeof(*service));

    plain->dns_reply_filter = (struct table_list){ NULL, NULL, 0 };
    return dns_interpret(region, view, plain, name, type, false);
}

struct dns_fact *sts_answer(struct region *region, const struct lookup_result *result)
{
    struct dns_fact *fact = region_alloc(region, sizeof(*fact));

    fact->records = region_array(region, result->count, sizeof(*fact->records));
    fact->count = result->count;
    for (size_t i = 0; i < result->count; i++)
        fact->records[i] = *result->records[i];
    return fact;
}

static void set_unknown(struct looking *look, const char *reason)
{
    look->out->found = STS_LOOK_UNKNOWN;
    look->out->unknown = reason;
}

static void set_fault(struct looking *look, enum sts_fault fault, const char *detail)
{
    look->out->found = STS_LOOK_INVALID;
    look->out->fault = fault;
    look->out->detail = detail;
}

/* The record. True: there is one that holds. */
static bool find_record(struct looking *look)
{
    const char *name = region_printf(look->region, "_mta-sts.%s", look->domain);
    struct lookup_result result = sts_ask(look->region, look->service, name, DNS_TXT, look->view);
    enum sts_fault fault;

    switch (result.status) {
    case LOOKUP_WANTED:
        look->out->found = STS_LOOK_WANTED;
        return false;
    case LOOKUP_NOT_FOUND:
        look->out->found = STS_LOOK_NONE;
        return false;
    case LOOKUP_OK:
        break;
    default:
        look->out->lookup_failed = result.unknown_reason == NULL;
        set_unknown(look, result.unknown_reason != NULL ? result.unknown_reason : "dns-lookup-failed");
        return false;
    }
    look->out->found = STS_LOOK_NONE;
    if (!sts_record_select(look->region, sts_answer(look->region, &result), &fault, &look->out->id))
        return false;
    if (fault != STS_FAULT_FINE)
        set_fault(look, fault, NULL);
    return fault == STS_FAULT_FINE;
}

/* The addresses of the policy host. */
struct policy_host {
    struct address *allowed;
    size_t          allowed_count, count;
    bool            wanted, failed;
    const char     *unknown;
};

static void add_addresses(struct looking *look, struct policy_host *host, enum dns_type type)
{
    const char *name = region_printf(look->region, "mta-sts.%s", look->domain);
    struct lookup_result result = sts_ask(look->region, look->service, name, type, look->view);
    struct address *all = region_array(look->region, host->allowed_count + result.count + 1, sizeof(*all));

    host->wanted |= result.status == LOOKUP_WANTED;
    if (result.unknown_reason != NULL)
        host->unknown = result.unknown_reason;
    else
        host->failed |= result.status != LOOKUP_OK && result.status != LOOKUP_NOT_FOUND;
    if (result.status != LOOKUP_OK)
        return;
    if (host->allowed_count > 0)
        memcpy(all, host->allowed, host->allowed_count * sizeof(*all));
    for (size_t i = 0; i < result.count; i++)
        if (mail_hosts_allow(&result.records[i]->address, look->allow, look->allow_count))
            all[host->allowed_count++] = result.records[i]->address;
    host->allowed = all;
    host->count += result.count;
}

/* True: it has some. */
static bool find_host(struct looking *look, struct policy_host *host)
{
    *host = (struct policy_host){ .count = 0 };
    add_addresses(look, host, DNS_A);
    add_addresses(look, host, DNS_AAAA);
    if (host->wanted)
        look->out->found = STS_LOOK_WANTED;
    else if (host->count > 0)
        return true;
    else if (host->unknown != NULL)
        set_unknown(look, host->unknown);
    else
        set_fault(look, host->failed ? STS_FAULT_FETCH_DNS : STS_FAULT_FETCH_NO_HOST, NULL);
    return false;
}

/* RFC 8461 section 3.2: text/plain, with any parameters. */
static bool is_plain_text(const char *media_type)
{
    struct slice type = slice_of(media_type);

    return slice_eq_text_nocase(slice_trim(slice_head(type, slice_find(type, ';'))), "text/plain");
}

static void read_policy(struct looking *look, const struct policy_fetch *fetch)
{
    struct sts_look *out = look->out;
    enum sts_fault fault;

    if (fetch->status >= 300 && fetch->status <= 399) {
        set_fault(look, STS_FAULT_FETCH_REDIRECT, region_printf(look->region, "%d", fetch->status));
    } else if (fetch->status != 200) {
        set_fault(look, STS_FAULT_FETCH_STATUS, region_printf(look->region, "%d", fetch->status));
    } else if (!is_plain_text(fetch->media_type)) {
        set_fault(look, STS_FAULT_FETCH_MEDIA_TYPE, fetch->media_type != NULL ? fetch->media_type : "no Content-Type");
    } else if (fetch->body_broken) {
        set_fault(look, STS_FAULT_POLICY_CHARACTER, NULL);
    } else {
        fault = sts_policy_parse(look->region, slice_of(fetch->body), &out->policy, &out->place);
        out->found = STS_LOOK_POLICY;
        if (fault != STS_FAULT_FINE)
            set_fault(look, fault, out->place.what);
    }
}

/* Outcomes that are the domain's own doing: every sender meets them. */
static const struct {
    enum fetch_outcome outcome;
    enum sts_fault     fault;
} faults[] = {
    { FETCH_CONNECT_FAILED, STS_FAULT_FETCH_CONNECT },
    { FETCH_TLS_FAILED, STS_FAULT_FETCH_TLS },
    { FETCH_NOT_TRUSTED, STS_FAULT_FETCH_NOT_TRUSTED },
    { FETCH_EXPIRED, STS_FAULT_FETCH_EXPIRED },
    { FETCH_NAME_MISMATCH, STS_FAULT_FETCH_NAME_MISMATCH },
    { FETCH_TIMEOUT, STS_FAULT_FETCH_TIMEOUT },
    { FETCH_TOO_LARGE, STS_FAULT_FETCH_TOO_LARGE },
    { FETCH_LOST, STS_FAULT_FETCH_LOST },
    { FETCH_NO_HTTP, STS_FAULT_FETCH_PROTOCOL },
};

/* Outcomes that say nothing of the domain. */
static const struct {
    enum fetch_outcome outcome;
    const char        *reason;
} unknowns[] = {
    { FETCH_NO_ANCHORS, "local-fault" },          { FETCH_CUT_SHORT, "probe-cut-short" }, { FETCH_CRASHED, "probe-crashed" },
    { FETCH_NOT_ALLOWED, "address-not-allowed" }, { FETCH_EXCLUDED, "excluded" },         { FETCH_INTERRUPTED, "interrupted" },
    { FETCH_DEADLINE, "deadline" },               { FETCH_LOCAL, "local-fault" },
};

static void read_fetch(struct looking *look, const struct policy_fetch *fetch)
{
    if (fetch->outcome == FETCH_ANSWERED) {
        read_policy(look, fetch);
        return;
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i].outcome == fetch->outcome)
            set_fault(look, faults[i].fault, fetch->error);
    for (size_t i = 0; i < sizeof(unknowns) / sizeof(*unknowns); i++)
        if (unknowns[i].outcome == fetch->outcome) {
            set_unknown(look, unknowns[i].reason);
            look->out->detail = fetch->error;
        }
}

void sts_look(struct region *region, struct sts_look *out, const struct service *service, const char *domain,
              const struct prefix *allow, size_t allow_count, const struct view *view)
{
    struct looking look = { region, out, service, domain, allow, allow_count, view };
    const struct policy_fetch *fetch;
    struct policy_host host;

    *out = (struct sts_look){ .found = STS_LOOK_NONE };
    if (!find_record(&look) || !find_host(&look, &host))
        return;
    fetch = view_fetch(view, domain, host.allowed, host.allowed_count);
    if (fetch != NULL)
        read_fetch(&look, fetch);
    else if (view->wants != NULL)
        out->found = STS_LOOK_WANTED;
    else
        set_unknown(&look, "not-observed");
}

/* The policy */

/* In the words of a table entry, as releases from 3.10 on read it. */
static void write_entry(struct region *region, struct policy *policy, const char *domain)
{
    static const struct policy_attribute fixed[ATTRIBUTES] = {
        { "match", "hostname" }, { "servername", "hostname" }, { "policy_type", "sts" }
    };
    const struct text_list *patterns = &policy->sts.mx_patterns;
    struct buf value;

    policy->attributes = region_array(region, ATTRIBUTES + patterns->count, sizeof(*policy->attributes));
    memcpy(policy->attributes, fixed, sizeof(fixed));
    policy->attribute_count = ATTRIBUTES;
    for (size_t i = 0; i < patterns->count; i++)
        policy->attributes[policy->attribute_count++] = (struct policy_attribute){ "mx_host_pattern", patterns->items[i] };
    buf_init(&value, 2 * POLICY_BODY_MAX * sizeof(" mx_host_pattern="));
    buf_add_text(&value, level_word(policy->level));
    for (size_t i = 0; i < policy->attribute_count; i++)
        buf_printf(&value, " %s=%s", policy->attributes[i].name, policy->attributes[i].value);
    policy->answer = (struct table_answer){ .status = TABLE_FOUND, .value = region_text(region, buf_text(&value)),
                                            .table = policy->source, .key = domain };
    buf_clear(&value);
}

static void enforce(struct region *region, struct policy *policy, const struct sts_policy *sts, const char *domain)
{
    static const char *item = "hostname";
    static const struct text_list hostname_only = { &item, 1 };

    policy->level = LEVEL_SECURE;
    policy->from_table = true;
    policy->match = &hostname_only;
    policy->servername = "hostname";
    policy->sts = (struct policy_sts){ .type_sts = true, .has_type = true, .domain = domain, .mx_patterns = sts->mx,
                                       .enforced = true };
    write_entry(region, policy, domain);
}

static bool is_in_force(const struct sts_look *look, bool as_enforced)
{
    return look->found == STS_LOOK_POLICY &&
           (look->policy.mode == STS_MODE_ENFORCE || (look->policy.mode == STS_MODE_TESTING && as_enforced));
}

bool sts_follow(struct region *region, struct policy *policy, const struct sts_look *look, const char *domain,
                bool as_enforced, const struct view *view)
{
    bool unknown = look->found == STS_LOOK_UNKNOWN && !look->lookup_failed;

    policy_init(policy);
    policy->source = region_printf(region, POLICY_SOURCE, domain);
    if (is_in_force(look, as_enforced)) {
        enforce(region, policy, &look->policy, domain);
        return true;
    }
    policy->level = LEVEL_INVALID;
    policy->trouble = look->found == STS_LOOK_WANTED && view->wants != NULL ? POLICY_WANTS : POLICY_UNREADABLE;
    policy->unknown = unknown ? look->unknown : "not-observed";
    policy->error = "the MTA-STS policy of the domain could not be observed";
    return unknown || look->found == STS_LOOK_WANTED;
}
