/* The mail of logs and of the queue, by the table entries whose policy it goes by. */
#ifndef REPORTS_MAIL_H
#define REPORTS_MAIL_H

#include "reports/report.h"

enum mail_entry_kind {
    MAIL_ENTRY_KEY,
    MAIL_ENTRY_PATTERN,      /* a rule of regexp or pcre */
    MAIL_ENTRY_ANY,          /* a table that answers every key alike */
    MAIL_ENTRY_PARAMETER     /* no entry: the level of main.cf */
};
const char *mail_entry_kind_word(enum mail_entry_kind);              /* "key" ... */
bool mail_entry_kind_parse(const char *word, enum mail_entry_kind *);  /* word may be NULL */

struct mail_entry {
    enum mail_entry_kind kind;
    const char   *parameter;     /* smtp_tls_policy_maps, smtp_tls_per_site; PARAMETER: the one that sets the level */
    const char   *table;         /* NULL: PARAMETER */
    const char   *file;          /* NULL: not known */
    int           line;          /* 0: not known */
    const char   *key;           /* as the table has it; of a pattern its text; NULL: ANY, PARAMETER */
    const char   *value;
    int64_t       destinations;  /* of the mail: those that go by it first, */
    int64_t       fallbacks;     /* and those that would when what is tried before has failed */
    struct weight weight;        /* of the former */
};

struct mail_account {
    bool               has_log;
    bool               whole;    /* all the mail is attributed: an entry that has none is not used */
    int64_t            from;     /* the first attempt in the logs; total.last is the last one; 0: not known */
    struct weight      total;    /* waiting: messages */
    struct mail_entry *entries;  /* the tables' in their order, then what only answers have shown, the levels of main.cf */
    size_t             count;
};

/* Whole days that the logs cover. */
int64_t mail_days(const struct mail_account *);
/* No mail goes by it, and there was a log, and it tells all. */
bool mail_entry_is_unused(const struct mail_account *, const struct mail_entry *);
#define MAIL_UNUSED_DAYS 90   /* so long a log makes an unused entry a finding */

/* Finds entries by what a look-up answered. */
struct mail_index;
struct mail_index *mail_index_new(void);
void mail_index_free(struct mail_index *);
/* Of two that cannot be told apart the first counts. Borrows the entry. */
void mail_index_add(struct mail_index *, struct mail_entry *);
struct mail_entry *mail_index_find(const struct mail_index *, const struct table_answer *);
/* The same by the parameter that sets a level. */
struct mail_entry *mail_index_parameter(const struct mail_index *, const char *parameter);

/* Sets the entry of every result. */
void mail_join(struct report *);

/* "14 %"; NULL: not known. */
const char *share_text(struct region *, double share);
/* "carries 14 % of your mail: 41 deliveries ..." */
const char *weight_text(struct region *, const struct weight *);
/* "guards 14 % of your mail, 3 destinations: 41 deliveries ..."; "not used in the 92 days that the logs cover". */
const char *mail_entry_text(struct region *, const struct mail_account *, const struct mail_entry *);
/* The same with its place in front, where it says more than the weight of the destination does; else NULL. */
const char *result_entry_text(struct region *, const struct report *, const struct result *);
/* "/etc/postfix/tls_policy:12: example.net", or without the directory; of a level "main.cf:5: smtp_tls_security_level = may". */
const char *mail_entry_name(struct region *, const struct mail_entry *, bool full);
/* "the logs: 2026-10-20 to 2026-11-20, 5821 deliveries ..." */
const char *mail_total_text(struct region *, const struct mail_account *);

/* The most used first: by deliveries, then what waits, then deferrals; unused ones last, as they stand. In the region. */
const struct mail_entry **mail_by_weight(struct region *, const struct mail_account *);

#endif
