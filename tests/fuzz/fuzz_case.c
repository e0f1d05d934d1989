/* A whole judgement of whatever a policy says and whatever was observed. The first line is the value of the policy table,
 * the others are those of a facts file; the destination is example.org. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/wire/x509_facts.h"
#include "scanner/config/mechanisms.h"
#include "scanner/facts/facts_json.h"
#include "scanner/judge/judge.h"
#include "tests/policy/fixture.h"

#define TABLE       "tcp:policy"
#define DESTINATION "example.org"
#define JUNE_2026   1780272000
#define RELEASE     "3.7.11"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The configuration of most cases of tests/cases, whose facts are seeds. */
static struct fixture *fixture(void)
{
    static struct fixture *made;

    if (made == NULL) {
        made = fixture_new("compatibility_level = 3.6\nmyhostname = client.example.net\nmydestination =\n"
                           "inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nsmtp_dns_support_level = dnssec\n"
                           "smtp_tls_dane_insecure_mx_policy = dane\nsmtp_tls_policy_maps = " TABLE "\n",
                           RELEASE, NULL);
        mechanisms_add(made->region, made->smtp);
    }
    return made;
}

static void add(struct region *region, struct facts *facts, const struct json *j)
{
    struct error err;
    struct dns_fact dns;
    struct conversation conversation;
    struct policy_fetch fetch;
    struct cert cert, whole;
    const char *kind = json_get_text(j, "fact");

    if (kind == NULL)
        return;
    if (strcmp(kind, "dns") == 0 && facts_dns_from_json(region, j, &dns, &err))
        facts_add_dns(facts, &dns);
    if (strcmp(kind, "conversation") == 0 && facts_conversation_from_json(region, j, &conversation, &err))
        facts_add_conversation(facts, &conversation);
    if (strcmp(kind, "fetch") == 0 && facts_fetch_from_json(region, j, &fetch, &err))
        facts_add_fetch(facts, &fetch);
    if (strcmp(kind, "certificate") == 0 && facts_cert_from_json(region, j, &cert, &err)) {
        x509_facts_read(region, cert.der, cert.der_length, &whole);
        facts_add_cert(facts, &whole);
    }
}

static void read_facts(struct region *region, struct facts *facts, struct slice text)
{
    struct slice value = slice_head(text, slice_find(text, '\n'));
    struct table_fact policy = { TABLE, DESTINATION, TABLE_FACT_FOUND, region_slice(region, value), NULL };
    struct slice rest = slice_from_index(text, value.n + 1);
    struct error err;

    facts_add_table(facts, &policy);
    while (rest.n > 0) {
        struct slice line = slice_head(rest, slice_find(rest, '\n'));
        struct json *j = json_read(line, &err);

        rest = slice_from_index(rest, line.n + 1);
        if (j != NULL)
            add(region, facts, j);
        json_free(j);
    }
}

/* What a forecast says holds together. */
static void check(const struct result *result)
{
    const struct forecast *forecast = &result->forecast;

    if (result->verdict != VERDICT_UNKNOWN && (forecast->status == NULL || strcmp(forecast->status, "unknown") == 0))
        abort();
    if (result->best > result->worst || (result->certain && result->best != result->worst))
        abort();
    if (result->verdict <= VERDICT_DOWNGRADE && strcmp(forecast->status, "sent") != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum mechanism rules[] = { MECHANISM_NONE, MECHANISM_DANE, MECHANISM_STS };
    struct fixture *f = fixture();
    struct region *region = region_new();
    struct facts *facts = facts_new();
    struct trust *trust = trust_new();
    struct prefix allow[1];
    struct view view = { .facts = facts };
    struct judge_input input = { .config = &f->config, .view = &view, .trust = trust, .allow = allow, .allow_count = 1,
                                 .when = JUNE_2026, .horizon_days = 14, .explain = true, .published = true };
    struct destination destination;
    struct findings findings = { 0 };
    struct result result;
    struct error err;

    prefix_parse(&allow[0], SLICE("192.0.2.0/24"));
    read_facts(region, facts, slice_from((const char *)data, size));
    if (!destination_parse(region, &destination, SLICE(DESTINATION), &f->config, &err))
        abort();
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        input.as = rules[i];
        judge_destination(region, &result, &input, &destination);
        check(&result);
    }
    judge_configuration(region, &findings, &input);
    judge_apply_fault(&result, judge_surroundings(region, &findings, facts));
    trust_free(trust);
    facts_free(facts);
    region_free(region);
    return 0;
}
