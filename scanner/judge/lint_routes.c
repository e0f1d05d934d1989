/* The next-hops that the configuration names: can the SMTP client read them, and does master.cf have their transports?
 * What keys are compared with. */
#include <string.h>

#include "scanner/judge/lint_impl.h"

#define NEXTHOPS_MAX 100

/* A value that names next-hops, and where it stands. */
struct source {
    struct lint *lint;
    const char *what; /* the parameter, or the key */
    const char *file;
    int line;
    const struct service *service; /* of the transport; NULL: that of default_transport */
};

static const struct service *default_client(const struct lint *lint)
{
    struct slice value = slice_of(params_text(lint->config->rewrite, "default_transport"));
    const char *name = region_slice(lint->scratch, slice_trim(slice_head(value, slice_find(value, ':'))));
    const struct service *service = config_service(lint->config, name);

    return service != NULL && service->is_client ? service : config_service(lint->config, "smtp");
}

static void add_name(struct lint *lint, const struct nexthop *nexthop)
{
    const char *text = region_text(lint->region, nexthop->text);

    dict_put(lint->named.texts, lint_fold(lint->scratch, slice_of(text)), (void *)(uintptr_t)text);
    if (!nexthop->is_unix)
        dict_put(lint->named.hosts, lint_fold(lint->scratch, slice_of(nexthop->host)), (void *)(uintptr_t)text);
}

static void add_nexthops(const struct source *s, const struct service *service, struct slice text)
{
    struct lint *lint = s->lint;
    struct slice parts[NEXTHOPS_MAX];
    size_t n = nexthop_split(lint->scratch, text, lint->config->version, parts, NEXTHOPS_MAX);

    if (service == NULL || service->params == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        struct nexthop nexthop;
        struct error err = { 0 };
        struct lint_finding *f;

        if (nexthop_parse(lint->scratch, &nexthop, parts[i], service->params, &err)) {
            add_name(lint, &nexthop);
            continue;
        }
        f = lint_tell(lint, LINT_NEXTHOP_INVALID, s->file, s->line, "%s: %s", s->what, err.text);
        lint_fix(lint, f, "%s", parts[i].p[0] == '#' ? "a comment needs a line of its own" : err.fix);
    }
}

/* "transport:next-hop". */
static void add_transport(const struct source *s, struct slice value)
{
    struct lint *lint = s->lint;
    size_t colon = slice_find(value, ':');
    struct slice word = slice_trim(slice_head(value, colon)), nexthop = slice_trim(slice_from_index(value, colon + 1));
    const char *name = region_slice(lint->scratch, word);
    const struct service *service = word.n > 0 ? config_service(lint->config, name) : default_client(lint);

    if (service == NULL) {
        struct lint_finding *f = lint_tell(lint, LINT_TRANSPORT_MISSING, s->file, s->line,
                                           "%s: master.cf has no transport \"%s\"", s->what, name);

        if (word.n > 0 && (word.p[0] == '[' || slice_find(word, '.') < word.n))
            lint_fix_line(lint, f, "%s smtp:%.*s", s->what, (int)value.n, value.p);
    } else if (service->is_client && nexthop.n > 0) {
        add_nexthops(s, service, nexthop);
    }
}

static void add_value(const struct source *s, struct slice value, bool transports)
{
    if (transports)
        add_transport(s, value);
    else if (!slice_eq_text_nocase(slice_trim(value), "DUNNO"))
        add_nexthops(s, default_client(s->lint), value);
}

static void add_table(struct lint *lint, const struct table *t, const char *parameter, bool transports)
{
    struct table_item item;
    size_t i;

    for (i = 0; table_item(t, i, &item); i++) {
        struct source s = { lint, "", item.file, item.line, NULL };

        if (i % 256 == 0)
            lint_forget(lint);
        s.what = item.head.n > 0 ? region_slice(lint->scratch, item.head) : parameter;
        if (slice_find(item.value, '$') < item.value.n && item.kind == TABLE_ITEM_RULE)
            lint->named.incomplete = true;
        else
            add_value(&s, item.value, transports);
    }
    if (i == 0 && !table_can_list(t))
        lint->named.incomplete = true;
}

static void add_list(struct lint *lint, const struct table_list *list, bool transports)
{
    for (size_t i = 0; i < list->count; i++)
        add_table(lint, list->tables[i], list->parameter, transports);
}

static void add_parameter(struct lint *lint, const struct params *params, const char *name, bool transport,
                          const struct service *service)
{
    const struct main_cf_entry *entry = NULL;
    struct source s = { lint, params_name(params, name), NULL, 0, service };
    const char *value = params_text(params, name);

    params_is_set(params, name, &entry);
    s.file = entry != NULL ? entry->file : NULL;
    s.line = entry != NULL ? entry->line : 0;
    if (value[0] == '\0')
        return;
    if (transport)
        add_transport(&s, slice_of(value));
    else
        add_nexthops(&s, service, slice_of(value));
}

void lint_routes(struct lint *lint)
{
    static const char *const transports[] = { "default_transport", "relay_transport",   "virtual_transport",
                                              "local_transport",   "mailbox_transport", "fallback_transport",
                                              "content_filter" };
    const struct config *config = lint->config;

    lint->named.texts = dict_new();
    lint->named.hosts = dict_new();
    lint->named.by_sender = config->sender_relayhost_maps.count + config->sender_transport_maps.count > 0;
    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
        add_parameter(lint, config->rewrite, transports[i], true, NULL);
    add_parameter(lint, config->rewrite, "relayhost", false, default_client(lint));
    for (const struct service *s = config->services; s != NULL; s = s->next)
        if (s->is_client && s->start_error == NULL)
            add_parameter(lint, s->params, "smtp_fallback_relay", false, s);
    add_list(lint, &config->transport_maps, true);
    add_list(lint, &config->sender_relayhost_maps, false);
    add_list(lint, &config->sender_transport_maps, true);
}

void lint_named_clear(struct lint_named *named)
{
    dict_free(named->texts);
    dict_free(named->hosts);
}
