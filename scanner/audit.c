#include "scanner/audit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "scanner/exclusion.h"
#include "scanner/load.h"

bool audit_init(struct audit *audit, struct region *region, const struct options *options, struct error *err)
{
    struct load_request request = { options->config_dir, options->overrides.items, options->overrides.count,
                                    options->postfix_version };

    memset(audit, 0, sizeof(*audit));
    audit->region = region;
    audit->options = options;
    audit->config = load_config(region, &request, err);
    if (audit->config == NULL)
        return false;
    audit->facts = facts_new();
    audit->trust = trust_new();
    return true;
}

void audit_clear(struct audit *audit)
{
    size_t i;

    for (i = 0; i < audit->output_count; i++)
        output_abandon(audit->outputs[i]);
    output_abandon(audit->facts_output);
    run_outcome_clear(&audit->outcome);
    trust_free(audit->trust);
    facts_free(audit->facts);
}

static bool open_one(struct audit *audit, const char *format, const char *file, struct error *err)
{
    size_t i = audit->output_count;

    audit->formats[i] = format_find(format);
    audit->outputs[i] = output_open(file, err);
    if (audit->outputs[i] == NULL)
        return false;
    audit->output_count++;
    return true;
}

bool audit_open_outputs(struct audit *audit, bool with_reports, struct error *err)
{
    const struct options *options = audit->options;
    bool                  taken = options->quiet;
    size_t                i;

    if (options->save_facts != NULL && (audit->facts_output = output_open(options->save_facts, err)) == NULL)
        return false;
    if (!with_reports)
        return true;
    for (i = 0; i < options->output_count; i++) {
        taken |= strcmp(options->outputs[i].file, "-") == 0 || strcmp(options->outputs[i].format, "text") == 0;
        if (!open_one(audit, options->outputs[i].format, options->outputs[i].file, err))
            return false;
    }
    return taken || open_one(audit, "text", "-", err);
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
    return (struct run_request){ .config = audit->config, .options = audit->options, .destinations = &audit->destinations,
                                 .trust = audit->trust, .when = audit->options->has_at ? audit->options->at : when };
}

/* Destinations that never leave by SMTP are told only to who asked for them. */
static bool is_shown(const struct audit *audit, const struct result *result)
{
    return !audit->destinations.from_configuration || result->route == NULL || result->route->kind != ROUTE_OTHER;
}

void audit_report(struct audit *audit, int64_t started, int64_t finished, bool complete, const char *resolver)
{
    struct report       *report = &audit->report;
    struct view          view = { audit->facts, NULL };
    struct judge_input   input = { audit->config, &view, audit->trust, audit->options->sender, audit->options->allow,
                                   audit->options->allow_count, report->evaluated_at, (int)audit->options->horizon, true };
    enum local_fault     fault;
    size_t               i;

    report->started = started;
    report->finished = finished;
    report->complete = complete;
    report->resolver = resolver;
    report->config = audit->config;
    report->facts = audit->facts;
    judge_configuration(audit->region, &report->findings, &input);
    fault = judge_surroundings(audit->region, &report->findings, audit->facts);
    report->results = region_array(audit->region, audit->outcome.count + 1, sizeof(*report->results));
    for (i = 0; i < audit->outcome.count; i++) {
        if (!is_shown(audit, audit->outcome.results[i]))
            continue;
        judge_apply_fault((struct result *)audit->outcome.results[i], fault);
        report->results[report->count++] = audit->outcome.results[i];
    }
    report_count(report);
}

bool audit_run(struct audit *audit, struct error *err)
{
    struct resolv_conf conf;
    int64_t            started = time(NULL);
    struct run_request request = request_of(audit, started);
    bool               complete;
    size_t             i;

    request.resolvers = &conf;
    request.exclusion = exclusion_read(audit->region, audit->options->exclude, err);
    if (request.exclusion == NULL || !find_resolver(audit, &conf, err))
        return false;
    for (i = 0; i < audit->destinations.count; i++)
        facts_add_destination(audit->facts, audit->destinations.items[i].text);
    audit->report.evaluated_at = request.when;
    if (!run_scan(audit->region, &request, audit->facts, &audit->outcome, err))
        return false;
    complete = audit->outcome.complete;
    audit_report(audit, started, time(NULL), complete, resolver_text(audit->region, &conf.dns));
    return true;
}

void audit_replay(struct audit *audit, bool ask_tables, int64_t evaluated_at)
{
    struct run_request request = request_of(audit, evaluated_at);

    audit->report.evaluated_at = request.when;
    run_offline(audit->region, &request, audit->facts, ask_tables, &audit->outcome);
}

static int terminal_width(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

static bool save_facts(struct audit *audit, struct error *err)
{
    struct facts_header header = { audit->report.started, audit->report.finished, audit->report.complete,
                                   audit->report.resolver };
    struct output      *output = audit->facts_output;
    struct sink         sink;

    if (output == NULL)
        return true;
    audit->facts_output = NULL;
    sink = output_sink(output);
    facts_file_write(&header, audit->facts, &sink);
    return output_commit(output, err);
}

bool audit_write(struct audit *audit, struct error *err)
{
    bool   good = save_facts(audit, err);
    size_t i;

    for (i = 0; i < audit->output_count; i++) {
        struct report_options options = { .verbose = audit->options->verbose };
        struct sink           sink = output_sink(audit->outputs[i]);
        struct error          why;

        options.colour = output_is_terminal(audit->outputs[i]);
        options.width = options.colour ? terminal_width() : 0;
        audit->formats[i]->write(&audit->report, &options, &sink);
        if (!output_commit(audit->outputs[i], &why) && good) {
            *err = why;
            good = false;
        }
        audit->outputs[i] = NULL;
    }
    return good;
}

int audit_status(const struct audit *audit)
{
    return exit_status_of(audit->report.counts.by_verdict, audit->options->fail_on, audit->report.complete);
}
