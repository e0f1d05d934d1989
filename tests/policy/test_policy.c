/* From next-hop and host to a policy: keys, tables, per-site, the global level. */
#include "scanner/policy/policy.h"

#include "tests/lib/check.h"
#include "tests/policy/fixture.h"

static struct nexthop nexthop_of(const char *text)
{
    return (struct nexthop){ .text = text, .host = text, .ascii = text, .service = "smtp", .port = 25 };
}

static const struct {
    const char *nexthop, *keys;
    bool        utf8;
} keys[] = {
    { "a.b.example.com", "a.b.example.com|.b.example.com|.example.com|.com", true },
    { "com", "com", true },
    { "Example.COM", "Example.COM|.COM", true },
    { "[a.b.example.com]", "[a.b.example.com]", true },
    { "example.com:25", "example.com:25", true },
    { "192.0.2.1", "192.0.2.1", true },
    { "example.com.", "example.com.", true },
    { "b\xc3\xbc.example", "b\xc3\xbc.example|.example", true },
    { "b\xc3\xbc.example", "b\xc3\xbc.example", false },
    { "*", "*", true },
    { "/var/run/lmtp.sock", "/var/run/lmtp.sock", true },
};

static void test_keys(void)
{
    struct region *region = region_new();

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct nexthop nh = nexthop_of(keys[i].nexthop);
        const char *list[8], *joined = "";
        size_t count = policy_keys(region, &nh, keys[i].utf8, list, 8);

        for (size_t k = 0; k < count; k++)
            joined = region_printf(region, "%s%s%s", joined, k > 0 ? "|" : "", list[k]);
        is_text(joined, keys[i].keys, "keys of %s", keys[i].nexthop);
    }
    region_free(region);
}

static const struct memory_file files[] = {
    { "/t/one",
      "example.com secure match=one\n"
      ".example.net encrypt\n"
      "bad.example sucure\n"
      "\n"
      "[mx.example.com]:587 may\n"
      ".example fingerprint match=AA\n"
      "192.0.2.1 none\n",
      TABLE_LOAD_OK },
    { "/t/two",
      "a.example.net dane\n"
      "MIXED.example.org dane-only\n",
      TABLE_LOAD_OK },
    { "/t/double", "a.example may\na.example encrypt\n", TABLE_LOAD_OK },
    { "/t/site",
      "example.com MUST\n"
      "mx.example.com NONE\n"
      "may.example MAY\n"
      "none.example NONE\n"
      "npm.example must_nopeermatch\n"
      "odd.example MUST match=x\n"
      "typo.example NOEN\n",
      TABLE_LOAD_OK },
    { NULL, NULL, TABLE_LOAD_OK },
};

#define ONE_TWO "smtp_tls_policy_maps = texthash:/t/one, texthash:/t/two\n"
#define SITE "smtp_tls_per_site = texthash:/t/site\n"
#define PROBLEM " 4.7.5 client TLS configuration problem"

static const struct {
    const char *main_cf, *version, *nexthop, *host, *result; /* "LEVEL source:line key", or "trouble dsn text: error" */
} rows[] = {
    { ONE_TWO, "3.7.11", "example.com", "mx", "secure texthash:/t/one:1 example.com" },
    { ONE_TWO, "3.7.11", "EXAMPLE.com", "mx", "secure texthash:/t/one:1 EXAMPLE.com" },
    { ONE_TWO, "3.7.11", "example.com:25", "mx", "none smtp_tls_security_level" },
    { ONE_TWO, "3.7.11", "[mx.example.com]:587", "mx", "may texthash:/t/one:5 [mx.example.com]:587" },
    { ONE_TWO, "3.7.11", "[mx.example.com]", "mx", "none smtp_tls_security_level" },
    { ONE_TWO, "3.7.11", "b.example.net", "mx", "encrypt texthash:/t/one:2 .example.net" },
    { ONE_TWO, "3.7.11", "example.net", "mx", "none smtp_tls_security_level" },
    { ONE_TWO, "3.7.11", "a.example.net", "mx", "dane texthash:/t/two:1 a.example.net" },
    { ONE_TWO, "3.7.11", "mixed.example.org", "mx", "dane-only texthash:/t/two:2 mixed.example.org" },
    { ONE_TWO, "3.7.11", "192.0.2.1", "mx", "none texthash:/t/one:7 192.0.2.1" },
    { ONE_TWO, "3.7.11", "bad.example", "mx", "bad" PROBLEM ": invalid security level \"sucure\"" },
    { ONE_TWO, "3.7.11", "good.example", "mx", "fingerprint texthash:/t/one:6 .example" },
    { ONE_TWO SITE, "3.7.11", "may.example", "mx", "fingerprint texthash:/t/one:6 .example" },
    { ONE_TWO "smtp_tls_security_level = may\n", "3.7.11", "x.test", "mx", "may smtp_tls_security_level" },
    { "smtp_tls_policy_maps = static:encrypt\n", "3.7.11", "x.test", "mx", "encrypt static:encrypt:0 x.test" },
    { "smtp_tls_policy_maps = texthash:/t/missing texthash:/t/one\n", "3.7.11", "example.com", "mx",
      "error" PROBLEM },
    { "smtp_tls_policy_maps = texthash:/t/one texthash:/t/missing\n", "3.7.11", "example.com", "mx",
      "secure texthash:/t/one:1 example.com" },
    { "smtp_tls_policy_maps = texthash:/t/double\n", "3.7.11", "b.test", "mx", "error" PROBLEM },
    { "smtp_tls_policy_maps = fail:no\n", "3.7.11", "b.test", "mx", "error" PROBLEM },
    /* The global level. */
    { "smtp_tls_security_level = Verify\n", "3.7.11", "x.test", "mx", "verify smtp_tls_security_level" },
    { "smtp_tls_security_level = foo\n", "3.7.11", "x.test", "mx",
      "bad" PROBLEM ": invalid tls security level: \"foo\"" },
    { "smtp_use_tls = yes\n", "3.7.11", "x.test", "mx", "may smtp_use_tls" },
    { "smtp_enforce_tls = yes\nsmtp_use_tls = yes\n", "3.7.11", "x.test", "mx", "verify smtp_enforce_tls" },
    { "smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = no\n", "3.7.11", "x.test", "mx",
      "encrypt smtp_enforce_tls" },
    { "smtp_tls_security_level = none\nsmtp_enforce_tls = yes\n", "3.7.11", "x.test", "mx",
      "none smtp_tls_security_level" },
    { "smtp_tls_security_level =\nsmtp_enforce_tls = yes\n", "3.7.11", "x.test", "mx", "verify smtp_enforce_tls" },
    { "", "3.7.11", "x.test", "mx", "none smtp_tls_security_level" },
    { "compatibility_level = 3.11\nsmtp_enforce_tls = yes\n", "3.11.6", "x.test", "mx",
      "may smtp_tls_security_level" },
    { "compatibility_level = 3.10\nsmtp_enforce_tls = yes\n", "3.11.6", "x.test", "mx", "verify smtp_enforce_tls" },
    /* Per site. */
    { SITE, "3.7.11", "example.com", "other", "verify texthash:/t/site:1 example.com" },
    { SITE, "3.7.11", "example.com", "mx.example.com", "verify texthash:/t/site:1 example.com" },
    { SITE, "3.7.11", "x.test", "mx.example.com", "none texthash:/t/site:2 mx.example.com" },
    { SITE, "3.7.11", "sub.example.com", "x", "none smtp_tls_security_level" },
    { SITE "smtp_tls_security_level = dane\n", "3.7.11", "may.example", "x", "dane smtp_tls_security_level" },
    { SITE "smtp_tls_security_level = may\n", "3.7.11", "may.example", "x", "may texthash:/t/site:3 may.example" },
    { SITE "smtp_tls_security_level = secure\n", "3.7.11", "may.example", "mx.example.com",
      "none texthash:/t/site:2 mx.example.com" },
    { SITE "smtp_tls_security_level = secure\n", "3.7.11", "none.example", "example.com",
      "verify texthash:/t/site:1 example.com" },
    { SITE "smtp_tls_security_level = secure\n", "3.7.11", "npm.example", "none.example",
      "encrypt texthash:/t/site:5 npm.example" },
    { SITE, "3.7.11", "odd.example", "x", "bad" PROBLEM ": unknown TLS policy 'MUST match=x'" },
    { SITE, "3.7.11", "x.test", "typo.example", "bad" PROBLEM ": unknown TLS policy 'NOEN'" },
    { SITE "smtp_tls_policy_maps = ,\n", "3.7.11", "example.com", "x", "none smtp_tls_security_level" },
    { "smtp_tls_per_site = texthash:/t/missing\n", "3.7.11", "x.test", "x", "error 4.3.0 Temporary lookup error" },
};

static const char *trouble_word(enum policy_trouble trouble)
{
    static const char *const words[] = { "fine", "bad", "error", "unreadable", "wants" };

    return words[trouble];
}

static const char *policy_text(struct region *region, const struct policy *policy)
{
    if (policy->trouble == POLICY_BAD_VALUE)
        return region_printf(region, "bad %s %s: %s", policy->dsn, policy->text, policy->error);
    if (policy->trouble != POLICY_FINE)
        return region_printf(region, "%s %s %s", trouble_word(policy->trouble), policy->dsn, policy->text);
    if (!policy->from_table)
        return region_printf(region, "%s %s", level_word(policy->level), policy->source);
    return region_printf(region, "%s %s:%d %s", level_word(policy->level), policy->source, policy->answer.line,
                         policy->answer.key);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new(rows[i].main_cf, rows[i].version, files);
        struct nexthop nh = nexthop_of(rows[i].nexthop);
        struct policy policy;

        policy_find(f->region, &policy, f->smtp, &f->config, &nh, rows[i].host, &f->view, NULL);
        is_text(policy_text(f->region, &policy), rows[i].result, "%s / %s with %s", rows[i].nexthop, rows[i].host,
                rows[i].main_cf);
        fixture_free(f);
    }
}

/* Each key is asked in every table before the next, shorter one. */
static void test_steps(void)
{
    struct fixture *f = fixture_new(ONE_TWO, "3.7.11", files);
    struct nexthop nh = nexthop_of("x.b.example.net");
    struct policy_step *steps;
    struct policy policy;
    const char *asked = "";

    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, &steps);
    for (struct policy_step *s = steps; s != NULL; s = s->next)
        asked = region_printf(f->region, "%s%s%s=%s", asked, *asked ? ", " : "", s->parameter, s->key);
    is_text(asked,
            "smtp_tls_policy_maps=x.b.example.net, smtp_tls_policy_maps=.b.example.net, "
            "smtp_tls_policy_maps=.example.net",
            "the keys asked");
    fixture_free(f);
}

static void test_lmtp(void)
{
    struct fixture *f = fixture_new("lmtp_tls_policy_maps = inline:{ {/run/lmtp=encrypt} }\n"
                                    "lmtp_tls_security_level = may\nsmtp_tls_security_level = secure\n",
                                    "3.7.11", NULL);
    struct nexthop socket = nexthop_of("/run/lmtp"), host = nexthop_of("x.test");
    struct policy policy;

    policy_find(f->region, &policy, f->lmtp, &f->config, &socket, "x", &f->view, NULL);
    is_int(policy.level, LEVEL_ENCRYPT, "the key of a socket is its path");
    policy_find(f->region, &policy, f->lmtp, &f->config, &host, "x", &f->view, NULL);
    is_int(policy.level, LEVEL_MAY, "LMTP has its own level");
    is_text(policy.source, "lmtp_tls_security_level", "by its own name");
    fixture_free(f);
}

/* A live table is asked key by key, in rounds. */
static void test_live(void)
{
    static const char live[] = "socketmap:unix:/run/policy:name";
    struct fixture *f = fixture_new("smtp_tls_policy_maps = socketmap:unix:/run/policy:name\n", "3.7.11", NULL);
    struct view replay = { .facts = f->facts };
    struct nexthop nh = nexthop_of("a.example");
    struct table_fact fact = { .table = live, .key = "a.example", .status = TABLE_FACT_NOT_FOUND };
    struct policy policy;

    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, NULL);
    is_int(policy.trouble, POLICY_WANTS, "the first key is wanted");
    is_text(wants_table_at(f->wants, 0)->key, "a.example", "as a key");
    is_text(wants_table_at(f->wants, 0)->table, live, "of its table");
    facts_add_table(f->facts, &fact);
    wants_clear(f->wants);
    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, NULL);
    is_int(policy.trouble, POLICY_WANTS, "then its parent");
    is_text(wants_table_at(f->wants, 0)->key, ".example", "with its dot");
    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &replay, NULL);
    is_int(policy.trouble, POLICY_UNREADABLE, "a replay cannot ask");
    is_int(policy.answer.status, TABLE_WANTED, "it was never observed");
    fact = (struct table_fact){ .table = live, .key = ".example", .status = TABLE_FACT_FOUND, .value = "secure match=x" };
    facts_add_table(f->facts, &fact);
    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, NULL);
    is_int(policy.level, LEVEL_SECURE, "and the answer");
    fact = (struct table_fact){ .table = live, .key = "a.example", .status = TABLE_FACT_ERROR, .error = "no server" };
    facts_add_table(f->facts, &fact);
    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, NULL);
    is_int(policy.trouble, POLICY_TABLE_ERROR, "a failed lookup");
    is_text(policy.error, "policy table lookup error: no server", "in words");
    fact.status = TABLE_FACT_UNREADABLE;
    facts_add_table(f->facts, &fact);
    policy_find(f->region, &policy, f->smtp, &f->config, &nh, "mx", &f->view, NULL);
    is_int(policy.trouble, POLICY_UNREADABLE, "one that only fails here");
    fixture_free(f);
}

int main(void)
{
    test_keys();
    test_rows();
    test_steps();
    test_lmtp();
    test_live();
    return check_done();
}
