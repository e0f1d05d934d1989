/* --syslog: what a run has to say, one line an event, for who reads the mail log. */
#ifndef SCANNER_EVENTS_H
#define SCANNER_EVENTS_H

#include "reports/report.h"

/* Sends to syslog, facility mail: a line for each destination that is not delivered as asked, or, when the report tells
 * news only, for each change; then a line with the counts (none when only news are told and there are none). Text that
 * strangers wrote is escaped and cut; after a thousand destinations the rest is counted. */
void events_log(const struct report *);

#endif
