/* A smtp_tls_per_site configuration written as smtp_tls_policy_maps: tables, main.cf lines, and what changes in meaning.
 * Pure. postconf(5) smtp_tls_per_site, smtp_tls_policy_maps. */
#ifndef SCANNER_JUDGE_MIGRATE_H
#define SCANNER_JUDGE_MIGRATE_H

#include "scanner/config/config.h"
#include "scanner/policy/level.h"

/* Why an old entry has no new line, or another meaning. */
enum migrate_remark {
    MIGRATE_MAY_RAISED,  /* MAY under a stronger global level: written as that level. Left out it would leave the key to
                              tables further right */
    MIGRATE_MERGED,      /* a table that answers everything answers for the mail host too, and both are merged */
    MIGRATE_BAD_VALUE,   /* mail for it is deferred today */
    MIGRATE_NEVER_ASKED, /* ".domain" and "*": never asked of per-site, but of a policy table */
    MIGRATE_SHADOWED,    /* an earlier table has the key */
    MIGRATE_SUBSTITUTION, /* a rule whose value is made of the key */
    MIGRATE_BLOCK,        /* a rule in if ... endif */
    MIGRATE_REMARKS
};
/* What the remark says of an entry. */
const char *migrate_remark_text(enum migrate_remark);

struct migrate_line {
    const char *key; /* as it stands in the table; a rule with its slashes */
    const char *old_value;
    enum level level; /* LEVEL_NOT_FOUND: left out, for the reason of the remark */
    bool has_remark;
    enum migrate_remark remark;
    bool is_host_name; /* it may have been meant for a mail host: that has no equivalent */
};

struct migrate_table {
    const char *old_name; /* "hash:/etc/postfix/tls_per_site" */
    const char *type;     /* of the new one; "static" has no lines; NULL: the old one cannot be listed */
    const char *path;     /* of the new one; of static: the level */
    bool is_indexed;      /* postmap makes what Postfix reads */
    bool is_rules;        /* regexp, pcre: also asked for .domain now */
    struct migrate_line *lines;
    size_t count;
};

/* A line of main.cf or master.cf to change. */
struct migrate_setting {
    const char *name;
    const char *value; /* NULL: to be removed */
    const char *file;  /* where it stands today; NULL: nowhere */
    int line;
    bool in_master_cf; /* the service has per-site tables or switches of its own */
};

/* For one set of per-site tables: SMTP and LMTP clients, and services with a list of their own, have theirs. */
struct migration {
    const char *services;          /* "smtp, relay" */
    const struct service *service; /* the first of them */
    const char *parameter;         /* smtp_tls_per_site, or its lmtp_ twin */
    enum level global;
    bool ignored; /* a policy table is set: per-site does nothing today */
    struct migrate_table *tables;
    size_t table_count;
    struct migrate_setting *settings;
    size_t setting_count;
    struct migration *next;
};

/* NULL: there is nothing to migrate, neither tables nor obsolete switches. Lives in the region. */
struct migration *migrate(struct region *, const struct config *);

#endif
