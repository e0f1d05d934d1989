/* A table_loader over texts in memory. */
#ifndef TESTS_CONFIG_MEMORY_TABLES_H
#define TESTS_CONFIG_MEMORY_TABLES_H

#include "scanner/config/table.h"

struct memory_file {
    const char     *path;  /* NULL ends the list */
    const char     *text;
    enum table_load load;
};

struct memory_dump {
    const char     *type_name; /* NULL ends the list */
    const char     *pairs;     /* "key=value\nkey=value\n" */
    bool            stale;
    enum table_load load;
};

struct memory_tables {
    const struct memory_file *files;
    const struct memory_dump *dumps; /* may be NULL */
};

/* Borrows tables as long as the loader is used. What is in neither list is missing. */
struct table_loader memory_loader(struct memory_tables *tables);
/* One word for a status, and the value: "found VALUE", "not found", "error", "unreadable", "wanted". In the region. */
const char *answer_text(struct region *, const struct table_answer *);
/* The codes of all notices with their lines: "table-bad-rule:3 table-missing:0!"; '!' where it breaks the table. */
const char *notices_text(struct region *, const struct table *);

#endif
