/* Our own side: configurations, and the facts of whole runs, that show a fault of this machine. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scanner/judge/judge.h"
#include "scanner/judge/published.h"
#include "tests/lib/check.h"
#include "tests/policy/dns_world.h"
#include "tests/policy/fixture.h"

static const char *codes(struct region *region, const struct findings *findings)
{
    const char *text = "";

    for (const struct finding *f = findings->first; f != NULL; f = f->next)
        text = region_printf(region, "%s%s%s", text, *text != '\0' ? " " : "", f->code);
    return text;
}

#define TEN_INSECURE                                                                                                   \
    "a.example A ok\nb.example A ok\nc.example A ok\nd.example A ok\ne.example A ok\nf.example A ok\ng.example A ok\n" \
    "h.example A ok\ni.example A ok\nj.example A nxdomain\n"

static const struct configuration_row {
    const char *what, *main_cf, *dns, *codes;
} configurations[] = {
    { "nothing wrong", "smtp_tls_security_level = may\n", "", "" },
    { "verify without an authority", "smtp_tls_security_level = verify\n", "", "local-no-ca" },
    { "an entry with secure", "smtp_tls_policy_maps = inline:{ { a.example = secure match=b } }\n", "", "local-no-ca" },
    { "one that brings its own", "smtp_tls_policy_maps = inline:{ { a.example = secure tafile=/x } }\n", "", "" },
    { "per-site beside policies",
      "smtp_tls_policy_maps = inline:{ { a.example = may } }\nsmtp_tls_per_site = inline:{ { a.example = MAY } }\n", "",
      "per-site-ignored" },
    { "ten answers, none secure", "smtp_tls_security_level = dane\n", TEN_INSECURE, "local-resolver-not-validating" },
    { "the same without DANE", "smtp_tls_security_level = may\n", TEN_INSECURE, "" },
    { "one secure answer from far away", "smtp_tls_security_level = dane\n", TEN_INSECURE "k.example A ad\n",
      "resolver-not-loopback" },
};

static void test_configurations(void)
{
    for (size_t i = 0; i < sizeof(configurations) / sizeof(*configurations); i++) {
        const struct configuration_row *row = &configurations[i];
        struct fixture *f = fixture_new(row->main_cf, "3.7.11", NULL);
        struct judge_input input = { .config = &f->config, .view = &f->view };
        struct findings findings = { 0 };

        dns_world_add(f->facts, row->dns);
        judge_configuration(f->region, &findings, &input);
        is_text(codes(f->region, &findings), row->codes, "%s", row->what);
        fixture_free(f);
    }
}

static void test_authorities(void)
{
    static const struct config_file missing = { .path = "/certs", .error = "No such file" }, good = { .path = "/ca.pem" };
    static const struct {
        const struct config_file *file, *path;
        const char *text;
    } rows[] = {
        { NULL, &missing, "/certs: No such file; the levels verify and secure trust nobody" },
        { &good, &missing, "/certs: No such file; the levels verify and secure trust only the authorities of /ca.pem" },
        { &missing, &missing, "/certs: No such file; the levels verify and secure trust nobody" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct fixture *f = fixture_new("smtp_tls_security_level = verify\n", "3.7.11", NULL);
        struct judge_input input = { .config = &f->config, .view = &f->view };
        struct findings findings = { 0 };

        f->smtp->ca_file = rows[i].file;
        f->smtp->ca_path = rows[i].path;
        f->lmtp->ca_file = &good;
        judge_configuration(f->region, &findings, &input);
        is_text(findings.first != NULL ? findings.first->text : "", rows[i].text, "authorities, row %zu", i);
        fixture_free(f);
    }
}

static void test_troubles(void)
{
    static const struct error bad = { .text = "bad boolean", .fix = "yes or no", .file = "main.cf", .line = 3 };
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct table_notice broken = { .code = "table-missing", .text = "no such file", .file = "/x", .breaks = true };
    struct table_notice notices = { .code = "table-stale-index", .text = "old", .file = "/y", .next = &broken };
    struct judge_input input = { .config = &f->config, .view = &f->view };
    struct findings findings = { 0 };

    f->smtp->start_error = &bad;
    f->lmtp->engine_error = "cannot read the certificate";
    f->config.notices = &notices;
    judge_configuration(f->region, &findings, &input);
    is_text(codes(f->region, &findings), "service-does-not-start local-tls-engine table-stale-index table-broken",
            "what stops Postfix");
    is_text(findings.first->text, "the service smtp does not start: bad boolean; yes or no", "with its remedy");
    is_int(findings.first->line, 3, "and its line");
    fixture_free(f);
}

/* count conversations, each with a server in the network of its own number modulo networks. */
static void add_conversations(struct facts *facts, int count, int networks, struct conversation pattern)
{
    for (int i = 0; i < count; i++) {
        struct profile profile = { .address = { FAMILY_IPV4, { 198, 51, (uint8_t)(i % networks), (uint8_t)i } },
                                   .port = 25, .helo_name = "client", .ciphers = "", .groups = "" };

        pattern.profile = &profile;
        facts_add_conversation(facts, &pattern);
    }
}

static const struct conversation dead = { .phase = PHASE_CONNECT, .ending = ENDING_CONNECT_TIMEOUT };
static const struct conversation dropped = { .phase = PHASE_CONNECT, .ending = ENDING_CUT_SHORT };
static const struct conversation mute = { .phase = PHASE_GREETING, .ending = ENDING_CUT_SHORT };
static const struct conversation plain = { .phase = PHASE_EHLO, .ending = ENDING_COMPLETE, .ehlo = { .code = 250 } };
static const struct conversation good = { .phase = PHASE_DONE, .ehlo = { .code = 250 }, .starttls_offered = true };

static struct conversation lacking = { .phase = PHASE_CONNECT, .ending = ENDING_LOCAL };
static struct conversation misled = { .phase = PHASE_CONNECT, .ending = ENDING_LOCAL };
static struct conversation refused = { .phase = PHASE_CONNECT, .ending = ENDING_CONNECT_FAILED };
static struct conversation late = { .phase = PHASE_HANDSHAKE, .ending = ENDING_LOCAL };

#define FAILING_OF_ONE(d) d " MX servfail\nmx." d " A refused\n"
#define FAILING_OF_THREE FAILING_OF_ONE("a.example") FAILING_OF_ONE("b.example") FAILING_OF_ONE("c.example")
#define FAILING FAILING_OF_THREE FAILING_OF_ONE("d.example") FAILING_OF_ONE("e.example") "x.y.e.example A servfail"
#define FAILING_OF_FOUR FAILING_OF_THREE FAILING_OF_ONE("d.example") "x.y.d.example A servfail\nz.d.example A servfail\nz.d.example AAAA servfail"

static const struct surroundings_row {
    const char *what;
    int count, networks;
    const struct conversation *pattern;
    bool one_good;
    const char *dns;
    enum local_fault fault;
    const char *codes;
} surroundings[] = {
    { "ten dead servers", 10, 5, &dead, false, "", LOCAL_FAULT_CONNECT, "local-no-connections" },
    { "nine", 9, 5, &dead, false, "", LOCAL_FAULT_NONE, "" },
    { "ten in four networks", 10, 4, &dead, false, "", LOCAL_FAULT_NONE, "" },
    { "ten and one that lives", 10, 5, &dead, true, "", LOCAL_FAULT_NONE, "" },
    { "ten that we did not wait for", 10, 5, &dropped, false, "", LOCAL_FAULT_CONNECT, "local-no-connections" },
    { "ten that say nothing", 10, 5, &mute, false, "", LOCAL_FAULT_NONE, "" },
    { "ten without STARTTLS", 10, 5, &plain, false, "", LOCAL_FAULT_STARTTLS, "local-starttls-stripped" },
    { "ten, and one with it", 10, 5, &plain, true, "", LOCAL_FAULT_NONE, "" },
    { "no resolver", 0, 1, &dead, false, "a.example MX noresolver", LOCAL_FAULT_RESOLVER, "local-resolver" },
    { "one question without an answer", 0, 1, &dead, false, "a.example MX timeout", LOCAL_FAULT_NONE, "" },
    { "ten of five domains that fail", 0, 1, &dead, false, FAILING, LOCAL_FAULT_RESOLVER, "local-resolver" },
    { "and one that does not", 0, 1, &dead, false, FAILING "\nf.example MX nxdomain", LOCAL_FAULT_NONE, "" },
    { "ten of four", 0, 1, &dead, false, FAILING_OF_FOUR, LOCAL_FAULT_NONE, "" },
    { "one for which there was no descriptor", 2, 2, &lacking, true, "", LOCAL_FAULT_NONE, "local-shortage" },
    { "ten of these", 10, 5, &lacking, false, "a.example MX noresolver", LOCAL_FAULT_RESOLVER, "local-shortage local-resolver" },
    { "one with a fault of another kind", 2, 2, &misled, true, "", LOCAL_FAULT_NONE, "" },
    { "one whose host has no descriptors", 2, 2, &refused, true, "", LOCAL_FAULT_NONE, "" },
    { "one that was connected to", 2, 2, &late, true, "", LOCAL_FAULT_NONE, "" },
    { "one answer", 0, 1, &dead, false, "a.example MX noresolver\nb.example MX nxdomain", LOCAL_FAULT_NONE, "" },
};

static void test_surroundings(void)
{
    lacking.error = refused.error = late.error = strerror(EMFILE);
    misled.error = "smtp_helo_name is too long";
    for (size_t i = 0; i < sizeof(surroundings) / sizeof(*surroundings); i++) {
        const struct surroundings_row *row = &surroundings[i];
        struct region *region = region_new();
        struct facts *facts = facts_new();
        struct findings findings = { 0 };

        add_conversations(facts, row->count, row->networks, *row->pattern);
        if (row->one_good)
            add_conversations(facts, 1, 1, good);
        dns_world_add(facts, row->dns);
        is_int(judge_surroundings(region, &findings, facts), row->fault, "%s", row->what);
        is_text(codes(region, &findings), row->codes, "%s: finding", row->what);
        facts_free(facts);
        region_free(region);
    }
}

/* A question says which resolver it was for. */
static void test_shortage_of_questions(void)
{
    static const char *const codes_of[] = { [DNS_CUT_SHORT] = "local-shortage", [DNS_TIMEOUT] = "" };
    static const enum dns_outcome outcomes[] = { DNS_CUT_SHORT, DNS_TIMEOUT };

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
        struct region *region = region_new();
        struct facts *facts = facts_new();
        struct findings findings = { 0 };
        const char *error = region_printf(region, "127.0.0.1:53: %s", strerror(EMFILE));

        facts_add_dns(facts, &(struct dns_fact){ .name = "a.example", .type = DNS_MX, .outcome = outcomes[i], .error = error });
        judge_surroundings(region, &findings, facts);
        is_text(codes(region, &findings), codes_of[outcomes[i]], "a question that lacked a descriptor, outcome %d", outcomes[i]);
        facts_free(facts);
        region_free(region);
    }
}

/* What has to wait for the end of the run, given what was seen of it so far. */
static void test_watch(void)
{
    static const struct watch_row {
        const char *what;
        const struct conversation *seen;
        const char *dns;
        enum verdict verdict;
        enum reason reason;
        bool waits;
    } rows[] = {
        { "a timeout, and nothing is known", &dead, "", VERDICT_DEFER, REASON_CONNECT_TIMEOUT, true },
        { "a timeout, and somebody was reached", &plain, "", VERDICT_DEFER, REASON_CONNECT_TIMEOUT, false },
        { "no STARTTLS, nor anywhere", &plain, "", VERDICT_DEFER, REASON_STARTTLS_NOT_OFFERED, true },
        { "no STARTTLS, but elsewhere", &good, "", VERDICT_DEFER, REASON_STARTTLS_NOT_OFFERED, false },
        { "in the clear", &dead, "", VERDICT_DOWNGRADE, REASON_DELIVERED_IN_CLEAR, true },
        { "in the clear, as meant", &dead, "", VERDICT_DELIVER, REASON_DELIVERED_IN_CLEAR, false },
        { "what has its own reason", &dead, "", VERDICT_UNKNOWN, REASON_CONNECT_TIMEOUT, false },
        { "no fault of ours", &dead, "", VERDICT_DEFER, REASON_CERTIFICATE_EXPIRED, false },
        { "no answer, nor to others", &good, "b.example MX timeout", VERDICT_DEFER, REASON_DNS_LOOKUP_FAILED, true },
        { "a failure, and others too", &good, "b.example MX servfail", VERDICT_DEFER, REASON_DNS_LOOKUP_FAILED, true },
        { "no answer, but to others", &good, "b.example MX nxdomain", VERDICT_DEFER, REASON_DNS_LOOKUP_FAILED, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct facts *facts = facts_new();
        struct fault_watch watch = { 0 };
        struct result result = { .verdict = rows[i].verdict, .forecast = { .reason = rows[i].reason } };

        add_conversations(facts, 1, 1, *rows[i].seen);
        dns_world_add(facts, rows[i].dns);
        fault_watch_facts(&watch, facts);
        check_ok(fault_watch_waits(&watch, &result) == rows[i].waits, "%s: %s", rows[i].what,
                 rows[i].waits ? "waits" : "is told");
        check_ok(!fault_watch_conversation(&watch, facts_conversation_at(facts, 0)), "%s: the same again is no news",
                 rows[i].what);
        facts_free(facts);
    }
}

/* count requests for policies, each of a host in the network of its own number modulo networks. */
static void add_fetches(struct facts *facts, int count, int networks, struct policy_fetch pattern)
{
    for (int i = 0; i < count; i++) {
        char domain[32];

        snprintf(domain, sizeof domain, "d%d.example", i + (int)pattern.outcome * 100);
        pattern.domain = domain;
        if (!fetch_was_left_out(&pattern))
            pattern.address = (struct address){ FAMILY_IPV4, { 198, 51, (uint8_t)(i % networks), (uint8_t)i } };
        facts_add_fetch(facts, &pattern);
    }
}

static void test_web(void)
{
    static const struct web_row {
        const char *what;
        int count, networks;
        struct policy_fetch pattern, other;  /* other: one more; without a domain: none */
        enum local_fault fault;
        enum sts_state state;                /* of a domain whose host could not be reached */
    } rows[] = {
        { "ten refused", 10, 5, { .outcome = FETCH_CONNECT_FAILED }, { .domain = NULL }, LOCAL_FAULT_WEB, STS_UNKNOWN },
        { "ten in silence", 10, 5, { .outcome = FETCH_TIMEOUT }, { .domain = NULL }, LOCAL_FAULT_WEB, STS_UNKNOWN },
        { "nine", 9, 5, { .outcome = FETCH_CONNECT_FAILED }, { .domain = NULL }, LOCAL_FAULT_NONE, STS_INVALID },
        { "ten in four networks", 10, 4, { .outcome = FETCH_TIMEOUT }, { .domain = NULL }, LOCAL_FAULT_NONE, STS_INVALID },
        { "ten that begin to answer", 10, 5, { .outcome = FETCH_TIMEOUT, .status = 200 }, { .domain = NULL }, LOCAL_FAULT_NONE, STS_INVALID },
        { "ten, and one that answers", 10, 5, { .outcome = FETCH_TIMEOUT }, { .domain = "x", .outcome = FETCH_ANSWERED, .status = 404 },
          LOCAL_FAULT_NONE, STS_INVALID },
        { "ten, and one with a bad certificate", 10, 5, { .outcome = FETCH_TIMEOUT }, { .domain = "x", .outcome = FETCH_EXPIRED },
          LOCAL_FAULT_NONE, STS_INVALID },
        { "ten, and one that nobody asked", 10, 5, { .outcome = FETCH_TIMEOUT }, { .domain = "x", .outcome = FETCH_NOT_ALLOWED },
          LOCAL_FAULT_WEB, STS_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct region *region = region_new();
        struct facts *facts = facts_new();
        struct published published = { .sts = { .state = STS_INVALID, .reason = "fetch-connect" } };
        struct result result = { .verdict = VERDICT_DELIVER, .published = &published };
        struct findings findings = { 0 };
        struct fault_watch watch = { 0 };
        enum local_fault fault;

        findings_add(region, &result.findings, "sts-fetch-failed", SEVERITY_WARNING, NULL, NULL, 0, "refused");
        add_fetches(facts, rows[i].count, rows[i].networks, rows[i].pattern);
        if (rows[i].other.domain != NULL)
            add_fetches(facts, 1, 1, rows[i].other);
        fault = judge_surroundings(region, &findings, facts);
        is_int(fault, rows[i].fault, "policy hosts: %s", rows[i].what);
        is_text(codes(region, &findings), fault == LOCAL_FAULT_WEB ? "local-no-web" : "", "%s: finding", rows[i].what);
        fault_watch_facts(&watch, facts);
        check_ok(!fault_watch_waits(&watch, &result) || fault == LOCAL_FAULT_WEB || rows[i].count < 10 || rows[i].networks < 5,
                 "%s: waits only where it may come to that", rows[i].what);
        judge_apply_fault(&result, fault);
        is_int(published.sts.state, rows[i].state, "%s: what is known of the domain", rows[i].what);
        is_text(codes(region, &result.findings), rows[i].state == STS_UNKNOWN ? "" : "sts-fetch-failed", "%s: news of it", rows[i].what);
        is_int(result.verdict, VERDICT_DELIVER, "%s: the verdict stays", rows[i].what);
        facts_free(facts);
        region_free(region);
    }
}

static void test_apply(void)
{
    struct result result = { .verdict = VERDICT_DEFER, .best = VERDICT_DEFER, .worst = VERDICT_DEFER, .certain = true,
                             .forecast = { .status = "deferred", .dsn = "4.4.1", .reason = REASON_CONNECT_TIMEOUT } };

    judge_apply_fault(&result, LOCAL_FAULT_STARTTLS);
    is_int(result.verdict, VERDICT_DEFER, "another fault");
    judge_apply_fault(&result, LOCAL_FAULT_CONNECT);
    is_int(result.verdict, VERDICT_UNKNOWN, "the fault that made it");
    is_text(reason_code(result.forecast.reason), "local-fault", "says so");
    is_text(result.forecast.dsn, "4.4.1", "the forecast stays");
    check_ok(!result.certain, "nothing is certain");
}

int main(void)
{
    test_configurations();
    test_authorities();
    test_troubles();
    test_surroundings();
    test_shortage_of_questions();
    test_watch();
    test_web();
    test_apply();
    return check_done();
}
