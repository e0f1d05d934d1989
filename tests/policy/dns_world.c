#include "tests/policy/dns_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/names.h"
#include "scanner/base/region.h"

static const struct name types[] = {
    { DNS_A, "A" },     { DNS_CNAME, "CNAME" }, { DNS_MX, "MX" },         { DNS_AAAA, "AAAA" },
    { DNS_SRV, "SRV" }, { DNS_TLSA, "TLSA" },   { DNS_NATIVE, "NATIVE" }, { 0, NULL },
};

static const struct name rcodes[] = {
    { RCODE_NOERROR, "ok" },         { RCODE_NOERROR, "ad" },
    { RCODE_NXDOMAIN, "nxdomain" },  { RCODE_SERVFAIL, "servfail" },
    { RCODE_FORMERR, "formerr" },    { RCODE_REFUSED, "refused" },
    { RCODE_NOERROR, "unparsable" }, { RCODE_NOERROR, "here" },
    { 0, NULL },
};

static const struct name outcomes[] = {
    { DNS_TIMEOUT, "timeout" },
    { DNS_NO_RESOLVER, "noresolver" },
    { DNS_EXCLUDED, "excluded" },
    { DNS_CRASHED, "crashed" },
    { 0, NULL },
};

static struct slice word(struct slice *rest, struct slice line)
{
    struct slice token;

    if (!slice_next_token(rest, " ", &token)) {
        printf("Bail out! cannot read \"%.*s\"\n", (int)line.n, line.p);
        exit(EXIT_FAILURE);
    }
    return token;
}

static unsigned long number(struct slice *rest, struct slice line)
{
    unsigned long value = 0;

    if (!slice_to_number(word(rest, line), 65535, &value)) {
        printf("Bail out! no number in \"%.*s\"\n", (int)line.n, line.p);
        exit(EXIT_FAILURE);
    }
    return value;
}

static const char *host(struct region *region, struct slice *rest, struct slice line)
{
    struct slice text = word(rest, line);

    return slice_eq_text(text, ".") ? "" : region_slice(region, text);
}

static void read_tlsa(struct region *region, struct slice *rest, struct slice line, struct dns_record *record)
{
    struct slice hex = { "", 0 };
    uint8_t *data;

    record->usage = (uint8_t)number(rest, line);
    record->selector = (uint8_t)number(rest, line);
    record->matching_type = (uint8_t)number(rest, line);
    slice_next_token(rest, " ", &hex);
    data = region_alloc(region, hex.n / 2 + 1);
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        unsigned value = 0;

        sscanf(hex.p + i, "%2x", &value);
        data[i / 2] = (uint8_t)value;
    }
    record->data = data;
    record->data_length = hex.n / 2;
    record->rdata_length = (uint16_t)(3 + hex.n / 2);
}

static void read_data(struct region *region, struct slice *rest, struct slice line, struct dns_record *record)
{
    if (record->type == DNS_SRV || record->type == DNS_MX)
        record->preference = (uint16_t)number(rest, line);
    if (record->type == DNS_SRV) {
        record->weight = (uint16_t)number(rest, line);
        record->port = (uint16_t)number(rest, line);
    }
    if (record->type == DNS_TLSA)
        read_tlsa(region, rest, line, record);
    else if (record->type == DNS_A || record->type == DNS_AAAA)
        address_parse(&record->address, word(rest, line));
    else
        record->target = host(region, rest, line);
}

static void read_record(struct region *region, struct slice line, const char **owner, struct dns_record *record)
{
    struct slice rest = line, token = word(&rest, line);
    int type = 0;

    if (token.p[0] == '@') {
        *owner = region_slice(region, slice_from_index(token, 1));
        token = word(&rest, line);
    }
    record->owner = *owner;
    record->malformed = token.p[token.n - 1] == '!';
    record->bad_name = token.p[token.n - 1] == '?';
    if (record->malformed || record->bad_name)
        token.n--;
    name_code_exact(types, token, &type);
    record->type = (enum dns_type)type;
    if (record->malformed)
        return;
    read_data(region, &rest, line, record);
    if (record->type == DNS_CNAME)
        *owner = record->target;
}

static void read_line(struct facts *facts, struct region *region, struct slice line)
{
    struct slice rest = line, outcome, piece;
    struct dns_record records[DNS_RECORDS_MAX];
    struct dns_fact fact = { .records = records };
    const char *owner;
    int code = 0;

    memset(records, 0, sizeof(records));
    fact.name = owner = region_slice(region, word(&rest, line));
    name_code_exact(types, word(&rest, line), &code);
    fact.type = (enum dns_type)code;
    outcome = word(&rest, line);
    if (slice_starts_with(outcome, SLICE("cut:"))) {
        fact.outcome = DNS_CUT_SHORT;
        fact.error = region_slice(region, slice_from_index(outcome, 4));
    } else if (name_code_exact(outcomes, outcome, &code)) {
        fact.outcome = (enum dns_outcome)code;
    } else if (name_code_exact(rcodes, outcome, &code)) {
        fact.rcode = code;
    } else {
        word(&outcome, line);
    }
    fact.loopback = slice_eq_text(outcome, "here");
    fact.ad = slice_eq_text(outcome, "ad") || fact.loopback;
    fact.unparsable = slice_eq_text(outcome, "unparsable");
    while (slice_next_token(&rest, ";", &piece))
        if (slice_trim(piece).n > 0 && fact.count < DNS_RECORDS_MAX)
            read_record(region, slice_trim(piece), &owner, &records[fact.count++]);
    fact.total = fact.count;
    facts_add_dns(facts, &fact);
}

void dns_world_add(struct facts *facts, const char *text)
{
    struct region *region = region_new();
    struct slice rest = slice_of(text), line;

    while (slice_next_token(&rest, "\n", &line))
        read_line(facts, region, line);
    region_free(region);
}
