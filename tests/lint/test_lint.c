/* Each check of lint: what triggers it, what nearly does, and the line to put instead. */
#include <stdio.h>
#include <string.h>

#include "scanner/judge/lint.h"
#include "scanner/base/buf.h"
#include "scanner/base/mem.h"
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

#define POLICY_PATH  "/t/policy"
#define DEFAULT_MAIN "smtp_tls_security_level = may\nsmtp_tls_policy_maps = texthash:" POLICY_PATH "\n"

struct half {
    const char *main_cf, *policy, *other;
};

/* What the loader or the file system would have said. */
typedef void setup_fn(struct fixture *, struct lint_input *);

static const struct row {
    enum lint_code code;
    const char *version;
    struct half trigger, nearly;
} rows[] = {
#define VALUE(code, version, trigger, nearly)                                                                          \
    { LINT_##code, version, { DEFAULT_MAIN, trigger "\n", "" }, { DEFAULT_MAIN, nearly "\n", "" } },
#define CONFIG(code, version, a, b, c, d, e, f) { LINT_##code, version, { a, b, c }, { d, e, f } },
#include "tests/lint/rows.def"
#undef VALUE
#undef CONFIG
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct memory_dump dumps[] = {
    { "hash:/t/stale", "example.com=may\n", true, TABLE_LOAD_OK },
    { "hash:/t/fresh", "example.com=may\n", false, TABLE_LOAD_OK },
    { "hash:/t/unfolded", "Example.com=may\n", false, TABLE_LOAD_OK },
    { "hash:/t/other", "", false, TABLE_LOAD_UNREADABLE },
    { NULL, NULL, false, TABLE_LOAD_OK },
};

/* One configuration, reviewed. */
struct reviewed {
    struct memory_file files[4];
    struct fixture *fixture;
    struct lint_input input;
    struct lint_result result;
};

static void review(struct reviewed *r, const struct half *half, const char *version, setup_fn *setup)
{
    *r = (struct reviewed){ .files = { { POLICY_PATH, half->policy, TABLE_LOAD_OK },
                                       { "/t/other", half->other, TABLE_LOAD_OK },
                                       { "/t/unreadable", "", TABLE_LOAD_UNREADABLE } } };
    r->fixture = fixture_with_dumps(half->main_cf, version, r->files, dumps);
    fixture_file(r->fixture, "/t/nowhere.pem", "", "No such file or directory");
    r->fixture->view.wants = NULL;
    r->input = (struct lint_input){ .config = &r->fixture->config, .view = &r->fixture->view };
    if (setup != NULL)
        setup(r->fixture, &r->input);
    lint_run(r->fixture->region, &r->result, &r->input);
}

static const struct lint_finding *find(const struct reviewed *r, enum lint_code code)
{
    for (size_t i = 0; i < r->result.count; i++)
        if (r->result.items[i]->code == code)
            return r->result.items[i];
    return NULL;
}

/* Text with a line replaced. */
static char *with_line(const char *text, int line, const char *fix)
{
    struct slice rest = slice_of(text);
    struct buf out;
    char *copy;

    buf_init(&out, 1 << 16);
    for (int number = 1; rest.n > 0; number++) {
        size_t end = slice_find(rest, '\n');

        buf_add_slice(&out, number == line ? slice_of(fix) : slice_head(rest, end));
        buf_add_char(&out, '\n');
        rest = slice_from_index(rest, end + 1);
    }
    copy = mem_text(buf_text(&out));
    buf_clear(&out);
    return copy;
}

/* The line to put instead must be free of what it was offered for. */
static void check_fix(const struct row *row, const struct lint_finding *f)
{
    bool in_policy = f->file != NULL && strcmp(f->file, POLICY_PATH) == 0;
    bool in_main = f->file != NULL && strcmp(f->file, "main.cf") == 0;
    struct reviewed after;
    struct half half = row->trigger;
    char *fixed;

    check_ok(f->fix != NULL && f->fix[0] != '\0', "%s: there is something to do", lint_row(row->code)->code);
    if (!f->fix_is_line || f->line == 0 || !(in_policy || in_main))
        return;
    fixed = with_line(in_policy ? half.policy : half.main_cf, f->line, f->fix);
    if (in_policy)
        half.policy = fixed;
    else
        half.main_cf = fixed;
    review(&after, &half, row->version, NULL);
    check_ok(find(&after, row->code) == NULL, "%s: \"%s\" is put right by \"%s\"", lint_row(row->code)->code,
             row->trigger.policy, f->fix);
    fixture_free(after.fixture);
    mem_free(fixed);
}

static void check_row(const struct row *row)
{
    const char *code = lint_row(row->code)->code;
    const struct lint_finding *f;
    struct reviewed r;

    review(&r, &row->trigger, row->version, NULL);
    f = find(&r, row->code);
    check_ok(f != NULL, "%s: found in %s| %s", code, row->trigger.main_cf, row->trigger.policy);
    if (f != NULL)
        check_fix(row, f);
    fixture_free(r.fixture);
    review(&r, &row->nearly, row->version, NULL);
    f = find(&r, row->code);
    is_text(f != NULL ? f->text : NULL, NULL, "%s: not found in %s| %s", code, row->nearly.main_cf, row->nearly.policy);
    fixture_free(r.fixture);
}

/* What cannot be said in main.cf and tables */

static void set_start_error(struct fixture *f, struct lint_input *input)
{
    static struct error err;

    (void)input;
    error_set_at(&err, 0, "main.cf", 1, "bad value");
    f->smtp->start_error = &err;
}

static void set_engine_error(struct fixture *f, struct lint_input *input)
{
    (void)input;
    f->smtp->engine_error = "smtp_tls_CAfile /t/ca.pem: no certificates in it";
}

static const struct config_file no_directory = { .path = "/t/certs", .error = "/t/certs: No such file or directory" };
static const struct config_file authorities = { .path = "/t/ca.pem", .text = { "-----BEGIN", 10 } };

static void set_no_directory(struct fixture *f, struct lint_input *input)
{
    (void)input;
    f->smtp->ca_path = &no_directory;
}

static void set_authorities(struct fixture *f, struct lint_input *input)
{
    (void)input;
    for (struct service *s = f->config.services; s != NULL; s = s->next)
        s->ca_file = &authorities;
}

static void set_distant_resolver(struct fixture *f, struct lint_input *input)
{
    (void)f;
    input->distant_resolver = "192.0.2.53";
}

static void set_private_file(struct fixture *f, struct lint_input *input)
{
    static const struct lint_file file = { .path = POLICY_PATH, .owner_reads = false };

    (void)f;
    input->files = &file;
}

static void set_open_file(struct fixture *f, struct lint_input *input)
{
    static const struct lint_file file = { .path = POLICY_PATH, .owner_reads = true, .all_write = true };

    (void)f;
    input->files = &file;
}

#define DANE  "smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\n"
#define PROXY "smtp_tls_security_level = may\nsmtp_tls_policy_maps = proxy:texthash:" POLICY_PATH "\n"

static const struct set_row {
    enum lint_code code;
    const char *main_cf, *policy;
    setup_fn *trigger, *nearly;
    const char *nearly_main_cf; /* NULL: the same */
} set_rows[] = {
    { LINT_SERVICE_DOES_NOT_START, DEFAULT_MAIN, "", set_start_error, NULL, NULL },
    { LINT_TLS_ENGINE_FAILS, DEFAULT_MAIN, "", set_engine_error, set_no_directory, NULL },
    { LINT_CA_PATH_UNUSABLE, DEFAULT_MAIN, "", set_no_directory, set_authorities, NULL },
    { LINT_VERIFY_WITHOUT_CA, DEFAULT_MAIN, "example.com secure\n", set_no_directory, set_authorities, NULL },
    { LINT_DANE_RESOLVER_DISTANT, DANE, "", set_distant_resolver, set_distant_resolver, DEFAULT_MAIN },
    { LINT_TABLE_OWNER_CANNOT_READ, PROXY, "", set_private_file, set_private_file, DEFAULT_MAIN },
    { LINT_TABLE_WRITABLE, DEFAULT_MAIN, "", set_open_file, set_private_file, NULL },
};
#define SET_ROWS (sizeof(set_rows) / sizeof(set_rows[0]))

static void check_set_row(const struct set_row *row)
{
    const char *code = lint_row(row->code)->code;
    struct half trigger = { row->main_cf, row->policy, "" }, nearly = trigger;
    struct reviewed r;

    if (row->nearly_main_cf != NULL)
        nearly.main_cf = row->nearly_main_cf;
    review(&r, &trigger, "3.7.11", row->trigger);
    check_ok(find(&r, row->code) != NULL, "%s: found", code);
    fixture_free(r.fixture);
    review(&r, &nearly, "3.7.11", row->nearly);
    check_ok(find(&r, row->code) == NULL, "%s: nearly", code);
    fixture_free(r.fixture);
}

/* A thousand of one kind, and one more */

static size_t count_of(const struct reviewed *r, enum lint_code code)
{
    size_t count = 0;

    for (size_t i = 0; i < r->result.count; i++)
        count += r->result.items[i]->code == code;
    return count;
}

static void check_limits(void)
{
    struct buf table;
    struct reviewed r;
    struct half half = { DEFAULT_MAIN, NULL, "" };

    buf_init(&table, 1 << 20);
    for (int i = 0; i < LINT_PER_CODE_MAX + 2; i++)
        buf_printf(&table, "d%d.example sekure\n", i);
    half.policy = buf_text(&table);
    review(&r, &half, "3.7.11", NULL);
    is_int(count_of(&r, LINT_LEVEL_UNKNOWN), LINT_PER_CODE_MAX, "findings of one kind are kept up to a limit");
    is_int(r.result.left_out, 2, "those beyond the limit are counted");
    check_ok(r.result.by_severity[SEVERITY_CRITICAL] >= LINT_PER_CODE_MAX + 2, "all count for the exit status");
    fixture_free(r.fixture);
    buf_clear(&table);
}

/* Every check has its rows, and stands in the manual page and the schema. */

static bool has_row(enum lint_code code)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].code == code)
            return true;
    for (size_t i = 0; i < SET_ROWS; i++)
        if (set_rows[i].code == code)
            return true;
    return code == LINT_TABLE_MORE_NOTICES; /* a thousand notices of one table: the test of tables has it */
}

static void check_documents(void)
{
    size_t size;
    char *page = check_read_file("man/posttls-audit-lint.1", &size);
    char *schema = check_read_file("reports/lint.schema.json", &size);
    char text[128];

    for (int i = 0; i < LINT_COUNT; i++) {
        const char *code = lint_row((enum lint_code)i)->code;

        check_ok(has_row((enum lint_code)i), "%s has a row that triggers it and one that nearly does", code);
        snprintf(text, sizeof(text), ".It Sy %s\n", code);
        check_ok(strstr(page, text) != NULL, "%s is in the manual page", code);
        snprintf(text, sizeof(text), "\"%s\"", code);
        check_ok(strstr(schema, text) != NULL, "%s is in the schema", code);
        for (int k = 0; k < i; k++)
            if (strcmp(code, lint_row((enum lint_code)k)->code) == 0)
                check_ok(false, "%s stands once in the list", code);
    }
    mem_free(page);
    mem_free(schema);
}

int main(void)
{
    for (size_t i = 0; i < ROWS; i++)
        check_row(&rows[i]);
    for (size_t i = 0; i < SET_ROWS; i++)
        check_set_row(&set_rows[i]);
    check_limits();
    check_documents();
    return check_done();
}
