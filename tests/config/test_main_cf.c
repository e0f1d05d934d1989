#include "scanner/config/main_cf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/mem.h"
#include "tests/config/postconf.h"
#include "tests/lib/check.h"

static struct version installed;
static bool have_postconf;

/* Values of x, and the line they stand in. */
static const struct {
    const char *text, *value;
    int line;
} good[] = {
    { "x = a", "a", 1 },
    { "x=a\n", "a", 1 },
    { "x =\n", "", 1 },
    { "x = a # no comment\n", "a # no comment", 1 },
    { "# c\n\nx = a\n", "a", 3 },
    { "x = a\n b\n\tc\n", "a b\tc", 1 },
    { "x = a\n# between\n b\n", "a b", 1 },
    { "x = a\n\n b\n", "a b", 1 },
    { "x = a\n   # blank, then comment\n b\n", "a b", 1 },
    { "x = a\r\n b\r\n", "a\r b", 1 },
    { "x = a = b\n", "a = b", 1 },
    { "x = 1\nx = 2\n", "2", 2 },
    { "x = 1\nx =\n", "", 2 },
    { "   y = 1\nx = 2\n", "2", 2 },
    { "   y = 1\n z = 2\nx = 2\n", "2", 3 },
    { "x\n = a\n", "a", 1 },
    { "\tx = 1\n# c\nx = 3\n", "3", 3 },
    { "x = \xc3\xa4\xff\n", "\xc3\xa4\xff", 1 },
    { "x = a \n \n\n  \n", "a", 1 },
};

static const struct {
    const char *text;
    int line;
    const char *message;
} bad[] = {
    { "x\n", 1, "missing '=' after attribute name" },
    { "y = 1\nx y = 1\n", 2, "missing '=' after attribute name" },
    { "= 1\n", 1, "missing attribute name" },
    { "y = 1\n\n# c\n=\n", 4, "missing attribute name" },
    { "[section]\n", 1, "missing '=' after attribute name" },
};

/* Definitions that go in front; the text; NULL: an error. */
static const struct {
    const char *definitions, *text, *want;
} expansions[] = {
    { "a = 1", "$a", "1" },
    { "a = 1", "${a}$(a)x", "11x" },
    { "a = 1", "$a.b-$a_b", "1.b-" },
    { "", "$$x$$", "$x$" },
    { "", "$undefined_x|", "|" },
    { "a = $b\nb = $$c", "$a", "$c" },
    { "a = 1", "${a?yes}${a:no}", "yes" },
    { "a =", "${a?yes}${a:no}", "no" },
    { "a = 1", "${a?{yes}:{no}}", "yes" },
    { "a =", "${a?{yes}:{no}}", "no" },
    { "", "${undefined_x?{yes}:{no}}", "no" },
    { "a =", "${a ? {yes} : {no}}", "no" },
    { "a = 1", "${ a ? {yes} : {no} }", "yes" },
    { "a = 1", "${a?{yes} {no}}", NULL },
    { "a = 1", "${a?{yes}:no}", "yes" },
    { "a =", "${a?{yes}: no}", " no" },
    { "a = 1", "${a?x:y}", "x:y" },
    { "a = 1", "${a? x }", " x " },
    { "a =\nb = 2", "${a:$b}", "2" },
    { "a = 1", "${a:{x} y}", NULL },
    { "a = x", "${{$a} == {x} ? {yes} : {no}}", "yes" },
    { "a = x", "${{$a} != {x} ? {yes} : {no}}", "no" },
    { "a = x", "${{$a}=={x}}", "true" },
    { "a = x", "${{$a}=={y}}", "" },
    { "a = x", "${{$a}=={y}:none}", "none" },
    { "", "${{10} > {9} ? {yes} : {no}}", "yes" },
    { "", "${{1.10} > {1.9} ? {yes} : {no}}", "no" },
    { "", "${{010} == {10} ? {yes} : {no}}", "yes" },
    { "", "${{} == {} ? {yes} : {no}}", "yes" },
    { "", "${{a} < {b} ? {yes} : {no}}", "yes" },
    { "", "${{a} <= {a} ? {yes} : {no}}", "yes" },
    { "", "${{b} >= {c} ? {yes} : {no}}", "no" },
    { "", "${{ a} == {a} ? {yes} : {no}}", "no" },
    { "", "${{3.10} >=level {3.9} ? {yes} : {no}}", "yes" },
    { "", "${{3.6} ==level {3.6.0} ? {yes} : {no}}", "yes" },
    { "", "${{3.6} <level {3.6} ? {yes} : {no}}", "no" },
    { "", "${{2} <level {3.6} ? {yes} : {no}}", "yes" },
    { "", "${{x} <level {3.6} ? {yes} : {no}}", NULL },
    { "", "${{3.6} <level {3.6.0.0} ? {yes} : {no}}", NULL },
    { "", "${{3.1024} <level {4} ? {yes} : {no}}", NULL },
    { "", "${{1} <version {2} ? {yes} : {no}}", NULL },
    { "", "${{1} = {2} ? {yes} : {no}}", NULL },
    { "", "${{1} ? {yes} : {no}}", NULL },
    { "", "${{1} == 2}", NULL },
    { "", "${{1} == {2} x}", NULL },
    { "", "${{1} == {2}", NULL },
    { "", "${{99999999999999999999} == {1}}", NULL },
    { "", "$", NULL },
    { "", "a$ b", NULL },
    { "", "${}", NULL },
    { "", "$()", NULL },
    { "", "${a", NULL },
    { "", "$(a", NULL },
    { "a = 1", "$(a}", NULL },
    { "a = 1", "${a!b}", NULL },
    { "a = 1", "${a b}", NULL },
    { "", "${ }|", "|" },
    { "a = 1", "${ a }", "1" },
    { "a = 1", "$(a?{yes}:{no})", "yes" },
    { "a = {x}", "${a?{$a}}", "{x}" },
    { "a = 1", "${a?{}}|", "|" },
    { "a = 1", "${a?{$}}", NULL },
    { "a =", "${a?{$}}|", "|" }, /* what is not chosen is not looked into */
    { "a = $a", "$a", NULL },
    { "a = $b\nb = ${a}", "x$b", NULL },
    { "a = 1", "$a$", NULL },
    { "a = 1", "$-", NULL },
};

/* What Postfix can only answer by a crash, or never. */
static const struct {
    const char *definitions, *text;
} endless[] = {
    { "a = ${{$a} == {1}}", "$a" },
    { "a = $b$b\nb = $c$c\nc = $d$d\nd = $e$e\ne = $f$f\nf = $g$g\ng = $h$h\nh = $i$i\ni = $j$j\nj = $k$k\n"
      "k = $l$l\nl = $m$m\nm = $n$n\nn = $o$o\no = $p$p\np = $q$q\nq = $r$r\nr = $s$s\ns = $t$t\nt = $u$u\nu =",
      "$a" },
};

static const struct {
    const char *version, *text, *want;
} by_version[] = {
    { "3.5.0", "${{3.6} <level {3.6}}", NULL },
    { "3.6.0", "${{3.6} <=level {3.6}}", "true" },
    { "3.10.13", "${domain_to_ascii{a.example}}", NULL },
    { "3.11.0", "${domain_to_ascii{a.example}}", "a.example" },
    { "3.11.0", "${domain_to_ascii { b\xc3\xbc.example }}", "xn--b-eha.example" },
    { "3.11.0", "${domain_to_utf8{xn--b-eha.example}}", "b\xc3\xbc.example" },
    { "3.11.0", "${domain_to_utf8{b\xc3\xbc.example}}", "b\xc3\xbc.example" },
    { "3.11.0", "${domain_to_u_label{a}}", NULL },
    { "3.11.0", "${domain_to_ascii{a} x}", NULL },
    { "3.11.0", "${domain_to_ascii{\xff.example}}", NULL },
};

static const char *find_value(void *arg, const char *name)
{
    const struct main_cf_entry *entry = main_cf_find(arg, name);

    return entry != NULL ? entry->value : NULL;
}

/* postconf shows any white space as one space. */
static void squeeze(const char *text, char out[8192])
{
    struct slice rest = slice_of(text), word;
    size_t n = 0;

    out[0] = '\0';
    while (slice_next_token(&rest, " \t\r\n", &word) && n < 8000)
        n += (size_t)snprintf(out + n, 8192 - n, "%s%.*s", n > 0 ? " " : "", (int)word.n, word.p);
}

/* postconf shows a parameter of the user's when another uses it. */
#define USE_OF_X "\nrelayhost = $x\n"

static void compare_with_postconf(const char *text, const char *options, const char *want)
{
    char used[8192];
    bool ok;
    char *got;

    if (!have_postconf)
        return;
    snprintf(used, sizeof(used), "%s" USE_OF_X, text);
    postconf_configure(used, "");
    got = postconf_run(options, &ok);
    squeeze(want, used);
    is_text(ok ? got : NULL, used, "postconf reads the same");
    mem_free(got);
}

/* What we refuse, put to postconf in the end. */
static char *refused_texts[POSTCONF_BATCH_MAX];
static size_t refused_count;

static void refused_too(const char *text)
{
    char used[8192];

    snprintf(used, sizeof(used), "%s" USE_OF_X, text);
    assert(refused_count < POSTCONF_BATCH_MAX);
    refused_texts[refused_count++] = mem_text(used);
}

static void test_refused(void)
{
    const char *main_cf[POSTCONF_BATCH_MAX], *master_cf[POSTCONF_BATCH_MAX];
    bool refused[POSTCONF_BATCH_MAX];

    for (size_t i = 0; i < refused_count; i++) {
        main_cf[i] = refused_texts[i];
        master_cf[i] = "";
    }
    if (have_postconf)
        postconf_refusals(main_cf, master_cf, refused_count, "-x relayhost", refused);
    for (size_t i = 0; i < refused_count; i++) {
        if (have_postconf)
            check_ok(refused[i], "postconf refuses \"%.60s\" too", refused_texts[i]);
        mem_free(refused_texts[i]);
    }
}

static void test_parse(void)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct region *region = region_new();
        struct error err = { .status = 0 };
        struct main_cf *cf = main_cf_parse(region, "main.cf", slice_of(good[i].text), &err);
        const struct main_cf_entry *x = cf != NULL ? main_cf_find(cf, "x") : NULL;

        is_text(x != NULL ? x->value : err.text, good[i].value, "x of \"%s\"", good[i].text);
        is_int(x != NULL ? x->line : 0, good[i].line, "the line of x");
        compare_with_postconf(good[i].text, "-h x", good[i].value);
        region_free(region);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct region *region = region_new();
        struct error err = { .status = 0 };

        check_ok(main_cf_parse(region, "/etc/postfix/main.cf", slice_of(bad[i].text), &err) == NULL,
                 "\"%s\" is refused", bad[i].text);
        check_ok(strstr(err.text, bad[i].message) != NULL, "says \"%s\": %s", bad[i].message, err.text);
        is_int(err.line, bad[i].line, "the line");
        is_text(err.file, "/etc/postfix/main.cf", "the file");
        is_int(err.status, 78, "the status");
        check_ok(err.fix[0] != '\0', "a remedy is given");
        refused_too(bad[i].text);
        region_free(region);
    }
}

static void test_nul(void)
{
    static const char text[] = "x = a\0b\ny = 2\n";
    struct region *region = region_new();
    struct main_cf *cf = main_cf_parse(region, "main.cf", slice_from(text, sizeof(text) - 1), NULL);

    is_text(main_cf_find(cf, "x")->value, "a", "what follows a NUL byte in a line is lost");
    is_text(main_cf_find(cf, "y")->value, "2", "the next line is not");
    region_free(region);
}

static void test_set(void)
{
    struct region *region = region_new();
    struct main_cf *cf = main_cf_parse(region, "main.cf", SLICE("a = 1\nb = 2\na = 1\nb = 3\n"), NULL);
    struct main_cf *copy = main_cf_copy(region, cf);
    const struct main_cf_entry *e = main_cf_entries(cf);

    main_cf_set(copy, "a", "9", "master.cf", 7);
    is_text(main_cf_find(cf, "a")->value, "1", "a copy leaves the original alone");
    is_text(main_cf_find(copy, "a")->value, "9", "an override is in force");
    is_text(main_cf_find(copy, "a")->file, "master.cf", "it knows its file");
    is_int(main_cf_find(copy, "a")->line, 7, "and its line");
    check_ok(main_cf_find(copy, "a")->overrides, "it overrides another value");
    check_ok(!main_cf_find(cf, "a")->overrides, "the same value twice overrides nothing");
    check_ok(main_cf_find(cf, "b")->overrides, "another value overrides");
    is_text(e->name, "a", "entries come in the order of the file");
    is_text(e->next->value, "2", "overridden ones included");
    check_ok(main_cf_find(cf, "A") == NULL, "case matters");
    region_free(region);
}

static void check_expansion(const char *definitions, const char *text, struct version version, const char *want)
{
    struct region *region = region_new();
    struct main_cf *cf = main_cf_parse(region, "main.cf", slice_of(definitions), NULL);
    struct error err = { .status = 0 };
    struct buf out;
    bool ok;

    buf_init(&out, 1u << 20);
    ok = main_cf_expand(text, version, find_value, cf, &out, &err);
    is_text(ok ? buf_text(&out) : NULL, want, "\"%s\" with \"%.60s\" (%s)", text, definitions, err.text);
    check_ok(ok || (err.status == 78 && err.fix[0] != '\0'), "an error has status and remedy");
    buf_clear(&out);
    region_free(region);
}

static void test_expand(void)
{
    struct version v;

    for (size_t i = 0; i < sizeof(expansions) / sizeof(expansions[0]); i++) {
        char text[2048];

        check_expansion(expansions[i].definitions, expansions[i].text, version_newest(), expansions[i].want);
        snprintf(text, sizeof(text), "%s\nx = %s\n", expansions[i].definitions, expansions[i].text);
        if (expansions[i].want != NULL)
            compare_with_postconf(text, "-x -h x", expansions[i].want);
        else
            refused_too(text);
    }
    for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++)
        check_expansion(endless[i].definitions, endless[i].text, version_newest(), NULL);
    for (size_t i = 0; i < sizeof(by_version) / sizeof(by_version[0]); i++) {
        version_parse(&v, slice_of(by_version[i].version));
        check_expansion("", by_version[i].text, v, by_version[i].want);
    }
}

/* A chain of n names is as deep as Postfix allows, or one deeper. */
static void test_depth(void)
{
    for (int n = 99; n <= 103; n++) {
        struct buf text;

        buf_init(&text, 1u << 16);
        buf_printf(&text, "x = $a2\n");
        for (int i = 2; i < n; i++)
            buf_printf(&text, "a%d = $a%d\n", i, i + 1);
        buf_printf(&text, "a%d = end", n);
        check_expansion(buf_text(&text), "$x", version_newest(), n <= 100 ? "end" : NULL);
        if (n <= 100)
            compare_with_postconf(buf_text(&text), "-x -h relayhost", "end");
        else
            refused_too(buf_text(&text));
        buf_clear(&text);
    }
}

/* Any text that can be read, written out and read again, says the same. */

static void random_text(struct buf *text)
{
    static const char *const pieces[] = {
        "a", "bc", " = ",     "=",       "\n",   "\n", "\n ", "\t",   "#",
        " ", "$a", "x = 1\n", "\n# c\n", "\r\n", "{",  "}",   "\xe4", ",",
    };
    int count = rand() % 30;

    buf_empty(text);
    for (int i = 0; i < count; i++)
        buf_add_text(text, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
}

static void print(const struct main_cf *cf, struct buf *text)
{
    for (const struct main_cf_entry *e = main_cf_entries(cf); e != NULL; e = e->next)
        buf_printf(text, "%s = %s\n", e->name, e->value);
}

static bool same(const struct main_cf_entry *a, const struct main_cf_entry *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (strcmp(a->name, b->name) != 0 || strcmp(a->value, b->value) != 0 || a->overrides != b->overrides)
            return false;
    return a == NULL && b == NULL;
}

static void test_round_trip(void)
{
    int readable = 0, lost = 0;
    struct buf text, printed;

    srand(1);
    buf_init(&text, 1u << 16);
    buf_init(&printed, 1u << 16);
    for (int i = 0; i < 20000; i++) {
        struct region *region = region_new();
        struct main_cf *cf, *again;

        random_text(&text);
        cf = main_cf_parse(region, "main.cf", buf_slice(&text), NULL);
        if (cf != NULL) {
            readable++;
            buf_empty(&printed);
            print(cf, &printed);
            again = main_cf_parse(region, "main.cf", buf_slice(&printed), NULL);
            if (again == NULL || !same(main_cf_entries(cf), main_cf_entries(again))) {
                lost++;
                check_note("lost: %s", buf_text(&text));
            }
        }
        region_free(region);
    }
    buf_clear(&text);
    buf_clear(&printed);
    check_ok(readable > 1000, "%d random texts could be read", readable);
    is_int(lost, 0, "texts that say something else after reading, writing and reading");
}

/* More names than there is room for at first: each has its last value, and a copy too. */
static void test_many(void)
{
    struct region *region = region_new();
    struct main_cf *cf = main_cf_parse(region, "main.cf", SLICE(""), NULL), *copy;
    int wrong = 0;

    for (int i = 0; i < 5000; i++)
        main_cf_set(cf, region_printf(region, "name_%d", i % 4000), region_printf(region, "value %d", i), "-o", 0);
    copy = main_cf_copy(region, cf);
    for (int i = 0; i < 4000; i++) {
        const char *name = region_printf(region, "name_%d", i);
        const char *value = region_printf(region, "value %d", i < 1000 ? i + 4000 : i);
        const struct main_cf_entry *entry = main_cf_find(cf, name), *copied = main_cf_find(copy, name);

        wrong += entry == NULL || strcmp(entry->value, value) != 0 || copied == NULL || strcmp(copied->value, value) != 0;
    }
    is_int(wrong, 0, "of 4000 names have another value than the last");
    check_ok(main_cf_find(cf, "name_4000") == NULL, "no other name is there");
    region_free(region);
}

int main(void)
{
    have_postconf = postconf_installed(&installed) && version_at_least(installed, 3, 6, 0);
    if (!have_postconf)
        check_skip("postconf of Postfix 3.6 or newer is not installed: nothing to compare with");
    test_parse();
    test_nul();
    test_set();
    test_expand();
    test_depth();
    test_refused();
    test_round_trip();
    test_many();
    return check_done();
}
