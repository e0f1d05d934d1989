/* A mail host in the HTML report: made from the host's JSON, so that a saved report tells the same. */
#include <string.h>

#include "reports/html.h"
#include "reports/html_story.h"
#include "reports/pins.h"

#define DAY 86400
#define TLSA_SHOWN 20      /* of one host; the JSON report has all */
#define NAMES_SHOWN 20
#define DATA_SHOWN 128     /* hex digits of a TLSA record: those of SHA-512 */

int64_t days_between(int64_t from, int64_t to)
{
    int64_t seconds = to - from;

    return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

const char *days_text(struct region *region, int64_t from, int64_t to)
{
    long long days = (long long)((to > from ? to - from : from - to) / DAY);

    if (days == 0)
        return to >= from ? "within a day" : "less than a day ago";
    return region_printf(region, "%s%lld day%s%s", to >= from ? "in " : "", days, days == 1 ? "" : "s",
                         to >= from ? "" : " ago");
}

/* Certificates */

static void put_names(struct html_teller *teller, struct buf *out, const struct cert *cert)
{
    size_t i;

    if (cert->dns_name_count == 0)
        return;
    buf_add_text(out, "<dt>names</dt><dd>");
    for (i = 0; i < cert->dns_name_count && i < NAMES_SHOWN; i++)
        html_printf(out, "%s<code>%s</code>", i > 0 ? ", " : "", cert->dns_names[i]);
    if (cert->dns_name_total > i)
        html_text(out, region_printf(teller->region, " and %zu more", cert->dns_name_total - i));
    buf_add_text(out, "</dd>");
}

static void put_digests(struct html_teller *teller, struct buf *out, const struct cert *cert)
{
    const char *digest = report_digest(teller->report);
    const char *key = pin_of_key(teller->region, cert, digest);

    html_term_code(out, "SHA-256", cert->id);
    html_term_code(out, "SHA-256 of the key", cert->spki_sha256);
    if (key == NULL)
        return;
    html_term_code(out, region_printf(teller->region, "%s pin of the key", digest), key);
    html_term_code(out, region_printf(teller->region, "%s pin of the certificate", digest),
                   pin_of_certificate(teller->region, cert, digest));
}

static void put_certificate(struct html_teller *teller, struct buf *out, const struct cert *cert, bool leaf)
{
    int64_t     now = teller->report->evaluated_at;
    const char *from = date_text(teller->region, cert->not_before), *to = date_text(teller->region, cert->not_after);

    html_printf(out, "<details><summary>%s <code>%s</code>, %s %s (%s)</summary><dl>", leaf ? "Certificate" : "Issuer",
                cert->subject, cert->not_after < now ? "expired" : "valid to", to,
                days_text(teller->region, now, cert->not_after));
    html_term_code(out, "issued by", cert->issuer);
    html_term(out, "valid", region_printf(teller->region, "%s to %s", from, to));
    html_term(out, "key", region_printf(teller->region, "%s, signed with %s", cert->key, cert->signature));
    put_names(teller, out, cert);
    put_digests(teller, out, cert);
    buf_add_text(out, "</dl></details>");
}

static void put_chain(struct html_teller *teller, struct buf *out, const struct json *chain)
{
    static const char prefix[] = "sha256:";
    size_t            i;

    for (i = 0; i < json_count(chain); i++) {
        const char        *id = json_as_text(json_at(chain, i));
        const struct cert *cert = NULL;
        struct buf         markup;

        if (id != NULL && strncmp(id, prefix, sizeof(prefix) - 1) == 0)
            cert = facts_cert(teller->report->facts, id + sizeof(prefix) - 1);
        buf_init(&markup, HTML_MAX);
        if (cert == NULL || cert->unparsable)
            html_printf(&markup, "<p>%s: <code>%s</code></p>",
                        cert == NULL ? "Certificate" : "No certificate that OpenSSL reads", id);
        else
            put_certificate(teller, &markup, cert, i == 0);
        html_part(teller->parts, out, &markup);
        buf_clear(&markup);
    }
}

/* TLSA */

static const char *record_text(struct region *region, const struct json *record)
{
    const char *data = json_get_text(record, "data");
    size_t      n = data != NULL ? strlen(data) : 0;

    if (json_get_integer(record, "usage", -1) < 0)
        return "malformed";
    return region_printf(region, "%lld %lld %lld %.*s%s", (long long)json_get_integer(record, "usage", 0),
                         (long long)json_get_integer(record, "selector", 0),
                         (long long)json_get_integer(record, "matching_type", 0), DATA_SHOWN, data != NULL ? data : "",
                         n > DATA_SHOWN ? "…" : "");
}

static void put_tlsa(struct html_teller *teller, struct buf *out, const struct json *tlsa)
{
    const struct json *records = json_get(tlsa, "records");
    const char        *dnssec = json_get_text(tlsa, "dnssec");
    size_t             i, count = json_count(records);

    if (dnssec == NULL && count == 0)
        return;
    html_printf(out, "<dt>TLSA</dt><dd>%s%s%s", dnssec != NULL ? dnssec : "", count == 0 ? ", none" : "",
                json_get_text(tlsa, "base_domain") != NULL ? ", of " : "");
    html_text(out, json_get_text(tlsa, "base_domain"));
    for (i = 0; i < count && i < TLSA_SHOWN; i++)
        html_printf(out, "<br><code>%s</code>", record_text(teller->region, json_at(records, i)));
    if (i < count)
        html_printf(out, "<br>and %zu more", count - i);
    buf_add_text(out, "</dd>");
}

/* What was said */

/* A line of the dialogue for each line of text: "S: " what the server said, "C: " what was sent to it. */
static void put_lines(struct buf *out, const char *who, struct slice text, struct region *region)
{
    struct slice line;

    while (slice_next_token(&text, "\r\n", &line))
        html_printf(out, "%s %s\n", who, region_slice(region, line));
}

static void put_dialogue(struct html_teller *teller, struct buf *out, const struct json *dialogue)
{
    bool   inside = false;
    size_t i;

    if (json_count(dialogue) == 0)
        return;
    buf_add_text(out, "<details><summary>What was said</summary><pre>");
    for (i = 0; i < json_count(dialogue); i++) {
        const struct json *exchange = json_at(dialogue, i);

        if (json_get_bool(exchange, "tls", false) && !inside)
            buf_add_text(out, "   (from here on inside TLS)\n");
        inside = json_get_bool(exchange, "tls", false);
        put_lines(out, "C:", json_get_slice(exchange, "sent"), teller->region);
        put_lines(out, "S:", json_get_slice(exchange, "reply"), teller->region);
    }
    buf_add_text(out, "</pre></details>");
}

/* The host */

static void put_heading(struct html_teller *teller, struct buf *out, const struct json *host)
{
    const char *address = json_get_text(host, "address");

    buf_add_text(out, "<p class=\"hostname\">");
    html_verdict(out, json_get_text(host, "verdict"));
    html_printf(out, " <code>%s</code> <span class=\"dim\">", json_get_text(host, "host"));
    if (address != NULL)
        html_text(out, region_printf(teller->region, "[%s]:%lld", address, (long long)json_get_integer(host, "port", 0)));
    else
        buf_add_text(out, "no address");
    html_printf(out, ", preference %zu</span></p>", (size_t)json_get_integer(host, "preference", 0));
}

static const char *outcome_text(struct html_teller *teller, const struct json *host)
{
    const char *code = json_get_text(host, "reason"), *dsn = json_get_text(host, "dsn");
    enum reason reason;

    if (code == NULL || !reason_parse(code, &reason))
        return "not tried: beyond the limits, or never reached";
    return region_printf(teller->region, "%s%s%s", dsn != NULL ? dsn : "", dsn != NULL ? ", " : "", reason_sentence(reason));
}

static const char *tls_text(struct html_teller *teller, const struct json *host)
{
    const char *protocol = json_get_text(host, "protocol"), *cipher = json_get_text(host, "cipher");
    const char *word = json_get_text(host, "tls"), *sni = json_get_text(host, "sni");

    if (protocol == NULL)
        return word;
    return region_printf(teller->region, "%s%s%s, %s%s%s", word != NULL ? word : "", word != NULL ? ", " : "", protocol,
                         cipher != NULL ? cipher : "", sni != NULL ? ", SNI " : "", sni != NULL ? sni : "");
}

static const char *duration_text(struct html_teller *teller, const struct json *host)
{
    static const char *const phases[] = { "connect", "starttls", "handshake" };
    const struct json       *ms = json_get(host, "milliseconds");
    const char              *text = NULL;
    size_t                   i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        int64_t spent = json_get_integer(ms, phases[i], -1);

        if (spent >= 0)
            text = region_printf(teller->region, "%s%s%s %lld ms", text != NULL ? text : "", text != NULL ? ", " : "",
                                 phases[i], (long long)spent);
    }
    return text;
}

void html_host(struct html_teller *teller, struct buf *out, const struct json *host)
{
    struct buf markup;

    buf_init(&markup, HTML_MAX);
    put_heading(teller, &markup, host);
    buf_add_text(&markup, "<dl>");
    html_term(&markup, "outcome", outcome_text(teller, host));
    html_term(&markup, "level in force", json_get_text(host, "effective_level"));
    html_term(&markup, "TLS", tls_text(teller, host));
    html_term(&markup, "error", json_get_text(host, "error"));
    put_tlsa(teller, &markup, json_get(host, "tlsa"));
    html_term(&markup, "time", duration_text(teller, host));
    buf_add_text(&markup, "</dl>");
    put_chain(teller, &markup, json_get(host, "chain"));
    put_dialogue(teller, &markup, json_get(json_get(host, "smtp"), "dialogue"));
    buf_add_text(out, "<div class=\"host\">");
    html_part(teller->parts, out, &markup);
    buf_add_text(out, "</div>");
    buf_clear(&markup);
}
