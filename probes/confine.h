/* What the worker gives up before the first packet. */
#ifndef PROBES_CONFINE_H
#define PROBES_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"

/* Signals as at the start of a process, but SIGPIPE and those that end a session ignored; only fd and standard error stay open, input and output
 * lead nowhere. Gives the new number of fd, or -1. */
int confine_descriptors(int fd);

/* No core files, no new privileges, no root: uid and gid take its place when the process has it. Dies with its parent.
 * False: the process must not go on; *err says why. */
bool confine_process(uint32_t uid, uint32_t gid, struct error *err);

#endif
