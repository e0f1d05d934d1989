#include "scanner/history_json.h"

#include "reports/json_parts.h"

static struct json *json_of_run_kept(const struct history_run *run)
{
    struct json *json = json_object(), *summary = json_object();

    json_put(summary, "destinations", json_integer((int64_t)run->destinations));
    json_put_verdicts(summary, run->by_verdict);
    json_put(json, "run", json_integer(run->id));
    json_put(json, "started", json_of_time(run->started));
    json_put(json, "finished", json_of_time(run->finished));
    json_put(json, "evaluated_at", json_of_time(run->evaluated_at));
    json_put(json, "complete", json_bool(run->complete));
    json_put(json, "config_dir", json_text(run->config_dir));
    json_put(json, "postfix_version", json_text(run->postfix_version));
    json_put(json, "selection", json_text(run->selection));
    json_put(json, "summary", summary);
    json_put(json, "announced", json_integer((int64_t)run->announced));
    return json;
}

static struct json *json_of_span(const struct history_span *span)
{
    struct json *json = json_object();

    json_put(json, "from", json_of_time(span->from));
    json_put(json, "to", json_of_time(span->to));
    json_put(json, "runs", json_integer((int64_t)span->runs));
    json_put(json, "standing", json_of_standing(&span->standing));
    return json;
}

static struct json *json_of_seen(const struct history_change *change)
{
    struct json *json = json_object();

    json_put(json, "change", json_text(change_word(change->kind)));
    json_put(json, "before", json_of_standing(&change->before));
    json_put(json, "after", json_of_standing(&change->after));
    json_put(json, "first_seen", json_of_time(change->first_seen));
    json_put(json, "last_seen", json_of_time(change->last_seen));
    json_put(json, "times", json_integer((int64_t)change->times));
    return json;
}

static struct json *json_of_acknowledged(const struct history_acknowledgement *one)
{
    struct json *json = json_object();

    json_put(json, "reason", json_text(one->reason));
    json_put(json, "made", json_of_time(one->made));
    json_put(json, "until", json_of_time(one->until));
    json_put(json, "comment", json_text(one->comment));
    return json;
}

static struct json *json_of_publication(const struct history_publication *publication)
{
    struct json *json = json_object();

    json_put(json, "from", json_of_time(publication->from));
    json_put(json, "to", json_of_time(publication->to));
    json_put(json, "runs", json_integer((int64_t)publication->runs));
    json_put(json, "published", json_of_standing_published(publication->published));
    return json;
}

static struct json *json_of_subject(const struct history_subject *subject)
{
    struct json *json = json_object(), *spans = json_array(), *changes = json_array(), *acknowledged = json_array();
    struct json *published = json_array();
    size_t       i;

    for (i = 0; i < subject->life.span_count; i++)
        json_push(spans, json_of_span(&subject->life.spans[i]));
    for (i = 0; i < subject->life.change_count; i++)
        json_push(changes, json_of_seen(&subject->life.changes[i]));
    for (i = 0; i < subject->acknowledged_count; i++)
        json_push(acknowledged, json_of_acknowledged(&subject->acknowledged[i]));
    json_put(json, "destination", json_text(subject->destination));
    json_put(json, "spans", spans);
    json_put(json, "changes", changes);
    for (i = 0; i < subject->life.publication_count; i++)
        json_push(published, json_of_publication(&subject->life.publications[i]));
    json_put(json, "acknowledged", acknowledged);
    json_put(json, "published", published);
    return json;
}

/* Takes json. */
static bool put(const struct sink *sink, const char *before, struct json *json, const char *after)
{
    bool good = sink_text(sink, before) && sink_json(sink, json) && sink_text(sink, after);

    json_free(json);
    return good;
}

static bool put_head(const struct sink *sink, const char *format, int version)
{
    struct report none = { 0 };

    return sink_printf(sink, "{\"format\": \"%s\", \"format_version\": %d,\n", format, version) &&
           put(sink, "\"generator\": ", json_of_generator(&none), ",\n");
}

bool history_json_write(const struct history_document *document, const struct sink *sink)
{
    bool   good = put_head(sink, HISTORY_FORMAT, HISTORY_FORMAT_VERSION) && sink_text(sink, "\"runs\": [");
    size_t i;

    for (i = 0; good && i < document->run_count; i++)
        good = put(sink, i == 0 ? "\n" : ",\n", json_of_run_kept(&document->runs[i]), "");
    good = good && sink_text(sink, "],\n\"destinations\": [");
    for (i = 0; good && i < document->subject_count; i++)
        good = put(sink, i == 0 ? "\n" : ",\n", json_of_subject(&document->subjects[i]), "");
    return good && sink_text(sink, "]}\n");
}

static struct json *json_of_side(const struct compared_side *side)
{
    struct json *json = json_object();

    json_put(json, "run", side->run > 0 ? json_integer(side->run) : json_null());
    json_put(json, "file", json_text(side->file));
    json_put(json, "started", json_of_time(side->started));
    json_put(json, "complete", json_bool(side->complete));
    return json;
}

static struct json *json_of_kinds(const struct changes *changes)
{
    struct json *json = json_object();
    int          kind;

    for (kind = CHANGE_WORSE; kind <= CHANGE_SAME; kind++)
        json_put(json, change_word((enum change_kind)kind), json_integer((int64_t)changes->by_kind[kind]));
    return json;
}

bool compared_json_write(const struct compared *compared, const struct sink *sink)
{
    return put_head(sink, CHANGES_FORMAT, CHANGES_FORMAT_VERSION) &&
           put(sink, "\"before\": ", json_of_side(&compared->before), ",\n") &&
           put(sink, "\"after\": ", json_of_side(&compared->after), ",\n") &&
           put(sink, "\"summary\": ", json_of_kinds(compared->changes), ",\n") &&
           put(sink, "\"destinations\": ", json_of_change_list(compared->changes), "}\n");
}
