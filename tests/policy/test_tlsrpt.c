#include "scanner/policy/tlsrpt.h"

#include "tests/lib/check.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
    const char *text, *fault, *rua; /* a space between */
} rows[] = {
    { "v=TLSRPTv1; rua=mailto:reports@example.com", "fine", "mailto:reports@example.com" },
    { "v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt;", "fine", "https://reporting.example.com/v1/tlsrpt" },
    { "v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/x , mailto:b@example.com", "fine",
      "mailto:a@example.com https://example.com/x mailto:b@example.com" },
    { "v=TLSRPTv1; rua=MAILTO:a@example.com?subject=x", "fine", "MAILTO:a@example.com?subject=x" },
    { "v=TLSRPTv1; rua=https://user@example.com:8443?x=1", "fine", "https://user@example.com:8443?x=1" },
    { "v=TLSRPTv1; rua=https://192.0.2.1/x", "fine", "https://192.0.2.1/x" },
    { "v=TLSRPTv1; rua=https://[2001:db8::1]/x", "fine", "https://[2001:db8::1]/x" },
    { "v=TLSRPTv1; x=1; rua=mailto:a@example.com; y=2", "fine", "mailto:a@example.com" },
    { "v=TLSRPTv1; rua=mailto:a@example.com; rua=mailto:b@example.com", "fine", "mailto:a@example.com mailto:b@example.com" },
    { "v=TLSRPTv1", "record-version", NULL },
    { "v=TLSRPTV1; rua=mailto:a@example.com", "record-version", NULL },
    { "v=TLSRPTv1; rua=mailto:\xc3\xa9@example.com", "record-character", NULL },
    { "v=TLSRPTv1;", "rua-missing", NULL },
    { "v=TLSRPTv1; RUA=mailto:a@example.com", "rua-missing", NULL },
    { "v=TLSRPTv1; rua=", "rua-empty", NULL },
    { "v=TLSRPTv1; rua=mailto:a@example.com,", "rua-empty", NULL },
    { "v=TLSRPTv1; rua=,mailto:a@example.com", "rua-empty", NULL },
    { "v=TLSRPTv1; rua=a@example.com", "rua-uri", NULL },
    { "v=TLSRPTv1; rua=mailto:a @example.com", "rua-uri", NULL },
    { "v=TLSRPTv1; rua=mailto:a@example.com!10m", "rua-uri", NULL },
    { "v=TLSRPTv1; rua=1mail:a@example.com", "rua-uri", NULL },
    { "v=TLSRPTv1; rua=<mailto:a@example.com>", "rua-uri", NULL },
    { "v=TLSRPTv1; rua=http://example.com/", "rua-scheme", NULL },
    { "v=TLSRPTv1; rua=ftp://example.com/", "rua-scheme", NULL },
    { "v=TLSRPTv1; rua=mailto:a", "rua-address", NULL },
    { "v=TLSRPTv1; rua=mailto:@example.com", "rua-address", NULL },
    { "v=TLSRPTv1; rua=mailto:a@-example.com", "rua-address", NULL },
    { "v=TLSRPTv1; rua=https:example.com", "rua-address", NULL },
    { "v=TLSRPTv1; rua=https:///x", "rua-address", NULL },
    { "v=TLSRPTv1; rua", "record-field", NULL },
    { "v=TLSRPTv1; rua =mailto:a@example.com", "record-field-name", NULL },
    { "v=TLSRPTv1; rua=mailto:a@example.com; x=", "record-field-value", NULL },
    { "v=TLSRPTv1;; rua=mailto:a@example.com", "record-field-empty", NULL },
};

static const char *join(struct region *region, const struct text_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->count; i++)
        text = region_printf(region, "%s%s%s", text, i > 0 ? " " : "", list->items[i]);
    return text;
}

static void test_records(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct region    *region = region_new();
        struct text_list  rua;
        enum tlsrpt_fault fault = tlsrpt_record_parse(region, slice_of(rows[i].text), &rua);

        is_text(tlsrpt_fault_word(fault), rows[i].fault, "\"%s\"", rows[i].text);
        if (fault == TLSRPT_FAULT_FINE)
            is_text(join(region, &rua), rows[i].rua, "rua of \"%s\"", rows[i].text);
        region_free(region);
    }
}

static void test_answers(void)
{
    struct region    *region = region_new();
    struct dns_record records[] = { { .type = DNS_TXT, .text = "v=spf1 -all" },
                                    { .type = DNS_TXT, .text = "v=TLSRPTv1; rua=mailto:a@example.com" },
                                    { .type = DNS_TXT, .text = "v=TLSRPTv1; rua=mailto:b@example.com" },
                                    { .type = DNS_TXT, .text = "V=tlsrptv1 rua=mailto:b@example.com" } };
    struct dns_fact   fact = { .type = DNS_TXT, .records = records, .count = 1 };
    enum tlsrpt_fault fault;
    struct text_list  rua;

    check_ok(!tlsrpt_record_select(region, &fact, &fault, &rua), "no record among others");
    fact.count = 2;
    check_ok(tlsrpt_record_select(region, &fact, &fault, &rua), "one");
    is_text(tlsrpt_fault_word(fault), "fine", "and nothing wrong with it");
    is_int(rua.count, 1, "one address");
    fact.count = 3;
    check_ok(tlsrpt_record_select(region, &fact, &fault, &rua), "several");
    is_text(tlsrpt_fault_word(fault), "record-several", "which count as none");
    is_int(rua.count, 0, "no address");
    fact.records = records + 3;
    fact.count = 1;
    check_ok(tlsrpt_record_select(region, &fact, &fault, &rua), "a misspelt one");
    is_text(tlsrpt_fault_word(fault), "record-version", "is told as such");
    check_ok(tlsrpt_fault_sentence(fault) != NULL, "in a sentence");
    region_free(region);
}

int main(void)
{
    test_records();
    test_answers();
    return check_done();
}
