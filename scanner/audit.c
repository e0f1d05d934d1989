#include "scanner/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probes/confine.h"
#include "probes/wire/x509_facts.h"
#include "scanner/advising.h"
#include "scanner/config/parameters.h"
#include "scanner/events.h"
#include "scanner/exclusion.h"
#include "scanner/interrupt.h"
#include "scanner/load.h"
#include "scanner/mail_account.h"
#include "scanner/purpose.h"
#include "scanner/streaming.h"

/* Of --deadline, one part in so many is kept free of tables, up to so much. */
#define TABLES_SHARE       20
#define TABLES_SECONDS_MAX 30.0

/* By then the tables are not asked any more: there must be time left to judge without them, and to write. */
static double tables_end(const struct audit *audit)
{
    double whole = (double)audit->options->deadline, kept = whole / TABLES_SHARE;

    if (whole == 0)
        return 0;
    return (double)audit->began_ms / 1000 + whole - (kept < TABLES_SECONDS_MAX ? kept : TABLES_SECONDS_MAX);
}

/* The overrides of the configuration as it is count for the proposed one too, unless that one has its own. */
static bool load_proposed(struct audit *audit, struct error *err)
{
    const struct options *options = audit->options;
    size_t                i, n = 0, count = options->overrides.count + options->proposed_overrides.count;
    const char          **overrides = region_array(audit->region, count + 1, sizeof(*overrides));
    struct load_request   request = { options->proposed != NULL ? options->proposed : options->config_dir, overrides, count,
                                      options->proposed_version != NULL ? options->proposed_version
                                                                        : options->postfix_version,
                                      options->proposed_version != NULL ? "--proposed-version" : NULL,
                                      options->mta_sts, tables_end(audit) };

    if (options->proposed == NULL && options->proposed_overrides.count == 0 && options->proposed_version == NULL)
        return true;
    for (i = 0; i < options->overrides.count; i++)
        overrides[n++] = options->overrides.items[i];
    for (i = 0; i < options->proposed_overrides.count; i++)
        overrides[n++] = options->proposed_overrides.items[i];
    audit->proposed_config = load_config(audit->region, &request, err);
    return audit->proposed_config != NULL;
}

static bool history_wanted_for(const struct options *options, const char *option, struct error *err)
{
    if (options->history != NULL)
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--%s: past runs are to be compared with, and no --history is named", option);
    error_fix(err, "add --history FILE");
    return false;
}

static bool dry_run_agrees(const struct options *options, struct error *err)
{
    if (!options->dry_run || options->output_count == 0)
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--dry-run with --%s: a dry run writes no report", options->outputs[0].format);
    error_fix(err, "leave --%s away: the plan goes to standard output", options->outputs[0].format);
    return false;
}

/* Another configuration, and another rule for this one, would be two changes at once; and what would be is no history. */
static bool mechanism_agrees(const struct options *options, struct error *err)
{
    const char *other = options->proposed != NULL               ? "proposed"
                        : options->proposed_overrides.count > 0 ? "proposed-override"
                        : options->proposed_version != NULL     ? "proposed-version"
                        : options->history != NULL              ? "history"
                                                                : NULL;

    if (options->as == MECHANISM_NONE || other == NULL)
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--as with --%s: the verdicts are those of no configuration", other);
    error_fix(err, "run them apart");
    return false;
}

/* What can be told before anything is read. */
static bool options_agree(const struct options *options, struct error *err)
{
    return dry_run_agrees(options, err) && mechanism_agrees(options, err) &&
           (!options->changes_only || history_wanted_for(options, "changes-only", err)) &&
           (options->runs == 0 || history_wanted_for(options, "runs", err)) &&
           (options->confirm == 0 || history_wanted_for(options, "confirm", err));
}

/* Such a parameter would change nothing, and be taken for harmless. */
static void warn_of_misspelt(struct region *region, const char *option, const struct option_list *overrides)
{
    struct version since;

    for (size_t i = 0; i < overrides->count; i++) {
        const char *text = overrides->items[i], *nearest;
        const char *name = region_slice(region, slice_trim(slice_from(text, strcspn(text, "="))));

        if (parameter_since(name, &since) || (nearest = parameter_nearest(region, name)) == NULL)
            continue;
        fprintf(stderr, "posttls-audit: %s %s: no parameter of Postfix; did you mean %s?\n", option, name, nearest);
    }
}

bool audit_init(struct audit *audit, struct region *region, const struct options *options, struct error *err)
{
    struct load_request request = { options->config_dir, options->overrides.items, options->overrides.count,
                                    options->postfix_version, NULL,
                                    options->mta_sts || options->as != MECHANISM_NONE, 0 };

    memset(audit, 0, sizeof(*audit));
    audit->began_ms = loop_now_ms(NULL);
    audit->region = region;
    audit->options = options;
    request.deadline = tables_end(audit);
    if (!options_agree(options, err))
        return false;
    audit->config = load_config(region, &request, err);
    if (audit->config == NULL || !load_proposed(audit, err))
        return false;
    warn_of_misspelt(region, "--override", &options->overrides);
    warn_of_misspelt(region, "--proposed-override", &options->proposed_overrides);
    audit->facts = facts_new();
    facts_fill_certs_with(audit->facts, x509_facts_fill);
    audit->trust = trust_new();
    audit->proposed_trust = audit->proposed_config != NULL ? trust_new() : NULL;
    return true;
}

void audit_clear(struct audit *audit)
{
    outputs_abandon(&audit->outputs);
    output_abandon(audit->facts_output);
    run_outcome_clear(&audit->outcome);
    history_close(audit->history);
    journal_close(audit->journal, false);
    maillog_free(audit->mail);
    trial_free(audit->trial);
    trust_free(audit->trust);
    trust_free(audit->proposed_trust);
    facts_free(audit->facts);
}

bool audit_open_outputs(struct audit *audit, bool with_reports, struct error *err)
{
    const struct options *options = audit->options;

    if (options->syslog)
        output_outlives_readers();
    if (options->save_facts != NULL && (audit->facts_output = output_open(options->save_facts, err)) == NULL)
        return false;
    return !with_reports || outputs_open(&audit->outputs, options, err);
}

static const char *resolver_text(struct region *region, const struct dns_setup *dns)
{
    char text[ADDRESS_TEXT_MAX];

    address_to_text(&dns->resolvers[0].address, text);
    return region_printf(region, strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u", text, dns->resolvers[0].port);
}

/* ADDR, ADDR:PORT, [ADDR]:PORT. */
static bool parse_resolver(const char *text, struct resolver_address *resolver)
{
    struct slice  all = slice_of(text), host = all, port = { NULL, 0 };
    unsigned long number = 53;
    size_t        close = slice_find(all, ']');

    if (all.n > 0 && all.p[0] == '[' && close < all.n) {
        host = slice_from(all.p + 1, close - 1);
        port = slice_from_index(all, close + 1);
    } else if (slice_find(all, ':') == slice_find_last(all, ':') && slice_find(all, ':') < all.n) {
        host = slice_head(all, slice_find(all, ':'));
        port = slice_from_index(all, slice_find(all, ':'));
    }
    if (port.n > 0 && (port.p[0] != ':' || !slice_to_number(slice_from_index(port, 1), 65535, &number) || number == 0))
        return false;
    *resolver = (struct resolver_address){ .port = (uint16_t)number };
    return address_parse(&resolver->address, host);
}

static bool find_resolver(struct audit *audit, struct resolv_conf *conf, struct error *err)
{
    const char *wish = audit->options->resolver;

    if (!resolv_conf_read(RESOLV_CONF_FILE, conf, err))
        return false;
    if (wish == NULL)
        return true;
    conf->dns.count = 1;
    if (parse_resolver(wish, &conf->dns.resolvers[0]))
        return true;
    error_set(err, EXIT_USAGE_ERROR, "--resolver %s: not an address", wish);
    error_fix(err, "write 127.0.0.1, 192.0.2.53:5353 or [2001:db8::53]:53");
    return false;
}

static struct run_request request_of(struct audit *audit, int64_t when)
{
    return (struct run_request){ .sides = { { audit->config, audit->trust, &audit->destinations },
                                            { audit->proposed_config, audit->proposed_trust, &audit->proposed_destinations } },
                                 .side_count = audit->proposed_config != NULL ? 2 : 1,
                                 .options = audit->options,
                                 .keep_results = true,
                                 .advise = audit->options->advise,
                                 .advice_scope = audit->advice_scope,
                                 .when = audit->options->has_at ? audit->options->at : when };
}

bool audit_read_mail(struct audit *audit, struct error *err)
{
    const struct options *options = audit->options;
    size_t                i;

    if (options->logs.count == 0 && !options->from_queue)
        return true;
    audit->mail = maillog_new();
    maillog_tell_apart(audit->mail, mail_addresses_apart(audit->region, audit->config));
    for (i = 0; i < options->logs.count; i++)
        if (!maillog_read(audit->mail, options->logs.items[i], err))
            return false;
    if (options->logs.count > 0 && maillog_count(audit->mail) == 0)
        fprintf(stderr, "posttls-audit: --from-log: no log has a delivery by Postfix's SMTP or LMTP client\n");
    return !options->from_queue || maillog_read_queue(audit->mail, options->config_dir, err);
}

void audit_add_proposed_destinations(struct audit *audit)
{
    struct findings ignored = { 0 };
    struct error    err;

    if (audit->proposed_config == NULL)
        return;
    if (audit->destinations.from_configuration)
        destinations_collect(audit->region, &audit->proposed_destinations, audit->proposed_config, audit->options, audit->mail,
                             &ignored, &err);
    destinations_align(audit->region, &audit->destinations, audit->config, &audit->proposed_destinations,
                       audit->proposed_config);
}

static bool leaves_by_smtp(const struct result *result)
{
    return result->route == NULL || result->route->kind != ROUTE_OTHER;
}

bool audit_is_shown(const struct audit *audit, const struct result *result)
{
    return !audit->destinations.from_configuration || leaves_by_smtp(result) ||
           (result->proposed != NULL && leaves_by_smtp(result->proposed));
}

static void find_of_whole(struct audit *audit, struct report *report, struct config *config, struct trust *trust)
{
    struct view        view = { .facts = audit->facts };
    struct judge_input input = { .config = config, .view = &view, .trust = trust, .sender = audit->options->sender,
                                 .allow = audit->options->allow, .allow_count = audit->options->allow_count,
                                 .when = audit->report.evaluated_at, .horizon_days = (int)audit->options->horizon,
                                 .explain = true, .published = audit->options->mta_sts, .as = audit->options->as };

    report->config = config;
    report->facts = audit->facts;
    judge_configuration(audit->region, &report->findings, &input);
}

static void add_result(struct report *report, const struct result *result, enum local_fault fault)
{
    judge_apply_fault((struct result *)result, fault);
    if (result->configured != NULL)
        judge_apply_fault((struct result *)result->configured, fault);
    report->results[report->count++] = result;
}

/* The parts of the two reports that the outcome gives. */
static void fill_results(struct audit *audit)
{
    struct report   *report = &audit->report;
    enum local_fault fault = judge_surroundings(audit->region, &report->findings, audit->facts);
    size_t           i;

    if (!audit->results_kept)
        return;
    report->results = region_array(audit->region, audit->outcome.count + 1, sizeof(*report->results));
    audit->proposed.results = region_array(audit->region, audit->outcome.count + 1, sizeof(*report->results));
    for (i = 0; i < audit->outcome.count; i++) {
        struct result *result = audit->outcome.results[0][i];

        if (!audit_is_shown(audit, result))
            continue;
        add_result(report, result, fault);
        if (result->proposed != NULL)
            add_result(&audit->proposed, result->proposed, fault);
    }
    report_count(report);
    report_count_as(report, audit->options->as);
    report_count(&audit->proposed);
    if (audit->mail != NULL)
        mail_account_make(audit->region, report, audit->mail);
}

static struct text_list words_of_confinement(struct region *region, unsigned confinement)
{
    struct text_list   list = { region_array(region, 8, sizeof(*list.items)), 0 };
    const struct name *word;

    for (word = confinement_words; word->word != NULL; word++)
        if ((confinement & (unsigned)word->code) != 0)
            list.items[list.count++] = word->word;
    return list;
}

void audit_report(struct audit *audit, int64_t started, int64_t finished, bool complete, const char *resolver)
{
    struct report *report = &audit->report;

    report->started = started;
    report->finished = finished;
    report->complete = complete;
    report->cut_short_by = audit->outcome.ended_why;
    report->journal = complete ? NULL : audit->options->resume;
    report->resolver = resolver;
    find_of_whole(audit, report, audit->config, audit->trust);
    if (audit->proposed_config != NULL) {
        audit->proposed = (struct report){ .started = started, .finished = finished, .complete = complete,
                                           .resolver = resolver, .evaluated_at = report->evaluated_at };
        find_of_whole(audit, &audit->proposed, audit->proposed_config, audit->proposed_trust);
        report->proposed = &audit->proposed;
    }
    report->sharing = (struct report_sharing){ audit->outcome.questions, audit->outcome.questions_needed,
                                               audit->outcome.conversations, audit->outcome.conversations_needed,
                                               audit->outcome.policies, audit->outcome.policies_needed };
    losses_tell(audit->region, &report->findings, &audit->outcome.lost);
    report->confinement = words_of_confinement(audit->region, audit->outcome.confinement);
    fill_results(audit);
    advising_find(audit);
    if (audit->history == NULL)
        advising_tell(audit);
}

static struct facts_header facts_header_of(const struct audit *audit)
{
    return (struct facts_header){ .started = audit->report.started, .finished = audit->report.finished,
                                  .complete = audit->report.complete, .resolver = audit->report.resolver,
                                  .sharing = audit->report.sharing, .lost = audit->outcome.lost, .allow = audit->options->allow,
                                  .allow_count = audit->options->allow_count };
}

/* In the files that tell what was observed. */
static void keep_destinations(struct audit *audit)
{
    struct facts_header header = facts_header_of(audit);
    struct sink         sink;
    size_t              i;

    if (audit->facts_streamed) {
        sink = output_sink(audit->facts_output);
        facts_file_begin(&header, &sink);
    }
    for (i = 0; i < audit->destinations.count; i++) {
        const char *text = audit->destinations.items[i].text;

        if (audit->facts_streamed)
            facts_file_add_destination(text, &sink);
        else if (audit->facts_output != NULL)
            facts_add_destination(audit->facts, text);
        if (audit->journal != NULL)
            journal_destination(audit->journal, text);
    }
}

bool audit_run(struct audit *audit, struct error *err)
{
    struct resolv_conf conf;
    int64_t            began = time(NULL);
    int64_t            started = audit->journal != NULL ? audit->resumed.started : began;
    struct run_request request = request_of(audit, started);

    interrupt_catch();
    request.resolvers = &conf;
    request.began_ms = audit->began_ms;
    request.journal = audit->journal;
    request.resumed = audit->resumed;
    request.exclusion = exclusion_read(audit->region, audit->options->exclude, err);
    if (request.exclusion == NULL || !find_resolver(audit, &conf, err))
        return false;
    audit->report.evaluated_at = request.when;
    audit->report.started = started;
    audit->report.resolver = resolver_text(audit->region, &conf.dns);
    audit->report.config = audit->config;
    audit->report.facts = audit->facts;
    streaming_set(audit, &request);
    keep_destinations(audit);
    if (!run_scan(audit->region, &request, audit->facts, &audit->outcome, err))
        return false;
    /* By the clock that nobody sets, lest a run end before it began. */
    audit_report(audit, started, began + (loop_now_ms(NULL) - audit->began_ms) / 1000, audit->outcome.complete,
                 audit->report.resolver);
    return true;
}

void audit_replay(struct audit *audit, bool ask_tables, int64_t evaluated_at)
{
    struct run_request request = request_of(audit, evaluated_at);

    audit->report.evaluated_at = request.when;
    audit->replayed = audit->results_kept = true;
    run_offline(audit->region, &request, audit->facts, ask_tables, &audit->outcome);
}

bool audit_open_history(struct audit *audit, struct error *err)
{
    const struct options *options = audit->options;

    if (options->changes_only && audit->proposed_config != NULL) {
        error_set(err, EXIT_USAGE_ERROR, "--changes-only and --proposed tell different changes");
        error_fix(err, "run them apart");
        return false;
    }
    if (options->history == NULL || options->dry_run)
        return true;
    audit->history = history_open(options->history, HISTORY_RECORD, err);
    return audit->history != NULL;
}

bool audit_open_journal(struct audit *audit, struct error *err)
{
    const struct options *options = audit->options;
    struct facts_header   header = { .started = time(NULL), .allow = options->allow, .allow_count = options->allow_count,
                                     .begun_for = purpose_words(audit->region, audit->config->dir, options) };

    if (options->resume == NULL || options->dry_run)
        return true;
    audit->journal = journal_open(options->resume, &header, audit->facts, &audit->resumed, err);
    if (audit->journal != NULL && audit->resumed.too_old && !options->quiet)
        fprintf(stderr, "posttls-audit: %s: the run it is of began more than %d hours ago; this one begins anew\n",
                options->resume, JOURNAL_AGE_MAX / 3600);
    return audit->journal != NULL;
}

static void tell_how_to_go_on(const struct audit *audit)
{
    const struct run_outcome *outcome = &audit->outcome;

    if (!outcome->complete && !audit->options->quiet)
        fprintf(stderr, "posttls-audit: %s: %zu of %zu destinations judged; the same command goes on from %s\n",
                outcome->ended_why, outcome->judged, outcome->count, audit->options->resume);
}

/* A complete run whose reports are kept needs it no more. */
static bool close_journal(struct audit *audit, bool kept, struct error *err)
{
    struct error why;
    bool         whole = audit->journal == NULL || journal_is_whole(audit->journal, &why);

    journal_close(audit->journal, kept && audit->report.complete);
    if (audit->journal != NULL && whole)
        tell_how_to_go_on(audit);
    audit->journal = NULL;
    if (kept && !whole)
        *err = why;
    return kept && whole;
}

/* Runs that look at the same destinations have the same selection. A list in a file is the same list when it changes. */
static const char *selection_of(struct audit *audit)
{
    const struct options *options = audit->options;
    struct buf            buf;
    const char           *text;
    size_t                i;

    buf_init(&buf, (size_t)64 << 20);
    buf_printf(&buf, "%s", audit->config->dir);
    if (options->file != NULL)
        buf_printf(&buf, " file %s", options->file);
    for (i = 0; !audit->replayed && i < options->arguments.count; i++)
        buf_printf(&buf, " %s", options->arguments.items[i]);
    text = region_text(audit->region, buf_text(&buf));
    buf_clear(&buf);
    return text;
}

bool audit_record(struct audit *audit, struct error *err)
{
    struct history_rules rules = { audit->options->confirm, audit->options->runs, NULL };

    if (audit->history == NULL)
        return true;
    /* Who gets mail today is no selection: nobody vanishes who gets none. */
    rules.selection = audit->mail == NULL ? selection_of(audit) : NULL;
    if (!history_record(audit->history, audit->region, &audit->report, &rules, &audit->news, err))
        return false;
    audit->report.news = &audit->news;
    audit->report.news_only = audit->options->changes_only;
    advising_tell(audit);
    return history_trend(audit->history, audit->region, rules.selection, &audit->report, err);
}

static bool save_facts(struct audit *audit, struct error *err)
{
    struct facts_header header = facts_header_of(audit);
    struct output      *output = audit->facts_output;
    struct sink         sink;

    if (output == NULL)
        return true;
    audit->facts_output = NULL;
    sink = output_sink(output);
    if (!audit->facts_streamed)
        facts_file_write(&header, audit->facts, &sink);
    else if (facts_file_add_kept(audit->facts, &sink) && output_rewind(output))
        facts_file_end(&header, &sink);
    return output_commit(output, err);
}

bool audit_write(struct audit *audit, struct error *err)
{
    struct error why;
    bool         saved = save_facts(audit, err);
    bool         written = outputs_write(&audit->outputs, &audit->report, audit->options, &why);

    if (saved && !written)
        *err = why;
    if (audit->options->syslog)
        events_log(&audit->report);
    return close_journal(audit, saved && written && (audit->history == NULL || history_commit(audit->history, err)), err);
}

int audit_status(const struct audit *audit)
{
    return report_status(&audit->report, audit->options->fail_on);
}
