/* Option tables -> values, --help, usage errors. The contract names the options; each is one row of a table. */
#ifndef SCANNER_OPTIONS_H
#define SCANNER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "scanner/base/error.h"
#include "scanner/base/hostname.h"
#include "scanner/base/region.h"
#include "scanner/exit_status.h"
#include "scanner/judge/published.h"

/* Which commands take an option. */
enum {
    FOR_SCAN = 1, FOR_EXPLAIN = 2, FOR_REPLAY = 4, FOR_REPORT = 8, FOR_MERGE = 16, FOR_DIFF = 32,
    FOR_HISTORY = 64, FOR_ACKNOWLEDGE = 128, FOR_LINT = 256, FOR_MIGRATE = 512, FOR_ADVISE = 1024,
    FOR_CONFIG = FOR_SCAN | FOR_EXPLAIN | FOR_REPLAY | FOR_LINT | FOR_MIGRATE |
                 FOR_ADVISE,                                           /* those that read a configuration */
    FOR_JUDGING = FOR_SCAN | FOR_EXPLAIN | FOR_REPLAY | FOR_ADVISE, /* those that judge deliveries */
    FOR_PROBING = FOR_SCAN | FOR_EXPLAIN | FOR_ADVISE,               /* those that ask the network */
    FOR_REPORTS = FOR_SCAN | FOR_REPLAY | FOR_REPORT | FOR_MERGE,  /* those that write reports in any format */
    FOR_ALL = 0x7fffffff
};

#define OUTPUTS_MAX 16

struct option_list {
    const char **items;
    size_t       count;
};

struct output_wish {
    const char *format;   /* "json" */
    const char *file;     /* "-": standard output */
};

enum progress_wish { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct options {
    /* configuration */
    const char        *config_dir;      /* NULL: ask postconf, else /etc/postfix */
    struct option_list overrides;       /* name=value */
    const char        *postfix_version; /* NULL: the installed one, else the newest known */
    const char        *sender;          /* NULL: not given; "" for <> */
    /* a second configuration; nothing given: none */
    const char        *proposed;        /* its directory; NULL: config_dir */
    struct option_list proposed_overrides;
    const char        *proposed_version; /* NULL: postfix_version */
    /* destinations */
    const char        *file;
    struct option_list arguments;
    struct option_list logs;            /* --from-log */
    bool               from_queue;
    /* scan */
    const char        *resolver;
    unsigned long      concurrency, per_host, per_provider, rate;   /* 0: no limit */
    unsigned long      interval, retry_after, timeout, deadline;    /* seconds; 0: none */
    struct prefix     *allow;
    size_t             allow_count;
    const char        *exclude;
    bool               dry_run;
    bool               advise;
    const char        *user;
    /* judgement */
    bool               mta_sts;         /* what the domains publish is asked for and told */
    enum mechanism     as;              /* judge as if it were followed everywhere; MECHANISM_NONE: as configured */
    bool               has_at;
    int64_t            at;
    unsigned long      horizon;         /* days */
    const char        *save_facts;
    const char        *resume;          /* the journal */
    /* output */
    struct output_wish outputs[OUTPUTS_MAX];
    size_t             output_count;
    enum progress_wish progress;
    bool               verbose, quiet, offline, syslog;
    /* past runs */
    const char        *history;
    bool               changes_only;
    unsigned long      runs;            /* in a row that advice must hold; 0: not given */
    unsigned long      confirm;         /* runs in a row; 0: not given, at once */
    bool               has_keep;
    unsigned long      keep;            /* days */
    bool               has_until;
    int64_t            until;
    const char        *comment;
    bool               withdraw;
    enum fail_on       fail_on;
    bool               help;
};

/* Reads the arguments of a command (argv[0] is its name). What it allocates lives in the region; argv must outlive it.
 * False: *err (status 64) says which word is wrong and what to write instead. */
bool options_parse(struct region *, struct options *, int argc, char **argv, unsigned command, struct error *err);

/* The options of a command, aligned, with defaults, for --help. */
void options_print(FILE *, unsigned command);

#endif
