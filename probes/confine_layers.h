/* The layers of confine.h that have a file of their own. */
#ifndef PROBES_CONFINE_LAYERS_H
#define PROBES_CONFINE_LAYERS_H

#include <stdbool.h>

/* Both: false when it could not be put in force; the process goes on as it was. no_new_privs must be set. */
bool landlock_confine(bool lookups);
bool seccomp_confine(bool lookups);

bool landlock_is_possible(void);
bool seccomp_is_possible(void);

#endif
