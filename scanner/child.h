/* One program run to its end: no shell, its own pipes, a clean environment, limits on time and on what it says. */
#ifndef SCANNER_CHILD_H
#define SCANNER_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/slice.h"

#define CHILD_ERRORS_MAX (64 * 1024) /* of standard error; more is read and forgotten */

enum child_end {
    CHILD_EXITED,
    CHILD_STOPPED,    /* by us: stop_text was seen on standard error */
    CHILD_SIGNALLED,  /* by a signal that was not ours */
    CHILD_TIMEOUT,
    CHILD_TOO_MUCH,   /* more output than its buffer takes */
    CHILD_NOT_STARTED
};

struct child {
    const char *const *argv;        /* argv[0] is a path; ends with NULL */
    const char *const *environment; /* ends with NULL */
    const char        *directory;   /* where it runs; NULL: where we do */
    struct slice       input;       /* borrowed */
    double             seconds;     /* from the start to the end */
    const char        *stop_text;   /* NULL, or what on standard error makes it not worth waiting for the rest */
    struct buf         output;      /* set its ceiling with buf_init() */
    struct buf         errors;
    int                status;      /* EXITED: the exit status; SIGNALLED: the signal */
};

/* Runs it and waits for its end; nothing of it is left when this returns. *err is set for every end but EXITED and
 * STOPPED. The caller clears output and errors. */
enum child_end child_run(struct child *, struct error *err);
/* Monotonic seconds, the clock of these limits. */
double child_clock(void);

#endif
