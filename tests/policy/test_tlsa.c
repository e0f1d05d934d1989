#include <string.h>

#include "scanner/policy/tlsa.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define D32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define D64 D32 D32

/* the lookup: a host a.example, perhaps an alias of b.example */
static const struct {
    const char *world;
    const char *rname;
    bool secure;
    enum tlsa_status status;
    const char *base_domain, *dnssec;
} rows[] = {
    { "_25._tcp.a.example TLSA ad TLSA 3 1 1 " D32, "a.example", true, TLSA_FOUND, "a.example", "secure" },
    { "_25._tcp.a.example TLSA ok TLSA 3 1 1 " D32, "a.example", true, TLSA_NONE, NULL, "insecure" },
    { "_25._tcp.a.example TLSA nxdomain", "a.example", true, TLSA_NONE, NULL, "insecure" },
    { "_25._tcp.a.example TLSA ad", "a.example", true, TLSA_NONE, NULL, "secure" },
    { "_25._tcp.a.example TLSA servfail", "a.example", true, TLSA_ERROR, NULL, "bogus" },
    { "_25._tcp.a.example TLSA formerr", "a.example", true, TLSA_ERROR, NULL, "indeterminate" },
    { "_25._tcp.a.example TLSA timeout", "a.example", true, TLSA_ERROR, NULL, "indeterminate" },
    { "_25._tcp.a.example TLSA refused", "a.example", true, TLSA_ERROR, NULL, "indeterminate" },
    { "_25._tcp.a.example TLSA ad CNAME t.example; TLSA 3 1 1 " D32, "a.example", true, TLSA_FOUND, "a.example",
      "secure" },
    { "_25._tcp.a.example TLSA ok CNAME t.example\nt.example TLSA ad TLSA 3 1 1 " D32, "a.example", true, TLSA_NONE,
      NULL, "insecure" },
    { "", "a.example", true, TLSA_WANTED, NULL, "indeterminate" },
    { "", "a.example", false, TLSA_NONE, NULL, "insecure" },
    /* aliases, all secure: the expanded name first, the other only when there is nothing */
    { "_25._tcp.b.example TLSA ad TLSA 3 1 1 " D32, "b.example", true, TLSA_FOUND, "b.example", "secure" },
    { "_25._tcp.b.example TLSA nxdomain\n_25._tcp.a.example TLSA ad TLSA 3 1 1 " D32, "b.example", true, TLSA_FOUND,
      "a.example", "secure" },
    { "_25._tcp.b.example TLSA servfail\n_25._tcp.a.example TLSA ad TLSA 3 1 1 " D32, "b.example", true, TLSA_ERROR,
      NULL, "bogus" },
    { "_25._tcp.A.EXAMPLE TLSA nxdomain", "A.EXAMPLE", true, TLSA_NONE, NULL, "insecure" },
    /* aliases with insecure addresses: the alias itself must be secure */
    { "a.example CNAME ad CNAME b.example\n_25._tcp.a.example TLSA ad TLSA 3 1 1 " D32, "b.example", false, TLSA_FOUND,
      "a.example", "secure" },
    { "a.example CNAME ok CNAME b.example", "b.example", false, TLSA_NONE, NULL, "insecure" },
    { "a.example CNAME ok", "b.example", false, TLSA_ERROR, NULL, "indeterminate" },
    { "a.example CNAME servfail", "b.example", false, TLSA_ERROR, NULL, "indeterminate" },
};

static struct mail_host host_of(const char *rname, bool secure)
{
    struct mail_host host = { .host = "a.example",
                              .ascii = "a.example",
                              .port = 25,
                              .has_address = true,
                              .secure = secure,
                              .ad = secure,
                              .qname = "a.example",
                              .rname = rname };

    return host;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct mail_host host = host_of(rows[i].rname, rows[i].secure);
        struct tlsa tlsa;

        dns_world_add(f->facts, rows[i].world);
        tlsa_find(f->region, &tlsa, f->smtp, &host, &f->view);
        is_int(tlsa.status, rows[i].status, "status: %s", rows[i].world);
        is_text(tlsa.base_domain, rows[i].base_domain, "base domain: %s", rows[i].world);
        is_text(tlsa.dnssec, rows[i].dnssec, "dnssec: %s", rows[i].world);
        tlsa_find_published(f->region, &tlsa, f->smtp, &host, &f->view);
        is_int(tlsa.status, rows[i].status, "published: %s", rows[i].world);
        fixture_free(f);
    }
}

static void test_forced(void)
{
    struct fixture *f = fixture_new("smtp_tls_force_insecure_host_tlsa_lookup = yes\n", "3.7.11", NULL);
    struct mail_host host = host_of("a.example", false), literal = host;
    struct tlsa tlsa;

    literal.qname = literal.rname = NULL;
    dns_world_add(f->facts, "_25._tcp.a.example TLSA ad TLSA 3 1 1 " D32);
    tlsa_find(f->region, &tlsa, f->smtp, &host, &f->view);
    is_int(tlsa.status, TLSA_FOUND, "asked for although the address is insecure");
    tlsa_find_published(f->region, &tlsa, f->smtp, &host, &f->view);
    is_int(tlsa.status, TLSA_NONE, "not published for it all the same");
    tlsa_find(f->region, &tlsa, f->smtp, &literal, &f->view);
    is_int(tlsa.status, TLSA_NONE, "an address literal has none");
    fixture_free(f);
}

static void test_port(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct mail_host host = host_of("a.example", true);
    struct tlsa tlsa;

    host.port = 587;
    tlsa_find(f->region, &tlsa, f->smtp, &host, &f->view);
    is_text(wants_dns_at(f->wants, 0)->name, "_587._tcp.a.example", "the port is that of the connection");
    fixture_free(f);
}

/* which records count when */
static const struct {
    const char *record, *version, *main_cf;
    bool policy_time, handshake, panics;
} records[] = {
    { "3 1 1 " D32, "3.7.11", "", true, true, false },
    { "2 0 2 " D64, "3.7.11", "", true, true, false },
    { "0 1 1 " D32, "3.7.11", "", false, true, false },
    { "1 1 1 " D32, "3.7.11", "", false, true, false },
    { "4 1 1 " D32, "3.7.11", "", false, true, false },
    { "3 1 255 " D32, "3.7.11", "", false, false, false },
    { "3 2 1 " D32, "3.7.11", "", true, false, false },
    { "3 1 3 " D32, "3.7.11", "", true, false, false },
    { "3 1 1 0011", "3.7.11", "", true, false, false },
    { "3 1 2 " D32, "3.7.11", "", true, false, false },
    { "3 0 0 30020500", "3.7.11", "", true, true, false },
    { "3 0 0 30030500", "3.7.11", "", true, false, false },
    { "3 0 0 3081020500", "3.7.11", "", true, true, false },
    { "3 0 0 3084", "3.7.11", "", true, false, false },
    { "3 0 0 00", "3.7.11", "", true, false, false },
    /* empty data */
    { "3 1 1", "3.7.11", "", false, false, true },
    { "3 1 0", "3.11.3", "", false, false, true },
    { "3 1 1", "3.11.4", "", false, false, false },
    { "3 1 1", "3.8.18", "", false, false, false },
    { "0 1 1", "3.7.11", "", false, false, false },
    { "3 1 255", "3.7.11", "", false, false, false },
    { "3 1 1", "3.5.9", "", false, false, false },
    /* before 3.6 everything was looked at before connecting */
    { "3 2 1 " D32, "3.5.9", "", false, false, false },
    { "3 1 1 0011", "3.5.9", "", false, false, false },
    { "3 1 1 " D32, "3.5.9", "", true, true, false },
    /* tls_dane_digests */
    { "3 1 2 " D64, "3.7.11", "tls_dane_digests = sha256\n", true, false, false },
    { "3 1 1 " D32, "3.7.11", "tls_dane_digests = sha256\n", true, true, false },
    { "3 1 5 " D32, "3.7.11", "tls_dane_digests = sha512 sha3-256=5\n", true, true, false },
    { "3 1 5 " D32, "3.7.11", "tls_dane_digests = sha512 nonsense=5\n", true, false, false },
    { "3 1 1 " D32, "3.7.11", "tls_dane_digests = sha512=1 nonsense\n", true, false, false },
};

static void test_records(void)
{
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct fixture *f = fixture_new(records[i].main_cf, records[i].version, NULL);
        struct mail_host host = host_of("a.example", true);
        const char *world = region_printf(f->region, "_25._tcp.a.example TLSA ad TLSA %s", records[i].record);
        struct tlsa tlsa;

        dns_world_add(f->facts, world);
        tlsa_find(f->region, &tlsa, f->smtp, &host, &f->view);
        is_int(tlsa.status, TLSA_FOUND, "%s is found", records[i].record);
        is_int(tlsa.usable_count, records[i].policy_time, "%s %s%s at policy time", records[i].version,
               records[i].main_cf, records[i].record);
        is_int(tlsa_is_usable_in_handshake(f->smtp->params, tlsa.records[0]), records[i].handshake,
               "%s %s%s in the handshake", records[i].version, records[i].main_cf, records[i].record);
        is_int(tlsa.panics, records[i].panics, "%s %s panics", records[i].version, records[i].record);
        fixture_free(f);
    }
}

static void test_strength(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    const char *digest;
    int sha256, sha512, other;

    check_ok(tlsa_matching_type(f->smtp->params, 1, &digest, &sha256), "type 1");
    is_text(digest, "sha256", "type 1");
    check_ok(tlsa_matching_type(f->smtp->params, 2, &digest, &sha512), "type 2");
    is_text(digest, "sha512", "type 2");
    check_ok(sha512 > sha256, "the first in the list is the stronger");
    check_ok(tlsa_matching_type(f->smtp->params, 0, &digest, &other) && digest == NULL, "type 0 needs no digest");
    check_ok(!tlsa_matching_type(f->smtp->params, 255, &digest, &other), "type 255 is for private use");
    fixture_free(f);
}

static void test_want(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct mail_host all[] = { host_of("a.example", true), host_of("a.example", false), host_of("b.example", false) };
    struct mail_hosts hosts = { .hosts = all, .count = 3 };

    all[2].qname = "c.example";
    check_ok(mail_hosts_want_tlsa(f->region, f->smtp, &hosts, &f->view), "something is missing");
    is_text(wants_dns_at(f->wants, 0)->name, "_25._tcp.a.example", "the secure host");
    is_text(wants_dns_at(f->wants, 1)->name, "c.example", "the alias");
    is_int(wants_dns_at(f->wants, 1)->type, DNS_CNAME, "the alias");
    check_ok(wants_dns_at(f->wants, 2) == NULL, "nothing else");
    fixture_free(f);
}

int main(void)
{
    test_rows();
    test_forced();
    test_port();
    test_records();
    test_strength();
    test_want();
    return check_done();
}
