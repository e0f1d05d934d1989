/* JSON lines that are written while the run goes on, each destination when its result is final. Where nothing else wants
 * the results, they are forgotten then, and what only they had need of, once it is in the facts file. */
#ifndef SCANNER_STREAMING_H
#define SCANNER_STREAMING_H

#include "scanner/audit.h"

/* Decides, by what is to be written, whether lines are streamed and results kept; the request of a run over the network is
 * set to that. A line has its result's advice; where that may still come of what others ask for, the line waits for the end of
 * the run. What a line needs (history, mail, a proposed configuration, --as, --advise) may be known at the end only: then all
 * is written there. */
void streaming_set(struct audit *, struct run_request *);

#endif
