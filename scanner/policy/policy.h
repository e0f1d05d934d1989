/* The TLS policy of one next-hop (and, per-site, of one host of it): level and attributes, with the line they came from.
 * postconf(5) smtp_tls_policy_maps, TLS_README "Client TLS security levels". */
#ifndef SCANNER_POLICY_POLICY_H
#define SCANNER_POLICY_POLICY_H

#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/facts.h"
#include "scanner/policy/level.h"
#include "scanner/policy/nexthop.h"

enum policy_trouble {
    POLICY_FINE,
    POLICY_BAD_VALUE,      /* the entry does not parse: 4.7.5 "client TLS configuration problem" */
    POLICY_TABLE_ERROR,    /* the lookup failed: 4.7.5 (policy maps) or 4.3.0 "Temporary lookup error" (per-site) */
    POLICY_UNREADABLE,     /* only this machine cannot read the table, or not tell what it would say: unknown */
    POLICY_WANTS           /* a live table or a file is wanted first */
};

struct text_list {
    const char **items;
    size_t       count;
};

struct policy_sts {        /* attributes from 3.10 on */
    bool        type_sts;  /* policy_type=sts */
    bool        has_type;
    const char *domain, *failure, *ttl;
    struct text_list mx_patterns;   /* empty patterns kept: they match nothing */
    bool        enforced;           /* whatever the release: a sender that honours RFC 8461 */
    struct text_list strings;
};

/* An attribute as written, for reports. */
struct policy_attribute {
    const char *name;      /* lower case */
    const char *value;
};

struct policy {
    enum level  level;             /* LEVEL_INVALID with a trouble; before any DANE adjustment */
    enum policy_trouble trouble;
    const char *dsn, *text;        /* trouble BAD_VALUE, TABLE_ERROR: what Postfix records: "4.7.5", "client TLS ..." */
    bool        kills;             /* trouble TABLE_ERROR: smtp(8) dies of the lookup, and nothing is recorded */
    const char *unknown;           /* trouble UNREADABLE: reason code; NULL: table-unreadable */
    const char *error;             /* in words, as Postfix's warning would say it; NULL when fine */
    const char *hint;              /* "did you mean ..."; may be NULL */
    bool        from_table;        /* false: the global level */
    struct table_answer answer;    /* the line; per-site: the one that decided */
    const char *source;            /* "texthash:/etc/..." or the main.cf parameter that set the global level */
    struct policy_attribute *attributes;
    size_t      attribute_count;
    /* NULL: not given, main.cf fills in later, by the effective level */
    const char *protocols, *ciphers, *exclude, *servername;
    const struct text_list *match; /* NULL: not given; may be an empty list */
    const struct text_list *tafiles;
    int         connection_reuse;  /* -1 not given, 0, 1 */
    int         enable_rpk;
    struct policy_sts sts;
    const char *warning;           /* what smtp(8) warns of without failing, e.g. attributes at level none; may be NULL */
};

/* One key asked in one list of tables, for explain. */
struct policy_step {
    const char *parameter;         /* smtp_tls_policy_maps */
    const char *key;
    struct table_answer answer;
    const struct table_list *tables; /* that were asked, in order, up to the one that answered */
    struct policy_step *next;
};

/* The policy for (next-hop, host): policy maps if configured, else per-site, else the global level. host is the MX host name
 * or the next-hop's own host. steps may be NULL; else *steps gets the list of lookups. */
void policy_find(struct region *, struct policy *, const struct service *, const struct config *, const struct nexthop *,
                 const char *host, const struct view *, struct policy_step **steps);

/* The level of smtp_tls_security_level, or of the obsolete switches; *parameter names the one that decided. */
enum level policy_global_level(const struct params *, const char **parameter);

/* A policy that nobody gave: level NOT_FOUND. */
void policy_init(struct policy *);

/* Reads a table value. *policy is filled whole, but for the line it came from; trouble BAD_VALUE when it does not parse,
 * error then says why in smtp(8)'s words (those after the table's name and the key). Contents of tafile come through
 * config_file(); view notes wanted ones. */
void policy_parse(struct region *, struct policy *, struct slice value, const struct service *, const struct config *,
                  const struct view *);

/* The keys asked for a next-hop, in order: itself, then .parent forms where it is a valid host name. */
size_t policy_keys(struct region *, const struct nexthop *, bool utf8, const char **keys, size_t max);

#endif
