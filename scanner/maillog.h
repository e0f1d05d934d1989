/* Which destinations the mail goes to, and how much of it: from Postfix's logs, and from its queue. */
#ifndef SCANNER_MAILLOG_H
#define SCANNER_MAILLOG_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/judge/result.h"

#define MAILLOG_DESTINATIONS_MAX 1000000

struct maillog;

struct maillog *maillog_new(void);
void maillog_free(struct maillog *);

/* Adds a log and its rotations (FILE.1, FILE.2.gz, FILE-20261101.xz ...), oldest first. "-" is standard input. Time stamps
 * may be those of classic syslog, RFC 3339, or RFC 5424 lines; any syslog_name. What is no line of Postfix's SMTP or LMTP
 * client or its queue manager is passed over. False: *err. */
bool maillog_read(struct maillog *, const char *path, struct error *err);
/* Adds what waits now, by postqueue -j. config_dir NULL: Postfix's own. False: *err. */
bool maillog_read_queue(struct maillog *, const char *config_dir, struct error *err);
/* One line of a log (for tests), from a file last changed then. */
void maillog_line(struct maillog *, struct slice line, int64_t changed);
/* One line of postqueue -j. */
void maillog_queue_line(struct maillog *, struct slice line);

/* Recipient domains, heaviest first, in the region; the count is the result. */
size_t maillog_destinations(struct maillog *, struct region *, const char *const **texts);
/* In the region; NULL: no mail was seen. */
const struct weight *maillog_weight(const struct maillog *, struct region *, const char *destination);

#endif
