#include "reports/lint_report.h"

#include <string.h>

#include "scanner/command.h"
#include "scanner/lint_files.h"
#include "scanner/load.h"
#include "scanner/output.h"
#include "scanner/resolv_conf.h"

static bool is_local(const struct address *address)
{
    static const uint8_t loopback6[16] = { [15] = 1 };

    if (address->family == FAMILY_IPV4)
        return address->bytes[0] == 127;
    return memcmp(address->bytes, loopback6, sizeof(loopback6)) == 0;
}

/* The first name server that is not on this machine, or NULL. */
static const char *distant_resolver(struct region *region)
{
    struct resolv_conf conf;
    struct error       ignored;
    char               text[ADDRESS_TEXT_MAX];
    size_t             i;

    if (!resolv_conf_read(RESOLV_CONF_FILE, &conf, &ignored))
        return NULL;
    for (i = 0; i < conf.dns.count; i++)
        if (!is_local(&conf.dns.resolvers[i].address)) {
            address_to_text(&conf.dns.resolvers[i].address, text);
            return region_text(region, text);
        }
    return NULL;
}

static void load_trust_anchors(struct config *config)
{
    struct wants *wants = wants_new();
    const char   *path;
    size_t        i;

    lint_want_files(config, wants);
    for (i = 0; (path = wants_file_at(wants, i)) != NULL; i++)
        load_wanted_file(config, path);
    wants_free(wants);
}

static void review(struct region *region, struct config *config, struct lint_result *result)
{
    struct facts     *facts = facts_new();
    struct view       view = { .facts = facts };
    struct lint_input input = { config, &view, lint_files_find(region, config), distant_resolver(region) };

    load_trust_anchors(config);
    lint_run(region, result, &input);
    facts_free(facts);
}

/* Where the findings go: the text to standard output unless something else takes its place. */
struct lint_outputs {
    struct output *items[OUTPUTS_MAX + 1];
    const char    *formats[OUTPUTS_MAX + 1];
    size_t         count;
};

static bool open_one(struct lint_outputs *outputs, const char *format, const char *file, struct error *err)
{
    struct output *output = output_open(file, err);

    if (output == NULL)
        return false;
    outputs->formats[outputs->count] = format;
    outputs->items[outputs->count++] = output;
    return true;
}

static bool open_outputs(struct lint_outputs *outputs, const struct options *options, struct error *err)
{
    bool   taken = options->quiet;
    size_t i;

    for (i = 0; i < options->output_count; i++) {
        const struct output_wish *wish = &options->outputs[i];

        taken |= strcmp(wish->file, "-") == 0 || strcmp(wish->format, "text") == 0;
        if (!open_one(outputs, wish->format, wish->file, err))
            return false;
    }
    return taken || open_one(outputs, "text", "-", err);
}

static bool write_outputs(struct lint_outputs *outputs, const struct config *config, const struct lint_result *result,
                          struct error *err)
{
    bool   good = true;
    size_t i;

    for (i = 0; i < outputs->count; i++) {
        struct sink           sink = output_sink(outputs->items[i]);
        struct report_options options = { .colour = output_is_terminal(outputs->items[i]) };
        struct error          why;

        if (strcmp(outputs->formats[i], "json") == 0)
            lint_report_json(config, result, &sink);
        else if (strcmp(outputs->formats[i], "sarif") == 0)
            lint_report_sarif(config, result, &sink);
        else
            lint_report_text(config, result, &options, &sink);
        if (!output_commit(outputs->items[i], &why) && good) {
            *err = why;
            good = false;
        }
        outputs->items[i] = NULL;
    }
    return good;
}

static int status_of(const struct lint_result *result)
{
    if (result->by_severity[SEVERITY_CRITICAL] > 0)
        return EXIT_DEFER;
    return result->by_severity[SEVERITY_WARNING] > 0 ? EXIT_DOWNGRADE : EXIT_ALL_DELIVER;
}

int cmd_lint(struct region *region, const struct options *options)
{
    struct load_request request = { options->config_dir, options->overrides.items, options->overrides.count,
                                    options->postfix_version };
    struct lint_outputs outputs = { .count = 0 };
    struct lint_result  result;
    struct config      *config;
    struct error        err;
    int                 status;
    size_t              i;

    if (options->arguments.count > 0) {
        error_set(&err, EXIT_USAGE_ERROR, "lint: an argument, %s, that it has no use for", options->arguments.items[0]);
        error_fix(&err, "lint looks at the whole configuration; --config-dir names another one");
        return command_fail(&err);
    }
    config = load_config(region, &request, &err);
    if (config == NULL)
        return command_fail(&err);
    if (open_outputs(&outputs, options, &err)) {
        review(region, config, &result);
        status = write_outputs(&outputs, config, &result, &err) ? status_of(&result) : command_fail(&err);
    } else {
        status = command_fail(&err);
    }
    for (i = 0; i < outputs.count; i++)
        output_abandon(outputs.items[i]);
    return status;
}
