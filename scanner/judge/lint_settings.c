/* Protocols and ciphers, of entries and of main.cf: settings that no server could meet, or that mean something else. */
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "scanner/judge/lint_impl.h"
#include "scanner/policy/ciphers.h"
#include "scanner/policy/protocols.h"

/* A setting and where it stands. */
struct setting {
    struct lint_maps *maps;
    struct lint_entry *entry; /* NULL: of main.cf */
    const char *name;         /* the attribute, or the parameter by its smtp_ name */
    const char *value;
    bool authenticates; /* the levels it is for compare certificates: OpenSSL security level 1 */
};

static struct lint_finding *tell(const struct setting *s, enum lint_code code, const char *text)
{
    if (s->entry != NULL)
        return lint_tell_entry(s->entry, code, "%s=%s: %s", s->name, s->value, text);
    return lint_tell_parameter(s->maps->lint, s->maps->service->params, s->name, code, "%s = %s: %s",
                               params_name(s->maps->service->params, s->name), s->value, text);
}

static void fix(const struct setting *s, struct lint_finding *f, const char *value)
{
    if (s->entry != NULL)
        lint_fix_attribute(s->entry, f, s->name, value);
    else if (value != NULL)
        lint_fix_line(s->maps->lint, f, "%s = %s", params_name(s->maps->service->params, s->name), value);
}

/* Protocols */

static const char *modern(const struct lint *lint)
{
    return version_at_least(lint->config->version, 3, 6, 0) ? ">=TLSv1.2" : "!SSLv2:!SSLv3:!TLSv1:!TLSv1.1";
}

/* A version that stands above one that is off is off too: "TLSv1:TLSv1.3", "!TLSv1.2". */
static bool has_hole(const struct protocols *p)
{
    static const struct {
        uint16_t version;
        uint64_t off;
    } order[] = { { TLS1_VERSION, SSL_OP_NO_TLSv1 },
                  { TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
                  { TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
                  { TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 } };
    bool on = false, gap = false;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        bool offered = (p->disabled & order[i].off) == 0 && (p->min == 0 || order[i].version >= p->min) &&
                       (p->max == 0 || order[i].version <= p->max);

        if (offered && gap)
            return true;
        gap = gap || (on && !offered);
        on = on || offered;
    }
    return false;
}

static bool has_word(const char *list, const char *word)
{
    struct slice rest = slice_of(list), token;

    while (slice_next_token(&rest, ", \t\r\n:", &token))
        if (slice_eq_text_nocase(token, word))
            return true;
    return false;
}

/* One version, and it was named without any sign. */
static bool is_single(const char *list, const char *offered)
{
    return strchr(offered, '-') == NULL && has_word(list, offered);
}

static bool is_old(const char *offered)
{
    const char *last = strchr(offered, '-');

    last = last != NULL ? last + 1 : offered;
    return strcmp(last, "TLSv1.2") != 0 && strcmp(last, "TLSv1.3") != 0;
}

static void check_protocols(const struct setting *s)
{
    struct lint *lint = s->maps->lint;
    struct protocols protocols;
    struct slice bad;
    const char *offered;
    struct lint_finding *f = NULL;

    if (!protocols_parse(&protocols, slice_of(s->value), lint->config->version, &bad)) {
        f = tell(s, LINT_PROTOCOLS_INVALID,
                 region_printf(lint->scratch, "\"%.*s\" is no protocol to Postfix%s", (int)bad.n, bad.p,
                               bad.p[0] == '>' || bad.p[0] == '<' ? " before 3.6" : ""));
        fix(s, f, modern(lint));
        return;
    }
    /* OpenSSL is built without SSLv3 nowadays. */
    protocols.disabled |= SSL_OP_NO_SSLv3;
    offered = protocols_to_text(lint->scratch, &protocols);
    if (strcmp(offered, "none") == 0)
        f = tell(s, LINT_PROTOCOLS_NONE, "no protocol is left");
    else if (has_hole(&protocols))
        f = tell(s, LINT_PROTOCOLS_HOLE, region_printf(lint->scratch, "what is offered is %s", offered));
    else if (is_old(offered) && s->authenticates)
        f = tell(s, LINT_PROTOCOLS_TOO_OLD, region_printf(lint->scratch, "what is offered is %s", offered));
    else if (is_old(offered))
        f = tell(s, LINT_PROTOCOLS_OBSOLETE, region_printf(lint->scratch, "what is offered is %s", offered));
    else if (is_single(s->value, offered))
        f = tell(s, LINT_PROTOCOLS_SINGLE, region_printf(lint->scratch, "what is offered is %s alone", offered));
    fix(s, f, modern(lint));
}

void lint_entry_protocols(struct lint_entry *e)
{
    struct setting s = { e->maps, e, "protocols", e->policy.protocols, level_needs_match(e->policy.level) };

    if (s.value != NULL)
        check_protocols(&s);
}

/* Ciphers */

/* Whether OpenSSL finds anything in the list; remembered. */
static bool is_empty_list(struct lint *lint, const char *list)
{
    static const char none[] = "none", some[] = "some";
    const char *known = dict_find(lint->ciphers, slice_of(list));
    SSL_CTX *context;

    if (known == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(context, 0);
        known = SSL_CTX_set_cipher_list(context, list) == 1 ? some : none;
        SSL_CTX_free(context);
        ERR_clear_error();
        dict_put(lint->ciphers, slice_of(list), (void *)(uintptr_t)known);
    }
    return known == none;
}

static void check_grade(const struct setting *s)
{
    static const char *const weak[] = { "low", "export", "null" };

    if (ciphers_list(s->maps->lint->scratch, s->value, "", "", s->maps->service->params, NULL) == NULL) {
        fix(s, tell(s, LINT_CIPHERS_UNKNOWN, "no such grade"), "medium");
        return;
    }
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
        if (strcasecmp(s->value, weak[i]) == 0)
            fix(s, tell(s, LINT_CIPHERS_WEAK, "less than medium"), "medium");
}

static const char *without_signs(struct lint *lint, const char *list)
{
    struct slice rest = slice_of(list), token;
    const char *joined = "";

    while (slice_next_token(&rest, ", \t\r\n:", &token)) {
        while (token.n > 0 && strchr("!+-@", token.p[0]) != NULL)
            token = slice_from_index(token, 1);
        joined = region_printf(lint->scratch, "%s%s%.*s", joined, joined[0] != '\0' ? ":" : "", (int)token.n, token.p);
    }
    return joined;
}

/* False: told. */
static bool check_exclusions(const struct setting *s)
{
    struct slice rest = slice_of(s->value), token;

    while (slice_next_token(&rest, ", \t\r\n:", &token))
        if (strchr("!+-@", token.p[0]) != NULL) {
            struct lint_finding *f =
                tell(s, LINT_EXCLUDE_INVALID,
                     region_printf(s->maps->lint->scratch, "\"%.*s\" begins with a sign", (int)token.n, token.p));

            fix(s, f, without_signs(s->maps->lint, s->value));
            return false;
        }
    return true;
}

static const char *implicit_exclusion(enum level level)
{
    return level_needs_match(level) ? "aNULL" : level == LEVEL_ENCRYPT ? "eNULL" : "";
}

static void check_list(const struct setting *s, const char *grade, const char *exclusions, enum level level)
{
    const char *list = ciphers_list(s->maps->lint->scratch, grade, exclusions, implicit_exclusion(level),
                                    s->maps->service->params, NULL);

    if (list != NULL && is_empty_list(s->maps->lint, list))
        fix(s, tell(s, LINT_CIPHER_LIST_EMPTY, "nothing is left of the cipher list"), NULL);
}

static const char *joined_exclusions(const struct lint_maps *maps, enum level level)
{
    const struct params *params = maps->service->params;

    if (level < LEVEL_ENCRYPT)
        return params_text(params, "smtp_tls_exclude_ciphers");
    return region_printf(maps->lint->scratch, "%s %s", params_text(params, "smtp_tls_exclude_ciphers"),
                         params_text(params, "smtp_tls_mandatory_exclude_ciphers"));
}

void lint_entry_ciphers(struct lint_entry *e)
{
    const struct params *params = e->maps->service->params;
    enum level level = e->policy.level;
    const char *grade = e->policy.ciphers, *exclude = e->policy.exclude;
    struct setting ciphers = { e->maps, e, "ciphers", grade, false };
    struct setting exclusions = { e->maps, e, "exclude", exclude, false };

    if (grade != NULL)
        check_grade(&ciphers);
    if (exclude != NULL && exclude[0] == '\0' &&
        strspn(joined_exclusions(e->maps, level), " ,") < strlen(joined_exclusions(e->maps, level)))
        lint_fix_attribute(e, lint_tell_entry(e, LINT_EXCLUDE_EMPTY, "exclude= undoes the exclusions of main.cf"),
                           "exclude", NULL);
    if (exclude == NULL || !check_exclusions(&exclusions))
        return;
    if (grade == NULL)
        grade = params_text(params, level > LEVEL_MAY ? "smtp_tls_mandatory_ciphers" : "smtp_tls_ciphers");
    check_list(&exclusions, grade, exclude, level);
}

/* main.cf: one half for may, one for all levels above it */

static void check_half(struct lint_maps *maps, const char *protocols, const char *grade, const char *exclude,
                       enum level level)
{
    const struct params *params = maps->service->params;
    struct setting p = { maps, NULL, protocols, params_text(params, protocols), false };
    struct setting g = { maps, NULL, grade, params_text(params, grade), false };
    struct setting x = { maps, NULL, exclude, params_text(params, exclude), false };

    if (params_is_set(params, protocols, NULL))
        check_protocols(&p);
    if (params_is_set(params, grade, NULL))
        check_grade(&g);
    if (params_is_set(params, exclude, NULL) && check_exclusions(&x))
        check_list(&x, g.value, joined_exclusions(maps, level), level);
}

void lint_main_cf_settings(struct lint_maps *maps)
{
    check_half(maps, "smtp_tls_protocols", "smtp_tls_ciphers", "smtp_tls_exclude_ciphers", LEVEL_MAY);
    check_half(maps, "smtp_tls_mandatory_protocols", "smtp_tls_mandatory_ciphers", "smtp_tls_mandatory_exclude_ciphers",
               LEVEL_ENCRYPT);
}
