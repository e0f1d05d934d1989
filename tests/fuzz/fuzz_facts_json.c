/* Lines of a facts file. What can be read can be written and read again, and comes out the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/facts/facts_json.h"

#define TEXT_MAX_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fact of any kind, read and given back as JSON; NULL: it was refused. */
static struct json *again(struct region *region, const struct json *j)
{
    struct error err;
    struct dns_fact dns;
    struct conversation conversation;
    struct table_fact table;
    struct policy_fetch fetch;
    struct cert cert;
    const char *kind = json_get_text(j, "fact");

    if (kind == NULL)
        return NULL;
    if (strcmp(kind, "dns") == 0)
        return facts_dns_from_json(region, j, &dns, &err) ? facts_dns_to_json(&dns) : NULL;
    if (strcmp(kind, "conversation") == 0)
        return facts_conversation_from_json(region, j, &conversation, &err) ? facts_conversation_to_json(&conversation)
                                                                            : NULL;
    if (strcmp(kind, "table") == 0)
        return facts_table_from_json(region, j, &table, &err) ? facts_table_to_json(&table) : NULL;
    if (strcmp(kind, "fetch") == 0)
        return facts_fetch_from_json(region, j, &fetch, &err) ? facts_fetch_to_json(&fetch) : NULL;
    if (strcmp(kind, "certificate") == 0)
        return facts_cert_from_json(region, j, &cert, &err) ? facts_cert_to_json(&cert) : NULL;
    return NULL;
}

static void check_again(struct region *region, const struct json *first)
{
    struct buf one, two;
    struct json *second = again(region, first);

    if (second == NULL)
        abort(); /* what we write, we read */
    buf_init(&one, TEXT_MAX_BYTES);
    buf_init(&two, TEXT_MAX_BYTES);
    if (json_write(first, 0, &one) && json_write(second, 0, &two) && strcmp(buf_text(&one), buf_text(&two)) != 0)
        abort();
    buf_clear(&one);
    buf_clear(&two);
    json_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_from((const char *)data, size);
    struct error err;

    while (rest.n > 0) {
        struct slice line = slice_head(rest, slice_find(rest, '\n'));
        struct json *read = json_read(line, &err), *fact;
        struct region *region = region_new();

        rest = slice_from_index(rest, line.n + 1);
        if (read != NULL && (fact = again(region, read)) != NULL) {
            check_again(region, fact);
            json_free(fact);
        }
        json_free(read);
        region_free(region);
    }
    return 0;
}
