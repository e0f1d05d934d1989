/* What the implementations of table types share; nobody else includes this. */
#ifndef SCANNER_CONFIG_TABLE_IMPL_H
#define SCANNER_CONFIG_TABLE_IMPL_H

#include <stdint.h>

#include "scanner/config/main_cf.h"
#include "scanner/config/table.h"

/* isspace() and isalnum() of the C locale, which Postfix runs in. */
static inline bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One lookup on its way through the tables. */
struct query {
    struct region            *region;
    const struct table_asker *asker;
    size_t choice;   /* number of the outcome wanted, where random tables leave several */
    size_t outcomes; /* how many there are, as far as the lookup went */
};

/* Fills status and what goes with it; the rest of the answer is set already. The key is folded where the type folds. */
typedef void table_lookup_fn(const struct table *, struct query *, struct slice key, struct table_answer *);
/* Sets lookup and what it needs, or calls table_break(). */
typedef void table_open_fn(struct table *, const struct table_loader *);

/* Item i of a table that has no index, as table_item(). */
typedef bool table_item_fn(const struct table *, size_t i, struct table_item *);
typedef bool table_matches_fn(const struct table *, size_t i, const char *text);

struct table_type {
    const char    *name;
    struct version since;
    bool           fixed; /* DICT_FLAG_FIXED */
    bool           folds; /* its lookup wants folded keys */
    table_open_fn *open;
};

struct table_index;

struct table {
    struct region *region;
    const char    *name;       /* as written */
    const char    *type_name;  /* without what only passes the key on: "proxy:", "debug:" */
    const char    *rest;       /* of type_name, behind the type */
    const struct table_type *type;
    struct table_options options;
    unsigned       depth;      /* tables around this one */
    bool           fixed, folds;
    const char    *file;       /* where notices and lines belong; NULL: nowhere */
    table_lookup_fn *lookup;
    void          *data;
    const struct table_index *index; /* NULL: its keys cannot be listed */
    table_item_fn *item;             /* NULL: the index tells all there is */
    table_matches_fn *matches;       /* tables of rules only */
    struct table **members;          /* of a combination; ends with NULL */
    bool           proxied;          /* "proxy:" stood in front */
    const char    *error;      /* not NULL: what every lookup ends with */
    bool           unreadable; /* ... as TABLE_UNREADABLE */
    const char    *fatal;      /* not NULL: Postfix does not start with it */
    struct table_notice *notices, **notices_end;
    size_t         notice_count;
};

/* Opens a table as a member of another, whose notices get the member's. breaks: an error of the member is one of the
 * whole. */
struct table *table_open_member(struct table *, struct slice type_name, bool breaks, const struct table_loader *);
/* The whole lookup: UTF-8 checks, folding, the type's own. */
void table_ask(const struct table *, struct query *, struct slice key, struct table_answer *);

void table_note(struct table *, const char *code, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Makes it a surrogate: every lookup is an error, or unreadable. */
void table_break(struct table *, bool unreadable, const char *code, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* For "%.*s" in these: as much of a slice as a message should quote. */
#define QUOTE_MAX 200
#define QUOTED(s) (int)((s).n < QUOTE_MAX ? (s).n : QUOTE_MAX), (s).p

/* Folds a key as tables of fixed strings do; borrows key when nothing changes. */
struct slice table_fold(struct region *, struct slice key, bool utf8);

/* Whether what is put into the table goes through the UTF-8 layer. From 3.11 on texthash and inline fill their memory
 * below it: nothing is checked, and only ASCII is folded. */
bool table_stores_utf8(const struct table *);

/* Reads a file through the loader. False: table_break() was called. */
bool table_read(struct table *, const struct table_loader *, const char *path, struct slice *text);

/* The logical lines of a text, one after the other: cut at a NUL byte, trimmed at the end, and those that start with
 * white space noted and left out. */
struct table_lines {
    struct table *table;
    struct region *region;   /* gets what had to be joined; the table's, or what the caller puts here */
    struct slice  rest;
    int           line;
};
void table_lines_init(struct table_lines *, struct table *, struct slice text);
bool table_lines_next(struct table_lines *, struct logical_line *);

/* "{...}" as a whole: NULL, or what is wrong: no brace at the start, none that closes it, text behind that. */
const char *braces_open(struct slice text, struct slice *inside);
#define BRACES_SEPARATORS ", \t\r\n"
/* The text of a rule table: of its file, or between the braces of pcre:{{...}, ...} (3.7). False: table_break() was
 * called. */
bool table_rule_text(struct table *, const struct table_loader *, struct slice *text);

/* Keys found by hash; entries stay in the order added, numbered from 0. They are either kept in memory, keys and values
 * borrowed; or they are lines of a text, read again when they are wanted: a text of a million lines costs little more than
 * its bytes. */
struct index_entry {
    struct slice key, value;
    int          line;       /* 0: none; and in a text, where index_line() tells it */
};
#define INDEX_ENTRIES_MAX (UINT32_MAX / 2)
/* Reads the entry that the text begins with; what is not a piece of the text as it stands goes into the region. */
typedef void index_read_fn(const struct table *, struct region *, struct slice text, struct slice *key,
                           struct slice *value);

struct table_index *index_new_entries(struct region *, size_t room, const char *file);
/* The text has less than 4 GiB. */
struct table_index *index_new_lines(const struct table *, struct slice text, size_t room, index_read_fn *);
/* Adds an entry; at most room of them. SIZE_MAX; or an older one has the same key: its number is given, and nothing is
 * added. The region is for what has to be read again. */
size_t index_add(struct table_index *, struct slice key, struct slice value, int line);
size_t index_add_line(struct table_index *, struct region *, struct slice key, const char *start, int line);
void index_set_value(struct table_index *, size_t number, struct slice value); /* of an entry in memory */
/* In the order of lines, those without one last. Of entries in memory. */
void index_sort(struct table_index *);

size_t index_count(const struct table_index *);
bool index_find(const struct table_index *, struct region *, struct slice key, size_t *number);
/* Slices live as long as the index or the region. */
struct index_entry index_at(const struct table_index *, struct region *, size_t number);
int index_line(const struct table_index *, size_t number);
const char *index_file(const struct table_index *, int line); /* NULL where there is no line */
table_lookup_fn index_lookup;

/* Rules that are tried in order, and blocks of them in if ... endif. */
enum rule_op { RULE_MATCH, RULE_IF, RULE_ENDIF };
struct rule {
    enum rule_op op;
    int          line;
    size_t       end;     /* RULE_IF: number of its endif; SIZE_MAX when it has none */
    void        *pattern;
    void        *result;  /* RULE_MATCH */
};
struct rules {
    struct table *table;
    struct rule  *rules;
    size_t        count, room;
    size_t       *open;   /* numbers of the blocks not closed yet */
    size_t        nesting, open_room;
};
/* Whether the line starts with the word if or endif and something behind that cannot belong to a word; *rest is what
 * follows. */
bool rule_word(struct slice line, const char *word, struct slice *rest);
/* Takes any number of '!' and white space; true when the number of '!' is odd. */
bool rule_negated(struct slice *text);
/* An endif may be added only while nesting > 0. */
void rules_add(struct rules *, struct rule);
void rules_finish(struct rules *); /* notes blocks without an end */
/* The first rule that matches, or NULL. */
const struct rule *rules_run(const struct rules *, bool (*matches)(void *arg, const struct rule *), void *arg);

table_open_fn table_open_text, table_open_indexed, table_open_inline, table_open_static, table_open_regexp,
    table_open_pcre, table_open_cidr, table_open_union, table_open_pipe, table_open_random, table_open_fail,
    table_open_live, table_open_query, table_open_internal;

#endif
