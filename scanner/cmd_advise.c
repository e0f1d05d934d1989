#include <stdio.h>
#include <string.h>

#include "reports/advice_report.h"
#include "reports/story.h"
#include "scanner/audit.h"
#include "scanner/command.h"
#include "scanner/replay.h"
#include "scanner/saved_file.h"

static bool lacks_table(const struct config *config)
{
    const struct service *service = config_service(config, "smtp");

    return service != NULL && service->policy_maps.count == 0;
}

/* A policy table would turn per-site tables off: no line of one is advice. */
static bool takes_lines(const struct config *config, struct error *err)
{
    const struct service *service = config_service(config, "smtp");

    if (service == NULL || service->per_site.count == 0 || service->policy_maps.count > 0)
        return true;
    error_set(err, EXIT_CONFIGURATION, "smtp_tls_per_site is in force; a policy table would turn it off");
    error_fix(err, "see posttls-audit migrate");
    return false;
}

static bool write_document(const struct advice_document *document, struct error *err)
{
    struct output        *output = output_open("-", err);
    struct report_options options = { 0 };
    struct sink           sink;

    if (output == NULL)
        return false;
    options.colour = output_is_terminal(output);
    options.width = output_width(output);
    sink = output_sink(output);
    advice_document_write(document, &options, &sink);
    return output_commit(output, err);
}

/* From a saved report: what it said then. */
static bool advise_from_report(struct region *region, const char *path, struct error *err)
{
    struct advice_document document = { 0 };
    struct report          report;
    struct json           *tree = saved_file_report(region, path, &report, err);
    bool                   good = tree != NULL;

    if (good) {
        document.source = region_printf(region, "the report of %s", time_text(region, report.evaluated_at));
        advice_document_of_report(&document, region, &report);
        good = write_document(&document, err);
    }
    json_free(tree);
    return good;
}

/* From the history alone: what has held in the last runs. */
static bool fill_from_history(struct advice_document *document, struct region *region, struct history *history,
                              const struct options *options, struct error *err)
{
    struct history_advice *advice;
    size_t                 i, count;

    if (!history_advice(history, region, options->runs, &advice, &count, err))
        return false;
    document->items = region_array(region, count + 1, sizeof(*document->items));
    document->runs = options->runs > 0 ? options->runs : ADVICE_RUNS;
    for (i = 0; i < count; i++) {
        const struct history_advice *one = &advice[i];

        if (one->held_back)
            document->held_back++;
        else
            advice_document_add(document, (struct advice_item){ one->destination, one->code, one->text, one->entry, one->line });
    }
    return true;
}

static bool advise_from_history(struct region *region, const struct options *options, struct error *err)
{
    struct advice_document document = { .source = region_printf(region, "the history %s", options->history) };
    struct history        *history = history_open(options->history, HISTORY_READ, err);
    bool good = history != NULL && fill_from_history(&document, region, history, options, err) && write_document(&document, err);

    history_close(history);
    return good;
}

static bool hold_advice(const struct audit *audit, struct error *err)
{
    struct history *history;
    bool            good;

    if (audit->options->history == NULL)
        return true;
    history = history_open(audit->options->history, HISTORY_READ, err);
    good = history != NULL && history_hold_advice(history, audit->region, &audit->report, audit->options->runs, err);
    history_close(history);
    return good;
}

static bool observe(struct audit *audit, struct error *err)
{
    if (audit->options->arguments.count > 0)
        return replay_facts(audit, err);
    return audit_open_outputs(audit, false, err) &&
           destinations_collect(audit->region, &audit->destinations, audit->config, audit->options, NULL,
                                &audit->report.findings, err) &&
           audit_run(audit, err) && audit_write(audit, err);
}

/* From facts: those saved, or else those that a scan finds now. */
static bool advise_from_facts(struct region *region, const struct options *options, struct error *err)
{
    struct options        *mine = region_copy(region, options, sizeof(*options));
    struct advice_document document = { .runs = options->runs > 0 ? options->runs : ADVICE_RUNS };
    struct audit           audit;
    bool                   good;

    mine->advise = true;
    good = audit_init(&audit, region, mine, err);
    if (good) {
        audit.advice_scope = ADVICE_ALL;
        good = takes_lines(audit.config, err) && observe(&audit, err) && hold_advice(&audit, err);
    }
    if (good) {
        document.source = region_printf(region, "facts of %s, as Postfix %s with %s", time_text(region, audit.report.started),
                                        report_postfix_version(region, &audit.report), report_config_dir(&audit.report));
        advice_document_of_report(&document, region, &audit.report);
        document.no_table = document.count > 0 && lacks_table(audit.config);
        good = write_document(&document, err);
    }
    audit_clear(&audit);
    return good;
}

static bool advise(struct region *region, const struct options *options, struct error *err)
{
    enum saved_kind kind = SAVED_FACTS;

    if (options->arguments.count == 0 && options->history != NULL)
        return advise_from_history(region, options, err);
    if (options->arguments.count == 1 && !saved_file_kind(region, options->arguments.items[0], &kind, err))
        return false;
    if (kind == SAVED_REPORT)
        return advise_from_report(region, options->arguments.items[0], err);
    return advise_from_facts(region, options, err);
}

int cmd_advise(struct region *region, const struct options *options)
{
    struct error err;

    return advise(region, options, &err) ? EXIT_ALL_DELIVER : command_fail(&err);
}
