#include "reports/sarif.h"

#include <stdint.h>
#include <string.h>

#include "config.h"
#include "reports/escape.h"
#include "reports/json_parts.h"
#include "scanner/base/utc.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define TEXT_MAX_BYTES ((size_t)1 << 24)

bool sarif_finding_rule(size_t i, struct sarif_rule *rule)
{
    enum reason reason;

    if (!finding_row(i, &rule->id, &rule->text))
        return false;
    rule->result_type = reason_parse(rule->id, &reason) ? reason_rfc8460(reason) : NULL;
    return true;
}

/* A message. Readers make links of "[text](target)": strangers' text makes none. */
static struct json *json_of_message(const char *text)
{
    struct json *message = json_object();
    struct slice rest = slice_of(text);
    struct buf   escaped, buf;

    buf_init(&escaped, TEXT_MAX_BYTES);
    buf_init(&buf, 2 * TEXT_MAX_BYTES);
    escape_terminal(rest, &escaped);
    for (rest = buf_slice(&escaped); rest.n > 0; rest = slice_from_index(rest, 1)) {
        buf_add_char(&buf, rest.p[0]);
        if (slice_starts_with(rest, SLICE("](")))
            buf_add_char(&buf, ' ');
    }
    json_put(message, "text", json_text(buf_text(&buf)));
    buf_clear(&escaped);
    buf_clear(&buf);
    return message;
}

/* RFC 3986, RFC 8089: every byte but unreserved characters and the slash is percent-encoded. */
static struct json *json_of_uri(const char *file)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct json *artifact = json_object();
    struct buf   buf;
    const char  *at;

    buf_init(&buf, TEXT_MAX_BYTES);
    buf_add_text(&buf, file[0] == '/' ? "file://" : "");
    for (at = file; *at != '\0'; at++)
        buf_printf(&buf, strchr(unreserved, *at) != NULL ? "%c" : "%%%02X", (unsigned char)*at);
    json_put(artifact, "uri", json_text(buf_text(&buf)));
    buf_clear(&buf);
    return artifact;
}

static struct json *json_of_rule(const struct sarif_rule *rule)
{
    struct json *json = json_object(), *properties;

    json_put(json, "id", json_text(rule->id));
    json_put(json, "shortDescription", json_of_message(rule->text));
    if (rule->result_type != NULL) {
        properties = json_object();
        json_put(properties, "result_type", json_text(rule->result_type));
        json_put(json, "properties", properties);
    }
    return json;
}

static struct json *json_of_driver(struct sarif *sarif, const struct sarif_run *run)
{
    struct json      *tool = json_object(), *driver = json_object(), *rules = json_array();
    struct sarif_rule rule;
    size_t            i;

    for (i = 0; run->rule(i, &rule); i++) {
        dict_put(sarif->rules, slice_of(rule.id), (void *)(uintptr_t)(i + 1));
        json_push(rules, json_of_rule(&rule));
    }
    json_put(driver, "name", json_text(PACKAGE_NAME));
    json_put(driver, "version", json_text(run->version));
    json_put(driver, "rules", rules);
    json_put(tool, "driver", driver);
    return tool;
}

static struct json *json_of_invocations(const struct sarif_run *run)
{
    struct json *invocations = json_array(), *one = json_object();
    char         text[UTC_TEXT_MAX];

    json_put(one, "executionSuccessful", json_bool(run->complete));
    if (run->timed) {
        utc_to_text(run->started, text);
        json_put(one, "startTimeUtc", json_text(text));
        utc_to_text(run->finished, text);
        json_put(one, "endTimeUtc", json_text(text));
    }
    json_push(invocations, one);
    return invocations;
}

/* Takes json. */
static void put(struct sarif *sarif, const char *before, struct json *json)
{
    sarif->good = sarif->good && sink_text(sarif->sink, before) && sink_json(sarif->sink, json);
    json_free(json);
}

void sarif_begin(struct sarif *sarif, const struct sink *sink, const struct sarif_run *run)
{
    *sarif = (struct sarif){ .sink = sink, .rules = dict_new(), .good = true };
    sarif->good = sink_text(sink, "{\"$schema\": \"" SCHEMA "\", \"version\": \"2.1.0\",\n\"runs\": [{");
    put(sarif, "\"tool\": ", json_of_driver(sarif, run));
    put(sarif, ",\n\"invocations\": ", json_of_invocations(run));
    sarif->good = sarif->good && sink_text(sink, ",\n\"columnKind\": \"unicodeCodePoints\",\n\"results\": [");
}

static struct json *json_of_location(const struct sarif_result *result)
{
    struct json *location = json_object(), *physical = json_object(), *region, *logical, *names;

    if (result->file != NULL) {
        json_put(physical, "artifactLocation", json_of_uri(result->file));
        if (result->line > 0) {
            region = json_object();
            json_put(region, "startLine", json_integer(result->line));
            json_put(physical, "region", region);
        }
        json_put(location, "physicalLocation", physical);
    } else {
        json_free(physical);
    }
    if (result->destination != NULL) {
        logical = json_object();
        names = json_array();
        json_put(logical, "name", json_text(result->destination));
        json_put(logical, "kind", json_text("resource"));
        json_push(names, logical);
        json_put(location, "logicalLocations", names);
    }
    return location;
}

/* The same result of two runs has the same one: readers follow it by that. */
static struct json *json_of_fingerprint(const struct sarif_result *result)
{
    struct json *prints = json_object();
    struct buf   buf;

    buf_init(&buf, TEXT_MAX_BYTES);
    buf_printf(&buf, "%s %s", result->rule, result->destination != NULL ? result->destination :
               result->file != NULL ? result->file : "");
    json_put(prints, "posttls-audit/v1", json_text(buf_text(&buf)));
    buf_clear(&buf);
    return prints;
}

static const char *level_of(enum severity severity)
{
    static const char *const levels[] = { [SEVERITY_NOTICE] = "note", [SEVERITY_WARNING] = "warning",
                                          [SEVERITY_CRITICAL] = "error" };

    return levels[severity];
}

void sarif_add(struct sarif *sarif, const struct sarif_result *result)
{
    struct json *json = json_object(), *locations = json_array(), *properties;
    uintptr_t    row = (uintptr_t)dict_find(sarif->rules, slice_of(result->rule));

    json_put(json, "ruleId", json_text(result->rule));
    if (row > 0)
        json_put(json, "ruleIndex", json_integer((int64_t)row - 1));
    json_put(json, "level", json_text(level_of(result->severity)));
    json_put(json, "message", json_of_message(result->text));
    json_push(locations, json_of_location(result));
    json_put(json, "locations", locations);
    json_put(json, "partialFingerprints", json_of_fingerprint(result));
    if (result->fix != NULL) {
        properties = json_object();
        json_put(properties, "fix", json_text(result->fix));
        json_put(json, "properties", properties);
    }
    put(sarif, sarif->results++ > 0 ? ",\n" : "\n", json);
}

bool sarif_end(struct sarif *sarif)
{
    sarif->good = sarif->good && sink_text(sarif->sink, "]}]}\n");
    dict_free(sarif->rules);
    return sarif->good;
}
