#include "scanner/destinations.h"

#include <string.h>

#include "scanner/base/address.h"
#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/utf8.h"
#include "scanner/files.h"
#include "scanner/policy/nexthop.h"

#define NEXTHOPS_MAX    100

struct collector {
    struct region       *region;
    const struct config *config;
    struct destinations *out;
    struct destination  *items;          /* in order */
    size_t               count, room;
    struct dict         *seen;           /* their texts */
    size_t               not_concrete;   /* patterns, parent keys */
    size_t               not_listed;     /* tables that cannot be listed */
};

static void push(struct collector *c, const struct destination *destination)
{
    if (!dict_put(c->seen, slice_of(destination->text), c))
        return;
    if (c->count == c->room) {
        c->room = c->room == 0 ? 64 : c->room + c->room / 2;
        c->items = mem_grow(c->items, c->room, sizeof(*c->items));
    }
    c->items[c->count++] = *destination;
}

static bool add(struct collector *c, struct slice text, struct error *err)
{
    struct destination destination;

    if (!destination_parse(c->region, &destination, text, c->config, err))
        return false;
    push(c, &destination);
    return true;
}

/* The destinations found so far, as an array of the region; frees the dictionary. */
static void collect(struct collector *c)
{
    dict_free(c->seen);
    c->out->count = c->count;
    c->out->items = mem_grow(c->items, c->count + 1, sizeof(*c->items));
    region_defer(c->region, mem_free, c->out->items);
}

/* A comment begins with a # that begins the line or follows white space: a mail address may have one inside. */
static struct slice without_comment(struct slice line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            return slice_head(line, i);
    return line;
}

static bool add_lines(struct collector *c, const char *path, struct slice rest, struct error *err)
{
    struct slice line;
    struct error why;
    int          number = 0;

    while (rest.n > 0) {
        line = slice_head(rest, slice_find(rest, '\n'));
        rest = slice_from_index(rest, line.n + 1);
        number++;
        line = slice_trim(without_comment(line));
        if (line.n == 0 || add(c, line, &why))
            continue;
        error_set_at(err, EXIT_USAGE_ERROR, path, number, "%s", why.text);
        error_fix(err, "%s", why.fix);
        return false;
    }
    return true;
}

static bool add_file(struct collector *c, const char *path, struct error *err)
{
    struct region *scratch = region_new();
    struct slice   text;
    bool           good = file_read(scratch, path, FILE_SIZE_MAX, &text, NULL, err);

    if (good && utf8_has_mark(text))
        text = slice_from_index(text, strlen(UTF8_MARK));
    good = good && add_lines(c, path, text, err);
    region_free(scratch);
    return good;
}

/* A next-hop that the configuration names, as a destination of its own: by the given transport. */
static void add_nexthops(struct collector *c, const char *transport, struct slice text)
{
    struct slice parts[NEXTHOPS_MAX];
    struct error ignored;
    size_t       i, n = nexthop_split(c->region, text, c->config->version, parts, NEXTHOPS_MAX);

    for (i = 0; i < n; i++)
        add(c, slice_of(region_printf(c->region, "%s:%.*s", transport, (int)parts[i].n, parts[i].p)), &ignored);
}

/* "transport:nexthop" or "transport" with an empty or missing next-hop names no destination. */
static void add_transport_value(struct collector *c, const char *value, const char *default_transport)
{
    struct slice text = slice_of(value);
    size_t       colon = slice_find(text, ':');
    struct slice transport = slice_trim(slice_head(text, colon));
    struct slice nexthop = slice_trim(slice_from_index(text, colon + 1));
    const char  *name = transport.n > 0 ? region_slice(c->region, transport) : default_transport;
    const struct service *service = config_service(c->config, name);

    if (nexthop.n > 0 && service != NULL && service->is_client)
        add_nexthops(c, name, nexthop);
}

static const char *transport_of(struct collector *c, const char *parameter)
{
    struct slice value = slice_of(params_text(c->config->rewrite, parameter));

    return region_slice(c->region, slice_trim(slice_head(value, slice_find(value, ':'))));
}

enum keys { KEYS_ARE_NEXTHOPS, KEYS_ARE_RECIPIENTS };

/* A bare IPv4 address is a next-hop here; as a destination it would be a mail domain. All else that is no domain reads as a
 * next-hop anyway: [host], host:port, an IPv6 address. */
static const char *nexthop_of_key(struct collector *c, const char *key)
{
    struct address address;

    if (!address_parse(&address, slice_of(key)) || address.family != FAMILY_IPV4)
        return key;
    return region_printf(c->region, "%s:%s", transport_of(c, "default_transport"), key);
}

static void add_key(struct collector *c, const struct table_entry *entry, enum keys keys)
{
    struct error ignored;
    const char  *key = keys == KEYS_ARE_NEXTHOPS ? nexthop_of_key(c, entry->key) : entry->key;

    if (key[0] == '.' || key[0] == '\0' || strcmp(key, "*") == 0 || (keys == KEYS_ARE_RECIPIENTS && key[0] == '@'))
        c->not_concrete++;
    else if (!add(c, slice_of(key), &ignored))
        c->not_concrete++;
}

static void add_tables(struct collector *c, const struct table_list *list, enum keys keys)
{
    struct region     *scratch = region_new();
    struct table_entry entry;
    size_t             i, k;

    for (i = 0; i < list->count; i++) {
        if (!table_can_list(list->tables[i]))
            c->not_listed++;
        for (k = 0; table_entry(list->tables[i], scratch, k, &entry); k++, region_empty(scratch)) {
            add_key(c, &entry, keys);
            if (keys == KEYS_ARE_RECIPIENTS)
                add_transport_value(c, entry.value, transport_of(c, "default_transport"));
        }
    }
    region_free(scratch);
}

/* Values of sender-dependent tables: relayhosts, or transport values. */
static void add_values(struct collector *c, const struct table_list *list, bool transports)
{
    struct region     *scratch = region_new();
    struct table_entry entry;
    size_t             i, k;

    for (i = 0; i < list->count; i++)
        for (k = 0; table_entry(list->tables[i], scratch, k, &entry); k++, region_empty(scratch)) {
            if (transports)
                add_transport_value(c, entry.value, transport_of(c, "default_transport"));
            else if (!slice_eq_text_nocase(slice_trim(slice_of(entry.value)), "DUNNO"))
                add_nexthops(c, transport_of(c, "default_transport"), slice_of(entry.value));
        }
    region_free(scratch);
}

static void add_configuration(struct collector *c)
{
    const struct service *service;
    const char           *transport = transport_of(c, "default_transport");

    for (service = c->config->services; service != NULL; service = service->next) {
        if (!service->is_client || service->start_error != NULL)
            continue;
        add_tables(c, &service->policy_maps, KEYS_ARE_NEXTHOPS);
        add_tables(c, &service->per_site, KEYS_ARE_NEXTHOPS);
        add_nexthops(c, service->name, slice_of(params_text(service->params, "smtp_fallback_relay")));
    }
    add_tables(c, &c->config->transport_maps, KEYS_ARE_RECIPIENTS);
    add_nexthops(c, transport, slice_of(params_text(c->config->rewrite, "relayhost")));
    add_transport_value(c, params_text(c->config->rewrite, "default_transport"), transport);
    add_values(c, &c->config->sender_relayhost_maps, false);
    add_values(c, &c->config->sender_transport_maps, true);
}

static bool collect_named(struct collector *c, const char *const *texts, size_t count, const char *file, struct error *err)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!add(c, slice_of(texts[i]), err))
            return false;
    return file == NULL || add_file(c, file, err);
}

/* What is no destination there, nobody asked for. */
static void add_mail(struct collector *c, struct maillog *mail)
{
    const char *const *texts;
    size_t             i, count = maillog_destinations(mail, c->region, &texts);
    struct error       ignored;

    for (i = 0; i < count; i++)
        add(c, slice_of(texts[i]), &ignored);
}

static struct collector collector_of(struct region *region, const struct config *config, struct destinations *out)
{
    memset(out, 0, sizeof(*out));
    return (struct collector){ .region = region, .config = config, .out = out, .seen = dict_new() };
}

bool destinations_collect(struct region *region, struct destinations *out, const struct config *config,
                          const struct options *options, struct maillog *mail, struct findings *findings,
                          struct error *err)
{
    struct collector c = collector_of(region, config, out);
    bool             good = true;

    out->from_configuration = options->file == NULL && options->arguments.count == 0 && mail == NULL;
    if (out->from_configuration)
        add_configuration(&c);
    else
        good = collect_named(&c, options->arguments.items, options->arguments.count, options->file, err);
    if (good && mail != NULL)
        add_mail(&c, mail);
    collect(&c);
    if (out->from_configuration && out->count == 0)
        findings_add(region, findings, finding_word(FINDING_KEYS_NOT_CONCRETE), SEVERITY_WARNING, NULL, NULL, 0,
                     "the tables of this configuration name no destination: name some as arguments or with --file");
    if (c.not_concrete + c.not_listed > 0)
        findings_add(region, findings, finding_word(FINDING_KEYS_NOT_CONCRETE), SEVERITY_NOTICE, NULL, NULL, 0,
                     "%zu table keys name no destination of their own and %zu tables cannot be listed: name destinations "
                     "to have them audited", c.not_concrete, c.not_listed);
    return good;
}

bool destinations_from_texts(struct region *region, struct destinations *out, const struct config *config,
                             const char *const *texts, size_t count, struct error *err)
{
    struct collector c = collector_of(region, config, out);
    bool             good = collect_named(&c, texts, count, NULL, err);

    collect(&c);
    return good;
}

/* Adds what the list lacks. */
static void add_missing(struct collector *c, const struct destinations *list)
{
    struct error ignored;
    size_t       i;

    for (i = 0; i < list->count; i++)
        if (!add(c, slice_of(list->items[i].text), &ignored))
            push(c, &list->items[i]);
}

void destinations_align(struct region *region, struct destinations *one, const struct config *config,
                        struct destinations *other, const struct config *other_config)
{
    const struct destinations old_one = *one, old_other = *other;
    struct collector          c = collector_of(region, config, one), d = collector_of(region, other_config, other);

    add_missing(&c, &old_one);
    add_missing(&c, &old_other);
    collect(&c);
    add_missing(&d, one);
    collect(&d);
    one->from_configuration = other->from_configuration = old_one.from_configuration;
}
