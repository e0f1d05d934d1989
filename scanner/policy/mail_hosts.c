/* The address list of one next-hop: smtp_addr.c of Postfix over facts instead of a resolver. */
#include "scanner/policy/mail_hosts_impl.h"

#include <stdlib.h>
#include <strings.h>

#include "scanner/policy/level.h"
#include "scanner/policy/words.h"

#define SMTP_PORT 25
/* The fixed limit of addresses in a list, in releases that have it. */
#define ADDRESSES_LISTED 100

static const struct version limits_addresses[] = { { 3, 5, 25 }, { 3, 6, 15 }, { 3, 7, 11 },
                                                   { 3, 8, 6 },  { 3, 9, 0 },  { 0, 0, 0 } };

static enum dns_support dns_support_of(const struct params *params)
{
    struct slice value = slice_of(params_text(params, "smtp_dns_support_level"));

    if (value.n == 0)
        return params_bool(params, "disable_dns_lookups") ? SUPPORT_DISABLED : SUPPORT_ENABLED;
    if (slice_eq_text_nocase(value, "disabled"))
        return SUPPORT_DISABLED;
    return slice_eq_text_nocase(value, "dnssec") ? SUPPORT_DNSSEC : SUPPORT_ENABLED;
}

static bool is_own(const struct search *s, const struct mail_host *host)
{
    for (size_t i = 0; host->has_address && i < s->config->own_address_count; i++)
        if (address_eq(&s->config->own_addresses[i], &host->address))
            return true;
    return false;
}

static const struct mail_host *find_self(const struct search *s)
{
    for (size_t i = 0; s->detect_loops && i < s->out->count; i++)
        if (is_own(s, &s->out->hosts[i]))
            return &s->out->hosts[i];
    return NULL;
}

static void forget_hosts(struct search *s)
{
    s->out->count = 0;
    s->address_count = 0;
    s->full = false;
}

static void keep_better_than(struct search *s, unsigned preference)
{
    size_t kept = 0;

    s->address_count = 0;
    for (size_t i = 0; i < s->out->count; i++)
        if (s->out->hosts[i].preference < preference) {
            s->out->hosts[kept++] = s->out->hosts[i];
            s->address_count += s->out->hosts[kept - 1].has_address ? 1 : 0;
        }
    s->out->count = kept;
}

static const char *unknown_of_hosts(const struct search *s)
{
    for (size_t i = 0; i < s->out->count; i++)
        if (s->out->hosts[i].unknown != NULL)
            return s->out->hosts[i].unknown;
    return NULL;
}

static void loop_found(struct search *s, const char *name)
{
    s->out->loops = true;
    mail_hosts_set_why(s, "5.4.6", "loops-back", region_printf(s->region, "mail for %s loops back to myself", name));
}

/* smtp_host_addr(): a literal, a domain without MX, LMTP. */
static void find_host(struct search *s, const char *host, const char *name)
{
    struct target target = {
        .host = host, .port = s->nexthop->port, .literal_allowed = true, .dnssec = s->support == SUPPORT_DNSSEC
    };

    s->out->why = (struct why){ NULL, NULL, NULL };
    forget_hosts(s);
    host_addresses_add(s, &target);
    if (s->out->wanted)
        return;
    if (find_self(s) != NULL) {
        forget_hosts(s);
        loop_found(s, name);
    } else if (s->address_count == 0) {
        s->out->unknown = unknown_of_hosts(s);
    }
}

static int compare_records(const void *a, const void *b)
{
    const struct dns_record *x = *(const struct dns_record *const *)a, *y = *(const struct dns_record *const *)b;

    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    return strcasecmp(x->target, y->target);
}

static void list_exchangers(struct search *s, const struct lookup_result *result)
{
    struct mail_hosts *out = s->out;

    qsort(result->records, result->count, sizeof(*result->records), compare_records);
    out->mx_records = region_array(s->region, result->count, sizeof(*out->mx_records));
    out->mx_record_count = result->count;
    for (size_t i = 0; i < result->count; i++) {
        struct address address;

        out->mx_records[i].preference = result->records[i]->preference;
        out->mx_records[i].host = result->records[i]->target;
        if (address_parse(&address, slice_of(result->records[i]->target)))
            mail_hosts_note(s, "mx-target-is-address", result->records[i]->target);
    }
}

static bool insecure_mx_may_use_dane(const struct search *s)
{
    struct slice policy = slice_of(params_text(s->service->params, "smtp_tls_dane_insecure_mx_policy"));
    enum level level;

    return s->support == SUPPORT_DNSSEC && params_program(s->service->params) == PROGRAM_SMTP &&
           level_parse(policy, &level) && level > LEVEL_MAY;
}

/* Once addresses are there: are we among them? */
static void cut_at_self(struct search *s, const char *name)
{
    const struct mail_host *self = find_self(s);
    bool best_resolved = false;

    if (self == NULL)
        return;
    for (size_t i = 0; i < s->out->count; i++)
        best_resolved |=
            s->out->hosts[i].has_address && s->out->hosts[i].preference == s->out->mx_records[0].preference;
    keep_better_than(s, self->preference);
    s->out->backup_for_self = true;
    if (s->address_count > 0)
        return;
    forget_hosts(s);
    if (best_resolved)
        loop_found(s, name);
    else
        mail_hosts_set_why(s, "4.4.4", "dns-lookup-failed",
                           region_printf(s->region, "unable to find primary relay for %s", name));
}

/* smtp_addr_list() and what follows it. may_defer: smtp_defer_if_no_mx_address_found applies. */
static void resolve_exchangers(struct search *s, const struct lookup_result *result, const char *name, bool may_defer)
{
    struct mail_hosts *out = s->out;
    bool dnssec = result->secure || insecure_mx_may_use_dane(s);

    forget_hosts(s);
    list_exchangers(s, result);
    out->used_mx = true;
    out->mx_secure = result->secure;
    for (size_t i = 0; i < result->count && !s->full; i++) {
        const struct dns_record *record = result->records[i];
        struct target target = { .host = record->target,
                                 .preference = record->preference,
                                 .in_mx_set = true,
                                 .port = record->type == DNS_SRV ? record->port : s->nexthop->port,
                                 .dnssec = dnssec };

        host_addresses_add(s, &target);
    }
    if (out->wanted)
        return;
    if (s->address_count > 0) {
        cut_at_self(s, name);
        return;
    }
    out->unknown = unknown_of_hosts(s);
    if (may_defer && out->why.dsn != NULL && out->why.dsn[0] == '5' &&
        params_bool(s->service->params, "smtp_defer_if_no_mx_address_found"))
        out->why.dsn = region_printf(s->region, "4%s", out->why.dsn + 1);
}

/* What a failed MX or SRV lookup is recorded as. */
static const struct exchanger_failure {
    enum lookup status;
    const char *dsn, *reason;
    bool ignorable; /* ignore_mx_lookup_error, ignore_srv_lookup_error */
} exchanger_failures[] = {
    { LOOKUP_INVALID, "5.4.4", "dns-lookup-failed", true }, { LOOKUP_NULL_MX, "5.1.0", "null-mx", false },
    { LOOKUP_NULL_SRV, "5.1.0", "null-mx", false },         { LOOKUP_POLICY, "4.7.0", "dns-lookup-failed", false },
    { LOOKUP_FAIL, "5.4.3", "dns-lookup-failed", true },    { LOOKUP_NOT_FOUND, "5.4.4", "no-address", false },
    { LOOKUP_RETRY, "4.4.3", "dns-lookup-failed", true },
};

static const struct exchanger_failure *exchanger_failure_of(enum lookup status)
{
    size_t last = sizeof(exchanger_failures) / sizeof(*exchanger_failures) - 1;

    for (size_t i = 0; i < last; i++)
        if (exchanger_failures[i].status == status)
            return &exchanger_failures[i];
    return &exchanger_failures[last];
}

static const char *dnssec_word(const struct lookup_result *result)
{
    if (result->bogus)
        return "bogus";
    if (result->status == LOOKUP_UNKNOWN || result->status == LOOKUP_RETRY || result->status == LOOKUP_FAIL)
        return "indeterminate";
    return result->ad ? "secure" : "insecure";
}

/* Targets that no mail host can have are told, whether others are left or not. */
static void note_oddities(struct search *s, const char *name, const struct lookup_result *result)
{
    if (result->cut)
        mail_hosts_note(s, "records-cut", name);
    for (size_t i = 0; i < result->unusable_count; i++) {
        const char *target = result->unusable[i]->target;

        mail_hosts_note(s, "mx-target-invalid", target != NULL && target[0] != '\0' ? target : name);
    }
}

/* Asks for the MX or SRV records of name. False: the list is settled as not known (yet). */
static bool ask_exchangers(struct search *s, const char *name, enum dns_type type, struct lookup_result *result)
{
    struct mail_hosts *out = s->out;

    *result = dns_interpret(s->region, s->view, s->service, name, type, s->support == SUPPORT_DNSSEC);
    out->mx_status = result->status;
    out->wanted |= result->status == LOOKUP_WANTED;
    if (result->status == LOOKUP_WANTED)
        return false;
    out->mx_dnssec = dnssec_word(result);
    out->unknown = result->unknown_reason;
    if (result->status == LOOKUP_UNKNOWN) {
        out->unknown_text = result->text;
        return false;
    }
    note_oddities(s, name, result);
    if (result->status == LOOKUP_OK) {
        out->mx_qname = name;
        out->mx_rname = result->rname;
    }
    return true;
}

/* smtp_domain_addr() */
static void find_mx(struct search *s)
{
    const char *domain = s->nexthop->ascii;
    const struct exchanger_failure *failure;
    struct lookup_result result;

    s->out->why = (struct why){ NULL, NULL, NULL };
    forget_hosts(s);
    if (!ask_exchangers(s, domain, DNS_MX, &result))
        return;
    if (result.status == LOOKUP_OK) {
        resolve_exchangers(s, &result, s->nexthop->host, true);
        return;
    }
    failure = exchanger_failure_of(result.status);
    if (result.status == LOOKUP_NOT_FOUND ||
        (failure->ignorable && params_bool(s->service->params, "ignore_mx_lookup_error"))) {
        s->out->unknown = NULL;
        find_host(s, domain, domain);
        return;
    }
    mail_hosts_set_why(s, failure->dsn, failure->reason, result.text);
}

/* smtp_service_addr() */
static void find_srv(struct search *s, bool mx_is_next)
{
    const char *name = region_printf(s->region, "_%s._tcp.%s", s->nexthop->service, s->nexthop->ascii);
    const struct params *params = s->service->params;
    bool fall_back = params_bool(params, "allow_srv_lookup_fallback");
    struct lookup_result result;

    if (!ask_exchangers(s, name, DNS_SRV, &result))
        return;
    if (result.status == LOOKUP_OK) {
        resolve_exchangers(s, &result, name, false);
    } else {
        const struct exchanger_failure *failure = exchanger_failure_of(result.status);

        mail_hosts_set_why(s, failure->dsn, failure->reason, result.text);
        fall_back |= failure->ignorable && params_bool(params, "ignore_srv_lookup_error");
    }
    if (s->out->wanted || s->address_count > 0 || !fall_back || (s->out->unknown != NULL && s->out->why.dsn == NULL))
        return;
    s->out->unknown = NULL;
    s->out->loops = s->out->backup_for_self = false;
    if (mx_is_next)
        find_mx(s);
    else
        find_host(s, s->nexthop->ascii, s->nexthop->host);
}

/* use_srv_lookup (from 3.8) is a match list: the first element that names the service decides, "!" turns it round. */
static bool srv_listed(const struct params *params, const char *service)
{
    struct slice rest = slice_of(params_text(params, "use_srv_lookup")), token;

    if (!version_at_least(params_version(params), 3, 8, 0))
        return false;
    while (slice_next_token(&rest, ", \t\r\n", &token)) {
        bool match = true;

        for (; token.n > 0 && token.p[0] == '!'; token = slice_from_index(token, 1))
            match = !match;
        if (slice_eq_text_nocase(token, service))
            return match;
    }
    return false;
}

static int compare_hosts(const void *a, const void *b)
{
    const struct mail_host *x = a, *y = b;
    int order;

    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    order = strcasecmp(x->host, y->host);
    if (order == 0 && x->has_address != y->has_address)
        order = x->has_address ? -1 : 1;
    if (order == 0 && x->has_address)
        order = address_compare(&x->address, &y->address);
    return order;
}

/* A socket in the file system cannot be probed. */
static void find_socket(struct search *s)
{
    struct target target = { .host = params_text(s->service->params, "myhostname") };

    host_addresses_add_failed(s, &target, (struct why){ NULL, NULL, NULL }, "local-fault");
    s->out->unknown = "local-fault";
}

bool mail_hosts_use_native(const struct params *params)
{
    return dns_support_of(params) == SUPPORT_DISABLED || words_have(params, "smtp_host_lookup", "native");
}

static void set_up(struct search *s)
{
    const struct params *params = s->service->params;
    bool all = words_have(params, "inet_protocols", "all");

    s->support = dns_support_of(params);
    s->ipv4 = all || words_have(params, "inet_protocols", "ipv4");
    s->ipv6 = all || words_have(params, "inet_protocols", "ipv6");
    s->use_dns = s->support != SUPPORT_DISABLED && words_have(params, "smtp_host_lookup", "dns");
    s->use_native = mail_hosts_use_native(params);
    s->detect_loops = params_program(params) == PROGRAM_SMTP && s->nexthop->port == SMTP_PORT;
    s->address_limit = version_has(params_version(params), limits_addresses) ? ADDRESSES_LISTED : MAIL_HOSTS_MAX;
}

void mail_hosts_find(struct region *region, struct mail_hosts *out, const struct config *config,
                     const struct service *service, const struct nexthop *nexthop, const struct prefix *allow,
                     size_t allow_count, const struct view *view)
{
    struct search s = { .region = region,
                        .config = config,
                        .service = service,
                        .nexthop = nexthop,
                        .allow = allow,
                        .allow_count = allow_count,
                        .view = view,
                        .out = out };
    bool no_exchangers, mx;

    *out = (struct mail_hosts){ .mx_status = LOOKUP_NOT_FOUND };
    set_up(&s);
    no_exchangers = nexthop->literal || s.support == SUPPORT_DISABLED;
    mx = !no_exchangers && params_program(service->params) == PROGRAM_SMTP;
    if (nexthop->is_unix)
        find_socket(&s);
    else if (!s.ipv4 && !s.ipv6)
        mail_hosts_set_why(&s, "4.4.4", "dns-lookup-failed", "all network protocols are disabled");
    else if (!no_exchangers && srv_listed(service->params, nexthop->service))
        find_srv(&s, mx);
    else if (mx)
        find_mx(&s);
    else
        find_host(&s, nexthop->ascii, nexthop->host);
    if (out->why.dsn == NULL)
        out->why = (struct why){ NULL, NULL, NULL };
    if (out->count > 1)
        qsort(out->hosts, out->count, sizeof(*out->hosts), compare_hosts);
}
