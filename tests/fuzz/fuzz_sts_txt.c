/* TXT records of _mta-sts and _smtp._tls: an answer, a record a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/policy/mta_sts.h"
#include "scanner/policy/tlsrpt.h"

#define RECORDS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_sts(struct region *region, const struct dns_fact *fact)
{
    enum sts_fault fault;
    const char    *id;

    if (!sts_record_select(region, fact, &fault, &id))
        return;
    must(sts_fault_word(fault) != NULL);
    if (fault == STS_FAULT_FINE)
        must(id != NULL && strlen(id) >= 1 && strlen(id) <= 32);
}

static void check_tlsrpt(struct region *region, const struct dns_fact *fact)
{
    enum tlsrpt_fault fault;
    struct text_list  rua;

    if (!tlsrpt_record_select(region, fact, &fault, &rua))
        return;
    must(tlsrpt_fault_word(fault) != NULL);
    if (fault != TLSRPT_FAULT_FINE)
        return;
    must(rua.count > 0);
    for (size_t i = 0; i < rua.count; i++)
        must(strchr(rua.items[i], ':') != NULL && strpbrk(rua.items[i], " \t\n;,!\"<>") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region    *region = region_new();
    struct dns_record records[RECORDS_MAX];
    struct dns_fact   fact = { .type = DNS_TXT, .records = records };
    struct slice      rest = slice_from((const char *)data, size);
    size_t            end;

    do {
        end = slice_find(rest, '\n');
        records[fact.count++] = (struct dns_record){ .type = DNS_TXT, .text = region_slice(region, slice_head(rest, end)) };
        rest = slice_from_index(rest, end + 1);
    } while (rest.n > 0 && fact.count < RECORDS_MAX);
    check_sts(region, &fact);
    check_tlsrpt(region, &fact);
    region_free(region);
    return 0;
}
