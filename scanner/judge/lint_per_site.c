/* smtp_tls_per_site, the table before smtp_tls_policy_maps. */
#include <string.h>

#include "scanner/judge/lint_impl.h"
#include "scanner/policy/per_site.h"

struct per_site {
    struct lint *lint;
    const struct service *service;
    enum level global;
    const char *parameter;
};

static void check_value(const struct per_site *p, const struct table_item *item)
{
    struct lint *lint = p->lint;
    struct lint_finding *f;
    enum level level;

    if (!per_site_parse(item->value, &level)) {
        const char *near = per_site_suggestion(item->value);
        struct slice word = item->value;

        f = lint_tell(lint, LINT_PER_SITE_VALUE, item->file, item->line, "%.*s: unknown TLS policy '%.*s'",
                      (int)item->key.n, item->key.p, (int)item->value.n, item->value.p);
        if (near == NULL && slice_next_token(&(struct slice){ item->value.p, item->value.n }, " \t", &word))
            near = per_site_suggestion(word);
        if (near != NULL)
            lint_fix_line(lint, f, "%.*s %s", (int)item->head.n, item->head.p, near);
    } else if (level == LEVEL_MAY && p->global > LEVEL_MAY) {
        lint_tell(lint, LINT_PER_SITE_MAY, item->file, item->line, "%.*s: MAY does not lower the global level %s",
                  (int)item->key.n, item->key.p, level_word(p->global));
    }
}

static void check_entries(const struct per_site *p, const struct table *t)
{
    struct table_item item;

    for (size_t i = 0; table_item(t, i, &item); i++) {
        check_value(p, &item);
        if (item.kind == TABLE_ITEM_ENTRY && item.key.n > 0 && (item.key.p[0] == '.' || item.key.p[0] == '*'))
            lint_tell(p->lint, LINT_PER_SITE_PARENT, item.file, item.line, "%.*s: whole names only are asked for",
                      (int)item.key.n, item.key.p);
    }
}

void lint_per_site(struct lint *lint, const struct service *service)
{
    const struct params *params = service->params;
    const char *ignored;
    struct per_site p = { lint, service, policy_global_level(params, &ignored),
                          params_name(params, "smtp_tls_per_site") };

    if (params_text(params, "smtp_tls_per_site")[0] == '\0')
        return;
    if (params_text(params, "smtp_tls_policy_maps")[0] != '\0') {
        lint_tell_parameter(lint, params, "smtp_tls_per_site", LINT_PER_SITE_IGNORED, "%s is ignored because %s is set",
                            p.parameter, params_name(params, "smtp_tls_policy_maps"));
        return;
    }
    for (size_t i = 0; i < service->per_site.count; i++)
        check_entries(&p, service->per_site.tables[i]);
}
