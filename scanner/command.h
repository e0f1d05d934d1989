/* The commands: a row and a file each. */
#ifndef SCANNER_COMMAND_H
#define SCANNER_COMMAND_H

#include "scanner/options.h"

struct command {
    const char *name;
    unsigned    options;      /* FOR_...; 0: named by the contract, not in this version */
    const char *arguments;    /* for the usage line */
    const char *summary;
    const char *about;        /* a paragraph for --help */
    int (*run)(struct region *, const struct options *);
};

int cmd_scan(struct region *, const struct options *);
int cmd_explain(struct region *, const struct options *);
int cmd_lint(struct region *, const struct options *);
int cmd_diff(struct region *, const struct options *);
int cmd_history(struct region *, const struct options *);
int cmd_acknowledge(struct region *, const struct options *);
int cmd_migrate(struct region *, const struct options *);
int cmd_advise(struct region *, const struct options *);
int cmd_replay(struct region *, const struct options *);
int cmd_report(struct region *, const struct options *);
int cmd_merge(struct region *, const struct options *);

/* Finds the command in argv, parses its options, runs it. Gives the exit status. */
int command_main(int argc, char **argv);

/* Prints "posttls-audit: file:line: text; fix" on standard error, unless there is no text, and gives the status the error asks
 * for (70 if none). */
int command_fail(const struct error *);

#endif
