/* The report as numbers, for a collector that reads text files (OpenMetrics; Prometheus reads it too, so there are gauges
 * only). The series that do not name a destination are always all there: a count that is 0 is written as 0. */
#include <math.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/expiry.h"
#include "reports/mail.h"
#include "reports/protection.h"
#include "reports/story.h"
#include "reports/writers.h"
#include "scanner/base/dict.h"

/* So many destinations have series of their own, the worst first; the counts are of all. */
#define DESTINATIONS_MAX 1000

struct metrics {
    const struct report  *report;
    const struct sink    *sink;
    struct region        *region;
    const struct result **shown;   /* the worst first */
    size_t                shown_count;
    int64_t               last_success;
    bool                  good;
};

static void put_family(struct metrics *m, const char *name, const char *help)
{
    m->good = m->good && sink_printf(m->sink, "# TYPE posttls_audit_%s gauge\n# HELP posttls_audit_%s %s\n", name, name, help);
}

/* labels: "" or "a=\"b\",c=\"d\"". */
static void put_sample(struct metrics *m, const char *name, const char *labels, int64_t value)
{
    m->good = m->good && sink_printf(m->sink, "posttls_audit_%s%s%s%s %lld\n", name, labels[0] != '\0' ? "{" : "", labels,
                                     labels[0] != '\0' ? "}" : "", (long long)value);
}

static const char *label(struct region *region, const char *name, const char *value)
{
    struct slice rest = slice_of(escape_text(region, value));
    struct buf   buf;
    const char  *text;

    buf_init(&buf, 2 * rest.n + strlen(name) + 4);
    buf_printf(&buf, "%s=\"", name);
    for (; rest.n > 0; rest = slice_from_index(rest, 1)) {
        buf_add_text(&buf, rest.p[0] == '"' || rest.p[0] == '\\' ? "\\" : "");
        buf_add_char(&buf, rest.p[0]);
    }
    buf_add_char(&buf, '"');
    text = region_text(region, buf_text(&buf));
    buf_clear(&buf);
    return text;
}

static void put_run(struct metrics *m, const char *name, const char *help)
{
    const struct report *report = m->report;

    const char          *labels = region_printf(m->region, "%s,%s", label(m->region, "version", report_program_version(report)),
                                                label(m->region, "postfix", report_postfix_version(m->region, report)));

    put_family(m, name, help);
    if (report->as.mechanism != MECHANISM_NONE)
        labels = region_printf(m->region, "%s,%s", labels, label(m->region, "as", mechanism_word(report->as.mechanism)));
    put_sample(m, name, labels, 1);
}

static void put_started(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", m->report->started);
}

static void put_finished(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", m->report->finished);
}

static void put_duration(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", m->report->finished - m->report->started);
}

static void put_complete(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", m->report->complete ? 1 : 0);
}

static void put_last_success(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", report_has_seen(m->report) ? m->report->finished : m->last_success);
}

static void put_verdicts(struct metrics *m, const char *name, const char *help)
{
    int verdict;

    put_family(m, name, help);
    for (verdict = VERDICT_DELIVER; verdict <= VERDICT_UNKNOWN; verdict++)
        put_sample(m, name, label(m->region, "verdict", verdict_word((enum verdict)verdict)),
                   (int64_t)m->report->counts.by_verdict[verdict]);
}

static void put_reasons(struct metrics *m, const char *name, const char *help)
{
    size_t counts[REASON_COUNT] = { 0 }, i;

    for (i = 0; i < m->report->count; i++)
        counts[m->report->results[i]->forecast.reason]++;
    put_family(m, name, help);
    for (i = 0; i < REASON_COUNT; i++) {
        const char *type = reason_rfc8460((enum reason)i);

        put_sample(m, name, region_printf(m->region, "%s,%s", label(m->region, "reason", reason_code((enum reason)i)),
                                          label(m->region, "result_type", type != NULL ? type : "")), (int64_t)counts[i]);
    }
}

static void count_findings(const struct findings *findings, int64_t counts[SEVERITY_CRITICAL + 1])
{
    const struct finding *finding;

    for (finding = findings->first; finding != NULL; finding = finding->next)
        counts[finding->severity]++;
}

static void put_findings(struct metrics *m, const char *name, const char *help)
{
    static const char *const scopes[] = { "run", "destination" };
    int64_t counts[2][SEVERITY_CRITICAL + 1] = { { 0 } };
    int     severity;
    size_t  i;

    count_findings(&m->report->findings, counts[0]);
    for (i = 0; i < m->report->count; i++)
        count_findings(&m->report->results[i]->findings, counts[1]);
    put_family(m, name, help);
    for (i = 0; i < 2; i++)
        for (severity = SEVERITY_NOTICE; severity <= SEVERITY_CRITICAL; severity++)
            put_sample(m, name, region_printf(m->region, "%s,%s", label(m->region, "scope", scopes[i]),
                                              label(m->region, "severity", severity_word((enum severity)severity))),
                       counts[i][severity]);
}

static void put_expiring(struct metrics *m, const char *name, const char *help)
{
    static const int64_t within[] = { 0, 7, 14, 30 };
    int64_t counts[sizeof(within) / sizeof(within[0])] = { 0 }, when;
    size_t  i, k;

    for (i = 0; i < m->report->count; i++)
        for (k = 0; result_expiry(m->report, m->report->results[i], &when) && k < sizeof(within) / sizeof(within[0]); k++)
            counts[k] += days_left(m->report, when) < within[k];
    put_family(m, name, help);
    for (k = 0; k < sizeof(within) / sizeof(within[0]); k++)
        put_sample(m, name, region_printf(m->region, "within_days=\"%d\"", (int)within[k]), counts[k]);
}

/* How many destinations say so, of those of which it was asked; state: from its first word on, NULL past the last one. */
static void put_states(struct metrics *m, const char *name, const char *label_name, const char *(*word)(size_t),
                       size_t (*state)(const struct published *))
{
    size_t i, k;

    for (k = 0; word(k) != NULL; k++) {
        int64_t count = 0;

        for (i = 0; i < m->report->count; i++) {
            const struct published *published = result_published(m->report->results[i]);

            count += published != NULL && state(published) == k;
        }
        put_sample(m, name, label(m->region, label_name, word(k)), count);
    }
}

static const char *dane_word(size_t i)
{
    return i <= DANE_ALL ? dane_state_word((enum dane_state)i) : NULL;
}

static size_t dane_of(const struct published *published)
{
    return (size_t)published->dane.state;
}

static void put_dane(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_states(m, name, "state", dane_word, dane_of);
}

static const char *sts_word(size_t i)
{
    return i <= STS_ENFORCE ? sts_state_word((enum sts_state)i) : NULL;
}

static size_t sts_of(const struct published *published)
{
    return (size_t)published->sts.state;
}

static void put_sts(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_states(m, name, "state", sts_word, sts_of);
}

static const char *tlsrpt_word(size_t i)
{
    return i <= TLSRPT_VALID ? tlsrpt_state_word((enum tlsrpt_state)i) : NULL;
}

static size_t tlsrpt_of(const struct published *published)
{
    return (size_t)published->tlsrpt.state;
}

static void put_tlsrpt(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_states(m, name, "state", tlsrpt_word, tlsrpt_of);
}

static const char *follows_word(size_t i)
{
    return i <= MECHANISM_STS ? mechanism_word((enum mechanism)i) : NULL;
}

static size_t follows_of(const struct published *published)
{
    return (size_t)published->follows;
}

static void put_follows(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_states(m, name, "mechanism", follows_word, follows_of);
}

static void put_left_out(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_sample(m, name, "", (int64_t)(m->report->count - m->shown_count));
}

static void put_each_verdict(struct metrics *m, const char *name, const char *help)
{
    size_t i;

    put_family(m, name, help);
    for (i = 0; i < m->shown_count; i++)
        put_sample(m, name, label(m->region, "destination", m->shown[i]->destination->text), (int64_t)m->shown[i]->verdict);
}

/* A destination that showed no certificate has a series all the same. */
static void put_each_expiry(struct metrics *m, const char *name, const char *help)
{
    size_t  i;
    int64_t when;

    put_family(m, name, help);
    for (i = 0; i < m->shown_count; i++) {
        const char *who = label(m->region, "destination", m->shown[i]->destination->text);

        if (result_expiry(m->report, m->shown[i], &when))
            put_sample(m, name, who, when);
        else
            m->good = m->good && sink_printf(m->sink, "posttls_audit_%s{%s} NaN\n", name, who);
    }
}

static void put_unused(struct metrics *m, const char *name, const char *help)
{
    const struct mail_account *mail = m->report->mail;
    int64_t                    unused = 0;

    for (size_t i = 0; mail != NULL && i < mail->count; i++)
        unused += mail_entry_is_unused(mail, &mail->entries[i]);
    put_family(m, name, help);
    put_sample(m, name, "", unused);
}

static const char *entry_labels(struct metrics *m, const struct mail_entry *entry)
{
    return region_printf(m->region, "%s,%s",
                         label(m->region, "place", entry->file != NULL ? file_place(m->region, entry->file, entry->line)
                                                   : entry->table != NULL ? entry->table : ""),
                         label(m->region, "entry", entry->key != NULL ? entry->key : entry->parameter));
}

/* The entries that guard mail, the heaviest first, each label once. */
static void put_entries(struct metrics *m, const char *name, void (*put)(struct metrics *, const char *, const char *,
                                                                         const struct weight *))
{
    const struct mail_entry **sorted = m->report->mail != NULL ? mail_by_weight(m->region, m->report->mail) : NULL;
    struct dict              *seen = dict_new();
    size_t                    i;

    for (i = 0; sorted != NULL && i < m->report->mail->count && dict_count(seen) < DESTINATIONS_MAX; i++) {
        const char *labels = entry_labels(m, sorted[i]);

        if (sorted[i]->destinations > 0 && dict_put(seen, slice_of(labels), m))
            put(m, name, labels, &sorted[i]->weight);
    }
    dict_free(seen);
}

static void put_ratio(struct metrics *m, const char *name, const char *labels, const struct weight *weight)
{
    if (m->report->mail->has_log)
        m->good = m->good && sink_printf(m->sink, "posttls_audit_%s{%s} %.6f\n", name, labels,
                                         isnan(weight->share) ? 0 : weight->share);
}

static void put_waiting(struct metrics *m, const char *name, const char *labels, const struct weight *weight)
{
    if (weight->waiting >= 0)
        put_sample(m, name, labels, weight->waiting);
}

static void put_each_ratio(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_entries(m, name, put_ratio);
}

static void put_each_waiting(struct metrics *m, const char *name, const char *help)
{
    put_family(m, name, help);
    put_entries(m, name, put_waiting);
}

static const struct {
    void (*put)(struct metrics *, const char *name, const char *help);
    const char *name, *help;
} families[] = {
    { put_run, "info", "The release that scanned, and the Postfix it judged for." },
    { put_started, "run_started_timestamp_seconds", "When the run started." },
    { put_finished, "run_finished_timestamp_seconds", "When the run ended." },
    { put_duration, "run_duration_seconds", "How long the run took." },
    { put_complete, "run_complete", "1 when the run was not cut short." },
    { put_last_success, "last_success_timestamp_seconds", "When a run was last complete and could see; 0 when that is not known." },
    { put_verdicts, "destinations", "Destinations by verdict." },
    { put_reasons, "reasons", "Destinations by the reason of their forecast, with the result type of RFC 8460." },
    { put_findings, "findings", "Findings of the run, and of all destinations." },
    { put_expiring, "certificates_expiring", "Destinations of which a host's certificate ends within so many days." },
    { put_dane, "destinations_dane", "Destinations by how many of their hosts have secure TLSA records, of those asked." },
    { put_sts, "destinations_mta_sts", "Destinations by the MTA-STS policy of their domain, of those asked." },
    { put_tlsrpt, "destinations_tlsrpt", "Destinations by the TLS reporting record of their domain, of those asked." },
    { put_follows, "destinations_follow", "Destinations by what decides about them here, of those asked." },
    { put_left_out, "destinations_without_series", "Destinations beyond the limit of those that have series of their own." },
    { put_each_verdict, "destination_verdict", "0 deliver, 1 downgrade, 2 defer, 3 bounce, 4 unknown." },
    { put_each_expiry, "destination_certificate_expiry_timestamp_seconds", "When the first certificate of its hosts ends." },
    { put_unused, "entries_unused", "Table entries that no mail in the logs goes by." },
    { put_each_ratio, "entry_mail_ratio", "The part of all deliveries in the logs that goes by a table entry." },
    { put_each_waiting, "entry_messages_waiting", "Messages in the queue that go by a table entry." },
};

/* The worst of them, each label once: texts that differ in what no label can hold would be one series twice, which readers
 * refuse together with everything else in the file. */
static void choose_shown(struct metrics *m)
{
    const struct result **sorted = report_worst_first(m->region, m->report);
    struct dict          *seen = dict_new();
    size_t                i;

    m->shown = region_array(m->region, DESTINATIONS_MAX, sizeof(*m->shown));
    for (i = 0; i < m->report->count && m->shown_count < DESTINATIONS_MAX; i++)
        if (dict_put(seen, slice_of(label(m->region, "destination", sorted[i]->destination->text)), m))
            m->shown[m->shown_count++] = sorted[i];
    dict_free(seen);
}

bool report_metrics_write(const struct report *report, const struct report_options *options, const struct sink *sink)
{
    struct metrics m = { .report = report, .sink = sink, .region = region_new(), .good = true,
                         .last_success = options->last_success };
    size_t         i;

    choose_shown(&m);
    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        families[i].put(&m, families[i].name, families[i].help);
    m.good = m.good && sink_text(sink, "# EOF\n");
    region_free(m.region);
    return m.good;
}
