/* The report as a table: a heading, and a row for each destination (RFC 4180). */
#include <math.h>
#include <string.h>

#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/expiry.h"
#include "reports/mail.h"
#include "reports/protection.h"
#include "reports/story.h"
#include "reports/writers.h"
#include "scanner/base/utc.h"
#include "scanner/base/utf8.h"

static const char *csv_destination(const struct story *s)
{
    return s->result->destination->text;
}

static const char *csv_verdict(const struct story *s)
{
    return verdict_word(s->result->verdict);
}

static const char *csv_best(const struct story *s)
{
    return verdict_word(s->result->best);
}

static const char *csv_worst(const struct story *s)
{
    return verdict_word(s->result->worst);
}

static const char *csv_certain(const struct story *s)
{
    return s->result->certain ? "true" : "false";
}

static const char *csv_transport(const struct story *s)
{
    return s->result->route != NULL ? s->result->route->transport : NULL;
}

static const char *csv_nexthop(const struct story *s)
{
    return s->result->route != NULL ? s->result->route->nexthop : NULL;
}

static const char *csv_status(const struct story *s)
{
    return s->result->forecast.status;
}

static const char *csv_dsn(const struct story *s)
{
    return s->result->forecast.dsn;
}

static const char *csv_relay(const struct story *s)
{
    return s->result->forecast.relay;
}

static const char *csv_tls(const struct story *s)
{
    return s->result->forecast.tls;
}

static const char *csv_level(const struct story *s)
{
    return s->policy != NULL ? level_word(s->policy->level) : NULL;
}

static const char *csv_effective_level(const struct story *s)
{
    return s->result->forecast.effective_level;
}

static const char *csv_reason(const struct story *s)
{
    return reason_code(s->result->forecast.reason);
}

static const char *csv_result_type(const struct story *s)
{
    return reason_rfc8460(s->result->forecast.reason);
}

static const char *csv_source(const struct story *s)
{
    return s->policy != NULL ? s->policy->source : NULL;
}

static const char *csv_file(const struct story *s)
{
    return policy_answer(s->result, s->policy).file;
}

static const char *csv_line(const struct story *s)
{
    int line = policy_answer(s->result, s->policy).line;

    return line > 0 ? region_printf(s->region, "%d", line) : NULL;
}

static const char *csv_key(const struct story *s)
{
    return policy_answer(s->result, s->policy).key;
}

static const char *csv_value(const struct story *s)
{
    return policy_answer(s->result, s->policy).value;
}

static const char *csv_remedy(const struct story *s)
{
    return s->result->verdict != VERDICT_DELIVER ? story_remedy(s).text : NULL;
}

static const char *csv_paste(const struct story *s)
{
    return s->result->verdict != VERDICT_DELIVER ? story_remedy(s).paste : NULL;
}

static const char *csv_expiry(const struct story *s)
{
    int64_t when;
    char    text[UTC_TEXT_MAX];

    if (!result_expiry(s->report, s->result, &when))
        return NULL;
    utc_to_text(when, text);
    return region_text(s->region, text);
}

static const char *csv_days(const struct story *s)
{
    int64_t when;

    if (!result_expiry(s->report, s->result, &when))
        return NULL;
    return region_printf(s->region, "%lld", (long long)days_left(s->report, when));
}

static const char *csv_findings(const struct story *s)
{
    const struct finding *finding;
    const char           *text = "";

    for (finding = s->result->findings.first; finding != NULL; finding = finding->next)
        text = region_printf(s->region, "%s%s%s", text, text[0] != '\0' ? " " : "", finding->code);
    return text;
}

static const char *csv_proposed(const struct story *s)
{
    return s->report->proposed != NULL ? verdict_word(s->result->proposed->verdict) : NULL;
}

static const char *csv_change(const struct story *s)
{
    return s->report->proposed != NULL ? change_word(change_of_proposed(s->report, s->result)) : NULL;
}

static const char *csv_follows(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? mechanism_word(published->follows) : NULL;
}

static const char *csv_dane(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? dane_state_word(published->dane.state) : NULL;
}

static const char *verdict_if(const struct as_if *as_if)
{
    return as_if->judged ? verdict_word(as_if->verdict) : NULL;
}

static const char *csv_dane_verdict(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? verdict_if(&published->dane.as_if) : NULL;
}

static const char *csv_sts(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? sts_state_word(published->sts.state) : NULL;
}

static const char *csv_sts_reason(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? published->sts.reason : NULL;
}

static const char *csv_sts_id(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? published->sts.id : NULL;
}

static const char *csv_sts_verdict(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? verdict_if(&published->sts.as_if) : NULL;
}

static const char *csv_tlsrpt(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? tlsrpt_state_word(published->tlsrpt.state) : NULL;
}

static const char *csv_published_line(const struct story *s)
{
    const struct published *published = result_published(s->result);

    return published != NULL ? published->line : NULL;
}

static const char *csv_configured(const struct story *s)
{
    return s->result->configured != NULL ? verdict_word(s->result->configured->verdict) : NULL;
}

static const char *csv_number(const struct story *s, int64_t number)
{
    return region_printf(s->region, "%lld", (long long)number);
}

static const char *csv_share(const struct story *s, const struct weight *weight)
{
    return weight != NULL && !isnan(weight->share) ? region_printf(s->region, "%.6f", weight->share) : NULL;
}

static const struct weight *entry_weight(const struct story *s)
{
    return s->report->mail != NULL && s->result->entry != NULL ? &s->result->entry->weight : NULL;
}

static const char *csv_mail_share(const struct story *s)
{
    return csv_share(s, s->result->weight);
}

static const char *csv_deliveries(const struct story *s)
{
    return s->result->weight != NULL ? csv_number(s, s->result->weight->deliveries) : NULL;
}

static const char *csv_deferrals(const struct story *s)
{
    return s->result->weight != NULL ? csv_number(s, s->result->weight->deferrals) : NULL;
}

static const char *csv_bounces(const struct story *s)
{
    return s->result->weight != NULL ? csv_number(s, s->result->weight->bounces) : NULL;
}

static const char *csv_waiting(const struct story *s)
{
    return s->result->weight != NULL && s->result->weight->waiting >= 0 ? csv_number(s, s->result->weight->waiting) : NULL;
}

static const char *csv_entry_share(const struct story *s)
{
    return csv_share(s, entry_weight(s));
}

static const char *csv_entry_waiting(const struct story *s)
{
    const struct weight *weight = entry_weight(s);

    return weight != NULL && weight->waiting >= 0 ? csv_number(s, weight->waiting) : NULL;
}

static const struct {
    const char *name;
    const char *(*cell)(const struct story *);   /* NULL: empty */
} columns[] = {
    { "destination", csv_destination },
    { "verdict", csv_verdict },
    { "best", csv_best },
    { "worst", csv_worst },
    { "certain", csv_certain },
    { "transport", csv_transport },
    { "nexthop", csv_nexthop },
    { "status", csv_status },
    { "dsn", csv_dsn },
    { "relay", csv_relay },
    { "tls", csv_tls },
    { "level", csv_level },
    { "effective_level", csv_effective_level },
    { "reason", csv_reason },
    { "result_type", csv_result_type },
    { "why", story_why },
    { "remedy", csv_remedy },
    { "paste", csv_paste },
    { "policy_source", csv_source },
    { "policy_file", csv_file },
    { "policy_line", csv_line },
    { "policy_key", csv_key },
    { "policy_value", csv_value },
    { "certificate_not_after", csv_expiry },
    { "certificate_days", csv_days },
    { "findings", csv_findings },
    { "proposed_verdict", csv_proposed },
    { "change", csv_change },
    { "follows", csv_follows },
    { "dane", csv_dane },
    { "dane_verdict", csv_dane_verdict },
    { "mta_sts", csv_sts },
    { "mta_sts_reason", csv_sts_reason },
    { "mta_sts_id", csv_sts_id },
    { "mta_sts_verdict", csv_sts_verdict },
    { "tlsrpt", csv_tlsrpt },
    { "published_line", csv_published_line },
    { "configured_verdict", csv_configured },
    { "mail_share", csv_mail_share },
    { "mail_deliveries", csv_deliveries },
    { "mail_deferrals", csv_deferrals },
    { "mail_bounces", csv_bounces },
    { "mail_waiting", csv_waiting },
    { "entry_share", csv_entry_share },
    { "entry_waiting", csv_entry_waiting },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* A spreadsheet takes a cell that begins so for a formula; in East Asian settings the wide forms too. */
static bool is_formula(struct slice text)
{
    static const uint32_t starts[] = { '=', '+', '-', '@', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
    uint32_t code = 0;
    size_t   i;

    if (utf8_decode(text, &code) == 0)
        return false;
    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (starts[i] == code)
            return true;
    return false;
}

/* A number that we wrote is one. */
static bool is_number(struct slice text)
{
    unsigned long value;

    return slice_to_number(text.n > 1 && text.p[0] == '-' ? slice_from_index(text, 1) : text, (unsigned long)INT64_MAX, &value);
}

/* Always in quotes, so that no separator of any locale ends it; an apostrophe before what would be a formula. */
static void add_cell(struct buf *line, struct region *region, const char *text)
{
    struct slice rest = slice_of(escape_text(region, text));

    if (is_number(rest)) {
        buf_add_slice(line, rest);
        return;
    }
    buf_add_text(line, is_formula(rest) ? "\"'" : "\"");
    for (; rest.n > 0; rest = slice_from_index(rest, 1)) {
        buf_add_text(line, rest.p[0] == '"' ? "\"" : "");
        buf_add_char(line, rest.p[0]);
    }
    buf_add_char(line, '"');
}

static bool put_line(const struct sink *sink, struct buf *line)
{
    bool good = buf_add_text(line, "\r\n") && !line->overflow && sink_write(sink, buf_slice(line));

    buf_empty(line);
    return good;
}

static bool put_heading(const struct sink *sink, struct buf *line)
{
    size_t i;

    for (i = 0; i < COLUMN_COUNT; i++)
        buf_printf(line, "%s%s", i > 0 ? "," : "", columns[i].name);
    return put_line(sink, line);
}

static bool put_row(const struct sink *sink, struct buf *line, const struct report *report, const struct result *result)
{
    struct region *region = region_new();
    struct story   story;
    size_t         i;

    story_find(&story, region, report, result);
    for (i = 0; i < COLUMN_COUNT; i++) {
        const char *text = columns[i].cell(&story);

        buf_add_text(line, i > 0 ? "," : "");
        if (text != NULL)
            add_cell(line, region, text);
    }
    region_free(region);
    return put_line(sink, line);
}

bool report_csv_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct buf line;
    size_t     i;
    bool       good;

    (void)options;
    buf_init(&line, (size_t)1 << 28);
    good = put_heading(sink, &line);
    for (i = 0; good && i < report->count; i++)
        good = put_row(sink, &line, report, report->results[i]);
    buf_clear(&line);
    return good;
}
