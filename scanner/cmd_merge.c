#include <string.h>

#include "reports/read_report.h"
#include "scanner/command.h"
#include "scanner/judge/published.h"
#include "scanner/merge_facts.h"
#include "scanner/outputs.h"
#include "scanner/saved_file.h"

struct merging {
    struct region        *region;
    const struct options *options;
    int                   status;
    struct error         *err;
};

/* All of one kind, or an error that names two files that are not. */
static bool find_kind(const struct merging *m, enum saved_kind *kind)
{
    const struct option_list *files = &m->options->arguments;
    size_t                    i;

    for (i = 0; i < files->count; i++) {
        enum saved_kind one;

        if (!saved_file_kind(m->region, files->items[i], &one, m->err))
            return false;
        if (one == SAVED_JOURNAL)
            one = SAVED_FACTS;
        if (one != SAVED_REPORT && one != SAVED_FACTS) {
            error_set_at(m->err, EXIT_DATA_ERROR, files->items[i], 0, "%s%sneither a report nor a facts file",
                         one != SAVED_OTHER ? saved_kind_words(one) : "", one != SAVED_OTHER ? ", " : "");
            error_fix(m->err, "scan --json writes reports, scan --save-facts facts files");
            return false;
        }
        if (i > 0 && one != *kind) {
            error_set_at(m->err, EXIT_DATA_ERROR, files->items[i], 0, "%s, but %.200s is %s", saved_kind_words(one),
                         files->items[0], saved_kind_words(*kind));
            error_fix(m->err, "merge reports with reports, facts with facts");
            return false;
        }
        *kind = one;
    }
    return true;
}

static bool write_report(struct merging *m, struct json *tree)
{
    struct outputs outputs = { .count = 0 };
    struct report  report;
    bool           good = report_read(m->region, &report, tree, m->err) && outputs_open(&outputs, m->options, m->err) &&
                outputs_write(&outputs, &report, m->options, m->err);

    if (good)
        m->status = report_status(&report, m->options->fail_on);
    outputs_abandon(&outputs);
    return good;
}

/* Verdicts as if would stand beside those that are. */
static bool is_alike(const struct merging *m, const char *file, enum mechanism mechanism, enum mechanism others)
{
    if (mechanism == others)
        return true;
    error_set_at(m->err, EXIT_USAGE_ERROR, file, 0, "was made %s%s, and the others were not",
                 mechanism != MECHANISM_NONE ? "with --as " : "without --as",
                 mechanism != MECHANISM_NONE ? mechanism_word(mechanism) : "");
    error_fix(m->err, "merge reports of one kind");
    return false;
}

static bool merge_reports(struct merging *m)
{
    const struct option_list *files = &m->options->arguments;
    struct json             **trees = region_array(m->region, files->count, sizeof(*trees)), *merged;
    struct report             report;
    enum mechanism            followed = MECHANISM_NONE;
    size_t                    i;
    bool                      good = true;

    if (m->options->save_facts != NULL) {
        error_set(m->err, EXIT_USAGE_ERROR, "--save-facts: these are reports, which hold no facts");
        return false;
    }
    for (i = 0; good && i < files->count; i++) {
        good = (trees[i] = saved_file_report(m->region, files->items[i], &report, m->err)) != NULL &&
               (i == 0 || is_alike(m, files->items[i], report.as.mechanism, followed));
        followed = report.as.mechanism;
    }
    if (good) {
        merged = report_merge(trees, files->count);
        good = write_report(m, merged);
        json_free(merged);
    }
    for (i = 0; i < files->count; i++)
        json_free(trees[i]);
    return good;
}

static bool write_facts(const struct merging *m, struct facts *facts, const struct facts_header *header)
{
    const char    *file = m->options->save_facts != NULL ? m->options->save_facts : "-";
    struct output *output = output_open(file, m->err);
    struct sink    sink;

    if (output == NULL)
        return false;
    sink = output_sink(output);
    facts_file_write(header, facts, &sink);
    return output_commit(output, m->err);
}

static bool merge_facts_files(struct merging *m)
{
    const struct option_list *files = &m->options->arguments;
    struct facts_part        *parts = region_array(m->region, files->count, sizeof(*parts));
    struct facts             *facts = facts_new();
    struct facts_header       header;
    size_t                    i;
    bool                      good = m->options->output_count == 0;

    if (!good) {
        error_set(m->err, EXIT_USAGE_ERROR, "--%s: these are facts, which no report can be made from without a configuration",
                  m->options->outputs[0].format);
        error_fix(m->err, "merge them into one file, then replay it");
    }
    for (i = 0; good && i < files->count; i++) {
        parts[i].facts = facts_new();
        good = facts_file_read(m->region, files->items[i], &parts[i].header, parts[i].facts, m->err);
    }
    if (good) {
        merge_facts(m->region, parts, files->count, facts, &header);
        good = write_facts(m, facts, &header);
    }
    for (i = 0; i < files->count; i++)
        facts_free(parts[i].facts);
    facts_free(facts);
    return good;
}

static bool check_files(const struct merging *m)
{
    const struct option_list *files = &m->options->arguments;
    size_t                    i;

    if (files->count == 0) {
        error_set(m->err, EXIT_USAGE_ERROR, "merge: no file is named");
        error_fix(m->err, "posttls-audit merge --json all.json here.json there.json");
        return false;
    }
    for (i = 0; i < files->count; i++) {
        if (strcmp(files->items[i], "-") == 0) {
            error_set(m->err, EXIT_USAGE_ERROR, "merge: standard input cannot be merged");
            error_fix(m->err, "write it to a file first");
            return false;
        }
    }
    return true;
}

int cmd_merge(struct region *region, const struct options *options)
{
    struct error    err;
    struct merging  m = { region, options, EXIT_ALL_DELIVER, &err };
    enum saved_kind kind = SAVED_OTHER;
    bool            good = check_files(&m) && find_kind(&m, &kind);

    if (good)
        good = kind == SAVED_REPORT ? merge_reports(&m) : merge_facts_files(&m);
    return good ? m.status : command_fail(&err);
}
