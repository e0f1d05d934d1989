#include "reports/reading.h"

#include <string.h>

#include "scanner/base/utc.h"

void reading_fails(struct reading *r, const char *key, const char *what)
{
    if (r->good)
        error_set(r->err, 0, "no report of this program: %.100s: %s %s", r->where, key, what);
    r->good = false;
}

const char *read_text(struct reading *r, const struct json *object, const char *key)
{
    const struct json *value = json_get(object, key);

    if (json_is_null(value))
        return NULL;
    if (!json_is_text(value))
        reading_fails(r, key, "is no text");
    return json_as_text(value);
}

const char *need_text(struct reading *r, const struct json *object, const char *key)
{
    const char *text = read_text(r, object, key);

    if (text == NULL)
        reading_fails(r, key, "is missing");
    return text != NULL ? text : "";
}

const struct json *need_object(struct reading *r, const struct json *object, const char *key)
{
    const struct json *value = json_get(object, key);

    if (!json_is_object(value))
        reading_fails(r, key, "is no object");
    return value;
}

const struct json *need_array(struct reading *r, const struct json *object, const char *key)
{
    const struct json *value = json_get(object, key);

    if (!json_is_array(value))
        reading_fails(r, key, "is no list");
    return value;
}

bool need_bool(struct reading *r, const struct json *object, const char *key)
{
    const struct json *value = json_get(object, key);

    if (!json_is_bool(value))
        reading_fails(r, key, "is neither true nor false");
    return json_as_bool(value, false);
}

int64_t read_number(struct reading *r, const struct json *object, const char *key, int64_t max)
{
    const struct json *value = json_get(object, key);
    int64_t            number = json_as_integer(value, -1);

    if (json_is_null(value))
        return 0;
    if (number < 0 || number > max)
        reading_fails(r, key, "is no such number");
    return number < 0 || number > max ? 0 : number;
}

int64_t need_time(struct reading *r, const struct json *object, const char *key)
{
    int64_t when = 0;

    if (!utc_parse(json_get_slice(object, key), &when))
        reading_fails(r, key, "is no time");
    return when;
}

enum verdict need_verdict(struct reading *r, const struct json *object, const char *key)
{
    const char *word = need_text(r, object, key);
    int         verdict;

    for (verdict = VERDICT_DELIVER; verdict <= VERDICT_NOT_TRIED; verdict++)
        if (slice_eq_text(slice_of(word), verdict_word((enum verdict)verdict)))
            return (enum verdict)verdict;
    reading_fails(r, key, "is no verdict");
    return VERDICT_UNKNOWN;
}

enum reason need_reason(struct reading *r, const struct json *object, const char *key)
{
    enum reason reason = REASON_NOT_OBSERVED;

    if (!reason_parse(need_text(r, object, key), &reason))
        reading_fails(r, key, "is no reason code");
    return reason;
}

struct text_list read_texts(struct reading *r, const struct json *array, const char *key)
{
    struct text_list list = { region_array(r->region, json_count(array) + 1, sizeof(*list.items)), json_count(array) };
    size_t           i;

    for (i = 0; i < list.count; i++) {
        list.items[i] = json_as_text(json_at(array, i));
        if (list.items[i] == NULL) {
            reading_fails(r, key, "has something that is no text");
            list.items[i] = "";
        }
    }
    return list;
}

static enum severity need_severity(struct reading *r, const struct json *object)
{
    const char *word = need_text(r, object, "severity");
    int         severity;

    for (severity = SEVERITY_NOTICE; severity <= SEVERITY_CRITICAL; severity++)
        if (slice_eq_text(slice_of(word), severity_word((enum severity)severity)))
            return (enum severity)severity;
    reading_fails(r, "severity", "is none");
    return SEVERITY_NOTICE;
}

/* A later version may know more codes than this one: any word of their shape will do, nothing that a format would have to
 * escape. */
static const char *need_code(struct reading *r, const struct json *object)
{
    const char *code = need_text(r, object, "code");

    if (code[0] == '\0' || code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        reading_fails(r, "code", "is no finding code");
    return code;
}

void read_findings(struct reading *r, const struct json *array, struct findings *findings)
{
    size_t i;

    for (i = 0; r->good && i < json_count(array); i++) {
        const struct json *one = json_at(array, i);
        struct finding    *finding;

        finding = findings_add(r->region, findings, need_code(r, one), need_severity(r, one), read_text(r, one, "host"),
                               read_text(r, one, "file"), (int)read_number(r, one, "line", INT32_MAX), "%s",
                               need_text(r, one, "text"));
        finding->paste = read_text(r, one, "paste");
    }
}
