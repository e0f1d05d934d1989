/* Parameters in force for one Postfix program: main.cf, the overrides of its service, the defaults of its release.
 * Sources: postconf(5); mail_params.h of each release. */
#ifndef SCANNER_CONFIG_PARAMETERS_H
#define SCANNER_CONFIG_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/config/main_cf.h"
#include "scanner/config/version.h"

/* Which program reads them: a daemon knows the defaults of its own parameters and the shared ones only; those of others
 * expand to nothing unless main.cf sets them. */
enum program {
    PROGRAM_SMTP,     /* smtp(8) as SMTP client: smtp_ parameters */
    PROGRAM_LMTP,     /* the same binary as LMTP client: lmtp_ parameters */
    PROGRAM_REWRITE,  /* trivial-rewrite(8): routing */
    PROGRAM_OTHER
};

enum parameter_type { PARAMETER_TEXT, PARAMETER_BOOL, PARAMETER_NUMBER, PARAMETER_TIME };

struct params; /* lives in a region */

/* Borrows main_cf for as long as the parameters live. compiled gives defaults that the installed Postfix was built with
 * (from postconf -d; may be NULL): names and raw values, used instead of our table. config_dir is $config_directory. */
struct params *params_new(struct region *, const struct main_cf *, const struct main_cf *compiled, enum program,
                          struct version, const char *config_dir);

/* The same, as if main.cf had these settings, pairs of name and value, at its end. file is where they are said to stand. */
struct params *params_with(struct region *, const struct params *, const char *const (*settings)[2], size_t count,
                           const char *file);

enum program params_program(const struct params *);
struct version params_version(const struct params *);

/* The expanded value; "" when empty or unknown. Never NULL. Lives as long as the parameters. In an LMTP client a name
 * "smtp_x" is answered with "lmtp_x" where such a twin exists: callers always ask for the smtp_ name. */
const char *params_text(const struct params *, const char *name);
/* Name as it stands in main.cf for this program: smtp_tls_policy_maps or lmtp_tls_policy_maps. */
const char *params_name(const struct params *, const char *name);
bool    params_bool(const struct params *, const char *name);
long    params_number(const struct params *, const char *name);
int64_t params_time(const struct params *, const char *name); /* seconds */
/* True when main.cf or an override sets it, even to the empty value; *entry (may be NULL) says where. */
bool params_is_set(const struct params *, const char *name, const struct main_cf_entry **entry);

/* compatibility_level as numbers; {0,0,0} by default. */
struct version params_compatibility_level(const struct params *);

/* Do the SMTP and LMTP clients or the rewriting daemon know the name, in any release? *since is the first (3.4.0: or one
 * before). */
bool parameter_since(const char *name, struct version *since);
/* The parameter that a misspelt name may have meant, or NULL. */
const char *parameter_nearest(struct region *, const char *name);

/* True when the program starts. False: a value that is fatal at start; *err names parameter, file, line, remedy.
 * params_bool and its fellows give the default for such a value. Checks every parameter of this program that is fatal in
 * Postfix when wrong: booleans, numbers, times, words from closed lists, values that must not be empty, and items without
 * "type:" in lists of tables. */
bool params_check_start(const struct params *, struct error *err);

#endif
