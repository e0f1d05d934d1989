/* A whole configuration in memory: main.cf text, tables, live answers. */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include "scanner/config/config.h"
#include "scanner/facts/facts.h"
#include "tests/config/memory_tables.h"

struct fixture {
    struct region *region;
    struct memory_tables tables;
    struct config config; /* services smtp, relay, lmtp, error, retry, discard, local, virtual, wrong (error(8)) */
    struct service *smtp, *lmtp;
    struct facts *facts; /* empty */
    struct wants *wants; /* empty */
    struct view view;    /* both */
};

/* main_cf must be good; files (may be NULL, borrowed) are the tables that it names. Free with fixture_free. */
struct fixture *fixture_new(const char *main_cf, const char *version, const struct memory_file *files);
/* The same with indexed tables. */
struct fixture *fixture_with_dumps(const char *main_cf, const char *version, const struct memory_file *files,
                                   const struct memory_dump *dumps);
void fixture_free(struct fixture *);
/* A file that was read, as the loader would have: error NULL or why not. Borrows the texts. */
void fixture_file(struct fixture *, const char *path, const char *text, const char *error);

#endif
