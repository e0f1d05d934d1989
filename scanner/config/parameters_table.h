/* The rows behind parameters.h: every parameter that smtp(8), lmtp(8) and trivial-rewrite(8) read, with its default in
 * each release. Used by parameters*.c only.
 *
 * A row: P(group, kind, name, default, least, most, releases)
 *   group     who reads it. CLIENT: smtp(8) under this name, lmtp(8) under its lmtp_ twin, the same default but for
 *             $smtp_ names in it. SMTP, LMTP: one of the two only, or with defaults of their own. TLS: both, when TLS
 *             is in use. REWRITE: trivial-rewrite(8). SHARED: every program.
 *   kind      TEXT, BOOL, NUMBER or TIME, as in enum parameter_type
 *   default   as "postconf -d" shows it, not expanded; what is chosen when Postfix is built is as Debian builds it, and
 *             tls_eecdh_auto_curves as with OpenSSL before 3.5. Empty for myhostname, mydomain, mynetworks and
 *             mail_version, which are found out when they are needed
 *   least     of numbers and times: the smallest value, of texts: the smallest length; 0: no limit
 *   most      the same for the largest; 0: no limit
 *   releases  ALL, SINCE(3, 8, 0), or WITHIN(3, 4, 0,  3, 6, 0): from the first up to but not including the second
 * Rows stand in the order in which Postfix reads the parameters, for $name gives nothing for one not yet read and not
 * set in main.cf. A name has a row for each default it had. Source: mail_params.h, mail_params.c, smtp_params.c,
 * lmtp_params.c, trivial-rewrite.c, tls_misc.c of releases 3.4.0 to 3.11.6 and snapshot 3.12-20260821. */
#ifndef SCANNER_CONFIG_PARAMETERS_TABLE_H
#define SCANNER_CONFIG_PARAMETERS_TABLE_H

#include <stddef.h>

#include "scanner/config/parameters.h"

enum parameter_group { GROUP_SHARED, GROUP_CLIENT, GROUP_SMTP, GROUP_LMTP, GROUP_TLS, GROUP_REWRITE };

struct parameter_row {
    enum parameter_group group;
    enum parameter_type type;
    const char *name;
    const char *initial;
    int least, most;
    struct version since, before; /* before: major 0 when there is no end */
};

extern const struct parameter_row parameter_rows[];
extern const size_t parameter_row_count;

bool parameter_row_applies(const struct parameter_row *, enum program, struct version);

/* One parameter of one program. */
struct parameter {
    const struct parameter_row *row;
    const char *name;                   /* as this program calls it */
    const char *initial;                /* not expanded */
    const struct main_cf_entry *entry;  /* NULL: the default is in force */
    const struct main_cf_entry *origin; /* where the value comes from: entry, or that of x for a default "$x" */
    const char *text;                   /* expanded; NULL: not yet read */
    const struct error *error;          /* NULL, or why the expansion failed */
};

/* Those of the program, in the order in which it reads them. */
const struct parameter *params_list(const struct params *, size_t *count);
/* By the smtp_ name, or by the program's own; NULL when it is none of this program's. */
const struct parameter *params_find(const struct params *, const char *name);

/* Each reads a whole value; false where Postfix refuses it. */
bool parameter_read_bool(const char *text, bool *value);
bool parameter_read_number(const char *text, long *value);
/* unit is the letter that applies where text has none. */
bool parameter_read_time(const char *text, char unit, int64_t *seconds);
/* The unit that the default of a time is written in. */
char parameter_unit(const struct parameter *);

#endif
