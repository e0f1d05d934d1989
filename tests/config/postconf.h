/* The installed Postfix as a judge of what we read: postconf(1) over a configuration made for the test. */
#ifndef TESTS_CONFIG_POSTCONF_H
#define TESTS_CONFIG_POSTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/config/version.h"

/* False when no postconf(1) of a known release is installed. */
bool postconf_installed(struct version *);

/* Writes main.cf and master.cf (NULL: leave as they are) into a folder of this test, removed at its end. */
void postconf_configure(const char *main_cf, const char *master_cf);

/* Says of each text, taken as main.cf or as master.cf beside a given main.cf, whether postconf refuses it with a line
 * "fatal:". All run at once, for each that refuses sleeps a second first. At most POSTCONF_BATCH_MAX. */
#define POSTCONF_BATCH_MAX 100
void postconf_refusals(const char *const main_cf[], const char *const master_cf[], size_t count, const char *options,
                       bool refused[]);

/* Says of each main.cf whether the installed daemon ("smtp", "lmtp", "trivial-rewrite") starts with it. It is run alone,
 * outside of the mail system, and ends at once for want of work. At most POSTCONF_BATCH_MAX. */
void postconf_starts(const char *daemon, const char *const main_cf[], size_t count, bool starts[]);

/* Runs "postconf OPTIONS" over that folder. Gives its standard output, one trailing newline removed; the caller frees it
 * with mem_free(). *ok tells whether it ended with status 0 and without a line "fatal:" on standard error. */
char *postconf_run(const char *options, bool *ok);

#endif
