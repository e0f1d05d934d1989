/* One destination in the HTML report, but for its hosts. */
#include "reports/html_story.h"

#include <string.h>

#include "reports/html.h"
#include "reports/json_parts.h"
#include "reports/protection.h"
#include "reports/mail.h"

void html_verdict(struct buf *out, const char *word)
{
    if (word != NULL)
        html_printf(out, "<span class=\"verdict %s\"><svg aria-hidden=\"true\"><use href=\"#mark-%s\"></use></svg>%s</span>",
                    word, word, word);
}

void html_severity(struct buf *out, enum severity severity)
{
    const char *word = severity_word(severity);

    html_printf(out, "<span class=\"severity %s\"><svg aria-hidden=\"true\"><use href=\"#mark-%s\"></use></svg>%s</span>",
                word, word, word);
}

void html_term(struct buf *out, const char *term, const char *text)
{
    if (text != NULL)
        html_printf(out, "<dt>%s</dt><dd>%s</dd>", term, text);
}

void html_term_code(struct buf *out, const char *term, const char *text)
{
    if (text != NULL && text[0] == '\0')
        html_printf(out, "<dt>%s</dt><dd class=\"dim\">(empty)</dd>", term);
    else if (text != NULL)
        html_printf(out, "<dt>%s</dt><dd><code>%s</code></dd>", term, text);
}

void html_remedy(struct buf *out, const struct remedy *remedy)
{
    html_text(out, remedy->text);
    if (remedy->paste != NULL)
        html_printf(out, "<pre class=\"paste\">%s</pre>", remedy->paste);
}

const char *acknowledgement_text(const struct story *story)
{
    const struct acknowledgement *acknowledged = story->result->acknowledged;

    return region_printf(story->region, "until %s: %s", date_text(story->region, acknowledged->until),
                         acknowledged->comment);
}

static void put_remedy(struct buf *out, const struct story *story)
{
    struct remedy remedy = story_remedy(story);

    if (remedy.text == NULL || story->result->verdict == VERDICT_DELIVER)
        return;
    buf_add_text(out, "<dt>do</dt><dd>");
    html_remedy(out, &remedy);
    buf_add_text(out, "</dd>");
}

static void put_forecast(struct buf *out, const struct story *story)
{
    const struct result *result = story->result;
    const char          *log = forecast_log(story->region, &result->forecast);
    const char          *first = forecast_log(story->region, &result->first_attempt);

    html_term_code(out, "log line", log);
    if (log != NULL && first != NULL && strcmp(log, first) != 0)
        html_term_code(out, "first attempt", first);
    html_term(out, "TLS", result->forecast.tls);
    html_term_code(out, "reason", reason_code(result->forecast.reason));
    html_term(out, "reported as", reason_rfc8460(result->forecast.reason));
    if (!result->certain && result->verdict <= VERDICT_BOUNCE)
        html_term(out, "by order of hosts",
                  region_printf(story->region, "at best %s, at worst %s", verdict_word(result->best),
                                verdict_word(result->worst)));
}

static void put_finding(struct buf *out, const struct story *story, const struct finding *finding)
{
    const char *fact = finding_fact(story->region, finding);

    buf_add_text(out, "<li>");
    html_severity(out, finding->severity);
    buf_add_text(out, " ");
    if (finding->host != NULL && strstr(fact, finding->host) == NULL)
        html_printf(out, "<code>%s</code>: ", finding->host);
    html_printf(out, "%s <span class=\"dim\">(%s%s%s)</span>", fact, finding->code, finding->file != NULL ? ", " : "",
                finding->file != NULL ? file_place(story->region, finding->file, finding->line) : "");
    if (finding->paste != NULL)
        html_printf(out, "<pre class=\"paste\">%s</pre>", finding->paste);
    buf_add_text(out, "</li>");
}

static void put_findings(struct buf *out, const struct story *story)
{
    const struct finding *finding;
    bool                  any = false;

    for (finding = story->result->findings.first; finding != NULL; finding = finding->next) {
        if (finding == story->cause)
            continue;
        buf_add_text(out, any ? "" : "<dt>also</dt><dd><ul>");
        any = true;
        put_finding(out, story, finding);
    }
    buf_add_text(out, any ? "</ul></dd>" : "");
}

/* The text as one word of a shell. */
static const char *shell_word(struct region *region, const char *text)
{
    const char *quoted = "", *quote;

    if (text[0] != '\0' && text[0] != '-' &&
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-") == strlen(text))
        return text;
    while ((quote = strchr(text, '\'')) != NULL) {
        quoted = region_printf(region, "%s%.*s'\\''", quoted, (int)(quote - text), text);
        text = quote + 1;
    }
    return region_printf(region, "'%s%s'", quoted, text);
}

static void put_command(struct buf *out, const struct story *story)
{
    const char *destination = story->result->destination->text;

    html_printf(out, "<dt>look again</dt><dd><pre class=\"paste\">posttls-audit explain --config-dir %s %s%s%s</pre></dd>",
                shell_word(story->region, report_config_dir(story->report)),
                result_published(story->result) != NULL ? "--mta-sts " : "", destination[0] == '-' ? "-- " : "",
                shell_word(story->region, destination));
}

static void put_mx(struct buf *out, const struct json *mx)
{
    const struct json *records = json_get(mx, "records");
    const char        *dnssec = json_get_text(mx, "dnssec");
    size_t             i;

    if (dnssec == NULL)
        return;
    html_printf(out, " <span class=\"dim\">MX, %s:</span>", dnssec);
    for (i = 0; i < json_count(records); i++)
        html_printf(out, "%s <span class=\"dim\">%zu</span> <code>%s</code>", i > 0 ? "," : "",
                    (size_t)json_get_integer(json_at(records, i), "preference", 0),
                    json_get_text(json_at(records, i), "host"));
    if (i == 0)
        buf_add_text(out, " none");
}

static void put_hop(struct html_teller *teller, struct buf *out, const struct json *hop, const char *transport, size_t number)
{
    const struct json *hosts = json_get(hop, "hosts");
    size_t             i;

    html_printf(out, "<p class=\"hop\">%s <code>%s:%s</code>",
                json_get_bool(hop, "fallback", false) ? "Fallback" : number > 0 ? "Then" : "Route",
                transport != NULL ? transport : "smtp", json_get_text(hop, "nexthop"));
    put_mx(out, json_get(hop, "mx"));
    buf_add_text(out, "</p>");
    for (i = 0; i < json_count(hosts); i++)
        html_host(teller, out, json_at(hosts, i));
}

void html_story(struct html_teller *teller, struct buf *out, const struct story *story)
{
    struct json       *json = json_of_result(story->report, story->result);
    const struct json *route = json_get(json, "route");
    size_t             i;

    html_printf(out, "<p class=\"why\">%s</p><dl>", story_why(story));
    if (story->result->acknowledged != NULL)
        html_term(out, "acknowledged", acknowledgement_text(story));
    if (story->result->weight != NULL)
        html_term(out, "weight", weight_text(story->region, story->result->weight));
    html_term(out, "entry", result_entry_text(story->region, story->report, story->result));
    put_remedy(out, story);
    put_forecast(out, story);
    html_term_code(out, "policy", story_entry(story, story->policy));
    if (story->policy != NULL)
        html_term(out, "policy error", story->policy->error);
    html_proposed(out, story);
    html_configured(out, story);
    html_published(out, story);
    put_findings(out, story);
    put_command(out, story);
    buf_add_text(out, "</dl>");
    for (i = 0; i < json_count(route); i++)
        put_hop(teller, out, json_at(route, i), json_get_text(json, "transport"), i);
    json_free(json);
}
