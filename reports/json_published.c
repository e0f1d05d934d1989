/* What a domain publishes, and what --as would change, in the JSON report. */
#include "reports/compare.h"
#include "reports/json_parts.h"
#include "reports/protection.h"

struct json *json_of_texts(const struct text_list *list)
{
    struct json *json = json_array();
    size_t       i;

    for (i = 0; i < list->count; i++)
        json_push(json, json_text(list->items[i]));
    return json;
}

static struct json *json_of_as_if(const struct as_if *as_if)
{
    struct json *json;

    if (!as_if->judged)
        return json_null();
    json = json_object();
    json_put(json, "verdict", json_text(verdict_word(as_if->verdict)));
    json_put(json, "effective_level", json_text(as_if->effective_level));
    json_put(json, "reason", json_text(reason_code(as_if->reason)));
    json_put(json, "dsn", json_text(as_if->dsn));
    json_put(json, "tls", json_text(as_if->tls));
    json_put(json, "text", json_text(as_if->text));
    return json;
}

static struct json *json_of_dane(const struct published_dane *dane)
{
    struct json *json = json_object();

    json_put(json, "state", json_text(dane_state_word(dane->state)));
    json_put(json, "hosts", json_integer((int64_t)dane->hosts));
    json_put(json, "with_tlsa", json_integer((int64_t)dane->with_tlsa));
    json_put(json, "as_if", json_of_as_if(&dane->as_if));
    return json;
}

static struct json *json_of_sts_hosts(const struct published_sts *sts)
{
    struct json *json = json_array();
    size_t       i;

    for (i = 0; i < sts->host_count; i++) {
        struct json *host = json_object();

        json_put(host, "host", json_text(sts->hosts[i].host));
        json_put(host, "fits", json_bool(sts->hosts[i].fits));
        json_push(json, host);
    }
    return json;
}

static struct json *json_of_sts(const struct published_sts *sts)
{
    struct json *json = json_object();

    json_put(json, "state", json_text(sts_state_word(sts->state)));
    json_put(json, "reason", json_text(sts->reason));
    json_put(json, "why", json_text(sts->why));
    json_put(json, "line", sts->line > 0 ? json_integer(sts->line) : json_null());
    json_put(json, "id", json_text(sts->id));
    json_put(json, "max_age", sts->max_age >= 0 ? json_integer(sts->max_age) : json_null());
    json_put(json, "mx", json_of_texts(&sts->mx));
    json_put(json, "hosts", json_of_sts_hosts(sts));
    json_put(json, "as_if", json_of_as_if(&sts->as_if));
    json_put(json, "enforced", json_of_as_if(&sts->enforced));
    return json;
}

static struct json *json_of_tlsrpt(const struct published_tlsrpt *tlsrpt)
{
    struct json *json = json_object();

    json_put(json, "state", json_text(tlsrpt_state_word(tlsrpt->state)));
    json_put(json, "reason", json_text(tlsrpt->reason));
    json_put(json, "why", json_text(tlsrpt->why));
    json_put(json, "rua", json_of_texts(&tlsrpt->rua));
    return json;
}

struct json *json_of_published(const struct published *published)
{
    struct json *json;

    if (published == NULL)
        return json_null();
    json = json_object();
    json_put(json, "domain", json_text(published->domain));
    json_put(json, "follows", json_text(mechanism_word(published->follows)));
    json_put(json, "dane", json_of_dane(&published->dane));
    json_put(json, "mta_sts", json_of_sts(&published->sts));
    json_put(json, "tlsrpt", json_of_tlsrpt(&published->tlsrpt));
    json_put(json, "line", json_text(published->line));
    json_put(json, "line_3_10", json_text(published->line_3_10));
    return json;
}

/* The whole run under --as. */
struct json *json_of_as(const struct report *report)
{
    const struct report_as *as = &report->as;
    struct json            *json = json_object();

    json_put(json, "mechanism", json_text(mechanism_word(as->mechanism)));
    json_put(json, "worse", json_integer((int64_t)as->worse));
    json_put(json, "better", json_integer((int64_t)as->better));
    json_put(json, "defer", json_integer((int64_t)as->would_defer));
    json_put(json, "bounce", json_integer((int64_t)as->would_bounce));
    json_put(json, "downgrade", json_integer((int64_t)as->would_downgrade));
    json_put(json, "gain_authentication", json_integer((int64_t)as->gain_authentication));
    json_put(json, "lose_authentication", json_integer((int64_t)as->lose_authentication));
    return json;
}
