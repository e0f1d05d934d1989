#include <stdio.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/policy/mail_hosts.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

#define V4                    "inet_protocols = ipv4\n"
#define DNSSEC                V4 "smtp_dns_support_level = dnssec\n"
#define NOT_FOUND(name, type) "Host or domain name not found. Name service error for name=" name " type=" type ": "
#define NXDOMAIN(name, type)  NOT_FOUND(name, type) "Host not found"
#define NODATA(name, type)    NOT_FOUND(name, type) "Host found but no data record of requested type"
#define TRY_AGAIN(name, type) NOT_FOUND(name, type) "Host not found, try again"

/* One line for each host: "preference host[address]:port" and marks: s secure, N not allowed, U:reason, !dsn */
static const char *hosts_text(struct region *region, const struct mail_hosts *hosts)
{
    const char *text = "";

    for (size_t i = 0; i < hosts->count; i++) {
        const struct mail_host *host = &hosts->hosts[i];
        char address[ADDRESS_TEXT_MAX] = "";

        if (host->has_address)
            address_to_text(&host->address, address);
        text = region_printf(region, "%s%s%u %s[%s]:%u%s%s%s%s%s%s", text, i > 0 ? ", " : "", host->preference,
                             host->host, address, host->port, host->secure ? " s" : "", host->not_allowed ? " N" : "",
                             host->unknown != NULL ? " U:" : "", host->unknown != NULL ? host->unknown : "",
                             host->why.dsn != NULL ? " !" : "", host->why.dsn != NULL ? host->why.dsn : "");
    }
    return text;
}

static const struct row {
    const char *main_cf, *nexthop, *world;
    const char *hosts, *dsn, *reason, *text;
} rows[] = {
    /* MX */
    { V4, "example.com",
      "example.com MX ok MX 20 b.example; MX 10 a.example\na.example A ok A 192.0.2.2; A 192.0.2.1\nb.example A ok A "
      "192.0.2.3",
      "10 a.example[192.0.2.1]:25, 10 a.example[192.0.2.2]:25, 20 b.example[192.0.2.3]:25", NULL, NULL, NULL },
    { "", "example.com",
      "example.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1\na.example AAAA ok AAAA 2001:db8:1::1",
      "10 a.example[192.0.2.1]:25, 10 a.example[2001:db8:1::1]:25 N", NULL, NULL, NULL },
    { "inet_protocols = ipv6\n", "example.com", "example.com MX ok MX 10 a.example\na.example AAAA ok AAAA 2600::1",
      "10 a.example[2600::1]:25", NULL, NULL, NULL },
    { V4, "example.com:587", "example.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { V4, "example.com", "example.com MX ok MX 10 192.0.2.9", "10 192.0.2.9[192.0.2.9]:25", NULL, NULL, NULL },
    { V4, "example.com", "example.com MX ok MX 10 2600::1", "10 2600::1[]:25 !5.4.4", "5.4.4", "no-address",
      "Name service error for 2600::1: invalid host or domain name" },
    /* no MX */
    { V4, "example.com", "example.com MX ok\nexample.com A ok A 192.0.2.1", "0 example.com[192.0.2.1]:25", NULL, NULL,
      NULL },
    { V4, "example.com", "example.com MX nxdomain\nexample.com A ok A 192.0.2.1", "0 example.com[192.0.2.1]:25", NULL,
      NULL, NULL },
    { V4, "example.com", "example.com MX nxdomain\nexample.com A nxdomain", "0 example.com[]:25 !5.4.4", "5.4.4",
      "no-such-domain", NXDOMAIN("example.com", "A") },
    { V4, "example.com", "example.com MX ok\nexample.com A ok", "0 example.com[]:25 !5.4.4", "5.4.4", "no-address",
      NODATA("example.com", "A") },
    /* failures of the MX lookup */
    { V4, "example.com", "example.com MX servfail", "", "4.4.3", "dns-lookup-failed", TRY_AGAIN("example.com", "MX") },
    { V4, "example.com", "example.com MX formerr", "", "5.4.3", "dns-lookup-failed",
      NOT_FOUND("example.com", "MX") "Non-recoverable error" },
    { V4, "example.com", "example.com MX ok MX!", "", "4.4.3", "dns-lookup-failed",
      "Name service error for name=example.com type=MX: Malformed or unexpected name server reply" },
    { V4, "example.com", "example.com MX ok MX 10 -a.example", "", "5.4.4", "dns-lookup-failed",
      "Name service error for name=example.com type=MX: Malformed or unexpected name server reply" },
    { V4, "example.com", "example.com MX ok MX 10 a.example; MX 0 .", "", "5.1.0", "null-mx",
      "Domain example.com does not accept mail (nullMX)" },
    { V4 "ignore_mx_lookup_error = yes\n", "example.com", "example.com MX servfail\nexample.com A ok A 192.0.2.1",
      "0 example.com[192.0.2.1]:25", NULL, NULL, NULL },
    { V4 "ignore_mx_lookup_error = yes\n", "example.com", "example.com MX ok MX 0 .", "", "5.1.0", "null-mx",
      "Domain example.com does not accept mail (nullMX)" },
    /* once soft, stays soft; the text is that of the last host */
    { V4, "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A nxdomain\nb.example A servfail",
      "10 a.example[]:25 !5.4.4, 20 b.example[]:25 !4.4.3", "4.4.3", "dns-lookup-failed", TRY_AGAIN("b.example", "A") },
    { V4, "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A servfail\nb.example A nxdomain",
      "10 a.example[]:25 !4.4.3, 20 b.example[]:25 !5.4.4", "4.4.4", "no-address", NXDOMAIN("b.example", "A") },
    { V4, "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A nxdomain\nb.example A nxdomain",
      "10 a.example[]:25 !5.4.4, 20 b.example[]:25 !5.4.4", "5.4.4", "no-address", NXDOMAIN("b.example", "A") },
    { V4, "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A servfail\nb.example A formerr",
      "10 a.example[]:25 !4.4.3, 20 b.example[]:25 !5.4.3", "4.4.3", "dns-lookup-failed",
      NOT_FOUND("b.example", "A") "Non-recoverable error" },
    { V4 "smtp_defer_if_no_mx_address_found = yes\n", "example.com",
      "example.com MX ok MX 10 a.example\na.example A nxdomain", "10 a.example[]:25 !5.4.4", "4.4.4", "no-address",
      NXDOMAIN("a.example", "A") },
    { V4 "smtp_defer_if_no_mx_address_found = yes\n", "example.com", "example.com MX nxdomain\nexample.com A nxdomain",
      "0 example.com[]:25 !5.4.4", "5.4.4", "no-such-domain", NXDOMAIN("example.com", "A") },
    /* a failed host leaves its mark although another one resolves */
    { V4, "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A nxdomain\nb.example A ok A 192.0.2.1",
      "10 a.example[]:25 !5.4.4, 20 b.example[192.0.2.1]:25", "5.4.4", "no-address", NXDOMAIN("a.example", "A") },
    { "", "example.com",
      "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A nxdomain\na.example AAAA nxdomain\n"
      "b.example A ok A 192.0.2.1\nb.example AAAA ok",
      "10 a.example[]:25 !5.4.4, 20 b.example[192.0.2.1]:25", "5.4.4", "no-address", NODATA("b.example", "AAAA") },
    /* the best result of A and AAAA counts */
    { "", "[a.example]", "a.example A ok A 192.0.2.1\na.example AAAA servfail", "0 a.example[192.0.2.1]:25", NULL, NULL,
      NULL },
    { "", "[a.example]", "a.example A nxdomain\na.example AAAA servfail", "0 a.example[]:25 !4.4.3", "4.4.3",
      "dns-lookup-failed", TRY_AGAIN("a.example", "AAAA") },
    { "", "[a.example]", "a.example A servfail\na.example AAAA nxdomain", "0 a.example[]:25 !4.4.3", "4.4.3",
      "dns-lookup-failed", TRY_AGAIN("a.example", "A") },
    { "", "[a.example]", "a.example A nxdomain\na.example AAAA formerr", "0 a.example[]:25 !5.4.3", "5.4.3",
      "dns-lookup-failed", NOT_FOUND("a.example", "AAAA") "Non-recoverable error" },
    { "", "[a.example]", "a.example A nxdomain\na.example AAAA nxdomain", "0 a.example[]:25 !5.4.4", "5.4.4",
      "no-such-domain", NXDOMAIN("a.example", "AAAA") },
    /* literals */
    { V4, "[a.example]:26", "a.example A ok A 192.0.2.1", "0 a.example[192.0.2.1]:26", NULL, NULL, NULL },
    { V4, "[10.0.0.1]", "", "0 10.0.0.1[10.0.0.1]:25", NULL, NULL, NULL },
    { "", "[IPv6:2001:db8::1]", "", "0 2001:db8::1[2001:db8::1]:25", NULL, NULL, NULL },
    { V4, "10.0.0.1", "", "0 10.0.0.1[10.0.0.1]:25", NULL, NULL, NULL },
    { V4, "[IPv6:2001:db8::1]", "", "0 2001:db8::1[]:25 !5.4.4", "5.4.4", "no-address",
      "Name service error for 2001:db8::1: invalid host or domain name" },
    { V4, "[a.example]", "a.example A ok A 10.0.0.1; A 192.0.2.77",
      "0 a.example[10.0.0.1]:25 N, 0 a.example[192.0.2.77]:25 N", NULL, NULL, NULL },
    { V4, "example.com", "example.com MX ok MX 10 127.0.0.1", "10 127.0.0.1[127.0.0.1]:25 N", NULL, NULL, NULL },
    /* DNSSEC */
    { DNSSEC, "example.com", "example.com MX ad MX 10 a.example\na.example A ad A 192.0.2.1",
      "10 a.example[192.0.2.1]:25 s", NULL, NULL, NULL },
    { DNSSEC, "example.com", "example.com MX ok MX 10 a.example\na.example A ad A 192.0.2.1",
      "10 a.example[192.0.2.1]:25", NULL, NULL, NULL },
    { DNSSEC "smtp_tls_dane_insecure_mx_policy = dane\n", "example.com",
      "example.com MX ok MX 10 a.example\na.example A ad A 192.0.2.1", "10 a.example[192.0.2.1]:25 s", NULL, NULL,
      NULL },
    { V4, "example.com", "example.com MX ad MX 10 a.example\na.example A ad A 192.0.2.1", "10 a.example[192.0.2.1]:25",
      NULL, NULL, NULL },
    { DNSSEC, "[a.example]", "a.example A ad A 192.0.2.1", "0 a.example[192.0.2.1]:25 s", NULL, NULL, NULL },
    /* native lookups */
    { V4 "smtp_host_lookup = native\n", "[a.example]", "a.example NATIVE ok A 192.0.2.1; AAAA 2600::1",
      "0 a.example[192.0.2.1]:25", NULL, NULL, NULL },
    { V4 "disable_dns_lookups = yes\n", "a.example", "a.example NATIVE ok A 192.0.2.1", "0 a.example[192.0.2.1]:25",
      NULL, NULL, NULL },
    { V4 "smtp_dns_support_level = disabled\n", "a.example", "a.example NATIVE nxdomain", "0 a.example[]:25 !5.4.4",
      "5.4.4", "no-address", "unable to look up host a.example: Name or service not known" },
    { V4 "smtp_dns_support_level = disabled\n", "a.example", "a.example NATIVE ok", "0 a.example[]:25 !5.3.0",
      "5.3.0", "no-address", "unable to look up host a.example: No address associated with hostname" },
    { V4 "smtp_host_lookup = native\n", "[a.example]", "a.example NATIVE servfail", "0 a.example[]:25 !4.4.4", "4.4.4",
      "dns-lookup-failed", "unable to look up host a.example: Temporary failure in name resolution" },
    { V4 "smtp_host_lookup = native\n", "[a.example]", "a.example NATIVE formerr", "0 a.example[]:25 !5.3.0", "5.3.0",
      "dns-lookup-failed", "unable to look up host a.example: Non-recoverable failure in name resolution" },
    { V4 "smtp_host_lookup = native\n", "[a.example]", "a.example NATIVE ok AAAA 2600::1", "0 a.example[]:25 !5.4.4",
      "5.4.4", "no-address", "a.example: host not found" },
    { V4 "smtp_host_lookup = dns, native\n", "[a.example]", "a.example A nxdomain\na.example NATIVE ok A 192.0.2.1",
      "0 a.example[192.0.2.1]:25", "5.4.4", "no-such-domain", NXDOMAIN("a.example", "A") },
    { V4 "smtp_host_lookup = dns, native\n", "[a.example]", "a.example A servfail", "0 a.example[]:25 !4.4.3", "4.4.3",
      "dns-lookup-failed", TRY_AGAIN("a.example", "A") },
    /* names */
    { V4 "smtp_cname_overrides_servername = yes\n", "[a.example]", "a.example A ok CNAME b.example; A 192.0.2.1",
      "0 b.example[192.0.2.1]:25", NULL, NULL, NULL },
    { V4, "[a.example]", "a.example A ok CNAME b.example; A 192.0.2.1", "0 a.example[192.0.2.1]:25", NULL, NULL, NULL },
    { V4 "smtputf8_enable = yes\n",
      "b\xc3\xbc"
      "cher.example",
      "xn--bcher-kva.example MX ok MX 10 a.example\na.example A ok A 192.0.2.1", "10 a.example[192.0.2.1]:25", NULL,
      NULL, NULL },
    /* nothing enabled */
    { "inet_protocols =\n", "example.com", "", "", "4.4.4", "dns-lookup-failed", "all network protocols are disabled" },
};

static void find(struct fixture *f, struct service *service, const char *text, struct mail_hosts *hosts)
{
    struct prefix allow;
    struct nexthop *nexthop = region_alloc(f->region, sizeof(*nexthop));
    struct error err;

    prefix_parse(&allow, SLICE("192.0.2.0/26")); /* a documentation range, but for the last hosts of it */
    if (!nexthop_parse(f->region, nexthop, slice_of(text), service->params, &err))
        check_ok(false, "%s: %s", text, err.text);
    mail_hosts_find(f->region, hosts, &f->config, service, nexthop, &allow, 1, &f->view);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct fixture *f = fixture_new(row->main_cf, "3.7.11", NULL);
        struct mail_hosts hosts;

        dns_world_add(f->facts, row->world);
        find(f, f->smtp, row->nexthop, &hosts);
        check_ok(!hosts.wanted, "%s %s: nothing is missing", row->nexthop, row->world);
        is_text(hosts_text(f->region, &hosts), row->hosts, "hosts: %s %s%s", row->nexthop, row->main_cf, row->world);
        is_text(hosts.why.dsn, row->dsn, "dsn: %s %s%s", row->nexthop, row->main_cf, row->world);
        is_text(hosts.why.reason, row->reason, "reason: %s %s", row->nexthop, row->world);
        is_text(hosts.why.text, row->text, "text: %s %s", row->nexthop, row->world);
        fixture_free(f);
    }
}

/* SRV, from 3.8 on */
#define SRV V4 "use_srv_lookup = submission\n"
static const struct row srv_rows[] = {
    { SRV, "example.com:submission",
      "_submission._tcp.example.com SRV ok SRV 5 1 26 a.example\na.example A ok A 192.0.2.1",
      "5 a.example[192.0.2.1]:26", NULL, NULL, NULL },
    { SRV, "example.com:587", "example.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { SRV, "[a.example]:submission", "a.example A ok A 192.0.2.1", "0 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { SRV, "example.com:submission", "_submission._tcp.example.com SRV nxdomain", "", "5.4.4", "no-address",
      NXDOMAIN("_submission._tcp.example.com", "SRV") },
    { SRV, "example.com:submission", "_submission._tcp.example.com SRV ok SRV 0 0 0 .", "", "5.1.0", "null-mx",
      "Domain _submission._tcp.example.com does not support SRV requests" },
    { SRV, "example.com:submission", "_submission._tcp.example.com SRV servfail", "", "4.4.3", "dns-lookup-failed",
      TRY_AGAIN("_submission._tcp.example.com", "SRV") },
    { SRV "allow_srv_lookup_fallback = yes\n", "example.com:submission",
      "_submission._tcp.example.com SRV ok SRV 0 0 0 .\nexample.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { SRV "allow_srv_lookup_fallback = yes\n", "example.com:submission",
      "_submission._tcp.example.com SRV ok SRV 0 0 26 x.example\nx.example A nxdomain\nexample.com MX ok MX 10 "
      "a.example\n"
      "a.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { SRV "ignore_srv_lookup_error = yes\n", "example.com:submission",
      "_submission._tcp.example.com SRV servfail\nexample.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:587", NULL, NULL, NULL },
    { SRV "ignore_srv_lookup_error = yes\n", "example.com:submission", "_submission._tcp.example.com SRV nxdomain", "",
      "5.4.4", "no-address", NXDOMAIN("_submission._tcp.example.com", "SRV") },
};

static void test_srv(void)
{
    for (size_t i = 0; i < sizeof(srv_rows) / sizeof(srv_rows[0]); i++) {
        const struct row *row = &srv_rows[i];
        struct fixture *f = fixture_new(row->main_cf, "3.11.6", NULL);
        struct mail_hosts hosts;

        dns_world_add(f->facts, row->world);
        find(f, f->smtp, row->nexthop, &hosts);
        is_text(hosts_text(f->region, &hosts), row->hosts, "hosts: %s %s", row->nexthop, row->world);
        is_text(hosts.why.dsn, row->dsn, "dsn: %s", row->world);
        is_text(hosts.why.reason, row->reason, "reason: %s", row->world);
        is_text(hosts.why.text, row->text, "text: %s", row->world);
        fixture_free(f);
    }
}

/* Older releases know no SRV records; LMTP looks up neither SRV nor MX here. */
static void test_others(void)
{
    struct fixture *f = fixture_new(SRV, "3.7.11", NULL);
    struct mail_hosts hosts;

    dns_world_add(f->facts,
                  "example.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1\nexample.com A ok A 192.0.2.5");
    find(f, f->smtp, "example.com:submission", &hosts);
    is_text(hosts_text(f->region, &hosts), "10 a.example[192.0.2.1]:587", "no SRV in 3.7");
    find(f, f->lmtp, "inet:example.com", &hosts);
    is_text(hosts_text(f->region, &hosts), "0 example.com[192.0.2.5]:24", "LMTP");
    check_ok(!hosts.used_mx && hosts.mx_dnssec == NULL, "LMTP asks for no MX");
    find(f, f->lmtp, "unix:/run/lmtp", &hosts);
    is_text(hosts.unknown, "local-fault", "a socket in the file system");
    fixture_free(f);
}

static const struct {
    const char *nexthop, *world, *hosts, *dsn, *text;
    bool loops, backup;
} self_rows[] = {
    { "example.com",
      "example.com MX ok MX 10 me.example; MX 20 b.example\nme.example A ok A 192.0.2.50\nb.example A ok A 192.0.2.1",
      "", "5.4.6", "mail for example.com loops back to myself", true, true },
    { "example.com",
      "example.com MX ok MX 10 a.example; MX 20 me.example\na.example A ok A 192.0.2.1\nme.example A ok A 192.0.2.50",
      "10 a.example[192.0.2.1]:25", NULL, NULL, false, true },
    { "example.com",
      "example.com MX ok MX 10 a.example; MX 20 me.example; MX 20 b.example; MX 30 c.example\na.example A ok A "
      "192.0.2.1\n"
      "me.example A ok A 192.0.2.50\nb.example A ok A 192.0.2.2\nc.example A ok A 192.0.2.3",
      "10 a.example[192.0.2.1]:25", NULL, NULL, false, true },
    { "example.com",
      "example.com MX ok MX 10 a.example; MX 20 me.example\na.example A nxdomain\nme.example A ok A 192.0.2.50", "",
      "4.4.4", "unable to find primary relay for example.com", false, true },
    { "[me.example]", "me.example A ok A 192.0.2.50", "", "5.4.6", "mail for me.example loops back to myself", true,
      false },
    { "[192.0.2.50]", "", "", "5.4.6", "mail for 192.0.2.50 loops back to myself", true, false },
    { "[192.0.2.50]:26", "", "0 192.0.2.50[192.0.2.50]:26", NULL, NULL, false, false },
    { "me.example", "me.example MX ok\nme.example A ok A 192.0.2.50", "", "5.4.6",
      "mail for me.example loops back to myself", true, false },
};

static void test_self(void)
{
    struct address own;

    address_parse(&own, SLICE("192.0.2.50"));
    for (size_t i = 0; i < sizeof(self_rows) / sizeof(self_rows[0]); i++) {
        struct fixture *f = fixture_new(V4, "3.7.11", NULL);
        struct mail_hosts hosts;

        f->config.own_addresses = &own;
        f->config.own_address_count = 1;
        dns_world_add(f->facts, self_rows[i].world);
        find(f, f->smtp, self_rows[i].nexthop, &hosts);
        is_text(hosts_text(f->region, &hosts), self_rows[i].hosts, "hosts: %s %s", self_rows[i].nexthop,
                self_rows[i].world);
        is_text(hosts.why.dsn, self_rows[i].dsn, "dsn: %s %s", self_rows[i].nexthop, self_rows[i].world);
        is_text(hosts.why.text, self_rows[i].text, "text: %s %s", self_rows[i].nexthop, self_rows[i].world);
        is_int(hosts.loops, self_rows[i].loops, "loops: %s %s", self_rows[i].nexthop, self_rows[i].world);
        is_int(hosts.backup_for_self, self_rows[i].backup, "backup: %s %s", self_rows[i].nexthop, self_rows[i].world);
        fixture_free(f);
    }
}

static const struct {
    const char *world, *hosts, *unknown, *dsn;
} unknown_rows[] = {
    { "example.com MX crashed", "", "probe-crashed", NULL },
    { "", "", "not-observed", NULL },
    { "example.com MX noresolver", "", "resolver-unavailable", "4.4.3" },
    { "example.com MX ok MX 10 a.example", "10 a.example[]:25 U:not-observed", "not-observed", NULL },
    { "example.com MX ok MX 10 a.example\na.example A ok A 192.0.2.1",
      "10 a.example[192.0.2.1]:25, 10 a.example[]:25 U:not-observed", NULL, NULL },
    { "example.com MX ok MX 10 a.example\na.example A nxdomain\na.example AAAA excluded",
      "10 a.example[]:25 U:excluded", "excluded", NULL },
    { "example.com MX ok MX 10 a.example; MX 20 b.example\na.example A noresolver\na.example AAAA noresolver\n"
      "b.example A ok A 192.0.2.1\nb.example AAAA ok",
      "10 a.example[]:25 U:resolver-unavailable !4.4.3, 20 b.example[192.0.2.1]:25", NULL, "4.4.3" },
    { "example.com MX ok MX 10 a.example\na.example A noresolver\na.example AAAA noresolver",
      "10 a.example[]:25 U:resolver-unavailable !4.4.3", "resolver-unavailable", "4.4.3" },
};

static void test_unknown(void)
{
    for (size_t i = 0; i < sizeof(unknown_rows) / sizeof(unknown_rows[0]); i++) {
        struct fixture *f = fixture_new("", "3.7.11", NULL);
        struct mail_hosts hosts;

        f->view.wants = NULL;
        dns_world_add(f->facts, unknown_rows[i].world);
        find(f, f->smtp, "example.com", &hosts);
        is_text(hosts_text(f->region, &hosts), unknown_rows[i].hosts, "hosts: %s", unknown_rows[i].world);
        is_text(hosts.unknown, unknown_rows[i].unknown, "unknown: %s", unknown_rows[i].world);
        is_text(hosts.why.dsn, unknown_rows[i].dsn, "dsn: %s", unknown_rows[i].world);
        check_ok(!hosts.wanted, "a replay wants nothing: %s", unknown_rows[i].world);
        fixture_free(f);
    }
}

/* Everything that can be asked is asked at once. */
static void test_rounds(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct mail_hosts hosts;
    size_t wanted = 0;

    find(f, f->smtp, "example.com", &hosts);
    check_ok(hosts.wanted && wants_dns_at(f->wants, 0) != NULL && wants_dns_at(f->wants, 1) == NULL,
             "first the MX alone");
    dns_world_add(f->facts, "example.com MX ok MX 10 a.example; MX 20 b.example");
    wants_clear(f->wants);
    find(f, f->smtp, "example.com", &hosts);
    while (wants_dns_at(f->wants, wanted) != NULL)
        wanted++;
    check_ok(hosts.wanted, "then addresses");
    is_int(wanted, 4, "both types of both hosts");
    fixture_free(f);
}

static const struct {
    const char *world, *notes;
} note_rows[] = {
    { "example.com MX ok MX 10 192.0.2.1", "mx-target-is-address 192.0.2.1" },
    { "example.com MX ok MX 10 192.0.2.1; MX 20 -a.example",
      "mx-target-invalid -a.example, mx-target-is-address 192.0.2.1" },
    { "example.com MX ok MX 10 -a.example; MX!", "mx-target-invalid -a.example, mx-target-invalid example.com" },
};

static void test_notes(void)
{
    for (size_t i = 0; i < sizeof(note_rows) / sizeof(note_rows[0]); i++) {
        struct fixture *f = fixture_new(V4, "3.7.11", NULL);
        struct mail_hosts hosts;
        const char *text = "";

        dns_world_add(f->facts, note_rows[i].world);
        find(f, f->smtp, "example.com", &hosts);
        for (size_t j = 0; j < hosts.note_count; j++)
            text = region_printf(f->region, "%s%s%s", text, j > 0 ? ", " : "", hosts.notes[j]);
        is_text(text, note_rows[i].notes, "notes: %s", note_rows[i].world);
        fixture_free(f);
    }
}

/* 120 addresses behind three hosts: how many does this release list? */
static void test_limit(const char *version, size_t want)
{
    struct fixture *f = fixture_new(V4, version, NULL);
    struct mail_hosts hosts;
    struct buf world;

    buf_init(&world, 1 << 20);
    buf_add_text(&world, "example.com MX ok MX 1 h0.example; MX 2 h1.example; MX 3 h2.example\n");
    for (int i = 0; i < 3; i++) {
        buf_printf(&world, "h%d.example A ok ", i);
        for (int j = 0; j < 40; j++)
            buf_printf(&world, "A 192.0.%d.%d;", i + 3, j);
        buf_add_text(&world, "\n");
    }
    dns_world_add(f->facts, buf_text(&world));
    find(f, f->smtp, "example.com", &hosts);
    is_int(hosts.count, want, "addresses listed by %s", version);
    is_int(hosts.note_count, want < 120 ? 1 : 0, "%s: a note says so", version);
    buf_clear(&world);
    fixture_free(f);
}

static void test_mx_facts(void)
{
    struct fixture *f = fixture_new(DNSSEC, "3.7.11", NULL);
    struct mail_hosts hosts;

    dns_world_add(f->facts, "example.com MX ad CNAME alias.example; MX 20 b.example; MX 10 a.example\n"
                            "a.example A ok A 192.0.2.1\nb.example A nxdomain\nbogus.example MX servfail");
    find(f, f->smtp, "example.com", &hosts);
    check_ok(hosts.used_mx && hosts.mx_secure, "a secure MX set is in use");
    is_text(hosts.mx_dnssec, "secure", "said so");
    is_text(hosts.mx_qname, "example.com", "name asked");
    is_text(hosts.mx_rname, "alias.example", "name found");
    is_int(hosts.mx_record_count, 2, "records");
    is_text(hosts.mx_records[0].host, "a.example", "best first");
    find(f, f->smtp, "bogus.example", &hosts);
    is_text(hosts.mx_dnssec, "bogus", "SERVFAIL");
    check_ok(!hosts.used_mx, "no MX in use");
    fixture_free(f);
}

int main(void)
{
    test_rows();
    test_srv();
    test_others();
    test_self();
    test_unknown();
    test_rounds();
    test_notes();
    test_limit("3.7.11", 100);
    test_limit("3.7.10", 120);
    test_mx_facts();
    return check_done();
}
