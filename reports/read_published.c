/* What a domain publishes, of a saved report. */
#include <string.h>

#include "reports/reading.h"

static enum verdict need_whole(struct reading *r, const struct json *json)
{
    enum verdict verdict = need_verdict(r, json, "verdict");

    if (verdict == VERDICT_NOT_TRIED)
        reading_fails(r, "verdict", "is no verdict");
    return verdict;
}

static struct as_if read_as_if(struct reading *r, const struct json *parent, const char *key)
{
    const struct json *json = json_get(parent, key);

    if (json_is_null(json))
        return (struct as_if){ .judged = false };
    json = need_object(r, parent, key);
    return (struct as_if){ .judged = true, .verdict = need_whole(r, json), .reason = need_reason(r, json, "reason"),
                           .effective_level = read_text(r, json, "effective_level"), .dsn = read_text(r, json, "dsn"),
                           .tls = read_text(r, json, "tls"), .text = read_text(r, json, "text") };
}

static void read_dane(struct reading *r, const struct json *json, struct published_dane *dane)
{
    if (!dane_state_parse(need_text(r, json, "state"), &dane->state))
        reading_fails(r, "state", "is none of DANE");
    dane->hosts = (size_t)read_number(r, json, "hosts", INT32_MAX);
    dane->with_tlsa = (size_t)read_number(r, json, "with_tlsa", INT32_MAX);
    dane->as_if = read_as_if(r, json, "as_if");
}

static void read_sts_hosts(struct reading *r, const struct json *array, struct published_sts *sts)
{
    size_t i;

    sts->hosts = region_array(r->region, json_count(array) + 1, sizeof(*sts->hosts));
    for (i = 0; r->good && i < json_count(array); i++)
        sts->hosts[sts->host_count++] = (struct sts_host){ need_text(r, json_at(array, i), "host"),
                                                           need_bool(r, json_at(array, i), "fits") };
}

static void read_sts(struct reading *r, const struct json *json, struct published_sts *sts)
{
    if (!sts_state_parse(need_text(r, json, "state"), &sts->state))
        reading_fails(r, "state", "is none of MTA-STS");
    sts->reason = read_text(r, json, "reason");
    sts->why = read_text(r, json, "why");
    sts->line = (unsigned)read_number(r, json, "line", INT32_MAX);
    sts->id = read_text(r, json, "id");
    sts->max_age = json_is_null(json_get(json, "max_age")) ? -1 : read_number(r, json, "max_age", INT64_MAX);
    sts->mx = read_texts(r, need_array(r, json, "mx"), "mx");
    read_sts_hosts(r, need_array(r, json, "hosts"), sts);
    sts->as_if = read_as_if(r, json, "as_if");
    sts->enforced = read_as_if(r, json, "enforced");
}

static void read_tlsrpt(struct reading *r, const struct json *json, struct published_tlsrpt *tlsrpt)
{
    if (!tlsrpt_state_parse(need_text(r, json, "state"), &tlsrpt->state))
        reading_fails(r, "state", "is none of TLS reporting");
    tlsrpt->reason = read_text(r, json, "reason");
    tlsrpt->why = read_text(r, json, "why");
    tlsrpt->rua = read_texts(r, need_array(r, json, "rua"), "rua");
}

const struct published *read_published(struct reading *r, const struct json *json)
{
    struct published *published;

    if (json_is_null(json))
        return NULL;
    published = region_alloc(r->region, sizeof(*published));
    *published = (struct published){ .domain = read_text(r, json, "domain"), .line = read_text(r, json, "line"),
                                     .line_3_10 = read_text(r, json, "line_3_10") };
    if (!mechanism_parse(need_text(r, json, "follows"), &published->follows))
        reading_fails(r, "follows", "is no mechanism");
    read_dane(r, need_object(r, json, "dane"), &published->dane);
    read_sts(r, need_object(r, json, "mta_sts"), &published->sts);
    read_tlsrpt(r, need_object(r, json, "tlsrpt"), &published->tlsrpt);
    return published;
}

void read_as(struct reading *r, const struct json *json)
{
    enum mechanism mechanism;

    if (json_is_null(json))
        return;
    r->where = "as";
    if (!mechanism_parse(need_text(r, json, "mechanism"), &mechanism) || mechanism < MECHANISM_DANE)
        reading_fails(r, "mechanism", "is none that can be followed");
    else
        r->report->as.mechanism = mechanism;
}
