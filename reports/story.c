#include "reports/story.h"

#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/base/utc.h"

#define JOINED_MAX ((size_t)1 << 20)

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool settles(const struct host_result *host, const struct forecast *forecast)
{
    if (host->verdict == VERDICT_NOT_TRIED || host->reason != forecast->reason)
        return false;
    return forecast->relay == NULL || strcmp(forecast->relay, "none") == 0 || same_text(host->relay, forecast->relay);
}

static void find_host(struct story *story)
{
    const struct result *result = story->result;
    size_t               h, i;

    for (h = 0; h < result->hop_count; h++) {
        for (i = 0; i < result->hops[h].host_count; i++) {
            if (!settles(&result->hops[h].hosts[i], &result->forecast))
                continue;
            story->hop = &result->hops[h];
            story->host = &result->hops[h].hosts[i];
            return;
        }
    }
    story->hop = result->hop_count > 0 ? &result->hops[0] : NULL;
}

/* "in the clear" says nothing of why: what the host lacks does. Nor does an invalid policy of a service that does not even
 * start. */
static bool is_cause(const struct finding *finding, enum reason reason)
{
    return strcmp(finding->code, reason_code(reason)) == 0 ||
           (reason == REASON_POLICY_INVALID &&
            strcmp(finding->code, finding_word(FINDING_SERVICE_DOES_NOT_START)) == 0) ||
           (reason == REASON_DELIVERED_IN_CLEAR &&
            (strcmp(finding->code, reason_code(REASON_STARTTLS_NOT_OFFERED)) == 0 ||
             strcmp(finding->code, reason_code(REASON_STARTTLS_REFUSED)) == 0 ||
             strcmp(finding->code, reason_code(REASON_TLS_ENGINE_UNAVAILABLE)) == 0));
}

/* A finding may be about a host; the one of the host that settled it comes first. */
static void find_cause(struct story *story)
{
    const struct finding *finding;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next) {
        if (!is_cause(finding, story->result->forecast.reason))
            continue;
        if (story->cause == NULL)
            story->cause = finding;
        if (story->host != NULL && same_text(finding->host, story->host->host->ascii)) {
            story->cause = finding;
            return;
        }
    }
}

void story_find(struct story *story, struct region *region, const struct report *report, const struct result *result)
{
    *story = (struct story){ .region = region, .report = report, .result = result };
    find_host(story);
    find_cause(story);
    if (story->host != NULL && story->host->policy != NULL)
        story->policy = story->host->policy;
    else if (story->hop != NULL)
        story->policy = story->hop->policy;
}

const char *finding_fact(struct region *region, const struct finding *finding)
{
    struct slice text = slice_of(finding->text), tail;
    enum reason  reason;

    if (!reason_parse(finding->code, &reason) || reason_remedy(reason) == NULL)
        return finding->text;
    tail = slice_of(region_printf(region, "; %s", reason_remedy(reason)));
    return slice_ends_with(text, tail) ? region_slice(region, slice_head(text, text.n - tail.n)) : finding->text;
}

const char *story_why(const struct story *story)
{
    /* The digests stand in the remedy. */
    if (story->result->forecast.reason == REASON_FINGERPRINT_MISMATCH)
        return reason_sentence(REASON_FINGERPRINT_MISMATCH);
    return story->cause != NULL ? finding_fact(story->region, story->cause)
                                : reason_sentence(story->result->forecast.reason);
}

bool story_policy_unread(const struct story *story)
{
    return story->policy != NULL && story->policy->level == LEVEL_INVALID && story->policy->trouble != POLICY_BAD_VALUE;
}

bool story_lacks_authorities(const struct story *story)
{
    return story->result->forecast.reason == REASON_CERTIFICATE_NOT_TRUSTED && story->cause != NULL &&
           slice_starts_with(slice_of(story->cause->text), SLICE("no certificate authority is"));
}

const char *story_level(const struct story *story)
{
    const char *in_force = story->result->forecast.effective_level, *asked;

    if (story->policy == NULL)
        return in_force != NULL ? in_force : "-";
    asked = level_word(story->policy->level);
    if (asked == NULL)
        return story_policy_unread(story) ? "-" : "invalid";
    if (in_force == NULL || strcmp(in_force, asked) == 0)
        return asked;
    return region_printf(story->region, "%s (%s)", in_force, asked);
}

const char *file_place(struct region *region, const char *file, int line)
{
    return line > 0 ? region_printf(region, "%s:%d", file, line) : file;
}

const char *answer_place(struct region *region, const struct table_answer *answer)
{
    if (answer->file != NULL)
        return file_place(region, answer->file, answer->line);
    return answer->table != NULL ? answer->table : "";
}

bool policy_differs(const struct policy *a, const struct policy *b)
{
    if (a == NULL || a == b)
        return false;
    return b == NULL || a->level != b->level || a->trouble != b->trouble || a->from_table != b->from_table ||
           a->answer.line != b->answer.line || a->answer.key == NULL || b->answer.key == NULL ||
           strcmp(a->answer.key, b->answer.key) != 0;
}

struct table_answer policy_answer(const struct result *result, const struct policy *policy)
{
    const struct service       *service = result->route != NULL ? result->route->service : NULL;
    const struct main_cf_entry *entry;

    if (policy == NULL)
        return (struct table_answer){ .status = TABLE_NOT_FOUND };
    if (policy->from_table || service == NULL || service->params == NULL)
        return policy->answer;
    if (policy->source == NULL)
        return (struct table_answer){ .status = TABLE_NOT_FOUND };
    if (!params_is_set(service->params, policy->source, &entry))
        return (struct table_answer){ .status = TABLE_FOUND, .value = params_text(service->params, policy->source) };
    return (struct table_answer){ .status = TABLE_FOUND, .file = entry->file, .line = entry->line,
                                  .value = params_text(service->params, policy->source) };
}

bool tlsa_is_usable(const struct tlsa *tlsa, const struct dns_record *record)
{
    size_t i;

    for (i = 0; i < tlsa->usable_count; i++)
        if (tlsa->usable[i] == record)
            return true;
    return false;
}

const char *finding_rfc8460(const struct finding *finding)
{
    enum reason reason;

    return reason_parse(finding->code, &reason) ? reason_rfc8460(reason) : NULL;
}

/* The global level: a parameter, and the place where it is set. */
static const char *parameter_place(const struct story *story, const struct policy *policy)
{
    struct table_answer at = policy_answer(story->result, policy);

    if (at.file == NULL && strstr(policy->source, "://") != NULL)
        return policy->source; /* an MTA-STS policy that is not known: no parameter, and no default */
    if (at.file == NULL)
        return region_printf(story->region, "%s: the default", policy->source);
    return region_printf(story->region, "%s: %s = %s", file_place(story->region, at.file, at.line), policy->source,
                         at.value != NULL ? at.value : "");
}

const char *story_entry(const struct story *story, const struct policy *policy)
{
    const struct table_answer *answer;

    if (policy == NULL || policy->source == NULL)
        return NULL;
    if (!policy->from_table)
        return parameter_place(story, policy);
    answer = &policy->answer;
    if (answer->value == NULL)
        return region_printf(story->region, "%s: key %s", answer_place(story->region, answer),
                             answer->key != NULL ? answer->key : "");
    return region_printf(story->region, "%s: %s %s", answer_place(story->region, answer),
                         answer->key != NULL ? answer->key : "", answer->value);
}

const char *forecast_log(struct region *region, const struct forecast *forecast)
{
    if (forecast->status == NULL || strcmp(forecast->status, "unknown") == 0)
        return NULL;
    return region_printf(region, "relay=%s, dsn=%s, status=%s%s%s%s", forecast->relay != NULL ? forecast->relay : "?",
                         forecast->dsn != NULL ? forecast->dsn : "?", forecast->status,
                         forecast->text != NULL ? " (" : "", forecast->text != NULL ? forecast->text : "",
                         forecast->text != NULL ? ")" : "");
}

const char *forecast_log_line(struct region *region, const struct destination *destination, const struct forecast *forecast)
{
    const char *log = forecast_log(region, forecast);
    bool        sent = log != NULL && strcmp(forecast->status, "sent") == 0 && forecast->text == NULL;

    if (log == NULL)
        return NULL;
    log = region_printf(region, "%s%s", log, sent ? " (250 ...)" : "");
    return destination->form == DESTINATION_ADDRESS ? region_printf(region, "to=<%s>, %s", destination->address, log) : log;
}

const char *join_texts(struct region *region, const char *const *items, size_t count, size_t total,
                       const char *separator, size_t shown)
{
    struct buf  buf;
    const char *text;
    size_t      i;

    buf_init(&buf, JOINED_MAX);
    for (i = 0; i < count && i < shown; i++)
        buf_printf(&buf, "%s%s", i > 0 ? separator : "", items[i]);
    if (i < total)
        buf_printf(&buf, " and %zu more", total - i);
    text = region_text(region, buf_text(&buf));
    buf_clear(&buf);
    return text;
}

const char *time_text(struct region *region, int64_t when)
{
    char text[UTC_TEXT_MAX], *t;

    utc_to_text(when, text);
    t = strchr(text, 'T');
    if (t == NULL)
        return region_text(region, text);
    return region_printf(region, "%.*s %.8s UTC", (int)(t - text), text, t + 1);
}

const char *date_text(struct region *region, int64_t when)
{
    char text[UTC_TEXT_MAX];

    utc_to_text(when, text);
    return region_printf(region, "%.*s", (int)strcspn(text, "T"), text);
}
