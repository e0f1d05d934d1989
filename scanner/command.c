#include "scanner/command.h"

#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>
#include <openssl/crypto.h>

#include "config.h"
#include "probes/confine.h"
#include "probes/https_fetch.h"
#include "scanner/base/names.h"

static const struct command commands[] = {
    { "scan", FOR_SCAN, "[destination ...]", "resolve, probe, judge, report: the main job",
      "Finds the mail hosts of each destination, asks each what TLS it offers, and tells what Postfix with this\n"
      "configuration would do: deliver, downgrade, defer or bounce. A destination is a domain, an address, a next-hop\n"
      "such as [mx.example.org]:587, or transport:next-hop. Without any, all destinations that the configuration's own\n"
      "tables name are scanned. No mail is sent.", cmd_scan },
    { "explain", FOR_EXPLAIN, "destination", "every step of one destination, and what would make it better",
      "Prints each step in order: routing, each key looked up in each table, the line that matched, the level, the names\n"
      "to be matched, every host, and the forecast.", cmd_explain },
    { "lint", FOR_LINT, "", "the tables and main.cf alone, each finding with file, line and the fix",
      "Reads the configuration and its tables, asks nobody, and tells what Postfix would refuse, ignore, or take for\n"
      "something else than was meant: what happens to mail, and the line to put instead. Exit status: 2 when something is\n"
      "critical, 1 with warnings, else 0.", cmd_lint },
    { "replay", FOR_REPLAY, "facts ...", "judge saved facts against this or another configuration, without network",
      "Reads what scan --save-facts kept and judges it again: with the configuration as it is now, as of another time, or\n"
      "as another release of Postfix. Nothing is asked of anybody.", cmd_replay },
    { "diff", FOR_DIFF, "[before after]", "two reports, or two runs of the history: worse, better, appeared, vanished",
      "Compares two saved reports; with --history two of its runs by their numbers, or the last two. The exit status is that\n"
      "of the worst new verdict among what turned worse.", cmd_diff },
    { "report", FOR_REPORT, "file", "render a saved report in other formats",
      "Reads a report that scan --json or --jsonl wrote, and writes it in any other format: the same bytes as the scan itself\n"
      "would have written. - is standard input.", cmd_report },
    { "merge", FOR_MERGE, "file ...", "reports or facts of several machines into one",
      "Joins reports with reports, or facts files with facts files. Of what is in more than one, the latest observation\n"
      "counts. Facts go to standard output, or to the file of --save-facts.", cmd_merge },
    { "migrate", FOR_MIGRATE, "", "smtp_tls_per_site written as smtp_tls_policy_maps",
      "Prints the policy tables that do what the per-site tables do, the lines of main.cf to change, the successors of the\n"
      "old switches among them, and, as comments, every change of meaning. Nothing is written to a file.", cmd_migrate },
    { "history", FOR_HISTORY, "[destination ...]", "past runs, the life of a destination, forgetting",
      "Lists the runs of the file that --history names; with destinations, how each of them fared and which changes it had.\n"
      "With --keep DAYS, forgets the runs that are older.", cmd_history },
    { "acknowledge", FOR_ACKNOWLEDGE, "[destination ...]", "a known fault: no alarm until its end date",
      "Notes in the history that the present fault of a destination is known: until the time given it counts as deliver, and\n"
      "is not announced. Another fault of the same destination is. Without destinations, lists what is acknowledged.",
      cmd_acknowledge },
    { "advise", FOR_ADVISE, "[facts ... | report]", "entries that could be better, with the line to paste",
      "Tells which policy entries could be stricter, which are of no use any more, and how long pinned certificates last. Each\n"
      "line is judged on the same facts before it is shown: every host and every address delivers under it. With facts, a\n"
      "report, or --history alone nothing is asked of anybody; without, it scans.", cmd_advise },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

int command_fail(const struct error *err)
{
    char text[2 * ERROR_TEXT_MAX + ERROR_FILE_MAX];

    error_to_text(err, text, sizeof(text));
    if (err->text[0] != '\0')
        fprintf(stderr, "posttls-audit: %s\n", text);
    return err->status != 0 ? err->status : EXIT_SOFTWARE_ERROR;
}

static int print_version(void)
{
    unsigned possible = confine_possible();

    printf("posttls-audit %s\n%s, ldns %s, libcurl %s\n", PACKAGE_VERSION, OpenSSL_version(OPENSSL_VERSION), ldns_version(),
           https_library_version());
    printf("network process: no root, no new privileges, resource limits, %s, %s\n",
           (possible & CONFINED_LANDLOCK) != 0 ? "Landlock" : "no Landlock (not in this kernel)",
           (possible & CONFINED_SECCOMP) != 0 ? "system call filter" : "no system call filter (not in this build or kernel)");
    return 0;
}

static int print_help(void)
{
    size_t i;

    puts("Usage: posttls-audit COMMAND [options] [argument ...]\n\n"
         "Tells, before Postfix does, which deliveries an outbound TLS policy would defer or downgrade.\n\n"
         "Commands:");
    for (i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].options != 0)
            printf("  %-11s %s\n", commands[i].name, commands[i].summary);
    puts("\nFirst steps:\n"
         "  posttls-audit scan example.org               one destination, with the configuration in /etc/postfix\n"
         "  posttls-audit scan                           all that the policy and transport tables name\n"
         "  posttls-audit explain example.org            why\n"
         "  posttls-audit scan --json report.json --save-facts facts.jsonl -q\n\n"
         "Exit status: 0 all deliver, 1 a downgrade, 2 a deferral or bounce, 3 something unknown; 64 and up: errors.\n"
         "posttls-audit COMMAND --help tells the options of a command; posttls-audit(1) tells all.");
    return 0;
}

static int print_command_help(const struct command *command)
{
    printf("Usage: posttls-audit %s [options] %s\n\n%s\n", command->name, command->arguments, command->about);
    options_print(stdout, command->options);
    return 0;
}

static const struct command *find_command(const char *word, struct error *err)
{
    struct name names[COMMAND_COUNT + 1];
    const char *near;
    size_t      i, n = 0;

    for (i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, word) == 0 && commands[i].options != 0)
            return &commands[i];
        if (strcmp(commands[i].name, word) == 0) {
            error_set(err, EXIT_USAGE_ERROR, "the command %s is not in this version yet", word);
            return NULL;
        }
        if (commands[i].options != 0)
            names[n++] = (struct name){ (int)i, commands[i].name };
    }
    names[n] = (struct name){ 0, NULL };
    near = name_nearest(names, slice_of(word));
    error_set(err, EXIT_USAGE_ERROR, "unknown command %s", word);
    if (near != NULL)
        error_fix(err, "did you mean %s?", near);
    else
        error_fix(err, "see posttls-audit --help");
    return NULL;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct region *region = region_new();
    struct options options;
    struct error   err;
    int            status;

    if (!options_parse(region, &options, argc, argv, command->options, &err))
        status = command_fail(&err);
    else if (options.help)
        status = print_command_help(command);
    else
        status = command->run(region, &options);
    region_free(region);
    return status;
}

int command_main(int argc, char **argv)
{
    const struct command *command;
    struct error          err;

    if (argc < 2) {
        error_set(&err, EXIT_USAGE_ERROR, "no command");
        error_fix(&err, "see posttls-audit --help");
        return command_fail(&err);
    }
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    command = find_command(argv[1], &err);
    return command != NULL ? run_command(command, argc - 1, argv + 1) : command_fail(&err);
}
