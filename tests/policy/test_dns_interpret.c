#include <stdio.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/policy/mail_hosts.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define MX_ERROR  "Host or domain name not found. Name service error for name=example.com type=MX: "
#define MALFORMED "Name service error for name=example.com type=MX: Malformed or unexpected name server reply"

static const struct {
    const char *world;
    enum dns_type type;
    enum lookup status;
    const char *records, *text;
} rows[] = {
    { "example.com MX ok MX 10 a.example; MX 20 b.example", DNS_MX, LOOKUP_OK, "a.example b.example", NULL },
    { "example.com MX ok", DNS_MX, LOOKUP_NOT_FOUND, "", MX_ERROR "Host found but no data record of requested type" },
    { "example.com MX nxdomain", DNS_MX, LOOKUP_NOT_FOUND, "", MX_ERROR "Host not found" },
    { "example.com MX servfail", DNS_MX, LOOKUP_RETRY, "", MX_ERROR "Host not found, try again" },
    { "example.com MX refused", DNS_MX, LOOKUP_RETRY, "", MX_ERROR "Host not found, try again" },
    { "example.com MX timeout", DNS_MX, LOOKUP_RETRY, "", MX_ERROR "Host not found, try again" },
    { "example.com MX unparsable MX 10 a.example", DNS_MX, LOOKUP_RETRY, "", MX_ERROR "Host not found, try again" },
    { "example.com MX formerr", DNS_MX, LOOKUP_FAIL, "", MX_ERROR "Non-recoverable error" },
    /* Data that cannot be decoded is temporary, names that no host has are not; the first weighs more. */
    { "example.com MX ok MX!", DNS_MX, LOOKUP_RETRY, "", MALFORMED },
    { "example.com MX ok MX 10 -a.example", DNS_MX, LOOKUP_INVALID, "", MALFORMED },
    { "example.com MX ok MX? 10 a\\000b.example; MX!", DNS_MX, LOOKUP_RETRY, "", MALFORMED },
    { "example.com MX ok MX!; MX 10 -a.example", DNS_MX, LOOKUP_RETRY, "", MALFORMED },
    { "example.com MX ok MX 10 -a.example; MX 20 b.example; MX!", DNS_MX, LOOKUP_OK, "b.example", NULL },
    { "example.com MX ok MX 10 192.0.2.1", DNS_MX, LOOKUP_OK, "192.0.2.1", NULL },
    { "example.com MX ok MX 10 a_b.example; MX 20 1234", DNS_MX, LOOKUP_OK, "a_b.example", NULL },
    { "example.com MX ok MX 10 *.example; MX 20 a.*.example", DNS_MX, LOOKUP_OK, "*.example", NULL },
    /* A null MX is one whatever stands beside it. */
    { "example.com MX ok MX 0 .", DNS_MX, LOOKUP_NULL_MX, "", "Domain example.com does not accept mail (nullMX)" },
    { "example.com MX ok MX 10 a.example; MX 0 .", DNS_MX, LOOKUP_NULL_MX, "",
      "Domain example.com does not accept mail (nullMX)" },
    { "example.com SRV ok SRV 0 0 0 .", DNS_SRV, LOOKUP_NULL_SRV, "",
      "Domain example.com does not support SRV requests" },
    { "example.com SRV ok SRV 0 0 26 a.example", DNS_SRV, LOOKUP_OK, "a.example", NULL },
    /* aliases */
    { "example.com MX ok CNAME x.example; MX 10 a.example", DNS_MX, LOOKUP_OK, "a.example", NULL },
    { "example.com MX ok CNAME x.example\nx.example MX ok MX 5 a.example", DNS_MX, LOOKUP_OK, "a.example", NULL },
    { "example.com MX ok CNAME x.example\nx.example MX nxdomain", DNS_MX, LOOKUP_NOT_FOUND, "",
      "Host or domain name not found. Name service error for name=x.example type=MX: Host not found" },
    { "example.com MX ok CNAME -x.example; MX 10 a.example", DNS_MX, LOOKUP_INVALID, "", MALFORMED },
    { "example.com MX ok CNAME!; MX 10 a.example", DNS_MX, LOOKUP_RETRY, "", MALFORMED },
    { "example.com MX ok CNAME example.com", DNS_MX, LOOKUP_NOT_FOUND, "", "Name server loop for example.com" },
    { "example.com MX ok @-b.example MX 10 a.example", DNS_MX, LOOKUP_INVALID, "", MALFORMED },
    { "example.com CNAME ok CNAME x.example", DNS_CNAME, LOOKUP_OK, "x.example", NULL },
    { "example.com CNAME ok CNAME .", DNS_CNAME, LOOKUP_INVALID, "",
      "Name service error for name=example.com type=CNAME: Malformed or unexpected name server reply" },
};

static const char *joined(const struct lookup_result *result)
{
    static char text[256];

    text[0] = '\0';
    for (size_t i = 0; i < result->count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i == 0 ? "" : " ",
                 result->records[i]->target);
    return text;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct lookup_result result;

        dns_world_add(f->facts, rows[i].world);
        result = dns_interpret(f->region, &f->view, f->smtp, "example.com", rows[i].type, false);
        is_int(result.status, rows[i].status, "status: %s", rows[i].world);
        is_text(joined(&result), rows[i].records, "records: %s", rows[i].world);
        is_text(result.text, rows[i].text, "text: %s", rows[i].world);
        fixture_free(f);
    }
}

/* names that are never asked for */
static void test_names(void)
{
    static const char *const names[] = { "192.0.2.1", "2001:db8::1", "a..b", "-a.example", "1234", "a b" };
    char text[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct lookup_result result = dns_interpret(f->region, &f->view, f->smtp, names[i], DNS_A, true);

        snprintf(text, sizeof(text), "Name service error for %s: invalid host or domain name", names[i]);
        is_int(result.status, LOOKUP_NOT_FOUND, "%s", names[i]);
        is_text(result.text, text, "%s", names[i]);
        check_ok(wants_empty(f->wants), "%s is not asked for", names[i]);
        fixture_free(f);
    }
}

static const struct {
    const char *world;
    bool flag, secure, ad;
} security[] = {
    { "a.example A ad A 192.0.2.1", true, true, true },
    { "a.example A ad A 192.0.2.1", false, false, true },
    { "a.example A ok A 192.0.2.1", true, false, false },
    { "a.example A ad CNAME b.example; A 192.0.2.1", true, true, true },
    { "a.example A ad CNAME b.example\nb.example A ad A 192.0.2.1", true, true, true },
    { "a.example A ok CNAME b.example\nb.example A ad A 192.0.2.1", true, false, false },
    { "a.example A ad CNAME b.example\nb.example A ok A 192.0.2.1", true, false, false },
};

static void test_security(void)
{
    for (size_t i = 0; i < sizeof(security) / sizeof(security[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct lookup_result result;

        dns_world_add(f->facts, security[i].world);
        result = dns_interpret(f->region, &f->view, f->smtp, "A.example", DNS_A, security[i].flag);
        is_int(result.status, LOOKUP_OK, "%s", security[i].world);
        is_int(result.secure, security[i].secure, "secure: %s", security[i].world);
        is_int(result.ad, security[i].ad, "ad: %s", security[i].world);
        fixture_free(f);
    }
}

/* an alias chain of n queries: the tenth answer still counts */
static void test_chain(int n, enum lookup want)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct lookup_result result;
    char line[128];

    for (int i = 0; i < n - 1; i++) {
        snprintf(line, sizeof(line), "c%d.example A ok CNAME c%d.example", i, i + 1);
        dns_world_add(f->facts, line);
    }
    snprintf(line, sizeof(line), "c%d.example A ok A 192.0.2.1", n - 1);
    dns_world_add(f->facts, line);
    result = dns_interpret(f->region, &f->view, f->smtp, "c0.example", DNS_A, false);
    is_int(result.status, want, "%d queries", n);
    if (want == LOOKUP_OK) {
        snprintf(line, sizeof(line), "c%d.example", n - 1);
        is_text(result.rname, line, "expanded name after %d queries", n);
    }
    fixture_free(f);
}

static const struct {
    const char *world, *reason;
    enum lookup status;
} unknowns[] = {
    { "", "not-observed", LOOKUP_UNKNOWN },
    { "example.com MX excluded", "excluded", LOOKUP_UNKNOWN },
    { "example.com MX crashed", "probe-crashed", LOOKUP_UNKNOWN },
    { "example.com MX cut:deadline", "deadline", LOOKUP_UNKNOWN },
    { "example.com MX cut:interrupted", "interrupted", LOOKUP_UNKNOWN },
    { "example.com MX cut:limit", "probe-cut-short", LOOKUP_UNKNOWN },
    { "example.com MX noresolver", "resolver-unavailable", LOOKUP_RETRY },
    { "example.com MX ok CNAME x.example", "not-observed", LOOKUP_UNKNOWN },
};

static void test_unknown(void)
{
    for (size_t i = 0; i < sizeof(unknowns) / sizeof(unknowns[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct view replay = { .facts = f->facts };
        struct lookup_result result;

        dns_world_add(f->facts, unknowns[i].world);
        result = dns_interpret(f->region, &replay, f->smtp, "example.com", DNS_MX, false);
        is_int(result.status, unknowns[i].status, "%s", unknowns[i].world);
        is_text(result.unknown_reason, unknowns[i].reason, "%s", unknowns[i].world);
        fixture_free(f);
    }
}

static void test_wanted(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct lookup_result result = dns_interpret(f->region, &f->view, f->smtp, "Example.COM", DNS_MX, false);

    is_int(result.status, LOOKUP_WANTED, "no fact");
    is_text(wants_dns_at(f->wants, 0)->name, "example.com", "asked in lower case");
    dns_world_add(f->facts, "example.com MX ok CNAME Other.example");
    wants_clear(f->wants);
    result = dns_interpret(f->region, &f->view, f->smtp, "Example.COM", DNS_MX, false);
    is_int(result.status, LOOKUP_WANTED, "the alias is next");
    is_text(wants_dns_at(f->wants, 0)->name, "other.example", "the alias is asked for");
    fixture_free(f);
}

/* n MX records: how many does this release read? */
static void test_limit(const char *version, int n, size_t want, bool cut)
{
    struct fixture *f = fixture_new("", version, NULL);
    struct lookup_result result;
    struct buf world;

    buf_init(&world, 1 << 20);
    buf_add_text(&world, "example.com MX ok ");
    for (int i = 0; i < n; i++)
        buf_printf(&world, "MX %d h%d.example;", n - i, i);
    dns_world_add(f->facts, buf_text(&world));
    result = dns_interpret(f->region, &f->view, f->smtp, "example.com", DNS_MX, false);
    is_int(result.count, want, "%s reads of %d records", version, n);
    is_int(result.cut, cut, "%s cuts %d records", version, n);
    buf_clear(&world);
    fixture_free(f);
}

static const struct {
    const char *rules, *world;
    enum lookup status;
    size_t count;
    const char *text;
} filters[] = {
    { "/ MX 10 /  IGNORE\n", "example.com MX ok MX 10 a.example; MX 20 b.example", LOOKUP_OK, 1, NULL },
    { "/^example\\.com\\. \\d+ IN MX \\d+ b\\.example\\.$/  ignore it\n",
      "example.com MX ok MX 10 a.example; MX 20 b.example", LOOKUP_OK, 1, NULL },
    { "/ MX /  IGNORE\n", "example.com MX ok MX 10 a.example", LOOKUP_POLICY, 0,
      "Error looking up name=example.com type=MX: DNS reply filter drops all results" },
    { "/ MX /  DROP\n", "example.com MX ok MX 10 a.example", LOOKUP_RETRY, 0,
      "Error looking up name=example.com type=MX: Invalid DNS reply filter syntax" },
    { "/ MX /  IGNOREX\n", "example.com MX ok MX 10 a.example", LOOKUP_RETRY, 0,
      "Error looking up name=example.com type=MX: Invalid DNS reply filter syntax" },
    { "/./  IGNORE\n", "example.com MX servfail", LOOKUP_RETRY, 0, MX_ERROR "Host not found, try again" },
};

static void test_filter(void)
{
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct memory_file files[] = { { "/filter", filters[i].rules, TABLE_LOAD_OK }, { NULL, NULL, TABLE_LOAD_OK } };
        struct fixture *f = fixture_new("smtp_dns_reply_filter = pcre:/filter\n", "3.7.11", files);
        struct lookup_result result;

        dns_world_add(f->facts, filters[i].world);
        result = dns_interpret(f->region, &f->view, f->smtp, "example.com", DNS_MX, false);
        is_int(result.status, filters[i].status, "filter %s", filters[i].rules);
        is_int(result.count, filters[i].count, "records after filter %s", filters[i].rules);
        is_text(result.text, filters[i].text, "text after filter %s", filters[i].rules);
        fixture_free(f);
    }
}

int main(void)
{
    test_rows();
    test_names();
    test_security();
    test_chain(2, LOOKUP_OK);
    test_chain(10, LOOKUP_OK);
    test_chain(11, LOOKUP_NOT_FOUND);
    test_unknown();
    test_wanted();
    test_limit("3.7.11", 100, 100, false);
    test_limit("3.7.11", 101, 100, true);
    test_limit("3.7.10", 101, 101, false);
    test_limit("3.8.5", 120, 120, false);
    test_limit("3.8.6", 120, 100, true);
    test_filter();
    return check_done();
}
