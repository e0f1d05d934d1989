/* Saved facts judged: what replay and advise share. */
#ifndef SCANNER_REPLAY_H
#define SCANNER_REPLAY_H

#include "scanner/audit.h"

/* Reads the facts files that the arguments name, judges their destinations, and fills the report. False: *err. */
bool replay_facts(struct audit *, struct error *err);

#endif
