#include "reports/lint_report.h"

#include <string.h>

#include "scanner/command.h"
#include "scanner/lint_files.h"
#include "scanner/load.h"
#include "scanner/own_outputs.h"
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

static void look(struct region *region, struct config *config, struct lint_result *result)
{
    struct facts     *facts = facts_new();
    struct view       view = { .facts = facts };
    struct lint_input input = { config, &view, lint_files_find(region, config), distant_resolver(region) };

    load_trust_anchors(config);
    lint_run(region, result, &input);
    facts_free(facts);
}

/* What there is to write. */
struct review {
    const struct config *config;
    struct lint_result   result;
};

static bool write_text(const void *document, const struct report_options *options, const struct sink *sink)
{
    const struct review *review = document;

    return lint_report_text(review->config, &review->result, options, sink);
}

static bool write_json(const void *document, const struct report_options *options, const struct sink *sink)
{
    const struct review *review = document;

    (void)options;
    return lint_report_json(review->config, &review->result, sink);
}

static bool write_sarif(const void *document, const struct report_options *options, const struct sink *sink)
{
    const struct review *review = document;

    (void)options;
    return lint_report_sarif(review->config, &review->result, sink);
}

static const struct own_format formats[] = {
    { "text", write_text }, { "json", write_json }, { "sarif", write_sarif }, { NULL, NULL } };

static int status_of(const struct lint_result *result)
{
    if (result->by_severity[SEVERITY_CRITICAL] > 0)
        return EXIT_DEFER;
    return result->by_severity[SEVERITY_WARNING] > 0 ? EXIT_DOWNGRADE : EXIT_ALL_DELIVER;
}

int cmd_lint(struct region *region, const struct options *options)
{
    struct load_request request = { options->config_dir, options->overrides.items, options->overrides.count,
                                    options->postfix_version, NULL, false, 0 };
    struct own_outputs  outputs = { .count = 0 };
    struct review       review = { 0 };
    struct config      *config;
    struct error        err;
    int                 status;

    if (options->arguments.count > 0) {
        error_set(&err, EXIT_USAGE_ERROR, "lint: an argument, %s, that it has no use for", options->arguments.items[0]);
        error_fix(&err, "lint looks at the whole configuration; --config-dir names another one");
        return command_fail(&err);
    }
    config = load_config(region, &request, &err);
    if (config == NULL)
        return command_fail(&err);
    review.config = config;
    if (own_outputs_open(&outputs, options, &err)) {
        look(region, config, &review.result);
        status = own_outputs_write(&outputs, formats, &review, &err) ? status_of(&review.result) : command_fail(&err);
    } else {
        status = command_fail(&err);
    }
    own_outputs_abandon(&outputs);
    return status;
}
