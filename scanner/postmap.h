/* Tables that only Postfix's own tools can read, and what postconf(1) knows of this installation. Not thread-safe towards
 * other users of child processes; every call is bounded in time and in what it reads. */
#ifndef SCANNER_POSTMAP_H
#define SCANNER_POSTMAP_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/config.h"

#define POSTMAP_SECONDS    60                    /* for one run of a tool */
#define POSTMAP_OUTPUT_MAX (256u * 1024 * 1024) /* bytes of one run: some five million entries */

struct postmap {
    const char *postmap, *postconf; /* paths; NULL: not installed */
    const char *config_dir;         /* NULL: the installation's own */
    const char *queue_dir;          /* relative table names are seen from there; NULL: from where we are */
    double      seconds;            /* limit of one run */
    const struct config *patience;  /* whose patience_left() bounds each run too; NULL: nobody's */
    size_t      output_max;
};

/* Looks for the tools in PATH and where Postfix installs them; texts live in the region, config_dir is borrowed. */
void postmap_init(struct postmap *, struct region *, const char *config_dir);

/* All entries of an indexed table: a table_loader's dump, but for the type of its first argument. */
enum table_load postmap_dump(const struct postmap *, struct region *, const char *type_name, struct table_dump *dump,
                             struct error *err);

/* Asks for count keys, as they are; answers[i] gets status, value and error, in the region: FOUND, NOT_FOUND, ERROR where
 * Postfix gets an error too, UNREADABLE where only we fail. postmap(1) gives up at the first key whose lookup is an
 * error, so the others are asked again without it; a table that fails for key after key is taken to be out of order. */
void postmap_query(const struct postmap *, struct region *, const char *type_name, const struct slice *keys, size_t count,
                   struct table_answer *answers);

/* What "postconf -c DIR ARGUMENT..." prints; arguments end with NULL. False, and *err says why: no postconf, or it refused
 * with the message given. Warnings of a run that succeeds are left out. Examples: { "-d", NULL } all defaults of the
 * installed release, { "-h", "mail_version", NULL }, { "-m", NULL } its table types. */
bool postconf_read(const struct postmap *, struct region *, const char *const *arguments, struct slice *text,
                   struct error *err);

#endif
