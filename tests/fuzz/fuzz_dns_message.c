/* DNS messages: the first byte says what was asked; the rest is what came. The id and the question of the seeds fit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/wire/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool printable(const char *text)
{
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

static void check_record(const struct dns_record *record)
{
    must(record->owner && printable(record->owner));
    must(!record->target || printable(record->target));
    must(!record->malformed || (!record->target && !record->data && !record->text));
    must(record->data_length <= DNS_TLSA_DATA_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_CNAME, DNS_TXT, DNS_SRV, DNS_TLSA };
    uint8_t question[DNS_QUESTION_MAX];
    struct dns_fact fact = { .name = "example.org" };
    struct region *region;
    size_t n;

    if (size < 1)
        return 0;
    region = region_new();
    n = dns_message_question("example.org", types[data[0] % 7], 0x1234, question);
    if (dns_message_answer(region, data + 1, size - 1, question, n, &fact) == DNS_REPLY_ANSWER) {
        must(fact.count <= fact.total && fact.count <= DNS_RECORDS_MAX);
        must(!fact.unparsable || fact.count == 0);
        for (size_t i = 0; i < fact.count; i++)
            check_record(&fact.records[i]);
    }
    region_free(region);
    return 0;
}
