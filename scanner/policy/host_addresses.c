/* The addresses of one host name: smtp_addr_one() of Postfix over facts instead of a resolver. */
#include "scanner/policy/mail_hosts_impl.h"

#include <string.h>

void mail_hosts_note(struct search *s, const char *code, const char *name)
{
    struct mail_hosts *out = s->out;

    if (out->note_count == s->note_room) {
        size_t room = s->note_room == 0 ? 8 : 2 * s->note_room;
        const char **notes = region_array(s->region, room, sizeof(*notes));

        if (out->note_count > 0)
            memcpy(notes, out->notes, out->note_count * sizeof(*notes));
        out->notes = notes;
        s->note_room = room;
    }
    out->notes[out->note_count++] = region_printf(s->region, "%s %s", code, name);
}

/* "why": the delivery status buffer */

static bool is_soft(const struct why *why)
{
    return why->dsn != NULL && why->dsn[0] == '4';
}

void mail_hosts_set_why(struct search *s, const char *dsn, const char *reason, const char *text)
{
    s->out->why = (struct why){ dsn, text, reason };
}

/* the list */

static struct mail_host *add_host(struct search *s, const struct target *target)
{
    struct mail_hosts *out = s->out;
    struct mail_host *host;

    if (out->count == s->room) {
        size_t room = s->room == 0 ? 8 : 2 * s->room;
        struct mail_host *hosts = region_array(s->region, room, sizeof(*hosts));

        if (out->count > 0)
            memcpy(hosts, out->hosts, out->count * sizeof(*hosts));
        out->hosts = hosts;
        s->room = room;
    }
    host = &out->hosts[out->count++];
    *host = (struct mail_host){
        .host = target->host, .ascii = target->host, .preference = target->preference, .port = target->port
    };
    return host;
}

bool mail_hosts_allow(const struct address *address, const struct prefix *allow, size_t allow_count)
{
    if (address_special_range(address) == NULL)
        return true;
    for (size_t i = 0; i < allow_count; i++)
        if (prefix_has(&allow[i], address))
            return true;
    return false;
}

static bool family_enabled(const struct search *s, const struct address *address)
{
    return address->family == FAMILY_IPV4 ? s->ipv4 : s->ipv6;
}

/* NULL when the list is full. */
static struct mail_host *add_address(struct search *s, const struct target *target, const struct address *address)
{
    struct mail_host *host;

    if (s->address_count == s->address_limit) {
        if (!s->full)
            mail_hosts_note(s, "records-cut", target->host);
        s->full = true;
        return NULL;
    }
    s->address_count++;
    host = add_host(s, target);
    host->address = *address;
    host->has_address = true;
    host->not_allowed = !mail_hosts_allow(address, s->allow, s->allow_count);
    return host;
}

void host_addresses_add_failed(struct search *s, const struct target *target, struct why why, const char *unknown)
{
    struct mail_host *host = add_host(s, target);

    host->why = why;
    host->unknown = unknown;
}

/* addresses of one name */

/* dsn of a failed lookup: when nothing is recorded yet, and when a soft error is. */
static const struct failure {
    enum lookup status;
    const char *dsn, *after_soft;
} failures[] = {
    { LOOKUP_POLICY, "4.7.0", "4.7.0" },  { LOOKUP_RETRY, "4.4.3", "4.4.3" },     { LOOKUP_FAIL, "5.4.3", "4.4.3" },
    { LOOKUP_INVALID, "5.4.4", "4.4.4" }, { LOOKUP_NOT_FOUND, "5.4.4", "4.4.4" },
};

static const struct failure *failure_of(enum lookup status)
{
    static const struct failure other = { LOOKUP_RETRY, "4.4.3", "4.4.3" };

    for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
        if (failures[i].status == status)
            return &failures[i];
    return &other;
}

/* Both questions about a name, as dns_lookup_v() joins their results. */
struct both {
    struct lookup_result results[2];
    size_t count;
    enum lookup status;
    const char *text; /* what the lookups left in why's text; NULL: untouched */
    const char *unknown_reason, *unknown_text;
    bool unknown; /* one of the two could not be observed */
    bool wanted, no_such_name;
};

static void ask_addresses(struct search *s, const struct target *target, struct both *both)
{
    *both = (struct both){ .status = LOOKUP_NOT_FOUND, .no_such_name = true };
    if (s->ipv4)
        both->results[both->count++] =
            dns_interpret(s->region, s->view, s->service, target->host, DNS_A, target->dnssec);
    if (s->ipv6)
        both->results[both->count++] =
            dns_interpret(s->region, s->view, s->service, target->host, DNS_AAAA, target->dnssec);
    for (size_t i = 0; i < both->count; i++) {
        const struct lookup_result *result = &both->results[i];

        both->wanted |= result->status == LOOKUP_WANTED;
        both->no_such_name &= result->no_such_name;
        if (result->unknown_reason != NULL)
            both->unknown_reason = result->unknown_reason;
        if (result->status == LOOKUP_UNKNOWN) {
            both->unknown = true;
            both->unknown_text = result->text;
            continue;
        }
        if (result->text != NULL && (both->text == NULL || result->status >= both->status))
            both->text = result->text;
        if (i == 0 || result->status > both->status)
            both->status = result->status;
    }
}

static void list_records(struct search *s, const struct target *target, const struct both *both)
{
    bool by_rname = params_bool(s->service->params, "smtp_cname_overrides_servername");

    for (size_t i = 0; i < both->count; i++) {
        const struct lookup_result *result = &both->results[i];

        if (result->status != LOOKUP_OK)
            continue;
        if (result->cut)
            mail_hosts_note(s, "records-cut", target->host);
        for (size_t j = 0; j < result->count; j++) {
            struct mail_host *host = add_address(s, target, &result->records[j]->address);

            if (host == NULL)
                return;
            host->secure = result->secure;
            host->ad = result->ad;
            host->qname = target->host;
            host->rname = result->rname;
            if (by_rname)
                host->host = host->ascii = result->rname;
        }
    }
}

static const char *not_found_reason(const struct target *target, const struct both *both)
{
    return !target->in_mx_set && both->no_such_name ? "no-such-domain" : "no-address";
}

/* By DNS. True: the native service may be asked as well. */
static bool resolve_dns(struct search *s, const struct target *target)
{
    const struct failure *failure;
    struct both both;
    const char *reason;

    ask_addresses(s, target, &both);
    if (both.wanted) {
        s->out->wanted = true;
        return false;
    }
    if (both.text != NULL)
        s->out->why.text = both.text;
    list_records(s, target, &both);
    if (both.status == LOOKUP_OK || both.unknown) {
        if (both.unknown_reason != NULL)
            host_addresses_add_failed(s, target, (struct why){ NULL, both.unknown_text, NULL }, both.unknown_reason);
        return false;
    }
    reason = both.status == LOOKUP_NOT_FOUND ? not_found_reason(target, &both) : "dns-lookup-failed";
    failure = failure_of(both.status);
    if (both.status != LOOKUP_NOT_FOUND || !s->use_native)
        host_addresses_add_failed(s, target, (struct why){ failure->dsn, both.text, reason }, both.unknown_reason);
    mail_hosts_set_why(s, is_soft(&s->out->why) ? failure->after_soft : failure->dsn, reason, s->out->why.text);
    return both.status == LOOKUP_NOT_FOUND && s->use_native;
}

/* What getaddrinfo() would say. */
static const struct native_failure {
    enum { NATIVE_NO_NAME, NATIVE_AGAIN, NATIVE_FAIL, NATIVE_NO_DATA } kind;
    const char *dsn, *after_soft, *words, *reason;
} native_failures[] = {
    { NATIVE_NO_NAME, "5.4.4", "4.4.4", "Name or service not known", "no-address" },
    { NATIVE_AGAIN, "4.4.4", "4.4.4", "Temporary failure in name resolution", "dns-lookup-failed" },
    { NATIVE_FAIL, "5.3.0", "4.3.0", "Non-recoverable failure in name resolution", "dns-lookup-failed" },
    /* The C library tells this one from an unknown name only to who asks for its extensions, and Postfix does not. */
    { NATIVE_NO_DATA, "5.3.0", "4.3.0", "No address associated with hostname", "no-address" },
};

static const struct native_failure *native_failure_of(const struct dns_fact *fact)
{
    if (fact->outcome != DNS_ANSWERED || fact->unparsable || fact->rcode == RCODE_SERVFAIL)
        return &native_failures[NATIVE_AGAIN];
    if (fact->rcode != RCODE_NOERROR && fact->rcode != RCODE_NXDOMAIN)
        return &native_failures[NATIVE_FAIL];
    if (fact->rcode == RCODE_NXDOMAIN)
        return &native_failures[NATIVE_NO_NAME];
    return fact->count == 0 ? &native_failures[NATIVE_NO_DATA] : NULL;
}

static void native_failed(struct search *s, const struct target *target, const struct native_failure *failure,
                          const char *text, const char *unknown)
{
    host_addresses_add_failed(s, target, (struct why){ failure->dsn, text, failure->reason }, unknown);
    mail_hosts_set_why(s, is_soft(&s->out->why) ? failure->after_soft : failure->dsn, failure->reason, text);
}

static const char *native_unknown(const struct dns_fact *fact)
{
    if (fact == NULL)
        return "not-observed";
    switch (fact->outcome) {
    case DNS_EXCLUDED:
        return "excluded";
    case DNS_CRASHED:
        return "probe-crashed";
    case DNS_CUT_SHORT:
        return "probe-cut-short";
    case DNS_ANSWERED:
    case DNS_TIMEOUT:
    case DNS_NO_RESOLVER:
        break;
    }
    return NULL;
}

static void resolve_native(struct search *s, const struct target *target)
{
    const struct dns_fact *fact = view_dns(s->view, target->host, DNS_NATIVE);
    const struct native_failure *failure;
    size_t found = 0;

    if (fact == NULL && s->view->wants != NULL) {
        s->out->wanted = true;
        return;
    }
    if (native_unknown(fact) != NULL) {
        host_addresses_add_failed(s, target,
                                  (struct why){ NULL, excluded_text(s->region, fact), NULL },
                                  native_unknown(fact));
        return;
    }
    failure = native_failure_of(fact);
    if (failure != NULL) {
        native_failed(s, target, failure,
                      region_printf(s->region, "unable to look up host %s: %s", target->host, failure->words),
                      fact->outcome == DNS_NO_RESOLVER ? "resolver-unavailable" : NULL);
        return;
    }
    for (size_t i = 0; i < fact->count && !s->full; i++) {
        const struct dns_record *record = &fact->records[i];
        struct mail_host *host;

        if ((record->type != DNS_A && record->type != DNS_AAAA) || record->malformed ||
            !family_enabled(s, &record->address))
            continue;
        found++;
        host = add_address(s, target, &record->address);
        if (host != NULL)
            host->qname = host->rname = target->host;
    }
    if (found == 0)
        native_failed(s, target, &native_failures[NATIVE_NO_NAME],
                      region_printf(s->region, "%s: host not found", target->host), NULL);
}

void host_addresses_add(struct search *s, const struct target *target)
{
    struct address address;

    if (address_parse(&address, slice_of(target->host)) && family_enabled(s, &address)) {
        struct mail_host *host = add_address(s, target, &address);

        if (host != NULL && target->literal_allowed)
            host->not_allowed = false;
        return;
    }
    if (s->use_dns && !resolve_dns(s, target))
        return;
    if (s->use_native)
        resolve_native(s, target);
}
