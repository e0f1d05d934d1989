#include "scanner/judge/migrate.h"

#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/base/hostname.h"
#include "scanner/policy/per_site.h"
#include "scanner/policy/policy.h"

static const char *const remark_texts[MIGRATE_REMARKS] = {
    [MIGRATE_MAY_RAISED] = "MAY does not lower the global level, which is in force today; \"may\" in a policy table does",
    [MIGRATE_MERGED] = "merged with what a static table says of every mail host",
    [MIGRATE_BAD_VALUE] = "no value of a per-site table: mail is deferred today, and will have another level",
    [MIGRATE_NEVER_ASKED] = "never asked for today; in a policy table it would count",
    [MIGRATE_SHADOWED] = "an earlier table has the key: it does nothing today",
    [MIGRATE_SUBSTITUTION] = "the value is made of the key: write the level by hand",
    [MIGRATE_BLOCK] = "stands in if ... endif, or has two patterns: write the rule by hand",
};

const char *migrate_remark_text(enum migrate_remark remark)
{
    return remark_texts[remark];
}

/* One set of tables on its way. */
struct job {
    struct region *region;
    const struct config *config;
    const struct service *service;
    struct migration *out;
    struct dict *keys; /* seen in this table or an earlier one */
    size_t files;      /* tables written so far */
    enum level anyway; /* what a table that answers everything says of every host; LEVEL_NOT_FOUND: none does */
    bool in_master_cf;
};

/* Entries */

static void leave_out(struct migrate_line *line, enum migrate_remark remark)
{
    line->level = LEVEL_NOT_FOUND;
    line->has_remark = true;
    line->remark = remark;
}

/* What the value means beside the global level, and beside what every mail host has. */
static void set_level(const struct job *job, struct migrate_line *line, struct slice value)
{
    enum level level, merged;

    if (!per_site_parse(value, &level)) {
        leave_out(line, slice_find(value, '$') < value.n ? MIGRATE_SUBSTITUTION : MIGRATE_BAD_VALUE);
        return;
    }
    merged = level;
    if (job->anyway != LEVEL_NOT_FOUND)
        merged = per_site_merge(merged, job->anyway);
    line->level = per_site_final(merged, job->out->global);
    line->has_remark = line->level != level;
    line->remark = merged != level ? MIGRATE_MERGED : MIGRATE_MAY_RAISED;
}

static bool is_host_name(const struct job *job, struct slice key)
{
    return hostname_is_valid_utf8(key, params_bool(job->service->params, "smtputf8_enable"));
}

static void add_entry(struct job *job, struct migrate_table *out, const struct table_item *item)
{
    struct migrate_line *line = &out->lines[out->count++];
    bool rule = item->kind == TABLE_ITEM_RULE;

    line->key = region_slice(job->region, item->head);
    line->old_value = region_slice(job->region, item->value);
    line->is_host_name = rule || is_host_name(job, item->key);
    set_level(job, line, item->value);
    if (item->narrowed)
        leave_out(line, MIGRATE_BLOCK);
    else if (!rule && item->key.n > 0 && (item->key.p[0] == '.' || slice_eq_text(item->key, "*")))
        leave_out(line, MIGRATE_NEVER_ASKED);
    else if (!rule && !dict_put(job->keys, item->key, job))
        leave_out(line, MIGRATE_SHADOWED);
}

/* Tables */

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* Beside the old file; tables that stand in main.cf move to a file. */
static const char *new_path(struct job *job, const struct table *t)
{
    const char *rest = table_rest(t), *slash = strrchr(rest, '/');
    const char *directory =
        rest[0] == '/' ? region_slice(job->region, slice_from(rest, (size_t)(slash - rest))) : job->config->dir;
    const char *name = params_program(job->service->params) == PROGRAM_LMTP ? "lmtp_tls_policy" : "tls_policy";

    job->files++;
    if (job->files == 1)
        return region_printf(job->region, "%s/%s", directory, name);
    return region_printf(job->region, "%s/%s.%zu", directory, name, job->files);
}

static void read_entries(struct job *job, const struct table *t, struct migrate_table *out)
{
    struct table_item item;
    size_t count = 0;

    while (table_item(t, count, &item))
        count++;
    out->lines = region_array(job->region, count + 1, sizeof(*out->lines));
    for (size_t i = 0; table_item(t, i, &item); i++)
        add_entry(job, out, &item);
}

static void read_static(struct job *job, const struct table *t, struct migrate_table *out)
{
    read_entries(job, t, out);
    if (out->count == 1 && out->lines[0].level != LEVEL_NOT_FOUND)
        out->path = level_word(out->lines[0].level);
}

static void add_table(struct job *job, const struct table *t)
{
    static const char *const indexed[] = { "hash", "btree", "lmdb", "cdb", "dbm", "sdbm", NULL };
    static const char *const rules[] = { "regexp", "pcre", NULL };
    static const char *const keyed[] = { "texthash", "inline", NULL };
    struct migrate_table *out = &job->out->tables[job->out->table_count++];
    const char *type = table_type(t);
    struct table_item first;

    *out = (struct migrate_table){ .old_name = table_name(t) };
    if (type == NULL || !table_item(t, 0, &first))
        return;
    if (strcmp(type, "static") == 0) {
        out->type = "static";
        read_static(job, t, out);
        return;
    }
    out->is_indexed = is_one_of(type, indexed);
    out->is_rules = is_one_of(type, rules);
    if (!out->is_indexed && !out->is_rules && !is_one_of(type, keyed))
        return;
    out->type = strcmp(type, "inline") == 0 ? "texthash" : type;
    out->path = new_path(job, t);
    read_entries(job, t, out);
}

static enum level answer_to_everything(const struct table_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *type = table_type(list->tables[i]);
        struct table_item item;
        enum level level;

        if (type != NULL && strcmp(type, "static") == 0 && table_item(list->tables[i], 0, &item) &&
            per_site_parse(item.value, &level))
            return level;
    }
    return LEVEL_NOT_FOUND;
}

/* main.cf */

static void add_setting(struct job *job, const char *name, const char *value)
{
    struct migration *out = job->out;
    struct migrate_setting *setting = &out->settings[out->setting_count];
    const struct main_cf_entry *entry = NULL;
    const char *own = params_name(job->service->params, name);

    params_is_set(job->service->params, name, &entry);
    if (value == NULL && entry == NULL)
        return;
    *setting = (struct migrate_setting){ .name = own, .value = value };
    if (entry != NULL) {
        setting->file = entry->file;
        setting->line = entry->line;
    }
    setting->in_master_cf = job->in_master_cf;
    out->setting_count++;
}

static const char *maps_value(const struct job *job)
{
    const struct migration *out = job->out;
    const char *value = "";

    for (size_t i = 0; i < out->table_count; i++) {
        const struct migrate_table *t = &out->tables[i];

        if (t->type != NULL && t->path != NULL)
            value = region_printf(job->region, "%s%s%s:%s", value, value[0] != '\0' ? ", " : "", t->type, t->path);
    }
    return value;
}

/* Set by -o in master.cf. */
static bool is_own(const struct job *job, const char *name)
{
    const struct main_cf_entry *entry;

    return job->config->master_cf != NULL && params_is_set(job->service->params, name, &entry) &&
           strcmp(entry->file, job->config->master_cf->file) == 0;
}

static bool has_switches(const struct service *service)
{
    static const char *const switches[] = { "smtp_use_tls", "smtp_enforce_tls", "smtp_tls_enforce_peername" };

    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (params_is_set(service->params, switches[i], NULL))
            return true;
    return false;
}

static void add_settings(struct job *job)
{
    const struct params *params = job->service->params;
    const char *maps = maps_value(job);

    job->in_master_cf =
        is_own(job, "smtp_tls_per_site") || is_own(job, "smtp_enforce_tls") || is_own(job, "smtp_use_tls");
    if (!job->out->ignored && maps[0] != '\0')
        add_setting(job, "smtp_tls_policy_maps", maps);
    add_setting(job, "smtp_tls_per_site", NULL);
    if (!has_switches(job->service))
        return;
    if (params_text(params, "smtp_tls_security_level")[0] == '\0' && job->out->global != LEVEL_INVALID)
        add_setting(job, "smtp_tls_security_level", level_word(job->out->global));
    add_setting(job, "smtp_use_tls", NULL);
    add_setting(job, "smtp_enforce_tls", NULL);
    add_setting(job, "smtp_tls_enforce_peername", NULL);
}

/* Services */

static bool is_wanted(const struct service *service)
{
    return service->is_client && service->start_error == NULL &&
           (params_is_set(service->params, "smtp_tls_per_site", NULL) || has_switches(service));
}

/* Two services whose per-site tables and global level are the same are one case. */
static bool is_same(const struct migration *m, const struct service *service)
{
    const struct service *first = m->service;
    const char *ignored;

    return params_program(first->params) == params_program(service->params) &&
           strcmp(params_text(first->params, "smtp_tls_per_site"), params_text(service->params, "smtp_tls_per_site")) ==
               0 &&
           (params_text(service->params, "smtp_tls_policy_maps")[0] != '\0') == m->ignored &&
           policy_global_level(service->params, &ignored) == m->global;
}

static struct migration *new_migration(struct region *region, const struct config *config,
                                       const struct service *service)
{
    struct migration *m = region_alloc(region, sizeof(*m));
    struct job job = { .region = region, .config = config, .service = service, .out = m, .keys = dict_new() };
    const char *parameter;

    m->service = service;
    m->services = service->name;
    m->parameter = params_name(service->params, "smtp_tls_per_site");
    m->global = policy_global_level(service->params, &parameter);
    m->ignored = params_text(service->params, "smtp_tls_policy_maps")[0] != '\0';
    job.anyway = answer_to_everything(&service->per_site);
    m->tables = region_array(region, service->per_site.count + 1, sizeof(*m->tables));
    m->settings = region_array(region, 8, sizeof(*m->settings));
    for (size_t i = 0; i < service->per_site.count && !m->ignored; i++)
        add_table(&job, service->per_site.tables[i]);
    add_settings(&job);
    dict_free(job.keys);
    return m;
}

struct migration *migrate(struct region *region, const struct config *config)
{
    struct migration *first = NULL, **tail = &first;

    for (const struct service *s = config->services; s != NULL; s = s->next) {
        struct migration *m = first;

        if (!is_wanted(s))
            continue;
        while (m != NULL && !is_same(m, s))
            m = m->next;
        if (m != NULL) {
            m->services = region_printf(region, "%s, %s", m->services, s->name);
            continue;
        }
        *tail = new_migration(region, config, s);
        tail = &(*tail)->next;
    }
    return first;
}
