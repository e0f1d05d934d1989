/* What the parts of lint share; nobody else includes this. */
#ifndef SCANNER_JUDGE_LINT_IMPL_H
#define SCANNER_JUDGE_LINT_IMPL_H

#include "scanner/base/dict.h"
#include "scanner/judge/lint.h"

/* Where a level is used first: what is wrong with a service is told with that. */
struct lint_use {
    bool used;
    const char *file;
    int line;
    const char *key; /* NULL: the global level */
};

struct lint_uses {
    struct lint_use levels[LEVEL_SECURE + 1];
    struct lint_use needs_authority; /* verify or secure without a trust anchor file */
};

/* Next-hops that the configuration names. */
struct lint_named {
    struct dict *texts; /* folded text -> as written */
    struct dict *hosts; /* folded host, without brackets and port -> as written */
    bool incomplete;    /* a table that cannot be listed may name more */
    bool by_sender;     /* sender-dependent tables may send any domain elsewhere */
};

struct lint {
    struct region *region;
    struct region *scratch; /* of a few entries */
    const struct lint_input *input;
    const struct config *config;
    struct lint_result *result;
    size_t room;
    size_t told[LINT_COUNT];
    struct dict *seen;    /* findings told already: services share tables */
    struct dict *ciphers; /* cipher list -> whether anything is in it */
    struct lint_named named;
    const char *main_cf; /* its path */
    size_t rule_lookups; /* keys put to tables of rules further left */
};

/* A million keys before a hundred patterns would take minutes. */
#define LINT_RULE_LOOKUPS_MAX 200000

/* One list of policy tables, as one service reads it. */
struct lint_maps {
    struct lint *lint;
    const struct service *service;
    const struct table_list *list;
    enum level global;
    size_t digest_size; /* of smtp_tls_fingerprint_digest; 0: not known */
    struct lint_uses uses;
    struct dict *clean; /* values in which nothing was found; NULL: full */
};

/* One thing in such a table. */
struct lint_entry {
    struct lint_maps *maps;
    struct lint *lint;
    const struct table *table;
    size_t position; /* of the table in the list */
    size_t number;   /* of the item in the table */
    struct table_item item;
    const char *key;  /* or the pattern; "" for what answers every key */
    const char *file; /* where to look: of the item, else of the parameter */
    int line;
    const char *value; /* in force while it is being checked: repaired, $1 filled in */
    bool can_paste;    /* value is as written but for repairs */
    struct policy policy;
};

/* Tells; gives the finding, to be completed, or NULL when it was told before or there are too many of its kind. */
struct lint_finding *lint_tell(struct lint *, enum lint_code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* About an entry: its place, and its key in front of the text. */
struct lint_finding *lint_tell_entry(struct lint_entry *, enum lint_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* About a parameter as the service has it: where it is set, else main.cf as such. */
struct lint_finding *lint_tell_parameter(struct lint *, const struct params *, const char *name, enum lint_code,
                                         const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Each takes NULL for the finding. */
void lint_worsen(struct lint *, struct lint_finding *, enum severity, const char *mail);
void lint_fix(struct lint *, struct lint_finding *, const char *format, ...) __attribute__((format(printf, 3, 4)));
void lint_fix_line(struct lint *, struct lint_finding *, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The line of the entry with another value. */
void lint_fix_value(struct lint_entry *, struct lint_finding *, const char *value);
/* The same with another value of an attribute; NULL: without the attribute. */
void lint_fix_attribute(struct lint_entry *, struct lint_finding *, const char *name, const char *value);

/* As keys are compared. */
struct slice lint_fold(struct region *, struct slice);
/* Starts the scratch region anew: what findings keep is not in it. */
void lint_forget(struct lint *);

/* lint_tokens.c: a value as words, the level first. */
#define LINT_TOKENS_MAX 4096
struct lint_tokens {
    struct slice *items;
    size_t count;
};
struct lint_tokens lint_split(struct region *, const char *value, struct version);
/* Words joined by blanks, without count words from the first on, and text (may be NULL) in their place. */
const char *lint_join(struct region *, const struct lint_tokens *, size_t first, size_t count, const char *text);
/* The name of an attribute in a word, without braces. */
struct slice lint_token_name(struct slice token);

/* lint_values.c: reads the value and finds what smtp(8) refuses; sets policy and value. False: nothing is left to check. */
bool lint_value(struct lint_entry *);
/* lint_match.c, lint_settings.c, lint_levels.c: checks of a value that smtp(8) accepts. */
void lint_names(struct lint_entry *);
void lint_pins(struct lint_entry *);
void lint_entry_protocols(struct lint_entry *);
void lint_entry_ciphers(struct lint_entry *);
void lint_entry_level(struct lint_entry *);
void lint_entry_sts(struct lint_entry *);
/* The same for what main.cf says. */
void lint_main_cf_settings(struct lint_maps *);
void lint_main_cf_pins(struct lint_maps *);

/* lint_keys.c, lint_rules.c: what the entry stands under. */
bool lint_key_can_be_asked(struct lint_entry *);
void lint_key(struct lint_entry *);
void lint_rule(struct lint_entry *, struct dict *patterns);

/* lint_routes.c: next-hops and transports that the configuration names. */
void lint_routes(struct lint *);
void lint_named_clear(struct lint_named *);

/* lint_tables.c */
void lint_table_list(struct lint *, const struct table_list *);
void lint_policy_tables(struct lint_maps *);

/* lint_per_site.c */
void lint_per_site(struct lint *, const struct service *);

/* lint_main_cf.c: parameters as such; lint_service.c: what a service makes of them. */
void lint_main_cf(struct lint *);
void lint_service(struct lint *, const struct service *, const struct lint_maps *);

#endif
