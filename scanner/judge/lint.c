#include "scanner/judge/lint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "scanner/judge/lint_impl.h"

#define SEEN_MAX ((size_t)1 << 16) /* bytes of what is remembered of a finding */

static const struct lint_row rows[LINT_COUNT] = {
#define LINT(name, code, severity, sentence, mail, remedy)                                                             \
    [LINT_##name] = { code, SEVERITY_##severity, sentence, mail, remedy },
#include "scanner/judge/lint.def"
#undef LINT
};

const struct lint_row *lint_row(enum lint_code code)
{
    return &rows[code];
}

/* Telling */

static bool is_new(struct lint *lint, enum lint_code code, const char *file, int line, const char *text)
{
    struct buf key;
    bool fresh;

    buf_init(&key, SEEN_MAX);
    buf_printf(&key, "%d %d ", (int)code, line);
    buf_add_text(&key, file != NULL ? file : "");
    buf_add_char(&key, ' ');
    buf_add_text(&key, text);
    fresh = dict_put(lint->seen, buf_slice(&key), lint);
    buf_clear(&key);
    return fresh;
}

static void keep(struct lint *lint, struct lint_finding *f)
{
    struct lint_result *result = lint->result;

    if (result->count == lint->room) {
        struct lint_finding **items = region_array(lint->region, lint->room = 2 * lint->room + 16, sizeof(*items));

        if (result->count > 0)
            memcpy(items, result->items, result->count * sizeof(*items));
        result->items = items;
    }
    result->items[result->count++] = f;
}

static struct lint_finding *tell(struct lint *lint, enum lint_code code, const char *file, int line, const char *text)
{
    const struct lint_row *row = &rows[code];
    struct lint_finding *f;

    if (lint->told[code] >= LINT_PER_CODE_MAX) {
        lint->result->left_out++;
        lint->result->by_severity[row->severity]++;
        return NULL;
    }
    if (!is_new(lint, code, file, line, text))
        return NULL;
    lint->told[code]++;
    lint->result->by_severity[row->severity]++;
    f = region_alloc(lint->region, sizeof(*f));
    *f = (struct lint_finding){ .code = code,
                                .severity = row->severity,
                                .file = region_text(lint->region, file),
                                .line = line,
                                .text = region_text(lint->region, text),
                                .mail = row->mail,
                                .fix = row->remedy };
    keep(lint, f);
    return f;
}

struct lint_finding *lint_tell(struct lint *lint, enum lint_code code, const char *file, int line, const char *format,
                               ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = region_vprintf(lint->scratch, format, args);
    va_end(args);
    return tell(lint, code, file, line, text);
}

struct lint_finding *lint_tell_entry(struct lint_entry *e, enum lint_code code, const char *format, ...)
{
    const struct main_cf_entry *parameter = NULL;
    const char *text, *file = e->file;
    int line = e->line;
    va_list args;

    va_start(args, format);
    text = region_vprintf(e->lint->scratch, format, args);
    va_end(args);
    if (file == NULL && params_is_set(e->maps->service->params, e->maps->list->parameter, &parameter)) {
        file = parameter->file;
        line = parameter->line;
    }
    if (e->item.head.n > 0)
        text = region_printf(e->lint->scratch, "%.*s: %s", (int)e->item.head.n, e->item.head.p, text);
    return tell(e->lint, code, file, line, text);
}

struct lint_finding *lint_tell_parameter(struct lint *lint, const struct params *params, const char *name,
                                         enum lint_code code, const char *format, ...)
{
    const struct main_cf_entry *entry = NULL;
    const char *text;
    va_list args;

    va_start(args, format);
    text = region_vprintf(lint->scratch, format, args);
    va_end(args);
    params_is_set(params, name, &entry);
    return tell(lint, code, entry != NULL ? entry->file : lint->main_cf, entry != NULL ? entry->line : 0, text);
}

void lint_worsen(struct lint *lint, struct lint_finding *f, enum severity severity, const char *mail)
{
    if (f == NULL)
        return;
    lint->result->by_severity[f->severity]--;
    lint->result->by_severity[severity]++;
    f->severity = severity;
    f->mail = mail;
}

void lint_fix(struct lint *lint, struct lint_finding *f, const char *format, ...)
{
    va_list args;

    if (f == NULL)
        return;
    va_start(args, format);
    f->fix = region_vprintf(lint->region, format, args);
    va_end(args);
}

void lint_fix_line(struct lint *lint, struct lint_finding *f, const char *format, ...)
{
    va_list args;

    if (f == NULL)
        return;
    va_start(args, format);
    f->fix = region_vprintf(lint->region, format, args);
    va_end(args);
    f->fix_is_line = true;
}

/* Tables that are written in main.cf have no lines of their own. */
void lint_fix_value(struct lint_entry *e, struct lint_finding *f, const char *value)
{
    const char *equals = e->item.file == NULL && e->item.kind == TABLE_ITEM_ENTRY ? "= " : "";

    if (f == NULL || !e->can_paste || value == NULL || value[0] == '\0')
        return;
    if (e->item.head.n > 0)
        lint_fix_line(e->lint, f, "%.*s %s%s", (int)e->item.head.n, e->item.head.p, equals, value);
    else
        lint_fix_line(e->lint, f, "%s", value);
    f->fix_is_line = e->item.file != NULL;
}

void lint_fix_attribute(struct lint_entry *e, struct lint_finding *f, const char *name, const char *value)
{
    struct lint_tokens tokens;
    const char *text = NULL, *fixed = NULL;

    if (f == NULL || e->value == NULL)
        return;
    tokens = lint_split(e->lint->scratch, e->value, e->lint->config->version);
    if (value != NULL)
        text = region_printf(e->lint->scratch, "%s=%s", name, value);
    for (size_t i = 1; i < tokens.count && tokens.count < LINT_TOKENS_MAX && fixed == NULL; i++)
        if (slice_eq_text_nocase(lint_token_name(tokens.items[i]), name))
            fixed = lint_join(e->lint->scratch, &tokens, i, 1, text);
    lint_fix_value(e, f, fixed);
}

struct slice lint_fold(struct region *region, struct slice text)
{
    struct buf folded;
    struct slice kept;

    buf_init(&folded, 3 * text.n + 1);
    text_fold(text, true, &folded);
    kept = slice_from(region_slice(region, buf_slice(&folded)), folded.n);
    buf_clear(&folded);
    return kept;
}

void lint_forget(struct lint *lint)
{
    region_free(lint->scratch);
    lint->scratch = region_new();
}

/* The way through the configuration */

static size_t digest_size(const struct params *params)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, params_text(params, "smtp_tls_fingerprint_digest"), NULL);
    size_t size = digest != NULL ? (size_t)EVP_MD_get_size(digest) : 0;

    EVP_MD_free(digest);
    ERR_clear_error();
    return size;
}

static void use_global(struct lint_maps *maps)
{
    struct lint_use here = { .used = true };

    if (maps->global < LEVEL_NONE)
        return;
    maps->uses.levels[maps->global] = here;
    if (level_is_pkix(maps->global))
        maps->uses.needs_authority = here;
}

/* Services of one program share their tables, and mostly all of their parameters: what was found once is found once. */
static bool same_parameters(const struct service *a, const struct service *b)
{
    static const char *const names[] = {
        "smtp_tls_policy_maps",        "smtp_tls_security_level",           "smtp_tls_wrappermode",
        "smtp_tls_fingerprint_digest", "smtp_tls_fingerprint_cert_match",   "smtp_tls_connection_reuse",
        "smtp_tls_verify_cert_match",  "smtp_tls_mandatory_ciphers",        "smtp_tls_ciphers",
        "smtp_tls_exclude_ciphers",    "smtp_tls_mandatory_exclude_ciphers"
    };

    if (params_program(a->params) != params_program(b->params))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(params_text(a->params, names[i]), params_text(b->params, names[i])) != 0)
            return false;
    return true;
}

static const struct lint_maps *maps_seen(const struct lint_maps *all, size_t count, const struct service *service)
{
    for (size_t i = 0; i < count; i++)
        if (same_parameters(all[i].service, service))
            return &all[i];
    return NULL;
}

static void review_service(struct lint *lint, const struct service *service, struct lint_maps *all, size_t *count)
{
    const struct lint_maps *seen = maps_seen(all, *count, service);
    struct lint_maps own; /* settings belong to the service, levels to the list */
    const char *parameter;

    if (seen == NULL) {
        struct lint_maps *maps = &all[(*count)++];

        *maps = (struct lint_maps){ .lint = lint, .service = service, .list = &service->policy_maps };
        maps->global = policy_global_level(service->params, &parameter);
        maps->digest_size = digest_size(service->params);
        use_global(maps);
        lint_policy_tables(maps);
        seen = maps;
    }
    own = *seen;
    own.service = service;
    lint_main_cf_settings(&own);
    lint_main_cf_pins(&own);
    lint_per_site(lint, service);
    lint_service(lint, service, seen);
}

static void tell_start(struct lint *lint, const struct service *service)
{
    const struct error *err = service->start_error;
    const char *file = err->file[0] != '\0' ? err->file : lint->main_cf;
    struct lint_finding *f = lint_tell(lint, LINT_SERVICE_DOES_NOT_START, file, err->line, "the service %s dies: %s",
                                       service->name, err->text);

    if (err->fix[0] != '\0')
        lint_fix(lint, f, "%s", err->fix);
}

static void review_services(struct lint *lint)
{
    const struct service *s;
    struct lint_maps *all;
    size_t count = 0;

    for (s = lint->config->services; s != NULL; s = s->next)
        count++;
    all = region_array(lint->region, count + 1, sizeof(*all));
    count = 0;
    for (s = lint->config->services; s != NULL; s = s->next) {
        if (!s->is_client)
            continue;
        if (s->start_error != NULL) {
            tell_start(lint, s);
            continue;
        }
        lint_table_list(lint, &s->policy_maps);
        lint_table_list(lint, &s->per_site);
        lint_table_list(lint, &s->discard_ehlo_maps);
        review_service(lint, s, all, &count);
    }
}

static int place_order(const struct lint *lint, const char *file)
{
    if (file == NULL)
        return 0;
    return strcmp(file, lint->main_cf) == 0 ? 1 : strcmp(file, "-o") == 0 ? 2 : 3;
}

static int by_place(const void *left, const void *right, void *arg)
{
    const struct lint_finding *a = *(const struct lint_finding *const *)left;
    const struct lint_finding *b = *(const struct lint_finding *const *)right;
    int order = place_order(arg, a->file) - place_order(arg, b->file);

    if (order == 0 && a->file != NULL)
        order = strcmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (int)b->severity - (int)a->severity;
    if (order == 0)
        order = (int)a->code - (int)b->code;
    return order != 0 ? order : strcmp(a->text, b->text);
}

void lint_run(struct region *region, struct lint_result *result, const struct lint_input *input)
{
    const struct config *config = input->config;
    struct lint lint = { .region = region,
                         .scratch = region_new(),
                         .input = input,
                         .config = config,
                         .result = result,
                         .seen = dict_new(),
                         .ciphers = dict_new() };

    *result = (struct lint_result){ 0 };
    lint.main_cf = strcmp(config->dir, "") != 0 ? region_printf(region, "%s/main.cf", config->dir) : "main.cf";
    lint_main_cf(&lint);
    lint_routes(&lint);
    lint_table_list(&lint, &config->transport_maps);
    lint_table_list(&lint, &config->sender_relayhost_maps);
    lint_table_list(&lint, &config->sender_transport_maps);
    review_services(&lint);
    if (result->count > 0)
        qsort_r(result->items, result->count, sizeof(*result->items), by_place, &lint);
    lint_named_clear(&lint.named);
    dict_free(lint.ciphers);
    dict_free(lint.seen);
    region_free(lint.scratch);
}

/* Trust anchor files */

static void want_of_table(const struct config *config, const struct service *service, const struct table *t,
                          const struct view *view)
{
    const struct table *member;
    struct table_item item;
    struct policy policy;

    for (size_t i = 0; table_item(t, i, &item); i++) {
        struct region *region;

        if (memmem(item.value.p, item.value.n, "tafile", 6) == NULL)
            continue;
        region = region_new();
        policy_parse(region, &policy, item.value, service, config, view);
        region_free(region);
    }
    for (size_t i = 0; (member = table_member(t, i)) != NULL; i++)
        want_of_table(config, service, member, view);
}

void lint_want_files(const struct config *config, struct wants *wants)
{
    struct view view = { .wants = wants };

    for (const struct service *s = config->services; s != NULL; s = s->next)
        for (size_t i = 0; s->is_client && i < s->policy_maps.count; i++)
            want_of_table(config, s, s->policy_maps.tables[i], &view);
}
