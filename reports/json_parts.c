/* Run, configuration, summary, findings: the top of the JSON report. */
#include "reports/json_parts.h"

#include <openssl/crypto.h>
#include <string.h>

#include "config.h"
#include "reports/escape.h"
#include "reports/pins.h"
#include "reports/saved.h"
#include "reports/story.h"
#include "scanner/base/mem.h"
#include "scanner/base/utc.h"

#define LINE_MAX_BYTES ((size_t)256 << 20) /* one value; a destination of 4096 addresses stays far below */

bool sink_json(const struct sink *sink, const struct json *json)
{
    struct buf text, safe;
    bool       good;

    buf_init(&text, LINE_MAX_BYTES);
    buf_init(&safe, 2 * LINE_MAX_BYTES);
    good = json_write(json, 0, &text);
    escape_json(buf_slice(&text), &safe);
    good = good && !safe.overflow && sink_write(sink, buf_slice(&safe));
    buf_clear(&text);
    buf_clear(&safe);
    return good;
}

struct json *json_of_time(int64_t when)
{
    char text[UTC_TEXT_MAX];

    utc_to_text(when, text);
    return json_text(text);
}

struct json *json_of_generator(const struct report *report)
{
    struct json *json;

    if (report->saved != NULL)
        return json_keep(report->saved->generator);
    json = json_object();
    json_put(json, "name", json_text(PACKAGE_NAME));
    json_put(json, "version", json_text(PACKAGE_VERSION));
    json_put(json, "openssl", json_text(OpenSSL_version(OPENSSL_VERSION_STRING)));
    return json;
}

static struct json *json_of_saving(size_t asked, size_t needed)
{
    struct json *json = json_object();

    json_put(json, "asked", json_integer((int64_t)asked));
    json_put(json, "needed", json_integer((int64_t)needed));
    return json;
}

static struct json *json_of_sharing(const struct report_sharing *sharing)
{
    struct json *json = json_object();

    json_put(json, "questions", json_of_saving(sharing->questions_asked, sharing->questions_needed));
    json_put(json, "conversations", json_of_saving(sharing->conversations_asked, sharing->conversations_needed));
    if (sharing->policies_asked + sharing->policies_needed > 0)
        json_put(json, "policies", json_of_saving(sharing->policies_asked, sharing->policies_needed));
    return json;
}

struct json *json_of_run(const struct report *report, bool still_running)
{
    struct json *json, *confinement;
    size_t       i;

    if (report->saved != NULL)
        return json_keep(report->saved->run);
    json = json_object();
    confinement = json_array();
    for (i = 0; i < report->confinement.count; i++)
        json_push(confinement, json_text(report->confinement.items[i]));
    json_put(json, "started", json_of_time(report->started));
    json_put(json, "finished", still_running ? json_null() : json_of_time(report->finished));
    json_put(json, "evaluated_at", json_of_time(report->evaluated_at));
    json_put(json, "complete", still_running ? json_null() : json_bool(report->complete));
    json_put(json, "cut_short_by", json_text(still_running ? NULL : report->cut_short_by));
    json_put(json, "journal", json_text(still_running ? NULL : report->journal));
    json_put(json, "resolver", json_text(report->resolver));
    json_put(json, "confinement", confinement);
    json_put(json, "sharing", json_of_sharing(&report->sharing));
    return json;
}

/* Parameters without a telling prefix that routing or the TLS client read. */
static const char *const routing_parameters[] = {
    "append_dot_mydomain", "compatibility_level", "default_database_type", "default_transport",
    "empty_address_default_transport_maps_lookup_key", "empty_address_relayhost_maps_lookup_key",
    "ignore_mx_lookup_error", "inet_interfaces", "inet_protocols", "known_tcp_ports", "line_length_limit",
    "local_transport", "mydestination", "mydomain", "myhostname", "myorigin", "parent_domain_matches_subdomains",
    "proxy_interfaces", "relay_domains", "relay_transport", "relayhost", "sender_dependent_default_transport_maps",
    "sender_dependent_relayhost_maps", "smtputf8_enable", "soft_bounce", "transport_maps", "virtual_alias_domains",
    "virtual_alias_maps", "virtual_mailbox_domains", "virtual_mailbox_maps", "virtual_transport", NULL
};

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Whether the report shows it. What holds a password, or could (static: and inline: tables), is never shown. */
static bool is_shown(const char *name)
{
    size_t i;

    if (strstr(name, "password") != NULL)
        return false;
    if (has_prefix(name, "smtp_") || has_prefix(name, "lmtp_") || has_prefix(name, "tls_"))
        return true;
    for (i = 0; routing_parameters[i] != NULL; i++)
        if (strcmp(name, routing_parameters[i]) == 0)
            return true;
    return false;
}

static struct json *json_of_parameters(const struct config *config)
{
    const struct main_cf_entry *entry;
    struct region              *region = region_new();
    struct json                *json = json_object();
    const struct params        *params =
        params_new(region, config->main_cf, NULL, PROGRAM_SMTP, config->version, config->dir);

    for (entry = main_cf_entries(config->main_cf); entry != NULL; entry = entry->next)
        if (is_shown(entry->name) && entry == main_cf_find(config->main_cf, entry->name))
            json_put(json, entry->name, json_text(params_text(params, entry->name)));
    region_free(region);
    return json;
}

/* Tables, each once for each role. */
struct table_roles {
    struct json *json;
    struct dict *seen;
};

static void add_tables(struct table_roles *roles, const struct table_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        const char  *name = table_name(list->tables[i]);
        struct json *json;
        struct buf   key;

        buf_init(&key, (size_t)1 << 20);
        buf_printf(&key, "%s %s", list->parameter, name);
        if (dict_put(roles->seen, buf_slice(&key), roles)) {
            json = json_object();
            json_put(json, "name", json_text(name));
            json_put(json, "role", json_text(list->parameter));
            json_push(roles->json, json);
        }
        buf_clear(&key);
    }
}

static struct json *json_of_tables(const struct config *config)
{
    struct table_roles    roles = { json_array(), dict_new() };
    const struct service *service;

    for (service = config->services; service != NULL; service = service->next) {
        if (!service->is_client)
            continue;
        add_tables(&roles, &service->policy_maps);
        add_tables(&roles, &service->per_site);
        add_tables(&roles, &service->discard_ehlo_maps);
        add_tables(&roles, &service->dns_reply_filter);
    }
    add_tables(&roles, &config->transport_maps);
    add_tables(&roles, &config->sender_relayhost_maps);
    add_tables(&roles, &config->sender_transport_maps);
    add_tables(&roles, &config->virtual_alias_domains);
    add_tables(&roles, &config->virtual_mailbox_domains);
    add_tables(&roles, &config->relay_domains);
    add_tables(&roles, &config->mydestination);
    dict_free(roles.seen);
    return roles.json;
}

struct json *json_of_configuration(const struct report *report)
{
    struct json *json;
    char         version[VERSION_TEXT_MAX];

    if (report->saved != NULL)
        return json_keep(report->saved->configuration);
    json = json_object();
    version_to_text(report->config->version, version);
    json_put(json, "config_dir", json_text(report->config->dir));
    json_put(json, "postfix_version", json_text(version));
    json_put(json, "parameters", json_of_parameters(report->config));
    json_put(json, "tables", json_of_tables(report->config));
    json_put(json, "fingerprint_digest", json_text(pin_digest(report->config)));
    return json;
}

struct json *json_of_summary(const struct report *report)
{
    struct json *json = json_object();
    int          verdict;

    json_put(json, "destinations", json_integer((int64_t)report->counts.destinations));
    for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
        json_put(json, verdict_word((enum verdict)verdict),
                 json_integer((int64_t)report->counts.by_verdict[verdict]));
    return json;
}

struct json *json_of_findings(const struct findings *findings)
{
    struct json          *json = json_array();
    const struct finding *finding;

    for (finding = findings->first; finding != NULL; finding = finding->next) {
        struct json *one = json_object();

        json_put(one, "code", json_text(finding->code));
        json_put(one, "severity", json_text(severity_word(finding->severity)));
        json_put(one, "host", json_text(finding->host));
        json_put(one, "file", json_text(finding->file));
        json_put(one, "line", finding->line > 0 ? json_integer(finding->line) : json_null());
        json_put(one, "text", json_text(finding->text));
        json_put(one, "result_type", json_text(finding_rfc8460(finding)));
        if (finding->paste != NULL)
            json_put(one, "paste", json_text(finding->paste));
        json_push(json, one);
    }
    return json;
}

struct json *json_of_proposed(const struct report *report)
{
    struct json *json = json_of_configuration(report->proposed);

    if (report->saved != NULL)
        return json;
    json_put(json, "summary", json_of_summary(report->proposed));
    json_put(json, "findings", json_of_findings(&report->proposed->findings));
    return json;
}
