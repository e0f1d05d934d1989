/* The only reader of configuration, tables and trust anchors; asks postconf(1) and postmap(1) what it must. */
#ifndef SCANNER_LOAD_H
#define SCANNER_LOAD_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/facts.h"

struct load_request {
    const char        *dir;            /* NULL: what postconf says, else /etc/postfix */
    const char *const *overrides;      /* "name=value" */
    size_t             override_count;
    const char        *version;        /* NULL: the installed Postfix, else the newest known */
    const char        *version_option; /* which option it came with, for messages; NULL: --postfix-version */
    bool               as_if;          /* other mechanisms are judged too: what they need is read */
    double             deadline;       /* child_clock() from which on no table is asked any more; 0: none */
};

/* Reads a configuration whole. It lives in the region. NULL, and *err: no such directory or file (66), a main.cf or
 * master.cf that Postfix itself could not read (78), an unknown release (64). */
struct config *load_config(struct region *, const struct load_request *, struct error *err);

/* Reads a file that a policy names (tafile) as smtp(8) would, and adds it to config->files. */
void load_wanted_file(struct config *, const char *path);

/* Asks the live tables that wants names, each in one batch, and adds their answers to facts. Every batch is bounded in time. */
void load_table_answers(const struct config *, const struct wants *, struct facts *);

#endif
