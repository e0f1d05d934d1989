/* The worker as a process: begun and ended. */
#ifndef SCANNER_WORKER_PROCESS_H
#define SCANNER_WORKER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "scanner/base/error.h"

/* *fd is the channel to it, non-blocking, which the caller closes. -1: *err says why. */
pid_t worker_process_start(int *fd, struct error *err);
/* To be called with the channel closed; nothing is left of it then. gently: a worker that is well frees all it has and ends by
 * itself, which takes no time; what looks for leaks or counts instructions then sees the whole of it. One that hangs is not
 * waited for long. The signal that it died of, 0 when it ended by itself; of one that was still alive that is ours. */
int worker_process_end(pid_t, bool gently);

#endif
