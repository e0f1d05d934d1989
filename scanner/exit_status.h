/* Exit status: the convention of monitoring plug-ins for verdicts, sysexits for errors. */
#ifndef SCANNER_EXIT_STATUS_H
#define SCANNER_EXIT_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/judge/result.h"

enum exit_status {
    EXIT_ALL_DELIVER = 0,
    EXIT_DOWNGRADE = 1,
    EXIT_DEFER = 2,
    EXIT_UNKNOWN = 3,
    EXIT_USAGE_ERROR = 64,      /* the command line */
    EXIT_DATA_ERROR = 65,       /* a file of ours is malformed */
    EXIT_NO_INPUT = 66,         /* an input file or directory is missing */
    EXIT_SOFTWARE_ERROR = 70,
    EXIT_CANNOT_CREATE = 73,    /* an output cannot be written */
    EXIT_TEMPORARY = 75,        /* another run holds the lock */
    EXIT_CONFIGURATION = 78     /* a main.cf or master.cf that Postfix itself could not read */
};

enum fail_on { FAIL_ON_DOWNGRADE, FAIL_ON_DEFER, FAIL_ON_NEVER };

/* counts[verdict] over the destinations. An interrupted run (complete false) is never 0. */
int exit_status_of(const size_t counts[VERDICT_UNKNOWN + 1], enum fail_on, bool complete);

#endif
