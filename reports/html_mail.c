/* Protection of mail by volume, where a mail log was given: as it went, and as it would go now. */
#include <string.h>

#include "reports/html.h"
#include "reports/html_page.h"

enum way { AUTHENTICATED, ENCRYPTED, CLEAR, DEFERRED, RETURNED, UNTOLD, WAYS };

static const struct {
    const char *label, *tone;
} ways[WAYS] = {
    [AUTHENTICATED] = { "authenticated TLS", "deliver" }, [ENCRYPTED] = { "TLS", "deliver" },
    [CLEAR] = { "in the clear", "downgrade" },            [DEFERRED] = { "deferred", "defer" },
    [RETURNED] = { "returned", "bounce" },                [UNTOLD] = { "not known", "unknown" },
};

/* What the log has of each way. A log without any TLS word was written with smtp_tls_loglevel 0: it does not tell what went
 * in the clear. */
static void count_log(const struct html_page *page, const struct weight *weight, int64_t counts[WAYS])
{
    int64_t tls = 0;
    int     i;

    for (i = 0; i < WEIGHT_TLS_COUNT; i++)
        tls += weight->tls[i];
    memset(counts, 0, WAYS * sizeof(*counts));
    counts[AUTHENTICATED] = weight->tls[WEIGHT_VERIFIED];
    counts[ENCRYPTED] = tls - weight->tls[WEIGHT_VERIFIED];
    counts[page->log_tells_tls ? CLEAR : UNTOLD] = weight->deliveries > tls ? weight->deliveries - tls : 0;
    counts[DEFERRED] = weight->deferrals;
    counts[RETURNED] = weight->bounces;
}

bool html_mail_tells_tls(const struct report *report)
{
    size_t i;
    int    k;

    for (i = 0; i < report->count; i++)
        for (k = 0; report->results[i]->weight != NULL && k < WEIGHT_TLS_COUNT; k++)
            if (report->results[i]->weight->tls[k] > 0)
                return true;
    return false;
}

static enum way way_now(const struct result *result)
{
    const char *tls = result->forecast.tls;

    if (result->verdict == VERDICT_DEFER)
        return DEFERRED;
    if (result->verdict == VERDICT_BOUNCE)
        return RETURNED;
    if (result->verdict == VERDICT_UNKNOWN || tls == NULL)
        return UNTOLD;
    if (strcmp(tls, "none") == 0)
        return CLEAR;
    return strcmp(tls, "verified") == 0 ? AUTHENTICATED : ENCRYPTED;
}

/* Messages that the forecast is for: those whose fate the log tells, and those that wait. */
static int64_t messages_of(const struct weight *weight)
{
    return weight->deliveries + weight->bounces + (weight->waiting > 0 ? weight->waiting : 0);
}

unsigned html_mail_mask(const struct html_page *page, const struct result *result)
{
    int64_t  log[WAYS];
    unsigned mask = 0;
    int      i;

    if (result->weight == NULL || result->weight->repeated)
        return 0;
    count_log(page, result->weight, log);
    for (i = 0; i < WAYS; i++)
        mask |= log[i] > 0 ? 1u << i : 0;
    return mask | (messages_of(result->weight) > 0 ? 1u << (WAYS + (int)way_now(result)) : 0);
}

static void put_count(struct buf *out, int64_t n, int bit, const char *what, const char *when)
{
    if (n <= 0)
        buf_add_text(out, "<td class=\"zero\">0</td>");
    else
        html_printf(out, "<td class=\"n\"><a href=\"#destinations\" data-mail=\"%d\" data-what=\"mail %s, %s\" "
                         "aria-label=\"%zu %s, %s: their destinations\">%zu</a></td>",
                    bit, what, when, (size_t)n, what, when, (size_t)n);
}

static void put_table(struct buf *out, const int64_t *log, const int64_t *now)
{
    int64_t most = 1;
    int     i;

    for (i = 0; i < WAYS; i++)
        most = now[i] > most ? now[i] : most;
    buf_add_text(out, "<table class=\"picture\"><caption>Messages: those that were delivered, were returned or wait, each once, "
                      "by how it would go now. In the log: every attempt, by how it ended then; a message that was deferred "
                      "twice and then delivered counts three times</caption><thead><tr><th scope=\"col\">mail</th>"
                      "<td></td><th scope=\"col\">messages, now</th><th scope=\"col\">attempts in the log</th></tr></thead>"
                      "<tbody>\n");
    for (i = 0; i < WAYS; i++) {
        html_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"drawn\"><svg class=\"bar\" viewBox=\"0 0 1000 10\" "
                         "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"%s\" width=\"%zu\" height=\"10\"/>"
                         "</svg></td>",
                    ways[i].label, ways[i].tone, (size_t)(1000.0 * (double)now[i] / (double)most));
        put_count(out, now[i], WAYS + i, ways[i].label, "forecast");
        put_count(out, log[i], i, ways[i].label, "in the log");
        buf_add_text(out, "</tr>\n");
    }
    buf_add_text(out, "</tbody></table>");
}

void html_mail(struct html_page *page, struct buf *out)
{
    int64_t log[WAYS] = { 0 }, now[WAYS] = { 0 }, one[WAYS];
    bool    any = false;
    size_t  i, k;

    for (i = 0; i < page->report->count; i++) {
        const struct result *result = page->report->results[i];

        if (result->weight == NULL || result->weight->repeated)
            continue;
        any = true;
        count_log(page, result->weight, one);
        for (k = 0; k < WAYS; k++)
            log[k] += one[k];
        now[way_now(result)] += messages_of(result->weight);
    }
    if (!any)
        return;
    buf_add_text(out, "<section aria-labelledby=\"mail\"><h2 id=\"mail\">Protection of mail by volume</h2>");
    put_table(out, log, now);
    buf_add_text(out, "</section>\n");
}
