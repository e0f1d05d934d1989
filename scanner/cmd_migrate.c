#include "reports/migrate_report.h"
#include "scanner/command.h"
#include "scanner/load.h"
#include "scanner/output.h"

static int print_migration(struct region *region, const struct config *config)
{
    const struct migration *migration = migrate(region, config);
    struct output          *output;
    struct sink             sink;
    struct error            err;

    output = output_open("-", &err);
    if (output == NULL)
        return command_fail(&err);
    sink = output_sink(output);
    if (migration == NULL)
        sink_text(&sink, "# Nothing to migrate: neither smtp_tls_per_site nor one of the old switches is set.\n");
    else
        migrate_report(config, migration, &sink);
    return output_commit(output, &err) ? EXIT_ALL_DELIVER : command_fail(&err);
}

int cmd_migrate(struct region *region, const struct options *options)
{
    struct load_request request = { options->config_dir, options->overrides.items, options->overrides.count,
                                    options->postfix_version, NULL, false, 0 };
    struct config      *config;
    struct error        err;

    if (options->arguments.count > 0) {
        error_set(&err, EXIT_USAGE_ERROR, "migrate: an argument, %s, that it has no use for",
                  options->arguments.items[0]);
        error_fix(&err, "--config-dir names another configuration");
        return command_fail(&err);
    }
    config = load_config(region, &request, &err);
    return config != NULL ? print_migration(region, config) : command_fail(&err);
}
