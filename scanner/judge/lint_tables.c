/* Tables: what was noticed when they were opened, how they are combined, who may read and change their files; and the
 * way through the entries of policy tables. */
#include <string.h>

#include "scanner/config/proxy_maps.h"
#include "scanner/judge/lint_impl.h"

#define FORGET_EVERY    256
#define CLEAN_MAX       10000 /* values remembered as good */
#define CLEAN_VALUE_MAX 4096

/* Notices */

static bool notice_code(const char *word, enum lint_code *code)
{
    for (int i = LINT_TABLE_MISSING; i <= LINT_TABLE_MORE_NOTICES; i++)
        if (strcmp(lint_row((enum lint_code)i)->code, word) == 0) {
            *code = (enum lint_code)i;
            return true;
        }
    return false;
}

static bool is_broken(const struct table *t)
{
    for (const struct table_notice *n = table_notices(t); n != NULL; n = n->next)
        if (n->breaks && strcmp(n->code, "table-unreadable") != 0)
            return true;
    return false;
}

static void fix_notice(struct lint *lint, const struct table *t, enum lint_code code, struct lint_finding *f)
{
    const char *type = table_type(t), *rest = table_rest(t);

    if (type == NULL || rest[0] != '/')
        return;
    if (code == LINT_TABLE_STALE_INDEX || code == LINT_TABLE_KEY_NOT_FOLDED)
        lint_fix(lint, f, "postmap %s:%s", type, rest);
    else if (code == LINT_TABLE_MISSING && strcmp(type, "texthash") != 0 && strcmp(type, "regexp") != 0 &&
             strcmp(type, "pcre") != 0 && strcmp(type, "cidr") != 0)
        lint_fix(lint, f, "correct the name, or make the index: postmap %s:%s", type, rest);
}

static void tell_notices(struct lint *lint, const struct table *t)
{
    bool broken = is_broken(t);

    for (const struct table_notice *n = table_notices(t); n != NULL; n = n->next) {
        struct lint_finding *f;
        enum lint_code code;

        /* The break tells the duplicate a second time. */
        if (!notice_code(n->code, &code) || (n->breaks && code == LINT_TABLE_DUPLICATE_KEY))
            continue;
        f = lint_tell(lint, code, n->file, n->line, "%s: %s", table_name(t), n->text);
        if (f == NULL)
            continue;
        if (code == LINT_TABLE_DUPLICATE_KEY && broken)
            lint_worsen(lint, f, SEVERITY_CRITICAL, lint_row(LINT_TABLE_MISSING)->mail);
        fix_notice(lint, t, code, f);
    }
}

/* Files */

static const struct lint_file *file_of(const struct lint *lint, const char *path)
{
    const struct lint_file *f = lint->input->files;

    while (f != NULL && strcmp(f->path, path) != 0)
        f = f->next;
    return f;
}

static void check_file(struct lint *lint, const struct table *t)
{
    const char *path = table_rest(t);
    const struct lint_file *file = path[0] == '/' ? file_of(lint, path) : NULL;

    if (file == NULL)
        return;
    if (table_is_proxied(t) && !file->owner_reads)
        lint_tell(lint, LINT_TABLE_OWNER_CANNOT_READ, path, 0, "%s: mail_owner may not read the file", table_name(t));
    if (file->all_write)
        lint_fix(lint,
                 lint_tell(lint, LINT_TABLE_WRITABLE, path, 0, "%s: everybody may change the file", table_name(t)),
                 "chmod o-w %s", path);
}

static void check_proxy(struct lint *lint, const struct table *t, const char *parameter)
{
    if (table_is_proxied(t) && !proxy_maps_permit(lint->config->rewrite, table_name(t)))
        lint_fix(lint,
                 lint_tell(lint, LINT_PROXY_NOT_PERMITTED, lint->main_cf, 0, "%s: proxy_read_maps does not list %s",
                           parameter, table_name(t)),
                 "%s = %s", parameter, strchr(table_name(t), ':') + 1);
}

static void check_table(struct lint *lint, const struct table *t, const char *parameter)
{
    const struct table *member;

    tell_notices(lint, t);
    check_file(lint, t);
    check_proxy(lint, t, parameter);
    for (size_t i = 0; (member = table_member(t, i)) != NULL; i++)
        check_file(lint, member);
}

void lint_table_list(struct lint *lint, const struct table_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        check_table(lint, list->tables[i], list->parameter);
}

/* Combinations */

static bool is_type(const struct table *t, const char *type)
{
    return table_type(t) != NULL && strcmp(table_type(t), type) == 0;
}

static bool answers_everything(const struct table *t)
{
    return is_type(t, "static") || is_type(t, "randmap");
}

static void check_combination(struct lint_maps *maps)
{
    const struct table *before = NULL;

    for (size_t i = 0; i < maps->list->count; i++) {
        const struct table *t = maps->list->tables[i];
        const char *parameter = maps->list->parameter;

        if (before != NULL)
            lint_tell_parameter(maps->lint, maps->service->params, parameter, LINT_TABLE_SHADOWED,
                                "%s is never asked: %s answers every key", table_name(t), table_name(before));
        else if (answers_everything(t))
            before = t;
        if (is_type(t, "cidr"))
            lint_tell_parameter(maps->lint, maps->service->params, parameter, LINT_TABLE_CIDR,
                                "%s is asked for next-hops, not for addresses", table_name(t));
        if (is_type(t, "unionmap") && table_member(t, 1) != NULL)
            lint_tell_parameter(maps->lint, maps->service->params, parameter, LINT_TABLE_UNION,
                                "%s joins the policies of a key", table_name(t));
        if (is_type(t, "randmap"))
            lint_tell_parameter(maps->lint, maps->service->params, parameter, LINT_TABLE_RANDOM, "%s chooses at random",
                                table_name(t));
    }
}

/* Entries */

static void (*const value_checks[])(struct lint_entry *) = {
    lint_entry_protocols, lint_entry_ciphers, lint_names, lint_pins, lint_entry_level, lint_entry_sts,
};

static void note_use(struct lint_use *use, const struct lint_entry *e)
{
    if (!use->used)
        *use = (struct lint_use){ true, e->file, e->line, region_text(e->lint->region, e->key) };
}

static void note_level(struct lint_entry *e)
{
    const struct policy *policy = &e->policy;

    note_use(&e->maps->uses.levels[policy->level], e);
    if (level_is_pkix(policy->level) && policy->tafiles == NULL)
        note_use(&e->maps->uses.needs_authority, e);
}

/* "$1", "${1}", "$(1)" filled in with a name, "$$" with a dollar. */
static const char *filled_in(struct region *region, struct slice value)
{
    struct buf out;
    const char *text;

    buf_init(&out, 32 * value.n + 1);
    for (size_t i = 0; i < value.n; i++) {
        size_t end = i + 1;

        if (value.p[i] != '$') {
            buf_add_char(&out, value.p[i]);
            continue;
        }
        if (end < value.n && value.p[end] == '$') {
            buf_add_char(&out, '$');
            i = end;
            continue;
        }
        while (end < value.n && strchr("({0123456789})", value.p[end]) != NULL)
            end++;
        buf_add_text(&out, "example.com");
        i = end - 1;
    }
    text = region_slice(region, buf_slice(&out));
    buf_clear(&out);
    return text;
}

/* Address literals are judged with their key: their values are not remembered. */
static bool can_remember(const struct lint_entry *e)
{
    return e->key[0] != '[' && e->item.value.n <= CLEAN_VALUE_MAX;
}

static size_t findings_so_far(const struct lint *lint)
{
    const size_t *counts = lint->result->by_severity;

    return counts[SEVERITY_NOTICE] + counts[SEVERITY_WARNING] + counts[SEVERITY_CRITICAL];
}

static void check_value(struct lint_entry *e, bool in_use)
{
    struct lint *lint = e->lint;
    size_t before = findings_so_far(lint);

    if (can_remember(e) && dict_find(e->maps->clean, e->item.value) != NULL)
        return;
    e->can_paste = e->item.kind != TABLE_ITEM_RULE || slice_find(e->item.value, '$') == e->item.value.n;
    e->value = e->can_paste ? region_slice(lint->scratch, e->item.value) : filled_in(lint->scratch, e->item.value);
    if (!lint_value(e) || !in_use)
        return;
    note_level(e);
    for (size_t i = 0; i < sizeof(value_checks) / sizeof(value_checks[0]); i++)
        value_checks[i](e);
    if (findings_so_far(lint) == before && can_remember(e) && dict_count(e->maps->clean) < CLEAN_MAX)
        dict_put(e->maps->clean, e->item.value, e->maps);
}

/* is_whole: the table itself is asked, not the one around it. */
static void check_entry(struct lint_entry *e, struct dict *patterns, bool is_whole)
{
    bool in_use = true;

    e->key = region_slice(e->lint->scratch, e->item.key);
    e->file = e->item.file;
    e->line = e->item.line;
    policy_init(&e->policy);
    if (is_whole && e->item.kind == TABLE_ITEM_ENTRY)
        in_use = lint_key_can_be_asked(e);
    if (e->item.value.n > 0)
        check_value(e, in_use);
    if (is_whole && in_use && e->item.kind == TABLE_ITEM_ENTRY)
        lint_key(e);
    else if (e->item.kind == TABLE_ITEM_RULE)
        lint_rule(e, patterns);
}

/* Members of a pipemap but for the last give keys, not policies. */
static void check_entries(struct lint_maps *maps, const struct table *t, size_t position, bool is_whole)
{
    struct lint_entry e = { .maps = maps, .lint = maps->lint, .table = t, .position = position };
    const struct table *member, *next;
    struct dict *patterns = dict_new();

    for (e.number = 0; table_item(t, e.number, &e.item); e.number++) {
        if (e.number % FORGET_EVERY == 0)
            lint_forget(maps->lint);
        check_entry(&e, patterns, is_whole);
    }
    dict_free(patterns);
    for (size_t i = 0; (member = table_member(t, i)) != NULL; i++) {
        next = table_member(t, i + 1);
        if (is_type(t, "unionmap") || next == NULL)
            check_entries(maps, member, position, false);
    }
}

void lint_policy_tables(struct lint_maps *maps)
{
    maps->clean = dict_new();
    check_combination(maps);
    for (size_t i = 0; i < maps->list->count; i++)
        check_entries(maps, maps->list->tables[i], i, true);
    dict_free(maps->clean);
    maps->clean = NULL;
    lint_forget(maps->lint);
}
