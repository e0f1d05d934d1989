/* Tables of rules: regexp, pcre, cidr. That the right rule answers is checked by postmap-agreement.py; here is which line
 * it stands in, what is told about bad ones, and what differs by release. */
#include "scanner/config/table.h"

#include <stdio.h>
#include <string.h>

#include "tests/config/memory_tables.h"
#include "tests/lib/check.h"

static struct table *open_text(struct region *region, const char *type, const char *text, struct table_options options)
{
    struct memory_file *files = region_array(region, 2, sizeof(*files));
    struct memory_tables *tables = region_alloc(region, sizeof(*tables));
    struct table_loader *loader = region_alloc(region, sizeof(*loader));

    files[0] = (struct memory_file){ "/rules", text, TABLE_LOAD_OK };
    tables->files = files;
    *loader = memory_loader(tables);
    return table_open(region, slice_of(region_printf(region, "%s:/rules", type)), &options, loader);
}

static void test_lines(void)
{
    static const struct {
        const char *type, *text, *key, *answer;
        int         line;
    } rows[] = {
        { "pcre", "# c\n/a/ x\n\n/b/\n  y\n", "b", "found y", 4 },
        { "regexp", "/^(.*)\\.example$/ secure match=$1:.$1\n", "mail.example", "found secure match=mail:.mail", 1 },
        { "regexp", "/^(.*)\\.example$/ secure match=$1\n", "MAIL.Example", "found secure match=MAIL", 1 },
        { "pcre", "if /x/\n/a/ 1\nendif\n/a/ 2\n", "a", "found 2", 4 },
        { "pcre", "if /x/\n/a/ 1\n", "a", "not found", 0 },
        { "regexp", "/a/!/b/ x\n/./ y\n", "ab", "found y", 2 },
        { "cidr", "10.0.0.0/8 ten\n0.0.0.0/0 all\n", "11.0.0.1", "found all", 2 },
        { "cidr", "10.0.0.0/8 ten\n", "[10.0.0.1]", "not found", 0 },
        { "cidr", "10.0.0.0/8 ten\n", "example.com", "not found", 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_text(region, rows[i].type, rows[i].text,
                                    (struct table_options){ .version = { 3, 7, 11 }, .utf8 = true });
        struct table_answer a = table_lookup(t, region, slice_of(rows[i].key), NULL);

        is_text(answer_text(region, &a), rows[i].answer, "%s %s for %s", rows[i].type, rows[i].text, rows[i].key);
        is_int(a.line, rows[i].line, "line of %s %s for %s", rows[i].type, rows[i].text, rows[i].key);
        is_text(a.file, rows[i].line > 0 ? "/rules" : NULL, "file of %s %s", rows[i].type, rows[i].text);
        is_text(a.warning, NULL, "nothing to warn of: %s", rows[i].text);
        region_free(region);
    }
}

static void test_notices(void)
{
    static const struct {
        const char *type, *text, *notices;
    } rows[] = {
        { "pcre", "/a/ x\n!/b/ y\nif /c/\n/d/ z\nendif\n", "" },
        { "pcre", "/a(/ x\n", "table-bad-rule:1" },
        { "regexp", "/a(/ x\n", "table-bad-rule:1" },
        { "pcre", "/a/y x\n", "table-bad-rule:1" },
        { "pcre", "/a x\n", "table-bad-rule:1" },
        { "pcre", "/a/ $1\n", "table-bad-rule:1" },
        { "pcre", "!/(a)/ $1\n", "table-bad-rule:1" },
        { "pcre", "/a/ ${x}\n", "table-bad-rule:1" },
        { "pcre", "/a/ ${\n", "table-bad-rule:1" },
        { "pcre", "word\n", "table-bad-rule:1" },
        { "pcre", "endif\n", "table-bad-rule:1" },
        { "pcre", "!\n", "table-bad-rule:1" },
        { "pcre", "/a/\n", "table-empty-result:1" },
        { "pcre", "if /a/ b\n/b/ c\nendif\n", "table-extra-text:1" },
        { "pcre", "if /a/\n  /b/ c\nendif x\n", "table-extra-text:1 table-extra-text:3" },
        { "pcre", "if /a/\nif /b/\n/c/ d\n", "table-missing-endif:2 table-missing-endif:1" },
        { "pcre", " /a/ b\n/c/ d\n", "table-bad-line:1" },
        { "regexp", "/a/!/b(/ x\n", "table-bad-rule:1" },
        { "regexp", "/a/s x\n", "table-bad-rule:1" },
        { "cidr", "10.0.0.1/8 x\n", "table-bad-rule:1" },
        { "cidr", "10.0.0.0/8\n", "table-bad-rule:1" },
        { "cidr", "if 10.0.0.0/8\n", "table-missing-endif:1" },
        { "cidr", "if 10.0.0.0/8\nendif x\nendif\nendif\n", "table-bad-rule:2 table-bad-rule:4" },
        { "cidr", "if\n!\n[::1 x\n", "table-bad-rule:1 table-bad-rule:2 table-bad-rule:3" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_text(region, rows[i].type, rows[i].text,
                                    (struct table_options){ .version = { 3, 7, 11 }, .utf8 = true });

        is_text(notices_text(region, t), rows[i].notices, "%s %s", rows[i].type, rows[i].text);
        region_free(region);
    }
}

/* transport_maps: what a key says must not become part of a result. */
static void test_no_regsub(void)
{
    struct region *region = region_new();
    struct table *t = open_text(region, "pcre", "/(a)/ smtp:$1\n/a/ smtp:[relay]\n",
                                (struct table_options){ .version = { 3, 7, 11 }, .utf8 = true, .no_regsub = true });
    struct table_answer a = table_lookup(t, region, SLICE("a"), NULL);

    is_text(answer_text(region, &a), "found smtp:[relay]", "a rule that uses $1 is dropped");
    is_text(notices_text(region, t), "table-bad-rule:1", "and that is told");
    region_free(region);
}

static void test_inline_by_release(void)
{
    static const struct {
        const char    *table;
        struct version version;
        const char    *answer, *notices;
    } rows[] = {
        { "pcre:{{/a/ x}}", { 3, 7, 0 }, "found x", "" },
        { "pcre:{{/a/ x}}", { 3, 6, 20 }, "error", "table-missing:0!" },
        { "regexp:{{if /b/},{/a/ x},{endif},{/a/ y}}", { 3, 7, 0 }, "found y", "" },
        { "cidr:{{10.0.0.0/8 x}}", { 3, 6, 20 }, "error", "table-missing:0!" },
        { "pcre:{{/a/ x}", { 3, 7, 0 }, "error", "table-bad-syntax:0!" },
        { "pcre:{/a/ x}", { 3, 7, 0 }, "error", "table-bad-syntax:0!" },
        { "pcre:{{/a(/ x}}", { 3, 7, 0 }, "not found", "table-bad-rule:1" },
    };
    struct memory_tables tables = { 0 };
    struct table_loader loader = memory_loader(&tables);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *region = region_new();
        struct table_options options = { .version = rows[i].version, .utf8 = true };
        struct table *t = table_open(region, slice_of(rows[i].table), &options, &loader);
        struct table_answer a = table_lookup(t, region, SLICE("a"), NULL);

        is_text(answer_text(region, &a), rows[i].answer, "%s at %d.%d", rows[i].table, rows[i].version.major,
                rows[i].version.minor);
        is_text(notices_text(region, t), rows[i].notices, "notices of %s at %d.%d", rows[i].table, rows[i].version.major,
                rows[i].version.minor);
        is_int(a.line, 0, "no line in %s", rows[i].table);
        region_free(region);
    }
}

/* A guard whose clock makes everything slow, and that has time, and an end for what is tried apart, as the test says. */

static struct {
    bool no_time, gives_up;
    int apart;
    char told[200];
} at_hand;

static double slow_clock(void)
{
    static double now;

    return now += 2 * TABLE_SLOW_SECONDS;
}

static bool time_left(void *arg)
{
    (void)arg;
    return !at_hand.no_time;
}

static bool run_apart(void *arg, const void *pattern, table_work_fn *work, struct slice input, void *result, size_t size)
{
    (void)arg;
    (void)size;
    at_hand.apart++;
    if (!at_hand.gives_up)
        work(pattern, input, result);
    return !at_hand.gives_up;
}

static void hear_slow(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    snprintf(at_hand.told, sizeof(at_hand.told), "%s:%d %s", file, line, text);
}

static const struct table_guard guard = { slow_clock, time_left, run_apart, hear_slow, NULL };

/* What is tried apart answers as what is not; and which patterns are. */
static void test_apart(void)
{
    static const struct {
        const char *rules, *key, *answer;
        int         apart; /* to compile, and to try */
    } rows[] = {
        { "/^(a+)+$/ one", "aaa", "found one", 0 },
        { "/(.)\\1/ double $1", "hello", "found double l", 2 },
        { "/(.)\\1/ double $1", "helo", "not found", 2 },
        { "/(.)\\1/!/^x/ $1", "hello", "found l", 2 },
        { "/x/!/(.)\\1/ y", "x", "found y", 2 },
        { "!/(.)\\1/ y", "x", "found y", 2 },
        { "if /(.)\\1/\n/^b/ b\nendif\n/./ any", "bb", "found b", 2 },
        { "/a{1,30}(b{1,30})/ $1", "abb", "found bb", 0 },
        { "/(a{1,32}){1,32}b/ y", "aab", "found y", 2 },
        { "/((a{2}){30}){20,}/ y", "a", "not found", 2 },
        { "/a\\{1001\\}/x y", "a", "not found", 2 },
        { "/{1000}a{/ y", "a", "not found", 0 },
        { "/(.\\1/ y", "a", "not found", 1 },
        { "/(.)\\1/ $2", "aa", "not found", 1 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };

        for (int guarded = 0; guarded < 2; guarded++) {
            struct region *region = region_new();
            struct table *t;
            struct table_answer a;

            at_hand.apart = 0;
            options.guard = guarded ? &guard : NULL;
            t = open_text(region, "regexp", rows[i].rules, options);
            a = table_lookup(t, region, slice_of(rows[i].key), NULL);
            is_text(answer_text(region, &a), rows[i].answer, "%s with \"%s\"%s", rows[i].rules, rows[i].key,
                    guarded ? " where it can be ended" : "");
            is_int(at_hand.apart, guarded ? rows[i].apart : 0, "tried apart");
            region_free(region);
        }
    }
}

/* What does not come to an end is not known: neither found nor not, whatever stands behind it. */
static void test_given_up(void)
{
    static const char *const rules[] = { "/(.)\\1/ y\n/./ any\n", "!/(.)\\1/ y\n", "if /(.)\\1/\n/./ y\nendif\n/./ any\n",
                                         "/./!/(.)\\1/ y\n/./ any\n" };
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true, .guard = &guard };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct region *region = region_new();
        struct table *t = open_text(region, "regexp", rules[i], options);
        struct table_answer a;

        at_hand.gives_up = true;
        a = table_lookup(t, region, SLICE("key"), NULL);
        check_ok(i != 0 || !table_item_matches(t, 0, "aa"), "nor is it said to match");
        at_hand.gives_up = false;
        is_int(a.status, TABLE_UNREADABLE, "%s", rules[i]);
        check_ok(a.error != NULL && strstr(a.error, "regexp:/rules, line 1: ") != NULL, "the line is named: %s", a.error);
        check_ok(strncmp(at_hand.told, "/rules:1 ", 9) == 0 && strstr(at_hand.told, "given up") != NULL, "and told: %s",
                 at_hand.told);
        at_hand.no_time = true;
        is_int(table_lookup(t, region, SLICE("key"), NULL).status, TABLE_UNREADABLE, "without time nothing is tried");
        t = open_text(region, "pcre", "/x/ y\n", options);
        is_int(table_lookup(t, region, SLICE("x"), NULL).status, TABLE_UNREADABLE, "of pcre neither");
        at_hand.no_time = false;
        region_free(region);
    }
}

/* The library's own limit ends the match; the rule counts as no match, and the next one has its turn. */
static void test_match_limit(void)
{
    struct region *region = region_new();
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true };
    struct table *t = open_text(region, "pcre", "/^(a+)+$/ slow\n/b$/ next\n", options);
    struct table_answer a = table_lookup(t, region, SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), NULL);

    is_text(answer_text(region, &a), "found next", "past a rule that ran into the limit");
    is_text(a.warning, "pcre:/rules, line 1: match limit exceeded", "which is told");
    t = open_text(region, "pcre", "if !/^(a+)+$/\n/b/ inside\nendif\n!/^(a+)+$/ negated\n", options);
    a = table_lookup(t, region, SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), NULL);
    is_text(answer_text(region, &a), "not found", "a failed match does not become true by negation");
    options.guard = &guard;
    t = open_text(region, "regexp", "/x/ y\n/a/ b\n", options);
    a = table_lookup(t, region, SLICE("a"), NULL);
    is_text(answer_text(region, &a), "found b", "a slow rule still answers");
    is_text(at_hand.told, "/rules:2 regexp:/rules, line 2: to be tried with \"a\", the pattern takes 4.0 seconds, of Postfix too",
            "and is told of");
    region_free(region);
}

int main(void)
{
    test_lines();
    test_notices();
    test_no_regsub();
    test_inline_by_release();
    test_match_limit();
    test_apart();
    test_given_up();
    return check_done();
}
