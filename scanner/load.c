#include "scanner/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/exit_status.h"
#include "scanner/files.h"
#include "scanner/load_service.h"
#include "scanner/own_addresses.h"
#include "scanner/patience.h"
#include "scanner/postmap.h"

#define DEFAULT_CONFIG_DIR "/etc/postfix"

/* What the installed Postfix tells about itself; NULL members when there is none. */
struct installed {
    const char     *version;
    struct main_cf *defaults;
};

/* Defaults that depend on the machine, not on the release: taken from the installed Postfix whatever release is judged. */
static const char *const machine_defaults[] = { "myhostname", "mydomain", "config_directory", "queue_directory",
                                                "default_database_type", "mail_owner", NULL };

static void read_installed(const struct config *config, struct installed *installed)
{
    struct region *region = config->region;
    struct postmap tools;
    struct slice   text, version;
    struct error   ignored;

    memset(installed, 0, sizeof(*installed));
    postmap_init(&tools, region, config->dir);
    tools.patience = config;
    if (!postconf_read(&tools, region, (const char *const[]){ "-d", NULL }, &text, &ignored))
        return;
    installed->defaults = main_cf_parse(region, "postconf -d", text, &ignored);
    if (postconf_read(&tools, region, (const char *const[]){ "-d", "-h", "mail_version", NULL }, &version, &ignored))
        installed->version = region_slice(region, slice_trim(version));
}

static struct main_cf *only_machine_defaults(struct region *region, const struct main_cf *all)
{
    struct main_cf *some = main_cf_parse(region, "postconf -d", slice_of(""), NULL);
    size_t          i;

    for (i = 0; machine_defaults[i] != NULL; i++) {
        const struct main_cf_entry *entry = main_cf_find(all, machine_defaults[i]);

        if (entry != NULL)
            main_cf_set(some, entry->name, entry->value, "postconf -d", 0);
    }
    return some;
}

/* What an installed Postfix is, we take as it is; to be asked for, a release must be one that we know how to judge. */
static bool version_wished(struct config *config, const struct load_request *request, struct error *err)
{
    const char *text = request->version;
    const char *option = request->version_option != NULL ? request->version_option : "--postfix-version";
    char        newest[VERSION_TEXT_MAX];

    if (!version_parse(&config->version, slice_of(text))) {
        error_set(err, EXIT_USAGE_ERROR, "%s %s: no release known here", option, text);
        error_fix(err, "write a release from 3.4 on, such as 3.7 or 3.7.11");
        return false;
    }
    if (version_is_known(config->version, strchr(text, '-') != NULL))
        return true;
    version_to_text(version_newest(), newest);
    error_set(err, EXIT_USAGE_ERROR, "%s %s: the newest release known here is %s", option, text, newest);
    error_fix(err, "write a release up to that one");
    return false;
}

static bool settle_version(struct config *config, const struct load_request *request, struct installed *installed,
                           struct error *err)
{
    if (request->version == NULL && installed->version != NULL &&
        version_parse(&config->version, slice_of(installed->version))) {
        config->version_installed = true;
        return true;
    }
    if (installed->defaults != NULL)
        installed->defaults = only_machine_defaults(config->region, installed->defaults);
    if (request->version == NULL) {
        config->version = version_newest();
        return true;
    }
    return version_wished(config, request, err);
}

static void fix_reading(struct error *err, bool missing, const char *fix)
{
    error_fix(err, "%s", missing ? fix : "run posttls-audit as somebody who may read it, root for instance");
}

static struct main_cf *read_main_cf(struct config *config, struct error *err)
{
    const char  *path = region_printf(config->region, "%s/main.cf", config->dir);
    struct slice text;
    bool         missing;

    if (file_read(config->region, path, FILE_SIZE_MAX, &text, &missing, err))
        return main_cf_parse(config->region, path, text, err);
    fix_reading(err, missing, "name the directory that holds main.cf with --config-dir");
    return NULL;
}

static struct master_cf *read_master_cf(struct config *config, struct error *err)
{
    const char  *path = region_printf(config->region, "%s/master.cf", config->dir);
    struct slice text;
    bool         missing;

    if (file_read(config->region, path, FILE_SIZE_MAX, &text, &missing, err))
        return master_cf_parse(config->region, path, text, err);
    fix_reading(err, missing, "Postfix needs a master.cf beside main.cf");
    return NULL;
}

static bool apply_overrides(struct config *config, const struct load_request *request, struct error *err)
{
    size_t i;

    for (i = 0; i < request->override_count; i++) {
        struct slice text = slice_of(request->overrides[i]);
        size_t       equals = slice_find(text, '=');
        struct slice name = slice_trim(slice_head(text, equals));
        struct slice value = slice_trim(slice_from_index(text, equals + 1));

        if (name.n == 0) {
            error_set(err, EXIT_USAGE_ERROR, "--override %s: no name=value", request->overrides[i]);
            return false;
        }
        main_cf_set(config->main_cf, region_slice(config->region, name), region_slice(config->region, value), "-o", 0);
    }
    return true;
}

static const char *config_dir(struct region *region, const struct load_request *request)
{
    struct postmap tools;
    struct slice   text;
    struct error   ignored;

    if (request->dir != NULL)
        return request->dir;
    postmap_init(&tools, region, NULL);
    if (postconf_read(&tools, region, (const char *const[]){ "-d", "-h", "config_directory", NULL }, &text, &ignored) &&
        slice_trim(text).n > 0)
        return region_slice(region, slice_trim(text));
    return DEFAULT_CONFIG_DIR;
}

/* postmap and table paths need a directory that stays right whatever the working directory is. */
static const char *absolute(struct region *region, const char *path)
{
    char       *real = realpath(path, NULL);
    const char *kept = real != NULL ? region_text(region, real) : path;

    free(real);
    return kept;
}

struct config *load_config(struct region *region, const struct load_request *request, struct error *err)
{
    struct config   *config = region_alloc(region, sizeof(*config));
    struct installed installed;

    config->region = region;
    config->dir = absolute(region, config_dir(region, request));
    patience_set(config, request->deadline);
    config->as_if = request->as_if;
    if ((config->main_cf = read_main_cf(config, err)) == NULL || (config->master_cf = read_master_cf(config, err)) == NULL ||
        !apply_overrides(config, request, err))
        return NULL;
    read_installed(config, &installed);
    if (!settle_version(config, request, &installed, err))
        return NULL;
    config->rewrite = params_new(region, config->main_cf, installed.defaults, PROGRAM_REWRITE, config->version, config->dir);
    own_addresses_find(config);
    load_routing_tables(config);
    load_services(config, installed.defaults);
    return config;
}

void load_wanted_file(struct config *config, const char *path)
{
    const char           *real = load_path(config, path, false);
    struct config_file   *file = region_alloc(config->region, sizeof(*file));
    struct error          err;
    bool                  missing;

    file->path = region_text(config->region, path);
    if (!file_read(config->region, real, CONFIG_FILE_MAX, &file->text, &missing, &err)) {
        file->error = region_printf(config->region, "%s: %s", real, err.text);
        file->only_ours = !missing && geteuid() != 0;
    }
    file->next = config->files;
    config->files = file;
}

/* The keys that wants names for one table, from want i on. */
static size_t keys_of_table(const struct wants *wants, size_t i, struct slice *keys)
{
    const char              *table = wants_table_at(wants, i)->table;
    const struct want_table *want;
    size_t                   n = 0;

    for (; (want = wants_table_at(wants, i)) != NULL; i++)
        if (strcmp(want->table, table) == 0)
            keys[n++] = slice_of(want->key);
    return n;
}

static void keep_answers(struct facts *facts, const char *table, const struct slice *keys,
                         const struct table_answer *answers, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct table_fact fact = { table, keys[i].p, TABLE_FACT_NOT_FOUND, answers[i].value, answers[i].error };

        if (answers[i].status == TABLE_FOUND)
            fact.status = TABLE_FACT_FOUND;
        else if (answers[i].status == TABLE_ERROR)
            fact.status = TABLE_FACT_ERROR;
        else if (answers[i].status == TABLE_UNREADABLE)
            fact.status = TABLE_FACT_UNREADABLE;
        facts_add_table(facts, &fact);
    }
}

void load_table_answers(const struct config *config, const struct wants *wants, struct facts *facts)
{
    struct region       *scratch = region_new();
    struct postmap       tools;
    struct slice        *keys;
    struct table_answer *answers;
    size_t               i, n, count = 0;

    while (wants_table_at(wants, count) != NULL)
        count++;
    keys = region_array(scratch, count + 1, sizeof(*keys));
    answers = region_array(scratch, count + 1, sizeof(*answers));
    postmap_init(&tools, scratch, config->dir);
    tools.queue_dir = load_queue_directory(config);
    tools.patience = config;
    for (i = 0; i < count; i++) {
        const struct want_table *want = wants_table_at(wants, i);

        if (facts_table(facts, want->table, slice_of(want->key)) != NULL)
            continue; /* its table was asked with an earlier want */
        n = keys_of_table(wants, i, keys);
        postmap_query(&tools, scratch, want->table, keys, n, answers);
        keep_answers(facts, want->table, keys, answers, n);
    }
    region_free(scratch);
}
