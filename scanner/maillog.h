/* Which destinations the mail goes to, and how much of it: from Postfix's logs, and from its queue. */
#ifndef SCANNER_MAILLOG_H
#define SCANNER_MAILLOG_H

#include "scanner/base/dict.h"
#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/judge/result.h"

#define MAILLOG_DESTINATIONS_MAX 1000000

struct maillog;

struct maillog *maillog_new(void);
void maillog_free(struct maillog *);

/* Mail to these addresses (keys in lower case) counts by the address, not by its domain: a table routes it apart. Borrows the
 * dictionary; before anything is read. */
void maillog_tell_apart(struct maillog *, const struct dict *addresses);

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

/* What the mail goes to, heaviest first, in the region, in a form that is a destination: recipient domains, addresses that
 * are told apart, "postmaster@[192.0.2.1]". The count is the result. */
size_t maillog_destinations(struct maillog *, struct region *, const char *const **texts);
/* In the region; NULL: no mail was seen. */
const struct weight *maillog_weight(const struct maillog *, struct region *, const char *destination);

/* The same one by one, in the order in which they were first seen: counts alone, without share; waiting is 0 too where no
 * queue was read. i is less than the count. */
size_t maillog_count(const struct maillog *);
const struct weight *maillog_at(const struct maillog *, size_t i, const char **name);
/* Wait i: which destination a message of the queue waits for; messages are numbered from 1, and their waits stand together.
 * False past the end. */
bool maillog_wait(const struct maillog *, size_t i, size_t *message, size_t *destination);

/* Adds what may be added: not the share, nor what waits. */
void weight_add(struct weight *sum, const struct weight *);
/* Sets the share of a sum, and makes waiting -1 where no queue was read. */
void maillog_complete(const struct maillog *, struct weight *sum);

/* All together. */
struct maillog_whole {
    bool          read_log;
    bool          cut;       /* there were more destinations than MAILLOG_DESTINATIONS_MAX: the rest is not counted */
    int64_t       from;      /* the first attempt; weight.last is the last one; 0: not known */
    struct weight weight;    /* waiting: messages in the queue */
};
struct maillog_whole maillog_whole(const struct maillog *);

#endif
