#include "scanner/facts/facts.h"
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

static void test_dns(void)
{
    char target[] = "mx1.example.net";
    uint8_t data[] = { 0xab, 0xcd };
    struct dns_record records[] = {
        { .owner = "example.net", .type = DNS_MX, .target = target, .preference = 10 },
        { .owner = "example.net", .type = DNS_TLSA, .data = data, .data_length = 2, .rdata_length = 5 },
    };
    struct dns_fact fact = { .name = "example.net", .type = DNS_MX, .ad = true, .records = records, .count = 2,
                             .total = 2 };
    struct facts *f = facts_new();
    const struct dns_fact *kept = facts_add_dns(f, &fact), *newer;

    memset(target, 'x', sizeof(target) - 1);
    memset(data, 0, sizeof(data));
    records[0].preference = 99;
    is_text(kept->records[0].target, "mx1.example.net", "a copied target");
    is_int(kept->records[0].preference, 10, "a copied record");
    is_int(kept->records[1].data[1], 0xcd, "copied octets");
    check_ok(facts_dns(f, "EXAMPLE.net", DNS_MX) == kept, "found without regard to case");
    check_ok(facts_dns(f, "example.net", DNS_A) == NULL, "another type is another question");
    check_ok(facts_dns(f, "example.ne", DNS_MX) == NULL, "another name is another question");

    facts_add_dns(f, &(struct dns_fact){ .name = "a.example", .type = DNS_A });
    newer = facts_add_dns(f, &(struct dns_fact){ .name = "Example.NET", .type = DNS_MX, .outcome = DNS_TIMEOUT });
    check_ok(newer != kept && facts_dns(f, "example.net", DNS_MX) == newer, "a later answer replaces");
    check_ok(facts_dns_at(f, 0) == newer, "at the first one's place");
    is_text(facts_dns_at(f, 1)->name, "a.example", "before what came in between");
    check_ok(facts_dns_at(f, 2) == NULL, "and is there once");
    is_int(kept->records[0].preference, 10, "the replaced one can still be read");
    facts_free(f);
    facts_free(NULL);
}

/* One member each: all of them are other profiles than the one without any. */
static const struct { const char *what; struct profile profile; } others[] = {
    { "port", { .port = 26 } },
    { "lmtp", { .lmtp = true } },
    { "wrapper", { .wrapper = true } },
    { "helo_name", { .helo_name = "you.example" } },
    { "empty helo_name", { .helo_name = "" } },
    { "never_ehlo", { .never_ehlo = true } },
    { "ehlo_needs_esmtp", { .ehlo_needs_esmtp = true } },
    { "pix_no_esmtp", { .pix_no_esmtp = true } },
    { "line_limit", { .line_limit = 1024 } },
    { "long_line_ends", { .long_line_ends = true } },
    { "connect_timeout", { .connect_timeout = 30 } },
    { "helo_timeout", { .helo_timeout = 30 } },
    { "starttls_timeout", { .starttls_timeout = 30 } },
    { "no_handshake", { .no_handshake = true } },
    { "min_version", { .min_version = 0x0303 } },
    { "max_version", { .max_version = 0x0303 } },
    { "options", { .options = UINT64_C(1) << 40 } },
    { "ciphers", { .ciphers = "ALL:!aNULL" } },
    { "groups", { .groups = "X25519" } },
    { "security_level", { .security_level = 1 } },
    { "sni", { .sni = "mx.example" } },
    { "empty sni", { .sni = "" } },
    { "client_chain", { .client_chain = "00" } },
    { "source_address", { .source_address = "192.0.2.1" } },
    { "address", { .address = { FAMILY_IPV4, { 192, 0, 2, 1 } } } },
};

static void test_profiles(void)
{
    struct profile base = { 0 }, named = { .port = 25, .helo_name = "me.example" }, same = named;
    char name[] = "me.example";
    struct facts *f = facts_new();

    same.helo_name = name;
    check_ok(profile_eq(&named, &same), "equal text elsewhere");
    facts_add_conversation(f, &(struct conversation){ .profile = &base });
    facts_add_conversation(f, &(struct conversation){ .profile = &named, .bits = 256 });
    is_int(facts_conversation(f, &same)->bits, 256, "found by an equal profile");
    check_ok(facts_conversation(f, &same)->profile != &named, "the profile is a copy");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        check_ok(!profile_eq(&base, &others[i].profile), "another %s", others[i].what);
        check_ok(facts_conversation(f, &others[i].profile) == NULL, "no conversation with another %s", others[i].what);
    }
    facts_free(f);
}

static void add_answer(struct facts *f, const char *name, enum dns_type type, enum dns_outcome outcome, bool ad)
{
    struct dns_record record = { .owner = name, .type = type, .target = "mx.example.net" };

    facts_add_dns(f, &(struct dns_fact){ .name = name, .type = type, .outcome = outcome, .ad = ad, .records = &record,
                                         .count = 1, .total = 1 });
}

static void test_forgetting(void)
{
    struct facts *f = facts_new();
    struct dns_tally tally;

    add_answer(f, "a.example", DNS_MX, DNS_TIMEOUT, false);
    add_answer(f, "a.example", DNS_MX, DNS_ANSWERED, true);
    add_answer(f, "b.example", DNS_MX, DNS_ANSWERED, false);
    add_answer(f, "a.example", DNS_A, DNS_ANSWERED, true);
    add_answer(f, "c.example", DNS_MX, DNS_EXCLUDED, false);
    facts_forget_dns(f, "A.example", DNS_MX);
    facts_forget_dns(f, "a.example", DNS_A);
    facts_forget_dns(f, "d.example", DNS_MX);
    check_ok(facts_dns(f, "a.example", DNS_MX) == NULL, "forgotten");
    check_ok(facts_dns(f, "a.example", DNS_A) != NULL, "what others come to stays");
    is_text(facts_dns_at(f, 0)->name, "b.example", "the others move up");
    is_text(facts_dns(f, "b.example", DNS_MX)->records[0].target, "mx.example.net", "and are whole");
    tally = facts_dns_tally(f);
    is_int(tally.asked, 3, "the forgotten count, the excluded do not");
    is_int(tally.unanswered, 0, "what was replaced does not count");
    is_int(tally.answers, 3, "answers");
    is_int(tally.secure, 2, "secure answers");
    is_int(tally.secure_from_afar, 2, "of a resolver elsewhere");
    add_answer(f, "a.example", DNS_MX, DNS_ANSWERED, false);
    check_ok(facts_dns(f, "a.example", DNS_MX) != NULL, "observed anew");
    facts_free(f);
}

static void test_failures(void)
{
    static const char *const names[] = { "a.example", "mx.A.example", "b.example", "x.y.b.example", "example", "a.example.net" };
    struct dns_tally tally = { 0 };
    char name[32];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        dns_tally_add(&tally, &(struct dns_fact){ .name = names[i], .type = DNS_A, .rcode = i % 2 ? RCODE_SERVFAIL : RCODE_REFUSED });
    is_int(tally.failures, 6, "failures");
    is_int(tally.failed_domains, 4, "of so many domains");
    is_int(tally.answers, 0, "are no answers");
    dns_tally_add(&tally, &(struct dns_fact){ .name = "c.example", .type = DNS_A, .rcode = RCODE_NXDOMAIN });
    is_int(tally.failures, 6, "that there is no such name is one");
    for (int i = 0; i < DNS_TALLY_DOMAINS; i++) {
        snprintf(name, sizeof name, "d%d.example", i);
        dns_tally_add(&tally, &(struct dns_fact){ .name = name, .type = DNS_A, .rcode = RCODE_SERVFAIL });
    }
    is_int(tally.failed_domains, DNS_TALLY_DOMAINS, "more domains are not counted");
}

static void test_tables(void)
{
    struct facts *f = facts_new();
    struct table_fact fact = { "ldap:x", "example.org", TABLE_FACT_FOUND, "secure", NULL };

    facts_add_table(f, &fact);
    is_text(facts_table(f, "ldap:x", SLICE("example.org"))->value, "secure", "an answer");
    check_ok(facts_table(f, "ldap:y", SLICE("example.org")) == NULL, "of another table");
    check_ok(facts_table(f, "ldap:x", SLICE("Example.org")) == NULL, "keys are compared as they are");
    check_ok(facts_table(f, "ldap:", SLICE("xexample.org")) == NULL, "table and key are apart");
    is_text(facts_table_at(f, 0)->key, "example.org", "the first answer");
    check_ok(facts_table_at(f, 1) == NULL, "past the end");
    facts_free(f);
}

static void test_fetches(void)
{
    struct facts *f = facts_new();
    struct policy_fetch fact = { .domain = "example.org", .outcome = FETCH_LOST, .error = "gone" };

    facts_add_fetch(f, &fact);
    is_text(facts_fetch(f, "Example.ORG")->error, "gone", "a fetch, whatever the case of the domain");
    check_ok(facts_fetch(f, "example.net") == NULL, "none of another domain");
    fact.outcome = FETCH_ANSWERED;
    fact.body = "version: STSv1\n";
    facts_add_fetch(f, &fact);
    is_text(facts_fetch_at(f, 0)->body, "version: STSv1\n", "a later one replaces it");
    check_ok(facts_fetch_at(f, 1) == NULL, "and stands in its place");
    facts_free(f);
}

/* The outcomes of requests that reached nobody. */
static void test_left_out(void)
{
    static const struct { enum fetch_outcome outcome; bool left_out; } rows[] = {
        { FETCH_ANSWERED, false }, { FETCH_CONNECT_FAILED, false }, { FETCH_TIMEOUT, false }, { FETCH_CRASHED, false },
        { FETCH_NO_ANCHORS, true }, { FETCH_NOT_ALLOWED, true }, { FETCH_EXCLUDED, true }, { FETCH_INTERRUPTED, true },
        { FETCH_DEADLINE, true },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_ok(fetch_was_left_out(&(struct policy_fetch){ .outcome = rows[i].outcome }) == rows[i].left_out,
                 "%s: %s", fetch_outcome_word(rows[i].outcome), rows[i].left_out ? "nobody was asked" : "observed");
}

static void test_destinations(void)
{
    struct facts *f = facts_new();

    facts_add_destination(f, "b.example");
    facts_add_destination(f, "a.example");
    facts_add_destination(f, "b.example");
    is_int(facts_destination_count(f), 2, "a text given twice is there once");
    is_text(facts_destination(f, 0), "b.example", "in the order given");
    is_text(facts_destination(f, 1), "a.example", "and the second");
    check_ok(facts_destination(f, 2) == NULL, "past the end");
    facts_free(f);
}

int main(void)
{
    test_dns();
    test_profiles();
    test_forgetting();
    test_failures();
    test_tables();
    test_fetches();
    test_left_out();
    test_destinations();
    return check_done();
}
