/* Lookup tables: type:name -> answer, and the line that matched. Sources: DATABASE_README, *_table(5), dict_*(3).
 *
 * Tables are pure: who opens one hands over a loader that reads files and runs postmap(1); a table that must be asked
 * (live types) puts each key to an asker, which either has the answer or notes that it is wanted. */
#ifndef SCANNER_CONFIG_TABLE_H
#define SCANNER_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/chance.h"
#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/version.h"

enum table_status {
    TABLE_NOT_FOUND,
    TABLE_FOUND,
    TABLE_ERROR,      /* Postfix itself would get an error: deliveries defer */
    TABLE_UNREADABLE, /* Postfix could read it, this machine cannot: unknown */
    TABLE_WANTED      /* a live table has not been asked for this key yet; the asker has noted it */
};

struct table_answer {
    enum table_status status;
    const char *value;  /* FOUND: as Postfix would get it; may be empty. Lives in the region given to the lookup or longer */
    const char *table;  /* "texthash:/etc/postfix/tls_policy": the member that answered */
    const char *file;   /* NULL when not known */
    int         line;   /* 0 when not known */
    const char *key;    /* the key that was asked, as written by the caller */
    const char *error;  /* ERROR, UNREADABLE: why */
    const char *warning; /* NULL, or what became of a rule that was tried on the way: it ran into a limit of the library
                            and counts as no match */
};

/* Asks a live table. True: *answer is filled (status, value, error). False: not known yet, and noted as wanted. */
typedef bool table_ask_fn(void *arg, const char *type_name, struct slice key, struct table_answer *answer);
struct table_asker {
    table_ask_fn  *ask;
    void          *arg;
    struct chance *chance; /* of a randmap; NULL: its first value */
};

enum table_load {
    TABLE_LOAD_OK,
    TABLE_LOAD_MISSING,     /* no such file, or not readable: what Postfix would find too */
    TABLE_LOAD_UNREADABLE,  /* only we cannot: no postmap, type not installed here */
    TABLE_LOAD_NO_SEQUENCE, /* postmap cannot list this type: ask key by key */
    TABLE_LOAD_UNKNOWN_TYPE /* Postfix here does not know the type either */
};

struct table_pair {
    struct slice key, value;
};

struct table_dump {
    const struct table_pair *pairs;
    size_t                   count;
    bool                     stale;   /* the index is older than its source */
};

/* Implemented by scanner/load and scanner/postmap; by tests with texts in memory. Results live in the region. *err is set
 * for every result but OK. */
struct table_loader {
    enum table_load (*read_file)(void *arg, struct region *, const char *path, struct slice *text, struct error *err);
    /* postmap -s type:name */
    enum table_load (*dump)(void *arg, struct region *, const char *type_name, struct table_dump *dump, struct error *err);
    void *arg;
};

/* What was noticed while a table was opened: for findings and lint. The codes:
 *   table-missing            no such file, or smtp(8) may not read it        table-unreadable       only we cannot
 *   table-unknown-type       no such type, or not yet in this release        table-bad-syntax       of the name: braces ...
 *   table-stale-index        the index is older than its source              table-source-text-only no postmap(1): no index
 *   table-duplicate-key      the first one counts, or none (texthash)        table-key-not-folded   never found
 *   table-key-without-value  the line is ignored                             table-bad-line         ignored for another reason
 *   table-alias-format       "key: value"                                    table-not-utf8         the line, or the value
 *   table-bad-rule           a rule that is skipped                          table-empty-result     a rule without a result
 *   table-extra-text         text after if or endif; indented rule           table-missing-endif
 *   byte-order-mark          at the front     table-more-notices       there were more than TABLE_NOTICES_MAX */
#define TABLE_NOTICES_MAX 1000
struct table_notice {
    const char *code;
    const char *text;
    const char *file;
    int         line;
    bool        breaks; /* every lookup errors because of it */
    struct table_notice *next;
};

/* Patterns can take long, or for ever, for a key: what those who asked for it do about that. */
typedef void table_work_fn(const void *pattern, struct slice input, void *result);
struct table_guard {
    double (*clock)(void);      /* seconds */
    bool (*has_time)(void *arg); /* false: nothing more is tried; all that asks a pattern ends as TABLE_UNREADABLE */
    /* Calls work(pattern, input, result) where it can be ended, and fills the result, which is less than TABLE_RESULT_MAX
     * bytes. False: it did not come to an end. The first call for a pattern has no input, and from then on the pattern does
     * not change: it is found in a copy of our memory that may be as old as that call. */
    bool (*apart)(void *arg, const void *pattern, table_work_fn *work, struct slice input, void *result, size_t size);
    /* A pattern took longer than TABLE_SLOW_SECONDS for one key, or was given up. */
    void (*slow)(void *arg, const char *file, int line, const char *text);
    void *arg;
};
#define TABLE_SLOW_SECONDS 1.0
#define TABLE_RESULT_MAX   4096
#define TABLE_SLOW_PATTERN "table-slow-pattern"
/* The end of what an answer that is not known says of a pattern. */
#define TABLE_PATTERN_ENDLESS "the pattern takes too long for this key, what comes of it is not known"
#define TABLE_PATTERN_UNTRIED "there is no time left to try the pattern"

struct table_options {
    struct version version;
    bool utf8;          /* smtputf8_enable of the program that opens it */
    bool no_regsub;     /* transport_maps: a rule that uses $1 is dropped */
    const struct table_guard *guard; /* NULL: patterns take the time that they take */
};

struct table;

/* Opens type:name. Never NULL: a table that cannot be opened answers every lookup with an error or unreadable, as
 * Postfix's surrogate does, and says why in its notices. Handles texthash inline static regexp pcre cidr unionmap
 * pipemap randmap fail itself, "proxy:" in front of any, hash btree lmdb cdb dbm sdbm (dump, else ask, else source text)
 * and, by asking, every other type. */
struct table *table_open(struct region *, struct slice type_name, const struct table_options *,
                         const struct table_loader *);
const char *table_name(const struct table *);                     /* as written */
const struct table_notice *table_notices(const struct table *);
/* DICT_FLAG_FIXED: gets folded keys; transport_maps asks only these for partial keys. */
bool table_is_fixed(const struct table *);
/* True when its keys can be listed; entry i in file order, false past the end. Keys as stored. Key and value are copied
 * into the region. */
bool table_can_list(const struct table *);
struct table_entry { const char *key, *value, *file; int line; };
bool table_entry(const struct table *, struct region *, size_t i, struct table_entry *);

/* What the table holds, for those who judge the table itself: also where it is broken, and in the members of others. */
enum table_item_kind {
    TABLE_ITEM_ENTRY, /* key and value */
    TABLE_ITEM_RULE,  /* of regexp and pcre: the pattern; value as written, $1 not expanded */
    TABLE_ITEM_ANY    /* the answer to every key: static, a value of a randmap */
};
struct table_item {
    enum table_item_kind kind;
    struct slice key, value; /* key of an entry: folded, as stored */
    struct slice head;       /* what stands in front of the value as written: "!/pattern/i"; the key of an entry */
    bool negated;            /* "!/pattern/" */
    bool narrowed;           /* a rule that stands in if ... endif, or has a second pattern */
    const char *file;        /* NULL when not known */
    int line;
};
/* Item i in the order of the text; false past the end, and for tables that cannot be listed. Slices live as long as the
 * table. */
bool table_item(const struct table *, size_t i, struct table_item *);
/* Does the first pattern of rule i, taken by itself, match the text? False for what is no rule. */
bool table_item_matches(const struct table *, size_t i, const char *text);
/* Member i of unionmap and pipemap; NULL past the last. */
const struct table *table_member(const struct table *, size_t i);
/* "hash", "pcre" ...: without "proxy:"; NULL when there is no such type. table_is_proxied: it is asked of proxymap(8). */
const char *table_type(const struct table *);
bool table_is_proxied(const struct table *);
/* proxymap(8) does not serve it: every lookup is an error. */
void table_not_permitted(struct table *);
/* What stands behind the type: the path of a file, mostly. */
const char *table_rest(const struct table *);

/* Looks key up (unfolded; folding is done here by the rules of the type). Answers are allocated in region. */
struct table_answer table_lookup(const struct table *, struct region *, struct slice key, const struct table_asker *);
/* A randmap, and what is combined from one, has several answers: all different outcomes possible for one key, at most
 * max; returns how many, at least 1. table_lookup gives the first of them. */
size_t table_lookup_all(const struct table *, struct region *, struct slice key, const struct table_asker *,
                        struct table_answer *answers, size_t max);

/* A list of tables, as a parameter value names them. */
struct table_list {
    const char   *parameter;   /* smtp_tls_policy_maps */
    struct table **tables;
    size_t        count;
};
/* Splits at comma and white space, {..} kept together. False: an item without "type:" or with nothing after it, in a
 * combining table too: fatal at process start. */
bool table_list_open(struct region *, const char *parameter, struct slice value, const struct table_options *,
                     const struct table_loader *, struct table_list *list, struct error *err);
/* First table with a result wins; an error, unreadable or wanted ends the search at once. An empty result is an error,
 * as is a result that is not UTF-8 (when utf8). fixed_only skips pattern tables. maps_find(3). */
struct table_answer table_list_find(const struct table_list *, struct region *, struct slice key, bool fixed_only,
                                    const struct table_asker *);
/* The same with every outcome of the randmaps among them, as table_lookup_all. */
size_t table_list_find_all(const struct table_list *, struct region *, struct slice key, bool fixed_only,
                           const struct table_asker *, struct table_answer *answers, size_t max);

#endif
