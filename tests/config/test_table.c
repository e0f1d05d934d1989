/* Tables of keys and values, those made of others, and lists of tables. What Postfix answers for the same texts is
 * checked by postmap-agreement.py; here is what only a daemon does, and where answers come from. */
#include "scanner/config/table.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "tests/config/memory_tables.h"
#include "tests/lib/check.h"

#define BIG_LINES 200000

static const struct memory_file files[] = {
    { "/policy", "# comment\nexample.com secure\nexample.net encrypt\n  match=x\n.example.com may\nUPPER.example none\n", 0 },
    { "/duplicate", "a 1\nb 2\nA 3\n", 0 },
    { "/broken-lines", "a\nb \"x\nc\"c v\n  \nd: 4\n", 0 },
    { "/leading", "  lost text\nb 2\n", 0 },
    { "/nul", "a 1", 0 },
    { "/not-utf8", "a \xff\nb 2\nc\xff 3\n", 0 },
    { "/folded", "\xc3\x84.example umlaut\n", 0 },
    { "/empty", "", 0 },
    { "/secret", "", TABLE_LOAD_UNREADABLE },
    { "/indexed", "a source\nb source\nA again\nnew source\n", 0 },
    { "/full.cf", "dbpath = /x\nquery = SELECT v FROM t WHERE k = '%s'\n", 0 },
    { "/part.cf", "query = SELECT v\n  FROM t WHERE k = '%d'\n", 0 },
    { "/domain.cf", "query = SELECT '%s'\ndomain = example.com\n", 0 },
    { "/percent.cf", "query = SELECT '%s' LIKE '%%d'\n", 0 },
    { NULL, NULL, 0 },
};

static const struct memory_dump dumps[] = {
    { "hash:/indexed", "b=index\na=index\nold=index\n", true, 0 },
    { "btree:/unfolded", "Aa=1\nbb=2\n", false, 0 },
    { "cdb:/indexed", NULL, false, TABLE_LOAD_NO_SEQUENCE },
    { "lmdb:/indexed", NULL, false, TABLE_LOAD_UNREADABLE },
    { "lmdb:/no-source", NULL, false, TABLE_LOAD_UNREADABLE },
    { "dbm:/indexed", NULL, false, TABLE_LOAD_UNKNOWN_TYPE },
    { NULL, NULL, false, 0 },
};

static struct memory_tables memory = { files, dumps };

/* The only live table: it knows one key, fails for another, and has not been asked for a third. */
static bool live(void *arg, const char *type_name, struct slice key, struct table_answer *answer)
{
    size_t *asked = arg;

    ++*asked;
    if (strcmp(type_name, "sqlite:/full.cf") != 0 && strcmp(type_name, "cdb:/indexed") != 0)
        return false;
    if (slice_eq_text(key, "later"))
        return false;
    answer->status = slice_eq_text(key, "a") ? TABLE_FOUND : slice_eq_text(key, "down") ? TABLE_ERROR : TABLE_NOT_FOUND;
    answer->value = "live";
    answer->error = "no connection";
    return true;
}

static struct table *open_table(struct region *region, const char *name, const char *version)
{
    struct table_loader loader = memory_loader(&memory);
    struct table_options options = { .utf8 = true };

    check_ok(version_parse(&options.version, slice_of(version)), "version %s", version);
    return table_open(region, slice_of(name), &options, &loader);
}

static void test_lookups(void)
{
    static const struct {
        const char *table, *version, *key, *answer;
        int         line;
    } rows[] = {
        { "texthash:/policy", "3.7.11", "example.com", "found secure", 2 },
        { "texthash:/policy", "3.7.11", "EXAMPLE.com", "found secure", 2 },
        { "texthash:/policy", "3.7.11", "example.net", "found encrypt  match=x", 3 },
        { "texthash:/policy", "3.7.11", ".example.com", "found may", 5 },
        { "texthash:/policy", "3.7.11", "upper.example", "found none", 6 },
        { "texthash:/policy", "3.7.11", "a.example.com", "not found", 0 },
        { "proxy:texthash:/policy", "3.7.11", "example.com", "found secure", 2 },
        { "debug:texthash:/policy", "3.7.11", "example.com", "error", 0 },
        { "debug:texthash:/policy", "3.11.0", "example.com", "found secure", 2 },
        { "debug:proxy:texthash:/policy", "3.11.0", "example.com", "found secure", 2 },
        { "texthash:/duplicate", "3.7.11", "b", "error", 0 },
        { "texthash:/leading", "3.7.11", "b", "found 2", 2 },
        { "texthash:/leading", "3.7.11", "lost", "not found", 0 },
        { "texthash:/missing", "3.7.11", "b", "error", 0 },
        { "texthash:/secret", "3.7.11", "b", "unreadable", 0 },
        { "texthash:/empty", "3.7.11", "b", "not found", 0 },
        { "texthash:/not-utf8", "3.7.11", "a", "not found", 0 },
        { "texthash:/not-utf8", "3.10.13", "a", "not found", 0 },
        { "texthash:/not-utf8", "3.11.0", "a", "error", 1 },
        { "texthash:/not-utf8", "3.11.0", "b", "found 2", 2 },
        { "texthash:/not-utf8", "3.11.0", "c\xff", "not found", 0 },
        { "texthash:/folded", "3.7.11", "\xc3\xa4.EXAMPLE", "found umlaut", 1 },
        { "texthash:/folded", "3.11.0", "\xc3\xa4.example", "not found", 0 },
        { "hash:/indexed", "3.7.11", "a", "found index", 1 },
        { "hash:/indexed", "3.7.11", "A", "found index", 1 },
        { "hash:/indexed", "3.7.11", "old", "found index", 0 },
        { "hash:/indexed", "3.7.11", "new", "not found", 0 },
        { "hash:/none", "3.7.11", "a", "error", 0 },
        { "btree:/unfolded", "3.7.11", "aa", "not found", 0 },
        { "btree:/unfolded", "3.7.11", "Aa", "not found", 0 },
        { "btree:/unfolded", "3.7.11", "bb", "found 2", 0 },
        { "cdb:/indexed", "3.7.11", "a", "found live", 1 },
        { "cdb:/indexed", "3.7.11", "c", "not found", 0 },
        { "lmdb:/indexed", "3.7.11", "a", "found source", 1 },
        { "lmdb:/indexed", "3.7.11", "new", "found source", 4 },
        { "lmdb:/no-source", "3.7.11", "a", "unreadable", 0 },
        { "dbm:/indexed", "3.7.11", "a", "error", 0 },
        { "sqlite:/full.cf", "3.7.11", "a", "found live", 0 },
        { "sqlite:/full.cf", "3.7.11", "b", "not found", 0 },
        { "sqlite:/full.cf", "3.7.11", "down", "error", 0 },
        { "sqlite:/full.cf", "3.7.11", "later", "wanted", 0 },
        { "mongodb:/x", "3.8.0", "a", "error", 0 },
        { "mongodb:/x", "3.9.0", "a", "wanted", 0 },
        { "hahs:/policy", "3.7.11", "a", "error", 0 },
        { "internal:x", "3.7.11", "a", "not found", 0 },
        { "static:{secure match=x}", "3.7.11", ".any", "found secure match=x", 0 },
        { "static:{x", "3.7.11", "a", "error", 0 },
        { "inline:{ {a = x y}, B=2, a=3 }", "3.7.11", "b", "found 2", 0 },
        { "inline:{ {a = x y}, B=2, a=3 }", "3.7.11", "a", "found 3", 0 },
        { "inline:{a=}", "3.7.11", "a", "found ", 0 },
        { "inline:{}", "3.7.11", "a", "error", 0 },
        { "fail:on purpose", "3.7.11", "a", "error", 0 },
        { "unionmap:{texthash:/policy,inline:{example.com=verify}}", "3.7.11", "example.com", "found secure,verify", 2 },
        { "unionmap:{inline:{a=1},texthash:/missing}", "3.7.11", "a", "error", 0 },
        { "unionmap:{inline:{a=1},sqlite:/full.cf}", "3.7.11", "a", "found 1,live", 0 },
        { "unionmap:{inline:{a=1},sqlite:/full.cf}", "3.7.11", "later", "wanted", 0 },
        { "unionmap:{pcre:{{/a/}},pcre:{{/b/}}}", "3.7.11", "a", "not found", 0 },
        { "pipemap:{inline:{x=EXAMPLE.com},texthash:/policy}", "3.7.11", "x", "found secure", 2 },
        { "pipemap:{inline:{x=a},sqlite:/full.cf}", "3.7.11", "x", "found live", 0 },
        { "pipemap:{inline:{x=later},sqlite:/full.cf}", "3.7.11", "x", "wanted", 0 },
        { "pipemap:{inline:{x=a},sqlite:/full.cf}", "3.7.11", "y", "not found", 0 },
        { "pipemap:{x}", "3.7.11", "y", "error", 0 },
        /* The whole is folded when its first member is; a pattern behind it then sees no capitals. */
        { "unionmap:{inline:{a=1},pcre:{{/^(.*)$/ $1}}}", "3.7.11", "ABC", "found abc", 0 },
        { "unionmap:{pcre:{{/^(.*)$/ $1}},inline:{a=1}}", "3.7.11", "ABC", "found ABC", 0 },
        { "texthash:/policy", "3.7.11", "\xff", "not found", 0 },
        { "static:x", "3.7.11", "\xff", "not found", 0 },
        { "static:\xff", "3.7.11", "a", "error", 0 },
        { "inline:{a=\xff}", "3.7.11", "a", "error", 0 },
        { "texthash:", "3.7.11", "a", "error", 0 },
    };
    size_t asked = 0;
    struct table_asker asker = { .ask = live, .arg = &asked };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_table(region, rows[i].table, rows[i].version);
        struct table_answer a = table_lookup(t, region, slice_of(rows[i].key), &asker);

        is_text(answer_text(region, &a), rows[i].answer, "%s (%s) %s", rows[i].table, rows[i].version, rows[i].key);
        is_int(a.line, rows[i].line, "line of %s (%s) %s", rows[i].table, rows[i].version, rows[i].key);
        is_text(a.key, rows[i].key, "the key comes back as it was asked: %s", rows[i].key);
        check_ok((a.file != NULL) == (a.line > 0), "a file goes with a line: %s %s", rows[i].table, rows[i].key);
        check_ok((a.status == TABLE_ERROR || a.status == TABLE_UNREADABLE) == (a.error != NULL), "%s says why",
                 rows[i].table);
        region_free(region);
    }
    check_ok(asked > 0, "the live tables were asked");
}

static void test_without_utf8(void)
{
    struct region *region = region_new();
    struct table_loader loader = memory_loader(&memory);
    struct table_options options = { .utf8 = false };
    struct table_answer a;
    struct table *t;

    version_parse(&options.version, SLICE("3.7.11"));
    t = table_open(region, SLICE("texthash:/not-utf8"), &options, &loader);
    a = table_lookup(t, region, SLICE("a"), NULL);
    is_text(answer_text(region, &a), "found \xff", "without SMTPUTF8 nothing is checked");
    a = table_lookup(t, region, SLICE("C\xff"), NULL);
    is_text(answer_text(region, &a), "found 3", "... and ASCII is folded");
    t = table_open(region, SLICE("texthash:/folded"), &options, &loader);
    a = table_lookup(t, region, SLICE("\xc3\xa4.example"), NULL);
    is_text(answer_text(region, &a), "not found", "... and nothing else");
    t = table_open(region, SLICE("unionmap:{inline:{a=1},pcre:{{/^(.*)$/ $1}}}"), &options, &loader);
    a = table_lookup(t, region, SLICE("ABC"), NULL);
    is_text(answer_text(region, &a), "found ABC", "... and a union leaves folding to its members");
    region_free(region);
}

static void test_notices(void)
{
    static const struct {
        const char *table, *version, *notices;
    } rows[] = {
        { "texthash:/policy", "3.7.11", "" },
        { "texthash:/missing", "3.7.11", "table-missing:0!" },
        { "texthash:/secret", "3.7.11", "table-unreadable:0!" },
        { "texthash:/duplicate", "3.7.11", "table-duplicate-key:3 table-duplicate-key:3!" },
        { "texthash:/broken-lines", "3.7.11",
          "table-key-without-value:1 table-bad-line:3 table-alias-format:5" },
        { "texthash:/leading", "3.7.11", "table-bad-line:1" },
        { "texthash:/not-utf8", "3.7.11", "table-not-utf8:1 table-not-utf8:3" },
        { "hash:/indexed", "3.7.11", "table-duplicate-key:3 table-stale-index:0" },
        { "hash:/none", "3.7.11", "table-missing:0!" },
        { "btree:/unfolded", "3.7.11", "table-key-not-folded:0" },
        { "lmdb:/indexed", "3.7.11", "table-duplicate-key:3 table-source-text-only:0" },
        { "lmdb:/no-source", "3.7.11", "table-unreadable:0!" },
        { "dbm:/indexed", "3.7.11", "table-unknown-type:0!" },
        { "hahs:/x", "3.7.11", "table-unknown-type:0!" },
        { "mongodb:/x", "3.8.0", "table-unknown-type:0!" },
        { "inline:{a=1,a=2}", "3.7.11", "table-duplicate-key:0" },
        { "inline:{a=1", "3.7.11", "table-bad-syntax:0!" },
        { "static:{a", "3.7.11", "table-bad-syntax:0!" },
        { "randmap:{}", "3.7.11", "table-bad-syntax:0!" },
        { "unionmap:{inline:{a=1},texthash:/missing}", "3.7.11", "table-missing:0!" },
        { "pipemap:{inline:{a=1},texthash:/missing}", "3.7.11", "table-missing:0" },
        { "pipemap:{texthash:/missing,inline:{a=1}}", "3.7.11", "table-missing:0!" },
        { "hash", "3.7.11", "table-bad-syntax:0!" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();

        is_text(notices_text(region, open_table(region, rows[i].table, rows[i].version)), rows[i].notices, "%s",
                rows[i].table);
        region_free(region);
    }
}

static void test_kind_and_entries(void)
{
    static const struct {
        const char *table;
        bool        fixed;
        const char *entries; /* NULL: cannot be listed */
    } rows[] = {
        { "texthash:/policy", true,
          "example.com=secure:2 example.net=encrypt  match=x:3 .example.com=may:5 upper.example=none:6 " },
        { "texthash:/missing", false, NULL },
        { "hash:/indexed", true, "a=index:1 b=index:2 old=index:0 " },
        { "cdb:/indexed", true, NULL },
        { "inline:{b=1,a=2}", true, "b=1:0 a=2:0 " },
        { "static:x", true, NULL },
        { "pcre:{{/a/ b}}", false, NULL },
        { "cidr:{{10.0.0.0/8 b}}", false, NULL },
        { "sqlite:/full.cf", true, NULL },
        { "sqlite:/percent.cf", true, NULL },
        { "sqlite:/part.cf", false, NULL },
        { "sqlite:/domain.cf", false, NULL },
        { "tcp:localhost:1", false, NULL },
        { "socketmap:unix:/x:y", false, NULL },
        { "unix:passwd.byname", true, NULL },
        { "unionmap:{inline:{a=1},pcre:{{/a/ b}}}", true, NULL },
        { "unionmap:{pcre:{{/a/ b}},inline:{a=1}}", false, NULL },
        { "pipemap:{texthash:/missing,inline:{a=1}}", false, NULL },
        { "randmap:{a}", false, NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_table(region, rows[i].table, "3.7.11");
        const char *all = table_can_list(t) ? "" : NULL;
        struct table_entry e;

        for (size_t n = 0; table_entry(t, region, n, &e); n++)
            all = region_printf(region, "%s%s=%s:%d ", all, e.key, e.value, e.line);
        is_int(table_is_fixed(t), rows[i].fixed, "%s is fixed", rows[i].table);
        is_text(all, rows[i].entries, "entries of %s", rows[i].table);
        region_free(region);
    }
}

static void test_outcomes(void)
{
    static const struct {
        const char *table, *key, *outcomes;
    } rows[] = {
        { "randmap:{secure,may,none}", "a", "[found secure][found may][found none]" },
        { "randmap:{may,may}", "a", "[found may]" },
        { "randmap:{{a b}}", "a", "[found {a b}]" },
        { "inline:{a=1}", "a", "[found 1]" },
        { "inline:{a=1}", "b", "[not found]" },
        { "unionmap:{randmap:{a,b},randmap:{c,d}}", "x", "[found a,c][found b,c][found a,d][found b,d]" },
        { "pipemap:{randmap:{a,b,c},inline:{a=1,b=2}}", "x", "[found 1][found 2][not found]" },
        { "unionmap:{randmap:{a,b},fail:x}", "x", "[error]" },
        { "randmap:{1,2,3,4,5,6,7,8,9,10}", "x",
          "[found 1][found 2][found 3][found 4][found 5][found 6][found 7][found 8]" },
        { "pipemap:{randmap:{a,b},regexp:{{/a/ p},{/b/ q}},unionmap:{regexp:{{/p/ P}},pipemap:{regexp:{{/q/ x}},randmap:{y,z}}}}",
          "k", "[found P][found y][found z]" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_table(region, rows[i].table, "3.7.11");
        struct table_answer answers[8];
        size_t n = table_lookup_all(t, region, slice_of(rows[i].key), NULL, answers, 8);
        const char *all = "";

        for (size_t j = 0; j < n; j++)
            all = region_printf(region, "%s[%s]", all, answer_text(region, &answers[j]));
        is_text(all, rows[i].outcomes, "%s", rows[i].table);
        region_free(region);
    }
}

static void test_lists(void)
{
    static const struct {
        const char *list, *key;
        bool        fixed_only;
        const char *answer, *table;
    } rows[] = {
        { "inline:{a=1}, inline:{a=2,b=3}", "a", false, "found 1", "inline:{a=1}" },
        { "inline:{a=1}, inline:{a=2,b=3}", "b", false, "found 3", "inline:{a=2,b=3}" },
        { "inline:{a=1}\tinline:{a=2,b=3}", "c", false, "not found", NULL },
        { "fail:x, inline:{a=1}", "a", false, "error", "fail:x" },
        { "inline:{a=1}, fail:x", "a", false, "found 1", "inline:{a=1}" },
        { "fail:x, inline:{a=1}", "a", true, "found 1", "inline:{a=1}" },
        { "texthash:/missing inline:{a=1}", "a", false, "error", "texthash:/missing" },
        { "texthash:/secret inline:{a=1}", "a", false, "unreadable", "texthash:/secret" },
        { "sqlite:/full.cf inline:{later=1}", "later", false, "wanted", "sqlite:/full.cf" },
        { "inline:{a=} inline:{a=1}", "a", false, "error", "inline:{a=}" },
        { "pcre:{{/a/}} inline:{a=1}", "a", false, "error", "pcre:{{/a/}}" },
        { "static:x", "", false, "not found", NULL },
        { "", "a", false, "not found", NULL },
        { "unionmap:{inline:{a=1},inline:{a=2}}, static:z", "a", false, "found 1,2", "inline:{a=1}" },
    };
    static const struct {
        const char *list, *error;
    } fatal[] = {
        { "hash", "smtp_tls_policy_maps: open dictionary: expecting \"type:name\" form instead of \"hash\"" },
        { "static:x /etc/policy", "smtp_tls_policy_maps: open dictionary: expecting \"type:name\" form instead of \"/etc/policy\"" },
        { "hash:", "smtp_tls_policy_maps: open dictionary: expecting \"type:name\" form instead of \"hash:\"" },
        { ":x", "smtp_tls_policy_maps: open dictionary: expecting \"type:name\" form instead of \":x\"" },
        { "unionmap:{static:x,hash:}", "smtp_tls_policy_maps: open dictionary: expecting \"type:name\" form instead of \"hash:\"" },
        { "proxy:hash:", NULL },
        { "unionmap:{static:x,hash}", NULL },
    };
    struct table_loader loader = memory_loader(&memory);
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };
    size_t asked = 0;
    struct table_asker asker = { .ask = live, .arg = &asked };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table_list list;
        struct table_answer a = { 0 };

        if (check_ok(table_list_open(region, "smtp_tls_policy_maps", slice_of(rows[i].list), &options, &loader, &list, NULL),
                     "opens %s", rows[i].list))
            a = table_list_find(&list, region, slice_of(rows[i].key), rows[i].fixed_only, &asker);
        is_text(answer_text(region, &a), rows[i].answer, "%s for \"%s\"", rows[i].list, rows[i].key);
        is_text(a.table, rows[i].table, "who answered: %s for \"%s\"", rows[i].list, rows[i].key);
        region_free(region);
    }
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        struct region *region = region_new();
        struct table_list list;
        struct error err = { 0 };
        bool opened = table_list_open(region, "smtp_tls_policy_maps", slice_of(fatal[i].list), &options, &loader, &list, &err);

        is_text(opened ? NULL : err.text, fatal[i].error, "%s", fatal[i].list);
        region_free(region);
    }
}

static void test_list_outcomes(void)
{
    struct region *region = region_new();
    struct table_loader loader = memory_loader(&memory);
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };
    struct table_list list;
    struct table_answer answers[8];
    const char *all = "";
    size_t n;

    table_list_open(region, "p", SLICE("pipemap:{randmap:{a,b},inline:{a=1}} randmap:{x,y}"), &options, &loader, &list, NULL);
    n = table_list_find_all(&list, region, SLICE("k"), false, NULL, answers, 8);
    for (size_t i = 0; i < n; i++)
        all = region_printf(region, "%s[%s]", all, answer_text(region, &answers[i]));
    is_text(all, "[found 1][found x][found y]", "a miss goes on to the next table, whose choices count too");
    region_free(region);
}

/* Keys in the middle, at both ends, and of another length; that it is quick is for tests/bench to show. */
static void test_big(void)
{
    struct buf text;
    struct memory_file big[] = { { "/big", NULL, 0 }, { NULL, NULL, 0 } };
    struct memory_tables tables = { big, NULL };
    struct table_loader loader = memory_loader(&tables);
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };
    struct region *region = region_new();
    struct table *t;
    size_t found = 0;

    buf_init(&text, 64u << 20);
    /* Each third one stands on line two of four, in capitals, and goes on in the next line. */
    for (int i = 0; i < BIG_LINES; i++)
        buf_printf(&text, i % 3 != 0 ? "domain%d.example secure match=.x%d.example\n"
                                     : "# comment\nDOMAIN%d.example secure\n match=.x%d.example\n\n", i, i);
    big[0].text = buf_text(&text);
    t = table_open(region, SLICE("texthash:/big"), &options, &loader);
    for (int i = 0; i < BIG_LINES; i++) {
        char key[64], value[64];
        struct table_answer a;

        snprintf(key, sizeof(key), "Domain%d.example", i);
        snprintf(value, sizeof(value), "secure match=.x%d.example", i);
        a = table_lookup(t, region, slice_of(key), NULL);
        found += a.status == TABLE_FOUND && strcmp(a.value, value) == 0 &&
                 a.line == i + 1 + 3 * ((i + 2) / 3) + (i % 3 == 0);
    }
    is_int(found, BIG_LINES, "every line of %d is found", BIG_LINES);
    is_int(table_lookup(t, region, SLICE("domain.example"), NULL).status, TABLE_NOT_FOUND, "what is not there is not");
    region_free(region);
    buf_clear(&text);
}

static void test_nesting(void)
{
    struct buf name;

    for (int depth = 40; depth < 100000; depth *= 50) {
        struct region *region = region_new();
        struct table_answer a;

        buf_init(&name, 4u << 20);
        for (int i = 0; i < depth; i++)
            buf_add_text(&name, "unionmap:{");
        buf_add_text(&name, "inline:{a=1}");
        for (int i = 0; i < depth; i++)
            buf_add_char(&name, '}');
        a = table_lookup(open_table(region, buf_text(&name), "3.7.11"), region, SLICE("a"), NULL);
        is_int(a.status, depth == 40 ? TABLE_FOUND : TABLE_ERROR, "%d tables within each other", depth);
        buf_clear(&name);
        region_free(region);
    }
}

static void test_many_notices(void)
{
    struct buf text;
    struct memory_file big[] = { { "/bad", NULL, 0 }, { NULL, NULL, 0 } };
    struct memory_tables tables = { big, NULL };
    struct table_loader loader = memory_loader(&tables);
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };
    struct region *region = region_new();
    const struct table_notice *last = NULL;
    size_t count = 0;

    buf_init(&text, 1u << 20);
    for (int i = 0; i < TABLE_NOTICES_MAX + 5; i++)
        buf_printf(&text, "key%d\n", i);
    big[0].text = buf_text(&text);
    for (const struct table_notice *n = table_notices(table_open(region, SLICE("texthash:/bad"), &options, &loader)); n != NULL;
         n = n->next, count++)
        last = n;
    is_int(count, TABLE_NOTICES_MAX + 1, "notices have a ceiling");
    is_text(last != NULL ? last->code : NULL, "table-more-notices", "and the last one says so");
    region_free(region);
    buf_clear(&text);
}

int main(void)
{
    test_lookups();
    test_without_utf8();
    test_notices();
    test_kind_and_entries();
    test_outcomes();
    test_lists();
    test_list_outcomes();
    test_big();
    test_nesting();
    test_many_notices();
    return check_done();
}
