#include "scanner/load_service.h"

#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "probes/wire/x509_facts.h"
#include "scanner/config/mechanisms.h"
#include "scanner/config/proxy_maps.h"
#include "scanner/files.h"
#include "scanner/postmap.h"
#include "scanner/tls_engine.h"

const char *load_queue_directory(const struct config *config)
{
    const char *directory = params_text(config->rewrite, "queue_directory");

    return directory[0] != '\0' ? directory : "/var/spool/postfix";
}

const char *load_path(const struct config *config, const char *path, bool chrooted)
{
    if (path[0] != '/')
        return region_printf(config->region, "%s/%s", load_queue_directory(config), path);
    return chrooted ? region_printf(config->region, "%s%s", load_queue_directory(config), path) : path;
}

/* Table files are opened before chroot, as root: absolute paths work as they are. */
static enum table_load read_table_file(void *arg, struct region *region, const char *path, struct slice *text,
                                       struct error *err)
{
    const struct config *config = arg;
    bool                 missing;

    if (file_read(region, load_path(config, path, false), FILE_SIZE_MAX, text, &missing, err))
        return TABLE_LOAD_OK;
    /* Postfix opens its tables as root. */
    return missing || geteuid() == 0 ? TABLE_LOAD_MISSING : TABLE_LOAD_UNREADABLE;
}

static enum table_load dump_table(void *arg, struct region *region, const char *type_name, struct table_dump *dump,
                                  struct error *err)
{
    const struct config *config = arg;
    struct postmap       tools;

    postmap_init(&tools, region, config->dir);
    tools.queue_dir = load_queue_directory(config);
    tools.patience = config;
    return postmap_dump(&tools, region, type_name, dump, err);
}

static struct table_loader loader_of(struct config *config)
{
    return (struct table_loader){ read_table_file, dump_table, config };
}

/* False: the program that opens the table dies of it. */
static bool is_permitted(const struct config *config, struct table *t, const char *parameter, struct error *err)
{
    if (!table_is_proxied(t) || proxy_maps_permit(config->rewrite, table_name(t)))
        return true;
    if (version_at_least(config->version, 3, 11, 0)) {
        table_not_permitted(t);
        return true;
    }
    error_set(err, 0, "%s: proxy_read_maps does not list %s", parameter, table_name(t));
    error_fix(err, "leave \"proxy:\" away: the SMTP client opens files itself");
    return false;
}

/* Opens the list that a parameter holds. False: fatal at process start. */
static bool open_list(struct config *config, struct params *params, const char *parameter, bool no_regsub,
                      struct table_list *list, struct error *err)
{
    struct table_loader  loader = loader_of(config);
    struct table_options options = { config->version, params_bool(params, "smtputf8_enable"), no_regsub, config->guard };
    size_t               i;

    if (!table_list_open(config->region, params_name(params, parameter), slice_of(params_text(params, parameter)), &options,
                         &loader, list, err))
        return false;
    for (i = 0; i < list->count; i++) {
        const struct table_notice *notice;

        if (!is_permitted(config, list->tables[i], parameter, err))
            return false;

        for (notice = table_notices(list->tables[i]); notice != NULL; notice = notice->next) {
            struct table_notice *copy = region_copy(config->region, notice, sizeof(*notice));

            copy->next = config->notices;
            config->notices = copy;
        }
    }
    return true;
}

/* The tables inside a list that also holds plain names (mydestination, relay_domains ...). */
static void open_tables_inside(struct config *config, const char *parameter, struct table_list *list)
{
    struct table_loader  loader = loader_of(config);
    struct table_options options = { config->version, params_bool(config->rewrite, "smtputf8_enable"), false, config->guard };
    struct slice         rest = slice_of(params_text(config->rewrite, parameter)), item;

    list->parameter = parameter;
    while (slice_next_token_braced(&rest, ", \t\r\n", &item)) {
        struct slice   name = item;
        struct table **more;

        while (name.n > 0 && name.p[0] == '!')
            name = slice_from_index(name, 1);
        if (slice_find(name, ':') == name.n || name.p[0] == '/')
            continue;
        more = region_array(config->region, list->count + 1, sizeof(*more));
        if (list->count > 0)
            memcpy(more, list->tables, list->count * sizeof(*more));
        more[list->count++] = table_open(config->region, name, &options, &loader);
        list->tables = more;
    }
}

void load_routing_tables(struct config *config)
{
    struct error err;

    open_list(config, config->rewrite, "transport_maps", true, &config->transport_maps, &err);
    open_list(config, config->rewrite, "sender_dependent_relayhost_maps", false, &config->sender_relayhost_maps, &err);
    open_list(config, config->rewrite, "sender_dependent_default_transport_maps", false, &config->sender_transport_maps,
              &err);
    open_tables_inside(config, "mydestination", &config->mydestination);
    open_tables_inside(config, "virtual_alias_domains", &config->virtual_alias_domains);
    open_tables_inside(config, "virtual_mailbox_domains", &config->virtual_mailbox_domains);
    open_tables_inside(config, "relay_domains", &config->relay_domains);
}

static struct config_file *read_config_file(struct config *config, const char *path, bool chrooted)
{
    struct config_file *file = region_alloc(config->region, sizeof(*file));
    struct error        err;
    bool                missing;

    file->path = path;
    if (!file_read(config->region, load_path(config, path, chrooted), CONFIG_FILE_MAX, &file->text, &missing, &err)) {
        file->error = region_text(config->region, err.text);
        file->only_ours = !missing && geteuid() != 0;
    }
    return file;
}

static struct config_file *read_ca_directory(struct config *config, const struct service *service, const char *path)
{
    struct config_file *file = region_alloc(config->region, sizeof(*file));
    struct slice        list = slice_of(path), one, text;
    struct error        err;

    /* OpenSSL takes several directories with ':' between; Postfix hands the value over as it is. */
    file->path = path;
    while (slice_next_token(&list, ":", &one)) {
        const char *real = load_path(config, region_slice(config->region, one), service->chrooted);

        if (file_read_ca_directory(config->region, real, &text, &err))
            file->text = file->text.n == 0
                             ? text
                             : slice_of(region_printf(config->region, "%.*s\n%.*s", (int)file->text.n, file->text.p,
                                                      (int)text.n, text.p));
        else
            file->error = region_printf(config->region, "%s: %s", real, err.text);
    }
    return file;
}

/* OpenSSL's own default file and directory, which tls_append_default_CA adds to a CAfile or CApath. */
static struct config_file *read_default_ca(struct config *config, const struct service *service)
{
    struct config_file *file = read_config_file(config, X509_get_default_cert_file(), false);
    struct slice        text;

    if (file_read_ca_directory(config->region,
                               load_path(config, X509_get_default_cert_dir(), service->chrooted), &text, NULL))
        file->text = slice_of(region_printf(config->region, "%.*s\n%.*s", (int)file->text.n,
                                            file->text.n > 0 ? file->text.p : "", (int)text.n, text.p));
    file->error = NULL;
    return file;
}

/* smtp_tls_chain_files, or the single files of the three key types: certificates and keys as one PEM text. */
static struct config_file *read_client_chain(struct config *config, struct service *service)
{
    static const char *const pairs[][2] = { { "smtp_tls_cert_file", "smtp_tls_key_file" },
                                            { "smtp_tls_eccert_file", "smtp_tls_eckey_file" },
                                            { "smtp_tls_dcert_file", "smtp_tls_dkey_file" } };
    struct slice        rest = slice_of(params_text(service->params, "smtp_tls_chain_files")), item;
    struct config_file *file = region_alloc(config->region, sizeof(*file));
    const char         *paths[16];
    size_t              i, n = 0;

    while (n < 10 && slice_next_token(&rest, ", \t\r\n", &item))
        paths[n++] = region_slice(config->region, item);
    for (i = 0; n == 0 || i < 3; i++) {
        if (i == 3)
            break;
        if (params_text(service->params, "smtp_tls_chain_files")[0] != '\0' ||
            params_text(service->params, pairs[i][0])[0] == '\0')
            continue;
        paths[n++] = params_text(service->params, pairs[i][0]);
        if (strcmp(params_text(service->params, pairs[i][1]), paths[n - 1]) != 0)
            paths[n++] = params_text(service->params, pairs[i][1]);
    }
    if (n == 0)
        return NULL;
    file->path = paths[0];
    for (i = 0; i < n && file->error == NULL; i++) {
        struct config_file *one = read_config_file(config, paths[i], false);

        file->error = one->error != NULL ? region_printf(config->region, "%s: %s", paths[i], one->error) : NULL;
        file->only_ours = one->only_ours;
        file->text = slice_of(region_printf(config->region, "%.*s%.*s\n", (int)file->text.n,
                                            file->text.n > 0 ? file->text.p : "", (int)one->text.n,
                                            one->text.n > 0 ? one->text.p : ""));
    }
    if (file->error == NULL) {
        char id[CERT_ID_TEXT];

        x509_facts_id((const unsigned char *)file->text.p, file->text.n, id);
        file->id = region_text(config->region, id);
    }
    return file;
}

static void read_trust(struct config *config, struct service *service)
{
    const char *ca_file = params_text(service->params, "smtp_tls_CAfile");
    const char *ca_path = params_text(service->params, "smtp_tls_CApath");

    if (ca_file[0] != '\0')
        service->ca_file = read_config_file(config, ca_file, false);
    if (ca_path[0] != '\0')
        service->ca_path = read_ca_directory(config, service, ca_path);
    if ((ca_file[0] != '\0' || ca_path[0] != '\0') && params_bool(service->params, "tls_append_default_CA"))
        service->default_ca = read_default_ca(config, service);
    service->client_chain = read_client_chain(config, service);
}

static bool open_client_tables(struct config *config, struct service *service, struct error *err)
{
    bool sasl = params_bool(service->params, "smtp_sasl_auth_enable");

    return open_list(config, service->params, "smtp_tls_policy_maps", false, &service->policy_maps, err) &&
           open_list(config, service->params, "smtp_tls_per_site", false, &service->per_site, err) &&
           open_list(config, service->params, "smtp_discard_ehlo_keyword_address_maps", false,
                     &service->discard_ehlo_maps, err) &&
           open_list(config, service->params, "smtp_pix_workaround_maps", false, &service->pix_maps, err) &&
           open_list(config, service->params, "smtp_reply_filter", false, &service->reply_filter, err) &&
           (!sasl || open_list(config, service->params, "smtp_sasl_password_maps", false, &service->sasl_password_maps, err)) &&
           open_list(config, service->params, "smtp_dns_reply_filter", false, &service->dns_reply_filter, err);
}

/* What other mechanisms would need, where somebody may ask for it. MTA-STS rests on the certification authorities of the web: a
 * client that is told of none would trust nobody, which says nothing of the domains. */
static void add_mechanisms(struct config *config, struct service *service)
{
    struct service *sts;

    if (!config->as_if && !mechanisms_may_be_used(service))
        return;
    sts = mechanisms_add(config->region, service);
    if (sts != NULL && sts->ca_file == NULL && sts->ca_path == NULL)
        sts->ca_file = read_default_ca(config, sts);
}

static void load_client(struct config *config, struct service *service, const struct main_cf *compiled)
{
    const struct master_service *master = service->master;
    struct main_cf              *main_cf = main_cf_copy(config->region, config->main_cf);
    struct error                 err;
    size_t                       i;

    main_cf_set(main_cf, "service_name", master->name, config->master_cf->file, master->line);
    for (i = 0; i < master->override_count; i++)
        main_cf_set(main_cf, master->overrides[i].name, master->overrides[i].value, config->master_cf->file, master->line);
    service->params = params_new(config->region, main_cf, compiled,
                                 strcmp(master->program, "lmtp") == 0 ? PROGRAM_LMTP : PROGRAM_SMTP, config->version,
                                 config->dir);
    if (master->option_error != NULL) {
        service->start_error = master->option_error;
        return;
    }
    if (!params_check_start(service->params, &err) || !open_client_tables(config, service, &err)) {
        service->start_error = region_copy(config->region, &err, sizeof(err));
        return;
    }
    read_trust(config, service);
    service->engine_error = tls_engine_check(config->region, service);
    add_mechanisms(config, service);
}

static bool is_chrooted(const struct config *config, const struct master_service *master)
{
    struct version compatibility = params_compatibility_level(config->rewrite);

    if (master->chroot != '-')
        return master->chroot == 'y';
    return compatibility.major < 1;
}

void load_services(struct config *config, const struct main_cf *compiled)
{
    struct service **tail = &config->services;
    size_t           i;

    for (i = 0; i < config->master_cf->service_count; i++) {
        const struct master_service *master = &config->master_cf->services[i];
        struct service              *service;

        if (master_cf_transport(config->master_cf, master->name) != master)
            continue;
        service = region_alloc(config->region, sizeof(*service));
        service->name = master->name;
        service->master = master;
        service->is_client = strcmp(master->program, "smtp") == 0 || strcmp(master->program, "lmtp") == 0;
        service->chrooted = is_chrooted(config, master);
        if (service->is_client)
            load_client(config, service, compiled);
        *tail = service;
        tail = &service->next;
    }
}
