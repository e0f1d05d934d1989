/* What the worker gives up before the first packet. Each layer stands for itself: where the kernel or the build lacks one,
 * the others hold. */
#ifndef PROBES_CONFINE_H
#define PROBES_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/names.h"

enum confinement {
    CONFINED_NO_ROOT = 1,              /* neither root nor a way back to it */
    CONFINED_NO_NEW_PRIVILEGES = 2,
    CONFINED_LIMITS = 4,               /* no core file, no file of any size worth having, no child process */
    CONFINED_LANDLOCK = 8,             /* no file system; no listening port; no signal to others (as far as the kernel goes) */
    CONFINED_SECCOMP = 16,             /* a list of the system calls that are left */
    CONFINED_ALL = 31
};

/* Code and word of each, in the order above. */
extern const struct name confinement_words[];

struct confine_wish {
    uint32_t uid, gid;    /* whom to become when the process is root */
    bool     lookups;     /* getaddrinfo() will be called: threads, and reading what it reads, are left */
    unsigned layers;      /* of enum confinement; a worker asks for CONFINED_ALL */
};

/* Signals as at the start of a process, but SIGPIPE and those that end a session ignored; only fd and standard error stay open, input and output
 * lead nowhere. Gives the new number of fd, or -1. */
int confine_descriptors(int fd);

/* Gives up what the wish says and what this system lets us give up; *in_force tells what that was. What the process needs
 * of the file system (libraries, their settings) must have been loaded. Dies with its parent from here on.
 * False: the process must not go on; *err says why. */
bool confine_process(const struct confine_wish *, unsigned *in_force, struct error *err);

/* What a worker would have in force here, of those that depend on build and kernel: CONFINED_LANDLOCK, CONFINED_SECCOMP. */
unsigned confine_possible(void);

#endif
