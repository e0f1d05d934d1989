/* The whole per-site matrix: the migrated tables give the same level, or the output names the host that made the
 * difference. Each output is read as its reader would: what is no comment goes into the file named above it. */
#include <stdio.h>
#include <string.h>

#include "reports/migrate_report.h"
#include "scanner/base/buf.h"
#include "scanner/judge/lint.h"
#include "scanner/policy/policy.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

#define DEST "dest.example"
#define HOST "mx.host.example"
#define PIN  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BASE                                                                                                           \
    "compatibility_level = 3.6\nmyhostname = mail.sender.example\nmydestination = sender.example\n"                    \
    "smtp_dns_support_level = dnssec\nsmtp_tls_dane_insecure_mx_policy = dane\n"                                       \
    "smtp_tls_fingerprint_cert_match = " PIN "\n"

static const struct global {
    const char *main_cf;
    const char *level;
} globals[] = {
    { "", "none" },
    { "smtp_use_tls = yes\n", "may" },
    { "smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = no\n", "encrypt" },
    { "smtp_enforce_tls = yes\n", "verify" },
    { "smtp_tls_security_level = none\n", "none" },
    { "smtp_tls_security_level = may\n", "may" },
    { "smtp_tls_security_level = encrypt\n", "encrypt" },
    { "smtp_tls_security_level = fingerprint\n", "fingerprint" },
    { "smtp_tls_security_level = dane\n", "dane" },
    { "smtp_tls_security_level = dane-only\n", "dane-only" },
    { "smtp_tls_security_level = verify\n", "verify" },
    { "smtp_tls_security_level = secure\n", "secure" },
};

static const char *const values[] = { NULL, "NONE", "MAY", "MUST_NOPEERMATCH", "MUST" };

static bool collect(void *arg, const char *data, size_t n)
{
    return buf_add(arg, data, n);
}

static struct slice next_line(struct slice *rest)
{
    struct slice line = slice_head(*rest, slice_find(*rest, '\n'));

    *rest = slice_from_index(*rest, line.n + 1);
    return line;
}

/* The part of the output that belongs into a file. */
static const char *part_of(struct region *region, const char *text, const char *file)
{
    struct slice rest = slice_of(text);
    struct buf out;
    const char *kept;
    bool mine = false;

    buf_init(&out, 1 << 20);
    while (rest.n > 0) {
        struct slice line = next_line(&rest);

        if (slice_starts_with(line, SLICE("# FILE: ")))
            mine = strstr(region_slice(region, line), file) != NULL;
        else if (mine && line.n > 0 && line.p[0] != '#') {
            buf_add_slice(&out, line);
            buf_add_char(&out, '\n');
        }
    }
    kept = region_slice(region, buf_slice(&out));
    buf_clear(&out);
    return kept;
}

static const struct config_file authorities = { .path = "/t/ca.pem", .text = { "-----BEGIN", 10 } };

static struct fixture *make(const char *main_cf, const struct memory_file *files)
{
    struct fixture *f = fixture_new(main_cf, "3.7.11", files);

    for (struct service *s = f->config.services; s != NULL; s = s->next)
        s->ca_file = &authorities;
    f->view.wants = NULL;
    return f;
}

static enum level level_of(struct fixture *f, const char *dest, const char *host)
{
    struct nexthop nexthop;
    struct policy policy;
    struct error err;

    if (!nexthop_parse(f->region, &nexthop, slice_of(dest), f->smtp->params, &err))
        return LEVEL_INVALID;
    policy_find(f->region, &policy, f->smtp, &f->config, &nexthop, host, &f->view, NULL);
    return policy.level;
}

/* What migrate prints for the configuration; in the region of the fixture. */
static const char *migrated(struct fixture *f)
{
    struct buf out;
    struct sink sink = { collect, &out };
    const char *text;

    buf_init(&out, 1 << 20);
    migrate_report(&f->config, migrate(f->region, &f->config), &sink);
    text = region_slice(f->region, buf_slice(&out));
    buf_clear(&out);
    return text;
}

static size_t bad_findings(struct fixture *f)
{
    struct lint_result result;
    struct lint_input input = { .config = &f->config, .view = &f->view };

    lint_run(f->region, &result, &input);
    for (size_t i = 0; i < result.count; i++)
        if (result.items[i]->severity > SEVERITY_NOTICE)
            check_note("%s: %s", lint_row(result.items[i]->code)->code, result.items[i]->text);
    return result.by_severity[SEVERITY_CRITICAL] + result.by_severity[SEVERITY_WARNING];
}

/* main.cf as it stays, without what the output says to remove, and with what it says to add. */
static const char *new_main_cf(struct fixture *old, const char *main_cf, const char *text)
{
    struct slice rest = slice_of(main_cf);
    const char *out = "";

    while (rest.n > 0) {
        struct slice line = next_line(&rest), name = slice_trim(slice_head(line, slice_find(line, '=')));

        if (strstr(text, region_printf(old->region, "# remove %.*s ", (int)name.n, name.p)) == NULL)
            out = region_printf(old->region, "%s%.*s\n", out, (int)line.n, line.p);
    }
    return region_printf(old->region, "%s%s", out, part_of(old->region, text, "/main.cf"));
}

/* The level is the same afterwards, or (where a host counts) the host stands in the list of those that have no
 * equivalent. */
static void compare(struct fixture *old, const char *old_main_cf, const char *dest, const char *host, bool host_counts,
                    const char *what)
{
    const char *text = migrated(old);
    const char *main_cf = new_main_cf(old, old_main_cf, text);
    struct memory_file files[] = { { "/t/tls_policy", part_of(old->region, text, "/t/tls_policy,"), TABLE_LOAD_OK },
                                   { "/t/tls_policy.2", part_of(old->region, text, "/t/tls_policy.2"), TABLE_LOAD_OK },
                                   { NULL, NULL, TABLE_LOAD_OK } };
    struct fixture *new = make(main_cf, files);
    enum level before = level_of(old, dest, host), after = level_of(new, dest, host);
    bool named = strstr(text, "as a mail host") != NULL && strstr(text, host) != NULL;

    if (host_counts && before != after)
        check_ok(named, "%s: %s becomes %s, and the host is named", what, level_word(before), level_word(after));
    else
        is_text(level_word(after), level_word(before), "%s: the same level", what);
    is_int(bad_findings(new), 0, "%s: lint has nothing against the result", what);
    fixture_free(new);
}

static void check_cell(const struct global *global, const char *dest, const char *host)
{
    char table[256] = "", main_cf[1024];
    const struct memory_file files[] = { { "/t/per_site", table, TABLE_LOAD_OK }, { NULL, NULL, TABLE_LOAD_OK } };
    const char *named_global;
    struct fixture *old;

    snprintf(table, sizeof(table), "%s%s%s%s%s%s", dest != NULL ? DEST " " : "", dest != NULL ? dest : "",
             dest != NULL ? "\n" : "", host != NULL ? HOST " " : "", host != NULL ? host : "",
             host != NULL ? "\n" : "");
    snprintf(main_cf, sizeof(main_cf),
             BASE "%s"
                  "%s",
             global->main_cf, dest != NULL || host != NULL ? "smtp_tls_per_site = texthash:/t/per_site\n" : "");
    old = make(main_cf, files);
    is_text(level_word(policy_global_level(old->smtp->params, &named_global)), global->level, "the global level of %s",
            global->main_cf);
    if (migrate(old->region, &old->config) != NULL)
        compare(old, main_cf, DEST, HOST, host != NULL,
                region_printf(old->region, "global %s, dest %s, host %s", global->level, dest != NULL ? dest : "-",
                              host != NULL ? host : "-"));
    fixture_free(old);
}

/* Tables that are no plain list */

static const struct list_row {
    const char *per_site, *table, *rules, *dest;
} lists[] = {
    { "texthash:/t/per_site, static:NONE", "dest.example MAY\n", "", DEST },
    { "texthash:/t/per_site, static:NONE", "dest.example MAY\n", "", "other.example" },
    { "texthash:/t/per_site, pcre:/t/rules", "dest.example MUST\n",
      "/^dest/ NONE\n/^other\\.example$/ MUST_NOPEERMATCH\n", "other.example" },
    { "texthash:/t/per_site, pcre:/t/rules", "dest.example MUST\n", "/^dest/ NONE\n", DEST },
    { "inline:{ dest.example=MUST_NOPEERMATCH }", "", "", DEST },
    { "static:MAY", "", "", DEST },
    { "static:MUST", "", "", DEST },
    { "texthash:/t/per_site", "[mx.dest.example]:587 MUST\n", "", "[mx.dest.example]:587" },
    { "texthash:/t/per_site", "# comment\n\nDest.Example must\n.example NONE\n", "", DEST },
    { "texthash:/t/per_site", "# comment\n\nDest.Example must\n.example NONE\n", "", "other.example" },
};

static void check_lists(void)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct list_row *row = &lists[i];
        const struct memory_file files[] = { { "/t/per_site", row->table, TABLE_LOAD_OK },
                                             { "/t/rules", row->rules, TABLE_LOAD_OK },
                                             { NULL, NULL, TABLE_LOAD_OK } };
        char main_cf[1024];
        struct fixture *old;

        snprintf(main_cf, sizeof(main_cf),
                 BASE "relayhost = %s\nsmtp_tls_security_level = encrypt\nsmtp_tls_per_site = %s\n",
                 row->dest[0] == '[' ? row->dest : "", row->per_site);
        old = make(main_cf, files);
        old->config.dir = "/t";
        compare(old, main_cf, row->dest, HOST, false, region_printf(old->region, "%s: %s", row->per_site, row->dest));
        fixture_free(old);
    }
}

/* What is said of what cannot be carried over */

static const struct remark_row {
    const char *per_site, *table, *said;
} remarks[] = {
    { "texthash:/t/per_site", ".example MUST\n", "never asked" },
    { "texthash:/t/per_site", "* MUST\n", "never asked" },
    { "texthash:/t/per_site", "dest.example encrypt\n", "no value of a per-site table" },
    { "texthash:/t/per_site", "dest.example MAY\n", "MAY does not lower" },
    { "texthash:/t/per_site, static:MUST", "dest.example NONE\n", "merged with what a static table says" },
    { "texthash:/t/per_site, texthash:/t/per_site", "dest.example MUST\n", "an earlier table has the key" },
    { "pcre:/t/per_site", "/^(.*)\\.example$/ $1\n", "made of the key" },
    { "pcre:/t/per_site", "if /example$/\n/^dest/ MUST\nendif\n", "if ... endif" },
    { "pcre:/t/per_site", "/^dest\\.example$/ MUST\n", "asked for .domain" },
    { "socketmap:inet:127.0.0.1:1:x", "", "cannot be listed" },
    { "texthash:/t/per_site", "dest.example MUST\n", "4.7.5 instead of 4.3.0" },
    { "texthash:/t/per_site\nsmtp_tls_policy_maps = static:may", "dest.example MUST\n", "is ignored today" },
};

static void check_remarks(void)
{
    for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
        const struct memory_file files[] = { { "/t/per_site", remarks[i].table, TABLE_LOAD_OK },
                                             { NULL, NULL, TABLE_LOAD_OK } };
        char main_cf[1024];
        struct fixture *old;

        snprintf(main_cf, sizeof(main_cf), BASE "smtp_tls_security_level = encrypt\nsmtp_tls_per_site = %s\n",
                 remarks[i].per_site);
        old = make(main_cf, files);
        check_ok(strstr(migrated(old), remarks[i].said) != NULL, "%s, %s: \"%s\" is said", remarks[i].per_site,
                 remarks[i].table, remarks[i].said);
        fixture_free(old);
    }
}

int main(void)
{
    for (size_t g = 0; g < sizeof(globals) / sizeof(globals[0]); g++)
        for (size_t d = 0; d < sizeof(values) / sizeof(values[0]); d++)
            for (size_t h = 0; h < sizeof(values) / sizeof(values[0]); h++)
                check_cell(&globals[g], values[d], values[h]);
    check_lists();
    check_remarks();
    return check_done();
}
