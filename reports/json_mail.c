/* The mail of logs and queue in the JSON report, there and back. */
#include <math.h>

#include "reports/json_parts.h"
#include "reports/mail.h"
#include "reports/reading.h"

#define NEW(r, type) ((type *)region_alloc((r)->region, sizeof(type)))

struct json *json_of_weight(const struct weight *weight)
{
    struct json *json = json_object(), *tls = json_object();
    int          i;

    for (i = 0; i < WEIGHT_TLS_COUNT; i++)
        json_put(tls, weight_tls_word((enum weight_tls)i), json_integer(weight->tls[i]));
    json_put(json, "share", json_number(weight->share));
    json_put(json, "deliveries", json_integer(weight->deliveries));
    json_put(json, "deferrals", json_integer(weight->deferrals));
    json_put(json, "bounces", json_integer(weight->bounces));
    json_put(json, "bytes", json_integer(weight->bytes));
    json_put(json, "last", weight->last != 0 ? json_of_time(weight->last) : json_null());
    json_put(json, "waiting", weight->waiting >= 0 ? json_integer(weight->waiting) : json_null());
    json_put(json, "tls", tls);
    if (weight->repeated)
        json_put(json, "repeated", json_bool(true));
    return json;
}

static struct json *json_of_entry(const struct mail_account *mail, const struct mail_entry *entry)
{
    struct json *json = json_object();

    json_put(json, "kind", json_text(mail_entry_kind_word(entry->kind)));
    json_put(json, "parameter", json_text(entry->parameter));
    json_put(json, "table", json_text(entry->table));
    json_put(json, "file", json_text(entry->file));
    json_put(json, "line", entry->line > 0 ? json_integer(entry->line) : json_null());
    json_put(json, "key", json_text(entry->key));
    json_put(json, "value", json_text(entry->value));
    json_put(json, "destinations", json_integer(entry->destinations));
    json_put(json, "fallbacks", json_integer(entry->fallbacks));
    json_put(json, "unused", json_bool(mail_entry_is_unused(mail, entry)));
    json_put(json, "weight", json_of_weight(&entry->weight));
    return json;
}

struct json *json_of_mail(const struct report *report)
{
    const struct mail_account *mail = report->mail;
    struct json               *json = json_object(), *entries = json_array();
    size_t                     i;

    for (i = 0; i < mail->count; i++)
        json_push(entries, json_of_entry(mail, &mail->entries[i]));
    json_put(json, "log", json_bool(mail->has_log));
    json_put(json, "from", mail->from != 0 ? json_of_time(mail->from) : json_null());
    json_put(json, "to", mail->total.last != 0 ? json_of_time(mail->total.last) : json_null());
    json_put(json, "days", mail->has_log ? json_integer(mail_days(mail)) : json_null());
    json_put(json, "whole", json_bool(mail->whole));
    json_put(json, "total", json_of_weight(&mail->total));
    json_put(json, "entries", entries);
    return json;
}

static int64_t count_in(const struct json *json, const char *key)
{
    int64_t count = json_get_integer(json, key, 0);

    return count > 0 ? count : 0;
}

const struct weight *read_weight(struct reading *r, const struct json *json)
{
    struct weight *weight = NEW(r, struct weight);
    const char    *last = json_get_text(json, "last");
    int            i;

    weight->deliveries = count_in(json, "deliveries");
    weight->deferrals = count_in(json, "deferrals");
    weight->bounces = count_in(json, "bounces");
    weight->bytes = count_in(json, "bytes");
    weight->waiting = json_get_integer(json, "waiting", -1);
    weight->share = json_get_number(json, "share", (double)NAN);
    weight->repeated = json_get_bool(json, "repeated", false);
    for (i = 0; i < WEIGHT_TLS_COUNT; i++)
        weight->tls[i] = count_in(json_get(json, "tls"), weight_tls_word((enum weight_tls)i));
    if (last != NULL)
        weight->last = need_time(r, json, "last");
    return weight;
}

static void read_entry(struct reading *r, const struct json *json, struct mail_entry *entry)
{
    if (!mail_entry_kind_parse(json_get_text(json, "kind"), &entry->kind))
        reading_fails(r, "kind", "is none");
    entry->parameter = need_text(r, json, "parameter");
    entry->table = entry->kind == MAIL_ENTRY_PARAMETER ? NULL : need_text(r, json, "table");
    entry->file = read_text(r, json, "file");
    entry->line = (int)read_number(r, json, "line", INT32_MAX);
    entry->key = entry->kind <= MAIL_ENTRY_PATTERN ? need_text(r, json, "key") : NULL;
    entry->value = read_text(r, json, "value");
    entry->destinations = count_in(json, "destinations");
    entry->fallbacks = count_in(json, "fallbacks");
    entry->weight = *read_weight(r, need_object(r, json, "weight"));
}

void read_mail(struct reading *r, const struct json *json)
{
    const struct json   *entries;
    struct mail_account *mail;
    size_t               i;

    if (!json_is_object(json))
        return;
    r->where = "mail";
    mail = NEW(r, struct mail_account);
    entries = need_array(r, json, "entries");
    mail->has_log = json_get_bool(json, "log", false);
    mail->whole = json_get_bool(json, "whole", false);
    mail->from = json_is_text(json_get(json, "from")) ? need_time(r, json, "from") : 0;
    mail->total = *read_weight(r, need_object(r, json, "total"));
    mail->entries = region_array(r->region, json_count(entries) + 1, sizeof(*mail->entries));
    for (i = 0; r->good && i < json_count(entries); i++)
        read_entry(r, json_at(entries, i), &mail->entries[i]);
    mail->count = i;
    r->report->mail = mail;
}
