#include "scanner/policy/mta_sts.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/policy/effective_level.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ID32        "abcdefghijklmnopqrstuvwxyz012345"

/* id: what is read; else fault: what is wrong. */
static const struct {
    const char *text, *id, *fault;
} records[] = {
    { "v=STSv1; id=20160831085700Z;", "20160831085700Z", "fine" },
    { "v=STSv1;id=1", "1", "fine" },
    { "v=STSv1 ;\tid=1 ; ", "1", "fine" },
    { "v=STSv1; id=" ID32, ID32, "fine" },
    { "v=STSv1; x=y; id=a1; a-b_c.d=!", "a1", "fine" },
    { "v=STSv1; id=1; id=2", "1", "fine" },
    { "v=STSv1; id=1; id=a-b", "1", "fine" },
    { "", NULL, "record-version" },
    { "v=STSv1", NULL, "record-version" },
    { "v=stsv1; id=1", NULL, "record-version" },
    { "v=STSv2; id=1", NULL, "record-version" },
    { "v = STSv1; id=1", NULL, "record-version" },
    { " v=STSv1; id=1", NULL, "record-version" },
    { "\"v=STSv1; id=1\"", NULL, "record-version" },
    { "id=1; v=STSv1", NULL, "record-version" },
    { "v=STSv1x; id=1", NULL, "record-version" },
    { "v=STSv1;", NULL, "record-id-missing" },
    { "v=STSv1; ID=1", NULL, "record-id-missing" },
    { "v=STSv1; x=1;", NULL, "record-id-missing" },
    { "v=STSv1; id=", NULL, "record-id-empty" },
    { "v=STSv1; id=;", NULL, "record-id-empty" },
    { "v=STSv1; id=" ID32 "6", NULL, "record-id-long" },
    { "v=STSv1; id=2016-08-31", NULL, "record-id-character" },
    { "v=STSv1; id=1 ", NULL, "record-id-character" },
    { "v=STSv1; id=1=2", NULL, "record-id-character" },
    { "v=STSv1; id=\"1\"", NULL, "record-id-character" },
    { "v=STSv1; id=1 id=2", NULL, "record-id-character" },
    { "v=STSv1; id", NULL, "record-field" },
    { "v=STSv1; id=1; word", NULL, "record-field" },
    { "v=STSv1; id =1", NULL, "record-field-name" },
    { "v=STSv1; =1; id=1", NULL, "record-field-name" },
    { "v=STSv1; _x=1; id=1", NULL, "record-field-name" },
    { "v=STSv1; abcdefghijklmnopqrstuvwxyz0123456=1; id=1", NULL, "record-field-name" },
    { "v=STSv1; abcdefghijklmnopqrstuvwxyz012345=1; id=1", "1", "fine" },
    { "v=STSv1; id=1; x=", NULL, "record-field-value" },
    { "v=STSv1; id=1; x=a b;", NULL, "record-field-value" },
    { "v=STSv1; id=1; x=a=b", NULL, "record-field-value" },
    { "v=STSv1;; id=1", NULL, "record-field-empty" },
    { "v=STSv1; id=1; ;", NULL, "record-field-empty" },
    { "v=STSv1; id=\xc3\xa9", NULL, "record-character" },
    { "v=STSv1; id=1\n", NULL, "record-character" },
};

static void test_records(void)
{
    for (size_t i = 0; i < COUNT(records); i++) {
        struct region *region = region_new();
        const char    *id = NULL;
        enum sts_fault fault = sts_record_parse(region, slice_of(records[i].text), &id);

        is_text(sts_fault_word(fault), records[i].fault, "record \"%s\"", records[i].text);
        if (fault == STS_FAULT_FINE)
            is_text(id, records[i].id, "id of \"%s\"", records[i].text);
        region_free(region);
    }
}

/* Answers: texts of TXT records, at most four; a CNAME on the way is in every one of them. fault NULL: there is none. */
static const struct {
    const char *what, *texts[4], *fault, *id;
} answers[] = {
    { "no record", { NULL }, NULL, NULL },
    { "one", { "v=STSv1; id=1" }, "fine", "1" },
    { "one among others", { "v=spf1 -all", "v=STSv1; id=1", "google-site-verification=x" }, "fine", "1" },
    { "others alone", { "v=spf1 -all", "" }, NULL, NULL },
    { "several", { "v=STSv1; id=1", "v=STSv1; id=2" }, "record-several", NULL },
    { "the same twice", { "v=STSv1; id=1", "v=STSv1; id=1" }, "record-several", NULL },
    { "several, one malformed", { "v=STSv1; id=1", "v=STSv1; id=-" }, "record-several", NULL },
    { "one of which the version is wrong", { "v=STSv2; id=1", "v=STSv1; id=1" }, "fine", "1" },
    { "no semicolon", { "v=STSv1" }, "record-version", NULL },
    { "another case", { "V=stsv1; id=1" }, "record-version", NULL },
    { "in quotes", { "\"v=STSv1; id=1\"" }, "record-version", NULL },
    { "malformed", { "v=STSv1; id=a_b" }, "record-id-character", NULL },
};

static void test_answers(void)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct region    *region = region_new();
        struct dns_record rows[5] = { { .owner = "_mta-sts.example", .type = DNS_CNAME, .target = "sts.example.net" } };
        struct dns_fact   fact = { .name = "_mta-sts.example", .type = DNS_TXT, .records = rows, .count = 1 };
        const char       *id = NULL;
        enum sts_fault    fault = STS_FAULT_FINE;
        bool              found;

        for (size_t k = 0; k < 4 && answers[i].texts[k] != NULL; k++)
            rows[fact.count++] = (struct dns_record){ .owner = "sts.example.net", .type = DNS_TXT, .text = answers[i].texts[k] };
        found = sts_record_select(region, &fact, &fault, &id);
        is_int(found, answers[i].fault != NULL, "%s: is there one", answers[i].what);
        if (found)
            is_text(sts_fault_word(fault), answers[i].fault, "%s", answers[i].what);
        is_text(id, answers[i].id, "%s: id", answers[i].what);
        region_free(region);
    }
}

#define HEAD   "version: STSv1\n"
#define ENOUGH HEAD "mode: enforce\nmax_age: 86400\n"

/* mx: the patterns, a space between; NULL: fault, in a line, about something. */
static const struct {
    const char   *body;
    enum sts_mode mode;
    long          max_age;
    const char   *mx, *fault;
    unsigned      line;
    const char   *what;
} policies[] = {
    { "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n",
      STS_MODE_ENFORCE, 604800, "mail.example.com *.example.net", "fine", 0, NULL },
    { "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 1\n", STS_MODE_TESTING, 1, "a.example", "fine", 0, NULL },
    { "version:STSv1\nmode:testing\nmx:a.example\nmax_age:1", STS_MODE_TESTING, 1, "a.example", "fine", 0, NULL },
    { "max_age: 1\nmx: a.example\nmode: testing\nversion: STSv1", STS_MODE_TESTING, 1, "a.example", "fine", 0, NULL },
    { "version: STSv1 \t\r\nmode: \t enforce  \nmx: a.example \r\nmax_age: 0 \n", STS_MODE_ENFORCE, 0, "a.example", "fine", 0,
      NULL },
    { HEAD "mode: none\nmax_age: 31557600\n", STS_MODE_NONE, 31557600, "", "fine", 0, NULL },
    { HEAD "mode: none\nmax_age: 0000000001\n", STS_MODE_NONE, 1, "", "fine", 0, NULL },
    { HEAD "mode: none\nmx: a.example\nmax_age: 1\n", STS_MODE_NONE, 1, "a.example", "fine", 0, NULL },
    { ENOUGH "mx: a.example\nx-note: two words, \xc3\xa9 = ; : all fine\nMX: b.example\n", STS_MODE_ENFORCE, 86400, "a.example",
      "fine", 0, NULL },
    { ENOUGH "mx: a.example\nmode: none\nmax_age: x\nversion: 2\n", STS_MODE_ENFORCE, 86400, "a.example", "fine", 0, NULL },
    { ENOUGH "mx: A.Example\nmx: xn--bcher-kva.example\nmx: localhost\n", STS_MODE_ENFORCE, 86400,
      "A.Example xn--bcher-kva.example localhost", "fine", 0, NULL },
    /* what is wrong */
    { "", 0, 0, NULL, "policy-empty", 0, NULL },
    { "\n", 0, 0, NULL, "policy-blank-line", 1, NULL },
    { ENOUGH "mx: a.example\n\n", 0, 0, NULL, "policy-blank-line", 5, NULL },
    { HEAD "\r\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-blank-line", 2, NULL },
    { HEAD " \t\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-blank-line", 2, NULL },
    { HEAD " mode: none\nmax_age: 1\n", 0, 0, NULL, "policy-leading-blank", 2, NULL },
    { "version: STSv1\rmode: none\rmax_age: 1\r", 0, 0, NULL, "policy-line-end", 1, NULL },
    { HEAD "mode: none\r\r\nmax_age: 1\n", 0, 0, NULL, "policy-line-end", 2, NULL },
    { HEAD "mode: none\nmax_age: 1\r", 0, 0, NULL, "policy-line-end", 3, NULL },
    { HEAD "mode none\nmax_age: 1\n", 0, 0, NULL, "policy-no-colon", 2, "mode none" },
    { HEAD "mode = none\nmax_age: 1\n", 0, 0, NULL, "policy-no-colon", 2, "mode = none" },
    { "<!DOCTYPE html>\n<html>\n", 0, 0, NULL, "policy-no-colon", 1, "<!DOCTYPE html>" },
    { "\xef\xbb\xbfversion: STSv1\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-key", 1, "\xef\xbb\xbfversion" },
    { HEAD "mode : none\nmax_age: 1\n", 0, 0, NULL, "policy-key", 2, "mode " },
    { HEAD ": none\n", 0, 0, NULL, "policy-key", 2, "" },
    { HEAD "# comment: none\n", 0, 0, NULL, "policy-key", 2, "# comment" },
    { HEAD "_x: none\n", 0, 0, NULL, "policy-key", 2, "_x" },
    { HEAD "mode:\nmax_age: 1\n", 0, 0, NULL, "policy-value-empty", 2, "mode" },
    { HEAD "x-extension: \t \n", 0, 0, NULL, "policy-value-empty", 2, "x-extension" },
    { HEAD "mode: no\tne\nmax_age: 1\n", 0, 0, NULL, "policy-character", 2, "mode" },
    { HEAD "x: \x7f\n", 0, 0, NULL, "policy-character", 2, "x" },
    { HEAD "x: \xff\n", 0, 0, NULL, "policy-character", 2, "x" },
    { "mode: none\nmax_age: 1\n", 0, 0, NULL, "policy-version-missing", 0, NULL },
    { "Version: STSv1\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-version-missing", 0, NULL },
    { "version: STSv2\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-version", 1, "STSv2" },
    { "version: stsv1\nmode: none\nmax_age: 1\n", 0, 0, NULL, "policy-version", 1, "stsv1" },
    { HEAD "mx: a.example\nmax_age: 1\n", 0, 0, NULL, "policy-mode-missing", 0, NULL },
    { HEAD "mode: Enforce\nmx: a.example\nmax_age: 1\n", 0, 0, NULL, "policy-mode", 2, "Enforce" },
    { HEAD "mode: report\nmx: a.example\nmax_age: 1\n", 0, 0, NULL, "policy-mode", 2, "report" },
    { HEAD "mode: enforce\nmx: a.example\n", 0, 0, NULL, "policy-max-age-missing", 0, NULL },
    { HEAD "mode: none\nmax_age: 1d\n", 0, 0, NULL, "policy-max-age", 3, "1d" },
    { HEAD "mode: none\nmax_age: -1\n", 0, 0, NULL, "policy-max-age", 3, "-1" },
    { HEAD "mode: none\nmax_age: 1.5\n", 0, 0, NULL, "policy-max-age", 3, "1.5" },
    { HEAD "mode: none\nmax_age: 00000000001\n", 0, 0, NULL, "policy-max-age", 3, "00000000001" },
    { HEAD "mode: none\nmax_age: 31557601\n", 0, 0, NULL, "policy-max-age-large", 3, "31557601" },
    { HEAD "mode: none\nmax_age: 9999999999\n", 0, 0, NULL, "policy-max-age-large", 3, "9999999999" },
    { ENOUGH, 0, 0, NULL, "policy-mx-missing", 0, NULL },
    { HEAD "mode: testing\nmax_age: 1\n", 0, 0, NULL, "policy-mx-missing", 0, NULL },
    { ENOUGH "mx: 192.0.2.1\n", 0, 0, NULL, "policy-mx", 4, "192.0.2.1" },
    { ENOUGH "mx: a.example.\n", 0, 0, NULL, "policy-mx", 4, "a.example." },
    { ENOUGH "mx: .example\n", 0, 0, NULL, "policy-mx", 4, ".example" },
    { ENOUGH "mx: *.\n", 0, 0, NULL, "policy-mx", 4, "*." },
    { ENOUGH "mx: a.example, b.example\n", 0, 0, NULL, "policy-mx", 4, "a.example, b.example" },
    { ENOUGH "mx: 10 a.example\n", 0, 0, NULL, "policy-mx", 4, "10 a.example" },
    { ENOUGH "mx: b\xc3\xbc" "cher.example\n", 0, 0, NULL, "policy-mx", 4, "b\xc3\xbc" "cher.example" },
    { ENOUGH "mx: *\n", 0, 0, NULL, "policy-mx-wildcard", 4, "*" },
    { ENOUGH "mx: mx*.example\n", 0, 0, NULL, "policy-mx-wildcard", 4, "mx*.example" },
    { ENOUGH "mx: a.*.example\n", 0, 0, NULL, "policy-mx-wildcard", 4, "a.*.example" },
    { ENOUGH "mx: *.*.example\n", 0, 0, NULL, "policy-mx-wildcard", 4, "*.*.example" },
};

static const char *join(struct region *region, const struct text_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->count; i++)
        text = region_printf(region, "%s%s%s", text, i > 0 ? " " : "", list->items[i]);
    return text;
}

static void test_policies(void)
{
    for (size_t i = 0; i < COUNT(policies); i++) {
        struct region    *region = region_new();
        struct sts_policy policy;
        struct sts_place  place;
        enum sts_fault    fault = sts_policy_parse(region, slice_of(policies[i].body), &policy, &place);

        is_text(sts_fault_word(fault), policies[i].fault, "policy %zu: %s", i, policies[i].body);
        is_int(place.line, policies[i].line, "line of policy %zu", i);
        is_text(place.what, policies[i].what, "what of policy %zu", i);
        if (fault == STS_FAULT_FINE) {
            is_int(policy.mode, policies[i].mode, "mode of policy %zu", i);
            is_int(policy.max_age, policies[i].max_age, "max_age of policy %zu", i);
            is_text(join(region, &policy.mx), policies[i].mx, "mx of policy %zu", i);
        }
        region_free(region);
    }
}

/* A NUL is no end. */
static void test_nul(void)
{
    static const char body[] = HEAD "mode: none\0\nmax_age: 1\n";
    struct region    *region = region_new();
    struct sts_policy policy;
    struct sts_place  place;

    is_text(sts_fault_word(sts_policy_parse(region, slice_from(body, sizeof(body) - 1), &policy, &place)),
            "policy-character", "a NUL in a value");
    region_free(region);
}

static void test_many_patterns(void)
{
    struct region    *region = region_new();
    struct sts_policy policy;
    struct sts_place  place;
    struct buf        body;

    buf_init(&body, 65536);
    buf_add_text(&body, ENOUGH);
    for (int i = 0; i < 1000; i++)
        buf_printf(&body, "mx: mx%d.example.com\r\n", i);
    is_text(sts_fault_word(sts_policy_parse(region, buf_slice(&body), &policy, &place)), "fine", "a thousand mx lines");
    is_int(policy.mx.count, 1000, "all of them");
    check_ok(sts_mx_fits(&policy.mx, "mx999.example.com"), "the last fits");
    check_ok(!sts_mx_fits(&policy.mx, "mx1000.example.com"), "another does not");
    buf_clear(&body);
    region_free(region);
}

/* RFC 8461 section 4.1, by our own rule and by Postfix's for mx_host_pattern. */
static const struct {
    const char *pattern, *host;
    bool        fits;
} fits[] = {
    { "mx.example.com", "mx.example.com", true },
    { "mx.example.com", "MX.Example.COM", true },
    { "MX.example.com", "mx.example.com", true },
    { "mx.example.com", "mx2.example.com", false },
    { "mx.example.com", "a.mx.example.com", false },
    { "example.com", "mx.example.com", false },
    { "*.example.com", "mx.example.com", true },
    { "*.EXAMPLE.com", "mx.example.COM", true },
    { "*.example.com", "a.mx.example.com", false },
    { "*.example.com", "example.com", false },
    { "*.example.com", "mx.example.net", false },
    { "*.example.com", "mxexample.com", false },
    { "*.com", "example.com", true },
    { "*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true },
    { "*.mx.example.com", "a.mx.example.com", true },
};

/* One host, as smtp(8) from 3.10.5 on has it. */
static bool postfix_lets_pass(const char *pattern, const char *host)
{
    struct fixture   *f = fixture_new("inet_protocols = ipv4\n", "3.11.6", NULL);
    const char       *value = region_printf(f->region, "secure policy_type=sts mx_host_pattern=%s", pattern);
    struct nexthop    nexthop;
    struct mail_hosts hosts;
    struct policy     policy;
    struct effective  effective;
    struct prefix     allow;
    struct error      err;
    bool              pass;

    prefix_parse(&allow, SLICE("192.0.2.0/24"));
    dns_world_add(f->facts, region_printf(f->region, "d.example MX ok MX 10 %s\n%s A ok A 192.0.2.1\n", host, host));
    nexthop_parse(f->region, &nexthop, SLICE("d.example"), f->smtp->params, &err);
    mail_hosts_find(f->region, &hosts, &f->config, f->smtp, &nexthop, &allow, 1, &f->view);
    policy_parse(f->region, &policy, slice_of(value), f->smtp, &f->config, &f->view);
    effective_level_find(f->region, &effective, &f->config, f->smtp, &nexthop, &policy, &hosts, &hosts.hosts[0], &f->view);
    pass = effective.skip_reason == NULL;
    fixture_free(f);
    return pass;
}

static void test_fits(void)
{
    for (size_t i = 0; i < COUNT(fits); i++) {
        const struct text_list list = { (const char **)&fits[i].pattern, 1 };

        is_int(sts_mx_fits(&list, fits[i].host), fits[i].fits, "%s, host %s", fits[i].pattern, fits[i].host);
        is_int(postfix_lets_pass(fits[i].pattern, fits[i].host), fits[i].fits, "Postfix: %s, host %s", fits[i].pattern,
               fits[i].host);
    }
}

/* Words are what reports are searched by. */
static void test_words(void)
{
    for (int i = 0; i < STS_FAULT_COUNT; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(sts_fault_word((enum sts_fault)i), sts_fault_word((enum sts_fault)k)) == 0)
                check_ok(false, "%s stands for two faults", sts_fault_word((enum sts_fault)i));
    is_text(sts_mode_word(STS_MODE_TESTING), "testing", "a mode's word");
    check_ok(sts_fault_sentence(STS_FAULT_POLICY_MX) != NULL, "a fault's sentence");
}

int main(void)
{
    test_records();
    test_answers();
    test_policies();
    test_nul();
    test_many_patterns();
    test_fits();
    test_words();
    return check_done();
}
