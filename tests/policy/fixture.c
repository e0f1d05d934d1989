#include "tests/policy/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/mem.h"

static const struct {
    const char *name, *program;
    bool is_client;
    enum program kind;
} services[] = {
    { "smtp", "smtp", true, PROGRAM_SMTP },     { "relay", "smtp", true, PROGRAM_SMTP },
    { "lmtp", "lmtp", true, PROGRAM_LMTP },     { "error", "error", false, PROGRAM_OTHER },
    { "retry", "error", false, PROGRAM_OTHER }, { "discard", "discard", false, PROGRAM_OTHER },
    { "local", "local", false, PROGRAM_OTHER }, { "virtual", "virtual", false, PROGRAM_OTHER },
    { "wrong", "error", false, PROGRAM_OTHER },
};

static void give_up(const struct error *err)
{
    char text[ERROR_TEXT_MAX * 2];

    error_to_text(err, text, sizeof(text));
    printf("Bail out! %s\n", text);
    exit(EXIT_FAILURE);
}

static void open_list(struct fixture *f, const struct params *params, const char *parameter, struct table_list *list)
{
    struct table_options options = { .version = f->config.version,
                                     .utf8 = params_bool(params, "smtputf8_enable"),
                                     .no_regsub = strcmp(parameter, "transport_maps") == 0 };
    struct table_loader loader = memory_loader(&f->tables);
    struct error err;

    if (!table_list_open(f->region, params_name(params, parameter), slice_of(params_text(params, parameter)), &options,
                         &loader, list, &err))
        give_up(&err);
}

/* The tables among the plain items of a list of domains. */
static void open_inside(struct fixture *f, const char *parameter, struct table_list *list)
{
    struct table_options options = { .version = f->config.version, .utf8 = true };
    struct table_loader loader = memory_loader(&f->tables);
    struct slice rest = slice_of(params_text(f->config.rewrite, parameter)), item;

    list->parameter = parameter;
    list->tables = region_array(f->region, 16, sizeof(*list->tables));
    while (list->count < 16 && slice_next_token_braced(&rest, ", \t\r\n", &item)) {
        while (item.n > 0 && item.p[0] == '!')
            item = slice_from_index(item, 1);
        if (item.n > 0 && item.p[0] != '/' && item.p[0] != '[' && slice_find(item, ':') < item.n)
            list->tables[list->count++] = table_open(f->region, item, &options, &loader);
    }
}

static struct service *add_service(struct fixture *f, size_t i)
{
    struct service *service = region_alloc(f->region, sizeof(*service));
    struct master_service *master = region_alloc(f->region, sizeof(*master));

    master->name = services[i].name;
    master->type = "unix";
    master->program = services[i].program;
    service->name = services[i].name;
    service->master = master;
    service->is_client = services[i].is_client;
    service->next = f->config.services;
    f->config.services = service;
    if (!service->is_client)
        return service;
    service->params =
        params_new(f->region, f->config.main_cf, NULL, services[i].kind, f->config.version, "/etc/postfix");
    open_list(f, service->params, "smtp_tls_policy_maps", &service->policy_maps);
    open_list(f, service->params, "smtp_tls_per_site", &service->per_site);
    open_list(f, service->params, "smtp_dns_reply_filter", &service->dns_reply_filter);
    return service;
}

static void open_routing(struct fixture *f)
{
    struct config *config = &f->config;

    config->rewrite = params_new(f->region, config->main_cf, NULL, PROGRAM_REWRITE, config->version, "/etc/postfix");
    open_list(f, config->rewrite, "transport_maps", &config->transport_maps);
    open_list(f, config->rewrite, "sender_dependent_relayhost_maps", &config->sender_relayhost_maps);
    open_list(f, config->rewrite, "sender_dependent_default_transport_maps", &config->sender_transport_maps);
    open_inside(f, "mydestination", &config->mydestination);
    open_inside(f, "virtual_alias_domains", &config->virtual_alias_domains);
    open_inside(f, "virtual_mailbox_domains", &config->virtual_mailbox_domains);
    open_inside(f, "relay_domains", &config->relay_domains);
}

struct fixture *fixture_new(const char *main_cf, const char *version, const struct memory_file *files)
{
    return fixture_with_dumps(main_cf, version, files, NULL);
}

struct fixture *fixture_with_dumps(const char *main_cf, const char *version, const struct memory_file *files,
                                   const struct memory_dump *dumps)
{
    static const struct memory_file none[] = { { NULL, NULL, TABLE_LOAD_OK } };
    struct fixture *f = mem_alloc(sizeof(*f));
    struct error err;

    f->region = region_new();
    f->config.region = f->region;
    f->config.dir = "/etc/postfix";
    f->tables.files = files != NULL ? files : none;
    f->tables.dumps = dumps;
    if (!version_parse(&f->config.version, slice_of(version)))
        abort();
    f->config.main_cf = main_cf_parse(f->region, "main.cf", slice_of(main_cf), &err);
    if (f->config.main_cf == NULL)
        give_up(&err);
    open_routing(f);
    for (size_t i = sizeof(services) / sizeof(services[0]); i-- > 0;)
        add_service(f, i);
    f->smtp = (struct service *)(uintptr_t)config_service(&f->config, "smtp");
    f->lmtp = (struct service *)(uintptr_t)config_service(&f->config, "lmtp");
    f->facts = facts_new();
    f->wants = wants_new();
    f->view = (struct view){ .facts = f->facts, .wants = f->wants };
    return f;
}

void fixture_free(struct fixture *f)
{
    facts_free(f->facts);
    wants_free(f->wants);
    region_free(f->region);
    mem_free(f);
}

void fixture_file(struct fixture *f, const char *path, const char *text, const char *error)
{
    struct config_file *file = region_alloc(f->region, sizeof(*file));

    file->path = path;
    file->text = slice_of(text);
    file->error = error;
    file->next = f->config.files;
    f->config.files = file;
}
