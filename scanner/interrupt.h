/* SIGINT, SIGTERM and SIGHUP: the first ends the network part of a scan, whose reports are still written; a second one ends the
 * process at once, wherever it is. */
#ifndef SCANNER_INTERRUPT_H
#define SCANNER_INTERRUPT_H

#include <stdbool.h>

/* From here on, once for the process. */
void interrupt_catch(void);
bool interrupt_came(void);
/* Can be read once it came; -1: there is none, ask interrupt_came(). */
int interrupt_descriptor(void);

#endif
